//! Downloads: a file told from an error, in pieces, and never half of one under its name.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wechat_integration_tests::{World, is_generated};
use wechat_runtime::{Client, Common, Download, Error, ErrorKind};
use wechat_simulator::{Fault, Line};

const GET: &str = "/cgi-bin/media/get";
const JPG: &[u8] = b"\xff\xd8\xff\xe0 a picture \x00";

async fn fetch(client: &Client<Common>, media_id: &str) -> Result<Download, Error> {
    client.get(GET).query(&[("media_id", media_id)]).download().await
}

/// Everything in a directory, hidden files too.
fn listing(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_file_comes_whole_to_memory_to_disk_and_in_pieces() {
    let world = World::new().await;
    let client = world.client();
    let picture = world.account().put_media("a.jpg", "image/jpeg", JPG);
    let file = fetch(&client, &picture).await.unwrap();
    assert_eq!((file.content_type(), file.length()), (Some("image/jpeg"), Some(JPG.len() as u64)));
    assert_eq!(file.file_name(), Some(format!("{picture}.jpg")));
    assert_eq!(&*file.bytes().await.unwrap(), JPG);

    let long = world.account().put_generated_media("long.mp3", 1_000_003);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("保存.mp3");
    std::fs::write(&path, "what was there before").unwrap();
    assert_eq!(fetch(&client, &long).await.unwrap().save(&path).await.unwrap(), 1_000_003);
    assert!(is_generated(&std::fs::read(&path).unwrap(), 1_000_003));
    assert_eq!(listing(dir.path()), ["保存.mp3"]);

    let mut file = fetch(&client, &long).await.unwrap();
    let (mut pieces, mut length) = (0, 0);
    while let Some(piece) = file.chunk().await.unwrap() {
        pieces += 1;
        length += piece.len();
    }
    assert!(pieces > 1 && length == 1_000_003, "{pieces} pieces of {length} bytes");
}

#[tokio::test]
async fn an_error_is_told_from_a_file_whatever_its_content_type() {
    let world = World::new().await;
    let client = world.client();
    let error = fetch(&client, "no such medium").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.errcode(), error.endpoint()),
        (ErrorKind::Request, Some(40007), Some(GET))
    );
    for content_type in ["image/jpeg", "application/octet-stream", "text/plain"] {
        let body = "\u{feff} {\"errcode\":48001,\"errmsg\":\"api unauthorized\"}";
        world.sim.fault(GET, Fault::raw(200, content_type, body).times(1));
        let error = fetch(&client, "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{content_type}");
    }
    world.sim.fault(GET, Fault::not_json().times(1));
    assert_eq!(fetch(&client, "x").await.unwrap_err().kind(), ErrorKind::Body);
    world.sim.fault(GET, Fault::status(502).times(9));
    assert_eq!(fetch(&client, "x").await.unwrap_err().kind(), ErrorKind::Status);
}

#[tokio::test]
async fn what_is_described_in_place_of_a_file_is_json() {
    let world = World::new().await;
    let client = world.client();
    let video = world.account().put_media("a.mp4", "video/mp4", "film");
    let described: Value = fetch(&client, &video).await.unwrap().json().await.unwrap();
    assert!(described["video_url"].as_str().unwrap().starts_with("http"), "{described}");
    let dir = tempfile::tempdir().unwrap();
    let file = fetch(&client, &video).await.unwrap();
    assert!(file.is_json());
    let error = file.save(dir.path().join("a.mp4")).await.unwrap_err();
    assert_eq!((error.kind(), listing(dir.path())), (ErrorKind::Body, vec![]), "it is no film that was sent");
    let material = world.account().put_material("b.jpg", "image/jpeg", JPG);
    let get = client.post("/cgi-bin/material/get_material").json(&json!({ "media_id": material }));
    assert_eq!(&*get.download().await.unwrap().bytes().await.unwrap(), JPG);
}

