//! A component application to try its client in: the simulator, the component's storage, and its authorizers.

use std::time::Duration;

use wechat_runtime::{Bound, Client, ClientBuilder, Component, Error, Response, VerifyTicket};
use wechat_simulator::{Authorizer, Component as Declared, ComponentAccount, Simulator};

use crate::{Cabinet, PATH, SECRET, http, new_appid};

/// Where a component's access token is granted.
pub const COMPONENT_TOKEN: &str = "/cgi-bin/component/api_component_token";

/// Where an authorizer's access token is granted.
pub const AUTHORIZER_TOKEN: &str = "/cgi-bin/component/api_authorizer_token";

/// Where an account's authorization is exchanged for its tokens.
pub const QUERY_AUTH: &str = "/cgi-bin/component/api_query_auth";

/// Where authorizers are listed.
pub const AUTHORIZER_LIST: &str = "/cgi-bin/component/api_get_authorizer_list";

/// One component application on a platform of its own, its storage, and the clock of both.
pub struct Agency {
    pub sim: Simulator,
    pub appid: String,
    pub cabinet: Cabinet,
}

impl Agency {
    /// A component with a verify ticket, and nobody who has authorized it.
    pub async fn new() -> Self {
        Self::declared(|component| component).await
    }

    /// A component with a verify ticket, and as it is declared.
    pub async fn declared(declare: impl FnOnce(Declared) -> Declared) -> Self {
        let this = Self::without_ticket(declare).await;
        this.keep_ticket().await;
        this
    }

    /// A component as it is declared, to which no verify ticket has been pushed yet.
    pub async fn without_ticket(declare: impl FnOnce(Declared) -> Declared) -> Self {
        let appid = new_appid();
        let component = declare(Declared::new(&appid, SECRET));
        let sim = Simulator::builder().with_component(component).start().await.expect("the simulator starts");
        let cabinet = Cabinet::default();
        cabinet.set_secret(&appid, SECRET);
        Self { sim, appid, cabinet }
    }

    /// Puts the newest verify ticket into the storage, as a push would.
    pub async fn keep_ticket(&self) {
        let ticket = VerifyTicket::new(self.component().verify_ticket(), self.now());
        self.cabinet.put_verify_ticket(&self.appid, ticket).await;
    }

    /// The component at the platform.
    pub fn component(&self) -> ComponentAccount {
        self.sim.component(&self.appid).expect("the component exists")
    }

    /// A client of this component, by the platform's clock, through its storage.
    pub fn builder(&self) -> ClientBuilder<Component> {
        self.builder_on(Bound::new(self.cabinet.clone(), ()))
    }

    pub fn builder_on(&self, storage: Bound<Component>) -> ClientBuilder<Component> {
        let clock = self.sim.clock();
        Client::builder(storage)
            .appid(&self.appid)
            .base_url(self.sim.base_url())
            .clock(move || clock.now())
            .http(http())
    }

    pub fn client(&self) -> Client<Component> {
        self.builder().build().expect("the settings are right")
    }

    /// An account that authorizes the component, whose tokens are kept, as of an hour ago.
    pub async fn authorizer(&self, client: &Client<Component>) -> Authorizer {
        let appid = new_appid();
        let code = self.component().authorize(&appid).authorization_code().to_owned();
        exchange(client, &code).await.expect("the code is good");
        self.pass(60);
        self.component().authorizer(&appid).expect("it has authorized the component")
    }

    /// What the storage has of an account: its access token and its refresh tokens.
    pub async fn stored(&self, authorizer: &str) -> [Option<String>; 3] {
        let record = self.cabinet.record(&self.appid, authorizer).await.unwrap_or_default();
        let access = record.access().map(|access| access.access_token().clone());
        [access, record.refresh_token().cloned(), record.previous_refresh_token().cloned()]
            .map(|secret| secret.map(|secret| secret.expose().to_owned()))
    }

    pub fn now(&self) -> u64 {
        self.sim.clock().unix()
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    /// How many access tokens the platform has issued to the component.
    pub fn component_issued(&self) -> usize {
        self.sim.ledger().component_issued(&self.appid)
    }

    /// How many access tokens the platform has issued to one of its authorizers.
    pub fn issued(&self, authorizer: &str) -> usize {
        self.sim.ledger().authorizer_issued(&self.appid, authorizer)
    }

    /// How often a path was called.
    pub fn calls(&self, path: &str) -> usize {
        self.sim.ledger().calls_to(path).len()
    }

    /// Waits until WeChat has worked on so many calls to a path, whether or not they are answered.
    pub async fn processed(&self, path: &str, calls: usize) {
        self.sim.arrived(path, calls).await;
        let done = || self.sim.ledger().calls_to(path).iter().filter(|call| call.processed()).count();
        while done() < calls {
            tokio::task::yield_now().await;
        }
    }
}

/// Exchanges an account's authorization for its tokens, which the client keeps.
pub async fn exchange(client: &Client<Component>, code: &str) -> Result<Response, Error> {
    let call = client.post(QUERY_AUTH).json(&serde_json::json!({ "authorization_code": code }));
    call.send().await?.error_for_errcode()
}

/// One plain call for an account that has authorized the component.
pub async fn call_for(client: &Client<Component>, authorizer: &str) -> Result<Response, Error> {
    client.authorizer(authorizer).get(PATH).send().await?.error_for_errcode()
}
