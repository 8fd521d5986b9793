//! What a hub answers: a credential, or why there is none, always as JSON.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::question::Asks;
use crate::clock::{Clock, Moment};
use crate::credential::Grant;
use crate::errcode::ErrorKind;
use crate::hub_wire::{
    FAIL_FETCH_ACCESS_TOKEN, FAIL_FETCH_TICKET, INVALID_AUTHORIZER_APPID, INVALID_CONFIG, INVALID_REQUEST,
    TicketAnswer, TokenAnswer, Trouble, VERIFY_TICKET_NOT_FOUND, Word,
};
use crate::{Error, TicketType};

/// WeChat's own word for an appid that it does not know.
const INVALID_APPID: i64 = 40013;

/// When it is worth asking again where there is no verify ticket: by then, the next one has been pushed.
const NEXT_VERIFY_TICKET: Duration = Duration::from_secs(600);

/// The year 10000, in Unix seconds: no date of HTTP's is as late.
const END_OF_DATES: u64 = 253_402_300_800;

pub(super) fn token(granted: Grant, clock: &dyn Clock) -> Response {
    let Grant { value: access_token, expires_in, timestamp, .. } = granted;
    json(StatusCode::OK, TokenAnswer { access_token, expires_in, timestamp }.written(), clock)
}

pub(super) fn ticket(granted: Grant, ticket_type: TicketType, clock: &dyn Clock) -> Response {
    let Grant { value: ticket, expires_in, timestamp, .. } = granted;
    let answer = TicketAnswer { expires_in, ticket, timestamp, ticket_type: Some(ticket_type) };
    json(StatusCode::OK, written(&answer), clock)
}

pub(super) fn refused(refusal: &Refusal, clock: &dyn Clock) -> Response {
    let mut response = json(refusal.status, written(&refusal.trouble), clock);
    let headers = response.headers_mut();
    if let Some(retry_after) = refusal.retry_after {
        let begun = u64::from(retry_after.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, retry_after.as_secs().saturating_add(begun).into());
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Strings, numbers and nulls under names: there is nothing in it that cannot be written.
fn written(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

fn json(status: StatusCode, body: Vec<u8>, clock: &dyn Clock) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // By the clock of the timestamps, so that a client can reckon how old what it is given is.
    if let Some(date) = date(Moment::now(clock).unix()) {
        headers.insert(DATE, date);
    }
    response
}

/// A moment as HTTP writes it, where it can.
fn date(unix: u64) -> Option<HeaderValue> {
    thread_local! {
        /// The one that was written last: many answers have it.
        static LAST: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if let Some((_, date)) = last.as_ref().filter(|(at, _)| *at == unix) {
            return Some(date.clone());
        }
        let time = (1..END_OF_DATES).contains(&unix).then(|| UNIX_EPOCH + Duration::from_secs(unix))?;
        let date = HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()?;
        *last = Some((unix, date.clone()));
        Some(date)
    })
}

/// Why a question is not answered.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    trouble: Trouble,
    retry_after: Option<Duration>,
    /// What is for the hub's own log, where that is more than what is answered.
    cause: Option<Error>,
}

impl Refusal {
    fn new(status: StatusCode, reason: &str, message: impl Into<String>) -> Self {
        let (reason, message) = (Some(reason.to_owned()), Some(message.into()));
        let trouble = Trouble { message, reason, ..Trouble::default() };
        Self { status, trouble, retry_after: None, cause: None }
    }

