//! What goes through the `log` crate, which a subscriber of `tracing` does not see: reqwest writes its wire
//! logs there.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use serde_json::json;
use wechat_integration_tests::{PATH, SECRET, World, http};

/// Every record of every level.
struct Seen(Mutex<String>);

static SEEN: Seen = Seen(Mutex::new(String::new()));

impl Log for Seen {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().unwrap().push_str(&line);
    }

    fn flush(&self) {}
}

/// The logger is the process's, so this is the only test of its file.
#[tokio::test]
async fn a_user_who_asks_for_wire_logs_gets_no_token_secret_or_body_in_them() {
    log::set_logger(&SEEN).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let world = World::new().await;
    let client = world.builder().http(http().connection_verbose(true)).build().unwrap();
    client.post(PATH).json(&json!({ "b": "canary-body" })).send().await.unwrap();
    let logged = SEEN.0.lock().unwrap().clone();
    assert!(logged.contains("starting new connection"), "reqwest is heard: {logged}");
    let token = world.shelf.value(&world.appid).unwrap();
    for canary in [SECRET, "canary-body", &token] {
        assert!(!logged.contains(canary), "logged: {canary}");
    }
}
