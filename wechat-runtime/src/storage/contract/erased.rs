//! Adapters of either trait as one type: what every storage can do, whatever its trait calls it.

use std::sync::Arc;

use async_trait::async_trait;

use super::record::Record;
use super::slot::Slot;
use crate::Secret;
use crate::credential::Account;
use crate::storage::store::OTHER_APPLICATION;
use crate::storage::{ComponentHub, Coordinator, Error, Hub, Result};

#[async_trait]
pub(super) trait Storage: Send + Sync {
    async fn fetch(&self, account: &Account, slot: &Slot) -> Result<Option<Record>>;
    async fn save(&self, account: &Account, record: Record) -> Result<Record>;
    async fn secret(&self, appid: &str) -> Result<Option<Secret>>;
    fn coordinator(&self) -> Option<Arc<dyn Coordinator>>;
}

pub(super) struct HubStorage<S: Hub> {
    pub(super) adapter: S,
    pub(super) args: S::Args,
}

#[async_trait]
impl<S: Hub> Storage for HubStorage<S> {
    async fn fetch(&self, account: &Account, slot: &Slot) -> Result<Option<Record>> {
        let Self { adapter, args } = self;
        match slot {
            Slot::AccessToken => {
                Ok(adapter.fetch_access_token(&account.appid, args).await?.map(Record::Token))
            }
            Slot::Ticket(word) => {
                Ok(adapter.fetch_ticket(&account.appid, word, args).await?.map(Record::Ticket))
            }
            Slot::ComponentToken | Slot::VerifyTicket | Slot::AuthorizerToken => {
                Err(Error::msg(OTHER_APPLICATION))
            }
        }
    }

    async fn save(&self, account: &Account, record: Record) -> Result<Record> {
        let Self { adapter, args } = self;
        match record {
            Record::Token(token) => {
                Ok(Record::Token(adapter.save_access_token(&account.appid, token, args).await?))
            }
            Record::Ticket(ticket) => {
                Ok(Record::Ticket(adapter.save_ticket(&account.appid, ticket, args).await?))
            }
            Record::ComponentToken(_) | Record::VerifyTicket(_) | Record::Authorizer(_) => {
                Err(Error::msg(OTHER_APPLICATION))
            }
        }
    }

    async fn secret(&self, appid: &str) -> Result<Option<Secret>> {
        self.adapter.fetch_secret_key(appid, &self.args).await
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.adapter.coordinator(&self.args)
    }
}

pub(super) struct ComponentHubStorage<S: ComponentHub> {
    pub(super) adapter: S,
    pub(super) args: S::Args,
}

#[async_trait]
impl<S: ComponentHub> Storage for ComponentHubStorage<S> {
    async fn fetch(&self, account: &Account, slot: &Slot) -> Result<Option<Record>> {
        let Self { adapter, args } = self;
        let (component, authorizer) = (&*account.appid, &**account.named());
        match slot {
            Slot::ComponentToken => {
                let token = adapter.fetch_component_access_token(component, args).await?;
                Ok(token.map(Record::ComponentToken))
            }
            Slot::VerifyTicket => {
                let ticket = adapter.fetch_component_verify_ticket(component, args).await?;
                Ok(ticket.map(Record::VerifyTicket))
            }
            Slot::AuthorizerToken => {
                let record = adapter.fetch_access_token(component, authorizer, args).await?;
                Ok(record.map(Record::Authorizer))
            }
            Slot::Ticket(word) => {
                let ticket = adapter.fetch_ticket(component, authorizer, word, args).await?;
                Ok(ticket.map(Record::Ticket))
            }
            Slot::AccessToken => Err(Error::msg(OTHER_APPLICATION)),
        }
    }

    async fn save(&self, account: &Account, record: Record) -> Result<Record> {
        let Self { adapter, args } = self;
        let (component, authorizer) = (&*account.appid, &**account.named());
        match record {
            Record::ComponentToken(token) => {
                let stored = adapter.save_component_access_token(component, token, args).await?;
                Ok(Record::ComponentToken(stored))
            }
            Record::VerifyTicket(ticket) => {
                let stored = adapter.save_component_verify_ticket(component, ticket, args).await?;
                Ok(Record::VerifyTicket(stored))
            }
            Record::Authorizer(record) => {
                let stored = adapter.save_access_token(component, authorizer, record, args).await?;
                Ok(Record::Authorizer(stored))
            }
            Record::Ticket(ticket) => {
                let stored = adapter.save_ticket(component, authorizer, ticket, args).await?;
                Ok(Record::Ticket(stored))
            }
            Record::Token(_) => Err(Error::msg(OTHER_APPLICATION)),
        }
    }

    async fn secret(&self, appid: &str) -> Result<Option<Secret>> {
        self.adapter.fetch_secret_key(appid, &self.args).await
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        self.adapter.coordinator(&self.args)
    }
}
