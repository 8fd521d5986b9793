//! A client of a hub over HTTP.

use std::fmt;

use async_trait::async_trait;

use crate::{Secret, Ticket, TicketType, Token, storage};

/// A client of a hub over HTTP.
#[derive(Clone)]
pub struct HubClient {
    url: String,
    bearer: Option<Secret>,
}

impl HubClient {
    /// A client of the hub at `url`, such as `http://hub.internal:4000`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), bearer: None }
    }

    /// Says who is asking, by the bearer token that the hub knows this client by.
    #[must_use]
    pub fn bearer(self, bearer: impl Into<Secret>) -> Self {
        Self { bearer: Some(bearer.into()), ..self }
    }
}

#[async_trait]
impl storage::Client for HubClient {
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

impl fmt::Debug for HubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bearer = self.bearer.is_some();
        f.debug_struct("HubClient").field("url", &self.url).field("bearer", &bearer).finish_non_exhaustive()
    }
}
