//! Each fault, and what it leaves behind.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use wechat_simulator::{Fault, Follower, Line, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode, token};

const TOKEN: &str = "/cgi-bin/token";

fn token_url(platform: &Platform) -> String {
    platform.url(&format!("{TOKEN}?grant_type=client_credential&appid={APPID}&secret={SECRET}"))
}

async fn fetch(platform: &Platform) -> reqwest::Result<(u16, Vec<u8>)> {
    let response = platform.http.get(token_url(platform)).send().await?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().await?.to_vec()))
}

/// The last call's status, errcode, whether it was processed, and its fault.
fn last(platform: &Platform) -> (Option<u16>, Option<i32>, bool, Option<&'static str>) {
    let ledger = platform.sim.ledger();
    let call = ledger.calls().last().unwrap();
    (call.status(), call.errcode(), call.processed(), call.fault())
}

#[tokio::test]
async fn an_errcode_comes_back_as_often_as_was_said_and_issues_nothing() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::errcode(-1).times(2));
    for _ in 0..2 {
        assert_eq!(errcode(&platform.classic_answer().await), -1);
        assert_eq!(last(&platform), (Some(200), Some(-1), false, Some("errcode")));
    }
    assert_eq!(platform.issued(Line::Classic), 0);
    platform.classic().await;
    assert_eq!(last(&platform), (Some(200), Some(0), true, None));
}

#[tokio::test]
async fn an_errcode_without_a_count_comes_back_until_the_faults_are_cleared() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::errcode_with(45009, "api freq out of limit"));
    for _ in 0..5 {
        assert_eq!(
            platform.classic_answer().await,
            json!({ "errcode": 45009, "errmsg": "api freq out of limit" })
        );
    }
    platform.sim.clear_faults();
    platform.classic().await;
}

#[tokio::test]
async fn faults_strike_one_after_the_other_those_of_the_path_before_those_of_every_path() {
    let platform = Platform::start().await;
    platform.sim.fault("*", Fault::errcode(-1).times(1));
    platform.sim.fault(TOKEN, Fault::errcode(40164).times(1));
    platform.sim.fault(TOKEN, Fault::errcode(45011).times(1));
    platform.sim.fault(TOKEN, Fault::errcode(1).times(0));
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(errcode(&platform.classic_answer().await));
    }
    assert_eq!(codes, [40164, 45011, -1, 0]);
    assert!(platform.sim.faults().is_empty());
}

#[tokio::test]
async fn a_fault_leaves_other_paths_alone() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::errcode(-1));
    platform.stable().await;
}

#[tokio::test]
async fn gateways_answer_in_the_place_of_the_platform() {
    let platform = Platform::start().await;
    let cases = [
        (Fault::status(502), 502, "status"),
        (Fault::status(42), 502, "status"),
        (Fault::not_json(), 200, "not_json"),
        (Fault::redirect("http://127.0.0.1:1/elsewhere"), 302, "redirect"),
        (Fault::empty(), 200, "empty"),
        (Fault::raw(503, "text/plain", "busy"), 503, "raw"),
    ];
    for (fault, status, name) in cases {
        platform.sim.fault(TOKEN, fault.times(1));
        let (answered, body) = fetch(&platform).await.unwrap();
        assert_eq!(answered, status, "{name}");
        assert_eq!(body.is_empty(), name == "empty");
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{name}");
        assert_eq!(last(&platform), (Some(status), None, false, Some(name)));
    }
    assert_eq!(platform.issued(Line::Classic), 0);
}

#[tokio::test]
async fn a_redirect_says_where_to() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::redirect("http://127.0.0.1:1/x").times(1));
    let response = platform.http.get(token_url(&platform)).send().await.unwrap();
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/x");
}

#[tokio::test]
async fn an_oversized_answer_is_json_of_exactly_that_length() {
    let platform = Platform::start().await;
    for length in [0, 16, 17, 65_536, 3_000_000] {
        platform.sim.fault(TOKEN, Fault::oversized(length).times(1));
        let (_, body) = fetch(&platform).await.unwrap();
        assert_eq!(body.len() as u64, length.max(16));
        assert!(serde_json::from_slice::<Value>(&body).unwrap().is_object());
    }
}

