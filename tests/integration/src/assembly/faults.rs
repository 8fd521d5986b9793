//! Which check of the storage contract finds which fault of a coordinator, and how it is tried.

use std::any::type_name;
use std::sync::Arc;

use wechat_runtime::storage::contract::{self, ComponentHubContract, Contract, HubContract};
use wechat_runtime::{Common, Component};

use super::customs::commits::{
    ACommitLeavesTheLease, AbortsAndSaysNo, AbortsWithoutNotes, AnAbortLeavesTheLease, AnAbortLosesTheRecord,
    CommitsAndSaysNo, CommitsNoMoreThan511Characters, CommitsNoNotes, CommitsNoQuotes, CommitsNoRecord,
    CommitsOnlyTheFirst, CommitsOverWhatIsStored, CommitsToAPlaceOfItsOwn, CutsNotes,
    EachRemembersWhatItCommitted, FailsCommittingAndTells, FindsWhatWasCommittedOnly, NotesInAscii,
    NotesOnOneLine, ShowsTheRecordToTheLeaderOnly, TellsNotesToTheLeaderOnly,
};
use super::customs::late::{
    ACommitGivesItsFenceBack, AHigherAbortEndsTheLead, ALateAbortDropsTheLease, ALateAbortLeavesItsNotes,
    ALateCommitDropsTheLease, ALateCommitLeavesItsNotes, ALeaseLapsesTooLate, ALeaseLapsesTooSoon,
    ALeaseNeverLapses, ASaveEndsTheLeaseAndNoMore, ASaveLeavesTheLead, ASaveLeavesTheLease,
    ASaveLosesTheNotes, ASaveMakesARowAnew, AbortedForErr, AbortsWhatComesLate, CommitsAHigherFence,
    CommitsOnceOnly, CommitsWhatComesLate, CommitsWhateverComes, CommitsWhereNobodyHasBegun, CommittedForErr,
    ComparesAndWritesApart, ComparesTheRecordOnly, Down, EachCountsItsOwnFences, EndsTheLeadBeforeItWrites,
    FencesStartAnewAfterAnAbort, HangsForErr, HasNoCoordinatorThen, LeadsForErr, ReadsBeforeItLeads,
    RefusedForErr, RefusesACommitPastItsLease, RefusesAnAbortPastItsLease, SaysYesToALateCommit,
    TakesOverWithoutATransaction, TellsItInTheSource, TellsWhatItWasToCommit, WhoTakesOverHasTheSameFence,
    WritesARecordInParts,
};
use super::customs::leads::{
    ASaveEndsAllLeadsOfTheAccount, EachTellsItsOwnTime, EmptyNotesForNone, ErrForAFreshSlot, HangsBeginning,
    HasNoCoordinator, ItsClockGoesBack, ItsClockStandsStill, KeysJoinedByAColon, LeadsInItsOwnProcess,
    LetsAllLead, LetsTheFirstWait, LooksAndLeadsApart, OneLeadForAll, OneLeadForAllAuthorizers,
    OneLeadForAllTickets, OneLeadForAnAccount, OneLeadForAnAuthorizerOfManyComponents, PanicsBeginning,
    PanicsForACoordinator, TellsNoTimeToWait, TellsTheLeaseThatIsAskedFor, WhoWaitsProlongsTheLease,
};
use super::{Assembly, Custom, Hall, Process};
use crate::manners::faults::{Fault, Suite};
use crate::manners::{ACCESS_TOKEN, APPID, COMPONENT_TOKEN, SECRET};

/// A kind of application whose credentials several processes share.
pub trait Shareable: Suite {
    /// What is led, but for a second type of ticket.
    const LED: &'static [&'static str];

    fn begun<C: Custom, R: Custom>(one: Assembly<C, R>) -> Contract<Self>;
    fn also<C: Custom, R: Custom>(contract: Contract<Self>, other: Assembly<C, R>) -> Contract<Self>;
    fn unreachable<C: Custom, R: Custom>(contract: Contract<Self>, other: Assembly<C, R>) -> Contract<Self>;
}

