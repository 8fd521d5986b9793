//! One call as it was received and answered.

use std::borrow::Cow;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// How much of a body is shown where calls are listed as JSON, in bytes.
const SHOWN: usize = 65_536;

/// A call that the platform received, and what became of it.
///
/// As JSON, such as at `/_sim/ledger`, `body` is text that ends after 65,536 bytes, with what is not UTF-8
/// replaced; `body_length` is how many bytes there were.
#[derive(Debug)]
pub struct Call {
    received: Received,
    fault: OnceLock<&'static str>,
    /// The errcode that processing came to.
    processed: OnceLock<i32>,
    ended: OnceLock<End>,
}

/// What is known of a call when it arrives.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) at: u64,
    pub(crate) appid: Option<String>,
    pub(crate) token_call: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
struct End {
    status: Option<u16>,
    errcode: Option<i32>,
}

impl Call {
    pub(crate) fn new(received: Received) -> Self {
        Self { received, fault: OnceLock::new(), processed: OnceLock::new(), ended: OnceLock::new() }
    }

    // Each of these is said once of a call; the first word stands.

    pub(crate) fn struck_by(&self, fault: &'static str) {
        let _ = self.fault.set(fault);
    }

    pub(crate) fn processed_to(&self, errcode: i32) {
        let _ = self.processed.set(errcode);
    }

    pub(crate) fn ended_with(&self, status: Option<u16>, errcode: Option<i32>) {
        let _ = self.ended.set(End { status, errcode });
    }

    pub(crate) fn is_token_call(&self) -> bool {
        self.received.token_call
    }

    /// The HTTP method, in capitals.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.received.method
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.received.path
    }

    /// The query as it came, without the `?`.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.received.raw_query
    }

    /// The decoded query pairs in the order of the request.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.received.query
    }

    /// The decoded value of the first query pair of a name.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        find(&self.received.query, name)
    }

    /// The headers in the order of the request, their names in lower case.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.received.headers
    }

    /// The value of the first header of a name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.received.headers, name)
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.received.body
    }

    /// The body as text, for messages; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.received.body)
    }

    /// When it arrived, in Unix seconds of the virtual clock.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.received.at
    }

    /// The account that it names, by its token or by its appid.
    #[must_use]
    pub fn appid(&self) -> Option<&str> {
        self.received.appid.as_deref()
    }

    /// Whether it is over: answered, or its connection closed by a fault. A call whose caller went
    /// away before is never over.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// The HTTP status of its answer, if it got one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.ended.get()?.status
    }

    /// The errcode that it came to, 0 for success, whether or not the answer arrived; `None` if it
    /// was answered by something else than the platform's JSON.
    #[must_use]
    pub fn errcode(&self) -> Option<i32> {
        self.processed.get().copied().or_else(|| self.ended.get()?.errcode)
    }

    /// Whether the platform worked on it, rather than a fault or a gateway answering in its place.
    #[must_use]
    pub fn processed(&self) -> bool {
        self.processed.get().is_some()
    }

    /// The kind of the scripted fault that touched it, named as in `/_sim/faults`.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        self.fault.get().copied()
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let received = &self.received;
        let mut call = serializer.serialize_struct("Call", 13)?;
        call.serialize_field("method", &received.method)?;
        call.serialize_field("path", &received.path)?;
        call.serialize_field("raw_query", &received.raw_query)?;
        call.serialize_field("query", &received.query)?;
        call.serialize_field("headers", &received.headers)?;
        call.serialize_field("body", &shown(&received.body))?;
        call.serialize_field("body_length", &received.body.len())?;
        call.serialize_field("at", &received.at)?;
        call.serialize_field("appid", &received.appid)?;
        call.serialize_field("status", &self.status())?;
        call.serialize_field("errcode", &self.errcode())?;
        call.serialize_field("processed", &self.processed())?;
        call.serialize_field("fault", &self.fault())?;
        call.end()
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The start of a body as text, which never ends within a character.
fn shown(body: &[u8]) -> Cow<'_, str> {
    let starts_anew = |end: &usize| body.get(*end).is_none_or(|byte| byte & 0xC0 != 0x80);
    let end = SHOWN.min(body.len());
    let end = (end.saturating_sub(3)..=end).rev().find(starts_anew).unwrap_or(end);
    String::from_utf8_lossy(&body[..end])
}
