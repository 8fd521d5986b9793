//! Why a push is not handed over, and what it is answered with.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::callback::Error;
use crate::limited_body::Unread;
use crate::storage;

/// Why a push is not handed over.
pub(super) enum Refusal {
    Refused(Error),
    NoSuchAccount,
    TooLong,
    BrokenOff,
    TooSlow,
    Unavailable(storage::Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLong => Self::TooLong,
            Unread::BrokenOff => Self::BrokenOff,
        }
    }
}

impl Refusal {
    /// Answers and logs. Whoever pushed does not learn why it was refused: it may not be WeChat.
    pub(super) fn into_response(self) -> Response {
        let (status, body) = match &self {
            Self::Refused(Error::Query(_)) | Self::BrokenOff => (StatusCode::BAD_REQUEST, "bad request"),
            Self::Refused(_) => (StatusCode::FORBIDDEN, "refused"),
            Self::NoSuchAccount => (StatusCode::NOT_FOUND, "not found"),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too long"),
            Self::TooSlow | Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "not now"),
        };
        match self {
            Self::Refused(error) => tracing::warn!(%error, code = error.code(), "a push was refused"),
            Self::NoSuchAccount => tracing::warn!("a push was refused: the account in the path has no keys"),
            Self::TooLong => tracing::warn!("a push was refused: its body is longer than the settings allow"),
            Self::BrokenOff => tracing::warn!("a push broke off"),
            Self::TooSlow => tracing::error!("a push was not handled in time"),
            Self::Unavailable(error) => tracing::error!(%error, "a push cannot be handled now"),
        }
        (status, body).into_response()
    }
}
