//! Customs of processes that do one thing otherwise than a coordinator has to: how they are written down.

use super::Process;

/// A sound process.
pub(super) const WELL: Process<0> = Process;

/// Writes down a custom of beginning, by what is made of the row, the time and the lease that is asked for.
macro_rules! begins {
    ($name:ident: $begin:expr) => {
        custom!(pub $name {
            async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
                yield_now().await;
                let begin: fn(&mut Row, SystemTime, Duration) -> Begun = $begin;
                Ok(rows.change(&slot.name(), |row, now| begin(row, now, lease)))
            }
        });
    };
}

/// One of committing, by what is made of the row, the fence, the record and the notes.
macro_rules! commits {
    ($name:ident: $commit:expr) => {
        custom!(pub $name {
            async fn commit(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                record: Record,
                notes: Notes,
            ) -> storage::Result<bool> {
                yield_now().await;
                let commit: fn(&mut Row, u64, Record, Notes) -> bool = $commit;
                Ok(rows.change(&slot.name(), |row, _| commit(row, fence, record, notes)))
            }
        });
    };
}

/// One of aborting.
macro_rules! aborts {
    ($name:ident: $abort:expr) => {
        custom!(pub $name {
            async fn abort(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                notes: Notes,
            ) -> storage::Result<bool> {
                yield_now().await;
                let abort: fn(&mut Row, u64, Notes) -> bool = $abort;
                Ok(rows.change(&slot.name(), |row, _| abort(row, fence, notes)))
            }
        });
    };
}

/// One of saving past the lead.
macro_rules! saves {
    ($name:ident: $save:expr) => {
        custom!(pub $name {
            async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
                yield_now().await;
                let save: fn(&mut Row, Record) -> Record = $save;
                Ok(rows.change(&slot.name(), |row, _| save(row, record)))
            }
        });
    };
}

/// One that begins soundly in another row's turn.
macro_rules! leads_in {
    ($name:ident: $row:expr) => {
        custom!(pub $name {
            async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
                yield_now().await;
                let row: fn(&Slot) -> String = $row;
                let shared = rows.change(&row(slot), |row, now| row.begin(now, lease)).turn;
                let found = rows.change(&slot.name(), |row, now| {
                    if let Turn::Lead { .. } = shared {
                        row.leased_until = None;
                        return row.begin(now, lease);
                    }
                    row.begun(shared, now)
                });
                Ok(found)
            }

            async fn commit(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                record: Record,
                notes: Notes,
            ) -> storage::Result<bool> {
                let row: fn(&Slot) -> String = $row;
                let counts = WELL.commit(rows, slot, fence, record, notes).await?;
                if counts {
                    rows.change(&row(slot), |row, _| row.leased_until = None);
                }
                Ok(counts)
            }

            async fn abort(
                &self,
                rows: &Rows,
                slot: &Slot,
                fence: u64,
                notes: Notes,
            ) -> storage::Result<bool> {
                let row: fn(&Slot) -> String = $row;
                let counts = WELL.abort(rows, slot, fence, notes).await?;
                if counts {
                    rows.change(&row(slot), |row, _| row.leased_until = None);
                }
                Ok(counts)
            }
        });
    };
}

// After the macros, which they are written with.
pub mod commits;
pub mod late;
pub mod leads;
