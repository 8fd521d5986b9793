//! Uploads: what is kept, and what is refused with which code.

use serde_json::{Value, json};
use wechat_simulator::{App, MediaKind, MediaStore, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode};

const UPLOAD: &str = "/cgi-bin/media/upload";
const FORM: &str = "multipart/form-data; boundary=X";

/// A form with a part for every pair of Content-Disposition parameters and content.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let part = |(disposition, content): &(&str, &[u8])| {
        let head = format!("--X\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    [parts.iter().map(part).collect::<Vec<_>>().concat(), b"--X--\r\n".to_vec()].concat()
}

/// A form with one file.
fn file(file_name: &str, content: &[u8]) -> Vec<u8> {
    form(&[(&format!(r#"name="media"; filename="{file_name}""#), content)])
}

async fn send(platform: &Platform, path: &str, query: &str, content_type: &str, body: Vec<u8>) -> Value {
    let token = platform.stable().await.value;
    let url = platform.url(&format!("{path}?access_token={token}{query}"));
    let request = platform.http.post(url).header("content-type", content_type).body(body);
    request.send().await.unwrap().json().await.unwrap()
}

async fn upload(platform: &Platform, kind: &str, body: Vec<u8>) -> Value {
    send(platform, UPLOAD, &format!("&type={kind}"), FORM, body).await
}

#[tokio::test]
async fn an_upload_is_kept_as_it_was_sent() {
    let platform = Platform::start().await;
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let head = "--X\r\nCONTENT-disposition: form-data; name=\"media\"; filename=\"图 %22a%22.PNG\"\r\n\
                Content-Type: image/x-own\r\n\r\n";
    let fields = form(&[("name=\"b\"", "二".as_bytes()), ("name=a", b"1"), ("name=\"b\"", b"")]);
    let body = [head.as_bytes(), &content, b"\r\n", &fields].concat();
    let answer = upload(&platform, "image", body).await;
    assert_eq!(answer["type"], "image");
    assert_eq!(answer["created_at"], platform.clock().unix());
    let media_id = answer["media_id"].as_str().unwrap();
    assert_eq!(media_id.len(), 64);
    let media = platform.sim.account(APPID).unwrap().media(media_id).unwrap();
    assert_eq!((media.kind, media.store), (MediaKind::Image, MediaStore::Temporary));
    assert_eq!(media.file_name, "图 \"a\".PNG");
    assert_eq!(media.content_type, "image/x-own");
    assert_eq!((media.length, &media.bytes[..]), (100_000, &content[..]));
    assert_eq!(media.headers[0].1, "form-data; name=\"media\"; filename=\"图 %22a%22.PNG\"");
    let pairs: Vec<_> = media.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("b", "二"), ("a", "1"), ("b", "")]);
}

#[tokio::test]
async fn a_form_without_a_well_named_file_answers_41005() {
    let platform = Platform::start().await;
    let bodies = [
        form(&[]),
        form(&[("name=\"media\"", b"x")]),
        form(&[("name=\"media\"; filename*=UTF-8''a.png", b"x")]),
        form(&[("name=\"file\"; filename=\"a.png\"", b"x")]),
        form(&[("name=\"Media\"; filename=\"a.png\"", b"x")]),
        file("a\"b.png", b"x"),
        file("a\r\nb.png", b"x"),
        file("a.png\"\r\nX-Own: \"1", b"x"),
        file("a.png\"; filename=\"b.exe", b"x"),
        file("a.png", b"x")[..40].to_vec(),
        b"media=x".to_vec(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(errcode(&upload(&platform, "image", body).await), 41005, "{shown}");
    }
    let body = file("a.png", b"x");
    for content_type in ["application/json", "", "multipart/form-data; boundary=Y"] {
        let answer = send(&platform, UPLOAD, "&type=image", content_type, body.clone()).await;
        assert_eq!(errcode(&answer), 41005, "{content_type}");
    }
    assert!(platform.sim.account(APPID).unwrap().all_media().is_empty());
}

#[tokio::test]
async fn names_however_escaped_and_a_missing_boundary_are_put_up_with() {
    let platform = Platform::start().await;
    for name in ["封面图.png", "a%22b.png", "a\\\"b.png", "a%0D%0Ab.png", "C:\\a.png", "A.PNG"] {
        assert_eq!(errcode(&upload(&platform, "image", file(name, b"x")).await), 0, "{name}");
    }
    let answer = send(&platform, UPLOAD, "&type=image", "multipart/form-data", file("a.png", b"x")).await;
    assert_eq!(errcode(&answer), 0);
}

#[tokio::test]
async fn the_type_is_named_in_the_query_or_in_the_form_behind_the_file() {
    let platform = Platform::start().await;
    let with_type =
        |kind: &'static [u8]| form(&[("name=\"media\"; filename=\"a.mp3\"", b"x"), ("name=\"type\"", kind)]);
    let answer = send(&platform, UPLOAD, "", FORM, with_type(b"voice")).await;
    assert_eq!(answer["type"], "voice");
    let answer = send(&platform, UPLOAD, "&type=voice", FORM, with_type(b"image")).await;
    assert_eq!(answer["type"], "voice", "the query's comes first");
    for answer in [
        send(&platform, UPLOAD, "", FORM, file("a.mp3", b"x")).await,
        send(&platform, UPLOAD, "", FORM, with_type(b"news")).await,
        send(&platform, UPLOAD, "&type=news", FORM, with_type(b"voice")).await,
    ] {
        assert_eq!(errcode(&answer), 40004);
    }
}

#[tokio::test]
async fn each_type_takes_its_own_extensions_and_sizes() {
    let platform = Platform::start().await;
    let mib = 1024 * 1024;
    let cases = [
        ("image", "a.gif", 2 * mib, "a.mp4"),
        ("voice", "a.amr", 5 * mib, "a.png"),
        ("video", "a.mp4", 10 * mib, "a.mp3"),
        ("thumb", "a.jpg", 64 * 1024, "a.png"),
    ];
    for (kind, name, most, other) in cases {
        let code = async |name, length| errcode(&upload(&platform, kind, file(name, &vec![7; length])).await);
        assert_eq!(code(name, most).await, 0, "{kind}");
        assert_eq!(code(name, most + 1).await, 45001, "{kind}");
        for other in [other, "a.exe", "a", "", "png"] {
            assert_eq!(code(other, 1).await, 40113, "{kind} {other}");
        }
        assert_eq!(code(name, 0).await, 44001, "{kind}");
    }
}

#[tokio::test]
async fn uploadimg_takes_small_jpg_and_png_and_tells_a_url() {
    let platform = Platform::start().await;
    let code = async |name: &str, length| {
        errcode(&send(&platform, "/cgi-bin/media/uploadimg", "", FORM, file(name, &vec![7; length])).await)
    };
    assert_eq!(code("a.gif", 1).await, 40113);
    assert_eq!(code("a.png", 1024 * 1024 + 1).await, 45001);
    let answer = send(&platform, "/cgi-bin/media/uploadimg", "", FORM, file("a.jpg", b"x")).await;
    let url = answer["url"].as_str().unwrap();
    let account = platform.sim.account(APPID).unwrap();
    assert_eq!(account.media(url).unwrap().store, MediaStore::Article);
    assert_eq!(account.all_media().len(), 1);
}

#[tokio::test]
async fn no_body_answers_44002_and_a_refused_token_comes_before_the_body() {
    let platform = Platform::start().await;
    assert_eq!(errcode(&upload(&platform, "image", Vec::new()).await), 44002);
    let url = platform.url(&format!("{UPLOAD}?access_token=made_up&type=image"));
    let body = file("a.png", &vec![0xFF; 70_000]);
    let request = platform.http.post(url).header("content-type", FORM).body(body.clone());
    assert_eq!(errcode(&request.send().await.unwrap().json().await.unwrap()), 40001);
    let ledger = platform.sim.ledger();
    let call = ledger.calls_to(UPLOAD)[1];
    assert_eq!(call.body(), body, "a refused upload is written down whole");
    assert_eq!(call.header("content-type"), Some(FORM));
    let shown = serde_json::to_value(call).unwrap();
    assert_eq!(shown["body_length"], body.len());
    let text = shown["body"].as_str().unwrap();
    assert!(text.starts_with("--X\r\n") && text.chars().count() == 65_536, "{}", text.len());
}

#[tokio::test]
async fn a_long_upload_is_taken_where_the_test_lets_it() {
    let length = 200 * 1024 * 1024;
    let app = App::new(APPID, SECRET).media_limit(length as u64);
    let sim = Simulator::builder().with_app(app).body_limit(length + 1024).start().await.unwrap();
    let platform = Platform::over(sim);
    let answer = upload(&platform, "image", file("a.png", &vec![7; length])).await;
    let account = platform.sim.account(APPID).unwrap();
    let media = account.media(answer["media_id"].as_str().unwrap()).unwrap();
    assert_eq!((media.length, media.bytes.len()), (length as u64, length));
    account.set_media_limit(None);
    let answer = upload(&platform, "image", file("a.png", &vec![7; 3 * 1024 * 1024])).await;
    assert_eq!(errcode(&answer), 45001);
}

#[tokio::test]
async fn a_permanent_upload_is_listed_fetched_and_deleted() {
    let platform = Platform::start().await;
    let add = "/cgi-bin/material/add_material";
    let picture = send(&platform, add, "&type=image", FORM, file("图.png", b"bytes")).await;
    assert!(picture["url"].is_string());
    let video = |description: &'static [u8]| {
        let parts =
            [("name=\"media\"; filename=\"a.mp4\"", b"x".as_slice()), ("name=\"description\"", description)];
        send(&platform, add, "&type=video", FORM, form(&parts))
    };
    assert_eq!(errcode(&video(b"").await), 47001);
    assert_eq!(errcode(&send(&platform, add, "&type=video", FORM, file("a.mp4", b"x")).await), 47001);
    let film = video(r#"{"title":"片","introduction":"介绍"}"#.as_bytes()).await;
    assert!(film.get("url").is_none());

    let token = platform.stable().await.value;
    let post = async |path: &str, body: Value| {
        platform.post(&format!("/cgi-bin/material/{path}?access_token={token}"), &body).await
    };
    let page = post("batchget_material", json!({ "type": "image", "offset": 3, "count": 20 })).await;
    assert_eq!(page["item"][0]["media_id"], picture["media_id"]);
    assert_eq!(page["item"][0]["name"], "图.png");
    assert_eq!(page["item"][0]["update_time"], platform.clock().unix());
    let page = post("batchget_material", json!({ "type": "video", "offset": 1, "count": 20 })).await;
    assert_eq!(page["item"][0]["name"], "片");
    let told = post("get_material", json!({ "media_id": film["media_id"] })).await;
    assert_eq!((&told["title"], &told["description"]), (&json!("片"), &json!("介绍")));
    assert!(told["down_url"].is_string());

    let id = json!({ "media_id": picture["media_id"] });
    assert_eq!(errcode(&post("del_material", id.clone()).await), 0);
    for path in ["get_material", "del_material"] {
        assert_eq!(errcode(&post(path, id.clone()).await), 40007);
        assert_eq!(errcode(&post(path, json!({ "media_id": "" })).await), 41006);
    }
}
