//! What a hub could not come by is told as it was: WeChat's refusal whole, all else in the protocol's words, in time.

use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{Answer, LONG, ask, get, known, open, post};
use wechat_runtime::{RefreshSettings, hub};
use wechat_simulator::Fault;

const STABLE: &str = "/cgi-bin/stable_token";
const GETTICKET: &str = "/cgi-bin/ticket/getticket";

/// 12:00:10 in Beijing.
const NOON: u64 = 1_795_233_610;

/// A world in which the platform's endpoint is at fault, and a hub that has nothing yet.
async fn at_fault(path: &str, fault: Fault) -> (World, Router) {
    let world = World::new().await;
    world.sim.clock().set(UNIX_EPOCH + Duration::from_secs(NOON));
    world.sim.fault(path, fault);
    let hub = hub::router(open(&world.client()));
    (world, hub)
}

/// The three questions there are about an account.
async fn token(hub: &Router, world: &World) -> Answer {
    ask(hub, known(get(&format!("/client/access_token?appid={}", world.appid)))).await
}

async fn ticket(hub: &Router, world: &World) -> Answer {
    ask(hub, known(get(&format!("/client/ticket?type=jsapi&appid={}", world.appid)))).await
}

async fn another(hub: &Router, world: &World, stale: &str) -> Answer {
    let body = format!(r#"{{"access_token":"{stale}","appid":"{}"}}"#, world.appid);
    ask(hub, known(post("/refresh/access_token", body))).await
}

#[tokio::test]
async fn what_wechat_refuses_reaches_the_client_whole() {
    for (code, status, reason, pause) in [
        (40013, 502, "null", 60..=60),
        (40125, 502, "null", 60..=60),
        (40001, 502, "null", 60..=60),
        (40164, 502, "null", 60..=60),
        (40243, 502, "null", 600..=600),
        (45009, 503, "null", 3600..=3600),
        (45011, 503, "null", 50..=62),
        (-1, 503, "null", 1..=2),
        (61004, 502, r#""invalid_clientip""#, 60..=60),
        (61005, 502, r#""invalid_component_verify_ticket""#, 1..=2),
        (61006, 502, r#""invalid_component_verify_ticket""#, 1..=2),
        (61023, 502, r#""invalid_component_refresh_token""#, 1..=2),
        (61024, 502, r#""invalid_usecase_get_access_token""#, 1..=2),
        (12345, 502, "null", 1..=2),
    ] {
        let said = format!("what WeChat says of {code} rid: 1");
        let (world, hub) = at_fault(STABLE, Fault::errcode_with(code, &said)).await;
        let body = format!(r#"{{"errcode":{code},"message":"{said}","reason":{reason},"http_status":200}}"#);
        let first = token(&hub, &world).await;
        let rest =
            [ticket(&hub, &world).await, another(&hub, &world, "OLD").await, token(&hub, &world).await];
        for answer in rest.iter().chain([&first]) {
            answer.trouble();
            assert_eq!((answer.status, answer.text()), (status, body.as_str()));
            let wait = answer.retry_after().expect("it is known when to ask again");
            assert!(pause.contains(&wait), "{wait} s after {code}");
        }
        assert_eq!(world.asked(), 1, "one call in a cool-down");
    }
}

#[tokio::test]
async fn what_is_left_of_a_cool_down_is_what_a_client_is_told() {
    let (world, hub) = at_fault(STABLE, Fault::errcode(40164).times(1)).await;
    assert_eq!(token(&hub, &world).await.retry_after(), Some(60));
    for (after, left) in [(10, 50), (49, 1)] {
        world.pass(after);
        assert_eq!(token(&hub, &world).await.retry_after(), Some(left));
    }
    world.sim.clock().advance(Duration::from_millis(900));
    assert_eq!(token(&hub, &world).await.retry_after(), Some(1), "a part of a second is one");
    world.sim.clock().advance(Duration::from_millis(100));
    assert_eq!(token(&hub, &world).await.status, 200);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn what_wechat_refuses_of_a_ticket_reaches_the_client_whole() {
    for (code, status, reason) in
        [(40097, 502, "null"), (45009, 503, "null"), (61004, 502, r#""invalid_clientip""#)]
    {
        let (world, hub) = at_fault(GETTICKET, Fault::errcode_with(code, "so it says")).await;
        let body =
            format!(r#"{{"errcode":{code},"message":"so it says","reason":{reason},"http_status":200}}"#);
        for _ in 0..2 {
            let answer = ticket(&hub, &world).await;
            answer.trouble();
            assert_eq!((answer.status, answer.text()), (status, body.as_str()));
            assert!(answer.retry_after().is_some());
        }
        assert_eq!((token(&hub, &world).await.status, world.calls(GETTICKET)), (200, 1));
    }
}

#[tokio::test]
async fn what_is_no_answer_of_wechats_is_a_bad_gateway() {
    for (fault, http_status) in [
        (Fault::status(500), Some(500)),
        (Fault::status(503), Some(503)),
        (Fault::not_json(), None),
        (Fault::empty(), None),
        (Fault::truncated_body(), None),
        (Fault::truncated_json(), None),
        (Fault::drop_before(), None),
        (Fault::redirect("/elsewhere"), Some(302)),
        (Fault::raw(200, "application/json", r#"{"access_token":"","expires_in":7200}"#), None),
        (Fault::raw(200, "application/json", r#"{"expires_in":7200}"#), None),
        (Fault::raw(200, "application/json", "[]"), None),
    ] {
        let shown = format!("{fault:?}");
        let (world, hub) = at_fault(STABLE, fault.clone()).await;
        let of_token = [token(&hub, &world).await, another(&hub, &world, "OLD").await];
        for answer in &of_token {
            assert_eq!(answer.why(), (502, "fail_fetch_access_token".to_owned()), "{shown}");
            let trouble = answer.trouble();
            assert_eq!((trouble.errcode, trouble.http_status), (None, http_status), "{shown}");
            assert!((1..=2).contains(&answer.retry_after().unwrap()), "{shown}");
        }
        // Of one who asks for a ticket, the ticket is what could not be had, whatever kept it from him.
        assert_eq!(ticket(&hub, &world).await.why(), (502, "fail_fetch_ticket".to_owned()), "{shown}");
        assert_eq!(world.asked(), 1, "{shown}");
    }
    let (world, _) = at_fault(STABLE, Fault::errcode(0).times(0)).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hub = hub::router(open(&world.builder().base_url(format!("http://{nobody}")).build().unwrap()));
    assert_eq!(token(&hub, &world).await.why(), (502, "fail_fetch_access_token".to_owned()));
}

#[tokio::test]
async fn wechat_that_hangs_is_a_gateway_timeout_whoever_gives_up_first() {
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(100);
    let (world, _) = at_fault(STABLE, Fault::hang()).await;
    let hub = hub::router(open(&world.builder().refresh(settings).build().unwrap()));
    let answer = token(&hub, &world).await;
    assert_eq!(answer.why(), (504, "fail_fetch_access_token".to_owned()));
    assert!((1..=2).contains(&answer.retry_after().unwrap()));
    assert_eq!(ticket(&hub, &world).await.why(), (504, "fail_fetch_ticket".to_owned()));

    // The hub itself: what it began goes on, and is there for who asks again.
    for path in [STABLE, GETTICKET] {
        let (world, _) = at_fault(path, Fault::hang_after()).await;
        let hub = |timeout| hub::router(open(&world.client()).timeout(timeout));
        let impatient = hub(Duration::from_millis(100));
        let answer = ticket(&impatient, &world).await;
        assert_eq!(answer.why(), (504, "fail_fetch_ticket".to_owned()));
        world.sim.clear_faults();
        assert_eq!(ticket(&hub(LONG), &world).await.status, 200);
        assert_eq!((world.asked(), world.calls(GETTICKET)), (1, 1));
    }
}

#[tokio::test]
async fn a_storage_that_is_down_is_no_service_and_causes_no_call() {
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.storage_timeout = Duration::from_millis(100);
    let client = world.builder().refresh(settings).build().unwrap();
    let (hub, shelf) = (hub::router(open(&client)), &world.shelf);
    for (down, up) in [
        (
            Box::new(|| shelf.fail_reads(true)) as Box<dyn Fn()>,
            Box::new(|| shelf.fail_reads(false)) as Box<dyn Fn()>,
        ),
        (Box::new(|| shelf.panic_reads(true)), Box::new(|| shelf.panic_reads(false))),
        (Box::new(|| shelf.hang_reads(true)), Box::new(|| shelf.hang_reads(false))),
    ] {
        down();
        for (answer, reason) in [
            (token(&hub, &world).await, "fail_fetch_access_token"),
            (another(&hub, &world, "OLD").await, "fail_fetch_access_token"),
            (ticket(&hub, &world).await, "fail_fetch_ticket"),
        ] {
            assert_eq!(answer.why(), (503, reason.to_owned()));
            let trouble = answer.trouble();
            assert_eq!((trouble.errcode, trouble.http_status), (None, None));
            assert!(trouble.message().contains("the hub's storage failed"), "{trouble:?}");
            assert!(!trouble.message().contains("shelf"), "what a storage says is for the logs");
        }
        up();
    }
    assert_eq!(world.asked(), 0);
    assert_eq!((token(&hub, &world).await.status, ticket(&hub, &world).await.status), (200, 200));

    // What is there is served, and what is new is, too, where it cannot be stored.
    shelf.fail_reads(true);
    shelf.fail_saves(true);
    assert_eq!(token(&hub, &world).await.status, 200);
    shelf.fail_reads(false);
    let value = token(&hub, &world).await.value();
    world.pass(60);
    let other = another(&hub, &world, &value).await.value();
    assert_ne!(other, value);
    assert_eq!(token(&hub, &world).await.value(), other);
    assert_eq!(shelf.value(&world.appid), Some(value));
}

#[tokio::test]
async fn a_storage_that_hangs_for_longer_than_the_hub_waits_is_a_gateway_timeout() {
    let world = World::new().await;
    let hub = hub::router(open(&world.client()).timeout(Duration::from_millis(100)));
    world.shelf.hang_reads(true);
    assert_eq!(token(&hub, &world).await.why(), (504, "fail_fetch_access_token".to_owned()));
    assert_eq!(ticket(&hub, &world).await.why(), (504, "fail_fetch_ticket".to_owned()));
    assert_eq!(world.asked(), 0);
}
