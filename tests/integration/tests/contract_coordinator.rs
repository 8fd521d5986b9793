//! The storage contract passes coordinators that do what is asked of them, and finds each fault by the check made for it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use wechat_integration_tests::assembly::customs::late::ASaveLeavesTheLead;
use wechat_integration_tests::assembly::faults::{of_any, of_authorizers, whole_contract};
use wechat_integration_tests::assembly::{Assembly, Hall};
use wechat_integration_tests::manners::faults::{all_hold, applying, assert_found, failed};
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::contract::{self, Checked, Report, Verdict};
use wechat_runtime::{Common, Component};

// The clock is paused, so that leases lapse at once; there is one thread, so that every run takes the same turns.
#[tokio::test(start_paused = true)]
async fn every_fault_of_a_coordinator_is_found_by_its_own_check_and_no_report_tells_a_secret() {
    assert_found(of_any::<Common>()).await;
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_coordinator_is_found_in_a_components_storage_too() {
    assert_found(of_any::<Component>()).await;
    assert_found(of_authorizers()).await;
}

fn of_coordinators(report: &Report) -> BTreeSet<&'static str> {
    let checks = report.checks().iter();
    checks.filter(|it| matches!(it.verdict(), Verdict::NotApplicable(_))).map(Checked::name).collect()
}

#[tokio::test]
async fn every_check_of_a_coordinator_has_a_fault_that_it_finds() {
    let report = contract::hub(Memory::new(), ()).report().await;
    assert_eq!(of_coordinators(&report), of_any::<Common>().iter().map(|fault| fault.check).collect());
    let report = contract::component_hub(Memory::new(), ()).report().await;
    assert_eq!(of_coordinators(&report), of_any::<Component>().iter().map(|fault| fault.check).collect());
}

#[tokio::test]
async fn a_storage_without_a_coordinator_is_told_so_in_one_line() {
    let report = contract::hub(Memory::new(), ()).report().await;
    report.assert();
    let told = report.to_string();
    let count = of_coordinators(&report).len();
    assert!(
        told.ends_with(&format!("\nno need  {count} checks more: the storage has no coordinator")),
        "{told}"
    );
    assert_eq!(told.lines().count(), 2 + applying(&report).count(), "{told}");
    assert!(told.starts_with(&format!("the storage contract: 0 of {} checks", applying(&report).count())));
}

/// Whether every check was made, and holds, in the time that a test may take.
async fn assert_sound<A: wechat_integration_tests::assembly::faults::Shareable>() {
    let began = Instant::now();
    let report = whole_contract::<A>().report().await;
    assert!(all_hold(&report), "{report}");
    assert_eq!(applying(&report).count(), report.checks().len(), "{report}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_sound_coordinator_passes_every_check_on_one_thread() {
    assert_sound::<Common>().await;
    assert_sound::<Component>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_coordinator_passes_every_check_on_several_threads() {
    assert_sound::<Common>().await;
    assert_sound::<Component>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_coordinators_holds_again_and_at_once_on_the_same_storage() {
    let contract = whole_contract::<Component>();
    let (one, other) = tokio::join!(contract.report(), contract.report());
    for report in [one, other] {
        assert!(all_hold(&report), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_a_coordinator_is_told_by_what_was_expected_and_found() {
    let adapter = Assembly::<ASaveLeavesTheLead>::of(std::sync::Arc::<Hall>::default(), None);
    let report = contract::hub(adapter, ()).report().await;
    assert_eq!(failed(&report), ["a_save_past_the_lead_ends_it"]);
    let words = "access token: expected commit to answer `Ok(false)`, found `Ok(true)`";
    assert!(report.to_string().contains(words), "{report}");
}
