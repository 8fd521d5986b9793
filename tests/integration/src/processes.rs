//! Several processes on one storage, by which they agree who refreshes: of one account, and of a component.

use std::time::{Duration, Instant};

use wechat_runtime::callback::ComponentEvent;
use wechat_runtime::storage::{ComponentHub as _, Record, Slot};
use wechat_runtime::{
    AuthorizerToken, Bound, Client, Common, Component, RefreshSettings, Token, TokenKind, VerifyTicket,
};
use wechat_simulator::{Authorizer, Line, RefreshTokens};

use crate::assembly::{Assembly, Custom};
use crate::{Agency, SECRET, Shared, World, new_appid};

/// Longer than the lease is by default.
pub const PAST_THE_LEASE: Duration = Duration::from_secs(16);

/// How long something may take to become true on a machine with other things to do.
const ENOUGH: Duration = Duration::from_secs(20);

/// One account, and the storage of its processes.
pub struct Hubs {
    pub world: World,
    pub shared: Shared<0>,
}

impl Hubs {
    /// The storage goes by the platform's clock, as the processes do: it stands still until a test moves it.
    pub async fn new() -> Self {
        let world = World::new().await;
        let clock = world.sim.clock();
        Self::on(world, Shared::by_clock(move || clock.now()))
    }

    /// The storage goes by the real time, so that leases lapse by themselves.
    pub async fn in_real_time() -> Self {
        Self::on(World::new().await, Shared::new())
    }

    /// One with this storage.
    pub fn on(world: World, shared: Shared<0>) -> Self {
        shared.set_secret(&world.appid, SECRET);
        Self { world, shared }
    }

    /// A client in a process of its own, of classic tokens: each fetch takes the one before from all others.
    pub fn process<const PROCESS: usize>(&self) -> Client<Common> {
        self.with_settings::<PROCESS>(RefreshSettings::default())
    }

    pub fn with_settings<const PROCESS: usize>(&self, settings: RefreshSettings) -> Client<Common> {
        self.client(self.shared.as_process::<PROCESS>(), settings)
    }

    /// A client on a storage that goes about it in some way of its own.
    pub fn client<C: Custom>(&self, storage: Assembly<C>, settings: RefreshSettings) -> Client<Common> {
        let client = self.world.builder_on(Bound::new(storage, ())).token(TokenKind::Classic);
        client.refresh(settings).build().expect("the settings are right")
    }

    pub fn issued(&self) -> usize {
        self.world.sim.ledger().issued(&self.world.appid, Line::Classic)
    }

    pub fn slot(&self) -> Slot {
        Slot::AccessToken { appid: self.world.appid.clone() }
    }

    pub fn stored(&self) -> Option<String> {
        match self.shared.row(&self.slot()).record {
            Some(Record::Token(token)) => Some(token.access_token().expose().to_owned()),
            _ => None,
        }
    }

    /// Whether the platform takes what is stored, also when what is merely not dead yet is.
    pub fn stored_is_current(&self) -> bool {
        self.stored() == self.world.account().current_token(Line::Classic)
    }
}

/// A component, the storage of its processes, and an account of it whose access token has expired. Each refresh token can be
/// used once: the next one comes with what it has bought.
pub struct Platforms {
    pub agency: Agency,
    pub shared: Shared<0>,
    pub shop: Authorizer,
}

impl Platforms {
    /// The storage goes by the platform's clock, as the processes do. The component's own token is there already.
    pub async fn new() -> Self {
        let this = Self::cold().await;
        this.process::<0>().fetch_component_access_token().await.expect("it has a verify ticket");
        this
    }

    /// The same, and the component has no token of its own yet.
    pub async fn cold() -> Self {
        let agency = Agency::new().await;
        let clock = agency.sim.clock();
        Self::on(agency, Shared::by_clock(move || clock.now())).await
    }

    /// The storage goes by the real time, so that leases lapse by themselves.
    pub async fn in_real_time() -> Self {
        let this = Self::on(Agency::new().await, Shared::new()).await;
        this.process::<0>().fetch_component_access_token().await.expect("it has a verify ticket");
        this
    }

