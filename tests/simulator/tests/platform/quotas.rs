//! How often is too often.

use serde_json::json;
use wechat_simulator::App;

use crate::support::{APPID, Platform, SECRET, beijing_noon, errcode};

#[tokio::test]
async fn the_2001st_token_of_a_day_answers_45009_until_midnight_in_beijing() {
    let platform = Platform::start().await;
    platform.clock().set(beijing_noon());
    for _ in 0..2000 {
        platform.classic().await;
    }
    assert_eq!(errcode(&platform.classic_answer().await), 45009);
    assert_eq!(errcode(&platform.stable_answer(false).await), 0, "the other line has its own quota");
    platform.advance(12 * 3600 - 1);
    assert_eq!(errcode(&platform.classic_answer().await), 45009);
    platform.advance(1);
    platform.classic().await;
}

#[tokio::test]
async fn a_daily_limit_can_be_set_for_any_path() {
    let app = App::new(APPID, SECRET).daily_limit("/cgi-bin/getcallbackip", 1);
    let platform = Platform::with(app).await;
    let token = platform.classic().await.value;
    assert_eq!(platform.judge(&token).await, 0);
    assert_eq!(platform.judge(&token).await, 45009);
    platform.sim.account(APPID).unwrap().set_daily_limit("/cgi-bin/getcallbackip", 2);
    assert_eq!(platform.judge(&token).await, 0);
}

#[tokio::test]
async fn stable_token_has_ten_thousand_calls_a_minute() {
    let platform = Platform::start().await;
    let calls = (0..10_000).map(|_| platform.stable_answer(false));
    for call in calls {
        assert_eq!(errcode(&call.await), 0);
    }
    assert_eq!(errcode(&platform.stable_answer(false).await), 45011);
    platform.advance(60);
    platform.stable().await;
}

#[tokio::test]
async fn clear_quota_refills_ten_times_a_month_and_then_answers_48006() {
    let platform = Platform::with(App::new(APPID, SECRET).daily_limit("/cgi-bin/token", 1)).await;
    platform.clock().set(beijing_noon());
    let stable = platform.stable().await.value;
    let clear = |token: String| {
        let path = format!("/cgi-bin/clear_quota?access_token={token}");
        let platform = &platform;
        async move { errcode(&platform.post(&path, &json!({ "appid": APPID })).await) }
    };
    for _ in 0..10 {
        platform.classic().await;
        assert_eq!(errcode(&platform.classic_answer().await), 45009);
        assert_eq!(clear(stable.clone()).await, 0);
    }
    assert_eq!(clear(stable).await, 48006);
    platform.advance(31 * 86_400);
    let stable = platform.stable().await.value;
    assert_eq!(clear(stable).await, 0, "a new month");
}

#[tokio::test]
async fn clear_quota_is_for_the_token_s_own_account() {
    let platform = Platform::start().await;
    let token = platform.stable().await.value;
    let path = format!("/cgi-bin/clear_quota?access_token={token}");
    assert_eq!(errcode(&platform.post(&path, &json!({ "appid": "wx0" })).await), 40013);
}

#[tokio::test]
async fn both_ways_to_clear_a_quota_share_ten_a_month() {
    let platform = Platform::start().await;
    platform.clock().set(beijing_noon());
    let token = platform.stable().await.value;
    let with_token = format!("/cgi-bin/clear_quota?access_token={token}");
    let with_secret = platform.url(&format!("/cgi-bin/clear_quota/v2?appid={APPID}&appsecret={SECRET}"));
    let clear_v2 = async || platform.http.post(&with_secret).send().await.unwrap().json().await.unwrap();
    for _ in 0..5 {
        assert_eq!(errcode(&platform.post(&with_token, &json!({ "appid": APPID })).await), 0);
        assert_eq!(errcode(&clear_v2().await), 0);
    }
    assert_eq!(errcode(&clear_v2().await), 48006);
    assert_eq!(errcode(&platform.post(&with_token, &json!({ "appid": APPID })).await), 48006);
}

#[tokio::test]
async fn clear_quota_v2_wants_a_secret_in_the_place_of_a_token() {
    let platform = Platform::with(App::new(APPID, SECRET).daily_limit("/cgi-bin/token", 0)).await;
    assert_eq!(errcode(&platform.classic_answer().await), 45009);
    let url = platform.url(&format!("/cgi-bin/clear_quota/v2?appid={APPID}&appsecret={SECRET}"));
    let answer = platform.http.post(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(errcode(&answer), 0);
    let url = platform.url(&format!("/cgi-bin/clear_quota/v2?appid={APPID}&appsecret=wrong"));
    let answer = platform.http.post(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(errcode(&answer), 40125);
}

#[tokio::test]
async fn the_quota_can_be_asked_for() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let path = format!("/cgi-bin/openapi/quota/get?access_token={token}");
    let answer = platform.post(&path, &json!({ "cgi_path": "/cgi-bin/token" })).await;
    assert_eq!(answer["quota"], json!({ "daily_limit": 2000, "used": 1, "remain": 1999 }));
    assert_eq!(errcode(&platform.post(&path, &json!({ "cgi_path": "/cgi-bin/none" })).await), 76003);
    assert_eq!(errcode(&platform.post(&path, &json!({ "cgi_path": "/sns/userinfo" })).await), 76022);
}
