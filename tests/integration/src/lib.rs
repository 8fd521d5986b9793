//! A world to try the client in: the simulator, a storage that can be told to fail, a client between them.

mod agency;
pub mod asking;
pub mod assembly;
mod authorizer_file;
mod cabinet;
pub mod callbacks;
pub mod fault_proxy;
pub mod hub_work;
mod hubbed;
pub mod manners;
pub mod orders;
pub mod process;
pub mod processes;
pub mod redb_file;
pub mod redis_server;
pub mod seen;
mod shelf;
mod shops;
mod stack;
mod stub_hub;
pub mod tickets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use wechat_runtime::{Bound, Client, ClientBuilder, Common, Error, Response};
use wechat_simulator::{Account, Line, Simulator};

pub use self::agency::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, QUERY_AUTH, call_for, exchange,
};
pub use self::assembly::Shared;
pub use self::authorizer_file::AuthorizerFile;
pub use self::cabinet::Cabinet;
pub use self::hubbed::{
    GRANTED, Hubbed, STALE, assert_left_alone, assert_tells, either, everybody_waits, granting, in_time,
    record, through, token, value,
};
pub use self::shelf::{Region, Regional, Shelf};
pub use self::shops::{GETTICKET, Shops};
pub use self::stack::{inside, stack};
pub use self::stub_hub::{Asked, Reply, StubHub, http_date};

/// The app secret of every account in these tests.
pub const SECRET: &str = "an-app-secret";

/// A path that answers with something when its token is good.
pub const PATH: &str = "/cgi-bin/getcallbackip";

/// How many connections a client may have open to the platform in the crowded tests.
pub const MOST_CONNECTIONS: usize = 256;

/// How many calls are on the wire at once then. A pool that finds no idle connection opens one and may get
/// an idle one meanwhile, so it has more connections than calls.
const ON_THE_WIRE: usize = 128;

/// One account on a platform of its own, its storage, and the clock of both.
pub struct World {
    pub sim: Simulator,
    pub appid: String,
    pub shelf: Shelf,
}

impl World {
    pub async fn new() -> Self {
        let appid = new_appid();
        let sim = Simulator::builder().app(&appid, SECRET).start().await.expect("the simulator starts");
        let shelf = Shelf::default();
        shelf.set_secret(&appid, SECRET);
        Self { sim, appid, shelf }
    }

    /// A client of this world's account, by its clock, through its storage.
    pub fn builder(&self) -> ClientBuilder<Common> {
        self.builder_on(Bound::new(self.shelf.clone(), ()))
    }

    pub fn builder_on(&self, storage: Bound<Common>) -> ClientBuilder<Common> {
        let clock = self.sim.clock();
        Client::builder(storage)
            .appid(&self.appid)
            .base_url(self.sim.base_url())
            .clock(move || clock.now())
            .http(http())
    }

    pub fn client(&self) -> Client<Common> {
        self.builder().build().expect("the settings are right")
    }

    /// A client that holds a token old enough to be replaced.
    pub async fn warm_client(&self) -> Client<Common> {
        let client = self.client();
        call(&client).await.expect("the first call succeeds");
        self.pass(60);
        client
    }

    pub fn account(&self) -> Account {
        self.sim.account(&self.appid).expect("the account exists")
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    /// How many stable tokens the platform has issued.
    pub fn issued(&self) -> usize {
        self.sim.ledger().issued(&self.appid, Line::Stable)
    }

    /// How often the platform was asked for a token.
    pub fn asked(&self) -> usize {
        self.sim.ledger().token_calls(&self.appid)
    }

    /// How often a path was called.
    pub fn calls(&self, path: &str) -> usize {
        self.sim.ledger().calls_to(path).len()
    }

    /// The values of a query parameter in the calls of a path, in the order they came.
    pub fn query_of(&self, path: &str, name: &str) -> Vec<String> {
        let ledger = self.sim.ledger();
        let values = ledger.calls_to(path).into_iter().flat_map(|call| call.query().to_vec());
        values.filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }
}

/// An HTTP client's settings that lead to loopback whatever the environment says of proxies.
pub fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

/// An appid that no other test uses: what is known of refreshes is kept for the whole process.
pub fn new_appid() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("wx{:08x}{:08x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether this is the content of a file that the simulator generates.
pub fn is_generated(bytes: &[u8], length: usize) -> bool {
    bytes.len() == length && bytes.iter().zip((0..251).cycle()).all(|(byte, expected)| *byte == expected)
}

/// One plain call.
pub async fn call(client: &Client<Common>) -> Result<Response, Error> {
    client.get(PATH).send().await?.error_for_errcode()
}

/// As many calls at once, over at most [`MOST_CONNECTIONS`]
/// connections; answers with those that failed.
pub async fn calls_at_once(count: usize, client: &Client<Common>) -> Vec<Error> {
    at_once(count, || {
        let client = client.clone();
        async move { call(&client).await }
    })
    .await
}

/// As [`calls_at_once`], for any call; all of them wait at the gate to the wire.
pub async fn at_once<F, T>(count: usize, one: impl Fn() -> F) -> Vec<Error>
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let gate = Arc::new(Semaphore::new(ON_THE_WIRE));
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (gate, one) = (gate.clone(), one());
            tokio::spawn(async move {
                let _pass = gate.acquire().await;
                one.await
            })
        })
        .collect();
    let outcomes = join_all(tasks).await;
    outcomes.into_iter().filter_map(|outcome| outcome.expect("no call panics").err()).collect()
}

/// As many callers at once that want the token, with nothing between them.
pub async fn tokens_at_once(count: usize, client: &Client<Common>) -> Vec<Error> {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.fetch_access_token().await })
        })
        .collect();
    let outcomes = join_all(tasks).await;
    outcomes.into_iter().filter_map(|outcome| outcome.expect("no caller panics").err()).collect()
}
