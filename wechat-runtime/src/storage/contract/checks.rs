//! The checks: a table of what must hold, and how each is tried.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;

use super::record::{MARK, Slot, new_appid, new_value, slots, unix_now};
use super::storm::{Storm, all_of, storm};
use super::trial::{Outcome, Trial, failed};
use super::{Checked, Verdict};
use crate::TokenKind;

struct Check {
    name: &'static str,
    rule: &'static str,
    /// What it builds on: not run unless these hold, so that one fault is told once.
    after: &'static [&'static str],
    run: for<'a> fn(&'a Trial) -> BoxFuture<'a, Outcome>,
}

macro_rules! check {
    ($name:ident after [$($after:ident),*]: $rule:literal) => {
        Check {
            name: stringify!($name),
            rule: $rule,
            after: &[$(stringify!($after)),*],
            run: |trial| $name(trial).boxed(),
        }
    };
}

const CHECKS: &[Check] = &[
    check!(nothing_saved_is_none after []:
        "where nothing was saved, the answer is `Ok(None)`: \"I have none\""),
    check!(a_saved_record_is_read_back_whole after [nothing_saved_is_none]:
        "a record is read and written whole"),
    check!(save_answers_with_what_is_stored after [a_saved_record_is_read_back_whole]:
        "`save_*` answers with what is stored"),
    check!(an_expired_record_is_answered after [a_saved_record_is_read_back_whole]:
        "the stored record is answered, expired or not: the runtime judges"),
    check!(a_later_save_replaces_the_earlier after [a_saved_record_is_read_back_whole]:
        "the stored record is the one saved last"),
    check!(accounts_are_kept_apart after [a_saved_record_is_read_back_whole]:
        "a record is that of its appid"),
    check!(a_save_is_seen_by_the_next_read after [a_later_save_replaces_the_earlier, accounts_are_kept_apart]:
        "what was read before a save is not answered after it"),
    check!(another_adapter_reads_what_one_saved after [a_save_is_seen_by_the_next_read]:
        "adapters of one storage answer alike: processes share it"),
    check!(ticket_types_are_kept_apart after [accounts_are_kept_apart]:
        "a ticket is that of its type"),
    check!(tokens_and_tickets_are_kept_apart after [accounts_are_kept_apart]:
        "a ticket is no access token, whatever its type is called"),
    check!(what_looks_alike_is_kept_apart after [accounts_are_kept_apart, ticket_types_are_kept_apart]:
        "appids and ticket types are compared whole: no joined keys, no patterns (an odd one may be an `Err`)"),
    check!(no_record_is_torn after [another_adapter_reads_what_one_saved]:
        "a record is read and written whole, by many at once too"),
    check!(what_was_replaced_never_comes_back after [no_record_is_torn]:
        "the stored record is the one saved last, by many at once too"),
    check!(saves_at_once_of_many_accounts_are_all_kept after [accounts_are_kept_apart]:
        "a save loses no other account's"),
    check!(an_unknown_account_has_no_secret after []:
        "where there is no secret, the answer is `Ok(None)`: \"I have none\""),
    check!(a_known_secret_is_answered after []:
        "`fetch_secret_key` answers with the application's secret"),
    check!(out_of_reach_is_an_error_to_read after []:
        "`Err` is \"I could not look\": a storage that is down must not cause a fetch from WeChat"),
    check!(out_of_reach_is_an_error_to_save after []:
        "what was not stored is not answered as stored"),
    check!(a_secret_out_of_reach_is_not_none after []:
        "`Err` is \"I could not look\", and not `Ok(None)`: \"I have none\""),
    check!(an_error_does_not_tell_what_was_saved after [out_of_reach_is_an_error_to_save]:
        "secrets are kept out of an error's text"),
];

