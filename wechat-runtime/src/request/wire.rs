//! Sending a prepared call: a fresh request for each attempt, and another attempt where that is safe.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::body::Body;
use super::prepared::Prepared;
use crate::arrival::Arrival;
use crate::base::Addressed;
use crate::called::Called;
use crate::credentials::{Carried, Judged, Next};
use crate::deadline::{Awaited, Deadline, late_attempt};
use crate::errcode::ErrorKind;
use crate::response::Response;
use crate::settings::{Backoff, jitter};
use crate::upload::measured::Measured;
use crate::{Error, Secret, answer, query};

/// The pause before an attempt is repeated.
const PAUSE: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) };
const PAUSE_JITTER_PERCENT: u32 = 50;

/// Parameters whose values are secrets of the caller's.
pub(crate) const SENSITIVE: &[&str] = &[
    "access_token",
    "appsecret",
    "authorization_code",
    "authorizer_refresh_token",
    "code",
    "component_access_token",
    "component_appsecret",
    "component_secret",
    "component_verify_ticket",
    "js_code",
    "refresh_token",
    "secret",
];

/// What puts a request on the wire.
pub(crate) trait Transport: Send {
    /// Whether a status other than success, with no errcode in the body, is for its user to judge. A redirect is not:
    /// where it leads, it may repeat the token.
    const PASSES_ANY_STATUS: bool = false;

    /// Sends it; by `http`, unless it has another way.
    // The request is handed on before there is a future, which need not have room for it.
    fn execute(
        &mut self,
        http: &reqwest::Client,
        request: reqwest::Request,
    ) -> impl Future<Output = Result<reqwest::Response, Error>> + Send;
}

/// The client's own way.
pub(crate) struct Own;

impl Transport for Own {
    fn execute(
        &mut self,
        http: &reqwest::Client,
        request: reqwest::Request,
    ) -> impl Future<Output = Result<reqwest::Response, Error>> + Send {
        let sent = http.execute(request);
        async { sent.await.map_err(Error::transport) }
    }
}

/// What an answer is read as.
pub(crate) trait Reading: Judged + Sized + Send {
    /// Reads as much of it as it has to be judged by, and no more than `limit` bytes.
    fn read(
        response: reqwest::Response,
        limit: usize,
        secrets: impl FnOnce() -> Vec<String> + Send,
        called: Called,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// An answer that the client has made by itself, without asking WeChat.
    fn made(body: Bytes, called: Called) -> Self;

    fn status(&self) -> StatusCode;

    /// The body, where it has been read to its end.
    fn body(&self) -> Option<&Bytes>;
}

/// The whole of it.
impl Reading for Response {
    // A block, which has one place for each of these; an `async fn` has two.
    #[expect(clippy::manual_async_fn, reason = "said above")]
    fn read(
        mut response: reqwest::Response,
        limit: usize,
        secrets: impl FnOnce() -> Vec<String> + Send,
        called: Called,
    ) -> impl Future<Output = Result<Self, Error>> + Send {
        async move {
            let body = answer::read(&mut response, limit).await?;
            let headers = std::mem::take(response.headers_mut());
            Ok(Self::new(response.status(), headers, body, secrets, called))
        }
    }

    fn made(body: Bytes, called: Called) -> Self {
        Self::new(StatusCode::OK, answer::json_headers(), body, Vec::new, called)
    }

    fn status(&self) -> StatusCode {
        self.status()
    }

    fn body(&self) -> Option<&Bytes> {
        Some(self.bytes())
    }
}

/// Its beginning.
impl Reading for Arrival {
    async fn read(
        response: reqwest::Response,
        _: usize,
        secrets: impl FnOnce() -> Vec<String> + Send,
        called: Called,
    ) -> Result<Self, Error> {
        Self::begin(response, secrets, called).await
    }

    fn made(body: Bytes, called: Called) -> Self {
        Self::made(body, called)
    }

    fn status(&self) -> StatusCode {
        self.status
    }

    fn body(&self) -> Option<&Bytes> {
        self.whole.then_some(&self.begun)
    }
}

/// A call on its way, the secret in its query if there is one, and when it has to be over.
pub(super) struct Sending<'a, T, R> {
    call: &'a Prepared,
    body: &'a Body,
    secret: Option<Secret>,
    transport: T,
    deadline: Deadline,
    reading: PhantomData<fn() -> R>,
}

