//! A storage adapter with its type and arguments erased: credentials instead of callbacks.

mod component;

use std::any::TypeId;
use std::sync::Arc;

use async_trait::async_trait;

pub(super) use self::component::{ComponentClientStore, ComponentHubStore};
use super::{Client, Coordinator, Error, Hub, Result};
use crate::credential::{Account, Credential, Grant};
use crate::{AuthorizerToken, Secret, Ticket, TicketType, VerifyTicket};

/// What every adapter can do.
#[async_trait]
pub(crate) trait Store: Send + Sync {
    /// The adapter's type, for one kind of application: refreshes are shared over all adapters of one type.
    fn adapter_type(&self) -> TypeId;

    /// The name by which adapters of that type are told apart, where they have one.
    fn shared_as(&self) -> Option<String> {
        None
    }

    async fn fetch(&self, account: &Account, credential: &Credential) -> Result<Option<Grant>>;

    async fn refresh(
        &self,
        account: &Account,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<Grant>>;

    /// What only an owner of credentials can do. Without it no call to a token endpoint can be made,
    /// because none can be written.
    fn owner(&self) -> Option<&dyn Owner>;
}

/// What a hub's adapter can do besides.
#[async_trait]
pub(crate) trait Owner: Send + Sync {
    async fn secret(&self, appid: &str) -> Result<Option<Secret>>;
    async fn save(&self, account: &Account, credential: &Credential, grant: Grant) -> Result<Grant>;

    /// What several processes agree by, where they do.
    fn coordinator(&self) -> Option<Arc<dyn Coordinator>>;

    /// What only the owner of a component application can do.
    fn component(&self) -> Option<&dyn ComponentOwner> {
        None
    }
}

/// What the adapter of a component application's hub can do besides.
#[async_trait]
pub(crate) trait ComponentOwner: Send + Sync {
    async fn verify_ticket(&self, component: &str) -> Result<Option<VerifyTicket>>;
    #[cfg_attr(not(feature = "callback-codec"), expect(dead_code, reason = "tickets come by pushes"))]
    async fn save_verify_ticket(&self, component: &str, ticket: VerifyTicket) -> Result<VerifyTicket>;
    /// The record of the account's authorizer.
    async fn authorizer(&self, account: &Account) -> Result<Option<AuthorizerToken>>;
    async fn save_authorizer(&self, account: &Account, record: AuthorizerToken) -> Result<AuthorizerToken>;
}

const OTHER_KIND: &str = "the adapter refreshed a token of the other kind than the client is declared with";
pub(super) const OTHER_APPLICATION: &str = "an application of this kind has no such credential";
const OTHER_TYPE: &str = "the adapter answered with a ticket of another type than the one asked for";

/// A ticket of another type signs nothing: an adapter that answers with one is taken at its word.
fn of_type(ticket: Option<Ticket>, asked: &TicketType) -> Result<Option<Grant>> {
    match ticket {
        Some(ticket) if ticket.ticket_type() != asked => Err(Error::msg(OTHER_TYPE)),
        ticket => Ok(ticket.as_ref().map(Grant::from)),
    }
}

pub(crate) struct HubStore<S: Hub> {
    pub(crate) adapter: S,
    pub(crate) args: S::Args,
}

pub(crate) struct ClientStore<S: Client> {
    pub(crate) adapter: S,
    pub(crate) args: S::Args,
}

#[async_trait]
impl<S: Hub> Store for HubStore<S> {
    fn adapter_type(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    async fn fetch(&self, account: &Account, credential: &Credential) -> Result<Option<Grant>> {
        match credential {
            Credential::AccessToken(kind) => {
                let token = self.adapter.fetch_access_token(&account.appid, &self.args).await?;
                Ok(token.filter(|token| token.kind() == *kind).as_ref().map(Grant::from))
            }
            Credential::ComponentToken | Credential::AuthorizerToken => Err(Error::msg(OTHER_APPLICATION)),
            Credential::Ticket(ticket_type) => {
                let ticket = self.adapter.fetch_ticket(&account.appid, ticket_type, &self.args).await?;
                of_type(ticket, ticket_type)
            }
        }
    }

    async fn refresh(
        &self,
        account: &Account,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<Grant>> {
        match credential {
            Credential::AccessToken(kind) => {
                let token = self.adapter.refresh_access_token(&account.appid, stale, &self.args).await?;
                match token {
                    Some(token) if token.kind() != *kind => Err(Error::msg(OTHER_KIND)),
                    token => Ok(token.as_ref().map(Grant::from)),
                }
            }
            Credential::ComponentToken | Credential::AuthorizerToken => Err(Error::msg(OTHER_APPLICATION)),
            // No adapter has a way of its own to a ticket.
            Credential::Ticket(_) => Ok(None),
        }
    }

    fn owner(&self) -> Option<&dyn Owner> {
        Some(self)
    }
}

#[async_trait]
impl<S: Hub> Owner for HubStore<S> {
    async fn secret(&self, appid: &str) -> Result<Option<Secret>> {
        self.adapter.fetch_secret_key(appid, &self.args).await
    }

    async fn save(&self, account: &Account, credential: &Credential, grant: Grant) -> Result<Grant> {
        match credential {
            Credential::AccessToken(kind) => {
                let token = grant.into_token(*kind);
                let stored = self.adapter.save_access_token(&account.appid, token, &self.args).await?;
                Ok(Grant::from(&stored))
            }
            Credential::ComponentToken | Credential::AuthorizerToken => Err(Error::msg(OTHER_APPLICATION)),
            Credential::Ticket(ticket_type) => {
                let ticket = grant.into_ticket(ticket_type.clone());
                let stored = self.adapter.save_ticket(&account.appid, ticket, &self.args).await?;
                Ok(Grant::from(&stored))
            }
        }
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.adapter.coordinator(&self.args)
    }
}

// Which kind of token a hub keeps is the hub's affair: its clients take what they are given.
#[async_trait]
impl<S: Client> Store for ClientStore<S> {
    fn adapter_type(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    fn shared_as(&self) -> Option<String> {
        self.adapter.shared_as(&self.args)
    }

    async fn fetch(&self, account: &Account, credential: &Credential) -> Result<Option<Grant>> {
        match credential {
            Credential::AccessToken(_) => {
                let token = self.adapter.fetch_access_token(&account.appid, &self.args).await?;
                Ok(token.as_ref().map(Grant::from))
            }
            Credential::ComponentToken | Credential::AuthorizerToken => Err(Error::msg(OTHER_APPLICATION)),
            Credential::Ticket(ticket_type) => {
                let ticket = self.adapter.fetch_ticket(&account.appid, ticket_type, &self.args).await?;
                of_type(ticket, ticket_type)
            }
        }
    }

    async fn refresh(
        &self,
        account: &Account,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<Grant>> {
        match credential {
            Credential::AccessToken(_) => {
                let token = self.adapter.refresh_access_token(&account.appid, stale, &self.args).await?;
                Ok(token.as_ref().map(Grant::from))
            }
            Credential::ComponentToken | Credential::AuthorizerToken => Err(Error::msg(OTHER_APPLICATION)),
            // A hub renews its tickets by itself: what it has was read a moment ago.
            Credential::Ticket(_) => Ok(None),
        }
    }

    fn owner(&self) -> Option<&dyn Owner> {
        None
    }
}
