//! The checks: a table of what must hold, and how each is tried.

mod apart;
mod at_once;
mod authorizers;
mod commits;
mod leads;
mod races;
mod reach;
mod records;
mod slots;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::trial::{Outcome, Trial};
use super::{Checked, Verdict};
use crate::application::Kind;

struct Check {
    name: &'static str,
    rule: &'static str,
    /// What it builds on: not run unless these hold, so that one fault is told once.
    after: &'static [&'static str],
    run: for<'a> fn(&'a Trial) -> BoxFuture<'a, Outcome>,
}

macro_rules! check {
    ($module:ident :: $name:ident after [$($after:ident),*]: $rule:literal) => {
        Check {
            name: stringify!($name),
            rule: $rule,
            after: &[$(stringify!($after)),*],
            run: |trial| $module::$name(trial).boxed(),
        }
    };
}

const CHECKS: &[Check] = &[
    check!(records::nothing_saved_is_none after []:
        "where nothing was saved, the answer is `Ok(None)`: \"I have none\""),
    check!(records::a_saved_record_is_read_back_whole after [nothing_saved_is_none]:
        "a record is read and written whole"),
    check!(records::save_answers_with_what_is_stored after [a_saved_record_is_read_back_whole]:
        "`save_*` answers with what is stored"),
    check!(records::an_expired_record_is_answered after [a_saved_record_is_read_back_whole]:
        "the stored record is answered, expired or not: the runtime judges"),
    check!(records::a_later_save_replaces_the_earlier after [a_saved_record_is_read_back_whole]:
        "the stored record is the one saved last"),
    check!(apart::accounts_are_kept_apart after [a_saved_record_is_read_back_whole]:
        "a record is that of its account"),
    check!(records::a_save_is_seen_by_the_next_read after [a_later_save_replaces_the_earlier, accounts_are_kept_apart]:
        "what was read before a save is not answered after it"),
    check!(records::another_adapter_reads_what_one_saved after [a_save_is_seen_by_the_next_read]:
        "adapters of one storage answer alike: processes share it"),
    check!(apart::ticket_types_are_kept_apart after [accounts_are_kept_apart]:
        "a ticket is that of its type"),
    check!(apart::tokens_and_tickets_are_kept_apart after [accounts_are_kept_apart]:
        "no credential of an account stands in for another, whatever a ticket's type is called"),
    check!(apart::what_looks_alike_is_kept_apart after [accounts_are_kept_apart, ticket_types_are_kept_apart]:
        "appids and ticket types are compared whole: no joined keys, no patterns (an odd one may be an `Err`)"),
    check!(at_once::no_record_is_torn after [another_adapter_reads_what_one_saved]:
        "a record is read and written whole, by many at once too"),
    check!(at_once::what_was_replaced_never_comes_back after [no_record_is_torn]:
        "the stored record is the one saved last, by many at once too"),
    check!(at_once::saves_at_once_of_many_accounts_are_all_kept after
        [ticket_types_are_kept_apart, tokens_and_tickets_are_kept_apart]:
        "a save loses no other record"),
    check!(reach::an_unknown_account_has_no_secret after []:
        "where there is no secret, the answer is `Ok(None)`: \"I have none\""),
    check!(reach::a_known_secret_is_answered after []:
        "`fetch_secret_key` answers with the application's secret"),
    check!(reach::out_of_reach_is_an_error_to_read after []:
        "`Err` is \"I could not look\": a storage that is down must not cause a fetch from WeChat"),
    check!(reach::out_of_reach_is_an_error_to_save after []:
        "what was not stored is not answered as stored"),
    check!(reach::a_secret_out_of_reach_is_not_none after []:
        "`Err` is \"I could not look\", and not `Ok(None)`: \"I have none\""),
    check!(reach::an_error_does_not_tell_what_was_saved after [out_of_reach_is_an_error_to_save]:
        "secrets are kept out of an error's text"),
];

/// What must hold besides of a component's storage: how a record is saved that does not tell all.
const OF_COMPONENTS: &[Check] = &[
    check!(authorizers::what_a_record_does_not_tell_is_kept after [a_save_is_seen_by_the_next_read]:
        "nothing that is stored is taken away by what a record does not tell"),
    check!(authorizers::a_replaced_refresh_token_becomes_the_previous_one after [what_a_record_does_not_tell_is_kept]:
        "the refresh token before the current one is kept"),
    check!(authorizers::of_two_times_the_later_is_kept after [what_a_record_does_not_tell_is_kept]:
        "it does not matter in which order an authorization and its end are told"),
    check!(authorizers::saves_at_once_of_one_authorizer_take_nothing_from_each_other after
        [another_adapter_reads_what_one_saved, saves_at_once_of_many_accounts_are_all_kept,
            a_replaced_refresh_token_becomes_the_previous_one, of_two_times_the_later_is_kept]:
        "a record is saved over the stored one in one transaction"),
];

