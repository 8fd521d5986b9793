//! Storage adapters that each do one thing otherwise than they are asked to, for either kind of application.

pub mod at_once;
pub mod faults;
pub mod keys;
pub mod reach;
pub mod records;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;
use tokio::task::yield_now;
use wechat_runtime::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, storage};

pub const APPID: &str = "wx1f2e3d4c5b6a7988";
pub const SECRET: &str = "s3cr3t-in-a-report";
pub const TENANT: &str = "a tenant";

/// A common application's token, and an authorizer's record.
pub const ACCESS_TOKEN: &str = "access_token";
pub const COMPONENT_TOKEN: &str = "component_access_token";
pub const VERIFY_TICKET: &str = "component_verify_ticket";

/// What a store holds, as JSON by key, as adapters of databases do.
#[derive(Default)]
pub struct Store {
    pub records: Mutex<BTreeMap<String, Value>>,
    pub transactions: tokio::sync::Mutex<()>,
}

impl Store {
    pub fn get(&self, key: &str) -> Option<Value> {
        self.records.lock().unwrap().get(key).cloned()
    }

    pub fn set(&self, key: &str, record: &Value) {
        self.records.lock().unwrap().insert(key.to_owned(), record.clone());
    }

    pub fn remove(&self, key: &str) -> Option<Value> {
        self.records.lock().unwrap().remove(key)
    }
}

/// How an adapter does its work: well, unless a method is written anew.
///
/// `appids` are an application's, or a component's and its authorizer's; `what` is one of the constants above or a ticket's
/// type.
#[async_trait]
pub trait Manner: Default + Send + Sync + 'static {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        json!([appids, is_ticket, what]).to_string()
    }

    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        Ok((appid == APPID).then(|| SECRET.into()))
    }

    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        // Others get a turn here, as they do with a storage behind a network.
        yield_now().await;
        Ok(store.get(key))
    }

    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }

    /// What is held while an authorizer's record is saved over the stored one.
    async fn transaction<'a>(&'a self, store: &'a Store) -> Option<MutexGuard<'a, ()>> {
        Some(store.transactions.lock().await)
    }

    /// What is kept of an authorizer when `record` is saved where `stored` is.
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        record.over(stored)
    }

    /// What who has saved an authorizer's record is told.
    fn answer(&self, _given: AuthorizerToken, stored: AuthorizerToken) -> AuthorizerToken {
        stored
    }
}

/// An adapter of a store that works in this manner; or only for one kind of record, and in the other manner
/// for the rest.
pub struct Adapter<M, R> {
    store: Arc<Store>,
    manner: M,
    only: Option<&'static str>,
    rest: R,
}

impl<M: Manner, R: Manner> Adapter<M, R> {
    pub fn new(only: Option<&'static str>) -> Self {
        Self::of(Arc::default(), only)
    }

    pub fn of(store: Arc<Store>, only: Option<&'static str>) -> Self {
        Self { store, manner: M::default(), only, rest: R::default() }
    }

    fn is_rest(&self, what: &str) -> bool {
        self.only.is_some_and(|only| only != what)
    }

    fn key(&self, tenant: &str, appids: &[&str], is_ticket: bool, what: &str) -> String {
        assert_eq!(tenant, TENANT);
        if self.is_rest(what) {
            return self.rest.key(appids, is_ticket, what);
        }
        self.manner.key(appids, is_ticket, what)
    }

    async fn get<T: DeserializeOwned>(&self, what: &str, key: &str) -> storage::Result<Option<T>> {
        let record = if self.is_rest(what) {
            self.rest.get(&self.store, key).await?
        } else {
            self.manner.get(&self.store, key).await?
        };
        Ok(record.map(serde_json::from_value).transpose()?)
    }

    async fn put<T>(&self, what: &str, key: &str, record: T) -> storage::Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        let record = serde_json::to_value(record)?;
        let stored = if self.is_rest(what) {
            self.rest.put(&self.store, key, record).await?
        } else {
            self.manner.put(&self.store, key, record).await?
        };
        Ok(serde_json::from_value(stored)?)
    }
}

#[async_trait]
impl<M: Manner, R: Manner> storage::Hub for Adapter<M, R> {
    type Args = &'static str;

    async fn fetch_secret_key(&self, appid: &str, _: &&'static str) -> storage::Result<Option<Secret>> {
        self.manner.secret(appid)
    }

    async fn fetch_access_token(&self, appid: &str, args: &&'static str) -> storage::Result<Option<Token>> {
        self.get(ACCESS_TOKEN, &self.key(args, &[appid], false, ACCESS_TOKEN)).await
    }

