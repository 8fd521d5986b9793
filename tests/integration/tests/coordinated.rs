//! Several processes that agree by a coordinator: one of them refreshes a credential, and the others wait for it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use wechat_integration_tests::processes::{Hubs, PAST_THE_LEASE};
use wechat_integration_tests::{SECRET, Shared, call, calls_at_once};
use wechat_runtime::storage::{Coordinator as _, Hub as _, Notes, Turn};
use wechat_runtime::{Error, ErrorKind, RefreshSettings, TicketType, Token, TokenKind};
use wechat_simulator::Line;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_in_four_processes_cost_one_fetch_cold_and_one_for_a_refused_token() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    for issued in [1, 2] {
        let failed = join_all(clients.iter().map(|client| calls_at_once(50, client))).await.concat();
        assert!(failed.is_empty(), "{failed:?}");
        assert_eq!(hubs.issued(), issued);
        assert!(hubs.stored_is_current());
        hubs.world.pass(60);
        hubs.world.account().revoke(Line::Classic);
    }
}

#[tokio::test]
async fn what_another_process_has_stored_answers_a_refusal_without_a_fetch() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    assert_eq!((hubs.issued(), hubs.world.asked()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_turn_waits_for_the_leader_and_costs_nothing() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn(async move { call(&one).await });
    leader.is_committing(1).await;
    let waits = tokio::spawn(async move { call(&other).await });
    // It has asked more than once: so it waits.
    hubs.shared.as_process::<2>().has_begun(2).await;
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    waits.await.unwrap().unwrap();
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_goes_away_is_taken_over_by_one_when_its_lease_is_over() {
    let hubs = Hubs::new().await;
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let (one, leader) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    leader.hold_commits(true);
    doomed.spawn(async move { call(&one).await });
    leader.is_committing(1).await;
    doomed.shutdown_background();

    let clients = [hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    let wait = tokio::spawn(async move {
        join_all(clients.iter().map(|client| calls_at_once(20, client))).await.concat()
    });
    hubs.shared.as_process::<3>().has_begun(2).await;
    assert_eq!(hubs.issued(), 1);
    hubs.shared.pass(PAST_THE_LEASE);
    let failed: Vec<Error> = wait.await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hubs.issued(), 2);
    assert!(hubs.stored_is_current());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_and_is_cancelled_brings_the_others_their_token() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn({
        let one = one.clone();
        async move { call(&one).await }
    });
    leader.is_committing(1).await;
    leads.abort();
    leads.await.unwrap_err();
    leader.hold_commits(false);
    call(&other).await.unwrap();
    call(&one).await.unwrap();
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_bought_once_for_all_processes() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>()];
    let tickets =
        join_all(clients.iter().map(|client| async { client.fetch_ticket(TicketType::JSAPI).await }));
    let tickets: Vec<_> = tickets.await.into_iter().map(Result::unwrap).collect();
    assert!(tickets.iter().all(|ticket| ticket.ticket() == tickets[0].ticket()));
    assert_eq!((hubs.issued(), hubs.world.calls("/cgi-bin/ticket/getticket")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_who_wait_ask_as_one() {
    let hubs = Hubs::new().await;
    let (client, storage) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    let begun = storage.begin(&hubs.slot(), Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let (before, since) = (storage.begins(), Instant::now());
    let crowd = tokio::spawn(async move { join_all((0..2_000).map(|_| client.fetch_access_token())).await });
    storage.has_begun(before + 4).await;
    assert!(since.elapsed() >= Duration::from_millis(3 * 50), "there is a pause before each question");
    storage.abort(&hubs.slot(), fence, Notes::default()).await.unwrap();
    assert!(crowd.await.unwrap().iter().all(Result::is_ok));
    let begins = storage.begins() - before;
    assert!(begins <= 20, "{begins} questions");
    assert_eq!(hubs.issued(), 1);
}

/// A process whose lease is one second, and which waits two for a refresh.
fn hasty() -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    (settings.lease, settings.upstream_timeout) = (Duration::from_secs(1), Duration::from_secs(1));
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_a_shorter_lease_takes_nothing_from_one_with_a_longer() {
    let hubs = Hubs::new().await;
    let (patient, hasty) = (hubs.process::<1>(), hubs.with_settings::<2>(hasty()));
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn(async move { call(&patient).await });
    leader.is_committing(1).await;
    // The hasty one's own lease would be over, the patient one's is not.
    hubs.shared.pass(Duration::from_secs(5));
    let error = call(&hasty).await.unwrap_err();
    assert_eq!((error.kind(), hubs.issued()), (ErrorKind::Timeout, 1), "{error}");
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    call(&hasty).await.unwrap();
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_as_long_as_it_was_granted_for_whoever_waits_for_it() {
    let hubs = Hubs::new().await;
    let (hasty, patient) = (hubs.with_settings::<1>(hasty()), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn(async move { call(&hasty).await });
    leader.is_committing(1).await;
    hubs.shared.pass(Duration::from_secs(2));
    call(&patient).await.expect("the hasty one's lease is over");
    assert_eq!(hubs.issued(), 2);
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 2);
}

/// Two bindings of one type of adapter share a lane, and each other's refreshes: but not what is stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_in_one_storage_is_no_answer_for_who_is_bound_to_another() {
    let hubs = Hubs::new().await;
    let clock = hubs.world.sim.clock();
    let elsewhere = Shared::by_clock(move || clock.now());
    elsewhere.set_secret(&hubs.world.appid, SECRET);
    let settings = RefreshSettings::default;
    let (here, there) = (hubs.shared.as_process::<1>(), elsewhere.as_process::<1>());
    let (one, other) = (hubs.client(here.clone(), settings()), hubs.client(there.clone(), settings()));
    // Another process leads here, so that one waits, and the other with it.
    let begun = hubs.shared.begin(&hubs.slot(), Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { .. } = begun.turn else { panic!("nobody leads") };
    let waits = tokio::spawn(async move { one.fetch_access_token().await });
    here.has_begun(1).await;
    let waits_too = tokio::spawn(async move { other.fetch_access_token().await });
    here.has_begun(3).await;
    let stored = Token::new(TokenKind::Classic, "stored here", hubs.world.sim.clock().unix(), 7200);
    here.save_access_token(&hubs.world.appid, stored, &()).await.unwrap();
    let [told, told_too] = [waits.await.unwrap().unwrap(), waits_too.await.unwrap().unwrap()]
        .map(|token| token.access_token().expose().to_owned());
    assert_eq!(told, "stored here");
    assert_eq!(Some(told_too), hubs.world.account().current_token(Line::Classic));
    assert_eq!((hubs.issued(), hubs.stored().as_deref()), (1, Some("stored here")));
    let in_both = there.fetch_access_token(&hubs.world.appid, &()).await.unwrap();
    assert_ne!(in_both.map(|token| token.access_token().expose().to_owned()).as_deref(), Some("stored here"));
}
