//! Consent, its codes, and the tokens that come of it.

use serde_json::{Value, json};
use wechat_simulator::{Cause, Component, RefreshTokens};

use super::{AUTHORIZER, COMPONENT, COMPONENT_SECRET, Third, text};
use crate::support::errcode;

#[tokio::test]
async fn a_code_is_changed_once_for_tokens_and_permissions() {
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET)).await;
    let token = third.token().await;
    let consent = third.component.authorize(AUTHORIZER);
    assert!(consent.is_new());
    assert!(consent.authorization_code().starts_with("queryauthcode@@@"));
    assert_eq!((consent.authorizer_appid(), consent.expires_in()), (AUTHORIZER, 3600));
    let info = third.query_auth(&token, consent.authorization_code()).await["authorization_info"].clone();
    assert_eq!((&info["authorizer_appid"], &info["expires_in"]), (&json!(AUTHORIZER), &json!(7200)));
    assert_eq!(info["authorizer_refresh_token"], third.authorizer().refresh_token());
    assert_eq!(info["func_info"][0], json!({ "funcscope_category": { "id": 1 } }));
    assert_eq!(info["func_info"].as_array().unwrap().len(), 14);
    let access = text(&info, "authorizer_access_token");
    assert_eq!(third.authorizer().current_token().as_ref(), Some(&access));
    assert_eq!(third.platform.judge(&access).await, 0);
    let again = third.query_auth(&token, consent.authorization_code()).await;
    assert!(again["errmsg"].as_str().unwrap().starts_with("code is invalid rid: "), "{again}");
    assert_eq!(errcode(&again), 61009);
}

#[tokio::test]
async fn a_code_that_is_wrong_old_or_of_a_cancelled_consent_is_refused() {
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET)).await;
    let codes = [(); 2].map(|()| third.component.authorize(AUTHORIZER).authorization_code().to_owned());
    let token = third.token().await;
    assert_eq!(errcode(&third.query_auth(&token, "queryauthcode@@@").await), 61009);
    assert_eq!(errcode(&third.query_auth(&token, "").await), 61009);
    third.platform.advance(3599);
    assert_eq!(errcode(&third.query_auth(&token, &codes[0]).await), 0);
    third.platform.advance(1);
    assert_eq!(errcode(&third.query_auth(&token, &codes[1]).await), 61010);
    let code = third.component.authorize(AUTHORIZER).authorization_code().to_owned();
    third.component.reauthorize(AUTHORIZER);
    assert_eq!(errcode(&third.query_auth(&token, &code).await), 61009);
    let code = third.component.authorize(AUTHORIZER).authorization_code().to_owned();
    third.component.cancel(AUTHORIZER);
    assert_eq!(errcode(&third.query_auth(&token, &code).await), 61003);
}

#[tokio::test]
async fn a_pre_auth_code_is_good_for_one_consent_within_1800_s() {
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET)).await;
    let token = third.token().await;
    let create = async || {
        let answer = third.ask(&token, "api_create_preauthcode", json!({})).await;
        assert_eq!(answer["expires_in"], 1800);
        text(&answer, "pre_auth_code")
    };
    let code = create().await;
    assert_eq!(code.strip_prefix("preauthcode@@@").map(str::len), Some(86), "{code}");
    assert_eq!(third.component.authorize(AUTHORIZER).pre_auth_code(), Some(&*code));
    assert_eq!(third.component.authorize(AUTHORIZER).pre_auth_code(), None);
    create().await;
    third.platform.advance(1800);
    assert_eq!(third.component.authorize(AUTHORIZER).pre_auth_code(), None);
}

#[tokio::test]
async fn a_refresh_gives_a_new_token_and_the_old_one_works_for_300_s() {
    let third = Third::start().await;
    let old = third.authorizer_token().await;
    let new = third.authorizer_token().await;
    assert_ne!(old, new);
    third.platform.advance(299);
    assert_eq!(third.platform.judge(&old).await, 0);
    third.platform.advance(1);
    assert_eq!(third.platform.judge(&old).await, 40001);
    assert_eq!(third.platform.judge(&new).await, 0);
    third.platform.advance(6900);
    assert_eq!(third.platform.judge(&new).await, 42001);
    third.component.set_authorizer_expires_in(60);
    let refresh_token = third.authorizer().refresh_token();
    let answer = third.refresh(&third.token().await, AUTHORIZER, &refresh_token).await;
    assert_eq!(answer["expires_in"], 60);
}

#[tokio::test]
async fn a_refresh_token_looks_like_those_on_the_wire_and_only_the_right_one_is_taken() {
    let third = Third::start().await;
    let token = third.token().await;
    let refresh_token = third.authorizer().refresh_token();
    assert_eq!(refresh_token.strip_prefix("refreshtoken@@@").map(str::len), Some(43), "{refresh_token}");
    for wrong in ["", "refreshtoken@@@"] {
        assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, wrong).await), 61023);
    }
    let null = json!({ "authorizer_appid": AUTHORIZER, "authorizer_refresh_token": null });
    let refused = third.ask(&token, "api_authorizer_token", null).await;
    assert!(refused["errmsg"].as_str().unwrap().starts_with("refresh_token is invalid rid: "), "{refused}");
    assert_eq!(errcode(&third.refresh(&token, "", &refresh_token).await), 40013);
    assert_eq!(errcode(&third.refresh(&token, "wx0", &refresh_token).await), 40013);
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &refresh_token).await), 0);
}

