//! A call with everything decided: where it goes, for whom, by which row of the routes, with whose token.

use std::borrow::Cow;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tracing::Instrument as _;
use url::Url;

use super::RequestBuilder;
use super::body::{Body, Content};
use super::granting::Asked;
use super::wire::{Reading, Sending, Transport};
use crate::application::Application;
use crate::base::{Base, Target};
use crate::called::{Called, Whose};
use crate::client::{Limits, Wire};
use crate::credential::Credential;
use crate::credentials::{Credentials, Next as _, quota_cleared};
use crate::errcode::ErrorKind;
use crate::routes::{Fill, Grants, Needs, Route, Success};
use crate::{Error, Secret};

/// The query parameter that holds the token. In a body WeChat does not see it.
const ACCESS_TOKEN: &str = "access_token";

pub(crate) struct Prepared {
    pub(super) wire: Wire,
    pub(super) limits: Limits,
    pub(super) method: Method,
    /// Where to, without the query.
    pub(super) url: Url,
    /// The query as the caller gave it.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) may_repeat: bool,
    pub(super) called: Called,
    content: Content,
    route: &'static Route,
    carries: Carries,
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
    /// None, because the client answers by itself with what it keeps.
    Answered(Asked),
}

impl Carries {
    fn of(
        given: Option<Secret>,
        route: &Route,
        method: &Method,
        query: &str,
        content: &Content,
    ) -> Result<Self, Error> {
        match (given, written(query, ACCESS_TOKEN)) {
            (Some(_), Some(_)) => Err(Error::wrong_call(
                "has an access_token in its query and another by `access_token`: give one",
            )),
            (Some(_), None) | (None, Some(_)) if matches!(route.grants, Some(Grants::Token(_))) => {
                Err(Error::wrong_call("is made by the app secret, and takes no access_token"))
            }
            (Some(token), None) => Ok(Self::Callers(token)),
            // Nor is anything kept of what the caller's own token is good for.
            (None, Some(_)) => Ok(Self::None),
            (None, None) => match route.grants {
                Some(grants) => {
                    let body = content
                        .bytes()
                        .ok_or_else(|| Error::wrong_call("has another body than this path takes"))?;
                    Asked::read(grants, method, query, body).map(Self::Answered)
                }
                None if route.needs == Needs::AccessToken => Ok(Self::Injected),
                None => Ok(Self::None),
            },
        }
    }

    fn asked(&self) -> Option<&Asked> {
        match self {
            Self::Answered(asked) => Some(asked),
            Self::Injected | Self::Callers(_) | Self::None => None,
        }
    }
}

