//! `/_sim/faults`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Command, Failure, done, fields};
use crate::fault::Fault;

/// Every kind of fault with the fields it takes besides `path`, `kind` and `times`.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("delay", r#""milliseconds": wait, then process and answer"#),
    ("delay_after", r#""milliseconds": process, wait, then answer"#),
    ("hang", "wait until the faults are cleared, then process and answer"),
    ("hang_after", "process, wait until the faults are cleared, then answer"),
    ("errcode", r#""code", "errmsg" (the error table's by default)"#),
    ("status", r#""status": an HTML page with this HTTP status"#),
    ("redirect", r#""location""#),
    ("empty", "an empty body"),
    ("not_json", "an HTML page with HTTP status 200"),
    ("oversized", r#""bytes": a JSON object of this length"#),
    ("raw", r#""body", "status" (200), "content_type" (application/json)"#),
    ("truncated_json", "process, answer with half of the JSON"),
    ("truncated_body", "process, close the connection in the middle of the body"),
    ("non_utf8", "process, answer with bytes that are not UTF-8"),
    ("drop_before", "close the connection without processing or answering"),
    ("drop_after", "process, close the connection without answering"),
];

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    Delay { milliseconds: u64 },
    DelayAfter { milliseconds: u64 },
    Hang {},
    HangAfter {},
    Errcode { code: i32, errmsg: Option<String> },
    Status { status: u16 },
    Redirect { location: String },
    Empty {},
    NotJson {},
    Oversized { bytes: u64 },
    Raw { body: String, status: Option<u16>, content_type: Option<String> },
    TruncatedJson {},
    TruncatedBody {},
    NonUtf8 {},
    DropBefore {},
    DropAfter {},
}

impl Order {
    fn into_fault(self) -> Result<Fault, Failure> {
        Ok(match self {
            Order::Delay { milliseconds } => Fault::delay(Duration::from_millis(milliseconds)),
            Order::DelayAfter { milliseconds } => Fault::delay_after(Duration::from_millis(milliseconds)),
            Order::Hang {} => Fault::hang(),
            Order::HangAfter {} => Fault::hang_after(),
            Order::Errcode { code, errmsg: None } => Fault::errcode(code),
            Order::Errcode { code, errmsg: Some(errmsg) } => Fault::errcode_with(code, errmsg),
            Order::Status { status } => Fault::status(final_status(status)?),
            Order::Redirect { location } => Fault::redirect(header("location", location)?),
            Order::Empty {} => Fault::empty(),
            Order::NotJson {} => Fault::not_json(),
            Order::Oversized { bytes } => Fault::oversized(bytes),
            Order::Raw { body, status, content_type } => {
                let content_type = content_type.unwrap_or_else(|| "application/json".to_owned());
                let status = final_status(status.unwrap_or(200))?;
                Fault::raw(status, header("content_type", content_type)?, body)
            }
            Order::TruncatedJson {} => Fault::truncated_json(),
            Order::TruncatedBody {} => Fault::truncated_body(),
            Order::NonUtf8 {} => Fault::non_utf8(),
            Order::DropBefore {} => Fault::drop_before(),
            Order::DropAfter {} => Fault::drop_after(),
        })
    }
}

fn final_status(status: u16) -> Result<u16, Failure> {
    if (200..=599).contains(&status) {
        return Ok(status);
    }
    Err(Failure::bad(format!("status has to be between 200 and 599, not {status}")))
}

fn header(name: &str, value: String) -> Result<String, Failure> {
    if hyper::header::HeaderValue::from_str(&value).is_ok() {
        return Ok(value);
    }
    Err(Failure::bad(format!("{name} {value:?} cannot be the value of a header")))
}

pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(json!({ "faults": command.platform.faults.list() }))
}

pub(super) fn add(command: &Command<'_>) -> Result<Value, Failure> {
    let mut object = command.object()?;
    let path = match object.remove("path") {
        Some(Value::String(path)) if path == "*" || path.starts_with('/') => path,
        _ => {
            return Err(Failure::bad(
                r#"path has to be the path of an API, such as "/cgi-bin/token", or "*""#,
            ));
        }
    };
    let times = match object.remove("times") {
        None | Some(Value::Null) => None,
        Some(times) => match times.as_u64() {
            Some(times) if times > 0 => Some(times),
            _ => {
                return Err(Failure::bad(
                    "times has to be a whole number from 1 on; leave it out for every call",
                ));
            }
        },
    };
    let fault = fields::<Order>(object)?.into_fault()?;
    command.platform.faults.add(&path, Fault { times, ..fault });
    show(command)
}

pub(super) fn clear(command: &Command<'_>) -> Result<Value, Failure> {
    command.platform.faults.clear();
    done()
}
