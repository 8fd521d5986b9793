//! A component's own access token, and those of its authorizers: come by once, and replaced when they are refused.

use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{
    AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, PATH, QUERY_AUTH, at_once, call_for, exchange, new_appid,
};
use wechat_runtime::{AuthorizerToken, Component, ErrorKind, TicketType, Token, TokenKind, VerifyTicket};
use wechat_simulator::Fault;

const LIST: &str = "/cgi-bin/component/api_get_authorizer_list";

/// A call of the component's own.
async fn own_call(
    client: &wechat_runtime::Client<Component>,
) -> Result<wechat_runtime::Response, wechat_runtime::Error> {
    let body = json!({ "offset": 0, "count": 10 });
    client.post(LIST).json(&body).send().await?.error_for_errcode()
}

#[tokio::test]
async fn five_hundred_callers_cold_and_at_expiry_cost_one_component_token_each() {
    let agency = Agency::new().await;
    let client = agency.client();
    for round in 1..=2 {
        let callers = at_once(500, || {
            let client = client.clone();
            async move { client.fetch_component_access_token().await }
        });
        assert!(callers.await.is_empty());
        assert_eq!((agency.component_issued(), agency.calls(COMPONENT_TOKEN)), (round, round));
        agency.pass(7200);
        agency.keep_ticket().await;
    }
}

#[tokio::test]
async fn the_component_token_is_asked_for_with_the_newest_ticket_and_kept() {
    let agency = Agency::new().await;
    let newest = agency.component().issue_verify_ticket();
    agency.keep_ticket().await;
    let token = agency.client().fetch_component_access_token().await.unwrap();
    let asked = agency.sim.ledger().calls_to(COMPONENT_TOKEN)[0].text().into_owned();
    assert!(asked.contains(&newest) && asked.contains("component_appsecret"), "{asked}");
    assert_eq!(agency.cabinet.component_token(&agency.appid).await, Some(token));
}

#[tokio::test]
async fn without_a_ticket_wechat_is_not_asked_and_the_age_of_the_last_one_is_told() {
    let agency = Agency::new().await;
    agency.cabinet.flush();
    let client = agency.client();
    let error = client.fetch_component_access_token().await.unwrap_err();
    assert_eq!((error.kind(), error.verify_ticket_age()), (ErrorKind::NoVerifyTicket, None));

    agency.cabinet.put_verify_ticket(&agency.appid, VerifyTicket::new("", agency.now())).await;
    let error = client.fetch_component_access_token().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.verify_ticket_age()),
        (ErrorKind::NoVerifyTicket, None),
        "an empty one is none"
    );

    agency.keep_ticket().await;
    agency.pass(12 * 3600);
    let error = client.fetch_component_access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoVerifyTicket);
    assert_eq!(error.verify_ticket_age(), Some(Duration::from_secs(12 * 3600)));
    assert!(error.to_string().contains("12 h 0 min"), "{error}");
    assert_eq!(agency.calls(COMPONENT_TOKEN), 0);

    agency.component().issue_verify_ticket();
    agency.keep_ticket().await;
    client.fetch_component_access_token().await.expect("a ticket ends it");
}

#[tokio::test]
async fn a_ticket_that_is_refused_is_shown_once_and_a_newer_one_ends_the_pause() {
    let agency = Agency::new().await;
    let wrong = VerifyTicket::new("ticket@@@wrong", agency.now());
    agency.cabinet.put_verify_ticket(&agency.appid, wrong).await;
    let client = agency.client();
    for after in [0, 60, 3600] {
        agency.pass(after);
        let error = client.fetch_component_access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::VerifyTicket, Some(61006)));
        assert!(error.verify_ticket_age().is_some() && error.retry_after().is_some(), "{error}");
    }
    assert_eq!(agency.calls(COMPONENT_TOKEN), 1);
    agency.keep_ticket().await;
    client.fetch_component_access_token().await.expect("another ticket ends it");
    assert_eq!(agency.calls(COMPONENT_TOKEN), 2);
}

