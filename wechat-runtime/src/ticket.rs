//! A front-end ticket as it is stored.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Secret;

/// What a ticket is for: [`JSAPI`](TicketType::JSAPI), [`WX_CARD`](TicketType::WX_CARD), or another word
/// that WeChat takes as `type`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketType(Cow<'static, str>);

impl TicketType {
    /// `jsapi`: signs a page's use of the JS-SDK.
    pub const JSAPI: Self = Self(Cow::Borrowed("jsapi"));
    /// `wx_card`: signs cards and coupons.
    pub const WX_CARD: Self = Self(Cow::Borrowed("wx_card"));

    /// The word as WeChat writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for TicketType {
    fn from(word: String) -> Self {
        Self(Cow::Owned(word))
    }
}

impl From<&str> for TicketType {
    fn from(word: &str) -> Self {
        Self(Cow::Owned(word.to_owned()))
    }
}

impl fmt::Display for TicketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TicketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketType({})", self.0)
    }
}

impl Serialize for TicketType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TicketType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A front-end ticket with all that is needed to judge it: one record, stored and read whole.
///
/// It serialises with its value in the clear, because a storage has to keep it; its `Debug` does not
/// show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are those of WeChat's answer")]
pub struct Ticket {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    ticket: Secret,
    #[serde(rename = "type")]
    ticket_type: TicketType,
    timestamp: u64,
    expires_in: u64,
    #[serde(skip)]
    as_of: Option<u64>,
}

impl Ticket {
    /// A ticket of `ticket_type`, granted at `timestamp` (Unix seconds) for `expires_in` seconds.
    pub fn new(ticket_type: TicketType, ticket: impl Into<Secret>, timestamp: u64, expires_in: u64) -> Self {
        Self { ticket: ticket.into(), ticket_type, timestamp, expires_in, as_of: None }
    }

    /// Says what time it was, in Unix seconds and by the clock that `timestamp` is of, when the record was handed over.
    ///
    /// For a [`storage::Client`](crate::storage::Client) that knows its hub's time: the age then counts, and not a
    /// difference between the two clocks. It is not stored.
    #[must_use]
    pub fn as_of(self, unix_seconds: u64) -> Self {
        Self { as_of: Some(unix_seconds), ..self }
    }

    /// The ticket itself.
    #[must_use]
    pub fn ticket(&self) -> &Secret {
        &self.ticket
    }

    /// What it is for.
    #[must_use]
    pub fn ticket_type(&self) -> &TicketType {
        &self.ticket_type
    }

    /// When it was granted, in Unix seconds.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// For how many seconds WeChat granted it.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.expires_in
    }

    /// What time it was for who handed it over.
    pub(crate) fn handed_over(&self) -> Option<u64> {
        self.as_of
    }
}
