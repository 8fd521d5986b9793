//! What a commit and an abort leave behind, and what counts for nothing.

use futures_util::future::try_join_all;

use crate::TokenKind;
use crate::storage::Notes;
use crate::storage::contract::led::{LONG, Place, SHORT, SLACK, What, new_notes};
use crate::storage::contract::slot::{YEAR_2100, long_value, new_value, punctuated_value, unix_now};
use crate::storage::contract::trial::{Outcome, Trial};

pub(super) async fn a_commit_ends_the_lead(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    for place in trial.places() {
        // What is in a slot for the first time, and what is not.
        for n in 0..2 {
            let lead = processes[0].lead(&place, LONG).await?;
            processes[0].commit(&place, lead.fence, &place.slot.nth(n), &new_notes()).await?;
        }
        for process in &processes {
            let lead = process.lead(&place, LONG).await?;
            process.commit(&place, lead.fence, &place.slot.nth(2), &new_notes()).await?;
        }
    }
    Ok(())
}

pub(super) async fn a_committed_record_is_kept_whole(trial: &Trial) -> Outcome {
    let (stable, now) = (TokenKind::Stable, unix_now());
    for place in trial.places() {
        let Place { slot, account, .. } = &place;
        let records = [
            slot.record(stable, new_value, now, 7200),
            slot.record(TokenKind::Classic, new_value, now, 7200),
            slot.record(stable, long_value, now, 7200),
            slot.record(stable, punctuated_value, now, 7200),
            slot.record(stable, new_value, YEAR_2100, 7200),
            slot.record(stable, new_value, now, u64::from(u32::MAX)),
            slot.record(stable, new_value, 1, 7200),
        ];
        // As it is: a record that does not tell all is not laid over the one before.
        for record in records.into_iter().chain(slot.records_in_part()) {
            let processes = trial.processes()?;
            let lead = processes[0].lead(&place, LONG).await?;
            processes[0].commit(&place, lead.fence, &record, &new_notes()).await?;
            for process in processes {
                process.adapter.expect(account, &record).await?;
                let lead = process.lead(&place, LONG).await?;
                place.is_record(lead.record.as_ref(), Some(&record))?;
                process.commit(&place, lead.fence, &record, &new_notes()).await?;
            }
        }
    }
    Ok(())
}

/// What notes may be made of: anything but control characters, which are no text to a database; line ends are.
fn odd_notes() -> Notes {
    let ascii: String = (' '..='~').collect();
    Notes::from(format!("{ascii}\t\r\n é 微信 🦀 \u{2028} %s ${{0}} ''\"\" \\x00 ]]> {ascii}"))
}

/// More than the day's counts and a chain of pauses come to.
fn long_notes() -> Notes {
    Notes::from(format!("{} end", "{\"until\": \"微信\"}, ".repeat(400)))
}

