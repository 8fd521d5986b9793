//! The storage contract passes adapters that do what is asked of them, and finds each fault by the check
//! made for it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use wechat_integration_tests::Shelf;
use wechat_integration_tests::manners::faults::{
    all_hold, applying, assert_found, failed, not_given, of_either, whole_contract,
};
use wechat_integration_tests::manners::reach::OutOfReachWithSecrets;
use wechat_integration_tests::manners::records::{ForgetsTheKind, HangsReading, LosesSaves};
use wechat_integration_tests::manners::{APPID, Adapter, SECRET, Sound, TENANT, sound};
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::contract;
use wechat_runtime::{Common, Secret, Ticket, TicketType, Token, async_trait, storage};

// The clock is paused, so that whoever hangs is found out at once; there is one thread, so that every run
// takes the same turns.
#[tokio::test(start_paused = true)]
async fn every_fault_is_found_by_its_own_check_and_no_report_tells_a_secret() {
    assert_found(of_either::<Common>()).await;
}

#[tokio::test]
async fn every_check_has_a_fault_that_it_finds() {
    let report = contract::hub(Memory::new(), ()).report().await;
    let checks: BTreeSet<_> = applying(&report).map(contract::Checked::name).collect();
    assert_eq!(checks, of_either::<Common>().iter().map(|fault| fault.check).collect());
}

#[tokio::test]
async fn a_sound_adapter_passes_every_check_on_one_thread() {
    let report = whole_contract::<Common>().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_adapter_passes_every_check_on_several_threads() {
    let report = whole_contract::<Common>().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let memory = Memory::new().with_secret(APPID, SECRET);
    let report = contract::hub(memory.clone(), ()).also(memory, ()).with_secret(APPID, SECRET).report().await;
    report.assert();
    let needs_one_out_of_reach = [
        "out_of_reach_is_an_error_to_read",
        "out_of_reach_is_an_error_to_save",
        "a_secret_out_of_reach_is_not_none",
        "an_error_does_not_tell_what_was_saved",
    ];
    assert_eq!(not_given(&report), needs_one_out_of_reach);
}

#[tokio::test]
async fn secrets_kept_apart_from_a_storage_out_of_reach_may_be_answered() {
    let contract = contract::hub(sound(), TENANT).with_secret(APPID, SECRET);
    let apart = Adapter::<OutOfReachWithSecrets, Sound>::new(None);
    contract.unreachable(apart, TENANT).check().await;
}

/// Keeps tokens, and lets tickets go.
struct TokensOnly(Memory);

#[async_trait]
impl storage::Hub for TokensOnly {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.0.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.0.fetch_access_token(appid, &()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.0.save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

#[tokio::test]
async fn the_storage_of_the_other_tests_keeps_the_contract() {
    contract::hub(Shelf::default(), ()).check().await;
}

#[tokio::test]
async fn a_storage_of_tokens_only_is_told_that_it_keeps_no_tickets() {
    let report = contract::hub(TokensOnly(Memory::new()), ()).report().await;
    assert_eq!(failed(&report), ["a_saved_record_is_read_back_whole"]);
    assert!(report.to_string().contains("ticket `jsapi`: expected the record saved"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_again_and_at_once_on_the_same_storage() {
    let contract = whole_contract::<Common>();
    let (one, other) = tokio::join!(contract.report(), contract.report());
    for report in [one, other, contract.report().await] {
        assert!(all_hold(&report), "{report}");
    }
}

#[tokio::test]
async fn a_check_that_was_not_run_says_what_it_wants() {
    let report = contract::hub(sound(), TENANT).report().await;
    report.assert();
    for call in ["`.also(adapter, args)`", "`.unreachable(adapter, args)`", "`.with_secret(appid, secret)`"] {
        assert!(report.to_string().contains(&format!("give {call}")), "{report}");
    }

    let report = contract::hub(Adapter::<LosesSaves, Sound>::new(None), TENANT).report().await;
    let first = "`a_saved_record_is_read_back_whole` has to hold first";
    assert!(report.to_string().contains(first), "{report}");
}

#[tokio::test]
async fn a_failed_check_panics_with_the_report() {
    let contract = contract::hub(Adapter::<ForgetsTheKind, Sound>::new(None), TENANT);
    let panicked = tokio::spawn(async move { contract.check().await }).await.unwrap_err().into_panic();
    let report = panicked.downcast::<String>().unwrap();
    assert!(report.contains("FAILED   a_saved_record_is_read_back_whole: "), "{report}");
    assert!(report.contains("found one with kind Stable for Classic"), "{report}");
    assert!(report.contains("ok       nothing_saved_is_none: "), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_hangs_costs_its_time_limit() {
    let began = Instant::now();
    let limit = Duration::from_millis(300);
    let hangs = Adapter::<HangsReading, Sound>::new(None);
    let report = contract::hub(hangs, TENANT).time_limit(limit).report().await;
    assert_eq!(failed(&report), ["nothing_saved_is_none"]);
    assert!(began.elapsed() < 2 * limit, "{:?}", began.elapsed());
    assert!(report.to_string().contains("none by fetch_access_token within 300ms"), "{report}");
}
