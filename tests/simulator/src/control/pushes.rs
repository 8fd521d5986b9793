//! `/_sim/pushes`. Tokens and keys go in, never out.

mod order;

use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::{Command, Failure, Waiting, callbacks, fields};
use crate::delivery::{Answer, Attempt, Delivery, Verification};
use crate::pusher::Pusher;

pub(super) use order::KINDS;

/// What sends an account's pushes by the settings that are left of a body.
fn pusher(command: &Command<'_>, mut object: Map<String, Value>) -> Result<Pusher, Failure> {
    let Some(Value::String(appid)) = object.remove("appid") else {
        return Err(Failure::bad("a push needs the appid of its account"));
    };
    let callback = fields::<callbacks::Settings>(object)?.into_callback()?;
    // Controls are served on the runtime that pushes run on.
    Ok(Pusher::new(command.platform, &Handle::current(), appid, callback)?)
}

pub(super) fn push(command: &Command<'_>) -> Result<Waiting, Failure> {
    let mut object = command.object()?;
    let Some(Value::Object(order)) = object.remove("push") else {
        return Err(Failure::bad(
            r#"say what to push: "push":{"kind":"text","openid":"o1","content":"hello"}; GET /_sim/ lists the kinds"#,
        ));
    };
    let push = order::read(order)?;
    let pusher = pusher(command, object)?;
    Ok(Box::pin(async move { delivery(&pusher.push(push).await) }))
}

pub(super) fn verify(command: &Command<'_>) -> Result<Waiting, Failure> {
    let pusher = pusher(command, command.object()?)?;
    Ok(Box::pin(async move { verification(pusher.verify().await) }))
}

/// What became of a push, try by try.
pub(super) fn delivery(delivery: &Delivery) -> Value {
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
