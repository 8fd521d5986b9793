//! The function that looks keys up returns them in an `Option`, and cannot fail.

use axum::Router;
use wechat_runtime::callback::{self, Incoming, Keys, Reply};

async fn keys(_: String) -> Option<Keys> {
    Keys::plain("token").ok()
}

async fn handler(incoming: Incoming) -> Reply {
    Reply::text(incoming.from_user_name)
}

fn main() {
    let _: Router = Router::new().route("/", callback::service(keys, handler));
}
