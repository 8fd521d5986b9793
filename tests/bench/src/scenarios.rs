//! What can be measured.

mod accounts;
mod all;
mod call;
mod hub;
mod shared;
mod storm;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::report::Report;

/// One thing to measure.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> LocalBoxFuture<'static, Report>,
    /// Whether it is for checking: a figure that is missed is a failure.
    pub(crate) checks: bool,
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "call",
        about: "a warm GET and POST against hand-written reqwest",
        run: || call::run().boxed_local(),
        checks: false,
    },
    Scenario {
        name: "storm",
        about: "10,000 callers at once without a token, and with an expired one, against hand-written reqwest",
        run: || storm::run().boxed_local(),
        checks: false,
    },
    Scenario {
        name: "hub",
        about: "a warm hub against a bare axum handler",
        run: || hub::run().boxed_local(),
        checks: false,
    },
    Scenario {
        name: "shared",
        about: "four hubs on one Redis against one, while the token expires",
        run: || shared::run().boxed_local(),
        checks: false,
    },
    Scenario {
        name: "accounts",
        about: "many accounts in one client: CPU time and memory",
        run: || accounts::run().boxed_local(),
        checks: false,
    },
    Scenario {
        name: "all",
        about: "everything but `build`",
        run: || all::run().boxed_local(),
        checks: false,
    },
];
