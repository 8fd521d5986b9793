//! A hub that answers what a test tells it to, byte for byte, and writes down what it was asked.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long a test waits for a request that has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A hub on a port of its own, by raw TCP. It is gone when it is dropped.
pub struct StubHub {
    url: String,
    book: Arc<Book>,
    server: JoinHandle<()>,
}

/// What is shared with the connections.
struct Book {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<Asked>>,
    arrived: watch::Sender<usize>,
    connections: AtomicUsize,
}

type Answer = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request's first line.
    pub line: String,
    /// Its headers in their order, with the names as they were written.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection it came by, counted from 0.
    pub connection: usize,
}

/// What the hub does about a request.
#[derive(Clone)]
pub struct Reply {
    bytes: Vec<u8>,
    then: Then,
    gate: Option<Arc<Semaphore>>,
}

#[derive(Clone)]
enum Then {
    Serve,
    Close,
    Reset,
    Hang,
    Repeat(Vec<u8>, Duration),
}

impl StubHub {
    pub async fn start(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let book = Arc::new(Book {
            answer: Mutex::new(Box::new(answer)),
            asked: Mutex::default(),
            arrived: watch::Sender::default(),
            connections: AtomicUsize::new(0),
        });
        let server = tokio::spawn(accept(listener, book.clone()));
        Self { url, book, server }
    }

    /// One that gives this answer to everything.
    pub async fn saying(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers otherwise from now on.
    pub fn answer(&self, answer: impl FnMut(&Asked) -> Reply + Send + 'static) {
        *self.book.answer.lock().unwrap() = Box::new(answer);
    }

    /// The requests so far, in the order they came.
    pub fn asked(&self) -> Vec<Asked> {
        self.book.asked.lock().unwrap().clone()
    }

    /// How many requests came, by GET and by POST, in which this word is.
    pub fn counts_of(&self, word: &str) -> (usize, usize) {
        let asked = self.asked();
        let of = |method: &str| {
            asked.iter().filter(|asked| asked.line.starts_with(method) && asked.has(word)).count()
        };
        (of("GET "), of("POST "))
    }

    /// How many requests came, by GET and by POST.
    pub fn counts(&self) -> (usize, usize) {
        self.counts_of("")
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.book.connections.load(Ordering::SeqCst)
    }

    /// Waits until as many requests have come.
    pub async fn arrived(&self, count: usize) {
        let mut arrived = self.book.arrived.subscribe();
        let enough = arrived.wait_for(|now| *now >= count);
        tokio::time::timeout(PATIENCE, enough).await.expect("the request comes").expect("the book is kept");
    }

    /// Takes the hub down: its connections end, and nobody listens at its port.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }
}

impl Drop for StubHub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Asked {
    pub fn is_post(&self) -> bool {
        self.line.starts_with("POST ")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(written, _)| written.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The names of the headers, in lower case and sorted.
    pub fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn has(&self, word: &str) -> bool {
        self.line.contains(word) || self.text().contains(word)
    }
}

impl Reply {
    /// These bytes, whatever they are; the connection stays open for the next request.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), then: Then::Serve, gate: None }
    }

    /// An answer with these headers and the length of its body.
    pub fn of(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
        let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self::raw([head.as_bytes(), headers.concat().as_bytes(), b"\r\n", body].concat())
    }

    /// A success as the original hub writes it, at a time by its clock, in Unix seconds.
    pub fn original(body: impl AsRef<[u8]>, at: u64) -> Self {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncache-control: max-age=0, private, must-revalidate\r\ncontent-length: {}\r\n\
             content-type: application/json; charset=utf-8\r\ndate: {}\r\nserver: Cowboy\r\n\r\n",
            body.len(),
            http_date(at),
        );
        Self::raw([head.as_bytes(), body].concat())
    }

    /// The original hub's answer to what it does not handle.
    pub fn original_failure(at: u64) -> Self {
        Self::raw(format!(
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\ndate: {}\r\nserver: Cowboy\r\n\r\n",
            http_date(at),
        ))
    }

    /// Closes the connection then.
    #[must_use]
    pub fn then_closes(self) -> Self {
        Self { then: Then::Close, ..self }
    }

    /// Resets the connection then.
    #[must_use]
    pub fn then_resets(self) -> Self {
        Self { then: Then::Reset, ..self }
    }

    /// Says nothing more then, and leaves the connection open.
    #[must_use]
    pub fn then_hangs(self) -> Self {
        Self { then: Then::Hang, ..self }
    }

    /// Sends this then, again and again, with a pause after each.
    #[must_use]
    pub fn then_repeats(self, more: impl Into<Vec<u8>>, pause: Duration) -> Self {
        Self { then: Then::Repeat(more.into(), pause), ..self }
    }

    /// Is sent when there is a permit for it, which it takes.
    #[must_use]
    pub fn held_by(self, gate: &Arc<Semaphore>) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }
}

/// A time as a `Date` header has it.
pub fn http_date(unix_seconds: u64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(unix_seconds))
}

async fn accept(listener: TcpListener, book: Arc<Book>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = book.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(stream, number, book.clone()));
    }
}

async fn serve(mut stream: TcpStream, number: usize, book: Arc<Book>) -> io::Result<()> {
    let mut read = Vec::new();
    while let Some(asked) = next_request(&mut stream, &mut read, number).await? {
        let reply = book.write_down(asked);
        if let Some(gate) = reply.gate {
            gate.acquire().await.expect("the gate is never closed").forget();
        }
        stream.write_all(&reply.bytes).await?;
        match reply.then {
            Then::Serve => {}
            Then::Close => break,
            Then::Reset => {
                stream.set_zero_linger()?;
                break;
            }
            Then::Hang => while stream.read(&mut [0; 1024]).await? > 0 {},
            Then::Repeat(more, pause) => loop {
                stream.write_all(&more).await?;
                tokio::time::sleep(pause).await;
            },
        }
    }
    Ok(())
}

/// The next request of a connection; none where it has ended.
async fn next_request(
    stream: &mut TcpStream,
    read: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Option<Asked>> {
    loop {
        if let Some((asked, length)) = parse(read, connection) {
            read.drain(..length);
            return Ok(Some(asked));
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

/// The request at the beginning of these bytes and its length, where it is whole.
fn parse(read: &[u8], connection: usize) -> Option<(Asked, usize)> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&read[..end]);
    let mut lines = head.split("\r\n").map(str::to_owned);
    let line = lines.next().unwrap_or_default();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    let mut asked = Asked { line, headers: headers.collect(), body: Vec::new(), connection };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let body = read.get(end + 4..end + 4 + length)?;
    asked.body = body.to_vec();
    Some((asked, end + 4 + length))
}

impl Book {
    fn write_down(&self, asked: Asked) -> Reply {
        let reply = (self.answer.lock().unwrap())(&asked);
        let mut all = self.asked.lock().unwrap();
        all.push(asked);
        self.arrived.send_replace(all.len());
        reply
    }
}
