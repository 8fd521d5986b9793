//! What is checked of a call by a third-party platform, in this order.
//!
//! By its secret: method → body → `component_appid` (41018, 40013, 61011) → secret (41004, 40125) → address (61004) →
//! ticket (61006, 61005) → quota; the last three for its token only, and the quota for all.
//! By its token: method → token present (41001) → known (40001) → of age (42001) → a third-party platform's (61014) →
//! quota → body → `component_appid` (41018, 40013).
//! For users who log in to an account, below `/sns/`: method → `appid` (41002, 40013) → `grant_type` (40002) →
//! `component_appid` (41018) → token present (41021) → known, of age, a third-party platform's, the named one's
//! (40013) → authorized (61003) → permitted (61007) → quota.

use serde_json::{Map, Value};

use super::{Caller, judge};
use crate::errcode::Refusal;
use crate::platform::Platform;
use crate::request::Request;
use crate::routes::{ComponentRule, Route};
use crate::state::State;
use crate::vault::Holder;

/// The names of the query parameter that the token stands in: the older pages have the first, the newer ones the
/// second.
const NAMES: [&str; 2] = ["component_access_token", "access_token"];

/// The token of a call to a third-party platform's API.
pub(super) fn token(request: &Request) -> Option<&str> {
    NAMES.into_iter().find_map(|name| request.query_value(name))
}

/// Who calls a third-party platform's API by a token; `authorizers` says whether it is open to that of an account
/// which authorized one.
pub(super) fn caller(holder: &Holder, authorizers: bool) -> Result<Caller, Refusal> {
    match holder {
        Holder::Component(appid) => Ok(Caller::itself(appid)),
        Holder::Authorizer { component, appid } if authorizers => {
            Ok(Caller { appid: appid.clone(), component: Some(component.clone()) })
        }
        Holder::Authorizer { .. } | Holder::App(_) => Err(Refusal::new(61014)),
    }
}

/// Checks that the body names the third-party platform whose token it is.
pub(super) fn check_named(
    state: &mut State,
    appid: &str,
    arguments: &Map<String, Value>,
) -> Result<(), Refusal> {
    let named = argument(arguments, "component_appid").ok_or_else(|| Refusal::new(41018))?;
    state.component(named)?;
    if named == appid { Ok(()) } else { Err(Refusal::new(40013)) }
}

/// The third-party platform that a secret is good for.
pub(super) fn judge_secret(
    state: &mut State,
    rule: ComponentRule,
    request: &Request,
    arguments: &Map<String, Value>,
    unix: u64,
) -> Result<String, Refusal> {
    let appid = argument(arguments, "component_appid").ok_or_else(|| Refusal::new(41018))?;
    let component = state.component(appid)?;
    let secret = argument(arguments, rule.secret).ok_or_else(|| Refusal::new(41004))?;
    if secret != component.settings.secret {
        return Err(Refusal::new(40125));
    }
    if rule.ticket {
        if !component.settings.address_allowed {
            return Err(Refusal::new(61004).about(request.peer.to_string()));
        }
        let ticket = argument(arguments, "component_verify_ticket").ok_or_else(|| Refusal::new(61006))?;
        component.tickets.judge(ticket, unix)?;
    }
    Ok(appid.to_owned())
}

/// Who calls for a user that logs in to an account.
pub(super) fn judge_login(
    platform: &Platform,
    state: &mut State,
    route: &Route,
    grant_type: &str,
    request: &Request,
    unix: u64,
) -> Result<Caller, Refusal> {
    let appid = request.query_value("appid").ok_or_else(|| Refusal::new(41002))?;
    state.known(appid)?;
    if request.query_value("grant_type") != Some(grant_type) {
        return Err(Refusal::new(40002));
    }
    let named = request.query_value("component_appid").ok_or_else(|| Refusal::new(41018))?;
    let token = request.query_value("component_access_token").ok_or_else(|| Refusal::new(41021))?;
    let component = caller(judge(platform, state, token, unix)?, false)?.appid;
    if named != component {
        return Err(Refusal::new(40013));
    }
    state.permit(&component, appid, route.path)?;
    Ok(Caller { appid: appid.to_owned(), component: Some(component) })
}

fn argument<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
}
