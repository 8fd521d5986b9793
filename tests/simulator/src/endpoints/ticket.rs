//! `ticket/getticket`.

use serde::Serialize;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;
use crate::sync::lock;
use crate::ticket::{LIFE, TicketType};

#[derive(Serialize)]
struct TicketBody<'a> {
    errcode: i32,
    errmsg: &'static str,
    ticket: &'a str,
    expires_in: u64,
}

/// The same ticket with its remaining seconds while it lives, unless the test wants a new one each time:
/// the documentation does not tell.
pub(crate) fn get(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let kind = TicketType::from_wire(call.request.query_value("type"))?;
    let mut state = lock(&call.platform.state);
    let account = state.account(call.appid)?;
    if account.app.empty_ticket {
        return body("", LIFE);
    }
    let current = account.ticket(kind, call.unix).filter(|_| !call.platform.quirks.new_ticket_each_call);
    if let Some((ticket, rest)) = current {
        return body(ticket, rest);
    }
    body(&account.issue_ticket(kind, call.unix, &call.platform.ledger), LIFE)
}

fn body(ticket: &str, expires_in: u64) -> Result<Reply, Refusal> {
    answer::json(&TicketBody { errcode: 0, errmsg: "ok", ticket, expires_in })
}