pub(super) async fn what_is_noted_is_kept_whole(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    for place in trial.places() {
        for notes in [new_notes(), odd_notes(), long_notes(), new_notes()] {
            let lead = processes[0].lead(&place, LONG).await?;
            processes[0].commit(&place, lead.fence, &place.slot.living(), &notes).await?;
            for process in &processes {
                let lead = process.lead(&place, LONG).await?;
                place.are_notes(lead.notes.as_ref(), Some(&notes))?;
                // So does one who waits.
                place.are_notes(process.wait(&place).await?.notes.as_ref(), Some(&notes))?;
                process.commit(&place, lead.fence, &place.slot.living(), &notes).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn an_abort_ends_the_lead_and_keeps_the_record(trial: &Trial) -> Outcome {
    let process = &trial.processes()?[0];
    for place in trial.places() {
        let mut stored = None;
        for n in 0..2 {
            for notes in [new_notes(), odd_notes(), long_notes()] {
                let lead = process.lead(&place, LONG).await?;
                process.abort(&place, lead.fence, &notes).await?;
                let lead = process.lead(&place, LONG).await?;
                place.is_record(lead.record.as_ref(), stored.as_ref())?;
                place.are_notes(lead.notes.as_ref(), Some(&notes))?;
                process.abort(&place, lead.fence, &notes).await?;
            }
            if let Some(stored) = &stored {
                process.adapter.expect(&place.account, stored).await?;
            }
            let (lead, record) = (process.lead(&place, LONG).await?, place.slot.nth(n));
            process.commit(&place, lead.fence, &record, &new_notes()).await?;
            stored = Some(record);
        }
    }
    Ok(())
}

pub(super) async fn who_begins_finds_what_was_saved(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    for process in &processes {
        for place in trial.places() {
            for n in 0..3 {
                let record = place.slot.nth(n);
                processes[0].adapter.save(&place.account, &record).await?;
                let lead = process.lead(&place, LONG).await?;
                place.is_record(lead.record.as_ref(), Some(&record))?;
                let waits = process.wait(&place).await?;
                place.is_record(place.read(waits.record)?.as_ref(), Some(&record))?;
                if n == 0 {
                    let record = place.slot.nth(n);
                    process.commit(&place, lead.fence, &record, &new_notes()).await?;
                } else {
                    process.abort(&place, lead.fence, &new_notes()).await?;
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn a_late_commit_changes_nothing(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| late(trial, place, What::Commit))).await?;
    Ok(())
}

pub(super) async fn a_late_abort_changes_nothing(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| late(trial, place, What::Abort))).await?;
    Ok(())
}

async fn late(trial: &Trial, place: Place, what: What) -> Outcome {
    let processes = trial.processes()?;
    let (one, other) = (&processes[0], &processes[1 % processes.len()]);
    let (record, notes) = (place.slot.nth(0), new_notes());
    let lead = one.lead(&place, LONG).await?;
    one.commit(&place, lead.fence, &record, &notes).await?;
    let late = one.lead(&place, SHORT).await?;
    trial.passed(one, late.now, SHORT + SLACK).await?;
    let leads = other.lead(&place, LONG).await?.fence;

    // While the other leads: its lease goes on, and all is as it was.
    one.in_vain(&place, late.fence, what).await?;
    one.expect(&place, one.wait(&place).await?, Some(&record), Some(&notes)).await?;
    // It is none the wiser, and when it has done, it is too late still.
    let (record, others) = (place.slot.nth(1), new_notes());
    other.commit(&place, leads, &record, &others).await?;
    one.in_vain(&place, late.fence, what).await?;
    let lead = one.lead(&place, LONG).await?;
    place.is_record(lead.record.as_ref(), Some(&record))?;
    place.are_notes(lead.notes.as_ref(), Some(&others))?;
    one.adapter.expect(&place.account, &record).await
}

pub(super) async fn what_comes_past_its_lease_counts_where_nobody_has_begun(trial: &Trial) -> Outcome {
    // Their leases run together, so that they are waited for once.
    let commits = trial.places().into_iter().map(|place| unhurried(trial, place, What::Commit));
    let aborts = trial.places().into_iter().map(|place| unhurried(trial, place, What::Abort));
    try_join_all(commits.chain(aborts)).await?;
    Ok(())
}

async fn unhurried(trial: &Trial, place: Place, what: What) -> Outcome {
    let process = &trial.processes()?[0];
    let (before, record, notes) = (place.slot.nth(0), place.slot.nth(1), new_notes());
    process.adapter.save(&place.account, &before).await?;
    let lead = process.lead(&place, SHORT).await?;
    trial.passed(process, lead.now, SHORT + SLACK).await?;
    let stored = match what {
        What::Commit => {
            process.commit(&place, lead.fence, &record, &notes).await?;
            record
        }
        What::Abort => {
            process.abort(&place, lead.fence, &notes).await?;
            before
        }
    };
    process.adapter.expect(&place.account, &stored).await?;
    let lead = process.lead(&place, LONG).await?;
    place.is_record(lead.record.as_ref(), Some(&stored))?;
    place.are_notes(lead.notes.as_ref(), Some(&notes))
}

pub(super) async fn a_commit_may_be_repeated(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    let (one, other) = (&processes[0], &processes[1 % processes.len()]);
    for place in trial.places() {
        let (record, notes) = (place.slot.nth(0), new_notes());
        let lead = one.lead(&place, LONG).await?;
        for _ in 0..3 {
            one.commit(&place, lead.fence, &record, &notes).await?;
        }
        let next = other.lead(&place, LONG).await?;
        place.is_record(next.record.as_ref(), Some(&record))?;
        place.are_notes(next.notes.as_ref(), Some(&notes))?;
        // Not once another has begun.
        one.in_vain(&place, lead.fence, What::Commit).await?;
        other.expect(&place, one.wait(&place).await?, Some(&record), Some(&notes)).await?;
    }
    Ok(())
}

pub(super) async fn a_fence_that_nobody_has_counts_for_nothing(trial: &Trial) -> Outcome {
    let process = &trial.processes()?[0];
    for place in trial.places() {
        for made_up in [0, 1, 1000] {
            process.in_vain(&place, made_up, What::Commit).await?;
            process.in_vain(&place, made_up, What::Abort).await?;
        }
        let lead = process.lead(&place, LONG).await?;
        place.is_record(lead.record.as_ref(), None)?;
        place.are_notes(lead.notes.as_ref(), None)?;
        let made_up = [lead.fence + 1, lead.fence + 1000];
        for made_up in made_up {
            process.in_vain(&place, made_up, What::Commit).await?;
            process.in_vain(&place, made_up, What::Abort).await?;
        }
        process.expect(&place, process.wait(&place).await?, None, None).await?;

        let (record, notes) = (place.slot.nth(0), new_notes());
        process.commit(&place, lead.fence, &record, &notes).await?;
        for made_up in made_up {
            process.in_vain(&place, made_up, What::Commit).await?;
            process.in_vain(&place, made_up, What::Abort).await?;
        }
        let lead = process.lead(&place, LONG).await?;
        place.is_record(lead.record.as_ref(), Some(&record))?;
        place.are_notes(lead.notes.as_ref(), Some(&notes))?;
    }
    Ok(())
}

pub(super) async fn a_save_past_the_lead_ends_it(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    let (one, other) = (&processes[0], &processes[1 % processes.len()]);
    for place in trial.places() {
        let notes = new_notes();
        let lead = one.lead(&place, LONG).await?;
        one.abort(&place, lead.fence, &notes).await?;

        // Nobody has begun since; and what a leader has bought meanwhile is the older news.
        let (lead, record) = (one.lead(&place, LONG).await?, place.slot.nth(1));
        other.adapter.save(&place.account, &record).await?;
        one.in_vain(&place, lead.fence, What::Commit).await?;
        one.in_vain(&place, lead.fence, What::Abort).await?;
        // Nobody has to wait for it, and what was noted is noted still.
        let lead = one.lead(&place, LONG).await?;
        place.is_record(lead.record.as_ref(), Some(&record))?;
        place.are_notes(lead.notes.as_ref(), Some(&notes))?;

        // And another leads.
        other.adapter.save(&place.account, &place.slot.nth(2)).await?;
        let next = other.lead(&place, LONG).await?;
        one.in_vain(&place, lead.fence, What::Commit).await?;
        one.wait(&place).await?;
        other.commit(&place, next.fence, &place.slot.nth(3), &notes).await?;
    }
    Ok(())
}
