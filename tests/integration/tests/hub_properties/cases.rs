//! Questions at random: most of them near to a real one, so that they get as far as those do.

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Request;
use quickcheck::{Arbitrary, Gen};
use wechat_integration_tests::new_appid;

/// Who may ask: the bearer token and the account of each.
pub(crate) const BEARERS: [&str; 2] = ["canary-bearer-of-the-first", "canary-bearer-of-the-other"];
pub(crate) static APPIDS: LazyLock<[String; 2]> = LazyLock::new(|| [new_appid(), new_appid()]);
/// The component application that both accounts have authorized. Nobody may have what it has itself.
pub(crate) static COMPONENT: LazyLock<String> = LazyLock::new(new_appid);

const BODY_LIMIT: usize = 16 * 1024;

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Framing {
    Whole,
    Chunked,
    /// With so many bytes announced that do not come.
    BreaksOff(usize),
    /// With so many bytes more than announced.
    Overlong(usize),
    /// In a chunk that never ends.
    BrokenChunk,
}

/// A question, and who asks it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// Which peer it is.
    pub(crate) bearer: Option<usize>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
    /// Bytes of the whole that are sent otherwise on a connection.
    pub(crate) garbled: Vec<(usize, u8)>,
}

fn pick<T: Clone>(g: &mut Gen, from: &[T]) -> T {
    g.choose(from).expect("there is one").clone()
}

/// In so many of a hundred.
fn often(g: &mut Gen, percent: u8) -> bool {
    u8::arbitrary(g) % 100 < percent
}

fn below(g: &mut Gen, end: usize) -> usize {
    usize::arbitrary(g) % end.max(1)
}

fn mutate(g: &mut Gen, bytes: &mut Vec<u8>) {
    for _ in 0..=below(g, 4) {
        let at = below(g, bytes.len() + 1);
        match below(g, 4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, u8::arbitrary(g)),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = u8::arbitrary(g),
            _ => {}
        }
    }
}

const ROUTES: [(&str, &str); 5] = [
    ("GET", "/client/access_token"),
    ("POST", "/refresh/access_token"),
    ("GET", "/client/ticket"),
    ("GET", "/client/component_access_token"),
    ("POST", "/client/refresh_component_access_token"),
];

const METHODS: [&str; 10] =
    ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"];

fn near_miss(g: &mut Gen, path: &str) -> String {
    match below(g, 10) {
        0 => format!("{path}/"),
        1 => format!("/{path}"),
        2 => path.replace('/', "//"),
        3 => path.replace("access", "..%2faccess"),
        4 => format!("/client/..{path}"),
        5 => path.replace('_', "%5f"),
        6 => path.to_uppercase(),
        7 => format!("{path}%00"),
        8 => format!("http://hub.internal{path}"),
        _ => {
            let mut bytes = path.as_bytes().to_vec();
            mutate(g, &mut bytes);
            bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { 'x' }).collect()
        }
    }
}

fn appid(g: &mut Gen) -> String {
    match below(g, 40) {
        0 => String::new(),
        1 => "wxnone".to_owned(),
        2 => APPIDS[1].clone(),
        3 => "x".repeat(below(g, 300)),
        4 => String::arbitrary(g),
        number => APPIDS[usize::from(number < 9)].clone(),
    }
}

