//! A request as it was read from the wire.

use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::{Body, Incoming};
use hyper::header::TRANSFER_ENCODING;
use serde_json::{Map, Value};

use crate::errcode::Refusal;

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
    pub(crate) async fn read(
        request: hyper::Request<Incoming>,
        peer: IpAddr,
        body_limit: usize,
    ) -> Result<Self, Unread> {
        let (head, body) = request.into_parts();
        let body = read_body(body, body_limit).await?;
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Self {
            path: head.uri.path().to_owned(),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            headers: head.headers.iter().map(header).collect(),
            body,
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

    /// The value of the first header of a name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let pair = self.headers.iter().find(|(key, _)| key == name);
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

/// Reads a body into one piece of memory of its promised length.
async fn read_body(mut body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    let promised = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let mut whole = BytesMut::with_capacity(promised.unwrap_or_default().min(limit));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::BrokenOff)?.into_data() else {
            continue;
        };
        if data.len() > limit - whole.len() {
            return Err(Unread::TooLong);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
