//! What is saved in the checks: which credentials there are, and records made for each.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::record::Record;
use crate::application::Kind;
use crate::{AuthorizerToken, Ticket, TicketType, Token, TokenKind, VerifyTicket};

/// What every value begins with, so that it is known again wherever it turns up.
pub(super) const MARK: &str = "not-a-token-";

/// Past the end of a signed 32-bit number of seconds.
pub(super) const YEAR_2100: u64 = 4_102_444_800;

/// When the accounts have taken their authorization back, and given it again. The records saved whole all say the same,
/// because of two times the later stays.
const TAKEN_BACK_AT: u64 = 1_700_000_000;
const AUTHORIZED_AT: u64 = 1_700_000_100;

/// Which credential of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A common application's.
    AccessToken,
    /// A component application's own.
    ComponentToken,
    VerifyTicket,
    /// All that is kept of an account which has authorized a component application, but for its tickets.
    AuthorizerToken,
    /// A common application's, or an authorizer's.
    Ticket(TicketType),
}

/// The credentials that every adapter for this kind of application keeps.
pub(super) fn slots(kind: Kind) -> &'static [Slot] {
    const COMMON: &[Slot] =
        &[Slot::AccessToken, Slot::Ticket(TicketType::JSAPI), Slot::Ticket(TicketType::WX_CARD)];
    const COMPONENT: &[Slot] = &[
        Slot::ComponentToken,
        Slot::VerifyTicket,
        Slot::AuthorizerToken,
        Slot::Ticket(TicketType::JSAPI),
        Slot::Ticket(TicketType::WX_CARD),
    ];
    match kind {
        Kind::Common => COMMON,
        Kind::Component => COMPONENT,
    }
}

/// An appid that nothing has been saved for.
pub(super) fn new_appid() -> String {
    format!("wxfeed{:012x}", fastrand::u64(..1 << 48))
}

/// A value that nothing else has.
pub(super) fn new_value() -> String {
    format!("{MARK}{:016x}", fastrand::u64(..))
}

/// One as long as can be: WeChat says to keep room for 512 characters.
pub(super) fn long_value() -> String {
    format!("{:x<512}", new_value())
}

/// One with each character that is neither a letter nor a digit.
pub(super) fn punctuated_value() -> String {
    let punctuation: String = ('!'..='~').filter(char::is_ascii_punctuation).collect();
    format!("{}{punctuation}", new_value())
}

pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

impl Slot {
    pub(super) fn ticket(word: impl Into<String>) -> Self {
        Self::Ticket(TicketType::from(word.into()))
    }

    /// A record that tells all there is to tell. A ticket has no kind, nor is there more than one of a component's and its
    /// authorizers' tokens; a verify ticket expires by itself.
    pub(super) fn record(
        &self,
        kind: TokenKind,
        value: fn() -> String,
        timestamp: u64,
        expires_in: u64,
    ) -> Record {
        let token = |kind| Token::new(kind, value(), timestamp, expires_in);
        match self {
            Self::AccessToken => Record::Token(token(kind)),
            Self::ComponentToken => Record::ComponentToken(token(TokenKind::Classic)),
            Self::VerifyTicket => Record::VerifyTicket(VerifyTicket::new(value(), timestamp)),
            Self::AuthorizerToken => Record::Authorizer(authorizer(token(TokenKind::Classic), value)),
            Self::Ticket(word) => Record::Ticket(Ticket::new(word.clone(), value(), timestamp, expires_in)),
        }
    }

    /// Records that do not tell all: an authorizer's may.
    pub(super) fn records_in_part(&self) -> Vec<Record> {
        if *self != Self::AuthorizerToken {
            return Vec::new();
        }
        let nothing = AuthorizerToken::new;
        let parts = [
            nothing().with_access(new_access()),
            nothing().with_refresh_token(new_value()),
            nothing().with_access(new_access()).with_refresh_token(new_value()),
            nothing().with_refresh_token(new_value()).with_authorized_at(AUTHORIZED_AT),
            nothing().with_unauthorized_at(TAKEN_BACK_AT),
        ];
        parts.map(Record::Authorizer).into()
    }

    /// The `n`th of several living records, each newer than the one before and unlike it in every field that may be.
    pub(super) fn nth(&self, n: u64) -> Record {
        self.record(TokenKind::Stable, new_value, unix_now() - 100 + n, 7200 + 2 * n)
    }

    pub(super) fn living(&self) -> Record {
        self.nth(0)
    }

    pub(super) fn is_ticket(&self) -> bool {
        matches!(self, Self::Ticket(_))
    }

    /// Whether each authorizer of a component has one.
    pub(super) fn is_of_authorizers(&self, kind: Kind) -> bool {
        match self {
            Self::AccessToken | Self::ComponentToken | Self::VerifyTicket => false,
            Self::AuthorizerToken => true,
            Self::Ticket(_) => kind == Kind::Component,
        }
    }

    pub(super) fn fetch_name(&self) -> &'static str {
        match self {
            Self::AccessToken | Self::AuthorizerToken => "fetch_access_token",
            Self::ComponentToken => "fetch_component_access_token",
            Self::VerifyTicket => "fetch_component_verify_ticket",
            Self::Ticket(_) => "fetch_ticket",
        }
    }

    pub(super) fn save_name(&self) -> &'static str {
        match self {
            Self::AccessToken | Self::AuthorizerToken => "save_access_token",
            Self::ComponentToken => "save_component_access_token",
            Self::VerifyTicket => "save_component_verify_ticket",
            Self::Ticket(_) => "save_ticket",
        }
    }
}

/// An authorizer's access token that nothing else has.
pub(super) fn new_access() -> Token {
    Token::new(TokenKind::Classic, new_value(), unix_now(), 7200)
}

/// An authorizer's record that tells all, with an access token and these values for the rest.
pub(super) fn authorizer(access: Token, value: fn() -> String) -> AuthorizerToken {
    AuthorizerToken::new()
        .with_access(access)
        .with_refresh_token(value())
        .with_previous_refresh_token(value())
        .with_authorized_at(AUTHORIZED_AT)
        .with_unauthorized_at(TAKEN_BACK_AT)
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessToken => f.write_str("access token"),
            Self::ComponentToken => f.write_str("component access token"),
            Self::VerifyTicket => f.write_str("verify ticket"),
            Self::AuthorizerToken => f.write_str("authorizer's record"),
            Self::Ticket(word) => write!(f, "ticket `{word}`"),
        }
    }
}
