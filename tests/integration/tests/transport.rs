//! Sending: what is tried again, what is never sent twice, how long everything may take.

use std::time::{Duration, Instant};

use serde_json::json;
use wechat_integration_tests::{PATH, World, call};
use wechat_runtime::{Client, Common, ErrorKind, Method};
use wechat_simulator::Fault;

const SEND: &str = "/cgi-bin/message/template/send";

async fn template(world: &World, client: &Client<Common>, twice: bool) -> Result<Option<i64>, ErrorKind> {
    let account = world.account();
    let follower = account.followers().into_iter().find(|follower| follower.following).unwrap();
    let body = json!({
        "touser": follower.openid,
        "template_id": account.templates()[0],
        "data": { "first": { "value": "你好" } },
    });
    let request = client.post(SEND).json(&body);
    let request = if twice { request.retry_unsafe() } else { request };
    let sent = request.send().await;
    sent.map(|answer| answer.errcode()).map_err(|error| error.kind())
}

#[tokio::test]
async fn a_post_whose_answer_is_dropped_was_seen_once() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(SEND, Fault::drop_after().times(1));
    assert_eq!(template(&world, &client, false).await, Err(ErrorKind::Transport));
    assert_eq!((world.calls(SEND), world.sim.ledger().messages().len()), (1, 1));
}

#[tokio::test]
async fn a_post_with_retry_unsafe_is_seen_twice() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(SEND, Fault::drop_after().times(1));
    assert_eq!(template(&world, &client, true).await, Ok(Some(0)));
    assert_eq!((world.calls(SEND), world.sim.ledger().messages().len()), (2, 2));
}

#[tokio::test]
async fn a_post_that_was_not_answered_in_time_or_got_a_502_is_not_repeated() {
    let world = World::new().await;
    world.warm_client().await;
    let client = world.builder().attempt_timeout(Duration::from_millis(100)).build().unwrap();
    world.sim.fault(SEND, Fault::hang_after().times(1));
    assert_eq!(template(&world, &client, false).await, Err(ErrorKind::Timeout));
    world.sim.fault(SEND, Fault::status(502).times(1));
    assert_eq!(template(&world, &client, false).await, Err(ErrorKind::Status));
    assert_eq!(world.calls(SEND), 2);
}

#[tokio::test]
async fn what_may_be_sent_twice_is_tried_three_times_in_all() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for fault in [Fault::drop_before, Fault::drop_after, Fault::truncated_body, || Fault::status(503)] {
        let before = world.calls(PATH);
        world.sim.fault(PATH, fault().times(2));
        call(&client).await.unwrap();
        assert_eq!(world.calls(PATH) - before, 3);

        world.sim.fault(PATH, fault().times(3));
        let error = call(&client).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Transport | ErrorKind::Status), "{error:?}");
        assert_eq!(world.calls(PATH) - before, 6);
    }
    for method in [Method::PUT, Method::DELETE, Method::HEAD] {
        let before = world.calls(PATH);
        world.sim.fault(PATH, Fault::drop_before().times(2));
        let _ = client.request(method.clone(), PATH).send().await;
        assert_eq!(world.calls(PATH) - before, 3, "{method}");
    }
    for method in [Method::POST, Method::PATCH] {
        let before = world.calls(PATH);
        world.sim.fault(PATH, Fault::drop_before().times(2));
        client.request(method.clone(), PATH).send().await.unwrap_err();
        assert_eq!(world.calls(PATH) - before, 1, "{method}");
        world.sim.clear_faults();
    }
}

#[tokio::test]
async fn a_retry_policy_of_the_users_http_client_sends_nothing_twice() {
    let world = World::new().await;
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method's type is not public")]
    let anything =
        reqwest::retry::for_host("127.0.0.1").no_budget().classify_fn(|attempt| attempt.retryable());
    let client = world.builder().http(wechat_integration_tests::http().retry(anything)).build().unwrap();
    call(&client).await.unwrap();
    world.sim.fault(SEND, Fault::drop_after().times(1));
    assert_eq!(template(&world, &client, false).await, Err(ErrorKind::Transport));
    assert_eq!(world.calls(SEND), 1);
}

