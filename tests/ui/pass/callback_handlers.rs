//! Handlers of messages with none, one and eight extractors, and all that they may return; keys by themselves and looked up.

#![deny(warnings)]

use std::error::Error;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, Uri, Version};
use wechat_runtime::callback::{self, Incoming, Keys, Reply, Settings};
use wechat_runtime::storage;

#[derive(Clone)]
struct App {
    greeting: String,
}

async fn none() {}

async fn one(incoming: Incoming) -> Reply {
    Reply::text(incoming.from_user_name)
}

async fn state_and_path(State(app): State<App>, Path(appid): Path<String>) -> Reply {
    Reply::text(app.greeting + &appid)
}

#[allow(clippy::too_many_arguments)]
async fn eight(
    State(app): State<App>,
    Path(appid): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    version: Version,
    incoming: Incoming,
) -> Result<Reply, Box<dyn Error + Send + Sync>> {
    let limit: usize = app.greeting.parse()?;
    let seen = format!("{appid} {uri} {query:?} {method} {version:?} {:?}", incoming.content);
    Ok(if headers.len() < limit { Reply::text(seen) } else { Reply::success() })
}

async fn nothing_or_a_text(_: Uri) -> Result<(), String> {
    Err("an error that displays itself".to_owned())
}

async fn look_up(_: String) -> Result<Option<Keys>, std::io::Error> {
    Ok(None)
}

fn main() {
    let keys = Keys::plain("token").unwrap();
    let greeting = "你好".to_owned();
    let closure = move |incoming: Incoming| {
        let greeting = greeting.clone();
        async move { Reply::text(greeting + &incoming.from_user_name) }
    };
    let found = keys.clone();
    let by_closure = move |appid: String| {
        let found = found.clone();
        async move { Ok::<_, storage::Error>((appid == "wx1").then_some(found)) }
    };
    let _: Router = Router::new()
        .route("/none", callback::service(keys.clone(), none))
        .route("/one", callback::service(Settings::new(keys.clone()), one))
        .route("/state/{appid}", callback::service(look_up, state_and_path))
        .route("/eight/{appid}", callback::service(by_closure, eight))
        .route("/nothing", callback::service(keys.clone(), nothing_or_a_text))
        .route("/closure", callback::service(keys, closure))
        .with_state(App { greeting: "8".to_owned() });
}
