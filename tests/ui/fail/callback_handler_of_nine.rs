//! A handler of messages has nine extractors.

use axum::Router;
use axum::http::Method;
use wechat_runtime::callback::{self, Keys, Reply};

type M = Method;

async fn handler(_: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M) -> Reply {
    Reply::success()
}

fn main() {
    let keys = Keys::plain("token").unwrap();
    let _: Router = Router::new().route("/", callback::service(keys, handler));
}
