//! The storage contract passes coordinators that do what is asked of them, and finds each fault by the check made for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use wechat_integration_tests::assembly::customs::late::ASaveLeavesTheLead;
use wechat_integration_tests::assembly::faults::{Shareable, of_any, of_authorizers, whole_contract};
use wechat_integration_tests::assembly::{Assembly, Custom, Hall, Process, Rows};
use wechat_integration_tests::custom;
use wechat_integration_tests::manners::faults::{all_hold, applying, assert_found, failed};
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::contract::{self, Checked, Report, Verdict};
use wechat_runtime::storage::{self, Begun, Notes, Record, Slot};
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

/// Fails unless every check was made, and holds.
async fn assert_sound<A: Shareable>() {
    let report = whole_contract::<A>().report().await;
    assert!(all_hold(&report), "{report}");
    assert_eq!(applying(&report).count(), report.checks().len(), "{report}");
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

const ROUND_TRIP: Duration = Duration::from_millis(1);

/// Writes down a storage behind a network, with a coordinator or without.
macro_rules! far_away {
    ($name:ident: $coordinates:literal) => {
        custom!($name {
            fn coordinates(&self) -> bool {
                $coordinates
            }

            async fn fetch(&self, rows: &Rows, slot: &Slot) -> storage::Result<Option<Record>> {
                sleep(ROUND_TRIP).await;
                Process::<0>.fetch(rows, slot).await
            }

            async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
                sleep(ROUND_TRIP).await;
                Process::<0>.save(rows, slot, record).await
            }

            async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
                sleep(ROUND_TRIP).await;
                Process::<0>.begin(rows, slot, lease).await
            }

            async fn commit(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                record: Record,
                notes: Notes,
            ) -> storage::Result<bool> {
                sleep(ROUND_TRIP).await;
                Process::<0>.commit(rows, slot, fence, record, notes).await
            }

            async fn abort(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                notes: Notes,
            ) -> storage::Result<bool> {
                sleep(ROUND_TRIP).await;
                Process::<0>.abort(rows, slot, fence, notes).await
            }
        });
    };
}

far_away!(FarAway: true);
far_away!(FarAwayWithoutACoordinator: false);

/// How long two adapters take, by Tokio's clock.
async fn time_taken<A: Shareable, C: Custom>() -> Duration {
    let (hall, began) = (Arc::<Hall>::default(), Instant::now());
    let [one, other] = [hall.clone(), hall].map(|hall| Assembly::<C>::of(hall, None));
    <A as Shareable>::also(<A as Shareable>::begun(one), other).check().await;
    began.elapsed()
}

// By a paused clock, whose sleeps are of whole milliseconds: however loaded the machine is.
#[tokio::test(start_paused = true)]
async fn the_checks_of_a_coordinator_a_millisecond_away_take_less_than_five_seconds() {
    for [with, without] in [
        [time_taken::<Common, FarAway>().await, time_taken::<Common, FarAwayWithoutACoordinator>().await],
        [
            time_taken::<Component, FarAway>().await,
            time_taken::<Component, FarAwayWithoutACoordinator>().await,
        ],
    ] {
        let of_coordinators = with.saturating_sub(without);
        assert!(of_coordinators < Duration::from_secs(5), "{with:?}, {without:?} of it for the other checks");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_a_coordinator_is_told_by_what_was_expected_and_found() {
    let adapter = Assembly::<ASaveLeavesTheLead>::of(Arc::<Hall>::default(), None);
    let report = contract::hub(adapter, ()).report().await;
    assert_eq!(failed(&report), ["a_save_past_the_lead_ends_it"]);
    let words = "access token: expected commit to answer `Ok(false)`, found `Ok(true)`";
    assert!(report.to_string().contains(words), "{report}");
}