impl Shareable for Common {
    const LED: &'static [&'static str] = &[ACCESS_TOKEN, "jsapi"];

    fn begun<C: Custom, R: Custom>(one: Assembly<C, R>) -> HubContract {
        contract::hub(one, ())
    }

    fn also<C: Custom, R: Custom>(contract: HubContract, other: Assembly<C, R>) -> HubContract {
        contract.also(other, ())
    }

    fn unreachable<C: Custom, R: Custom>(contract: HubContract, other: Assembly<C, R>) -> HubContract {
        contract.unreachable(other, ())
    }
}

impl Shareable for Component {
    const LED: &'static [&'static str] = &[COMPONENT_TOKEN, ACCESS_TOKEN, "jsapi"];

    fn begun<C: Custom, R: Custom>(one: Assembly<C, R>) -> ComponentHubContract {
        contract::component_hub(one, ())
    }

    fn also<C: Custom, R: Custom>(
        contract: ComponentHubContract,
        other: Assembly<C, R>,
    ) -> ComponentHubContract {
        contract.also(other, ())
    }

    fn unreachable<C: Custom, R: Custom>(
        contract: ComponentHubContract,
        other: Assembly<C, R>,
    ) -> ComponentHubContract {
        contract.unreachable(other, ())
    }
}

/// A storage with a secret in it.
fn hall() -> Arc<Hall> {
    let hall = Arc::<Hall>::default();
    hall.rows.secrets.lock().unwrap().insert(APPID.to_owned(), SECRET.into());
    hall
}

/// A fault of one coordinator.
pub fn alone<A: Shareable, C: Custom>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    let contract = |only| <A as Shareable>::begun(Assembly::<C>::of(hall(), only)).with_secret(APPID, SECRET);
    Fault { check, adapter: type_name::<C>(), only, contract }
}

/// A fault that the coordinators of two processes have together.
pub fn two<A: Shareable, C: Custom>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    let contract = |only| {
        let hall = hall();
        let [one, other] = [hall.clone(), hall].map(|hall| Assembly::<C>::of(hall, only));
        <A as Shareable>::also(<A as Shareable>::begun(one), other).with_secret(APPID, SECRET)
    };
    Fault { check, adapter: type_name::<C>(), only, contract }
}

/// A fault of one process beside another that has none.
fn beside<A: Shareable, C: Custom>(check: &'static str) -> Fault<A> {
    let contract = |only| {
        let hall = hall();
        let one = Assembly::<Process<0>>::of(hall.clone(), only);
        <A as Shareable>::also(<A as Shareable>::begun(one), Assembly::<C>::of(hall, only))
    };
    Fault { check, adapter: type_name::<C>(), only: &[], contract }
}

