//! Reading what WeChat answers: a body within its limit, and the errcode in it.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, de};
use serde_json::error::Category;

use crate::Error;
use crate::errcode::ErrorKind;

/// As much of an errmsg as an error repeats.
const ERRMSG_CHARS: usize = 300;

/// Reads a body to its end, or to `limit` bytes, past which it is an error.
pub(crate) async fn read(response: &mut reqwest::Response, limit: usize) -> Result<Bytes, Error> {
    let too_long = || {
        Error::new(ErrorKind::Body, format!("the answer is longer than {limit} bytes"))
            .advising("call `download` in place of `send`, or raise `body_limit`")
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

/// What WeChat says beside, or in place of, an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) code: i64,
    pub(crate) message: Cow<'static, str>,
}

impl Answered {
    /// With a message that is fit to be shown: see [`tidy`].
    pub(crate) fn tidied(mut self, secrets: impl FnOnce() -> Vec<String>) -> Self {
        if !matches!(&*self.message, "" | OK) {
            self.message = tidy(&self.message, &secrets()).into();
        }
        self
    }
}

/// The errcode and errmsg at the top of a JSON body. None in a body that has no errcode or is no object.
///
/// An answer that is cut off, or whose errmsg is not UTF-8, still has an errcode: taken for none, an error
/// would look like a success.
pub(crate) fn errcode(body: &[u8]) -> Option<Answered> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(default)]
        errcode: Option<Lenient>,
        #[serde(borrow, default)]
        errmsg: Text<'a>,
    }

    if body.starts_with(SUCCESS) {
        return Some(Answered { code: 0, message: OK.into() });
    }
    let key = ERRCODE_FINDER.find(body)?;
    let body = without_bom(body);
    match serde_json::from_slice::<Fields<'_>>(body) {
        Ok(fields) => {
            fields.errcode.map(|code| Answered { code: code.0, message: fields.errmsg.0.into_owned().into() })
        }
        Err(_) if body.trim_ascii_start().starts_with(b"{") => {
            let code = scan_integer(&body[body.len().min(key + ERRCODE.len())..])?;
            Some(Answered { code, message: Cow::default() })
        }
        Err(_) => None,
    }
}

const ERRCODE: &[u8] = b"\"errcode\"";

/// Looks for it. What is made once is a third of what looking through a short answer takes.
static ERRCODE_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ERRCODE));

/// WeChat's errmsg of a success.
const OK: &str = "ok";

/// How most answers begin that have nothing else to tell.
const SUCCESS: &[u8] = br#"{"errcode":0,"errmsg":"ok""#;

/// The integer behind a key and its colon, in quotes or not.
fn scan_integer(after_key: &[u8]) -> Option<i64> {
    let value = after_key.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let end = value.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'-')).unwrap_or(value.len());
    std::str::from_utf8(&value[..end]).ok()?.parse().ok()
}

/// An errmsg, fit for a line of log: of one line, not too long, and with `secrets` taken out, as they are
/// and as they are written in a URL, should the answer repeat them.
pub(crate) fn tidy(message: &str, secrets: &[String]) -> String {
    let mut message = message.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let in_url: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        message = message.replace(secret.as_str(), "…").replace(&in_url, "…");
    }
    message.chars().take(ERRMSG_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The headers of an answer that is made on this side.
pub(crate) fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

/// A body as JSON, whatever its Content-Type says.
pub(crate) fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    let body = without_bom(body);
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Body, "the answer is empty"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            Category::Data => format!("the answer is not of the expected shape: {}", expectation(&error)),
            _ if std::str::from_utf8(body).is_err() => "the answer is not UTF-8".to_owned(),
            Category::Eof => "the answer is cut off".to_owned(),
            _ => "the answer is not JSON".to_owned(),
        };
        let at = format!(" (line {}, column {})", error.line(), error.column());
        let error = Error::new(ErrorKind::Body, what + if error.line() == 0 { "" } else { &at });
        if std::str::from_utf8(body).is_ok() {
            return error;
        }
        error.advising("where the path answers with a file, call `download` in place of `send`")
    })
}

