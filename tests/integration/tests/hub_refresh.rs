//! A hub compares and refreshes: however many report or ask at once, WeChat is asked once.

use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{Answer, BEARER, Served, ask, from, get, known, open, post};
use wechat_runtime::hub::{self, Access, Peer, Settings};
use wechat_runtime::{Client, Common, TicketType, TokenKind};
use wechat_simulator::{Fault, Line, TicketType as Sort};

const STABLE: &str = "/cgi-bin/stable_token";
const GETTICKET: &str = "/cgi-bin/ticket/getticket";

fn report(appid: &str, stale: Option<&str>) -> http::Request<axum::body::Body> {
    let body = serde_json::json!({ "access_token": stale, "appid": appid });
    post("/refresh/access_token", body.to_string())
}

async fn token(hub: &Router, appid: &str) -> Answer {
    ask(hub, known(get(&format!("/client/access_token?appid={appid}")))).await
}

/// A hub that has had its token for a minute, and the token.
async fn warm(world: &World, client: &Client<Common>) -> (Router, String) {
    let hub = hub::router(open(client));
    let value = token(&hub, &world.appid).await.value();
    world.pass(60);
    (hub, value)
}

/// As many at once as there are numbers, each by a request of its own.
async fn at_once<F>(count: usize, one: impl Fn(usize) -> F) -> Vec<String>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(one(number))).collect();
    let answers = join_all(tasks).await;
    answers.into_iter().map(|answer| answer.expect("no question panics").value()).collect()
}

/// Who asks, how, and in which of two routers of one client makes no difference.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reports_of_one_token_by_different_callers_cost_one() {
    let world = World::new().await;
    let client = world.client();
    let peers = (0..10).map(|number| Peer::by_bearer("one of ten", format!("{BEARER}-{number}")).unwrap());
    let access = peers.fold(Access::new(), Access::peer);
    let access = access.peer(Peer::by_network("ten more", ["10.0.0.0/8", "127.0.0.1"]).unwrap());
    let settings = Settings::new(access).common(&client);
    let (_, stale) = warm(&world, &client).await;
    world.account().revoke(Line::Stable);
    let routers = [hub::router(settings.clone()), hub::router(settings.clone())];
    let served = Served::new(settings).await;

    let appid = world.appid.clone();
    let values = at_once(200, |number| {
        let (router, address) = (routers[number % 2].clone(), served.address);
        let (appid, stale) = (appid.clone(), stale.clone());
        async move {
            let report = report(&appid, Some(&stale));
            match number % 4 {
                0 | 1 => {
                    let bearer = format!("Bearer {BEARER}-{}", number % 10);
                    ask(&router, wechat_integration_tests::asking::with(report, "authorization", &bearer))
                        .await
                }
                2 => ask(&router, from(report, &format!("10.0.0.{number}"))).await,
                _ => {
                    let body = format!(r#"{{"access_token":"{stale}","appid":"{appid}"}}"#);
                    let length = body.len();
                    let head = "POST /refresh/access_token HTTP/1.1\r\nhost: hub\r\n";
                    let mut line = wechat_integration_tests::asking::Line::to(address).await;
                    line.ask(format!("{head}content-length: {length}\r\n\r\n{body}")).await
                }
            }
        }
    })
    .await;
    let current = world.shelf.value(&world.appid).unwrap();
    assert_ne!(current, stale);
    assert!(values.iter().all(|value| *value == current));
    assert_eq!((world.issued(), world.asked()), (2, 2));
}

