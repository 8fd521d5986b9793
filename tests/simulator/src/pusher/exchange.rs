//! One request on a connection of its own.
//!
//! Without a pool there is no idle connection that the server might close at the wrong moment, so a failure is
//! always the server's.

use std::convert::Infallible;
use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, PRAGMA, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::callback::Target;

/// The longest answer that is read, in bytes. A reply is a message of a few kilobytes.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// A request before it is sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

/// How an exchange ended.
#[derive(Debug)]
pub(super) enum Exchanged {
    Answered { status: StatusCode, body: Bytes },
    TimedOut,
    Failed(String),
}

/// Sends a request and reads the whole answer, in `patience` of real time. Redirects are not followed.
pub(super) async fn exchange(request: Outgoing, patience: Duration) -> Exchanged {
    match timeout(patience, converse(request)).await {
        Ok(Ok((status, body))) => Exchanged::Answered { status, body },
        Ok(Err(why)) => Exchanged::Failed(why),
        Err(_) => Exchanged::TimedOut,
    }
}

async fn converse(outgoing: Outgoing) -> Result<(StatusCode, Bytes), String> {
    let target = Target::parse(&outgoing.url).map_err(|error| error.to_string())?;
    let request = request(outgoing, &target)?;
    let stream = TcpStream::connect((target.host.as_str(), target.port))
        .await
        .map_err(failed("the connection was not made"))?;
    // Failing costs time only.
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed(BROKEN))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(failed(BROKEN))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT);
        let body = body.collect().await.map_err(failed("the answer broke off, or is longer than 1 MiB"))?;
        Ok((status, body.to_bytes()))
    };
    let mut connection = pin!(connection);
    let drive = async {
        // Its errors reach the answer too.
        let _ = connection.as_mut().await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        answer = answer => answer,
        never = drive => match never {},
    }
}

const BROKEN: &str = "the connection broke before the answer";

fn failed<E: Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}

/// The request with the headers of the platform's pushes as developers' logs show them; each has a connection
/// of its own, and says so.
fn request(outgoing: Outgoing, target: &Target) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::builder()
        .method(outgoing.method)
        .uri(&target.path_and_query)
        .header(HOST, &target.authority)
        .header(USER_AGENT, "Mozilla/4.0")
        .header(ACCEPT, "*/*")
        .header(PRAGMA, "no-cache")
        .header(CONNECTION, "close");
    if let Some(content_type) = outgoing.content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    request.body(Full::new(outgoing.body)).map_err(failed("the request cannot be sent"))
}
