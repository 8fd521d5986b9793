//! What a storage with a coordinator holds: rows in memory, each changed as a whole, and a clock.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use wechat_runtime::storage::{Begun, Notes, Record, Turn};
use wechat_runtime::{Secret, VerifyTicket};

type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// One credential's row: the record, and what is agreed by.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub record: Option<Record>,
    pub fence: u64,
    pub leased_until: Option<SystemTime>,
    pub notes: Option<Notes>,
}

impl Row {
    /// What there is to read, and whose turn it is.
    pub fn begun(&self, turn: Turn, now: SystemTime) -> Begun {
        Begun { turn, record: self.record.clone(), notes: self.notes.clone(), now }
    }

    /// How much is left of the lease, where one runs.
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        let left = self.leased_until?.duration_since(now).ok()?;
        (!left.is_zero()).then_some(left)
    }

    pub fn begin(&mut self, now: SystemTime, lease: Duration) -> Begun {
        let turn = match self.left(now) {
            Some(at_most) => Turn::Wait { at_most },
            None => self.lead(now, lease),
        };
        self.begun(turn, now)
    }

    /// Gives the lead, whoever has it.
    pub fn lead(&mut self, now: SystemTime, lease: Duration) -> Turn {
        self.fence += 1;
        self.leased_until = Some(now + lease);
        Turn::Lead { fence: self.fence }
    }

    pub fn commit(&mut self, fence: u64, record: Record, notes: Notes) -> bool {
        let kept = self.abort(fence, notes);
        if kept {
            self.record = Some(record);
        }
        kept
    }

    pub fn abort(&mut self, fence: u64, notes: Notes) -> bool {
        let is_newest = self.is_newest(fence);
        if is_newest {
            self.leased_until = None;
            self.notes = Some(notes);
        }
        is_newest
    }

    /// Whether this is the fence of who leads, or has led last. The first one is 1.
    pub fn is_newest(&self, fence: u64) -> bool {
        fence == self.fence && fence != 0
    }

    /// What is kept when the record is saved past the lead.
    pub fn over(&self, record: Record) -> Record {
        match (record, &self.record) {
            (Record::Authorizer(told), Some(Record::Authorizer(stored))) => {
                Record::Authorizer(told.over(Some(stored.clone())))
            }
            (record, _) => record,
        }
    }

    /// Stores a record past the lead, and answers with what is kept.
    pub fn save(&mut self, record: Record) -> Record {
        let kept = self.over(record);
        self.record = Some(kept.clone());
        self.fence += 1;
        self.leased_until = None;
        kept
    }
}

/// The rows, by the names of their slots, and what needs no coordinator.
pub struct Rows {
    by_name: Mutex<BTreeMap<String, Row>>,
    pub secrets: Mutex<HashMap<String, Secret>>,
    pub verify_tickets: Mutex<HashMap<String, VerifyTicket>>,
    clock: Clock,
    passed: Mutex<Duration>,
}

impl Rows {
    pub fn by_clock(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            by_name: Mutex::default(),
            secrets: Mutex::default(),
            verify_tickets: Mutex::default(),
            clock: Box::new(clock),
            passed: Mutex::default(),
        }
    }

    pub fn now(&self) -> SystemTime {
        (self.clock)() + *self.passed.lock().unwrap()
    }

    pub fn pass(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
    }

    /// Changes a row, or makes it, in one transaction.
    pub fn change<T>(&self, name: &str, change: impl FnOnce(&mut Row, SystemTime) -> T) -> T {
        let mut rows = self.all();
        // Within the lock: what is later in the rows is later by the clock.
        let now = self.now();
        change(rows.entry(name.to_owned()).or_default(), now)
    }

    /// The row as it is, empty where there is none.
    pub fn row(&self, name: &str) -> Row {
        self.all().get(name).cloned().unwrap_or_default()
    }

    pub fn all(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        self.by_name.lock().unwrap()
    }
}

/// By Tokio's clock, which is the real one where no test has paused it.
impl Default for Rows {
    fn default() -> Self {
        let (began, at) = (SystemTime::now(), Instant::now());
        Self::by_clock(move || began + at.elapsed())
    }
}
