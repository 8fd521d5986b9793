//! Authorizers' refresh tokens: whatever WeChat answers and whatever happens to the storage, none of them is lost.

use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, PATH, QUERY_AUTH, at_once, call_for, exchange, new_appid,
};
use wechat_runtime::{AuthorizerToken, Client, Component, ErrorKind, Token, TokenKind};
use wechat_simulator::{Authorizer, Fault, RefreshTokens};

/// An agency, its client, and an account whose tokens are kept and have expired since.
async fn expired() -> (Agency, Client<Component>, Authorizer) {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    expire(&agency).await;
    (agency, client, shop)
}

/// Lets every token expire; the component has another of its own.
async fn expire(agency: &Agency) {
    agency.pass(7200);
    agency.keep_ticket().await;
}

#[tokio::test]
async fn the_stored_pair_is_right_whatever_the_answer_says_of_the_refresh_token() {
    for (switch, rotates) in [
        (RefreshTokens::Unchanged, false),
        (RefreshTokens::Omitted, false),
        (RefreshTokens::Null, false),
        (RefreshTokens::Rotated, true),
    ] {
        let (agency, client, shop) = expired().await;
        let first = shop.refresh_token();
        shop.set_refresh_tokens(Some(switch));
        for round in 1..=3 {
            let before = shop.refresh_token();
            call_for(&client, shop.appid()).await.unwrap();
            let [access, refresh, previous] = agency.stored(shop.appid()).await;
            assert_eq!((access, refresh), (shop.current_token(), Some(shop.refresh_token())), "{switch:?}");
            assert_eq!(previous, rotates.then_some(before), "{switch:?}");
            assert_eq!(shop.refresh_token() != first, rotates);
            assert_eq!(agency.issued(shop.appid()), 1 + round);
            expire(&agency).await;
        }
        assert_eq!(agency.calls(AUTHORIZER_LIST), 0, "{switch:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_lost_or_refused_is_found_again_in_the_list() {
    for lost in [true, false] {
        let (agency, client, shop) = expired().await;
        if lost {
            agency.cabinet.flush();
            agency.keep_ticket().await;
        } else {
            shop.replace_refresh_token();
        }
        call_for(&client, shop.appid()).await.unwrap();
        let [access, refresh, _] = agency.stored(shop.appid()).await;
        assert_eq!((access, refresh), (shop.current_token(), Some(shop.refresh_token())));
        assert_eq!(agency.calls(AUTHORIZER_LIST), 1);
        assert_eq!(
            agency.calls(AUTHORIZER_TOKEN),
            if lost { 1 } else { 2 },
            "refused once, where there was one"
        );
    }
}

#[tokio::test]
async fn an_account_on_the_last_page_of_the_list_is_found() {
    let agency = Agency::declared(|component| {
        component.authorizers((0..1203).map(|number| format!("wx{number:016}")))
    });
    let agency = agency.await;
    let last = agency.component().authorizer_appids().pop().unwrap();
    call_for(&agency.client(), &last).await.unwrap();
    let shop = agency.component().authorizer(&last).unwrap();
    assert_eq!(agency.stored(&last).await[1], Some(shop.refresh_token()));
    assert_eq!(agency.calls(AUTHORIZER_LIST), 3, "three pages of five hundred");
}

#[tokio::test]
async fn a_storage_that_lost_everything_has_each_token_fetched_once_and_the_list_read_once() {
    let agency =
        Agency::declared(|component| component.authorizers((0..300).map(|number| format!("wx{number:016}"))));
    let agency = agency.await;
    let client = agency.client();
    let appids = agency.component().authorizer_appids();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let callers = at_once(600, || {
        let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (client, appid) = (client.clone(), appids[nth % appids.len()].clone());
        async move { call_for(&client, &appid).await }
    });
    assert!(callers.await.is_empty());
    let issued: Vec<_> = appids.iter().map(|appid| agency.issued(appid)).collect();
    assert!(issued.iter().all(|issued| *issued == 1), "{issued:?}");
    assert_eq!((agency.calls(AUTHORIZER_LIST), agency.component_issued()), (1, 1));
}

#[tokio::test]
async fn an_account_that_is_not_in_the_list_is_told_so_and_nobody_asks_again_for_a_while() {
    let agency = Agency::new().await;
    let client = agency.client();
    let stranger = new_appid();
    for _ in 0..5 {
        let error = call_for(&client, &stranger).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::ReauthorizationRequired, None), "{error}");
        assert!(error.retry_after().is_some());
    }
    // Nor for another stranger, a moment later: the list was just read.
    call_for(&client, &new_appid()).await.unwrap_err();
    assert_eq!((agency.calls(AUTHORIZER_LIST), agency.calls(AUTHORIZER_TOKEN)), (1, 0));

    // It authorizes: what is saved then ends the pause.
    let code = agency.component().authorize(&stranger).authorization_code().to_owned();
    exchange(&client, &code).await.unwrap();
    call_for(&client, &stranger).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_and_found_nowhere_requires_authorization_anew() {
    let (agency, client, shop) = expired().await;
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(61023));
    for _ in 0..5 {
        let error = call_for(&client, shop.appid()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.errcode()),
            (ErrorKind::ReauthorizationRequired, Some(61023)),
            "{error}"
        );
        assert_eq!((error.endpoint(), error.appid()), (Some(AUTHORIZER_TOKEN), Some(shop.appid())));
    }
    assert_eq!(
        (agency.calls(AUTHORIZER_TOKEN), agency.calls(AUTHORIZER_LIST)),
        (1, 1),
        "the same one is listed"
    );
    let stored = agency.stored(shop.appid()).await;
    assert!(stored[1].is_some(), "nothing is taken away: {stored:?}");
    agency.pass(600);
    call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 2, "it is tried again after ten minutes");
}

