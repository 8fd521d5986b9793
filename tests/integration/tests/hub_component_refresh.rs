//! A hub compares and refreshes what component applications call with: however many report or ask at once, WeChat is asked
//! once.

use axum::Router;
use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use wechat_integration_tests::asking::{Answer, BEARER, Served, ask, get, guarded, known, post};
use wechat_integration_tests::{AUTHORIZER_TOKEN, GETTICKET, Shops, http, in_time};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{Bound, Client, Component, TicketType, hub};
use wechat_simulator::{Fault, RefreshTokens, TicketType as Sort};

fn fetch(world: &Shops) -> Request<Body> {
    let (component, [shop, _]) = (&world.appid, &world.shops);
    known(get(&format!("/client/access_token?appid={component}&authorizer_appid={shop}")))
}

fn report(world: &Shops, stale: Option<&str>) -> Request<Body> {
    let (component, [shop, _]) = (&world.appid, &world.shops);
    let body = serde_json::json!({ "access_token": stale, "appid": component, "authorizer_appid": shop });
    known(post("/refresh/access_token", body.to_string()))
}

fn fetch_own(world: &Shops) -> Request<Body> {
    known(get(&format!("/client/component_access_token?appid={}", world.appid)))
}

fn report_own(world: &Shops, stale: Option<&str>) -> Request<Body> {
    let body = serde_json::json!({ "access_token": stale, "appid": world.appid });
    known(post("/client/refresh_component_access_token", body.to_string()))
}

fn ticket(world: &Shops, ticket_type: &str) -> Request<Body> {
    let (component, [shop, _]) = (&world.appid, &world.shops);
    let path = format!("/client/ticket?appid={component}&authorizer_appid={shop}&type={ticket_type}");
    known(get(&path))
}

fn hub(client: &Client<Component>) -> Router {
    hub::router(guarded().component(client))
}

/// A hub that has had both tokens for a minute, and the tokens: the component's own, and the account's.
async fn warm(world: &Shops) -> (Router, String, String) {
    let hub = hub(&world.client());
    let of_account = ask(&hub, fetch(world)).await.value();
    let own = ask(&hub, fetch_own(world)).await.value();
    world.pass(60);
    (hub, own, of_account)
}

