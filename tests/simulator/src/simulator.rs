//! What a test holds: a running platform, and how to start one.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::account::Account;
use crate::app::App;
use crate::callback::Callback;
use crate::clock::SimClock;
use crate::component::{Component, ComponentAccount};
use crate::error::{ControlError, StartError};
use crate::fault::{Fault, FaultBook, ScriptedFault};
use crate::ledger::{Ledger, Recorder};
use crate::platform::{Connections, ContentTypes, Platform, Quirks};
use crate::pusher::Pusher;
use crate::server::Server;
use crate::state::State;

/// Calls that the ledger keeps unless the test says otherwise.
const LEDGER_LIMIT: usize = 100_000;

/// The longest request body that is read unless the test says otherwise, in bytes. The platform's own
/// limits are far below.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A WeChat platform on a port of 127.0.0.1.
///
/// It serves on a thread of its own, so it answers whatever the test's runtime does. Dropping it
/// closes the port and every connection.
pub struct Simulator {
    platform: Arc<Platform>,
    base_url: String,
    address: SocketAddr,
    /// The one of the server's thread.
    runtime: Handle,
    server: Server,
}

impl Simulator {
    /// Starts to describe a platform.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address to give to a client in place of `https://api.weixin.qq.com`, such as
    /// `http://127.0.0.1:41234`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The socket that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The platform's clock. Clones show and move the same time.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.platform.clock.clone()
    }

    /// What was issued and received up to now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.platform.ledger.snapshot()
    }

    /// Forgets what was issued and received; tokens stay valid.
    pub fn clear_ledger(&self) {
        self.platform.ledger.clear();
    }

    /// Waits until a path has received at least `calls` calls since the start or the last clearing,
    /// answered or not; so a test needs no sleep to know that a call is under way.
    pub async fn arrived(&self, path: &str, calls: usize) {
        self.platform.ledger.arrived(path, calls).await;
    }

    /// Has calls to a path go wrong; `*` is every path.
    ///
    /// Faults at one path strike one after the other: each is used up before the next one begins.
    /// Those for the very path come before those for every path.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.platform.faults.add(path, fault);
    }

    /// Takes every fault back and lets go of the calls that hang.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// The faults that have yet to strike.
    #[must_use]
    pub fn faults(&self) -> Vec<ScriptedFault> {
        self.platform.faults.list()
    }

    /// The handle of an account, or `None` if no account has that appid. An account that only ever authorized a
    /// third-party platform is one too.
    #[must_use]
    pub fn account(&self, appid: &str) -> Option<Account> {
        Account::find(&self.platform, appid)
    }

    /// Adds an account.
    ///
    /// # Errors
    ///
    /// If the appid is taken, or appid or secret are empty.
    pub fn add_app(&self, app: App) -> Result<Account, ControlError> {
        self.platform.add_app(app)
    }

    /// The handle of a third-party platform, or `None` if none has that appid.
    #[must_use]
    pub fn component(&self, appid: &str) -> Option<ComponentAccount> {
        ComponentAccount::find(&self.platform, &self.runtime, appid)
    }

    /// Adds a third-party platform.
    ///
    /// # Errors
    ///
    /// If the appid is taken, if appid, secret or an authorizer's appid are empty, or if its callback makes no
    /// sense.
    pub fn add_component(&self, component: Component) -> Result<ComponentAccount, ControlError> {
        let appid = component.appid.clone();
        self.platform.add_component(component)?;
        self.component(&appid).ok_or_else(|| ControlError::new("the component is gone"))
    }

    /// What sends an account's pushes to a developer's server. The appid need not be that of a declared
    /// account.
    ///
    /// # Errors
    ///
    /// If the URL is not an `http://` one with a host, the key is not 43 characters of base64, or appid,
    /// token, tries or connections are empty or 0.
    pub fn pusher(&self, appid: impl Into<String>, callback: Callback) -> Result<Pusher, ControlError> {
        Pusher::new(&self.platform, &self.runtime, appid.into(), callback)
    }

    /// Has JSON at a path carry another Content-Type than the platform's; `*` is every path without
    /// one of its own.
    ///
    /// # Errors
    ///
    /// If no header can have that value.
    pub fn set_content_type(&self, path: &str, content_type: &str) -> Result<(), ControlError> {
        self.platform.content_types.set(path, content_type)
    }

    /// How many connections are open now, those to `/_sim/` included.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.platform.connections.open()
    }

    /// How many connections were open at most since the start or the last reset.
    #[must_use]
    pub fn peak_connections(&self) -> usize {
        self.platform.connections.peak()
    }

    /// Starts over: accounts and third-party platforms are again as they were declared, and every token, ticket,
    /// code, quota count, fault and note is gone. The clock and Content-Types stay.
    pub fn reset(&self) {
        self.platform.reset();
    }

    /// Stops accepting, lets calls under way be answered (for up to 5 s), and closes everything.
    /// Calls that a fault holds are cut off.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// The description of a platform that is about to start.
