//! What a hub has answered: a credential, or what went wrong, from whatever stands behind the URL.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::HubClient;
use crate::credential::Credential;
use crate::errcode::{ErrorKind, Origin};
use crate::hub_wire::{INVALID_ACCESS_TOKEN, INVALID_REQUEST, TicketAnswer, TokenAnswer, Trouble, Word};
use crate::{Error, Secret, Ticket, TicketType, Token, answer};

/// An answer of a hub is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What to do where there is something at the URL, and no hub.
const WHERE_IT_IS: &str =
    "check the hub's URL: it ends before `/client/…`, and has the path in it that the hub is nested at";

/// No pause of a hub's is longer: cool-downs end after a day.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// An answer, read to its end.
pub(super) struct Answer {
    status: StatusCode,
    /// The hub's time, in Unix seconds.
    date: Option<u64>,
    retry_after: Option<Duration>,
    body: Bytes,
}

impl Answer {
    pub(super) async fn read(mut response: reqwest::Response) -> Result<Self, Error> {
        let (status, headers) = (response.status(), response.headers());
        let (date, retry_after) = (date(headers), retry_after(headers));
        let body =
            answer::read(&mut response, MOST_BYTES).await.map_err(|error| error.with_status(status))?;
        Ok(Self { status, date, retry_after, body })
    }

    /// The access token in it that was `asked` for. `stale` is what was reported in the question.
    pub(super) fn token(
        self,
        hub: &HubClient,
        asked: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Token, Error> {
        let TokenAnswer { access_token, expires_in, timestamp } = self.granted(hub, asked, stale)?;
        if access_token.expose().is_empty() {
            return Err(self.wrong(hub, "answered with an empty access token"));
        }
        // The protocol does not tell which kind a common one is: a hub's clients take what they are given.
        let token = Token::new(asked.kind().unwrap_or_default(), access_token, timestamp, expires_in);
        Ok(match self.date {
            Some(date) => token.as_of(date),
            None => token,
        })
    }

    /// The ticket in it.
    pub(super) fn ticket(self, hub: &HubClient, asked: &TicketType) -> Result<Ticket, Error> {
        let TicketAnswer { expires_in, ticket, timestamp, ticket_type } =
            self.granted(hub, &Credential::Ticket(asked.clone()), None)?;
        if ticket.expose().is_empty() {
            return Err(self.wrong(hub, "answered with an empty ticket"));
        }
        let ticket_type = ticket_type.unwrap_or_else(|| asked.clone());
        let ticket = Ticket::new(ticket_type, ticket, timestamp, expires_in);
        Ok(match self.date {
            Some(date) => ticket.as_of(date),
            None => ticket,
        })
    }

    /// What was granted, where the answer holds it.
    fn granted<T: DeserializeOwned>(
        &self,
        hub: &HubClient,
        asked: &Credential,
        stale: Option<&Secret>,
    ) -> Result<T, Error> {
        let is_there = |holds: Holds| match asked {
            Credential::Ticket(_) => holds.ticket.is_some(),
            _ => holds.access_token.is_some(),
        };
        if self.status != StatusCode::OK || !answer::json(&self.body).is_ok_and(is_there) {
            return Err(self.trouble(hub, stale, origin(asked)));
        }
        answer::json(&self.body).map_err(|error| {
            let what = "answered with a record of the wrong shape: the credential has to be a string, expires_in and \
                        timestamp whole numbers";
            let word = asked.kind().map(|_| INVALID_ACCESS_TOKEN.to_owned());
            self.wrong(hub, what).with_reason(word).caused_by(Arc::new(error))
        })
    }

    /// A record that is none.
    fn wrong(&self, hub: &HubClient, what: &str) -> Error {
        hub.trouble(what)
            .advising("see to the hub: this is none of its protocol's answers")
            .with_status(self.status)
    }

    /// What went wrong, in the words of WeChat, of the hub, or of whoever answered in its place.
    fn trouble(&self, hub: &HubClient, stale: Option<&Secret>, origin: Origin) -> Error {
        let told = answer::json::<Trouble>(&self.body).ok().filter(Trouble::is_some);
        let error = if let Some(told) = told {
            self.told(hub, stale, origin, told)
        } else {
            let what = if self.body.is_empty() { "nothing" } else { "none of a hub's answers" };
            let status = self.status.as_u16();
            let error = hub.trouble(&format!("answered with {what} (HTTP status {status})"));
            let error = error.with_status(self.status);
            if self.status == StatusCode::NOT_FOUND { error.advising(WHERE_IT_IS) } else { error }
        };
        error.with_retry_after(self.retry_after)
    }

    fn told(&self, hub: &HubClient, stale: Option<&Secret>, origin: Origin, told: Trouble) -> Error {
        let Trouble { errcode, message, reason, http_status } = told;
        let secrets: Vec<_> =
            stale.into_iter().chain(&hub.bearer).map(|secret| secret.expose().to_owned()).collect();
        let tidy = |text: String| answer::tidy(&text, &secrets);
        let (message, reason) = (message.map(tidy), reason.map(tidy));
        if let Some(code) = errcode {
            let error = Error::answered(code, message.unwrap_or_default(), origin)
                .because("the hub could not get it")
                .with_http_status(http_status.or(Some(self.status.as_u16())))
                .with_reason(reason);
            return match error.kind() {
                ErrorKind::AddressNotAllowed => {
                    error.advising("add the hub's address to the account's IP whitelist")
                }
                _ => error,
            };
        }
        let word = reason.as_deref().and_then(Word::of_reason);
        let what = format!("answered `{}`", reason.as_deref().unwrap_or_default());
        let what = message.into_iter().fold(what, |what, message| format!("{what} ({message})"));
        let error = hub.trouble(&what).with_status(self.status).with_reason(reason);
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => error
                .of_kind(ErrorKind::Configuration)
                .advising("check the hub's bearer token, and what the hub allows to this client"),
            StatusCode::NOT_FOUND if word.is_some_and(|word| word.reason == INVALID_REQUEST) => {
                error.of_kind(ErrorKind::Configuration).advising(WHERE_IT_IS)
            }
            StatusCode::TOO_MANY_REQUESTS => error
                .of_kind(if stale.is_some() { ErrorKind::TokenRejected } else { ErrorKind::Quota })
                .advising("the hub replaces no more tokens for now: call again later"),
            _ => {
                // A word that is not the protocol's is one for what the original's hub met on its own way to WeChat.
                let kind = word.map_or(ErrorKind::Storage, |word| word.kind);
                error.of_kind(kind).advising(match kind {
                    ErrorKind::ReauthorizationRequired => "ask the account to authorize the component again",
                    _ => "see to the hub, in whose logs is why",
                })
            }
        }
    }
}

/// What WeChat's word to the hub was about: a 40001 is about the token that a ticket, or an authorizer's token, is bought
/// with.
fn origin(asked: &Credential) -> Origin {
    match asked {
        Credential::AccessToken(_) | Credential::ComponentToken => Origin::Grant,
        Credential::AuthorizerToken | Credential::Ticket(_) => Origin::Business,
    }
}

/// Which credential a body holds, of whatever type.
#[derive(Deserialize)]
struct Holds {
    #[serde(default)]
    access_token: Option<IgnoredAny>,
    #[serde(default)]
    ticket: Option<IgnoredAny>,
}

fn date(headers: &HeaderMap) -> Option<u64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}
