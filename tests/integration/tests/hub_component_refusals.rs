//! What a hub could not come by of a component application is told as it was, in the protocol's words where WeChat said
//! nothing.

use axum::Router;
use axum::body::Body;
use http::Request;
use wechat_integration_tests::asking::{Answer, ask, get, guarded, known, post};
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, COMPONENT_TOKEN, GETTICKET, Shops, new_appid,
};
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{AuthorizerToken, hub};
use wechat_simulator::Fault;

fn hub(world: &Shops) -> Router {
    hub::router(guarded().component(&world.client()))
}

/// The questions there are about an account.
fn about_account(component: &str, authorizer: &str) -> [Request<Body>; 3] {
    let report =
        format!(r#"{{"access_token":"OLD","appid":"{component}","authorizer_appid":"{authorizer}"}}"#);
    [
        get(&format!("/client/access_token?appid={component}&authorizer_appid={authorizer}")),
        post("/refresh/access_token", report),
        get(&format!("/client/ticket?appid={component}&authorizer_appid={authorizer}&type=jsapi")),
    ]
}

/// The questions there are about a component itself.
fn about_component(component: &str) -> [Request<Body>; 2] {
    let report = format!(r#"{{"access_token":"OLD","appid":"{component}"}}"#);
    [
        get(&format!("/client/component_access_token?appid={component}")),
        post("/client/refresh_component_access_token", report),
    ]
}

/// What all the questions of the protocol are answered, of the first account and of its component.
async fn all(hub: &Router, world: &Shops) -> Vec<Answer> {
    let mut answers = Vec::new();
    for request in about_account(&world.appid, &world.shops[0]) {
        answers.push(ask(hub, known(request)).await);
    }
    for request in about_component(&world.appid) {
        answers.push(ask(hub, known(request)).await);
    }
    answers
}

#[tokio::test]
async fn an_account_that_does_not_authorize_the_component_is_an_invalid_authorizer_appid() {
    let world = Shops::new().await;
    let hub = hub(&world);
    let stranger = new_appid();
    for request in about_account(&world.appid, &stranger) {
        let answer = ask(&hub, known(request)).await;
        assert_eq!(answer.why(), (404, "invalid_authorizer_appid".to_owned()));
        let trouble = answer.trouble();
        assert_eq!((trouble.errcode, trouble.http_status), (None, None));
        assert!(trouble.message().contains("not among those that have authorized"), "{trouble:?}");
        assert_eq!(answer.retry_after(), Some(600));
    }
    assert_eq!(world.asked(), [1, 0, 1], "the list is read once");

    // It authorizes the component.
    world.component().authorize(&stranger);
    world.pass(600);
    for request in about_account(&world.appid, &stranger) {
        ask(&hub, known(request)).await.value();
    }
}

#[tokio::test]
async fn an_account_that_has_taken_its_authorization_back_is_an_invalid_authorizer_appid() {
    let world = Shops::new().await;
    let (hub, shop) = (hub(&world), &world.shops[0]);
    let gone = AuthorizerToken::new().with_refresh_token("of before");
    let gone = gone.with_unauthorized_at(world.sim.clock().unix() - 7200);
    world.cabinet.save_access_token(&world.appid, shop, gone, &()).await.unwrap();
    for request in about_account(&world.appid, shop) {
        let answer = ask(&hub, known(request)).await;
        assert_eq!(answer.why(), (404, "invalid_authorizer_appid".to_owned()));
        assert!(answer.trouble().message().contains("2 h ago"), "{answer:?}");
    }
    assert_eq!(world.asked()[1..], [0, 0], "nobody is asked about the account");
    for request in about_account(&world.appid, &world.shops[1]) {
        assert_eq!(ask(&hub, known(request)).await.status, 200, "the others have their tokens");
    }
}

#[tokio::test]
async fn a_refresh_token_that_wechat_refuses_for_good_is_an_invalid_component_refresh_token() {
    let world = Shops::new().await;
    let hub = hub(&world);
    world.sim.fault(AUTHORIZER_TOKEN, Fault::errcode_with(61023, "so it says rid: 1"));
    let body = r#"{"errcode":61023,"message":"so it says rid: 1","reason":"invalid_component_refresh_token","http_status":200}"#;
    for request in about_account(&world.appid, &world.shops[0]) {
        let answer = ask(&hub, known(request)).await;
        answer.trouble();
        assert_eq!((answer.status, answer.text(), answer.retry_after()), (502, body, Some(600)));
    }
    assert_eq!(world.asked(), [1, 1, 1]);
}

#[tokio::test]
async fn without_a_verify_ticket_it_is_told_so_and_wechat_is_not_asked() {
    let world = Shops::without_ticket().await;
    let hub = hub(&world);
    for answer in all(&hub, &world).await {
        assert_eq!(answer.why(), (503, "verify_ticket_not_found".to_owned()));
        let trouble = answer.trouble();
        assert_eq!((trouble.errcode, trouble.http_status), (None, None));
        assert!(trouble.message().contains("no component verify ticket"), "{trouble:?}");
        assert_eq!(answer.retry_after(), Some(600), "by then one is pushed");
    }
    // One is pushed; and then none any more.
    world.keep_ticket().await;
    let [own, _] = about_component(&world.appid);
    ask(&hub, known(own)).await.value();
    world.pass(12 * 3600);
    let before = world.asked();
    for answer in all(&hub, &world).await {
        assert_eq!(answer.why(), (503, "verify_ticket_not_found".to_owned()));
        assert!(answer.trouble().message().contains("12 h 0 min ago"), "{answer:?}");
        assert_eq!(answer.retry_after(), Some(600));
    }
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn what_wechat_refuses_of_the_components_own_token_reaches_the_client_whole_in_every_form() {
    for (code, status, reason, pause) in [
        (61004, 502, r#""invalid_clientip""#, 60),
        (61005, 502, r#""invalid_component_verify_ticket""#, 600),
        (61006, 502, r#""invalid_component_verify_ticket""#, 600),
        (61011, 502, "null", 2),
        (40125, 502, "null", 60),
        (45009, 503, "null", 3600),
        (-1, 503, "null", 2),
    ] {
        let world = Shops::new().await;
        let hub = hub(&world);
        let said = format!("what WeChat says of {code} rid: 1");
        world.sim.fault(COMPONENT_TOKEN, Fault::errcode_with(code, &said));
        let body = format!(r#"{{"errcode":{code},"message":"{said}","reason":{reason},"http_status":200}}"#);
        for answer in all(&hub, &world).await {
            answer.trouble();
            assert_eq!((answer.status, answer.text()), (status, &*body));
            let wait = answer.retry_after().expect("it is known when to ask again");
            assert!((1..=pause).contains(&wait), "{wait} s after {code}");
        }
        assert_eq!(world.asked(), [1, 0, 0], "one call in a cool-down");
    }
}

#[tokio::test]
async fn what_wechat_refuses_of_an_account_reaches_the_client_whole() {
    for (path, code, reason, forms) in [
        (AUTHORIZER_TOKEN, 61003, "null", 0..3),
        (AUTHORIZER_TOKEN, 61004, r#""invalid_clientip""#, 0..3),
        (AUTHORIZER_LIST, 61004, r#""invalid_clientip""#, 0..3),
        (GETTICKET, 61007, "null", 2..3),
    ] {
        let world = Shops::new().await;
        let hub = hub(&world);
        world.sim.fault(path, Fault::errcode_with(code, "so it says rid: 1"));
        let body = format!(
            r#"{{"errcode":{code},"message":"so it says rid: 1","reason":{reason},"http_status":200}}"#
        );
        for (number, request) in about_account(&world.appid, &world.shops[0]).into_iter().enumerate() {
            let answer = ask(&hub, known(request)).await;
            if forms.contains(&number) {
                answer.trouble();
                assert_eq!((answer.status, answer.text()), (502, &*body), "{path} {number}");
            } else {
                answer.value();
            }
        }
        for request in about_component(&world.appid) {
            assert_eq!(ask(&hub, known(request)).await.status, 200, "the component itself has its own");
        }
        assert_eq!(world.calls(path), 1, "one call in a cool-down");
    }
}

#[tokio::test]
async fn a_component_without_a_secret_is_wechats_invalid_appid_and_the_hubs_invalid_config() {
    let world = Shops::new().await;
    let hub = hub(&world);
    world.cabinet.set_secret("wxempty", "");
    for component in ["wxnone", "wxempty"] {
        let of_account = about_account(component, &world.shops[0]);
        for request in of_account.into_iter().chain(about_component(component)) {
            let answer = ask(&hub, known(request)).await;
            assert_eq!(answer.why(), (404, "invalid_config".to_owned()));
            let trouble = answer.trouble();
            assert_eq!((trouble.errcode, trouble.http_status), (Some(40013), None));
            assert!(trouble.message().contains("no secret"), "{trouble:?}");
        }
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn what_is_no_answer_of_wechats_is_a_bad_gateway_in_the_protocols_words() {
    for path in [COMPONENT_TOKEN, AUTHORIZER_TOKEN] {
        let world = Shops::new().await;
        let hub = hub(&world);
        world.sim.fault(path, Fault::raw(200, "text/html", "<html>"));
        let words = ["fail_fetch_access_token", "fail_fetch_access_token", "fail_fetch_ticket"];
        for (request, word) in about_account(&world.appid, &world.shops[0]).into_iter().zip(words) {
            let answer = ask(&hub, known(request)).await;
            assert_eq!(answer.why(), (502, word.to_owned()));
            assert_eq!(answer.trouble().errcode, None);
        }
    }
}
