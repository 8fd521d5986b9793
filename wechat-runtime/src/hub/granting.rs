//! Coming by what was asked for, by the client that serves it.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;

use super::Settings;
use super::answer::{self, Refusal};
use super::question::{Asks, Question};
use crate::application::Application;
use crate::client::Client;
use crate::clock::Clock;
use crate::credential::{Account, Credential, Grant};
use crate::credentials::Cause;
use crate::credentials::Credentials;
use crate::{Error, TicketType};

impl Settings {
    /// Comes by what was asked for.
    pub(super) async fn grant(&self, question: &Question) -> Result<Response, Refusal> {
        if question.is_common() {
            let client = self.common.as_ref().ok_or_else(Refusal::serves_no_common)?;
            let token = Credential::AccessToken(client.token_kind());
            return grant_by(client, question, token).await;
        }
        let client = self.component.as_ref().ok_or_else(Refusal::serves_no_components)?;
        let token = match question.asks {
            Asks::ComponentAccessToken | Asks::AnotherComponentAccessToken => Credential::ComponentToken,
            Asks::AccessToken | Asks::AnotherAccessToken | Asks::Ticket => Credential::AuthorizerToken,
        };
        grant_by(client, question, token).await
    }
}

/// Comes by it through this client. `token` is what the account's token is, where it is no ticket that is asked for.
async fn grant_by<App: Application>(
    client: &Client<App>,
    question: &Question,
    token: Credential,
) -> Result<Response, Refusal> {
    let credential = question.ticket_type.clone().map_or(token, Credential::Ticket);
    let account = Account {
        appid: question.appid.as_str().into(),
        authorizer: question.authorizer_appid.as_deref().map(Arc::from),
    };
    let wire = client.wire().map_err(|error| Refusal::wrong_settings(&error))?;
    let credentials = Credentials::new(wire, client.bound(), account, credential);
    let granted = match &question.stale {
        Some(stale) => credentials.refresh(Some(stale.clone()), Cause::Refused(None)).await,
        None => credentials.obtain().await,
    };
    let granted = granted.map_err(|error: Error| Refusal::failed(&error, question.asks))?;
    let cap = client.expires_in().filter(|_| client.bound().binding().store.owner().is_some());
    Ok(hand_over(granted, cap, question.ticket_type.clone(), client.clock()))
}

/// What was granted, with the life that the hub itself believes in: a client must not keep it longer.
fn hand_over(
    granted: Grant,
    cap: Option<Duration>,
    ticket_type: Option<TicketType>,
    clock: &dyn Clock,
) -> Response {
    let cap = cap.map_or(u64::MAX, |cap| cap.as_secs());
    let granted = Grant { expires_in: granted.expires_in.min(cap), ..granted };
    match ticket_type {
        Some(ticket_type) => answer::ticket(granted, ticket_type, clock),
        None => answer::token(granted, clock),
    }
}
