//! The adapters of component applications.

use std::any::TypeId;
use std::sync::Arc;

use async_trait::async_trait;

use super::{ComponentOwner, OTHER_APPLICATION, Owner, Store, of_type};
use crate::credential::{Account, Credential, Grant};
use crate::storage::{ComponentClient, ComponentHub, Coordinator, Error, Result};
use crate::{AuthorizerToken, Secret, TokenKind, VerifyTicket};

pub(crate) struct ComponentHubStore<S: ComponentHub> {
    pub(crate) adapter: S,
    pub(crate) args: S::Args,
}

pub(crate) struct ComponentClientStore<S: ComponentClient> {
    pub(crate) adapter: S,
    pub(crate) args: S::Args,
}

/// The account that has authorized the component.
fn authorizer(account: &Account) -> Result<&str> {
    account.authorizer.as_deref().ok_or_else(|| Error::msg("the call is for no account"))
}

#[async_trait]
impl<S: ComponentHub> Store for ComponentHubStore<S> {
    fn adapter_type(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    async fn fetch(&self, account: &Account, credential: &Credential) -> Result<Option<Grant>> {
        let (component, args) = (&*account.appid, &self.args);
        match credential {
            Credential::ComponentToken => {
                let token = self.adapter.fetch_component_access_token(component, args).await?;
                Ok(token.as_ref().map(Grant::from))
            }
            Credential::AuthorizerToken => {
                Ok(self.authorizer(account).await?.as_ref().and_then(AuthorizerToken::grant))
            }
            Credential::Ticket(ticket_type) => {
                let ticket = self.adapter.fetch_ticket(component, authorizer(account)?, ticket_type, args);
                of_type(ticket.await?, ticket_type)
            }
            Credential::AccessToken(_) => Err(Error::msg(OTHER_APPLICATION)),
        }
    }

    async fn refresh(
        &self,
        account: &Account,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<Grant>> {
        let (component, args) = (&*account.appid, &self.args);
        match credential {
            Credential::ComponentToken => {
                let token = self.adapter.refresh_component_access_token(component, stale, args).await?;
                Ok(token.as_ref().map(Grant::from))
            }
            Credential::AuthorizerToken => {
                const NO_TOKEN: &str =
                    "the adapter refreshed an authorizer to a record without an access token";
                let refreshed =
                    self.adapter.refresh_access_token(component, authorizer(account)?, stale, args).await?;
                let grant = |record| AuthorizerToken::grant(record).ok_or_else(|| Error::msg(NO_TOKEN));
                refreshed.as_ref().map(grant).transpose()
            }
            // No adapter has a way of its own to a ticket.
            Credential::Ticket(_) => Ok(None),
            Credential::AccessToken(_) => Err(Error::msg(OTHER_APPLICATION)),
        }
    }

    fn owner(&self) -> Option<&dyn Owner> {
        Some(self)
    }
}

#[async_trait]
impl<S: ComponentHub> Owner for ComponentHubStore<S> {
    async fn secret(&self, component: &str) -> Result<Option<Secret>> {
        self.adapter.fetch_secret_key(component, &self.args).await
    }

    async fn save(&self, account: &Account, credential: &Credential, grant: Grant) -> Result<Grant> {
        let (component, args) = (&*account.appid, &self.args);
        match credential {
            Credential::ComponentToken => {
                let token = grant.into_token(TokenKind::Classic);
                Ok(Grant::from(&self.adapter.save_component_access_token(component, token, args).await?))
            }
            Credential::Ticket(ticket_type) => {
                let ticket = grant.into_ticket(ticket_type.clone());
                let stored = self.adapter.save_ticket(component, authorizer(account)?, ticket, args);
                Ok(Grant::from(&stored.await?))
            }
            // An authorizer's is saved with its whole record.
            Credential::AuthorizerToken | Credential::AccessToken(_) => Err(Error::msg(OTHER_APPLICATION)),
        }
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.adapter.coordinator(&self.args)
    }

    fn component(&self) -> Option<&dyn ComponentOwner> {
        Some(self)
    }
}

#[async_trait]
impl<S: ComponentHub> ComponentOwner for ComponentHubStore<S> {
    async fn verify_ticket(&self, component: &str) -> Result<Option<VerifyTicket>> {
        self.adapter.fetch_component_verify_ticket(component, &self.args).await
    }

    async fn save_verify_ticket(&self, component: &str, ticket: VerifyTicket) -> Result<VerifyTicket> {
        self.adapter.save_component_verify_ticket(component, ticket, &self.args).await
    }

    async fn authorizer(&self, account: &Account) -> Result<Option<AuthorizerToken>> {
        self.adapter.fetch_access_token(&account.appid, authorizer(account)?, &self.args).await
    }

    async fn save_authorizer(&self, account: &Account, record: AuthorizerToken) -> Result<AuthorizerToken> {
        self.adapter.save_access_token(&account.appid, authorizer(account)?, record, &self.args).await
    }
}

#[async_trait]
impl<S: ComponentClient> Store for ComponentClientStore<S> {
    fn adapter_type(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    fn shared_as(&self) -> Option<String> {
        self.adapter.shared_as(&self.args)
    }

    async fn fetch(&self, account: &Account, credential: &Credential) -> Result<Option<Grant>> {
        let (component, args) = (&*account.appid, &self.args);
        let token = match credential {
            Credential::ComponentToken => self.adapter.fetch_component_access_token(component, args).await?,
            Credential::AuthorizerToken => {
                self.adapter.fetch_access_token(component, authorizer(account)?, args).await?
            }
            Credential::Ticket(ticket_type) => {
                let ticket = self.adapter.fetch_ticket(component, authorizer(account)?, ticket_type, args);
                return of_type(ticket.await?, ticket_type);
            }
            Credential::AccessToken(_) => return Err(Error::msg(OTHER_APPLICATION)),
        };
        Ok(token.as_ref().map(Grant::from))
    }

    async fn refresh(
        &self,
        account: &Account,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<Grant>> {
        let (component, args) = (&*account.appid, &self.args);
        let token = match credential {
            Credential::ComponentToken => {
                self.adapter.refresh_component_access_token(component, stale, args).await?
            }
            Credential::AuthorizerToken => {
                self.adapter.refresh_access_token(component, authorizer(account)?, stale, args).await?
            }
            // A hub renews its tickets by itself: what it has was read a moment ago.
            Credential::Ticket(_) => None,
            Credential::AccessToken(_) => return Err(Error::msg(OTHER_APPLICATION)),
        };
        Ok(token.as_ref().map(Grant::from))
    }

    fn owner(&self) -> Option<&dyn Owner> {
        None
    }
}
