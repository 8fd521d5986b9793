//! Who refreshes, when several processes share one Redis.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;

use super::Redis;
use super::key::{IDLE_MS, Key, Stored as _};
use super::script::{ABORT, BEGIN, COMMIT};
use crate::flight::lock;
use crate::random;
use crate::storage::{Begun, Coordinator, Notes, Record, Result, Slot, Turn};

/// The longest lease: a leader that needs longer has been given up.
const LONGEST_LEASE: Duration = Duration::from_secs(24 * 3600);

/// How many marks are remembered before the earlier ones are let go of.
const MANY_MARKS: usize = 1024;

/// The marks of those who asked to lead and had no answer, by key.
///
/// A server that was frozen may hear them yet, and grant a lease that nobody knows of. The next one to ask here does it by
/// the same mark, and is told of that lease as of its own.
#[derive(Default)]
pub(super) struct Unanswered(Mutex<HashMap<String, String>>);

impl Unanswered {
    /// The mark to ask by: one that had no answer, or a new one.
    fn take(&self, key: &Key) -> String {
        lock(&self.0).remove(key.name()).unwrap_or_else(random::word)
    }

    fn put(&self, key: &Key, mark: String) {
        let mut marks = lock(&self.0);
        if marks.len() >= MANY_MARKS {
            marks.clear();
        }
        marks.insert(key.name().to_owned(), mark);
    }
}

/// `lead` or `wait`, the fence or what is left (ms), the time (µs), the record, the notes.
type Answer = (String, u64, u64, Option<Vec<u8>>, Option<Vec<u8>>);

#[async_trait]
impl Coordinator for Redis {
    async fn begin(&self, slot: &Slot, lease: Duration) -> Result<Begun> {
        let key = self.key_of(slot);
        let lease = lease.clamp(Duration::from_millis(1), LONGEST_LEASE).as_millis().to_string();
        let (mark, idle) = (self.unanswered().take(&key), IDLE_MS.to_string());
        let arguments = [lease.as_bytes(), mark.as_bytes(), idle.as_bytes()];
        let answer = self.connection().ask::<Answer>(&BEGIN.on(&key, &arguments)).await;
        let (turn, number, now, stored, notes) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.unanswered().put(&key, mark);
                return Err(error.into());
            }
        };
        let turn = match turn.as_str() {
            "lead" => Turn::Lead { fence: number },
            _ => Turn::Wait { at_most: Duration::from_millis(number) },
        };
        let record = stored.map(|stored| key.read::<Record>(self.seal(), &stored)).transpose();
        if let (Err(_), Turn::Lead { fence }) = (&record, turn) {
            // Nobody is to wait for one who cannot go on. If this fails, too, the lease runs out.
            let fence = fence.to_string();
            let _ = self.connection().ask::<u8>(&ABORT.on(&key, &[fence.as_bytes()])).await;
        }
        Ok(Begun {
            turn,
            record: record?,
            notes: notes.map(|notes| Notes::from(String::from_utf8_lossy(&notes).into_owned())),
            now: UNIX_EPOCH + Duration::from_micros(now),
        })
    }

    async fn commit(&self, slot: &Slot, fence: u64, record: Record, notes: Notes) -> Result<bool> {
        let key = self.key_of(slot);
        let written = key.write(self.seal(), &record)?;
        let (fence, keep_for) = (fence.to_string(), record.keep_for().to_string());
        let arguments = [fence.as_bytes(), &written, notes.as_str().as_bytes(), keep_for.as_bytes()];
        Ok(self.connection().ask::<u8>(&COMMIT.on(&key, &arguments)).await? == 1)
    }

    async fn abort(&self, slot: &Slot, fence: u64, notes: Notes) -> Result<bool> {
        let key = self.key_of(slot);
        let fence = fence.to_string();
        let arguments = [fence.as_bytes(), notes.as_str().as_bytes()];
        Ok(self.connection().ask::<u8>(&ABORT.on(&key, &arguments)).await? == 1)
    }
}
