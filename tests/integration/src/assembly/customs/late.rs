//! Coordinators that err about time and fences, when many ask at once, or out of reach.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::task::yield_now;
use wechat_runtime::storage::{self, Begun, Notes, Record, Slot, Turn};

use super::WELL;
use crate::assembly::{Row, Rows};
use crate::custom;
use crate::manners::grant;
use crate::manners::reach::Caused;

// Leases.

begins!(ALeaseNeverLapses: |row, now, lease| {
    let begun = row.begin(now, lease);
    // It runs for a year; who waits is told what is left of the time that was asked for.
    let year = Duration::from_secs(31_536_000);
    match begun.turn {
        Turn::Lead { .. } => {
            row.leased_until = Some(now + lease + year);
            begun
        }
        Turn::Wait { at_most } => Begun { turn: Turn::Wait { at_most: at_most.saturating_sub(year) }, ..begun },
    }
});

const TOO_MUCH: Duration = Duration::from_millis(100);

begins!(ALeaseLapsesTooSoon: |row, now, lease| row.begin(now, lease.saturating_sub(TOO_MUCH)));

begins!(ALeaseLapsesTooLate: |row, now, lease| {
    let begun = row.begin(now, lease + TOO_MUCH);
    match begun.turn {
        Turn::Wait { at_most } => {
            Begun { turn: Turn::Wait { at_most: at_most.saturating_sub(TOO_MUCH) }, ..begun }
        }
        Turn::Lead { .. } => begun,
    }
});

custom!(pub TakesOverWithoutATransaction {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        let has_lapsed = |row: &mut Row, now| row.leased_until.is_some() && row.left(now).is_none();
        if !rows.change(&slot.name(), has_lapsed) {
            return WELL.begin(rows, slot, lease).await;
        }
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, now| {
            let turn = row.lead(now, lease);
            row.begun(turn, now)
        }))
    }
});

// Fences.

aborts!(FencesStartAnewAfterAnAbort: |row, fence, notes| {
    let aborted = row.abort(fence, notes);
    row.fence = 0;
    aborted
});

commits!(ACommitGivesItsFenceBack: |row, fence, record, notes| {
    let committed = row.commit(fence, record, notes);
    row.fence -= u64::from(committed);
    committed
});

begins!(WhoTakesOverHasTheSameFence: |row, now, lease| {
    if row.leased_until.is_some() && row.left(now).is_none() {
        row.fence -= 1;
    }
    row.begin(now, lease)
});

saves!(ASaveMakesARowAnew: |row, record| {
    let kept = row.over(record);
    *row = Row { record: Some(kept.clone()), notes: row.notes.take(), ..Row::default() };
    kept
});

custom!(pub EachCountsItsOwnFences(Mutex<HashMap<String, u64>>) {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        yield_now().await;
        let mut own = self.0.lock().unwrap();
        Ok(rows.change(&slot.name(), |row, now| {
            let begun = row.begin(now, lease);
            let Turn::Lead { .. } = begun.turn else { return begun };
            let fence = own.entry(slot.name()).or_default();
            *fence += 1;
            row.fence = *fence;
            Begun { turn: Turn::Lead { fence: *fence }, ..begun }
        }))
    }
});

// What comes late.

commits!(CommitsWhateverComes: |row, _, record, notes| row.commit(row.fence, record, notes));

commits!(CommitsWhatComesLate: |row, fence, record, notes| {
    fence <= row.fence && row.commit(row.fence, record, notes)
});

commits!(SaysYesToALateCommit: |row, fence, record, notes| {
    row.commit(fence, record, notes) || fence < row.fence
});

commits!(ALateCommitDropsTheLease: |row, fence, record, notes| {
    let committed = row.commit(fence, record, notes);
    if fence < row.fence {
        row.leased_until = None;
    }
    committed
});

commits!(ALateCommitLeavesItsNotes: |row, fence, record, notes| {
    if fence < row.fence {
        row.notes = Some(notes.clone());
    }
    row.commit(fence, record, notes)
});

aborts!(AbortsWhatComesLate: |row, fence, notes| fence <= row.fence && row.abort(row.fence, notes));

aborts!(ALateAbortDropsTheLease: |row, fence, notes| {
    let aborted = row.abort(fence, notes);
    if fence < row.fence {
        row.leased_until = None;
    }
    aborted
});

aborts!(ALateAbortLeavesItsNotes: |row, fence, notes| {
    if fence < row.fence {
        row.notes = Some(notes.clone());
    }
    row.abort(fence, notes)
});

custom!(pub RefusesACommitPastItsLease {
    async fn commit(
        &self,
        rows: &Rows,
        slot: &Slot,
        fence: u64,
        record: Record,
        notes: Notes,
    ) -> storage::Result<bool> {
        Ok(rows.change(&slot.name(), |row, now| {
            let has_lapsed = row.leased_until.is_some() && row.left(now).is_none();
            !has_lapsed && row.commit(fence, record, notes)
        }))
    }
});

custom!(pub RefusesAnAbortPastItsLease {
    async fn abort(&self, rows: &Rows, slot: &Slot, fence: u64, notes: Notes) -> storage::Result<bool> {
        Ok(rows.change(&slot.name(), |row, now| {
            let has_lapsed = row.leased_until.is_some() && row.left(now).is_none();
            !has_lapsed && row.abort(fence, notes)
        }))
    }
});

commits!(CommitsOnceOnly: |row, fence, record, notes| {
    row.leased_until.is_some() && row.commit(fence, record, notes)
});

// Fences of nobody.

commits!(CommitsAHigherFence: |row, fence, record, notes| {
    if fence > row.fence && row.fence > 0 {
        row.fence = fence;
    }
    row.commit(fence, record, notes)
});

