//! What is asked of a hub for component applications and their authorizers.

use async_trait::async_trait;

use super::HubClient;
use crate::credential::Credential;
use crate::hub_wire::{self, Refresh};
use crate::{Secret, Ticket, TicketType, Token, storage};

#[async_trait]
impl storage::ComponentClient for HubClient {
    type Args = ();

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let query = [("appid", component_appid), ("authorizer_appid", authorizer_appid)];
        let answer = self.get(hub_wire::ACCESS_TOKEN, &query).await?;
        Ok(Some(answer.token(self, &Credential::AuthorizerToken, None)?))
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let answer = self.get(hub_wire::COMPONENT_ACCESS_TOKEN, &[("appid", component_appid)]).await?;
        Ok(Some(answer.token(self, &Credential::ComponentToken, None)?))
    }

    async fn refresh_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let (access_token, authorizer_appid) = (stale.map(Secret::expose), Some(authorizer_appid));
        let refresh = Refresh { access_token, appid: component_appid, authorizer_appid };
        let answer = self.post(hub_wire::REFRESH_ACCESS_TOKEN, &refresh).await?;
        Ok(Some(answer.token(self, &Credential::AuthorizerToken, stale)?))
    }

    async fn refresh_component_access_token(
        &self,
        component_appid: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let access_token = stale.map(Secret::expose);
        let refresh = Refresh { access_token, appid: component_appid, authorizer_appid: None };
        let answer = self.post(hub_wire::REFRESH_COMPONENT_ACCESS_TOKEN, &refresh).await?;
        Ok(Some(answer.token(self, &Credential::ComponentToken, stale)?))
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        let query = [
            ("appid", component_appid),
            ("authorizer_appid", authorizer_appid),
            ("type", ticket_type.as_str()),
        ];
        Ok(Some(self.get(hub_wire::TICKET, &query).await?.ticket(self, ticket_type)?))
    }

    fn shared_as(&self, (): &()) -> Option<String> {
        self.name()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Bound, Common, Component};

    #[test]
    fn what_a_component_is_told_is_never_shared_with_a_common_application() {
        let hub = || HubClient::new("http://hub.example/of-both-kinds");
        let common = Bound::<Common>::new(hub(), ());
        let component = Bound::<Component>::new(hub(), ());
        let [one, another] = [common.binding(), component.binding()];
        assert!(!Arc::ptr_eq(one, another) && one.asked != another.asked);
        assert!(Arc::ptr_eq(another, Bound::<Component>::new(hub(), ()).binding()));
    }
}
