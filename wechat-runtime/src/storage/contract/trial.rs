//! The adapters on trial, each callback within its time, and the accounts that they are tried with.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::Verdict;
use super::erased::Storage;
use super::record::Record;
use super::slot::{MARK, Slot, new_appid, slots};
use crate::application::Kind;
use crate::credential::Account;
use crate::storage::{Coordinator, Error, Result as Answer};
use crate::{Secret, TicketType};

/// What a check comes to when it does not hold, or cannot be run.
pub(super) type Outcome<T = ()> = Result<T, Verdict>;

/// The adapters that the checks are made on, and what is known of their storage.
pub(super) struct Trial {
    kind: Kind,
    pub(super) adapters: Vec<Arc<dyn Storage>>,
    pub(super) unreachable: Option<Arc<dyn Storage>>,
    pub(super) secrets: Vec<(String, Secret)>,
    pub(super) limit: Duration,
}

/// One adapter; its callbacks answer in time, or the check has failed.
#[derive(Clone)]
pub(super) struct Adapter {
    storage: Arc<dyn Storage>,
    limit: Duration,
}

impl Trial {
    pub(super) fn new(kind: Kind, adapter: Arc<dyn Storage>) -> Self {
        Self {
            kind,
            adapters: vec![adapter],
            unreachable: None,
            secrets: Vec::new(),
            limit: Duration::from_secs(5),
        }
    }

    /// The kind of application that the adapters are for.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The credentials that the adapters keep.
    pub(super) fn slots(&self) -> &'static [Slot] {
        slots(self.kind)
    }

    /// Those of them that many save and read at once: over each ticket, it would take too long on a slow disk.
    pub(super) fn stormy_slots(&self) -> impl Iterator<Item = &'static Slot> {
        self.slots().iter().filter(|slot| **slot != Slot::Ticket(TicketType::WX_CARD))
    }

    /// An account that nothing has been saved for; a component's has an authorizer, too.
    pub(super) fn new_account(&self) -> Account {
        let authorizer = (self.kind == Kind::Component).then(|| new_appid().into());
        Account { appid: new_appid().into(), authorizer }
    }

    /// Accounts that nothing has been saved for, and that have as much in common with this one as others have which keep a
    /// record of their own in this slot.
    pub(super) fn neighbours(&self, account: &Account, slot: &Slot) -> Vec<Account> {
        let mut neighbours = vec![self.new_account()];
        if slot.is_of_authorizers(self.kind) {
            neighbours.push(Account { appid: account.appid.clone(), ..self.new_account() });
            neighbours.push(Account { authorizer: account.authorizer.clone(), ..self.new_account() });
        }
        neighbours
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
    pub(super) async fn fetch(&self, account: &Account, slot: &Slot) -> Outcome<Option<Record>> {
        self.try_fetch(account, slot).await?.map_err(|error| erred(slot.fetch_name(), &error))
    }

    pub(super) async fn try_fetch(&self, account: &Account, slot: &Slot) -> Outcome<Answer<Option<Record>>> {
        self.ask(slot.fetch_name(), self.storage.fetch(account, slot)).await
    }

    /// What was answered; an `Err` has failed the check.
    pub(super) async fn save(&self, account: &Account, record: &Record) -> Outcome<Record> {
        self.try_save(account, record).await?.map_err(|error| erred(record.slot().save_name(), &error))
    }

    pub(super) async fn try_save(&self, account: &Account, record: &Record) -> Outcome<Answer<Record>> {
        self.ask(record.slot().save_name(), self.storage.save(account, record.clone())).await
    }

    /// The secret; an `Err` has failed the check.
    pub(super) async fn secret(&self, appid: &str) -> Outcome<Option<Secret>> {
        self.try_secret(appid).await?.map_err(|error| erred("fetch_secret_key", &error))
    }

    pub(super) async fn try_secret(&self, appid: &str) -> Outcome<Answer<Option<Secret>>> {
        self.ask("fetch_secret_key", self.storage.secret(appid)).await
    }

    /// Fails unless this record is read.
    pub(super) async fn expect(&self, account: &Account, saved: &Record) -> Outcome {
        let slot = saved.slot();
        match self.fetch(account, &slot).await? {
            Some(found) if found == *saved => Ok(()),
            Some(found) => {
                let difference = found.differs_from(saved);
                Err(failed(&slot, format!("expected the record saved, found one with {difference}")))
            }
            None => Err(failed(&slot, "expected the record saved, found `Ok(None)`")),
        }
    }

    /// Fails if there is a record.
    pub(super) async fn expect_none(&self, account: &Account, slot: &Slot) -> Outcome {
        match self.fetch(account, slot).await? {
            None => Ok(()),
            Some(_) => Err(failed(slot, "expected `Ok(None)`, because none was saved, found a record")),
        }
    }

    /// The coordinator, where the storage has one.
    pub(super) fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.storage.coordinator()
    }

    pub(super) async fn ask<T>(&self, callback: &str, work: impl Future<Output = T>) -> Outcome<T> {
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
    Verdict::Failed(format!("{slot}: {how}"))
}

fn erred(callback: &str, error: &Error) -> Verdict {
    Verdict::Failed(format!("expected `Ok`, found that {callback} answered `Err`: {error}"))
}
