//! The storage adapters of component applications.

use wechat_runtime::{
    AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, async_trait, storage,
};

use crate::Region;

/// A component hub's storage that wants a [`Region`] in each callback.
pub struct MyComponentHub;

impl MyComponentHub {
    /// The adapter by an expression that is not a path.
    #[must_use]
    pub fn from_env() -> Self {
        Self
    }
}

#[async_trait]
impl storage::ComponentHub for MyComponentHub {
    type Args = Region;

    async fn fetch_secret_key(&self, _: &str, _: &Region) -> storage::Result<Option<Secret>> {
        Ok(None)
    }

    async fn fetch_access_token(
        &self,
        _: &str,
        _: &str,
        _: &Region,
    ) -> storage::Result<Option<AuthorizerToken>> {
        Ok(None)
    }

    async fn save_access_token(
        &self,
        _: &str,
        _: &str,
        record: AuthorizerToken,
        _: &Region,
    ) -> storage::Result<AuthorizerToken> {
        Ok(record)
    }

    async fn fetch_component_access_token(&self, _: &str, _: &Region) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn save_component_access_token(&self, _: &str, token: Token, _: &Region) -> storage::Result<Token> {
        Ok(token)
    }

    async fn fetch_component_verify_ticket(
        &self,
        _: &str,
        _: &Region,
    ) -> storage::Result<Option<VerifyTicket>> {
        Ok(None)
    }

    async fn save_component_verify_ticket(
        &self,
        _: &str,
        ticket: VerifyTicket,
        _: &Region,
    ) -> storage::Result<VerifyTicket> {
        Ok(ticket)
    }

    async fn fetch_ticket(
        &self,
        _: &str,
        _: &str,
        _: &TicketType,
        _: &Region,
    ) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, _: &str, ticket: Ticket, _: &Region) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

/// A component hub's client that wants a number in each callback, 0 by default.
pub struct MyComponentClient;

#[async_trait]
impl storage::ComponentClient for MyComponentClient {
    type Args = u32;

    async fn fetch_access_token(&self, _: &str, _: &str, _: &u32) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_component_access_token(&self, _: &str, _: &u32) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: &str,
        _: Option<&Secret>,
        _: &u32,
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_component_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        _: &u32,
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(
        &self,
        _: &str,
        _: &str,
        _: &TicketType,
        _: &u32,
    ) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }
}
