//! Who may ask a hub, and for what: those that are listed, what they are listed for, and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{HeaderValue, Request};
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{Answer, BEARER, Served, ask, from, get, known, open, post, with};
use wechat_runtime::hub::{self, Access, Operation, Peer, Settings};
use wechat_runtime::{ErrorKind, Ticket, TicketType};

const REFRESH: &str = "/refresh/access_token";

/// The five questions of the protocol, and what one has to be allowed to ask them.
fn questions(appid: &str) -> [(Request<Body>, &'static [Operation]); 5] {
    let report = || format!(r#"{{"access_token":"OLD","appid":"{appid}"}}"#);
    [
        (get(&format!("/client/access_token?appid={appid}")), &[Operation::Fetch]),
        (post(REFRESH, report()), &[Operation::Refresh]),
        (get(&format!("/client/ticket?appid={appid}&type=jsapi")), &[Operation::Ticket]),
        (get(&format!("/client/component_access_token?appid={appid}")), &[Operation::ComponentToken]),
        (
            post("/client/refresh_component_access_token", report()),
            &[Operation::ComponentToken, Operation::Refresh],
        ),
    ]
}

fn hub(world: &World, peers: impl IntoIterator<Item = Peer>) -> Router {
    let access = peers.into_iter().fold(Access::new(), Access::peer);
    hub::router(Settings::new(access).common(&world.client()))
}

fn peer() -> Peer {
    Peer::by_bearer("tests", BEARER).unwrap()
}

fn check_stranger(answer: &Answer) {
    assert_eq!(answer.why(), (401, "invalid_request".to_owned()));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let trouble = answer.trouble();
    assert_eq!((trouble.errcode, trouble.http_status), (None, None));
    assert!(trouble.message().contains("bearer token"));
}

/// A token that is live, so that whoever is let in is answered with it.
async fn stocked() -> World {
    let world = World::new().await;
    let now = world.sim.clock().unix();
    world.shelf.put_value("wxtest", "T1", now);
    world.shelf.put_ticket("wxtest", Ticket::new(TicketType::JSAPI, "TICKET-jsapi", now, 7200));
    world
}

#[tokio::test]
async fn nobody_may_ask_by_default() {
    let world = stocked().await;
    assert!(Access::new().is_empty() && Access::default().is_empty());
    let hub = hub(&world, []);
    for (request, _) in questions("wxtest") {
        check_stranger(&ask(&hub, request).await);
    }
    for (request, _) in questions("wxtest") {
        check_stranger(&ask(&hub, from(request, "127.0.0.1")).await);
    }
    for (request, _) in questions("wxtest") {
        check_stranger(&ask(&hub, known(request)).await);
    }
    assert_eq!((world.shelf.reads(), world.asked()), (0, 0));
}

#[tokio::test]
async fn the_bearer_token_is_the_whole_of_it_in_one_header_of_its_own() {
    let world = stocked().await;
    let hub = hub(&world, [peer(), Peer::by_network("beside it", ["127.0.0.0/8"]).unwrap()]);
    let question = || from(get("/client/access_token?appid=wxtest"), "127.0.0.1");
    for right in [
        format!("Bearer {BEARER}"),
        format!("bearer {BEARER}"),
        format!("BEARER {BEARER}"),
        format!("Bearer   {BEARER}"),
        format!("Bearer {BEARER} "),
    ] {
        let answer = ask(&hub, from(with(question(), "authorization", &right), "10.0.0.1")).await;
        assert_eq!(answer.value(), "T1", "{right:?}");
    }
    let (head, tail) = BEARER.split_at(BEARER.len() - 1);
    // A wrong one is not made up for by an address from which one may ask without.
    for wrong in [
        String::new(),
        " ".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        BEARER.to_owned(),
        format!("Bearer{BEARER}"),
        format!("Bearer:{BEARER}"),
        format!("Bearer\t{BEARER}"),
        format!("Basic {BEARER}"),
        format!("Token {BEARER}"),
        format!("Bearer Bearer {BEARER}"),
        format!("Bearer \"{BEARER}\""),
        format!("Bearer {head}"),
        format!("Bearer {tail}"),
        format!("Bearer {head}X"),
        format!("Bearer {BEARER}X"),
        format!("Bearer {BEARER} {BEARER}"),
        format!("Bearer {BEARER},"),
        format!("Bearer {}", BEARER.to_uppercase()),
    ] {
        let request = with(question(), "authorization", &wrong);
        check_stranger(&ask(&hub, request).await);
    }
    let mut odd = question();
    odd.headers_mut().insert("authorization", HeaderValue::from_bytes(b"Bearer \xff\xfe\x80").unwrap());
    check_stranger(&ask(&hub, odd).await);
    check_stranger(&ask(&hub, known(known(question()))).await);
    check_stranger(&ask(&hub, known(with(question(), "authorization", "Basic eDp5"))).await);

    for elsewhere in ["authorisation", "proxy-authorization", "x-authorization", "cookie"] {
        let request = get("/client/access_token?appid=wxtest");
        check_stranger(&ask(&hub, with(request, elsewhere, &format!("Bearer {BEARER}"))).await);
    }
    let in_query = get(&format!("/client/access_token?appid=wxtest&access_token={BEARER}&bearer={BEARER}"));
    check_stranger(&ask(&hub, in_query).await);
}

#[tokio::test]
async fn of_two_with_one_bearer_token_the_first_counts() {
    let world = stocked().await;
    let hub = hub(&world, [peer().operations([Operation::Ticket]), peer()]);
    assert_eq!(ask(&hub, known(get("/client/access_token?appid=wxtest"))).await.status, 403);
}

#[tokio::test]
async fn one_may_ask_for_what_one_is_listed_for() {
    use Operation::{ComponentToken, Fetch, Refresh, Ticket};
    let world = stocked().await;
    for allowed in [
        vec![],
        vec![Fetch],
        vec![Refresh],
        vec![Ticket],
        vec![ComponentToken],
        vec![ComponentToken, Refresh],
    ] {
        let bearer = hub(&world, [peer().operations(allowed.clone())]);
        let network = Peer::by_network("old", ["10.0.0.0/8"]).unwrap().operations(allowed.clone());
        let network = hub(&world, [network]);
        for (number, (_, needed)) in questions("wxtest").into_iter().enumerate() {
            let question = || questions("wxtest").into_iter().nth(number).unwrap().0;
            let may = needed.iter().all(|operation| allowed.contains(operation));
            for answer in
                [ask(&bearer, known(question())).await, ask(&network, from(question(), "10.1.2.3")).await]
            {
                // Nobody serves components here.
                let expected = if may { [200, 200, 200, 501, 501][number] } else { 403 };
                assert_eq!(answer.status, expected, "{number} with {allowed:?}");
                if !may {
                    assert_eq!(answer.why(), (403, "invalid_request".to_owned()));
                    assert_eq!(answer.header("www-authenticate"), None);
                    assert!(answer.trouble().message().contains("does not allow"));
                }
            }
        }
    }
}

#[tokio::test]
async fn one_may_ask_about_the_accounts_that_one_is_listed_for() {
    let world = stocked().await;
    world.shelf.put_value("wxtest2", "T2", world.sim.clock().unix());
    let held = hub(&world, [peer().appids(["wxtest", "wxmore"])]);
    let none = hub(&world, [peer().appids([""; 0])]);
    let all = hub(&world, [peer()]);
    for (number, _) in questions("").into_iter().enumerate() {
        let question = |appid: &str| known(questions(appid).into_iter().nth(number).unwrap().0);
        assert_ne!(ask(&held, question("wxtest")).await.status, 403);
        assert_ne!(ask(&all, question("wxtest2")).await.status, 403);
        // Whether there is such an account is not told either.
        let mut answers = Vec::new();
        for other in ["wxtest2", "wxnone", "WXTEST", "wxtest%20", "wxtes", "wxtest2&more=wxtest"] {
            let answer = ask(&held, question(other)).await;
            assert_eq!(answer.why(), (403, "invalid_request".to_owned()), "{other}");
            answers.push(answer.body);
        }
        assert!(answers.iter().all(|body| *body == answers[0]));
        assert_eq!(ask(&none, question("wxtest")).await.status, 403);
    }
    let authorizer = known(get("/client/access_token?appid=wxtest&authorizer_appid=wxother"));
    assert_eq!(ask(&held, authorizer).await.status, 501);
}

#[tokio::test]
async fn old_clients_are_known_by_the_address_of_their_connection_alone() {
    let world = stocked().await;
    let networks = ["10.1.0.0/16", "192.0.2.7", "fd00::/8", "2001:db8::7", "::ffff:172.16.0.0/108"];
    let hub = hub(&world, [peer(), Peer::by_network("the old shop", networks).unwrap()]);
    let question = || get("/client/access_token?appid=wxtest");
    for inside in [
        "10.1.0.0",
        "10.1.255.255",
        "::ffff:10.1.2.3",
        "192.0.2.7",
        "::ffff:192.0.2.7",
        "fd12:3456::1",
        "2001:db8::7",
        "172.16.0.1",
        "::ffff:172.31.255.255",
    ] {
        assert_eq!(ask(&hub, from(question(), inside)).await.value(), "T1", "{inside}");
    }
    for outside in [
        "10.2.0.0",
        "10.0.255.255",
        "::ffff:10.2.0.0",
        "192.0.2.8",
        "fe80::1",
        "2001:db8::8",
        "127.0.0.1",
        "::1",
        "172.32.0.0",
        "0.0.0.0",
        "::",
        // Of IPv4 in IPv6, only the mapped form is one.
        "::10.1.2.3",
        "64:ff9b::10.1.2.3",
    ] {
        check_stranger(&ask(&hub, from(question(), outside)).await);
        let spoken_for = [
            ("x-forwarded-for", "10.1.2.3"),
            ("forwarded", "for=10.1.2.3"),
            ("x-real-ip", "10.1.2.3"),
            ("x-client-ip", "10.1.2.3"),
            ("cf-connecting-ip", "10.1.2.3"),
            ("host", "10.1.2.3"),
        ];
        let request =
            spoken_for.into_iter().fold(question(), |request, (name, value)| with(request, name, value));
        check_stranger(&ask(&hub, from(request, outside)).await);
    }
    check_stranger(&ask(&hub, question()).await);
    check_stranger(&ask(&hub, with(question(), "x-forwarded-for", "10.1.2.3")).await);
    let wrong = with(from(question(), "10.1.2.3"), "authorization", "Bearer another-bearer-0123456789");
    check_stranger(&ask(&hub, wrong).await);
    // One who is known by a bearer token may be anywhere.
    assert_eq!(ask(&hub, known(from(question(), "203.0.113.9"))).await.value(), "T1");
}

/// A body that is too long, and tells whether anybody has begun to read it.
fn watched() -> (Body, Arc<AtomicBool>) {
    let read = Arc::new(AtomicBool::new(false));
    let noted = read.clone();
    let chunks = (0..100).map(move |_| {
        noted.store(true, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1000]))
    });
    (Body::from_stream(stream::iter(chunks)), read)
}

