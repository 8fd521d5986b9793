//! A developer's server: writes down what comes, and does what the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::watch;

/// A request that the server received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    /// The decoded value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> &str {
        // No parameter of a push needs an escape in these tests.
        let pair = self.raw_query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        pair.unwrap_or_else(|| panic!("no {name} in {}", self.raw_query))
    }

    /// The names of the query's parameters, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.raw_query.split('&').filter_map(|pair| pair.split('=').next()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    Answer {
        status: u16,
        body: String,
    },
    /// Never answers, and keeps the connection.
    Silence,
    /// Closes the connection.
    Hangup,
    /// Closes the connection in the middle of the answer.
    Torn,
}

impl Behaviour {
    pub(crate) fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Answer { status, body: body.to_owned() }
    }
}

/// A server on a port of 127.0.0.1.
pub(crate) struct Server {
    pub(crate) url: String,
    log: Arc<watch::Sender<Vec<Received>>>,
}

impl Server {
    /// Asks the function what to do with each request and how many came before it.
    pub(crate) fn start(behaviour: impl Fn(&Received, usize) -> Behaviour + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/wechat", listener.local_addr().unwrap());
        let log = Arc::new(watch::Sender::new(Vec::new()));
        let server = Self { url, log: Arc::clone(&log) };
        // One after the other: 2,000 threads are too many, and every request is a short one.
        thread::spawn(move || {
            let held = Mutex::new(Vec::new());
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                // Whoever gave up already has sent half of a request at most.
                let Some(received) = read(&stream) else { continue };
                let mut before = 0;
                let copy = received.clone();
                log.send_modify(|log| {
                    before = log.len();
                    log.push(copy);
                });
                answer(stream, behaviour(&received, before), &held);
            }
        });
        server
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.log.borrow().clone()
    }

    /// Waits until as many requests have arrived.
    pub(crate) async fn arrived(&self, requests: usize) {
        self.log.subscribe().wait_for(|log| log.len() >= requests).await.unwrap();
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut received = Received {
        method: method.to_owned(),
        path: path.to_owned(),
        raw_query: raw_query.to_owned(),
        headers,
        body: String::new(),
    };
    let length = received.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    received.body = String::from_utf8(body).ok()?;
    Some(received)
}

fn answer(mut stream: TcpStream, behaviour: Behaviour, held: &Mutex<Vec<TcpStream>>) {
    match behaviour {
        Behaviour::Answer { status, body } => {
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            // Whoever gave up does not read it.
            let _ = stream.write_all(text.as_bytes());
        }
        Behaviour::Silence => held.lock().unwrap().push(stream),
        Behaviour::Hangup => {}
        Behaviour::Torn => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsucc");
        }
    }
}
