//! Uploads: what is on the wire, that it is the same when it is sent again, and what stops one before it is sent.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use wechat_integration_tests::World;
use wechat_runtime::{Client, Common, ErrorKind, Response, Upload, UploadFile};
use wechat_simulator::{Fault, Line, Media};

const UPLOAD: &str = "/cgi-bin/media/upload";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n--not a boundary\r\n\r\n\x00\xff";

async fn upload(client: &Client<Common>, form: impl Into<Upload>) -> Value {
    client.post(UPLOAD).query(&[("type", "image")]).upload(form).send().await.unwrap().value().unwrap()
}

/// The medium that the platform made of an upload.
fn received(world: &World, answer: &Value) -> Media {
    world.account().media(answer["media_id"].as_str().unwrap()).unwrap()
}

fn picture() -> UploadFile {
    UploadFile::bytes("a.png", PNG)
}

#[tokio::test]
async fn a_file_arrives_from_a_path_from_bytes_and_from_a_reader() {
    let world = World::new().await;
    let client = world.client();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("商标 1.png");
    std::fs::write(&path, PNG).unwrap();
    let files = [
        UploadFile::path(&path),
        UploadFile::bytes("商标 1.png", PNG),
        UploadFile::reader("商标 1.png", PNG.len() as u64, PNG),
    ];
    for file in files {
        let media = received(&world, &upload(&client, file).await);
        assert_eq!(
            (&*media.bytes, &*media.file_name, &*media.content_type),
            (PNG, "商标 1.png", "image/png")
        );
    }
}

#[tokio::test]
async fn the_form_on_the_wire_is_the_one_that_wechat_takes() {
    let world = World::new().await;
    let form = Upload::new().text("type", "image").file("media", picture());
    let sent = world.client().post(UPLOAD).upload(form).send().await.unwrap();
    assert_eq!(sent.value().unwrap()["type"], "image");

    let ledger = world.sim.ledger();
    let call = ledger.calls_to(UPLOAD)[0];
    let content_type = call.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\
         Content-Type: image/png\r\n\r\n"
    );
    let tail = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage\r\n--{boundary}--\r\n"
    );
    assert_eq!(call.body(), [head.as_bytes(), PNG, tail.as_bytes()].concat(), "{}", call.text());
    assert_eq!(call.header("content-length"), Some(&*call.body().len().to_string()));
    assert_eq!(call.header("transfer-encoding"), None);
}