/// A fault of one that cannot reach the storage.
pub fn unreachable<A: Shareable, C: Custom>(check: &'static str, only: &'static [&'static str]) -> Fault<A> {
    // Where the fault is in one kind of record only, the others' storage is out of reach as well.
    let contract = |only| {
        let whole = <A as Shareable>::begun(Assembly::<Process<0>>::of(hall(), None));
        <A as Shareable>::unreachable(whole.with_secret(APPID, SECRET), Assembly::<C, Down>::of(hall(), only))
    };
    Fault { check, adapter: type_name::<C>(), only, contract }
}

/// The contract of a storage whose coordinator has no fault, with all that it can be given.
pub fn whole_contract<A: Shareable>() -> Contract<A> {
    let hall = hall();
    let [one, other] = [hall.clone(), hall.clone()].map(|hall| Assembly::<Process<0>>::of(hall, None));
    let whole = <A as Shareable>::also(<A as Shareable>::begun(one), other).with_secret(APPID, SECRET);
    <A as Shareable>::unreachable(whole, Assembly::<Down, Down>::of(hall, None))
}

/// The faults that a coordinator can have, whatever it is that is led.
pub fn of_any<A: Shareable>() -> Vec<Fault<A>> {
    let fresh = "a_fresh_slot_is_empty_and_its_lead_is_given";
    let clock = "its_clock_moves_on_and_never_back";
    let ended = "a_commit_ends_the_lead";
    let whole = "a_committed_record_is_kept_whole";
    let noted = "what_is_noted_is_kept_whole";
    let aborted = "an_abort_ends_the_lead_and_keeps_the_record";
    let apart = "each_slot_has_a_lead_of_its_own";
    let fences = "each_fence_is_higher_than_all_before";
    let past = "what_comes_past_its_lease_counts_where_nobody_has_begun";
    let nobodys = "a_fence_that_nobody_has_counts_for_nothing";
    let saved = "a_save_past_the_lead_ends_it";
    let at_once = "who_leads_finds_what_the_one_before_has_committed";
    let reach = "a_coordinator_out_of_reach_is_an_error";
    let tells = "a_coordinators_error_does_not_tell_what_was_committed";
    vec![
        alone::<A, LetsTheFirstWait>(fresh, A::LED),
        alone::<A, EmptyNotesForNone>(fresh, A::LED),
        alone::<A, ErrForAFreshSlot>(fresh, A::LED),
        alone::<A, HangsBeginning>(fresh, A::LED),
        alone::<A, PanicsBeginning>(fresh, A::LED),
        alone::<A, PanicsForACoordinator>(fresh, &[]),
        alone::<A, OneLeadForAll>(fresh, &[]),
        beside::<A, HasNoCoordinator>(fresh),
        alone::<A, ItsClockStandsStill>(clock, A::LED),
        alone::<A, ItsClockGoesBack>(clock, A::LED),
        two::<A, EachTellsItsOwnTime>(clock, A::LED),
        alone::<A, LetsAllLead>("at_most_one_leads", A::LED),
        alone::<A, TellsTheLeaseThatIsAskedFor>("at_most_one_leads", A::LED),
        alone::<A, TellsNoTimeToWait>("at_most_one_leads", A::LED),
        alone::<A, WhoWaitsProlongsTheLease>("at_most_one_leads", A::LED),
        alone::<A, LooksAndLeadsApart>("at_most_one_leads", A::LED),
        two::<A, LeadsInItsOwnProcess>("at_most_one_leads", A::LED),
        alone::<A, ACommitLeavesTheLease>(ended, A::LED),
        alone::<A, CommitsAndSaysNo>(ended, A::LED),
        alone::<A, CommitsOnlyTheFirst>(ended, A::LED),
        alone::<A, FailsCommittingAndTells>(ended, A::LED),
        alone::<A, CommitsNoRecord>(whole, A::LED),
        alone::<A, CommitsNoMoreThan511Characters>(whole, A::LED),
        alone::<A, CommitsNoQuotes>(whole, A::LED),
        alone::<A, CommitsToAPlaceOfItsOwn>(whole, A::LED),
        two::<A, EachRemembersWhatItCommitted>(whole, A::LED),
        alone::<A, CommitsNoNotes>(noted, A::LED),
        alone::<A, CutsNotes>(noted, A::LED),
        alone::<A, NotesInAscii>(noted, A::LED),
        alone::<A, NotesOnOneLine>(noted, A::LED),
        alone::<A, TellsNotesToTheLeaderOnly>(noted, A::LED),
        alone::<A, AnAbortLosesTheRecord>(aborted, A::LED),
        alone::<A, AnAbortLeavesTheLease>(aborted, A::LED),
        alone::<A, AbortsWithoutNotes>(aborted, A::LED),
        alone::<A, AbortsAndSaysNo>(aborted, A::LED),
        alone::<A, FindsWhatWasCommittedOnly>("who_begins_finds_what_was_saved", A::LED),
        alone::<A, ShowsTheRecordToTheLeaderOnly>("who_begins_finds_what_was_saved", A::LED),
        alone::<A, OneLeadForAnAccount>(apart, &[]),
        alone::<A, OneLeadForAllTickets>(apart, &[]),
        alone::<A, KeysJoinedByAColon>(apart, &[]),
        alone::<A, ASaveEndsAllLeadsOfTheAccount>(apart, &[]),
        alone::<A, ALeaseNeverLapses>("a_lease_lapses_in_time", A::LED),
        alone::<A, ALeaseLapsesTooSoon>("a_lease_lapses_in_time", A::LED),
        alone::<A, ALeaseLapsesTooLate>("a_lease_lapses_in_time", A::LED),
        alone::<A, TakesOverWithoutATransaction>("one_of_many_takes_over", A::LED),
        alone::<A, FencesStartAnewAfterAnAbort>(fences, A::LED),
        alone::<A, ACommitGivesItsFenceBack>(fences, A::LED),
        alone::<A, WhoTakesOverHasTheSameFence>(fences, A::LED),
        alone::<A, ASaveMakesARowAnew>(fences, A::LED),
        two::<A, EachCountsItsOwnFences>(fences, A::LED),
        alone::<A, CommitsWhateverComes>("a_late_commit_changes_nothing", A::LED),
        alone::<A, CommitsWhatComesLate>("a_late_commit_changes_nothing", A::LED),
        alone::<A, SaysYesToALateCommit>("a_late_commit_changes_nothing", A::LED),
        alone::<A, ALateCommitDropsTheLease>("a_late_commit_changes_nothing", A::LED),
        alone::<A, ALateCommitLeavesItsNotes>("a_late_commit_changes_nothing", A::LED),
        alone::<A, AbortsWhatComesLate>("a_late_abort_changes_nothing", A::LED),
        alone::<A, ALateAbortDropsTheLease>("a_late_abort_changes_nothing", A::LED),
        alone::<A, ALateAbortLeavesItsNotes>("a_late_abort_changes_nothing", A::LED),
        alone::<A, RefusesACommitPastItsLease>(past, A::LED),
        alone::<A, RefusesAnAbortPastItsLease>(past, A::LED),
        alone::<A, CommitsOnceOnly>("a_commit_may_be_repeated", A::LED),
        alone::<A, CommitsAHigherFence>(nobodys, A::LED),
        alone::<A, CommitsWhereNobodyHasBegun>(nobodys, A::LED),
        alone::<A, AHigherAbortEndsTheLead>(nobodys, A::LED),
        alone::<A, ASaveLeavesTheLead>(saved, A::LED),
        alone::<A, ASaveEndsTheLeaseAndNoMore>(saved, A::LED),
        alone::<A, ASaveLeavesTheLease>(saved, A::LED),
        alone::<A, ASaveLosesTheNotes>(saved, A::LED),
        alone::<A, EndsTheLeadBeforeItWrites>(at_once, A::LED),
        alone::<A, ReadsBeforeItLeads>(at_once, A::LED),
        alone::<A, WritesARecordInParts>(at_once, A::LED),
        alone::<A, ComparesAndWritesApart>("a_commit_and_a_save_at_once_lose_nothing_saved", A::LED),
        alone::<A, ComparesTheRecordOnly>("a_commit_and_a_lead_at_once_do_not_miss_each_other", A::LED),
        unreachable::<A, HasNoCoordinatorThen>(reach, &[]),
        unreachable::<A, LeadsForErr>(reach, A::LED),
        unreachable::<A, HangsForErr>(reach, A::LED),
        unreachable::<A, CommittedForErr>(reach, A::LED),
        unreachable::<A, RefusedForErr>(reach, A::LED),
        unreachable::<A, AbortedForErr>(reach, A::LED),
        unreachable::<A, TellsWhatItWasToCommit>(tells, A::LED),
        unreachable::<A, TellsItInTheSource>(tells, A::LED),
    ]
}

/// Those that only authorizers' credentials can have.
pub fn of_authorizers() -> Vec<Fault<Component>> {
    let apart = "each_slot_has_a_lead_of_its_own";
    vec![
        alone::<_, CommitsOverWhatIsStored>("a_committed_record_is_kept_whole", &[ACCESS_TOKEN]),
        alone::<_, OneLeadForAllAuthorizers>(apart, &[ACCESS_TOKEN]),
        alone::<_, OneLeadForAnAuthorizerOfManyComponents>(apart, &[ACCESS_TOKEN]),
    ]
}
