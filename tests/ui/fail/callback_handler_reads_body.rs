//! A handler of messages wants the body, which is read already.

use axum::Router;
use axum::body::Bytes;
use wechat_runtime::callback::{self, Incoming, Keys, Reply};

async fn handler(incoming: Incoming, body: Bytes) -> Reply {
    Reply::text(format!("{} bytes of {}", body.len(), incoming.from_user_name))
}

fn main() {
    let keys = Keys::plain("token").unwrap();
    let _: Router = Router::new().route("/", callback::service(keys, handler));
}
