//! The tickets that pages in the WeChat browser are signed with.

use std::fmt;

use serde::Serialize;

use crate::errcode::Refusal;
use crate::ledger::{Recorder, TicketIssue};
use crate::random;
use crate::state::AccountState;

/// How long a ticket lives, in seconds.
pub(crate) const LIFE: u64 = 7200;

/// How long a ticket is, in characters.
const LENGTH: usize = 86;

/// The kinds of ticket of `GET /cgi-bin/ticket/getticket`. An account's tickets of both kinds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub enum TicketType {
    /// `jsapi`, which signs a page's address.
    #[serde(rename = "jsapi")]
    Jsapi,
    /// `wx_card`, which signs cards.
    #[serde(rename = "wx_card")]
    WxCard,
}

impl TicketType {
    /// Every kind there is.
    pub const ALL: [TicketType; 2] = [TicketType::Jsapi, TicketType::WxCard];

    /// The kind's name, as in `type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TicketType::Jsapi => "jsapi",
            TicketType::WxCard => "wx_card",
        }
    }

    /// The kind that a request's `type` names: 40097 if it names none. The documentation knows these two
    /// and says nothing of others.
    pub(crate) fn from_wire(name: Option<&str>) -> Result<Self, Refusal> {
        let found = TicketType::ALL.into_iter().find(|kind| Some(kind.name()) == name);
        found.ok_or_else(|| Refusal::new(40097))
    }
}

impl fmt::Display for TicketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A ticket that was given out.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) value: String,
    expires_at: u64,
}

impl AccountState {
    /// The ticket of a kind with the seconds it has to live, if it lives.
    pub(crate) fn ticket(&self, kind: TicketType, unix: u64) -> Option<(&str, u64)> {
        let Ticket { value, expires_at } = self.tickets.get(&kind)?;
        let rest = expires_at.saturating_sub(unix);
        (rest > 0).then_some((value, rest))
    }

    /// Puts a new ticket in the old one's place and writes it down.
    pub(crate) fn issue_ticket(&mut self, kind: TicketType, unix: u64, ledger: &Recorder) -> String {
        let value = random::url_safe(LENGTH);
        ledger.ticket_issue(TicketIssue {
            appid: self.app.appid.clone(),
            ticket_type: kind,
            value: value.clone(),
            at: unix,
            expires_in: LIFE,
        });
        let ticket = Ticket { value: value.clone(), expires_at: unix.saturating_add(LIFE) };
        self.tickets.insert(kind, ticket);
        value
    }
}