#[tokio::test]
async fn a_report_of_what_is_not_current_gets_the_live_one_and_costs_nothing() {
    let world = World::new().await;
    let (hub, live) = warm(&world, &world.client()).await;
    for stale in [Some("OLD"), Some(""), Some("the token of another account"), None] {
        assert_eq!(ask(&hub, known(report(&world.appid, stale))).await.value(), live, "{stale:?}");
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_report_where_there_is_none_that_lives_is_a_fetch() {
    for stale in [Some("OLD"), None] {
        let world = World::new().await;
        let hub = hub::router(open(&world.client()));
        let first = ask(&hub, known(report(&world.appid, stale))).await.value();
        assert_eq!((world.shelf.value(&world.appid), world.issued()), (Some(first.clone()), 1), "{stale:?}");
        world.pass(7200);
        assert_ne!(ask(&hub, known(report(&world.appid, stale))).await.value(), first, "{stale:?}");
        assert_eq!(world.issued(), 2);
    }
}

#[tokio::test]
async fn one_that_was_granted_a_moment_ago_is_not_replaced_and_it_is_told_when() {
    let world = World::new().await;
    let hub = hub::router(open(&world.client()));
    let young = token(&hub, &world.appid).await.value();
    for (left, after) in [(30, 10), (20, 19), (1, 1)] {
        let answer = ask(&hub, known(report(&world.appid, Some(&young)))).await;
        assert_eq!(answer.why(), (429, "fail_fetch_access_token".to_owned()));
        assert_eq!(answer.retry_after(), Some(left));
        assert_eq!(token(&hub, &world.appid).await.value(), young, "the live one is served meanwhile");
        world.pass(after);
    }
    assert_eq!(world.asked(), 1);
    world.account().revoke(Line::Stable);
    assert_ne!(ask(&hub, known(report(&world.appid, Some(&young)))).await.value(), young);
    assert_eq!(world.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_ask_for_what_is_not_there_cost_one_of_each() {
    let world = World::new().await;
    let hub = hub::router(open(&world.client()));
    let appid = world.appid.clone();
    let asked = at_once(200, |number| {
        let (hub, appid) = (hub.clone(), appid.clone());
        async move {
            match number % 4 {
                0 => token(&hub, &appid).await,
                1 => ask(&hub, known(report(&appid, None))).await,
                2 => ask(&hub, known(get(&format!("/client/ticket?type=jsapi&appid={appid}")))).await,
                _ => ask(&hub, known(get(&format!("/client/ticket?type=wx_card&appid={appid}")))).await,
            }
        }
    })
    .await;
    let ticket = |of| world.shelf.ticket(&world.appid, &of).map(|ticket| ticket.ticket().expose().to_owned());
    let token = world.shelf.value(&world.appid);
    let kinds = [token.clone(), token, ticket(TicketType::JSAPI), ticket(TicketType::WX_CARD)];
    for (number, value) in asked.iter().enumerate() {
        assert_eq!(Some(value), kinds[number % 4].as_ref());
    }
    let ledger = world.sim.ledger();
    let tickets = [Sort::Jsapi, Sort::WxCard].map(|of| ledger.tickets_issued(&world.appid, of));
    assert_eq!((world.issued(), tickets, world.calls(GETTICKET)), (1, [1, 1], 2));
}

#[tokio::test]
async fn the_life_that_was_declared_is_the_one_that_clients_are_told_and_the_hub_keeps_to() {
    let world = World::new().await;
    let client = world.builder().expires_in(Duration::from_secs(600)).build().unwrap();
    let hub = hub::router(open(&client));
    let first = token(&hub, &world.appid).await;
    let ticket = || ask(&hub, known(get(&format!("/client/ticket?type=jsapi&appid={}", world.appid))));
    let first_ticket = ticket().await;
    for answer in [&first, &first_ticket, &ask(&hub, known(report(&world.appid, Some("OLD")))).await] {
        assert!(answer.text().contains(r#""expires_in":600,"#), "{answer:?}");
    }
    assert_eq!(
        world.shelf.token(&world.appid).unwrap().expires_in(),
        7200,
        "what is stored is WeChat's word"
    );
    world.pass(601);
    // WeChat gives the same stable token out while it lives, and its tickets: with the time that is left.
    for answer in [token(&hub, &world.appid).await, ticket().await] {
        let now = world.sim.clock().unix();
        assert!(answer.text().contains(r#""expires_in":600,"#), "{answer:?}");
        assert!(answer.text().contains(&format!(r#""timestamp":{now}"#)), "{answer:?}");
    }
    assert_eq!((world.asked(), world.calls(GETTICKET)), (2, 2));

    // Where less is granted than was declared, that is the truth.
    let world = World::new().await;
    world.account().set_expires_in(300);
    let hub = hub::router(open(&world.builder().expires_in(Duration::from_secs(600)).build().unwrap()));
    assert!(token(&hub, &world.appid).await.text().contains(r#""expires_in":300,"#));
}

#[tokio::test]
async fn the_kind_of_token_that_was_declared_is_the_one_that_is_handed_out() {
    for (kind, line, other) in
        [(TokenKind::Stable, Line::Stable, Line::Classic), (TokenKind::Classic, Line::Classic, Line::Stable)]
    {
        let world = World::new().await;
        let client = world.builder().token(kind).build().unwrap();
        let (hub, value) = warm(&world, &client).await;
        assert_eq!(world.account().current_token(line), Some(value.clone()));
        world.account().revoke(line);
        let fresh = ask(&hub, known(report(&world.appid, Some(&value)))).await.value();
        assert_eq!(world.account().current_token(line), Some(fresh));
        let ledger = world.sim.ledger();
        assert_eq!((ledger.issued(&world.appid, line), ledger.issued(&world.appid, other)), (2, 0));
    }
}

#[tokio::test]
async fn an_ageing_one_is_served_and_replaced_behind_the_callers_backs() {
    let world = World::new().await;
    let hub = hub::router(open(&world.client()));
    let old = token(&hub, &world.appid).await.value();
    world.pass(7200 - 200);
    world.sim.fault(STABLE, Fault::hang());
    assert_eq!(token(&hub, &world.appid).await.value(), old);
    world.sim.arrived(STABLE, 2).await;
    assert_eq!(token(&hub, &world.appid).await.value(), old, "nobody waits");
    world.sim.clear_faults();
    world.shelf.saved(2).await;
    assert_ne!(token(&hub, &world.appid).await.value(), old);
    assert_eq!(world.issued(), 2);
}

#[tokio::test]
async fn one_who_goes_away_does_not_end_what_others_wait_for() {
    let world = World::new().await;
    let hub = hub::router(open(&world.client()));
    world.sim.fault(STABLE, Fault::hang());
    let question = |hub: Router, appid: String| async move { token(&hub, &appid).await };
    let leader = tokio::spawn(question(hub.clone(), world.appid.clone()));
    world.sim.arrived(STABLE, 1).await;
    let waiter = tokio::spawn(question(hub.clone(), world.appid.clone()));
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    world.sim.clear_faults();
    let value = waiter.await.unwrap().value();
    assert_eq!((world.shelf.value(&world.appid), world.asked()), (Some(value), 1));
}
