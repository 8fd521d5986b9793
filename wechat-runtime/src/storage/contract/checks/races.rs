//! Many who begin, commit and save at once.

use futures_util::future::join;
use tokio::task::{JoinSet, yield_now};

use crate::storage::contract::led::{LONG, Place, Process, SHORT, SLACK, new_notes};
use crate::storage::contract::record::Record;
use crate::storage::contract::slot::{new_value, unix_now};
use crate::storage::contract::storm::all_of;
use crate::storage::contract::trial::{Outcome, Trial};
use crate::storage::{Notes, Turn};
use crate::{AuthorizerToken, TokenKind};

// Enough for a coordinator that reads and writes apart to lose something; few enough for a slow disk.
const LEADERS: usize = 6;
const TURNS: usize = 8;
const READERS: usize = 2;
const READS: usize = 16;
const ROUNDS: usize = 6;

/// One lead of many: what it found, and what it has committed.
struct Led {
    fence: u64,
    found: (Option<Record>, Option<Notes>),
    committed: (Record, Notes),
}

pub(super) async fn who_leads_finds_what_the_one_before_has_committed(trial: &Trial) -> Outcome {
    for place in trial.places() {
        let processes = trial.processes()?;
        let mut leaders = JoinSet::new();
        for nth in 0..LEADERS {
            let (process, place) = (processes[nth % processes.len()].clone(), place.clone());
            leaders.spawn(async move { take_turns(&process, &place, nth).await });
        }
        let mut readers = JoinSet::new();
        for nth in 0..READERS {
            let (process, place) = (processes[nth % processes.len()].clone(), place.clone());
            readers.spawn(async move {
                let mut found = Vec::with_capacity(READS);
                for _ in 0..READS {
                    found.push(process.adapter.fetch(&place.account, &place.slot).await?);
                    yield_now().await;
                }
                Ok(found)
            });
        }
        let mut leads: Vec<_> = all_of(leaders).await?.into_iter().flatten().collect();
        let reads: Vec<_> = all_of(readers).await?.into_iter().flatten().flatten().collect();
        follow_each_other(&place, &mut leads, &processes[0]).await?;

        let committed: Vec<_> = leads.into_iter().map(|lead| lead.committed.0).collect();
        if let Some(torn) = reads.iter().find(|read| !committed.contains(read)) {
            let pieces = torn.pieces_of(&committed);
            return Err(place.failed(format!("expected one of the records committed, found {pieces}")));
        }
    }
    Ok(())
}

/// Begins again and again, and commits where it is its turn; each record unlike all others.
async fn take_turns(process: &Process, place: &Place, nth: usize) -> Outcome<Vec<Led>> {
    let mut leads = Vec::new();
    for turn in 0..TURNS {
        let begun = process.begin(place, LONG).await?;
        let found = (place.read(begun.record)?, begun.notes);
        if let Turn::Lead { fence } = begun.turn {
            let unlike_all = (nth * TURNS + turn) as u64;
            let committed = (place.slot.nth(unlike_all), new_notes());
            yield_now().await;
            process.commit(place, fence, &committed.0, &committed.1).await?;
            leads.push(Led { fence, found, committed });
        }
        for _ in 0..=nth % 3 {
            yield_now().await;
        }
    }
    Ok(leads)
}

/// Fails unless each lead, by its fence, has found what the one before has left; the last is what is stored.
async fn follow_each_other(place: &Place, leads: &mut [Led], process: &Process) -> Outcome {
    leads.sort_by_key(|lead| lead.fence);
    let mut left = None;
    for lead in &*leads {
        let (record, notes) = left.map_or((None, None), |(record, notes)| (Some(record), Some(notes)));
        place.is_record(lead.found.0.as_ref(), record)?;
        place.are_notes(lead.found.1.as_ref(), notes)?;
        left = Some((&lead.committed.0, &lead.committed.1));
    }
    if leads.windows(2).any(|pair| pair[0].fence == pair[1].fence) {
        return Err(place.failed("expected a fence for each lead, found one for two"));
    }
    match left {
        Some((record, _)) => process.adapter.expect(&place.account, record).await,
        None => Err(place.failed("expected somebody to lead, and nobody did")),
    }
}

