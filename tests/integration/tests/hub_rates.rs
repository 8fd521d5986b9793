//! How often one may report to a hub: so many in a minute, each peer for itself, by the hub's clock.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{Answer, BEARER, ask, from, get, known, post, with};
use wechat_runtime::hub::{self, Access, Operation, Peer, Settings};

const REFRESH: &str = "/refresh/access_token";

/// A world whose hub has a live token of `wxtest`.
async fn stocked() -> World {
    let world = World::new().await;
    world.shelf.put_value("wxtest", "T1", world.sim.clock().unix());
    world
}

fn hub(world: &World, peers: impl IntoIterator<Item = Peer>) -> Router {
    let access = peers.into_iter().fold(Access::new(), Access::peer);
    hub::router(Settings::new(access).common(&world.client()))
}

fn peer(per_minute: u32) -> Peer {
    Peer::by_bearer("tests", BEARER).unwrap().refreshes_per_minute(per_minute)
}

fn report(appid: &str) -> Request<Body> {
    post(REFRESH, format!(r#"{{"access_token":"OLD","appid":"{appid}"}}"#))
}

/// How many reports in a row are answered, out of at most so many; and what the first that is not is told.
async fn allowed(hub: &Router, most: usize) -> (usize, Option<Answer>) {
    for count in 0..most {
        let answer = ask(hub, known(report("wxtest"))).await;
        if answer.status != 200 {
            return (count, Some(answer));
        }
    }
    (most, None)
}

fn check_too_many(answer: &Answer, retry_after: u64) {
    assert_eq!(answer.why(), (429, "invalid_request".to_owned()));
    assert_eq!(answer.retry_after(), Some(retry_after));
    let trouble = answer.trouble();
    assert!(trouble.message().contains("slow down"), "{trouble:?}");
    assert_eq!((trouble.errcode, trouble.http_status), (None, None));
}

#[tokio::test]
async fn a_minutes_reports_may_come_at_once_and_one_more_is_told_when_to_come() {
    let world = stocked().await;
    let hub = hub(&world, [peer(5)]);
    let (count, refused) = allowed(&hub, 10).await;
    assert_eq!(count, 5);
    check_too_many(&refused.unwrap(), 12);
    world.pass(11);
    let (count, refused) = allowed(&hub, 10).await;
    assert_eq!(count, 0);
    check_too_many(&refused.unwrap(), 1);
    // One comes back each time that a fifth of a minute has passed, and none for having been refused.
    for _ in 0..3 {
        world.pass(1);
        let (count, refused) = allowed(&hub, 10).await;
        assert_eq!(count, 1);
        check_too_many(&refused.unwrap(), 12);
        world.pass(11);
    }
    world.pass(3600);
    assert_eq!(allowed(&hub, 10).await.0, 5, "no more are saved up than a minute's");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn any_number_a_minute_is_that_number() {
    let world = stocked().await;
    for per_minute in [0, 1, 7, 60, 299, 700, 1999] {
        let hub = hub(&world, [peer(per_minute)]);
        let (count, refused) = allowed(&hub, 2100).await;
        assert_eq!(count, per_minute as usize);
        let most = 60_u32.checked_div(per_minute).map_or(60, |share| share + 1);
        assert!((1..=u64::from(most)).contains(&refused.unwrap().retry_after().unwrap()), "{per_minute}");
    }
    let hub = hub(&world, [Peer::by_bearer("tests", BEARER).unwrap()]);
    assert_eq!(allowed(&hub, 1000).await.0, 600, "what is documented");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_is_exact_whoever_comes_at_once() {
    let world = stocked().await;
    let hub = hub(&world, [peer(20)]);
    let tasks = (0..100).map(|_| {
        let hub = hub.clone();
        tokio::spawn(async move { ask(&hub, known(report("wxtest"))).await.status })
    });
    let statuses: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let count = |status| statuses.iter().filter(|got| **got == status).count();
    assert_eq!((count(200), count(429)), (20, 80));
}

#[tokio::test]
async fn ones_limit_is_not_anothers_and_not_that_of_other_questions() {
    let world = stocked().await;
    let other = Peer::by_bearer("another", "another-bearer-0123456789").unwrap().refreshes_per_minute(2);
    let shop = Peer::by_network("the old shop", ["10.0.0.0/8"]).unwrap().refreshes_per_minute(3);
    let hub = hub(&world, [peer(1), other, shop]);
    assert_eq!(allowed(&hub, 10).await.0, 1);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let bearer = "Bearer another-bearer-0123456789";
        statuses.push(ask(&hub, with(report("wxtest"), "authorization", bearer)).await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
    // Of a network, each address is counted by itself.
    for number in 1..5 {
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(ask(&hub, from(report("wxtest"), &format!("10.0.0.{number}"))).await.status);
        }
        assert_eq!(statuses, [200, 200, 200, 429], "{number}");
    }
    for _ in 0..10 {
        assert_eq!(ask(&hub, known(get("/client/access_token?appid=wxtest"))).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_refused_before_costs_nothing() {
    let world = stocked().await;
    let held = || peer(2).appids(["wxtest"]);
    let hub = hub(&world, [held(), Peer::by_network("nobody", ["192.0.2.1"]).unwrap()]);
    let long = post(REFRESH, " ".repeat(17 * 1024));
    for (request, status) in [
        (known(report("wxother")), 403),
        (known(post(REFRESH, "{")), 400),
        (known(post(REFRESH, r#"{"appid":"wxtest"}"#)), 400),
        (known(long), 413),
        (report("wxtest"), 401),
        (with(report("wxtest"), "authorization", "Bearer another-bearer-0123456789"), 401),
        (known(get(REFRESH)), 405),
        (known(get("/client/access_token?appid=wxtest")), 200),
    ] {
        assert_eq!(ask(&hub, request).await.status, status);
    }
    assert_eq!(allowed(&hub, 10).await.0, 2);

    let hub = self::hub(&world, [peer(2).operations([Operation::Fetch])]);
    for _ in 0..10 {
        assert_eq!(
            ask(&hub, known(report("wxtest"))).await.status,
            403,
            "what one may not do is not counted"
        );
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_shuts_nobody_out_for_long() {
    let world = stocked().await;
    let hub = hub(&world, [peer(6)]);
    let begin = world.sim.clock().now();
    assert_eq!(allowed(&hub, 10).await.0, 6);
    world.sim.clock().set(begin - Duration::from_secs(86_400));
    let (count, refused) = allowed(&hub, 10).await;
    assert_eq!(count, 0);
    check_too_many(&refused.unwrap(), 10);
    world.pass(10);
    assert_eq!(allowed(&hub, 10).await.0, 1);
    world.pass(60);
    assert_eq!(allowed(&hub, 10).await.0, 6);
}
