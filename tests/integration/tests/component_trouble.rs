//! Storages that forget, and a platform that does not answer as it should: no storm of calls, and an error that tells.

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::json;
use wechat_integration_tests::process::PATIENCE;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, Cabinet, PATH, QUERY_AUTH, SECRET, call_for, everybody_waits,
    exchange, new_appid,
};
use wechat_runtime::callback::ComponentEvent;
use wechat_runtime::{
    AuthorizerToken, Bound, Client, Component, ErrorKind, RefreshSettings, Token, TokenKind, VerifyTicket,
};
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
    assert!(error.retry_after().is_some());
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.cabinet.saves() - before), (1, 1));
    agency.cabinet.drop_saves(false);
    agency.pass(2);
    call_for(&client, shop.appid()).await.expect("what was bought is saved by the next refresh");
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.calls(AUTHORIZER_LIST)), (1, 0));
}

#[tokio::test]
async fn a_storage_that_puts_records_in_each_others_place_loses_nothing() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let first = shop.refresh_token();
    agency.cabinet.replace_records();
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.stored(shop.appid()).await[1..], [Some(shop.refresh_token()), Some(first)]);
}

#[tokio::test]
async fn what_changes_a_record_at_once_changes_it_one_after_the_other() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.replace_records();
    agency.cabinet.hold_saves(true);
    let (before, appid) = (agency.cabinet.saves(), shop.appid().to_owned());
    let refreshing = tokio::spawn({
        let (client, appid) = (client.clone(), appid.clone());
        async move { call_for(&client, &appid).await }
    });
    agency.cabinet.saving(before + 1).await;
    let xml = format!(
        "<xml><AppId>{}</AppId><CreateTime>{}</CreateTime><InfoType>unauthorized</InfoType>\
         <AuthorizerAppid>{appid}</AuthorizerAppid></xml>",
        agency.appid,
        agency.now()
    );
    let cancelling = tokio::spawn(async move {
        let event = ComponentEvent::parse(&xml).expect("it is XML");
        client.receive_event(&event).await
    });
    everybody_waits().await;
    agency.cabinet.hold_saves(false);
    cancelling.await.unwrap().unwrap();
    drop(refreshing.await.unwrap());
    let record = agency.cabinet.record(&agency.appid, &appid).await.unwrap();
    assert!(record.is_unauthorized());
    assert_eq!(agency.stored(&appid).await[1], Some(shop.refresh_token()));
}

#[tokio::test]
async fn a_token_that_another_process_has_stored_during_a_refresh_stays() {
    let (agency, client, shop) = expired().await;
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::hang_after().times(1));
    let refreshing = tokio::spawn({
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        async move { call_for(&client, &appid).await }
    });
    while agency.issued(shop.appid()) < 2 {
        tokio::task::yield_now().await;
    }
    let theirs = shop.rotate_elsewhere();
    let access = Token::new(TokenKind::Classic, theirs.as_str(), agency.now(), 7200);
    agency.cabinet.put_record(&agency.appid, shop.appid(), AuthorizerToken::new().with_access(access)).await;
    agency.sim.clear_faults();
    refreshing.await.unwrap().unwrap();
    assert_eq!(agency.stored(shop.appid()).await[0], Some(theirs));
}

#[tokio::test]
async fn no_refresh_token_is_shown_twice_and_the_listed_one_before_the_one_before() {
    for all_are_refused in [false, true] {
        let (agency, client, shop) = expired().await;
        let wrong = AuthorizerToken::new().with_refresh_token("refreshtoken@@@wrong");
        agency.cabinet.put_record(&agency.appid, shop.appid(), wrong).await;
        if all_are_refused {
            // The listed one is the one before.
            agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(61023));
        } else {
            shop.replace_refresh_token();
        }
        let outcome = call_for(&client, shop.appid()).await;
        assert_eq!(outcome.is_err(), all_are_refused);
        assert_eq!(agency.calls(AUTHORIZER_TOKEN), 2);
    }
}

