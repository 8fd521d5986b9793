//! One refresh for several processes: who leads, and what all of them have to know.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::{AuthorizerToken, Ticket, TicketType, Token};

/// What several processes on one storage agree by: one of them refreshes a credential, and the others wait for it.
///
/// Without one, each process refreshes by itself: once for all of its own callers. A storage that has one says so in
/// [`Hub::coordinator`](super::Hub::coordinator) or [`ComponentHub::coordinator`](super::ComponentHub::coordinator).
/// `adapters::Redis` is one; this trait is for storages of your own.
///
/// [`commit`](Self::commit) takes the place of `save_*` for what a refresh has brought. `save_*` is called all the same: for an
/// account that has authorized a component, or has taken that back, for verify tickets (which have no slot, and are no part of
/// this), and by programs that bring records along.
///
/// `coordinator` is asked for each refresh, so it may be made anew each time; it is given the `args`, and knows by them whose
/// records it is about.
///
/// # What is kept
///
/// For each [`Slot`], beside the record that `fetch_*` reads: a *fence*, which only grows; until when the *lease* of the one
/// who leads runs, by a clock that all processes share; and the [`Notes`]. In SQL it is one row, and each call is one
/// transaction on it:
///
/// ```sql
/// CREATE TABLE credentials (
///     slot text PRIMARY KEY,               -- Slot::name
///     record jsonb,                        -- Record, by serde; null until the first one
///     fence bigint NOT NULL DEFAULT 0,
///     leased_until timestamptz,            -- null where nobody leads
///     notes text                           -- Notes::as_str
/// );
///
/// -- begin: a row that it answers with is the lead; where it answers with none, another leads, and the row is read
/// INSERT INTO credentials (slot, fence, leased_until) VALUES ($1, 1, now() + $2)
///     ON CONFLICT (slot) DO UPDATE SET fence = credentials.fence + 1, leased_until = now() + $2
///     WHERE credentials.leased_until IS NULL OR credentials.leased_until <= now()
///     RETURNING fence, record, notes, now();
/// -- commit, and abort without the record: true where a row has changed
/// UPDATE credentials SET record = $3, notes = $4, leased_until = NULL WHERE slot = $1 AND fence = $2 AND fence > 0;
/// -- save_*: past whoever leads; an authorizer's record is merged with the one that is there, in the same transaction
/// INSERT INTO credentials (slot, record, fence) VALUES ($1, $2, 1)
///     ON CONFLICT (slot) DO UPDATE SET record = $2, fence = credentials.fence + 1, leased_until = NULL;
/// ```
///
/// # What must hold
///
/// * At most one leads. While a lease runs, every other `begin` is told to [wait](Turn::Wait); it is also told what is stored
///   and noted.
/// * Each lead has a fence that is higher than all before it, also than those of leads that were never ended.
/// * What comes with another fence than the newest changes nothing, and is answered `Ok(false)`; so does what comes for a slot
///   that nobody has begun. What comes with the newest is written, also where its lease is over: nobody has begun since.
/// * Whoever writes past the lead, as `save_*` does, makes the fence grow, ends the lease, and leaves the notes: what a leader
///   has bought meanwhile is the older news.
/// * No row is deleted that is leased, or has an authorizer's record. Where others are deleted, fences must not begin anew:
///   take the higher of the last one plus one and the time in microseconds.
///
/// The feature `contract` tries it, but for deletion. Give it a second adapter by `also`: that several processes agree shows only
/// between several.
#[async_trait]
pub trait Coordinator: Send + Sync + 'static {
    /// Reads what is kept; and takes the lead, for `lease` at the longest, where nobody has it.
    ///
    /// # Errors
    ///
    /// An `Err` is the caller's [`Storage`](crate::ErrorKind::Storage), and WeChat is not asked.
    async fn begin(&self, slot: &Slot, lease: Duration) -> Result<Begun>;

    /// Stores the record, whole and as it is, with the notes, and ends the lead. `Ok(false)` says that another has begun
    /// since, or has written: then nothing is stored.
    ///
    /// It may be called again with the same fence, where an answer was lost.
    ///
    /// # Errors
    ///
    /// An `Err` is logged, and the token is used; it is tried to be stored again until the lease is over. Where an authorizer's new
    /// refresh token is not stored, which nobody grants twice, the `Err` is the caller's [`Storage`](crate::ErrorKind::Storage).
    async fn commit(&self, slot: &Slot, fence: u64, record: Record, notes: Notes) -> Result<bool>;

    /// Ends the lead, with nothing to store but the notes. `Ok(false)` says that another has begun since, or has written:
    /// then these notes are not kept.
    ///
    /// # Errors
    ///
    /// An `Err` is logged; the lease runs out.
    async fn abort(&self, slot: &Slot, fence: u64, notes: Notes) -> Result<bool>;
}

