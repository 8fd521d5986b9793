//! A hub with one application, whose storage is in memory or in Redis.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use wechat_integration_tests::http;
use wechat_integration_tests::orders::{Told, orders};
use wechat_runtime::adapters::{Memory, Redis};
use wechat_runtime::{Bound, Client, Common, hub};

use super::{ServerOrder, listening, told};
use crate::asking::BEARER;
use crate::sides::SECRET;

/// What it is told first; it answers with its URL.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HubSettings {
    /// Where the platform is.
    pub(crate) base_url: String,
    pub(crate) appid: String,
    /// What time it is, in Unix seconds, where that is not the system's word.
    pub(crate) unix: Option<u64>,
    /// Where it keeps everything, if not in memory.
    pub(crate) redis: Option<String>,
    /// Whether it has one thread, and not as many as there are cores.
    pub(crate) one_thread: bool,
}

pub(super) fn serve() {
    let (settings, orders) = orders::<HubSettings, ServerOrder>();
    let mut runtime = if settings.one_thread {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    runtime.enable_all().build().expect("the async runtime starts").block_on(async {
        let time = settings.unix.map(Told::new);
        let clock = time.clone();
        let client = Client::builder(storage(&settings))
            .base_url(settings.base_url)
            .clock(move || clock.as_ref().map_or_else(SystemTime::now, Told::now))
            .http(http())
            .build()
            .expect("the settings are right");
        let peer = hub::Peer::by_bearer("those who measure", BEARER).expect("it is long enough");
        let settings = hub::Settings::new(hub::Access::new().peer(peer)).common(&client);
        let over = told(orders, move |unix| time.as_ref().expect("it was told the time").set(unix));
        let listener = listening().await;
        hub::serve(listener, settings, over).await.expect("it serves");
    });
}

fn storage(HubSettings { appid, redis, .. }: &HubSettings) -> Bound<Common> {
    match redis {
        None => Bound::new(Memory::new().with_secret(appid, SECRET), ()),
        Some(url) => {
            let redis = Redis::builder(url.as_str()).with_secret(appid, SECRET).build();
            Bound::new(redis.expect("the settings are right"), ())
        }
    }
}
