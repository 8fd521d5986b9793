//! How long things live and how often they are done at most: what is believed, counted and told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{PATH, SECRET, Shelf, World, call, new_appid};
use wechat_runtime::{
    Bound, ClientBuilder, Common, ErrorKind, RefreshSettings, Secret, Ticket, TicketType, Token, TokenKind,
    async_trait, storage,
};
use wechat_simulator::{App, Fault, Line, Simulator};

const TOKEN: &str = "/cgi-bin/stable_token";

#[tokio::test]
async fn a_record_stamped_in_the_future_is_looked_up_again_when_its_time_is_over() {
    let world = World::new().await;
    let live = world.account().rotate_elsewhere(Line::Stable);
    world.shelf.put_value(&world.appid, &live, world.sim.clock().unix() + 100_000);
    let client = world.client();
    call(&client).await.unwrap();
    world.pass(6900);
    call(&client).await.unwrap();
    assert_eq!(world.shelf.reads(), 1);
    world.pass(300);
    client.fetch_access_token().await.unwrap();
    assert_eq!(world.shelf.reads(), 2);
}

#[tokio::test]
async fn an_empty_secret_is_none() {
    let world = World::new().await;
    world.shelf.set_secret(&world.appid, "");
    let error = call(&world.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("no secret"), "{error}");
    assert_eq!(world.asked(), 0);
    world.shelf.set_secret(&world.appid, SECRET);
    call(&world.client()).await.unwrap();
}

/// Refreshes and saves by ways of its own.
#[derive(Default)]
struct OwnWays {
    shelf: Shelf,
    refreshes: AtomicUsize,
    /// What refreshing brings: none is a failure.
    brings: Option<Token>,
    /// What is stored instead of what was to be saved.
    stores: Option<Token>,
}

#[async_trait]
impl storage::Hub for OwnWays {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.shelf.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.shelf.fetch_access_token(appid, &()).await
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        match &self.brings {
            Some(token) => Ok(Some(token.clone())),
            None => Err(storage::Error::msg("the machine beside is down")),
        }
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        let stored = self.stores.clone().unwrap_or(token);
        self.shelf.save_access_token(appid, stored, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

fn stable(world: &World, value: &str) -> Token {
    Token::new(TokenKind::Stable, value, world.sim.clock().unix(), 7200)
}

#[tokio::test]
async fn a_storages_own_refresh_that_brings_the_refused_token_back_is_an_error() {
    let world = World::new().await;
    let bad = stable(&world, "refused");
    let storage = Arc::new(OwnWays { brings: Some(bad.clone()), ..OwnWays::default() });
    storage.shelf.put(&world.appid, bad);
    let client = world.builder_on(Bound::new(storage.clone(), ())).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(40001)));
    assert_eq!((world.calls(PATH), storage.shelf.saves(), world.asked()), (1, 0, 0));
}

