//! Obtaining and refreshing one credential through one adapter: local copy, store, single-flight,
//! compare-and-refresh.

mod authorizer;
mod buying;
mod cause;
mod cool_down;
mod guard;
mod inject;
mod landing;
mod lane;
mod lead;
mod listing;
mod pausing;
mod payment;
mod price;
mod record;
mod shared;
mod turn;
mod upstream;
mod verify_ticket;

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::future::BoxFuture;

pub(crate) use self::cause::Cause;
pub(crate) use self::inject::{Carried, Judged, Next};
use self::landing::{Failure, Landing};
use self::lane::Lane;
pub(crate) use self::payment::Given;
use crate::application::Application;
use crate::clock::Moment;
use crate::credential::{Account, Credential, Grant, Judgement, Key, Standing};
use crate::errcode::ErrorKind;
use crate::flight::Flights;
use crate::storage::adapter::{Binding, Bound, LocalCopy};
use crate::storage::store::Owner;
use crate::wire::Wire;
use crate::{Error, Secret, storage, task};

/// The refreshes under way in this process.
static REFRESHES: LazyLock<Flights<Lane, Landing>> = LazyLock::new(Flights::new);

/// What can be done about a call whose credential was not granted: it was not sent; or was refused; or may be sent twice.
const SEND_AGAIN: &str = "the call may be sent again";

/// How often one who refreshes begins anew because another was quicker.
const OVERTAKEN_AT_MOST: u32 = 2;

/// One credential of one account, through one binding: everything that is needed to come by it.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) key: Key,
    pub(crate) binding: Arc<Binding>,
    pub(crate) wire: Wire,
    /// What the caller gave to buy it with, and is not the adapter's: only WeChat can tell whether it is right.
    pub(crate) given: Given,
}

/// Whether the store is read where a copy lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    UnlessKept,
    Afresh,
}

impl Credentials {
    /// A credential of an account through a storage.
    pub(crate) fn new<App: Application>(
        wire: &Wire,
        bound: &Bound<App>,
        account: Account,
        credential: Credential,
    ) -> Self {
        Self {
            key: Key { base_url: wire.base.name().clone(), account, credential },
            binding: bound.binding().clone(),
            wire: wire.clone(),
            given: Given::default(),
        }
    }

    /// The credential, from the nearest place that has it.
    ///
    /// Nobody waits while one lives: an ageing one is served, and refreshed behind the callers' backs.
    pub(crate) async fn obtain(&self) -> Result<Grant, Error> {
        match self.kept() {
            Some(copy) => Ok(copy.grant.clone()),
            None => self.obtain_afresh().await,
        }
    }

    /// The local copy, where it is good.
    fn kept(&self) -> Option<Arc<LocalCopy>> {
        self.binding.copy(&self.key).filter(|copy| self.serves(&copy.grant))
    }

    /// The credential, where no local copy is good.
    async fn obtain_afresh(&self) -> Result<Grant, Error> {
        let copy = self.binding.copy(&self.key);
        let stored = self.read_together(Read::UnlessKept).await?;
        if let Some(grant) = stored.as_ref().filter(|grant| self.serves(grant)) {
            return Ok(grant.clone());
        }
        let stale = stored.or_else(|| copy.map(|copy| copy.grant.clone())).map(|grant| grant.value);
        self.refresh(stale, Cause::Missing).await
    }

    /// Whether a grant can be served. One that ages is refreshed behind the caller's back.
    fn serves(&self, grant: &Grant) -> bool {
        let standing = self.standing(grant);
        if standing == Standing::Ageing {
            self.refresh_behind(grant);
        }
        standing != Standing::Dead
    }

    /// A credential as one who asks WeChat for it by name expects: `renew` says whether another than the current one
    /// is wanted, `force` whether that one is to die at once.
    ///
    /// Where WeChat may not be asked so soon again, the current one is the answer.
    pub(crate) async fn ask_by_name(&self, renew: bool, force: bool) -> Result<Grant, Error> {
        if !(renew || self.given.is_some()) {
            return self.obtain().await;
        }
        let current =
            self.read_together(Read::Afresh).await?.filter(|grant| self.standing(grant) != Standing::Dead);
        let cause = if current.is_none() && !self.insists(&Cause::Asked { force }) {
            Cause::Missing
        } else {
            Cause::Asked { force }
        };
        self.refresh(current.map(|grant| grant.value), cause).await
    }

