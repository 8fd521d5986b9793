//! Sides that take turns, so that whatever else the machine does meets all of them alike.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::report::{Table, whole};
use crate::usage;

/// How often each side has its turn, unless a scenario says otherwise.
pub(crate) const ROUNDS: usize = 11;

/// What one turn of a side took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// Calls in a second.
    pub(crate) rate: f64,
    /// Microseconds of CPU time for each call.
    pub(crate) cpu: f64,
}

impl Turn {
    pub(crate) fn of(calls: usize, took: Duration, cpu: Duration) -> Self {
        Self { rate: whole(calls) / took.as_secs_f64(), cpu: cpu.as_secs_f64() * 1e6 / whole(calls) }
    }

    /// Measures what so many calls take in this process.
    pub(crate) async fn measured(calls: usize, work: impl Future<Output = ()>) -> Self {
        let (began, cpu) = (Instant::now(), usage::cpu());
        work.await;
        Self::of(calls, began.elapsed(), usage::cpu().saturating_sub(cpu))
    }
}

/// The median of the quotients, ours by theirs, of the turns of one round.
pub(crate) fn ratio(ours: &[Turn], theirs: &[Turn], of: impl Fn(&Turn) -> f64) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| of(ours) / of(theirs)))
}

/// Adds a row for the turns of one side to a table of [`COLUMNS`].
pub(crate) fn row(table: &mut Table, side: &str, turns: &[Turn]) {
    let rates = || turns.iter().map(|turn| turn.rate);
    let cpus = || turns.iter().map(|turn| turn.cpu);
    table.row([
        side.to_owned(),
        format!("{:.0}", median(rates())),
        spread(rates(), 0),
        format!("{:.1}", median(cpus())),
        spread(cpus(), 1),
    ]);
}

/// The columns of a table of turns.
pub(crate) const COLUMNS: &[&str] = &["side", "calls/s", "spread", "CPU µs/call", "spread "];

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let values = sorted(values);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The least and the most.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>, digits: usize) -> String {
    let values = sorted(values);
    format!("{:.digits$} to {:.digits$}", values[0], values[values.len() - 1])
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}
