//! Component access tokens, and who may use them.

use serde_json::json;
use wechat_simulator::{App, Cause, Component, Simulator};

use super::{AUTHORIZER, COMPONENT, COMPONENT_SECRET, Third, text};
use crate::support::{APPID, Platform, SECRET, beijing_noon, errcode};

#[tokio::test]
async fn a_component_token_looks_like_an_account_s_and_lives_two_hours() {
    let third = Third::start().await;
    let answer = third.token_answer().await;
    assert_eq!(answer["expires_in"], 7200);
    let token = text(&answer, "component_access_token");
    assert!((136..=157).contains(&token.len()), "{token}");
    assert_eq!(third.component.current_token().as_ref(), Some(&token));
    third.platform.advance(7199);
    assert_eq!(third.judge(&token).await, 0);
    third.platform.advance(1);
    assert_eq!(third.judge(&token).await, 42001);
    assert_eq!(third.component.current_token(), None);
}

#[tokio::test]
async fn every_fetch_makes_a_new_component_token_and_the_old_one_works_for_300_s() {
    let third = Third::start().await;
    let (old, new) = (third.token().await, third.token().await);
    assert_ne!(old, new);
    third.platform.advance(299);
    assert_eq!(third.judge(&old).await, 0);
    third.platform.advance(1);
    assert_eq!(third.judge(&old).await, 40001);
    assert_eq!(third.judge(&new).await, 0);
    third.component.set_expires_in(60);
    assert_eq!(third.token_answer().await["expires_in"], 60);
}

#[tokio::test]
async fn the_ledger_counts_component_tokens_and_the_calls_for_them() {
    let third = Third::start().await;
    third.token().await;
    let elsewhere = third.component.rotate_elsewhere();
    assert_eq!(third.judge(&elsewhere).await, 0);
    assert_eq!(errcode(&third.token_by("ticket@@@made-up").await), 61006);
    let ledger = third.platform.sim.ledger();
    assert_eq!((ledger.component_issued(COMPONENT), ledger.component_issued("wx0")), (2, 0));
    let causes: Vec<_> = ledger.component_issues().iter().map(|issue| issue.cause).collect();
    assert_eq!(causes, [Cause::Fetch, Cause::Elsewhere]);
    assert_eq!(ledger.token_calls(COMPONENT), 2, "the refused one as well");
    assert_eq!(ledger.calls_to("/cgi-bin/component/api_component_token")[0].appid(), Some(COMPONENT));
    assert_eq!(ledger.calls_to("/cgi-bin/component/api_create_preauthcode")[0].appid(), Some(COMPONENT));
}

#[tokio::test]
async fn a_component_token_is_revoked_and_refused_by_the_test() {
    let third = Third::start().await;
    let token = third.token().await;
    third.component.refuse_current();
    assert_eq!(third.judge(&token).await, 40001);
    assert_eq!(third.component.current_token(), Some(token), "it stays the current one");
    let token = third.token().await;
    assert_eq!(third.judge(&token).await, 0);
    third.component.revoke();
    assert_eq!(third.judge(&token).await, 40001);
    assert_eq!(third.component.current_token(), None);
}

#[tokio::test]
async fn a_component_token_wants_appid_then_secret_then_address_then_ticket() {
    let sim =
        Simulator::builder().component(COMPONENT, COMPONENT_SECRET).app(APPID, SECRET).start().await.unwrap();
    let third = Third::over(sim);
    let ask = async |body: &serde_json::Value| {
        third.platform.post("/cgi-bin/component/api_component_token", body).await
    };
    let full = json!({
        "component_appid": COMPONENT,
        "component_appsecret": COMPONENT_SECRET,
        "component_verify_ticket": third.component.verify_ticket(),
    });
    third.component.set_address_allowed(false);
    let refused = ask(&full).await;
    let errmsg = refused["errmsg"].as_str().unwrap();
    assert!(errmsg.starts_with("access clientip is not registered requestIP: 127.0.0.1 rid: "), "{errmsg}");
    let cases = [
        ("component_appid", None, 41018),
        ("component_appid", Some("wx0"), 40013),
        ("component_appid", Some(APPID), 61011),
        ("component_appsecret", None, 41004),
        ("component_appsecret", Some("wrong"), 40125),
        ("component_verify_ticket", None, 61004),
    ];
    for (name, value, code) in cases {
        let mut body = full.clone();
        body[name] = value.into();
        assert_eq!(errcode(&ask(&body).await), code, "{name} {value:?}");
    }
    third.component.set_address_allowed(true);
    let mut body = full.clone();
    body["component_verify_ticket"] = json!(null);
    assert_eq!(errcode(&ask(&body).await), 61006);
    assert_eq!(third.component.used_today("/cgi-bin/component/api_component_token"), 0);
    assert_eq!(errcode(&ask(&full).await), 0);
    third.component.set_secret("another");
    assert_eq!(errcode(&ask(&full).await), 40125);
    let form = third.platform.url("/cgi-bin/component/api_component_token");
    let empty = third.platform.http.post(form).send().await.unwrap().json().await.unwrap();
    assert_eq!(errcode(&empty), 44002);
}

