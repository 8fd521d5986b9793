//! What users hold: the client of an application, and the trait that all that can call share.

mod authorizer;
mod builder;
mod component;
#[cfg(feature = "callback-codec")]
mod events;
mod preauth;
mod ticket_call;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;

pub use self::authorizer::Authorizer;
pub use self::builder::ClientBuilder;
pub use self::preauth::{AuthType, PreauthCall, PreauthUrl};
pub use self::ticket_call::TicketCall;
use crate::application::{Application, Common};
use crate::clock::Clock;
use crate::credential::{Account, Credential, Grant};
use crate::credentials::{Cause, Credentials};
use crate::deadline::{Awaited, Deadline};
use crate::request::RequestBuilder;
use crate::request::prepared::no_account;
use crate::sign::{AddCard, ChooseCard, JssdkConfig, SignedCard, SignedChoice};
use crate::storage::adapter::Bound;
use crate::wire::Wire;
use crate::{Error, Secret, Ticket, TicketType, Token, TokenKind};

/// A client of the WeChat platform for one application.
///
/// [`#[wechat_client]`](crate::wechat_client) declares one as a type of its own; this is the type behind it,
/// for clients that are made at run time. A clone is cheap and shares everything.
///
/// ```no_run
/// use wechat_runtime::{adapters::Memory, Bound, Client, Common};
///
/// # async fn f() -> Result<(), wechat_runtime::Error> {
/// let storage = Memory::new().with_secret("wx1f2e3d4c5b6a7988", "the app secret");
/// let client = Client::<Common>::builder(Bound::new(storage, ())).appid("wx1f2e3d4c5b6a7988").build()?;
/// let addresses = client.get("/cgi-bin/getcallbackip").send().await?.value()?;
/// # Ok(()) }
/// ```
pub struct Client<App: Application = Common> {
    inner: Arc<Inner<App>>,
    /// The account that calls are made for when they name none: a component application's alone.
    authorizer: Option<Arc<str>>,
}

struct Inner<App: Application> {
    /// What is needed to send, or why it could not be made: then each call fails with that.
    wire: Result<Wire, Error>,
    bound: Bound<App>,
    appid: Option<Arc<str>>,
    kind: TokenKind,
    expires_in: Option<Duration>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

/// How long a call may take, how often it is tried, how long its answer may be.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) attempt: Duration,
    pub(crate) call: Duration,
    pub(crate) retries: u32,
    pub(crate) body: usize,
}

impl<App: Application> Client<App> {
    /// Begins a client on a storage, its settings all at their defaults.
    pub fn builder(storage: Bound<App>) -> ClientBuilder<App> {
        ClientBuilder::new(storage, |client| client)
    }

    /// Begins a call: `url` is a path ("/cgi-bin/user/info"), with or without a query, or an absolute URL
    /// on `base_url`'s host or on one of `*.weixin.qq.com`.
    pub fn request(&self, method: Method, url: impl Into<String>) -> RequestBuilder<App> {
        RequestBuilder::new(self.clone(), method, url.into())
    }

    /// Begins a GET call.
    pub fn get(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::GET, url)
    }

    /// Begins a POST call.
    pub fn post(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::POST, url)
    }

    /// Begins a PUT call.
    pub fn put(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::PUT, url)
    }

    /// Begins a PATCH call.
    pub fn patch(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::PATCH, url)
    }

    /// Begins a DELETE call.
    pub fn delete(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::DELETE, url)
    }

    /// Begins a HEAD call.
    pub fn head(&self, url: impl Into<String>) -> RequestBuilder<App> {
        self.request(Method::HEAD, url)
    }

    /// The declared account: of a component application, the component's own appid.
    #[must_use]
    pub fn appid(&self) -> Option<&str> {
        self.inner.appid.as_deref()
    }

    /// The longest life that is believed of what WeChat grants.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.inner.expires_in
    }

    /// Waits for the credential as long as a call may take.
    async fn in_time(
        &self,
        credentials: &Credentials,
        granted: impl Future<Output = Result<Grant, Error>>,
    ) -> Result<Grant, Error> {
        let granted = Deadline::after(self.inner.limits.call).wait_for(Awaited::Credential, granted).await;
        granted.map_err(|error| credentials.locate(error))
    }

    /// The credentials of the declared application, or of an account that has authorized it.
    fn declared_credentials(
        &self,
        authorizer: Option<Arc<str>>,
        credential: Credential,
    ) -> Result<Credentials, Error> {
        let appid = self.inner.appid.clone().filter(|appid| !appid.is_empty()).ok_or_else(no_account)?;
        Ok(Credentials::new(self.wire()?, &self.inner.bound, Account { appid, authorizer }, credential))
    }

    pub(crate) fn wire(&self) -> Result<&Wire, Error> {
        self.inner.wire.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn bound(&self) -> &Bound<App> {
        &self.inner.bound
    }

    pub(crate) fn declared_appid(&self) -> Option<&Arc<str>> {
        self.inner.appid.as_ref()
    }

    pub(crate) fn declared_authorizer(&self) -> Option<&Arc<str>> {
        self.authorizer.as_ref()
    }

    #[cfg(feature = "hub")]
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    pub(crate) fn token_kind(&self) -> TokenKind {
        self.inner.kind
    }

    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }
}

