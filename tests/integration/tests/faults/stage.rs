//! A platform in the test's process, a Redis server, and hubs in processes of their own, with a proxy on each of their
//! ways to both.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wechat_integration_tests::fault_proxy::FaultProxy;
use wechat_integration_tests::orders::{Does, HubOrder, HubSettings, Refresh, Store, Tally, Work};
use wechat_integration_tests::process::Process;
use wechat_integration_tests::redis_server::RedisServer;
use wechat_integration_tests::{SECRET, new_appid};
use wechat_runtime::adapters::Redis;
use wechat_runtime::{AuthorizerToken, Token, TokenKind, storage};
use wechat_simulator::{Account, Call, Cause, Component, ComponentAccount, Line, RefreshTokens, Simulator};

/// How many hubs there are.
pub(crate) const HUBS: usize = 4;

/// How much longer than promised anything may take on a machine that is busy.
pub(crate) const SLACK: Duration = Duration::from_secs(3);

/// How long it takes at most where nobody waits for anything, on such a machine.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);

/// How long one who is not in a hurry is ready to wait.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// How often is looked whether something has come about.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long one command of Redis may take, where no test waits for it.
const COMMAND: Duration = Duration::from_secs(4);

/// Where a classic token is granted.
pub(crate) const CLASSIC: &str = "/cgi-bin/token";

/// Refreshing with times that a test can wait for.
const BRISK: Refresh = Refresh {
    lease: Some(Duration::from_secs(2)),
    upstream_timeout: Some(Duration::from_millis(1500)),
    storage_timeout: Some(Duration::from_millis(1500)),
    // Hours pass here in a moment of Redis's clock, by which the gap goes.
    gap: Some(Duration::ZERO),
    background_pause: Some(Duration::from_millis(100)),
    transient: Some(Duration::from_millis(200)),
    address: None,
    quota_probe: None,
};

/// How long one who has no token waits at most where the leader dies: its lease, and one call.
pub(crate) const LEASE_AND_CALL: Duration = Duration::from_millis(2000 + 1500);

/// A hub, and its ways to Redis and to the platform.
pub(crate) struct Hub {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(crate) redis: FaultProxy,
    pub(crate) wechat: FaultProxy,
}

pub(crate) struct Stage {
    pub(crate) sim: Simulator,
    setting: Setting,
    prefix: String,
    /// Of common applications.
    pub(crate) appids: Vec<String>,
    /// A component's.
    pub(crate) component: String,
    /// The account's that has authorized it.
    pub(crate) shop: String,
    pub(crate) hubs: Vec<Hub>,
    /// Whether the hubs are not given the component's verify ticket when they start.
    pub(crate) without_verify_tickets: bool,
    http: reqwest::Client,
}

/// What is special about a stage.
pub(crate) struct Setting {
    /// None where the hubs have their storages in memory.
    redis: Option<RedisServer>,
    /// Which kind of token common applications have.
    pub(crate) line: Line,
    pub(crate) refresh: Refresh,
    /// How long one command of Redis may take.
    command_timeout: Duration,
    /// How many seconds the hubs' clocks are ahead, or behind.
    off_by: [i64; HUBS],
}

impl Setting {
    /// The usual numbers, and classic tokens; in memory, stable ones, of which one that is fetched leaves the others alone.
    pub(crate) fn on(redis: impl Into<Option<RedisServer>>) -> Self {
        let redis = redis.into();
        let line = if redis.is_some() { Line::Classic } else { Line::Stable };
        Self { redis, line, refresh: Refresh::default(), command_timeout: COMMAND, off_by: [0; HUBS] }
    }

    pub(crate) fn refresh(self, refresh: Refresh) -> Self {
        Self { refresh, ..self }
    }

    /// With times that a test can wait for.
    pub(crate) fn brisk(self) -> Self {
        Self { refresh: BRISK, command_timeout: Duration::from_secs(1), ..self }
    }

    pub(crate) fn off_by(self, off_by: [i64; HUBS]) -> Self {
        Self { off_by, ..self }
    }
}

