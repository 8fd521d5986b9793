//! What the platform checks before an API is worked on, in its order.
//!
//! By token: method → `access_token` present (41001) → known (40001) → of age (42001) → of the right kind → for a
//! third-party platform authorized (61003) and permitted (61007) → quota → body.
//! By secret: method → body → appid → `grant_type` → secret → whitelist → quota.
//! By a user's token, below `/sns/`: as by token, with a user's in its place.
//! By a third-party platform: see [`component`].

mod component;

use serde_json::{Map, Value};

use crate::answer::Reply;
use crate::endpoints::Exchange;
use crate::errcode::Refusal;
use crate::platform::Platform;
use crate::request::Request;
use crate::routes::{Credential, Place, Route, SecretRule, Verb};
use crate::state::State;
use crate::sync::lock;
use crate::vault::Holder;

/// Who makes a call.
#[derive(Debug)]
struct Caller {
    /// The account that it is made for; for a third-party platform's own APIs, the third-party platform.
    appid: String,
    /// The third-party platform that makes it for the account, if one does.
    component: Option<String>,
}

impl Caller {
    fn itself(appid: impl Into<String>) -> Self {
        Self { appid: appid.into(), component: None }
    }
}

/// Checks a call and has its endpoint work on it. Gives what it answers.
pub(crate) fn pass(
    platform: &Platform,
    route: Option<&'static Route>,
    request: &Request,
    unix: u64,
) -> Result<Reply, Refusal> {
    let route = route.ok_or_else(|| Refusal::new(40066))?;
    route.verb.check(&request.method)?;
    let (caller, arguments) = admit(platform, route, request, unix)?;
    let Caller { appid, component } = &caller;
    let call = Exchange { platform, request, appid, component: component.as_deref(), arguments, unix };
    (route.handler)(&call)
}

/// Says who makes a call, and gives the JSON object in its body.
fn admit(
    platform: &Platform,
    route: &'static Route,
    request: &Request,
    unix: u64,
) -> Result<(Caller, Map<String, Value>), Refusal> {
    let spend = |state: &mut State, appid: &str| state.meter(appid)?.spend(route.path, route.limits, unix);
    match route.credential {
        Credential::AccessToken | Credential::AnyToken => {
            let caller = {
                let mut state = lock(&platform.state);
                let token = request.query_value("access_token").ok_or_else(|| Refusal::new(41001))?;
                let caller = caller(route, &state, judge(platform, &state, token, unix)?)?;
                spend(&mut state, &caller.appid)?;
                caller
            };
            Ok((caller, arguments(route, request)?))
        }
        Credential::UserToken => {
            let mut state = lock(&platform.state);
            let token = request.query_value("access_token").ok_or_else(|| Refusal::new(41001))?;
            let appid = state.logins.judge(token, unix)?.appid.clone();
            spend(&mut state, &appid)?;
            Ok((Caller::itself(appid), Map::new()))
        }
        Credential::Appid(grant_type) => {
            let appid = request.query_value("appid").ok_or_else(|| Refusal::new(41002))?;
            let mut state = lock(&platform.state);
            state.known(appid)?;
            if request.query_value("grant_type") != Some(grant_type) {
                return Err(Refusal::new(40002));
            }
            spend(&mut state, appid)?;
            Ok((Caller::itself(appid), Map::new()))
        }
        Credential::Secret(rule) => {
            let arguments = arguments(route, request)?;
            let mut state = lock(&platform.state);
            let appid = judge_secret(&mut state, route, rule, request, &arguments)?;
            spend(&mut state, &appid)?;
            Ok((Caller::itself(appid), arguments))
        }
        Credential::ComponentSecret(rule) => {
            let arguments = arguments(route, request)?;
            let mut state = lock(&platform.state);
            let appid = component::judge_secret(&mut state, rule, request, &arguments, unix)?;
            spend(&mut state, &appid)?;
            Ok((Caller::itself(appid), arguments))
        }
        Credential::ComponentToken { named, authorizers } => {
            let caller = {
                let mut state = lock(&platform.state);
                let token = component::token(request).ok_or_else(|| Refusal::new(41001))?;
                let caller = component::caller(judge(platform, &state, token, unix)?, authorizers)?;
                spend(&mut state, &caller.appid)?;
                caller
            };
            let arguments = arguments(route, request)?;
            if named {
                component::check_named(&mut lock(&platform.state), &caller.appid, &arguments)?;
            }
            Ok((caller, arguments))
        }
        Credential::ThroughComponent(grant_type) => {
            let mut state = lock(&platform.state);
            let caller = component::judge_login(platform, &mut state, route, grant_type, request, unix)?;
            spend(&mut state, &caller.appid)?;
            Ok((caller, Map::new()))
        }
    }
}