commits!(CommitsWhereNobodyHasBegun: |row, fence, record, notes| {
    if row.fence == 0 && fence == 0 {
        row.record = Some(record);
        row.notes = Some(notes);
        return true;
    }
    row.commit(fence, record, notes)
});

aborts!(AHigherAbortEndsTheLead: |row, fence, notes| {
    if fence > row.fence {
        row.leased_until = None;
    }
    row.abort(fence, notes)
});

// Saves past the lead.

saves!(ASaveLeavesTheLead: |row, record| {
    let kept = row.over(record);
    row.record = Some(kept.clone());
    kept
});

saves!(ASaveEndsTheLeaseAndNoMore: |row, record| {
    let fence = row.fence;
    let kept = row.save(record);
    row.fence = fence;
    kept
});

saves!(ASaveLeavesTheLease: |row, record| {
    let leased_until = row.leased_until;
    let kept = row.save(record);
    row.leased_until = leased_until;
    kept
});

saves!(ASaveLosesTheNotes: |row, record| {
    row.notes = None;
    row.save(record)
});

// Many at once.

custom!(pub EndsTheLeadBeforeItWrites {
    async fn commit(
        &self,
        rows: &Rows,
        slot: &Slot,
        fence: u64,
        record: Record,
        notes: Notes,
    ) -> storage::Result<bool> {
        let committed = WELL.abort(rows, slot, fence, notes).await?;
        yield_now().await;
        if committed {
            rows.change(&slot.name(), |row, _| row.record = Some(record));
        }
        Ok(committed)
    }
});

custom!(pub ReadsBeforeItLeads {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        let record = rows.row(&slot.name()).record;
        let begun = WELL.begin(rows, slot, lease).await?;
        Ok(Begun { record, ..begun })
    }
});

/// What was granted, in a record of one kind or another.
fn granted(record: &mut Value) -> &mut Value {
    grant(record.as_object_mut().unwrap().values_mut().next().unwrap())
}

custom!(pub WritesARecordInParts {
    async fn commit(
        &self,
        rows: &Rows,
        slot: &Slot,
        fence: u64,
        record: Record,
        notes: Notes,
    ) -> storage::Result<bool> {
        let mut half = serde_json::to_value(&record)?;
        rows.change(&slot.name(), |row, _| {
            let Some(stored) = row.record.as_ref().filter(|_| row.is_newest(fence)) else { return };
            // The times are those of the one before.
            let mut stored = serde_json::to_value(stored).unwrap();
            let times = [&mut half, &mut stored].map(|record| &mut granted(record)["timestamp"]);
            if times.iter().all(|time| time.is_u64()) {
                *times[0] = times[1].clone();
                row.record = Some(serde_json::from_value(half).unwrap());
            }
        });
        yield_now().await;
        WELL.commit(rows, slot, fence, record, notes).await
    }
});

custom!(pub ComparesAndWritesApart {
    async fn commit(
        &self,
        rows: &Rows,
        slot: &Slot,
        fence: u64,
        record: Record,
        notes: Notes,
    ) -> storage::Result<bool> {
        let is_newest = rows.row(&slot.name()).is_newest(fence);
        yield_now().await;
        Ok(is_newest && rows.change(&slot.name(), |row, _| row.commit(row.fence, record, notes)))
    }
});

custom!(
    /// It would see that another has saved, and does not that another leads.
    pub ComparesTheRecordOnly {
        async fn commit(
            &self,
            rows: &Rows,
            slot: &Slot,
            fence: u64,
            record: Record,
            notes: Notes,
        ) -> storage::Result<bool> {
            let seen = rows.row(&slot.name());
            yield_now().await;
            Ok(rows.change(&slot.name(), |row, _| {
                seen.is_newest(fence) && row.record == seen.record && row.commit(row.fence, record, notes)
            }))
        }
    }
);

// Out of reach.

fn down() -> storage::Error {
    storage::Error::msg("connection refused")
}

/// Writes down a process out of reach, by what its coordinator does otherwise than say so.
macro_rules! out_of_reach {
    ($name:ident { $($body:tt)* }) => {
        custom!(pub $name {
            fn reach(&self) -> storage::Result<()> {
                Err(down())
            }

            $($body)*
        });
    };
}

out_of_reach!(Down {});

out_of_reach!(HasNoCoordinatorThen {
    fn coordinates(&self) -> bool {
        false
    }
});

out_of_reach!(LeadsForErr {
    async fn begin(&self, _: &Rows, _: &Slot, lease: Duration) -> storage::Result<Begun> {
        let (mut row, now) = (Row::default(), SystemTime::now());
        Ok(row.begin(now, lease))
    }
});

out_of_reach!(HangsForErr {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> {
        pending().await
    }
});

out_of_reach!(CommittedForErr {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> {
        Ok(true)
    }
});

out_of_reach!(RefusedForErr {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, _: Record, _: Notes) -> storage::Result<bool> {
        Ok(false)
    }
});

out_of_reach!(AbortedForErr {
    async fn abort(&self, _: &Rows, _: &Slot, _: u64, _: Notes) -> storage::Result<bool> {
        Ok(true)
    }
});

out_of_reach!(TellsWhatItWasToCommit {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, record: Record, _: Notes) -> storage::Result<bool> {
        Err(storage::Error::msg(format!("cannot write {}", serde_json::to_string(&record)?)))
    }
});

out_of_reach!(TellsItInTheSource {
    async fn commit(&self, _: &Rows, _: &Slot, _: u64, record: Record, _: Notes) -> storage::Result<bool> {
        Err(Caused(std::io::Error::other(serde_json::to_string(&record)?)).into())
    }
});
