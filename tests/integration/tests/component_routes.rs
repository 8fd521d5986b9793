//! What is filled in on the paths of component applications, and what of their answers is kept.

use serde_json::{Value, json};
use wechat_integration_tests::{
    AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, PATH, QUERY_AUTH, SECRET, at_once, exchange, new_appid,
};
use wechat_runtime::adapters::{HubClient, Memory};
use wechat_runtime::{Bound, Client, Common, Component, Error, ErrorKind, Response};
use wechat_simulator::Fault;

const INFO: &str = "/cgi-bin/component/api_get_authorizer_info";
const START_PUSH: &str = "/cgi-bin/component/api_start_push_ticket";
const CLEAR_QUOTA: &str = "/cgi-bin/component/clear_quota/v2";
const PREAUTHCODE: &str = "/cgi-bin/component/api_create_preauthcode";
const LOGIN: &str = "/sns/oauth2/component/access_token";
const LOGIN_AGAIN: &str = "/sns/oauth2/component/refresh_token";
const SESSION: &str = "/sns/component/jscode2session";

/// The query and the body of the last call to a path.
fn last(agency: &Agency, path: &str) -> (Vec<(String, String)>, Value) {
    let ledger = agency.sim.ledger();
    let call = ledger.calls_to(path).pop().expect("it was called");
    (call.query().to_vec(), serde_json::from_slice(call.body()).unwrap_or_default())
}

fn names(query: &[(String, String)]) -> Vec<&str> {
    query.iter().map(|(name, _)| name.as_str()).collect()
}

async fn post(client: &Client<Component>, path: &str, body: &Value) -> Result<Response, Error> {
    client.post(path).json(body).send().await?.error_for_errcode()
}

/// The error of a call that nothing was sent of.
async fn refused(agency: &Agency, call: wechat_runtime::RequestBuilder<Component>) -> Error {
    let before = agency.sim.ledger().calls().count();
    let error = call.send().await.unwrap_err();
    assert_eq!(agency.sim.ledger().calls().count(), before, "nothing is sent: {error}");
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    error
}