#[tokio::test]
async fn what_a_refresh_does_with_refresh_tokens_is_a_switch() {
    let third = Third::start().await;
    let token = third.token().await;
    let refresh = async || {
        let before = third.authorizer().refresh_token();
        let answer = third.refresh(&token, AUTHORIZER, &before).await;
        assert_eq!(errcode(&answer), 0, "{answer}");
        (before, answer, third.authorizer().refresh_token())
    };
    let (before, answer, after) = refresh().await;
    assert_eq!((&answer["authorizer_refresh_token"], &after), (&json!(before), &before));
    third.component.set_refresh_tokens(RefreshTokens::Rotated);
    let (before, answer, after) = refresh().await;
    assert_ne!(after, before);
    assert_eq!(answer["authorizer_refresh_token"], after);
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &before).await), 61023);
    third.component.set_refresh_tokens(RefreshTokens::Omitted);
    let (before, answer, after) = refresh().await;
    assert!(!answer.as_object().unwrap().contains_key("authorizer_refresh_token"), "{answer}");
    assert_eq!(after, before);
    third.component.set_refresh_tokens(RefreshTokens::Null);
    let (before, answer, after) = refresh().await;
    assert_eq!(answer.get("authorizer_refresh_token"), Some(&Value::Null));
    assert_eq!(after, before);
    third.authorizer().set_refresh_tokens(Some(RefreshTokens::Unchanged));
    assert_eq!(refresh().await.1["authorizer_refresh_token"], after);
    third.authorizer().set_refresh_tokens(None);
    assert_eq!(refresh().await.1["authorizer_refresh_token"], Value::Null);
}

#[tokio::test]
async fn a_cancellation_ends_everything_and_a_new_consent_begins_anew() {
    let third = Third::start().await;
    let token = third.token().await;
    let access = third.authorizer_token().await;
    let before = third.authorizer().refresh_token();
    assert!(third.component.cancel(AUTHORIZER));
    assert!(!third.component.cancel(AUTHORIZER), "it is over already");
    let refused = third.platform.get(&format!("/cgi-bin/user/get?access_token={access}")).await;
    let errmsg = refused["errmsg"].as_str().unwrap();
    assert!(errmsg.starts_with("component is not authorized by this account rid: "), "{errmsg}");
    assert_eq!(errcode(&refused), 61003);
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &before).await), 61003);
    assert!(third.component.authorize(AUTHORIZER).is_new());
    let after = third.authorizer().refresh_token();
    assert_ne!(after, before);
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &before).await), 61023);
    assert_eq!(third.platform.judge(&access).await, 40001, "tokens from before stay dead");
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &after).await), 0);
}

#[tokio::test]
async fn a_consent_upon_consent_keeps_the_refresh_token_unless_it_is_to_renew_it() {
    let third = Third::start().await;
    let before = third.authorizer().refresh_token();
    let access = third.authorizer().rotate_elsewhere();
    assert!(!third.component.authorize(AUTHORIZER).is_new());
    assert_eq!(third.authorizer().refresh_token(), before);
    third.component.set_renewing(true);
    third.component.authorize(AUTHORIZER);
    let after = third.authorizer().refresh_token();
    assert_ne!(after, before);
    let token = third.token().await;
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &before).await), 61023);
    assert_eq!(third.platform.judge(&access).await, 0);
    let by_hand = third.authorizer().replace_refresh_token();
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &after).await), 61023);
    assert_eq!(errcode(&third.refresh(&token, AUTHORIZER, &by_hand).await), 0);
}

#[tokio::test]
async fn authorizer_tokens_are_counted_revoked_and_refused_each_for_itself() {
    let component = Component::new(COMPONENT, COMPONENT_SECRET).authorizers([AUTHORIZER, "wx_second"]);
    let third = Third::with(component).await;
    let second = third.component.authorizer("wx_second").unwrap();
    let other = second.rotate_elsewhere();
    let token = third.token().await;
    let code = third.component.authorize(AUTHORIZER).authorization_code().to_owned();
    third.query_auth(&token, &code).await;
    third.authorizer_token().await;
    let access = third.authorizer().current_token().unwrap();
    let ledger = third.platform.sim.ledger();
    assert_eq!(ledger.authorizer_issued(COMPONENT, AUTHORIZER), 2);
    assert_eq!(ledger.authorizer_issued(COMPONENT, "wx_second"), 1);
    assert_eq!(ledger.authorizer_issued("wx0", AUTHORIZER), 0);
    let issues: Vec<_> = ledger
        .authorizer_issues()
        .iter()
        .map(|issue| (issue.authorizer_appid.as_str(), issue.cause, issue.expires_in))
        .collect();
    let expected = [
        ("wx_second", Cause::Elsewhere, 7200),
        (AUTHORIZER, Cause::Authorization, 7200),
        (AUTHORIZER, Cause::Fetch, 7200),
    ];
    assert_eq!(issues, expected);
    assert_eq!((ledger.token_calls(COMPONENT), ledger.issues().len()), (2, 0));
    third.authorizer().refuse_current();
    assert_eq!(third.platform.judge(&access).await, 40001);
    assert_eq!(third.authorizer().current_token(), Some(access));
    let access = third.authorizer_token().await;
    third.authorizer().revoke();
    assert_eq!(third.platform.judge(&access).await, 40001);
    assert_eq!(third.authorizer().current_token(), None);
    assert_eq!(third.platform.judge(&other).await, 0);
    third.platform.sim.clear_ledger();
    assert_eq!(third.platform.sim.ledger().authorizer_issued(COMPONENT, AUTHORIZER), 0);
    assert_eq!(ledger.authorizer_issued(COMPONENT, AUTHORIZER), 2, "a ledger once taken stays");
}
