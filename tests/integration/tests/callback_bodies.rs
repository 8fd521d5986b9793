//! Bodies that are too long, too slow, broken off, or made to grow.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::stream::{self, StreamExt as _};
use http::Request;
use wechat_integration_tests::asking::{Answer, Line, ask};
use wechat_integration_tests::callbacks::{
    Count, Inbox, Server, TOKEN, Wechat, a_text, at, nowhere, pushed, request, said, words,
};
use wechat_integration_tests::in_time;
use wechat_runtime::callback::{self, Keys};
use wechat_simulator::{Callback, Push, SignedPush};

const LIMIT: usize = 1024 * 1024;

/// How much a stream gives at once.
const SOME: usize = 64 * 1024;

fn path_of(signed: &SignedPush) -> String {
    let (_, rest) = signed.url.split_once("//").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

fn streamed(signed: &SignedPush, body: Body) -> Request<Body> {
    Request::post(path_of(signed)).body(body).unwrap()
}

/// A body of as many bytes as are wanted, which counts what is taken of it.
fn endless(taken: &Count) -> Body {
    let taken = taken.clone();
    let more = stream::repeat_with(move || {
        taken.add();
        Ok::<_, std::io::Error>(Bytes::from(vec![b' '; SOME]))
    });
    Body::from_stream(more)
}

fn is(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.text().to_owned()), words(status));
}

fn service(wechat: &Wechat) -> (Router, Inbox) {
    let inbox = Inbox::default();
    (at(callback::service(wechat.settings(), inbox.noting())), inbox)
}

#[tokio::test]
async fn ten_megabytes_are_refused_before_they_are_read() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let taken = Count::default();
    let mut announced = streamed(&wechat.signed(&a_text()), endless(&taken));
    announced.headers_mut().insert("content-length", (10 * LIMIT).into());
    is(&in_time(ask(&router, announced)).await, 413);
    assert_eq!(taken.get(), 0, "nothing of it was read");

    // On the wire: the answer comes before the body is sent.
    let server = Server::start(router).await;
    let signed = wechat.safe(server.at()).sign(&a_text());
    let mut line = Line::to(server.url.trim_start_matches("http://").parse().unwrap()).await;
    let head =
        format!("POST {} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n\r\n", path_of(&signed), 10 * LIMIT);
    is(&line.ask(head).await, 413);
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_off_at_the_limit() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let taken = Count::default();
    is(&in_time(ask(&router, streamed(&wechat.signed(&a_text()), endless(&taken)))).await, 413);
    assert!(taken.get() <= LIMIT / SOME + 1, "{} bytes were read", taken.get() * SOME);
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn the_limit_is_that_of_the_settings_to_the_byte() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let signed = wechat.signed(&a_text());
    for (room, status) in [(0, 200), (1, 413)] {
        let settings = wechat.settings().body_limit(signed.body.len() - room);
        let router = at(callback::service(settings, inbox.noting()));
        is(&pushed(&router, &signed).await, status);
        is(&ask(&router, streamed(&signed, Body::from_stream(one(&signed.body)))).await, status);
    }
    assert_eq!(inbox.count(), 1);
}

fn one(body: &str) -> stream::Iter<std::vec::IntoIter<std::io::Result<Bytes>>> {
    stream::iter(vec![Ok(Bytes::from(body.to_owned()))])
}

