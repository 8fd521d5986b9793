//! A component application in a process of its own, whose storage is a file. It does one thing, and says what came of it.

use wechat_integration_tests::orders::{AuthorizerSettings, Told, orders, say};
use wechat_integration_tests::{AuthorizerFile, call_for, exchange, http};
use wechat_runtime::{Bound, Client, Component};

#[tokio::main]
async fn main() {
    // It ends with its standard input.
    let (settings, mut orders) = orders::<AuthorizerSettings, ()>();
    let clock = Told::new(settings.unix);
    let stuck = settings.never_saves.then_some((|| say(&"saving")) as fn());
    let storage = AuthorizerFile::new(settings.file, stuck);
    let client = Client::<Component>::builder(Bound::new(storage, ()))
        .appid(settings.component)
        .base_url(settings.base_url)
        .clock(move || clock.now())
        .http(http())
        .build()
        .expect("the settings are right");
    let outcome = match &settings.code {
        Some(code) => exchange(&client, code).await,
        None => call_for(&client, &settings.authorizer).await,
    };
    say(&outcome.map_or_else(|error| error.to_string(), |_| "done".to_owned()));
    while orders.recv().await.is_some() {}
}
