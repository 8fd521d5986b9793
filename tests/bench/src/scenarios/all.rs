//! Everything but what takes very long, one after the other.

use super::{PartOf, SCENARIOS};
use crate::report::Report;

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.is_part_of == PartOf::All) {
        report.add(scenario.name, (scenario.run)().await);
    }
    report
}