#[tokio::test]
async fn a_storages_own_refresh_that_fails_pauses_like_wechats() {
    let world = World::new().await;
    let storage = Arc::new(OwnWays::default());
    let client = world.builder_on(Bound::new(storage.clone(), ())).build().unwrap();
    for _ in 0..3 {
        let error = call(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.retry_after().is_some(), "{error}");
    }
    assert_eq!((storage.refreshes.load(Ordering::SeqCst), world.asked()), (1, 0));
    world.pass(2);
    call(&client).await.unwrap_err();
    assert_eq!(storage.refreshes.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_a_storage_says_it_has_stored_is_what_is_used() {
    let world = World::new().await;
    let newer = world.account().rotate_elsewhere(Line::Stable);
    let storage = OwnWays {
        brings: Some(stable(&world, "older")),
        stores: Some(stable(&world, &newer)),
        ..OwnWays::default()
    };
    let client = world.builder_on(Bound::new(storage, ())).build().unwrap();
    call(&client).await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(world.query_of(PATH, "access_token"), [newer.clone(), newer]);
}

#[tokio::test]
async fn a_token_that_could_not_be_saved_is_kept_by_who_fetched_it() {
    let world = World::new().await;
    let client = world.client();
    world.shelf.fail_saves(true);
    for _ in 0..3 {
        call(&client).await.unwrap();
        world.pass(700);
    }
    assert_eq!((world.asked(), world.shelf.saves()), (1, 0));
}

/// A hub's client that counts what it is asked.
#[derive(Default)]
struct Told {
    fetched: Mutex<Option<Token>>,
    refreshed: Option<Token>,
    fetches: AtomicUsize,
    refreshes: AtomicUsize,
}

#[async_trait]
impl storage::Client for Told {
    type Args = ();

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        Ok(self.fetched.lock().unwrap().clone())
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        Ok(self.refreshed.clone())
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }
}

fn told(world: &World, told: Told) -> (Arc<Told>, ClientBuilder<Common>) {
    let told = Arc::new(told);
    (told.clone(), world.builder_on(Bound::new(told, ())))
}

#[tokio::test]
async fn a_declared_lifetime_is_not_applied_to_what_a_hub_says() {
    let world = World::new().await;
    let live = world.account().rotate_elsewhere(Line::Stable);
    let (hub, client) =
        told(&world, Told { fetched: Mutex::new(Some(stable(&world, &live))), ..Told::default() });
    let client = client.expires_in(Duration::from_secs(100)).build().unwrap();
    for _ in 0..3 {
        call(&client).await.unwrap();
        world.pass(200);
    }
    assert_eq!((hub.fetches.load(Ordering::SeqCst), hub.refreshes.load(Ordering::SeqCst)), (1, 0));
}

/// On one thread: whoever can run has had a turn.
#[tokio::test]
async fn an_ageing_token_of_a_hub_is_looked_up_again_and_the_hub_is_not_hurried() {
    let world = World::new().await;
    let (hub, client) =
        told(&world, Told { fetched: Mutex::new(Some(stable(&world, "ageing"))), ..Told::default() });
    let client = client.build().unwrap();
    client.fetch_access_token().await.unwrap();
    world.pass(7000);
    client.fetch_access_token().await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((hub.fetches.load(Ordering::SeqCst), hub.refreshes.load(Ordering::SeqCst)), (2, 0));
}

#[tokio::test]
async fn a_hub_that_brings_the_refused_token_back_is_not_tried_again() {
    let world = World::new().await;
    let bad = Some(stable(&world, "bad"));
    let (hub, client) =
        told(&world, Told { fetched: Mutex::new(bad.clone()), refreshed: bad, ..Told::default() });
    let error = call(&client.build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert!(error.to_string().contains("same one back"), "{error}");
    assert_eq!((hub.refreshes.load(Ordering::SeqCst), world.calls(PATH)), (1, 1));
}

#[tokio::test]
async fn a_hub_that_has_a_newer_token_is_not_told_to_refresh() {
    let world = World::new().await;
    let (hub, client) =
        told(&world, Told { fetched: Mutex::new(Some(stable(&world, "bad"))), ..Told::default() });
    let client = client.build().unwrap();
    client.fetch_access_token().await.unwrap();
    let live = world.account().rotate_elsewhere(Line::Stable);
    *hub.fetched.lock().unwrap() = Some(stable(&world, &live));
    call(&client).await.unwrap();
    assert_eq!(hub.refreshes.load(Ordering::SeqCst), 0);
    assert_eq!(world.query_of(PATH, "access_token"), ["bad", live.as_str()]);
}

#[tokio::test]
async fn an_expired_token_from_a_hub_is_an_error_and_is_not_sent() {
    let world = World::new().await;
    let (_, client) = told(
        &world,
        Told { refreshed: Some(Token::new(TokenKind::Stable, "old", 1, 7200)), ..Told::default() },
    );
    let error = call(&client.build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(world.calls(PATH), 0);
}

#[tokio::test]
async fn two_refusals_of_tokens_from_elsewhere_cause_one_refresh_per_gap() {
    let world = World::new().await;
    let put = |value| world.shelf.put_value(&world.appid, value, world.sim.clock().unix());
    put("bad");
    call(&world.client()).await.unwrap();
    // Each time another process that has no copy yet: this one sees the new token in the storage.
    call(&world.client()).await.unwrap();
    world.pass(10);
    put("worse");
    let error = call(&world.client()).await.unwrap_err();
    assert_eq!((error.retry_after(), world.asked()), (Some(Duration::from_secs(20)), 1));
    world.pass(20);
    call(&world.client()).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_quota_cleared_elsewhere_ends_no_other_platforms_pause() {
    let world = World::new().await;
    let elsewhere = Simulator::builder().app(&world.appid, SECRET).start().await.unwrap();
    world.sim.fault(TOKEN, Fault::errcode(45009).times(1));
    let client = world.client();
    call(&client).await.unwrap_err();
    let cleared = client
        .post("/cgi-bin/clear_quota")
        .base_url(elsewhere.base_url())
        .json(&json!({ "appid": world.appid }))
        .send()
        .await;
    assert_eq!(cleared.unwrap().errcode(), Some(0));
    world.shelf.take(&world.appid);
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_clock_set_back_ends_a_pause_after_its_length() {
    let world = World::new().await;
    world.sim.fault(TOKEN, Fault::errcode(40164).times(1));
    let client = world.client();
    call(&client).await.unwrap_err();
    let clock = world.sim.clock();
    clock.set(clock.now() - Duration::from_secs(36_000));
    call(&client).await.unwrap_err();
    assert_eq!(world.asked(), 1);
    world.pass(60);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_cleared_quota_ends_the_pauses_that_a_quota_caused_and_of_that_account_alone() {
    let world = World::new().await;
    let [second, third] = [new_appid(), new_appid()];
    for appid in [&second, &third] {
        world.sim.add_app(App::new(appid, SECRET)).unwrap();
        world.shelf.set_secret(appid, SECRET);
    }
    let client = world.client();
    let paused = async |appid: &str| {
        let outcome = client.get(PATH).appid(appid).send().await;
        outcome.err().and_then(|error| error.errcode())
    };
    for (appid, code) in [(&world.appid, 40164), (&second, 45009), (&third, 45009)] {
        world.sim.fault(TOKEN, Fault::errcode(code).times(1));
        assert_eq!(paused(appid).await, Some(i64::from(code)));
    }
    for (appid, line) in [(&world.appid, Line::Stable), (&second, Line::Stable)] {
        let token = world.sim.account(appid).unwrap().rotate_elsewhere(line);
        let clear = client.post("/cgi-bin/clear_quota").appid(appid);
        let cleared = clear.adapter_storage(live(&world, appid, &token)).json(&json!({ "appid": appid }));
        assert_eq!(cleared.send().await.unwrap().errcode(), Some(0));
    }
    assert_eq!(paused(&world.appid).await, Some(40164), "of another cause");
    assert_eq!(paused(&second).await, None);
    assert_eq!(paused(&third).await, Some(45009), "of another account");
}

fn live(world: &World, appid: &str, token: &str) -> Shelf {
    let shelf = Shelf::default();
    shelf.put_value(appid, token, world.sim.clock().unix());
    shelf
}

#[tokio::test]
async fn a_quota_that_was_not_cleared_ends_no_pause() {
    let world = World::new().await;
    world.sim.fault(TOKEN, Fault::errcode(45009).times(1));
    let client = world.client();
    call(&client).await.unwrap_err();
    world.sim.fault("/cgi-bin/clear_quota", Fault::errcode(48006).times(1));
    let token = world.account().rotate_elsewhere(Line::Stable);
    let clear = client
        .post("/cgi-bin/clear_quota")
        .adapter_storage(live(&world, &world.appid, &token))
        .json(&json!({ "appid": world.appid }));
    assert_eq!(clear.send().await.unwrap().errcode(), Some(48006));
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_token_that_came_back_is_no_younger_for_it() {
    let world = World::new().await;
    let client = world.builder().expires_in(Duration::from_secs(5000));
    let client = client.build().unwrap();
    let first = client.fetch_access_token().await.unwrap();
    world.pass(5001);
    let again = client.fetch_access_token().await.unwrap();
    assert_eq!(again.access_token(), first.access_token());
    world.account().revoke(Line::Stable);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn a_failure_of_another_kind_starts_its_own_pauses() {
    let world = World::new().await;
    let client = world.client();
    for (code, pause) in [(40164, 60), (40164, 120), (40125, 60), (40164, 60), (40243, 600)] {
        world.sim.fault(TOKEN, Fault::errcode(code).times(1));
        let error = call(&client).await.unwrap_err();
        assert_eq!(
            (error.errcode(), error.retry_after()),
            (Some(i64::from(code)), Some(Duration::from_secs(pause)))
        );
        world.pass(pause);
    }
}

#[test]
fn the_numbers_are_those_of_the_protocol() {
    let by = RefreshSettings::default();
    assert_eq!(
        [
            by.margin,
            by.shortest_life,
            by.gap,
            by.upstream_timeout,
            by.storage_timeout,
            by.lease,
            by.background_pause
        ]
        .map(|duration| duration.as_secs()),
        [300, 60, 30, 5, 5, 15, 1]
    );
    assert_eq!((by.refusals_per_day, by.forced_per_day), (100, 20));
}

#[tokio::test]
async fn a_used_up_budget_starts_anew_at_midnight_in_beijing() {
    let world = World::new().await;
    let clock = world.sim.clock();
    let day = 86_400;
    let midnight = (clock.unix() / day + 2) * day - 8 * 3600;
    clock.set(std::time::UNIX_EPOCH + Duration::from_secs(midnight - 1800));
    let mut settings = RefreshSettings::default();
    settings.refusals_per_day = 1;
    let client = world.builder().refresh(settings).build().unwrap();
    call(&client).await.unwrap();
    world.pass(40);
    world.account().revoke(Line::Stable);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);

    world.pass(40);
    world.account().revoke(Line::Stable);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1720)));
    world.pass(1719);
    call(&client).await.unwrap_err();
    assert_eq!(world.asked(), 2);
    world.pass(1);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 3);
}