    /// Whether only WeChat's own answer will do, whatever lives here.
    fn insists(&self, cause: &Cause) -> bool {
        self.given.is_some() || matches!(cause, Cause::Asked { force: true })
    }

    /// The credential that this one is bought with, where that is one: what comes before it in the order in which locks
    /// are taken, which is component, authorizer, ticket. So nobody who leads waits for another lead, and none can wait for
    /// each other.
    ///
    /// A client of a hub buys nothing.
    fn bought_with(&self) -> Option<Self> {
        self.binding.store.owner()?;
        let account = &self.key.account;
        let (account, credential) = match &self.key.credential {
            Credential::Ticket(_) if account.authorizer.is_some() => {
                (account.clone(), Credential::AuthorizerToken)
            }
            Credential::Ticket(_) => (account.clone(), Credential::AccessToken(self.wire.kind)),
            Credential::AuthorizerToken => (account.application(), Credential::ComponentToken),
            Credential::AccessToken(_) | Credential::ComponentToken => return None,
        };
        Some(self.another(account, credential))
    }

    /// Another credential through the same binding, with nothing given for it.
    fn another(&self, account: Account, credential: Credential) -> Self {
        let key = Key { account, credential, base_url: self.key.base_url.clone() };
        Self { key, given: Given::default(), ..self.clone() }
    }

