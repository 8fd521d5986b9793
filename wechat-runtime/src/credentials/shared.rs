//! A refresh by one process of several: in its turn, and stored under its fence.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::guard::Guard;
use super::landing::Failure;
use super::lane::Over;
use super::lead::Lead;
use super::price::Price;
use super::turn::{Asked, Stored, Turn};
use crate::clock::Moment;
use crate::credential::Grant;
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::storage::Coordinator;
use crate::{AuthorizerToken, Secret};

/// A turn, and the guard that goes with it from process to process.
pub(super) struct Shared {
    turn: Arc<Turn>,
    guard: Mutex<Guard>,
    /// What was stored when the turn began.
    found: Over,
    progress: Mutex<Progress>,
}

/// What has come of the turn so far.
#[derive(Default)]
struct Progress {
    /// The refresh token that an authorizer's was bought with: not always the stored one.
    bought_by: Option<Secret>,
    /// Whether something was granted, or may have been.
    may_have_granted: bool,
    /// Whether that was known when the lease was over already.
    late: bool,
}

impl Shared {
    fn new(turn: Turn, guard: Guard, stored: &Stored) -> Self {
        let found = stored.grant.as_ref().map(|grant| grant.value.clone());
        let (turn, guard) = (Arc::new(turn), Mutex::new(guard));
        Self { turn, guard, found, progress: Mutex::default() }
    }

    pub(super) fn guard<R>(&self, ask: impl FnOnce(&mut Guard, Moment) -> R) -> R {
        ask(&mut lock(&self.guard), self.turn.now())
    }

    pub(super) fn found(&self) -> Over {
        self.found.clone()
    }
}

