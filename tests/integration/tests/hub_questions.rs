//! What is no question is answered with what is wrong with it: four keys under a truthful status.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{Method, Request};
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{
    BEARER, Served, ask, by, for_old_clients, get, known, open, post, with,
};
use wechat_runtime::hub;

const TOKEN: &str = "/client/access_token";
const TICKET: &str = "/client/ticket";
const REFRESH: &str = "/refresh/access_token";
const COMPONENT: &str = "/client/component_access_token";
const REFRESH_COMPONENT: &str = "/client/refresh_component_access_token";

/// A hub that has a token and tickets of `wxtest`, so that a question too many would be answered.
async fn stocked() -> (World, Router) {
    let world = World::new().await;
    world.shelf.put_value("wxtest", "T1", world.sim.clock().unix());
    let hub = hub::router(open(&world.client()).body_limit(1000).timeout(Duration::from_millis(200)));
    (world, hub)
}

async fn check_wrong(hub: &Router, request: Request<Body>, says: &str) {
    let shown = format!("{request:?}");
    let answer = ask(hub, known(request)).await;
    let trouble = answer.trouble();
    assert_eq!(answer.why(), (400, "invalid_request".to_owned()), "{shown}");
    assert!(trouble.message().contains(says), "{trouble:?} of {shown}");
    assert_eq!((trouble.errcode, trouble.http_status, answer.retry_after()), (None, None, None));
}

