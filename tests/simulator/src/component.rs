//! One third-party platform as a test declares it.

mod account;
mod authorized;
mod authorizer;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use account::ComponentAccount;
pub use authorized::Authorized;
pub use authorizer::Authorizer;

use crate::callback::Callback;

/// How long a token lives unless the test says otherwise, in seconds.
const EXPIRES_IN: u64 = 7200;

/// What `api_authorizer_token` does with refresh tokens. The documentation says no more than that its answer
/// has one.
///
/// `api_query_auth`, `api_get_authorizer_info` and `api_get_authorizer_list` always tell the one that is good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RefreshTokens {
    /// The answer repeats it: the default.
    #[default]
    Unchanged,
    /// The answer has a new one, and the one that was used is refused from then on.
    Rotated,
    /// The answer has no `authorizer_refresh_token`; the old one stays good.
    Omitted,
    /// The answer's `authorizer_refresh_token` is `null`; the old one stays good.
    Null,
}

/// A third-party platform: its credentials, who authorized it, and how WeChat treats it.
///
/// The accounts that authorize it need not be declared as [`App`](crate::App)s. Those that are not have the data of
/// a bare one, made when it is first asked for, so that there may be 100,000 of them.
///
/// ```
/// use wechat_simulator::{Callback, Component, RefreshTokens};
///
/// let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// let component = Component::new("wx3e0f8a7c5d2b1946", "component-secret")
///     .callback(Callback::encrypted("http://127.0.0.1:8080/component", "token", key))
///     .authorizer("wx1f2e3d4c5b6a7988")
///     .authorizers((0..1000).map(|number| format!("wx{number:016}")))
///     .refresh_tokens(RefreshTokens::Rotated);
/// # drop(component);
/// ```
#[derive(Clone)]
pub struct Component {
    pub(crate) appid: String,
    pub(crate) settings: Settings,
    /// Those authorized from the start, in order.
    pub(crate) authorizers: Vec<Arc<str>>,
}

/// What can be changed of a third-party platform while it runs.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) secret: String,
    pub(crate) callback: Option<Callback>,
    pub(crate) expires_in: u64,
    pub(crate) authorizer_expires_in: u64,
    pub(crate) address_allowed: bool,
    pub(crate) daily_limits: HashMap<String, u64>,
    pub(crate) refresh_tokens: RefreshTokens,
    /// Whether authorizing again replaces the refresh token.
    pub(crate) renewing: bool,
    /// Whether tickets are pushed without `api_start_push_ticket`.
    pub(crate) pushing: bool,
}

impl Default for Settings {
    /// With a secret that is none.
    fn default() -> Self {
        Self {
            secret: String::new(),
            callback: None,
            expires_in: EXPIRES_IN,
            authorizer_expires_in: EXPIRES_IN,
            address_allowed: true,
            daily_limits: HashMap::new(),
            refresh_tokens: RefreshTokens::Unchanged,
            renewing: false,
            pushing: true,
        }
    }
}

impl Component {
    /// A third-party platform with the defaults of every other setting, which nobody authorized.
    #[must_use]
    pub fn new(appid: impl Into<String>, secret: impl Into<String>) -> Self {
        let settings = Settings { secret: secret.into(), ..Settings::default() };
        Self { appid: appid.into(), settings, authorizers: Vec::new() }
    }

    /// Sets where tickets and news of authorizations are pushed to: the authorization-event URL of the console.
    /// Without it, nothing is pushed. The platform writes to it in safe mode and XML only; here it is written to as the
    /// callback says.
    #[must_use]
    pub fn callback(mut self, callback: Callback) -> Self {
        self.settings.callback = Some(callback);
        self
    }

    /// Adds an account that authorized it before the start.
    #[must_use]
    pub fn authorizer(mut self, appid: impl AsRef<str>) -> Self {
        self.authorizers.push(Arc::from(appid.as_ref()));
        self
    }

    /// Adds accounts that authorized it before the start, in this order.
    #[must_use]
    pub fn authorizers<I>(mut self, appids: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.authorizers.extend(appids.into_iter().map(|appid| Arc::from(appid.as_ref())));
        self
    }

    /// Sets what `api_authorizer_token` does with refresh tokens; [`RefreshTokens::Unchanged`] by default.
    #[must_use]
    pub fn refresh_tokens(mut self, refresh_tokens: RefreshTokens) -> Self {
        self.settings.refresh_tokens = refresh_tokens;
        self
    }

    /// Says whether an account that authorizes again without having cancelled gets a new refresh token, so that
    /// the one before it is refused; false by default.
    #[must_use]
    pub fn renewing(mut self, renewing: bool) -> Self {
        self.settings.renewing = renewing;
        self
    }

    /// Sets how long a new component access token lives, in seconds; 7200 by default, 0 is allowed.
    #[must_use]
    pub fn expires_in(mut self, seconds: u64) -> Self {
        self.settings.expires_in = seconds;
        self
    }

    /// Sets how long a new authorizer access token lives, in seconds; 7200 by default, 0 is allowed.
    #[must_use]
    pub fn authorizer_expires_in(mut self, seconds: u64) -> Self {
        self.settings.authorizer_expires_in = seconds;
        self
    }

    /// Says whether callers' addresses are registered; if not, `api_component_token` answers 61004.
    #[must_use]
    pub fn address_allowed(mut self, allowed: bool) -> Self {
        self.settings.address_allowed = allowed;
        self
    }

    /// Sets how often it may call a path in one Beijing day before that answers 45009.
    ///
    /// `api_component_token` has 2000 by default: a number decided here after that of `/cgi-bin/token`, since the
    /// documentation has none. The other paths for third-party platforms have no limit. Calls for an account
    /// count as the account's own.
    #[must_use]
    pub fn daily_limit(mut self, path: impl Into<String>, calls: u64) -> Self {
        self.settings.daily_limits.insert(path.into(), calls);
        self
    }

    /// Says whether tickets are pushed from the start; true by default. If not, `api_start_push_ticket` begins
    /// it.
    #[must_use]
    pub fn pushing(mut self, pushing: bool) -> Self {
        self.settings.pushing = pushing;
        self
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("appid", &self.appid).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}