#[tokio::test]
async fn an_account_that_has_cancelled_unheard_is_told_so_until_it_authorizes_again() {
    let (agency, client, shop) = expired().await;
    agency.component().cancel(shop.appid());
    for _ in 0..5 {
        let error = call_for(&client, shop.appid()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.errcode()),
            (ErrorKind::ReauthorizationRequired, Some(61003)),
            "{error}"
        );
    }
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1, "one call in ten minutes");
    let code = agency.component().authorize(shop.appid()).authorization_code().to_owned();
    exchange(&client, &code).await.unwrap();
    agency.pass(7200);
    agency.keep_ticket().await;
    call_for(&client, shop.appid()).await.expect("the new refresh token ends the pause");
}

#[tokio::test]
async fn the_refresh_token_before_is_tried_last() {
    let (agency, client, shop) = expired().await;
    let good = shop.refresh_token();
    let wrong = AuthorizerToken::new().with_refresh_token("refreshtoken@@@wrong");
    agency.cabinet.put_record(&agency.appid, shop.appid(), wrong).await;
    assert_eq!(agency.stored(shop.appid()).await[2], Some(good.clone()));
    agency.sim.fault(AUTHORIZER_LIST, Fault::errcode(48001));
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.stored(shop.appid()).await[1], Some(good));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_does_not_say_that_an_account_is_not_in_it() {
    let agency = Agency::new().await;
    let client = agency.client();
    agency.sim.fault(AUTHORIZER_LIST, Fault::errcode(-1).times(1));
    let error = call_for(&client, &new_appid()).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::Busy, Some(-1)), "{error}");
}

#[tokio::test]
async fn an_account_that_authorizes_anew_during_a_refresh_keeps_its_new_refresh_token() {
    let (agency, client, shop) = expired().await;
    // The refresh has its answer, by the old refresh token, and has not received it yet.
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::hang_after().times(1));
    let refreshing = {
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        tokio::spawn(async move { call_for(&client, &appid).await })
    };
    agency.processed(AUTHORIZER_TOKEN, 1).await;
    let code = agency.component().reauthorize(shop.appid()).authorization_code().to_owned();
    exchange(&client, &code).await.unwrap();
    let new = agency.stored(shop.appid()).await;
    agency.sim.clear_faults();
    refreshing.await.unwrap().expect("it goes on with what the authorization gave");
    assert_eq!(agency.stored(shop.appid()).await, new);
    assert_eq!(new[1], Some(shop.refresh_token()));
    expire(&agency).await;
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.calls(AUTHORIZER_LIST), 0, "nothing had to be found again");
}