#[tokio::test]
async fn a_ticket_is_good_for_twelve_hours_beside_newer_ones() {
    let third = Third::start().await;
    let first = third.component.verify_ticket();
    assert_eq!(first.strip_prefix("ticket@@@").map(str::len), Some(86), "{first}");
    assert_eq!(third.component.verify_ticket(), first);
    let second = third.component.issue_verify_ticket();
    assert_eq!(third.component.verify_ticket(), second);
    third.platform.advance(12 * 3600 - 1);
    assert_eq!(errcode(&third.token_by(&first).await), 0);
    third.platform.advance(1);
    assert_eq!(errcode(&third.token_by(&first).await), 61005);
    assert_eq!(errcode(&third.token_by("ticket@@@").await), 61006);
    assert_ne!(third.component.verify_ticket(), second, "which is as old");
}

#[tokio::test]
async fn the_2001st_component_token_of_a_day_answers_45009() {
    let third = Third::start().await;
    third.platform.clock().set(beijing_noon());
    for _ in 0..2000 {
        third.token().await;
    }
    assert_eq!(errcode(&third.token_answer().await), 45009);
    let path = "/cgi-bin/component/api_component_token";
    assert_eq!(third.component.used_today(path), 2000);
    third.component.set_daily_limit(path, 2001);
    third.token().await;
    third.platform.advance(12 * 3600);
    third.token().await;
}

#[tokio::test]
async fn a_component_s_quota_is_asked_for_and_cleared_with_its_token_and_with_its_secret() {
    let path = "/cgi-bin/component/api_component_token";
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).daily_limit(path, 1)).await;
    let token = third.token().await;
    assert_eq!(errcode(&third.token_answer().await), 45009);
    let asked = format!("/cgi-bin/openapi/quota/get?access_token={token}");
    let quota = third.platform.post(&asked, &json!({ "cgi_path": path })).await;
    assert_eq!(quota["quota"], json!({ "daily_limit": 1, "used": 1, "remain": 0 }));
    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    assert_eq!(errcode(&third.platform.post(&clear, &json!({ "appid": AUTHORIZER })).await), 40013);
    assert_eq!(errcode(&third.platform.post(&clear, &json!({ "appid": COMPONENT })).await), 0);
    third.token().await;
    assert_eq!(errcode(&third.token_answer().await), 45009);
    let clear = async |body| third.platform.post("/cgi-bin/component/clear_quota/v2", &body).await;
    let wrong = json!({ "component_appid": COMPONENT, "appsecret": "wrong" });
    assert_eq!(errcode(&clear(wrong).await), 40125);
    let own = json!({ "component_appid": COMPONENT, "appsecret": COMPONENT_SECRET });
    assert_eq!(errcode(&clear(own.clone()).await), 0);
    third.token().await;
    let with = |appid: &str| {
        let mut body = own.clone();
        body["appid"] = json!(appid);
        body
    };
    assert_eq!(errcode(&clear(with(AUTHORIZER)).await), 40013, "an appid that is nobody's");
    third.component.authorize(AUTHORIZER);
    third.component.authorizer(AUTHORIZER).unwrap().account().set_daily_limit("/cgi-bin/user/get", 1);
    let theirs = third.authorizer().rotate_elsewhere();
    let users = format!("/cgi-bin/user/get?access_token={theirs}");
    assert_eq!(errcode(&third.platform.get(&users).await), 0);
    assert_eq!(errcode(&third.platform.get(&users).await), 45009);
    assert_eq!(errcode(&clear(with(AUTHORIZER)).await), 0);
    assert_eq!(errcode(&third.platform.get(&users).await), 0);
    third.component.cancel(AUTHORIZER);
    assert_eq!(errcode(&clear(with(AUTHORIZER)).await), 61003);
}

#[tokio::test]
async fn a_component_s_api_wants_the_component_s_own_token_under_either_name() {
    let sim = Simulator::builder()
        .with_component(Component::new(COMPONENT, COMPONENT_SECRET).authorizer(AUTHORIZER))
        .component("wx_other", "other")
        .app(APPID, SECRET)
        .start()
        .await
        .unwrap();
    let third = Third::over(sim);
    let token = third.token().await;
    let path = "/cgi-bin/component/api_create_preauthcode";
    let body = json!({ "component_appid": COMPONENT });
    for name in ["component_access_token", "access_token"] {
        let ask =
            async |token: &str| errcode(&third.platform.post(&format!("{path}?{name}={token}"), &body).await);
        assert_eq!(ask(&token).await, 0, "{name}");
        assert_eq!(ask("").await, 41001, "{name}");
        assert_eq!(ask("made_up").await, 40001, "{name}");
        assert_eq!(ask(&third.platform.classic().await.value).await, 61014, "{name}");
        assert_eq!(ask(&third.authorizer().rotate_elsewhere()).await, 61014, "{name}");
    }
    let with =
        async |body| errcode(&third.platform.post(&format!("{path}?access_token={token}"), &body).await);
    assert_eq!(with(json!({})).await, 41018);
    assert_eq!(with(json!({ "component_appid": "wx0" })).await, 40013);
    assert_eq!(with(json!({ "component_appid": "wx_other" })).await, 40013);
    assert_eq!(with(json!({ "component_appid": APPID })).await, 61011);
    assert_eq!(errcode(&third.platform.get(&format!("{path}?access_token={token}")).await), 43002);
    let theirs = third.platform.sim.component("wx_other").unwrap().rotate_elsewhere();
    assert_eq!(third.judge(&theirs).await, 40013);
}