impl<T: Transport, R: Reading> Next for Sending<'_, T, R> {
    type Answer = R;

    async fn send(&mut self, token: Option<Carried<'_>>) -> Result<R, Error> {
        let mut failures = 0;
        loop {
            match self.attempt_in_time(token).await {
                Err(error) if failures < self.call.limits.retries && self.may_try_again(&error) => {
                    let pause = PAUSE.pause(failures);
                    let pause = pause + jitter(pause, PAUSE_JITTER_PERCENT);
                    if !self.deadline.leaves_room_for(pause) {
                        return Err(error);
                    }
                    tracing::debug!(endpoint = &*self.call.called.endpoint, %error, "trying again");
                    Box::pin(tokio::time::sleep(pause)).await;
                    failures += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn can_repeat(&self) -> bool {
        self.body.can_repeat()
    }
}

impl<'a, T: Transport, R: Reading> Sending<'a, T, R> {
    pub(super) fn new(
        call: &'a Prepared,
        body: &'a Body,
        secret: Option<Secret>,
        transport: T,
        deadline: Deadline,
    ) -> Self {
        Self { call, body, secret, transport, deadline, reading: PhantomData }
    }

    /// One attempt, in its time. It is boxed: what is around it is moved about, and is small so.
    async fn attempt_in_time(&mut self, token: Option<Carried<'_>>) -> Result<R, Error> {
        if let Body::Measured(measured) = self.body {
            return Box::pin(self.upload_in_time(token, measured)).await;
        }
        let (limit, deadline) = (self.call.limits.attempt, self.deadline);
        let late = || late_attempt(format!("no answer within {limit:?}"));
        deadline.wait_within(Awaited::Answer, limit, Box::pin(self.attempt(token)), late).await
    }

    /// One attempt of an upload: it may take longer than an attempt, as long as it does not stand still.
    async fn upload_in_time(&mut self, token: Option<Carried<'_>>, body: &Measured) -> Result<R, Error> {
        let (limit, deadline) = (self.call.limits.attempt, self.deadline);
        let outcome =
            deadline.wait_for(Awaited::Answer, body.pulse().within(limit, self.attempt(token))).await;
        // The transport knows a file that cannot be read only as a broken connection.
        outcome.map_err(|error| body.take_failure().unwrap_or(error))
    }

    async fn attempt(&mut self, token: Option<Carried<'_>>) -> Result<R, Error> {
        let request = self.request(token)?;
        let response = self.transport.execute(&self.call.wire.http, request).await?;
        let status = response.status();
        let (call, secret) = (self.call, self.secret.as_ref());
        let secrets = || call.secrets(token.map(|carried| carried.token).into_iter().chain(secret));
        let answer = R::read(response, call.limits.body, secrets, call.called.clone()).await?;
        let passes = T::PASSES_ANY_STATUS && !status.is_redirection();
        if passes || status.is_success() || answer.errcode().is_some() {
            return Ok(answer);
        }
        let what = if status.is_redirection() {
            format!(
                "answered by a redirect (HTTP status {}), which would take the token along",
                status.as_u16()
            )
        } else {
            format!("answered by HTTP status {} without an errcode", status.as_u16())
        };
        Err(Error::new(ErrorKind::Status, what).with_status(status))
    }

    /// A fresh request; the token is the first parameter of the query.
    fn request(&self, token: Option<Carried<'_>>) -> Result<reqwest::Request, Error> {
        let call = self.call;
        let mut url = self.url(token);
        add_query(&mut url, &call.query);
        let mut request = reqwest::Request::new(call.method.clone(), url);
        if let Some(given) = &call.headers {
            request.headers_mut().clone_from(given);
        }
        if let Some(content_type) = call.content_type {
            let headers = request.headers_mut();
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        }
        *request.body_mut() = self.body.for_attempt()?;
        let headers = request.headers_mut();
        match self.body {
            Body::Measured(measured) => {
                if let Some(Ok(content_type)) = measured.content_type().map(HeaderValue::try_from) {
                    headers.insert(CONTENT_TYPE, content_type);
                }
                headers.insert(CONTENT_LENGTH, measured.length().into());
            }
            // WeChat answers 412 to a body without a length, and an empty one has none by itself.
            Body::Empty if has_body(&call.method) => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            _ => {}
        }
        Ok(request)
    }

    /// The URL, with the token alone in its query.
    fn url(&self, token: Option<Carried<'_>>) -> Url {
        let Prepared { wire, absolute, route, called, .. } = self.call;
        let base = &wire.base;
        let (name, path) = (route.token_parameter(), &*called.endpoint);
        if let (Some(Carried { token, addressed: Some(addressed) }), None) = (token, absolute)
            && let Some(url) = addressed.get_or_init(|| Addressed::new(base, name, token)).url(base, path)
        {
            return url;
        }
        let mut url = absolute.as_ref().map_or_else(|| base.url(path), |url| (**url).clone());
        if let Some(Carried { token, .. }) = token {
            url.query_pairs_mut().append_pair(name, token.expose());
        }
        url
    }

    /// Whether an attempt that failed so may be repeated without WeChat acting twice.
    fn may_try_again(&self, error: &Error) -> bool {
        let safe = match error.kind() {
            ErrorKind::Connect => true,
            ErrorKind::Timeout | ErrorKind::Transport => self.call.may_repeat,
            ErrorKind::Status => {
                self.call.may_repeat && error.http_status().is_some_and(|status| status >= 500)
            }
            _ => false,
        };
        safe && self.body.can_repeat()
    }
}

impl Prepared {
    /// What an answer must not be quoted with, should it repeat it.
    fn secrets<'a>(&self, ours: impl Iterator<Item = &'a Secret>) -> Vec<String> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        let callers = pairs.filter(|(name, _)| SENSITIVE.contains(&name.as_ref()));
        let in_body = SENSITIVE.iter().filter_map(|name| self.fields.text(name)).map(str::to_owned);
        let ours = ours.map(|secret| secret.expose().to_owned());
        ours.chain(callers.map(|(_, value)| value.into_owned())).chain(in_body).collect()
    }
}

/// Adds to a query what the caller wrote, byte for byte.
///
/// Adding pair by pair costs half of having the whole parsed, and leaves a plain pair as it is written.
fn add_query(url: &mut Url, written: &str) {
    if written.is_empty() {
        return;
    }
    let Some(before) = url.query().map(str::len) else {
        return url.set_query(Some(written));
    };
    let mut pairs = url.query_pairs_mut();
    for (name, value) in query::pairs(written) {
        pairs.append_pair(name, value.unwrap_or_default());
    }
    drop(pairs);
    let query = url.query().unwrap_or_default();
    if query.get(before + 1..) != Some(written) {
        let query = format!("{}&{written}", &query[..before]);
        url.set_query(Some(&query));
    }
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::adapters::Memory;
    use crate::{Bound, Client, Common};

    /// Reaches nobody.
    struct Unconnected<'a>(&'a mut usize);

    impl Transport for Unconnected<'_> {
        async fn execute(
            &mut self,
            _: &reqwest::Client,
            _: reqwest::Request,
        ) -> Result<reqwest::Response, Error> {
            *self.0 += 1;
            Err(Error::new(ErrorKind::Connect, "nobody is there"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_begun_that_the_call_would_end_in() {
        let storage = Bound::<Common>::new(Memory::new(), ());
        let client = Client::builder(storage).base_url("http://platform.example").build().unwrap();
        // Room for the first pause, which takes 150 ms at most, and not for the second, of 200 ms at least.
        let limit = Duration::from_millis(180);
        let call = client.get("/cgi-bin/x").access_token("a.token").timeout(limit);
        let (mut attempts, began) = (0, Instant::now());
        let mut call = Prepared::new(call).unwrap();
        let outcome: Result<Response, _> = call.send(Unconnected(&mut attempts)).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!(attempts, 2);
        assert!(began.elapsed() < limit);
    }

    #[test]
    fn what_the_caller_wrote_stays_byte_for_byte_behind_the_token() {
        for written in [
            "openid=o6_bmjrPTlm6_2sgVt7hMZOPfL2M&lang=zh_CN",
            "a",
            "a=",
            "=",
            "&",
            "a&&b=c&",
            "a=b=c",
            "a=b+c&d=%20%e4%bd%a0",
            "a=~!@$*(),;:/?[]|^`{}'",
            "a b=c d",
            "你=好",
            "a=\"<>",
        ] {
            let mut whole: Url = "http://platform.example/x".parse().unwrap();
            let mut added = whole.clone();
            whole.set_query(Some(&format!("access_token=a.token&{written}")));
            added.query_pairs_mut().append_pair("access_token", "a.token");
            add_query(&mut added, written);
            assert_eq!(added, whole, "{written}");

            let mut alone: Url = "http://platform.example/x".parse().unwrap();
            add_query(&mut alone, written);
            assert_eq!(alone.query(), whole.query().map(|query| &query["access_token=a.token&".len()..]));
        }
    }
}