fn encoded(text: &str, g: &mut Gen) -> String {
    let all = often(g, 10);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() && !all;
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

fn query(g: &mut Gen) -> String {
    let mut pairs = Vec::new();
    let through_component = often(g, 20);
    if often(g, 95) {
        let appid = if through_component { COMPONENT.clone() } else { appid(g) };
        pairs.push(format!("appid={}", encoded(&appid, g)));
    }
    if often(g, 90) {
        let kind = pick(
            g,
            &["jsapi", "jsapi", "jsapi", "jsapi", "wx_card", "wx_card", "", "no word", "x_y_z", "type"],
        );
        pairs.push(format!("type={}", encoded(kind, g)));
    }
    if often(g, if through_component { 95 } else { 5 }) {
        pairs.push(format!("authorizer_appid={}", encoded(&appid(g), g)));
    }
    if often(g, 10) {
        let many = below(g, 300);
        pairs.extend((0..many).map(|number| format!("more{number}={}", encoded(&String::arbitrary(g), g))));
    }
    if often(g, 5) {
        pairs.push(pick(g, &pairs.clone().into_iter().chain(["&&=&".to_owned()]).collect::<Vec<_>>()));
    }
    if often(g, 50) {
        pairs.reverse();
    }
    let mut query = pairs.join("&");
    if often(g, 10) {
        let mut bytes = query.into_bytes();
        mutate(g, &mut bytes);
        query =
            bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '%' }).collect();
    }
    query
}

