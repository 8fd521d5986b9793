//! The keys of a service are a text.

use axum::Router;
use wechat_runtime::callback::{self, Incoming, Reply};

async fn handler(incoming: Incoming) -> Reply {
    Reply::text(incoming.from_user_name)
}

fn main() {
    let _: Router = Router::new().route("/", callback::service("the token", handler));
}
