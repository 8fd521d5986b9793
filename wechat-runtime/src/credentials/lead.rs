//! What the one who refreshes does for all who wait.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::guard::{Blocked, Lane, Mark, Question};
use super::landing::{Failure, Landing, Through};
use super::upstream::{self, GetTicket};
use super::{Cause, Credentials, unpanicked};
use crate::credential::{Credential, Grant, Standing};
use crate::errcode::ErrorKind;
use crate::storage::store::Owner;
use crate::{Error, Secret, TicketType, TokenKind};

/// WeChat's word for a used-up quota: after a forced refresh it speaks of the forced ones alone.
const QUOTA_USED_UP: i64 = 45009;

/// A refresh by an owner of the credential, from its beginning to its end.
struct Lead<'a> {
    of: &'a Credentials,
    owner: &'a dyn Owner,
    lane: &'a Lane,
    fence: u64,
    began: Instant,
    stale: Option<&'a Secret>,
    cause: &'a Cause,
}

impl Credentials {
    /// Boxed, because a ticket's lead comes by its access token as everybody does.
    pub(super) fn lead(self, lane: Lane, stale: Option<Secret>, cause: Cause) -> BoxFuture<'static, Landing> {
        Box::pin(self.lead_now(lane, stale, cause))
    }

    async fn lead_now(self, lane: Lane, stale: Option<Secret>, cause: Cause) -> Landing {
        let (appid, endpoint) = (&*self.key.appid, self.endpoint());
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
                    let (began, stale) = (Instant::now(), stale.as_ref());
                    let lead = Lead { of: &self, owner, lane: &lane, fence, began, stale, cause: &cause };
                    lead.run().await
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
            Err(failure) => {
                let error = failure.clone().into_error(&cause);
                tracing::warn!(%error, "not refreshed");
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
        lane.begin(self.now(), question, None, &self.settings)?;
        // It ends before the lease does: else whoever waits would take over, and report it once more.
        let left = self.time_left(began, "the hub")?.saturating_sub(self.settings.lease / 20);
        let ask = self.binding.store.refresh(&self.key.appid, &self.key.credential, stale);
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
        lane.granted(&grant, question, None, self.now());
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
    fn time_left(&self, began: Instant, whom: &str) -> Result<Duration, Failure> {
        let settings = &self.settings;
        let left = settings.lease.saturating_sub(began.elapsed());
        if left < settings.upstream_timeout.min(settings.lease / 2) {
            let message = format!("the storage adapter was so slow that there is no time left to ask {whom}");
            return Err(self.error(ErrorKind::Storage, message).into());
        }
        Ok(left)
    }
}

impl Lead<'_> {
    /// Compare, ask whether WeChat may be asked, ask, save.
    async fn run(&self) -> Result<Grant, Failure> {
        let of = self.of;
        // A store that cannot be read is not an empty one: the error ends it here.
        let stored = of.read().await?;
        let insists = of.insists(self.cause);
        let finds_none = matches!(self.cause, Cause::Missing) && stored.is_none();
        let unseen = self.lane.unseen(finds_none, of.now(), &of.settings).filter(|_| !insists);
        let answer = stored
            .as_ref()
            .filter(|stored| !insists && !self.is_behind(stored, unseen.as_ref()) && self.answers(stored));
        if let Some(stored) = answer {
            return self.keep(stored.clone());
        }
        let secret = of.secret_of(self.owner).await?;
        let mark = secret.as_ref().map(Mark::of);
        if let Some((grant, bought_by)) = unseen {
            // Bought a moment ago by the same secret, and not in the store: it is put there once more.
            if Some(bought_by) == mark && self.answers(&grant) {
                return self.save(grant).await;
            }
        }
        let refused = self.stale.filter(|_| self.cause.is_refusal());
        let begun = self.lane.begin(of.now(), self.question(refused), mark, &of.settings);
        if let (Err(Blocked::TooYoung(_)), Cause::Asked { .. }, None) =
            (&begun, self.cause, &of.callers_secret)
        {
            // As WeChat does when it is asked so soon again.
            if let Some(current) = stored.filter(|stored| of.standing(stored) != Standing::Dead) {
                return self.keep(current);
            }
        }
        begun?;
        if self.cause.refusal().is_some() {
            self.warn_of_another();
        }
        let own_way = of.binding.store.refresh(&of.key.appid, &of.key.credential, self.stale);
        let granted = match of.ask_storage("refresh", own_way).await {
            Ok(None) => self.ask_upstream(secret.as_ref(), refused).await?,
            Ok(Some(grant)) => self.own_grant(grant.received(of.now()), refused)?,
            Err(error) => return Err(self.failed(error, None)),
        };
        self.save(granted).await
    }

    /// Judges what the adapter has come by in its own way.
    fn own_grant(&self, grant: Grant, refused: Option<&Secret>) -> Result<Grant, Failure> {
        let of = self.of;
        if of.standing(&grant) == Standing::Dead {
            let error =
                of.error(ErrorKind::Storage, "the storage adapter refreshed to an expired access token");
            return Err(self.failed(error, None));
        }
        self.lane.granted(&grant, self.question(refused), None, of.now());
        if Some(&grant.value) == refused { Err(Failure::SameAgain) } else { Ok(grant) }
    }

    async fn ask_upstream(
        &self,
        secret: Option<&Secret>,
        refused: Option<&Secret>,
    ) -> Result<Grant, Failure> {
        let kind = match &self.of.key.credential {
            Credential::Ticket(ticket_type) => return self.buy_ticket(ticket_type, secret).await,
            Credential::AccessToken(kind) => *kind,
        };
        let secret = secret.ok_or_else(|| self.of.no_secret())?;
        if let Cause::Asked { force } = *self.cause {
            if force {
                self.lane.begin_forced(self.of.now(), &self.of.settings)?;
            }
            return self.ask_once(kind, secret, refused, force).await;
        }
        let mut grant = self.ask_once(kind, secret, refused, false).await?;
        if Some(&grant.value) == refused && kind == TokenKind::Stable {
            self.lane.begin_forced(self.of.now(), &self.of.settings)?;
            grant = self.ask_once(kind, secret, refused, true).await?;
        }
        if Some(&grant.value) == refused { Err(Failure::SameAgain) } else { Ok(grant) }
    }

    async fn ask_once(
        &self,
        kind: TokenKind,
        secret: &Secret,
        refused: Option<&Secret>,
        force: bool,
    ) -> Result<Grant, Failure> {
        let (of, mark) = (self.of, Mark::of(secret));
        let left = self.of.time_left(self.began, "WeChat")?.min(of.settings.upstream_timeout);
        let now = of.now();
        let asked = upstream::ask_for_token(&of.http, &of.base, kind, &of.key.appid, secret, force);
        let reply = timeout(left, asked).await;
        let reply = reply.unwrap_or_else(|_| Err(of.error(ErrorKind::Timeout, "no answer in time")));
        match reply.and_then(|reply| reply.grant(&of.key.credential, now)) {
            Ok(grant) => {
                self.lane.granted(&grant, self.question(refused).after(force), Some(mark), now);
                Ok(grant)
            }
            Err(error) if force && error.errcode() == Some(QUOTA_USED_UP) => {
                Err(self.lane.forced_used_up(of.now()).into())
            }
            Err(error) => Err(self.failed(of.locate(error), Some(mark))),
        }
    }

    /// Asks for a ticket, as a call with the account's access token.
    async fn buy_ticket(&self, ticket_type: &TicketType, secret: Option<&Secret>) -> Result<Grant, Failure> {
        let (of, mark) = (self.of, secret.map(Mark::of));
        let left = self.of.time_left(self.began, "WeChat")?;
        let now = of.now();
        let mut call =
            GetTicket { http: &of.http, base: &of.base, ticket_type, timeout: of.settings.upstream_timeout };
        let tokens = of.tokens();
        let reply = timeout(left, tokens.inject_into(&mut call)).await;
        let reply = reply.unwrap_or_else(|_| Err(of.error(ErrorKind::Timeout, "no ticket in time")));
        match reply.and_then(|reply| reply.grant(&of.key.credential, now)) {
            Ok(grant) => {
                self.lane.granted(&grant, Question::Missing, mark, now);
                Ok(grant)
            }
            // What kept the access token from us has a cool-down of its own.
            Err(error) if error.endpoint().is_some() && error.kind() != ErrorKind::TokenRejected => {
                Err(error.into())
            }
            Err(error) => Err(self.failed(of.locate(error), mark)),
        }
    }

    fn failed(&self, error: Error, secret: Option<Mark>) -> Failure {
        self.lane.failed(error, secret, self.of.now(), &self.of.settings).into()
    }

    /// Stores a grant. From here on it is ours, whatever becomes of the storing: it must not be lost.
    async fn save(&self, grant: Grant) -> Result<Grant, Failure> {
        let (of, name) = (self.of, self.of.key.credential.name());
        self.keep(grant.clone())?;
        let save = self.owner.save(&of.key.appid, &of.key.credential, grant.clone());
        match of.ask_storage("save", save).await {
            Ok(stored) if self.answers(&stored) => self.keep(stored),
            Ok(_) => {
                tracing::warn!("the storage adapter keeps another {name} than the one just granted");
                Ok(grant)
            }
            Err(error) => {
                tracing::error!(%error, "the new {name} is not saved");
                Ok(grant)
            }
        }
    }

    fn keep(&self, grant: Grant) -> Result<Grant, Failure> {
        if !self.lane.holds(self.fence) {
            return Err(Failure::Overtaken);
        }
        let grant = grant.received(self.of.now());
        self.of.binding.keep(&self.of.key, grant.clone());
        Ok(grant)
    }

    fn is_for(&self, kind: TokenKind) -> bool {
        self.of.key.credential == Credential::AccessToken(kind)
    }

    /// What the guard is asked.
    fn question<'q>(&self, refused: Option<&'q Secret>) -> Question<'q> {
        match (self.cause, refused) {
            // In its normal mode, stable_token replaces nothing.
            (Cause::Asked { force: false }, _) if self.is_for(TokenKind::Stable) => Question::Missing,
            (Cause::Asked { .. }, _) => Question::Renewal,
            (_, Some(refused)) => Question::Refused(refused),
            (_, None) => Question::Missing,
        }
    }

    fn answers(&self, grant: &Grant) -> bool {
        self.of.answers(grant, self.stale, self.cause)
    }

    /// Whether the store has an older grant than the refused one, which it was given and has not shown yet.
    fn is_behind(&self, stored: &Grant, unseen: Option<&(Grant, Mark)>) -> bool {
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
