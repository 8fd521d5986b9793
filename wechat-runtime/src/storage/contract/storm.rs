//! Many writers and readers of one record at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinSet, spawn, yield_now};

use super::Verdict;
use super::record::Record;
use super::slot::{Slot, new_value, unix_now};
use super::trial::{Adapter, Outcome, Trial};
use crate::TokenKind;
use crate::credential::Account;

// Enough for an adapter that tears or loses records to do so; few enough for a slow disk.
const WRITERS: usize = 6;
const SAVES: usize = 6;
const READERS: usize = 6;
const READS: usize = 12;
const FIRST_SAVES: usize = 3;

/// What was saved and read.
pub(super) struct Storm {
    pub(super) saves: Vec<Save>,
    pub(super) reads: Vec<Read>,
}

/// A record, and when it was saved: numbers that grow with time.
pub(super) struct Save {
    pub(super) record: Record,
    began: usize,
    answered: usize,
}

/// What a read found, and when it began.
pub(super) struct Read {
    pub(super) found: Option<Record>,
    began: usize,
}

impl Storm {
    /// Whether a read found a record that, before it began, another had replaced.
    pub(super) fn is_stale(&self, read: &Read) -> bool {
        let found = self.saves.iter().find(|save| Some(&save.record) == read.found.as_ref());
        found.is_some_and(|found| {
            self.saves.iter().any(|later| later.began > found.answered && later.answered < read.began)
        })
    }
}

/// The record that the storm is about.
struct Eye {
    account: Account,
    slot: Slot,
    /// In Unix seconds: what is saved later is newer.
    began: u64,
    now: AtomicUsize,
    saves: AtomicUsize,
}

impl Eye {
    fn new(trial: &Trial, slot: &Slot) -> Arc<Self> {
        Arc::new(Self {
            account: trial.new_account(),
            slot: slot.clone(),
            began: unix_now() - 100,
            now: AtomicUsize::new(0),
            saves: AtomicUsize::new(0),
        })
    }

    fn tick(&self) -> usize {
        self.now.fetch_add(1, Ordering::SeqCst)
    }

    /// Saves a record none of whose fields another has, but for the kind, and the times of an authorization.
    async fn save(&self, adapter: &Adapter) -> Outcome<Save> {
        let nth = self.saves.fetch_add(1, Ordering::SeqCst) as u64;
        let kind = if nth.is_multiple_of(2) { TokenKind::Stable } else { TokenKind::Classic };
        let record = self.slot.record(kind, new_value, self.began + nth, 7200 + 2 * nth);
        let began = self.tick();
        adapter.save(&self.account, &record).await?;
        Ok(Save { record, began, answered: self.tick() })
    }

    async fn read(&self, adapter: &Adapter) -> Outcome<Read> {
        let began = self.tick();
        Ok(Read { found: adapter.fetch(&self.account, &self.slot).await?, began })
    }
}

/// A record is saved; then many save and read it at once; when all have ended, it is read by each adapter.
pub(super) async fn storm(trial: &Trial, slot: &Slot) -> Outcome<Storm> {
    let eye = Eye::new(trial, slot);
    let mut saves = vec![eye.save(&trial.first()).await?];

    let readers = readers(trial, &eye);
    let mut writers = JoinSet::new();
    for nth in 0..WRITERS {
        let (eye, adapter) = (eye.clone(), trial.adapter(nth));
        writers.spawn(async move {
            let mut saves = Vec::with_capacity(SAVES);
            for _ in 0..SAVES {
                saves.push(eye.save(&adapter).await?);
                give_turns(nth).await;
            }
            Ok(saves)
        });
    }
    saves.extend(all_of(writers).await?.into_iter().flatten());
    let mut reads: Vec<_> = all_of(readers).await?.into_iter().flatten().collect();
    for adapter in trial.all() {
        reads.push(eye.read(&adapter).await?);
    }
    Ok(Storm { saves, reads })
}

/// Records are saved, each the first in its place, while many look for it.
pub(super) async fn first_saves(trial: &Trial, slot: &Slot) -> Outcome<Storm> {
    let (mut saves, mut reads) = (Vec::new(), Vec::new());
    for nth in 0..FIRST_SAVES {
        let eye = Eye::new(trial, slot);
        let mut writer = JoinSet::new();
        writer.spawn({
            let (eye, adapter) = (eye.clone(), trial.adapter(nth));
            async move {
                // The readers are somewhere else each time.
                for _ in 0..nth {
                    yield_now().await;
                }
                eye.save(&adapter).await
            }
        });
        let readers = readers(trial, &eye);
        saves.extend(all_of(writer).await?);
        reads.extend(all_of(readers).await?.into_iter().flatten());
    }
    Ok(Storm { saves, reads })
}

/// Many who read the record again and again.
fn readers(trial: &Trial, eye: &Arc<Eye>) -> JoinSet<Outcome<Vec<Read>>> {
    let mut readers = JoinSet::new();
    for nth in 0..READERS {
        let (eye, adapter) = (eye.clone(), trial.adapter(nth));
        readers.spawn(async move {
            let mut reads = Vec::with_capacity(READS);
            for _ in 0..READS {
                reads.push(eye.read(&adapter).await?);
                give_turns(nth).await;
            }
            Ok(reads)
        });
    }
    readers
}

/// A storage that never waits would give nobody else a turn; and not all are to keep step.
async fn give_turns(nth: usize) {
    for _ in 0..=nth % 3 {
        yield_now().await;
    }
    // On one thread, those who only yield take their turns in one order for ever. Who waits for a task that is begun
    // now comes after all who wait already, such as one whom a lock lets in.
    if nth % 2 == 1 {
        drop(spawn(async {}).await);
    }
}

/// What all of the tasks come to, or the first failure; none is left running.
pub(super) async fn all_of<T: 'static>(mut tasks: JoinSet<Outcome<T>>) -> Outcome<Vec<T>> {
    let mut all = Vec::with_capacity(tasks.len());
    while let Some(task) = tasks.join_next().await {
        let outcome = task.map_err(|_| Verdict::Failed("the runtime ended before the check".into()))?;
        all.push(outcome?);
    }
    Ok(all)
}
