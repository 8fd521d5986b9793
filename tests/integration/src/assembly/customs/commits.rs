//! Coordinators that err about what is left behind by who has led.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::task::yield_now;
use wechat_runtime::storage::{self, Begun, Notes, Record, Slot, Turn};

use super::WELL;
use crate::assembly::{Row, Rows};
use crate::custom;
use crate::manners::SECRET;

// What a commit leaves behind.

commits!(ACommitLeavesTheLease: |row, fence, record, notes| {
    let leased_until = row.leased_until;
    let committed = row.commit(fence, record, notes);
    row.leased_until = leased_until;
    committed
});

commits!(CommitsAndSaysNo: |row, fence, record, notes| {
    row.commit(fence, record, notes);
    false
});

commits!(CommitsOnlyTheFirst: |row, fence, record, notes| {
    row.record.is_none() && row.commit(fence, record, notes)
});

custom!(pub FailsCommittingAndTells {
    async fn commit(
        &self,
        _: &Rows,
        _: &Slot,
        _: u64,
        record: Record,
        _: Notes,
    ) -> storage::Result<bool> {
        let record = serde_json::to_string(&record)?;
        Err(storage::Error::msg(format!("read-only\ncannot write {record} with {SECRET}")))
    }
});

commits!(CommitsNoRecord: |row, fence, _, notes| row.abort(fence, notes));

/// The record as it would be with each text in it changed.
fn altered(record: &Record, alter: fn(&str) -> String) -> Record {
    fn each(value: &mut Value, alter: fn(&str) -> String) {
        match value {
            Value::String(text) => *text = alter(text),
            Value::Object(fields) => fields.values_mut().for_each(|field| each(field, alter)),
            _ => {}
        }
    }
    let mut fields = serde_json::to_value(record).unwrap();
    each(&mut fields, alter);
    serde_json::from_value(fields).unwrap()
}

commits!(CommitsNoMoreThan511Characters: |row, fence, record, notes| {
    row.commit(fence, altered(&record, |text| text.chars().take(511).collect()), notes)
});

commits!(CommitsNoQuotes: |row, fence, record, notes| {
    row.commit(fence, altered(&record, |text| text.replace('\'', "")), notes)
});

commits!(CommitsOverWhatIsStored: |row, fence, record, notes| {
    let kept = row.over(record);
    row.commit(fence, kept, notes)
});

/// Records by the names of their slots.
type Records = Mutex<HashMap<String, Record>>;

custom!(
    /// What was committed is found by who begins, and by nobody else.
    pub CommitsToAPlaceOfItsOwn(Records) {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            let begun = WELL.begin(rows, slot, lease).await?;
            let own = self.0.lock().unwrap().get(&slot.name()).cloned();
            Ok(Begun { record: own.or(begun.record.clone()), ..begun })
        }

        async fn commit(
            &self,
            rows: &Rows,
            slot: &Slot,
            fence: u64,
            record: Record,
            notes: Notes,
        ) -> storage::Result<bool> {
            let committed = WELL.abort(rows, slot, fence, notes).await?;
            if committed {
                self.0.lock().unwrap().insert(slot.name(), record);
            }
            Ok(committed)
        }
    }
);

custom!(
    /// A copy of its own, which is right as long as nobody else commits.
    pub EachRemembersWhatItCommitted(Records) {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            let begun = WELL.begin(rows, slot, lease).await?;
            let own = self.0.lock().unwrap().get(&slot.name()).cloned();
            Ok(Begun { record: own.or(begun.record.clone()), ..begun })
        }

        async fn commit(
            &self,
            rows: &Rows,
            slot: &Slot,
            fence: u64,
            record: Record,
            notes: Notes,
        ) -> storage::Result<bool> {
            self.0.lock().unwrap().insert(slot.name(), record.clone());
            WELL.commit(rows, slot, fence, record, notes).await
        }
    }
);

// Notes.

commits!(CommitsNoNotes: |row, fence, record, _| {
    let notes = row.notes.take();
    let committed = row.commit(fence, record, Notes::default());
    row.notes = notes;
    committed
});

fn rewritten(notes: &Notes, rewrite: impl FnOnce(&str) -> String) -> Notes {
    Notes::from(rewrite(notes.as_str()))
}

commits!(CutsNotes: |row, fence, record, notes| {
    row.commit(fence, record, rewritten(&notes, |text| text.chars().take(4096).collect()))
});

commits!(NotesInAscii: |row, fence, record, notes| {
    row.commit(fence, record, rewritten(&notes, |text| text.replace(|it: char| !it.is_ascii(), "?")))
});

commits!(NotesOnOneLine: |row, fence, record, notes| {
    row.commit(fence, record, rewritten(&notes, |text| text.replace(['\r', '\n'], " ")))
});

begins!(TellsNotesToTheLeaderOnly: |row, now, lease| {
    let begun = row.begin(now, lease);
    let leads = matches!(begun.turn, Turn::Lead { .. });
    Begun { notes: begun.notes.clone().filter(|_| leads), ..begun }
});

// Aborts, and saves where nobody leads.

aborts!(AnAbortLosesTheRecord: |row, fence, notes| {
    let aborted = row.abort(fence, notes);
    row.record = None;
    aborted
});

aborts!(AnAbortLeavesTheLease: |row, fence, notes| {
    let leased_until = row.leased_until;
    let aborted = row.abort(fence, notes);
    row.leased_until = leased_until;
    aborted
});

aborts!(AbortsWithoutNotes: |row, fence, _| {
    let notes = row.notes.clone().unwrap_or_default();
    row.abort(fence, notes)
});

aborts!(AbortsAndSaysNo: |row, fence, notes| {
    row.abort(fence, notes);
    false
});

custom!(
    /// Who begins looks where commits go, and saves go elsewhere.
    pub FindsWhatWasCommittedOnly(Records) {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            let begun = WELL.begin(rows, slot, lease).await?;
            Ok(Begun { record: self.0.lock().unwrap().get(&slot.name()).cloned(), ..begun })
        }

        async fn commit(
            &self,
            rows: &Rows,
            slot: &Slot,
            fence: u64,
            record: Record,
            notes: Notes,
        ) -> storage::Result<bool> {
            self.0.lock().unwrap().insert(slot.name(), record.clone());
            WELL.commit(rows, slot, fence, record, notes).await
        }
    }
);

begins!(ShowsTheRecordToTheLeaderOnly: |row, now, lease| {
    let begun = row.begin(now, lease);
    let leads = matches!(begun.turn, Turn::Lead { .. });
    Begun { record: begun.record.clone().filter(|_| leads), ..begun }
});
