//! Which credential of which account, and what was granted for it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;
use crate::{Secret, Ticket, TicketType, Token, TokenKind};

/// Everything that has to be obtained, stored and refreshed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Credential {
    /// A common application's.
    AccessToken(TokenKind),
    /// A component application's own.
    ComponentToken,
    /// That of an account which has authorized a component application.
    AuthorizerToken,
    Ticket(TicketType),
}

impl Credential {
    /// What it is called in an error.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::AccessToken(_) => "access token",
            Self::ComponentToken => "component access token",
            Self::AuthorizerToken => "authorizer's access token",
            Self::Ticket(_) => "ticket",
        }
    }

    /// Which kind of token it is, where it is one. A component's and its authorizers' are replaced by each fetch.
    pub(crate) fn kind(&self) -> Option<TokenKind> {
        match self {
            Self::AccessToken(kind) => Some(*kind),
            Self::ComponentToken | Self::AuthorizerToken => Some(TokenKind::Classic),
            Self::Ticket(_) => None,
        }
    }
}

/// Whose credential: an application's own, or that of an account which has authorized a component application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    /// The application's.
    pub(crate) appid: Arc<str>,
    pub(crate) authorizer: Option<Arc<str>>,
}

impl Account {
    pub(crate) fn of(appid: Arc<str>) -> Self {
        Self { appid, authorizer: None }
    }

    /// The application, without the authorizer.
    pub(crate) fn application(&self) -> Self {
        Self::of(self.appid.clone())
    }

    /// The appid of the account that calls are made for.
    pub(crate) fn named(&self) -> &Arc<str> {
        self.authorizer.as_ref().unwrap_or(&self.appid)
    }
}

/// One credential of one account at one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) base_url: Arc<str>,
    pub(crate) account: Account,
    pub(crate) credential: Credential,
}

/// By the account alone, which is what keys differ in: a process talks to very few platforms, and an account has very few
/// credentials that are not tickets.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.account.named().hash(state);
        if let Credential::Ticket(ticket_type) = &self.credential {
            ticket_type.hash(state);
        }
    }
}

/// What was granted: a value, when, and for how many seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) value: Secret,
    /// Which kind of token, where it is one.
    pub(crate) kind: Option<TokenKind>,
    pub(crate) timestamp: u64,
    pub(crate) expires_in: u64,
    /// What the next one is bought with, where it came along: an authorizer's alone.
    pub(crate) refresh_token: Option<Secret>,
    /// What time it is, by the clock of who has just handed it over, where that is known.
    pub(crate) as_of: Option<u64>,
}

/// What a grant is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Serve it.
    Fresh,
    /// Serve it, and refresh behind the callers' backs.
    Ageing,
    /// It has expired.
    Dead,
}

/// How grants are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judgement {
    /// The longest life that is believed: the declaration's `expires_in`.
    pub(crate) cap: Option<u64>,
    /// The shortest, whatever WeChat or the declaration says: a grant younger than this has not expired.
    pub(crate) floor: Duration,
    /// How long before the end a refresh begins; at most a quarter of the life.
    pub(crate) margin: Duration,
}

impl Grant {
    pub(crate) fn standing(&self, now: Moment, by: &Judgement) -> Standing {
        let left = self.left(now, by);
        let margin = by.margin.min(self.granted(by) / 4);
        // An empty value is no credential, whoever has stored it.
        if left.is_zero() || self.value.expose().is_empty() {
            Standing::Dead
        } else if left < margin {
            Standing::Ageing
        } else {
            Standing::Fresh
        }
    }

    fn granted(&self, by: &Judgement) -> Duration {
        Duration::from_secs(by.cap.map_or(self.expires_in, |cap| cap.min(self.expires_in)))
    }

    fn life(&self, by: &Judgement) -> Duration {
        self.granted(by).max(by.floor)
    }

    fn left(&self, now: Moment, by: &Judgement) -> Duration {
        self.life(by).saturating_sub(now.since(Moment::from_unix(self.timestamp)))
    }

