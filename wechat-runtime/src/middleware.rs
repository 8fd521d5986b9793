//! The token injection for users with an HTTP stack of their own: a `reqwest_middleware::Middleware`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Extensions;
use http_body::{Frame, SizeHint};
use reqwest::header::TRANSFER_ENCODING;
use reqwest::{Request, Response, ResponseBuilderExt as _, Url, Version};
use reqwest_middleware::{Middleware, Next};

use crate::application::{Application, Common};
use crate::arrival::Arrival;
use crate::client::{Call, Client, Limits};
use crate::errcode::ErrorKind;
use crate::request::RequestBuilder;
use crate::request::body::Content;
use crate::request::prepared::Prepared;
use crate::request::wire::{SENSITIVE, Transport};
use crate::storage::adapter::Bound;
use crate::{Error, answer};

/// Gives the calls of a [`reqwest_middleware`] stack their access token, as a [`Client`]'s own calls get it:
/// found, injected, refreshed once for all, and the call sent once more when WeChat refuses it.
///
/// ```
/// use wechat_runtime::{Client, Common, TokenInjection, reqwest};
///
/// # fn f(client: Client<Common>) -> reqwest::Result<()> {
/// let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let http = reqwest_middleware::ClientBuilder::new(http).with(TokenInjection::new(&client)).build();
/// let call = http.get("https://api.weixin.qq.com/cgi-bin/getcallbackip");
/// # Ok(()) }
/// ```
///
/// * It belongs last: what is added after it sees the token in the URL, and each of two attempts. What is added
///   before it, a retry policy for instance, sees neither.
/// * The client says where WeChat is, which account and storage, and when to refresh; time-outs and retries are the
///   stack's. A call to any other host is an error before anything is sent.
/// * One request is for another account with the extension [`Appid`], or, of a component application, [`AuthorizerAppid`], and
///   by another storage with a [`Bound`].
/// * A redirect that was followed is an error, since it took the token along: build the HTTP client with
///   `redirect::Policy::none()`.
/// * A body that is a stream, as reqwest's multipart is, is sent once: when the token is refused, it is refreshed for
///   the next call, and this one fails. WeChat takes no body without a length.
/// * An errcode that WeChat answers is part of the response, as after [`send`](RequestBuilder::send), and so is any
///   HTTP status but a redirect, which is an error, and so is a token that stays refused.
///
/// # Errors
///
/// They are [`reqwest_middleware::Error::Middleware`] with an [`Error`] inside, by `downcast_ref`. Those of the HTTP
/// client stay its own up to the head of the answer, without their URL.
pub struct TokenInjection<App: Application = Common> {
    client: Client<App>,
}

/// As an extension of a request, the account that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appid(pub String);

/// As an extension of a component application's request, the account that it is for, which has authorized the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerAppid(pub String);

impl<App: Application> TokenInjection<App> {
    /// The injection with the settings of this client.
    pub fn new(client: &impl Call<App = App>) -> Self {
        Self { client: client.client().clone() }
    }

    async fn run(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
        broken: &mut Option<reqwest::Error>,
    ) -> Result<Response, Error> {
        request.url_mut().set_fragment(None);
        let (asked, timeout, version) =
            (request.url().clone(), request.timeout().copied(), request.version());
        let mut call =
            RequestBuilder::new(self.client.clone(), request.method().clone(), asked.clone().into());
        if let Some(Appid(appid)) = extensions.get() {
            call = call.appid(appid);
        }
        if let Some(AuthorizerAppid(authorizer)) = extensions.get() {
            call = call.for_authorizer(authorizer.as_str().into());
        }
        if let Some(bound) = extensions.get::<Bound<App>>() {
            call = call.adapter_storage(bound);
        }
        let content = request.body_mut().take().map_or(Content::Empty, Content::Stream);
        // The body has a length, and is not sent in chunks.
        request.headers_mut().remove(TRANSFER_ENCODING);
        let call = call.with_parts(std::mem::take(request.headers_mut()), content);
        let limits = Limits {
            attempt: Duration::MAX,
            call: timeout.unwrap_or(Duration::MAX),
            retries: 0,
            body: usize::MAX,
        };
        let through = Through { next, extensions, timeout, version, broken };
        let mut call = Prepared::new(call)?.limited_to(limits);
        let arrival: Arrival = call.send(through).await?;
        arrival.into_response(asked)
    }
}

