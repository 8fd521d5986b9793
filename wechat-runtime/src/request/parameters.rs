//! Parameters of a call: those that the caller has written, and those that are filled in beside them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Map, Value};

use super::body::Content;
use crate::routes::{Filled, Place, Route};
use crate::{Error, answer, query};

/// What the caller has written, and what the route wants to have filled in beside it.
pub(super) struct Parameters {
    pub(super) query: String,
    /// The fields of the body, where some of them may have to be filled in.
    pub(super) fields: Fields,
    pub(super) unfilled: Vec<Filled>,
}

impl Parameters {
    /// Reads them. What the client `answers` by itself has nothing filled in.
    pub(super) fn read(
        route: &Route,
        method: &Method,
        query: String,
        content: &Content,
        answers: bool,
    ) -> Result<Self, Error> {
        let fills = if answers { &[] } else { route.fills };
        let in_body = *method == Method::POST && fills.iter().any(|fill| fill.place == Place::Body);
        let fields = if in_body { Fields::read(content)? } else { Fields::default() };
        let is_unfilled = |fill: &&Filled| match fill.place {
            Place::Query => in_query(&query, fill.name).is_none(),
            Place::Body => in_body && !fields.has(fill.name),
        };
        let unfilled = fills.iter().filter(is_unfilled).copied().collect();
        Ok(Self { query, fields, unfilled })
    }

    /// What the caller wrote there.
    pub(super) fn at(&self, place: Place, name: &str) -> Option<String> {
        match place {
            Place::Query => in_query(&self.query, name).map(Cow::into_owned),
            Place::Body => self.fields.text(name).map(str::to_owned),
        }
    }

    /// What the caller wrote under this name, in the body or else in the query.
    pub(super) fn named(&self, name: &str) -> Option<String> {
        self.at(Place::Body, name).or_else(|| self.at(Place::Query, name))
    }
}

/// The value of a query parameter, where the caller wrote it.
pub(super) fn in_query<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = query::pairs(query);
    let found = pairs.find(|(written, _)| query::means(written, name));
    found.map(|(_, value)| query::decoded(value.unwrap_or_default()))
}

/// A query with one more parameter behind it.
pub(super) fn with_parameter(query: String, name: &str, value: &str) -> String {
    form_urlencoded::Serializer::for_suffix(query, 0).append_pair(name, value).finish()
}

/// The fields of the JSON object that is the body of a call.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads them; no body has none.
    pub(super) fn read(content: &Content) -> Result<Self, Error> {
        let wrong = || Error::wrong_call("has another body than this path takes, which is a JSON object");
        let body = content.bytes().ok_or_else(wrong)?;
        if body.is_empty() {
            return Ok(Self::default());
        }
        answer::json(body).map(Self).map_err(|_| wrong())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value of a field, where it is a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// A JSON object with more fields at its beginning, and the rest of it as it was.
pub(super) fn with_fields(body: &[u8], more: &BTreeMap<&str, String>) -> Bytes {
    // Strings under names: there is nothing in it that cannot be written.
    let more = serde_json::to_vec(more).unwrap_or_default();
    let rest = match body.iter().position(|byte| *byte == b'{') {
        Some(brace) => &body[brace + 1..],
        None => b"}",
    };
    let mut whole = Vec::with_capacity(more.len() + rest.len());
    whole.extend_from_slice(more.strip_suffix(b"}").unwrap_or(&more));
    if !rest.trim_ascii_start().starts_with(b"}") {
        whole.push(b',');
    }
    whole.extend_from_slice(rest);
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(body: &str) -> String {
        let more = BTreeMap::from([("a", "1".to_owned()), ("b", "\"".to_owned())]);
        String::from_utf8(with_fields(body.as_bytes(), &more).to_vec()).unwrap()
    }

    #[test]
    fn what_the_caller_wrote_stays_byte_for_byte() {
        assert_eq!(filled(""), r#"{"a":"1","b":"\""}"#);
        assert_eq!(filled("{}"), r#"{"a":"1","b":"\""}"#);
        assert_eq!(filled(" { \n}"), "{\"a\":\"1\",\"b\":\"\\\"\" \n}");
        let written = r#"{"big":12345678901234567890123,"text":"\u00e9 }","z":1.0}"#;
        assert_eq!(filled(written), format!(r#"{{"a":"1","b":"\"",{}"#, &written[1..]));
    }

    #[test]
    fn a_parameter_is_found_however_it_is_written() {
        let found = |query, name| in_query(query, name).map(Cow::into_owned);
        for query in
            ["appid=wx1", "a=b&appid=wx1", "&&appid=wx1&appid=wx2", "app%69d=wx1", "a&%61ppid=w%781&="]
        {
            assert_eq!(found(query, "appid").as_deref(), Some("wx1"), "{query}");
        }
        for query in ["", "appid2=wx1", "xappid=wx1", "a=appid=wx1", "APPID=wx1", "app%6=wx1", "a=b&c"] {
            assert_eq!(found(query, "appid"), None, "{query}");
        }
        for (query, value) in [
            ("a=b=c", "b=c"),
            ("a=b%26+c%3D", "b& c="),
            ("a", ""),
            ("a=%", "%"),
            ("a=+", " "),
            ("a=%E4%BD%A0", "你"),
            ("a=%FF", "\u{fffd}"),
        ] {
            assert_eq!(found(query, "a").as_deref(), Some(value), "{query}");
            let parsed = form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned());
            assert_eq!(parsed.as_deref(), Some(value), "{query}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_a_mistake_and_none_has_no_fields() {
        assert!(!Fields::read(&Content::Empty).unwrap().has("a"));
        for wrong in ["[]", "1", "{", "a=1", "{}{}"] {
            assert!(Fields::read(&Content::Bytes(wrong.into())).is_err(), "{wrong}");
        }
        let fields = Fields::read(&Content::Bytes(r#"{"a":null,"b":"c"}"#.into())).unwrap();
        assert!(fields.has("a") && fields.text("a").is_none());
        assert_eq!(fields.text("b"), Some("c"));
    }
}
