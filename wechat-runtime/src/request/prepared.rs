//! A call with everything decided: where it goes, for whom, by which row of the routes, with whose token.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tracing::Instrument as _;
use url::Url;

use super::RequestBuilder;
use super::body::{Body, Content};
use super::granting::Asked;
use super::parameters::{Fields, Parameters, in_query, with_fields, with_parameter};
use super::wire::{Reading, Sending, Transport};
use crate::application::{Application, Kind};
use crate::base::{Base, Target};
use crate::called::{Called, Whose};
use crate::client::Limits;
use crate::credential::{Account, Credential};
use crate::credentials::{Carried, Credentials, Next as _};
use crate::deadline::{Awaited, Deadline};
use crate::errcode::ErrorKind;
use crate::routes::{Fill, Filled, Grants, Needs, Place, Route, Success};
use crate::wire::Wire;
use crate::{Error, Secret};

/// What most paths call the token in their query. In a body WeChat does not see it.
const ACCESS_TOKEN: &str = "access_token";

pub(crate) struct Prepared {
    pub(super) limits: Limits,
    pub(super) method: Method,
    pub(super) wire: Wire,
    /// Where to, without the query, where that is not the base's own path.
    pub(super) absolute: Option<Box<Url>>,
    /// The query as the caller gave it.
    pub(super) query: String,
    /// The fields of the body, where it is read for what has to be filled in.
    pub(super) fields: Fields,
    pub(super) headers: Option<Box<HeaderMap>>,
    /// What the body is, where no header says otherwise.
    pub(super) content_type: Option<&'static str>,
    pub(super) may_repeat: bool,
    pub(super) called: Called,
    content: Content,
    pub(super) route: &'static Route,
    fills: Vec<Filled>,
    /// The account that the call is made for, of a component application.
    authorizer: Option<Arc<str>>,
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
    Answered(Box<Asked>),
}