#[tokio::test]
async fn a_file_that_begins_like_json_is_a_file() {
    let world = World::new().await;
    let client = world.client();
    let long = format!("{{\"errcode\":40001,\"padding\":\"{}\"}}", "x".repeat(100_000));
    for body in ["{ not JSON", "{\"a\":1}", "{\"errcode\":0}", "{\"inner\":{\"errcode\":40001}}", &long] {
        world.sim.fault(GET, Fault::raw(200, "text/plain", body.to_owned()).times(1));
        let file = fetch(&client, "x").await.unwrap();
        assert_eq!(file.bytes().await.unwrap(), body);
    }
    let empty = Fault::raw(200, "image/jpeg", "").times(1);
    world.sim.fault(GET, empty);
    assert_eq!(fetch(&client, "x").await.unwrap().bytes().await.unwrap(), "");
}

#[tokio::test]
async fn a_refused_download_is_asked_for_again_with_a_fresh_token() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let picture = world.account().put_media("a.jpg", "image/jpeg", JPG);
    world.account().revoke(Line::Stable);
    assert_eq!(&*fetch(&client, &picture).await.unwrap().bytes().await.unwrap(), JPG);
    assert_eq!((world.calls(GET), world.issued()), (2, 2));

    let theirs = client.get(GET).query(&[("media_id", &*picture)]).access_token("their own").download().await;
    assert_eq!(theirs.unwrap_err().kind(), ErrorKind::TokenRejected);
    assert_eq!((world.calls(GET), world.issued()), (3, 2));
}