/// The appid that a call names, before anything about the call is checked.
pub(crate) fn named_appid(platform: &Platform, route: Option<&Route>, request: &Request) -> Option<String> {
    let in_body = |name: &str| request.json_object().ok()?.get(name)?.as_str().map(str::to_owned);
    let owner = |token: &str| lock(&platform.state).vault.owner(token).map(str::to_owned);
    match route.map(|route| route.credential) {
        Some(Credential::Secret(SecretRule { place: Place::Body, .. })) => in_body("appid"),
        Some(Credential::ComponentSecret(_)) => in_body("component_appid"),
        Some(
            Credential::Secret(SecretRule { place: Place::Query, .. })
            | Credential::Appid(_)
            | Credential::ThroughComponent(_),
        ) => request.query_value("appid").map(str::to_owned),
        Some(Credential::UserToken) => {
            let token = request.query_value("access_token")?;
            lock(&platform.state).logins.owner(token).map(str::to_owned)
        }
        Some(Credential::ComponentToken { .. }) => owner(component::token(request)?),
        Some(Credential::AccessToken | Credential::AnyToken) | None => {
            owner(request.query_value("access_token")?)
        }
    }
}

fn arguments(route: &Route, request: &Request) -> Result<Map<String, Value>, Refusal> {
    match route.verb {
        Verb::Post => request.json_object(),
        Verb::Get | Verb::PostQuery | Verb::PostForm => Ok(Map::new()),
    }
}

/// Whom a token that is good was issued to.
fn judge<'a>(platform: &Platform, state: &'a State, token: &str, unix: u64) -> Result<&'a Holder, Refusal> {
    match state.vault.judge(token, unix) {
        Ok(grant) => Ok(&grant.holder),
        Err(_) if platform.quirks.malformed_is_40014 && !is_well_formed(token) => Err(Refusal::new(40014)),
        Err(refusal) => Err(refusal),
    }
}

/// Who calls an account's API by a token: 40001 if it is a third-party platform's own and the path is not for
/// that as well.
fn caller(route: &Route, state: &State, holder: &Holder) -> Result<Caller, Refusal> {
    match holder {
        Holder::App(appid) => Ok(Caller::itself(appid)),
        Holder::Authorizer { component, appid } => {
            state.permit(component, appid, route.path)?;
            Ok(Caller { appid: appid.clone(), component: Some(component.clone()) })
        }
        Holder::Component(appid) if matches!(route.credential, Credential::AnyToken) => {
            Ok(Caller::itself(appid))
        }
        Holder::Component(_) => Err(Refusal::new(40001)),
    }
}

/// Whether a token looks like one: a small number, `_`, and url-safe characters.
fn is_well_formed(token: &str) -> bool {
    token.split_once('_').is_some_and(|(number, rest)| {
        let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        number.parse::<u16>().is_ok() && !rest.is_empty() && rest.bytes().all(url_safe)
    })
}

fn judge_secret(
    state: &mut State,
    route: &Route,
    rule: SecretRule,
    request: &Request,
    arguments: &Map<String, Value>,
) -> Result<String, Refusal> {
    let argument = |name: &str| {
        let value = match rule.place {
            Place::Query => request.query_value(name),
            Place::Body => arguments.get(name).and_then(Value::as_str),
        };
        value.filter(|value| !value.is_empty())
    };
    let appid = argument("appid").ok_or_else(|| Refusal::new(41002))?;
    if route.is_token_endpoint() && state.is_component(appid) {
        return Err(Refusal::new(61024));
    }
    let app = &state.account(appid)?.app;
    if rule.grant_type.is_some() && argument("grant_type") != rule.grant_type {
        return Err(Refusal::new(40002));
    }
    let secret = argument(rule.secret).ok_or_else(|| Refusal::new(41004))?;
    if secret != app.secret {
        return Err(Refusal::new(40125));
    }
    if app.secret_frozen {
        return Err(Refusal::new(40243));
    }
    if rule.whitelist && !app.address_allowed {
        return Err(Refusal::new(40164).about(request.peer.to_string()));
    }
    Ok(appid.to_owned())
}