#[tokio::test]
async fn a_components_own_path_gets_its_token_in_the_query_and_its_appid_in_the_body() {
    let agency = Agency::new().await;
    let client = agency.client();
    let call = client.post(PREAUTHCODE).body(r#"{"big":12345678901234567890,"text":"\u00e9"}"#);
    call.send().await.unwrap().error_for_errcode().unwrap();
    let ledger = agency.sim.ledger();
    let call = ledger.calls_to(PREAUTHCODE)[0];
    assert_eq!(
        call.query()[0],
        ("component_access_token".to_owned(), agency.component().current_token().unwrap())
    );
    let body =
        format!(r#"{{"component_appid":"{}","big":12345678901234567890,"text":"\u00e9"}}"#, agency.appid);
    assert_eq!(call.text(), body);

    // Nor is a body needed.
    client.post(PREAUTHCODE).send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(last(&agency, PREAUTHCODE).1, json!({ "component_appid": agency.appid }));
    assert_eq!(agency.sim.ledger().calls_to(PREAUTHCODE)[1].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_authorizer_is_filled_in_where_the_call_has_one_and_what_the_caller_wrote_wins() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    let handle = client.authorizer(shop.appid());
    let info = handle.post(INFO).send().await.unwrap().value().unwrap();
    assert_eq!(info["authorization_info"]["authorizer_appid"], *shop.appid());
    assert_eq!(
        last(&agency, INFO).1,
        json!({ "component_appid": agency.appid, "authorizer_appid": shop.appid() })
    );

    let other = agency.authorizer(&client).await;
    let declared = agency.builder().authorizer_appid(shop.appid()).build().unwrap();
    post(&declared, INFO, &json!({ "authorizer_appid": other.appid() })).await.unwrap();
    assert_eq!(last(&agency, INFO).1["authorizer_appid"], *other.appid());
    let sent = agency.sim.ledger().calls_to(INFO).pop().expect("it was called").text().into_owned();
    assert_eq!(sent.matches("authorizer_appid").count(), 1, "and nothing beside it: {sent}");
    let call =
        client.post(INFO).authorizer_appid(shop.appid()).json(&json!({ "authorizer_appid": other.appid() }));
    refused(&agency, call).await;
}

#[tokio::test]
async fn a_token_of_the_callers_own_is_obeyed_in_either_spelling_and_never_refreshed() {
    let agency = Agency::new().await;
    let client = agency.client();
    let token = agency.component().rotate_elsewhere();
    for call in [
        client.post(PREAUTHCODE).query(&[("component_access_token", &token)]),
        client.post(PREAUTHCODE).query(&[("access_token", &token)]),
        client.post(PREAUTHCODE).access_token(token.as_str()),
    ] {
        call.send().await.unwrap().error_for_errcode().unwrap();
        let (query, body) = last(&agency, PREAUTHCODE);
        assert_eq!((query.len(), &query[0].1), (1, &token));
        assert_eq!(body, json!({ "component_appid": agency.appid }));
    }
    agency.sim.fault(PREAUTHCODE, Fault::errcode(40001).times(1));
    let error =
        client.post(PREAUTHCODE).access_token(token.as_str()).send().await.unwrap().error_for_errcode();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TokenRejected);
    assert_eq!(agency.calls(COMPONENT_TOKEN), 0);
}

#[tokio::test]
async fn a_component_token_asked_for_by_name_is_filled_in_kept_and_fetched_once() {
    let agency = Agency::new().await;
    let client = agency.client();
    let callers = at_once(50, || {
        let client = client.clone();
        async move { client.post(COMPONENT_TOKEN).send().await?.error_for_errcode() }
    });
    assert!(callers.await.is_empty());
    let (query, body) = last(&agency, COMPONENT_TOKEN);
    assert!(query.is_empty());
    assert_eq!(
        body,
        json!({
            "component_appid": agency.appid,
            "component_appsecret": SECRET,
            "component_verify_ticket": agency.component().verify_ticket(),
        })
    );
    assert_eq!(agency.component_issued(), 1);
    let answer = client.post(COMPONENT_TOKEN).send().await.unwrap().value().unwrap();
    assert_eq!(answer["component_access_token"].as_str(), agency.component().current_token().as_deref());
    assert_eq!(answer["expires_in"], 7200);
    let kept = agency.cabinet.component_token(&agency.appid).await.unwrap();
    assert_eq!(Some(kept.access_token().expose()), agency.component().current_token().as_deref());

    agency.pass(60);
    client.post(COMPONENT_TOKEN).send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(agency.component_issued(), 2, "who asks by name wants another one");
}

#[tokio::test]
async fn what_the_caller_gives_and_the_storage_has_too_is_nothing_else_than_not_given() {
    let agency = Agency::new().await;
    let client = agency.client();
    let given = json!({
        "component_appsecret": SECRET, "component_verify_ticket": agency.component().verify_ticket()
    });
    for _ in 0..3 {
        post(&client, COMPONENT_TOKEN, &given).await.unwrap();
    }
    assert_eq!(agency.calls(COMPONENT_TOKEN), 1, "what was granted a moment ago is the answer");
}

#[tokio::test]
async fn a_component_that_is_named_in_the_body_is_the_one_that_is_asked_for() {
    let agency = Agency::new().await;
    let client = agency.client();
    let other = new_appid();
    let named = json!({ "component_appid": other });
    let error = post(&client, COMPONENT_TOKEN, &named).await.unwrap_err();
    assert_eq!((error.kind(), error.appid()), (ErrorKind::Configuration, Some(&*other)), "{error}");
    let call = client.post(COMPONENT_TOKEN).appid(&agency.appid).json(&named);
    assert_eq!(refused(&agency, call).await.kind(), ErrorKind::Request);
    assert_eq!(agency.calls(COMPONENT_TOKEN), 0);
}

#[tokio::test]
async fn the_components_token_is_one_for_whichever_authorizer_it_calls() {
    let agency = Agency::new().await;
    let client = agency.client();
    let failed = at_once(50, || {
        let call = client.authorizer(new_appid()).post(INFO).json(&json!({}));
        async move { call.send().await }
    });
    assert!(failed.await.is_empty());
    assert_eq!((agency.calls(INFO), agency.component_issued()), (50, 1));
}

#[tokio::test]
async fn what_has_to_be_kept_or_takes_the_secret_is_not_sent_by_a_client_of_a_hub() {
    let agency = Agency::new().await;
    let hub = Bound::new(HubClient::new(agency.sim.base_url()), ());
    let client = agency.builder_on(hub).build().unwrap();
    for path in [QUERY_AUTH, COMPONENT_TOKEN, AUTHORIZER_TOKEN, START_PUSH, CLEAR_QUOTA] {
        let call = client.authorizer(new_appid()).post(path).json(&json!({}));
        let error = refused(&agency, call).await;
        assert!(error.advice().contains("the hub's"), "{error}");
    }
}

#[tokio::test]
async fn what_is_filled_in_or_granted_is_for_the_base_url_alone() {
    let agency = Agency::new().await;
    let client = agency.client();
    for path in [INFO, COMPONENT_TOKEN, AUTHORIZER_TOKEN, START_PUSH, CLEAR_QUOTA] {
        let call = client.authorizer(new_appid()).post(format!("https://elsewhere.weixin.qq.com{path}"));
        let error = refused(&agency, call.json(&json!({}))).await;
        assert!(error.to_string().contains("base_url alone"), "{error}");
    }
}

#[tokio::test]
async fn what_the_caller_gives_for_a_token_wins_and_what_else_is_said_stays() {
    let agency = Agency::new().await;
    let client = agency.client();
    let wrong = json!({ "component_appsecret": "wrong", "more": [1, 2] });
    let error = post(&client, COMPONENT_TOKEN, &wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::Configuration, Some(40125)));
    let body = last(&agency, COMPONENT_TOKEN).1;
    assert_eq!((&body["component_appsecret"], &body["more"]), (&json!("wrong"), &json!([1, 2])));
    client.fetch_component_access_token().await.expect("the mistake is the caller's alone");
    agency.pass(60);
    let error = post(&client, COMPONENT_TOKEN, &json!({ "component_verify_ticket": "ticket@@@x" })).await;
    assert_eq!(error.unwrap_err().errcode(), Some(61006));
    client.fetch_component_access_token().await.unwrap();
    refused(&agency, client.post(COMPONENT_TOKEN).access_token("T")).await;
}

#[tokio::test]
async fn an_authorizers_token_asked_for_by_name_is_filled_in_and_the_pair_is_kept() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.set_refresh_tokens(Some(wechat_simulator::RefreshTokens::Rotated));
    let before = shop.refresh_token();
    let call = client.authorizer(shop.appid()).post(AUTHORIZER_TOKEN).json(&json!({ "more": true }));
    let answer = call.send().await.unwrap().value().unwrap();
    let (query, body) = last(&agency, AUTHORIZER_TOKEN);
    assert_eq!(names(&query), ["component_access_token"]);
    assert_eq!(
        body,
        json!({
            "component_appid": agency.appid,
            "authorizer_appid": shop.appid(),
            "authorizer_refresh_token": before,
            "more": true,
        })
    );
    assert_eq!(answer["authorizer_refresh_token"], shop.refresh_token());
    assert_eq!(answer["authorizer_access_token"].as_str(), shop.current_token().as_deref());
    assert_eq!(
        agency.stored(shop.appid()).await,
        [shop.current_token(), Some(shop.refresh_token()), Some(before)]
    );
}

