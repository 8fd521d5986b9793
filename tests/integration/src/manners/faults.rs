//! Which check of the storage contract finds which fault, and how it is tried.

use std::any::type_name;
use std::sync::Arc;

use wechat_runtime::storage::contract::{
    self, Checked, ComponentHubContract, Contract, HubContract, Report, Verdict,
};
use wechat_runtime::{Application, Common, Component};

use super::at_once::{
    DeletesThenWrites, FillsItsCacheTooLate, LocksItsOwnConnection, ReadsFieldByField,
    RewritesAllOfAnApplication, RewritesTheWholeFile, WritesFieldByField,
};
use super::keys::{
    ATicketStandsInForAToken, ATokenIsATicketOfItsType, AppidsByPattern, AppidsOf18Characters,
    KeysJoinedByAColon, KeysJoinedByNothing, OneRecordForAllAccounts, OneTicketForAllTypes,
    TicketTypesByTheirBeginning,
};
use super::reach::{
    AnotherSecretForErr, FailsForAnUnknownAccount, HangsForErr, KnowsAnOldSecret, KnowsNoSecret,
    NoSecretForErr, NoneForErr, OkForErr, OneSecretForAll, OutOfReach, PanicsForErr, TellsItInTheSource,
    TellsWhatItWasToSave,
};
use super::records::{
    AnEmptyRecordForNone, AnswersWithACappedGrant, AnswersWithTheOneBefore, CapsTheGrant, DropsExpired,
    EachConnectionRemembers, EachConnectionRemembersNone, ErrForNone, FailsSavingAndTells, ForgetsTheKind,
    HangsReading, HangsSaving, KeepsNoMoreThan511Characters, KeepsSecondsIn32Bits, LosesAQuote, LosesSaves,
    PanicsReading, PanicsSaving, RemembersThatItFoundNone, RemembersWhatItRead, StoresNoGrantOfNothing,
    TheFirstStays,
};
use super::{
    ACCESS_TOKEN, APPID, Adapter, COMPONENT_TOKEN, Manner, SECRET, Sound, Store, TENANT, VERIFY_TICKET,
};

/// An adapter with a fault, and the check that finds it.
pub struct Fault<App> {
    pub check: &'static str,
    pub adapter: &'static str,
    /// Where else it is tried than in all records.
    pub only: &'static [&'static str],
    pub contract: fn(Option<&'static str>) -> Contract<App>,
}

/// A kind of application, and the contract of its storages.
pub trait Suite: Application + Sized {
    /// What every adapter keeps.
    const EACH: &'static [&'static str];
    /// What is granted for some seconds.
    const GRANTED: &'static [&'static str];
    /// What is of one kind or the other.
    const TOKENS: &'static [&'static str];
    /// What many save and read at once: a storm over each would take too long on a slow disk.
    const STORMY: &'static [&'static str];

    fn begun<M: Manner, R: Manner>(adapter: Adapter<M, R>) -> Contract<Self>;
    fn also<M: Manner, R: Manner>(contract: Contract<Self>, adapter: Adapter<M, R>) -> Contract<Self>;
    fn unreachable<M: Manner, R: Manner>(contract: Contract<Self>, adapter: Adapter<M, R>) -> Contract<Self>;
}

impl Suite for Common {
    const EACH: &'static [&'static str] = &[ACCESS_TOKEN, "jsapi", "wx_card"];
    const GRANTED: &'static [&'static str] = Self::EACH;
    const TOKENS: &'static [&'static str] = &[ACCESS_TOKEN];
    const STORMY: &'static [&'static str] = &[ACCESS_TOKEN, "jsapi"];

    fn begun<M: Manner, R: Manner>(adapter: Adapter<M, R>) -> HubContract {
        contract::hub(adapter, TENANT)
    }

    fn also<M: Manner, R: Manner>(contract: HubContract, adapter: Adapter<M, R>) -> HubContract {
        contract.also(adapter, TENANT)
    }

    fn unreachable<M: Manner, R: Manner>(contract: HubContract, adapter: Adapter<M, R>) -> HubContract {
        contract.unreachable(adapter, TENANT)
    }
}

