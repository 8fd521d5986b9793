//! `/_sim/apps/{appid}/media`: files to download, and those that were uploaded.

use serde_json::{Value, json};

use super::apps::account;
use super::{Command, Failure};
use crate::media::content_type_of;

/// Every file of an account, its content told by its length only.
pub(super) fn list(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(json!({ "media": account(command)?.all_media() }))
}

/// Puts the body there as a file of the query's `file_name`, or a generated one of its `length`.
pub(super) fn put(command: &Command<'_>) -> Result<Value, Failure> {
    let account = account(command)?;
    let request = command.request;
    let file_name = request
        .query_value("file_name")
        .ok_or_else(|| Failure::bad("a file needs a name: POST …/media?file_name=photo.jpg"))?;
    let media_id = match request.query_value("length") {
        None => {
            let content_type = request.header("content-type").unwrap_or_else(|| content_type_of(file_name));
            account.put_media(file_name, content_type, request.body.clone())
        }
        Some(length) => {
            let length = length.parse().map_err(|_| {
                Failure::bad(format!("length has to be a whole number of bytes, not {length:?}"))
            })?;
            account.put_generated_media(file_name, length)
        }
    };
    Ok(json!({ "media_id": media_id }))
}