    async fn save_access_token(
        &self,
        appid: &str,
        token: Token,
        args: &&'static str,
    ) -> storage::Result<Token> {
        self.put(ACCESS_TOKEN, &self.key(args, &[appid], false, ACCESS_TOKEN), token).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &&'static str,
    ) -> storage::Result<Option<Ticket>> {
        let what = ticket_type.as_str();
        self.get(what, &self.key(args, &[appid], true, what)).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, args: &&'static str) -> storage::Result<Ticket> {
        let what = ticket.ticket_type().to_string();
        self.put(&what, &self.key(args, &[appid], true, &what), ticket).await
    }
}

#[async_trait]
impl<M: Manner, R: Manner> storage::ComponentHub for Adapter<M, R> {
    type Args = &'static str;

    async fn fetch_secret_key(&self, component: &str, _: &&'static str) -> storage::Result<Option<Secret>> {
        self.manner.secret(component)
    }

    async fn fetch_access_token(
        &self,
        component: &str,
        authorizer: &str,
        args: &&'static str,
    ) -> storage::Result<Option<AuthorizerToken>> {
        self.get(ACCESS_TOKEN, &self.key(args, &[component, authorizer], false, ACCESS_TOKEN)).await
    }

    async fn save_access_token(
        &self,
        component: &str,
        authorizer: &str,
        given: AuthorizerToken,
        args: &&'static str,
    ) -> storage::Result<AuthorizerToken> {
        let key = self.key(args, &[component, authorizer], false, ACCESS_TOKEN);
        if self.is_rest(ACCESS_TOKEN) {
            return self.save_authorizer(&self.rest, &key, given).await;
        }
        self.save_authorizer(&self.manner, &key, given).await
    }

    async fn fetch_component_access_token(
        &self,
        component: &str,
        args: &&'static str,
    ) -> storage::Result<Option<Token>> {
        self.get(COMPONENT_TOKEN, &self.key(args, &[component], false, COMPONENT_TOKEN)).await
    }

    async fn save_component_access_token(
        &self,
        component: &str,
        token: Token,
        args: &&'static str,
    ) -> storage::Result<Token> {
        self.put(COMPONENT_TOKEN, &self.key(args, &[component], false, COMPONENT_TOKEN), token).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component: &str,
        args: &&'static str,
    ) -> storage::Result<Option<VerifyTicket>> {
        self.get(VERIFY_TICKET, &self.key(args, &[component], false, VERIFY_TICKET)).await
    }

    async fn save_component_verify_ticket(
        &self,
        component: &str,
        ticket: VerifyTicket,
        args: &&'static str,
    ) -> storage::Result<VerifyTicket> {
        self.put(VERIFY_TICKET, &self.key(args, &[component], false, VERIFY_TICKET), ticket).await
    }

    async fn fetch_ticket(
        &self,
        component: &str,
        authorizer: &str,
        ticket_type: &TicketType,
        args: &&'static str,
    ) -> storage::Result<Option<Ticket>> {
        let what = ticket_type.as_str();
        self.get(what, &self.key(args, &[component, authorizer], true, what)).await
    }

    async fn save_ticket(
        &self,
        component: &str,
        authorizer: &str,
        ticket: Ticket,
        args: &&'static str,
    ) -> storage::Result<Ticket> {
        let what = ticket.ticket_type().to_string();
        self.put(&what, &self.key(args, &[component, authorizer], true, &what), ticket).await
    }
}

impl<M: Manner, R: Manner> Adapter<M, R> {
    async fn save_authorizer(
        &self,
        manner: &impl Manner,
        key: &str,
        given: AuthorizerToken,
    ) -> storage::Result<AuthorizerToken> {
        let _transaction = manner.transaction(&self.store).await;
        let stored = self.store.get(key).map(serde_json::from_value).transpose()?;
        let kept = serde_json::to_value(manner.over(given.clone(), stored))?;
        let stored = serde_json::from_value(manner.put(&self.store, key, kept).await?)?;
        Ok(manner.answer(given, stored))
    }
}

/// Writes an adapter down by what it does otherwise than a sound one.
#[macro_export]
macro_rules! manner {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($body:tt)* }) => {
        $crate::manner!($(#[$doc])* $vis $name() { $($body)* });
    };
    ($(#[$doc:meta])* $vis:vis $name:ident($($field:ty),*) { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        $vis struct $name($($field),*);

        #[$crate::manners::async_trait]
        impl $crate::manners::Manner for $name { $($body)* }
    };
}

/// Does all that is asked of it.
#[derive(Default)]
pub struct Sound;

impl Manner for Sound {}

pub fn sound() -> Adapter<Sound, Sound> {
    Adapter::new(None)
}

/// The part of a record that tells what was granted: of an authorizer's, its access token.
pub fn grant(record: &mut Value) -> &mut Value {
    if record["access"].is_object() { &mut record["access"] } else { record }
}

/// Stores a record, and whoever saved it is told that it is as they gave it.
pub fn store_altered(store: &Store, key: &str, record: Value, alter: impl Fn(&mut Value)) -> Value {
    let mut altered = record.clone();
    alter(&mut altered);
    store.set(key, &altered);
    record
}