impl Prepared {
    pub(crate) fn new<App: Application>(call: RequestBuilder<App>) -> Result<Self, Error> {
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

        let given = call.token.is_some() || written(&query, ACCESS_TOKEN).is_some();
        let token = match route.needs {
            Needs::Nothing if given => Whose::Users,
            Needs::Nothing => Whose::Nobodys,
            Needs::AccessToken | Needs::AnotherWay(_) if given => Whose::Callers,
            Needs::AccessToken | Needs::AnotherWay(_) => Whose::Accounts,
        };
        let carries = Carries::of(call.token, route, &call.method, &query, &call.content)?;
        let asked = carries.asked();
        let fills = route.fills.iter().any(|(name, _)| written(&query, name).is_none());
        if (fills || asked.is_some()) && !at_base {
            return Err(Error::wrong_call(
                "is for base_url alone, where its secret or its ticket belongs: give it as a path",
            ));
        }
        let beside = asked.and_then(|asked| asked.appid.clone());
        let beside = beside.or_else(|| written(&query, "appid").map(Cow::into_owned)).map(Arc::<str>::from);
        // What is filled in is filled in for the account that the caller has written beside it.
        let by_secret = route.is_by_secret();
        if by_secret && beside.is_some() && call.appid.is_some() && beside != call.appid {
            return Err(Error::wrong_call(
                "is for one account by `appid`, and for another by its own parameters: give one",
            ));
        }
        let named = call.appid.or_else(|| call.client.declared_appid().cloned());
        let appid = if by_secret { beside.or(named) } else { named.or(beside) };
        let credentials = if fills || matches!(carries, Carries::Injected | Carries::Answered(_)) {
            let appid = appid.clone().filter(|appid| !appid.is_empty());
            let appid = appid.ok_or_else(no_account)?;
            let bound = call.bound.as_ref().unwrap_or(call.client.bound());
            let plain = || Credential::AccessToken(call.client.token_kind());
            let credential = asked.map_or_else(plain, |asked| asked.credential.clone());
            Some(call.client.credentials(&wire, bound, appid, credential))
        } else {
            None
        };
        if let Some(credentials) = credentials.as_ref().filter(|_| asked.is_some() && by_secret) {
            credentials.check_owned()?;
            if credentials.key.credential != Credential::AccessToken(call.client.token_kind()) {
                tracing::warn!(
                    endpoint = &*path,
                    "asked for the other kind of token than declared: a storage of one record keeps the last one only"
                );
            }
        }
        let limits = call.client.limits();
        let limits = Limits {
            call: call.timeout.unwrap_or(limits.call),
            attempt: call.attempt_timeout.unwrap_or(limits.attempt),
            ..limits
        };
        let may_repeat = call.retry_unsafe || (call.method.is_idempotent() && !route.spends);
        Ok(Self {
            wire,
            limits,
            method: call.method,
            url,
            query,
            headers: call.headers,
            may_repeat,
            called: Called { endpoint: path, appid, token },
            content: call.content,
            route,
            carries,
            credentials,
        })
    }

    /// Sends it within other limits than the client's.
    #[cfg(feature = "reqwest-middleware")]
    pub(crate) fn limited_to(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends it, and reads what comes back in the way of `R`.
    pub(crate) async fn send<T: Transport, R: Reading>(mut self, transport: T) -> Result<R, Error> {
        let (limit, called) = (self.limits.call, self.called.clone());
        let span = tracing::debug_span!(
            "wechat_call",
            method = %self.method,
            endpoint = &*called.endpoint,
            appid = called.appid.as_deref()
        );
        let work = self.run::<T, R>(transport).instrument(span.clone());
        let outcome = tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("the call took longer than {limit:?}")))
        });
        let outcome = outcome.map_err(|error| called.locate(error));
        span.in_scope(|| match &outcome {
            Ok(answer) => {
                tracing::debug!(status = answer.status().as_u16(), errcode = answer.errcode(), "answered");
            }
            Err(error) => tracing::debug!(%error, "failed"),
        });
        outcome
    }

    async fn run<T: Transport, R: Reading>(&mut self, transport: T) -> Result<R, Error> {
        let content = std::mem::replace(&mut self.content, Content::Empty);
        let body = Body::prepare(content, &self.headers).await?;
        let secret = self.fill().await?;
        let credentials = self.credentials.take();
        let mut sending = Sending::new(self, &body, secret, transport);
        let answer = match (&self.carries, &credentials) {
            (Carries::Injected, Some(credentials)) => credentials.inject_into(&mut sending).await?,
            (Carries::Answered(asked), Some(credentials)) => {
                R::made(asked.answer(credentials).await?, self.called.clone())
            }
            (Carries::Callers(token), _) => sending.send(Some(token)).await?,
            _ => sending.send(None).await?,
        };
        let cleared = self.route.success == Success::QuotaCleared && answer.errcode() == Some(0);
        // With a token of the caller's own, whose quota it was is not known.
        let known = self.called.appid.as_ref().filter(|_| self.called.token != Whose::Callers);
        if let Some(appid) = known.filter(|_| cleared) {
            quota_cleared(self.wire.base.name(), appid);
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
                Fill::Word(word) => (*word).to_owned(),
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