/// What [`begin`](Coordinator::begin) has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Whose turn it is.
    pub turn: Turn,
    /// The stored record, expired or not.
    pub record: Option<Record>,
    /// What was noted last.
    pub notes: Option<Notes>,
    /// What time it is, by the clock that the leases go by.
    pub now: SystemTime,
}

/// Whose turn it is to refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The caller's, who commits or aborts with this fence.
    Lead {
        /// Higher than all fences before.
        fence: u64,
    },
    /// Another's.
    Wait {
        /// How much of its lease is left.
        at_most: Duration,
    },
}

/// What is known of refreshing a credential, for all processes: pauses after errors, gaps, and the day's counts.
///
/// It is text of the runtime's own, to be kept and given back as it is. There is no token or secret in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(String);

impl Notes {
    /// The text to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Notes {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Notes {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What is stored in a [`Slot`]: it serialises with its values in the clear, because a storage has to keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// An access token: a common application's, or a component's own.
    Token(Token),
    /// All that is kept of an account which has authorized a component.
    Authorizer(AuthorizerToken),
    /// A ticket.
    Ticket(Ticket),
}

/// Where a credential is kept: which one of which account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Slot {
    /// A common application's access token.
    AccessToken {
        /// The application's.
        appid: String,
    },
    /// A common application's ticket.
    Ticket {
        /// The application's.
        appid: String,
        /// What the ticket is for.
        ticket_type: TicketType,
    },
    /// A component application's own access token.
    ComponentAccessToken {
        /// The component's.
        component_appid: String,
    },
    /// All that is kept of an account which has authorized a component.
    AuthorizerToken {
        /// The component's.
        component_appid: String,
        /// The account's.
        authorizer_appid: String,
    },
    /// A ticket of such an account's.
    AuthorizerTicket {
        /// The component's.
        component_appid: String,
        /// The account's.
        authorizer_appid: String,
        /// What the ticket is for.
        ticket_type: TicketType,
    },
}

impl Slot {
    /// A name that no other slot has, of printable ASCII and without blanks: `access_token:wx1f2e3d4c5b6a7988`.
    ///
    /// It has no secret in it, and stays the same in later versions.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = String::from(self.kind());
        for part in self.parts() {
            name.push(':');
            push_escaped(&mut name, part);
        }
        name
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::AccessToken { .. } => "access_token",
            Self::Ticket { .. } => "ticket",
            Self::ComponentAccessToken { .. } => "component_access_token",
            Self::AuthorizerToken { .. } => "authorizer_token",
            Self::AuthorizerTicket { .. } => "authorizer_ticket",
        }
    }

    fn parts(&self) -> Vec<&str> {
        match self {
            Self::AccessToken { appid } => vec![appid],
            Self::Ticket { appid, ticket_type } => vec![appid, ticket_type.as_str()],
            Self::ComponentAccessToken { component_appid } => vec![component_appid],
            Self::AuthorizerToken { component_appid, authorizer_appid } => {
                vec![component_appid, authorizer_appid]
            }
            Self::AuthorizerTicket { component_appid, authorizer_appid, ticket_type } => {
                vec![component_appid, authorizer_appid, ticket_type.as_str()]
            }
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Appids are letters and digits; what else there is in one is written as `%` and hexadecimal digits.
fn push_escaped(name: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_slots_have_one_name() {
        let ticket =
            |appid: &str, word: &str| Slot::Ticket { appid: appid.to_owned(), ticket_type: word.into() };
        let of = |component: &str, authorizer: &str| Slot::AuthorizerToken {
            component_appid: component.to_owned(),
            authorizer_appid: authorizer.to_owned(),
        };
        let slots = [
            Slot::AccessToken { appid: "wx1".to_owned() },
            Slot::ComponentAccessToken { component_appid: "wx1".to_owned() },
            ticket("wx1", "jsapi"),
            ticket("wx1:jsapi", ""),
            ticket("wx1", ":jsapi"),
            ticket("wx1%3A", "jsapi"),
            ticket("", "wx1:jsapi"),
            of("wx1", "wx2"),
            of("wx2", "wx1"),
            of("wx1:wx2", ""),
        ];
        let names: std::collections::HashSet<_> = slots.iter().map(Slot::name).collect();
        assert_eq!(names.len(), slots.len(), "{names:?}");
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_graphic())));
        assert_eq!(ticket("wx1", "wx_card").name(), "ticket:wx1:wx_card");
    }
}
