//! What can be counted and need not be timed: instructions, allocations, fetches, failures. For a machine whose times tell
//! nothing.

use super::{call, overridden, shared, storm};
use crate::report::Report;

/// How often the token of several hubs expires.
const SHARED_EXPIRIES: usize = 3;

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = call::upstream().await;
    let mut report = Report::default();
    report.add("call", call::count(&base_url).await);
    report.add("override", overridden::count(&base_url).await);
    assert!(upstream.end().await.success(), "the platform ends well");
    report.add("storm", storm::storms(1).await.untimed());
    report.add("shared", shared::expiries(SHARED_EXPIRIES).await.untimed());
    report
}
