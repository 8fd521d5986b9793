//! A component application's storage for tests: it counts, and does what it is told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::ComponentHub;
use wechat_runtime::{
    AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, async_trait, storage,
};

/// A component hub's storage that counts its callbacks and does what a test tells it to. A clone is the same cabinet.
#[derive(Clone, Default)]
pub struct Cabinet(Arc<Inner>);

/// How a cabinet refreshes by itself: an authorizer, or the component where there is none.
type OwnWay =
    Arc<dyn Fn(Option<&str>) -> BoxFuture<'static, storage::Result<Option<AuthorizerToken>>> + Send + Sync>;

#[derive(Default)]
struct Inner {
    records: Mutex<Memory>,
    secret: Mutex<Option<(String, String)>>,
    reads: AtomicUsize,
    reads_fail: AtomicBool,
    saves_fail: AtomicBool,
    own_way: Mutex<Option<OwnWay>>,
    saves_lost: AtomicBool,
    access_lost: AtomicBool,
    /// Authorizers' records that were put in each other's place, where they are.
    replaced: Mutex<Option<HashMap<String, AuthorizerToken>>>,
    /// Whether saves of authorizers, and of verify tickets, wait.
    held: watch::Sender<bool>,
    /// How many of them have begun.
    saving: watch::Sender<usize>,
}

impl Cabinet {
    pub fn set_secret(&self, component: &str, secret: &str) {
        *self.0.secret.lock().unwrap() = Some((component.to_owned(), secret.to_owned()));
        self.records().set_secret(component, secret);
    }

    /// Loses every record but the secret, which comes from elsewhere.
    pub fn flush(&self) {
        let memory = Memory::new();
        if let Some((component, secret)) = &*self.0.secret.lock().unwrap() {
            memory.set_secret(component, secret.as_str());
        }
        *self.0.records.lock().unwrap() = memory;
    }

    fn records(&self) -> Memory {
        self.0.records.lock().unwrap().clone()
    }

    /// An authorizer's record as it is stored.
    pub async fn record(&self, component: &str, authorizer: &str) -> Option<AuthorizerToken> {
        if let Some(replaced) = self.replaced(authorizer) {
            return Some(replaced);
        }
        self.records().fetch_access_token(component, authorizer, &()).await.unwrap()
    }

    /// Puts an authorizer's record over the one that is there.
    pub async fn put_record(&self, component: &str, authorizer: &str, record: AuthorizerToken) {
        self.records().save_access_token(component, authorizer, record, &()).await.unwrap();
    }

    pub async fn component_token(&self, component: &str) -> Option<Token> {
        self.records().fetch_component_access_token(component, &()).await.unwrap()
    }

    pub async fn verify_ticket(&self, component: &str) -> Option<VerifyTicket> {
        self.records().fetch_component_verify_ticket(component, &()).await.unwrap()
    }

    pub async fn put_verify_ticket(&self, component: &str, ticket: VerifyTicket) {
        self.records().save_component_verify_ticket(component, ticket, &()).await.unwrap();
    }

    pub fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    pub fn fail_reads(&self, yes: bool) {
        self.0.reads_fail.store(yes, Ordering::SeqCst);
    }

    pub fn fail_saves(&self, yes: bool) {
        self.0.saves_fail.store(yes, Ordering::SeqCst);
    }

    /// Lets saves of authorizers seem to succeed, and keep nothing.
    pub fn drop_saves(&self, yes: bool) {
        self.0.saves_lost.store(yes, Ordering::SeqCst);
    }

    /// Lets saves of authorizers put the record in the place of the one that is there.
    pub fn replace_records(&self) {
        *self.0.replaced.lock().unwrap() = Some(HashMap::new());
    }

    fn replaced(&self, authorizer: &str) -> Option<AuthorizerToken> {
        self.0.replaced.lock().unwrap().as_ref()?.get(authorizer).cloned()
    }

    /// Lets saves of authorizers keep no access token.
    pub fn drop_access(&self, yes: bool) {
        self.0.access_lost.store(yes, Ordering::SeqCst);
    }

    /// Lets saves of authorizers, and of verify tickets, begin and not go on, until they are let go.
    pub fn hold_saves(&self, yes: bool) {
        self.0.held.send_replace(yes);
    }

    /// Waits until so many of them have begun.
    pub async fn saving(&self, count: usize) {
        let mut saving = self.0.saving.subscribe();
        saving.wait_for(|saving| *saving >= count).await.expect("the cabinet is here");
    }