/// Makes the checks in their order. What builds on one for which nothing was given is run all the same.
pub(super) async fn run(trial: &Trial) -> Vec<Checked> {
    let mut done: Vec<Checked> = Vec::with_capacity(CHECKS.len());
    for Check { name, rule, after, run } in CHECKS {
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

async fn nothing_saved_is_none(trial: &Trial) -> Outcome {
    let appid = new_appid();
    for slot in slots() {
        trial.first().expect_none(&appid, &slot).await?;
    }
    Ok(())
}

async fn a_saved_record_is_read_back_whole(trial: &Trial) -> Outcome {
    // WeChat says to keep room for 512 characters.
    let long = format!("{MARK}{}", "x".repeat(512 - MARK.len()));
    let punctuation: String = ('!'..='~').filter(char::is_ascii_punctuation).collect();
    let punctuated = format!("{MARK}{punctuation}");
    // Past the end of a signed 32-bit number of seconds.
    let year_2100 = 4_102_444_800;
    for slot in slots() {
        let (stable, now) = (TokenKind::Stable, unix_now());
        let records = [
            slot.record(stable, new_value(), now, 7200),
            slot.record(TokenKind::Classic, new_value(), now, 7200),
            slot.record(stable, long.clone(), now, 7200),
            slot.record(stable, punctuated.clone(), now, 7200),
            slot.record(stable, new_value(), year_2100, 7200),
            slot.record(stable, new_value(), now, u64::from(u32::MAX)),
        ];
        for record in records {
            let appid = new_appid();
            trial.first().save(&appid, &record).await?;
            trial.first().expect(&appid, &record).await?;
        }
    }
    Ok(())
}

async fn save_answers_with_what_is_stored(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for slot in slots() {
        let appid = new_appid();
        adapter.save(&appid, &slot.nth(0)).await?;
        let answer = adapter.save(&appid, &slot.nth(1)).await?;
        match adapter.fetch(&appid, &slot).await? {
            Some(stored) if stored == answer => {}
            Some(stored) => {
                let difference = answer.differs_from(&stored);
                return Err(failed(&slot, format!("expected what is stored, found {difference}")));
            }
            None => return Err(failed(&slot, "expected what is stored, and there is nothing")),
        }
    }
    Ok(())
}

async fn an_expired_record_is_answered(trial: &Trial) -> Outcome {
    for slot in slots() {
        for (timestamp, expires_in) in [(unix_now() - 7201, 7200), (unix_now(), 0), (1, 7200)] {
            let appid = new_appid();
            let record = slot.record(TokenKind::Stable, new_value(), timestamp, expires_in);
            trial.first().save(&appid, &record).await?;
            trial.first().expect(&appid, &record).await?;
        }
    }
    Ok(())
}

async fn a_later_save_replaces_the_earlier(trial: &Trial) -> Outcome {
    for slot in slots() {
        let (appid, later) = (new_appid(), slot.nth(0));
        trial.first().save(&appid, &slot.nth(1)).await?;
        trial.first().save(&appid, &later).await?;
        trial.first().expect(&appid, &later).await?;
    }
    Ok(())
}

async fn a_save_is_seen_by_the_next_read(trial: &Trial) -> Outcome {
    for slot in slots() {
        let appid = new_appid();
        trial.first().expect_none(&appid, &slot).await?;
        for n in [2, 1, 0] {
            let record = slot.nth(n);
            trial.first().save(&appid, &record).await?;
            trial.first().expect(&appid, &record).await?;
        }
    }
    Ok(())
}

async fn another_adapter_reads_what_one_saved(trial: &Trial) -> Outcome {
    let first = trial.first();
    for other in trial.others()? {
        for slot in slots() {
            let appid = new_appid();
            // All have looked before, so that one which remembers what it saw is found out.
            first.expect_none(&appid, &slot).await?;
            other.expect_none(&appid, &slot).await?;
            for (n, (saver, reader)) in (0..).zip([(&first, &other), (&other, &first), (&first, &other)]) {
                let record = slot.nth(n);
                saver.save(&appid, &record).await?;
                reader.expect(&appid, &record).await?;
            }
        }
    }
    Ok(())
}

async fn accounts_are_kept_apart(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for slot in slots() {
        let (one, other) = ((new_appid(), slot.nth(0)), (new_appid(), slot.nth(1)));
        for (appid, record) in [&one, &other] {
            adapter.save(appid, record).await?;
        }
        adapter.expect_none(&new_appid(), &slot).await?;
        for (appid, record) in [&one, &other] {
            adapter.expect(appid, record).await?;
        }
    }
    Ok(())
}

async fn ticket_types_are_kept_apart(trial: &Trial) -> Outcome {
    let (adapter, appid) = (trial.first(), new_appid());
    let tickets = ["jsapi", "wx_card", "jsap", "jsapi_too"].map(|word| Slot::ticket(word).living());
    for ticket in &tickets {
        adapter.save(&appid, ticket).await?;
    }
    adapter.expect_none(&appid, &Slot::ticket("never_saved")).await?;
    for ticket in &tickets {
        adapter.expect(&appid, ticket).await?;
    }
    Ok(())
}

async fn tokens_and_tickets_are_kept_apart(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for word in ["jsapi", "access_token", "token"] {
        let token = Slot::AccessToken.living();
        let ticket = Slot::ticket(word).living();
        for (saved, other) in [(&token, &ticket), (&ticket, &token)] {
            let appid = new_appid();
            adapter.save(&appid, saved).await?;
            adapter.expect_none(&appid, &other.slot()).await?;
            adapter.save(&appid, other).await?;
            adapter.expect(&appid, saved).await?;
        }
    }
    Ok(())
}

async fn what_looks_alike_is_kept_apart(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for joint in ["", ":", "/", "_", "-", ".", ",", "|", "#", "\0"] {
        // Joined to one word, both are the same.
        let appid = new_appid();
        let one = (appid.clone(), Slot::ticket(format!("b{joint}c")).living());
        let other = (format!("{appid}{joint}b"), Slot::ticket("c").living());
        let mut kept = Vec::new();
        for (appid, ticket) in [&one, &other] {
            if adapter.try_save(appid, ticket).await?.is_ok() {
                kept.push((appid, ticket));
            }
        }
        for (appid, ticket) in kept {
            adapter.expect(appid, ticket).await?;
        }
    }
    for slot in slots() {
        let appid = new_appid();
        adapter.save(&appid, &slot.living()).await?;
        let beginning = &appid[..appid.len() - 1];
        let alike = ["", "%", "*", "_", "?", ".", ".*"].map(|end| format!("{beginning}{end}"));
        for alike in alike.into_iter().chain([format!("{appid}0")]) {
            if let Ok(Some(_)) = adapter.try_fetch(&alike, &slot).await? {
                let how = format!("expected none for the appid `{alike}`, found that of `{appid}`");
                return Err(failed(&slot, how));
            }
        }
    }
    Ok(())
}

async fn no_record_is_torn(trial: &Trial) -> Outcome {
    for slot in [Slot::AccessToken, Slot::ticket("jsapi")] {
        let Storm { saves, reads } = storm(trial, &slot).await?;
        let saved: Vec<_> = saves.into_iter().map(|save| save.record).collect();
        for read in reads {
            match read.found {
                Some(found) if saved.contains(&found) => {}
                Some(found) => {
                    let pieces = found.pieces_of(&saved);
                    return Err(failed(&slot, format!("expected one of the records saved, found {pieces}")));
                }
                None => return Err(failed(&slot, "expected the record before or after a save, found none")),
            }
        }
    }
    Ok(())
}

async fn what_was_replaced_never_comes_back(trial: &Trial) -> Outcome {
    for slot in [Slot::AccessToken, Slot::ticket("jsapi")] {
        let storm = storm(trial, &slot).await?;
        if storm.reads.iter().any(|read| storm.is_stale(read)) {
            let how = "expected the record saved last, found one that was replaced before the read began";
            return Err(failed(&slot, how));
        }
    }
    Ok(())
}

async fn saves_at_once_of_many_accounts_are_all_kept(trial: &Trial) -> Outcome {
    let mut tasks = JoinSet::new();
    for nth in 0..10 {
        for slot in slots() {
            let (adapter, appid, record) = (trial.adapter(nth), new_appid(), slot.living());
            tasks.spawn(async move {
                adapter.save(&appid, &record).await?;
                Ok((adapter, appid, record))
            });
        }
    }
    for (adapter, appid, record) in all_of(tasks).await? {
        adapter.expect(&appid, &record).await?;
    }
    Ok(())
}

async fn an_unknown_account_has_no_secret(trial: &Trial) -> Outcome {
    match trial.first().secret(&new_appid()).await? {
        None => Ok(()),
        Some(_) => Err(Verdict::Failed("expected `Ok(None)` for an unknown appid, found a secret".into())),
    }
}

async fn a_known_secret_is_answered(trial: &Trial) -> Outcome {
    for (appid, secret) in trial.known_secrets()? {
        for adapter in trial.all() {
            let found = match adapter.secret(appid).await? {
                Some(found) if found == *secret => continue,
                Some(_) => "another",
                None => "`Ok(None)`",
            };
            return Err(Verdict::Failed(format!("expected the secret of `{appid}`, found {found}")));
        }
    }
    Ok(())
}

async fn out_of_reach_is_an_error_to_read(trial: &Trial) -> Outcome {
    let (adapter, appid) = (trial.out_of_reach()?, new_appid());
    for slot in slots() {
        let found = match adapter.try_fetch(&appid, &slot).await? {
            Err(_) => continue,
            Ok(None) => "`Ok(None)`",
            Ok(Some(_)) => "a record",
        };
        return Err(failed(&slot, format!("expected `Err`, found {found}")));
    }
    Ok(())
}

async fn out_of_reach_is_an_error_to_save(trial: &Trial) -> Outcome {
    let (adapter, appid) = (trial.out_of_reach()?, new_appid());
    for slot in slots() {
        if adapter.try_save(&appid, &slot.living()).await?.is_ok() {
            return Err(failed(&slot, "expected `Err`, found `Ok`"));
        }
    }
    Ok(())
}

async fn a_secret_out_of_reach_is_not_none(trial: &Trial) -> Outcome {
    let adapter = trial.out_of_reach()?;
    for (appid, secret) in trial.known_secrets()? {
        let found = match adapter.try_secret(appid).await? {
            Err(_) => continue,
            // Secrets may be kept apart from the storage that is out of reach.
            Ok(Some(found)) if found == *secret => continue,
            Ok(Some(_)) => "another",
            Ok(None) => "`Ok(None)`",
        };
        return Err(Verdict::Failed(format!("expected `Err` or the secret of `{appid}`, found {found}")));
    }
    Ok(())
}

async fn an_error_does_not_tell_what_was_saved(trial: &Trial) -> Outcome {
    let (adapter, appid) = (trial.out_of_reach()?, new_appid());
    for slot in slots() {
        let Err(error) = adapter.try_save(&appid, &slot.living()).await? else { continue };
        let mut words = format!("{error} {error:?}");
        let error = error.into_inner();
        let mut source = error.source();
        while let Some(cause) = source {
            words = format!("{words} {cause} {cause:?}");
            source = cause.source();
        }
        if words.contains(MARK) {
            return Err(failed(&slot, "expected an `Err` without the value, found it in its text"));
        }
    }
    Ok(())
}
