//! What the one who refreshes does for all who wait.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::guard::{Blocked, Guard, Question};
use super::landing::{Failure, Landing, Through};
use super::lane::{Lane, forget_what_is_over};
use super::pausing::is_of_process;
use super::price::Price;
use super::shared::Shared;
use super::turn::Stored;
use super::{Cause, Credentials, unpanicked};
use crate::clock::Moment;
use crate::credential::{Credential, Grant, Standing};
use crate::errcode::ErrorKind;
use crate::storage::store::Owner;
use crate::{AuthorizerToken, Error, Secret, TokenKind};

/// A refresh by an owner of the credential, from its beginning to its end.
pub(super) struct Lead<'a> {
    pub(super) of: &'a Credentials,
    pub(super) owner: &'a dyn Owner,
    pub(super) lane: &'a Lane,
    fence: u64,
    pub(super) began: Instant,
    /// Where several processes agree whose turn it is: ours, and what is known for all of them.
    pub(super) shared: Option<Shared>,
    pub(super) stale: Option<&'a Secret>,
    pub(super) cause: &'a Cause,
    paid_with: Option<&'a Paid>,
    /// Whether what it is paid with has been refused before, and is another one now.
    refused_before: bool,
}

/// The credential that another is bought with, or why it is not to be had.
pub(super) type Paid = Result<Grant, Error>;

impl Credentials {
    pub(super) fn lead(
        self,
        lane: Lane,
        stale: Option<Secret>,
        cause: Cause,
        paid_with: Option<Paid>,
        refused_before: bool,
    ) -> BoxFuture<'static, Landing> {
        Box::pin(self.lead_now(lane, stale, cause, paid_with, refused_before))
    }

    async fn lead_now(
        self,
        lane: Lane,
        stale: Option<Secret>,
        cause: Cause,
        paid_with: Option<Paid>,
        refused_before: bool,
    ) -> Landing {
        let (appid, endpoint) = (&**self.key.account.named(), self.endpoint());
        let span = tracing::debug_span!("wechat_refresh", appid, endpoint, cause = cause.name());
        let fence = lane.enter();
        let work = async {
            // A refresh that ended between the caller's look and this lead has done the work already.
            let copy = self.binding.copy(&self.key).filter(|_| !self.insists(&cause));
            let copy = copy.map(|copy| copy.grant.clone());
            if let Some(grant) = copy.filter(|grant| self.answers(grant, stale.as_ref(), &cause)) {
                return Ok(grant);
            }
            match self.binding.store.owner() {
                Some(owner) => {
                    let lead = Lead {
                        of: &self,
                        owner,
                        lane: &lane,
                        fence,
                        began: Instant::now(),
                        shared: None,
                        stale: stale.as_ref(),
                        cause: &cause,
                        paid_with: paid_with.as_ref(),
                        refused_before,
                    };
                    match owner.coordinator() {
                        None => lead.run().await,
                        Some(coordinator) => lead.run_in_turn(&coordinator).await,
                    }
                }
                None => self.lead_client(&lane, stale.as_ref(), &cause).await,
            }
        };
        let outcome = unpanicked(work).instrument(span.clone()).await;
        let outcome =
            outcome.unwrap_or_else(|| Err(self.error(ErrorKind::Storage, "refreshing panicked").into()));
        lane.leave(fence);
        span.in_scope(|| match &outcome {
            Ok(_) => tracing::debug!("refreshed"),
            Err(Failure::Blocked(_)) => tracing::debug!("not refreshed: held back"),
            Err(Failure::PaymentRefused { .. }) => {
                tracing::debug!("not refreshed: what it is bought with is refused");
            }
            Err(failure) => {
                let error = failure.clone().into_error(&cause);
                tracing::warn!(error = %error.in_full(), "not refreshed");
            }
        });
        Landing { of: Through::from(&self), stale, cause, outcome }
    }

    /// A client's refresh: what the hub has, or has after being told that it is no good.
    async fn lead_client(
        &self,
        lane: &Lane,
        stale: Option<&Secret>,
        cause: &Cause,
    ) -> Result<Grant, Failure> {
        let (began, before) = (Instant::now(), self.binding.copy(&self.key));
        let keep = |grant: Grant| {
            self.binding.keep_unless_changed(&self.key, grant.clone(), before.as_ref());
            Ok(grant)
        };
        let stored = self.read().await?;
        if let Some(stored) = stored.filter(|stored| {
            // An ageing token is the hub's to refresh; telling the hub so would only hurry it.
            let lives = self.standing(stored) != Standing::Dead;
            self.answers(stored, stale, cause) || (lives && matches!(cause, Cause::Ageing))
        }) {
            return keep(stored);
        }
        let question = stale.filter(|_| cause.is_refusal()).map_or(Question::Missing, Question::Refused);
        // Not every hub sees to it that a lasting refusal does not cost WeChat's quota.
        lane.guard(|guard| guard.begin(self.now(), question, Price::default(), &self.wire.settings))?;
        // It ends before the lease does: else whoever waits would take over, and report it once more.
        let left = self.time_left(began, "the hub")?.saturating_sub(self.wire.settings.lease / 20);
        let ask = self.binding.store.refresh(&self.key.account, &self.key.credential, stale);
        let asked = timeout(left, self.ask_storage("refresh", ask)).await;
        let asked = asked.unwrap_or_else(|_| Err(self.error(ErrorKind::Timeout, "no answer in time")));
        let grant = asked.map_err(|error| match error.kind() {
            ErrorKind::TokenRejected if cause.is_refusal() => Failure::ByHub(error),
            _ => error.into(),
        })?;
        let name = self.key.credential.name();
        let missing = |what: &str| Err(self.error(ErrorKind::Storage, format!("the hub {what}")).into());
        let Some(grant) = grant.map(|grant| grant.received(self.now())) else {
            return missing(&format!("has no {name} for this appid"));
        };
        lane.guard(|guard| guard.granted(self.now(), &grant.value, question, Price::default()));
        if cause.is_refusal() && Some(&grant.value) == stale {
            return Err(Failure::SameAgain);
        }
        if self.standing(&grant) == Standing::Dead {
            return missing(&format!("answered with an expired {name}"));
        }
        keep(grant)
    }

    /// How much of the lease is left, of a refresh that began then. With too little, asking could grant what nobody waits
    /// for any more.
    pub(super) fn time_left(&self, began: Instant, whom: &str) -> Result<Duration, Failure> {
        let settings = &self.wire.settings;
        let left = settings.lease.saturating_sub(began.elapsed());
        if left < settings.upstream_timeout.min(settings.lease / 2) {
            let message = format!("the storage adapter was so slow that there is no time left to ask {whom}");
            return Err(self.error(ErrorKind::Storage, message).into());
        }
        Ok(left)
    }
}

