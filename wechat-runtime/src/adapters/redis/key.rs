//! Where a record is kept in Redis, how long, and in which form.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{RedisError, Unreadable};
use super::sealed::Seal;
use crate::adapters::slots::name_beside;
use crate::storage::{Record, Slot};
use crate::{Secret, TicketType, VerifyTicket};

/// The form of keys and records: another version of either has another number, and does not see these.
const VERSION: u8 = 1;

/// How long what can be had again is kept past its time: more than the longest pause (24 h) and the longest count (a day),
/// which are noted beside it.
pub(super) const IDLE_MS: u64 = 48 * 3600 * 1000;

/// The longest that a token is believed to live: ten years. Only so that no sum overflows.
const LONGEST_S: u64 = 10 * 366 * 24 * 3600;

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Token,
    Ticket(TicketType),
    Authorizer,
    VerifyTicket,
    AppSecret,
}

impl Kind {
    fn of(slot: &Slot) -> Self {
        match slot {
            Slot::AccessToken { .. } | Slot::ComponentAccessToken { .. } => Self::Token,
            Slot::Ticket { ticket_type, .. } | Slot::AuthorizerTicket { ticket_type, .. } => {
                Self::Ticket(ticket_type.clone())
            }
            Slot::AuthorizerToken { .. } => Self::Authorizer,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Ticket(_) => "ticket",
            Self::Authorizer => "authorizer",
            Self::VerifyTicket => "verify_ticket",
            Self::AppSecret => "app_secret",
        }
    }
}

/// What can be stored.
pub(super) trait Stored: Serialize + DeserializeOwned + Send {
    fn is_of(&self, kind: &Kind) -> bool;

    /// How long it is kept from now on, in milliseconds; 0 is for ever.
    fn keep_for(&self) -> u64;
}

impl Stored for Record {
    fn is_of(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Self::Token(_), Kind::Token) | (Self::Authorizer(_), Kind::Authorizer) => true,
            (Self::Ticket(ticket), Kind::Ticket(ticket_type)) => ticket.ticket_type() == ticket_type,
            _ => false,
        }
    }

    fn keep_for(&self) -> u64 {
        let expires_in = match self {
            Self::Token(token) => token.expires_in(),
            Self::Ticket(ticket) => ticket.expires_in(),
            // The refresh token in it does not expire, and nobody grants another.
            Self::Authorizer(_) => return 0,
        };
        expires_in.min(LONGEST_S) * 1000 + IDLE_MS
    }
}

impl Stored for VerifyTicket {
    fn is_of(&self, kind: &Kind) -> bool {
        *kind == Kind::VerifyTicket
    }

    /// It is one for each component, and how old is too old is the runtime's to say.
    fn keep_for(&self) -> u64 {
        0
    }
}

/// An app secret, where they are kept in Redis.
#[derive(Serialize, Deserialize)]
pub(super) struct AppSecret {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(super) app_secret: Secret,
}

impl Stored for AppSecret {
    fn is_of(&self, kind: &Kind) -> bool {
        *kind == Kind::AppSecret
    }

    fn keep_for(&self) -> u64 {
        0
    }
}

/// A key of Redis's, and what is stored there. It has no secret in it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    name: String,
    kind: Kind,
}

impl Key {
    pub(super) fn of_slot(prefix: &str, slot: &Slot) -> Self {
        Self::new(prefix, Kind::of(slot), &slot.name())
    }

    pub(super) fn of_verify_ticket(prefix: &str, component_appid: &str) -> Self {
        Self::new(prefix, Kind::VerifyTicket, &name_beside("component_verify_ticket", component_appid))
    }

    pub(super) fn of_secret(prefix: &str, appid: &str) -> Self {
        Self::new(prefix, Kind::AppSecret, &name_beside("app_secret", appid))
    }

