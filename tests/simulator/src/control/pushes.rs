//! `/_sim/pushes`. Tokens and keys go in, never out.

mod order;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::{Command, Failure, Waiting, fields};
use crate::callback::Callback;
use crate::delivery::{Answer, Attempt, Delivery, Verification};
use crate::pusher::Pusher;

pub(super) use order::KINDS;

/// An account's server settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    appid: String,
    url: String,
    token: String,
    #[serde(default)]
    mode: Mode,
    encoding_aes_key: Option<String>,
    #[serde(default)]
    format: Format,
    component: Option<String>,
    timeout_milliseconds: Option<u64>,
    tries: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Plain,
    Encrypted,
    Compat,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Xml,
    Json,
}

impl Settings {
    fn into_pusher(self, command: &Command<'_>) -> Result<Pusher, Failure> {
        let Self {
            appid,
            url,
            token,
            mode,
            encoding_aes_key,
            format,
            component,
            timeout_milliseconds,
            tries,
        } = self;
        let no_key = || Failure::bad("the modes encrypted and compat need an encoding_aes_key");
        let mut callback = match mode {
            Mode::Plain => Callback::plain(url, token),
            Mode::Encrypted => Callback::encrypted(url, token, encoding_aes_key.ok_or_else(no_key)?),
            Mode::Compat => Callback::compat(url, token, encoding_aes_key.ok_or_else(no_key)?),
        };
        if let Format::Json = format {
            callback = callback.json();
        }
        if let Some(appid) = component {
            callback = callback.component(appid);
        }
        if let Some(milliseconds) = timeout_milliseconds {
            callback = callback.timeout(Duration::from_millis(milliseconds));
        }
        if let Some(tries) = tries {
            callback = callback.tries(tries);
        }
        // Controls are served on the runtime that pushes run on.
        Ok(Pusher::new(command.platform, &Handle::current(), appid, callback)?)
    }
}

pub(super) fn push(command: &Command<'_>) -> Result<Waiting, Failure> {
    let mut object = command.object()?;
    let Some(Value::Object(order)) = object.remove("push") else {
        return Err(Failure::bad(
            r#"say what to push: "push":{"kind":"text","openid":"o1","content":"hello"}; GET /_sim/ lists the kinds"#,
        ));
    };
    let push = order::read(order)?;
    let pusher = fields::<Settings>(object)?.into_pusher(command)?;
    Ok(Box::pin(async move { delivery(&pusher.push(push).await) }))
}

pub(super) fn verify(command: &Command<'_>) -> Result<Waiting, Failure> {
    let pusher = fields::<Settings>(command.object()?)?.into_pusher(command)?;
    Ok(Box::pin(async move { verification(pusher.verify().await) }))
}

fn delivery(delivery: &Delivery) -> Value {
    json!({
        "delivered": delivery.delivered(),
        "tries": delivery.tries(),
        "attempts": delivery.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let Attempt { status, answer } = attempt;
    let mut shown = Map::new();
    shown.insert("status".to_owned(), json!(status));
    shown.insert("answer".to_owned(), json!(answer.name()));
    let mut add = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    match answer {
        Answer::Success | Answer::NoAnswer => {}
        Answer::Reply(reply) => {
            let (fields, raw) = (reply.document.to_json(), reply.raw());
            add("reply", json!({ "encrypted": reply.encrypted(), "fields": fields, "raw": raw }));
        }
        Answer::Unreachable(why) => drop(add("why", json!(why))),
        Answer::Refused { body, .. } => drop(add("body", json!(body))),
        Answer::NotUnderstood { why, body } => {
            add("why", json!(why));
            add("body", json!(body));
        }
    }
    Value::Object(shown)
}

fn verification(verification: Verification) -> Value {
    let (passed, outcome) = (verification.passed(), verification.name());
    match verification {
        Verification::Passed | Verification::NoAnswer => json!({ "passed": passed, "outcome": outcome }),
        Verification::NotEchoed { echostr, body } => {
            json!({ "passed": passed, "outcome": outcome, "echostr": echostr, "body": body })
        }
        Verification::Refused { status, body } => {
            json!({ "passed": passed, "outcome": outcome, "status": status, "body": body })
        }
        Verification::Unreachable(why) => json!({ "passed": passed, "outcome": outcome, "why": why }),
    }
}
