//! What is saved and read in the checks: credentials as one type, and values made for it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Ticket, TicketType, Token, TokenKind};

/// What every value begins with, so that it is known again wherever it turns up.
pub(super) const MARK: &str = "not-a-token-";

/// Which credential of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    AccessToken,
    Ticket(TicketType),
}

/// What an adapter stores for it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Record {
    Token(Token),
    Ticket(Ticket),
}

/// The credentials that every adapter keeps.
pub(super) fn slots() -> [Slot; 3] {
    [Slot::AccessToken, Slot::Ticket(TicketType::JSAPI), Slot::Ticket(TicketType::WX_CARD)]
}

/// An account that nothing has been saved for.
pub(super) fn new_appid() -> String {
    format!("wxfeed{:012x}", fastrand::u64(..1 << 48))
}

/// A value that nothing else has.
pub(super) fn new_value() -> String {
    format!("{MARK}{:016x}", fastrand::u64(..))
}

pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

impl Slot {
    pub(super) fn ticket(word: impl Into<String>) -> Self {
        Self::Ticket(TicketType::from(word.into()))
    }

    /// A ticket has no kind.
    pub(super) fn record(&self, kind: TokenKind, value: String, timestamp: u64, expires_in: u64) -> Record {
        match self {
            Self::AccessToken => Record::Token(Token::new(kind, value, timestamp, expires_in)),
            Self::Ticket(word) => Record::Ticket(Ticket::new(word.clone(), value, timestamp, expires_in)),
        }
    }

    /// The `n`th of several living records, unlike each other in every field but the kind.
    pub(super) fn nth(&self, n: u64) -> Record {
        self.record(TokenKind::Stable, new_value(), unix_now() - n, 7200 + 2 * n)
    }

    pub(super) fn living(&self) -> Record {
        self.nth(0)
    }

    pub(super) fn fetch_name(&self) -> &'static str {
        match self {
            Self::AccessToken => "fetch_access_token",
            Self::Ticket(_) => "fetch_ticket",
        }
    }

    pub(super) fn save_name(&self) -> &'static str {
        match self {
            Self::AccessToken => "save_access_token",
            Self::Ticket(_) => "save_ticket",
        }
    }
}

impl Record {
    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::Token(_) => Slot::AccessToken,
            Self::Ticket(ticket) => Slot::Ticket(ticket.ticket_type().clone()),
        }
    }

    /// The value, which nobody is shown.
    fn value(&self) -> &str {
        match self {
            Self::Token(token) => token.access_token().expose(),
            Self::Ticket(ticket) => ticket.ticket().expose(),
        }
    }

    /// The other fields, as they are shown.
    fn fields(&self) -> [(&'static str, String); 3] {
        match self {
            Self::Token(token) => [
                ("kind", format!("{:?}", token.kind())),
                ("timestamp", token.timestamp().to_string()),
                ("expires_in", token.expires_in().to_string()),
            ],
            Self::Ticket(ticket) => [
                ("type", ticket.ticket_type().to_string()),
                ("timestamp", ticket.timestamp().to_string()),
                ("expires_in", ticket.expires_in().to_string()),
            ],
        }
    }

    /// In what it differs from the record that was expected.
    pub(super) fn differs_from(&self, expected: &Self) -> String {
        let mut differences = Vec::new();
        if self.value() != expected.value() {
            let (found, saved) = (self.value().chars().count(), expected.value().chars().count());
            differences.push(format!("another value, of {found} characters for {saved}"));
        }
        for ((name, found), (_, saved)) in self.fields().into_iter().zip(expected.fields()) {
            if found != saved {
                differences.push(format!("{name} {found} for {saved}"));
            }
        }
        differences.join(", ")
    }

    /// Which of these records each of its fields is from.
    pub(super) fn pieces_of(&self, saved: &[Self]) -> String {
        let of = |name: &str, position: Option<usize>| match position {
            Some(nth) => format!("{name} of save {nth}"),
            None => format!("{name} of no save"),
        };
        let mut pieces = vec![of("value", saved.iter().position(|other| other.value() == self.value()))];
        for (nth, (name, field)) in self.fields().into_iter().enumerate() {
            pieces.push(of(name, saved.iter().position(|other| other.fields()[nth].1 == field)));
        }
        pieces.join(", ")
    }
}
