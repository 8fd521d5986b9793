//! What is asked of a hub for common applications.

use async_trait::async_trait;

use super::HubClient;
use crate::credential::Credential;
use crate::hub_wire::{self, Refresh};
use crate::{Secret, Ticket, TicketType, Token, TokenKind, storage};

/// Of whichever kind the hub keeps.
const TOKEN: Credential = Credential::AccessToken(TokenKind::Stable);

#[async_trait]
impl storage::Client for HubClient {
    type Args = ();

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        let answer = self.get(hub_wire::ACCESS_TOKEN, &[("appid", appid)]).await?;
        Ok(Some(answer.token(self, &TOKEN, None)?))
    }

    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let refresh = Refresh { access_token: stale.map(Secret::expose), appid, authorizer_appid: None };
        let answer = self.post(hub_wire::REFRESH_ACCESS_TOKEN, &refresh).await?;
        Ok(Some(answer.token(self, &TOKEN, stale)?))
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        let query = [("appid", appid), ("type", ticket_type.as_str())];
        Ok(Some(self.get(hub_wire::TICKET, &query).await?.ticket(self, ticket_type)?))
    }

    fn shared_as(&self, (): &()) -> Option<String> {
        self.name()
    }
}
