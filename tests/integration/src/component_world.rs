//! A world of component applications: a platform with one, its storage, and the accounts that authorize it.

use std::time::Duration;

use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::ComponentHub;
use wechat_runtime::{Bound, Client, ClientBuilder, Component, Error, Response, VerifyTicket};
use wechat_simulator as platform;
use wechat_simulator::{Authorizer, ComponentAccount, Simulator};

use crate::{PATH, SECRET, http, new_appid};

/// The paths by which WeChat grants what a component application calls with.
pub const COMPONENT_TOKEN: &str = "/cgi-bin/component/api_component_token";
pub const AUTHORIZER_TOKEN: &str = "/cgi-bin/component/api_authorizer_token";
pub const AUTHORIZER_LIST: &str = "/cgi-bin/component/api_get_authorizer_list";
pub const GETTICKET: &str = "/cgi-bin/ticket/getticket";

/// One component application on a platform of its own, with two accounts that authorize it, its storage, and the clock of
/// all.
pub struct ComponentWorld {
    pub sim: Simulator,
    pub component: String,
    /// The accounts that authorize it.
    pub shops: [String; 2],
    pub storage: Memory,
}

impl ComponentWorld {
    /// The storage has the secret and a verify ticket. Refresh tokens are found in the list of authorizers.
    pub async fn new() -> Self {
        let this = Self::without_ticket().await;
        this.keep_ticket().await;
        this
    }

    /// As if nothing had been pushed yet.
    pub async fn without_ticket() -> Self {
        let (component, shops) = (new_appid(), [new_appid(), new_appid()]);
        let declared = platform::Component::new(&component, SECRET).authorizers(&shops);
        let sim = Simulator::builder().with_component(declared).start().await;
        let storage = Memory::new().with_secret(&component, SECRET);
        Self { sim: sim.expect("the simulator starts"), component, shops, storage }
    }

    /// Keeps the newest verify ticket, as the service that takes pushes does.
    pub async fn keep_ticket(&self) {
        let ticket = VerifyTicket::new(self.platforms().verify_ticket(), self.sim.clock().unix());
        let kept = self.storage.save_component_verify_ticket(&self.component, ticket, &());
        kept.await.expect("a map takes everything");
    }

    /// A client of this component, by the world's clock, through its storage.
    pub fn builder(&self) -> ClientBuilder<Component> {
        self.builder_on(Bound::new(self.storage.clone(), ()))
    }

    pub fn builder_on(&self, storage: Bound<Component>) -> ClientBuilder<Component> {
        let clock = self.sim.clock();
        Client::builder(storage)
            .appid(&self.component)
            .base_url(self.sim.base_url())
            .clock(move || clock.now())
            .http(http())
    }

    pub fn client(&self) -> Client<Component> {
        self.builder().build().expect("the settings are right")
    }

    /// The component, as the platform has it.
    pub fn platforms(&self) -> ComponentAccount {
        self.sim.component(&self.component).expect("the component exists")
    }

    /// The first account, as the platform has it.
    pub fn shop(&self) -> Authorizer {
        self.platforms().authorizer(&self.shops[0]).expect("the account authorizes it")
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    /// How many tokens the platform has issued: of the component's own, and of the first account's.
    pub fn issued(&self) -> (usize, usize) {
        let ledger = self.sim.ledger();
        let of_shop = ledger.authorizer_issued(&self.component, &self.shops[0]);
        (ledger.component_issued(&self.component), of_shop)
    }

    /// How often a path was called.
    pub fn calls(&self, path: &str) -> usize {
        self.sim.ledger().calls_to(path).len()
    }

    /// How often the platform was asked for a component's token, for an authorizer's, and for the list of authorizers.
    pub fn asked(&self) -> [usize; 3] {
        [COMPONENT_TOKEN, AUTHORIZER_TOKEN, AUTHORIZER_LIST].map(|path| self.calls(path))
    }
}

/// One plain call for an account.
pub async fn call_for(client: &Client<Component>, authorizer: &str) -> Result<Response, Error> {
    client.authorizer(authorizer).get(PATH).send().await?.error_for_errcode()
}
