//! The turn to refresh, where several processes agree whose it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::guard::Guard;
use super::{Cause, Credentials};
use crate::clock::Moment;
use crate::credential::{Account, Credential, Grant};
use crate::errcode::ErrorKind;
use crate::settings::jitter;
use crate::storage::{Coordinator, Notes, Record, Slot, Turn as Given};
use crate::{AuthorizerToken, Error, Secret, TokenKind, task};

/// How often is asked whether another's turn is over: each 50 ms to 200 ms.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOK_AGAIN_JITTER: Duration = Duration::from_millis(150);

/// How often is tried to store what the coordinator could not store when it was asked.
const STORE_AGAIN: Duration = Duration::from_millis(500);

/// Our turn to refresh a credential: from when the coordinator was asked, to when it is told of the end.
pub(super) struct Turn {
    coordinator: Arc<dyn Coordinator>,
    slot: Slot,
    fence: u64,
    pub(super) began: Instant,
    /// What time it was then by the clock of all.
    now: Moment,
    ended: AtomicBool,
}

/// What the coordinator has answered.
pub(super) struct Asked {
    pub(super) stored: Stored,
    pub(super) guard: Guard,
    pub(super) turn: Result<Turn, Duration>,
}

/// What is stored of a credential.
#[derive(Clone, Default)]
pub(super) struct Stored {
    pub(super) grant: Option<Grant>,
    /// The authorizer's, where it is one's.
    pub(super) record: Option<AuthorizerToken>,
}

impl Stored {
    pub(super) fn of(record: AuthorizerToken, now: Moment) -> Self {
        Self { grant: record.grant().map(|grant| grant.received(now)), record: Some(record) }
    }

    /// Whether the same tokens are stored.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let value = |stored: &Self| stored.grant.as_ref().map(|grant| grant.value.clone());
        value(self) == value(other) && has_tokens_of(self.record.as_ref(), other.record.as_ref())
    }

    /// Whether a grant brought another refresh token in place of the stored one, with which it was bought: then whatever else
    /// that one has bought was bought before.
    pub(super) fn is_replaced_by(&self, grant: &Grant, bought_by: Option<&Secret>) -> bool {
        let record = self.record.as_ref().filter(|record| !record.is_unauthorized());
        let kept = record.and_then(AuthorizerToken::refresh_token);
        kept.is_some()
            && kept == bought_by
            && grant.refresh_token.as_ref().is_some_and(|new| Some(new) != kept)
    }
}

/// Whether a record has the tokens that another has.
pub(super) fn has_tokens_of(one: Option<&AuthorizerToken>, other: Option<&AuthorizerToken>) -> bool {
    let tokens = |record: &AuthorizerToken| {
        let access = record.access().map(|access| access.access_token().clone());
        (access, record.refresh_token().cloned(), record.is_unauthorized())
    };
    let none = AuthorizerToken::new();
    tokens(one.unwrap_or(&none)) == tokens(other.unwrap_or(&none))
}

impl Turn {
    /// What time it is by the clock of all.
    pub(super) fn now(&self) -> Moment {
        self.now.after(self.began.elapsed())
    }

    /// Stores what was bought, and ends the turn; false where another's has begun since.
    pub(super) async fn commit(&self, of: &Credentials, record: Record, notes: Notes) -> Result<bool, Error> {
        self.ended.store(true, Ordering::Relaxed);
        of.ask_storage("save", self.coordinator.commit(&self.slot, self.fence, record, notes)).await
    }

    /// Ends the turn with nothing to store, if it has not ended yet; false where another's has begun since.
    pub(super) async fn end(&self, of: &Credentials, notes: Notes) -> Result<bool, Error> {
        if self.ended.swap(true, Ordering::Relaxed) {
            return Ok(true);
        }
        of.ask_storage("end refreshing", self.coordinator.abort(&self.slot, self.fence, notes)).await
    }

