//! The settings of a client, before it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Client, Inner, Limits};
use crate::application::{Application, Common, Component};
use crate::base::{self, Base};
use crate::clock::{Clock, SystemClock};
use crate::response::LONGEST_ANSWER;
use crate::settings::RefreshSettings;
use crate::storage::adapter::Bound;
use crate::wire::{Terms, Wire};
use crate::{Error, TokenKind, http_client};

/// The settings of a client before it is made. `T` is what it will be: a [`Client`], or a declared type.
#[must_use = "a builder makes nothing until `build`"]
pub struct ClientBuilder<App: Application, T = Client<App>> {
    wrap: fn(Client<App>) -> T,
    bound: Bound<App>,
    http: reqwest::ClientBuilder,
    base_url: Option<String>,
    appid: Option<Arc<str>>,
    authorizer: Option<Arc<str>>,
    kind: TokenKind,
    expires_in: Option<Duration>,
    clock: Arc<dyn Clock>,
    refresh: RefreshSettings,
    connect_timeout: Duration,
    limits: Limits,
}

impl<App: Application, T> ClientBuilder<App, T> {
    pub(crate) fn new(bound: Bound<App>, wrap: fn(Client<App>) -> T) -> Self {
        Self {
            wrap,
            bound,
            http: reqwest::ClientBuilder::new(),
            base_url: None,
            appid: None,
            authorizer: None,
            kind: TokenKind::default(),
            expires_in: None,
            clock: Arc::new(SystemClock),
            refresh: RefreshSettings::default(),
            connect_timeout: Duration::from_secs(3),
            limits: Limits {
                attempt: Duration::from_secs(15),
                call: Duration::from_secs(30),
                retries: 2,
                body: LONGEST_ANSWER,
            },
        }
    }

    /// The account that calls are made for when they name none. Without it, each call has to. Of a component application, it
    /// is the component's own appid.
    pub fn appid(mut self, appid: impl Into<String>) -> Self {
        self.appid = Some(appid.into().into());
        self
    }

    /// Where WeChat's API is: `https://api.weixin.qq.com` by default. It may have a path.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The longest life that is believed of what WeChat grants, tokens and tickets, in whole seconds; WeChat's
    /// own word by default. It is not applied to what a hub says.
    pub fn expires_in(mut self, expires_in: Duration) -> Self {
        self.expires_in = Some(expires_in);
        self
    }

    /// How the HTTP client is made: proxies, roots of trust, pools; all at reqwest's defaults if this is not
    /// called.
    ///
    /// Redirects, the `Referer` header and verbose logging of connections are switched off whatever is set
    /// here, since each would hand the token away, and so are retries, which would send a POST twice. The
    /// connect time-out is [`connect_timeout`](Self::connect_timeout)'s.
    pub fn http(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = http;
        self
    }

    /// How long making a connection may take: 3 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from the connection to the answer's end: 15 s by default. Of an upload and
    /// a download, it is how long they may stand still.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.limits.attempt = timeout;
        self
    }

    /// How long a whole call may take, with its token, its retries and its pauses, and with the file that it
    /// sends or receives: 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.call = timeout;
        self
    }

    /// How often an attempt that failed on its way is repeated: 2 by default.
    ///
    /// Repeated is what did not get a connection. Where the connection broke, the time ran out or a status of
    /// 500 or more came back without an errcode, only what may be sent twice is repeated: GET, HEAD, PUT, DELETE,
    /// OPTIONS, TRACE, and what [`retry_unsafe`](crate::RequestBuilder::retry_unsafe) allows.
    pub fn retries(mut self, retries: u32) -> Self {
        self.limits.retries = retries;
        self
    }

    /// How many bytes an answer in memory may have: 10 MiB by default. It does not limit what is
    /// [saved](crate::Download::save).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// When tokens are refreshed, and how often at most: by default, as [`RefreshSettings`] says.
    pub fn refresh(mut self, settings: RefreshSettings) -> Self {
        self.refresh = settings;
        self
    }

    /// The clock by which tokens expire and pauses end: [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// A base URL that is none, and an HTTP client that cannot be made
    /// ([`Configuration`](crate::ErrorKind::Configuration)).
    pub fn build(self) -> Result<T, Error> {
        let wrap = self.wrap;
        let client = self.assemble();
        client.wire()?;
        Ok(wrap(client))
    }

    /// Makes the client, leaving what is wrong with it to the first call.
    pub(crate) fn build_deferring(self) -> T {
        let wrap = self.wrap;
        wrap(self.assemble())
    }

    fn assemble(self) -> Client<App> {
        let http = http_client::tamed(self.http, self.connect_timeout);
        let base = Base::parse(self.base_url.as_deref().unwrap_or(base::WECHAT));
        let (clock, kind, expires_in) = (self.clock.clone(), self.kind, self.expires_in);
        let settings = Arc::new(self.refresh);
        let wire = http.and_then(|http| {
            let (base, granting, cap) =
                (Arc::new(base?), Terms::granting(), expires_in.map(|cap| cap.as_secs()));
            Ok(Wire::new(Terms { http, base, granting, clock, kind, settings, cap }))
        });
        let inner = Inner {
            wire,
            bound: self.bound,
            appid: self.appid,
            kind,
            expires_in,
            clock: self.clock,
            limits: self.limits,
        };
        Client { inner: Arc::new(inner), authorizer: self.authorizer }
    }
}

impl<T> ClientBuilder<Common, T> {
    /// Which kind of access token is used: [`TokenKind::Stable`] by default.
    pub fn token(mut self, kind: TokenKind) -> Self {
        self.kind = kind;
        self
    }
}

impl<T> ClientBuilder<Component, T> {
    /// The authorizer that calls are made for when they name none. Without it, each call that is made for an account has
    /// to, or goes by [`authorizer`](Client::authorizer).
    pub fn authorizer_appid(mut self, authorizer_appid: impl Into<String>) -> Self {
        self.authorizer = Some(authorizer_appid.into().into());
        self
    }
}

impl<App: Application, T> fmt::Debug for ClientBuilder<App, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("appid", &self.appid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Common;
    use crate::adapters::Memory;

    #[test]
    fn a_call_has_the_limits_that_are_documented() {
        let builder = Client::<Common>::builder(Bound::new(Memory::new(), ()));
        let seconds = [builder.connect_timeout, builder.limits.attempt, builder.limits.call]
            .map(|duration| duration.as_secs());
        assert_eq!(seconds, [3, 15, 30]);
        assert_eq!((builder.limits.retries, builder.limits.body), (2, 10 * 1024 * 1024));
    }
}
