//! What component events are given to implements nothing.

use axum::Router;
use wechat_runtime::callback::{self, Keys};

struct Tickets;

fn main() {
    let keys = Keys::plain("token").unwrap();
    let _: Router = Router::new().route("/", callback::component_service(keys, Tickets));
}
