//! What the platform checks before an API is worked on, in its order.
//!
//! By token: method → `access_token` present (41001) → known (40001) → of age (42001) → quota → body.
//! By secret: method → body → appid → `grant_type` → secret → whitelist → quota.
//! By a user's token, below `/sns/`: as by token, with a user's in its place.

use serde_json::{Map, Value};

use crate::answer::Reply;
use crate::endpoints::Exchange;
use crate::errcode::Refusal;
use crate::platform::Platform;
use crate::request::Request;
use crate::routes::{Credential, Place, Route, SecretRule, Verb};
use crate::state::State;
use crate::sync::lock;

/// Checks a call and has its endpoint work on it. Gives what it answers.
pub(crate) fn pass(
    platform: &Platform,
    route: Option<&'static Route>,
    request: &Request,
    unix: u64,
) -> Result<Reply, Refusal> {
    let route = route.ok_or_else(|| Refusal::new(40066))?;
    route.verb.check(&request.method)?;
    let (appid, arguments) = match route.credential {
        Credential::AccessToken => {
            let appid = {
                let mut state = lock(&platform.state);
                let appid = judge_token(platform, &state, request, unix)?;
                spend(&mut state, &appid, route, unix)?;
                appid
            };
            (appid, arguments(route, request)?)
        }
        Credential::UserToken => {
            let mut state = lock(&platform.state);
            let token = request.query_value("access_token").ok_or_else(|| Refusal::new(41001))?;
            let appid = state.logins.judge(token, unix)?.appid.clone();
            spend(&mut state, &appid, route, unix)?;
            (appid, Map::new())
        }
        Credential::Appid(grant_type) => {
            let appid = request.query_value("appid").ok_or_else(|| Refusal::new(41002))?;
            let mut state = lock(&platform.state);
            state.account(appid)?;
            if request.query_value("grant_type") != Some(grant_type) {
                return Err(Refusal::new(40002));
            }
            spend(&mut state, appid, route, unix)?;
            (appid.to_owned(), Map::new())
        }
        Credential::Secret(rule) => {
            let arguments = arguments(route, request)?;
            let mut state = lock(&platform.state);
            let appid = judge_secret(&mut state, rule, request, &arguments)?;
            spend(&mut state, &appid, route, unix)?;
            (appid, arguments)
        }
    };
    (route.handler)(&Exchange { platform, request, appid: &appid, arguments, unix })
}

/// The account that a call names, before anything about the call is checked.
pub(crate) fn named_appid(platform: &Platform, route: Option<&Route>, request: &Request) -> Option<String> {
    match route.map(|route| route.credential) {
        Some(Credential::Secret(SecretRule { place: Place::Body, .. })) => {
            let arguments = request.json_object().ok()?;
            arguments.get("appid")?.as_str().map(str::to_owned)
        }
        Some(Credential::Secret(SecretRule { place: Place::Query, .. }) | Credential::Appid(_)) => {
            request.query_value("appid").map(str::to_owned)
        }
        Some(Credential::UserToken) => {
            let token = request.query_value("access_token")?;
            lock(&platform.state).logins.owner(token).map(str::to_owned)
        }
        Some(Credential::AccessToken) | None => {
            let token = request.query_value("access_token")?;
            lock(&platform.state).vault.owner(token).map(str::to_owned)
        }
    }
}

fn arguments(route: &Route, request: &Request) -> Result<Map<String, Value>, Refusal> {
    match route.verb {
        Verb::Post => request.json_object(),
        Verb::Get | Verb::PostQuery | Verb::PostForm => Ok(Map::new()),
    }
}

fn judge_token(platform: &Platform, state: &State, request: &Request, unix: u64) -> Result<String, Refusal> {
    let token = request.query_value("access_token").ok_or_else(|| Refusal::new(41001))?;
    match state.vault.judge(token, unix) {
        Ok(grant) => Ok(grant.appid.clone()),
        Err(_) if platform.quirks.malformed_is_40014 && !is_well_formed(token) => Err(Refusal::new(40014)),
        Err(refusal) => Err(refusal),
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

fn spend(state: &mut State, appid: &str, route: &Route, unix: u64) -> Result<(), Refusal> {
    let account = state.account(appid)?;
    let limits = account.limits(route.path, route.limits);
    account.usage.spend(route.path, limits, unix)
}