#[tokio::test]
async fn several_files_and_fields_keep_their_order() {
    let world = World::new().await;
    let form = Upload::new()
        .file("media", UploadFile::bytes("a.mp4", "film").content_type("video/x-own"))
        .text("description", json!({ "title": "标题" }).to_string())
        .file("cover", UploadFile::bytes("b.jpg", "cover"))
        .text("empty", "");
    let client = world.client();
    let answer = client.post("/cgi-bin/material/add_material?type=video").upload(form).send().await.unwrap();
    let media = received(&world, &answer.value().unwrap());
    assert_eq!((&*media.bytes, &*media.content_type), (&b"film"[..], "video/x-own"));
    let fields = [("description", "{\"title\":\"标题\"}"), ("empty", "")];
    assert_eq!(media.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let ledger = world.sim.ledger();
    let body = ledger.calls_to("/cgi-bin/material/add_material")[0].text().into_owned();
    let at = |what: &str| body.find(what).unwrap();
    assert!(at("name=\"media\"") < at("name=\"cover\"") && at("name=\"cover\"") < at("name=\"description\""));
}

#[tokio::test]
async fn no_file_name_breaks_out_of_its_header() {
    let world = World::new().await;
    let client = world.client();
    for name in [
        "中文 名 😀.png",
        "quote\".png",
        "\"; name=\"evil\"; x=\".png",
        "line\r\nX-Evil: yes\r\n\r\nbody.png",
        "lone\rcr\nlf.png",
        "back\\slash\\\".png",
        "nul\0tab\t.png",
        "next\u{85}line.png",
        "--boundary--.png",
        "%22already%0D.png",
        "a.b/../c.png",
    ] {
        let media = received(&world, &upload(&client, UploadFile::bytes(name, PNG)).await);
        assert_eq!(&*media.bytes, PNG, "{name:?}");
        let headers: Vec<_> = media.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert_eq!(headers, ["content-disposition", "content-type"], "{name:?}");
        let (_, disposition) = &media.headers[0];
        assert!(!disposition.contains("filename*") && !disposition.contains("evil\""), "{disposition}");
        assert_eq!(disposition.matches('"').count(), 4, "{disposition}");
    }
    let raw = world.sim.ledger();
    assert!(raw.calls_to(UPLOAD)[0].text().contains("filename=\"中文 名 😀.png\""), "raw UTF-8");
}

/// What both attempts of a call had in common, and that there were two of them.
fn same_twice(world: &World) -> Vec<u8> {
    let ledger = world.sim.ledger();
    let calls = ledger.calls_to(UPLOAD);
    let [first, second] = calls[..] else { panic!("{} calls", calls.len()) };
    assert_eq!(first.body(), second.body());
    for header in ["content-type", "content-length"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
    assert_eq!(first.header("content-length"), Some(&*first.body().len().to_string()));
    assert_ne!(first.query_value("access_token"), second.query_value("access_token"));
    first.body().to_vec()
}

#[tokio::test]
async fn a_refused_upload_is_sent_again_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("图.png");
    // Longer than what is read at a time, and of no whole number of chunks.
    let content: Vec<u8> = (0..251).cycle().take(300_001).collect();
    std::fs::write(&path, &content).unwrap();
    for on_disk in [true, false] {
        let world = World::new().await;
        let client = world.warm_client().await;
        world.account().revoke(Line::Stable);
        let file =
            if on_disk { UploadFile::path(&path) } else { UploadFile::bytes("图.png", content.clone()) };
        let form = Upload::new().file("media", file).text("type", "image");
        client.post(UPLOAD).upload(form).send().await.unwrap().error_for_errcode().unwrap();
        let body = same_twice(&world);
        assert!(body.windows(content.len()).any(|window| window == content));
        assert_eq!(world.issued(), 2);
    }
}

#[tokio::test]
async fn a_body_of_its_own_may_come_from_a_reader() {
    let world = World::new().await;
    let scene =
        json!({ "action_name": "QR_LIMIT_SCENE", "action_info": { "scene": { "scene_id": 7 } } }).to_string();
    let (path, length) = ("/cgi-bin/qrcode/create", scene.len() as u64);
    let reader = std::io::Cursor::new(scene.clone());
    let call =
        world.client().post(path).header("content-type", "application/json").body_reader(length, reader);
    assert!(call.send().await.unwrap().value().unwrap()["ticket"].is_string());
    let ledger = world.sim.ledger();
    let call = ledger.calls_to(path)[0];
    assert_eq!((call.body(), call.header("content-length")), (scene.as_bytes(), Some(&*length.to_string())));
    assert_eq!(call.header("content-type"), Some("application/json"));

    let short = world.client().post(path).body_reader(length + 1, std::io::Cursor::new(scene));
    assert_eq!(short.send().await.unwrap_err().kind(), ErrorKind::File);
}

#[tokio::test]
async fn what_is_read_from_a_reader_is_sent_once_and_the_next_call_has_a_fresh_token() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    let reader = || UploadFile::reader("a.png", PNG.len() as u64, PNG);
    let form = client.post(UPLOAD).query(&[("type", "image")]).upload(reader());
    let error = form.send().await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(40001)));
    assert!(error.to_string().contains("again"), "{error}");
    assert_eq!(world.calls(UPLOAD), 1);
    upload(&client, reader()).await;
    assert_eq!(world.issued(), 2);
}

#[tokio::test]
async fn a_reader_that_was_not_touched_survives_a_connection_that_was_not_made() {
    // Nobody listens yet at the address that the call goes to first.
    let world = World::new().await;
    let client = world.warm_client().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let elsewhere = format!("http://{address}");
    let call = client.post("/x").base_url(elsewhere).access_token("mine");
    let error = call.upload(UploadFile::reader("a.png", PNG.len() as u64, PNG)).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "and not that the reader is used up: {error}");
}

