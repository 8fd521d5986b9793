//! After WeChat has refused to grant, one call is made per cool-down, and everybody else is told when.

use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{AUTHORIZER_TOKEN, Agency, SECRET, World, call, call_for, calls_at_once};
use wechat_runtime::{Client, Common, ErrorKind, Token, TokenKind};
use wechat_simulator::{Fault, Simulator};

const TOKEN: &str = "/cgi-bin/stable_token";

/// 12:00:10 in Beijing.
const NOON: u64 = 1_795_233_610;

/// A cold client that finds the token endpoint at fault.
async fn at_fault(fault: Fault) -> (World, Client<Common>) {
    let world = World::new().await;
    world.sim.clock().set(std::time::UNIX_EPOCH + Duration::from_secs(NOON));
    world.sim.fault(TOKEN, fault);
    let client = world.client();
    (world, client)
}

/// A hundred callers, of which at most one gets as far as WeChat.
async fn hundred(
    world: &World,
    client: &Client<Common>,
    kind: ErrorKind,
    pauses: std::ops::RangeInclusive<u64>,
) -> Duration {
    let before = world.asked();
    let failed = calls_at_once(100, client).await;
    assert_eq!((failed.len(), world.asked() - before), (100, 1));
    let waits: Vec<_> = failed.iter().map(|error| error.retry_after().expect("known")).collect();
    for (error, wait) in failed.iter().zip(&waits) {
        assert_eq!(error.kind(), kind, "{error}");
        let millis = u64::try_from(wait.as_millis()).unwrap();
        assert!(
            (pauses.start() * 1000..=pauses.end() * 1000).contains(&millis),
            "{wait:?} is not in {pauses:?} s"
        );
    }
    let longest = waits.into_iter().max().unwrap();
    // Just before its end, still nothing; and then what is left is what is said.
    world.sim.clock().advance(longest.saturating_sub(Duration::from_millis(500)));
    let error = call(client).await.unwrap_err();
    assert_eq!(world.asked() - before, 1);
    assert!(error.retry_after().unwrap() <= Duration::from_millis(500), "{error:?}");
    world.sim.clock().advance(Duration::from_millis(500));
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_trouble_pauses_from_one_second_to_thirty_and_a_success_ends_it() {
    for (fault, kind) in [
        (Fault::errcode(-1), ErrorKind::Busy),
        (Fault::status(502), ErrorKind::Status),
        (Fault::not_json(), ErrorKind::Body),
        (Fault::drop_before(), ErrorKind::Transport),
    ] {
        let (world, client) = at_fault(fault).await;
        for pauses in [1..=2, 2..=3, 4..=5, 8..=10, 16..=20, 30..=30, 30..=30] {
            hundred(&world, &client, kind, pauses).await;
        }
        world.sim.clear_faults();
        call(&client).await.unwrap();
        world.pass(7201);
        let error = Fault::errcode(-1).times(1);
        world.sim.fault(TOKEN, error);
        hundred(&world, &client, ErrorKind::Busy, 1..=2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_connection_are_transient_trouble() {
    let (world, _) = at_fault(Fault::hang()).await;
    let mut settings = wechat_runtime::RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(200);
    let client = world.builder().refresh(settings).build().unwrap();
    hundred(&world, &client, ErrorKind::Timeout, 1..=2).await;
    // It was the token's path that did not answer: the call was never sent.
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.endpoint(), error.advice()), (Some(TOKEN), "the call may be sent again"), "{error}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = world.builder().base_url(format!("http://{nobody}")).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Connect, Some(TOKEN)));
    assert!(error.retry_after().unwrap() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_pauses_from_one_minute_to_ten() {
    for code in [40001, 40002, 40013, 40125, 41002, 41004] {
        let (world, client) = at_fault(Fault::errcode(code)).await;
        for pause in [60, 120, 240, 480, 600, 600] {
            hundred(&world, &client, ErrorKind::Configuration, pause..=pause).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_from_the_adapter_ends_a_wrong_configuration() {
    let world = World::new().await;
    world.shelf.set_secret(&world.appid, "a wrong one");
    let client = world.client();
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(40125));
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(40125));
    assert_eq!(world.asked(), 1);
    world.shelf.set_secret(&world.appid, SECRET);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_allowed_pauses_from_one_minute_to_ten_and_a_secret_changes_nothing() {
    for code in [40164, 61004, 89503] {
        let (world, client) = at_fault(Fault::errcode(code)).await;
        for pause in [60, 120, 240, 480, 600, 600] {
            hundred(&world, &client, ErrorKind::AddressNotAllowed, pause..=pause).await;
        }
        call(&client).await.unwrap_err();
        let asked = world.asked();
        world.shelf.set_secret(&world.appid, "another");
        call(&client).await.unwrap_err();
        assert_eq!(world.asked(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_must_see_to_pauses_for_its_own_time() {
    for (code, pause) in
        [(40243, 600), (50004, 600), (50007, 600), (89501, 60), (89507, 3600), (89506, 86_400)]
    {
        let (world, client) = at_fault(Fault::errcode(code)).await;
        for _ in 0..2 {
            hundred(&world, &client, ErrorKind::Frozen, pause..=pause).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minutes_quota_pauses_to_the_next_minute() {
    let (world, client) = at_fault(Fault::errcode(45011)).await;
    hundred(&world, &client, ErrorKind::Quota, 50..=62).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_quota_is_probed_once_an_hour_until_midnight_in_beijing() {
    let (world, client) = at_fault(Fault::errcode(45009)).await;
    for _ in 0..11 {
        hundred(&world, &client, ErrorKind::Quota, 3600..=3600).await;
    }
    // 23:00:10: the next probe is at midnight.
    hundred(&world, &client, ErrorKind::Quota, 3590..=3590).await;
    world.sim.clear_faults();
    call(&client).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleared_quota_ends_the_days_pause() {
    let world = World::new().await;
    let client = world.client();
    let token = client.fetch_access_token().await.unwrap();
    world.pass(7201);
    world.sim.fault(TOKEN, Fault::errcode(45009));
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    world.sim.clear_faults();
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009), "nobody has asked again");
    assert_eq!(world.asked(), 2);

    // With a token from elsewhere that still lives, the quota is cleared through the client.
    let live = world.account().rotate_elsewhere(wechat_simulator::Line::Stable);
    assert_ne!(live, token.access_token().expose());
    let now = world.sim.clock().unix();
    let other = wechat_integration_tests::Shelf::default();
    other.put(&world.appid, Token::new(TokenKind::Stable, live, now, 7200));
    let cleared =
        client.post("/cgi-bin/clear_quota").adapter_storage(other).json(&json!({ "appid": world.appid }));
    assert_eq!(cleared.send().await.unwrap().errcode(), Some(0));

    call(&client).await.unwrap();
    assert_eq!(world.asked(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_cleared_by_the_secret_ends_the_days_pause_without_any_token() {
    let (world, client) = at_fault(Fault::errcode(45009).times(1)).await;
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    let cleared = client.post("/cgi-bin/clear_quota/v2").send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0), "{cleared:?}");
    assert_eq!(world.query_of("/cgi-bin/clear_quota/v2", "appsecret"), [SECRET]);
    call(&client).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_cleared_with_the_callers_own_token_says_nothing_of_this_account() {
    let (world, client) = at_fault(Fault::errcode(45009)).await;
    call(&client).await.unwrap_err();
    let theirs = wechat_integration_tests::new_appid();
    world.sim.add_app(wechat_simulator::App::new(&theirs, SECRET)).unwrap();
    let token = world.sim.account(&theirs).unwrap().rotate_elsewhere(wechat_simulator::Line::Stable);
    let cleared = client.post("/cgi-bin/clear_quota").access_token(token).json(&json!({ "appid": theirs }));
    assert_eq!(cleared.send().await.unwrap().errcode(), Some(0));
    world.sim.clear_faults();
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_wrong_secrets_cost_one_call_each() {
    let world = World::new().await;
    let wrong = ["wrong", "wrong too"].map(|secret| {
        let shelf = wechat_integration_tests::Shelf::default();
        shelf.set_secret(&world.appid, secret);
        world.builder_on(wechat_runtime::Bound::new(shelf, ())).build().unwrap()
    });
    for _ in 0..10 {
        for client in &wrong {
            assert_eq!(call(client).await.unwrap_err().errcode(), Some(40125));
        }
    }
    assert_eq!(world.asked(), 2);
    call(&world.client()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_accounts_cool_down_is_not_anothers() {
    let (world, client) = at_fault(Fault::errcode(40164).times(1)).await;
    call(&client).await.unwrap_err();
    let second = wechat_integration_tests::new_appid();
    world.sim.add_app(wechat_simulator::App::new(&second, SECRET)).unwrap();
    world.shelf.set_secret(&second, SECRET);
    client.get(wechat_integration_tests::PATH).appid(&second).send().await.unwrap();
    call(&client).await.unwrap_err();

    let elsewhere = Simulator::builder().app(&world.appid, SECRET).start().await.unwrap();
    client.get(wechat_integration_tests::PATH).base_url(elsewhere.base_url()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_does_not_lengthen_a_pause() {
    let (world, client) = at_fault(Fault::errcode(40164)).await;
    call(&client).await.unwrap_err();
    world.sim.clock().set(std::time::UNIX_EPOCH + Duration::from_secs(NOON - 36_000));
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

/// What an account is granted is granted by its component's quota.
#[tokio::test(flavor = "multi_thread")]
async fn a_components_cleared_quota_ends_its_accounts_pauses() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.revoke();
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(45009).times(1));
    assert_eq!(call_for(&client, shop.appid()).await.unwrap_err().errcode(), Some(45009));
    let cleared = client.post("/cgi-bin/component/clear_quota/v2").send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0), "{cleared:?}");
    call_for(&client, shop.appid()).await.expect("the quota is cleared");
}
