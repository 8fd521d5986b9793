//! The keys of a service are the outcome of making them.

use axum::Router;
use wechat_runtime::callback::{self, Incoming, Keys, Reply};

async fn handler(incoming: Incoming) -> Reply {
    Reply::text(incoming.from_user_name)
}

fn main() {
    let _: Router = Router::new().route("/", callback::service(Keys::plain("token"), handler));
}
