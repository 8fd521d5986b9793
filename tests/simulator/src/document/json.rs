//! Reading JSON.

use serde_json::{Map, Value as Json};

use super::{DEPTH, Document, Value};

pub(super) fn read(text: &str) -> Result<Document, String> {
    let object: Map<String, Json> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    document(object, 1)
}

fn document(object: Map<String, Json>, depth: usize) -> Result<Document, String> {
    if depth > DEPTH {
        return Err(format!("objects stand deeper than {DEPTH} in one another"));
    }
    let mut fields = Vec::new();
    for (name, value) in object {
        match value {
            // An array is a field that is there several times, as in XML.
            Json::Array(values) => {
                for value in values {
                    fields.push((name.clone(), read_value(value, depth)?));
                }
            }
            value => fields.push((name, read_value(value, depth)?)),
        }
    }
    Ok(Document(fields))
}

fn read_value(value: Json, depth: usize) -> Result<Value, String> {
    Ok(match value {
        Json::Object(object) => Value::Document(document(object, depth + 1)?),
        Json::String(text) => Value::Text(text),
        Json::Null => Value::Text(String::new()),
        Json::Bool(_) | Json::Number(_) => Value::Text(value.to_string()),
        Json::Array(_) => return Err("an array stands in an array".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use crate::callback::Format;

    #[test]
    fn objects_and_arrays_are_read_like_elements() {
        let text = r#"{"a":"x","n":1,"g":{"item":[{"t":"1"},{"t":"2"}]}}"#;
        let document = Document::read(text, Format::Json).unwrap();
        assert_eq!((document.get("a"), document.get("n")), (Some("x"), Some("1")));
        assert_eq!(document.all("g/item/t"), ["1", "2"]);
        assert_eq!((document.get("g"), document.get("none")), (None, None));
    }

    #[test]
    fn what_is_no_object_says_so() {
        let deep = format!("{}1{}", "{\"a\":".repeat(20), "}".repeat(20));
        for (text, why) in
            [("[]", "JSON object"), ("{", "EOF"), ("{\"a\":[[1]]}", "array"), (&deep, "deeper")]
        {
            let error = Document::read(text, Format::Json).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
