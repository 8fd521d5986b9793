//! What is checked before a call is worked on, and in which order.

use serde_json::json;
use wechat_simulator::{App, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode};

#[tokio::test]
async fn an_unknown_appid_is_told_before_a_missing_grant_type() {
    let platform = Platform::start().await;
    assert_eq!(errcode(&platform.get("/cgi-bin/token?appid=wx0").await), 40013);
    assert_eq!(errcode(&platform.get(&format!("/cgi-bin/token?appid={APPID}")).await), 40002);
}

#[tokio::test]
async fn a_token_endpoint_checks_appid_then_grant_type_then_secret() {
    let platform = Platform::start().await;
    let full = json!({ "appid": APPID, "secret": SECRET, "grant_type": "client_credential" });
    let cases = [
        ("appid", None, 41002),
        ("appid", Some(""), 41002),
        ("appid", Some("wx0"), 40013),
        ("grant_type", None, 40002),
        ("grant_type", Some("authorization_code"), 40002),
        ("secret", None, 41004),
        ("secret", Some(""), 41004),
        ("secret", Some("wrong"), 40125),
    ];
    for (name, value, code) in cases {
        let mut body = full.clone();
        body.as_object_mut().unwrap().remove(name);
        if let Some(value) = value {
            body[name] = json!(value);
        }
        assert_eq!(errcode(&platform.post("/cgi-bin/stable_token", &body).await), code, "{name} {value:?}");
        let classic = platform.http.get(platform.url("/cgi-bin/token")).query(&body).send().await.unwrap();
        assert_eq!(errcode(&classic.json().await.unwrap()), code, "{name} {value:?}");
    }
    assert_eq!(platform.sim.ledger().issues().len(), 0);
    assert_eq!(platform.sim.account(APPID).unwrap().used_today("/cgi-bin/token"), 0);
}

#[tokio::test]
async fn a_frozen_secret_and_a_strange_address_are_told_apart() {
    let platform = Platform::with(App::new(APPID, SECRET).secret_frozen(true).address_allowed(false)).await;
    let account = platform.sim.account(APPID).unwrap();
    assert_eq!(errcode(&platform.classic_answer().await), 40243);
    account.set_secret_frozen(false);
    let answer = platform.stable_answer(false).await;
    let errmsg = answer["errmsg"].as_str().unwrap();
    assert!(
        errmsg.starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "),
        "{errmsg}"
    );
    account.set_address_allowed(true);
    platform.stable().await;
}

#[tokio::test]
async fn a_changed_secret_is_wanted_from_then_on_and_tokens_stay() {
    let platform = Platform::start().await;
    let token = platform.classic().await;
    platform.sim.account(APPID).unwrap().set_secret("another");
    assert_eq!(errcode(&platform.classic_answer().await), 40125);
    assert_eq!(platform.judge(&token.value).await, 0);
}

#[tokio::test]
async fn a_business_call_checks_method_then_token_then_body_then_arguments() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let path = "/cgi-bin/material/batchget_material";
    assert_eq!(errcode(&platform.get(path).await), 43002, "the method, although there is no token");
    let body = |text: &'static str| platform.http.post(platform.url(path)).body(text).send();
    let no_token: serde_json::Value = body("").await.unwrap().json().await.unwrap();
    assert_eq!(errcode(&no_token), 41001, "the token, although there is no body");
    let with_token = |text: &'static str| {
        let url = platform.url(&format!("{path}?access_token={token}"));
        let send = platform.http.post(url).body(text).send();
        async move { errcode(&send.await.unwrap().json().await.unwrap()) }
    };
    assert_eq!(with_token("").await, 44002);
    assert_eq!(with_token("type=image&offset=0&count=20").await, 47001);
    assert_eq!(with_token("[1]").await, 47001);
    assert_eq!(with_token(r#"{"type":"cheese","offset":0,"count":20}"#).await, 40004);
    assert_eq!(with_token(r#"{"type":"image","offset":0,"count":20}"#).await, 0);
    platform.advance(7200);
    assert_eq!(with_token("").await, 42001, "the token's age, although there is no body");
}

#[tokio::test]
async fn a_post_to_a_reading_path_answers_43001_and_a_get_of_stable_token_43002() {
    let platform = Platform::start().await;
    assert_eq!(errcode(&platform.post("/cgi-bin/user/get", &json!({})).await), 43001);
    assert_eq!(errcode(&platform.get("/cgi-bin/stable_token").await), 43002);
}

#[tokio::test]
async fn an_access_token_in_the_body_does_not_count() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let body = json!({ "access_token": token, "type": "image", "offset": 0, "count": 1 });
    assert_eq!(errcode(&platform.post("/cgi-bin/material/batchget_material", &body).await), 41001);
    let empty = platform.post("/cgi-bin/material/batchget_material?access_token=", &body).await;
    assert_eq!(errcode(&empty), 41001);
}

#[tokio::test]
async fn an_unknown_path_answers_40066() {
    let platform = Platform::start().await;
    assert_eq!(errcode(&platform.get("/cgi-bin/no/such/path").await), 40066);
    assert_eq!(errcode(&platform.get("/").await), 40066);
}

#[tokio::test]
async fn a_made_up_token_answers_40001_and_a_malformed_one_40014_where_the_test_wants_it() {
    let platform = Platform::start().await;
    assert_eq!(platform.judge("nonsense").await, 40001);
    let sim = Simulator::builder().app(APPID, SECRET).malformed_token_is_40014(true).start().await.unwrap();
    let platform = Platform::over(sim);
    assert_eq!(platform.judge("nonsense").await, 40014);
    assert_eq!(platform.judge("28_wellFormed-but_unknown").await, 40001);
}

#[tokio::test]
async fn accounts_do_not_share_tokens_users_or_materials() {
    let other = App::new("wx99aa88bb77cc66dd", "other");
    let sim = Simulator::builder().app(APPID, SECRET).with_app(other).start().await.unwrap();
    let platform = Platform::over(sim);
    let token = platform.classic().await.value;
    let theirs = platform.sim.account("wx99aa88bb77cc66dd").unwrap().followers()[0].openid.clone();
    let answer = platform.get(&format!("/cgi-bin/user/info?access_token={token}&openid={theirs}")).await;
    assert_eq!(errcode(&answer), 40003);
}
