//! The Content-Disposition of a form's part.

use super::Malformed;

/// What HTML has browsers write for a quote or a line break within quotes.
const ESCAPES: [(&str, char); 3] = [("%22", '"'), ("%0D", '\r'), ("%0A", '\n')];

/// `form-data; name="…"; filename="…"`, with escapes undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Disposition {
    pub(crate) name: String,
    /// `filename` itself: one that is only given as `filename*` is none.
    pub(crate) file_name: Option<String>,
}

impl Disposition {
    /// Reads the header's value: after a parameter comes `;` or the end, and none is there twice.
    pub(super) fn parse(value: &str) -> Result<Self, Malformed> {
        let (kind, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(Malformed);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(following) = rest.strip_prefix(';') {
            let (name, after) = following.split_once('=').ok_or(Malformed)?;
            let name = name.trim().to_ascii_lowercase();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted_value(quoted)?,
                None => token(after)?,
            };
            if !is_token(&name) || parameters.iter().any(|(known, _)| *known == name) {
                return Err(Malformed);
            }
            parameters.push((name, value));
            rest = after.trim_start();
        }
        if !rest.is_empty() {
            return Err(Malformed);
        }
        let mut take = |wanted: &str| {
            let index = parameters.iter().position(|(name, _)| name == wanted)?;
            Some(parameters.swap_remove(index).1)
        };
        Ok(Self { name: take("name").ok_or(Malformed)?, file_name: take("filename") })
    }
}

/// A value up to its closing quote, and what follows it.
fn quoted_value(text: &str) -> Result<(String, &str), Malformed> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix('"') {
            return Ok((value, after));
        }
        let (character, after) = unescape(rest).ok_or(Malformed)?;
        value.push(character);
        rest = after;
    }
}

/// The next character within quotes. A backslash only escapes a quote: Windows names are full of others.
fn unescape(text: &str) -> Option<(char, &str)> {
    if let Some(after) = text.strip_prefix("\\\"") {
        return Some(('"', after));
    }
    let escape = ESCAPES
        .iter()
        .find(|(escape, _)| text.get(..escape.len()).is_some_and(|start| start.eq_ignore_ascii_case(escape)));
    if let Some((escape, character)) = escape {
        return Some((*character, &text[escape.len()..]));
    }
    let character = text.chars().next()?;
    Some((character, &text[character.len_utf8()..]))
}

/// A value without quotes, and what follows it.
fn token(text: &str) -> Result<(String, &str), Malformed> {
    let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    let value = value.trim();
    if is_token(value) { Ok((value.to_owned(), rest)) } else { Err(Malformed) }
}

/// Whether a text is one word, such as RFC 9110 calls a token; letters of every script are let through,
/// as in a file name.
fn is_token(text: &str) -> bool {
    !text.is_empty() && !text.contains(|character: char| " \t\"\\(),/:;<=>?@[]{}".contains(character))
}
