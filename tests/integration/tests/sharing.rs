//! What is shared between callers, accounts, platforms, kinds of token and storages, and what is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use wechat_integration_tests::{PATH, Regional, SECRET, Shelf, World, call, new_appid, tokens_at_once};
use wechat_runtime::{
    Bound, Client, Common, ErrorKind, RefreshSettings, Secret, Ticket, TicketType, Token, TokenKind,
    async_trait, storage,
};
use wechat_simulator::{App, Fault, Line, Simulator};

const TOKEN: &str = "/cgi-bin/stable_token";

/// A shelf of which a read can be held: it has looked, and answers when it is let go.
#[derive(Clone, Default)]
struct Slow {
    shelf: Shelf,
    held: Arc<Mutex<Option<Hold>>>,
}

struct Hold {
    /// How many reads go through before the one that is held.
    after: usize,
    looking: oneshot::Sender<()>,
    gone: oneshot::Receiver<()>,
}

struct HeldRead {
    looked: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Slow {
    fn with_secret(appid: &str) -> Self {
        let slow = Self::default();
        slow.shelf.set_secret(appid, SECRET);
        slow
    }

    fn hold_next_read(&self) -> HeldRead {
        self.hold_read_after(0)
    }

    fn hold_read_after(&self, after: usize) -> HeldRead {
        let (looking, looked) = oneshot::channel();
        let (go, gone) = oneshot::channel();
        *self.held.lock().unwrap() = Some(Hold { after, looking, gone });
        HeldRead { looked, go }
    }

    fn take_hold(&self) -> Option<Hold> {
        let mut next = self.held.lock().unwrap();
        match next.as_mut() {
            Some(hold) if hold.after > 0 => {
                hold.after -= 1;
                None
            }
            _ => next.take(),
        }
    }
}

#[async_trait]
impl storage::Hub for Slow {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.shelf.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        let seen = self.shelf.fetch_access_token(appid, &()).await;
        if let Some(hold) = self.take_hold() {
            hold.looking.send(()).unwrap();
            hold.gone.await.unwrap();
        }
        seen
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.shelf.save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

fn on(world: &World, storage: &Slow) -> Client<Common> {
    world.builder_on(Bound::new(storage.clone(), ())).build().unwrap()
}

fn value(token: &Token) -> &str {
    token.access_token().expose()
}

/// Gives everything that can run its turn, on a runtime of one thread.
async fn everybody_waits() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// On one thread all callers have asked before the first read is answered.
#[tokio::test]
async fn five_hundred_callers_of_one_binding_read_the_storage_once() {
    let world = World::new().await;
    let failed = tokens_at_once(500, &world.client()).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.shelf.reads(), 2, "one read, and one more before asking WeChat");
}

#[tokio::test]
async fn two_accounts_of_one_binding_read_at_once_get_each_its_own() {
    let world = World::new().await;
    let second = new_appid();
    let account = world.sim.add_app(App::new(&second, SECRET)).unwrap();
    let now = world.sim.clock().unix();
    let own = [world.account().rotate_elsewhere(Line::Stable), account.rotate_elsewhere(Line::Stable)];
    world.shelf.put_value(&world.appid, &own[0], now);
    world.shelf.put_value(&second, &own[1], now);
    let client = world.client();
    let (first, other) = tokio::join!(client.get(PATH).send(), client.get(PATH).appid(&second).send());
    assert_eq!((first.unwrap().errcode(), other.unwrap().errcode()), (None, None));
    let mut sent = world.query_of(PATH, "access_token");
    sent.sort_unstable();
    let mut own = own.to_vec();
    own.sort_unstable();
    assert_eq!((sent, world.asked()), (own, 0));
}

#[tokio::test]
async fn a_local_copy_is_of_one_platform() {
    let world = World::new().await;
    let elsewhere = Simulator::builder().app(&world.appid, SECRET).start().await.unwrap();
    let client = world.client();
    call(&client).await.unwrap();
    let there = elsewhere.account(&world.appid).unwrap().rotate_elsewhere(Line::Stable);
    world.shelf.put_value(&world.appid, &there, world.sim.clock().unix());
    client.get(PATH).base_url(elsewhere.base_url()).send().await.unwrap();
    let ledger = elsewhere.ledger();
    let sent: Vec<_> = ledger
        .calls_to(PATH)
        .iter()
        .map(|call| call.query_value("access_token").unwrap().to_owned())
        .collect();
    assert_eq!(sent, [there]);
}

#[tokio::test]
async fn a_local_copy_is_of_one_kind_of_token() {
    let world = World::new().await;
    let bound = Bound::new(world.shelf.clone(), ());
    let stable = world.builder_on(bound.clone()).build().unwrap();
    call(&stable).await.unwrap();
    let classic = world.builder_on(bound).token(TokenKind::Classic).build().unwrap();
    let token = classic.fetch_access_token().await.unwrap();
    assert_eq!(Some(value(&token)), world.account().current_token(Line::Classic).as_deref());
}

#[tokio::test]
async fn the_two_kinds_of_token_have_cool_downs_of_their_own() {
    let world = World::new().await;
    world.sim.fault(TOKEN, Fault::errcode(40164));
    call(&world.client()).await.unwrap_err();
    let classic = world.builder().token(TokenKind::Classic).build().unwrap();
    call(&classic).await.unwrap();
}

#[tokio::test]
async fn storages_of_two_types_have_cool_downs_of_their_own() {
    let world = World::new().await;
    world.sim.fault(TOKEN, Fault::errcode(40164).times(1));
    call(&world.client()).await.unwrap_err();
    let other = Regional::default();
    other.shanghai.set_secret(&world.appid, SECRET);
    let other = Bound::new(other, wechat_integration_tests::Region::Shanghai);
    call(&world.builder_on(other).build().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_slow_read_does_not_put_an_older_token_over_a_refreshed_one() {
    let world = World::new().await;
    let storage = Slow::with_secret(&world.appid);
    let old = world.account().rotate_elsewhere(Line::Stable);
    storage.shelf.put_value(&world.appid, &old, world.sim.clock().unix());
    world.account().revoke(Line::Stable);
    world.pass(60);
    let client = on(&world, &storage);

    let mut read = storage.hold_next_read();
    let reader = tokio::spawn({
        let client = client.clone();
        async move { client.fetch_access_token().await }
    });
    (&mut read.looked).await.unwrap();
    let new = client.refresh_access_token(&Secret::from(old.as_str())).await.unwrap();
    assert_ne!(value(&new), old);
    read.go.send(()).unwrap();
    assert_eq!(value(&reader.await.unwrap().unwrap()), old, "what the read saw");
    assert_eq!(client.fetch_access_token().await.unwrap(), new);
}

#[tokio::test]
async fn a_storage_that_fails_one_leader_fails_no_waiter_on_another_storage() {
    let world = World::new().await;
    let [failing, sound] = [(); 2].map(|()| Slow::with_secret(&world.appid));
    let mut read = failing.hold_next_read();
    failing.shelf.fail_reads(true);
    let leader = tokio::spawn({
        let client = on(&world, &failing);
        async move { client.refresh_access_token(&Secret::from("stale")).await }
    });
    (&mut read.looked).await.unwrap();
    let waiter = tokio::spawn({
        let client = on(&world, &sound);
        async move { client.refresh_access_token(&Secret::from("stale")).await }
    });
    everybody_waits().await;
    read.go.send(()).unwrap();
    assert_eq!(leader.await.unwrap().unwrap_err().kind(), ErrorKind::Storage);
    waiter.await.unwrap().unwrap();
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_refusal_that_must_wait_makes_no_caller_without_a_token_wait() {
    let world = World::new().await;
    let [refused, empty] = [(); 2].map(|()| Slow::with_secret(&world.appid));
    let client = on(&world, &refused);
    let young = client.fetch_access_token().await.unwrap();
    let mut read = refused.hold_next_read();
    let leader = tokio::spawn(async move { client.refresh_access_token(young.access_token()).await });
    (&mut read.looked).await.unwrap();
    let waiter = tokio::spawn({
        let client = on(&world, &empty);
        async move { client.fetch_access_token().await }
    });
    everybody_waits().await;
    read.go.send(()).unwrap();
    assert_eq!(leader.await.unwrap().unwrap_err().kind(), ErrorKind::TokenRejected);
    waiter.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_expired_token_in_the_storage_is_no_answer_to_a_refusal() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    world.shelf.put_value(&world.appid, "another, of long ago", 1);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);
    assert!(!world.query_of(PATH, "access_token").contains(&"another, of long ago".to_owned()));
}

#[tokio::test]
async fn a_refresh_takes_no_longer_than_the_lease() {
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(100);
    settings.upstream_timeout = Duration::from_secs(600);
    world.sim.fault(TOKEN, Fault::hang().times(1));
    let client = world.builder().refresh(settings).build().unwrap();
    let refreshed = tokio::time::timeout(Duration::from_secs(10), client.fetch_access_token()).await;
    let error = refreshed.expect("the caller is answered").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    world.pass(2);
    client.fetch_access_token().await.unwrap();
}

#[tokio::test]
async fn a_panic_in_a_refresh_is_a_typed_error_and_wedges_nothing() {
    let world = World::new().await;
    let broken = Arc::new(AtomicBool::new(true));
    let (clock, reading) = (world.sim.clock(), broken.clone());
    let client = world.builder().clock(move || {
        assert!(!reading.load(Ordering::SeqCst), "the clock fell down");
        clock.now()
    });
    let client = client.build().unwrap();
    let refreshed = tokio::time::timeout(Duration::from_secs(10), client.fetch_access_token()).await;
    let error = refreshed.expect("the caller is answered").unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    broken.store(false, Ordering::SeqCst);
    call(&client).await.unwrap();
}

#[tokio::test]
async fn a_refused_token_that_another_binding_still_stores_is_not_its_answer() {
    let world = World::new().await;
    let [empty, stale] = [(); 2].map(|()| Slow::with_secret(&world.appid));
    stale.shelf.put_value(&world.appid, "refused", world.sim.clock().unix());
    let mut read = empty.hold_read_after(1);
    let leader = tokio::spawn({
        let client = on(&world, &empty);
        async move { client.fetch_access_token().await }
    });
    (&mut read.looked).await.unwrap();
    let waiter = tokio::spawn({
        let client = on(&world, &stale);
        async move { client.refresh_access_token(&Secret::from("refused")).await }
    });
    everybody_waits().await;
    read.go.send(()).unwrap();
    let led = leader.await.unwrap().unwrap();
    let got = waiter.await.unwrap().unwrap();
    assert_eq!(value(&got), value(&led), "asked again, stable_token answers the same");
    assert_eq!(stale.shelf.value(&world.appid).as_deref(), Some(value(&got)));
}

#[tokio::test]
async fn a_refusal_that_waits_for_a_refresh_does_not_take_the_refused_token_from_it() {
    let world = World::new().await;
    let storage = Slow::with_secret(&world.appid);
    let client = world
        .builder_on(Bound::new(storage.clone(), ()))
        .expires_in(Duration::from_secs(5000))
        .build()
        .unwrap();
    let first = client.fetch_access_token().await.unwrap();
    // By the declaration it ages; stable_token will answer with the same one.
    world.pass(4900);
    let mut read = storage.hold_next_read();
    client.fetch_access_token().await.unwrap();
    (&mut read.looked).await.unwrap();
    let waiter = tokio::spawn({
        let (client, stale) = (client.clone(), first.access_token().clone());
        async move { client.refresh_access_token(&stale).await }
    });
    everybody_waits().await;
    read.go.send(()).unwrap();
    let second = waiter.await.unwrap().unwrap();
    assert_ne!(value(&second), value(&first));
    assert_eq!(world.asked(), 4, "cold, ageing, refused, and forced");
}

#[tokio::test]
async fn what_was_read_is_kept_from_call_to_call() {
    let world = World::new().await;
    let live = world.account().rotate_elsewhere(Line::Stable);
    world.shelf.put_value(&world.appid, &live, world.sim.clock().unix());
    let client = world.client();
    for _ in 0..10 {
        call(&client).await.unwrap();
    }
    assert_eq!((world.shelf.reads(), world.asked()), (1, 0));
}

#[tokio::test]
async fn while_refreshing_fails_an_ageing_token_is_served_and_the_storage_left_alone() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    world.pass(7000);
    world.sim.fault(TOKEN, Fault::status(502));
    let before = world.shelf.reads();
    for _ in 0..20 {
        call(&client).await.unwrap();
        everybody_waits().await;
    }
    world.sim.arrived(TOKEN, 2).await;
    assert_eq!((world.shelf.reads() - before, world.asked()), (1, 2));
}

#[tokio::test]
async fn a_refusal_of_an_older_token_is_answered_by_the_copy_while_the_storage_is_down() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = client.fetch_access_token().await.unwrap();
    world.account().revoke(Line::Stable);
    call(&client).await.unwrap();
    world.shelf.fail_reads(true);
    let new = client.refresh_access_token(old.access_token()).await.unwrap();
    assert_ne!(new.access_token(), old.access_token());
    assert_eq!(world.asked(), 2);
}