/// Whether a body is JSON, of whatever shape.
pub(crate) fn is_json(body: &[u8]) -> bool {
    json::<IgnoredAny>(body).is_ok()
}

/// What serde would have liked to see. What it saw instead is left out: that is the body's.
fn expectation(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    match said.rfind("expected ") {
        Some(at) => said[at..].to_owned(),
        None if said.starts_with("missing field") => said.to_owned(),
        None => "see the type it is read into".to_owned(),
    }
}

/// Whether a body is a page of markup: WeChat answers with JSON and with files, and no file it has begins so.
pub(crate) fn is_page(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().starts_with(b"<")
}

/// Whether a body is a JSON object, as far as its beginning tells; none when it does not tell yet.
pub(crate) fn begins_object(begun: &[u8]) -> Option<bool> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    if begun.len() < BOM.len() && BOM.starts_with(begun) {
        return None;
    }
    without_bom(begun).trim_ascii_start().first().map(|first| *first == b'{')
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// A string, or nothing where something else stands in its place.
#[derive(Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or anything in its place")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(text.to_owned().into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Text<'de>, A::Error> {
        IgnoredAny.visit_seq(elements).map(|_| Text::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Text<'de>, A::Error> {
        IgnoredAny.visit_map(fields).map(|_| Text::default())
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

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Lenient, E> {
        // A whole number below 2^53 is exact.
        #[allow(clippy::cast_possible_truncation, reason = "checked in the line above the cast")]
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            return Ok(Lenient(value as i64));
        }
        Err(E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Lenient, E> {
        value.trim().parse().map(Lenient).map_err(|_| E::invalid_value(Unexpected::Other("a string"), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errcode_is_found_whatever_is_around_it() {
        let code = |body: &[u8]| errcode(body).map(|answered| answered.code);
        for body in [
            &br#"{"errcode":40013,"errmsg":"x"}"#[..],
            br#"{"errcode":"40013"}"#,
            br#"{"errcode":40013.0}"#,
            b"\xef\xbb\xbf{\"errcode\":40013}",
            br#"{"errcode":40013,"errm"#,
            br#"{ "errcode" : "40013" , "#,
            br#"{"errcode":40013,"errmsg":7}"#,
            br#"{"errcode":40013,"errmsg":{"a":1}}"#,
            br#"{"errcode":40013,"errcode":40013}"#,
            b"{\"errcode\":40013,\"errmsg\":\"\xce\xde\"}",
            b"{\"errcode\":40013,\"errmsg\":\"a\nb\"}",
            b"{\"errcode\":40013}\0",
        ] {
            assert_eq!(code(body), Some(40013), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(code(br#"{"errcode":-1}"#), Some(-1));
        assert_eq!(code(br#"{"errcode":null}"#), None);
        assert_eq!(code(br#"{"inner":{"errcode":1}}"#), None);
        assert_eq!(code(br#"[{"errcode":1}"#), None);
        assert_eq!(code(b"<html>\"errcode\":1</html>"), None);
    }

    #[test]
    fn an_errmsg_repeats_no_secret_and_no_line_break() {
        let secrets = ["s3cr3t/+".to_owned(), String::new()];
        assert_eq!(tidy("bad s3cr3t/+\nor s3cr3t%2F%2B", &secrets), "bad … or …");
    }

    #[test]
    fn what_was_expected_is_told_and_what_came_is_not() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code, reason = "read by its Debug alone")]
        struct Followers {
            total: u64,
        }
        let says = |body: &[u8]| json::<Followers>(body).unwrap_err().to_string();
        assert!(says(br#"{"count":1}"#).contains("missing field `total`"));
        let wrong = says(br#"{"total":"canary, expected canary"}"#);
        assert!(wrong.contains("expected u64") && !wrong.contains("canary"), "{wrong}");
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
