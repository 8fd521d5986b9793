//! Many pushes at once: each is answered in its first try, and all of them soon.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use wechat_integration_tests::callbacks::{KEY, OPENID, Server, TOKEN, Wechat, at};
use wechat_runtime::callback::{self, Content, Incoming, Reply};
use wechat_simulator::{Callback, Push};

const PUSHES: usize = 2000;

/// How many are on the wire at once. Each is a file on both ends, and a process may have 1024 of them where nobody allows it
/// more.
const ON_THE_WIRE: usize = 400;

/// How often it is tried to be so fast.
const ROUNDS: usize = 5;

/// After this time WeChat would push again what was not answered.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_pushes_at_once_are_answered_within_five_seconds() {
    async fn echo(incoming: Incoming) -> Reply {
        match incoming.content {
            Content::Text { content, .. } => Reply::text(content),
            _ => Reply::success(),
        }
    }
    let wechat = Wechat::new().await;
    let server = Server::start(at(callback::service(wechat.settings(), echo))).await;
    let callback = Callback::encrypted(server.at(), TOKEN, KEY).connections(ON_THE_WIRE);
    let pusher = wechat.pusher(callback);
    let mut shortest = Duration::MAX;
    // The machine may have other things to do, but not always.
    for round in 0..ROUNDS {
        let began = Instant::now();
        let all = (0..PUSHES).map(|n| pusher.push(Push::text(OPENID, format!("message {round}.{n}"))));
        let deliveries = join_all(all).await;
        shortest = shortest.min(began.elapsed());
        for (n, delivery) in deliveries.iter().enumerate() {
            let reply = delivery.reply().unwrap_or_else(|| panic!("message {round}.{n}: {delivery:?}"));
            assert_eq!((delivery.tries(), reply.encrypted()), (1, true));
            assert_eq!(reply.get("Content"), Some(&*format!("message {round}.{n}")));
        }
        if shortest < SOON {
            return;
        }
    }
    panic!("all of them took {shortest:?} at best");
}
