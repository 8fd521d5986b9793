//! What Redis is asked: commands, and scripts that are one transaction each.

use std::sync::LazyLock;

use redis::Cmd;

use super::key::Key;

pub(super) static BEGIN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/begin.lua")));
pub(super) static COMMIT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/commit.lua")));
pub(super) static ABORT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/abort.lua")));
pub(super) static SAVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/save.lua")));

/// A script, and the name that Redis has for it.
pub(super) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    pub(super) fn on<'a>(&'a self, key: &'a Key, arguments: &'a [&'a [u8]]) -> Question<'a> {
        Question { what: What::Script(self), key, arguments }
    }
}

/// The record that is stored.
pub(super) fn record_of(key: &Key) -> Question<'_> {
    Question { what: What::Record, key, arguments: &[] }
}

/// A question of one key. Each can be asked again, where it is not known whether it was heard.
pub(super) struct Question<'a> {
    what: What<'a>,
    key: &'a Key,
    arguments: &'a [&'a [u8]],
}

enum What<'a> {
    Record,
    Script(&'a Script),
}

impl Question<'_> {
    /// The command, with a script by its name.
    pub(super) fn in_short(&self) -> Cmd {
        match self.what {
            What::Record => {
                let mut command = redis::cmd("HGET");
                command.arg(self.key.name()).arg("record");
                command
            }
            What::Script(script) => self.evaluate("EVALSHA", &script.hash),
        }
    }

    /// The command, with a script by its text: Redis knows it from then on. (`SCRIPT LOAD` names no key, so a proxy of a
    /// cluster would not know where to send it.)
    pub(super) fn in_full(&self) -> Cmd {
        match self.what {
            What::Record => self.in_short(),
            What::Script(script) => self.evaluate("EVAL", script.code),
        }
    }

    fn evaluate(&self, command: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(command);
        command.arg(script).arg(1).arg(self.key.name());
        for argument in self.arguments {
            command.arg(*argument);
        }
        command
    }
}
