//! A ceiling on the connections that an HTTP client opens: those that would be too many wait.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tower::{BoxError, Layer, Service, ServiceExt as _};

/// A layer for `reqwest::ClientBuilder::connector_layer`. A place is taken for good by each connection that is made. Whoever
/// waits for one is given an idle connection of the client's pool meanwhile, if one becomes free.
#[derive(Clone)]
pub(crate) struct Ceiling(Arc<Semaphore>);

impl Ceiling {
    pub(crate) fn of(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new(connections)))
    }

    /// Ends the waiting: the pool leaves what waits in tasks of its own, also where nobody needs it any more.
    pub(crate) fn over(&self) {
        self.0.close();
    }
}

impl<S> Layer<S> for Ceiling {
    type Service = Below<S>;

    fn layer(&self, connector: S) -> Below<S> {
        Below { connector, places: self.0.clone() }
    }
}

/// Connects where there is a place.
#[derive(Clone)]
pub(crate) struct Below<S> {
    connector: S,
    places: Arc<Semaphore>,
}

impl<S, To> Service<To> for Below<S>
where
    S: Service<To, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send + 'static,
    To: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: To) -> Self::Future {
        let Self { connector, places } = self.clone();
        let connects = async move {
            let place = places.acquire().await?;
            let connection = connector.oneshot(to).await?;
            place.forget();
            Ok(connection)
        };
        connects.boxed()
    }
}
