//! Everything but what takes very long, one after the other.

use super::{SCENARIOS, Scenario};
use crate::report::Report;

/// The scenarios that it has. Another one that is left out checks what these measure, or builds.
const PARTS: &[&str] = &["call", "override", "storm", "hub", "accounts", "shared"];

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    for Scenario { name, run, .. } in SCENARIOS.iter().filter(|scenario| PARTS.contains(&scenario.name)) {
        report.add(name, run().await);
    }
    report
}
