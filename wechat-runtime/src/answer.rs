//! Reading what WeChat answers: a body within its limit, and the errcode in it.

use std::fmt;

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::de::{Deserializer, Unexpected, Visitor};
use serde::{Deserialize, de};

use crate::errcode::ErrorKind;
use crate::{Error, Secret};

/// As much of an errmsg as an error repeats.
const ERRMSG_CHARS: usize = 300;

/// Reads a body to its end, or to `limit` bytes, past which it is an error.
pub(crate) async fn read(mut response: reqwest::Response, limit: usize) -> Result<Bytes, Error> {
    let too_long = || {
        Error::new(
            ErrorKind::Body,
            format!("the answer is longer than {limit} bytes"),
        )
    };
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_long());
    }
    // Most answers are one chunk, which is passed on as it is.
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::transport)? {
        if first.len().max(joined.len()) + chunk.len() > limit {
            return Err(too_long());
        }
        if first.is_empty() {
            first = chunk;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&chunk);
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

/// The `errcode` and `errmsg` at the top of a JSON body. None in a body that has no errcode or is not JSON.
pub(crate) fn errcode(body: &[u8]) -> Option<Answered<'_>> {
    memmem::find(body, b"\"errcode\"")?;
    let answered: Answered<'_> = serde_json::from_slice(without_bom(body)).ok()?;
    answered.errcode.is_some().then_some(answered)
}

/// A body as JSON, whatever its Content-Type says.
pub(crate) fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    let body = without_bom(body);
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Body, "the answer is empty"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // What serde_json says may quote the body, so only where it stumbled is passed on.
        let what = match error.classify() {
            serde_json::error::Category::Data => "the answer is not of the expected shape",
            _ if std::str::from_utf8(body).is_err() => "the answer is not UTF-8",
            serde_json::error::Category::Eof => "the answer is cut off",
            _ => "the answer is not JSON",
        };
        Error::new(
            ErrorKind::Body,
            format!("{what} (line {}, column {})", error.line(), error.column()),
        )
    })
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// What WeChat says beside, or in place of, an answer.
#[derive(Deserialize)]
pub(crate) struct Answered<'a> {
    #[serde(default)]
    errcode: Option<Lenient>,
    #[serde(borrow, default)]
    errmsg: Option<std::borrow::Cow<'a, str>>,
}

impl Answered<'_> {
    pub(crate) fn code(&self) -> i64 {
        self.errcode.as_ref().map_or(0, |code| code.0)
    }

    /// The errmsg, fit for a line of log: of one line, not too long, and with `secrets` taken out, should
    /// the answer repeat them.
    pub(crate) fn message(&self, secrets: &[&Secret]) -> String {
        let mut message = self.errmsg.as_deref().unwrap_or_default().to_owned();
        for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
            message = message.replace(secret.expose(), "…");
        }
        message
            .chars()
            .take(ERRMSG_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }
}

/// An integer that some answers write as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lenient(pub(crate) i64);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor)
    }
}

struct LenientVisitor;

impl Visitor<'_> for LenientVisitor {
    type Value = Lenient;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or one in a string")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Lenient, E> {
        Ok(Lenient(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Lenient, E> {
        Ok(Lenient(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Lenient, E> {
        value
            .trim()
            .parse()
            .map(Lenient)
            .map_err(|_| E::invalid_value(Unexpected::Other("a string"), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errcode_is_found_as_a_number_and_as_a_string() {
        let code = |body: &str| errcode(body.as_bytes()).map(|answered| answered.code());
        assert_eq!(code(r#"{"errcode":40013,"errmsg":"x"}"#), Some(40013));
        assert_eq!(code(r#"{"errcode":"40029"}"#), Some(40029));
        assert_eq!(code("\u{feff}{\"errcode\":-1}"), Some(-1));
        assert_eq!(code(r#"{"errcode":null}"#), None);
        assert_eq!(code(r#"{"inner":{"errcode":1}}"#), None);
        assert_eq!(code(r#"{"errcode":40001,"errm"#), None);
        assert_eq!(code("<html>\"errcode\"</html>"), None);
    }

    #[test]
    fn an_errmsg_repeats_no_secret_and_no_line_break() {
        let body = br#"{"errcode":1,"errmsg":"bad secret s3cr3t\nfor you"}"#;
        let answered = errcode(body).unwrap();
        assert_eq!(
            answered.message(&[&Secret::from("s3cr3t")]),
            "bad secret … for you"
        );
    }

    #[test]
    fn an_unusable_body_is_named() {
        let fails = |body: &[u8]| json::<serde_json::Value>(body).unwrap_err().to_string();
        assert!(fails(b"").contains("empty"));
        assert!(fails(b"{\"a\":").contains("cut off"));
        assert!(fails(b"<html>").contains("not JSON"));
        assert!(fails(b"{\"a\":\"\xff\"}").contains("not UTF-8"));
    }
}
