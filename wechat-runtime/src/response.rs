//! What a call comes back with.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::answer::{self, Answered};
use crate::called::Called;
#[cfg(feature = "reqwest-middleware")]
use crate::called::Whose;
use crate::credentials::Judged;
use crate::errcode::ErrorKind;

/// How long an answer may be, in bytes, where no client says otherwise.
pub(crate) const LONGEST_ANSWER: usize = 10 * 1024 * 1024;

/// WeChat's answer to a call, read whole.
///
/// An errcode in it is part of the answer, not yet an error: [`json`](Response::json) and
/// [`error_for_errcode`](Response::error_for_errcode) make it one.
pub struct Response(Box<Parts>);

/// What there is of it. It is boxed, since it is passed from hand to hand.
struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    answered: Option<Answered>,
    called: Called,
}

impl Response {
    pub(crate) fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        secrets: impl FnOnce() -> Vec<String>,
        called: Called,
    ) -> Self {
        let answered = answer::errcode(&body).map(|answered| answered.tidied(secrets));
        Self(Box::new(Parts { status, headers, body, answered, called }))
    }

    /// Reads the answer that a stack of middlewares gives, up to 10 MiB, to ask it for WeChat's errcode.
    ///
    /// Needs the feature `reqwest-middleware`.
    ///
    /// # Errors
    ///
    /// A connection that breaks ([`Transport`](ErrorKind::Transport)); a body that is longer
    /// ([`Body`](ErrorKind::Body)).
    #[cfg(feature = "reqwest-middleware")]
    pub async fn read(mut response: reqwest::Response) -> Result<Self, Error> {
        let token = Whose::Accounts;
        let called = Called { endpoint: response.url().path().into(), appid: None, token };
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = answer::read(&mut response, LONGEST_ANSWER).await.map_err(|error| called.locate(error))?;
        Ok(Self::new(status, headers, body, Vec::new, called))
    }

    /// The account that was called for.
    pub(crate) fn appid(&self) -> Option<&Arc<str>> {
        self.0.called.appid.as_ref()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body as it came.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0.body
    }

    /// The body as it came, without the rest.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0.body
    }

    /// WeChat's errcode, where the body has one: 0 is success. A body without one is a success, too.
    #[must_use]
    pub fn errcode(&self) -> Option<i64> {
        self.0.answered.as_ref().map(|answered| answered.code)
    }

    /// WeChat's errmsg, where the body has an errcode.
    #[must_use]
    pub fn errmsg(&self) -> Option<&str> {
        self.0.answered.as_ref().map(|answered| &*answered.message)
    }

    /// Turns an errcode that is not 0 into an error.
    ///
    /// A body that is no JSON passes, since it may be a file; a page of markup does not, since something
    /// between here and WeChat has sent it.
    ///
    /// # Errors
    ///
    /// The errcode, its [`kind`](Error::kind) by the code; a page ([`ErrorKind::Body`]).
    pub fn error_for_errcode(self) -> Result<Self, Error> {
        match self.errcode() {
            Some(0) => Ok(self),
            Some(_) => Err(self.into_error()),
            None if answer::is_page(&self.0.body) => {
                Err(self.locate(Error::new(ErrorKind::Body, "the answer is a page of markup, not JSON")))
            }
            None => Ok(self),
        }
    }

    /// The body as JSON, whatever the Content-Type says.
    ///
    /// ```no_run
    /// # use wechat_runtime::{Client, Common, Error};
    /// #[derive(serde::Deserialize)]
    /// struct Followers {
    ///     total: u64,
    /// }
    ///
    /// # async fn f(client: Client<Common>) -> Result<(), Error> {
    /// let followers: Followers = client.get("/cgi-bin/user/get").send().await?.json()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// An errcode that is not 0, by its kind; a body that is empty, not JSON or of another shape
    /// ([`ErrorKind::Body`]).
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let this = self.error_for_errcode()?;
        answer::json(&this.0.body).map_err(|error| this.locate(error))
    }

    /// The body as a JSON value, where no type of its own is worth it.
    ///
    /// # Errors
    ///
    /// Those of [`json`](Response::json).
    pub fn value(self) -> Result<serde_json::Value, Error> {
        self.json()
    }

    fn locate(&self, error: Error) -> Error {
        self.0.called.locate(error.with_status(self.0.status))
    }
}

impl Judged for Response {
    fn errcode(&self) -> Option<i64> {
        self.errcode()
    }

    fn into_error(self) -> Error {
        self.0.called.refused(self.0.answered.unwrap_or_default(), self.0.status)
    }
}

/// Without the body and the headers: they hold what only the caller should see.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.0.status)
            .field("errcode", &self.errcode())
            .field("bytes", &self.0.body.len())
            .finish_non_exhaustive()
    }
}