    /// Goes on trying to store what was bought, for as long as no other's turn can have begun.
    pub(super) fn commit_later(self: Arc<Self>, of: Credentials, record: Record, notes: Notes) {
        task::begin(async move {
            while self.began.elapsed().saturating_add(STORE_AGAIN) < of.wire.settings.lease {
                tokio::time::sleep(STORE_AGAIN).await;
                if self.commit(&of, record.clone(), notes.clone()).await.is_ok() {
                    return;
                }
            }
            // The others do not get it, but what it has cost.
            self.ended.store(false, Ordering::Relaxed);
            if let Err(error) = self.end(&of, notes).await {
                tracing::warn!(error = %error.in_full(), "other processes are not told what was bought");
            }
        });
    }
}

impl Credentials {
    /// What several processes agree by, where they do.
    pub(super) fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.binding.store.owner()?.coordinator()
    }

    /// Asks whose turn it is.
    pub(super) async fn ask_for_turn(&self, coordinator: &Arc<dyn Coordinator>) -> Result<Asked, Error> {
        let (asked_at, slot) = (Instant::now(), self.slot()?);
        let lease = self.wire.settings.lease;
        let begun = self.ask_storage("begin refreshing", coordinator.begin(&slot, lease)).await?;
        let turn = match begun.turn {
            Given::Lead { fence } => Ok(Turn {
                coordinator: coordinator.clone(),
                slot,
                fence,
                began: asked_at,
                now: begun.now.into(),
                ended: AtomicBool::new(false),
            }),
            Given::Wait { at_most } => Err(at_most),
        };
        let guard = Guard::read(begun.notes.as_ref(), &self.key.credential);
        let stored = match self.stored(begun.record) {
            Ok(stored) => stored,
            Err(error) => {
                if let Ok(turn) = turn {
                    turn.end(self, begun.notes.unwrap_or_default()).await?;
                }
                return Err(error);
            }
        };
        if let Some(grant) = &stored.grant {
            self.lane().seen(&grant.value);
        }
        Ok(Asked { stored, guard, turn })
    }

    /// Waits before asking again whose turn it is, where another's lasts this long at most.
    pub(super) async fn wait_for_turn(&self, at_most: Duration) {
        let pause = LOOK_AGAIN + jitter(LOOK_AGAIN_JITTER, 100);
        tokio::time::sleep(pause.min(at_most.max(LOOK_AGAIN))).await;
    }

    /// Tells all processes something of this credential, when none of them refreshes it. In a task of its own, so that no
    /// turn is left behind by who is cancelled; and whoever tells it waits no longer than for a storage.
    pub(super) async fn tell_all<R: Send + 'static>(
        &self,
        coordinator: Arc<dyn Coordinator>,
        tell: impl FnOnce(&mut Guard, Moment) -> R + Send + 'static,
    ) -> Option<R> {
        let this = self.clone();
        let telling = task::begin(async move {
            let waiting = Instant::now();
            let (mut guard, turn) = loop {
                let Asked { guard, turn, .. } = this.ask_for_turn(&coordinator).await?;
                match turn {
                    Ok(turn) => break (guard, turn),
                    Err(at_most) if waiting.elapsed() < this.patience() => this.wait_for_turn(at_most).await,
                    Err(_) => {
                        return Err(this.error(ErrorKind::Timeout, "another process refreshes it still"));
                    }
                }
            };
            let answer = tell(&mut guard, turn.now());
            turn.end(&this, guard.notes()).await?;
            Ok::<_, Error>(answer)
        });
        let told = tokio::time::timeout(self.wire.settings.storage_timeout, telling).await;
        match told.ok()?.ok()? {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(error = %error.in_full(), "other processes are not told of it");
                None
            }
        }
    }

    /// When the quota was cleared last for what is bought with this, as far as can be told now.
    pub(super) async fn quota_cleared_at(&self) -> Option<Moment> {
        let Asked { guard, turn, .. } = self.ask_for_turn(&self.coordinator()?).await.ok()?;
        if let Ok(turn) = turn {
            turn.end(self, guard.notes()).await.ok()?;
        }
        guard.quota_cleared_at()
    }

    /// Refreshes what is stored once more, when whoever leads now has had the time to end: WeChat may have granted
    /// something that only a refresh knew of which has ended too late.
    pub(super) fn doubt(&self) {
        tracing::warn!(
            "a refresh has ended after its lease: what is stored may be replaced already, and is refreshed once more"
        );
        let this = self.clone();
        task::begin(async move {
            tokio::time::sleep(this.wire.settings.lease).await;
            match this.read().await {
                Ok(stored) => {
                    let stale = stored.map(|grant| grant.value);
                    // Its error is logged by the refresh itself.
                    drop(this.refresh(stale, Cause::Doubted).await);
                }
                Err(error) => tracing::warn!(error = %error.in_full(), "what is stored is not refreshed"),
            }
        });
    }

    /// Where the credential is kept.
    fn slot(&self) -> Result<Slot, Error> {
        let Account { appid, authorizer } = &self.key.account;
        let (appid, authorizer) = (appid.as_ref().to_owned(), authorizer.as_deref().map(str::to_owned));
        Ok(match (&self.key.credential, authorizer) {
            (Credential::AccessToken(_), None) => Slot::AccessToken { appid },
            (Credential::ComponentToken, _) => Slot::ComponentAccessToken { component_appid: appid },
            (Credential::AuthorizerToken, Some(authorizer_appid)) => {
                Slot::AuthorizerToken { component_appid: appid, authorizer_appid }
            }
            (Credential::Ticket(ticket_type), None) => {
                Slot::Ticket { appid, ticket_type: ticket_type.clone() }
            }
            (Credential::Ticket(ticket_type), Some(authorizer_appid)) => Slot::AuthorizerTicket {
                component_appid: appid,
                authorizer_appid,
                ticket_type: ticket_type.clone(),
            },
            (Credential::AccessToken(_), Some(_)) | (Credential::AuthorizerToken, None) => {
                return Err(
                    self.error(ErrorKind::Storage, "an application of this kind has no such credential")
                );
            }
        })
    }

    /// What a record tells of this credential. An access token of the other kind is none.
    fn stored(&self, record: Option<Record>) -> Result<Stored, Error> {
        const ANOTHER: &str = "the coordinator answered with a record of another credential";
        let credential = &self.key.credential;
        let received = |grant: Grant| grant.received(self.now());
        Ok(match (record, credential) {
            (None, _) => Stored::default(),
            (Some(Record::Token(token)), Credential::AccessToken(kind)) => {
                let token = Some(token).filter(|token| token.kind() == *kind);
                Stored { grant: token.as_ref().map(Grant::from).map(received), record: None }
            }
            (Some(Record::Token(token)), Credential::ComponentToken) => {
                Stored { grant: Some(received(Grant::from(&token))), record: None }
            }
            (Some(Record::Authorizer(record)), Credential::AuthorizerToken) => Stored::of(record, self.now()),
            (Some(Record::Ticket(ticket)), Credential::Ticket(word)) if ticket.ticket_type() == word => {
                Stored { grant: Some(received(Grant::from(&ticket))), record: None }
            }
            (Some(_), _) => return Err(self.error(ErrorKind::Storage, ANOTHER)),
        })
    }

    /// As a record to store; an authorizer's is whole already.
    pub(super) fn to_store(&self, grant: Grant, whole: Option<AuthorizerToken>) -> Record {
        match (&self.key.credential, whole) {
            (_, Some(whole)) => Record::Authorizer(whole),
            (Credential::Ticket(ticket_type), None) => Record::Ticket(grant.into_ticket(ticket_type.clone())),
            (credential, None) => {
                Record::Token(grant.into_token(credential.kind().unwrap_or(TokenKind::Classic)))
            }
        }
    }
}
