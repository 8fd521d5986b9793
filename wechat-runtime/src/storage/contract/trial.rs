//! The adapters on trial, with their types and arguments erased, each callback within its time.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;

use super::Verdict;
use super::record::{MARK, Record, Slot};
use crate::Secret;
use crate::storage::{Error, Hub, Result as Answer};

/// What a check comes to when it does not hold, or cannot be run.
pub(super) type Outcome<T = ()> = Result<T, Verdict>;

/// The adapters that the checks are made on, and what is known of their storage.
pub(super) struct Trial {
    adapters: Vec<Arc<dyn Storage>>,
    unreachable: Option<Arc<dyn Storage>>,
    pub(super) secrets: Vec<(String, Secret)>,
    pub(super) limit: Duration,
}

/// One adapter; its callbacks answer in time, or the check has failed.
#[derive(Clone)]
pub(super) struct Adapter {
    storage: Arc<dyn Storage>,
    limit: Duration,
}

/// What every storage can do, whatever its trait calls it.
#[async_trait]
trait Storage: Send + Sync {
    async fn fetch(&self, appid: &str, slot: &Slot) -> Answer<Option<Record>>;
    async fn save(&self, appid: &str, record: Record) -> Answer<Record>;
    async fn secret(&self, appid: &str) -> Answer<Option<Secret>>;
}

struct HubStorage<S: Hub> {
    adapter: S,
    args: S::Args,
}

#[async_trait]
impl<S: Hub> Storage for HubStorage<S> {
    async fn fetch(&self, appid: &str, slot: &Slot) -> Answer<Option<Record>> {
        match slot {
            Slot::AccessToken => {
                let token = self.adapter.fetch_access_token(appid, &self.args).await?;
                Ok(token.map(Record::Token))
            }
            Slot::Ticket(word) => {
                let ticket = self.adapter.fetch_ticket(appid, word, &self.args).await?;
                Ok(ticket.map(Record::Ticket))
            }
        }
    }

    async fn save(&self, appid: &str, record: Record) -> Answer<Record> {
        match record {
            Record::Token(token) => {
                let stored = self.adapter.save_access_token(appid, token, &self.args).await?;
                Ok(Record::Token(stored))
            }
            Record::Ticket(ticket) => {
                let stored = self.adapter.save_ticket(appid, ticket, &self.args).await?;
                Ok(Record::Ticket(stored))
            }
        }
    }

    async fn secret(&self, appid: &str) -> Answer<Option<Secret>> {
        self.adapter.fetch_secret_key(appid, &self.args).await
    }
}

impl Trial {
    pub(super) fn new<S: Hub>(adapter: S, args: S::Args) -> Self {
        Self {
            adapters: vec![Arc::new(HubStorage { adapter, args })],
            unreachable: None,
            secrets: Vec::new(),
            limit: Duration::from_secs(5),
        }
    }

    pub(super) fn also<S: Hub>(&mut self, adapter: S, args: S::Args) {
        self.adapters.push(Arc::new(HubStorage { adapter, args }));
    }

    pub(super) fn unreachable<S: Hub>(&mut self, adapter: S, args: S::Args) {
        self.unreachable = Some(Arc::new(HubStorage { adapter, args }));
    }

    /// The `n`th adapter of the storage, and the first again after the last.
    pub(super) fn adapter(&self, n: usize) -> Adapter {
        self.limited(&self.adapters[n % self.adapters.len()])
    }

    pub(super) fn first(&self) -> Adapter {
        self.adapter(0)
    }

    /// Every adapter of the storage.
    pub(super) fn all(&self) -> impl Iterator<Item = Adapter> {
        self.adapters.iter().map(|storage| self.limited(storage))
    }

    /// The adapters beside the first.
    pub(super) fn others(&self) -> Outcome<impl Iterator<Item = Adapter>> {
        match self.adapters.len() {
            1 => Err(Verdict::NotGiven("also(adapter, args)")),
            _ => Ok(self.all().skip(1)),
        }
    }

    pub(super) fn out_of_reach(&self) -> Outcome<Adapter> {
        let storage = self.unreachable.as_ref().ok_or(Verdict::NotGiven("unreachable(adapter, args)"))?;
        Ok(self.limited(storage))
    }

