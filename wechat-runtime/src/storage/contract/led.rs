//! The coordinators on trial: what they are asked about, each call within its time, and what they answer with.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Verdict;
use super::record::Record;
use super::slot::Slot;
use super::trial::{Adapter, Outcome, Trial, failed};
use crate::application::Kind;
use crate::credential::Account;
use crate::storage::{self, Begun, Coordinator, Notes, Result as Answer, Turn};

/// A lease that does not lapse while a check is made.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// One that lapses in a check: long enough to be told from none, and from the next.
pub(super) const SHORT: Duration = Duration::from_millis(300);

/// By how much a lease may lapse too soon or too late: clocks are read, and rounded, in more than one place.
pub(super) const SLACK: Duration = Duration::from_millis(50);

/// How often it is looked whether a lease has lapsed.
const POLL: Duration = Duration::from_millis(20);

/// What coordinators are asked about: a credential of an account.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) account: Account,
    pub(super) slot: Slot,
    address: storage::Slot,
}

/// One of several that share a storage: an adapter of it, and the adapter's coordinator.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) adapter: Adapter,
    coordinator: Arc<dyn Coordinator>,
}

/// The lead, and what was found with it.
pub(super) struct Lead {
    pub(super) fence: u64,
    pub(super) record: Option<Record>,
    pub(super) notes: Option<Notes>,
    pub(super) now: SystemTime,
}

/// How a lead is ended by who has it.
#[derive(Clone, Copy)]
pub(super) enum What {
    Commit,
    Abort,
}

/// Notes that nothing else has.
pub(super) fn new_notes() -> Notes {
    Notes::from(format!("{{\"noted\":\"{:016x}\"}}", fastrand::u64(..)))
}

impl Place {
    /// Nothing, of what is kept in no slot.
    fn of(kind: Kind, account: Account, slot: &Slot) -> Option<Self> {
        let appid = account.appid.to_string();
        let authorizer_appid = account.authorizer.as_deref().unwrap_or_default().to_owned();
        let address = match (slot, kind) {
            (Slot::AccessToken, _) => storage::Slot::AccessToken { appid },
            (Slot::ComponentToken, _) => storage::Slot::ComponentAccessToken { component_appid: appid },
            (Slot::AuthorizerToken, _) => {
                storage::Slot::AuthorizerToken { component_appid: appid, authorizer_appid }
            }
            (Slot::Ticket(word), Kind::Common) => storage::Slot::Ticket { appid, ticket_type: word.clone() },
            (Slot::Ticket(word), Kind::Component) => storage::Slot::AuthorizerTicket {
                component_appid: appid,
                authorizer_appid,
                ticket_type: word.clone(),
            },
            (Slot::VerifyTicket, _) => return None,
        };
        Some(Self { account, slot: slot.clone(), address })
    }

    pub(super) fn failed(&self, how: impl fmt::Display) -> Verdict {
        failed(&self.slot, how)
    }
}

impl Trial {
    /// Whether there is a coordinator to try: an adapter has one, or fails to say so.
    pub(super) fn has_coordinator(&self) -> bool {
        self.all().any(|adapter| !matches!(coordinator_of(&adapter), Ok(None)))
    }

    /// Every adapter of the storage, with its coordinator: none may be without, if one is not.
    pub(super) fn processes(&self) -> Outcome<Vec<Process>> {
        self.all().map(Process::of).collect()
    }

    /// One of them that cannot reach the storage.
    pub(super) fn process_out_of_reach(&self) -> Outcome<Process> {
        Process::of(self.out_of_reach()?)
    }

    /// A credential of an account, where coordinators are asked about it.
    pub(super) fn place(&self, account: Account, slot: &Slot) -> Option<Place> {
        Place::of(self.kind(), account, slot)
    }

    /// A place that nobody has touched for each credential that coordinators are asked about.
    pub(super) fn places(&self) -> Vec<Place> {
        self.slots().iter().filter_map(|slot| self.place(self.new_account(), slot)).collect()
    }

    /// Waits until so much has passed, by the coordinators' clock, since it was `then`.
    pub(super) async fn passed(&self, process: &Process, then: SystemTime, time: Duration) -> Outcome {
        let Some(elsewhere) = self.places().pop() else { return Ok(()) };
        for () in self.polls(time) {
            // Nobody waits there: each lead is as short as can be.
            let found = process.begin(&elsewhere, Duration::from_millis(1)).await?;
            if since(found.now, then) > time {
                return Ok(());
            }
            pause().await;
        }
        Err(Verdict::Failed(format!("expected `now` to have moved by {time:?}, and it has not")))
    }

    /// How often to look whether this time is over: with pauses between, and not for ever.
    pub(super) fn polls(&self, time: Duration) -> impl Iterator<Item = ()> + use<> {
        let ends = Instant::now() + time + self.limit;
        std::iter::repeat_n((), 10_000).take_while(move |()| Instant::now() < ends)
    }
}

/// Between two looks.
pub(super) async fn pause() {
    sleep(POLL).await;
}

/// How much later this is than that: nothing, where it is not.
pub(super) fn since(this: SystemTime, that: SystemTime) -> Duration {
    this.duration_since(that).unwrap_or_default()
}

fn coordinator_of(adapter: &Adapter) -> Outcome<Option<Arc<dyn Coordinator>>> {
    catch_unwind(AssertUnwindSafe(|| adapter.coordinator()))
        .map_err(|_| Verdict::Failed("expected an answer, found that coordinator panicked".into()))
}