#[tokio::test]
async fn a_refresh_token_that_a_caller_gives_authorizes_an_account_again_that_had_cancelled() {
    let (agency, client, shop) = expired().await;
    let good = shop.refresh_token();
    let gone = AuthorizerToken::new().with_refresh_token("r").with_unauthorized_at(agency.now());
    agency.cabinet.put_record(&agency.appid, shop.appid(), gone).await;
    call_for(&client, shop.appid()).await.unwrap_err();
    let body = json!({ "authorizer_appid": shop.appid(), "authorizer_refresh_token": good });
    client.post(AUTHORIZER_TOKEN).json(&body).send().await.unwrap().error_for_errcode().unwrap();
    call_for(&client, shop.appid()).await.unwrap();
}

#[tokio::test]
async fn a_token_that_an_authorization_gave_a_moment_ago_is_too_young_to_be_replaced() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    exchange(&client, &code).await.unwrap();
    agency.sim.fault(PATH, Fault::errcode(40001).times(1));
    let error = call_for(&client, &appid).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::TokenRejected, Some(Duration::from_secs(30)))
    );
    assert_eq!(agency.issued(&appid), 1);
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
async fn what_one_storage_could_not_save_is_not_for_another_that_has_another_refresh_token() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.fail_saves(true);
    call_for(&client, shop.appid()).await.unwrap_err();
    agency.pass(2);
    let other = Cabinet::default();
    other.set_secret(&agency.appid, SECRET);
    let ticket = VerifyTicket::new(agency.component().verify_ticket(), agency.now());
    other.put_verify_ticket(&agency.appid, ticket).await;
    let record = AuthorizerToken::new().with_refresh_token("refreshtoken@@@other");
    other.put_record(&agency.appid, shop.appid(), record).await;
    let before = agency.issued(shop.appid());
    let client = agency.builder_on(Bound::new(other, ())).build().unwrap();
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.issued(shop.appid()), before + 1, "it has bought its own");
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
async fn an_account_that_is_listed_without_a_refresh_token_is_not_asked_for() {
    let agency = Agency::new().await;
    let appid = new_appid();
    for refresh_token in [json!(""), json!(null)] {
        let listed = json!({ "authorizer_appid": appid, "refresh_token": refresh_token });
        let page = json!({ "total_count": 1, "list": [listed] }).to_string();
        agency.sim.fault(AUTHORIZER_LIST, Fault::raw(200, "application/json", page).times(1));
        let error = call_for(&agency.client(), &appid).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::ReauthorizationRequired, None), "{error}");
        agency.pass(600);
    }
    assert_eq!((agency.calls(AUTHORIZER_LIST), agency.calls(AUTHORIZER_TOKEN)), (2, 0));
}

#[tokio::test]
async fn a_component_token_that_is_refused_while_the_list_is_read_is_replaced_once() {
    let (agency, client, shop) = expired().await;
    agency.cabinet.flush();
    agency.keep_ticket().await;
    client.fetch_component_access_token().await.unwrap();
    agency.pass(60);
    agency.component().refuse_current();
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!((agency.component_issued(), agency.calls(AUTHORIZER_LIST)), (3, 2));
}

#[tokio::test]
async fn a_list_that_takes_longer_than_a_caller_waits_is_found_read_by_the_next() {
    let agency = Agency::declared(|component| {
        component.authorizers((0..1203).map(|number| format!("wx{number:016}")))
    });
    let agency = agency.await;
    let mut settings = RefreshSettings::default();
    (settings.lease, settings.upstream_timeout) = (Duration::from_secs(1), Duration::from_millis(900));
    let client = agency.builder().refresh(settings).build().unwrap();
    client.fetch_component_access_token().await.unwrap();
    agency.sim.fault(AUTHORIZER_LIST, Fault::delay(Duration::from_millis(400)));
    let last = agency.component().authorizer_appids().pop().unwrap();
    let error = call_for(&client, &last).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("still being read") && error.retry_after().is_some(), "{error}");
    agency.pass(2);
    call_for(&client, &last).await.expect("it is read by now, or all but read");
    assert_eq!(agency.calls(AUTHORIZER_LIST), 3);
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
    let call = client.authorizer(shop.appid()).get(PATH);
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

