//! `message/template/send`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;
use crate::ledger::Message;
use crate::sync::lock;

#[derive(Serialize)]
struct SentBody {
    errcode: i32,
    errmsg: &'static str,
    msgid: u64,
}

/// Sends a template message to a user who follows.
pub(crate) fn template_send(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let openid = call.text("touser", 40003)?;
    let template_id = call.text("template_id", 40037)?;
    let mut state = lock(&call.platform.state);
    let account = state.account(call.appid)?;
    let follower = account.follower(openid)?;
    if !account.content().templates.iter().any(|known| known == template_id) {
        return Err(Refusal::new(40037));
    }
    let no_data = Map::new();
    let data = match call.arguments.get("data") {
        None => &no_data,
        Some(Value::Object(data)) => data,
        Some(_) => return Err(Refusal::new(47001)),
    };
    check_data(data)?;
    if !follower.following {
        return Err(Refusal::new(43004));
    }
    if follower.refusing {
        return Err(Refusal::new(43101));
    }
    let msgid = state.next_msgid();
    call.platform.ledger.message(Message {
        appid: call.appid.to_owned(),
        openid: openid.to_owned(),
        template_id: template_id.to_owned(),
        msgid,
        at: call.unix,
        data: Value::Object(data.clone()),
    });
    answer::json(&SentBody { errcode: 0, errmsg: "ok", msgid })
}

/// Every parameter needs a `value` that is not empty.
fn check_data(data: &Map<String, Value>) -> Result<(), Refusal> {
    let filled = |parameter: &Value| match parameter.get("value") {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(_)) => true,
        _ => false,
    };
    match data.iter().find(|(_, parameter)| !filled(parameter)) {
        Some((name, _)) => Err(Refusal::new(47003).about(format!("data.{name}.value"))),
        None => Ok(()),
    }
}