#[tokio::test]
async fn truncated_json_is_whole_http_and_was_processed() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::truncated_json().times(1));
    let (status, body) = fetch(&platform).await.unwrap();
    assert_eq!(status, 200);
    assert!(body.starts_with(b"{\"access_token\":\""));
    assert!(serde_json::from_slice::<Value>(&body).unwrap_err().is_eof());
    assert_eq!(platform.issued(Line::Classic), 1);
}

#[tokio::test]
async fn a_truncated_body_gives_its_first_half_and_breaks_the_connection() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::truncated_body().times(1));
    let mut response = platform.http.get(token_url(&platform)).send().await.unwrap();
    let length = response.content_length().unwrap();
    let mut read = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len() as u64,
            Ok(None) => panic!("the body ended well after {read} of {length} bytes"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(read, length / 2);
    assert_eq!(platform.issued(Line::Classic), 1);
}

#[tokio::test]
async fn a_non_utf_8_answer_is_no_utf_8() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::non_utf8().times(1));
    let (_, body) = fetch(&platform).await.unwrap();
    assert!(std::str::from_utf8(&body).is_err());
    assert!(serde_json::from_str::<Value>(&String::from_utf8_lossy(&body)).unwrap().is_object());
}

#[tokio::test]
async fn a_call_dropped_before_is_not_processed() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::drop_before().times(1));
    assert!(fetch(&platform).await.is_err());
    assert_eq!(last(&platform), (None, None, false, Some("drop_before")));
    assert_eq!(platform.issued(Line::Classic), 0);
}

#[tokio::test]
async fn a_post_dropped_after_processing_was_seen_once() {
    let sim = Simulator::builder()
        .with_app(wechat_simulator::App::new(APPID, SECRET).template("T").follower(Follower::new("o1")));
    let platform = Platform::over(sim.start().await.unwrap());
    let token = platform.stable().await.value;
    platform.sim.fault("/cgi-bin/message/template/send", Fault::drop_after().times(1));
    let url = platform.url(&format!("/cgi-bin/message/template/send?access_token={token}"));
    let body = json!({ "touser": "o1", "template_id": "T", "data": {} });
    assert!(platform.http.post(url).json(&body).send().await.is_err());
    assert_eq!(platform.sim.ledger().messages_to("o1").len(), 1);
    assert_eq!(last(&platform), (None, Some(0), true, Some("drop_after")));
}

#[tokio::test]
async fn a_delay_takes_real_time_and_answers_as_usual() {
    let platform = Platform::start().await;
    let delay = Duration::from_millis(60);
    for fault in [Fault::delay(delay), Fault::delay_after(delay)] {
        platform.sim.fault(TOKEN, fault.times(1));
        let start = Instant::now();
        platform.classic().await;
        assert!(start.elapsed() >= delay);
    }
}

#[tokio::test]
async fn a_hanging_call_is_not_processed_until_the_faults_are_cleared() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::hang());
    let held = tokio::spawn(platform.http.get(token_url(&platform)).send());
    platform.sim.arrived(TOKEN, 1).await;
    assert_eq!(platform.issued(Line::Classic), 0);
    assert!(!held.is_finished());
    platform.sim.clear_faults();
    token(&held.await.unwrap().unwrap().json().await.unwrap());
    assert_eq!(platform.issued(Line::Classic), 1);
}

#[tokio::test]
async fn an_older_answer_can_be_made_to_arrive_last() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::hang_after().times(1));
    let held = tokio::spawn(platform.http.get(token_url(&platform)).send());
    platform.sim.arrived(TOKEN, 1).await;
    let newer = platform.classic().await;
    platform.sim.clear_faults();
    let older = token(&held.await.unwrap().unwrap().json().await.unwrap());
    assert_eq!(platform.sim.ledger().issues()[0].value, older.value);
    platform.advance(300);
    assert_eq!(platform.judge(&older.value).await, 40001);
    assert_eq!(platform.judge(&newer.value).await, 0);
}

#[tokio::test]
async fn a_caller_who_gives_up_on_a_hanging_call_frees_its_connection() {
    let platform = Platform::start().await;
    platform.sim.fault(TOKEN, Fault::hang());
    let held = tokio::spawn(platform.http.get(token_url(&platform)).send());
    platform.sim.arrived(TOKEN, 1).await;
    held.abort();
    let freed = async {
        while platform.sim.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), freed).await.expect("the connection is still open");
    assert!(!platform.sim.ledger().calls().last().unwrap().ended());
}