#[derive(Debug)]
#[must_use = "a platform starts with `start().await`"]
pub struct Builder {
    port: u16,
    apps: Vec<App>,
    components: Vec<Component>,
    clock: Option<SimClock>,
    quirks: Quirks,
    content_types: Vec<(String, String)>,
    ledger_limit: usize,
    body_limit: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            apps: Vec::new(),
            components: Vec::new(),
            clock: None,
            quirks: Quirks::default(),
            content_types: Vec::new(),
            ledger_limit: LEDGER_LIMIT,
            body_limit: BODY_LIMIT,
        }
    }
}

impl Builder {
    /// Adds an account that holds the defaults.
    pub fn app(self, appid: impl Into<String>, secret: impl Into<String>) -> Self {
        self.with_app(App::new(appid, secret))
    }

    /// Adds an account.
    pub fn with_app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Adds a third-party platform that holds the defaults.
    pub fn component(self, appid: impl Into<String>, secret: impl Into<String>) -> Self {
        self.with_component(Component::new(appid, secret))
    }

    /// Adds a third-party platform.
    pub fn with_component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// Sets the port on 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the clock; by default it is frozen at the whole second of the start.
    pub fn clock(mut self, clock: SimClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Has JSON at a path carry another Content-Type than the platform's; `*` is every path without
    /// one of its own.
    pub fn content_type(mut self, path: impl Into<String>, content_type: impl Into<String>) -> Self {
        self.content_types.push((path.into(), content_type.into()));
        self
    }

    /// Says whether a token that does not even look like one is answered 40014, as documented, in
    /// place of 40001, as seen of late; false by default.
    pub fn malformed_token_is_40014(mut self, yes: bool) -> Self {
        self.quirks.malformed_is_40014 = yes;
        self
    }

    /// Says whether `menu/create` refuses `\uXXXX` escapes with 40033; true by default.
    pub fn menu_refuses_unicode_escapes(mut self, yes: bool) -> Self {
        self.quirks.menu_refuses_unicode_escapes = yes;
        self
    }

    /// Says whether every call of `getticket` makes a new ticket, rather than giving the same one out
    /// while it lives; false by default.
    pub fn new_ticket_each_call(mut self, yes: bool) -> Self {
        self.quirks.new_ticket_each_call = yes;
        self
    }

    /// Says whether JSON is written with `\/` for `/`; true by default.
    pub fn escape_slashes(mut self, yes: bool) -> Self {
        self.quirks.escape_slashes = yes;
        self
    }

    /// Sets how many calls the ledger keeps, the oldest going first; 100,000 by default.
    pub fn ledger_limit(mut self, calls: usize) -> Self {
        self.ledger_limit = calls;
        self
    }

    /// Sets the longest request body that is read, in bytes; 32 MiB by default. A longer one is
    /// answered 413 with a page of HTML, and is not written down.
    ///
    /// A body is held in memory for as long as the ledger keeps its call.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Starts the platform.
    ///
    /// # Errors
    ///
    /// [`StartError::Io`] if the port cannot be opened; [`StartError::Setting`] if two accounts or third-party
    /// platforms have the same appid, an appid or secret is empty, a callback makes no sense, or a Content-Type
    /// cannot be one.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let platform = Arc::new(Platform {
            clock: self.clock.unwrap_or_else(SimClock::frozen),
            state: Mutex::new(State::default()),
            faults: FaultBook::default(),
            ledger: Recorder::new(self.ledger_limit),
            connections: Connections::default(),
            quirks: self.quirks,
            content_types: ContentTypes::default(),
            phase: watch::Sender::default(),
            rescheduled: watch::Sender::default(),
            body_limit: self.body_limit,
        });
        for app in self.apps {
            platform.add_app(app)?;
        }
        for component in self.components {
            platform.add_component(component)?;
        }
        for (path, content_type) in self.content_types {
            platform.content_types.set(&path, &content_type)?;
        }
        let (server, address, runtime) = Server::start(Arc::clone(&platform), self.port).await?;
        Ok(Simulator { platform, base_url: format!("http://{address}"), address, runtime, server })
    }
}
