//! The platform of the tests: it grants and checks tokens, writes down what it did, and takes its time for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wechat_integration_tests::orders::{orders, say};
use wechat_simulator::{Fault, Simulator};

use crate::sides::SECRET;

/// What it is told first; it answers [`Opened`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlatformSettings {
    pub(crate) appids: Vec<String>,
    /// How long each call takes, in real time.
    pub(crate) latency: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) base_url: String,
    /// What time it is, in Unix seconds: its clock stands still.
    pub(crate) unix: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PlatformOrder {
    /// To move its clock on by so many seconds: answered with what time it is then.
    Advance(u64),
    /// To wait until nobody is connected, and to forget all that was: answered `null`. Its clock stays.
    Anew,
    /// What an account has had since this was asked last: answered [`Had`].
    Had(String),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Had {
    /// Calls for a token.
    pub(crate) fetches: usize,
    /// How many connections were open at most since all was forgotten, of all accounts.
    pub(crate) connections: usize,
}

pub(super) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the async runtime starts").block_on(async {
        let (settings, mut orders) = orders::<PlatformSettings, PlatformOrder>();
        let platform =
            settings.appids.iter().fold(Simulator::builder(), |platform, appid| platform.app(appid, SECRET));
        let platform = platform.start().await.expect("a port is free");
        let be_slow = || {
            if !settings.latency.is_zero() {
                platform.fault("*", Fault::delay(settings.latency));
            }
        };
        be_slow();
        say(&Opened { base_url: platform.base_url().to_owned(), unix: platform.clock().unix() });
        while let Some(order) = orders.recv().await {
            match order {
                PlatformOrder::Advance(seconds) => {
                    platform.clock().advance(Duration::from_secs(seconds));
                    say(&platform.clock().unix());
                }
                PlatformOrder::Anew => {
                    // Connections that their client has closed are about to end.
                    while platform.open_connections() > 0 {
                        tokio::task::yield_now().await;
                    }
                    platform.reset();
                    be_slow();
                    say(&());
                }
                PlatformOrder::Had(appid) => {
                    let ledger = platform.ledger();
                    platform.clear_ledger();
                    say(&Had {
                        fetches: ledger.token_calls(&appid),
                        connections: platform.peak_connections(),
                    });
                }
            }
        }
    });
}
