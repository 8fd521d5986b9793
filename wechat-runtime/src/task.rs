//! Tasks of the client's own, which go on when the caller that began them is cancelled.

use std::future::Future;
use std::pin::Pin;

use tokio::task::JoinHandle;

/// Begins one.
///
/// It is boxed, so that what tokio has for a task is compiled once for each kind of outcome, and not for each kind of work.
#[track_caller]
pub(crate) fn begin<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let work: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(work);
    tokio::spawn(work)
}