#[tokio::test]
async fn a_refresh_token_that_the_caller_brings_is_used_and_kept() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    agency.component().authorize(&appid);
    let shop = agency.component().authorizer(&appid).unwrap();
    let body = json!({ "authorizer_appid": appid, "authorizer_refresh_token": shop.refresh_token() });
    post(&client, AUTHORIZER_TOKEN, &body).await.unwrap();
    assert_eq!(agency.stored(&appid).await, [shop.current_token(), Some(shop.refresh_token()), None]);

    agency.pass(60);
    let wrong = json!({ "authorizer_appid": appid, "authorizer_refresh_token": "refreshtoken@@@x" });
    let error = post(&client, AUTHORIZER_TOKEN, &wrong).await.unwrap_err();
    assert_eq!(error.errcode(), Some(61023));
    assert_eq!(agency.stored(&appid).await[1], Some(shop.refresh_token()));
    client.fetch_access_token(&appid).await.expect("the mistake is the caller's alone");
}

#[tokio::test]
async fn pushes_are_started_and_quotas_cleared_by_the_secret_alone() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    client.post(START_PUSH).send().await.unwrap().error_for_errcode().unwrap();
    let (query, body) = last(&agency, START_PUSH);
    assert_eq!(
        (query.len(), body),
        (0, json!({ "component_appid": agency.appid, "component_secret": SECRET }))
    );

    client.post(CLEAR_QUOTA).send().await.unwrap().error_for_errcode().unwrap();
    let (query, body) = last(&agency, CLEAR_QUOTA);
    assert_eq!((query.len(), body), (0, json!({ "component_appid": agency.appid, "appsecret": SECRET })));
    client.authorizer(shop.appid()).post(CLEAR_QUOTA).send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(last(&agency, CLEAR_QUOTA).1["appid"], *shop.appid());
}

