//! An authorizer's record: read whole, and changed by one at a time.

use std::sync::LazyLock;

use futures_util::future::BoxFuture;

use super::Credentials;
use super::lane::Lane;
use crate::credential::Credential;
use crate::flight::Flights;
use crate::storage::store::Owner;
use crate::{AuthorizerToken, Error};

/// What a change of a record came to.
#[derive(Clone)]
pub(super) struct Changed {
    /// What is stored now, by the storage's own word.
    pub(super) stored: Option<AuthorizerToken>,
    /// Whether there was anything to save.
    pub(super) saved: bool,
}

/// The changes of records under way in this process. Each reads before it writes, and so they come one after the other.
static CHANGES: LazyLock<Flights<Lane, Result<Changed, Error>>> = LazyLock::new(Flights::new);

impl Credentials {
    /// The authorizer's record, where this is an authorizer's credential and there is one.
    pub(super) async fn record(&self, owner: &dyn Owner) -> Result<Option<AuthorizerToken>, Error> {
        if self.key.credential != Credential::AuthorizerToken {
            return Ok(None);
        }
        let read = self.component_owner(owner)?.authorizer(&self.key.account);
        self.ask_storage("read", read).await
    }

    /// Saves what `change` makes of the stored record, if it makes anything.
    ///
    /// It happens in a task of its own, as long as the runtime lives: who is cancelled meanwhile has saved it all the same.
    pub(super) async fn change_record<F>(&self, change: F) -> Result<Changed, Error>
    where
        F: Fn(Option<&AuthorizerToken>) -> Option<AuthorizerToken> + Clone + Send + Sync + 'static,
    {
        let this = self.clone();
        let work = move || -> BoxFuture<'static, _> {
            let (this, change) = (this.clone(), change.clone());
            Box::pin(async move { this.change_record_now(change).await })
        };
        // A read and a save.
        let within = self.storage_patience().saturating_mul(3);
        let changed = CHANGES.in_turn(self.lane(), within, work).await;
        changed.unwrap_or_else(|| Err(self.shutting_down()))
    }

    async fn change_record_now(
        &self,
        change: impl Fn(Option<&AuthorizerToken>) -> Option<AuthorizerToken>,
    ) -> Result<Changed, Error> {
        let owner = self.owner()?;
        let stored = self.record(owner).await?;
        let Some(changed) = change(stored.as_ref()) else { return Ok(Changed { stored, saved: false }) };
        // A storage may be one that puts records in each other's place. But what several processes share is saved over what
        // is stored by then, and not over what was read here.
        let whole = if owner.coordinator().is_some() { changed } else { changed.over(stored) };
        let save = self.component_owner(owner)?.save_authorizer(&self.key.account, whole);
        let stored = Some(self.ask_storage("save", save).await?);
        Ok(Changed { stored, saved: true })
    }
}
