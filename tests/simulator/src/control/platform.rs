//! The controls of the platform as a whole.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Command, Failure, done, fields};
use crate::errcode::{ERRCODES, Errcode};

pub(super) fn connections(command: &Command<'_>) -> Result<Value, Failure> {
    let connections = &command.platform.connections;
    Ok(json!({ "open": connections.open(), "peak": connections.peak() }))
}

pub(super) fn errcodes(_: &Command<'_>) -> Result<Value, Failure> {
    let row = |row: &Errcode| json!({ "code": row.code, "errmsg": row.errmsg, "meaning": row.meaning });
    Ok(json!({ "errcodes": ERRCODES.iter().map(row).collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentType {
    path: String,
    content_type: String,
}

pub(super) fn content_types(command: &Command<'_>) -> Result<Value, Failure> {
    let overrides: BTreeMap<String, String> = command.platform.content_types.list().into_iter().collect();
    Ok(json!({ "content_types": overrides }))
}

pub(super) fn set_content_type(command: &Command<'_>) -> Result<Value, Failure> {
    let ContentType { path, content_type } = fields(command.object()?)?;
    command.platform.content_types.set(&path, &content_type)?;
    content_types(command)
}

pub(super) fn clear_content_types(command: &Command<'_>) -> Result<Value, Failure> {
    command.platform.content_types.clear();
    done()
}

pub(super) fn reset(command: &Command<'_>) -> Result<Value, Failure> {
    command.platform.reset();
    done()
}
