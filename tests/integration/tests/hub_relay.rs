//! A hub whose storage is another hub passes on what that one says: credentials, WeChat's errors, and the words for them.

use std::time::Duration;

use axum::Router;
use wechat_integration_tests::asking::{Answer, BEARER, Served, ask, get, known, open, post};
use wechat_integration_tests::{World, http};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::hub::{self, Access, Peer, Settings};
use wechat_runtime::{Bound, ClientBuilder, Common};
use wechat_simulator::{Fault, Line};

const STABLE: &str = "/cgi-bin/stable_token";

/// A hub, and one that asks it.
struct Relay {
    world: World,
    _hub: Served,
    router: Router,
}

impl Relay {
    async fn new() -> Self {
        let world = World::new().await;
        let hub = Served::new(open(&world.client())).await;
        let router = relay(client(&world, HubClient::new(hub.url()).bearer(BEARER)));
        Self { world, _hub: hub, router }
    }

    async fn token(&self) -> Answer {
        let path = format!("/client/access_token?appid={}", self.world.appid);
        ask(&self.router, known(get(&path))).await
    }

    async fn ticket(&self) -> Answer {
        let path = format!("/client/ticket?type=jsapi&appid={}", self.world.appid);
        ask(&self.router, known(get(&path))).await
    }