    /// Has it refresh by itself: an authorizer, or the component where there is none.
    pub fn refresh_by<F>(&self, own_way: impl Fn(Option<&str>) -> F + Send + Sync + 'static)
    where
        F: Future<Output = storage::Result<Option<AuthorizerToken>>> + Send + 'static,
    {
        let own_way: OwnWay = Arc::new(move |authorizer| Box::pin(own_way(authorizer)));
        *self.0.own_way.lock().unwrap() = Some(own_way);
    }

    async fn refresh(&self, authorizer: Option<&str>) -> storage::Result<Option<AuthorizerToken>> {
        let own_way = self.0.own_way.lock().unwrap().clone();
        match own_way {
            Some(own_way) => own_way(authorizer).await,
            None => Ok(None),
        }
    }

    /// How many of them have begun.
    pub fn saves(&self) -> usize {
        *self.0.saving.borrow()
    }

    fn read(&self) -> storage::Result<Memory> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if self.0.reads_fail.load(Ordering::SeqCst) {
            return Err(storage::Error::msg("the cabinet is locked"));
        }
        Ok(self.records())
    }

    async fn wait_to_save(&self) {
        self.0.saving.send_modify(|saving| *saving += 1);
        let mut held = self.0.held.subscribe();
        held.wait_for(|held| !held).await.expect("the cabinet is here");
    }

    fn save(&self) -> storage::Result<Memory> {
        if self.0.saves_fail.load(Ordering::SeqCst) {
            return Err(storage::Error::msg("the cabinet is full"));
        }
        Ok(self.records())
    }
}

#[async_trait]
impl ComponentHub for Cabinet {
    type Args = ();

    async fn fetch_secret_key(&self, component: &str, args: &()) -> storage::Result<Option<Secret>> {
        ComponentHub::fetch_secret_key(&self.read()?, component, args).await
    }

    async fn fetch_access_token(
        &self,
        component: &str,
        authorizer: &str,
        args: &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        // Others get a turn here, as they do with a storage behind a network.
        tokio::task::yield_now().await;
        let records = self.read()?;
        if let Some(replaced) = self.replaced(authorizer) {
            return Ok(Some(replaced));
        }
        records.fetch_access_token(component, authorizer, args).await
    }

    async fn save_access_token(
        &self,
        component: &str,
        authorizer: &str,
        record: AuthorizerToken,
        args: &(),
    ) -> storage::Result<AuthorizerToken> {
        self.wait_to_save().await;
        let records = self.save()?;
        if self.0.saves_lost.load(Ordering::SeqCst) {
            let stored = ComponentHub::fetch_access_token(&records, component, authorizer, args).await?;
            return Ok(stored.unwrap_or_default());
        }
        if let Some(replaced) = self.0.replaced.lock().unwrap().as_mut() {
            replaced.insert(authorizer.to_owned(), record.clone());
            return Ok(record);
        }
        let record = if self.0.access_lost.load(Ordering::SeqCst) { without_access(&record) } else { record };
        records.save_access_token(component, authorizer, record, args).await
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        authorizer: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        self.refresh(Some(authorizer)).await
    }

    async fn refresh_component_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(self.refresh(None).await?.and_then(|record| record.access().cloned()))
    }

    async fn fetch_component_access_token(
        &self,
        component: &str,
        args: &(),
    ) -> storage::Result<Option<Token>> {
        tokio::task::yield_now().await;
        self.read()?.fetch_component_access_token(component, args).await
    }

    async fn save_component_access_token(
        &self,
        component: &str,
        token: Token,
        args: &(),
    ) -> storage::Result<Token> {
        self.save()?.save_component_access_token(component, token, args).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component: &str,
        args: &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        self.read()?.fetch_component_verify_ticket(component, args).await
    }

    async fn save_component_verify_ticket(
        &self,
        component: &str,
        ticket: VerifyTicket,
        args: &(),
    ) -> storage::Result<VerifyTicket> {
        self.wait_to_save().await;
        self.save()?.save_component_verify_ticket(component, ticket, args).await
    }

    async fn fetch_ticket(
        &self,
        component: &str,
        authorizer: &str,
        ticket_type: &TicketType,
        args: &(),
    ) -> storage::Result<Option<Ticket>> {
        ComponentHub::fetch_ticket(&self.read()?, component, authorizer, ticket_type, args).await
    }

    async fn save_ticket(
        &self,
        component: &str,
        authorizer: &str,
        ticket: Ticket,
        args: &(),
    ) -> storage::Result<Ticket> {
        ComponentHub::save_ticket(&self.save()?, component, authorizer, ticket, args).await
    }
}

/// The same record, without its access token.
fn without_access(record: &AuthorizerToken) -> AuthorizerToken {
    let kept = AuthorizerToken::new();
    match record.refresh_token() {
        Some(refresh_token) => kept.with_refresh_token(refresh_token.clone()),
        None => kept,
    }
}
