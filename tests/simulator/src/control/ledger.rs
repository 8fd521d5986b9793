//! `/_sim/ledger`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Command, Failure, done};
use crate::ledger::{AuthorizerIssue, Call, ComponentIssue, Issue, Message, Pushed, TicketIssue};

/// The ledger, narrowed to one path's calls or one account where the query says so. The counts are
/// of the same narrowed ledger.
pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    let ledger = command.platform.ledger.snapshot();
    let path = command.request.query_value("path");
    let appid = command.request.query_value("appid");
    let of_app = |named: Option<&str>| appid.is_none() || appid == named;
    let issues: Vec<&Issue> = ledger.issues().iter().filter(|issue| of_app(Some(&issue.appid))).collect();
    let component_issues: Vec<&ComponentIssue> =
        ledger.component_issues().iter().filter(|issue| of_app(Some(&issue.component_appid))).collect();
    let either = |issue: &&AuthorizerIssue| {
        of_app(Some(&issue.component_appid)) || of_app(Some(&issue.authorizer_appid))
    };
    let authorizer_issues: Vec<&AuthorizerIssue> = ledger.authorizer_issues().iter().filter(either).collect();
    let ticket_issues: Vec<&TicketIssue> =
        ledger.ticket_issues().iter().filter(|issue| of_app(Some(&issue.appid))).collect();
    let messages: Vec<&Message> =
        ledger.messages().iter().filter(|message| of_app(Some(&message.appid))).collect();
    let pushes: Vec<&Pushed> = ledger.pushes().iter().filter(|pushed| of_app(Some(&pushed.appid))).collect();
    let of_path = |call: &&Call| path.is_none_or(|path| path == call.path());
    let calls: Vec<&Call> = ledger.calls().filter(|call| of_app(call.appid())).filter(of_path).collect();
    Ok(json!({
        "counts": counts(&issues, &component_issues, &authorizer_issues, &ticket_issues, &calls),
        "issues": issues,
        "component_issues": component_issues,
        "authorizer_issues": authorizer_issues,
        "ticket_issues": ticket_issues,
        "messages": messages,
        "calls": calls,
        "pushes": pushes,
        "forgotten_calls": ledger.forgotten_calls(),
    }))
}

fn counts(
    issues: &[&Issue],
    component_issues: &[&ComponentIssue],
    authorizer_issues: &[&AuthorizerIssue],
    ticket_issues: &[&TicketIssue],
    calls: &[&Call],
) -> Value {
    let mut by_line: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for issue in issues {
        *by_line.entry(&issue.appid).or_default().entry(issue.line.name()).or_default() += 1;
    }
    let mut by_component: BTreeMap<&str, usize> = BTreeMap::new();
    for issue in component_issues {
        *by_component.entry(&issue.component_appid).or_default() += 1;
    }
    let mut by_authorizer: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for issue in authorizer_issues {
        let of_component = by_authorizer.entry(&issue.component_appid).or_default();
        *of_component.entry(&issue.authorizer_appid).or_default() += 1;
    }
    let mut by_ticket_type: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for issue in ticket_issues {
        *by_ticket_type.entry(&issue.appid).or_default().entry(issue.ticket_type.name()).or_default() += 1;
    }
    let mut by_path: BTreeMap<&str, usize> = BTreeMap::new();
    let mut token_calls: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        *by_path.entry(call.path()).or_default() += 1;
        if let Some(appid) = call.appid().filter(|_| call.is_token_call()) {
            *token_calls.entry(appid).or_default() += 1;
        }
    }
    json!({
        "issued": by_line,
        "component_issued": by_component,
        "authorizer_issued": by_authorizer,
        "tickets_issued": by_ticket_type,
        "calls": by_path,
        "token_calls": token_calls,
    })
}

pub(super) fn clear(command: &Command<'_>) -> Result<Value, Failure> {
    command.platform.ledger.clear();
    done()
}
