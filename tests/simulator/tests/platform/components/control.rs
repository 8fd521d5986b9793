//! The same controls over HTTP.

use serde_json::{Value, json};
use wechat_simulator::Simulator;

use super::{AUTHORIZER, COMPONENT, COMPONENT_SECRET, Third, text};
use crate::controls::{refuse, tell};
use crate::pushes::server::{Behaviour, Server};
use crate::pushes::{KEY, TOKEN};
use crate::support::{Platform, errcode};

/// A control of the third-party platform.
fn at(path: &str) -> String {
    format!("/_sim/components/{COMPONENT}{path}")
}

async fn post(third: &Third, path: &str, body: Value) -> Value {
    tell(&third.platform, "POST", &at(path), Some(body)).await
}

async fn get(third: &Third, path: &str) -> Value {
    tell(&third.platform, "GET", &at(path), None).await
}

async fn order(third: &Third, path: &str) -> Value {
    tell(&third.platform, "POST", &at(path), None).await
}

#[tokio::test]
async fn components_are_added_shown_changed_and_listed() {
    let platform = Platform::over(Simulator::builder().start().await.unwrap());
    let body = json!({
        "appid": COMPONENT,
        "secret": COMPONENT_SECRET,
        "authorizers": [AUTHORIZER, "wx_second"],
        "refresh_tokens": "null",
        "expires_in": 60,
        "pushing": false,
        "callback": { "url": "http://127.0.0.1:9/", "token": TOKEN, "mode": "encrypted", "encoding_aes_key": KEY },
    });
    let shown = tell(&platform, "POST", "/_sim/components", Some(body)).await;
    assert_eq!(shown["authorizer_count"], 2);
    assert_eq!((&shown["refresh_tokens"], &shown["pushing"]), (&json!("null"), &json!(false)));
    assert_eq!((&shown["expires_in"], &shown["authorizer_expires_in"]), (&json!(60), &json!(7200)));
    assert_eq!(shown["callback_url"], "http://127.0.0.1:9/");
    for secret in [COMPONENT_SECRET, TOKEN, KEY] {
        assert!(!shown.to_string().contains(secret), "{shown}");
    }
    let third = Third { component: platform.sim.component(COMPONENT).unwrap(), platform };
    assert_eq!(shown["component_verify_ticket"], third.component.verify_ticket());
    let path = "/cgi-bin/component/api_component_token";
    let changes = json!({
        "secret": "another",
        "address_allowed": false,
        "authorizer_expires_in": 30,
        "daily_limits": { path: 0 },
        "renewing": true,
    });
    let shown = post(&third, "", changes).await;
    assert_eq!((&shown["address_allowed"], &shown["renewing"]), (&json!(false), &json!(true)));
    assert_eq!((&shown["authorizer_expires_in"], &shown["daily_limits"][path]), (&json!(30), &json!(0)));
    assert_eq!(shown["refresh_tokens"], "null", "what is not named stays");
    assert_eq!(errcode(&third.token_answer().await), 40125);
    third.component.set_secret(COMPONENT_SECRET);
    assert_eq!(errcode(&third.token_answer().await), 61004);
    post(&third, "", json!({ "address_allowed": true })).await;
    assert_eq!(errcode(&third.token_answer().await), 45009);
    let listed = tell(&third.platform, "GET", "/_sim/components", None).await;
    assert_eq!(listed, json!({ "components": [COMPONENT] }));
    tell(&third.platform, "POST", "/_sim/reset", None).await;
    assert_eq!(third.token_answer().await["expires_in"], 60);
}

