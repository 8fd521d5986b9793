//! What can stand behind a hub's URL: answers that are no hub's, connections that break, waits that never end.

use std::time::Duration;

use wechat_integration_tests::{GRANTED, Reply, record};
use wechat_runtime::ErrorKind;

/// What a good record in these answers holds, which must never be used.
pub(crate) const FORBIDDEN: &str = "must-not-be-used";

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const HTML: (&str, &str) = ("content-type", "text/html");

/// As long as an answer may be.
const MOST_BYTES: usize = 64 * 1024;

/// `{"access_token":"T1","expires_in":7200,"timestamp":1795357423}` by gzip.
const BY_GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x4c\x4e\x4e\x2d\x2e\x8e\x2f\xc9\xcf\x4e\
    \xcd\x53\xb2\x52\x0a\x31\x54\xd2\x51\x4a\xad\x28\xc8\x2c\x4a\x2d\x8e\xcf\x04\x8a\x98\x1b\x19\x18\xe8\x28\x95\x64\
    \xe6\xa6\x16\x97\x24\xe6\x16\x28\x59\x19\x9a\x5b\x9a\x1a\x9b\x9a\x9b\x18\x19\xd7\x02\x00\x0e\x6f\xa4\x99\x3e\x00\
    \x00\x00";

/// An answer, and what becomes of it.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) reply: Reply,
    pub(crate) kind: ErrorKind,
    /// The kind that it is for who reports a refused token, where that is another.
    pub(crate) kind_of_refresh: ErrorKind,
    pub(crate) status: Option<u16>,
    pub(crate) errcode: Option<i64>,
}

impl Row {
    fn new(name: impl Into<String>, reply: Reply) -> Self {
        let (kind, status, errcode) = (ErrorKind::Storage, None, None);
        Self { name: name.into(), reply, kind, kind_of_refresh: kind, status, errcode }
    }

    fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    fn of_kind(self, kind: ErrorKind) -> Self {
        Self { kind, kind_of_refresh: kind, ..self }
    }

    /// As it is told to who was refused by WeChat before.
    pub(crate) fn refused_by_wechat(&self) -> Self {
        Self { errcode: Some(40001), status: Some(200), ..self.clone() }
    }

    /// What WeChat refused to the hub.
    fn refused(self, kind: ErrorKind, errcode: i64, status: Option<u16>) -> Self {
        Self { errcode: Some(errcode), status, ..self.of_kind(kind) }
    }
}

fn good(key: &str) -> String {
    record(key, FORBIDDEN, "7200", &GRANTED.to_string())
}

/// Whole answers that are no grant: asked for once. `key` is what the question is for.
pub(crate) fn wrong(key: &str) -> Vec<Row> {
    let mut rows = by_status(key);
    rows.extend(of_wrong_shape(key));
    rows.extend(that_are_errors());
    rows.extend(too_long(key));
    let gzip = Reply::of(200, &[JSON, ("content-encoding", "gzip")], BY_GZIP);
    rows.push(Row::new("gzip that nobody asked for", gzip).with_status(200));
    rows
}

