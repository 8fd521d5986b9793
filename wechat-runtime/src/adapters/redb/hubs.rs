//! The traits of storages on the file: under which name each record is kept.

use async_trait::async_trait;

use super::Redb;
use crate::adapters::slots::{
    access_token, authorizer_ticket, authorizer_token, component_access_token, name_beside, ticket,
};
use crate::storage;
use crate::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket};

const VERIFY_TICKET: &str = "component_verify_ticket";

#[async_trait]
impl storage::Hub for Redb {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.secret(appid))
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.fetch(access_token(appid).name()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.put(access_token(appid).name(), token).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.fetch(ticket(appid, ticket_type).name()).await
    }

    async fn save_ticket(&self, appid: &str, given: Ticket, (): &()) -> storage::Result<Ticket> {
        self.put(ticket(appid, given.ticket_type()).name(), given).await
    }
}

#[async_trait]
impl storage::ComponentHub for Redb {
    type Args = ();

    async fn fetch_secret_key(&self, component_appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.secret(component_appid))
    }

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        (): &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        self.fetch(authorizer_token(component_appid, authorizer_appid).name()).await
    }

    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        (): &(),
    ) -> storage::Result<AuthorizerToken> {
        let name = authorizer_token(component_appid, authorizer_appid).name();
        self.merge(name, move |stored| record.clone().over(stored)).await
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.fetch(component_access_token(component_appid).name()).await
    }

    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        (): &(),
    ) -> storage::Result<Token> {
        self.put(component_access_token(component_appid).name(), token).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        self.fetch(name_beside(VERIFY_TICKET, component_appid)).await
    }

    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> storage::Result<VerifyTicket> {
        self.put(name_beside(VERIFY_TICKET, component_appid), ticket).await
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.fetch(authorizer_ticket(component_appid, authorizer_appid, ticket_type).name()).await
    }

    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket: Ticket,
        (): &(),
    ) -> storage::Result<Ticket> {
        let name = authorizer_ticket(component_appid, authorizer_appid, ticket.ticket_type()).name();
        self.put(name, ticket).await
    }
}
