//! An axum handler that answers as a hub does, and knows nothing: the least that a hub over HTTP can cost.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use wechat_integration_tests::orders::orders;

use super::{ServerOrder, listening, told};
use crate::asking::PATH;

/// It is told its answer first, and answers with its URL.
pub(super) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("the async runtime starts");
    runtime.block_on(async {
        let (answer, orders) = orders::<String, ServerOrder>();
        let headers = [(CONTENT_TYPE, "application/json; charset=utf-8"), (CACHE_CONTROL, "no-store")];
        let router = Router::new().route(PATH, get(move || async move { (headers, answer) }));
        let over = told(orders, |_| {});
        let listener = listening().await;
        axum::serve(listener, router).with_graceful_shutdown(over).await.expect("it serves");
    });
}