pub(super) async fn a_commit_and_a_save_at_once_lose_nothing_saved(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    for round in 0..ROUNDS {
        for place in trial.places() {
            let (stored, told) = (place.slot.nth(0), told_meanwhile(&place));
            processes[0].adapter.save(&place.account, &stored).await?;
            let (committed, notes) = (place.slot.nth(1), new_notes());
            let lead = processes[0].lead(&place, LONG).await?;

            let (one, other) = (processes[0].clone(), processes[1 % processes.len()].clone());
            let mut commits = JoinSet::new();
            commits.spawn({
                let (place, committed) = (place.clone(), committed.clone());
                async move { take_turn(round, one.try_commit(&place, lead.fence, &committed, &notes)).await }
            });
            let mut saves = JoinSet::new();
            saves.spawn({
                let (place, told) = (place.clone(), told.clone());
                async move { take_turn(ROUNDS / 2, other.adapter.save(&place.account, &told)).await }
            });
            let counts = all_of(commits).await?;
            all_of(saves).await?;

            let before = match counts.as_slice() {
                [Ok(true)] => committed,
                [Ok(false)] => stored,
                _ => return Err(place.failed("expected `Ok` of a commit, found that it answered `Err`")),
            };
            let kept = over(told, before);
            processes[0].adapter.expect(&place.account, &kept).await?;
            let lead = processes[0].lead(&place, LONG).await?;
            place.is_record(lead.record.as_ref(), Some(&kept))?;
        }
    }
    Ok(())
}

/// What an account's owner tells while a refresh is under way: of an authorizer, another refresh token.
fn told_meanwhile(place: &Place) -> Record {
    let record = place.slot.record(TokenKind::Stable, new_value, unix_now(), 7300);
    match record {
        Record::Authorizer(whole) => Record::Authorizer(match whole.refresh_token() {
            Some(refresh_token) => AuthorizerToken::new().with_refresh_token(refresh_token.clone()),
            None => whole,
        }),
        record => record,
    }
}

/// What is kept when this is saved where that is.
fn over(saved: Record, stored: Record) -> Record {
    match (saved, stored) {
        (Record::Authorizer(saved), Record::Authorizer(stored)) => {
            Record::Authorizer(saved.over(Some(stored)))
        }
        (saved, _) => saved,
    }
}

/// Does it after so many turns of others.
async fn take_turn<T>(turns: usize, work: impl Future<Output = T>) -> T {
    for _ in 0..turns {
        yield_now().await;
    }
    work.await
}

pub(super) async fn a_commit_and_a_lead_at_once_do_not_miss_each_other(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    let mut lapsing = Vec::new();
    for round in 0..ROUNDS {
        for place in trial.places() {
            let stored = place.slot.nth(0);
            processes[0].adapter.save(&place.account, &stored).await?;
            let lead = processes[0].lead(&place, SHORT).await?;
            lapsing.push((round, place, stored, lead));
        }
    }
    // All are over when the last is.
    if let Some((.., lead)) = lapsing.last() {
        trial.passed(&processes[0], lead.now, SHORT + SLACK).await?;
    }
    let mut tasks = JoinSet::new();
    for (round, place, stored, lead) in lapsing {
        let (one, other) = (processes[0].clone(), processes[1 % processes.len()].clone());
        tasks.spawn(async move {
            let (committed, notes) = (place.slot.nth(1), new_notes());
            let commit = take_turn(round, one.try_commit(&place, lead.fence, &committed, &notes));
            let next = take_turn(ROUNDS / 2, other.lead(&place, LONG));
            let (counts, next) = join(commit, next).await;
            let expected = match counts? {
                Ok(true) => &committed,
                Ok(false) => &stored,
                Err(_) => return Err(place.failed("expected `Ok` of a commit, found that it answered `Err`")),
            };
            let next = next?;
            place.is_record(next.record.as_ref(), Some(expected))?;
            one.wait(&place).await?;
            one.adapter.expect(&place.account, expected).await
        });
    }
    all_of(tasks).await?;
    Ok(())
}
