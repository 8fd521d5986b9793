//! `/_sim/apps/{appid}/oauth-codes` and `js-codes`: users who log in.

use serde::Deserialize;
use serde_json::{Value, json};

use super::apps::account;
use super::{Command, Failure, fields};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageVisit {
    openid: String,
    scope: String,
}

pub(super) fn oauth_code(command: &Command<'_>) -> Result<Value, Failure> {
    let account = account(command)?;
    let PageVisit { openid, scope } = fields(command.object()?)?;
    Ok(json!({ "code": account.oauth_code(openid, scope) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniProgramVisit {
    openid: String,
}

pub(super) fn js_code(command: &Command<'_>) -> Result<Value, Failure> {
    let account = account(command)?;
    let MiniProgramVisit { openid } = fields(command.object()?)?;
    Ok(json!({ "js_code": account.js_code(openid) }))
}