    async fn on(agency: Agency, shared: Shared<0>) -> Self {
        shared.set_secret(&agency.appid, SECRET);
        let authorizer = new_appid();
        agency.component().authorize(&authorizer);
        let shop = agency.component().authorizer(&authorizer).expect("it has authorized the component");
        shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
        let this = Self { agency, shared, shop };
        this.push_ticket().await;
        let access = Token::new(TokenKind::Classic, "expired", this.agency.now() - 7200, 7200);
        let record = AuthorizerToken::new()
            .with_access(access)
            .with_refresh_token(this.shop.refresh_token())
            .with_previous_refresh_token("the one before")
            .with_authorized_at(this.agency.now() - 86_400);
        this.save(record).await;
        this
    }

    /// Stores the newest verify ticket, as a push does.
    pub async fn push_ticket(&self) {
        let ticket = VerifyTicket::new(self.agency.component().verify_ticket(), self.agency.now());
        let saved = self.shared.save_component_verify_ticket(&self.agency.appid, ticket, &()).await;
        saved.expect("the storage works");
    }

    /// Saves what is told of the account, past whoever leads.
    pub async fn save(&self, told: AuthorizerToken) {
        let (component, authorizer) = (&self.agency.appid, self.shop.appid());
        let saved = self.shared.save_access_token(component, authorizer, told, &()).await;
        saved.expect("the storage works");
    }

    /// Notes that the account has authorized the component now: a write that is none of a refresh, and changes no token.
    pub async fn note_authorization(&self) {
        self.save(AuthorizerToken::new().with_authorized_at(self.agency.now())).await;
    }

    /// A client in a process of its own.
    pub fn process<const PROCESS: usize>(&self) -> Client<Component> {
        self.client(self.shared.as_process::<PROCESS>(), RefreshSettings::default())
    }

    /// A client on a storage that goes about it in some way of its own.
    pub fn client<C: Custom>(&self, storage: Assembly<C>, settings: RefreshSettings) -> Client<Component> {
        let client = self.agency.builder_on(Bound::new(storage, ())).refresh(settings);
        client.build().expect("the settings are right")
    }

    pub fn slot(&self) -> Slot {
        Slot::AuthorizerToken {
            component_appid: self.agency.appid.clone(),
            authorizer_appid: self.shop.appid().to_owned(),
        }
    }

    pub fn record(&self) -> AuthorizerToken {
        match self.shared.row(&self.slot()).record {
            Some(Record::Authorizer(record)) => record,
            other => panic!("{other:?} is no authorizer's record"),
        }
    }

    /// The access token, the refresh token and the one before, as they are stored.
    pub fn stored(&self) -> [Option<String>; 3] {
        let record = self.record();
        let access = record.access().map(|access| access.access_token().clone());
        [access, record.refresh_token().cloned(), record.previous_refresh_token().cloned()]
            .map(|secret| secret.map(|secret| secret.expose().to_owned()))
    }

    /// Whether the refresh token that is stored is the one that WeChat takes.
    pub fn keeps_refresh_token(&self) -> bool {
        self.stored()[1] == Some(self.shop.refresh_token())
    }

    /// What WeChat pushes of the account; with a code, where there is one.
    pub fn event(&self, info_type: &str, at: u64, code: Option<&str>) -> ComponentEvent {
        let (component, authorizer) = (&self.agency.appid, self.shop.appid());
        let code = code.map_or_else(String::new, |code| {
            let until = at + 3600;
            format!(
                "<AuthorizationCode>{code}</AuthorizationCode>\
                 <AuthorizationCodeExpiredTime>{until}</AuthorizationCodeExpiredTime>"
            )
        });
        let xml = format!(
            "<xml><AppId>{component}</AppId><CreateTime>{at}</CreateTime><InfoType>{info_type}</InfoType>\
             <AuthorizerAppid>{authorizer}</AuthorizerAppid>{code}</xml>"
        );
        ComponentEvent::parse(&xml).expect("it is XML")
    }
}

/// Waits until it is so, and fails where it never is.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < ENOUGH, "{what}: not within {ENOUGH:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