    /// As our clock sees it. A record stamped by a clock that is ahead of ours would outlive its grant: it begins now
    /// instead.
    pub(crate) fn received(mut self, now: Moment) -> Self {
        let now = now.unix();
        self.timestamp = match self.as_of.take() {
            Some(as_of) => now.saturating_sub(as_of.saturating_sub(self.timestamp)),
            None => self.timestamp.min(now),
        };
        self
    }

    /// As a token, of the kind that was asked for where the grant does not tell another.
    pub(crate) fn into_token(self, asked: TokenKind) -> Token {
        Token::new(self.kind.unwrap_or(asked), self.value, self.timestamp, self.expires_in)
    }

    pub(crate) fn into_ticket(self, ticket_type: TicketType) -> Ticket {
        Ticket::new(ticket_type, self.value, self.timestamp, self.expires_in)
    }
}

impl From<&Token> for Grant {
    fn from(token: &Token) -> Self {
        Self {
            value: token.access_token().clone(),
            kind: Some(token.kind()),
            timestamp: token.timestamp(),
            expires_in: token.expires_in(),
            refresh_token: None,
            as_of: token.handed_over(),
        }
    }
}

impl From<&Ticket> for Grant {
    fn from(ticket: &Ticket) -> Self {
        Self {
            value: ticket.ticket().clone(),
            kind: None,
            timestamp: ticket.timestamp(),
            expires_in: ticket.expires_in(),
            refresh_token: None,
            as_of: ticket.handed_over(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: Judgement =
        Judgement { cap: None, floor: Duration::from_secs(30), margin: Duration::from_secs(300) };

    fn grant(expires_in: u64) -> Grant {
        Grant {
            value: Secret::from("t"),
            kind: Some(TokenKind::Stable),
            timestamp: 1000,
            expires_in,
            refresh_token: None,
            as_of: None,
        }
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_unix(1000 + seconds)
    }

    #[test]
    fn two_hours_age_in_their_last_five_minutes() {
        let token = grant(7200);
        assert_eq!(token.standing(at(6900), &BY), Standing::Fresh);
        assert_eq!(token.standing(at(6901), &BY), Standing::Ageing);
        assert_eq!(token.standing(at(7199), &BY), Standing::Ageing);
        assert_eq!(token.standing(at(7200), &BY), Standing::Dead);
    }

    #[test]
    fn a_short_grant_ages_in_its_last_quarter() {
        let token = grant(300);
        assert_eq!(token.standing(at(225), &BY), Standing::Fresh);
        assert_eq!(token.standing(at(226), &BY), Standing::Ageing);
    }

    #[test]
    fn a_grant_of_no_time_lives_for_the_floor() {
        assert_eq!(grant(0).standing(at(0), &BY), Standing::Fresh);
        assert_eq!(grant(0).standing(at(30), &BY), Standing::Dead);
    }

    #[test]
    fn a_cap_below_the_floor_does_not_make_a_grant_of_no_time() {
        let capped = Judgement { cap: Some(0), ..BY };
        assert_eq!(grant(7200).standing(at(29), &capped), Standing::Fresh);
        assert_eq!(grant(7200).standing(at(30), &capped), Standing::Dead);
    }

    #[test]
    fn the_cap_shortens_and_never_lengthens() {
        let capped = Judgement { cap: Some(5000), ..BY };
        assert_eq!(grant(7200).standing(at(5000), &capped), Standing::Dead);
        assert_eq!(grant(600).standing(at(600), &capped), Standing::Dead);
    }

    #[test]
    fn what_is_handed_over_with_its_time_is_as_old_as_its_own_clock_says() {
        let by_theirs = |timestamp, as_of| Grant { timestamp, as_of: Some(as_of), ..grant(7200) };
        let received = |grant: Grant| grant.received(at(0)).timestamp;
        assert_eq!(received(by_theirs(50_000, 50_100)), 900, "their clock is ahead");
        assert_eq!(received(by_theirs(10, 110)), 900, "and behind");
        assert_eq!(received(by_theirs(50_000, 49_000)), 1000, "no stamp is of the future");
    }

    #[test]
    fn a_stamp_from_the_future_does_not_lengthen_a_life() {
        let token = grant(7200).received(at(0));
        assert_eq!(Grant { timestamp: 9000, ..grant(7200) }.received(at(0)), token);
    }
}
