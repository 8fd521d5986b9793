//! The traits of storages on the file: under which name each record is kept.

use async_trait::async_trait;

use super::Redb;
use crate::storage::{self, Slot};
use crate::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket};

#[async_trait]
impl storage::Hub for Redb {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.secret(appid))
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.fetch(access_token(appid)).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.put(access_token(appid), token).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.fetch(ticket(appid, ticket_type)).await
    }

    async fn save_ticket(&self, appid: &str, given: Ticket, (): &()) -> storage::Result<Ticket> {
        self.put(ticket(appid, given.ticket_type()), given).await
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
        self.fetch(authorizer_token(component_appid, authorizer_appid)).await
    }

    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        (): &(),
    ) -> storage::Result<AuthorizerToken> {
        let name = authorizer_token(component_appid, authorizer_appid);
        self.merge(name, move |stored| record.clone().over(stored)).await
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.fetch(component_access_token(component_appid)).await
    }

    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        (): &(),
    ) -> storage::Result<Token> {
        self.put(component_access_token(component_appid), token).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        self.fetch(component_verify_ticket(component_appid)).await
    }

    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> storage::Result<VerifyTicket> {
        self.put(component_verify_ticket(component_appid), ticket).await
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.fetch(authorizer_ticket(component_appid, authorizer_appid, ticket_type)).await
    }

    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket: Ticket,
        (): &(),
    ) -> storage::Result<Ticket> {
        let name = authorizer_ticket(component_appid, authorizer_appid, ticket.ticket_type());
        self.put(name, ticket).await
    }
}

fn access_token(appid: &str) -> String {
    Slot::AccessToken { appid: appid.to_owned() }.name()
}

fn ticket(appid: &str, ticket_type: &TicketType) -> String {
    Slot::Ticket { appid: appid.to_owned(), ticket_type: ticket_type.clone() }.name()
}

fn component_access_token(component_appid: &str) -> String {
    Slot::ComponentAccessToken { component_appid: component_appid.to_owned() }.name()
}

/// It is no slot, because nothing is bought in its place: a name of the same kind.
fn component_verify_ticket(component_appid: &str) -> String {
    let name = component_access_token(component_appid);
    let appid = name.split_once(':').map_or("", |(_, appid)| appid);
    format!("component_verify_ticket:{appid}")
}

fn authorizer_token(component_appid: &str, authorizer_appid: &str) -> String {
    let (component_appid, authorizer_appid) = (component_appid.to_owned(), authorizer_appid.to_owned());
    Slot::AuthorizerToken { component_appid, authorizer_appid }.name()
}

fn authorizer_ticket(component_appid: &str, authorizer_appid: &str, ticket_type: &TicketType) -> String {
    Slot::AuthorizerTicket {
        component_appid: component_appid.to_owned(),
        authorizer_appid: authorizer_appid.to_owned(),
        ticket_type: ticket_type.clone(),
    }
    .name()
}