#[tokio::test]
async fn a_component_s_token_opens_no_account_s_api() {
    let third = Third::start().await;
    assert_eq!(third.platform.judge(&third.token().await).await, 40001);
}

#[tokio::test]
async fn an_account_s_token_endpoints_send_a_component_to_its_own() {
    let third = Third::start().await;
    let query = format!("grant_type=client_credential&appid={COMPONENT}&secret={COMPONENT_SECRET}");
    let refused = third.platform.get(&format!("/cgi-bin/token?{query}")).await;
    assert_eq!(errcode(&refused), 61024);
    let errmsg = refused["errmsg"].as_str().unwrap();
    assert!(
        errmsg.starts_with("must use api(api_component_token) to get token for component acct"),
        "{errmsg}"
    );
    let body = json!({
        "grant_type": "client_credential", "appid": COMPONENT, "secret": COMPONENT_SECRET,
    });
    assert_eq!(errcode(&third.platform.post("/cgi-bin/stable_token", &body).await), 61024);
}

#[tokio::test]
async fn an_appid_belongs_to_an_app_or_to_a_component() {
    let component = || Component::new(COMPONENT, COMPONENT_SECRET);
    let twice = Simulator::builder().with_component(component()).with_component(component());
    let error = twice.start().await.unwrap_err().to_string();
    assert!(error.contains("there is a component wx3e0f8a7c5d2b1946 already"), "{error}");
    let both = Simulator::builder().with_component(component()).app(COMPONENT, SECRET);
    let error = both.start().await.unwrap_err().to_string();
    assert!(error.contains("is the appid of"), "{error}");
    let sim = Simulator::builder().app(APPID, SECRET).start().await.unwrap();
    let error = sim.add_component(Component::new(APPID, "s")).unwrap_err().to_string();
    assert!(error.contains("is the appid of an app"), "{error}");
    for wrong in [Component::new("", "s"), Component::new("wx0", ""), component().authorizer("")] {
        let error = sim.add_component(wrong).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    }
    assert!(sim.component(APPID).is_none());
    assert_eq!(sim.add_component(component()).unwrap().appid(), COMPONENT);
    assert!(sim.account(COMPONENT).is_none());
}

#[tokio::test]
async fn a_reset_returns_components_to_what_was_declared() {
    let third = Third::start().await;
    let token = third.token().await;
    let ticket = third.component.verify_ticket();
    third.component.authorize("wx_new");
    for appid in ["wx_new", AUTHORIZER] {
        let account = third.platform.sim.account(appid).unwrap();
        assert!(!account.put_media("a.jpg", "image/jpeg", "bytes").is_empty());
    }
    third.component.cancel(AUTHORIZER);
    third.component.set_secret("another");
    third.platform.sim.reset();
    assert_eq!(third.judge(&token).await, 40001);
    assert_eq!(errcode(&third.token_by(&ticket).await), 61006);
    third.token().await;
    assert_eq!(third.component.authorizer_appids(), [AUTHORIZER]);
    assert!(third.component.authorizer("wx_new").is_none());
    assert!(third.platform.sim.account("wx_new").is_none());
    assert!(third.authorizer().account().all_media().is_empty());
    assert_eq!(third.platform.sim.ledger().component_issued(COMPONENT), 1);
}

#[tokio::test]
async fn an_app_that_is_declared_late_takes_the_place_of_what_was_made_for_an_authorizer() {
    let third = Third::start().await;
    let before = third.authorizer().account();
    assert!(before.followers().len() > 1);
    let app = App::new(AUTHORIZER, SECRET).template("only one");
    third.platform.sim.add_app(app.clone()).unwrap();
    assert_eq!(before.templates(), ["only one"]);
    assert!(third.platform.sim.add_app(app).is_err());
    let sim = Platform::over(third.platform.sim);
    let query = format!("grant_type=client_credential&appid={AUTHORIZER}&secret={SECRET}");
    assert_eq!(errcode(&sim.get(&format!("/cgi-bin/token?{query}")).await), 0);
}