/// Every status but 200, with an error in the hub's words, with a page, with nothing, with a good record.
fn by_status(key: &str) -> Vec<Row> {
    const TOLD: &str =
        r#"{"errcode":null,"message":null,"reason":"fail_fetch_access_token","http_status":null}"#;
    let mut rows = Vec::new();
    for status in
        [201, 202, 206, 300, 302, 307, 400, 401, 403, 404, 405, 408, 413, 429, 500, 502, 503, 504, 599]
    {
        // Where a redirect leads, nobody listens.
        let more = [("retry-after", "17"), ("location", "http://127.0.0.1:9/client/access_token")];
        let headers = |first| [first, more[0], more[1]];
        let kinds = match status {
            401 | 403 => [ErrorKind::Configuration; 2],
            429 => [ErrorKind::Quota, ErrorKind::TokenRejected],
            _ => [ErrorKind::Storage; 2],
        };
        let told = Row::new(format!("{status} in a hub's words"), Reply::of(status, &headers(JSON), TOLD));
        rows.push(Row { kind: kinds[0], kind_of_refresh: kinds[1], ..told }.with_status(status));
        let page = Reply::of(status, &headers(HTML), "<html><body>Something is wrong</body></html>");
        rows.push(Row::new(format!("{status} with a page"), page).with_status(status));
        let nothing = Reply::of(status, &more, "");
        rows.push(Row::new(format!("{status} with nothing"), nothing).with_status(status));
        let good = Reply::of(status, &headers(JSON), good(key));
        rows.push(Row::new(format!("{status} with a good record"), good).with_status(status));
    }
    for status in [204, 304] {
        let bare = Reply::raw(format!("HTTP/1.1 {status} Nothing\r\n\r\n"));
        rows.push(Row::new(format!("{status}, which has no body"), bare).with_status(status));
        // What follows is no body, and no answer to the next request either.
        let good = Reply::of(status, &[JSON], good(key)).then_closes();
        rows.push(Row::new(format!("{status} with a good record behind it"), good).with_status(status));
    }
    rows.push(Row::new("200 with nothing", Reply::of(200, &[JSON], "")).with_status(200));
    rows.push(Row::new("200 with a page", Reply::of(200, &[HTML], "<html></html>")).with_status(200));
    rows
}