impl Suite for Component {
    const EACH: &'static [&'static str] = &[COMPONENT_TOKEN, VERIFY_TICKET, ACCESS_TOKEN, "jsapi", "wx_card"];
    const GRANTED: &'static [&'static str] = &[COMPONENT_TOKEN, ACCESS_TOKEN, "jsapi", "wx_card"];
    const TOKENS: &'static [&'static str] = &[COMPONENT_TOKEN, ACCESS_TOKEN];
    const STORMY: &'static [&'static str] = &[COMPONENT_TOKEN, VERIFY_TICKET, ACCESS_TOKEN, "jsapi"];

    fn begun<M: Manner, R: Manner>(adapter: Adapter<M, R>) -> ComponentHubContract {
        contract::component_hub(adapter, TENANT)
    }

    fn also<M: Manner, R: Manner>(
        contract: ComponentHubContract,
        adapter: Adapter<M, R>,
    ) -> ComponentHubContract {
        contract.also(adapter, TENANT)
    }

    fn unreachable<M: Manner, R: Manner>(
        contract: ComponentHubContract,
        adapter: Adapter<M, R>,
    ) -> ComponentHubContract {
        contract.unreachable(adapter, TENANT)
    }
}

/// A fault of one adapter.
pub fn alone<A: Suite, M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    let contract = |only| A::begun(Adapter::<M, Sound>::new(only)).with_secret(APPID, SECRET);
    Fault { check, adapter: type_name::<M>(), only, contract }
}

/// A fault that two adapters of one storage have together.
pub fn two<A: Suite, M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    let contract = |only| {
        let store = Arc::<Store>::default();
        let [one, other] = [store.clone(), store].map(|store| Adapter::<M, Sound>::of(store, only));
        A::also(A::begun(one), other)
    };
    Fault { check, adapter: type_name::<M>(), only, contract }
}

/// A fault of one that cannot reach its storage.
pub fn unreachable<A: Suite, M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    // Where the fault is in one kind of record only, the others' storage is out of reach as well.
    let contract = |only: Option<&'static str>| {
        let whole = A::begun(super::sound()).with_secret(APPID, SECRET);
        A::unreachable(whole, Adapter::<M, OutOfReach>::new(only))
    };
    Fault { check, adapter: type_name::<M>(), only, contract }
}

/// The contract of an adapter without a fault, with all that it can be given.
pub fn whole_contract<A: Suite>() -> Contract<A> {
    let store = Arc::<Store>::default();
    let [one, other] = [store.clone(), store].map(|store| Adapter::<Sound, Sound>::of(store, None));
    let whole = A::also(A::begun(one), other).with_secret(APPID, SECRET);
    A::unreachable(whole, Adapter::<OutOfReach, Sound>::new(None))
}