    pub(super) fn known_secrets(&self) -> Outcome<&[(String, Secret)]> {
        match &*self.secrets {
            [] => Err(Verdict::NotGiven("with_secret(appid, secret)")),
            secrets => Ok(secrets),
        }
    }

    /// An adapter's words on one line, without what must not be seen.
    pub(super) fn redacted(&self, words: &str) -> String {
        let secrets = self.secrets.iter().map(|(_, secret)| secret.expose()).filter(|it| !it.is_empty());
        let words = secrets.fold(words.to_owned(), |words, secret| words.replace(secret, "…"));
        let words = words.split_whitespace().map(|word| if word.contains(MARK) { "…" } else { word });
        words.collect::<Vec<_>>().join(" ")
    }

    fn limited(&self, storage: &Arc<dyn Storage>) -> Adapter {
        Adapter { storage: storage.clone(), limit: self.limit }
    }
}

impl Adapter {
    /// What is stored; an `Err` has failed the check.
    pub(super) async fn fetch(&self, appid: &str, slot: &Slot) -> Outcome<Option<Record>> {
        self.try_fetch(appid, slot).await?.map_err(|error| erred(slot.fetch_name(), &error))
    }

    pub(super) async fn try_fetch(&self, appid: &str, slot: &Slot) -> Outcome<Answer<Option<Record>>> {
        self.ask(slot.fetch_name(), self.storage.fetch(appid, slot)).await
    }

    /// What was answered; an `Err` has failed the check.
    pub(super) async fn save(&self, appid: &str, record: &Record) -> Outcome<Record> {
        self.try_save(appid, record).await?.map_err(|error| erred(record.slot().save_name(), &error))
    }

    pub(super) async fn try_save(&self, appid: &str, record: &Record) -> Outcome<Answer<Record>> {
        self.ask(record.slot().save_name(), self.storage.save(appid, record.clone())).await
    }

    /// The secret; an `Err` has failed the check.
    pub(super) async fn secret(&self, appid: &str) -> Outcome<Option<Secret>> {
        self.try_secret(appid).await?.map_err(|error| erred("fetch_secret_key", &error))
    }

    pub(super) async fn try_secret(&self, appid: &str) -> Outcome<Answer<Option<Secret>>> {
        self.ask("fetch_secret_key", self.storage.secret(appid)).await
    }

    /// Fails unless this record is read.
    pub(super) async fn expect(&self, appid: &str, saved: &Record) -> Outcome {
        let slot = saved.slot();
        match self.fetch(appid, &slot).await? {
            Some(found) if found == *saved => Ok(()),
            Some(found) => {
                let difference = found.differs_from(saved);
                Err(failed(&slot, format!("expected the record saved, found one with {difference}")))
            }
            None => Err(failed(&slot, "expected the record saved, found `Ok(None)`")),
        }
    }

    /// Fails if there is a record.
    pub(super) async fn expect_none(&self, appid: &str, slot: &Slot) -> Outcome {
        match self.fetch(appid, slot).await? {
            None => Ok(()),
            Some(_) => Err(failed(slot, "expected `Ok(None)`, because none was saved, found a record")),
        }
    }

    async fn ask<T>(&self, callback: &str, work: impl Future<Output = T>) -> Outcome<T> {
        let work = AssertUnwindSafe(work).catch_unwind();
        match tokio::time::timeout(self.limit, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Verdict::Failed(format!("expected an answer, found that {callback} panicked"))),
            Err(_) => Err(Verdict::Failed(format!(
                "expected an answer, found none by {callback} within {:?}",
                self.limit
            ))),
        }
    }
}

/// What was expected of a credential, and what was found.
pub(super) fn failed(slot: &Slot, how: impl fmt::Display) -> Verdict {
    match slot {
        Slot::AccessToken => Verdict::Failed(format!("access token: {how}")),
        Slot::Ticket(word) => Verdict::Failed(format!("ticket `{word}`: {how}")),
    }
}

fn erred(callback: &str, error: &Error) -> Verdict {
    Verdict::Failed(format!("expected `Ok`, found that {callback} answered `Err`: {error}"))
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").finish_non_exhaustive()
    }
}