impl Process {
    fn of(adapter: Adapter) -> Outcome<Self> {
        let Some(coordinator) = coordinator_of(&adapter)? else {
            let how = "expected a coordinator of every adapter, because one has it, found one without";
            return Err(Verdict::Failed(how.into()));
        };
        Ok(Self { adapter, coordinator })
    }

    pub(super) async fn try_begin(&self, place: &Place, lease: Duration) -> Outcome<Answer<Begun>> {
        self.adapter.ask("begin", self.coordinator.begin(&place.address, lease)).await
    }

    pub(super) async fn try_commit(
        &self,
        place: &Place,
        fence: u64,
        record: &Record,
        notes: &Notes,
    ) -> Outcome<Answer<bool>> {
        let Some(kept) = record.clone().kept() else { return Ok(Ok(false)) };
        let commit = self.coordinator.commit(&place.address, fence, kept, notes.clone());
        self.adapter.ask("commit", commit).await
    }

    pub(super) async fn try_abort(&self, place: &Place, fence: u64, notes: &Notes) -> Outcome<Answer<bool>> {
        self.adapter.ask("abort", self.coordinator.abort(&place.address, fence, notes.clone())).await
    }

    pub(super) async fn begin(&self, place: &Place, lease: Duration) -> Outcome<Begun> {
        let begun = self.try_begin(place, lease).await?;
        begun
            .map_err(|error| place.failed(format!("expected `Ok`, found that begin answered `Err`: {error}")))
    }

    /// Begins where nobody leads, and fails unless the lead is given.
    pub(super) async fn lead(&self, place: &Place, lease: Duration) -> Outcome<Lead> {
        let Begun { turn, record, notes, now } = self.begin(place, lease).await?;
        let Turn::Lead { fence } = turn else {
            return Err(place.failed("expected the lead, because nobody has it, was told to wait"));
        };
        Ok(Lead { fence, record: place.read(record)?, notes, now })
    }

    /// Begins where another leads, and fails unless it is told to wait.
    pub(super) async fn wait(&self, place: &Place) -> Outcome<Begun> {
        let found = self.begin(place, LONG).await?;
        match found.turn {
            Turn::Wait { .. } => Ok(found),
            Turn::Lead { .. } => {
                Err(place.failed("expected to be told to wait, because another leads, found the lead"))
            }
        }
    }

    /// Commits, and fails unless it counts.
    pub(super) async fn commit(&self, place: &Place, fence: u64, record: &Record, notes: &Notes) -> Outcome {
        let counts = self.try_commit(place, fence, record, notes).await?;
        place.told("commit", true, counts)
    }

    pub(super) async fn abort(&self, place: &Place, fence: u64, notes: &Notes) -> Outcome {
        let counts = self.try_abort(place, fence, notes).await?;
        place.told("abort", true, counts)
    }

    /// Commits or aborts, and fails if it counts.
    pub(super) async fn in_vain(&self, place: &Place, fence: u64, what: What) -> Outcome {
        let notes = new_notes();
        match what {
            What::Commit => {
                let counts = self.try_commit(place, fence, &place.slot.living(), &notes).await?;
                place.told("commit", false, counts)
            }
            What::Abort => place.told("abort", false, self.try_abort(place, fence, &notes).await?),
        }
    }

    /// Fails unless these are found by who begins, and by who reads.
    pub(super) async fn expect(
        &self,
        place: &Place,
        found: Begun,
        record: Option<&Record>,
        notes: Option<&Notes>,
    ) -> Outcome {
        place.is_record(place.read(found.record)?.as_ref(), record)?;
        place.are_notes(found.notes.as_ref(), notes)?;
        match record {
            Some(record) => self.adapter.expect(&place.account, record).await,
            None => self.adapter.expect_none(&place.account, &place.slot).await,
        }
    }
}

impl Place {
    /// What is told of a record of this place.
    pub(super) fn read(&self, record: Option<storage::Record>) -> Outcome<Option<Record>> {
        let Some(record) = record else { return Ok(None) };
        let read = Record::of(&self.slot, record);
        read.map(Some).ok_or_else(|| self.failed("expected a record of this kind, found one of another"))
    }

    /// Fails unless `begin` has found this record.
    pub(super) fn is_record(&self, found: Option<&Record>, expected: Option<&Record>) -> Outcome {
        let how = match (found, expected) {
            (None, None) => return Ok(()),
            (Some(found), Some(expected)) if found == expected => return Ok(()),
            (Some(found), Some(expected)) => format!("one with {}", found.differs_from(expected)),
            (None, Some(_)) => "none".to_owned(),
            (Some(_), None) => "one that nobody stored".to_owned(),
        };
        Err(self.failed(format!("expected `begin` to find the record that is stored, found {how}")))
    }

    /// Fails unless `begin` has found these notes.
    pub(super) fn are_notes(&self, found: Option<&Notes>, expected: Option<&Notes>) -> Outcome {
        if found == expected {
            return Ok(());
        }
        let [found, expected] = [found, expected].map(|notes| match notes {
            Some(notes) => format!("notes of {} characters", notes.as_str().chars().count()),
            None => "no notes".to_owned(),
        });
        let others = if found == expected { "other " } else { "" };
        Err(self.failed(format!("expected `begin` to find {expected}, found {others}{found}")))
    }

    fn told(&self, callback: &str, expected: bool, answer: Answer<bool>) -> Outcome {
        match answer {
            Ok(found) if found == expected => Ok(()),
            Ok(found) => {
                let how = format!("expected {callback} to answer `Ok({expected})`, found `Ok({found})`");
                Err(self.failed(how))
            }
            Err(error) => {
                let how = format!("expected `Ok({expected})`, found that {callback} answered `Err`: {error}");
                Err(self.failed(how))
            }
        }
    }
}