#[tokio::test]
async fn what_is_not_as_long_as_it_was_said_to_be_is_an_error_and_never_arrives() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for (length, what) in [(PNG.len() - 1, "more"), (PNG.len() + 1, "less"), (0, "more")] {
        let file = UploadFile::reader("a.png", length as u64, PNG);
        let error = client.post(UPLOAD).query(&[("type", "image")]).upload(file).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File, "{error}");
        let text = error.to_string();
        assert!(
            ["a.png", what, &length.to_string(), "exact length"].iter().all(|part| text.contains(part)),
            "{text}"
        );
    }
    assert!(world.account().all_media().is_empty());
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_an_error_before_anything_is_sent() {
    let world = World::new().await;
    let client = world.client();
    let dir = tempfile::tempdir().unwrap();
    let cases: [(Upload, ErrorKind); 5] = [
        (UploadFile::path(dir.path().join("none.png")).into(), ErrorKind::File),
        (UploadFile::path(dir.path()).into(), ErrorKind::File),
        (UploadFile::bytes("", PNG).into(), ErrorKind::Request),
        (Upload::new(), ErrorKind::Request),
        (picture().content_type("image/png\r\nX-Evil: yes").into(), ErrorKind::Request),
    ];
    for (form, kind) in cases {
        let error = client.post(UPLOAD).upload(form).send().await.unwrap_err();
        assert_eq!((error.kind(), error.endpoint()), (kind, Some(UPLOAD)), "{error}");
    }
    let none = client.post(UPLOAD).upload(UploadFile::path("no/such/图.png")).send().await.unwrap_err();
    let text = none.to_string();
    assert!(text.contains("no/such/图.png") && text.contains("working directory"), "{text}");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn the_platform_judges_what_is_wrong_with_a_form() {
    let world = World::new().await;
    let client = world.client();
    let send = |form: Upload| client.post(UPLOAD).query(&[("type", "image")]).upload(form).send();
    let code = |answer: Result<Response, _>| answer.unwrap().errcode();
    assert_eq!(code(send(Upload::new().text("media", "no file")).await), Some(41005));
    assert_eq!(code(send(Upload::new().file("other", picture())).await), Some(41005));
    assert_eq!(code(send(UploadFile::bytes("noextension", PNG).into()).await), Some(40113));
}

#[tokio::test]
async fn progress_is_told_up_to_the_whole_and_begins_anew_with_each_attempt() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let content = vec![7_u8; 200_000];
    let form = Upload::from(UploadFile::bytes("a.png", content));
    upload(&client, form.on_progress(move |progress| listener.lock().unwrap().push(progress))).await;
    let length = same_twice(&world).len() as u64;
    let told = told.lock().unwrap();
    assert!(told.iter().all(|progress| progress.total == Some(length)));
    let ends = told.iter().filter(|progress| progress.transferred == length).count();
    assert_eq!((ends, told.last().unwrap().transferred), (2, length));
    let restarts = told.windows(2).filter(|pair| pair[1].transferred <= pair[0].transferred).count();
    assert_eq!(restarts, 1);
}

/// Gives a byte each time it is asked, and then nothing for ever.
struct Stuck(usize);

impl AsyncRead for Stuck {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.0 == 0 {
            return Poll::Pending;
        }
        self.0 -= 1;
        to.put_slice(b"x");
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn an_upload_that_stands_still_ends_in_its_time() {
    let world = World::new().await;
    let limit = Duration::from_millis(50);
    let client = world.builder().attempt_timeout(limit).build().unwrap();
    let form = client.post(UPLOAD).access_token("mine").upload(UploadFile::reader("a.png", 1000, Stuck(10)));
    let error = form.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("nothing moved"), "{error}");
}

/// Gives a byte at a time, and takes its time for each.
struct Slow(tokio::time::Interval, usize);

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.1 > 0 {
            std::task::ready!(self.0.poll_tick(context));
            self.1 -= 1;
            to.put_slice(b"x");
        }
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn an_upload_that_moves_may_take_longer_than_an_attempt() {
    let world = World::new().await;
    let limit = Duration::from_secs(1);
    let client = world.builder().attempt_timeout(limit).build().unwrap();
    let slow = Slow(tokio::time::interval(limit / 5), 10);
    let answer = upload(&client, UploadFile::reader("a.png", 10, slow)).await;
    assert_eq!(&*received(&world, &answer).bytes, b"xxxxxxxxxx");
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_sent_once() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(UPLOAD, Fault::drop_after().times(5));
    let call = client.post(UPLOAD).query(&[("type", "image")]).upload(picture());
    assert_eq!(call.send().await.unwrap_err().kind(), ErrorKind::Transport);
    assert_eq!(world.calls(UPLOAD), 1);

    let once = UploadFile::reader("a.png", PNG.len() as u64, PNG);
    let call = client.post(UPLOAD).query(&[("type", "image")]).upload(once).retry_unsafe();
    assert_eq!(call.send().await.unwrap_err().kind(), ErrorKind::Transport, "a reader cannot be sent again");
    assert_eq!(world.calls(UPLOAD), 2);
}

