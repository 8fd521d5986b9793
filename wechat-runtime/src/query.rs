//! Reading a query as it is written: only what is looked for is decoded.

use std::borrow::Cow;

/// The pairs of a query as they are written: a name, and a value where there is a `=`. Nothing between two `&` is a pair with
/// an empty name.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let (pair, behind) = split_at_byte(rest?, b'&');
        rest = behind;
        Some(split_at_byte(pair, b'='))
    })
}

/// What stands before an ASCII character, and behind it where there is one.
pub(crate) fn split_at_byte(text: &str, ascii: u8) -> (&str, Option<&str>) {
    // Most texts here are short: to begin a search of many bytes at once would take longer.
    match text.bytes().position(|byte| byte == ascii) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Whether a name, as it is written, is this one.
pub(crate) fn means(written: &str, name: &str) -> bool {
    // What is decoded is no longer than what was written.
    written.len() >= name.len() && decoded(written) == name
}

/// A name, or a value, as it is meant.
pub(crate) fn decoded(written: &str) -> Cow<'_, str> {
    if !written.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(written);
    }
    let as_value = format!("={written}");
    let pair = form_urlencoded::parse(as_value.as_bytes()).next();
    pair.map_or(Cow::Borrowed(written), |(_, value)| Cow::Owned(value.into_owned()))
}
