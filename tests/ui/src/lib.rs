//! The storage adapters that the cases declare. They keep nothing: the cases are compiled, and send nothing.

mod component;

use wechat_runtime::{Secret, Ticket, TicketType, Token, async_trait, storage};

pub use self::component::{MyComponentClient, MyComponentHub};

/// The `Args` of [`MyHub`] and [`MyComponentHub`], without a `Default`.
#[derive(Clone, Copy, Debug)]
pub enum Region {
    /// A region.
    Shanghai,
    /// Another region.
    Beijing,
}

/// A hub's storage that wants a [`Region`] in each callback.
pub struct MyHub;

impl MyHub {
    /// The adapter by an expression that is not a path.
    #[must_use]
    pub fn from_env() -> Self {
        Self
    }
}

#[async_trait]
impl storage::Hub for MyHub {
    type Args = Region;

    async fn fetch_secret_key(&self, _: &str, _: &Region) -> storage::Result<Option<Secret>> {
        Ok(None)
    }

    async fn fetch_access_token(&self, _: &str, _: &Region) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn save_access_token(&self, _: &str, token: Token, _: &Region) -> storage::Result<Token> {
        Ok(token)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &Region) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, _: &Region) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

/// A hub's client that wants a number in each callback, 0 by default.
pub struct MyClient;

#[async_trait]
impl storage::Client for MyClient {
    type Args = u32;

    async fn fetch_access_token(&self, _: &str, _: &u32) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        _: &u32,
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &u32) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }
}

/// Both a hub's storage and a client's, which no adapter may be.
pub struct Both;

#[async_trait]
impl storage::Hub for Both {
    type Args = ();

    async fn fetch_secret_key(&self, _: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(None)
    }

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn save_access_token(&self, _: &str, token: Token, (): &()) -> storage::Result<Token> {
        Ok(token)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

#[async_trait]
impl storage::Client for Both {
    type Args = ();

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }
}

/// Not an adapter.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotAnAdapter;