#[tokio::test]
async fn each_refusing_errcode_on_a_call_of_the_components_refreshes_its_token_once() {
    for code in [40001, 42001, 40014] {
        let agency = Agency::new().await;
        let client = agency.client();
        own_call(&client).await.unwrap();
        agency.pass(60);
        agency.sim.fault(LIST, Fault::errcode(code).times(1));
        own_call(&client).await.unwrap();
        assert_eq!((agency.calls(LIST), agency.component_issued()), (3, 2), "{code}");
    }
}

#[tokio::test]
async fn a_component_token_that_stays_refused_ends_the_call_without_a_loop() {
    let agency = Agency::new().await;
    let client = agency.client();
    own_call(&client).await.unwrap();
    agency.pass(60);
    agency.sim.fault(LIST, Fault::errcode(40001));
    for _ in 0..5 {
        let error = own_call(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected);
    }
    assert_eq!(agency.component_issued(), 2, "one replacement in 30 s");
}

#[tokio::test]
async fn an_authorizers_token_that_expires_is_bought_again_with_its_refresh_token() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!((agency.issued(shop.appid()), agency.calls(AUTHORIZER_TOKEN)), (1, 0), "the exchange gave it");
    agency.pass(7200);
    agency.keep_ticket().await;
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!((agency.issued(shop.appid()), agency.component_issued()), (2, 2));
    assert_eq!(agency.stored(shop.appid()).await[0], shop.current_token());
}

#[tokio::test]
async fn a_refused_authorizers_token_is_replaced_once_for_all_and_the_calls_sent_again() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.refuse_current();
    let callers = at_once(100, || {
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        async move { call_for(&client, &appid).await }
    });
    assert!(callers.await.is_empty());
    assert_eq!((agency.issued(shop.appid()), agency.component_issued()), (2, 1));
}

#[tokio::test]
async fn a_component_token_that_is_refused_while_it_buys_is_replaced_once_and_it_buys_then() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    agency.component().refuse_current();
    shop.refuse_current();
    let callers = at_once(50, || {
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        async move { call_for(&client, &appid).await }
    });
    assert!(callers.await.is_empty());
    assert_eq!((agency.component_issued(), agency.issued(shop.appid())), (2, 2));
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 2, "refused once, and then granted");
}

#[tokio::test]
async fn a_component_token_that_stays_refused_while_it_buys_ends_it_and_is_not_tried_by_each_caller() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.refuse_current();
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(40001));
    for _ in 0..5 {
        let error = call_for(&client, shop.appid()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
    }
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.component_issued()), (2, 2));
}

#[tokio::test]
async fn a_live_token_of_an_authorizer_is_served_while_the_component_can_buy_none() {
    let agency = Agency::declared(|component| component.expires_in(600)).await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    agency.pass(7200 - 60 - 100);
    agency.sim.fault(COMPONENT_TOKEN, Fault::errcode(-1));
    call_for(&client, shop.appid()).await.expect("it lives for 100 s more");
    // Another has put one into the storage: it is used, though the component has no token to buy one with.
    let another = shop.rotate_elsewhere();
    let access = Token::new(TokenKind::Classic, another.as_str(), agency.now(), 7200);
    agency.cabinet.put_record(&agency.appid, shop.appid(), AuthorizerToken::new().with_access(access)).await;
    agency.pass(200);
    call_for(&client, shop.appid()).await.expect("the storage has one");
    shop.refuse_current();
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Busy, Some(COMPONENT_TOKEN)));
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 0);
}