#[tokio::test]
async fn a_query_that_asks_nothing_is_an_invalid_request() {
    let (world, hub) = stocked().await;
    let too_long = "x".repeat(129);
    for query in [
        String::new(),
        "?".to_owned(),
        "?appid".to_owned(),
        "?appid=".to_owned(),
        "?APPID=wxtest".to_owned(),
        "?appid%00=wxtest".to_owned(),
        format!("?appid={too_long}"),
        "?appid=wx%0Atest".to_owned(),
        "?appid=wxtest%00".to_owned(),
        "?appid=%7f".to_owned(),
    ] {
        check_wrong(&hub, get(&format!("{TOKEN}{query}")), "`appid`").await;
        check_wrong(&hub, get(&format!("{COMPONENT}{query}")), "`appid`").await;
    }
    for twice in ["appid=wxtest&appid=wxtest", "appid=a&authorizer_appid=b&authorizer_appid=b"] {
        check_wrong(&hub, get(&format!("{TOKEN}?{twice}")), "twice").await;
        check_wrong(&hub, get(&format!("{TICKET}?type=jsapi&{twice}")), "twice").await;
    }
    let too_long = "x".repeat(33);
    for ticket_type in [
        "",
        "&type",
        "&type=",
        "&type=js+api",
        "&type=a_new_word",
        "&type=JSAPI",
        "&type=js%0Aapi",
        "&type=%C3%BC",
        &format!("&type={too_long}"),
    ] {
        check_wrong(&hub, get(&format!("{TICKET}?appid=wxtest{ticket_type}")), "`type`").await;
    }
    check_wrong(&hub, get(&format!("{TICKET}?appid=wxtest&type=jsapi&type=jsapi")), "twice").await;
    check_wrong(&hub, get(&format!("{TICKET}?type=jsapi")), "`appid`").await;

    let longest = "x".repeat(128);
    let answer = ask(&hub, known(get(&format!("{TOKEN}?appid={longest}")))).await;
    assert_eq!(answer.status, 404, "it could be one");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_body_that_reports_nothing_is_an_invalid_request() {
    let (world, hub) = stocked().await;
    for body in [
        "",
        " ",
        "{",
        "{}",
        "null",
        "17",
        r#""wxtest""#,
        "appid=wxtest&access_token=T0",
        r#"{"appid":"wxtest"}"#,
        r#"{"appid":"wxtest","access_token":17}"#,
        r#"{"appid":"wxtest","access_token":{"value":"T0"}}"#,
        r#"{"appid":17,"access_token":"T0"}"#,
        r#"{"appid":"wxtest","access_token":"T0","access_token":"T0"}"#,
        r#"{"appid":"wxtest","access_token":"T0"}}"#,
        r#"{"appid":"wxtest","access_token":"T0""#,
        r#"{"appid":"wxtest","access_token":"T0",}"#,
        // What reads as the three fields of it in some order is no object.
        r#"["wxtest",null,"T0"]"#,
        r#"["wxtest","wxauth",null]"#,
        r#"[{"appid":"wxtest","access_token":"T0"}]"#,
    ] {
        for path in [REFRESH, REFRESH_COMPONENT] {
            check_wrong(&hub, post(path, body), "JSON object").await;
        }
    }
    check_wrong(&hub, post(REFRESH, &b"{\"appid\":\"\xff\",\"access_token\":null}"[..]), "JSON object").await;
    let nested = format!(r#"{{"appid":"wxtest","access_token":null,"x":{}"#, "[".repeat(500));
    check_wrong(&hub, post(REFRESH, nested), "JSON object").await;
    for appid in [r#""""#, "null", r#""wx\ntest""#, r#""wx\u0000""#, &format!(r#""{}""#, "x".repeat(129))] {
        let body = format!(r#"{{"access_token":null,"appid":{appid}}}"#);
        check_wrong(&hub, post(REFRESH, body), "`appid`").await;
    }
    check_wrong(&hub, post(REFRESH, r#"{"access_token":null}"#), "`appid`").await;
    let in_query = format!("{REFRESH}?appid=wxtest&access_token=T0");
    check_wrong(&hub, post(&in_query, "{}"), "JSON object").await;
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_path_or_a_method_that_is_none_of_the_protocols_says_so() {
    let (_world, hub) = stocked().await;
    for path in
        ["/", "//client/access_token", "/client/access_token/", "/Client/access_token", "/client/ticket%20"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
            let answer = ask(&hub, known(by(method, get(path)))).await;
            assert_eq!(answer.why(), (404, "invalid_request".to_owned()), "{path}");
        }
    }
    for (path, right, allow) in [
        (TOKEN, Method::GET, "GET,HEAD"),
        (TICKET, Method::GET, "GET,HEAD"),
        (COMPONENT, Method::GET, "GET,HEAD"),
        (REFRESH, Method::POST, "POST"),
        (REFRESH_COMPONENT, Method::POST, "POST"),
    ] {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
            Method::TRACE,
        ] {
            if method == right {
                continue;
            }
            let odd = "PROPFIND".parse().unwrap();
            for method in [method, odd] {
                let answer = ask(&hub, known(by(method.clone(), get(path)))).await;
                assert_eq!(answer.why(), (405, "invalid_request".to_owned()), "{method} {path}");
                assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
            }
        }
    }
}

/// HTTP has no body in an answer to HEAD; all else is as of GET.
#[tokio::test]
async fn head_is_answered_as_get_without_the_body() {
    let (world, hub) = stocked().await;
    let served = Served::new(for_old_clients(&world.client())).await;
    let mut line = served.connect().await;
    for (path, status) in [
        (format!("{TOKEN}?appid=wxtest"), 200),
        (TOKEN.to_owned(), 400),
        (REFRESH.to_owned(), 405),
        ("/nowhere".to_owned(), 404),
    ] {
        let answer = ask(&hub, known(by(Method::HEAD, get(&path)))).await;
        assert_eq!((answer.status, answer.text()), (status, ""), "{path}");
        answer.check_headers();
        line.write(format!("HEAD {path} HTTP/1.1\r\nhost: hub\r\n\r\n")).await;
        // The next answer begins where this one's head ends.
        line.write("GET /nowhere HTTP/1.1\r\nhost: hub\r\n\r\n").await;
        let head = line.head().await.unwrap();
        assert_eq!(head.status, status, "{path}");
        head.check_headers();
        assert_eq!(line.answer().await.unwrap().why(), (404, "invalid_request".to_owned()));
    }
}

fn chunked(bytes: usize) -> Body {
    let chunks = (0..bytes.div_ceil(100)).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 100])));
    Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()))
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413_however_it_comes() {
    let (world, hub) = stocked().await;
    let report = r#"{"access_token":"T0","appid":"wxtest"}"#;
    let of_length = |length: usize| format!("{report}{}", " ".repeat(length - report.len()));
    assert_eq!(ask(&hub, known(post(REFRESH, of_length(1000)))).await.value(), "T1");
    let too_long = ask(&hub, known(post(REFRESH, of_length(1001)))).await;
    assert_eq!(too_long.why(), (413, "invalid_request".to_owned()));
    assert!(too_long.trouble().message().contains("1000 bytes"));
    // Of unknown length, and of one that is announced and never comes.
    let streamed = Request::post(REFRESH).body(chunked(1100)).unwrap();
    assert_eq!(ask(&hub, known(streamed)).await.status, 413);
    let never = Request::post(REFRESH).header("content-length", "1001");
    let never = never.body(Body::from_stream(stream::pending::<std::io::Result<Bytes>>())).unwrap();
    assert_eq!(ask(&hub, known(never)).await.status, 413);

    let served = Served::new(for_old_clients(&world.client()).body_limit(1000)).await;
    let head = format!("POST {REFRESH} HTTP/1.1\r\nhost: hub\r\n");
    for rest in [
        "content-length: 1001\r\n\r\n".to_owned(),
        "content-length: 1001\r\nexpect: 100-continue\r\n\r\n".to_owned(),
        "content-length: 9223372036854775807\r\n\r\n".to_owned(),
        format!("content-length: 1001\r\n\r\n{}", of_length(1001)),
        format!("transfer-encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n", of_length(1001)),
        format!("transfer-encoding: chunked\r\n\r\nffffffff\r\n{}", of_length(1500)),
    ] {
        let mut line = served.connect().await;
        let answer = line.ask(format!("{head}{rest}")).await;
        assert_eq!(answer.why(), (413, "invalid_request".to_owned()), "{rest}");
    }
    let mut line = served.connect().await;
    let whole = format!("{head}transfer-encoding: chunked\r\n\r\n3e8\r\n{}\r\n0\r\n\r\n", of_length(1000));
    assert_eq!(line.ask(whole).await.value(), "T1");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_invalid_request() {
    let (world, hub) = stocked().await;
    let broken = stream::iter([Ok(Bytes::from(r#"{"access_"#)), Err(std::io::Error::other("gone"))]);
    let broken = Request::post(REFRESH).body(Body::from_stream(broken)).unwrap();
    check_wrong(&hub, broken, "broke off").await;

    // Whether somebody who has gone reads the answer is another matter: the hub goes on.
    let served = Served::new(for_old_clients(&world.client())).await;
    for rest in ["content-length: 100\r\n\r\n{\"acc", "transfer-encoding: chunked\r\n\r\n5\r\n{\"a"] {
        let mut line = served.connect().await;
        line.write(format!("POST {REFRESH} HTTP/1.1\r\nhost: hub\r\n{rest}")).await;
        line.finish().await;
        if let Some(answer) = line.answer().await {
            assert_eq!(answer.why(), (400, "invalid_request".to_owned()));
        }
    }
    for garbage in ["transfer-encoding: chunked\r\n\r\nzz\r\n", "transfer-encoding: chunked\r\n\r\n-1\r\n"] {
        let mut line = served.connect().await;
        let answer = line.ask(format!("POST {REFRESH} HTTP/1.1\r\nhost: hub\r\n{garbage}")).await;
        assert_eq!(answer.why(), (400, "invalid_request".to_owned()));
    }
    let mut line = served.connect().await;
    let token = line.ask(format!("GET {TOKEN}?appid=wxtest HTTP/1.1\r\nhost: hub\r\n\r\n")).await;
    assert_eq!(token.value(), "T1");
}

#[tokio::test]
async fn a_body_that_never_comes_is_408_within_the_time_out() {
    let (world, hub) = stocked().await;
    let never = || Body::from_stream(stream::pending::<std::io::Result<Bytes>>());
    let asked = ask(&hub, known(Request::post(REFRESH).body(never()).unwrap()));
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("within the time-out");
    assert_eq!(answer.why(), (408, "invalid_request".to_owned()));

    let settings = for_old_clients(&world.client()).timeout(Duration::from_millis(200));
    let served = Served::new(settings).await;
    let mut line = served.connect().await;
    let begun = format!("POST {REFRESH} HTTP/1.1\r\nhost: hub\r\ncontent-length: 30\r\n\r\n{{\"acc");
    let asked = line.ask(begun);
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("within the time-out");
    assert_eq!(answer.why(), (408, "invalid_request".to_owned()));
    // What comes late is not taken for the next question.
    line.write("ess_token\":null,\"appid\":\"wxtest\"}").await;
    assert!(line.closed().await.is_empty());
}

#[tokio::test]
async fn a_question_about_a_component_is_for_another_hub() {
    let (world, hub) = stocked().await;
    let report = |rest: &str| format!(r#"{{"access_token":null,"appid":"wxtest"{rest}}}"#);
    for request in [
        get(&format!("{TOKEN}?appid=wxtest&authorizer_appid=wxauth")),
        get(&format!("{TICKET}?appid=wxtest&authorizer_appid=wxauth&type=jsapi")),
        get(&format!("{COMPONENT}?appid=wxtest")),
        post(REFRESH, report(r#","authorizer_appid":"wxauth""#)),
        post(REFRESH_COMPONENT, report("")),
        post(REFRESH_COMPONENT, report(r#","authorizer_appid":"wxauth""#)),
    ] {
        let answer = ask(&hub, known(request)).await;
        assert_eq!(answer.why(), (501, "invalid_config".to_owned()));
    }
    let none = ask(&hub, known(post(REFRESH, report(r#","authorizer_appid":null"#)))).await;
    assert_eq!(none.value(), "T1", "no authorizer is meant");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

/// The content type is what the original's client sends, and no more is asked of others than that it can be read.
#[tokio::test]
async fn a_report_is_read_whatever_its_content_type() {
    let (_world, hub) = stocked().await;
    for content_type in ["application/json", "application/json; charset=utf-8", "text/plain"] {
        let body = Body::from(r#"{"access_token":"T0","appid":"wxtest"}"#);
        let request = Request::post(REFRESH).header("content-type", content_type).body(body).unwrap();
        let request = with(request, "authorization", &format!("bearer {BEARER}"));
        assert_eq!(ask(&hub, request).await.value(), "T1");
    }
}
