//! The callbacks of a hub, for either kind of application.

use std::sync::Arc;

use async_trait::async_trait;

use super::Redis;
use super::error::{RedisError, Unreadable};
use super::key::Key;
use crate::adapters::slots::{
    access_token, authorizer_ticket, authorizer_token, component_access_token, ticket,
};
use crate::storage::{self, Coordinator, Record, Slot};
use crate::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket};

impl Redis {
    async fn token(&self, slot: Slot) -> storage::Result<Option<Token>> {
        self.fetch_as(&slot, |record| match record {
            Record::Token(token) => Some(token),
            _ => None,
        })
        .await
    }

    async fn ticket(&self, slot: Slot) -> storage::Result<Option<Ticket>> {
        self.fetch_as(&slot, |record| match record {
            Record::Ticket(ticket) => Some(ticket),
            _ => None,
        })
        .await
    }

    async fn authorizer(&self, slot: Slot) -> storage::Result<Option<AuthorizerToken>> {
        self.fetch_as(&slot, |record| match record {
            Record::Authorizer(record) => Some(record),
            _ => None,
        })
        .await
    }

    /// What is stored, of the kind that is its slot's. That it is none is found out where it is read, too.
    async fn fetch_as<T>(&self, slot: &Slot, pick: fn(Record) -> Option<T>) -> storage::Result<Option<T>> {
        let key = self.key_of(slot);
        let Some(record) = self.fetch(&key).await? else { return Ok(None) };
        match pick(record) {
            Some(record) => Ok(Some(record)),
            None => Err(key.unreadable(Unreadable::Foreign).into()),
        }
    }

    async fn put(&self, slot: Slot, record: Record) -> Result<(), RedisError> {
        self.save(&self.key_of(&slot), |_| record.clone()).await?;
        Ok(())
    }
}

#[async_trait]
impl storage::Hub for Redis {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.secret(appid).await?)
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.token(access_token(appid)).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.put(access_token(appid), Record::Token(token.clone())).await?;
        Ok(token)
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.ticket(ticket(appid, ticket_type)).await
    }

    async fn save_ticket(&self, appid: &str, saved: Ticket, (): &()) -> storage::Result<Ticket> {
        self.put(ticket(appid, saved.ticket_type()), Record::Ticket(saved.clone())).await?;
        Ok(saved)
    }

    fn coordinator(&self, (): &()) -> Option<Arc<dyn Coordinator>> {
        Some(Arc::new(self.clone()))
    }
}

#[async_trait]
impl storage::ComponentHub for Redis {
    type Args = ();

    async fn fetch_secret_key(&self, component_appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.secret(component_appid).await?)
    }

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        (): &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        self.authorizer(authorizer_token(component_appid, authorizer_appid)).await
    }

    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        (): &(),
    ) -> storage::Result<AuthorizerToken> {
        let key = self.key_of(&authorizer_token(component_appid, authorizer_appid));
        let over = |stored| match stored {
            Some(Record::Authorizer(stored)) => Record::Authorizer(record.clone().over(Some(stored))),
            _ => Record::Authorizer(record.clone()),
        };
        match self.save(&key, over).await? {
            Record::Authorizer(kept) => Ok(kept),
            _ => Err(key.unreadable(Unreadable::Foreign).into()),
        }
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.token(component_access_token(component_appid)).await
    }

    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        (): &(),
    ) -> storage::Result<Token> {
        self.put(component_access_token(component_appid), Record::Token(token.clone())).await?;
        Ok(token)
    }

    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        Ok(self.fetch(&Key::of_verify_ticket(&self.0.prefix, component_appid)).await?)
    }

    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> storage::Result<VerifyTicket> {
        let key = Key::of_verify_ticket(&self.0.prefix, component_appid);
        Ok(self.save(&key, |_| ticket.clone()).await?)
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.ticket(authorizer_ticket(component_appid, authorizer_appid, ticket_type)).await
    }

    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        saved: Ticket,
        (): &(),
    ) -> storage::Result<Ticket> {
        let slot = authorizer_ticket(component_appid, authorizer_appid, saved.ticket_type());
        self.put(slot, Record::Ticket(saved.clone())).await?;
        Ok(saved)
    }

    fn coordinator(&self, (): &()) -> Option<Arc<dyn Coordinator>> {
        Some(Arc::new(self.clone()))
    }
}