    pub(super) fn wrong_question(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, why)
    }

    pub(super) fn unknown() -> Self {
        let message = "give the bearer token that this hub knows you by";
        Self::new(StatusCode::UNAUTHORIZED, INVALID_REQUEST, message)
    }

    pub(super) fn not_allowed(what: &str) -> Self {
        let message = format!("this hub does not allow {what} to you");
        Self::new(StatusCode::FORBIDDEN, INVALID_REQUEST, message)
    }

    pub(super) fn too_many(wait: Duration) -> Self {
        let message = "too many tokens are reported as no good: slow down";
        let this = Self::new(StatusCode::TOO_MANY_REQUESTS, INVALID_REQUEST, message);
        Self { retry_after: Some(wait), ..this }
    }

    pub(super) fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "a hub has no such path")
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, INVALID_REQUEST, "this path is not asked by this method")
    }

    pub(super) fn too_long(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, message)
    }

    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, "the body did not come in time")
    }

    pub(super) fn serves_no_common() -> Self {
        let message = "this hub serves no common applications: declare the client with `component`, or give the hub \
                       `Settings::common`";
        Self::new(StatusCode::NOT_IMPLEMENTED, INVALID_CONFIG, message)
    }

    pub(super) fn serves_no_components() -> Self {
        let message = "this hub serves no component applications: give it `Settings::component`";
        Self::new(StatusCode::NOT_IMPLEMENTED, INVALID_CONFIG, message)
    }

    pub(super) fn wrong_settings(error: &Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INVALID_CONFIG, error.to_string())
    }

    pub(super) fn panicked() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INVALID_CONFIG, "the hub panicked: see its logs")
    }

    pub(super) fn not_in_time(asks: Asks) -> Self {
        let message = "it was not to be had in time: ask again";
        Self::new(StatusCode::GATEWAY_TIMEOUT, word_for(asks), message)
    }

    /// A failure to come by a credential.
    pub(super) fn failed(error: &Error, asks: Asks) -> Self {
        let is_ours =
            error.kind() == ErrorKind::Configuration && error.errcode().is_none() && error.reason().is_none();
        // What needs no endpoint of WeChat's is how another hub is asked.
        if is_ours && error.endpoint().is_none() {
            return Self::wrong_settings(error);
        }
        // Of an account whose secret the storage has not, this hub can say what WeChat says of one it does not know.
        let has_no_secret = is_ours;
        let status = match error.kind() {
            ErrorKind::Configuration if has_no_secret => StatusCode::NOT_FOUND,
            ErrorKind::ReauthorizationRequired if error.errcode().is_none() => StatusCode::NOT_FOUND,
            ErrorKind::Quota | ErrorKind::Busy | ErrorKind::Storage | ErrorKind::NoVerifyTicket => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorKind::TokenRejected if error.retry_after().is_some() => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        // The storage may be a hub's client: then it is that hub's word.
        let reason = error.reason().or_else(|| match error.errcode() {
            Some(code) => Word::of_code(code).map(|word| word.reason),
            None if has_no_secret => Some(INVALID_CONFIG),
            None => Some(match error.kind() {
                ErrorKind::ReauthorizationRequired => INVALID_AUTHORIZER_APPID,
                ErrorKind::NoVerifyTicket => VERIFY_TICKET_NOT_FOUND,
                _ => word_for(asks),
            }),
        });
        let message = match error.errmsg() {
            Some(errmsg) => errmsg.to_owned(),
            None if has_no_secret => "this hub has no secret for this appid".to_owned(),
            // Where the storage is, and what became of it, is the hub's own affair.
            None if error.kind() == ErrorKind::Storage => "the hub's storage failed: see its logs".to_owned(),
            None => error.to_string(),
        };
        let trouble = Trouble {
            errcode: if has_no_secret { Some(INVALID_APPID) } else { error.errcode() },
            message: Some(message),
            reason: reason.map(str::to_owned),
            http_status: error.http_status(),
        };
        let next_ticket = (error.kind() == ErrorKind::NoVerifyTicket).then_some(NEXT_VERIFY_TICKET);
        let retry_after = error.retry_after().or(next_ticket);
        Self { status, trouble, retry_after, cause: Some(error.clone()) }
    }
}

/// The word for not having come by what was asked for.
fn word_for(asks: Asks) -> &'static str {
    if asks == Asks::Ticket { FAIL_FETCH_TICKET } else { FAIL_FETCH_ACCESS_TOKEN }
}

/// As it is logged: on one line.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trouble { errcode, message, reason, .. } = &self.trouble;
        write!(f, "HTTP status {}", self.status.as_u16())?;
        errcode.iter().try_for_each(|code| write!(f, ", errcode {code}"))?;
        reason.iter().try_for_each(|reason| write!(f, ", {reason}"))?;
        let said = self.cause.as_ref().map(|cause| cause.in_full().to_string()).or_else(|| message.clone());
        // There may be an appid in it that was made up.
        said.iter().try_for_each(|said| write!(f, " ({})", said.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_appid_does_not_begin_a_line_of_log() {
        let appid = "wx\u{2028}\u{202e}forged".into();
        let error = Error::new(ErrorKind::Timeout, "no answer in time").at(Some("/x"), Some(&appid));
        let line = Refusal::failed(&error, Asks::AccessToken).to_string();
        assert!(line.contains("forged") && !line.contains(['\u{2028}', '\u{202e}']), "{line:?}");
    }
}
