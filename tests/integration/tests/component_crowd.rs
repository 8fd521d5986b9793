//! Many authorizers and many callers at once: one refresh each, few connections, and nobody who waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, MOST_CONNECTIONS, at_once, call_for,
};
use wechat_runtime::{
    AuthorizerToken, Client, Component, Error, ErrorKind, RefreshSettings, TicketType, Token, TokenKind,
};
use wechat_simulator::Fault;

/// Far more than all of it takes, so that only what hangs is cut off.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agency with so many accounts, whose records are all kept, with access tokens that have expired.
async fn crowded(accounts: usize) -> (Agency, Vec<String>) {
    let agency =
        Agency::declared(|component| component.authorizers((0..accounts).map(|n| format!("wx{n:016}"))));
    let agency = agency.await;
    let appids = agency.component().authorizer_appids();
    for appid in &appids {
        let refresh_token = agency.component().authorizer(appid).unwrap().refresh_token();
        let access = Token::new(TokenKind::Classic, "expired", agency.now() - 7200, 7200);
        let record = AuthorizerToken::new().with_access(access).with_refresh_token(refresh_token);
        agency.cabinet.put_record(&agency.appid, appid, record).await;
    }
    (agency, appids)
}

/// A client that gives up late: how long a loaded machine takes is not what is counted.
fn patient(agency: &Agency) -> Client<Component> {
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = PATIENCE;
    settings.storage_timeout = PATIENCE;
    settings.lease = 3 * PATIENCE;
    let builder = agency.builder().refresh(settings).attempt_timeout(PATIENCE).timeout(4 * PATIENCE);
    builder.build().expect("the settings are right")
}

fn assert_refreshed_once(agency: &Agency, appids: &[String]) {
    let ledger = agency.sim.ledger();
    assert_eq!(ledger.authorizer_issues().len(), appids.len());
    for appid in appids {
        assert_eq!(agency.issued(appid), 1, "{appid}");
    }
    assert_eq!((agency.calls(AUTHORIZER_TOKEN), agency.calls(AUTHORIZER_LIST)), (appids.len(), 0));
    assert!(agency.component_issued() <= 1);
    let peak = agency.sim.peak_connections();
    assert!(peak <= MOST_CONNECTIONS, "{peak} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_expired_authorizers_and_eight_callers_each_cost_one_refresh_each() {
    let (agency, appids) = crowded(1000).await;
    let client = patient(&agency);
    let next = AtomicUsize::new(0);
    let failed = at_once(8 * appids.len(), || {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let (client, appid) = (client.clone(), appids[nth % appids.len()].clone());
        async move { call_for(&client, &appid).await }
    });
    assert!(failed.await.is_empty());
    assert_refreshed_once(&agency, &appids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_expired_authorizers_asked_for_at_once_by_eight_each_open_few_connections() {
    let (agency, appids) = crowded(1000).await;
    let client = patient(&agency);
    let tasks: Vec<_> = (0..8 * appids.len())
        .map(|nth| {
            let (client, appid) = (client.clone(), appids[nth % appids.len()].clone());
            tokio::spawn(async move { client.fetch_access_token(appid).await.map(drop) })
        })
        .collect();
    let outcomes: Vec<Result<(), Error>> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} failed, such as {:?}", failed.len(), failed.first());
    assert_refreshed_once(&agency, &appids);
}

/// Five times as many as are granted at once.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_its_turn_longer_than_wechat_may_take_is_served_all_the_same() {
    let (agency, appids) = crowded(320).await;
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(1200);
    let client = agency.builder().refresh(settings).build().unwrap();
    client.fetch_component_access_token().await.unwrap();
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::delay(Duration::from_millis(400)));
    let calls = appids.iter().map(|appid| client.fetch_access_token(appid));
    let failed: Vec<_> = join_all(calls).await.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} failed, such as {:?}", failed.len(), failed.first());
    assert_refreshed_once(&agency, &appids);
}

/// Waits for tickets, authorizers' tokens and component tokens, all of them cold or refused at once.
async fn everything_at_once(agency: &Agency, client: &Client<Component>, appids: &[String]) {
    let one = |nth: usize| {
        let (client, appid) = (client.clone(), appids[nth % appids.len()].clone());
        let component = agency.cabinet.clone();
        let own = agency.appid.clone();
        tokio::spawn(async move {
            match nth % 4 {
                0 => client.authorizer(appid).fetch_ticket(TicketType::JSAPI).await.map(drop),
                1 => client.fetch_access_token(appid).await.map(drop),
                2 => client.fetch_component_access_token().await.map(drop),
                _ => match component.component_token(&own).await {
                    Some(stale) => {
                        client.refresh_component_access_token(stale.access_token()).await.map(drop)
                    }
                    None => client.fetch_component_access_token().await.map(drop),
                },
            }
        })
    };
    let all = join_all((0..400).map(one));
    let outcomes = tokio::time::timeout(PATIENCE, all).await.expect("nobody waits for ever");
    for outcome in outcomes {
        // One that is too young to be replaced is told so; nothing else may fail.
        if let Err(error) = outcome.unwrap() {
            assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
        }
    }
}