#[tokio::test]
async fn the_app_secret_goes_nowhere_but_to_base_url() {
    let world = World::new().await;
    let client = world.client();
    let error = client.get("https://mp.weixin.qq.com:8443/sns/jscode2session").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("secret"), "{error}");
    // Nor does the secret of one account go with the appid of another.
    let path = "/sns/jscode2session";
    let error = client.get(path).query(&[("appid", "wxanother")]).send().await.unwrap_err();
    assert_eq!((error.kind(), error.appid()), (ErrorKind::Configuration, Some("wxanother")));
    assert_eq!(world.calls(path), 0);
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_tried_again_for_every_method() {
    let world = World::new().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let builder = || world.builder().base_url(format!("http://{nobody}"));
    let started = Instant::now();
    let error = builder().build().unwrap().post(PATH).access_token("mine").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(started.elapsed() >= Duration::from_millis(300), "two pauses of at least 100 and 200 ms");
    let error =
        builder().retries(0).build().unwrap().post(PATH).access_token("mine").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_platform_that_hangs_never_holds_a_caller_past_its_deadline() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let new = World::new().await;
    let cold = new.client();
    world.sim.fault("*", Fault::hang());
    new.sim.fault("*", Fault::hang());
    let deadline = Duration::from_millis(300);
    for (call, missing) in [
        (client.get(PATH), "its answer was not there"),
        (client.post(SEND).json(&json!({})), "its answer was not there"),
        (cold.get(PATH), "its credential was not there"),
    ] {
        let started = Instant::now();
        let error = call.timeout(deadline).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.endpoint().is_some());
        assert!(error.to_string().contains(missing), "{error}");
        assert!(started.elapsed() < deadline + Duration::from_millis(700), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_body_always_has_a_length() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let before = world.calls(PATH);
    client.post(PATH).send().await.unwrap();
    client.put(PATH).body("").send().await.unwrap();
    client.post(PATH).body("four").send().await.unwrap();
    let ledger = world.sim.ledger();
    let lengths: Vec<_> =
        ledger.calls_to(PATH)[before..].iter().map(|call| call.header("content-length")).collect();
    assert_eq!(lengths, [Some("0"), Some("0"), Some("4")]);
}

#[tokio::test]
async fn a_header_that_is_the_transports_is_refused() {
    let world = World::new().await;
    let client = world.client();
    for name in ["Content-Length", "transfer-encoding", "Host", "connection", "no such\nheader"] {
        let error = client.get(PATH).header(name, "x").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{name}");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_error_and_nothing_follows_it() {
    let world = World::new().await;
    let other = World::new().await;
    // Whatever the user's own settings say.
    let http = wechat_integration_tests::http().redirect(reqwest::redirect::Policy::limited(5)).referer(true);
    let client = world.builder().http(http).build().unwrap();
    world.sim.fault(PATH, Fault::redirect(format!("{}{PATH}", other.sim.base_url())));
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Status, Some(302)));
    assert!(error.to_string().contains("redirect"), "{error}");
    assert_eq!((world.calls(PATH), other.sim.ledger().calls().count()), (1, 0));
}

#[tokio::test]
async fn a_token_goes_to_no_foreign_url() {
    let world = World::new().await;
    let other = World::new().await;
    let client = world.warm_client().await;
    let before = world.sim.ledger().calls().count();
    let host = other.sim.base_url().strip_prefix("http://").unwrap().to_owned();
    let own = world.sim.base_url().strip_prefix("http://").unwrap().to_owned();
    for url in [
        format!("http://{host}{PATH}"),
        format!("//{host}{PATH}"),
        format!("http://{own}@{host}{PATH}"),
        format!("http://user:pass@{own}{PATH}"),
        format!("{PATH}#fragment"),
        "/cgi-bin/../cgi-bin/getcallbackip".to_owned(),
        "/cgi-bin/%67etcallbackip".to_owned(),
        String::new(),
        "/".to_owned(),
        "?a=1".to_owned(),
        "http://api.weixin.qq.com/cgi-bin/getcallbackip".to_owned(),
    ] {
        let error = client.get(&url).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{url}");
        assert!(error.to_string().contains("/cgi-bin/user/info"), "shows how to write it: {error}");
        assert!(!format!("{error:?}").contains("pass"), "{error:?}");
    }
    assert_eq!((world.sim.ledger().calls().count() - before, other.sim.ledger().calls().count()), (0, 0));
}

#[tokio::test]
async fn a_url_may_be_a_path_or_absolute_and_keeps_its_query() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let before = world.calls(PATH);
    let absolute = format!("{}{PATH}?b=2&a=1", world.sim.base_url());
    client.get("/cgi-bin/getcallbackip?b=2&a=1").query(&[("c", "甲")]).send().await.unwrap();
    client.get("cgi-bin/getcallbackip?b=2&a=1").query(&[("c", "甲")]).send().await.unwrap();
    client.get(absolute).query(&[("c", "甲")]).send().await.unwrap();
    let ledger = world.sim.ledger();
    for call in &ledger.calls_to(PATH)[before..] {
        let names: Vec<_> =
            call.query().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(names[0].0, "access_token");
        assert_eq!(names[1..], [("b", "2"), ("a", "1"), ("c", "甲")]);
        assert!(call.raw_query().ends_with("&b=2&a=1&c=%E7%94%B2"), "{}", call.raw_query());
    }
}
