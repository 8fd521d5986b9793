//! Storages that forget, and a platform that does not answer as it should: no storm of calls, and an error that tells.

use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, Cabinet, QUERY_AUTH, call_for, exchange, new_appid,
};
use wechat_runtime::{Bound, Client, Component, ErrorKind};
use wechat_simulator::{Authorizer, Fault, RefreshTokens};

/// An agency, its client, and an account whose tokens are kept and have expired since.
async fn expired() -> (Agency, Client<Component>, Authorizer) {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    agency.pass(7200);
    agency.keep_ticket().await;
    (agency, client, shop)
}

#[tokio::test]
async fn a_storage_that_keeps_no_access_tokens_costs_one_fetch_while_that_lives() {
    for lost in [false, true] {
        let (agency, client, shop) = expired().await;
        agency.cabinet.drop_access(true);
        if lost {
            agency.cabinet.flush();
            agency.keep_ticket().await;
        }
        let before = agency.cabinet.saves();
        for _ in 0..3 {
            call_for(&client, shop.appid()).await.unwrap();
        }
        assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1, "{lost}");
        assert_eq!(agency.cabinet.saves() - before, 1, "{lost}");
        assert_eq!(agency.stored(shop.appid()).await[1], Some(shop.refresh_token()));
    }
}

#[tokio::test]
async fn a_storage_that_keeps_nothing_new_is_told_of_once_and_not_asked_without_end() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.drop_saves(true);
    let before = agency.cabinet.saves();
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.cabinet.saves() - before), (1, 1));
    agency.cabinet.drop_saves(false);
    agency.pass(2);
    call_for(&client, shop.appid()).await.expect("what was bought is saved by the next refresh");
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.calls(AUTHORIZER_LIST)), (1, 0));
}

#[tokio::test]
async fn a_refresh_token_that_is_found_and_rotated_and_not_saved_is_not_lost() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.flush();
    agency.keep_ticket().await;
    agency.cabinet.fail_saves(true);
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    agency.cabinet.fail_saves(false);
    agency.pass(2);
    call_for(&client, shop.appid()).await.expect("the list has it");
    assert_eq!(agency.stored(shop.appid()).await[1], Some(shop.refresh_token()));
}

#[tokio::test]
async fn what_one_storage_could_not_save_is_not_for_another_that_can_buy_nothing() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.flush();
    agency.keep_ticket().await;
    agency.cabinet.fail_saves(true);
    call_for(&client, shop.appid()).await.unwrap_err();
    agency.pass(2);
    let (empty, before) = (Cabinet::default(), agency.issued(shop.appid()));
    let other = agency.builder_on(Bound::new(empty.clone(), ())).build().unwrap();
    let error = call_for(&other, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert_eq!((empty.saves(), agency.issued(shop.appid())), (0, before));
}

#[tokio::test]
async fn a_list_whose_pages_repeat_is_read_until_one_brings_nothing_new() {
    let agency = Agency::new().await;
    let page: Vec<_> = (0..500)
        .map(|number| json!({ "authorizer_appid": format!("wx{number:016}"), "refresh_token": "r" }))
        .collect();
    let page = json!({ "total_count": 1_000_000_000, "list": page }).to_string();
    agency.sim.fault(AUTHORIZER_LIST, Fault::raw(200, "application/json", page));
    let error = call_for(&agency.client(), &new_appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReauthorizationRequired, "{error}");
    assert_eq!(agency.calls(AUTHORIZER_LIST), 2);
}

#[tokio::test]
async fn an_authorization_of_nobody_or_of_the_component_itself_is_not_kept() {
    for named in ["", "itself"] {
        let agency = Agency::new().await;
        let client = agency.client();
        let named = if named.is_empty() { named } else { &agency.appid };
        let answer = json!({ "authorization_info": {
            "authorizer_appid": named, "authorizer_access_token": "a", "expires_in": 7200,
            "authorizer_refresh_token": "r", "func_info": [],
        }});
        agency.sim.fault(QUERY_AUTH, Fault::raw(200, "application/json", answer.to_string()));
        exchange(&client, "queryauthcode@@@x").await.unwrap();
        assert_eq!(agency.cabinet.saves(), 0, "{named:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_the_caller_gave_and_that_is_good_is_kept_where_the_answer_repeats_none() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    agency.component().authorize(&appid);
    let shop = agency.component().authorizer(&appid).unwrap();
    shop.set_refresh_tokens(Some(RefreshTokens::Omitted));
    let body = json!({ "authorizer_appid": appid, "authorizer_refresh_token": shop.refresh_token() });
    client.post(AUTHORIZER_TOKEN).json(&body).send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(agency.stored(&appid).await[1], Some(shop.refresh_token()));
}

#[tokio::test]
async fn a_caller_of_a_storage_in_trouble_is_answered_within_its_deadline() {
    let (agency, client, shop) = expired().await;
    agency.cabinet.hold_saves(true);
    let call = client.authorizer(shop.appid()).get(wechat_integration_tests::PATH);
    let error = call.timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    agency.cabinet.hold_saves(false);
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1);
}

#[tokio::test]
async fn an_authorizer_does_not_pause_for_ever_for_a_verify_ticket_that_it_is_not_bought_with() {
    for code in [61005, 61006] {
        let (agency, client, shop) = expired().await;
        agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(code).times(1));
        call_for(&client, shop.appid()).await.unwrap_err();
        agency.pass(60);
        call_for(&client, shop.appid()).await.expect("the refresh token is the same, and is good");
    }
}