/// Locks are taken in the order component, authorizer, ticket. A lead that waits for what comes behind it waits for one
/// that waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_tickets_authorizers_and_the_component_at_once_is_served() {
    let (agency, appids) = crowded(10).await;
    let client = agency.client();
    everything_at_once(&agency, &client, &appids).await;
    assert_eq!(agency.component_issued(), 1);

    // And again while every token is refused, the component's first.
    for _ in 0..3 {
        agency.pass(7200);
        agency.keep_ticket().await;
        agency.component().refuse_current();
        for appid in &appids {
            agency.component().authorizer(appid).unwrap().refuse_current();
        }
        everything_at_once(&agency, &client, &appids).await;
    }
    assert!(agency.component_issued() <= 4);
}

/// An adapter that refreshes the component's token with an authorizer's takes the locks the other way round: then the one
/// waits for the other, until the callback's time is up.
#[tokio::test]
async fn whoever_takes_the_locks_the_other_way_round_waits_for_himself_and_is_cut_off_in_time() {
    let (agency, appids) = crowded(1).await;
    let mut settings = RefreshSettings::default();
    settings.storage_timeout = Duration::from_millis(200);
    let client = agency.builder().refresh(settings).build().unwrap();
    let (other_way, appid) = (client.clone(), appids[0].clone());
    let waited = Arc::new(AtomicUsize::new(0));
    let waits = waited.clone();
    agency.cabinet.refresh_by(move |authorizer| {
        let (client, appid, waits) = (other_way.clone(), appid.clone(), waits.clone());
        let is_component = authorizer.is_none();
        async move {
            if is_component {
                waits.fetch_add(1, Ordering::SeqCst);
                client.fetch_access_token(appid).await?;
            }
            Ok(None)
        }
    });
    let fetched = tokio::time::timeout(PATIENCE, client.fetch_component_access_token()).await;
    let error = fetched.expect("nobody waits for ever").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert_eq!((waited.load(Ordering::SeqCst), agency.component_issued()), (1, 0));
    // In the right order it is served.
    agency.cabinet.refresh_by(|_| async { Ok(None) });
    agency.pass(2);
    call_for(&client, &appids[0]).await.unwrap();
}

#[tokio::test]
async fn a_used_up_quota_or_an_address_that_is_not_allowed_costs_one_call_in_its_pause() {
    for (code, kind, pause) in [(45009, ErrorKind::Quota, 3600), (61004, ErrorKind::AddressNotAllowed, 60)] {
        let (agency, appids) = crowded(20).await;
        let client = agency.client();
        agency.sim.fault(COMPONENT_TOKEN, Fault::errcode(code));
        let all = |client: &Client<Component>| {
            let calls: Vec<_> = (0..200)
                .map(|nth| {
                    let (client, appid) = (client.clone(), appids[nth % appids.len()].clone());
                    tokio::spawn(async move { call_for(&client, &appid).await })
                })
                .collect();
            join_all(calls)
        };
        for calls in 1..=2 {
            for outcome in all(&client).await {
                let error = outcome.unwrap().unwrap_err();
                assert_eq!((error.kind(), error.errcode()), (kind, Some(code.into())), "{error}");
                assert!(error.retry_after().is_some());
            }
            assert_eq!((agency.calls(COMPONENT_TOKEN), agency.calls(AUTHORIZER_TOKEN)), (calls, 0));
            agency.pass(pause);
        }
    }
}

#[tokio::test]
async fn one_authorizers_pause_holds_nobody_else_back() {
    let (agency, appids) = crowded(2).await;
    let client = agency.client();
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(45009).times(1));
    for _ in 0..3 {
        let error = call_for(&client, &appids[0]).await.unwrap_err();
        assert_eq!(error.errcode(), Some(45009));
    }
    call_for(&client, &appids[1]).await.unwrap();
    assert_eq!(agency.calls(AUTHORIZER_TOKEN), 2);
    let cleared = client.authorizer(&*appids[0]).post("/cgi-bin/component/clear_quota/v2");
    cleared.send().await.unwrap().error_for_errcode().unwrap();
    call_for(&client, &appids[0]).await.expect("cleared through the client");
}
