//! However many ask at once, WeChat is asked once.

use std::time::Duration;

use wechat_integration_tests::{
    MOST_CONNECTIONS, PATH, Region, Regional, SECRET, World, at_once, call, calls_at_once, tokens_at_once,
};
use wechat_runtime::{Bound, ErrorKind, RefreshSettings, TokenKind};
use wechat_simulator::{Fault, Line, Simulator};

async fn cold_and_at_expiry(callers: usize) {
    let world = World::new().await;
    let client = world.client();
    for (fetches, when) in [(1, "cold"), (2, "at expiry")] {
        let (waiting, calling) =
            tokio::join!(tokens_at_once(callers, &client), calls_at_once(callers, &client));
        assert!(waiting.is_empty() && calling.is_empty(), "{when}: {waiting:?} {calling:?}");
        assert_eq!((world.issued(), world.asked()), (fetches, fetches), "{when}");
        world.pass(7201);
    }
    assert_eq!(world.calls(PATH), 2 * callers);
    assert!(world.sim.peak_connections() <= MOST_CONNECTIONS, "{}", world.sim.peak_connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_cold_and_at_expiry_cost_one_fetch_each() {
    cold_and_at_expiry(500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_callers_cold_and_at_expiry_cost_one_fetch_each() {
    cold_and_at_expiry(10_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn classic_tokens_are_fetched_once_too() {
    let world = World::new().await;
    let client = world.builder().token(TokenKind::Classic).build().unwrap();
    for _ in 0..2 {
        let failed = calls_at_once(500, &client).await;
        assert!(failed.is_empty(), "{failed:?}");
        world.pass(7201);
    }
    assert_eq!(world.sim.ledger().issued(&world.appid, Line::Classic), 2);
    assert_eq!(world.issued(), 0, "the stable line is not touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_unbound_overrides_cost_one_fetch_cold_and_none_warm() {
    let world = World::new().await;
    let storage = Regional::default();
    storage.beijing.set_secret(&world.appid, SECRET);
    let client = world.client();
    let one = || {
        let (client, storage) = (client.clone(), storage.clone());
        async move { client.get(PATH).adapter_storage_with(storage, Region::Beijing).send().await }
    };
    let failed = at_once(500, one).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 1);
    assert_eq!((world.shelf.reads(), storage.shanghai.reads()), (0, 0));

    let before = storage.beijing.reads();
    let failed = at_once(500, one).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 1);
    assert_eq!(storage.beijing.reads() - before, 500, "each unbound call reads its storage once");

    world.pass(7201);
    let failed = at_once(500, one).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 2, "at expiry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_override_keeps_its_copy_from_call_to_call() {
    let world = World::new().await;
    let storage = Regional::default();
    storage.beijing.set_secret(&world.appid, SECRET);
    let bound = Bound::new(storage.clone(), Region::Beijing);
    let client = world.client();
    for _ in 0..10 {
        client.get(PATH).adapter_storage(&bound).send().await.unwrap();
    }
    assert_eq!(storage.beijing.reads(), 2, "one read, and one more before asking WeChat");
    assert_eq!(world.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ageing_token_is_served_while_one_refresh_runs() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    let old = world.shelf.value(&world.appid).unwrap();

    world.pass(7000);
    world.sim.fault("/cgi-bin/stable_token", Fault::hang());
    let failed = calls_at_once(100, &client).await;
    assert!(failed.is_empty(), "nobody waits for the refresh that hangs: {failed:?}");
    world.sim.arrived("/cgi-bin/stable_token", 2).await;
    assert_eq!(world.asked(), 2);
    let tokens = world.query_of(PATH, "access_token");
    assert!(tokens.iter().all(|token| *token == old));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ageing_token_is_replaced_behind_the_callers_backs() {
    let world = World::new().await;
    let client = world.client();
    let old = client.fetch_access_token().await.unwrap();
    world.pass(6901);
    assert_eq!(client.fetch_access_token().await.unwrap(), old, "served");
    world.shelf.saved(2).await;
    let new = world.shelf.value(&world.appid).unwrap();
    assert_ne!(new, old.access_token().expose());
    assert_eq!(client.fetch_access_token().await.unwrap().access_token().expose(), new);
    assert_eq!(world.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_off_by_ten_minutes_cause_no_storm_and_no_failed_call() {
    let world = World::new().await;
    let client_at = |offset: i64| {
        let clock = world.sim.clock();
        let off = Duration::from_secs(offset.unsigned_abs());
        let now = move || {
            if offset < 0 { clock.now() - off } else { clock.now() + off }
        };
        world.builder().clock(now).build().unwrap()
    };
    // Each with a binding of its own, as processes have that share a storage.
    let clients = [client_at(600), client_at(-600), client_at(0)];
    for _ in 0..(8 * 3600 / 60) {
        for client in &clients {
            call(client).await.unwrap();
        }
        world.pass(60);
    }
    // Four lifetimes; two clients see the end coming at other times than the third.
    assert!(world.issued() <= 6, "{} tokens in eight hours", world.issued());
    assert!(world.asked() <= 40, "{} calls in eight hours", world.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_grant_does_not_cause_a_fetch_per_call() {
    for (granted, cap) in [(0, 7200), (1, 7200), (300, 7200), (7200, 0), (7200, 1)] {
        let world = World::new().await;
        world.account().set_expires_in(granted);
        let client = world.builder().expires_in(Duration::from_secs(cap)).build().unwrap();
        for _ in 0..20 {
            let _ = call(&client).await;
        }
        assert_eq!(world.asked(), 1, "granted for {granted} s, capped to {cap} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_leader_costs_nobody_anything() {
    let world = World::new().await;
    world.sim.fault("/cgi-bin/stable_token", Fault::delay(Duration::from_millis(200)).times(1));
    let client = world.client();
    let leader = tokio::spawn({
        let client = client.clone();
        async move { call(&client).await }
    });
    world.sim.arrived("/cgi-bin/stable_token", 1).await;
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    for waiter in waiting {
        waiter.await.unwrap().unwrap();
    }
    assert_eq!(world.asked(), 1, "what the leader began is what the others got");
}

#[test]
fn a_leader_whose_runtime_is_dropped_costs_nobody_anything() {
    let stage = tokio::runtime::Runtime::new().unwrap();
    let world = stage.block_on(World::new());
    world.sim.fault("/cgi-bin/stable_token", Fault::hang().times(1));
    let client = world.client();

    let doomed = tokio::runtime::Runtime::new().unwrap();
    let leading = client.clone();
    drop(doomed.spawn(async move { call(&leading).await }));
    stage.block_on(world.sim.arrived("/cgi-bin/stable_token", 1));

    stage.block_on(async {
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                // A client of this runtime's own, on the same storage: connections die with their runtime.
                let client = world.client();
                tokio::spawn(async move { call(&client).await })
            })
            .collect();
        tokio::task::yield_now().await;
        doomed.shutdown_background();
        for waiter in waiting {
            waiter.await.unwrap().unwrap();
        }
    });
    assert_eq!(world.asked(), 2, "one that went away with its runtime, one for all the others");
}

/// A thread's own runtime, driven only while something is waited for: the usual way to call from plain code.
fn parked_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_leader_in_a_runtime_that_nobody_drives_holds_nobody_past_its_lease() {
    let stage = tokio::runtime::Runtime::new().unwrap();
    let world = stage.block_on(World::new());
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(300);
    settings.storage_timeout = Duration::from_millis(300);
    let client = || world.builder().refresh(settings.clone()).build().unwrap();

    let parked = parked_runtime();
    world.sim.fault("/cgi-bin/stable_token", Fault::hang());
    let impatient = client();
    let gave_up = parked.block_on(impatient.get(PATH).timeout(Duration::from_millis(100)).send());
    assert_eq!(gave_up.unwrap_err().kind(), ErrorKind::Timeout);
    world.sim.clear_faults();

    // Its work is parked for ever; another takes over when the lease is past.
    let other = client();
    stage.block_on(call(&other)).unwrap();
    assert_eq!(world.issued(), 1);
    let token = world.shelf.value(&world.appid);

    // Resumed, the late one neither fails anybody nor replaces the newer token.
    parked.block_on(call(&impatient)).unwrap();
    assert_eq!(world.shelf.value(&world.appid), token);
}

#[test]
fn a_runtime_that_shuts_down_in_the_middle_of_a_call_ends() {
    let stage = tokio::runtime::Runtime::new().unwrap();
    let world = stage.block_on(World::new());
    world.sim.fault("/cgi-bin/stable_token", Fault::hang());
    let client = world.client();
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let handle = doomed.handle().clone();
    let waiting = doomed.spawn_blocking(move || handle.block_on(client.fetch_access_token()));
    stage.block_on(world.sim.arrived("/cgi-bin/stable_token", 1));
    // Waits for the blocking thread, which must not go round in circles.
    drop(doomed);
    assert!(stage.block_on(waiting).unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_platforms_and_two_accounts_do_not_share_a_refresh() {
    let world = World::new().await;
    let second = Simulator::builder().app(&world.appid, SECRET).start().await.unwrap();
    let client = world.client();
    let storage = Regional::default();
    storage.shanghai.set_secret(&world.appid, SECRET);
    let (here, there) = tokio::join!(
        call(&client),
        client.get(PATH).base_url(second.base_url()).adapter_storage(storage).send()
    );
    here.unwrap();
    assert_eq!(there.unwrap().errcode(), None);
    assert_eq!((world.asked(), second.ledger().token_calls(&world.appid)), (1, 1));
}
