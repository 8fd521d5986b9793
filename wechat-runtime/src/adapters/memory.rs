//! A hub's storage in memory.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::{Secret, Ticket, TicketType, Token, storage};

/// A hub's storage in memory: for examples, tests, and a single process that may fetch anew after a restart.
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
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}
