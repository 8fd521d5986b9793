//! The listening socket and its connections, on a thread and a runtime of their own.
//!
//! So a test's runtime may be paused, blocked or dropped, and the platform answers all the same.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::body::BrokenOff;
use crate::platform::{Phase, Platform};
use crate::schedule;
use crate::serve::serve;
use crate::wire::Wire;

/// How long calls under way have to end once the simulator is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long accepting pauses after it failed, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(20);

/// A running server. Dropping it closes every connection.
#[derive(Debug)]
pub(crate) struct Server {
    platform: Arc<Platform>,
    thread: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

impl Server {
    /// Listens on a port of 127.0.0.1; 0 takes a free one. What is spawned on the handle runs on the same
    /// thread and is dropped with the server.
    pub(crate) async fn start(platform: Arc<Platform>, port: u16) -> io::Result<(Self, SocketAddr, Handle)> {
        let (ready, started) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let on_thread = Arc::clone(&platform);
        let thread = thread::Builder::new().name("wechat-simulator".into()).spawn(move || {
            run(&on_thread, port, ready);
            // Nobody may be waiting for it.
            let _ = end.send(());
        })?;
        // From here on, giving up ends the thread.
        let server = Self { platform, thread: Some(thread), ended };
        let started = started.await.map_err(|_| io::Error::other("the simulator's thread ended"))??;
        Ok((server, started.address, started.runtime))
    }

    /// Stops accepting, lets calls under way be answered, and waits for the end.
    pub(crate) async fn stop(mut self) {
        self.platform.phase.send_replace(Phase::Stopping);
        // An error means that the thread has ended, which is what is waited for.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.platform.phase.send_replace(Phase::Stopped);
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

/// What the thread tells when it listens.
struct Started {
    address: SocketAddr,
    runtime: Handle,
}

fn run(platform: &Arc<Platform>, port: u16, ready: oneshot::Sender<io::Result<Started>>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Err(error) => drop(ready.send(Err(error))),
            Ok((address, listener)) => {
                if ready.send(Ok(Started { address, runtime: Handle::current() })).is_ok() {
                    tokio::spawn(schedule::run(Arc::clone(platform)));
                    accept(listener, platform).await;
                }
            }
        }
    });
    // A push that still waits for the name of a host to be looked up shall not hold the end up.
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, platform: &Arc<Platform>) {
    let mut connections = JoinSet::new();
    let mut stopping = pin!(platform.reached(Phase::Stopping));
    loop {
        tokio::select! {
            () = &mut stopping => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, Arc::clone(platform)));
                }
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    tokio::select! {
        () = async { while connections.join_next().await.is_some() {} } => {}
        () = platform.reached(Phase::Stopped) => {}
        () = sleep(PATIENCE) => {}
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, platform: Arc<Platform>) {
    let _open = Open::new(&platform);
    // Without it an answer in two writes waits for the peer's acknowledgement; failing costs time only.
    let _ = stream.set_nodelay(true);
    let wire = Wire::new(stream);
    let drain = wire.drain();
    let service = service_fn(|request| {
        let answered = serve(Arc::clone(&platform), peer.ip(), request);
        async { Ok::<_, BrokenOff>(answered.await?.map(|body| body.over(&drain))) }
    });
    // A Date by the real clock would contradict the virtual one.
    let connection =
        http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(wire), service);
    let mut connection = pin!(connection);
    // An error is a caller that broke off or was broken off on purpose.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = platform.reached(Phase::Stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Counts a connection as open while it lives.
struct Open<'a> {
    platform: &'a Platform,
}

impl<'a> Open<'a> {
    fn new(platform: &'a Platform) -> Self {
        platform.connections.opened();
        Self { platform }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.platform.connections.closed();
    }
}
