//! What the platform issued and what it received, written down.

mod authorizers;
mod call;
mod recorder;

use std::sync::Arc;

use serde::Serialize;

use authorizers::AuthorizerIssues;
pub use call::Call;
pub(crate) use call::Received;
pub(crate) use recorder::Recorder;

use crate::line::Line;
use crate::ticket::TicketType;

/// A token that was newly made. An answer that repeats a token is no issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Issue {
    /// The account it belongs to.
    pub appid: String,
    /// The kind of token.
    pub line: Line,
    /// The token itself.
    pub value: String,
    /// When it was issued, in Unix seconds of the virtual clock.
    pub at: u64,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What it was issued for.
    pub cause: Cause,
}

/// A ticket that was newly made. An answer that repeats a ticket is no issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TicketIssue {
    /// The account it belongs to.
    pub appid: String,
    /// The kind of ticket.
    pub ticket_type: TicketType,
    /// The ticket itself.
    pub value: String,
    /// When it was issued, in Unix seconds of the virtual clock.
    pub at: u64,
    /// How long it lives, in seconds.
    pub expires_in: u64,
}

/// A component access token that was newly made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ComponentIssue {
    /// The third-party platform it belongs to.
    pub component_appid: String,
    /// The token itself.
    pub value: String,
    /// When it was issued, in Unix seconds of the virtual clock.
    pub at: u64,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What it was issued for.
    pub cause: Cause,
}

/// An authorizer access token that was newly made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerIssue {
    /// The third-party platform that holds it.
    pub component_appid: String,
    /// The account it acts for.
    pub authorizer_appid: String,
    /// The token itself.
    pub value: String,
    /// When it was issued, in Unix seconds of the virtual clock.
    pub at: u64,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What it was issued for.
    pub cause: Cause,
}

/// What a token was issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Cause {
    /// An ordinary call of a token endpoint.
    Fetch,
    /// A call of `stable_token` with `force_refresh`.
    Forced,
    /// A call of `api_query_auth`, with the code of an account that consented.
    Authorization,
    /// [`Account::rotate_elsewhere`](crate::Account::rotate_elsewhere) or its like for third-party platforms: no
    /// call was received for it.
    Elsewhere,
}

/// A template message that reached a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// The account that sent it.
    pub appid: String,
    /// The user who received it.
    pub openid: String,
    /// The template.
    pub template_id: String,
    /// The number that the platform gave it.
    pub msgid: u64,
    /// When it was sent, in Unix seconds of the virtual clock.
    pub at: u64,
    /// Its parameters, as they were sent.
    pub data: serde_json::Value,
}

/// A push that was sent, and what it came to in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pushed {
    /// The account.
    pub appid: String,
    /// The `MsgType`, Event or `InfoType`; `raw` for a body of the test's own.
    pub kind: String,
    /// The user it is from.
    pub openid: Option<String>,
    /// How often it was tried.
    pub tries: usize,
    /// What the last try came to: [`Answer::name`](crate::Answer::name).
    pub outcome: &'static str,
    /// When that was, in Unix seconds of the virtual clock.
    pub at: u64,
}

/// What happened up to the moment the ledger was taken.
///
/// A call that was under way then gets its end filled in when it ends; nothing else is added.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub(crate) issues: Vec<Issue>,
    pub(crate) component_issues: Vec<ComponentIssue>,
    authorizer_issues: Arc<AuthorizerIssues>,
    pub(crate) ticket_issues: Vec<TicketIssue>,
    pub(crate) messages: Vec<Message>,
    pub(crate) calls: Vec<Arc<Call>>,
    pub(crate) pushes: Vec<Pushed>,
    pub(crate) forgotten: u64,
}

impl Ledger {
    /// Every token of an account's own that was newly made, oldest first.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// How many tokens of one line an account was issued, those of other callers included.
    #[must_use]
    pub fn issued(&self, appid: &str, line: Line) -> usize {
        self.issues.iter().filter(|issue| issue.appid == appid && issue.line == line).count()
    }

    /// Every component access token that was newly made, oldest first.
    #[must_use]
    pub fn component_issues(&self) -> &[ComponentIssue] {
        &self.component_issues
    }

    /// How many component access tokens a third-party platform was issued, those of other callers included.
    #[must_use]
    pub fn component_issued(&self, component_appid: &str) -> usize {
        self.component_issues.iter().filter(|issue| issue.component_appid == component_appid).count()
    }

    /// Every authorizer access token that was newly made, oldest first.
    #[must_use]
    pub fn authorizer_issues(&self) -> &[AuthorizerIssue] {
        self.authorizer_issues.list()
    }

    /// How many access tokens a third-party platform was issued for one account, those of other callers included.
    #[must_use]
    pub fn authorizer_issued(&self, component_appid: &str, authorizer_appid: &str) -> usize {
        self.authorizer_issues.count(component_appid, authorizer_appid)
    }

    /// Every ticket for front ends that was newly made, oldest first.
    #[must_use]
    pub fn ticket_issues(&self) -> &[TicketIssue] {
        &self.ticket_issues
    }

    /// How many tickets of one kind an account was issued.
    #[must_use]
    pub fn tickets_issued(&self, appid: &str, ticket_type: TicketType) -> usize {
        let of_kind = |issue: &&TicketIssue| issue.appid == appid && issue.ticket_type == ticket_type;
        self.ticket_issues.iter().filter(of_kind).count()
    }

    /// Every call received outside `/_sim/`, in the order of arrival.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.calls.iter().map(AsRef::as_ref)
    }

    /// The calls to one path, in the order of arrival.
    #[must_use]
    pub fn calls_to(&self, path: &str) -> Vec<&Call> {
        self.calls().filter(|call| call.path() == path).collect()
    }

    /// How many calls an account or a third-party platform made to the endpoints of its own tokens, whatever they
    /// were answered: `/cgi-bin/token` and `/cgi-bin/stable_token` of an account, `api_component_token` of a
    /// third-party platform.
    #[must_use]
    pub fn token_calls(&self, appid: &str) -> usize {
        self.calls().filter(|call| call.is_token_call() && call.appid() == Some(appid)).count()
    }

    /// Every template message that reached a user, oldest first: one for each call that was
    /// processed with success, whether or not its answer arrived.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The messages that reached one user, oldest first.
    #[must_use]
    pub fn messages_to(&self, openid: &str) -> Vec<&Message> {
        self.messages.iter().filter(|message| message.openid == openid).collect()
    }

    /// Every push that is over, in the order in which they ended; the newest of as many as there are calls.
    #[must_use]
    pub fn pushes(&self) -> &[Pushed] {
        &self.pushes
    }

    /// How many of the oldest calls are missing because there were more than
    /// [`Builder::ledger_limit`](crate::Builder::ledger_limit) of them.
    #[must_use]
    pub fn forgotten_calls(&self) -> u64 {
        self.forgotten
    }
}
