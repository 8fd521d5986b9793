//! The faults that refreshing has to survive, with hubs in processes of their own, a Redis server, a platform whose ledger
//! counts, and proxies between them: one test a row, and the table at the end.

mod board;
mod crowds;
mod endpoints;
mod leaders;
mod shops;
mod stage;
mod stores;
mod wire;

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use wechat_integration_tests::redis_server::{self, RedisServer};

use self::board::Row;

/// How long a row may take: several times what it takes.
const ROW: Duration = Duration::from_secs(90);

/// One row at a time: each measures how long things take.
static TURN: Mutex<()> = Mutex::const_new(());

/// Tries a row, with what it needs: without, it is skipped.
async fn row<T>(
    number: usize,
    did: &'static str,
    had_to_hold: &'static str,
    needs: impl FnOnce() -> Option<T>,
    tried: impl AsyncFnOnce(&mut Row, T),
) {
    let _turn = TURN.lock().await;
    let mut row = Row::begin(number, did, had_to_hold);
    let Some(given) = needs() else { return row.skipped() };
    let tried = timeout(ROW, tried(&mut row, given)).await;
    tried.unwrap_or_else(|_| panic!("row {number} takes longer than {ROW:?}"));
    row.held();
}

/// A Redis server that has again after a restart what it had.
fn durable() -> Option<RedisServer> {
    redis_server::with().appendonly().start()
}

/// A Redis server where there is one. Without, the hubs have their storages in memory.
#[allow(clippy::unnecessary_wraps, clippy::option_option, reason = "no row of these is skipped")]
fn if_there() -> Option<Option<RedisServer>> {
    Some(redis_server::start())
}