impl Lead<'_> {
    /// A refresh that is made in one process at a time: waits for the turn, or for what another's brings.
    pub(super) async fn run_in_turn(mut self, coordinator: &Arc<dyn Coordinator>) -> Result<Grant, Failure> {
        let of = self.of;
        // Ends: whoever waits for it goes away in time, and so does this task.
        let waiting = Instant::now();
        loop {
            let Asked { stored, guard, turn } = of.ask_for_turn(coordinator).await?;
            match turn {
                Ok(turn) => {
                    self.began = turn.began;
                    self.shared = Some(Shared::new(turn, guard, &stored));
                    let outcome = self.replace(stored).await;
                    self.end_turn().await;
                    return outcome;
                }
                Err(at_most) => {
                    let unseen = self.unseen(&stored);
                    let answer = stored.grant.filter(|stored| self.settles(stored, unseen.as_ref()));
                    if let Some(stored) = answer {
                        return self.keep(stored);
                    }
                    if waiting.elapsed() > of.patience() {
                        let late = "another process refreshes it still";
                        return Err(of.error(ErrorKind::Timeout, late).into());
                    }
                    of.wait_for_turn(at_most).await;
                }
            }
        }
    }

    /// Gives the turn back, where what was stored has not ended it.
    async fn end_turn(&self) {
        let Some(shared) = &self.shared else { return };
        let notes = lock(&shared.guard).notes();
        match shared.turn.end(self.of, notes).await {
            Ok(true) => {}
            Ok(false) => self.doubt_if_unsure(shared),
            Err(error) => tracing::warn!(error = %error.in_full(), "others wait until the lease is over"),
        }
    }

    /// Ends a pause that a used-up quota has caused, where the quota was cleared since for what this is bought with: that is
    /// noted there, and not with each of the credentials that it buys.
    pub(super) async fn learns_of_a_cleared_quota(&self) -> bool {
        if self.shared.is_none() || !self.guard(|guard, _| guard.is_paused_by_quota()) {
            return false;
        }
        let mut payer = self.of.bought_with();
        let mut learned = false;
        while let Some(of) = payer {
            if let Some(cleared_at) = of.quota_cleared_at().await {
                learned |= self.guard(|guard, _| guard.end_quota_pauses(cleared_at));
            }
            payer = of.bought_with();
        }
        learned
    }

    /// Notes that WeChat was asked, and may have granted something.
    pub(super) fn note_asked(&self, may_have_granted: bool) {
        if let Some(shared) = &self.shared {
            let mut progress = lock(&shared.progress);
            progress.may_have_granted |= may_have_granted;
            progress.late |= self.began.elapsed() >= self.of.wire.settings.lease;
        }
    }

    /// Notes which refresh token bought something.
    pub(super) fn note_bought_by(&self, refresh_token: &Secret) {
        if let Some(shared) = &self.shared {
            lock(&shared.progress).bought_by = Some(refresh_token.clone());
        }
    }

    /// The turn is lost. What was bought since is newer where it was asked for when this was answered; and cannot be told
    /// from it where the answer came after the lease, or where the turn was lost before the lease was over.
    fn doubt_if_unsure(&self, shared: &Shared) {
        let Progress { may_have_granted, late, .. } = std::mem::take(&mut *lock(&shared.progress));
        let within_lease = self.began.elapsed() < self.of.wire.settings.lease;
        if may_have_granted && (late || within_lease) && self.of.key.credential.kind().is_some() {
            self.of.doubt();
        }
    }

    /// Stores a grant for all processes, unless what is stored has changed since the turn began.
    pub(super) async fn commit(
        &self,
        shared: &Shared,
        grant: Grant,
        stored: &Stored,
        price: Price,
    ) -> Result<Grant, Failure> {
        // Whether another has begun since in this process is no matter: all of them agree by the turn.
        let of = self.of;
        let whole = self.whole_record(&grant, stored.record.as_ref());
        let replaces = whole.as_ref().and_then(AuthorizerToken::refresh_token)
            != stored.record.as_ref().and_then(AuthorizerToken::refresh_token);
        let (record, notes) = (of.to_store(grant.clone(), whole), lock(&shared.guard).notes());
        // What came along with the refused one is good all the same, and is stored before it is told.
        let is_refused = self.cause.is_refusal() && Some(&grant.value) == self.stale;
        let kept = |grant| if is_refused { Err(Failure::SameAgain) } else { self.keep(grant) };
        match shared.turn.commit(of, record.clone(), notes.clone()).await {
            Ok(true) => {
                self.is_stored(&grant);
                kept(grant)
            }
            // Where this fails, what was bought is still the newest that this process knows of: it is stored in its next turn.
            Ok(false) => {
                if self.commit_in_another_turn(shared, &grant, stored, price).await? {
                    return kept(grant);
                }
                self.lane.superseded();
                self.doubt_if_unsure(shared);
                Err(Failure::Overtaken)
            }
            Err(error) => {
                shared.turn.clone().commit_later(of.clone(), record, notes);
                // Until then, only this process knows how often it has bought.
                let question = self.question(self.refused());
                self.lane.guard(|guard| guard.granted(of.now(), &grant.value, question, price));
                if replaces {
                    // Nobody is told of success before the refresh token is durable.
                    return Err(error.into());
                }
                tracing::error!(error = %error.in_full(), "the new {} is not saved yet", of.key.credential.name());
                kept(grant)
            }
        }
    }

    /// Stores a grant in another turn, where what is stored is what it was, or is what the grant replaces: then it is the
    /// newest all the same, and the turn was lost to somebody who stored something else besides. Whoever leads now buys a
    /// newer one; but not with a refresh token that this one has replaced.
    async fn commit_in_another_turn(
        &self,
        shared: &Shared,
        grant: &Grant,
        stored: &Stored,
        price: Price,
    ) -> Result<bool, Failure> {
        let (of, Some(coordinator)) = (self.of, self.owner.coordinator()) else { return Ok(false) };
        let bought_by = lock(&shared.progress).bought_by.clone();
        let rotated = grant.refresh_token.is_some() && grant.refresh_token != bought_by;
        let waiting = Instant::now();
        let (stored_now, mut guard, turn) = loop {
            let Asked { stored, guard, turn } = of.ask_for_turn(&coordinator).await?;
            match turn {
                Ok(turn) => break (stored, guard, turn),
                Err(at_most) if rotated && waiting.elapsed() < of.patience() => {
                    of.wait_for_turn(at_most).await;
                }
                Err(_) => return Ok(false),
            }
        };
        if !stored_now.is_like(stored) && !stored_now.is_replaced_by(grant, bought_by.as_ref()) {
            turn.end(of, guard.notes()).await?;
            return Ok(false);
        }
        guard.granted(turn.now(), &grant.value, self.question(self.refused()), price);
        let whole = self.whole_record(grant, stored_now.record.as_ref());
        let committed = turn.commit(of, of.to_store(grant.clone(), whole), guard.notes()).await?;
        if committed {
            self.is_stored(grant);
        }
        Ok(committed)
    }

    /// What this process knew by itself, all know now.
    fn is_stored(&self, grant: &Grant) {
        self.lane.seen(&grant.value);
        self.lane.guard(|guard| *guard = Guard::default());
    }
}
