//! A storage that fails is not an empty one.

use std::error::Error as _;
use std::time::Duration;

use wechat_integration_tests::{PATH, Region, Regional, SECRET, World, at_once, call, calls_at_once};
use wechat_runtime::{
    Bound, ErrorKind, RefreshSettings, Secret, Ticket, TicketType, Token, TokenKind, async_trait, storage,
};
use wechat_simulator::{Fault, Line};

fn quick() -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    settings.storage_timeout = Duration::from_millis(50);
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_cannot_be_read_causes_no_fetch_and_its_error_is_kept() {
    let world = World::new().await;
    let client = world.client();
    world.shelf.fail_reads(true);
    let failed = calls_at_once(100, &client).await;
    assert_eq!(failed.len(), 100);
    for error in failed {
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.source().unwrap().to_string().contains("the shelf is down"), "{error:?}");
    }
    assert_eq!(world.asked(), 0);

    world.shelf.fail_reads(false);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 1, "it recovers by itself");
}

#[tokio::test]
async fn a_live_copy_is_served_while_the_storage_is_down() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.shelf.fail_reads(true);
    world.shelf.fail_saves(true);
    for _ in 0..10 {
        call(&client).await.unwrap();
        world.pass(700);
    }
    assert_eq!(world.asked(), 1);
    world.pass(7200);
    assert_eq!(call(&client).await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(world.asked(), 1, "not even for an expired one");
}

#[tokio::test]
async fn a_refusal_while_the_storage_is_down_causes_no_fetch() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    world.shelf.fail_reads(true);
    assert_eq!(call(&client).await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(world.asked(), 1);
    world.shelf.fail_reads(false);
    call(&client).await.unwrap();
}

#[tokio::test]
async fn a_storage_that_hangs_or_panics_is_a_typed_error_in_time() {
    let world = World::new().await;
    let client = world.builder().refresh(quick()).build().unwrap();
    world.shelf.hang_reads(true);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.source().unwrap().to_string().contains("in time"));
    world.shelf.hang_reads(false);

    world.shelf.panic_reads(true);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.source().unwrap().to_string().contains("panicked"));
    world.shelf.panic_reads(false);

    assert_eq!(world.asked(), 0);
    call(&client).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_saved_is_served_and_not_fetched_again_by_each() {
    let world = World::new().await;
    let client = world.client();
    world.shelf.fail_saves(true);
    let failed = calls_at_once(50, &client).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 1);

    // Another binding does not find it in the storage, and is given it all the same.
    let failed = calls_at_once(50, &world.client()).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((world.asked(), world.shelf.saves()), (1, 0));

    // The next one who looks has it saved.
    world.shelf.fail_saves(false);
    call(&world.client()).await.unwrap();
    assert_eq!((world.asked(), world.shelf.saves()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_refresh_leaves_a_live_token_in_place() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = world.shelf.token(&world.appid).unwrap();
    world.pass(7000 - 60);
    world.sim.fault("/cgi-bin/stable_token", Fault::status(502));
    let failed = calls_at_once(50, &client).await;
    assert!(failed.is_empty(), "it still lives: {failed:?}");
    world.sim.arrived("/cgi-bin/stable_token", 2).await;
    assert_eq!(world.shelf.token(&world.appid), Some(old));
    call(&client).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_refresh_is_shared_by_all_who_wait() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.pass(7201);
    world.sim.fault("/cgi-bin/stable_token", Fault::status(502));
    let failed = calls_at_once(100, &client).await;
    assert_eq!((failed.len(), world.asked()), (100, 2));
    assert!(failed.iter().all(|error| error.kind() == ErrorKind::Status && error.http_status() == Some(502)));
    assert!(failed.iter().all(|error| error.endpoint() == Some("/cgi-bin/stable_token")));
}

/// Takes what it is given and never shows it, as a replica that lags does.
#[derive(Clone)]
struct Lagging(wechat_integration_tests::Shelf);

#[async_trait]
impl storage::Hub for Lagging {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.0.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn save_access_token(&self, _: &str, token: Token, (): &()) -> storage::Result<Token> {
        Ok(token)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_does_not_show_what_it_was_given_costs_one_fetch() {
    let world = World::new().await;
    let client = world.builder().token(TokenKind::Classic).build().unwrap();
    let storage = Lagging(world.shelf.clone());
    let failed = at_once(100, || {
        let call = client.get(PATH).adapter_storage(storage.clone());
        async move { call.send().await?.error_for_errcode() }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn one_bindings_storage_trouble_is_not_anothers() {
    let world = World::new().await;
    let storage = Regional::default();
    storage.shanghai.set_secret(&world.appid, SECRET);
    storage.beijing.set_secret(&world.appid, SECRET);
    storage.shanghai.fail_saves(true);
    storage.shanghai.fail_reads(true);
    let client = world.client();
    let through = |region| client.get(PATH).adapter_storage_with(storage.clone(), region).send();
    assert_eq!(through(Region::Shanghai).await.unwrap_err().kind(), ErrorKind::Storage);
    through(Region::Beijing).await.unwrap();
}

#[tokio::test]
async fn a_storage_too_slow_to_leave_time_for_asking_is_told_so_and_costs_no_fetch() {
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(100);
    settings.storage_timeout = Duration::from_secs(5);
    let client = world.builder().refresh(settings).build().unwrap();
    world.shelf.slow_reads(Duration::from_millis(80));
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("slow"), "{error}");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn an_account_without_a_secret_is_told_so() {
    let world = World::new().await;
    let error = world.client().get(PATH).appid("wxnobody").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("no secret"), "{error}");
    assert_eq!(error.appid(), Some("wxnobody"));
}

/// What a hub would say: a token, or nothing, and another one when told that it is no good.
struct ToldByHub {
    fetched: Option<Token>,
    refreshed: Option<Token>,
}

#[async_trait]
impl storage::Client for ToldByHub {
    type Args = ();

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(self.fetched.clone())
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(self.refreshed.clone())
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_client_of_a_hub_never_asks_wechat_for_a_token() {
    let world = World::new().await;
    let now = world.sim.clock().unix();
    let token = |value: &str| Some(Token::new(TokenKind::Classic, value, now, 7200));
    let good = world.account().rotate_elsewhere(Line::Stable);
    let cases = [
        (None, None, Some(ErrorKind::Storage)),
        (None, token(&good), None),
        (token("bad"), token(&good), None),
        (token("bad"), token("bad"), Some(ErrorKind::TokenRejected)),
        (token("bad"), token("worse"), Some(ErrorKind::TokenRejected)),
        (token("bad"), None, Some(ErrorKind::Storage)),
        (Some(Token::new(TokenKind::Stable, "old", 1, 7200)), None, Some(ErrorKind::Storage)),
    ];
    for (fetched, refreshed, expected) in cases {
        let client = world.builder_on(Bound::new(ToldByHub { fetched, refreshed }, ())).build().unwrap();
        let outcome = call(&client).await;
        assert_eq!(outcome.err().map(|error| error.kind()), expected);
        // Past the gap between two reports.
        world.pass(30);
        for path in ["/cgi-bin/token", "/cgi-bin/stable_token", "/sns/jscode2session"] {
            let error = client.get(path).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request, "{path}");
        }
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn an_adapter_behind_an_arc_is_the_adapter() {
    let world = World::new().await;
    world.shelf.set_secret(&world.appid, SECRET);
    let shared: std::sync::Arc<dyn storage::Hub<Args = ()>> = std::sync::Arc::new(world.shelf.clone());
    let client = world.builder_on(Bound::new(shared, ())).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(world.shelf.saves(), 1);
}