#[tokio::test]
async fn what_an_account_does_not_allow_and_where_the_component_may_not_call_from_are_typed() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    for (code, kind) in [
        (61003, ErrorKind::ReauthorizationRequired),
        (61007, ErrorKind::PermissionDenied),
        (61004, ErrorKind::AddressNotAllowed),
    ] {
        agency.sim.fault(PATH, Fault::errcode(code).times(1));
        let error = call_for(&client, shop.appid()).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (kind, Some(code.into())));
        assert_eq!(error.appid(), Some(shop.appid()));
    }
    agency.component().set_address_allowed(false);
    agency.pass(7200);
    agency.keep_ticket().await;
    for _ in 0..3 {
        let error = client.fetch_component_access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::AddressNotAllowed, Some(61004)));
    }
    assert_eq!(agency.calls(COMPONENT_TOKEN), 2, "one call in a cool-down");
}

#[tokio::test]
async fn an_authorizers_ticket_is_bought_with_its_token_and_each_has_its_own() {
    let agency = Agency::new().await;
    let client = agency.client();
    let (one, other) = (agency.authorizer(&client).await, agency.authorizer(&client).await);
    let ticket = |appid: &str| client.authorizer(appid).fetch_ticket(TicketType::JSAPI);
    let first = ticket(one.appid()).await.unwrap();
    assert_eq!(ticket(one.appid()).await.unwrap(), first);
    assert_ne!(ticket(other.appid()).await.unwrap(), first);
    let ledger = agency.sim.ledger();
    assert_eq!(ledger.tickets_issued(one.appid(), wechat_simulator::TicketType::Jsapi), 1);
    let config = client.authorizer(one.appid()).jssdk_config("https://example.com/").await.unwrap();
    assert_eq!(serde_json::to_value(&config).unwrap()["appId"], *one.appid());
}

#[tokio::test]
async fn a_code_is_exchanged_for_tokens_that_are_kept_under_the_answers_own_account() {
    let agency = Agency::new().await;
    let client = agency.builder().authorizer_appid(new_appid()).build().unwrap();
    let appid = new_appid();
    let authorized = agency.component().authorize(&appid);
    exchange(&client, authorized.authorization_code()).await.unwrap();
    let shop = agency.component().authorizer(&appid).unwrap();
    let [access, refresh, previous] = agency.stored(&appid).await;
    assert_eq!((access, refresh, previous), (shop.current_token(), Some(shop.refresh_token()), None));
    let declared = client.authorizer_appid().unwrap().to_owned();
    assert_eq!(agency.cabinet.record(&agency.appid, &declared).await, None);
    let error = exchange(&client, authorized.authorization_code()).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::Request, Some(61009)));
    assert_eq!(agency.calls(QUERY_AUTH), 2);
}

#[tokio::test]
async fn a_refused_token_that_is_granted_again_ends_the_call_and_what_came_along_is_kept() {
    let agency = Agency::new().await;
    let client = agency.client();
    let own = client.fetch_component_access_token().await.unwrap();
    let shop = agency.authorizer(&client).await;
    let raw = |answer: &serde_json::Value| Fault::raw(200, "application/json", answer.to_string());
    let again = json!({ "component_access_token": own.access_token().expose(), "expires_in": 7200 });
    agency.sim.fault(COMPONENT_TOKEN, raw(&again));
    agency.sim.fault(LIST, Fault::errcode(40001));
    let error = own_call(&client).await.unwrap_err();
    assert!(error.to_string().contains("brings the same one back"), "{error}");
    assert_eq!((error.kind(), agency.calls(LIST)), (ErrorKind::TokenRejected, 1));

    let again = json!({
        "authorizer_access_token": shop.current_token(),
        "expires_in": 7200,
        "authorizer_refresh_token": "refreshtoken@@@another",
    });
    agency.sim.fault(AUTHORIZER_TOKEN, raw(&again));
    agency.sim.fault(PATH, Fault::errcode(40001));
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert!(error.to_string().contains("brings the same one back"), "{error}");
    assert_eq!((error.kind(), agency.calls(PATH)), (ErrorKind::TokenRejected, 1));
    assert_eq!(agency.stored(shop.appid()).await[1].as_deref(), Some("refreshtoken@@@another"));
}