impl Stage {
    pub(crate) async fn set(setting: Setting) -> Self {
        static STAGES: AtomicU64 = AtomicU64::new(0);
        let appids: Vec<_> = (0..9).map(|_| new_appid()).collect();
        let (component, shop) = (new_appid(), new_appid());
        let declared = Component::new(&component, SECRET).refresh_tokens(RefreshTokens::Rotated);
        let sim = appids.iter().fold(Simulator::builder(), |sim, appid| sim.app(appid, SECRET));
        let sim = sim.with_component(declared).start().await.expect("the simulator starts");
        let http = wechat_integration_tests::http().tls_certs_only([]).pool_max_idle_per_host(0);
        let mut this = Self {
            sim,
            setting,
            prefix: format!("faults{}", STAGES.fetch_add(1, Ordering::Relaxed)),
            appids,
            component,
            shop,
            hubs: Vec::new(),
            without_verify_tickets: false,
            http: http.build().expect("the settings are right"),
        };
        this.start_hubs().await;
        this
    }

    /// Starts the hubs, in place of those that there are.
    pub(crate) async fn start_hubs(&mut self) {
        self.hubs.clear();
        for index in 0..HUBS {
            let wechat = FaultProxy::to(self.sim.address()).await;
            // Without Redis, nothing goes through this one.
            let port =
                self.setting.redis.as_ref().map_or_else(|| self.sim.address().port(), RedisServer::port);
            let redis = FaultProxy::to(SocketAddr::from(([127, 0, 0, 1], port))).await;
            let process =
                Process::start(env!("CARGO_BIN_EXE_hub_owner"), &self.settings(index, &redis, &wechat));
            self.hubs.push(Hub { process, url: String::new(), redis, wechat });
        }
        for hub in &mut self.hubs {
            hub.url = hub.process.says().await;
        }
    }

    /// Starts the hubs again with other settings.
    pub(crate) async fn restart_as(&mut self, change: impl FnOnce(&mut Setting)) {
        change(&mut self.setting);
        self.start_hubs().await;
    }

    fn settings(&self, index: usize, redis: &FaultProxy, wechat: &FaultProxy) -> HubSettings {
        let appids = self.appids.iter().chain([&self.component]);
        let ticket = || (self.component.clone(), self.component().verify_ticket());
        let ticket = (!self.without_verify_tickets).then(ticket);
        let store = self.setting.redis.as_ref().map_or(Store::Memory, |_| Store::Redis {
            url: format!("redis://{}", redis.address()),
            prefix: self.prefix.clone(),
            command_timeout: self.setting.command_timeout,
        });
        HubSettings {
            base_url: format!("http://{}", wechat.address()),
            secrets: appids.map(|appid| (appid.clone(), SECRET.to_owned())).collect(),
            verify_tickets: ticket.into_iter().collect(),
            port: None,
            unix: self.sim.clock().unix(),
            off_by: self.setting.off_by[index],
            classic: self.setting.line == Line::Classic,
            store,
            refresh: self.setting.refresh,
        }
    }

    pub(crate) fn redis(&mut self) -> &mut RedisServer {
        self.setting.redis.as_mut().expect("this row needs one")
    }

    /// The appid of a common application that all rows are about which need no other.
    pub(crate) fn appid(&self) -> &str {
        &self.appids[0]
    }

    pub(crate) fn account(&self, appid: &str) -> Account {
        self.sim.account(appid).expect("it was declared")
    }

    pub(crate) fn component(&self) -> ComponentAccount {
        self.sim.component(&self.component).expect("it was declared")
    }

    /// Moves the platform's clock on, and those of these hubs.
    pub(crate) async fn pass(&mut self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
        self.tell_time().await;
    }