/// In the plain mode the query tells whether it is WeChat's: nothing of the others is read.
#[tokio::test]
async fn nothing_is_read_of_a_push_that_its_query_refuses() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    let plain = |token| wechat.pusher(Callback::plain(nowhere(), token)).sign(&a_text());
    let old = wechat.signed(&a_text());
    wechat.pass(301);
    for (keys, signed) in [
        (Keys::plain(TOKEN).unwrap(), plain("another")),
        (wechat.keys().compat(), plain("another")),
        (wechat.keys(), plain(TOKEN)),
        (Keys::plain(TOKEN).unwrap(), wechat.signed(&a_text())),
        (wechat.keys(), old),
    ] {
        let router = at(callback::service(wechat.settings_of(keys), inbox.noting()));
        let taken = Count::default();
        is(&in_time(ask(&router, streamed(&signed, endless(&taken)))).await, 403);
        assert_eq!(taken.get(), 0);
    }
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn what_is_made_to_grow_is_refused() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let bomb = "<!DOCTYPE xml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let fields = "<ToUserName>a</ToUserName><MsgType>text</MsgType>";
    let texts = [
        format!("{bomb}<xml>{fields}<Content>&c;</Content></xml>"),
        format!("<!DOCTYPE xml SYSTEM \"file:///etc/passwd\"><xml>{fields}</xml>"),
        format!("<xml>{fields}<Content>&xxe;</Content></xml>"),
        format!("<?xml-stylesheet href=\"http://elsewhere.example\"?><xml>{fields}</xml>"),
        format!("<xml>{}{}</xml>", "<a>".repeat(100_000), "</a>".repeat(100_000)),
        format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        "<xml><a/>".to_owned(),
        "neither".to_owned(),
        String::new(),
    ];
    for text in texts {
        let start: String = text.chars().take(40).collect();
        // In what was encrypted, around it, and where nothing is.
        assert_eq!(said(&router, &wechat.signed(&Push::raw(&*text))).await, words(403), "{start}");
        let mut envelope = wechat.signed(&a_text());
        envelope.body.clone_from(&text);
        assert_eq!(said(&router, &envelope).await, words(403), "{start}");
        let plain = at(callback::service(wechat.settings_of(Keys::plain(TOKEN).unwrap()), inbox.noting()));
        let signed = wechat.pusher(Callback::plain(nowhere(), TOKEN)).sign(&Push::raw(&*text));
        assert_eq!(said(&plain, &signed).await, words(403), "{start}");
    }
    let mut envelope = wechat.signed(&a_text());
    envelope.body = format!("{bomb}{}", envelope.body);
    assert_eq!(said(&router, &envelope).await, words(403));
    assert_eq!(inbox.count(), 0);
    assert_eq!(said(&router, &wechat.signed(&a_text())).await, words(200));
}

#[tokio::test]
async fn a_body_that_is_no_text_is_refused() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    for (keys, signed) in [
        (wechat.keys(), wechat.signed(&a_text())),
        (Keys::plain(TOKEN).unwrap(), wechat.pusher(Callback::plain(nowhere(), TOKEN)).sign(&a_text())),
    ] {
        let router = at(callback::service(wechat.settings_of(keys), inbox.noting()));
        is(&ask(&router, streamed(&signed, Body::from(vec![0xff; 100]))).await, 403);
    }
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_reaches_no_handler_and_comes_again() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let signed = wechat.signed(&a_text());
    let half = Bytes::copy_from_slice(&signed.body.as_bytes()[..signed.body.len() / 2]);
    let breaking = stream::iter([Ok(half.clone()), Err(std::io::Error::other("it broke off"))]);
    is(&ask(&router, streamed(&signed, Body::from_stream(breaking))).await, 400);
    // One that ends too early, and says so.
    is(&ask(&router, streamed(&signed, Body::from(half.clone()))).await, 403);
    let server = Server::start(router.clone()).await;
    let mut line = Line::to(server.url.trim_start_matches("http://").parse().unwrap()).await;
    let (path, length) = (path_of(&signed), signed.body.len());
    line.write(format!("POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {length}\r\n\r\n")).await;
    line.write(half).await;
    line.finish().await;
    in_time(line.closed()).await;
    assert_eq!(inbox.count(), 0);
    is(&ask(&router, request(&signed)).await, 200);
    assert_eq!(inbox.count(), 1);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_in_time_and_leaves_nothing_behind() {
    let (wechat, inbox, held) = (Wechat::new().await, Inbox::default(), Arc::new(()));
    let settings = wechat.settings().reply_within(Duration::from_millis(50));
    let router = at(callback::service(settings, inbox.noting()));
    let holding = held.clone();
    let never = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"<xml>")) }).chain(
        stream::once(async move {
            let never = std::future::pending().await;
            drop(holding);
            never
        }),
    );
    let signed = wechat.signed(&a_text());
    is(&in_time(ask(&router, streamed(&signed, Body::from_stream(never)))).await, 503);
    assert_eq!(Arc::strong_count(&held), 1, "nobody waits for the rest of it");

    // On the wire, too: a byte now and then does not help.
    let server = Server::start(router).await;
    let mut line = Line::to(server.url.trim_start_matches("http://").parse().unwrap()).await;
    line.write(format!(
        "POST {} HTTP/1.1\r\nhost: here\r\ncontent-length: 1000\r\n\r\n<xml>",
        path_of(&signed)
    ))
    .await;
    is(&in_time(line.answer()).await.unwrap(), 503);
    in_time(line.closed()).await;
    assert_eq!(inbox.count(), 0);
}
