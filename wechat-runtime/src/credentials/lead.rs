//! What the one who refreshes does for all who wait.

use std::sync::Arc;

use tracing::Instrument as _;

use super::guard::{Blocked, Lane};
use super::{Cause, Credentials, unpanicked, upstream};
use crate::credential::{Credential, Grant, Standing};
use crate::errcode::ErrorKind;
use crate::storage::adapter::Binding;
use crate::storage::store::Owner;
use crate::{Error, Secret, TokenKind};

/// What a refresh came to, and through which binding it was made.
#[derive(Clone)]
pub(super) struct Landing {
    pub(super) binding: Arc<Binding>,
    /// Whether a refused token was the cause.
    pub(super) refused: bool,
    pub(super) outcome: Result<Grant, Error>,
}

impl Credentials {
    pub(super) async fn lead(self, lane: Lane, stale: Option<Secret>, cause: Cause) -> Landing {
        let work = async {
            match self.binding.store.owner() {
                Some(owner) => self.lead_owner(owner, &lane, stale.as_ref(), &cause).await,
                None => self.lead_client(stale.as_ref(), &cause).await,
            }
        };
        let (appid, endpoint) = (&*self.key.appid, self.endpoint());
        let span = tracing::debug_span!("wechat_refresh", appid, endpoint, cause = cause.name());
        let work = unpanicked(work).instrument(span.clone());
        let outcome = match tokio::time::timeout(self.settings.lease, work).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(self.error(ErrorKind::Storage, "refreshing panicked")),
            Err(_) => Err(self.error(ErrorKind::Timeout, "refreshing took too long")),
        };
        span.in_scope(|| match &outcome {
            Ok(_) => tracing::debug!("refreshed"),
            Err(error) => tracing::warn!(%error, "not refreshed"),
        });
        Landing {
            refused: cause.is_refusal(),
            binding: self.binding,
            outcome,
        }
    }

    /// A hub's refresh: compare, ask whether WeChat may be asked, ask, save.
    async fn lead_owner(
        &self,
        owner: &dyn Owner,
        lane: &Lane,
        stale: Option<&Secret>,
        cause: &Cause,
    ) -> Result<Grant, Error> {
        // A store that cannot be read is not an empty one: the error ends it here.
        if let Some(stored) = self
            .read()
            .await?
            .filter(|stored| self.answers(stored, stale, cause))
        {
            return Ok(self.keep(stored));
        }
        let refused = stale.filter(|_| cause.is_refusal());
        self.begin(owner, lane, refused, cause).await?;
        if let Cause::Refused(Some(_)) = cause {
            self.warn_of_another(stale);
        }
        let appid = &*self.key.appid;
        let own_way = self.binding.store.refresh(appid, &self.key.credential, stale);
        let granted = match self.ask_storage("refresh the access token", own_way).await {
            Ok(Some(grant)) => {
                if Some(&grant.value) == refused {
                    return Err(self.same_again(cause));
                }
                lane.granted(&grant.value, self.now());
                grant
            }
            Ok(None) => self.ask_upstream(owner, lane, refused, cause).await?,
            Err(error) => return Err(lane.failed(error, None, self.now(), &self.settings)),
        };
        // From here on the grant is ours, whatever becomes of the rest: it must not be lost.
        self.keep(granted.clone());
        let save = owner.save(appid, &self.key.credential, granted.clone());
        match self.ask_storage("save the access token", save).await {
            Ok(stored) => Ok(self.keep(stored)),
            Err(error) => {
                tracing::error!(%error, "the new access token is not saved");
                // Others will not find it in the store; that must not make each of them fetch another.
                lane.failed(error, None, self.now(), &self.settings);
                Ok(granted)
            }
        }
    }

    async fn begin(
        &self,
        owner: &dyn Owner,
        lane: &Lane,
        refused: Option<&Secret>,
        cause: &Cause,
    ) -> Result<(), Error> {
        let blocked = match lane.begin(self.now(), refused, &self.settings) {
            Ok(()) => return Ok(()),
            Err(blocked) => blocked,
        };
        if let Blocked::CoolDown {
            unless_secret_is_not: Some(wrong),
            ..
        } = &blocked
        {
            if self.secret_of(owner).await? != *wrong {
                lane.secret_changed();
                let again = lane.begin(self.now(), refused, &self.settings);
                return again.map_err(|blocked| self.blocked(blocked, cause));
            }
        }
        Err(self.blocked(blocked, cause))
    }

    fn blocked(&self, blocked: Blocked, cause: &Cause) -> Error {
        blocked
            .into_error(cause.refusal())
            .at(self.endpoint(), Some(&self.key.appid))
    }

    async fn ask_upstream(
        &self,
        owner: &dyn Owner,
        lane: &Lane,
        refused: Option<&Secret>,
        cause: &Cause,
    ) -> Result<Grant, Error> {
        let secret = self.secret_of(owner).await?;
        let mut grant = self.ask_once(lane, &secret, false).await?;
        let forcible = self.key.credential == Credential::AccessToken(TokenKind::Stable);
        if Some(&grant.value) == refused && forcible {
            lane.begin_forced(self.now(), &self.settings)
                .map_err(|blocked| self.blocked(blocked, cause))?;
            grant = self.ask_once(lane, &secret, true).await?;
        }
        if Some(&grant.value) == refused {
            return Err(self.same_again(cause));
        }
        Ok(grant)
    }

    async fn ask_once(&self, lane: &Lane, secret: &Secret, force: bool) -> Result<Grant, Error> {
        let (key, now) = (&self.key, self.now());
        let request = upstream::request(&key.credential, &self.base, &key.appid, secret, force);
        let asked = upstream::ask(&self.http, request, secret, now);
        let answer = match tokio::time::timeout(self.settings.upstream_timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(self.error(ErrorKind::Timeout, "no answer in time")),
        };
        match answer {
            Ok(grant) => {
                lane.granted(&grant.value, now);
                Ok(grant)
            }
            Err(error) => {
                let error = error.at(self.endpoint(), Some(&key.appid));
                Err(lane.failed(error, Some(secret), self.now(), &self.settings))
            }
        }
    }

    /// A client's refresh: what the hub has, or has after being told that it is no good.
    async fn lead_client(&self, stale: Option<&Secret>, cause: &Cause) -> Result<Grant, Error> {
        let stored = self.read().await?;
        if let Some(stored) = stored.filter(|stored| {
            // An ageing token is the hub's to refresh; telling the hub so would only hurry it.
            self.answers(stored, stale, cause) || matches!(cause, Cause::Ageing)
        }) {
            return Ok(self.keep(stored));
        }
        let ask = self
            .binding
            .store
            .refresh(&self.key.appid, &self.key.credential, stale);
        let grant = self.ask_storage("refresh the access token", ask).await?;
        let grant = grant.map(|grant| grant.received(self.now()));
        match grant {
            Some(grant) if cause.is_refusal() && Some(&grant.value) == stale => Err(self.same_again(cause)),
            Some(grant) if self.standing(&grant) == Standing::Dead => Err(self.error(
                ErrorKind::Storage,
                "the hub answered with an expired access token",
            )),
            Some(grant) => Ok(self.keep(grant)),
            None => Err(self.error(ErrorKind::Storage, "the hub has no access token for this appid")),
        }
    }

    fn keep(&self, grant: Grant) -> Grant {
        let grant = grant.received(self.now());
        self.binding.keep(&self.key, grant.clone());
        grant
    }

    fn same_again(&self, cause: &Cause) -> Error {
        const MESSAGE: &str = "the access token is refused, and refreshing brings the same one back:";
        match cause.refusal() {
            Some(refusal) => refusal.clone().because(MESSAGE),
            None => self.error(ErrorKind::TokenRejected, MESSAGE),
        }
    }

    fn warn_of_another(&self, stale: Option<&Secret>) {
        let copy = self.binding.copy(&self.key);
        let lived = copy.is_some_and(|copy| {
            Some(&copy.grant.value) == stale && self.standing(&copy.grant) != Standing::Dead
        });
        if lived {
            tracing::warn!("refused before its time: something else seems to fetch tokens for this appid");
        }
    }
}
