//! A document that a developer's server sent, read into fields.

mod json;
mod xml;

use serde_json::{Map, Value as Json};

use crate::callback::Format;

/// Elements inside one another beyond this are no message of the platform's.
const DEPTH: usize = 16;

/// The fields of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Document(Vec<(String, Value)>);

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Document(Document),
}

impl Document {
    /// Reads a document; an error says what is wrong with it.
    pub(crate) fn read(text: &str, format: Format) -> Result<Self, String> {
        match format {
            Format::Xml => xml::read(text).map_err(|why| format!("it is not the platform's XML: {why}")),
            Format::Json => json::read(text).map_err(|why| format!("it is not a JSON object: {why}")),
        }
    }

    /// The first text at a path of names with `/` between them.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.all(path).into_iter().next()
    }

    /// The fields as JSON; what is there several times is an array.
    pub(crate) fn to_json(&self) -> Json {
        let mut object = Map::new();
        for (name, value) in &self.0 {
            let value = match value {
                Value::Text(text) => Json::from(text.as_str()),
                Value::Document(document) => document.to_json(),
            };
            match object.get_mut(name) {
                None => drop(object.insert(name.clone(), value)),
                Some(Json::Array(values)) => values.push(value),
                Some(first) => *first = Json::from(vec![first.take(), value]),
            }
        }
        Json::Object(object)
    }

    /// Every text at a path, for fields that are there several times.
    pub(crate) fn all(&self, path: &str) -> Vec<&str> {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let mut found = Vec::new();
        for (_, value) in self.0.iter().filter(|(known, _)| known == name) {
            match value {
                Value::Text(text) if rest.is_empty() => found.push(text.as_str()),
                Value::Document(document) if !rest.is_empty() => found.extend(document.all(rest)),
                Value::Text(_) | Value::Document(_) => {}
            }
        }
        found
    }
}