impl Lead<'_> {
    /// A refresh that only this process knows of.
    async fn run(&self) -> Result<Grant, Failure> {
        let of = self.of;
        // A store that cannot be read is not an empty one: the error ends it here.
        let stored = match of.key.credential {
            Credential::AuthorizerToken => {
                let record = of.record(self.owner).await?;
                record.map_or_else(Stored::default, |record| Stored::of(record, of.now()))
            }
            _ => Stored { grant: of.read().await?, record: None },
        };
        if let Some(grant) = &stored.grant {
            self.lane.seen(&grant.value);
        }
        self.replace(stored).await
    }

    /// Asks the guard, or tells it something, by the clock that it goes by.
    pub(super) fn guard<R>(&self, ask: impl FnOnce(&mut Guard, Moment) -> R) -> R {
        match &self.shared {
            Some(shared) => shared.guard(ask),
            None => self.lane.guard(|guard| ask(guard, self.of.now())),
        }
    }

    /// Compare, ask whether WeChat may be asked, ask, save.
    pub(super) async fn replace(&self, stored: Stored) -> Result<Grant, Failure> {
        let (of, record) = (self.of, stored.record.as_ref());
        let unseen = self.unseen(&stored);
        if let Some(stored) = stored.grant.as_ref().filter(|stored| self.settles(stored, unseen.as_ref())) {
            return self.keep(stored.clone());
        }
        let payment = of.payment(self.owner, record).await?;
        if let Some((grant, bought_for)) = unseen {
            // Bought a moment ago for the same price, and not in the store: it is put there once more.
            let price = payment.price();
            let pays =
                price.buys_what(bought_for) && (!price.has_nothing_of_its_own() || self.paid_with().is_ok());
            if pays && self.answers(&grant) {
                return self.save(grant, &stored, payment.price()).await;
            }
        }
        let refused = self.refused();
        let question = self.question(refused);
        let ask = |guard: &mut Guard, now| guard.begin(now, question, payment.price(), &of.wire.settings);
        let mut begun = self.guard(ask);
        if matches!(begun, Err(Blocked::CoolDown(_))) && self.learns_of_a_cleared_quota().await {
            begun = self.guard(ask);
        }
        let begun = begun.and_then(|()| self.lane.guard(|guard| ask(guard, of.now())));
        if let (Err(Blocked::TooYoung(_)), Cause::Asked { .. }, false) =
            (&begun, self.cause, of.given.is_some())
        {
            // As WeChat does when it is asked so soon again.
            let current = stored.grant.as_ref().filter(|stored| of.standing(stored) != Standing::Dead);
            if let Some(current) = current {
                return self.keep(current.clone());
            }
        }
        begun?;
        if self.cause.refusal().is_some() {
            self.warn_of_another();
        }
        let own_way = of.binding.store.refresh(&of.key.account, &of.key.credential, self.stale);
        let own_way = of.ask_storage("refresh", own_way).await;
        self.note_asked(!matches!(own_way, Ok(None)));
        let granted = match own_way {
            Ok(None) => self.buy(&payment, record, refused).await?,
            Ok(Some(grant)) => self.own_grant(grant.received(of.now()), refused)?,
            Err(error) => return Err(self.failed(error, Price::default())),
        };
        self.save(granted, &stored, payment.price()).await
    }

    /// What this process has bought and the store has not been seen to hold.
    pub(super) fn unseen(&self, stored: &Stored) -> Option<(Grant, Price)> {
        let of = self.of;
        let finds_none = matches!(self.cause, Cause::Missing) && stored.grant.is_none();
        let taken_back = stored.record.as_ref().is_some_and(AuthorizerToken::is_unauthorized);
        let value = stored.grant.as_ref().map(|grant| &grant.value);
        let unseen = self.lane.unseen(value, finds_none, of.now(), &of.wire.settings);
        unseen.filter(|_| !of.insists(self.cause) && !taken_back)
    }

    /// Whether what is stored is all that is wanted.
    pub(super) fn settles(&self, stored: &Grant, unseen: Option<&(Grant, Price)>) -> bool {
        !self.of.insists(self.cause) && !self.is_behind(stored, unseen) && self.answers(stored)
    }

    /// Judges what the adapter has come by in its own way.
    fn own_grant(&self, grant: Grant, refused: Option<&Secret>) -> Result<Grant, Failure> {
        let of = self.of;
        if of.standing(&grant) == Standing::Dead {
            let error =
                of.error(ErrorKind::Storage, "the storage adapter refreshed to an expired access token");
            return Err(self.failed(error, Price::default()));
        }
        self.granted(&grant, self.question(refused), Price::default());
        if Some(&grant.value) == refused { Err(Failure::SameAgain) } else { Ok(grant) }
    }

    /// Notes what was granted.
    pub(super) fn granted(&self, grant: &Grant, question: Question<'_>, price: Price) {
        self.guard(|guard, now| guard.granted(now, &grant.value, question, price));
        let over = self.shared.as_ref().map(Shared::found);
        self.lane.bought(grant, price, self.of.now(), over);
    }

    /// Notes why nothing was granted, and tells how long nobody asks again.
    pub(super) fn failed(&self, error: Error, price: Price) -> Failure {
        let (of, credential, of_process) = (self.of, &self.of.key.credential, is_of_process(&error));
        forget_what_is_over(of.now());
        let fail = |guard: &mut Guard, now| guard.failed(now, error, credential, price, &of.wire.settings);
        if of_process {
            return self.lane.guard(|guard| fail(guard, of.now())).into();
        }
        self.guard(fail).into()
    }

    /// The credential that this one is bought with: another one by now, where it was replaced since this began.
    pub(super) fn paid_with(&self) -> Result<Secret, Failure> {
        let newest = self.of.bought_with().and_then(|of| {
            let copy = of.binding.copy(&of.key)?;
            (of.standing(&copy.grant) != Standing::Dead).then(|| copy.grant.value.clone())
        });
        match (newest, self.paid_with) {
            (Some(newest), _) => Ok(newest),
            (None, Some(Ok(paid))) => Ok(paid.value.clone()),
            // What kept it from us has a pause of its own.
            (None, Some(Err(error))) => Err(error.clone().into()),
            (None, None) => Err(self.of.error(ErrorKind::Storage, "nothing to buy it with").into()),
        }
    }

    /// What it is bought with is refused: that has to be replaced first, and then this is begun anew, once.
    pub(super) fn payment_refused(&self, value: Secret, refusal: Error, price: Price) -> Failure {
        let refusal = self.of.locate(refusal);
        if self.refused_before {
            let refusal = refusal.because("the access token is refused, and so is a fresh one");
            return self.failed(refusal, price);
        }
        Failure::PaymentRefused { value, refusal }
    }

    /// Stores a grant. From here on it is ours, whatever becomes of the storing: it must not be lost.
    async fn save(&self, grant: Grant, stored: &Stored, price: Price) -> Result<Grant, Failure> {
        let (of, name) = (self.of, self.of.key.credential.name());
        if let Some(shared) = &self.shared {
            return self.commit(shared, grant, stored, price).await;
        }
        if of.key.credential == Credential::AuthorizerToken {
            return self.save_authorizer(grant, stored.record.as_ref(), price).await;
        }
        self.keep(grant.clone())?;
        let save = self.owner.save(&of.key.account, &of.key.credential, grant.clone());
        match of.ask_storage("save", save).await {
            Ok(stored) if self.answers(&stored) => self.keep(stored),
            Ok(_) => {
                tracing::warn!("the storage adapter keeps another {name} than the one just granted");
                Ok(grant)
            }
            Err(error) => {
                tracing::error!(error = %error.in_full(), "the new {name} is not saved");
                Ok(grant)
            }
        }
    }

    pub(super) fn keep(&self, grant: Grant) -> Result<Grant, Failure> {
        self.check_fence()?;
        let grant = grant.received(self.of.now());
        self.of.binding.keep(&self.of.key, grant.clone());
        Ok(grant)
    }

    /// Refuses to go on for one who was parked past the lease: another has begun since.
    pub(super) fn check_fence(&self) -> Result<(), Failure> {
        if self.lane.holds(self.fence) { Ok(()) } else { Err(Failure::Overtaken) }
    }

    fn is_for(&self, kind: TokenKind) -> bool {
        self.of.key.credential == Credential::AccessToken(kind)
    }

    /// What was refused, where that is why it is replaced.
    pub(super) fn refused(&self) -> Option<&Secret> {
        self.stale.filter(|_| self.cause.is_refusal())
    }

    /// What the guard is asked.
    pub(super) fn question<'q>(&self, refused: Option<&'q Secret>) -> Question<'q> {
        match (self.cause, refused) {
            // In its normal mode, stable_token replaces nothing.
            (Cause::Asked { force: false }, _) if self.is_for(TokenKind::Stable) => Question::Missing,
            (Cause::Asked { .. }, _) => Question::Renewal,
            (_, Some(refused)) => Question::Refused(refused),
            (_, None) => Question::Missing,
        }
    }

    pub(super) fn answers(&self, grant: &Grant) -> bool {
        self.of.answers(grant, self.stale, self.cause)
    }

    /// Whether the store has an older grant than the refused one, which it was given and has not shown yet.
    fn is_behind(&self, stored: &Grant, unseen: Option<&(Grant, Price)>) -> bool {
        unseen.is_some_and(|(newest, _)| {
            Some(&newest.value) == self.stale && stored.timestamp < newest.timestamp
        })
    }

    fn warn_of_another(&self) {
        let copy = self.of.binding.copy(&self.of.key);
        let lived = copy.is_some_and(|copy| {
            Some(&copy.grant.value) == self.stale && self.of.standing(&copy.grant) != Standing::Dead
        });
        if lived {
            tracing::warn!("refused before its time: something else seems to fetch tokens for this appid");
        }
    }
}