#[tokio::test]
async fn a_component_s_token_and_its_authorizers_are_shown_rotated_refused_and_revoked() {
    let third = Third::start().await;
    let authorizer = format!("/authorizers/{AUTHORIZER}");
    let own = third.token().await;
    assert_eq!(get(&third, "/token").await, json!({ "access_token": own, "expires_in": 7200 }));
    let elsewhere = text(&order(&third, "/token/rotate").await, "access_token");
    assert_eq!(third.component.current_token(), Some(elsewhere.clone()));
    order(&third, "/token/refuse").await;
    assert_eq!(third.judge(&elsewhere).await, 40001);
    assert_eq!(get(&third, "/token").await["access_token"], elsewhere);
    order(&third, "/token/revoke").await;
    assert_eq!(get(&third, "").await["token"], json!({ "access_token": null, "expires_in": 0 }));
    let theirs = text(&order(&third, &format!("{authorizer}/token/rotate")).await, "access_token");
    assert_eq!(third.platform.judge(&theirs).await, 0);
    order(&third, &format!("{authorizer}/token/refuse")).await;
    assert_eq!(third.platform.judge(&theirs).await, 40001);
    assert_eq!(get(&third, &authorizer).await["token"]["access_token"], theirs);
    order(&third, &format!("{authorizer}/token/revoke")).await;
    assert_eq!(get(&third, &authorizer).await["token"]["access_token"], Value::Null);
    let ledger = tell(&third.platform, "GET", &format!("/_sim/ledger?appid={COMPONENT}"), None).await;
    assert_eq!(ledger["counts"]["component_issued"], json!({ COMPONENT: 2 }));
    assert_eq!(ledger["counts"]["authorizer_issued"], json!({ COMPONENT: { AUTHORIZER: 1 } }));
    assert_eq!(ledger["component_issues"][1]["value"], elsewhere);
    assert_eq!(ledger["authorizer_issues"][0]["value"], theirs);
    let ledger = tell(&third.platform, "GET", &format!("/_sim/ledger?appid={AUTHORIZER}"), None).await;
    assert_eq!(ledger["component_issues"], json!([]));
    assert_eq!(ledger["authorizer_issues"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn authorizers_consent_cancel_and_are_changed() {
    let server = Server::start(|_, _| Behaviour::ok("success"));
    let third = Third::start().await;
    let callback = json!({ "url": server.url, "token": TOKEN, "mode": "encrypted", "encoding_aes_key": KEY });
    post(&third, "", json!({ "callback": callback })).await;
    let silent = post(&third, "/authorizers", json!({ "appid": "wx_new" })).await;
    assert_eq!((&silent["is_new"], &silent["delivery"]), (&json!(true), &Value::Null));
    let code = text(&silent, "authorization_code");
    assert_eq!(errcode(&third.query_auth(&third.token().await, &code).await), 0);
    let told = post(&third, "/authorizers", json!({ "appid": "wx_new", "push": true, "anew": true })).await;
    assert_eq!((&told["is_new"], &told["delivery"]["delivered"]), (&json!(true), &json!(true)));
    let listed = get(&third, "/authorizers?offset=1&count=1").await;
    assert_eq!(listed["total_count"], 2);
    let unix = third.platform.clock().unix();
    assert_eq!(listed["authorizers"], json!([{ "appid": "wx_new", "auth_time": unix }]));
    let authorizer = format!("/authorizers/{AUTHORIZER}");
    let changes = json!({
        "permissions": [1], "refresh_tokens": "omitted", "read_only_options": { "voice_recognize": true },
    });
    let shown = post(&third, &authorizer, changes).await;
    assert_eq!((&shown["permissions"], &shown["refresh_tokens"]), (&json!([1]), &json!("omitted")));
    let shown = post(&third, &authorizer, json!({ "permissions": [2] })).await;
    assert_eq!((&shown["permissions"], &shown["refresh_tokens"]), (&json!([2]), &json!("omitted")));
    let shown = post(&third, &authorizer, json!({ "refresh_tokens": null })).await;
    assert_eq!(shown["refresh_tokens"], Value::Null);
    let replaced = order(&third, &format!("{authorizer}/refresh-token/replace")).await;
    assert_eq!(replaced["authorizer_refresh_token"], third.authorizer().refresh_token());
    let cancel =
        async |query: &str| tell(&third.platform, "DELETE", &at(&format!("{authorizer}{query}")), None).await;
    assert_eq!(cancel("?push=true").await["delivery"]["tries"], 1);
    assert_eq!(cancel("").await, json!({ "cancelled": false, "delivery": null }));
    assert_eq!(get(&third, &authorizer).await["auth_time"], Value::Null);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn tickets_are_made_pushed_and_waited_for() {
    let server = Server::start(|_, _| Behaviour::ok("success"));
    let third = Third::start().await;
    let made = order(&third, "/tickets").await;
    assert_eq!(made["component_verify_ticket"], third.component.verify_ticket());
    assert_eq!(order(&third, "/tickets/push").await["attempts"][0]["answer"], "unreachable");
    post(&third, "", json!({ "callback": { "url": server.url, "token": TOKEN } })).await;
    assert_eq!(order(&third, "/tickets/push").await["delivered"], true);
    third.platform.advance(600);
    order(&third, "/settled").await;
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn what_makes_no_sense_of_a_component_says_what_is_wrong() {
    let third = Third::start().await;
    let (own, authorizers) = (at(""), at("/authorizers"));
    let (authorizer, nobody) = (at(&format!("/authorizers/{AUTHORIZER}")), at("/authorizers/wx0"));
    let (cancel, page) = (format!("{authorizer}?push=maybe"), format!("{authorizers}?offset=-1"));
    let cases = vec![
        ("POST", "/_sim/components", Some(json!({ "appid": "wx1" })), 400, "an appid and a secret"),
        ("POST", "/_sim/components", Some(json!({ "secret": "s" })), 400, "an appid and a secret"),
        ("POST", "/_sim/components", Some(json!({ "appid": "wx1", "secret": "" })), 400, "must not be empty"),
        ("POST", "/_sim/components", Some(json!({ "appid": COMPONENT, "secret": "s" })), 400, "already"),
        (
            "POST",
            "/_sim/components",
            Some(json!({ "appid": "wx1", "secret": "s", "authorizers": [1] })),
            400,
            "have to be appids",
        ),
        ("GET", "/_sim/components/wx0", None, 404, "there is no component wx0"),
        ("POST", &own, Some(json!({ "refresh_tokens": "cheese" })), 400, "`rotated`"),
        ("POST", &own, Some(json!({ "callback": { "url": "host", "token": "t" } })), 400, "http://"),
        ("POST", &own, Some(json!({ "secrets": "s" })), 400, "`secrets`"),
        ("POST", &authorizers, Some(json!({ "appid": "" })), 400, "not empty"),
        ("GET", &page, None, 400, "offset has to be"),
        ("GET", &nobody, None, 404, "wx0 never authorized"),
        ("POST", &authorizer, Some(json!({ "refresh_tokens": "cheese" })), 400, "`rotated`"),
        ("POST", &authorizer, Some(json!({ "permission": [1] })), 400, "`permission`"),
        ("DELETE", &cancel, None, 400, "push has to be"),
    ];
    refuse(&third.platform, cases).await;
    assert!(third.authorizer().is_authorized());
}
