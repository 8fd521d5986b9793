//! Who leads, and for how long.

use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;
use tokio::task::{JoinSet, yield_now};

use crate::storage::contract::led::{LONG, Place, Process, SHORT, SLACK, new_notes, pause, since};
use crate::storage::contract::storm::all_of;
use crate::storage::contract::trial::{Outcome, Trial};
use crate::storage::{Begun, Turn};

/// How many begin at once: enough for a coordinator that reads and writes apart to let two lead.
const MANY: usize = 8;
const ROUNDS: usize = 3;

/// A storage that keeps whole seconds rounds what is left of a lease down.
const ROUNDED: Duration = Duration::from_secs(2);

pub(super) async fn a_fresh_slot_is_empty_and_its_lead_is_given(trial: &Trial) -> Outcome {
    for process in trial.processes()? {
        for place in trial.places() {
            let lead = process.lead(&place, LONG).await?;
            place.is_record(lead.record.as_ref(), None)?;
            place.are_notes(lead.notes.as_ref(), None)?;
        }
    }
    Ok(())
}

pub(super) async fn its_clock_moves_on_and_never_back(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| clock(trial, place))).await?;
    Ok(())
}

async fn clock(trial: &Trial, place: Place) -> Outcome {
    let processes = trial.processes()?;
    let first = processes[0].begin(&place, LONG).await?.now;
    let mut last = first;
    for _ in 0..2 {
        for process in &processes {
            last = not_before(&place, last, process).await?;
        }
    }
    trial.passed(&processes[0], first, Duration::ZERO).await?;
    if not_before(&place, last, &processes[0]).await? == first {
        return Err(
            place.failed("expected `now` to be the time in each slot, found one where it has stopped")
        );
    }
    Ok(())
}

/// What time it is now; fails if it is earlier than it was.
async fn not_before(place: &Place, last: SystemTime, process: &Process) -> Outcome<SystemTime> {
    let now = process.begin(place, LONG).await?.now;
    if now < last {
        let how = format!("expected `now` never to go back, found it go by {:?}", since(last, now));
        return Err(place.failed(how));
    }
    Ok(now)
}

pub(super) async fn at_most_one_leads(trial: &Trial) -> Outcome {
    let processes = trial.processes()?;
    for place in trial.places() {
        let began = processes[0].lead(&place, LONG).await?.now;
        // Whoever waits moves nothing by what it asks for.
        for lease in [Duration::from_millis(1), 2 * LONG, LONG] {
            for process in &processes {
                waits(&place, &process.begin(&place, lease).await?, began)?;
            }
        }
    }
    for _ in 0..ROUNDS {
        for place in trial.places() {
            let mut tasks = JoinSet::new();
            for nth in 0..MANY {
                let (process, place) = (processes[nth % processes.len()].clone(), place.clone());
                tasks.spawn(async move { process.begin(&place, LONG).await });
            }
            let all = all_of(tasks).await?;
            let leads: Vec<_> = all.iter().filter(|found| matches!(found.turn, Turn::Lead { .. })).collect();
            let [lead] = *leads else {
                return Err(place.failed(format!("expected one of {MANY} to lead, found {}", leads.len())));
            };
            let mut others = all.iter().filter(|found| matches!(found.turn, Turn::Wait { .. }));
            others.try_for_each(|found| waits(&place, found, lead.now))?;
        }
    }
    Ok(())
}

/// Fails unless it is told to wait for what is left of a long lease that began then.
fn waits(place: &Place, found: &Begun, began: SystemTime) -> Outcome {
    let Turn::Wait { at_most } = found.turn else {
        return Err(place.failed("expected to be told to wait, because another leads, found the lead"));
    };
    let left = LONG.saturating_sub(since(found.now, began));
    if at_most > LONG || at_most > left + SLACK || at_most + ROUNDED < left {
        return Err(place.failed(format!("expected to wait for {left:?}, was told {at_most:?}")));
    }
    Ok(())
}

pub(super) async fn a_lease_lapses_in_time(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| lapse(trial, place))).await?;
    Ok(())
}

