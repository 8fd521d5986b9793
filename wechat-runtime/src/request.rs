//! One call, before it is sent: what to call, with what, for whom, and what to do otherwise than declared.

pub(crate) mod body;
mod granting;
mod parameters;
pub(crate) mod prepared;
pub(crate) mod wire;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RANGE};
use serde::Serialize;
use tokio::io::AsyncRead;

use self::body::Content;
use self::prepared::Prepared;
use self::wire::Own;
#[cfg(feature = "reqwest-middleware")]
use crate::application::Kind;
use crate::application::{Application, Component};
use crate::arrival::Arrival;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::download::{Download, Within};
use crate::errcode::ErrorKind;
use crate::response::Response;
use crate::storage::adapter::{Adapter, Bound, DefaultArgs};
use crate::upload::{Upload, UploadFile};
use crate::{Error, Secret};

/// Headers that the transport writes: another's word for them would break the length or the host.
const TRANSPORT_HEADERS: &[&str] = &["connection", "content-length", "host", "transfer-encoding"];

/// A call to be sent. What is wrong with it is the error of [`send`](RequestBuilder::send).
///
/// ```no_run
/// # use serde_json::json;
/// # use wechat_runtime::{Call, Error};
/// # async fn f(wechat: impl Call) -> Result<(), Error> {
/// let sent = wechat
///     .post("/cgi-bin/message/template/send")
///     .json(&json!({ "touser": "o6_bmj…", "template_id": "…", "data": {} }))
///     .send()
///     .await?
///     .error_for_errcode()?;
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until it is sent"]
pub struct RequestBuilder<App: Application> {
    client: Client<App>,
    method: Method,
    url: String,
    query: String,
    /// Few calls have one of their own.
    headers: Option<Box<HeaderMap>>,
    /// What the body is, where no header says otherwise.
    content_type: Option<&'static str>,
    content: Content,
    appid: Option<Arc<str>>,
    authorizer: Option<Arc<str>>,
    bound: Option<Bound<App>>,
    base_url: Option<String>,
    token: Option<Secret>,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    retry_unsafe: bool,
    error: Option<Error>,
}

impl<App: Application> RequestBuilder<App> {
    pub(crate) fn new(client: Client<App>, method: Method, url: String) -> Self {
        Self {
            client,
            method,
            url,
            query: String::new(),
            headers: None,
            content_type: None,
            content: Content::Empty,
            appid: None,
            authorizer: None,
            bound: None,
            base_url: None,
            token: None,
            timeout: None,
            attempt_timeout: None,
            retry_unsafe: false,
            error: None,
        }
    }

    /// Adds query parameters behind those of the URL, in the order given: pairs, a map, or a struct.
    pub fn query<T: Serialize + ?Sized>(mut self, parameters: &T) -> Self {
        match serde_urlencoded::to_string(parameters) {
            Ok(more) if more.is_empty() => {}
            Ok(more) if self.query.is_empty() => self.query = more,
            Ok(more) => {
                self.query.push('&');
                self.query.push_str(&more);
            }
            Err(_) => self.wrong("the query parameters cannot be written as names and values"),
        }
        self
    }

