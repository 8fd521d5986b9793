//! Below `/cgi-bin/component/`: the APIs of third-party platforms.

mod accounts;
mod options;
mod tokens;

pub(crate) use accounts::{authorizer_info, authorizer_list};
pub(crate) use options::{get_option, get_option_unnamed, set_option};
pub(crate) use tokens::{
    authorizer_token, component_token, create_preauthcode, query_auth, start_push_ticket,
};

use serde::Serialize;

use super::Exchange;
use crate::errcode::Refusal;
use crate::permissions;
use crate::state::{AuthorizerState, State};

/// One permission set that an account granted.
#[derive(Serialize)]
struct FuncInfo {
    funcscope_category: Category,
}

#[derive(Serialize)]
struct Category {
    id: u32,
}

/// The permission sets that an account granted.
fn func_info(authorizer: &AuthorizerState) -> Vec<FuncInfo> {
    let granted = permissions::all().filter(|id| authorizer.permits(*id));
    granted.map(|id| FuncInfo { funcscope_category: Category { id } }).collect()
}

/// The account that the body names, and as the third-party platform `component` knows it: 40013 without one, or
/// for an appid that is nobody's, 61003 without its authorization.
fn authorizer<'c, 's>(
    call: &'c Exchange<'_>,
    state: &'s mut State,
) -> Result<(&'c str, &'s mut AuthorizerState), Refusal> {
    let appid = call.text("authorizer_appid", 40013)?;
    state.known(appid)?;
    Ok((appid, state.component(call.appid)?.authorizers.authorized(appid)?))
}
