//! What can be measured.

mod accounts;
mod all;
mod build;
mod call;
mod counts;
mod hub;
mod overridden;
mod shared;
mod storm;

use std::process::{Command, Stdio};

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::report::Report;

/// One thing to measure.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> LocalBoxFuture<'static, Report>,
    pub(crate) is_part_of: PartOf,
    /// The programs that have to be installed.
    pub(crate) needs: &'static [&'static str],
}

impl Scenario {
    /// The programs that it needs and that cannot be started here.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let starts = |program: &&str| {
            let mut command = Command::new(program);
            command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        self.needs.iter().copied().filter(|program| !starts(program)).collect()
    }
}

const VALGRIND: &str = "valgrind";
const REDIS: &str = "redis-server";
const CARGO: &str = "cargo";

/// Where else a scenario runs than by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartOf {
    /// In `all`.
    All,
    /// Nowhere: it takes long, or has others in it.
    Nothing,
    /// Nowhere; and a figure that is missed makes it fail.
    Checks,
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "call",
        about: "a warm GET and POST against hand-written reqwest",
        run: || call::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[VALGRIND],
    },
    Scenario {
        name: "override",
        about: "a warm GET with a storage of its own against one without",
        run: || overridden::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[VALGRIND],
    },
    Scenario {
        name: "storm",
        about: "10,000 callers at once without a token, and with an expired one, against hand-written reqwest",
        run: || storm::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[],
    },
    Scenario {
        name: "hub",
        about: "a warm hub against a bare axum handler",
        run: || hub::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[],
    },
    Scenario {
        name: "accounts",
        about: "many accounts in one client: CPU time and memory",
        run: || accounts::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[],
    },
    Scenario {
        name: "shared",
        about: "four hubs on one Redis against one, while the token expires",
        run: || shared::run().boxed_local(),
        is_part_of: PartOf::All,
        needs: &[REDIS],
    },
    Scenario {
        name: "all",
        about: "all of these, their figures by their names",
        run: || all::run().boxed_local(),
        is_part_of: PartOf::Nothing,
        needs: &[VALGRIND, REDIS],
    },
    Scenario {
        name: "build",
        about: "a cold build against plain reqwest, and a hundred declared clients",
        run: || build::run().boxed_local(),
        is_part_of: PartOf::Nothing,
        needs: &[CARGO],
    },
    Scenario {
        name: "counts",
        about: "what can be counted of these, in short, and fails where a count is missed",
        run: || counts::run().boxed_local(),
        is_part_of: PartOf::Checks,
        needs: &[VALGRIND, REDIS],
    },
];
