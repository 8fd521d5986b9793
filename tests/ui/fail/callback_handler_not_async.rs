//! A handler of messages is not async.

use axum::Router;
use wechat_runtime::callback::{self, Incoming, Keys, Reply};

fn handler(incoming: Incoming) -> Reply {
    Reply::text(incoming.from_user_name)
}

fn main() {
    let keys = Keys::plain("token").unwrap();
    let _: Router = Router::new().route("/", callback::service(keys, handler));
}
