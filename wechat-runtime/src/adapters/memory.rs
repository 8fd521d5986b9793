//! A hub's storage in memory, for either kind of application.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, storage};

/// A hub's storage in memory: for examples, tests, and a single process that may fetch anew after a restart.
///
/// It is a [`storage::Hub`] and a [`storage::ComponentHub`], with records of their own. For a component application it is
/// no more than a beginning: the refresh tokens of its authorizers, and the verify ticket, are gone with the process.
///
/// A clone shares what is stored.
///
/// ```
/// use wechat_runtime::adapters::Memory;
///
/// let storage = Memory::new().with_secret("wx1f2e3d4c5b6a7988", "the app secret");
/// ```
#[derive(Clone, Default)]
pub struct Memory(Arc<Records>);

#[derive(Default)]
struct Records {
    secrets: Table<String, Secret>,
    tokens: Table<String, Token>,
    tickets: Table<(String, TicketType), Ticket>,
    component_tokens: Table<String, Token>,
    verify_tickets: Table<String, VerifyTicket>,
    /// By component and authorizer.
    authorizers: Table<(String, String), AuthorizerToken>,
    authorizer_tickets: Table<(String, String, TicketType), Ticket>,
}

impl Memory {
    /// A storage with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds, or replaces, an application's secret.
    #[must_use]
    pub fn with_secret(self, appid: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.set_secret(appid, secret);
        self
    }

    /// Adds, or replaces, an application's secret.
    pub fn set_secret(&self, appid: impl Into<String>, secret: impl Into<Secret>) {
        self.0.secrets.put(appid.into(), secret.into());
    }
}

#[async_trait]
impl storage::Hub for Memory {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.0.secrets.get(&appid.to_owned()))
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(self.0.tokens.get(&appid.to_owned()))
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.0.tokens.put(appid.to_owned(), token.clone());
        Ok(token)
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        Ok(self.0.tickets.get(&(appid.to_owned(), ticket_type.clone())))
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        self.0.tickets.put((appid.to_owned(), ticket.ticket_type().clone()), ticket.clone());
        Ok(ticket)
    }
}

#[async_trait]
impl storage::ComponentHub for Memory {
    type Args = ();

    async fn fetch_secret_key(&self, component_appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.0.secrets.get(&component_appid.to_owned()))
    }

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        (): &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        Ok(self.0.authorizers.get(&(component_appid.to_owned(), authorizer_appid.to_owned())))
    }

    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        (): &(),
    ) -> storage::Result<AuthorizerToken> {
        let key = (component_appid.to_owned(), authorizer_appid.to_owned());
        Ok(self.0.authorizers.change(key, |stored| record.over(stored)))
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(self.0.component_tokens.get(&component_appid.to_owned()))
    }

    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        (): &(),
    ) -> storage::Result<Token> {
        self.0.component_tokens.put(component_appid.to_owned(), token.clone());
        Ok(token)
    }

    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        (): &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        Ok(self.0.verify_tickets.get(&component_appid.to_owned()))
    }

    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> storage::Result<VerifyTicket> {
        self.0.verify_tickets.put(component_appid.to_owned(), ticket.clone());
        Ok(ticket)
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        let key = (component_appid.to_owned(), authorizer_appid.to_owned(), ticket_type.clone());
        Ok(self.0.authorizer_tickets.get(&key))
    }

    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket: Ticket,
        (): &(),
    ) -> storage::Result<Ticket> {
        let key = (component_appid.to_owned(), authorizer_appid.to_owned(), ticket.ticket_type().clone());
        self.0.authorizer_tickets.put(key, ticket.clone());
        Ok(ticket)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// A map behind a lock. It is whole after every operation, so a panic elsewhere leaves nothing half done.
struct Table<K, V>(RwLock<HashMap<K, V>>);

impl<K: Eq + Hash, V: Clone> Table<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: K, value: V) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    /// Puts what `change` makes of the value that is there, and answers with it.
    fn change(&self, key: K, change: impl FnOnce(Option<V>) -> V) -> V {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(table.get(&key).cloned());
        table.insert(key, changed.clone());
        changed
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}
