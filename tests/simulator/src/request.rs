//! A request as it was read from the wire.

use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::TRANSFER_ENCODING;
use serde_json::{Map, Value};

use crate::errcode::Refusal;

/// The longest body that is read, in bytes. The platform's own limits are far below.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A request that arrived whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Whether the body came without a Content-Length.
    pub(crate) chunked: bool,
    pub(crate) peer: IpAddr,
}

/// Why a request did not arrive whole.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The body is longer than what is read.
    TooLong,
    /// The caller broke off.
    BrokenOff,
}

impl Request {
    pub(crate) async fn read(request: hyper::Request<Incoming>, peer: IpAddr) -> Result<Self, Unread> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { Unread::TooLong } else { Unread::BrokenOff }
        })?;
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Self {
            path: head.uri.path().to_owned(),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            headers: head.headers.iter().map(header).collect(),
            body: body.to_bytes(),
            chunked: head.headers.contains_key(TRANSFER_ENCODING),
            method: head.method,
            peer,
        })
    }

    /// The first value of a query parameter that is not empty.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(key, value)| key == name && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    }

    /// The body as a JSON object: 44002 if it is empty, 47001 if it is anything else.
    pub(crate) fn json_object(&self) -> Result<Map<String, Value>, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::new(44002));
        }
        serde_json::from_slice(&self.body).map_err(|_| Refusal::new(47001))
    }
}
