//! Asking a hub raw questions: by requests that its router is handed, and by bytes on a connection.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;
use wechat_runtime::hub::{self, Access, Peer, Settings};
use wechat_runtime::{Client, Common, Error};

/// The bearer token of the one peer of [`open`].
pub const BEARER: &str = "a-bearer-token-0123456789";

/// Nothing that is asked takes so long: what does has got no answer.
pub const LONG: Duration = Duration::from_secs(20);

/// What an answer of a hub's is made of.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The body of a hub's error. Written again it is the same text: no key is missing, more, or elsewhere.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    pub errcode: Option<i64>,
    pub message: Option<String>,
    pub reason: Option<String>,
    pub http_status: Option<u16>,
}

impl Trouble {
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a hub answers in UTF-8")
    }

    /// The value of a header that is there once at most.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().expect("headers are text"));
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }

    pub fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").map(|seconds| seconds.parse().expect("a number of seconds"))
    }

    /// Checks the headers that every answer of a hub has, and that it is an error with the four keys in order.
    pub fn trouble(&self) -> Trouble {
        self.check_headers();
        assert!(self.status >= 400, "an error under a status of its own: {self:?}");
        let trouble: Trouble = serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("four keys are read: {error} in {self:?}");
        });
        let again = serde_json::to_string(&trouble).expect("it is written again");
        assert_eq!(again, self.text(), "the four keys, in their order");
        assert!(trouble.errcode.is_some() || trouble.reason.is_some(), "it tells why: {self:?}");
        trouble
    }

    /// The status and the word of an error.
    pub fn why(&self) -> (u16, String) {
        (self.status, self.trouble().reason().to_owned())
    }

    /// The value of the credential in a success.
    pub fn value(&self) -> String {
        self.check_headers();
        assert_eq!(self.status, 200, "{self:?}");
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("JSON");
        let value = body.get("access_token").or(body.get("ticket")).and_then(|value| value.as_str());
        value.expect("a credential").to_owned()
    }

    pub fn check_headers(&self) {
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert!(self.header("date").is_some(), "{self:?}");
    }
}

/// The settings of a hub whose one peer has [`BEARER`], and which serves nothing yet.
pub fn guarded() -> Settings {
    let peer = Peer::by_bearer("tests", BEARER).expect("it is long enough");
    Settings::new(Access::new().peer(peer))
}

/// The settings of a hub of this client's whose one peer has [`BEARER`].
pub fn open(client: &Client<Common>) -> Settings {
    guarded().common(client)
}

/// The settings of a hub that lets in whoever is on this machine, as old clients need it, and which serves nothing yet.
pub fn unguarded() -> Settings {
    let peer = Peer::by_network("this machine", ["127.0.0.0/8", "::1"]).expect("these are networks");
    Settings::new(Access::new().peer(peer))
}

/// The settings of a hub of this client's that lets in whoever is on this machine.
pub fn for_old_clients(client: &Client<Common>) -> Settings {
    unguarded().common(client)
}

/// A GET with the headers that `elixir_wechat` sends.
pub fn get(path: &str) -> Request<Body> {
    let request = Request::get(path).header(HOST, "hub.internal").header(USER_AGENT, "tesla");
    request.body(Body::empty()).expect("a request")
}

/// A POST with the headers that `elixir_wechat` sends.
pub fn post(path: &str, body: impl Into<Bytes>) -> Request<Body> {
    let body = body.into();
    let request = Request::post(path).header(HOST, "hub.internal").header(USER_AGENT, "tesla");
    let request = request.header(CONTENT_LENGTH, body.len()).header(CONTENT_TYPE, "application/json");
    request.body(Body::from(body)).expect("a request")
}

/// With a header more.
pub fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().append(name, value.parse().expect("a header's value"));
    request
}

/// With the bearer token of [`open`].
pub fn known(request: Request<Body>) -> Request<Body> {
    with(request, "authorization", &format!("Bearer {BEARER}"))
}

/// As if it came from this address.
pub fn from(mut request: Request<Body>, address: &str) -> Request<Body> {
    let address = SocketAddr::new(address.parse().expect("an address"), 50_000);
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

/// A request with another method.
pub fn by(method: Method, mut request: Request<Body>) -> Request<Body> {
    *request.method_mut() = method;
    request
}

/// What the router answers, in time.
pub async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let answered = tokio::time::timeout(LONG, router.clone().oneshot(request));
    let Ok(response) = answered.await.expect("nothing that is asked hangs");
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("it is in memory");
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

/// A hub on a port of 127.0.0.1. It stops when it is dropped.
pub struct Served {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), Error>>,
}

impl Served {
    /// Serves by [`hub::serve`].
    pub async fn new(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(hub::serve(listener, settings, async { drop(stopped.await) }));
        Self { address, stop: Some(stop), serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn connect(&self) -> Line {
        Line::to(self.address).await
    }

    /// Tells it to stop, and goes on.
    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has stopped.
    pub async fn stopped(mut self) -> Result<(), Error> {
        self.tell_to_stop();
        self.serving.await.expect("it does not panic")
    }
}

/// A connection on which bytes are written and answers are read.
pub struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        Self { stream, read: Vec::new() }
    }

    /// Writes, as far as the other end reads.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.stream.write_all(bytes.as_ref()).await);
    }

    /// Says that no more is to come.
    pub async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// The next answer; none where the connection ends before one, or within one.
    pub async fn answer(&mut self) -> Option<Answer> {
        let mut answer = self.head().await?;
        let length = answer.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        while self.read.len() < length {
            self.more().await?;
        }
        answer.body = self.read.drain(..length).collect::<Vec<_>>().into();
        Some(answer)
    }

    /// The head of the next answer, which is all of the answer to a HEAD.
    pub async fn head(&mut self) -> Option<Answer> {
        loop {
            let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") else {
                self.more().await?;
                continue;
            };
            let head: Vec<_> = self.read.drain(..end + 4).collect();
            let head = String::from_utf8(head).expect("heads are ASCII");
            let mut lines = head.lines();
            let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
            let status: u16 = status.expect("a status");
            if status == StatusCode::CONTINUE {
                continue;
            }
            let mut headers = HeaderMap::new();
            for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
                let name: HeaderName = name.parse().expect("a name");
                headers.append(name, value.parse().expect("a value"));
            }
            return Some(Answer { status, headers, body: Bytes::new() });
        }
    }

    /// Writes a request and reads its answer.
    pub async fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.write(request).await;
        let answer = tokio::time::timeout(LONG, self.answer()).await;
        answer.expect("nothing that is asked hangs").expect("an answer")
    }

    /// Waits until the other end has closed, and answers with what it sent until then.
    pub async fn closed(mut self) -> Vec<u8> {
        while self.more().await.is_some() {}
        self.read
    }

    async fn more(&mut self) -> Option<()> {
        let mut some = [0; 4096];
        let length = self.stream.read(&mut some).await.ok().filter(|length| *length > 0)?;
        self.read.extend_from_slice(&some[..length]);
        Some(())
    }
}