/// All of them at once, each by a request of its own.
async fn at_once(hub: &Router, requests: impl Iterator<Item = Request<Body>>) -> Vec<String> {
    let tasks: Vec<_> = requests
        .map(|request| {
            let hub = hub.clone();
            tokio::spawn(async move { ask(&hub, request).await.value() })
        })
        .collect();
    join_all(tasks).await.into_iter().map(|value| value.expect("no question panics")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_of_one_accounts_token_cost_one_call() {
    let world = Shops::new().await;
    let (hub, _, stale) = warm(&world).await;
    world.shop().revoke();
    let before = world.asked();
    let values = at_once(&hub, (0..200).map(|_| report(&world, Some(&stale)))).await;
    let current = world.shop().current_token().unwrap();
    assert_ne!(current, stale);
    assert!(values.iter().all(|value| *value == current));
    assert_eq!(world.tokens_issued(), (1, 2));
    assert_eq!(world.asked(), [before[0], before[1] + 1, before[2]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_of_a_components_token_cost_one_call() {
    let world = Shops::new().await;
    let (hub, stale, of_account) = warm(&world).await;
    world.component().revoke();
    let before = world.asked();
    let values = at_once(&hub, (0..200).map(|_| report_own(&world, Some(&stale)))).await;
    let current = world.component().current_token().unwrap();
    assert_ne!(current, stale);
    assert!(values.iter().all(|value| *value == current));
    assert_eq!(world.tokens_issued(), (2, 1));
    assert_eq!(world.asked(), [before[0] + 1, before[1], before[2]]);
    assert_eq!(ask(&hub, fetch(&world)).await.value(), of_account, "the account's is another");
}

/// All of them come at different times to the token that is bought with, and none fails by another's.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_of_an_accounts_token_where_the_components_is_refused_too_cost_one_of_each() {
    for _ in 0..10 {
        let world = Shops::new().await;
        let (hub, _, stale) = warm(&world).await;
        world.component().revoke();
        world.shop().revoke();
        let values = at_once(&hub, (0..200).map(|_| report(&world, Some(&stale)))).await;
        let current = world.shop().current_token().unwrap();
        assert!(values.iter().all(|value| *value == current));
        assert_eq!(world.tokens_issued(), (2, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_ask_for_a_ticket_where_both_tokens_are_refused_cost_one_of_each() {
    for _ in 0..10 {
        let world = Shops::new().await;
        let (hub, _, _) = warm(&world).await;
        world.component().revoke();
        world.shop().revoke();
        let values = at_once(&hub, (0..200).map(|_| ticket(&world, "jsapi"))).await;
        assert!(values.iter().all(|value| *value == values[0]));
        let tickets = world.sim.ledger().tickets_issued(&world.shops[0], Sort::Jsapi);
        assert_eq!((world.tokens_issued(), tickets), ((2, 2), 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_ask_for_what_is_not_there_cost_one_of_each() {
    let world = Shops::new().await;
    let hub = hub(&world.client());
    let question = |number| match number % 6 {
        0 => fetch(&world),
        1 => report(&world, None),
        2 => fetch_own(&world),
        3 => report_own(&world, None),
        4 => ticket(&world, "jsapi"),
        _ => ticket(&world, "wx_card"),
    };
    let values = at_once(&hub, (0..200).map(question)).await;
    let of_account = world.shop().current_token().unwrap();
    let own = world.component().current_token().unwrap();
    let mut kinds = vec![of_account.clone(), of_account, own.clone(), own];
    for ticket_type in [TicketType::JSAPI, TicketType::WX_CARD] {
        let stored = world.cabinet.fetch_ticket(&world.appid, &world.shops[0], &ticket_type, &()).await;
        kinds.push(stored.unwrap().unwrap().ticket().expose().to_owned());
    }
    for (number, value) in values.iter().enumerate() {
        assert_eq!(*value, kinds[number % 6], "{number}");
    }
    assert_eq!((world.tokens_issued(), world.asked(), world.calls(GETTICKET)), ((1, 1), [1, 1, 1], 2));
}

#[tokio::test]
async fn a_report_of_what_is_not_current_gets_the_live_one_and_costs_nothing() {
    let world = Shops::new().await;
    let (hub, own, of_account) = warm(&world).await;
    let before = world.sim.ledger().calls().count();
    // The other's token is not current either.
    for stale in [Some("OLD"), Some(""), Some(&*own), None] {
        assert_eq!(ask(&hub, report(&world, stale)).await.value(), of_account, "{stale:?}");
    }
    for stale in [Some("OLD"), Some(""), Some(&*of_account), None] {
        assert_eq!(ask(&hub, report_own(&world, stale)).await.value(), own, "{stale:?}");
    }
    assert_eq!(world.sim.ledger().calls().count(), before);
}

#[tokio::test]
async fn one_that_was_granted_a_moment_ago_is_not_replaced_and_it_is_told_when() {
    let world = Shops::new().await;
    let hub = hub(&world.client());
    let young = ask(&hub, fetch(&world)).await.value();
    let young_own = ask(&hub, fetch_own(&world)).await.value();
    for answer in
        [ask(&hub, report(&world, Some(&young))).await, ask(&hub, report_own(&world, Some(&young_own))).await]
    {
        assert_eq!(answer.why(), (429, "fail_fetch_access_token".to_owned()));
        assert_eq!(answer.retry_after(), Some(30));
    }
    assert_eq!(world.tokens_issued(), (1, 1));
}

#[tokio::test]
async fn a_components_token_that_is_refused_when_an_accounts_is_bought_is_replaced_once() {
    let world = Shops::new().await;
    let (hub, own, of_account) = warm(&world).await;
    world.component().revoke();
    world.shop().revoke();
    let fresh = ask(&hub, report(&world, Some(&of_account))).await.value();
    assert_eq!(world.shop().current_token(), Some(fresh));
    let fresh_own = ask(&hub, fetch_own(&world)).await.value();
    assert_ne!(fresh_own, own);
    assert_eq!(world.component().current_token(), Some(fresh_own));
    assert_eq!(world.tokens_issued(), (2, 2));
}

/// Whatever WeChat does with refresh tokens, they are kept, and no answer has one.
#[tokio::test]
async fn an_accounts_token_is_replaced_again_and_again_whatever_becomes_of_its_refresh_token() {
    for how in [RefreshTokens::Unchanged, RefreshTokens::Rotated, RefreshTokens::Omitted, RefreshTokens::Null]
    {
        let world = Shops::new().await;
        world.component().set_refresh_tokens(how);
        let (hub, _, mut value) = warm(&world).await;
        for _ in 0..3 {
            world.shop().revoke();
            let answer = ask(&hub, report(&world, Some(&value))).await;
            assert_eq!(Some(answer.value()), world.shop().current_token(), "{how:?}");
            assert!(!answer.text().contains("refreshtoken"), "{how:?}: {answer:?}");
            value = answer.value();
            world.pass(60);
        }
        assert_eq!(world.asked(), [1, 4, 1], "{how:?}: the list is read for the first one alone");
    }
}

// A relay: a hub whose storage is a client of another.

struct Relay {
    world: Shops,
    _hub: Served,
    router: Router,
}

impl Relay {
    async fn of(world: Shops) -> Self {
        let served = Served::new(guarded().component(&world.client())).await;
        let storage = HubClient::new(served.url()).bearer(BEARER).http(http);
        let client = world.builder_on(Bound::new(storage, ())).build().unwrap();
        Self { router: hub(&client), _hub: served, world }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        in_time(ask(&self.router, request)).await
    }
}

#[tokio::test]
async fn a_relay_passes_on_what_the_hub_has_as_it_is() {
    let relay = Relay::of(Shops::new().await).await;
    let world = &relay.world;
    let granted = world.sim.clock().unix();
    for (request, again) in
        [(fetch(world), report(world, Some("OLD"))), (fetch_own(world), report_own(world, None))]
    {
        let answer = relay.ask(request).await;
        let value = answer.value();
        let body = format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{granted}}}"#);
        assert_eq!(answer.text(), body);
        assert_eq!(relay.ask(again).await.text(), body);
    }
    let bought = relay.ask(ticket(world, "jsapi")).await;
    assert!(bought.text().ends_with(&format!(r#""timestamp":{granted},"type":"jsapi"}}"#)), "{bought:?}");
    assert_eq!((world.tokens_issued(), world.asked()), ((1, 1), [1, 1, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_to_a_relay_cost_one_token() {
    let relay = Relay::of(Shops::new().await).await;
    let world = &relay.world;
    let of_account = relay.ask(fetch(world)).await.value();
    let own = relay.ask(fetch_own(world)).await.value();
    world.pass(60);
    world.component().revoke();
    world.shop().revoke();
    let reports = (0..200).map(|number| match number % 2 {
        0 => report(world, Some(&of_account)),
        _ => report_own(world, Some(&own)),
    });
    let values = at_once(&relay.router, reports).await;
    let current = [world.shop().current_token(), world.component().current_token()];
    for (number, value) in values.into_iter().enumerate() {
        assert_eq!(Some(value), current[number % 2]);
    }
    assert_eq!(world.tokens_issued(), (2, 2));
}

#[tokio::test]
async fn a_relay_passes_on_the_hubs_words_and_wechats_errors() {
    let relay = Relay::of(Shops::without_ticket().await).await;
    let world = &relay.world;
    for request in [fetch(world), report(world, Some("OLD")), fetch_own(world), ticket(world, "jsapi")] {
        let answer = relay.ask(request).await;
        assert_eq!(answer.why(), (503, "verify_ticket_not_found".to_owned()));
        assert_eq!(answer.retry_after(), Some(600));
    }

    world.keep_ticket().await;
    let path = format!("/client/access_token?appid={}&authorizer_appid=wxnone", world.appid);
    let answer = relay.ask(known(get(&path))).await;
    assert_eq!(answer.why(), (404, "invalid_authorizer_appid".to_owned()));
    assert_eq!(answer.retry_after(), Some(600));

    let answer = relay.ask(known(get("/client/component_access_token?appid=wxnone"))).await;
    assert_eq!(answer.trouble().errcode, Some(40013));
    assert_eq!(answer.trouble().reason(), "invalid_config");

    for (code, reason) in [(61003, "null"), (61023, r#""invalid_component_refresh_token""#)] {
        let relay = Relay::of(Shops::new().await).await;
        let path = AUTHORIZER_TOKEN;
        relay.world.sim.fault(path, Fault::errcode_with(code, "so it says rid: 1"));
        let body = format!(
            r#"{{"errcode":{code},"message":"so it says rid: 1","reason":{reason},"http_status":200}}"#
        );
        for request in [fetch(&relay.world), report(&relay.world, Some("OLD"))] {
            let answer = relay.ask(request).await;
            answer.trouble();
            assert_eq!((answer.status, answer.text(), answer.retry_after()), (502, &*body, Some(600)));
        }
    }
}
