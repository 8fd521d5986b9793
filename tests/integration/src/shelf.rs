//! Storages for tests: one that counts and can be told to fail, one that is told which shelf to use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use wechat_runtime::{Secret, Ticket, TicketType, Token, TokenKind, async_trait, storage};

/// A hub's storage that counts its callbacks and does what a test tells it to. A clone is the same shelf.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Inner>);

#[derive(Default)]
struct Inner {
    secrets: Mutex<HashMap<String, Secret>>,
    tokens: Mutex<HashMap<String, Token>>,
    tickets: Mutex<HashMap<(String, TicketType), Ticket>>,
    reads: AtomicUsize,
    saves: watch::Sender<usize>,
    reads_take: Mutex<Duration>,
    reads_fail: AtomicBool,
    reads_hang: AtomicBool,
    reads_panic: AtomicBool,
    saves_fail: AtomicBool,
}

/// What a shelf that is down says.
const DOWN: &str = "the shelf is down";

impl Shelf {
    pub fn set_secret(&self, appid: &str, secret: &str) {
        self.0.secrets.lock().unwrap().insert(appid.to_owned(), secret.into());
    }

    pub fn put(&self, appid: &str, token: Token) {
        self.0.tokens.lock().unwrap().insert(appid.to_owned(), token);
    }

    pub fn take(&self, appid: &str) -> Option<Token> {
        self.0.tokens.lock().unwrap().remove(appid)
    }

    pub fn token(&self, appid: &str) -> Option<Token> {
        self.0.tokens.lock().unwrap().get(appid).cloned()
    }

    pub fn put_ticket(&self, appid: &str, ticket: Ticket) {
        let key = (appid.to_owned(), ticket.ticket_type().clone());
        self.0.tickets.lock().unwrap().insert(key, ticket);
    }

    pub fn ticket(&self, appid: &str, of: &TicketType) -> Option<Ticket> {
        self.0.tickets.lock().unwrap().get(&(appid.to_owned(), of.clone())).cloned()
    }

    /// The stored token's value.
    pub fn value(&self, appid: &str) -> Option<String> {
        self.token(appid).map(|token| token.access_token().expose().to_owned())
    }

    pub fn put_value(&self, appid: &str, value: &str, timestamp: u64) {
        self.put(appid, Token::new(TokenKind::Stable, value, timestamp, 7200));
    }

    pub fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    pub fn saves(&self) -> usize {
        *self.0.saves.borrow()
    }

    /// Waits until so many tokens have been saved.
    pub async fn saved(&self, count: usize) {
        let mut saves = self.0.saves.subscribe();
        saves.wait_for(|saves| *saves >= count).await.expect("the shelf is here");
    }

    pub fn fail_reads(&self, yes: bool) {
        self.0.reads_fail.store(yes, Ordering::SeqCst);
    }

    /// Makes reads take this long: the one thing that a slow storage cannot be without.
    pub fn slow_reads(&self, time: Duration) {
        *self.0.reads_take.lock().unwrap() = time;
    }

    pub fn hang_reads(&self, yes: bool) {
        self.0.reads_hang.store(yes, Ordering::SeqCst);
    }

    pub fn panic_reads(&self, yes: bool) {
        self.0.reads_panic.store(yes, Ordering::SeqCst);
    }

    pub fn fail_saves(&self, yes: bool) {
        self.0.saves_fail.store(yes, Ordering::SeqCst);
    }

    fn down() -> storage::Error {
        std::io::Error::new(std::io::ErrorKind::ConnectionRefused, DOWN).into()
    }

    async fn read<T>(&self, record: impl FnOnce(&Self) -> T) -> storage::Result<T> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if self.0.reads_hang.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        assert!(!self.0.reads_panic.load(Ordering::SeqCst), "the shelf fell down");
        if self.0.reads_fail.load(Ordering::SeqCst) {
            return Err(Self::down());
        }
        let slow = *self.0.reads_take.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        // Others get a turn here, as they do with a storage behind a network.
        tokio::task::yield_now().await;
        Ok(record(self))
    }

    async fn save(&self, put: impl FnOnce(&Self)) -> storage::Result<()> {
        if self.0.saves_fail.load(Ordering::SeqCst) {
            return Err(Self::down());
        }
        tokio::task::yield_now().await;
        put(self);
        self.0.saves.send_modify(|saves| *saves += 1);
        Ok(())
    }
}

#[async_trait]
impl storage::Hub for Shelf {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        Ok(self.0.secrets.lock().unwrap().get(appid).cloned())
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.read(|shelf| shelf.token(appid)).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.save(|shelf| shelf.put(appid, token.clone())).await?;
        Ok(token)
    }

    async fn fetch_ticket(&self, appid: &str, of: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        self.read(|shelf| shelf.ticket(appid, of)).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        self.save(|shelf| shelf.put_ticket(appid, ticket.clone())).await?;
        Ok(ticket)
    }
}

/// Which of a [`Regional`]'s shelves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    #[default]
    Shanghai,
    Beijing,
}

/// A storage that is told by its arguments which of two shelves to use.
#[derive(Clone, Default)]
pub struct Regional {
    pub shanghai: Shelf,
    pub beijing: Shelf,
}

impl Regional {
    fn shelf(&self, region: Region) -> &Shelf {
        match region {
            Region::Shanghai => &self.shanghai,
            Region::Beijing => &self.beijing,
        }
    }
}

#[async_trait]
impl storage::Hub for Regional {
    type Args = Region;

    async fn fetch_secret_key(&self, appid: &str, region: &Region) -> storage::Result<Option<Secret>> {
        self.shelf(*region).fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, region: &Region) -> storage::Result<Option<Token>> {
        self.shelf(*region).fetch_access_token(appid, &()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, region: &Region) -> storage::Result<Token> {
        self.shelf(*region).save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        of: &TicketType,
        region: &Region,
    ) -> storage::Result<Option<Ticket>> {
        self.shelf(*region).fetch_ticket(appid, of, &()).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, region: &Region) -> storage::Result<Ticket> {
        self.shelf(*region).save_ticket(appid, ticket, &()).await
    }
}
