//! An axum handler that answers as a hub does, and knows nothing: the least that a hub over HTTP can cost.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use tokio::net::TcpListener;
use wechat_integration_tests::orders::{orders, say};

use super::ServerOrder;
use crate::asking::PATH;
use crate::usage;

/// It is told its answer first, and answers with its URL.
pub(super) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("the async runtime starts");
    runtime.block_on(async {
        let (answer, mut orders) = orders::<String, ServerOrder>();
        let headers = [(CONTENT_TYPE, "application/json; charset=utf-8"), (CACHE_CONTROL, "no-store")];
        let router = Router::new().route(PATH, get(move || async move { (headers, answer) }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        say(&format!("http://{}", listener.local_addr().expect("it listens")));
        let over = async move {
            while let Some(order) = orders.recv().await {
                match order {
                    ServerOrder::Cpu => say(&usage::cpu()),
                    ServerOrder::Clock(_) => say(&()),
                }
            }
        };
        axum::serve(listener, router).with_graceful_shutdown(over).await.expect("it serves");
    });
}
