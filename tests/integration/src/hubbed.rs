//! A world whose platform knows a token that a hub elsewhere has.

use std::future::IntoFuture;
use std::time::Duration;

use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Bound, Client, Common, Error, Token};
use wechat_simulator::Line;

use crate::{Asked, PATH, Reply, StubHub, World};

/// A token that no platform knows.
pub const STALE: &str = "a-stale-token";

/// A moment of records whose age is no matter, in Unix seconds.
pub const GRANTED: u64 = 1_795_357_423;

/// The paths by which WeChat grants what a hub has to ask for, and its clients never.
const GRANTING: [&str; 3] = ["/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"];

/// A platform, a hub, and a client of both, by the platform's clock.
pub struct Hubbed {
    pub world: World,
    pub hub: StubHub,
    pub client: Client<Common>,
    /// The token that the platform knows.
    pub token: String,
}

impl Hubbed {
    /// The hub hands out a token that the platform takes, each time as if it were granted at that moment.
    pub async fn new() -> Self {
        let world = World::new().await;
        let token = world.account().rotate_elsewhere(Line::Stable);
        let hub = StubHub::start(granting(&world, &token)).await;
        let client = through(&world, &HubClient::new(hub.url()));
        Self { world, hub, client, token }
    }

    /// The hub hands out a token that the platform refuses, and answers so to who reports it.
    pub async fn refused(refresh: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let this = Self::new().await;
        this.hub.answer(either(granting(&this.world, STALE), refresh));
        this
    }

    /// The tokens that calls came with, in their order.
    pub fn tokens_sent(&self) -> Vec<String> {
        self.world.query_of(PATH, "access_token")
    }
}

/// A client of this hub, by the clock of the platform that it calls.
pub fn through(world: &World, hub: &HubClient) -> Client<Common> {
    world.builder_on(Bound::new(hub.clone(), ())).build().expect("the settings are right")
}

/// A record as a hub writes it, with its value under `key`.
pub fn record(key: &str, value: &str, expires_in: &str, timestamp: &str) -> String {
    let value = serde_json::to_string(value).expect("a string is JSON");
    format!(r#"{{"{key}":{value},"expires_in":{expires_in},"timestamp":{timestamp}}}"#)
}

/// The record of a token, granted for two hours.
pub fn token(value: &str, timestamp: u64) -> String {
    record("access_token", value, "7200", &timestamp.to_string())
}

/// Grants this token, always at this moment.
pub fn granting(world: &World, value: &str) -> impl FnMut(&Asked) -> Reply + Send + use<> {
    let (clock, value) = (world.sim.clock(), value.to_owned());
    move |_| Reply::original(token(&value, clock.unix()), clock.unix())
}

/// Answers to questions so, and to reports of tokens that are no good otherwise.
pub fn either(
    mut fetch: impl FnMut(&Asked) -> Reply + Send,
    mut refresh: impl FnMut(&Asked) -> Reply + Send,
) -> impl FnMut(&Asked) -> Reply + Send {
    move |asked| if asked.is_post() { refresh(asked) } else { fetch(asked) }
}

pub fn value(token: &Token) -> &str {
    token.access_token().expose()
}

/// WeChat is asked for no token and no ticket, whatever happens: that is the hub's.
pub fn assert_left_alone(world: &World) {
    assert_eq!(GRANTING.map(|path| world.calls(path)), [0; 3], "WeChat is not asked");
}

/// What every error is: it tells what to do, and tells no secret.
pub fn assert_tells(error: &Error, secrets: &[&str], context: &str) {
    let (text, whole) = (error.to_string(), format!("{error} {error:?}"));
    assert!(!error.advice().is_empty() && text.ends_with(error.advice()), "{context}: {text}");
    for secret in secrets {
        assert!(!whole.contains(secret), "{context}: {whole}");
    }
}

/// Waits much longer than anything may take.
pub async fn in_time<T>(work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work.into_future()).await.expect("it ends in its time")
}

/// Gives everything that can run its turn, on a runtime of one thread.
pub async fn everybody_waits() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
