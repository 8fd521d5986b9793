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

/// Tries a row. Where there is no Redis server, a row that needs one is skipped.
async fn row<D>(
    number: usize,
    did: &'static str,
    had_to_hold: &'static str,
    needs: D,
    tried: impl AsyncFnOnce(&mut Row, D::Given),
) where
    D: Needs,
{
    let _turn = TURN.lock().await;
    let mut row = Row::begin(number, did, had_to_hold);
    let Some(given) = needs.find() else { return row.skipped() };
    timeout(ROW, tried(&mut row, given))
        .await
        .unwrap_or_else(|_| panic!("row {number} takes longer than {ROW:?}"));
    row.held();
}

/// What a row cannot be tried without.
trait Needs {
    type Given;

    fn find(self) -> Option<Self::Given>;
}

/// A Redis server.
struct Server;

/// A Redis server that has again after a restart what it had.
struct DurableServer;

/// A Redis server; or storages in memory, where there is none.
struct ServerIfThere;

impl Needs for Server {
    type Given = RedisServer;

    fn find(self) -> Option<RedisServer> {
        redis_server::start()
    }
}

impl Needs for DurableServer {
    type Given = RedisServer;

    fn find(self) -> Option<RedisServer> {
        redis_server::with().appendonly().start()
    }
}

impl Needs for ServerIfThere {
    type Given = Option<RedisServer>;

    fn find(self) -> Option<Option<RedisServer>> {
        Some(redis_server::start())
    }
}
