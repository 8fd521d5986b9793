//! A warm GET whose storage is given to the call, against one with the declared storage.

use super::call::upstream;
use crate::counting::{self, Counts};
use crate::report::{Must, Report, Table};
use crate::sides::{Side, What};

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = upstream().await;
    let report = count(&base_url).await;
    assert!(upstream.end().await.success(), "the platform ends well");
    report
}

/// It has nothing but counts.
pub(crate) async fn count(base_url: &str) -> Report {
    let declared = counting::of_a_call(Side::Declared, What::Get, base_url).await;
    let overridden = counting::of_a_call(Side::Override, What::Get, base_url).await;
    let mut table = Table::new(
        "A warm GET with a storage of its own, by callgrind",
        &["side", "instructions", "allocations"],
    );
    for (side, Counts { instructions, allocations }) in
        [("declared storage", declared), ("the call's own", overridden)]
    {
        table.row([side.to_owned(), format!("{instructions:.0}"), format!("{allocations:.1}")]);
    }
    let mut report = Report::default();
    report.table(table);
    let ratio = overridden.instructions / declared.instructions;
    report.figure("instructions_ratio", ratio, Must::StayWithin(1.02));
    report
}
