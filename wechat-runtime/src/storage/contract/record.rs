//! What an adapter is given and answers with: credentials as one type, compared field by field.

use super::slot::Slot;
use crate::{AuthorizerToken, Secret, Ticket, Token, VerifyTicket, storage};

/// What an adapter stores for a credential.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Record {
    Token(Token),
    ComponentToken(Token),
    VerifyTicket(VerifyTicket),
    Authorizer(AuthorizerToken),
    Ticket(Ticket),
}

/// A field of a record.
#[derive(PartialEq, Eq)]
enum Field<'a> {
    /// Which nobody is shown.
    Hidden(Option<&'a str>),
    Shown(String),
}

impl Record {
    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::Token(_) => Slot::AccessToken,
            Self::ComponentToken(_) => Slot::ComponentToken,
            Self::VerifyTicket(_) => Slot::VerifyTicket,
            Self::Authorizer(_) => Slot::AuthorizerToken,
            Self::Ticket(ticket) => Slot::Ticket(ticket.ticket_type().clone()),
        }
    }

    /// As a coordinator keeps it: a verify ticket is nothing to agree about.
    pub(super) fn kept(self) -> Option<storage::Record> {
        match self {
            Self::Token(token) | Self::ComponentToken(token) => Some(storage::Record::Token(token)),
            Self::Authorizer(record) => Some(storage::Record::Authorizer(record)),
            Self::Ticket(ticket) => Some(storage::Record::Ticket(ticket)),
            Self::VerifyTicket(_) => None,
        }
    }

    /// What a coordinator has found in a slot: nothing, if that is of another kind.
    pub(super) fn of(slot: &Slot, kept: storage::Record) -> Option<Self> {
        match (slot, kept) {
            (Slot::AccessToken, storage::Record::Token(token)) => Some(Self::Token(token)),
            (Slot::ComponentToken, storage::Record::Token(token)) => Some(Self::ComponentToken(token)),
            (Slot::AuthorizerToken, storage::Record::Authorizer(record)) => Some(Self::Authorizer(record)),
            (Slot::Ticket(_), storage::Record::Ticket(ticket)) => Some(Self::Ticket(ticket)),
            _ => None,
        }
    }

    /// The fields by their names. Two records of one slot have the same.
    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        match self {
            Self::Token(token) | Self::ComponentToken(token) => vec![
                ("value", Field::hidden(Some(token.access_token()))),
                ("kind", Field::Shown(format!("{:?}", token.kind()))),
                ("timestamp", Field::shown(Some(token.timestamp()))),
                ("expires_in", Field::shown(Some(token.expires_in()))),
            ],
            Self::VerifyTicket(ticket) => vec![
                ("value", Field::hidden(Some(ticket.component_verify_ticket()))),
                ("timestamp", Field::shown(Some(ticket.timestamp()))),
            ],
            Self::Authorizer(record) => {
                let access = record.access();
                let kind = access.map_or("none".to_owned(), |token| format!("{:?}", token.kind()));
                vec![
                    ("access token", Field::hidden(access.map(Token::access_token))),
                    ("kind", Field::Shown(kind)),
                    ("timestamp", Field::shown(access.map(Token::timestamp))),
                    ("expires_in", Field::shown(access.map(Token::expires_in))),
                    ("refresh token", Field::hidden(record.refresh_token())),
                    ("previous refresh token", Field::hidden(record.previous_refresh_token())),
                    ("authorized_at", Field::shown(record.authorized_at())),
                    ("unauthorized_at", Field::shown(record.unauthorized_at())),
                ]
            }
            Self::Ticket(ticket) => vec![
                ("value", Field::hidden(Some(ticket.ticket()))),
                ("type", Field::Shown(ticket.ticket_type().to_string())),
                ("timestamp", Field::shown(Some(ticket.timestamp()))),
                ("expires_in", Field::shown(Some(ticket.expires_in()))),
            ],
        }
    }

    /// In what it differs from the record that was expected.
    pub(super) fn differs_from(&self, expected: &Self) -> String {
        let both = self.fields().into_iter().zip(expected.fields());
        let differing = both.filter(|((_, found), (_, saved))| found != saved);
        let differences = differing.map(|((name, found), (_, saved))| match (found, saved) {
            (Field::Hidden(None), _) => format!("no {name}"),
            (Field::Hidden(Some(_)), Field::Hidden(None)) => format!("a {name} that nobody saved"),
            (Field::Hidden(Some(found)), Field::Hidden(Some(saved))) => {
                let (found, saved) = (found.chars().count(), saved.chars().count());
                format!("another {name}, of {found} characters for {saved}")
            }
            (found, saved) => format!("{name} {} for {}", found.text(), saved.text()),
        });
        differences.collect::<Vec<_>>().join(", ")
    }

    /// Which of these records each of its fields is from.
    pub(super) fn pieces_of(&self, saved: &[Self]) -> String {
        let pieces = self.fields().into_iter().enumerate().map(|(nth, (name, field))| {
            match saved.iter().position(|other| other.fields()[nth].1 == field) {
                Some(save) => format!("{name} of save {save}"),
                None => format!("{name} of no save"),
            }
        });
        pieces.collect::<Vec<_>>().join(", ")
    }
}

impl<'a> Field<'a> {
    fn hidden(value: Option<&'a Secret>) -> Self {
        Self::Hidden(value.map(Secret::expose))
    }

    fn shown(seconds: Option<u64>) -> Self {
        Self::Shown(seconds.map_or("none".to_owned(), |seconds| seconds.to_string()))
    }

    fn text(&self) -> &str {
        match self {
            Self::Hidden(_) => "…",
            Self::Shown(text) => text,
        }
    }
}