    /// Moves the platform's clock on, while no hub runs.
    pub(crate) fn pass_without_hubs(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    /// Tells the hubs what time it is by the platform's clock; not those that stand still or are gone.
    pub(crate) async fn tell_time(&mut self) {
        let unix = self.sim.clock().unix();
        for hub in &mut self.hubs {
            let () = hub.process.ask(&HubOrder::Clock(unix)).await;
        }
    }

    /// What some callers do, of this application.
    pub(crate) fn work(appid: &str, does: Does, callers: usize, within: Duration) -> Work {
        Work { appid: appid.to_owned(), authorizer: None, does, callers, within }
    }

    /// The same, of the account that has authorized the component.
    pub(crate) fn shop_work(&self, does: Does, callers: usize) -> Work {
        let authorizer = Some(self.shop.clone());
        Work { appid: self.component.clone(), authorizer, does, callers, within: LONG }
    }

    /// Has callers in one hub's process begin.
    pub(crate) async fn begin(&mut self, hub: usize, work: &Work) {
        let () = self.hubs[hub].process.ask(&HubOrder::Begin(work.clone())).await;
    }

    /// Waits until all callers in one hub's process have ended.
    pub(crate) async fn rest(&mut self, hub: usize) -> Tally {
        self.hubs[hub].process.ask(&HubOrder::Rest).await
    }

    /// Has callers do this in some hubs' processes, all at once, and waits until they have ended.
    pub(crate) async fn all_of(&mut self, hubs: &[usize], work: &Work) -> Tally {
        for hub in hubs {
            self.hubs[*hub].process.tell(&HubOrder::Begin(work.clone()));
        }
        for hub in hubs {
            let () = self.hubs[*hub].process.says().await;
        }
        let mut tally = Tally::default();
        for hub in hubs {
            tally = tally.and(self.rest(*hub).await);
        }
        tally
    }

    /// The same, in all of them.
    pub(crate) async fn all(&mut self, work: &Work) -> Tally {
        let hubs: Vec<_> = (0..self.hubs.len()).collect();
        self.all_of(&hubs, work).await
    }

    /// All that the hubs have warned of.
    pub(crate) async fn warnings(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for hub in &mut self.hubs {
            all.extend(hub.process.ask::<Vec<String>>(&HubOrder::Warnings).await);
        }
        all
    }

    /// Has the first of the hubs keep a new verify ticket, as it does when WeChat pushes one.
    pub(crate) async fn push_verify_ticket(&mut self) -> bool {
        let (component, ticket) = (self.component.clone(), self.component().issue_verify_ticket());
        self.hubs[0].process.ask(&HubOrder::VerifyTicket { component, ticket }).await
    }

    /// What the hubs share, seen from here.
    pub(crate) fn store(&self) -> Redis {
        let redis = self.setting.redis.as_ref().expect("this row needs one");
        let store = Redis::builder(redis.url()).prefix(&self.prefix).command_timeout(COMMAND);
        store.build().expect("the settings are right")
    }

    /// The token that is stored.
    pub(crate) async fn stored(&self, appid: &str) -> Option<String> {
        let stored: storage::Result<Option<Token>> =
            storage::Hub::fetch_access_token(&self.store(), appid, &()).await;
        stored.expect("Redis is there").map(|token| token.access_token().expose().to_owned())
    }

    /// What is stored of the account that has authorized the component.
    pub(crate) async fn stored_shop(&self) -> Option<AuthorizerToken> {
        let (component, shop) = (&self.component, &self.shop);
        let stored = storage::ComponentHub::fetch_access_token(&self.store(), component, shop, &()).await;
        stored.expect("Redis is there")
    }

    /// The token that the platform calls the current one.
    pub(crate) fn current(&self, appid: &str) -> Option<String> {
        self.account(appid).current_token(self.setting.line)
    }

    /// Puts a token into the store of which no hub knows when it was granted, and answers with it.
    pub(crate) async fn seed(&self, appid: &str) -> String {
        let (line, unix) = (self.setting.line, self.sim.clock().unix());
        let token = self.account(appid).rotate_elsewhere(line);
        let kind = if line == Line::Classic { TokenKind::Classic } else { TokenKind::Stable };
        let record = Token::new(kind, token.as_str(), unix, 7200);
        let saved = storage::Hub::save_access_token(&self.store(), appid, record, &()).await;
        saved.expect("Redis is there");
        token
    }

    /// How many tokens of an application's own were issued to those who asked for them.
    pub(crate) fn issued(&self, appid: &str) -> usize {
        let ledger = self.sim.ledger();
        let ours = ledger.issues().iter().filter(|issue| issue.appid == appid);
        ours.filter(|issue| issue.cause != Cause::Elsewhere).count()
    }

    /// How many access tokens were issued to the component, and for the account that has authorized it.
    pub(crate) fn issued_to_component(&self) -> (usize, usize) {
        let ledger = self.sim.ledger();
        let refreshed = ledger.authorizer_issues().iter().filter(|issue| issue.cause == Cause::Fetch).count();
        (ledger.component_issued(&self.component), refreshed)
    }

    /// How many calls to a path have come, and how many of them were refused.
    pub(crate) fn calls(&self, path: &str) -> (usize, usize) {
        let ledger = self.sim.ledger();
        let calls = ledger.calls_to(path);
        let refused = |call: &&&Call| call.errcode().is_some_and(|code| code != 0);
        (calls.len(), calls.iter().filter(refused).count())
    }

    /// Waits until so many tokens of an application's own are issued to those who asked.
    pub(crate) async fn until_issued(&self, appid: &str, tokens: usize) {
        eventually(LONG, "tokens are issued", async || self.issued(appid) >= tokens).await;
    }

    /// Waits until the stored token is the one that the platform calls the current one.
    pub(crate) async fn until_stored_is_current(&self, appid: &str, within: Duration) {
        let what = "the stored token is the current one";
        eventually(within, what, async || self.stored(appid).await == self.current(appid)).await;
    }

    /// Asks a hub by HTTP, on a connection of its own.
    pub(crate) fn ask(&self, hub: usize, appid: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}/client/access_token?appid={appid}", self.hubs[hub].url))
    }

