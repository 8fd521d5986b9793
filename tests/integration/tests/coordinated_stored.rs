//! What one of several processes has bought is stored: too late, at another attempt, or not at all.

use std::time::Duration;

use wechat_integration_tests::assembly::Rows;
use wechat_integration_tests::processes::{Hubs, PAST_THE_LEASE, until};
use wechat_integration_tests::{call, custom};
use wechat_runtime::storage::{self, Begun, Coordinator as _, Slot, Turn};
use wechat_runtime::{ErrorKind, RefreshSettings};
use wechat_simulator::{Fault, Line};

const TOKEN: &str = "/cgi-bin/token";

#[tokio::test(flavor = "multi_thread")]
async fn a_late_result_never_overwrites_a_newer_one() {
    let hubs = Hubs::new().await;
    let (slow, quick) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let waits = tokio::spawn(async move { call(&slow).await });
    leader.is_committing(1).await;
    hubs.shared.pass(PAST_THE_LEASE);
    call(&quick).await.unwrap();
    let newest = hubs.stored();
    assert_eq!(hubs.issued(), 2, "the lease was over, and another has taken over");

    leader.hold_commits(false);
    waits.await.unwrap().expect("its caller gets what is stored");
    assert_eq!(hubs.stored(), newest);
    assert_eq!(hubs.issued(), 2, "WeChat granted the newer one later: there is no doubt");
    hubs.world.pass(360);
    call(&quick).await.unwrap();
    assert!(hubs.stored_is_current());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_over_is_stored_also_after_the_lease() {
    let hubs = Hubs::new().await;
    let client = hubs.process::<1>();
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let waits = tokio::spawn(async move { call(&client).await });
    leader.is_committing(1).await;
    hubs.shared.pass(PAST_THE_LEASE);
    leader.hold_commits(false);
    waits.await.unwrap().unwrap();
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 1);
}

/// As a storage does that somebody has touched: the fence is another, and what is stored is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_is_stored_in_another_turn_where_nothing_was_stored_meanwhile() {
    let hubs = Hubs::new().await;
    let client = hubs.process::<1>();
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn(async move { call(&client).await });
    leader.is_committing(1).await;
    hubs.shared.alter(&hubs.slot(), |row| {
        row.fence += 1;
        row.leased_until = None;
    });
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test]
async fn a_coordinator_that_is_down_costs_no_fetch_and_no_token_that_lives() {
    let hubs = Hubs::new().await;
    let (client, storage) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    call(&client).await.unwrap();
    storage.fail_begins(true);
    hubs.world.pass(7000);
    call(&client).await.expect("it ages, and is served");
    hubs.world.pass(201);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert_eq!(hubs.world.asked(), 1);
    storage.fail_begins(false);
    call(&client).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_stored_is_used_and_stored_as_soon_as_it_can_be() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let storage = hubs.shared.as_process::<1>();
    storage.fail_commits(true);
    call(&one).await.expect("the token is good");
    assert_eq!(hubs.stored(), None);
    let waits = tokio::spawn(async move { call(&other).await });
    storage.is_committing(2).await;
    storage.fail_commits(false);
    waits.await.unwrap().expect("another process gets the same one");
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test]
async fn what_the_storage_has_lost_a_moment_ago_is_put_there_once_more() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    let first = hubs.stored().unwrap();
    call(&one).await.unwrap();
    // Who has no copy, and reports the one before, sees in a turn that the newest is stored.
    hubs.process::<1>().refresh_access_token(&first.into()).await.unwrap();
    hubs.shared.flush();
    // What has no copy of its own finds none stored.
    let client = hubs.process::<1>();
    call(&client).await.unwrap();
    assert!(hubs.stored_is_current());
    call(&other).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_the_commit_that_is_lost_costs_nothing() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    hubs.shared.as_process::<1>().lose_commits_answers(true);
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    call(&other).await.unwrap();
    call(&one).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

/// The coordinator's clock is put forward while a leader's question is on its way, and another's overtakes it: WeChat's last
/// answer is the one whose commit is refused. (That all is flushed does the same, where fences go on to grow.)
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_after_a_refused_commit_is_current_in_the_end() {
    let hubs = Hubs::in_real_time().await;
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(1500);
    let (one, other) = (hubs.with_settings::<1>(settings.clone()), hubs.with_settings::<2>(settings));
    hubs.world.sim.fault(TOKEN, Fault::delay(Duration::from_millis(600)).times(1));
    let slow = tokio::spawn(async move { call(&one).await });
    hubs.world.sim.arrived(TOKEN, 1).await;
    hubs.shared.pass(Duration::from_secs(2));
    call(&other).await.unwrap();
    slow.await.unwrap().unwrap();
    assert!(!hubs.stored_is_current(), "the slow one's took the stored one from all");
    until("the stored token is the one that WeChat takes", || hubs.stored_is_current()).await;
}