#[tokio::test]
async fn logins_of_an_authorizers_users_get_its_appid_the_components_and_its_token() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    let code = shop.account().oauth_code("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "snsapi_base");
    let handle = client.authorizer(shop.appid());
    let login = handle.get(LOGIN).query(&[("code", &code)]).send().await.unwrap().value().unwrap();
    let (query, _) = last(&agency, LOGIN);
    assert_eq!(names(&query), ["component_access_token", "code", "appid", "grant_type", "component_appid"]);
    let value = |name: &str| query.iter().find(|(key, _)| key == name).unwrap().1.as_str();
    assert_eq!((value("appid"), value("component_appid")), (shop.appid(), &*agency.appid));
    assert_eq!(value("grant_type"), "authorization_code");

    let again = handle.get(LOGIN_AGAIN).query(&[("refresh_token", login["refresh_token"].as_str())]);
    again.send().await.unwrap().error_for_errcode().unwrap();
    assert!(last(&agency, LOGIN_AGAIN).0.contains(&("grant_type".to_owned(), "refresh_token".to_owned())));

    let js_code = shop.account().js_code("o6_bmjrPTlm6_2sgVt7hMZOPfL2M");
    let session = client.get(SESSION).query(&[("appid", shop.appid()), ("js_code", &js_code)]);
    session.send().await.unwrap().error_for_errcode().expect("the caller's own appid is enough");
    refused(&agency, client.get(SESSION).query(&[("js_code", "x")])).await;
}

#[tokio::test]
async fn a_call_that_is_for_nobody_or_of_the_other_kind_of_application_is_not_sent() {
    let agency = Agency::new().await;
    let client = agency.client();
    let error = refused(&agency, client.get(PATH)).await;
    assert!(error.advice().contains("authorizer(\"wx…\")"), "{error}");
    refused(&agency, client.post(AUTHORIZER_TOKEN)).await;
    refused(&agency, client.authorizer("").get(PATH)).await;
    refused(&agency, client.post(INFO).body("[]")).await;
    for path in ["/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/clear_quota/v2", "/sns/jscode2session"]
    {
        refused(&agency, client.authorizer("wx1").post(path)).await;
    }
    let nobody = {
        let client = Client::<Component>::builder(Bound::new(agency.cabinet.clone(), ()));
        client.base_url(agency.sim.base_url()).build().unwrap()
    };
    refused(&agency, nobody.post(PREAUTHCODE)).await;
    assert_eq!(nobody.fetch_component_access_token().await.unwrap_err().kind(), ErrorKind::Request);
    let body = json!({ "component_appid": agency.appid });
    post(&nobody, PREAUTHCODE, &body).await.expect("the body says who it is");
    refused(&agency, client.post(PREAUTHCODE).appid("wx2").json(&json!({ "component_appid": "wx3" }))).await;

    let common = Client::<Common>::builder(Bound::new(Memory::new(), ())).appid("wx1");
    let common = common.base_url(agency.sim.base_url()).build().unwrap();
    for path in [COMPONENT_TOKEN, PREAUTHCODE, LOGIN, SESSION] {
        let error = common.post(path).send().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Request && error.to_string().contains("`component`"), "{error}");
    }
}

