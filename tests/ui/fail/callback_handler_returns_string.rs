//! A handler of messages returns a text as it is.

use axum::Router;
use wechat_runtime::callback::{self, Incoming, Keys};

async fn handler(incoming: Incoming) -> String {
    format!("You are {}", incoming.from_user_name)
}

fn main() {
    let keys = Keys::plain("token").unwrap();
    let _: Router = Router::new().route("/", callback::service(keys, handler));
}
