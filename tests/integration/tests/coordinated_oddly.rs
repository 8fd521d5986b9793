//! What several processes do under odd coordinators and odd notes.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use wechat_integration_tests::assembly::{Assembly, Custom, Hall, Process, Rows};
use wechat_integration_tests::{SECRET, Shared, World, call, custom};
use wechat_runtime::storage::{self, Begun, Coordinator as _, Notes, Record, Slot, Turn};
use wechat_runtime::{Bound, Client, Common, RefreshSettings, TokenKind};
use wechat_simulator::Line;

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
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> { panic!("odd") }
});
custom!(PanicsAtCommit {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> { panic!("odd") }
});
custom!(HangsAtBegin {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> { std::future::pending().await }
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
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> { Ok(false) }
});
fn short() -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(1000);
    settings.upstream_timeout = Duration::from_millis(500);
    settings.storage_timeout = Duration::from_millis(300);
    settings
}

async fn of<C: Custom>(settings: RefreshSettings) -> (World, Assembly<C>, Client<Common>) {
    let world = World::new().await;
    let storage: Assembly<C> = Assembly::of(Arc::<Hall>::default(), None);
    storage.set_secret(&world.appid, SECRET);
    let client = world.builder_on(Bound::new(storage.clone(), ())).token(TokenKind::Classic);
    let client = client.refresh(settings).build().unwrap();
    (world, storage, client)
}

async fn tried<C: Custom>(name: &str) {
    let (world, _, client) = of::<C>(short()).await;
    let began = Instant::now();
    let first = call(&client).await.map(drop).map_err(|error| error.to_string());
    let took = began.elapsed();
    let second = call(&client).await.map(drop).map_err(|error| error.to_string());
    let issued = world.sim.ledger().issued(&world.appid, Line::Classic);
    println!("{name}: {first:?} after {took:?}, then {second:?}; issued {issued}");
    assert!(took < Duration::from_millis(2500), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_coordinators_hold_nobody_for_long() {
    tried::<Before1970>("before 1970").await;
    tried::<FarFuture>("far future").await;
    tried::<PanicsAtBegin>("panics at begin").await;
    tried::<PanicsAtCommit>("panics at commit").await;
    tried::<HangsAtBegin>("hangs at begin").await;
    tried::<HangsAtCommit>("hangs at commit").await;
    tried::<HangsAtAbort>("hangs at abort").await;
    tried::<WaitsForAges>("waits for ages").await;
    tried::<WaitsForNothing>("waits for nothing").await;
    tried::<RefusesCommits>("refuses commits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_notes_break_nothing() {
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
        format!(r#"{{"cool_downs":[{}]}}"#, vec![pause(0, 1); 50_000].join(",")),
        format!(r#"{{"issued":{{"mark":{max},"at":{max}}},"refused_at":{max}}}"#),
        format!(
            r#"{{"refusals":{{"day":{max},"count":4294967295}},"forced":{{"day":{max},"count":4294967295}}}}"#
        ),
        r#"{"refused_at":-1}"#.to_owned(),
        "\u{0}".to_owned(),
    ];
    for text in notes {
        let (world, storage, client) = of::<Process<0>>(short()).await;
        let slot = Slot::AccessToken { appid: world.appid.clone() };
        storage.alter(&slot, |row| row.notes = Some(Notes::from(text.clone())));
        let shown: String = text.chars().take(60).collect();
        let called = call(&client).await.map(drop).map_err(|error| error.to_string());
        tokio::time::sleep(Duration::from_millis(5)).await;
        let again = call(&client).await.map(drop).map_err(|error| error.to_string());
        let kept = storage.row(&slot).notes.map(|notes| notes.as_str().len());
        println!("{shown}: {called:?}, {again:?}, {kept:?}");
        again.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_who_wait_ask_as_one() {
    let world = World::new().await;
    let shared = Shared::new();
    shared.set_secret(&world.appid, SECRET);
    let storage = shared.as_process::<1>();
    let client = world.builder_on(Bound::new(storage.clone(), ())).token(TokenKind::Classic).build().unwrap();
    let slot = Slot::AccessToken { appid: world.appid.clone() };
    let begun = storage.begin(&slot, Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let before = storage.begins();
    let crowd = tokio::spawn(async move { join_all((0..2_000).map(|_| client.fetch_access_token())).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let begins = storage.begins() - before;
    storage.abort(&slot, fence, Notes::default()).await.unwrap();
    assert!(crowd.await.unwrap().iter().all(Result::is_ok));
    println!("{begins} begins in 2 s");
    assert!(begins <= 40, "{begins}");
    assert_eq!(world.sim.ledger().issued(&world.appid, Line::Classic), 1);
}
