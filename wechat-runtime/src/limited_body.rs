//! The body of a request to us, which has its limit.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};

/// Why a body is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than the limit.
    TooLong,
    /// It broke off.
    BrokenOff,
}

/// Refuses a body that announces more than `limit` bytes, before any of it is read.
pub(crate) fn check_announced(headers: &HeaderMap, limit: usize) -> Result<(), Unread> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) { Err(Unread::TooLong) } else { Ok(()) }
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let read = Limited::new(body, limit).collect().await;
    read.map(Collected::to_bytes)
        .map_err(|error| if error.is::<LengthLimitError>() { Unread::TooLong } else { Unread::BrokenOff })
}
