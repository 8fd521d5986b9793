//! Which handlers are running, so that they can be waited for.

use std::sync::Arc;

use tokio::sync::watch;

/// The handlers that are running, those included whose push is answered already.
///
/// A push that was answered `success` is not pushed again: a handler of it that ends with the process loses it. Wait for
/// them on the way out:
///
/// ```no_run
/// use axum::Router;
/// use wechat_runtime::callback::{self, Handlers, Incoming, Keys, Reply, Settings};
///
/// async fn handler(_: Incoming) -> Reply { Reply::success() }
///
/// # async fn f(keys: Keys, listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// let handlers = Handlers::new();
/// let settings = Settings::new(keys).handlers(&handlers);
/// let app = Router::new().route("/wechat", callback::service(settings, handler));
/// axum::serve(listener, app).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
/// handlers.finished().await;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Handlers(Arc<watch::Sender<usize>>);

impl Default for Handlers {
    fn default() -> Self {
        Self::new()
    }
}

impl Handlers {
    /// None are running yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// How many are running.
    #[must_use]
    pub fn running(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until none is running.
    pub async fn finished(&self) {
        // It has no end while this handle is there.
        let _ = self.0.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Counts one until it is dropped.
    pub(super) fn one_more(&self) -> Running {
        self.0.send_modify(|running| *running += 1);
        Running(self.clone())
    }
}

/// A handler that is running.
pub(super) struct Running(Handlers);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|running| *running -= 1);
    }
}
