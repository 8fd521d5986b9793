//! Whose pushes a service takes, and within which limits.

use std::fmt::{self, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Keys;
use super::handlers::Handlers;
use super::seen::{Seen, SeenInMemory};
use crate::clock::{Clock, Moment, SystemClock};
use crate::storage;

/// No reply takes longer: no clock overflows by it.
const LONGEST_REPLY: Duration = Duration::from_secs(24 * 3600);

/// Where the [`Keys`] of an account come from: `Keys` themselves, or an async function of the account that is named in the
/// path.
///
/// ```
/// use axum::Router;
/// use wechat_runtime::callback::{self, Incoming, Keys, Reply};
/// # use std::io;
/// # async fn row_of(_: &str) -> io::Result<Option<(String, String)>> { Ok(None) }
///
/// async fn keys(appid: String) -> io::Result<Option<Keys>> {
///     let Some((token, encoding_aes_key)) = row_of(&appid).await? else { return Ok(None) };
///     let keys = Keys::encrypted(appid, token, &encoding_aes_key).map_err(io::Error::other)?;
///     Ok(Some(keys))
/// }
///
/// async fn handler(_: Incoming) -> Reply { Reply::success() }
///
/// let app: Router = Router::new().route("/wechat/{appid}", callback::service(keys, handler));
/// ```
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no keys of WeChat accounts",
    label = "not `Keys`, nor a function that looks them up",
    note = "give `Keys`, or an async function of the account in the path, such as \
            `async fn keys(account: String) -> Result<Option<Keys>, sqlx::Error>`"
)]
pub trait KeySource: Send + Sync + 'static {
    /// The keys of the account that the first parameter of the path names, which is empty where the path has none. `None`
    /// where there is no such account: its pushes are answered with status 404.
    async fn keys(&self, account: &str) -> storage::Result<Option<Keys>>;
}

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self, _: &str) -> storage::Result<Option<Keys>> {
        Ok(Some(self.clone()))
    }
}

#[diagnostic::do_not_recommend]
#[async_trait]
impl<F, Fut, E> KeySource for F
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Keys>, E>> + Send,
    E: Display,
{
    async fn keys(&self, account: &str) -> storage::Result<Option<Keys>> {
        self(account.to_owned()).await.map_err(|error| storage::Error::msg(error.to_string()))
    }
}

/// Whose pushes a service takes, and within which limits. [`Keys`], and functions that look them up, are settings by
/// themselves.
///
/// ```
/// use std::time::Duration;
/// use wechat_runtime::callback::{self, Incoming, Keys, Reply, Settings};
///
/// async fn handler(_: Incoming) -> Reply { Reply::success() }
///
/// # fn f(keys: Keys) -> axum::Router {
/// let settings = Settings::new(keys).reply_within(Duration::from_secs(3));
/// axum::Router::new().route("/wechat", callback::service(settings, handler))
/// # }
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until a service takes them"]
pub struct Settings {
    pub(super) keys: Arc<dyn KeySource>,
    pub(super) seen: Arc<dyn Seen>,
    pub(super) handlers: Handlers,
    clock: Arc<dyn Clock>,
    pub(super) reply_within: Duration,
    pub(super) freshness: Duration,
    pub(super) body_limit: usize,
}

impl Settings {
    /// Settings by which the accounts of these keys push.
    pub fn new(keys: impl KeySource) -> Self {
        Self {
            keys: Arc::new(keys),
            seen: Arc::new(SeenInMemory::default()),
            handlers: Handlers::new(),
            clock: Arc::new(SystemClock),
            reply_within: Duration::from_millis(4500),
            freshness: Duration::from_secs(300),
            body_limit: 1024 * 1024,
        }
    }

    /// How long a push has until it is answered, its arrival included: 4.5 s by default, because WeChat pushes again after
    /// 5 s.
    ///
    /// A handler that takes longer goes on, and its reply is lost; the push is answered `success`. More than a day is a day.
    pub fn reply_within(self, time: Duration) -> Self {
        Self { reply_within: time.min(LONGEST_REPLY), ..self }
    }

    /// How long ago a push may have been made and signed, and how far ahead of this machine's clock: 300 s by default.
    /// Fractions of a second are dropped.
    pub fn freshness(self, window: Duration) -> Self {
        Self { freshness: window, ..self }
    }

    /// Where it is remembered which pushes came before: in this process by default.
    pub fn seen(self, seen: impl Seen) -> Self {
        Self { seen: Arc::new(seen), ..self }
    }

    /// Counts the handlers that are running, those included whose push is answered already: so that they can be waited for
    /// before `main` ends.
    pub fn handlers(self, handlers: &Handlers) -> Self {
        Self { handlers: handlers.clone(), ..self }
    }

    /// How many bytes the body of a push may have: 1 MiB by default.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// The clock by which pushes are fresh: the system's by default. A simulated WeChat has a clock of its own, by which it signs:
    /// give that.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The present, in Unix seconds.
    pub(super) fn now(&self) -> u64 {
        Moment::now(&*self.clock).unix()
    }

    /// The window of freshness, in seconds.
    pub(super) fn window(&self) -> u64 {
        self.freshness.as_secs()
    }

    /// How long pushes are remembered: one that was made a window ahead is fresh for two.
    pub(super) fn remembered(&self) -> Duration {
        self.freshness.saturating_mul(2).saturating_add(Duration::from_secs(1))
    }
}

/// What a service takes: [`Settings`], or a [`KeySource`], which is settings by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no keys of WeChat accounts",
    label = "neither `Keys`, nor a function that looks them up, nor `Settings`",
    note = "give `Keys`, or an async function of the account in the path, such as \
            `async fn keys(account: String) -> Result<Option<Keys>, sqlx::Error>`",
    note = "with limits of your own, give `Settings::new` of either"
)]
pub trait IntoSettings {
    /// The settings.
    #[doc(hidden)]
    fn into_settings(self) -> Settings;
}

impl IntoSettings for Settings {
    fn into_settings(self) -> Settings {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<K: KeySource> IntoSettings for K {
    fn into_settings(self) -> Settings {
        Settings::new(self)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("reply_within", &self.reply_within)
            .field("freshness", &self.freshness)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}