/// The faults that a storage can have for either kind of application.
pub fn of_either<A: Suite>() -> Vec<Fault<A>> {
    vec![
        alone::<A, ErrForNone>("nothing_saved_is_none", A::EACH),
        alone::<A, AnEmptyRecordForNone>("nothing_saved_is_none", A::EACH),
        alone::<A, HangsReading>("nothing_saved_is_none", A::EACH),
        alone::<A, PanicsReading>("nothing_saved_is_none", A::EACH),
        alone::<A, LosesSaves>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, HangsSaving>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, PanicsSaving>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, FailsSavingAndTells>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, ForgetsTheKind>("a_saved_record_is_read_back_whole", A::TOKENS),
        alone::<A, KeepsSecondsIn32Bits>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, CapsTheGrant>("a_saved_record_is_read_back_whole", A::GRANTED),
        alone::<A, KeepsNoMoreThan511Characters>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, LosesAQuote>("a_saved_record_is_read_back_whole", A::EACH),
        alone::<A, AnswersWithTheOneBefore>("save_answers_with_what_is_stored", A::EACH),
        alone::<A, AnswersWithACappedGrant>("save_answers_with_what_is_stored", A::GRANTED),
        alone::<A, DropsExpired>("an_expired_record_is_answered", A::EACH),
        alone::<A, StoresNoGrantOfNothing>("an_expired_record_is_answered", A::GRANTED),
        alone::<A, TheFirstStays>("a_later_save_replaces_the_earlier", A::EACH),
        alone::<A, OneRecordForAllAccounts>("accounts_are_kept_apart", A::EACH),
        alone::<A, RemembersWhatItRead>("a_save_is_seen_by_the_next_read", A::EACH),
        alone::<A, RemembersThatItFoundNone>("a_save_is_seen_by_the_next_read", A::EACH),
        two::<A, EachConnectionRemembers>("another_adapter_reads_what_one_saved", A::EACH),
        two::<A, EachConnectionRemembersNone>("another_adapter_reads_what_one_saved", A::EACH),
        alone::<A, OneTicketForAllTypes>("ticket_types_are_kept_apart", &[]),
        alone::<A, TicketTypesByTheirBeginning>("ticket_types_are_kept_apart", &[]),
        alone::<A, ATokenIsATicketOfItsType>("tokens_and_tickets_are_kept_apart", &[]),
        alone::<A, ATicketStandsInForAToken>("tokens_and_tickets_are_kept_apart", &[]),
        alone::<A, KeysJoinedByAColon>("what_looks_alike_is_kept_apart", &[]),
        alone::<A, KeysJoinedByNothing>("what_looks_alike_is_kept_apart", &[]),
        alone::<A, AppidsOf18Characters>("what_looks_alike_is_kept_apart", A::EACH),
        alone::<A, AppidsByPattern>("what_looks_alike_is_kept_apart", A::EACH),
        alone::<A, WritesFieldByField>("no_record_is_torn", A::STORMY),
        alone::<A, ReadsFieldByField>("no_record_is_torn", A::STORMY),
        alone::<A, DeletesThenWrites>("no_record_is_torn", A::STORMY),
        two::<A, LocksItsOwnConnection>("no_record_is_torn", A::STORMY),
        alone::<A, FillsItsCacheTooLate>("what_was_replaced_never_comes_back", A::STORMY),
        alone::<A, RewritesTheWholeFile>("saves_at_once_of_many_accounts_are_all_kept", A::EACH),
        alone::<A, RewritesAllOfAnApplication>("saves_at_once_of_many_accounts_are_all_kept", &[]),
        alone::<A, OneSecretForAll>("an_unknown_account_has_no_secret", &[]),
        alone::<A, FailsForAnUnknownAccount>("an_unknown_account_has_no_secret", &[]),
        alone::<A, KnowsNoSecret>("a_known_secret_is_answered", &[]),
        alone::<A, KnowsAnOldSecret>("a_known_secret_is_answered", &[]),
        unreachable::<A, NoneForErr>("out_of_reach_is_an_error_to_read", A::EACH),
        unreachable::<A, HangsForErr>("out_of_reach_is_an_error_to_read", A::EACH),
        unreachable::<A, OkForErr>("out_of_reach_is_an_error_to_save", A::EACH),
        unreachable::<A, PanicsForErr>("out_of_reach_is_an_error_to_save", A::EACH),
        unreachable::<A, NoSecretForErr>("a_secret_out_of_reach_is_not_none", &[]),
        unreachable::<A, AnotherSecretForErr>("a_secret_out_of_reach_is_not_none", &[]),
        unreachable::<A, TellsWhatItWasToSave>("an_error_does_not_tell_what_was_saved", A::EACH),
        unreachable::<A, TellsItInTheSource>("an_error_does_not_tell_what_was_saved", A::EACH),
    ]
}

/// Fails unless each of the faults is found by its own check, and by no other, and no report tells a secret.
pub async fn assert_found<A: Suite>(faults: Vec<Fault<A>>) {
    for Fault { check, adapter, only, contract } in faults {
        for only in only.iter().copied().map(Some).chain([None]) {
            let report = contract(only).report().await;
            assert_eq!(failed(&report), [check], "{adapter}, only {only:?}: {report}");
            assert_eq!(report.to_string().lines().count(), lines(&report), "{report}");
            for words in [report.to_string(), format!("{report:?}")] {
                assert!(!words.contains("not-a-token-") && !words.contains(SECRET), "{adapter}: {words}");
            }
        }
    }
}

/// A line for the whole, one for each check, and one for all that do not apply.
fn lines(report: &Report) -> usize {
    let (all, applying) = (report.checks().len(), applying(report).count());
    1 + applying + usize::from(applying < all)
}

/// The checks that are not about something the storage does not have.
pub fn applying(report: &Report) -> impl Iterator<Item = &Checked> {
    report.checks().iter().filter(|it| !matches!(it.verdict(), Verdict::NotApplicable(_)))
}

pub fn failed(report: &Report) -> Vec<&'static str> {
    report.failed().map(Checked::name).collect()
}

pub fn not_given(report: &Report) -> Vec<&'static str> {
    let checks = report.checks().iter();
    checks.filter(|it| matches!(it.verdict(), Verdict::NotGiven(_))).map(Checked::name).collect()
}

/// Whether every check that applies was made, and holds.
pub fn all_hold(report: &Report) -> bool {
    applying(report).all(|it| *it.verdict() == Verdict::Held)
}
