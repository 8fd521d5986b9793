//! Tokens, codes and tickets: `api_component_token`, `api_create_preauthcode`, `api_query_auth`,
//! `api_authorizer_token`, `api_start_push_ticket`.

use serde::Serialize;
use serde_json::Value;

use super::{FuncInfo, authorizer, func_info};
use crate::answer::{self, Reply};
use crate::component::RefreshTokens;
use crate::endpoints::Exchange;
use crate::errcode::Refusal;
use crate::ledger::Cause;
use crate::state::PRE_AUTH_LIFE;
use crate::sync::lock;

#[derive(Serialize)]
struct TokenBody {
    component_access_token: String,
    expires_in: u64,
}

/// Every call makes a new token. What becomes of the one before is not documented: it works for 300 s more, as an
/// account's does.
pub(crate) fn component_token(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let granted = state.issue_to_component(call.appid, Cause::Fetch, call.unix, &call.platform.ledger)?;
    answer::json(&TokenBody { component_access_token: granted.access_token, expires_in: granted.expires_in })
}

#[derive(Serialize)]
struct PreAuthBody {
    pre_auth_code: String,
    expires_in: u64,
}

/// A code for the page on which accounts consent.
pub(crate) fn create_preauthcode(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let pre_auth_code = state.component(call.appid)?.consents.pre_auth_code(call.unix);
    answer::json(&PreAuthBody { pre_auth_code, expires_in: PRE_AUTH_LIFE })
}

#[derive(Serialize)]
struct QueryBody<'a> {
    authorization_info: AuthorizationInfo<'a>,
}

#[derive(Serialize)]
struct AuthorizationInfo<'a> {
    authorizer_appid: &'a str,
    authorizer_access_token: String,
    expires_in: u64,
    authorizer_refresh_token: &'a str,
    func_info: Vec<FuncInfo>,
}

/// Changes an authorization code for tokens. The code of a consent that was cancelled is refused: 61003, and 61009
/// once the account has consented anew.
pub(crate) fn query_auth(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let code = call.text("authorization_code", 61009)?;
    let mut state = lock(&call.platform.state);
    let component = state.component(call.appid)?;
    let (appid, number) = component.consents.redeem(code, call.unix)?;
    let stands = component.authorizers.authorized(&appid)?.authorization()?;
    if stands.number != number {
        return Err(Refusal::new(61009));
    }
    let ledger = &call.platform.ledger;
    let granted = state.issue_to_authorizer(call.appid, &appid, Cause::Authorization, call.unix, ledger)?;
    let authorizer = state.component(call.appid)?.authorizers.authorized(&appid)?;
    let func_info = func_info(authorizer);
    answer::json(&QueryBody {
        authorization_info: AuthorizationInfo {
            authorizer_appid: &appid,
            authorizer_access_token: granted.access_token,
            expires_in: granted.expires_in,
            authorizer_refresh_token: authorizer.refresh_token(),
            func_info,
        },
    })
}

#[derive(Serialize)]
struct RefreshBody {
    authorizer_access_token: String,
    expires_in: u64,
    /// Absent, `null`, or the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_refresh_token: Option<Value>,
}

/// A new token each time; the one before works for 300 s more. The order of the checks: `authorizer_appid` (40013),
/// authorized (61003), refresh token (61023).
pub(crate) fn authorizer_token(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let by_default = state.component(call.appid)?.settings.refresh_tokens;
    let (appid, authorizer) = authorizer(call, &mut state)?;
    if call.text("authorizer_refresh_token", 61023)? != authorizer.refresh_token() {
        return Err(Refusal::new(61023));
    }
    let authorizer_refresh_token = match authorizer.own_refresh_tokens().unwrap_or(by_default) {
        RefreshTokens::Unchanged => Some(authorizer.refresh_token().into()),
        RefreshTokens::Rotated => Some(authorizer.replace_refresh_token().into()),
        RefreshTokens::Omitted => None,
        RefreshTokens::Null => Some(Value::Null),
    };
    let granted =
        state.issue_to_authorizer(call.appid, appid, Cause::Fetch, call.unix, &call.platform.ledger)?;
    answer::json(&RefreshBody {
        authorizer_access_token: granted.access_token,
        expires_in: granted.expires_in,
        authorizer_refresh_token,
    })
}

#[derive(Serialize)]
struct StartedBody {
    errcode: i32,
    errmsg: &'static str,
}

/// Begins to push tickets; where that had begun, the answer says so and changes nothing.
pub(crate) fn start_push_ticket(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    if !lock(&call.platform.state).component(call.appid)?.start_pushing(call.unix) {
        return answer::json(&StartedBody { errcode: 0, errmsg: "in a normal state" });
    }
    call.platform.rescheduled.send_replace(());
    answer::ok()
}
