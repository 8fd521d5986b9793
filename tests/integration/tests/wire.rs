//! Limits of time and size on the wire, and what may be asked of it.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use wechat_integration_tests::{PATH, SECRET, World, call};
use wechat_runtime::ErrorKind;
use wechat_simulator::Fault;

const TOKEN: &str = "/cgi-bin/stable_token";

/// A server that answers its one caller with this, and then says nothing more and stays.
async fn saying(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        stream.write_all(&answer).await.unwrap();
        std::future::pending::<()>().await;
    });
    url
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_refused_before_it_is_read() {
    let world = World::new().await;
    let url = saying("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n{").await;
    let client = world
        .builder()
        .base_url(url)
        .body_limit(100)
        .attempt_timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let error = client.get(PATH).access_token("mine").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body, "{error}");
}

#[tokio::test]
async fn an_answer_that_announces_nothing_is_refused_at_the_limit() {
    let world = World::new().await;
    // Three chunks of 40 bytes; the end never comes.
    let chunk = format!("28\r\n{}\r\n", "x".repeat(40));
    let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}");
    let client = world
        .builder()
        .base_url(saying(answer).await)
        .body_limit(100)
        .attempt_timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let error = client.get(PATH).access_token("mine").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body, "{error}");
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_given_up_in_its_own_time() {
    let world = World::new().await;
    // Nobody accepts, and the queue is full: further connections hang.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let _queued = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let client = world
        .builder()
        .base_url(format!("http://{address}"))
        .connect_timeout(Duration::from_millis(100))
        .attempt_timeout(Duration::from_secs(5))
        .retries(0)
        .build()
        .unwrap();
    let error = client.get(PATH).access_token("mine").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
}

#[tokio::test]
async fn a_client_has_a_deadline_for_its_calls() {
    let world = World::new().await;
    world.warm_client().await;
    world.sim.fault(PATH, Fault::hang());
    let client = world.builder().timeout(Duration::from_millis(200)).build().unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(10), call(&client)).await;
    let error = answered.expect("within the deadline").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_call_with_two_tokens_or_for_an_empty_appid_is_not_sent() {
    let world = World::new().await;
    let client = world.client();
    for (call, says) in [
        (client.get(PATH).access_token("mine").query(&[("access_token", "also mine")]), "give one"),
        (client.get(PATH).appid(""), "for no account"),
    ] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_token_endpoint_is_believed_only_with_success_and_within_its_size() {
    let long = "x".repeat(64 * 1024);
    for (status, body, kind) in [
        (500, json!({ "access_token": "t", "expires_in": 7200 }), ErrorKind::Status),
        (200, json!({ "access_token": "t", "expires_in": 7200, "more": long }), ErrorKind::Body),
    ] {
        let world = World::new().await;
        let fault = Fault::raw(status, "application/json", body.to_string());
        world.sim.fault(TOKEN, fault);
        let error = call(&world.client()).await.unwrap_err();
        assert_eq!((error.kind(), error.endpoint()), (kind, Some(TOKEN)));
        assert_eq!((world.shelf.saves(), world.calls(PATH)), (0, 0));
    }
}

#[tokio::test]
async fn an_errmsg_is_cut_short_and_repeats_no_secret_that_was_filled_in() {
    let world = World::new().await;
    let path = "/sns/jscode2session";
    let body = json!({ "errcode": 40029, "errmsg": format!("{SECRET} {}", "长".repeat(1000)) });
    world.sim.fault(path, Fault::raw(200, "application/json", body.to_string()));
    let call = world.client().get(path).query(&[("js_code", "c")]);
    let error = call.send().await.unwrap().error_for_errcode().unwrap_err();
    let message = error.errmsg().unwrap();
    assert_eq!(message.chars().count(), 300);
    assert!(message.starts_with("… 长") && !error.to_string().contains(SECRET), "{error}");
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up_and_what_may_be_repeated_is() {
    let world = World::new().await;
    world.warm_client().await;
    let client = world
        .builder()
        .attempt_timeout(Duration::from_millis(100))
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let before = world.calls(PATH);
    world.sim.fault(PATH, Fault::hang().times(1));
    call(&client).await.unwrap();
    assert_eq!(world.calls(PATH) - before, 2);
}

#[tokio::test]
async fn a_status_that_is_not_the_servers_fault_is_not_tried_again() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for status in [302, 400, 404, 412, 429] {
        let before = world.calls(PATH);
        world.sim.fault(PATH, Fault::status(status).times(1));
        assert_eq!(call(&client).await.unwrap_err().http_status(), Some(status));
        assert_eq!(world.calls(PATH) - before, 1, "{status}");
    }
}

#[tokio::test]
async fn an_answer_shows_neither_its_body_nor_its_headers_and_its_errors_do_not_quote_it() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(PATH, Fault::raw(200, "canary/header", r#"{"a":"canary-body"}"#));
    let answer = client.get(PATH).send().await.unwrap();
    let shown = format!("{answer:?} {answer:#?}");
    let error = answer.json::<std::collections::HashMap<String, u64>>().unwrap_err();
    let shown = format!("{shown} {error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_fragment_behind_a_query_is_refused_too() {
    let world = World::new().await;
    let error = world.client().get(format!("{PATH}?a=1#fragment")).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("fragment"), "{error}");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_token_endpoint_that_repeats_the_secret_is_not_quoted() {
    let world = World::new().await;
    let body = json!({ "errcode": 40125, "errmsg": format!("invalid appsecret {SECRET}") });
    world.sim.fault(TOKEN, Fault::raw(200, "application/json", body.to_string()));
    let error = call(&world.client()).await.unwrap_err();
    assert_eq!((error.errcode(), error.errmsg()), (Some(40125), Some("invalid appsecret …")));
    assert!(!format!("{error} {error:?}").contains(SECRET));
}