#[tokio::test]
async fn an_authorization_that_comes_while_a_refresh_saves_is_saved_after_it() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.hold_saves(true);
    let before = agency.cabinet.saves();
    let refreshing = {
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        tokio::spawn(async move { call_for(&client, &appid).await })
    };
    agency.cabinet.saving(before + 1).await;
    let code = agency.component().reauthorize(shop.appid()).authorization_code().to_owned();
    let exchanging = {
        let client = client.clone();
        tokio::spawn(async move { exchange(&client, &code).await })
    };
    agency.sim.arrived(QUERY_AUTH, 2).await;
    // The call that the refresh was for is not judged before that is through.
    agency.sim.fault(PATH, Fault::hang());
    agency.cabinet.hold_saves(false);
    exchanging.await.unwrap().unwrap();
    agency.sim.clear_faults();
    assert_eq!(agency.stored(shop.appid()).await[1], Some(shop.refresh_token()));
    // What the refresh had bought is dead by now: the call is sent again with what the authorization gave.
    refreshing.await.unwrap().unwrap();
    assert_eq!(agency.stored(shop.appid()).await[0], shop.current_token());
}

#[tokio::test]
async fn nobody_is_told_of_success_before_a_new_refresh_token_is_saved_and_the_next_refresh_saves_it() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.fail_saves(true);
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    agency.pass(2);
    agency.cabinet.fail_saves(false);
    call_for(&client, shop.appid()).await.unwrap();
    let [access, refresh, _] = agency.stored(shop.appid()).await;
    assert_eq!((access, refresh), (shop.current_token(), Some(shop.refresh_token())));
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.calls(AUTHORIZER_LIST)), (1, 0), "it was not lost");
}

#[tokio::test]
async fn an_access_token_that_cannot_be_saved_beside_an_unchanged_refresh_token_is_used() {
    let (agency, client, shop) = expired().await;
    agency.cabinet.fail_saves(true);
    call_for(&client, shop.appid()).await.unwrap();
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1);
}

#[tokio::test]
async fn an_authorization_that_cannot_be_saved_is_no_success_and_is_found_again() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    agency.cabinet.fail_saves(true);
    let error = exchange(&client, &code).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.advice().contains("api_get_authorizer_list"), "{error}");
    agency.cabinet.fail_saves(false);
    call_for(&client, &appid).await.expect("its refresh token is in the list");
    assert!(agency.stored(&appid).await[1].is_some());
}

#[tokio::test]
async fn a_storage_that_cannot_be_read_causes_no_call_to_wechat() {
    let (agency, client, shop) = expired().await;
    let before = agency.sim.ledger().calls().count();
    agency.cabinet.fail_reads(true);
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(agency.sim.ledger().calls().count(), before);
    agency.cabinet.fail_reads(false);
    call_for(&client, shop.appid()).await.expect("it recovers by itself");
}

#[tokio::test]
async fn a_caller_who_is_cancelled_while_the_answer_is_saved_loses_nothing() {
    let (agency, client, shop) = expired().await;
    shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    agency.cabinet.hold_saves(true);
    let before = agency.cabinet.saves();
    let caller = {
        let (client, appid) = (client.clone(), shop.appid().to_owned());
        tokio::spawn(async move { call_for(&client, &appid).await })
    };
    agency.cabinet.saving(before + 1).await;
    caller.abort();
    caller.await.unwrap_err();
    agency.cabinet.hold_saves(false);
    call_for(&client, shop.appid()).await.unwrap();
    assert_eq!(agency.stored(shop.appid()).await[1], Some(shop.refresh_token()));
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1);
}

#[tokio::test]
async fn a_new_refresh_token_that_comes_with_the_refused_access_token_is_kept() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.refuse_current();
    let body = serde_json::json!({
        "authorizer_access_token": shop.current_token(),
        "expires_in": 7200,
        "authorizer_refresh_token": "refreshtoken@@@another",
    });
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::raw(200, "application/json", body.to_string()));
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
    assert_eq!(agency.stored(shop.appid()).await[1].as_deref(), Some("refreshtoken@@@another"));
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 1, "there is no loop");
}

#[tokio::test]
async fn a_refresh_of_the_adapters_own_is_obeyed_and_saved_with_its_refresh_token() {
    let agency = Agency::new().await;
    let appid = new_appid();
    agency.component().authorize(&appid);
    let shop = agency.component().authorizer(&appid).unwrap();
    let access = Token::new(TokenKind::Classic, shop.rotate_elsewhere().as_str(), agency.now(), 7200);
    let record = AuthorizerToken::new().with_access(access).with_refresh_token("refreshtoken@@@own");
    agency.cabinet.refresh_by(move |authorizer| {
        let record = authorizer.map(|_| record.clone());
        async { Ok(record) }
    });
    call_for(&agency.client(), &appid).await.unwrap();
    assert_eq!(agency.stored(&appid).await[1].as_deref(), Some("refreshtoken@@@own"));
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 0);
}