    /// Sends JSON, as raw UTF-8, since WeChat has been seen to show `\uXXXX` as it is written. The `content-type`
    /// is `application/json`, unless a [`header`](Self::header) says otherwise.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => self.set_body("application/json", json),
            Err(_) => self.wrong("the body cannot be written as JSON"),
        }
        self
    }

    /// Sends a form (`application/x-www-form-urlencoded`): pairs, a map, or a struct.
    pub fn form<T: Serialize + ?Sized>(mut self, fields: &T) -> Self {
        match serde_urlencoded::to_string(fields) {
            Ok(form) => self.set_body("application/x-www-form-urlencoded", form),
            Err(_) => self.wrong("the form cannot be written as names and values"),
        }
        self
    }

    /// Sends bytes as they are; say what they are with a `content-type` [`header`](Self::header).
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.content = Content::Bytes(body.into());
        self
    }

    /// Sends what `reader` gives, which has to be `length` bytes: WeChat takes no body without a length.
    ///
    /// It can be read only once: when the access token is refused, the call fails, with the token refreshed for the
    /// next one.
    pub fn body_reader(mut self, length: u64, reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        self.content = Content::Raw(UploadFile::reader("the body", length, reader).into());
        self
    }

    /// Sends files and text fields as `multipart/form-data`: a file alone, or a whole [`Upload`].
    ///
    /// ```no_run
    /// use wechat_runtime::{Call, Error, UploadFile};
    ///
    /// # async fn f(wechat: impl Call) -> Result<(), Error> {
    /// let logo = UploadFile::path("logo.png");
    /// let answer = wechat.post("/cgi-bin/media/upload?type=image").upload(logo).send().await?.value()?;
    /// # Ok(()) }
    /// ```
    pub fn upload(mut self, form: impl Into<Upload>) -> Self {
        self.content = Content::Upload(Box::new(form.into()));
        self
    }

    /// Sets a header. `connection`, `content-length`, `host` and `transfer-encoding` are the transport's.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(_)) if TRANSPORT_HEADERS.contains(&name.as_str()) => {
                self.wrong(format!("the header `{name}` is the transport's to write: leave it out"));
            }
            (Ok(name), Ok(value)) => drop(self.headers.get_or_insert_default().insert(name, value)),
            _ => self.wrong("a header has a name or a value that no header can have"),
        }
        self
    }

    /// How long this whole call may take, in place of the client's
    /// [`timeout`](crate::ClientBuilder::timeout) (30 s): with its token, its retries, and the file that it sends
    /// or receives.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long one attempt may take, in place of the client's
    /// [`attempt_timeout`](crate::ClientBuilder::attempt_timeout). A file that is sent or received may take longer, but
    /// not stand still for longer.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Calls for this account, whatever was declared.
    ///
    /// Of a component application it names the component: another account is named by
    /// [`authorizer_appid`](Self::authorizer_appid).
    pub fn appid(mut self, appid: impl Into<String>) -> Self {
        self.appid = Some(appid.into().into());
        self
    }

    /// Calls WeChat's API where it is said to be here, whatever was declared.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Takes the token from this storage, whatever was declared: an adapter whose arguments have a default,
    /// or a [`Bound`], by value or reference, which keeps its local copies from call to call.
    pub fn adapter_storage<S, M>(self, adapter: S) -> Self
    where
        S: Adapter<App, M>,
        S::Args: DefaultArgs,
    {
        self.adapter_storage_with(adapter, S::Args::default_args())
    }

    /// Takes the token from this storage with these arguments, whatever was declared.
    pub fn adapter_storage_with<S, M>(mut self, adapter: S, args: S::Args) -> Self
    where
        S: Adapter<App, M>,
    {
        self.bound = Some(adapter.bind(args));
        self
    }

    /// Sends this access token, the caller's own: it is neither looked up nor refreshed.
    pub fn access_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Allows a call that changes something (POST, PATCH) to be sent again when the connection broke or the
    /// time ran out after it was sent, or a status of 500 or more came back: WeChat may then act twice.
    pub fn retry_unsafe(mut self) -> Self {
        self.retry_unsafe = true;
        self
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// What is wrong with the call ([`Request`](ErrorKind::Request)); trouble with the storage or with
    /// obtaining the token; trouble on the way ([`Connect`](ErrorKind::Connect),
    /// [`Timeout`](ErrorKind::Timeout), [`Transport`](ErrorKind::Transport)); an HTTP status other than
    /// success with no errcode in the body ([`Status`](ErrorKind::Status)); a token that stays refused
    /// ([`TokenRejected`](ErrorKind::TokenRejected)). Any other errcode is part of the [`Response`].
    pub async fn send(self) -> Result<Response, Error> {
        // Nothing comes before it is awaited: what is said of the call is said in its caller's span.
        let mut call = Prepared::new(self)?;
        call.send(Own).await
    }

    /// Sends the call, and begins to receive a file.
    ///
    /// What begins like JSON is read first: an errcode in it is the error, so that what is
    /// [saved](Download::save) is a file. A refused access token is refreshed as in [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send); an errcode that is not 0, by its kind; a page of markup
    /// ([`Body`](ErrorKind::Body)); what is no whole file, unless a `range` was asked for, or is packed
    /// ([`Status`](ErrorKind::Status)).
    pub async fn download(self) -> Result<Download, Error> {
        let part_asked_for = self.headers.as_ref().is_some_and(|headers| headers.contains_key(RANGE));
        let mut call = Prepared::new(self)?;
        let limits = call.limits();
        let within =
            Within { deadline: Deadline::after(limits.call), piece: limits.attempt, body: limits.body };
        let arrival: Arrival = call.send(Own).await?;
        Ok(Download::new(arrival.error_unless_file(part_asked_for)?, within))
    }

    /// Calls for this account, where calls of this kind of application are made for one.
    #[cfg(feature = "reqwest-middleware")]
    pub(crate) fn for_authorizer(mut self, authorizer: Arc<str>) -> Self {
        if App::KIND == Kind::Component {
            self.authorizer = Some(authorizer);
        }
        self
    }

    /// Takes over the headers and the body of a request that was made elsewhere.
    #[cfg(feature = "reqwest-middleware")]
    pub(crate) fn with_parts(self, headers: HeaderMap, content: Content) -> Self {
        Self { headers: Some(headers.into()), content, ..self }
    }

    fn set_body(&mut self, content_type: &'static str, body: impl Into<Bytes>) {
        self.content_type.get_or_insert(content_type);
        self.content = Content::Bytes(body.into());
    }

    fn wrong(&mut self, why: impl Into<Cow<'static, str>>) {
        self.error.get_or_insert_with(|| Error::new(ErrorKind::Request, why));
    }
}

impl RequestBuilder<Component> {
    /// Calls for this account, which has authorized the component, whatever was declared.
    pub fn authorizer_appid(mut self, authorizer_appid: impl Into<String>) -> Self {
        self.authorizer = Some(authorizer_appid.into().into());
        self
    }
}

/// Without query, headers and body: they hold what only WeChat should see.
impl<App: Application> fmt::Debug for RequestBuilder<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("path", &self.url.split(['?', '#']).next().filter(|path| !path.contains('@')))
            .field("appid", &self.appid)
            .field("authorizer_appid", &self.authorizer)
            .finish_non_exhaustive()
    }
}
