//! Fields from JSON.

use serde_json::Value;

use super::{Count, Error, Field, Fields};

pub(super) fn parse(text: &str) -> Result<Fields, Error> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => fields(object, 0, &mut Count::default()),
        _ => Err(Error::Malformed),
    }
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
