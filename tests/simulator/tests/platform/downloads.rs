//! Downloads: files, films, and files that break off.

use reqwest::Response;
use serde_json::{Value, json};
use wechat_simulator::{App, Fault, Material, MaterialKind};

use crate::support::{APPID, Platform, SECRET, errcode};

const GET: &str = "/cgi-bin/media/get";

/// How much of a body is compared at once.
const PIECE: usize = 100_000;

async fn fetch(platform: &Platform, path: &str, media_id: &str) -> Response {
    let token = platform.stable().await.value;
    let url = platform.url(&format!("{path}?access_token={token}&media_id={media_id}"));
    platform.http.get(url).send().await.unwrap()
}

async fn fetch_material(platform: &Platform, media_id: &str) -> Response {
    let token = platform.stable().await.value;
    let url = platform.url(&format!("/cgi-bin/material/get_material?access_token={token}"));
    platform.http.post(url).json(&json!({ "media_id": media_id })).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

/// Reads a body to its end or to where it breaks off: how many bytes came as byte `i` is `i % 251`, and
/// whether it ended well.
async fn read_pattern(mut response: Response) -> (u64, bool) {
    let pattern: Vec<u8> = (0..=250).cycle().take(251 + PIECE).collect();
    let mut read = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                for piece in chunk.chunks(PIECE) {
                    let start = (read % 251) as usize;
                    assert!(piece == &pattern[start..start + piece.len()], "after {read} bytes");
                    read += piece.len() as u64;
                }
            }
            Ok(None) => return (read, true),
            Err(_) => return (read, false),
        }
    }
}

#[tokio::test]
async fn a_file_comes_as_it_was_put_under_its_id() {
    let platform = Platform::start().await;
    let content: Vec<u8> = b"{\"a\":\"/\"}\xff\x00".repeat(1000);
    let media_id = platform.sim.account(APPID).unwrap().put_media("图.jpg", "image/jpeg", content.clone());
    let response = fetch(&platform, GET, &media_id).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "image/jpeg");
    assert_eq!(header(&response, "content-disposition"), format!("attachment; filename=\"{media_id}.jpg\""));
    assert_eq!(response.content_length(), Some(content.len() as u64));
    assert_eq!(response.bytes().await.unwrap(), content);
    let ledger = platform.sim.ledger();
    let call = ledger.calls_to(GET)[0];
    assert_eq!((call.status(), call.errcode(), call.processed()), (Some(200), Some(0), true));
}

#[tokio::test]
async fn a_temporary_file_lives_three_days_and_is_known_to_its_account_only() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    let media_id = account.put_media("a.jpg", "image/jpeg", "x");
    platform.advance(3 * 86_400 - 1);
    assert_eq!(fetch(&platform, GET, &media_id).await.bytes().await.unwrap(), "x");
    platform.advance(1);
    let response = fetch(&platform, GET, &media_id).await;
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, "text/plain"));
    assert_eq!(errcode(&response.json().await.unwrap()), 40007);
    assert!(account.media(&media_id).is_some(), "the test still sees it");
    assert_eq!(errcode(&fetch(&platform, GET, "").await.json().await.unwrap()), 41006);
    let other = platform.sim.add_app(App::new("wx0", "s")).unwrap();
    let theirs = other.put_media("a.jpg", "image/jpeg", "x");
    assert_eq!(errcode(&fetch(&platform, GET, &theirs).await.json().await.unwrap()), 40007);
}

#[tokio::test]
async fn of_a_film_the_address_is_told_and_of_a_sound_the_better_one_is_speex() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    let film = account.put_media("a.mp4", "video/mp4", "x");
    let told: Value = fetch(&platform, GET, &film).await.json().await.unwrap();
    assert!(told["video_url"].as_str().unwrap().contains(&film));
    let sound = account.put_media("a.amr", "audio/amr", "x");
    assert_eq!(header(&fetch(&platform, GET, &sound).await, "content-type"), "audio/amr");
    let better = fetch(&platform, "/cgi-bin/media/get/jssdk", &sound).await;
    assert_eq!(header(&better, "content-type"), "voice/speex");
    assert_eq!(header(&better, "content-disposition"), format!("attachment; filename=\"{sound}.speex\""));
    let refused = fetch(&platform, "/cgi-bin/media/get/jssdk", &film).await;
    assert_eq!(errcode(&refused.json().await.unwrap()), 40007);
}

#[tokio::test]
async fn a_permanent_file_comes_as_it_was_put_and_an_article_as_json() {
    let app = App::new(APPID, SECRET)
        .material(Material::new(MaterialKind::Image, "IMAGE", "图.png"))
        .material(Material::new(MaterialKind::News, "NEWS", "文章"));
    let platform = Platform::with(app).await;
    let media_id = platform.sim.account(APPID).unwrap().put_material("a.mp3", "audio/mpeg", "sound");
    let response = fetch_material(&platform, &media_id).await;
    assert_eq!(header(&response, "content-type"), "audio/mpeg");
    assert_eq!(response.bytes().await.unwrap(), "sound");
    let declared = fetch_material(&platform, "IMAGE").await;
    assert_eq!(header(&declared, "content-type"), "image/png");
    assert_eq!(read_pattern(declared).await, (1024, true));
    let article: Value = fetch_material(&platform, "NEWS").await.json().await.unwrap();
    assert_eq!(article["news_item"][0]["title"], "文章");
    let temporary = fetch(&platform, GET, &media_id).await;
    assert_eq!(errcode(&temporary.json().await.unwrap()), 40007, "each store has its own path");
}

#[tokio::test]
async fn a_generated_file_has_the_promised_bytes_and_length() {
    let platform = Platform::start().await;
    for length in [0, 1, 250, 251, 252, 100_000, 200 * 1024 * 1024 + 1] {
        let media_id = platform.sim.account(APPID).unwrap().put_generated_media("a.png", length);
        let response = fetch(&platform, GET, &media_id).await;
        assert_eq!(header(&response, "content-length"), length.to_string());
        assert_eq!(read_pattern(response).await, (length, true));
    }
}

#[tokio::test]
async fn a_file_breaks_off_after_its_first_half_however_long_it_is() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    let pattern: Vec<u8> = (0..=250).cycle().take(20_000_001).collect();
    let ids = [
        (account.put_generated_media("a.png", 101), 101),
        (account.put_generated_media("a.png", 20_000_001), 20_000_001),
        (account.put_media("a.png", "image/png", pattern), 20_000_001),
    ];
    for (media_id, length) in ids {
        platform.sim.fault(GET, Fault::truncated_body().times(1));
        let response = fetch(&platform, GET, &media_id).await;
        assert_eq!(response.content_length(), Some(length));
        assert_eq!(read_pattern(response).await, (length / 2, false));
    }
}

#[tokio::test]
async fn faults_of_json_halve_a_file_or_leave_it_alone() {
    let platform = Platform::start().await;
    let media_id = platform.sim.account(APPID).unwrap().put_generated_media("a.png", 1001);
    platform.sim.fault(GET, Fault::truncated_json().times(1));
    assert_eq!(read_pattern(fetch(&platform, GET, &media_id).await).await, (500, true));
    platform.sim.fault(GET, Fault::non_utf8().times(1));
    assert_eq!(read_pattern(fetch(&platform, GET, &media_id).await).await, (1001, true));
}