    /// Reports a token to a hub by HTTP.
    pub(crate) fn report(&self, hub: usize, appid: &str, stale: &str) -> reqwest::RequestBuilder {
        let body = serde_json::json!({ "appid": appid, "access_token": stale });
        self.http.post(format!("{}/refresh/access_token", self.hubs[hub].url)).body(body.to_string())
    }
}

/// Waits for an answer of a hub's: the token, or the word for why there is none.
pub(crate) async fn answer(request: reqwest::RequestBuilder, within: Duration) -> Result<String, String> {
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().map(str::to_owned);
    let asked = async {
        let response = request.send().await.map_err(|error| error.to_string())?;
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        let body: serde_json::Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        let why = || text(&body, "reason").unwrap_or_else(|| format!("errcode {}", body["errcode"]));
        text(&body, "access_token").ok_or_else(why)
    };
    tokio::time::timeout(within, asked).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

/// What became of those who have asked hubs by HTTP, all at once.
pub(crate) async fn answers(requests: Vec<reqwest::RequestBuilder>, within: Duration) -> Tally {
    let asked = requests.into_iter().map(|request| {
        tokio::spawn(async move {
            let began = Instant::now();
            (answer(request, within).await, began.elapsed())
        })
    });
    let mut tally = Tally::default();
    for asked in asked.collect::<Vec<_>>() {
        let (answer, took) = asked.await.expect("asking does not panic");
        tally.longest = tally.longest.max(took);
        match answer {
            Ok(token) => {
                tally.succeeded += 1;
                tally.tokens.insert(token);
            }
            Err(why) => *tally.failed.entry(why).or_default() += 1,
        }
    }
    tally
}

/// Looks again and again, until it is so.
pub(crate) async fn eventually(within: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < within, "within {within:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[track_caller]
pub(crate) fn assert_all_succeeded(tally: &Tally, callers: usize, when: &str) {
    assert_eq!((tally.succeeded, tally.failures()), (callers, 0), "{when}: {tally:?}");
}