#[tokio::test]
async fn a_file_that_changes_between_two_attempts_is_not_sent_half() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    std::fs::write(&path, PNG).unwrap();
    let (grows, first) = (path.clone(), std::sync::Once::new());
    let form = Upload::from(UploadFile::path(&path)).on_progress(move |progress| {
        if Some(progress.transferred) == progress.total {
            first.call_once(|| {
                let mut file = std::fs::OpenOptions::new().append(true).open(&grows).unwrap();
                file.write_all(b"more").unwrap();
            });
        }
    });
    let error = client.post(UPLOAD).query(&[("type", "image")]).upload(form).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    assert!(world.account().all_media().is_empty());
}

#[test]
fn what_is_shown_of_an_upload_is_not_its_content() {
    let form = Upload::from(picture()).text("description", "canary-text");
    let shown = format!("{form:?} {:?}", UploadFile::bytes("a.png", "canary-bytes"));
    assert!(shown.contains("a.png") && !shown.contains("canary"), "{shown}");
}

/// A server that reads no faster than it is told to, and answers in the end.
fn slow_server(length: usize, piece: usize, pause: Duration) -> String {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    // Left to itself, it grows until all is in it that the server is not to have read yet.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut read, mut piece) = (0, vec![0; piece]);
        while read < length {
            tokio::time::sleep(pause).await;
            read += stream.read_exact(&mut piece).await.unwrap();
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).await.unwrap();
        while stream.read(&mut piece).await.unwrap_or(0) > 0 {}
    });
    format!("http://{address}")
}

/// More than the buffers between the two hold, so that the server's pace is the client's.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_move_slowly_may_take_longer_than_an_attempt_and_progress_is_theirs() {
    const LENGTH: usize = 24_000_000;
    let world = World::new().await;
    let limit = Duration::from_secs(2);
    let client = world.builder().attempt_timeout(limit).build().unwrap();
    let url = slow_server(LENGTH, 1_500_000, Duration::from_millis(200));
    let steps = Arc::new(Mutex::new(0));
    let told = steps.clone();
    let file =
        UploadFile::bytes("a.png", vec![7_u8; LENGTH]).on_progress(move |_| *told.lock().unwrap() += 1);
    let began = std::time::Instant::now();
    client.post("/x").base_url(url).access_token("mine").upload(file).send().await.unwrap().value().unwrap();
    assert!(began.elapsed() > limit, "the server was slow enough for the test: {:?}", began.elapsed());
    assert!(*steps.lock().unwrap() > 100);
}

#[tokio::test]
async fn a_file_that_another_takes_the_place_of_is_not_sent_for_it() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("a.png"), dir.path().join("b.png"));
    std::fs::write(&path, PNG).unwrap();
    let mut another = PNG.to_vec();
    another.reverse();
    std::fs::write(&other, another).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&other).unwrap().set_modified(long_ago).unwrap();
    let (to, once) = (path.clone(), std::sync::Once::new());
    let form = UploadFile::path(&path).on_progress(move |progress| {
        if Some(progress.transferred) == progress.total {
            once.call_once(|| std::fs::rename(&other, &to).unwrap());
        }
    });
    let error = client.post(UPLOAD).query(&[("type", "image")]).upload(form).send().await.unwrap_err();
    assert_eq!((error.kind(), world.calls(UPLOAD)), (ErrorKind::File, 1), "{error}");
}

#[tokio::test]
async fn a_listener_that_panics_is_a_typed_error_and_no_hang() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let form = picture().on_progress(|_| panic!("the listener fell down"));
    let error = client.post(UPLOAD).query(&[("type", "image")]).upload(form).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    assert!(error.to_string().contains("panicked"), "{error}");
    upload(&client, picture()).await;
}
