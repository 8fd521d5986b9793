//! `/_sim/clock`.

use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Command, Failure, fields};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    advance_seconds: Option<u64>,
    set: Option<u64>,
    frozen: Option<bool>,
}

pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    let clock = &command.platform.clock;
    Ok(json!({ "unix": clock.unix(), "frozen": clock.is_frozen() }))
}

/// Sets first, then advances, then freezes or runs.
pub(super) fn change(command: &Command<'_>) -> Result<Value, Failure> {
    let Change { advance_seconds, set, frozen } = fields(command.object()?)?;
    if advance_seconds.is_none() && set.is_none() && frozen.is_none() {
        return Err(Failure::bad(
            r#"say what to change: {"advance_seconds":7200}, {"set":1700000000} or {"frozen":true}"#,
        ));
    }
    let clock = &command.platform.clock;
    if let Some(unix) = set {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(unix));
        clock.set(time.ok_or_else(|| Failure::bad(format!("{unix} is too late for a clock")))?);
    }
    if let Some(seconds) = advance_seconds {
        clock.advance(Duration::from_secs(seconds));
    }
    match frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.run(),
        None => {}
    }
    show(command)
}
