//! Calls for many accounts by one client, whose tokens are stored beforehand.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use wechat_integration_tests::http;
use wechat_integration_tests::orders::{orders, say};
use wechat_runtime::adapters::Memory;
use wechat_runtime::{
    Bound, Client, Common, Secret, Ticket, TicketType, Token, TokenKind, async_trait, storage,
};

use crate::rounds::Turn;
use crate::sides::{GET_PATH, GET_QUERY, TOKEN, all};
use crate::usage;

/// How many calls are in flight.
const IN_FLIGHT: usize = 64;

/// What it is told first; it answers [`Warmed`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountsSettings {
    /// Where the platform is.
    pub(crate) base_url: String,
    pub(crate) accounts: usize,
}

/// The bytes of memory that it has gained.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Warmed {
    /// When the accounts' tokens were stored.
    pub(crate) by_storage: usize,
    /// When the client had called for each account.
    pub(crate) by_client: usize,
}

pub(super) fn work() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the async runtime starts").block_on(async {
        // Each order is a number of calls to make: answered with the `Turn`.
        let (AccountsSettings { base_url, accounts }, mut orders) = orders::<AccountsSettings, usize>();
        let storage = Memory::new();
        let client = Client::builder(Bound::<Common>::new(Apart(storage.clone()), ()))
            .base_url(base_url)
            .http(http())
            .build()
            .expect("the settings are right");
        // What calls need by themselves is there before it is measured what the accounts need.
        store(&storage, accounts).await;
        calls(&client, 100 * IN_FLIGHT, move |_| accounts).await;
        let at_first = usage::memory();
        for account in 0..accounts {
            store(&storage, account).await;
        }
        let stored = usage::memory();
        calls(&client, accounts, |call| call).await;
        let warm = usage::memory();
        let by_storage = stored.saturating_sub(at_first);
        say(&Warmed { by_storage, by_client: warm.saturating_sub(stored) });
        let mut turns = 0;
        while let Some(count) = orders.recv().await {
            turns += 1;
            // Of each turn other accounts, always the same ones.
            let begin = turns * count;
            say(&Turn::measured(
                count,
                calls(&client, count, move |call| scattered(begin + call) % accounts),
            )
            .await);
        }
    });
}

/// A number that tells nothing of those before and after it: the finalizer of `splitmix64`.
fn scattered(number: usize) -> usize {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A storage that hands out what is its caller's alone, as any does that is outside of the process: the memory of what is
/// stored and that of the client's copies are then apart.
struct Apart(Memory);

#[async_trait]
impl storage::Hub for Apart {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        storage::Hub::fetch_secret_key(&self.0, appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        let token = storage::Hub::fetch_access_token(&self.0, appid, &()).await?;
        let apart = |token: Token| {
            let value = token.access_token().expose();
            Token::new(token.kind(), value, token.timestamp(), token.expires_in())
        };
        Ok(token.map(apart))
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        storage::Hub::save_access_token(&self.0, appid, token, &()).await
    }

    async fn fetch_ticket(&self, appid: &str, of: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        storage::Hub::fetch_ticket(&self.0, appid, of, &()).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        storage::Hub::save_ticket(&self.0, appid, ticket, &()).await
    }
}

fn appid(account: usize) -> String {
    format!("wx{account:016x}")
}

/// Stores a token for the account, granted just now.
async fn store(storage: &Memory, account: usize) {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = since_1970.expect("1970 is over").as_secs();
    let value = format!("{account:010}{}", &TOKEN[10..]);
    let token = Token::new(TokenKind::Stable, value, now, 7200);
    let saved = storage::Hub::save_access_token(storage, &appid(account), token, &()).await;
    saved.expect("the memory keeps it");
}

/// Makes so many calls, each for the account of its number.
async fn calls(
    client: &Client<Common>,
    count: usize,
    account: impl Fn(usize) -> usize + Copy + Send + 'static,
) {
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|first| {
            let client = client.clone();
            tokio::spawn(async move {
                for call in (first..count).step_by(IN_FLIGHT) {
                    let call = client.get(format!("{GET_PATH}?{GET_QUERY}")).appid(appid(account(call)));
                    let answer = call.send().await.expect("the platform answers");
                    assert!(!answer.into_bytes().is_empty(), "an answer has a body");
                }
            })
        })
        .collect();
    all(tasks).await;
}