impl Client<Common> {
    /// The declared account's access token, found or fetched.
    ///
    /// # Errors
    ///
    /// Those of the storage and of WeChat's token endpoint; [`Timeout`](crate::ErrorKind::Timeout) past the client's
    /// [`timeout`](ClientBuilder::timeout); no declared appid ([`Request`](crate::ErrorKind::Request)).
    pub async fn fetch_access_token(&self) -> Result<Token, Error> {
        let credentials = self.declared_credentials(None, Credential::AccessToken(self.inner.kind))?;
        let granted = self.in_time(&credentials, credentials.obtain()).await?;
        Ok(granted.into_token(self.inner.kind))
    }

    /// The declared account's access token in place of `stale`.
    ///
    /// Compare-and-refresh: where the storage holds another one that lives, that is the answer, and WeChat
    /// is not asked.
    ///
    /// # Errors
    ///
    /// As [`fetch_access_token`](Self::fetch_access_token); and [`TokenRejected`](crate::ErrorKind::TokenRejected) when
    /// `stale` was issued less than 30 s ago, another was replaced so recently, the day's replacements are used
    /// up, or `stale` is what comes back.
    pub async fn refresh_access_token(&self, stale: &Secret) -> Result<Token, Error> {
        let credentials = self.declared_credentials(None, Credential::AccessToken(self.inner.kind))?;
        let refreshed = credentials.refresh(Some(stale.clone()), Cause::Refused(None));
        let granted = self.in_time(&credentials, refreshed).await?;
        Ok(granted.into_token(self.inner.kind))
    }
}

impl<App: Application> Clone for Client<App> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), authorizer: self.authorizer.clone() }
    }
}

impl<App: Application> fmt::Debug for Client<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Client", f)
    }
}

impl<App: Application> Client<App> {
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("appid", &self.inner.appid)
            .field("authorizer_appid", &self.authorizer)
            .field("base_url", &self.inner.wire.as_ref().ok().map(|wire| wire.base.name()))
            .field("token", &self.inner.kind)
            .finish_non_exhaustive()
    }
}

/// Everything that calls WeChat for an application: [`Client`] and every declared client.
///
/// Write functions over it, and they work with all of them, handles on a component's [authorizers](Authorizer) included. To
/// hold any of them in a struct, keep `wechat.client().clone()`, which is a [`Client`]. What only a component's client can do
/// is its [`client`](Self::client)'s: `platform.client().authorizer("wx…")`, for a `platform: &impl Call<App = Component>`.
///
/// ```
/// use wechat_runtime::{Call, Error};
///
/// async fn followers(wechat: &impl Call) -> Result<u64, Error> {
///     let answer = wechat.get("/cgi-bin/user/get").send().await?.value()?;
///     Ok(answer["total"].as_u64().unwrap_or(0))
/// }
/// ```
pub trait Call: Send + Sync {
    /// The kind of application it calls for.
    type App: Application;

    /// The client that makes the calls.
    fn client(&self) -> &Client<Self::App>;

    /// Begins a call.
    fn request(&self, method: Method, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.client().request(method, url)
    }

    /// Begins a GET call.
    fn get(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::GET, url)
    }

    /// Begins a POST call.
    fn post(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::POST, url)
    }

    /// Begins a PUT call.
    fn put(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::PUT, url)
    }

    /// Begins a PATCH call.
    fn patch(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::PATCH, url)
    }

    /// Begins a DELETE call.
    fn delete(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::DELETE, url)
    }

    /// Begins a HEAD call.
    fn head(&self, url: impl Into<String>) -> RequestBuilder<Self::App> {
        self.request(Method::HEAD, url)
    }

    /// A front-end ticket: see [`Client::fetch_ticket`].
    fn fetch_ticket(&self, ticket_type: impl Into<TicketType>) -> TicketCall<Self::App, Ticket> {
        self.client().fetch_ticket(ticket_type)
    }

    /// What a page gives to `wx.config`: see [`Client::jssdk_config`].
    fn jssdk_config(&self, url: impl Into<String>) -> TicketCall<Self::App, JssdkConfig> {
        self.client().jssdk_config(url)
    }

    /// What a page gives to `wx.addCard`: see [`Client::card_signature`].
    fn card_signature(&self, card: AddCard) -> TicketCall<Self::App, SignedCard> {
        self.client().card_signature(card)
    }

    /// What a page gives to `wx.chooseCard`: see [`Client::choose_card_signature`].
    fn choose_card_signature(&self, cards: ChooseCard) -> TicketCall<Self::App, SignedChoice> {
        self.client().choose_card_signature(cards)
    }
}

impl<App: Application> Call for Client<App> {
    type App = App;

    fn client(&self) -> &Client<App> {
        self
    }
}
