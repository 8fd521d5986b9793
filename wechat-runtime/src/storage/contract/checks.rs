//! The checks: a table of what must hold, and how each is tried.

mod apart;
mod at_once;
mod authorizers;
mod reach;
mod records;

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

/// Makes the checks in their order. What builds on one for which nothing was given is run all the same.
pub(super) async fn run(trial: &Trial) -> Vec<Checked> {
    let besides = match trial.kind() {
        Kind::Common => &[],
        Kind::Component => OF_COMPONENTS,
    };
    let mut done: Vec<Checked> = Vec::with_capacity(CHECKS.len() + besides.len());
    for Check { name, rule, after, run } in CHECKS.iter().chain(besides) {
        let stands = |other: &&str| {
            done.iter()
                .any(|it| it.name == *other && matches!(it.verdict, Verdict::Held | Verdict::NotGiven(_)))
        };
        let verdict = match after.iter().find(|other| !stands(other)) {
            Some(other) => Verdict::NotReached(other),
            None => match run(trial).await {
                Ok(()) => Verdict::Held,
                Err(Verdict::Failed(how)) => Verdict::Failed(trial.redacted(&how)),
                Err(verdict) => verdict,
            },
        };
        done.push(Checked { name, rule, verdict });
    }
    done
}
