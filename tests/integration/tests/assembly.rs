//! The storage by which tests have several processes in one keeps the contract, and does what it is told.

use std::time::Duration;

use tokio::time::advance;
use wechat_integration_tests::assembly::Row;
use wechat_integration_tests::{SECRET, Shared, new_appid};
use wechat_runtime::storage::{Coordinator, Hub, Notes, Record, Slot, Turn, contract};
use wechat_runtime::{Token, TokenKind};

const LEASE: Duration = Duration::from_secs(15);

fn slot() -> Slot {
    Slot::AccessToken { appid: new_appid() }
}

fn record() -> Record {
    Record::Token(Token::new(TokenKind::Stable, "a value", 1_795_357_423, 7200))
}

async fn lead(shared: &impl Coordinator, slot: &Slot) -> Option<u64> {
    match shared.begin(slot, LEASE).await.unwrap().turn {
        Turn::Lead { fence } => Some(fence),
        Turn::Wait { .. } => None,
    }
}

#[tokio::test]
async fn the_contract_is_kept_by_several_processes() {
    let (one, appid) = (Shared::new(), new_appid());
    one.set_secret(&appid, SECRET);
    let other = one.as_process::<1>();
    contract::hub(one.clone(), ()).also(other.clone(), ()).with_secret(&appid, SECRET).check().await;
    contract::component_hub(one, ()).also(other, ()).with_secret(&appid, SECRET).check().await;
}

#[tokio::test(start_paused = true)]
async fn leases_go_by_tokios_clock_or_by_how_far_it_is_moved() {
    let (one, slot) = (Shared::new(), slot());
    let other = one.as_process::<1>();
    assert_eq!(lead(&one, &slot).await, Some(1));
    assert_eq!(lead(&other, &slot).await, None);
    advance(LEASE).await;
    assert_eq!(lead(&other, &slot).await, Some(2));
    one.pass(LEASE);
    assert_eq!(lead(&one, &slot).await, Some(3));
}

#[tokio::test]
async fn each_process_has_switches_and_counts_of_its_own() {
    let (one, slot) = (Shared::new(), slot());
    let other = one.as_process::<1>();
    one.fail_begins(true);
    one.begin(&slot, LEASE).await.unwrap_err();
    let fence = lead(&other, &slot).await.unwrap();
    assert_eq!([one.begins(), other.begins(), one.as_process::<1>().begins()], [1, 1, 1]);

    other.fail_commits(true);
    other.commit(&slot, fence, record(), Notes::default()).await.unwrap_err();
    assert_eq!(other.row(&slot).record, None);
    other.fail_commits(false);
    other.lose_commits_answers(true);
    other.commit(&slot, fence, record(), Notes::default()).await.unwrap_err();
    assert_eq!(other.row(&slot).record, Some(record()));
    assert_eq!(other.commits(), 2);

    other.fail_aborts(true);
    other.abort(&slot, fence, Notes::default()).await.unwrap_err();
    assert_eq!([one.aborts(), other.aborts()], [0, 1]);
}

#[tokio::test]
async fn a_commit_that_is_held_is_done_when_it_is_let_go() {
    let (shared, slot) = (Shared::new(), slot());
    let fence = lead(&shared, &slot).await.unwrap();
    shared.hold_commits(true);
    let commit = tokio::spawn({
        let (shared, slot) = (shared.clone(), slot.clone());
        async move { shared.commit(&slot, fence, record(), Notes::default()).await }
    });
    shared.is_committing(1).await;
    assert_eq!(shared.row(&slot).record, None);
    shared.hold_commits(false);
    assert!(commit.await.unwrap().unwrap());
    assert_eq!(shared.row(&slot).record, Some(record()));
}

#[tokio::test]
async fn what_is_flushed_is_gone_but_for_the_secrets() {
    let (shared, slot, appid) = (Shared::new(), slot(), new_appid());
    shared.set_secret(&appid, SECRET);
    shared.alter(&slot, |row| *row = Row { record: Some(record()), fence: 7, ..Row::default() });
    shared.flush();
    assert_eq!(shared.row(&slot).fence, 0);
    assert!(Hub::fetch_secret_key(&shared, &appid, &()).await.unwrap().is_some());
}