async fn lapse(trial: &Trial, place: Place) -> Outcome {
    let process = &trial.processes()?[0];
    let began = process.lead(&place, SHORT).await?.now;
    for () in trial.polls(SHORT) {
        let Begun { turn, now, .. } = process.begin(&place, LONG).await?;
        let passed = since(now, began);
        match turn {
            Turn::Lead { .. } if passed + SLACK < SHORT => {
                let how = format!("expected a lease of {SHORT:?}, found it over after {passed:?}");
                return Err(place.failed(how));
            }
            Turn::Lead { .. } => return Ok(()),
            Turn::Wait { .. } if passed > SHORT + SLACK => break,
            Turn::Wait { .. } => pause().await,
        }
    }
    Err(place.failed(format!("expected a lease of {SHORT:?} to lapse, found it running after that")))
}

pub(super) async fn one_of_many_takes_over(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| take_over(trial, place))).await?;
    Ok(())
}

async fn take_over(trial: &Trial, place: Place) -> Outcome {
    let processes = trial.processes()?;
    let dead = processes[0].lead(&place, SHORT).await?;
    processes[0].wait(&place).await?;
    trial.passed(&processes[0], dead.now, SHORT + SLACK).await?;
    let mut tasks = JoinSet::new();
    for nth in 0..MANY {
        let (process, place) = (processes[nth % processes.len()].clone(), place.clone());
        tasks.spawn(async move {
            // Not all are to keep step.
            for _ in 0..nth % 3 {
                yield_now().await;
            }
            Ok(matches!(process.begin(&place, LONG).await?.turn, Turn::Lead { .. }))
        });
    }
    match all_of(tasks).await?.into_iter().filter(|leads| *leads).count() {
        1 => Ok(()),
        count => Err(place.failed(format!("expected one of {MANY} to take over, found {count}"))),
    }
}

pub(super) async fn each_fence_is_higher_than_all_before(trial: &Trial) -> Outcome {
    try_join_all(trial.places().into_iter().map(|place| fences(trial, place))).await?;
    Ok(())
}

/// How a lead has ended.
#[derive(Clone, Copy)]
enum End {
    Committed,
    Aborted,
    Lapsed,
    /// That a save ends it is another check's: here it is aborted before.
    SavedAfter,
}

async fn fences(trial: &Trial, place: Place) -> Outcome {
    let processes = trial.processes()?;
    // Each after each, but for the lease that lapses, which is waited for once.
    let ends = [
        (End::Committed, "a commit"),
        (End::Committed, "a commit"),
        (End::Aborted, "an abort"),
        (End::Aborted, "an abort"),
        (End::Committed, "a commit"),
        (End::SavedAfter, "a save"),
        (End::Lapsed, "a lease that has lapsed"),
        (End::SavedAfter, "a save"),
        (End::Aborted, "an abort"),
        (End::Committed, "a commit"),
    ];
    let mut newest: Option<(u64, &str)> = None;
    for (nth, (end, what)) in (0..).zip(ends) {
        let process = &processes[nth % processes.len()];
        let lease = if matches!(end, End::Lapsed) { SHORT } else { LONG };
        let lead = process.lead(&place, lease).await?;
        if let Some((fence, before)) = newest.filter(|(fence, _)| lead.fence <= *fence) {
            let how = format!("expected a fence above {fence} after {before}, found {}", lead.fence);
            return Err(place.failed(how));
        }
        let (record, notes) = (place.slot.nth(nth as u64), new_notes());
        match end {
            End::Committed => process.commit(&place, lead.fence, &record, &notes).await?,
            End::Aborted => process.abort(&place, lead.fence, &notes).await?,
            End::Lapsed => trial.passed(process, lead.now, SHORT + SLACK).await?,
            End::SavedAfter => {
                process.abort(&place, lead.fence, &notes).await?;
                process.adapter.save(&place.account, &record).await?;
            }
        }
        newest = Some((lead.fence, what));
    }
    Ok(())
}
