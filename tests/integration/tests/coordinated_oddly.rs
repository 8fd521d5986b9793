//! What several processes do under coordinators that do odd things, and with notes that make no sense.

use std::time::{Duration, Instant, SystemTime};

use wechat_integration_tests::assembly::{Custom, Rows};
use wechat_integration_tests::processes::Hubs;
use wechat_integration_tests::{call, custom};
use wechat_runtime::storage::{self, Begun, Notes, Record, Slot, Turn};
use wechat_runtime::{Error, ErrorKind, RefreshSettings};

macro_rules! odd_now {
    ($name:ident: $now:expr) => {
        custom!($name {
            async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
                let begun = rows.change(&slot.name(), |row, now| row.begin(now, lease));
                Ok(Begun { now: $now, ..begun })
            }
        });
    };
}

odd_now!(Before1970: SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 33));
odd_now!(FarFuture: SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60));

custom!(PanicsAtBegin {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> {
        panic!("odd")
    }
});
custom!(PanicsAtCommit {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> {
        panic!("odd")
    }
});
custom!(HangsAtBegin {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> {
        std::future::pending().await
    }
});
custom!(HangsAtCommit {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> {
        std::future::pending().await
    }
});
custom!(HangsAtAbort {
    async fn abort(&self, _: &Rows, _: &Slot, _: u64, _: Notes) -> storage::Result<bool> {
        std::future::pending().await
    }
});
custom!(WaitsForAges {
    async fn begin(&self, rows: &Rows, slot: &Slot, _: Duration) -> storage::Result<Begun> {
        Ok(rows.row(&slot.name()).begun(Turn::Wait { at_most: Duration::MAX }, SystemTime::now()))
    }
});
custom!(WaitsForNothing {
    async fn begin(&self, rows: &Rows, slot: &Slot, _: Duration) -> storage::Result<Begun> {
        Ok(rows.row(&slot.name()).begun(Turn::Wait { at_most: Duration::ZERO }, SystemTime::now()))
    }
});
custom!(RefusesCommits {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> {
        Ok(false)
    }
});

/// Settings by which everything is over soon.
fn hasty() -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_secs(1);
    settings.upstream_timeout = Duration::from_millis(500);
    settings.storage_timeout = Duration::from_millis(300);
    settings
}

/// Two calls under this coordinator, none of which may take long: what they came to, and how many tokens they cost.
async fn tried<C: Custom>() -> ([Result<(), Error>; 2], usize) {
    let hubs = Hubs::in_real_time().await;
    let client = hubs.client(hubs.shared.as_custom::<C>(), hasty());
    let timed = async || {
        let began = Instant::now();
        let called = call(&client).await.map(drop);
        // A lease and an answer of WeChat's, and what a busy machine takes.
        let (took, name) = (began.elapsed(), std::any::type_name::<C>());
        assert!(took < Duration::from_secs(3), "{name} takes {took:?}");
        called
    };
    ([timed().await, timed().await], hubs.issued())
}

async fn is_served<C: Custom>() {
    let (called, issued) = tried::<C>().await;
    let name = std::any::type_name::<C>();
    assert!(called.iter().all(Result::is_ok), "{name}: {called:?}");
    assert_eq!(issued, 1, "{name}");
}

async fn is_told<C: Custom>(kind: ErrorKind, cost: std::ops::RangeInclusive<usize>) {
    let (called, issued) = tried::<C>().await;
    let name = std::any::type_name::<C>();
    assert!(
        called.iter().all(|it| it.as_ref().is_err_and(|error| error.kind() == kind)),
        "{name}: {called:?}"
    );
    assert!(cost.contains(&issued), "{name}: {issued}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_by_ages_keeps_nobody_from_a_token() {
    is_served::<Before1970>().await;
    is_served::<FarFuture>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_gives_no_turn_costs_no_fetch_and_holds_nobody_for_long() {
    is_told::<PanicsAtBegin>(ErrorKind::Storage, 0..=0).await;
    is_told::<HangsAtBegin>(ErrorKind::Storage, 0..=0).await;
    is_told::<WaitsForAges>(ErrorKind::Timeout, 0..=0).await;
    is_told::<WaitsForNothing>(ErrorKind::Timeout, 0..=0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_does_not_come_back_from_storing_keeps_nobody_from_what_was_bought() {
    is_served::<PanicsAtCommit>().await;
    is_served::<HangsAtCommit>().await;
    is_served::<HangsAtAbort>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_stores_nothing_costs_a_fetch_for_each_lease_and_no_more() {
    // It ends no lease either, so each is over when its time is.
    is_told::<RefusesCommits>(ErrorKind::Timeout, 1..=4).await;
}

#[tokio::test]
async fn notes_that_make_no_sense_keep_nobody_from_a_token() {
    let max = u64::MAX;
    let pause = |began: u64, pause: u64| {
        format!(
            r#"{{"holds_for":null,"failures":4294967295,"began":{began},"pause_millis":{pause},"error":{{"kind":"timeout","errcode":null,"http_status":null,"verify_ticket_age_seconds":18446744073709551615,"endpoint":null,"appid":null}}}}"#
        )
    };
    let notes = [
        "[".repeat(100_000),
        format!(r#"{{"cool_downs":[{}]}}"#, pause(max, 1)),
        format!(r#"{{"cool_downs":[{}]}}"#, pause(0, 1)),
        format!(r#"{{"issued":{{"mark":{max},"at":{max}}},"refused_at":{max}}}"#),
        format!(
            r#"{{"refusals":{{"day":{max},"count":4294967295}},"forced":{{"day":{max},"count":4294967295}}}}"#
        ),
        r#"{"refused_at":-1}"#.to_owned(),
        "\u{0}".to_owned(),
    ];
    for text in notes {
        let hubs = Hubs::new().await;
        let client = hubs.process::<1>();
        hubs.shared.alter(&hubs.slot(), |row| row.notes = Some(Notes::from(text.clone())));
        // The pauses that are noted are over in a moment.
        drop(call(&client).await);
        hubs.shared.pass(Duration::from_secs(1));
        let called = call(&client).await;
        let shown: String = text.chars().take(60).collect();
        assert!(called.is_ok(), "{shown}: {called:?}");
    }
}

/// They would else cost each refresh, in each process, what it takes to read them, for ever.
#[tokio::test]
async fn notes_that_are_far_too_long_are_forgotten() {
    let hubs = Hubs::new().await;
    let client = hubs.process::<1>();
    let pause = r#"{"failures":0,"began":0,"pause_millis":18446744073709551615,"error":{"kind":"timeout"}}"#;
    let long = format!(r#"{{"cool_downs":[{}]}}"#, vec![pause; 50_000].join(","));
    hubs.shared.alter(&hubs.slot(), |row| row.notes = Some(Notes::from(long)));
    call(&client).await.expect("no pause is known");
    let kept = hubs.shared.row(&hubs.slot()).notes.map_or(0, |notes| notes.as_str().len());
    assert!(kept < 1000, "{kept}");
}
