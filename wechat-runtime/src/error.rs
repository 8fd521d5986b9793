//! The one error of every call, with what to do about it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::errcode::{self, ErrorKind, Origin};
use crate::storage;

/// Why a call failed, and what to do about it.
///
/// Callers that waited for one token refresh share its error, so it is cheap to clone. It names the
/// endpoint's path and the appid; no URL with a query, token, secret or body is in it.
///
/// ```
/// # use wechat_runtime::{Error, ErrorKind};
/// fn is_worth_another_try(error: &Error) -> bool {
///     matches!(error.kind(), ErrorKind::Busy | ErrorKind::Connect) || error.retry_after().is_some()
/// }
/// ```
///
/// [When a call fails](crate::when_a_call_fails) goes through all of them.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    advice: Option<&'static str>,
    answered: Option<(i64, String)>,
    reason: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    verify_ticket_age: Option<Duration>,
    endpoint: Option<Arc<str>>,
    appid: Option<Arc<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            advice: None,
            answered: None,
            reason: None,
            http_status: None,
            retry_after: None,
            verify_ticket_age: None,
            endpoint: None,
            appid: None,
            source: None,
        }))
    }

    /// A call that cannot be made as it is.
    pub(crate) fn wrong_call(why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Request, format!("the call {why}"))
    }

    /// An errcode that WeChat answered.
    pub(crate) fn answered(code: i64, message: String, origin: Origin) -> Self {
        Self::new(errcode::kind(code, origin), "").edit(|inner| inner.answered = Some((code, message)))
    }

    pub(crate) fn storage(doing: &str, source: storage::Error) -> Self {
        Self::new(ErrorKind::Storage, format!("the storage adapter failed to {doing}"))
            .caused_by(source.into_inner())
    }

    /// An HTTP client's error, stripped of its URL: the query there holds the token.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let (kind, message) = if error.is_connect() {
            (ErrorKind::Connect, "no connection could be made")
        } else if error.is_timeout() {
            (ErrorKind::Timeout, "no answer in time")
        } else if error.is_builder() {
            (ErrorKind::Request, "the request cannot be sent as it is")
        } else {
            (ErrorKind::Transport, "the connection broke before the answer was whole")
        };
        let this = Self::new(kind, message).caused_by(Arc::new(error.without_url()));
        if kind == ErrorKind::Connect && cfg!(not(any(feature = "rustls", feature = "native-tls"))) {
            return this.advising(
                "check base_url and the network; and https needs the feature `rustls` or `native-tls`, which this \
                 build of wechat-runtime has not",
            );
        }
        this
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn caused_by(self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        self.edit(|inner| inner.source = Some(source))
    }

    /// Says where it happened, unless it is said already.
    pub(crate) fn at(self, endpoint: Option<&str>, appid: Option<&Arc<str>>) -> Self {
        self.edit(|inner| {
            if inner.endpoint.is_none() {
                inner.endpoint = endpoint.map(Arc::from);
            }
            if inner.appid.is_none() {
                inner.appid = appid.cloned();
            }
        })
    }

    pub(crate) fn with_status(self, status: reqwest::StatusCode) -> Self {
        self.with_http_status(Some(status.as_u16()))
    }

    pub(crate) fn of_kind(self, kind: ErrorKind) -> Self {
        self.edit(|inner| inner.kind = kind)
    }

    pub(crate) fn with_http_status(self, status: Option<u16>) -> Self {
        self.edit(|inner| inner.http_status = status)
    }

    /// Repeats a hub's word for it.
    pub(crate) fn with_reason(self, reason: Option<String>) -> Self {
        self.edit(|inner| inner.reason = reason)
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        self.edit(|inner| inner.retry_after = retry_after)
    }

    pub(crate) fn with_verify_ticket_age(self, age: Duration) -> Self {
        self.edit(|inner| inner.verify_ticket_age = Some(age))
    }

    /// Says what to do about it better than its kind does.
    pub(crate) fn advising(self, advice: &'static str) -> Self {
        self.edit(|inner| inner.advice = Some(advice))
    }

    /// Says what to do about it better than its kind does, where nothing better is said yet.
    pub(crate) fn advising_else(self, advice: &'static str) -> Self {
        self.edit(|inner| inner.advice = inner.advice.or(Some(advice)))
    }

    pub(crate) fn because(self, message: impl Into<Cow<'static, str>>) -> Self {
        self.edit(|inner| inner.message = message.into())
    }

    /// What is said of it beside WeChat's own words.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// What went wrong, as something to act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// WeChat's errcode, where WeChat answered one.
    #[must_use]
    pub fn errcode(&self) -> Option<i64> {
        self.0.answered.as_ref().map(|(code, _)| *code)
    }

    /// WeChat's errmsg, where WeChat answered one. Its text varies: match on [`errcode`](Error::errcode).
    #[must_use]
    pub fn errmsg(&self) -> Option<&str> {
        self.0.answered.as_ref().map(|(_, message)| message.as_str())
    }

    /// The HTTP status of the answer that failed, where there was an answer.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// A hub's word for what went wrong, where a hub answered one: `invalid_config`, `fail_fetch_access_token` and the
    /// like. Where it is WeChat that refused, a hub has no word, and [`errcode`](Self::errcode) tells.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// How long to wait before a call can succeed, where the client itself holds back: for a token or a ticket that
    /// was not granted, or one that may not be replaced so soon. Until then WeChat is not asked for another.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How long ago the last component verify ticket was pushed, where the failure is that it is too old
    /// ([`NoVerifyTicket`](ErrorKind::NoVerifyTicket)) or that WeChat refused it ([`VerifyTicket`](ErrorKind::VerifyTicket)).
    #[must_use]
    pub fn verify_ticket_age(&self) -> Option<Duration> {
        self.0.verify_ticket_age
    }

    /// With all that has caused it.
    pub(crate) fn in_full(&self) -> InFull<'_> {
        InFull(self)
    }

    /// The path that failed: the one called, or the one that should have granted its token.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// The account the call was made for, where one was known.
    #[must_use]
    pub fn appid(&self) -> Option<&str> {
        self.0.appid.as_deref()
    }

    /// What to do about it, in a few words.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.0.advice.unwrap_or_else(|| errcode::advice(self.0.kind, self.errcode()))
    }
}

/// An error with all that has caused it, for a log.
pub(crate) struct InFull<'a>(&'a Error);

impl fmt::Display for InFull<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = StdError::source(self.0);
        while let Some(error) = cause {
            write!(f, "; caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// A path as an error shows it: in quotes, and on one line.
pub(crate) fn shown(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(endpoint) = &inner.endpoint {
            write!(f, "{endpoint}")?;
            if let Some(appid) = &inner.appid {
                write!(f, " for {appid}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        if let Some((code, message)) = &inner.answered {
            f.write_str(if inner.message.is_empty() { "WeChat answered " } else { ": " })?;
            write!(f, "errcode {code}")?;
            if !message.is_empty() {
                write!(f, " ({message})")?;
            }
        }
        if let Some(retry_after) = inner.retry_after {
            write!(f, "; try again in {} s", retry_after.as_millis().div_ceil(1000))?;
        }
        write!(f, "; {}", self.advice())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.to_string())
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