    /// The braces are what a cluster places it by, so that it is one place.
    fn new(prefix: &str, kind: Kind, name: &str) -> Self {
        Self { name: format!("{{{prefix}:{VERSION}:{name}}}"), kind }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes to store for a record.
    pub(super) fn write<T: Stored>(&self, seal: &Seal, record: &T) -> Result<Zeroizing<Vec<u8>>, RedisError> {
        let misplaced = || RedisError::Misplaced { key: self.name.clone() };
        if !record.is_of(&self.kind) {
            return Err(misplaced());
        }
        let text = serde_json::to_vec(record).map_err(|_| misplaced())?;
        seal.close(Zeroizing::new(text), &self.place())
    }

    /// The record in the bytes that are stored.
    pub(super) fn read<T: Stored>(&self, seal: &Seal, stored: &[u8]) -> Result<T, RedisError> {
        let text = seal.open(stored, &self.place()).map_err(|why| self.unreadable(why))?;
        // What serde says of it may repeat a part of it.
        let record: Option<T> = serde_json::from_slice(&text).ok();
        record.filter(|record| record.is_of(&self.kind)).ok_or_else(|| self.unreadable(Unreadable::Foreign))
    }

    pub(super) fn unreadable(&self, why: Unreadable) -> RedisError {
        RedisError::Unreadable { key: self.name.clone(), why }
    }

    pub(super) fn crowded(&self) -> RedisError {
        RedisError::Crowded { key: self.name.clone() }
    }

    /// What a sealed record is bound to.
    fn place(&self) -> String {
        format!("wechat-runtime:{VERSION}\n{}\n{}", self.kind.word(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorizerToken, Ticket, Token, TokenKind};

    fn slot(appid: &str) -> Slot {
        Slot::AccessToken { appid: appid.to_owned() }
    }

    #[test]
    fn a_key_is_one_place_of_a_cluster_whatever_an_appid_looks_like() {
        assert_eq!(Key::of_slot("wechat", &slot("wx1")).name(), "{wechat:1:access_token:wx1}");
        for appid in ["}", "{", "wx}{1", "wx\r\n1", "", "微信"] {
            for key in [
                Key::of_slot("wechat", &slot(appid)),
                Key::of_verify_ticket("wechat", appid),
                Key::of_secret("wechat", appid),
            ] {
                let inside = key.name().strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap();
                assert!(
                    inside.bytes().all(|byte| byte.is_ascii_graphic() && !b"{}".contains(&byte)),
                    "{inside}"
                );
            }
        }
    }

    #[test]
    fn what_can_be_had_again_is_kept_two_days_past_its_time_and_an_authorizer_for_ever() {
        let token = |expires_in| Record::Token(Token::new(TokenKind::Stable, "t", 1, expires_in));
        assert_eq!(token(7200).keep_for(), (7200 + 48 * 3600) * 1000);
        assert!(token(u64::MAX).keep_for() > token(7200).keep_for());
        assert_eq!(Record::Authorizer(AuthorizerToken::new()).keep_for(), 0);
        assert_eq!(VerifyTicket::new("t", 1).keep_for(), 0);
    }

    #[test]
    fn a_record_is_of_its_slot_alone() {
        let ticket = |word: &str| Slot::Ticket { appid: "wx1".to_owned(), ticket_type: word.into() };
        let (seal, record) = (Seal::default(), Record::Ticket(Ticket::new(TicketType::JSAPI, "t", 1, 7200)));
        let written = Key::of_slot("p", &ticket("jsapi")).write(&seal, &record).unwrap();
        assert_eq!(Key::of_slot("p", &ticket("jsapi")).read::<Record>(&seal, &written), Ok(record.clone()));
        for other in [ticket("wx_card"), slot("wx1")] {
            let key = Key::of_slot("p", &other);
            assert!(matches!(key.write(&seal, &record), Err(RedisError::Misplaced { .. })));
            let why = Unreadable::Foreign;
            assert!(
                matches!(key.read::<Record>(&seal, &written), Err(RedisError::Unreadable { why: found, .. }) if found == why)
            );
        }
    }
}