/// What must hold besides of a storage that has a coordinator.
const OF_COORDINATORS: &[Check] = &[
    check!(leads::a_fresh_slot_is_empty_and_its_lead_is_given after []:
        "where nothing is, there is no record and no note, and who begins leads; each adapter of the storage says so"),
    check!(leads::its_clock_moves_on_and_never_back after [a_fresh_slot_is_empty_and_its_lead_is_given]:
        "`now` is what time it is, by one clock for all processes"),
    check!(leads::at_most_one_leads after [its_clock_moves_on_and_never_back]:
        "while a lease runs, every other `begin` is told to wait for what is left of it"),
    check!(commits::a_commit_ends_the_lead after [at_most_one_leads]:
        "a commit with the newest fence is `Ok(true)`, and the next to begin leads"),
    check!(commits::a_committed_record_is_kept_whole after [a_commit_ends_the_lead, a_save_is_seen_by_the_next_read]:
        "what was committed is what `fetch_*` and the next `begin` read, whole and as it is"),
    check!(commits::what_is_noted_is_kept_whole after [a_commit_ends_the_lead]:
        "notes are text to be kept and given back as it is"),
    check!(commits::an_abort_ends_the_lead_and_keeps_the_record after
        [a_committed_record_is_kept_whole, what_is_noted_is_kept_whole]:
        "an abort stores its notes, takes nothing away, and the next to begin leads"),
    check!(commits::who_begins_finds_what_was_saved after [an_abort_ends_the_lead_and_keeps_the_record]:
        "`begin` reads what `fetch_*` reads, whoever has stored it"),
    check!(slots::each_slot_has_a_lead_of_its_own after [who_begins_finds_what_was_saved]:
        "who leads in one slot keeps nobody from another, and stores nothing in it"),
    check!(leads::a_lease_lapses_in_time after [at_most_one_leads]:
        "a lease is over when its time is, by the clock of `now`, and not before: so are leaders that have died"),
    check!(leads::one_of_many_takes_over after [a_lease_lapses_in_time]:
        "when a lease has lapsed, exactly one takes over"),
    check!(leads::each_fence_is_higher_than_all_before after
        [who_begins_finds_what_was_saved, a_lease_lapses_in_time]:
        "each lead has a fence higher than all before it, those that nobody came back from included"),
    check!(commits::a_late_commit_changes_nothing after [each_fence_is_higher_than_all_before]:
        "what comes after another has begun is `Ok(false)`, and leaves record, notes and lease as they are"),
    check!(commits::a_late_abort_changes_nothing after [each_fence_is_higher_than_all_before]:
        "an abort that comes after another has begun is `Ok(false)`, and leaves notes and lease as they are"),
    check!(commits::what_comes_past_its_lease_counts_where_nobody_has_begun after
        [each_fence_is_higher_than_all_before]:
        "what comes with the newest fence is written, also where its lease is over"),
    check!(commits::a_commit_may_be_repeated after [a_late_commit_changes_nothing]:
        "a commit whose answer was lost may be sent again, and is `Ok(true)` again"),
    check!(commits::a_fence_that_nobody_has_counts_for_nothing after
        [a_late_commit_changes_nothing, a_late_abort_changes_nothing]:
        "what comes with another fence than the newest changes nothing, be it higher"),
    check!(commits::a_save_past_the_lead_ends_it after
        [a_late_commit_changes_nothing, a_late_abort_changes_nothing, each_slot_has_a_lead_of_its_own]:
        "`save_*` makes the fence grow and ends the lease: what a leader has bought meanwhile is the older news"),
    check!(races::who_leads_finds_what_the_one_before_has_committed after
        [a_late_commit_changes_nothing, each_slot_has_a_lead_of_its_own, one_of_many_takes_over]:
        "each call is one transaction, by many at once too"),
    check!(races::a_commit_and_a_save_at_once_lose_nothing_saved after
        [a_save_past_the_lead_ends_it, who_leads_finds_what_the_one_before_has_committed]:
        "a commit compares and writes in one transaction: what is saved meanwhile is not overwritten"),
    check!(races::a_commit_and_a_lead_at_once_do_not_miss_each_other after
        [what_comes_past_its_lease_counts_where_nobody_has_begun, one_of_many_takes_over,
            a_commit_and_a_save_at_once_lose_nothing_saved]:
        "a commit compares and writes in one transaction: who leads has found it, or it is refused"),
    check!(reach::a_coordinator_out_of_reach_is_an_error after []:
        "`Err` is \"I could not look\": nobody leads, and nothing is written, while the storage is down"),
    check!(reach::a_coordinators_error_does_not_tell_what_was_committed after [a_coordinator_out_of_reach_is_an_error]:
        "secrets are kept out of an error's text"),
];

/// Makes the checks in their order. What builds on one for which nothing was given is run all the same.
pub(super) async fn run(trial: &Trial) -> Vec<Checked> {
    let of_components = match trial.kind() {
        Kind::Common => &[],
        Kind::Component => OF_COMPONENTS,
    };
    let mut done: Vec<Checked> =
        Vec::with_capacity(CHECKS.len() + of_components.len() + OF_COORDINATORS.len());
    for check in CHECKS.iter().chain(of_components) {
        done.push(made(check, trial, &done).await);
    }
    let coordinates = trial.has_coordinator();
    for check in OF_COORDINATORS {
        let Check { name, rule, .. } = *check;
        done.push(if coordinates {
            made(check, trial, &done).await
        } else {
            Checked { name, rule, verdict: Verdict::NotApplicable("coordinator") }
        });
    }
    done
}

/// One check, after those that are done.
async fn made(check: &Check, trial: &Trial, done: &[Checked]) -> Checked {
    let Check { name, rule, after, run } = *check;
    let stands = |other: &&&str| {
        done.iter().any(|it| it.name == **other && matches!(it.verdict, Verdict::Held | Verdict::NotGiven(_)))
    };
    let verdict = match after.iter().find(|other| !stands(other)) {
        Some(other) => Verdict::NotReached(other),
        None => match run(trial).await {
            Ok(()) => Verdict::Held,
            Err(Verdict::Failed(how)) => Verdict::Failed(trial.redacted(&how)),
            Err(verdict) => verdict,
        },
    };
    Checked { name, rule, verdict }
}