impl Carries {
    fn of(
        given: Option<Secret>,
        in_query: bool,
        route: &Route,
        method: &Method,
        query: &str,
        content: &Content,
    ) -> Result<Self, Error> {
        match (given, in_query) {
            (Some(_), true) => Err(Error::wrong_call(
                "has an access_token in its query and another by `access_token`: give one",
            )),
            (Some(_), false) | (None, true)
                if matches!(route.grants, Some(Grants::Token(_) | Grants::ComponentToken)) =>
            {
                Err(Error::wrong_call("is made by the app secret, and takes no access_token"))
            }
            (Some(token), false) => Ok(Self::Callers(token)),
            // Nor is anything kept of what the caller's own token is good for.
            (None, true) => Ok(Self::None),
            (None, false) => match route.grants {
                Some(grants) => {
                    let body = content
                        .bytes()
                        .ok_or_else(|| Error::wrong_call("has another body than this path takes"))?;
                    Asked::read(grants, method, query, body).map(Box::new).map(Self::Answered)
                }
                None if matches!(route.needs, Needs::AccessToken | Needs::ComponentToken) => {
                    Ok(Self::Injected)
                }
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
    pub(crate) fn new<App: Application>(call: RequestBuilder<App>) -> Result<Box<Self>, Error> {
        let wire = call.client.wire()?;
        let wire = match &call.base_url {
            Some(base_url) => wire.to(Base::parse(base_url)?),
            None => wire.clone(),
        };
        let target = wire.base.resolve(&call.url)?;
        let path = target.path.clone();
        Self::of(call, wire, target).map_err(|error| error.at(Some(&path), None))
    }

    /// Boxed where it is made: it is large, and handed on several times.
    fn of<App: Application>(
        call: RequestBuilder<App>,
        wire: Wire,
        target: Target,
    ) -> Result<Box<Self>, Error> {
        let Target { absolute, path, query: in_url, at_base } = target;
        if let Some(error) = call.error {
            return Err(error);
        }
        let route = Route::of(App::KIND, &path);
        route.check()?;
        let mut query = in_url.unwrap_or_default();
        if !(query.is_empty() || call.query.is_empty()) {
            query.push('&');
        }
        query.push_str(&call.query);
        let written = has_token(&query, route);
        let given = call.token.is_some() || written;
        let token = match route.needs {
            Needs::Nothing if given => Whose::Users,
            Needs::Nothing => Whose::Nobodys,
            Needs::AccessToken | Needs::ComponentToken | Needs::AnotherWay(_) if given => Whose::Callers,
            Needs::AccessToken | Needs::ComponentToken | Needs::AnotherWay(_) => Whose::Accounts,
        };
        let carries = Carries::of(call.token, written, route, &call.method, &query, &call.content)?;
        let asked = carries.asked();
        let written = Parameters::read(route, &call.method, query, &call.content, asked.is_some())?;
        if !(written.unfilled.is_empty() && asked.is_none() || at_base) {
            return Err(Error::wrong_call(
                "is for base_url alone, where its secret or its ticket belongs: give it as a path",
            ));
        }
        // What is filled in is filled in for the accounts that the caller has written beside it.
        let name = if App::KIND == Kind::Component { "component_appid" } else { "appid" };
        let beside = || asked.and_then(|asked| asked.appid.clone()).or_else(|| written.named(name));
        let declared = call.client.declared_appid();
        let appid = which(route.names_application(), beside, call.appid, declared)?;
        let beside = || {
            let beside = asked.and_then(|asked| asked.authorizer.clone());
            beside.or_else(|| route.authorizer().and_then(|(place, name)| written.at(place, name)))
        };
        let authorizer = which(true, beside, call.authorizer, call.client.declared_authorizer())?;
        let authorizer = authorizer.filter(|authorizer| !authorizer.is_empty());
        let made = matches!(carries, Carries::Injected | Carries::Answered(_));
        let has_account = appid.as_ref().is_some_and(|appid| !appid.is_empty());
        // The quota of an account is cleared for all that holds its credentials.
        let clears = route.success == Success::QuotaCleared && has_account;
        let credentials = if made || clears || !written.unfilled.is_empty() {
            let appid = appid.clone().filter(|appid| !appid.is_empty()).ok_or_else(no_account)?;
            let required = written.unfilled.iter().any(|fill| fill.with == Fill::Authorizer);
            let required = required || (made && route.wants_authorizer());
            if App::KIND == Kind::Component && required {
                check_authorizer(&appid, authorizer.as_deref())?;
            }
            let injected = || route.credential(App::KIND, call.client.token_kind());
            let credential = asked.map_or_else(injected, |asked| asked.credential.clone());
            let account = match credential {
                Credential::ComponentToken => Account::of(appid),
                _ => Account { appid, authorizer: authorizer.clone() },
            };
            let bound = call.bound.as_ref().unwrap_or(call.client.bound());
            Some(Credentials::new(&wire, bound, account, credential))
        } else {
            None
        };
        if let Some(credentials) = credentials.as_ref().filter(|_| made && route.is_owners()) {
            credentials.check_owned()?;
            let declared = call.client.token_kind();
            if matches!(credentials.key.credential, Credential::AccessToken(kind) if kind != declared) {
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
        let called = Called { endpoint: path, appid: authorizer.clone().or(appid), token };
        Ok(Box::new(Self {
            limits,
            method: call.method,
            wire,
            absolute,
            query: written.query,
            fields: written.fields,
            headers: call.headers,
            content_type: call.content_type,
            may_repeat,
            called,
            content: call.content,
            route,
            fills: written.unfilled,
            authorizer,
            carries,
            credentials,
        }))
    }

    /// Sends it within other limits than the client's.
    #[cfg(feature = "reqwest-middleware")]
    pub(crate) fn limited_to(mut self: Box<Self>, limits: Limits) -> Box<Self> {
        self.limits = limits;
        self
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends it, and reads what comes back in the way of `R`.
    pub(crate) async fn send<T: Transport, R: Reading>(&mut self, transport: T) -> Result<R, Error> {
        let deadline = Deadline::after(self.limits.call);
        let span = tracing::debug_span!(
            "wechat_call",
            method = %self.method,
            endpoint = &*self.called.endpoint,
            appid = self.called.appid.as_deref()
        );
        let outcome = self.run::<T, R>(transport, deadline).instrument(span.clone()).await;
        let outcome = outcome.map_err(|error| self.called.locate(error));
        span.in_scope(|| match &outcome {
            Ok(answer) => {
                tracing::debug!(status = answer.status().as_u16(), errcode = answer.errcode(), "answered");
            }
            Err(error) => tracing::debug!(error = %error.in_full(), "failed"),
        });
        outcome
    }

    /// Whatever waits here keeps to the deadline. What is rare is boxed, so that no other call has room for it.
    async fn run<T: Transport, R: Reading>(&mut self, transport: T, deadline: Deadline) -> Result<R, Error> {
        let mut secret = None;
        if !self.fills.is_empty() {
            secret = deadline.wait_for(Awaited::Credential, Box::pin(self.fill())).await?;
        }
        let content = std::mem::replace(&mut self.content, Content::Empty);
        let body = Body::prepare(content, self.headers.as_deref(), &deadline).await?;
        let this = &*self;
        let mut sending = Sending::new(this, &body, secret, transport, deadline);
        let answer = match (&this.carries, &this.credentials) {
            (Carries::Injected, Some(credentials)) => {
                credentials.inject_into(&mut sending, &deadline).await?
            }
            (Carries::Answered(asked), Some(credentials)) => {
                let body =
                    deadline.wait_for(Awaited::Credential, Box::pin(asked.answer(credentials))).await?;
                R::made(body, this.called.clone())
            }
            (Carries::Callers(token), _) => {
                Box::pin(sending.send(Some(Carried { token, addressed: None }))).await?
            }
            _ => Box::pin(sending.send(None)).await?,
        };
        // With a token of the caller's own, whose it was is not known.
        if this.called.token != Whose::Callers && this.route.success != Success::NothingMore {
            deadline.wait_for(Awaited::Keeping, Box::pin(this.succeeded(&answer))).await?;
        }
        Ok(answer)
    }

    /// What a success of the call means for the credentials.
    async fn succeeded(&self, answer: &impl Reading) -> Result<(), Error> {
        let credentials = self.credentials.as_ref();
        match (self.route.success, answer.errcode()) {
            (Success::QuotaCleared, Some(0)) => {
                if let (Some(appid), Some(credentials)) = (&self.called.appid, credentials) {
                    Box::pin(credentials.quota_cleared(appid)).await;
                }
            }
            (Success::Authorized, None | Some(0)) => {
                if let (Some(body), Some(credentials)) = (answer.body(), credentials) {
                    Box::pin(credentials.keep_answered_authorization(body)).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Fills in what the route names and the caller has not written; answers with the secret among it.
    async fn fill(&mut self) -> Result<Option<Secret>, Error> {
        let (mut secret, mut fields) = (None, BTreeMap::new());
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        for Filled { place, name, with } in &self.fills {
            let value = match with {
                Fill::Appid => credentials.key.account.appid.to_string(),
                Fill::Authorizer | Fill::AuthorizerIfAny => match &self.authorizer {
                    Some(authorizer) => authorizer.to_string(),
                    None => continue,
                },
                Fill::Secret => secret.insert(credentials.secret().await?).expose().to_owned(),
                Fill::Word(word) => (*word).to_owned(),
            };
            match place {
                Place::Query => self.query = with_parameter(std::mem::take(&mut self.query), name, &value),
                Place::Body => drop(fields.insert(*name, value)),
            }
        }
        if !fields.is_empty() {
            let body = with_fields(self.content.bytes().unwrap_or_default(), &fields);
            self.content = Content::Bytes(body);
            self.content_type.get_or_insert("application/json");
        }
        Ok(secret)
    }
}

/// Whether the caller wrote a token into the query, whatever the path calls it.
fn has_token(query: &str, route: &Route) -> bool {
    // WeChat's newer pages call a component's token `access_token`, too.
    let another = (route.needs == Needs::ComponentToken).then_some(ACCESS_TOKEN);
    [Some(route.token_parameter()), another].into_iter().flatten().any(|name| in_query(query, name).is_some())
}

/// Which account is meant: of those written among the parameters, given to the call, and declared. Where the parameters
/// `decide`, none may be given that is another.
fn which(
    decide: bool,
    beside: impl FnOnce() -> Option<String>,
    given: Option<Arc<str>>,
    declared: Option<&Arc<str>>,
) -> Result<Option<Arc<str>>, Error> {
    let beside = || beside().map(Arc::<str>::from);
    let named = |given: Option<_>| given.or_else(|| declared.cloned());
    if !decide {
        return Ok(named(given).or_else(beside));
    }
    match (beside(), given) {
        (Some(beside), Some(given)) if beside != given => {
            Err(Error::wrong_call("is for one account, and for another by its own parameters: give one"))
        }
        (beside, given) => Ok(beside.or_else(|| named(given))),
    }
}

/// The error of a call, or of a client, that is for no account.
pub(crate) fn no_account() -> Error {
    Error::new(ErrorKind::Request, "it is for no account")
        .advising("declare `appid` on the client, or give it to the call")
}

/// Refuses a component application's call that is for none of its authorizers.
pub(crate) fn check_authorizer(component: &str, authorizer: Option<&str>) -> Result<(), Error> {
    let why = match authorizer.filter(|authorizer| !authorizer.is_empty()) {
        Some(authorizer) if authorizer == component => {
            "it is for the component itself, as if that had authorized itself"
        }
        Some(_) => return Ok(()),
        None => "it is for no account that has authorized the component",
    };
    Err(Error::new(ErrorKind::Request, why).advising(
        "call by `authorizer(\"wx…\")`, give `authorizer_appid` to the call, or declare it on the client",
    ))
}