#[tokio::test]
async fn wherever_a_caller_is_cancelled_the_next_one_is_served_and_no_refresh_token_is_lost() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let mut finished = 0;
    for polls in 0..60 {
        let before = agency.issued(shop.appid());
        let mut call = Box::pin(call_for(&client, shop.appid()));
        for _ in 0..polls {
            if call.as_mut().now_or_never().is_some() {
                finished += 1;
                break;
            }
            everybody_waits().await;
        }
        drop(call);
        call_for(&client, shop.appid()).await.unwrap();
        assert_eq!(agency.issued(shop.appid()), before + 1, "{polls}");
        assert_eq!(
            agency.stored(shop.appid()).await[..2],
            [shop.current_token(), Some(shop.refresh_token())],
            "{polls}"
        );
        agency.pass(7200);
        agency.keep_ticket().await;
    }
    assert_eq!(agency.calls(AUTHORIZER_LIST), 0);
    assert!((1..60).contains(&finished), "{finished}");
}

#[tokio::test]
async fn wherever_an_exchange_is_cancelled_the_account_can_be_called_for() {
    let agency = Agency::new().await;
    let client = agency.client();
    let mut finished = 0;
    for polls in 0..60 {
        let appid = new_appid();
        let code = agency.component().authorize(&appid).authorization_code().to_owned();
        let mut exchanging = Box::pin(exchange(&client, &code));
        for _ in 0..polls {
            if exchanging.as_mut().now_or_never().is_some() {
                finished += 1;
                break;
            }
            everybody_waits().await;
        }
        drop(exchanging);
        call_for(&client, &appid).await.unwrap();
        let shop = agency.component().authorizer(&appid).unwrap();
        assert_eq!(agency.stored(&appid).await[1], Some(shop.refresh_token()), "{polls}");
        agency.pass(60);
        agency.keep_ticket().await;
    }
    assert!((1..60).contains(&finished), "{finished}");
}

#[tokio::test]
async fn an_authorization_is_kept_though_its_call_ends_behind_another_save() {
    const LATER: &str = "refreshtoken@@@later";
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    agency.cabinet.hold_saves(true);
    let before = agency.cabinet.saves();
    let first = {
        let client = client.clone();
        tokio::spawn(async move { exchange(&client, &code).await })
    };
    agency.cabinet.saving(before + 1).await;

    let answer = json!({ "authorization_info": {
        "authorizer_appid": &appid,
        "authorizer_access_token": "accesstoken@@@later",
        "expires_in": 7200,
        "authorizer_refresh_token": LATER,
    } });
    agency.sim.fault(QUERY_AUTH, Fault::raw(200, "application/json", answer.to_string()));
    let later = client.post(QUERY_AUTH).json(&json!({ "authorization_code": "another" }));
    let error = later.timeout(Duration::from_secs(1)).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("what follows from its answer was not kept yet"), "{error}");

    agency.cabinet.hold_saves(false);
    first.await.unwrap().unwrap();
    let kept = async {
        while agency.stored(&appid).await[1].as_deref() != Some(LATER) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.expect("what was answered later is kept");
}

#[tokio::test]
async fn tokens_that_live_for_no_time_cause_no_storm() {
    let agency = Agency::declared(|component| component.expires_in(0).authorizer_expires_in(0)).await;
    let client = agency.client();
    let appid = new_appid();
    agency.component().authorize(&appid);
    for _ in 0..20 {
        drop(call_for(&client, &appid).await);
        agency.pass(1);
    }
    let issued = (agency.component_issued(), agency.issued(&appid));
    assert!(issued.0 <= 2 && issued.1 <= 2, "{issued:?}");
}
