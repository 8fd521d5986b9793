//! A platform in the test's process, a hub in one of its own, and processes of callers.

use std::collections::BTreeMap;

use tokio::net::TcpStream;
use tokio::time::timeout;
use wechat_integration_tests::orders::{Asked, Bindings, CallerOrder, CallerSettings, HubOrder, HubSettings};
use wechat_integration_tests::process::{PATIENCE, Process};
use wechat_integration_tests::{SECRET, World};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Bound, Client, Common};
use wechat_simulator::{ComponentAccount, Line};

/// A platform in this process, and a hub in one of its own.
pub(crate) struct Stage {
    pub(crate) world: World,
    settings: HubSettings,
    pub(crate) hub: Process,
    pub(crate) url: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with_secrets(World::new().await, []).await
    }

    /// With a hub that has the secrets of these accounts, besides that of the world's.
    pub(crate) async fn with_secrets<const N: usize>(world: World, more: [&String; N]) -> Self {
        Self::with(world, more.map(String::as_str), BTreeMap::new()).await
    }

    /// With a hub that has the secret and the verify ticket of this component application, too.
    pub(crate) async fn with_component(world: World, component: &ComponentAccount) -> Self {
        let appid = component.appid();
        let tickets = BTreeMap::from([(appid.to_owned(), component.verify_ticket())]);
        Self::with(world, [appid], tickets).await
    }

    async fn with<const N: usize>(
        world: World,
        more: [&str; N],
        verify_tickets: BTreeMap<String, String>,
    ) -> Self {
        let appids = more.into_iter().chain([&*world.appid]);
        let mut settings = HubSettings {
            base_url: world.sim.base_url().to_owned(),
            secrets: appids.map(|appid| (appid.to_owned(), SECRET.to_owned())).collect(),
            verify_tickets,
            unix: world.sim.clock().unix(),
            ..HubSettings::default()
        };
        let (hub, url) = start_hub(&settings).await;
        settings.port = url.rsplit(':').next().and_then(|port| port.parse().ok());
        Self { world, settings, hub, url }
    }

    /// Starts the hub again, with nothing in its storage, at the address that it had.
    pub(crate) async fn restart_hub(&mut self) {
        self.settings.unix = self.world.sim.clock().unix();
        let (hub, url) = start_hub(&self.settings).await;
        assert_eq!(url, self.url);
        self.hub = hub;
    }

    /// What the hub has been asked since it started.
    pub(crate) async fn asked(&mut self) -> Asked {
        self.hub.ask(&HubOrder::Asked).await
    }

    /// How often the platform was asked for a token, and how many it issued.
    pub(crate) fn upstream(&self) -> (usize, usize) {
        (self.world.asked(), self.world.issued())
    }

    /// Waits until so many calls of a path are on the platform.
    pub(crate) async fn arrived(&self, path: &str, calls: usize) {
        let arrived = timeout(PATIENCE, self.world.sim.arrived(path, calls)).await;
        arrived.unwrap_or_else(|_| panic!("{calls} calls of {path} do not come within {PATIENCE:?}"));
    }

    /// Waits until so many tokens of an account are issued.
    pub(crate) async fn issued(&self, appid: &str, tokens: usize) {
        let issued = || self.world.sim.ledger().issued(appid, Line::Stable);
        let enough = async {
            while issued() < tokens {
                tokio::task::yield_now().await;
            }
        };
        let enough = timeout(PATIENCE, enough).await;
        enough.unwrap_or_else(|_| panic!("{} tokens in place of {tokens} within {PATIENCE:?}", issued()));
    }

    /// Waits until the hub accepts no connection any more.
    pub(crate) async fn refuses_connections(&self) {
        let address = self.url.trim_start_matches("http://");
        let refused = async { while TcpStream::connect(address).await.is_ok() {} };
        timeout(PATIENCE, refused).await.expect("a hub that is told to stop refuses connections");
    }

    pub(crate) async fn callers(&self, appid: &str, clients: usize, bindings: Bindings) -> Process {
        self.callers_for(appid, None, clients, bindings).await
    }

    /// Callers for an account that has authorized the component `appid`, where one is named.
    pub(crate) async fn callers_for(
        &self,
        appid: &str,
        authorizer: Option<&str>,
        clients: usize,
        bindings: Bindings,
    ) -> Process {
        let settings = CallerSettings {
            hub: self.url.clone(),
            base_url: self.world.sim.base_url().to_owned(),
            appid: appid.to_owned(),
            authorizer: authorizer.map(str::to_owned),
            unix: self.world.sim.clock().unix(),
            clients,
            bindings,
        };
        let mut callers = Process::start(env!("CARGO_BIN_EXE_hub_caller"), &settings);
        let () = callers.says().await;
        callers
    }

    /// A client of the hub's in this process.
    pub(crate) fn client(&self) -> Client<Common> {
        let hub = Bound::new(HubClient::new(&self.url), ());
        self.world.builder_on(hub).build().expect("the settings are right")
    }

    /// Moves the platform's clock on, and those of the hub and of these callers.
    pub(crate) async fn pass(&mut self, seconds: u64, callers: &mut [Process]) {
        self.world.pass(seconds);
        let () = self.hub.ask(&HubOrder::Clock(self.world.sim.clock().unix())).await;
        self.tell_time(callers).await;
    }

    pub(crate) async fn tell_time(&self, callers: &mut [Process]) {
        for callers in callers {
            let () = callers.ask(&CallerOrder::Clock(self.world.sim.clock().unix())).await;
        }
    }
}

async fn start_hub(settings: &HubSettings) -> (Process, String) {
    let mut hub = Process::start(env!("CARGO_BIN_EXE_hub_owner"), settings);
    let url = hub.says().await;
    (hub, url)
}