#[tokio::test]
async fn what_a_wrong_method_is_answered_is_wechats_to_say() {
    let agency = Agency::new().await;
    let answer = agency.client().get(PREAUTHCODE).send().await.unwrap();
    assert_eq!(answer.errcode(), Some(43002));
}

#[tokio::test]
async fn nothing_is_kept_of_what_a_token_of_the_callers_own_was_good_for() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    let token = agency.component().rotate_elsewhere();
    let call = client.post(QUERY_AUTH).access_token(token).json(&json!({ "authorization_code": code }));
    call.send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(agency.cabinet.record(&agency.appid, &appid).await, None);
}

#[tokio::test]
async fn two_components_and_their_authorizers_never_see_each_others_tokens() {
    let agency = Agency::new().await;
    let other = new_appid();
    let simulated = wechat_simulator::Component::new(&other, SECRET);
    let second = agency.sim.add_component(simulated).unwrap();
    agency.cabinet.set_secret(&other, SECRET);
    let ticket = wechat_runtime::VerifyTicket::new(second.verify_ticket(), agency.now());
    agency.cabinet.put_verify_ticket(&other, ticket).await;
    // One account has authorized both.
    let (ours, theirs) = (agency.client(), agency.builder().appid(&other).build().unwrap());
    let appid = new_appid();
    for (client, component) in [(&ours, agency.component()), (&theirs, second.clone())] {
        exchange(client, component.authorize(&appid).authorization_code()).await.unwrap();
    }
    let token = |client: &Client<Component>| {
        let (client, appid) = (client.clone(), appid.clone());
        async move { client.fetch_access_token(appid).await.unwrap().access_token().expose().to_owned() }
    };
    let (one, two) = (token(&ours).await, token(&theirs).await);
    assert_ne!(one, two);
    assert_eq!(Some(two), second.authorizer(&appid).unwrap().current_token());
    assert_eq!(agency.stored(&appid).await[0].as_ref(), Some(&one));
    // And a call may be for the other component, this once.
    let call = ours.get(PATH).appid(&other).authorizer_appid(&appid);
    call.send().await.unwrap().error_for_errcode().unwrap();
}

#[tokio::test]
async fn the_page_of_authorization_has_a_code_in_both_its_forms() {
    let agency = Agency::new().await;
    let client = agency.client();
    let back = "https://platform.example/back?tenant=1";
    let link = client.preauth_url(back).await.unwrap();
    let url = reqwest::Url::parse(link.as_str()).unwrap();
    assert!(link.as_str().starts_with("https://mp.weixin.qq.com/cgi-bin/componentloginpage?"));
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs[0], ("component_appid".to_owned(), agency.appid.clone()));
    assert!(pairs[1].1.starts_with("preauthcode@@@"));
    assert_eq!(
        pairs[2..],
        [("redirect_uri".to_owned(), back.to_owned()), ("auth_type".to_owned(), "3".to_owned())]
    );
    assert_eq!(link.expires_in().as_secs(), 1800);
    assert!(!format!("{link:?}").contains("preauthcode"));

    let call = client.preauth_url(back).auth_type(wechat_runtime::AuthType::MiniProgram);
    let link = call.biz_appid("wx1").mobile().await.unwrap();
    assert!(link.as_str().starts_with(
        "https://open.weixin.qq.com/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&component_appid="
    ));
    assert!(link.as_str().ends_with("&auth_type=2&biz_appid=wx1#wechat_redirect"));
    let before = agency.sim.ledger().calls().count();
    for wrong in ["", "platform.example", "https://user:pass@platform.example/"] {
        assert_eq!(client.preauth_url(wrong).await.unwrap_err().kind(), ErrorKind::Request);
    }
    assert_eq!(agency.sim.ledger().calls().count(), before);
}