/// 200 with JSON that is no record, or with what is no JSON.
fn of_wrong_shape(key: &str) -> Vec<Row> {
    let now = GRANTED.to_string();
    let mut bodies: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, body: Vec<u8>| bodies.push((name, body));
    for number in [
        "7200.5",
        "7200.0",
        "7.2e3",
        "\"7200\"",
        "null",
        "true",
        "[]",
        "{}",
        "-1",
        "-0.0",
        "1e30",
        "1e999",
        "18446744073709551616",
        "07200",
        "NaN",
        "",
    ] {
        add(format!("expires_in {number:?}"), record(key, FORBIDDEN, number, &now).into());
        add(format!("timestamp {number:?}"), record(key, FORBIDDEN, "7200", number).into());
    }
    for value in
        ["null", "\"\"", "7", "1.5", "true", "{}", "[]", "[\"T1\"]", "{\"value\":\"T1\"}", "\"T1", "T1"]
    {
        let body = format!(r#"{{"{key}":{value},"expires_in":7200,"timestamp":{now}}}"#);
        add(format!("the credential {value}"), body.into());
    }
    let good = good(key);
    let rest = format!(r#""expires_in":7200,"timestamp":{now}}}"#);
    let deep = |open: &str, close: &str, levels: usize| [open.repeat(levels), close.repeat(levels)].concat();
    let named: Vec<(&str, Vec<u8>)> = vec![
        ("no credential", format!("{{{rest}").into()),
        ("no expires_in", format!(r#"{{"{key}":"{FORBIDDEN}","timestamp":{now}}}"#).into()),
        ("no timestamp", format!(r#"{{"{key}":"{FORBIDDEN}","expires_in":7200}}"#).into()),
        ("the credential twice", format!(r#"{{"{key}":"{FORBIDDEN}","{key}":"{FORBIDDEN}",{rest}"#).into()),
        ("keys in capitals", good.to_uppercase().into()),
        ("an empty object", "{}".into()),
        ("an array", format!("[{good}]").into()),
        ("an array of the values", format!(r#"["{FORBIDDEN}",7200,{now}]"#).into()),
        ("a string", "\"T1\"".into()),
        ("a number", "7".into()),
        ("null", "null".into()),
        ("true", "true".into()),
        ("spaces", "  \r\n ".into()),
        ("no JSON", "T1".into()),
        ("single quotes", good.replace('"', "'").into()),
        ("JSON cut off", good[..good.len() - 9].into()),
        ("JSON cut off in the credential", good[..key.len() + 9].into()),
        ("two records", format!("{good}{good}").into()),
        ("a comma too many", good.replace('}', ",}").into()),
        ("a BOM and nothing", "\u{feff}".into()),
        ("two BOMs", format!("\u{feff}\u{feff}{good}").into()),
        ("not UTF-8", [b"{\"", key.as_bytes(), b"\":\"\xce\xde\xff\",", rest.as_bytes()].concat()),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a NUL behind it", format!("{good}\0").into()),
        ("a NUL before it", format!("\0{good}").into()),
        ("a NUL in the credential", good.replace(FORBIDDEN, "T\u{0}1").into()),
        ("half a surrogate", good.replace(FORBIDDEN, "\\ud800").into()),
        ("brackets", deep("[", "]", 32_000).into()),
        ("brackets that do not close", "[".repeat(64_000).into()),
        ("objects in objects", format!("{}7{}", r#"{"a":"#.repeat(9_000), "}".repeat(9_000)).into()),
        ("brackets for a credential", format!(r#"{{"{key}":{},{rest}"#, deep("[", "]", 30_000)).into()),
        ("brackets beside", format!(r#"{{"errcode":{},{rest}"#, deep("[", "]", 30_000)).into()),
        ("brackets for a reason", format!(r#"{{"reason":{}}}"#, deep("[", "]", 30_000)).into()),
    ];
    for (name, body) in named {
        add(name.to_owned(), body);
    }
    let row = |(name, body)| Row::new(name, Reply::of(200, &[JSON], body)).with_status(200);
    bodies.into_iter().map(row).collect()
}

/// 200 with an error, in whatever words and types.
fn that_are_errors() -> Vec<Row> {
    let row = |body: &str| Row::new(body, Reply::of(200, &[JSON], body)).with_status(200);
    let (configuration, busy) = (ErrorKind::Configuration, ErrorKind::Busy);
    vec![
        row(r#"{"errcode":null,"message":null,"reason":null,"http_status":null}"#),
        row(r#"{"errcode":0,"message":"ok","reason":null,"http_status":200}"#),
        row(r#"{"errcode":"x","message":"x","reason":null,"http_status":"x"}"#),
        row(r#"{"errcode":1.5,"message":1,"reason":2,"http_status":3}"#),
        row(r#"{"errcode":{},"message":[],"reason":{},"http_status":[]}"#),
        row(r#"{"errcode":true,"message":true,"reason":true,"http_status":true}"#),
        row(r#"{"errcode":null,"message":7,"reason":["x"],"http_status":70000}"#),
        row(r#"{"errcode":"","message":"","reason":"","http_status":""}"#),
        row(r#"{"errcode":0}"#),
        row(r#"{"errcode":0,"errmsg":"ok"}"#),
        row(r#"{"error":"invalid_request"}"#),
        row(r#"{"message":"it is late"}"#),
        row(r#"{"reason":"a word that nobody knows"}"#),
        row(r#"{"errcode":40013,"errmsg":"invalid appid"}"#).refused(configuration, 40013, Some(200)),
        row(r#"{"errcode":"40013","errmsg":null}"#).refused(configuration, 40013, Some(200)),
        row(r#"{"errcode":40013.0,"message":"x","reason":7}"#).refused(configuration, 40013, Some(200)),
        row(r#"{"errcode":40013,"message":"x","reason":null}"#).refused(configuration, 40013, Some(200)),
        row(r#"{"errcode":-1,"message":null,"reason":null,"http_status":-1}"#).refused(busy, -1, Some(200)),
        row(r#"{"errcode":-1,"message":"x","reason":null,"http_status":70000}"#).refused(busy, -1, Some(200)),
        row(r#"{"errcode":-1,"message":"x","reason":null,"http_status":"503"}"#).refused(busy, -1, Some(503)),
    ]
}

/// Answers longer than any hub's, announced and not.
fn too_long(key: &str) -> Vec<Row> {
    let padded = |length: usize| {
        let good = good(key);
        format!("{good}{}", " ".repeat(length - good.len()))
    };
    let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
    let chunked = |first: &str| {
        let first = format!("{:x}\r\n{first}\r\n", first.len());
        Reply::raw(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{first}"))
    };
    let announced = Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").then_hangs();
    let endless = Reply::raw("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>");
    vec![
        Row::new("a byte too long", Reply::of(200, &[JSON], padded(MOST_BYTES + 1))).with_status(200),
        Row::new("a length beyond all bounds", announced).with_status(200),
        Row::new("chunks without end", chunked(&good(key)).then_repeats(chunk, Duration::ZERO))
            .with_status(200),
        Row::new("a page without end", endless.then_repeats(vec![b'x'; 4096], Duration::ZERO))
            .with_status(502),
    ]
}

/// Answers that break the connection, or are no HTTP: a question that changes nothing is asked once more.
pub(crate) fn broken(key: &str) -> Vec<Row> {
    let good = good(key);
    let whole = String::from("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n");
    let by_length =
        |length: usize, body: &str| Reply::raw(format!("{whole}content-length: {length}\r\n\r\n{body}"));
    let chunked = |body: &str| Reply::raw(format!("{whole}transfer-encoding: chunked\r\n\r\n{body}"));
    let size = format!("{:x}", good.len());
    let in_the_head = [
        ("closed without an answer", Reply::raw("").then_closes()),
        ("reset without an answer", Reply::raw("").then_resets()),
        ("closed in the status line", Reply::raw("HTTP/1.1 20").then_closes()),
        ("closed in the headers", Reply::raw(&*whole).then_closes()),
        ("reset in the headers", Reply::raw(&*whole).then_resets()),
        ("two lengths", Reply::raw(format!("{whole}content-length: 9\r\ncontent-length: 10\r\n\r\n{good}"))),
        ("a length that is a word", Reply::raw(format!("{whole}content-length: many\r\n\r\n{good}"))),
        ("a negative length", Reply::raw(format!("{whole}content-length: -1\r\n\r\n{good}"))),
        ("garbage", Reply::raw(&b"\x00\x01\x02 garbage \xff\xfe\r\n\r\n"[..]).then_closes()),
        ("the body alone", Reply::raw(format!("{good}\r\n\r\n")).then_closes()),
        ("a TLS alert", Reply::raw(&b"\x15\x03\x01\x00\x02\x02\x46"[..]).then_closes()),
        ("another protocol", Reply::raw("SSH-2.0-OpenSSH_9.6\r\n").then_closes()),
        ("HTTP/2", Reply::raw("HTTP/2 200\r\n\r\n").then_closes()),
        ("a status that is a word", Reply::raw("HTTP/1.1 fine\r\n\r\n").then_closes()),
        ("a status of two digits", Reply::raw("HTTP/1.1 20 OK\r\n\r\n").then_closes()),
        ("a header without a colon", Reply::raw(format!("HTTP/1.1 200 OK\r\nno header\r\n\r\n{good}"))),
        (
            "headers without end",
            Reply::raw(&*whole).then_repeats("x-more: and more\r\n".repeat(99), Duration::ZERO),
        ),
        ("a header without end", Reply::raw(&*whole).then_repeats("x".repeat(4096), Duration::ZERO)),
    ];
    let in_the_body = [
        ("no body where one is announced", by_length(good.len(), "").then_closes()),
        ("a body cut off", by_length(good.len(), &good[..9]).then_closes()),
        ("a body a byte short", by_length(good.len() + 1, &good).then_closes()),
        ("a body that is reset", by_length(good.len(), &good[..9]).then_resets()),
        ("a chunk cut off", chunked(&format!("{size}\r\n{}", &good[..9])).then_closes()),
        ("no last chunk", chunked(&format!("{size}\r\n{good}\r\n")).then_closes()),
        ("a chunk of no size", chunked(&format!("zz\r\n{good}\r\n0\r\n\r\n")).then_closes()),
        (
            "a chunk of a size beyond all bounds",
            chunked(&format!("ffffffffffffffffff\r\n{good}")).then_closes(),
        ),
    ];
    let row = |(name, reply)| Row::new(name, reply);
    let in_the_body = in_the_body.into_iter().map(|it| row(it).with_status(200));
    in_the_head.into_iter().map(row).chain(in_the_body).collect()
}

/// Answers that never come, or never end: what ends them is the client's own deadline.
pub(crate) fn endless(key: &str) -> Vec<Row> {
    const PAUSE: Duration = Duration::from_millis(20);
    let good = good(key);
    let rows = [
        ("no answer", Reply::raw("").then_hangs()),
        ("half a status line", Reply::raw("HTTP/1.1 20").then_hangs()),
        ("half the headers", Reply::raw("HTTP/1.1 200 OK\r\ncontent-type: app").then_hangs()),
        ("headers that drip", Reply::raw("HTTP/1.1 200 OK\r\n").then_repeats("x: y\r\n", PAUSE)),
        ("early hints without end", Reply::raw("").then_repeats("HTTP/1.1 103 Early Hints\r\n\r\n", PAUSE)),
        ("continue, and nothing", Reply::raw("HTTP/1.1 100 Continue\r\n\r\n").then_hangs()),
        ("no body", Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n").then_hangs()),
        (
            "half a body",
            Reply::raw(format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{good}")).then_hangs(),
        ),
        (
            "a body that drips",
            Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n").then_repeats(" ", PAUSE),
        ),
        (
            "chunks that drip",
            Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .then_repeats("1\r\n \r\n", PAUSE),
        ),
        ("a body that nothing ends", Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{good}")).then_hangs()),
    ];
    rows.into_iter().map(|(name, reply)| Row::new(name, reply)).collect()
}

/// Answers that are odd, and grants all the same: JSON is recognised by the body alone.
pub(crate) fn odd(value: &str, now: u64) -> Vec<(&'static str, Reply)> {
    let body = record("access_token", value, "7200", &now.to_string());
    let chunks: Vec<_> = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    let with = |more: &str| body.replace('}', &format!(",{more}}}"));
    vec![
        ("text/plain", Reply::of(200, &[("content-type", "text/plain")], &body)),
        ("no content type", Reply::of(200, &[], &body)),
        ("Application/JSON", Reply::of(200, &[("content-type", "Application/JSON")], &body)),
        ("two content types", Reply::of(200, &[HTML, JSON], &body)),
        ("a content encoding that is none", Reply::of(200, &[("content-encoding", "identity")], &body)),
        ("a BOM", Reply::of(200, &[JSON], format!("\u{feff}{body}"))),
        ("spaces around it", Reply::of(200, &[JSON], format!("\r\n {body} \r\n"))),
        ("escapes", Reply::of(200, &[JSON], body.replace("access", "\\u0061ccess"))),
        ("keys beside", Reply::of(200, &[JSON], with(r#""errcode":0,"ticket":null,"more":{"a":[1,2.5]}"#))),
        ("64 KiB", Reply::of(200, &[JSON], format!("{body}{}", " ".repeat(MOST_BYTES - body.len())))),
        (
            "a chunk for each byte",
            Reply::raw(format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
                chunks.concat()
            )),
        ),
        ("an end by closing", Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).then_closes()),
        ("HTTP/1.0", Reply::raw(format!("HTTP/1.0 200 OK\r\n\r\n{body}")).then_closes()),
        (
            "early hints before it",
            Reply::raw(format!(
                "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                body.len(),
            )),
        ),
        (
            "headers beside",
            Reply::of(200, &[JSON, ("set-cookie", "a=b"), ("x-request-id", "1"), ("age", "0")], &body),
        ),
    ]
}
