//! Sending a prepared call: a fresh request for each attempt, and another attempt where that is safe.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, HeaderValue};

use super::prepared::Prepared;
use crate::errcode::ErrorKind;
use crate::middleware::Next;
use crate::response::Response;
use crate::settings::{Backoff, jitter};
use crate::{Error, Secret, answer};

/// The pause before an attempt is repeated.
const PAUSE: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) };
const PAUSE_JITTER_PERCENT: u32 = 50;

/// Query parameters whose values are secrets of the caller's.
const SENSITIVE: &[&str] =
    &["access_token", "appsecret", "code", "component_access_token", "js_code", "refresh_token", "secret"];

/// A call on its way, and the secret in its query, if there is one.
pub(super) struct Sending<'a> {
    pub(super) call: &'a Prepared,
    pub(super) secret: Option<Secret>,
}

impl Next for Sending<'_> {
    type Answer = Response;

    async fn send(&mut self, token: Option<&Secret>) -> Result<Response, Error> {
        let limits = self.call.limits;
        let mut failures = 0;
        loop {
            let attempt = tokio::time::timeout(limits.attempt, self.attempt(token)).await;
            let outcome =
                attempt.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "no answer in time")));
            match outcome {
                Err(error) if failures < limits.retries && self.call.may_try_again(&error) => {
                    tracing::debug!(endpoint = &*self.call.path, %error, "trying again");
                    let pause = PAUSE.pause(failures);
                    tokio::time::sleep(pause + jitter(pause, PAUSE_JITTER_PERCENT)).await;
                    failures += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

impl Sending<'_> {
    async fn attempt(&self, token: Option<&Secret>) -> Result<Response, Error> {
        let call = self.call;
        let response = call.wire.http.execute(call.request(token)).await.map_err(Error::transport)?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = answer::read(response, call.limits.body).await?;
        let secrets = || self.secrets(token);
        let answer = Response::new(status, headers, body, secrets, call.path.clone(), call.appid.clone());
        let answer = answer.by_callers_token(call.callers_token);
        if status.is_success() || answer.errcode().is_some() {
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

    /// What an answer must not be quoted with, should it repeat it.
    fn secrets(&self, token: Option<&Secret>) -> Vec<String> {
        let ours = token.into_iter().chain(&self.secret).map(|secret| secret.expose().to_owned());
        let pairs = form_urlencoded::parse(self.call.query.as_bytes());
        let callers = pairs.filter(|(name, _)| SENSITIVE.contains(&name.as_ref()));
        ours.chain(callers.map(|(_, value)| value.into_owned())).collect()
    }
}

impl Prepared {
    /// A fresh request; the token is the first parameter of the query.
    fn request(&self, token: Option<&Secret>) -> reqwest::Request {
        let mut url = self.url.clone();
        match token {
            Some(token) => {
                let mut query = String::with_capacity(token.expose().len() + self.query.len() + 16);
                query.push_str("access_token=");
                query.extend(form_urlencoded::byte_serialize(token.expose().as_bytes()));
                if !self.query.is_empty() {
                    query.push('&');
                    query.push_str(&self.query);
                }
                url.set_query(Some(&query));
            }
            None if self.query.is_empty() => {}
            None => url.set_query(Some(&self.query)),
        }
        let mut request = reqwest::Request::new(self.method.clone(), url);
        *request.headers_mut() = self.headers.clone();
        match &self.body {
            Some(body) if !body.is_empty() => *request.body_mut() = Some(body.clone().into()),
            // WeChat answers 412 to a body without a length, and an empty one has none by itself.
            _ if has_body(&self.method) => {
                request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            _ => {}
        }
        request
    }

    /// Whether an attempt that failed so may be repeated without WeChat acting twice.
    fn may_try_again(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Connect => true,
            ErrorKind::Timeout | ErrorKind::Transport => self.may_repeat,
            ErrorKind::Status => self.may_repeat && error.http_status().is_some_and(|status| status >= 500),
            _ => false,
        }
    }
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
