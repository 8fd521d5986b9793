//! `/cgi-bin/token` and `/cgi-bin/stable_token`.

use serde::Serialize;
use serde_json::Value;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;
use crate::ledger::Cause;
use crate::line::Line;
use crate::state::Granted;
use crate::sync::lock;

#[derive(Serialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
}

impl From<Granted> for TokenBody {
    fn from(granted: Granted) -> Self {
        Self { access_token: granted.access_token, expires_in: granted.expires_in }
    }
}

/// Every call makes a new token; the one before works for 300 s more.
pub(crate) fn classic(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let granted = state.issue(call.appid, Line::Classic, Cause::Fetch, call.unix, &call.platform.ledger)?;
    answer::json(&TokenBody::from(granted))
}

/// The same token with its remaining seconds, unless it is in its last 300 s or refreshing is forced.
pub(crate) fn stable(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let forced = match call.arguments.get("force_refresh") {
        None => false,
        Some(Value::Bool(forced)) => *forced,
        Some(_) => return Err(Refusal::new(47001)),
    };
    let mut state = lock(&call.platform.state);
    let ledger = &call.platform.ledger;
    let granted = if forced {
        state.stable_forced(call.appid, call.unix, ledger)?
    } else {
        state.stable(call.appid, call.unix, ledger)?
    };
    answer::json(&TokenBody::from(granted))
}
