//! A server for a hub alone.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::access::{Access, Peer};
use super::{Route, SERVES_NOTHING, Settings, routes};
use crate::Error;
use crate::errcode::ErrorKind;

/// How long a connection may be silent between its requests, how long the head of a request may take to come, and how long
/// an answer may wait to be taken.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long accepting pauses after it failed, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves a hub until `stop` is there; then lets the questions under way be answered.
///
/// On an address other than loopback, it wants to be told [who may ask](Access). On a loopback address an empty list lets
/// in everybody who is on this machine, a browser with a page from anywhere included: that is for trying things out.
///
/// A listener by `TcpListener::bind` lets 128 connections wait to be accepted; of a larger crowd that comes at once, as
/// clients do whose tokens have expired, the others begin again a second later. Where there are hundreds of clients, make
/// it by tokio's `TcpSocket`, with `listen(1024)`.
///
/// # Errors
///
/// An address that others can reach, and an empty list; settings without an application
/// ([`Configuration`](ErrorKind::Configuration)).
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let settings = let_in(&listener, settings)?;
    let patience = settings.timeout.saturating_mul(2);
    let served = Arc::new(Served::new(settings));
    let connections = GracefulShutdown::new();
    // None of them outlives the server.
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer): (TcpStream, SocketAddr) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection is accepted");
                tokio::select! {
                    () = &mut stop => break,
                    () = sleep(PAUSE) => continue,
                }
            }
        };
        // An answer is one small piece, and somebody waits for it.
        let _ = stream.set_nodelay(true);
        let served = served.clone();
        let service = service_fn(move |request| {
            let served = served.clone();
            async move { served.answer(request, peer).await }
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(PATIENCE));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = connections.watch(connection);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    if timeout(patience, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections are cut off");
    }
    Ok(())
}

/// What is served to everybody.
struct Served {
    hub: Arc<Settings>,
    routes: TowerToHyperService<Router>,
}

impl Served {
    fn new(settings: Settings) -> Self {
        let hub = Arc::new(settings);
        Self { routes: TowerToHyperService::new(routes(hub.clone())), hub }
    }

    /// Answers what the protocol has at once, and leaves it to the router what is to be said of all else: to find its way
    /// through one costs as much as an answer.
    async fn answer(&self, mut request: Request<Incoming>, from: SocketAddr) -> Result<Response, Infallible> {
        if let Some(route) = Route::find(request.method(), request.uri().path()) {
            return Ok(self.hub.answer(route, Some(from.ip()), request.map(Body::new)).await);
        }
        request.extensions_mut().insert(ConnectInfo(from));
        self.routes.call(request).await
    }
}

/// Refuses to be open to everybody, or of no use to anybody, by mistake.
fn let_in(listener: &TcpListener, settings: Settings) -> Result<Settings, Error> {
    if settings.serves_nothing() {
        return Err(Error::new(ErrorKind::Configuration, SERVES_NOTHING));
    }
    if !settings.access.is_empty() {
        return Ok(settings);
    }
    let address = listener.local_addr().ok().map(|address| address.ip());
    if address.is_some_and(|address| address.is_loopback()) {
        tracing::warn!("everybody on this machine may ask: give the hub an access list");
        let all = Peer::by_network("this machine", ["127.0.0.0/8", "::1"])?;
        return Ok(Settings { access: Access::new().peer(all), ..settings });
    }
    let message = "a hub that others can reach has to know who may ask, and its access list is empty";
    let error = Error::new(ErrorKind::Configuration, message);
    Err(error.advising("list bearer tokens or networks in `Access`, or listen on 127.0.0.1"))
}
