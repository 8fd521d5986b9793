//! The value of one field of a push.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Number, Value};

/// The value of one field of a [`Push`](crate::Push): a text, a number, or fields of its own.
///
/// In XML a text stands in CDATA and a number does not; in JSON a text has quotes.
///
/// ```
/// use wechat_simulator::{Field, Push};
///
/// let items = ["a", "b"].map(|id| Field::group([("TemplateId", id), ("PopupScene", "2")]));
/// let push = Push::event("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "subscribe_msg_popup_event")
///     .field("SubscribeMsgPopupEvent", Field::group([("List", Field::list(items))]));
/// # drop(push);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Field(pub(crate) Node);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Number(Number),
    Group(Vec<(String, Field)>),
    List(Vec<Field>),
}

impl Field {
    /// Fields below this one, in their order.
    #[must_use]
    pub fn group<N: Into<String>, V: Into<Field>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let field = |(name, value): (N, V)| (name.into(), value.into());
        Self(Node::Group(fields.into_iter().map(field).collect()))
    }

    /// A field that is there several times: its element is repeated in XML, and its value an array in JSON.
    #[must_use]
    pub fn list<V: Into<Field>>(values: impl IntoIterator<Item = V>) -> Self {
        Self(Node::List(values.into_iter().map(Into::into).collect()))
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self(Node::Text(text.to_owned()))
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Self(Node::Text(text))
    }
}

impl From<u64> for Field {
    fn from(number: u64) -> Self {
        Self(Node::Number(number.into()))
    }
}

impl From<i64> for Field {
    fn from(number: i64) -> Self {
        Self(Node::Number(number.into()))
    }
}

impl From<u32> for Field {
    fn from(number: u32) -> Self {
        Self(Node::Number(number.into()))
    }
}

impl From<i32> for Field {
    fn from(number: i32) -> Self {
        Self(Node::Number(number.into()))
    }
}

impl From<f64> for Field {
    /// A number that JSON cannot hold, such as an infinite one, becomes a text.
    fn from(number: f64) -> Self {
        let text = || Node::Text(number.to_string());
        Self(Number::from_f64(number).map_or_else(text, Node::Number))
    }
}

impl From<Value> for Field {
    /// An object becomes a group, an array a list; `true`, `false` and `null` become texts.
    fn from(value: Value) -> Self {
        Self(match value {
            Value::String(text) => Node::Text(text),
            Value::Number(number) => Node::Number(number),
            Value::Object(fields) => return Self::group(fields),
            Value::Array(values) => return Self::list(values),
            Value::Bool(_) | Value::Null => Node::Text(value.to_string()),
        })
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Node::Text(text) => serializer.serialize_str(text),
            Node::Number(number) => number.serialize(serializer),
            Node::Group(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Node::List(values) => {
                let mut array = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    array.serialize_element(value)?;
                }
                array.end()
            }
        }
    }
}
