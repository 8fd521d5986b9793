//! A call with everything decided: where it goes, for whom, by which row of the routes, with whose token.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use tracing::Instrument as _;
use url::Url;

use super::RequestBuilder;
use super::wire::Sending;
use crate::application::Application;
use crate::base::{Base, Target};
use crate::client::{Limits, Wire};
use crate::credentials::{Credentials, quota_cleared};
use crate::errcode::ErrorKind;
use crate::middleware::{Next as _, TokenInjection};
use crate::response::Response;
use crate::routes::{Fill, Needs, Route, Success};
use crate::{Error, Secret};

/// The query parameter that holds the token. In a body WeChat does not see it.
const ACCESS_TOKEN: &str = "access_token";

pub(super) struct Prepared {
    pub(super) wire: Wire,
    pub(super) limits: Limits,
    pub(super) method: Method,
    /// Where to, without the query.
    pub(super) url: Url,
    /// The query as the caller gave it.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) may_repeat: bool,
    pub(super) path: Arc<str>,
    pub(super) appid: Option<Arc<str>>,
    /// Whether the caller has given the token, by the setting or in the query.
    pub(super) callers_token: bool,
    deadline: Duration,
    route: &'static Route,
    token: Carries,
    credentials: Option<Credentials>,
}

/// Whose token the call carries.
enum Carries {
    /// The account's, found and kept fresh.
    Injected,
    /// The caller's own.
    Callers(Secret),
    /// None that we know of: the path needs none, or the caller wrote it into the query.
    None,
}

impl Prepared {
    pub(super) fn new<App: Application>(call: RequestBuilder<App>) -> Result<Self, Error> {
        let wire = call.client.wire()?;
        let wire = match &call.base_url {
            Some(base_url) => Wire { http: wire.http.clone(), base: Arc::new(Base::parse(base_url)?) },
            None => wire.clone(),
        };
        let target = wire.base.resolve(&call.url)?;
        let path = target.path.clone();
        Self::of(call, wire, target).map_err(|error| error.at(Some(&path), None))
    }

    fn of<App: Application>(call: RequestBuilder<App>, wire: Wire, target: Target) -> Result<Self, Error> {
        let Target { url, path, query: in_url, at_base } = target;
        if let Some(error) = call.error {
            return Err(error);
        }
        let route = Route::of(&path);
        route.check()?;
        let mut query = in_url.unwrap_or_default();
        if !(query.is_empty() || call.query.is_empty()) {
            query.push('&');
        }
        query.push_str(&call.query);

        let token = match (call.token, written(&query, ACCESS_TOKEN)) {
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "has an access_token in its query and another by `access_token`: give one",
                ));
            }
            (Some(token), None) => Carries::Callers(token),
            (None, None) if route.needs == Needs::AccessToken => Carries::Injected,
            (None, _) => Carries::None,
        };
        let callers_token = matches!(token, Carries::Callers(_)) || written(&query, ACCESS_TOKEN).is_some();
        let in_query = written(&query, "appid").map(|appid| Arc::from(appid.as_ref()));
        let named = call.appid.or_else(|| call.client.declared_appid().cloned());
        // What is filled in is filled in for the account that the caller has written beside it.
        let appid = if route.fills.is_empty() { named.or(in_query) } else { in_query.or(named) };
        let fills = route.fills.iter().any(|(name, _)| written(&query, name).is_none());
        if fills && !at_base {
            return Err(wrong("would take the app secret elsewhere than base_url: give it as a path"));
        }
        let credentials = if fills || matches!(token, Carries::Injected) {
            let appid = appid.clone().filter(|appid| !appid.is_empty());
            let appid = appid.ok_or_else(no_account)?;
            let bound = call.bound.as_ref().unwrap_or(call.client.bound());
            Some(call.client.credentials(&wire, bound, appid))
        } else {
            None
        };
        let limits = call.client.limits();
        Ok(Self {
            wire,
            limits,
            method: call.method,
            url,
            query,
            headers: call.headers,
            body: call.body,
            may_repeat: call.may_repeat,
            path,
            appid,
            callers_token,
            deadline: call.timeout.unwrap_or(limits.call),
            route,
            token,
            credentials,
        })
    }

    pub(super) async fn send(mut self) -> Result<Response, Error> {
        let (deadline, path, appid) = (self.deadline, self.path.clone(), self.appid.clone());
        let span = tracing::debug_span!("wechat_call", method = %self.method, endpoint = &*path, appid = appid.as_deref());
        let outcome =
            tokio::time::timeout(deadline, self.run().instrument(span.clone())).await.unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Timeout, format!("the call took longer than {deadline:?}")))
            });
        let outcome = outcome.map_err(|error| error.at(Some(&path), appid.as_ref()));
        span.in_scope(|| match &outcome {
            Ok(answer) => {
                tracing::debug!(status = answer.status().as_u16(), errcode = answer.errcode(), "answered");
            }
            Err(error) => tracing::debug!(%error, "failed"),
        });
        outcome
    }

    async fn run(&mut self) -> Result<Response, Error> {
        let secret = self.fill().await?;
        let credentials = self.credentials.take();
        let answer = match (&self.token, &credentials) {
            (Carries::Injected, Some(credentials)) => {
                let mut sending = Sending { call: self, secret: None };
                TokenInjection::new(credentials).run(&mut sending).await?
            }
            (Carries::Callers(token), _) => {
                let token = token.clone();
                Sending { call: self, secret: None }.send(Some(&token)).await?
            }
            _ => Sending { call: self, secret }.send(None).await?,
        };
        // With a token of the caller's own, whose quota it was is not known.
        let cleared = self.route.success == Success::QuotaCleared && answer.errcode() == Some(0);
        if let Some(credentials) = credentials.filter(|_| cleared) {
            quota_cleared(self.wire.base.name(), &credentials.key.appid);
        }
        Ok(answer)
    }

    /// Fills in what the route names and the caller has not written; answers with the secret among it.
    async fn fill(&mut self) -> Result<Option<Secret>, Error> {
        let mut secret = None;
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        for (name, fill) in self.route.fills {
            if written(&self.query, name).is_some() {
                continue;
            }
            let value = match fill {
                Fill::Appid => credentials.key.appid.to_string(),
                Fill::Secret => secret.insert(credentials.secret().await?).expose().to_owned(),
            };
            let before = std::mem::take(&mut self.query);
            self.query =
                form_urlencoded::Serializer::for_suffix(before, 0).append_pair(name, &value).finish();
        }
        Ok(secret)
    }
}

/// The value of a query parameter, where the caller wrote it.
fn written<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The error of a call, or of a client, that is for no account.
pub(crate) fn no_account() -> Error {
    Error::new(ErrorKind::Request, "it is for no account")
        .advising("declare `appid` on the client, or give it to the call")
}

fn wrong(why: &'static str) -> Error {
    Error::new(ErrorKind::Request, format!("the call {why}"))
}