/// Where it came after a lease that was not over, there is no telling which of two is newer; where it was over, there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_late_for_sure_costs_no_further_refresh() {
    let hubs = Hubs::in_real_time().await;
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(500);
    let (one, other) = (hubs.with_settings::<1>(settings.clone()), hubs.with_settings::<2>(settings));
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let late = tokio::spawn(async move { call(&one).await });
    leader.is_committing(1).await;
    call(&other).await.expect("it waits until the lease is over");
    leader.hold_commits(false);
    late.await.unwrap().unwrap();
    // A doubt would ask for a turn when another lease is over; longer than that is waited.
    let begins = leader.begins();
    tokio::time::timeout(Duration::from_millis(1500), leader.has_begun(begins + 1)).await.unwrap_err();
    assert_eq!(hubs.issued(), 2);
    assert!(hubs.stored_is_current());
}

/// A store that was not given the newest has an older one than the refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_refused_one_is_no_answer_also_while_another_leads() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let storage = hubs.shared.as_process::<1>();
    call(&other).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    storage.fail_commits(true);
    call(&one).await.expect("it has another, which is not stored");
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    let begun = hubs.shared.begin(&hubs.slot(), Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let before = storage.begins();
    let waits = tokio::spawn(async move { call(&one).await });
    // It asks again: so it waits.
    storage.has_begun(before + 2).await;
    hubs.shared.abort(&hubs.slot(), fence, begun.notes.unwrap_or_default()).await.unwrap();
    waits.await.unwrap().expect("it waits for its turn");
}

/// Turns are given, and nothing can be stored: the gap and the budget hold nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn the_gap_holds_also_where_no_commit_succeeds() {
    let hubs = Hubs::new().await;
    let (client, storage) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    storage.fail_commits(true);
    let (rounds, pause) = (20_u16, 16);
    for _ in 0..rounds {
        hubs.world.account().revoke(Line::Classic);
        // Whether it succeeds is no matter here, but what it costs.
        drop(call(&client).await);
        hubs.world.pass(pause);
    }
    let most = 2 + u64::from(rounds) * pause / 30;
    assert!(u64::try_from(hubs.issued()).unwrap() <= most, "{} issued, {most} at most", hubs.issued());
}

/// What this process had to remember by itself is forgotten when all know it: else it would count for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_while_nothing_could_be_stored_counts_once_when_it_is() {
    let hubs = Hubs::new().await;
    let mut settings = RefreshSettings::default();
    settings.refusals_per_day = 2;
    let (client, storage) = (hubs.with_settings::<1>(settings), hubs.shared.as_process::<1>());
    call(&client).await.unwrap();
    let refused = async || {
        hubs.world.pass(60);
        hubs.world.account().revoke(Line::Classic);
        call(&client).await
    };
    storage.fail_commits(true);
    let before = storage.commits();
    refused().await.expect("it is used, though it is not stored");
    storage.fail_commits(false);
    // The first has failed. Another attempt stores it, and what it has cost.
    storage.is_committing(before + 2).await;
    until("it is stored", || hubs.stored_is_current()).await;
    refused().await.expect("it is the second of two");
    let error = refused().await.unwrap_err();
    assert_eq!((error.kind(), hubs.issued()), (ErrorKind::TokenRejected, 3), "{error}");
    // By the clock, the budget of all is another from midnight on; there is none of its own beside it.
    hubs.world.pass(24 * 3600);
    call(&client).await.unwrap();
}

custom!(
    /// A coordinator that refuses what is bought, such as one with a mistake in its SQL: each lead's fence is an old one.
    FenceOfNobody {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            let begun = rows.change(&slot.name(), |row, now| {
                let begun = row.begin(now, lease);
                row.fence += 1;
                row.leased_until = None;
                begun
            });
            Ok(begun)
        }
    }
);

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_refuses_each_commit_costs_no_storm() {
    let hubs = Hubs::new().await;
    let client = hubs.client(hubs.shared.as_custom::<FenceOfNobody>(), RefreshSettings::default());
    for _ in 0..10 {
        let error = call(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    }
    let issued = hubs.issued();
    assert!(issued <= 10, "{issued} for ten calls");
}
