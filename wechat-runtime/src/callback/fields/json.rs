//! Fields from JSON.

use serde_json::Value;

use super::{Count, Error, Field, Fields, MOST};

pub(super) fn parse(text: &str) -> Result<Fields, Error> {
    // Each field is behind a comma or is the first behind an opening, and no more openings are of nothing than there are
    // fields: what has more of both is not worth the hundredfold memory that its values take before they can be counted.
    if separators(text) > 2 * MOST {
        return Err(Error::Malformed);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => fields(object, 0, &mut Count::default()),
        _ => Err(Error::Malformed),
    }
}

/// How many commas and openings there are outside of texts.
fn separators(json: &str) -> usize {
    let (mut in_text, mut is_escaped) = (false, false);
    let separates = |byte: u8| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' => return !in_text,
            _ => {}
        }
        false
    };
    json.bytes().map(separates).filter(|&separates| separates).count()
}

fn fields(
    named: impl IntoIterator<Item = (String, Value)>,
    depth: usize,
    count: &mut Count,
) -> Result<Fields, Error> {
    let read = |(name, value)| {
        count.one_more(depth)?;
        Ok((name, field(value, depth + 1, count)?))
    };
    named.into_iter().map(read).collect::<Result<_, _>>().map(Fields)
}

fn field(value: Value, depth: usize, count: &mut Count) -> Result<Field, Error> {
    Ok(match value {
        Value::String(text) => Field::Text(text),
        Value::Null => Field::Text(String::new()),
        Value::Bool(_) | Value::Number(_) => Field::Text(value.to_string()),
        Value::Object(object) => Field::Fields(fields(object, depth, count)?),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| ("item".to_owned(), item));
            Field::Fields(fields(items, depth, count)?)
        }
    })
}
