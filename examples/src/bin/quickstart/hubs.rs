//! Two storage adapters of our own. A real one talks to the database that you have.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wechat_examples::show;
use wechat_runtime::storage::{Hub, Result};
use wechat_runtime::{Secret, Ticket, TicketType, Token, async_trait};

/// What our adapters want handed back to every callback: which of our sites is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Region {
    Shanghai,
    Beijing,
}

/// Keeps the records of each region apart.
#[derive(Default)]
pub(crate) struct RegionalHub {
    tokens: Mutex<HashMap<(Region, String), Token>>,
    tickets: Mutex<HashMap<(Region, String, TicketType), Ticket>>,
}

#[async_trait]
impl Hub for RegionalHub {
    type Args = Region;

    async fn fetch_secret_key(&self, appid: &str, region: &Region) -> Result<Option<Secret>> {
        Ok(secret_of(appid, *region).map(Secret::from))
    }

    async fn fetch_access_token(&self, appid: &str, region: &Region) -> Result<Option<Token>> {
        Ok(lock(&self.tokens).get(&(*region, appid.to_owned())).cloned())
    }

    async fn save_access_token(&self, appid: &str, token: Token, region: &Region) -> Result<Token> {
        lock(&self.tokens).insert((*region, appid.to_owned()), token.clone());
        Ok(token)
    }

    async fn fetch_ticket(&self, appid: &str, kind: &TicketType, region: &Region) -> Result<Option<Ticket>> {
        let key = (*region, appid.to_owned(), kind.clone());
        Ok(lock(&self.tickets).get(&key).cloned())
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, region: &Region) -> Result<Ticket> {
        let key = (*region, appid.to_owned(), ticket.ticket_type().clone());
        lock(&self.tickets).insert(key, ticket.clone());
        Ok(ticket)
    }
}

/// Does what a [`RegionalHub`] does, and says when it is asked to.
#[derive(Default)]
pub(crate) struct OtherHub(RegionalHub);

#[async_trait]
impl Hub for OtherHub {
    type Args = Region;

    async fn fetch_secret_key(&self, appid: &str, region: &Region) -> Result<Option<Secret>> {
        show::fact(&format!("{region:?}"), "fetch_secret_key");
        self.0.fetch_secret_key(appid, region).await
    }

    async fn fetch_access_token(&self, appid: &str, region: &Region) -> Result<Option<Token>> {
        show::fact(&format!("{region:?}"), "fetch_access_token");
        self.0.fetch_access_token(appid, region).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, region: &Region) -> Result<Token> {
        show::fact(&format!("{region:?}"), "save_access_token");
        self.0.save_access_token(appid, token, region).await
    }

    async fn fetch_ticket(&self, appid: &str, kind: &TicketType, region: &Region) -> Result<Option<Ticket>> {
        self.0.fetch_ticket(appid, kind, region).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, region: &Region) -> Result<Ticket> {
        self.0.save_ticket(appid, ticket, region).await
    }
}

/// The app secrets, which a real hub keeps where it keeps other secrets.
fn secret_of(appid: &str, region: Region) -> Option<&'static str> {
    match (appid, region) {
        ("wx1f2e3d4c5b6a7988", Region::Shanghai) => Some("the-shop's-secret"),
        ("wx99aa88bb77cc66dd", Region::Beijing) => Some("the-branch's-secret"),
        _ => None,
    }
}

/// A map is whole after every operation, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
