//! What was pushed, as named fields: the same for XML and for JSON.

mod json;
mod xml;

use std::fmt;

use super::Error;

/// How deep fields may lie in fields. WeChat's own lie four deep.
const DEEPEST: usize = 32;

/// How many fields one push may have. WeChat's own have a few dozen.
const MOST: usize = 10_000;

/// The two formats in which WeChat pushes, by the account's server settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Json,
}

/// The fields of a push, as WeChat named them: of XML in their order.
///
/// A list in JSON and repeated elements in XML are the same: several fields of one name, which in JSON is `item`. Numbers
/// and truth values of JSON are as Rust writes them: whole numbers up to 64 bits as they are.
///
/// ```
/// use wechat_runtime::callback::Fields;
///
/// let fields = Fields::parse("<xml><Event><![CDATA[debug_demo]]></Event><Sent><Count>2</Count></Sent></xml>")?;
/// assert_eq!(fields.text("Event"), Some("debug_demo"));
/// assert_eq!(fields.fields("Sent").and_then(|sent| sent.text("Count")), Some("2"));
/// # Ok::<(), wechat_runtime::callback::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Field)>);

/// What is in a field.
#[derive(Clone, PartialEq, Eq)]
pub enum Field {
    /// A text, a number or a truth value.
    Text(String),
    /// Further fields.
    Fields(Fields),
}

impl Fields {
    /// Reads a push. XML has no DOCTYPE and no entities but those of every XML, and a root that is called `xml`; JSON is an
    /// object.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], also where it is deeper than 32 or has more than 10,000 fields.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_with_format(text).map(|(fields, _)| fields)
    }

    pub(super) fn parse_with_format(text: &str) -> Result<(Self, Format), Error> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            json::parse(text).map(|fields| (fields, Format::Json))
        } else {
            xml::parse(text).map(|fields| (fields, Format::Xml))
        }
    }

    /// The text of the first field of this name, if it has one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Field::Text(text) => Some(text),
            Field::Fields(_) => None,
        }
    }

    /// The fields in the first field of this name, if it has some.
    #[must_use]
    pub fn fields(&self, name: &str) -> Option<&Self> {
        match self.get(name)? {
            Field::Fields(fields) => Some(fields),
            Field::Text(_) => None,
        }
    }

    /// All fields with their names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (&**name, field))
    }

    /// Whether there is a field of this name, whatever is in it.
    #[cfg(feature = "callback")]
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Field> {
        self.iter().find(|(known, _)| *known == name).map(|(_, field)| field)
    }
}

/// The names alone: what people write, tickets and codes belong in no log.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields ")?;
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Fields(fields) => fields.fmt(f),
        }
    }
}

/// Counts fields while they are read.
#[derive(Default)]
struct Count(usize);

impl Count {
    /// Counts one more, at this depth.
    fn one_more(&mut self, depth: usize) -> Result<(), Error> {
        self.0 += 1;
        if self.0 > MOST || depth > DEEPEST { Err(Error::Malformed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
