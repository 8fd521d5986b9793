//! One who asks a hub over a connection of its own, as programs in any language do.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a hub is asked.
pub(crate) const PATH: &str = "/client/access_token";
/// By what the hub knows who asks.
pub(crate) const BEARER: &str = "c0ffee5f2b0c7d9e1a4836b2c4d6e8f0";

pub(crate) struct Asking {
    connection: SendRequest<Empty<Bytes>>,
    question: String,
    host: HeaderValue,
    bearer: HeaderValue,
}

impl Asking {
    /// Connects to a hub, to ask for the token of an account.
    pub(crate) async fn at(hub: &str, appid: &str) -> Self {
        let host = hub.strip_prefix("http://").expect("it is the URL of a hub");
        let stream = TcpStream::connect(host).await.expect("the hub listens");
        stream.set_nodelay(true).expect("a connection can be told so");
        let (connection, work) = http1::handshake(TokioIo::new(stream)).await.expect("the hub speaks HTTP");
        // It ends with the connection, which is over when this is dropped.
        tokio::spawn(work);
        let header = |value: String| HeaderValue::try_from(value).expect("it has no odd characters");
        Self {
            connection,
            question: format!("{PATH}?appid={appid}"),
            host: header(host.to_owned()),
            bearer: header(format!("Bearer {BEARER}")),
        }
    }

    /// Asks once; the answer is none where it is an error.
    pub(crate) async fn ask(&mut self) -> Option<Bytes> {
        let request = Request::get(&self.question)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.bearer)
            .body(Empty::new())
            .expect("the parts are right");
        self.connection.ready().await.ok()?;
        let answer = self.connection.send_request(request).await.ok()?;
        let is_good = answer.status().is_success();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        is_good.then_some(body)
    }
}