    /// Another credential in place of `stale`, by one refresh for all who ask.
    ///
    /// Boxed, because it is rare, and large; and what is bought with another credential refreshes that one in its midst.
    pub(crate) fn refresh(&self, stale: Option<Secret>, cause: Cause) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async move {
            let refreshed = tokio::time::timeout(self.patience(), self.refresh_together(stale, cause)).await;
            let late = || format!("no {} was granted in time", self.key.credential.name());
            let refreshed = refreshed.unwrap_or_else(|_| Err(self.error(ErrorKind::Timeout, late())));
            refreshed.map_err(|error| match error.kind() {
                // What is not known then is what has become of the credential, and not of the call.
                ErrorKind::Timeout | ErrorKind::Transport => error.advising_else(SEND_AGAIN),
                _ => error,
            })
        })
    }

    /// How long who needs a refresh waits for it: as long as another process may lead before it is given up for dead, and
    /// until WeChat has answered thereafter.
    fn patience(&self) -> Duration {
        self.wire.settings.lease.saturating_add(self.wire.settings.upstream_timeout)
    }

    async fn refresh_together(&self, stale: Option<Secret>, cause: Cause) -> Result<Grant, Error> {
        let (lane, bought_with) = (self.lane(), self.bought_with());
        // Alone, it is over when the lease is.
        let within = if self.coordinator().is_some() { self.patience() } else { self.wire.settings.lease };
        let mut refused_before = false;
        let mut overtaken = 0;
        // Ends: in each round somebody leads, and whoever leads is done; or is refused what it pays with, once; or is
        // overtaken, some times.
        loop {
            let copy = self.binding.copy(&self.key).filter(|_| !self.insists(&cause));
            if let Some(copy) = copy.filter(|copy| self.answers(&copy.grant, stale.as_ref(), &cause)) {
                return Ok(copy.grant.clone());
            }
            let paid_with = match &bought_with {
                Some(bought_with) => Some(bought_with.obtain().await),
                None => None,
            };
            let work = || {
                let (lane, stale, cause) = (lane.clone(), stale.clone(), cause.clone());
                self.clone().lead(lane, stale, cause, paid_with.clone(), refused_before)
            };
            let shared = REFRESHES.share(&lane, within, work).await;
            let (landing, led) = shared.ok_or_else(|| self.shutting_down())?;
            let ours = landing.of.is(self);
            let owns = self.binding.store.owner().is_some();
            match landing.outcome {
                Ok(grant) if led => return Ok(grant),
                Ok(grant) if ours && landing.cause.is_asked_like(&cause) => return Ok(grant),
                Ok(_) if self.insists(&cause) => {}
                Ok(grant) if ours && self.answers(&grant, stale.as_ref(), &cause) => return Ok(grant),
                Ok(_) if ours => {}
                // Another binding has it: what counts is what our own storage has now.
                Ok(_) => {
                    let stored = self.read_together(Read::Afresh).await?;
                    let answer = stored.filter(|grant| self.answers(grant, stale.as_ref(), &cause));
                    if let Some(grant) = answer {
                        return Ok(grant);
                    }
                }
                Err(Failure::PaymentRefused { value, refusal }) if !refused_before => {
                    refused_before = true;
                    if let Some(bought_with) = &bought_with {
                        let cause = Cause::Refused(Some(refusal));
                        let refreshed = bought_with.refresh(Some(value), cause).await;
                        // There is no other to pay with for now: nobody tries it again with this one meanwhile.
                        if let Err(error) = refreshed {
                            return Err(if led { self.pause(&lane, error).await } else { error });
                        }
                    }
                }
                Err(Failure::Overtaken) if led && overtaken < OVERTAKEN_AT_MOST => overtaken += 1,
                Err(Failure::Overtaken) if led && self.coordinator().is_some() => {
                    const NEVER_STORED: &str =
                        "what is bought is not stored, because another is always said to be quicker";
                    return Err(self.pause(&lane, self.error(ErrorKind::Storage, NEVER_STORED)).await);
                }
                // What another has paid with is refused: of what we pay with since, that says nothing.
                Err(Failure::Overtaken | Failure::PaymentRefused { .. }) if !led => {}
                Err(failure)
                    if led
                        || failure.concerns(
                            ours,
                            owns,
                            landing.stale == stale && landing.cause.is_like(&cause),
                        ) =>
                {
                    return Err(self.locate(failure.into_error(&cause)));
                }
                // Not our question, or not our storage; but our own may be held back as well.
                Err(_) => self.held_back(&lane).await?,
            }
        }
    }

    fn shutting_down(&self) -> Error {
        self.error(ErrorKind::Timeout, "the async runtime is shutting down").advising(SEND_AGAIN)
    }

    /// Starts a refresh and does not wait for it.
    fn refresh_behind(&self, ageing: &Grant) {
        let now = self.now();
        let due = self
            .binding
            .copy(&self.key)
            .is_none_or(|copy| copy.claim_attempt(now, now.after(self.wire.settings.background_pause)));
        if due {
            let (this, stale) = (self.clone(), Some(ageing.value.clone()));
            task::begin(async move { drop(this.refresh(stale, Cause::Ageing).await) });
        }
    }

    /// Reads the store, once for all who ask through this binding at the time, and keeps what it has.
    async fn read_together(&self, how: Read) -> Result<Option<Grant>, Error> {
        let read = || {
            let this = self.clone();
            async move {
                let before = this.binding.copy(&this.key);
                // A read that ended between the caller's look and this one has brought it already.
                let kept = before
                    .as_ref()
                    .filter(|copy| how == Read::UnlessKept && this.standing(&copy.grant) != Standing::Dead);
                if let Some(copy) = kept {
                    return Ok(Some(copy.grant.clone()));
                }
                let read = this.read().await?;
                if let Some(grant) = &read {
                    this.binding.keep_unless_changed(&this.key, grant.clone(), before.as_ref());
                }
                Ok(read)
            }
        };
        let patience = self.storage_patience();
        let read = self.binding.reads.share(&(self.key.clone(), patience), patience, read).await;
        read.map_or_else(|| Err(self.shutting_down()), |(read, _)| read)
    }

    /// Reads the store.
    async fn read(&self) -> Result<Option<Grant>, Error> {
        let store = &self.binding.store;
        let read = self.ask_storage("read", store.fetch(&self.key.account, &self.key.credential));
        let grant = read.await?.map(|grant| grant.received(self.now()));
        if let Some(grant) = &grant {
            self.lane().seen(&grant.value);
        }
        Ok(grant)
    }

    /// Refuses what a storage that owns no credentials cannot do.
    pub(crate) fn check_owned(&self) -> Result<(), Error> {
        self.owner().map(drop)
    }

    fn owner(&self) -> Result<&dyn Owner, Error> {
        const NOT_HERE: &str = "the path needs the app secret, or grants what has to be kept: only a `storage::Hub`, or a \
                                `storage::ComponentHub`, has and keeps that";
        self.binding.store.owner().ok_or_else(|| {
            Error::new(ErrorKind::Request, NOT_HERE)
                .advising("make this call in the process that owns the account, which is the hub's")
        })
    }

    /// Runs one callback of the adapter that is about the credential.
    async fn ask_storage<T>(
        &self,
        doing: &str,
        callback: impl Future<Output = storage::Result<T>>,
    ) -> Result<T, Error> {
        self.ask_storage_for(doing, self.key.credential.name(), callback).await
    }

    /// Runs one callback of the adapter: within its time, and with its panic caught.
    async fn ask_storage_for<T>(
        &self,
        doing: &str,
        what: &str,
        callback: impl Future<Output = storage::Result<T>>,
    ) -> Result<T, Error> {
        let failed = |source: storage::Error| {
            // What a hub says of WeChat is not what WeChat says here: an owner's own trouble is its storage's.
            let error = source.of_call().filter(|_| self.binding.store.owner().is_none()).cloned();
            self.locate(error.unwrap_or_else(|| Error::storage(&format!("{doing} the {what}"), source)))
        };
        match tokio::time::timeout(self.storage_patience(), unpanicked(callback)).await {
            Ok(Some(outcome)) => outcome.map_err(failed),
            Ok(None) => Err(failed(storage::Error::msg("the adapter panicked"))),
            Err(_) => Err(failed(storage::Error::msg("the adapter did not answer in time"))),
        }
    }

    /// How long a callback may take: a client's may be about a hub that has to ask WeChat.
    fn storage_patience(&self) -> Duration {
        let settings = &self.wire.settings;
        match self.binding.store.owner() {
            Some(_) => settings.storage_timeout,
            None => settings.storage_timeout.saturating_add(settings.upstream_timeout),
        }
    }

    /// Whether a grant is what a refresh was asked for, so that no more need be done.
    fn answers(&self, grant: &Grant, stale: Option<&Secret>, cause: &Cause) -> bool {
        match cause {
            Cause::Missing => self.standing(grant) != Standing::Dead,
            Cause::Ageing => self.standing(grant) == Standing::Fresh,
            Cause::Refused(_) | Cause::Doubted | Cause::Asked { .. } => {
                Some(&grant.value) != stale && self.standing(grant) != Standing::Dead
            }
        }
    }

    fn standing(&self, grant: &Grant) -> Standing {
        let cap = self.wire.cap.filter(|_| self.binding.store.owner().is_some());
        let by =
            Judgement { cap, floor: self.wire.settings.shortest_life, margin: self.wire.settings.margin };
        grant.standing(self.now(), &by)
    }

    /// The seconds that a grant still has, by WeChat's own word.
    pub(crate) fn seconds_left(&self, grant: &Grant) -> u64 {
        let age = self.now().unix().saturating_sub(grant.timestamp);
        grant.expires_in.saturating_sub(age)
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.wire.clock)
    }

    fn lane(&self) -> Lane {
        Lane { asked: self.binding.asked.clone(), key: self.key.clone() }
    }

    fn endpoint(&self) -> &'static str {
        upstream::endpoint(&self.key.credential)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
        self.locate(Error::new(kind, message))
    }

    /// Says where it happened. A client of a hub has no endpoint of WeChat's: its calls have theirs.
    pub(crate) fn locate(&self, error: Error) -> Error {
        let endpoint = self.binding.store.owner().map(|_| self.endpoint());
        error.at(endpoint, Some(self.key.account.named()))
    }
}

/// The outcome, or none when making it panicked.
async fn unpanicked<T>(work: impl Future<Output = T>) -> Option<T> {
    use futures_util::FutureExt as _;
    std::panic::AssertUnwindSafe(work).catch_unwind().await.ok()
}