#[tokio::test]
async fn a_download_that_breaks_off_leaves_nothing_under_the_name_nor_beside_it() {
    let world = World::new().await;
    let client = world.client();
    let long = world.account().put_generated_media("long.mp3", 2_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.mp3");
    world.sim.fault(GET, Fault::truncated_body().times(2));
    let error = fetch(&client, &long).await.unwrap().save(&path).await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Transport, Some(GET)));
    assert_eq!(listing(dir.path()), [""; 0]);

    std::fs::write(&path, "what was there before").unwrap();
    fetch(&client, &long).await.unwrap().save(&path).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "what was there before");
    assert_eq!(listing(dir.path()), ["long.mp3"]);
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_nothing() {
    let world = World::new().await;
    let long = world.account().put_generated_media("long.mp3", 200_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.mp3");
    let begun = Arc::new(tokio::sync::Notify::new());
    let told = begun.clone();
    let file = fetch(&world.client(), &long).await.unwrap().on_progress(move |_| told.notify_one());
    tokio::select! {
        biased;
        () = async { for _ in 0..5 { begun.notified().await } } => {}
        saved = file.save(&path) => panic!("it was to be interrupted: {saved:?}"),
    }
    assert_eq!(listing(dir.path()), [""; 0]);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error_that_says_so() {
    let world = World::new().await;
    let client = world.client();
    let picture = world.account().put_media("a.jpg", "image/jpeg", JPG);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("taken")).unwrap();
    for path in [dir.path().join("none/a.jpg"), dir.path().join("taken"), Path::new("/").into(), "".into()] {
        let error = fetch(&client, &picture).await.unwrap().save(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File, "{}", path.display());
        assert!(std::error::Error::source(&error).is_some());
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
    assert_eq!(listing(dir.path()), ["taken"]);
}

#[tokio::test]
async fn a_file_too_long_for_memory_is_an_error_before_it_is_there() {
    let world = World::new().await;
    let client = world.builder().body_limit(100_000).build().unwrap();
    let long = world.account().put_generated_media("long.mp3", 200_000_000);
    let error = fetch(&client, &long).await.unwrap().bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    assert!(error.to_string().contains("save it"), "{error}");
}

#[tokio::test]
async fn progress_is_told_up_to_the_whole() {
    let world = World::new().await;
    let long = world.account().put_generated_media("long.mp3", 500_000);
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let file = fetch(&world.client(), &long).await.unwrap();
    file.on_progress(move |progress| listener.lock().unwrap().push(progress)).bytes().await.unwrap();
    let told = told.lock().unwrap();
    assert!(told.iter().all(|progress| progress.total == Some(500_000)));
    assert!(told.windows(2).all(|pair| pair[0].transferred < pair[1].transferred));
    assert_eq!(told.last().unwrap().transferred, 500_000);
}

/// A server that sends the head of an answer and its first bytes, and then nothing for ever.
async fn stuck(head: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_download_that_stands_still_ends_in_its_time() {
    let world = World::new().await;
    let soon = Duration::from_millis(50);
    let client = world.builder().attempt_timeout(soon).retries(0).build().unwrap();
    let open = |url: String| client.get("/x").base_url(url).access_token("mine");

    let url = stuck("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart of a picture").await;
    let file = open(url).download().await.unwrap();
    let error = file.bytes().await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Timeout, Some("/x")), "{error}");

    let url = stuck("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"err").await;
    assert_eq!(open(url).download().await.unwrap_err().kind(), ErrorKind::Timeout);

    let url = stuck("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart of a picture").await;
    let patient = world.builder().build().unwrap();
    let call = patient.get("/x").base_url(url).access_token("mine").timeout(soon);
    let waiting = async { call.download().await.unwrap().bytes().await };
    let waiting = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    let error = waiting.expect("it ends with the call, not with the piece").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("the file was not whole yet"), "{error}");
    assert!(error.to_string().contains("`timeout`"), "{error}");
}

/// A server that gives this answer, once.
async fn answering(answer: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    format!("http://{address}")
}

#[tokio::test]
async fn no_name_that_is_sent_leads_out_of_a_directory() {
    let world = World::new().await;
    let client = world.client();
    for (disposition, name) in [
        ("attachment; filename=\"a.jpg\"", Some("a.jpg")),
        ("attachment; filename=a.jpg; size=1", Some("a.jpg")),
        ("attachment; filename=\"图.jpg\"", Some("图.jpg")),
        ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
        ("attachment; filename=\"C:\\\\evil\\\\a.exe\"", Some("a.exe")),
        ("attachment; filename=\"..\"", None),
        ("attachment; filename=\"dir/\"", None),
        ("attachment; filename=\"a:b\"", None),
        ("attachment; filename=\"\"", None),
        ("attachment; x-filename=evil; filename=\"a.jpg\"", Some("a.jpg")),
        ("attachment; x=\"; filename=evil\"; FileName = \"a b;c.jpg\"", Some("a b;c.jpg")),
        ("attachment; filename=\".htaccess\"", None),
        ("attachment; filename=\"gpj.\u{202e}exe\"", None),
        ("attachment; filename=\"a.jpg.\"", None),
        ("attachment; filename=\"open", None),
        ("attachment", None),
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-disposition: {disposition}\r\ncontent-length: 1\r\n\r\nx");
        let url = answering(answer).await;
        let file = client.get("/x").base_url(url).access_token("mine").download().await.unwrap();
        assert_eq!(file.file_name().as_deref(), name, "{disposition}");
    }
}

#[tokio::test]
async fn a_long_name_is_as_good_as_any() {
    let world = World::new().await;
    let picture = world.account().put_media("a.jpg", "image/jpeg", JPG);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("图".repeat(80) + ".jpg");
    fetch(&world.client(), &picture).await.unwrap().save(&path).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), JPG);
}

#[tokio::test]
async fn what_is_no_whole_file_is_an_error() {
    let world = World::new().await;
    let client = world.client();
    for head in [
        "206 Partial Content\r\ncontent-range: bytes 0-0/9",
        "200 OK\r\ncontent-encoding: br",
        "204 No Content",
    ] {
        let answer = || format!("HTTP/1.1 {head}\r\ncontent-length: 1\r\n\r\nx");
        let get = |url: String| client.get("/x").base_url(url).access_token("mine");
        let error = get(answering(answer()).await).download().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status, "{head}");
        if head.starts_with("206") {
            let part = get(answering(answer()).await).header("range", "bytes=0-0").download().await.unwrap();
            assert_eq!(part.bytes().await.unwrap(), "x", "who asks for a part gets it");
        }
    }
    let refused =
        client.get(GET).query(&[("media_id", "none")]).header("range", "bytes=0-0").download().await;
    assert_eq!(refused.unwrap_err().errcode(), Some(40007), "and an error is told from it all the same");
}
