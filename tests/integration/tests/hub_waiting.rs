//! Clients that wait for each other's questions to a hub, and what of one's trouble is not another's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wechat_integration_tests::{
    Asked, Hubbed, Reply, Shelf, StubHub, World, assert_left_alone, call, either, granting, in_time,
    new_appid, token, value,
};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{
    Bound, Client, Common, ErrorKind, RefreshSettings, Secret, Ticket, TicketType, Token, async_trait,
    storage,
};

/// Settings by which a whole refresh takes no longer than this, and a callback may take so long.
fn patience(lease: u64, callback: u64) -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(lease);
    settings.storage_timeout = Duration::from_millis(callback / 2);
    settings.upstream_timeout = Duration::from_millis(callback / 2);
    settings
}

#[tokio::test]
async fn whoever_has_more_patience_does_not_fail_with_those_who_have_less() {
    let world = World::new().await;
    for refreshes in [false, true] {
        let (gate, clock, appid) = (Arc::new(Semaphore::new(0)), world.sim.clock(), new_appid());
        let held = gate.clone();
        let answer = move |_: &Asked| Reply::original(token("T1", clock.unix()), clock.unix()).held_by(&held);
        let hub = StubHub::start(answer).await;
        let client = |settings: RefreshSettings| {
            let storage = Bound::new(HubClient::new(hub.url()), ());
            world.builder_on(storage).appid(&appid).refresh(settings).build().unwrap()
        };
        let (hasty, patient) = (client(patience(15_000, 40)), client(RefreshSettings::default()));
        let stale = Secret::from("OLD");
        let ask = async |client: &Client<Common>| {
            if refreshes {
                client.refresh_access_token(&stale).await
            } else {
                client.fetch_access_token().await
            }
        };
        let first = async {
            let outcome = ask(&hasty).await;
            // Only when its patience is over is there an answer.
            gate.add_permits(10);
            outcome
        };
        let (first, second) = in_time(async { tokio::join!(first, ask(&patient)) }).await;
        assert_eq!(first.unwrap_err().kind(), ErrorKind::Storage);
        assert_eq!(value(&second.unwrap()), "T1", "{refreshes}");
    }
}

#[tokio::test]
async fn a_report_that_is_not_answered_is_not_sent_again_by_those_who_wait_for_it() {
    let hubbed = Hubbed::new().await;
    let Hubbed { world, hub, token, .. } = &hubbed;
    let never = Arc::new(Semaphore::new(0));
    hub.answer(either(granting(world, token), move |_| Reply::raw("").held_by(&never)));
    let storage = HubClient::new(hub.url()).timeout(Duration::from_secs(10));
    let settings = patience(400, 20_000);
    let client = world.builder_on(Bound::new(storage, ())).refresh(settings).build().unwrap();
    let stale = Secret::from(token.as_str());
    let all = (0..20).map(|_| client.refresh_access_token(&stale));
    for outcome in in_time(futures_util::future::join_all(all)).await {
        assert!(outcome.is_err());
    }
    assert_eq!(hub.counts().1, 1, "one report");
    assert_left_alone(world);
}

/// The storage of an owner that comes by tokens at another hub, in its own way.
struct Elsewhere {
    shelf: Shelf,
    other: HubClient,
}

#[async_trait]
impl storage::Hub for Elsewhere {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        storage::Hub::fetch_secret_key(&self.shelf, appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        storage::Hub::fetch_access_token(&self.shelf, appid, &()).await
    }

    async fn refresh_access_token(
        &self,
        appid: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        storage::Client::fetch_access_token(&self.other, appid, &()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        storage::Hub::save_access_token(&self.shelf, appid, token, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

/// A day's quota that is used up elsewhere is no word of WeChat's here.
#[tokio::test]
async fn what_a_storages_own_hub_is_refused_pauses_as_a_storages_trouble_does() {
    let world = World::new().await;
    let refused =
        r#"{"errcode":45009,"message":"reach max api daily quota","reason":null,"http_status":200}"#;
    let hub = StubHub::start(move |_| Reply::original(refused, 1_795_357_423)).await;
    let storage = Elsewhere { shelf: world.shelf.clone(), other: HubClient::new(hub.url()) };
    let client = world.builder_on(Bound::new(storage, ())).build().unwrap();
    let error = client.fetch_access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.retry_after().unwrap() <= Duration::from_secs(2), "{error}");
    hub.answer(granting(&world, "T1"));
    world.pass(2);
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), "T1");
    assert_eq!(world.asked(), 0);
}

/// Binds something when it is dropped.
struct Lingering(u32);

impl Drop for Lingering {
    fn drop(&mut self) {
        drop(Bound::<Common>::new(HubClient::new("http://hub.example/at-the-end"), ()));
    }
}

#[async_trait]
impl storage::Client for Lingering {
    type Args = ();

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    fn shared_as(&self, (): &()) -> Option<String> {
        Some(self.0.to_string())
    }
}

#[test]
fn adapters_of_many_names_are_let_go_whatever_they_do_then() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for name in 0..300 {
            drop(Bound::<Common>::new(Lingering(name), ()));
        }
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(20)).expect("nothing waits for itself");
}

/// A name is kept as long as somebody has it, however many come after it.
#[tokio::test]
async fn a_binding_that_is_held_keeps_its_copies_whatever_others_come() {
    let Hubbed { world: _world, hub, client, .. } = Hubbed::new().await;
    call(&client).await.unwrap();
    for name in 0..300 {
        drop(Bound::<Common>::new(HubClient::new(format!("http://hub.example/{name}")), ()));
    }
    client
        .get(wechat_integration_tests::PATH)
        .adapter_storage(HubClient::new(hub.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(hub.counts(), (1, 0));
}