    async fn another(&self, stale: &str) -> Answer {
        let body = format!(r#"{{"access_token":"{stale}","appid":"{}"}}"#, self.world.appid);
        ask(&self.router, known(post("/refresh/access_token", body))).await
    }
}

/// A client of a hub, which keeps what it has for itself.
fn client(world: &World, storage: HubClient) -> ClientBuilder<Common> {
    world.builder_on(Bound::new(storage.http(http), ()))
}

fn relay(client: ClientBuilder<Common>) -> Router {
    hub::router(open(&client.build().unwrap()))
}

#[tokio::test]
async fn a_credential_is_passed_on_as_it_is() {
    let relay = Relay::new().await;
    let (world, appid) = (&relay.world, &relay.world.appid);
    let granted = world.sim.clock().unix();
    let token = relay.token().await;
    let value = world.shelf.value(appid).unwrap();
    let body = format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{granted}}}"#);
    assert_eq!(token.text(), body);
    world.pass(100);
    assert_eq!(relay.token().await.text(), body, "as old as it is");
    assert_eq!(relay.another("OLD").await.text(), body);
    assert_eq!(relay.ticket().await.value(), relay.ticket().await.value());
    assert_eq!((world.asked(), world.calls("/cgi-bin/ticket/getticket")), (1, 1));

    world.account().revoke(Line::Stable);
    let other = relay.another(&value).await.value();
    assert_eq!(world.shelf.value(appid), Some(other));
    assert_eq!(world.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_to_a_relay_cost_one_token() {
    let relay = Relay::new().await;
    let value = relay.token().await.value();
    relay.world.pass(60);
    relay.world.account().revoke(Line::Stable);
    let current = relay.world.shelf.value(&relay.world.appid);
    let answers = (0..200).map(|_| {
        let body = format!(r#"{{"access_token":"{value}","appid":"{}"}}"#, relay.world.appid);
        let router = relay.router.clone();
        tokio::spawn(async move { ask(&router, known(post("/refresh/access_token", body))).await.value() })
    });
    let answers: Vec<_> = answers.collect();
    for answer in answers {
        assert_ne!(answer.await.unwrap(), value);
    }
    assert_ne!(relay.world.shelf.value(&relay.world.appid), current);
    assert_eq!(relay.world.issued(), 2);
}

#[tokio::test]
async fn wechats_errors_and_the_words_for_them_are_passed_on() {
    for (code, reason) in
        [(40013, "null"), (40164, "null"), (61004, r#""invalid_clientip""#), (45009, "null")]
    {
        let relay = Relay::new().await;
        relay.world.sim.fault(STABLE, Fault::errcode_with(code, "so it says rid: 1"));
        let body = format!(
            r#"{{"errcode":{code},"message":"so it says rid: 1","reason":{reason},"http_status":200}}"#
        );
        let answers = [relay.token().await, relay.ticket().await, relay.another("OLD").await];
        for answer in answers {
            answer.trouble();
            assert_eq!(answer.text(), body);
            assert!((60..=3600).contains(&answer.retry_after().unwrap()), "the hub's pause is known");
        }
        assert_eq!(relay.world.asked(), 1);
    }
}

#[tokio::test]
async fn an_account_that_the_hub_has_no_secret_of_is_so_for_the_relays_clients() {
    let relay = Relay::new().await;
    let answer = ask(&relay.router, known(get("/client/access_token?appid=wxnone"))).await;
    assert_eq!(answer.trouble().errcode, Some(40013));
    assert_eq!(answer.trouble().reason(), "invalid_config");
    assert!(answer.trouble().message().contains("no secret"));
}

#[tokio::test]
async fn a_hub_in_trouble_is_the_relays_in_the_same_words() {
    let relay = Relay::new().await;
    relay.world.shelf.fail_reads(true);
    assert_eq!(relay.token().await.why(), (503, "fail_fetch_access_token".to_owned()));
    assert_eq!(relay.another("OLD").await.why(), (503, "fail_fetch_access_token".to_owned()));
    assert_eq!(relay.ticket().await.why(), (503, "fail_fetch_ticket".to_owned()));
    relay.world.shelf.fail_reads(false);
    assert_eq!(relay.token().await.status, 200);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lost = self::relay(client(&relay.world, HubClient::new(format!("http://{nobody}")).bearer(BEARER)));
    let answer = ask(&lost, known(get("/client/access_token?appid=wxtest"))).await;
    assert_eq!(answer.why(), (503, "fail_fetch_access_token".to_owned()));
}

#[tokio::test]
async fn what_the_hub_refuses_to_the_relay_is_no_fault_of_an_appid() {
    let world = World::new().await;
    let held = Peer::by_bearer("held", BEARER).unwrap().appids(["wxother"]).refreshes_per_minute(0);
    let hub = Served::new(Settings::new(Access::new().peer(held)).common(&world.client())).await;
    let path = format!("/client/access_token?appid={}", world.appid);
    let url = hub.url();
    for (storage, status, reason) in [
        (HubClient::new(&url).bearer(BEARER), 502, "invalid_request"),
        (HubClient::new(&url).bearer("another-bearer-0123456789"), 502, "invalid_request"),
        (HubClient::new(&url), 502, "invalid_request"),
        // Settings of the relay's own that are wrong.
        (HubClient::new(&url).bearer(""), 500, "invalid_config"),
        (HubClient::new("no URL").bearer(BEARER), 500, "invalid_config"),
    ] {
        let shown = format!("{storage:?}");
        let relay = relay(client(&world, storage));
        let answer = ask(&relay, known(get(&path))).await;
        let trouble = answer.trouble();
        assert_eq!((answer.status, trouble.errcode, trouble.reason()), (status, None, reason), "{shown}");
        assert!(!trouble.message().contains(BEARER));
    }
    // One that reports too much is told so, and when it may again.
    world.shelf.put_value("wxother", "T1", world.sim.clock().unix());
    let relay = relay(client(&world, HubClient::new(&url).bearer(BEARER)));
    let report = post("/refresh/access_token", r#"{"access_token":"T1","appid":"wxother"}"#);
    let answer = ask(&relay, known(report)).await;
    assert_eq!((answer.status, answer.retry_after()), (429, Some(60)));
    answer.trouble();
}

/// A declared `expires_in` is not applied to what a hub says, so that a relay's client is not told it either.
#[tokio::test]
async fn a_relays_own_cap_does_not_make_its_answers_older_than_they_are() {
    let world = World::new().await;
    let hub = Served::new(open(&world.client())).await;
    let storage = HubClient::new(hub.url()).bearer(BEARER);
    let relay = relay(client(&world, storage).expires_in(Duration::from_secs(600)));
    let path = format!("/client/access_token?appid={}", world.appid);
    ask(&relay, known(get(&path))).await.value();
    let granted = world.sim.clock().unix();
    world.pass(1000);
    let value = world.shelf.value(&world.appid).unwrap();
    let body = format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{granted}}}"#);
    assert_eq!(ask(&relay, known(get(&path))).await.text(), body);
    assert_eq!(world.issued(), 1);
}