fn body(g: &mut Gen) -> Vec<u8> {
    let appid = serde_json::Value::from(appid(g));
    let stale = match below(g, 20) {
        0 => pick(g, &["17", r#""\ud800""#, "{}"]),
        _ => pick(g, &[r#""OLD""#, r#""""#, "null"]),
    };
    let mut body = match below(g, 40) {
        0 => format!(r#"{{"appid":{appid}}}"#),
        1 => format!("[{appid},null,{stale}]"),
        2 => format!(r#"{{"access_token":{stale},"appid":{appid},"authorizer_appid":"wxauth"}}"#),
        3 => format!(r#"{{"access_token":{stale},"appid":{appid},"x":{}"#, "[".repeat(below(g, 1000))),
        4 => String::arbitrary(g),
        5..12 => {
            let component = &*COMPONENT;
            format!(r#"{{"access_token":{stale},"appid":"{component}","authorizer_appid":{appid}}}"#)
        }
        _ => format!(r#"{{"access_token":{stale},"appid":{appid}}}"#),
    }
    .into_bytes();
    match below(g, 30) {
        0..4 => mutate(g, &mut body),
        4 => body.extend(vec![b' '; BODY_LIMIT - 100 + below(g, 200)]),
        5 => body.extend(vec![b' '; 20 * BODY_LIMIT]),
        6 => body = Vec::arbitrary(g),
        _ => {}
    }
    body
}

impl Arbitrary for Case {
    fn arbitrary(g: &mut Gen) -> Self {
        let some = if often(g, 80) { &ROUTES[..3] } else { &ROUTES[..] };
        let (method, path) = pick(g, some);
        let (method, path) = match below(g, 12) {
            0 => (pick(g, &METHODS), path.to_owned()),
            1 => (method, near_miss(g, path)),
            _ => (method, path.to_owned()),
        };
        let (bearer, authorization) = match below(g, 40) {
            0 => (None, vec![]),
            1 => (None, vec![b"Bearer ".to_vec()]),
            2 => (None, vec![[b"Bearer ".to_vec(), Vec::arbitrary(g)].concat()]),
            3 => (None, vec![format!("Bearer {}", BEARERS[0]).into_bytes(); 2]),
            4 => (None, vec![format!("Bearer {}", &BEARERS[0][..below(g, BEARERS[0].len())]).into_bytes()]),
            5..10 => (Some(1), vec![format!("bearer {}", BEARERS[1]).into_bytes()]),
            _ => (Some(0), vec![format!("Bearer {}", BEARERS[0]).into_bytes()]),
        };
        let mut headers: Vec<_> =
            authorization.into_iter().map(|value| ("authorization".to_owned(), value)).collect();
        for number in 0..below(g, 6) {
            let name = pick(g, &["x-forwarded-for", "content-type", "accept", "cookie", "x-odd", "date"]);
            let value = match number {
                0 => b"127.0.0.1".to_vec(),
                _ => {
                    Vec::<u8>::arbitrary(g).into_iter().filter(|byte| *byte >= b' ' && *byte != 127).collect()
                }
            };
            headers.push((name.to_owned(), value));
        }
        let posts = method == "POST" || often(g, 5);
        Self {
            method: method.to_owned(),
            path,
            query: (method != "POST" || often(g, 10)).then(|| query(g)),
            bearer,
            headers,
            body: if posts { body(g) } else { Vec::new() },
            framing: match below(g, 24) {
                _ if !posts => Framing::Whole,
                0 => Framing::BreaksOff(1 + below(g, 2 * BODY_LIMIT)),
                1 => Framing::Overlong(below(g, 50)),
                2 => Framing::BrokenChunk,
                3..9 => Framing::Chunked,
                _ => Framing::Whole,
            },
            garbled: if often(g, 10) { Vec::arbitrary(g) } else { Vec::new() },
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let this = self.clone();
        let with = move |change: fn(&mut Self)| {
            let mut that = this.clone();
            change(&mut that);
            that
        };
        let smaller = [
            with(|case| case.query = None),
            with(|case| case.body.clear()),
            with(|case| case.body.truncate(case.body.len() / 2)),
            with(|case| case.garbled.clear()),
            with(|case| case.headers.retain(|(name, _)| name == "authorization")),
            with(|case| case.framing = Framing::Whole),
        ];
        let before = format!("{self:?}");
        Box::new(smaller.into_iter().filter(move |case| format!("{case:?}") != before))
    }
}

impl Case {
    fn target(&self) -> String {
        self.query.as_ref().map_or(self.path.clone(), |query| format!("{}?{query}", self.path))
    }

    /// As a request, where HTTP has one that is like it.
    pub(crate) fn request(&self) -> Option<Request<Body>> {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.target());
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let gone = || Err(std::io::Error::other("gone"));
        let (body, length) = (Bytes::from(self.body.clone()), self.body.len());
        let (body, length) = match self.framing {
            Framing::Whole => (Body::from(body), Some(length)),
            Framing::Overlong(more) => (Body::from(body), Some(length.saturating_sub(more))),
            Framing::BreaksOff(more) => {
                (Body::from_stream(stream::iter([Ok(body), gone()])), Some(length + more))
            }
            Framing::BrokenChunk => (Body::from_stream(stream::iter([Ok(body), gone()])), None),
            Framing::Chunked => {
                let chunks: Vec<_> =
                    body.chunks(100).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
                let chunks = chunks.into_iter().chain([Ok::<_, std::io::Error>(Bytes::new())]);
                (Body::from_stream(stream::iter(chunks)), None)
            }
        };
        let request = match length {
            Some(length) => request.header("content-length", length),
            None => request,
        };
        request.body(body).ok()
    }

    /// As bytes of a connection.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: hub\r\n", self.method, self.target()).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let length = self.body.len();
        match self.framing {
            Framing::Whole if length == 0 && self.method == "GET" => bytes.extend(b"\r\n"),
            Framing::Whole => bytes.extend(format!("content-length: {length}\r\n\r\n").as_bytes()),
            Framing::BreaksOff(more) => {
                bytes.extend(format!("content-length: {}\r\n\r\n", length + more).as_bytes());
            }
            Framing::Overlong(more) => {
                let announced = length.saturating_sub(more);
                bytes.extend(format!("content-length: {announced}\r\n\r\n").as_bytes());
            }
            Framing::Chunked | Framing::BrokenChunk => bytes.extend(b"transfer-encoding: chunked\r\n\r\n"),
        }
        match self.framing {
            Framing::Chunked => {
                for chunk in self.body.chunks(1000) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend([chunk, b"\r\n"].concat());
                }
                bytes.extend(b"0\r\n\r\n");
            }
            Framing::BrokenChunk => {
                bytes.extend(format!("{:x}\r\n", length + 10).as_bytes());
                bytes.extend(&self.body);
            }
            _ => bytes.extend(&self.body),
        }
        let length = bytes.len();
        for (at, byte) in &self.garbled {
            bytes[at % length] = *byte;
        }
        bytes
    }
}