#[async_trait]
impl<App: Application> Middleware for TokenInjection<App> {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let mut broken = None;
        let outcome = self.run(request, extensions, next, &mut broken).await;
        outcome.map_err(|error| match broken {
            // As the HTTP client told it: by that a retry policy further outside knows what may be retried.
            Some(broken) => broken.into(),
            None => reqwest_middleware::Error::middleware(error),
        })
    }
}

impl<App: Application> Clone for TokenInjection<App> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone() }
    }
}

impl<App: Application> fmt::Debug for TokenInjection<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.debug("TokenInjection", f)
    }
}

/// The rest of the stack, and what a fresh request has to take over from the caller's.
struct Through<'a> {
    next: Next<'a>,
    extensions: &'a mut Extensions,
    timeout: Option<Duration>,
    version: Version,
    /// Where the HTTP client's own error is kept for those outside.
    broken: &'a mut Option<reqwest::Error>,
}

impl Transport for Through<'_> {
    const PASSES_ANY_STATUS: bool = true;

    async fn execute(&mut self, _: &reqwest::Client, mut request: Request) -> Result<Response, Error> {
        *request.timeout_mut() = self.timeout;
        *request.version_mut() = self.version;
        let sent_to = request.url().clone();
        let response =
            self.next.clone().run(request, self.extensions).await.map_err(|error| match error {
                reqwest_middleware::Error::Reqwest(error) => {
                    *self.broken = Some(error.without_url());
                    Error::new(ErrorKind::Transport, "the request did not come through")
                }
                reqwest_middleware::Error::Middleware(error) => {
                    // Whatever is further inside has seen the token, and may repeat it.
                    let secrets = sent_to.query_pairs().filter(|(name, _)| SENSITIVE.contains(&&**name));
                    let secrets: Vec<_> = secrets.map(|(_, value)| value.into_owned()).collect();
                    let said = answer::tidy(&error.to_string(), &secrets);
                    Error::new(ErrorKind::Transport, format!("a middleware further inside failed: {said}"))
                }
            })?;
        if *response.url() != sent_to {
            return Err(Error::new(
                ErrorKind::Status,
                "another URL has answered than was called: a redirect was followed, and took the token along",
            )
            .advising(
                "build the HTTP client with `redirect::Policy::none()`, and add this middleware last",
            ));
        }
        Ok(response)
    }
}

impl Arrival {
    /// A response as the caller of the stack expects it, its URL without the token.
    fn into_response(self, asked: Url) -> Result<Response, Error> {
        let Self { begun, rest, whole, .. } = self;
        let mut response = match rest.map(|rest| http::Response::from(rest).into_parts()) {
            Some((parts, _)) if whole => http::Response::from_parts(parts, reqwest::Body::from(begun)),
            Some((parts, rest)) => {
                http::Response::from_parts(parts, reqwest::Body::wrap(Resumed { begun, rest }))
            }
            None => {
                let mut response = http::Response::new(reqwest::Body::from(begun));
                *response.headers_mut() = self.headers;
                response
            }
        };
        let unusable = |_| Error::new(ErrorKind::Body, "the response cannot be handed on");
        let with_url = http::Response::builder().url(asked).body(()).map_err(unusable)?;
        response.extensions_mut().extend(with_url.into_parts().0.extensions);
        Ok(response.into())
    }
}

/// A body whose beginning has been read already.
struct Resumed {
    begun: Bytes,
    rest: reqwest::Body,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<reqwest::Result<Frame<Bytes>>>> {
        if !self.begun.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.begun)))));
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (begun, rest) = (self.begun.len() as u64, self.rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(begun));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(begun));
        }
        hint
    }
}
