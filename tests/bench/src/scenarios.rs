//! What can be measured.

mod build;
mod call;

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
        name: "build",
        about: "a cold build against plain reqwest, and a hundred declared clients",
        run: || build::run().boxed_local(),
        checks: false,
    },
];
