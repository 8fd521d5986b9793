//! Who leads.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::AuthorizerToken;
use wechat_runtime::adapters::Redis;
use wechat_runtime::storage::{Begun, Coordinator as _, Notes, Record, Slot, Turn};

use super::{
    AUTHORIZER_KEY, TOKEN_KEY, access_token, authorizer, fetch_authorizer, fetch_token, save_authorizer,
    save_token, storage, token,
};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

async fn begin(storage: &Redis, lease: Duration) -> Begun {
    storage.begin(&access_token(), lease).await.unwrap()
}

async fn lead(storage: &Redis, lease: Duration) -> u64 {
    fence(&begin(storage, lease).await)
}

fn fence(begun: &Begun) -> u64 {
    match begun.turn {
        Turn::Lead { fence } => fence,
        Turn::Wait { at_most } => panic!("it is told to wait for {at_most:?}"),
    }
}

async fn commit(storage: &Redis, fence: u64, value: &str) -> bool {
    storage.commit(&access_token(), fence, Record::Token(token(value)), "notes".into()).await.unwrap()
}

/// All that a leader does.
pub(super) async fn leads_and_commits(storage: &Redis) {
    let fence = lead(storage, LONG).await;
    assert!(commit(storage, fence, "t").await);
    let fence = lead(storage, LONG).await;
    assert!(storage.abort(&access_token(), fence, Notes::default()).await.unwrap());
}

/// Lets the lease run out, by what Redis has of it: no time passes.
fn lapse(server: &RedisServer) {
    let _: u8 = server.tell(&["HSET", TOKEN_KEY, "lease_end", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_fifty_who_begin_at_once_leads() {
    let Some(server) = redis_server::start() else { return };
    let processes: Vec<_> = (0..50).map(|_| storage(&server.url())).collect();
    let slot = access_token();
    let begun = join_all(processes.iter().map(|storage| storage.begin(&slot, LONG))).await;
    let turns: Vec<_> = begun.into_iter().map(|begun| begun.unwrap().turn).collect();
    let leaders = turns.iter().filter(|turn| matches!(turn, Turn::Lead { .. })).count();
    assert_eq!(leaders, 1);
    let is_within =
        |turn: &Turn| !matches!(turn, Turn::Wait { at_most } if *at_most > LONG || at_most.is_zero());
    assert!(turns.iter().all(is_within), "{turns:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_those_who_wait_takes_over_when_the_lease_is_over() {
    let Some(server) = redis_server::start() else { return };
    let processes: Vec<_> = (0..20).map(|_| storage(&server.url())).collect();
    let dead = lead(&processes[0], LONG).await;
    lapse(&server);
    let slot = access_token();
    let begun = join_all(processes.iter().map(|storage| storage.begin(&slot, LONG))).await;
    let fences: Vec<_> = begun
        .into_iter()
        .filter_map(|begun| match begun.unwrap().turn {
            Turn::Lead { fence } => Some(fence),
            Turn::Wait { .. } => None,
        })
        .collect();
    assert!(fences.len() == 1 && fences[0] > dead, "{fences:?} after {dead}");
}

#[tokio::test]
async fn a_lease_runs_out_by_itself() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let dead = lead(&storage, Duration::from_millis(50)).await;
    // Asks until it is its turn, as those who wait do.
    let next = async {
        loop {
            let begun = begin(&storage, LONG).await;
            if let Turn::Lead { fence } = begun.turn {
                break fence;
            }
        }
    };
    let next = tokio::time::timeout(super::ENOUGH, next).await.unwrap();
    assert!(next > dead);
}

#[tokio::test]
async fn a_fence_grows_with_every_lead_and_also_where_all_was_lost() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let mut fences = Vec::new();
    for round in 0..30 {
        let fence = lead(&storage, LONG).await;
        fences.push(fence);
        match round % 4 {
            0 => lapse(&server),
            1 => assert!(storage.abort(&access_token(), fence, Notes::default()).await.unwrap()),
            2 => assert!(commit(&storage, fence, "t").await),
            _ => server.flush(),
        }
    }
    assert!(fences.is_sorted_by(|one, other| one < other), "{fences:?}");
}

#[tokio::test]
async fn a_fence_grows_where_the_clock_is_put_back() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    lead(&storage, LONG).await;
    // As if it had been granted by a clock that was a thousand years ahead; the number is still exact.
    let ahead = 33_000_000_000_000_000_u64 / 10;
    let _: u8 = server.tell(&["HSET", TOKEN_KEY, "fence", &ahead.to_string()]);
    lapse(&server);
    for ahead in ahead + 1..ahead + 20 {
        assert_eq!(lead(&storage, LONG).await, ahead);
        lapse(&server);
    }
}

#[tokio::test]
async fn nobody_waits_longer_than_a_lease_where_the_clock_is_put_back() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    lead(&storage, Duration::from_secs(15)).await;
    let _: u8 = server.tell(&["HSET", TOKEN_KEY, "lease_end", "99000000000000"]);
    let begun = begin(&storage, LONG).await;
    assert_eq!(begun.turn, Turn::Wait { at_most: Duration::from_secs(15) });
    let Turn::Wait { at_most } = begin(&storage, LONG).await.turn else { panic!("somebody leads") };
    assert!(at_most <= Duration::from_secs(15));
}