#[tokio::test]
async fn a_body_is_not_read_before_its_sender_is_known() {
    let world = stocked().await;
    let hub = hub(&world, [peer()]);
    for (path, status) in [
        (REFRESH, 401),
        ("/client/refresh_component_access_token", 401),
        ("/client/access_token", 405),
        ("/nowhere", 404),
    ] {
        let (body, read) = watched();
        let answer = ask(&hub, Request::post(path).body(body).unwrap()).await;
        assert_eq!(answer.status, status);
        answer.trouble();
        assert!(!read.load(Ordering::SeqCst), "{path}");
    }
    let (body, read) = watched();
    assert_eq!(ask(&hub, known(Request::post(REFRESH).body(body).unwrap())).await.status, 413);
    assert!(read.load(Ordering::SeqCst), "one who is known is heard");

    let served = Served::new(open(&world.client())).await;
    for body in ["content-length: 1000000000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n3b9aca00\r\n"] {
        for more in ["", "expect: 100-continue\r\n"] {
            let mut line = served.connect().await;
            let answer = line.ask(format!("POST {REFRESH} HTTP/1.1\r\nhost: hub\r\n{more}{body}")).await;
            check_stranger(&answer);
        }
    }
}

#[tokio::test]
async fn what_makes_no_peer_is_said_when_it_is_made() {
    for wrong in ["", "tiny", "0123456789 0123456789", "0123456789\n0123456789", "zeichenkette-mit-ümlaut"] {
        let error = Peer::by_bearer("orders", wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().contains("orders") && error.to_string().contains("16 characters"),
            "{error}"
        );
        assert!(wrong.is_empty() || !format!("{error} {error:?}").contains(wrong));
    }
    for wrong in ["", "10.0.0.0/33", "fd00::/129", "localhost", "10.0.0", "10.0.0.0-10.0.0.9", "*"] {
        let error = Peer::by_network("the old shop", ["10.0.0.0/8", wrong]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("10.1.0.0/16"), "it says how to write one: {error}");
    }
}