#[tokio::test]
async fn a_late_commit_is_refused_and_changes_nothing() {
    let Some(server) = redis_server::start() else { return };
    let (slow, quick) = (storage(&server.url()), storage(&server.url()));
    let late = lead(&slow, LONG).await;
    lapse(&server);
    let newest = lead(&quick, LONG).await;
    // While the other leads, and after it has committed.
    let before = kept(&server);
    assert!(!commit(&slow, late, "older").await);
    assert!(!slow.abort(&access_token(), late, "older".into()).await.unwrap());
    assert_eq!(kept(&server), before);
    assert!(commit(&quick, newest, "newer").await);
    let before = kept(&server);
    assert!(!commit(&slow, late, "older").await);
    assert!(!slow.abort(&access_token(), late, "older".into()).await.unwrap());
    assert_eq!(kept(&server), before);
    assert_eq!(fetch_token(&slow).await.unwrap(), Some(token("newer")));
    // And where all was lost meanwhile.
    server.flush();
    assert!(!commit(&quick, newest, "older").await);
    assert_eq!(fetch_token(&slow).await.unwrap(), None);
}

/// All that is kept of the slot.
fn kept(server: &RedisServer) -> BTreeMap<String, String> {
    server.tell(&["HGETALL", TOKEN_KEY])
}

#[tokio::test]
async fn a_commit_after_the_lease_is_taken_where_nobody_has_begun() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let fence = lead(&storage, LONG).await;
    lapse(&server);
    assert!(commit(&storage, fence, "t").await);
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t")));
}

#[tokio::test]
async fn a_commit_can_be_repeated_and_ends_the_lead() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let fence = lead(&storage, LONG).await;
    for _ in 0..2 {
        assert!(commit(&storage, fence, "t").await);
        assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t")));
    }
    let begun = begin(&storage, LONG).await;
    assert!(matches!(begun.turn, Turn::Lead { .. }));
    assert_eq!(begun.record, Some(Record::Token(token("t"))));
    assert_eq!(begun.notes, Some("notes".into()));
}

#[tokio::test]
async fn an_abort_ends_the_lead_and_keeps_the_record_and_the_notes() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let fence = lead(&storage, LONG).await;
    assert!(commit(&storage, fence, "t").await);
    let fence = lead(&storage, LONG).await;
    for _ in 0..2 {
        assert!(storage.abort(&access_token(), fence, "a pause".into()).await.unwrap());
    }
    let begun = begin(&storage, LONG).await;
    assert!(matches!(begun.turn, Turn::Lead { .. }));
    assert_eq!((begun.record, begun.notes), (Some(Record::Token(token("t"))), Some("a pause".into())));
}

#[tokio::test]
async fn a_save_ends_the_lead_and_what_the_leader_brings_is_refused() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let before = lead(&storage, LONG).await;
    save_token(&storage, token("saved")).await.unwrap();
    assert!(!commit(&storage, before, "bought").await);
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("saved")));
    assert!(lead(&storage, LONG).await > before);

    let storage = super::storage(&server.url());
    let slot = authorizer();
    let before = fence(&storage.begin(&slot, LONG).await.unwrap());
    save_authorizer(&storage, AuthorizerToken::new().with_refresh_token("authorized anew")).await.unwrap();
    let bought = Record::Authorizer(AuthorizerToken::new().with_refresh_token("bought"));
    assert!(!storage.commit(&slot, before, bought, Notes::default()).await.unwrap());
    let kept = fetch_authorizer(&storage).await.unwrap().unwrap();
    assert_eq!(kept.refresh_token().unwrap().expose(), "authorized anew");
    assert!(fence(&storage.begin(&slot, LONG).await.unwrap()) > before);
    let _: u64 = server.tell(&["HGET", AUTHORIZER_KEY, "fence"]);
}

#[tokio::test]
async fn the_time_is_that_of_redis() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let time = || {
        let (seconds, micros): (u64, u64) = server.tell(&["TIME"]);
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    let before = time();
    let now = begin(&storage, LONG).await.now;
    assert!((before..=time()).contains(&now));
}

#[tokio::test]
async fn slots_do_not_wait_for_each_other() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let ticket = |word: &str| Slot::Ticket { appid: super::APPID.to_owned(), ticket_type: word.into() };
    for slot in [access_token(), authorizer(), ticket("jsapi"), ticket("wx_card")] {
        fence(&storage.begin(&slot, LONG).await.unwrap());
    }
}

#[tokio::test]
async fn a_record_of_another_kind_than_its_slots_is_not_committed() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let fence = lead(&storage, LONG).await;
    let record = Record::Authorizer(AuthorizerToken::new());
    let error = storage.commit(&access_token(), fence, record, Notes::default()).await.unwrap_err();
    assert!(error.to_string().contains("another kind"), "{error}");
    assert!(commit(&storage, fence, "t").await);
}
