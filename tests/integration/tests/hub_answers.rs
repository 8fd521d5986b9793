//! What a hub answers, byte for byte as `elixir_wechat`'s hub answers it, to requests as its client writes them.

use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::routing::get as route;
use wechat_integration_tests::asking::{Answer, Served, ask, for_old_clients, from, get, known, open, post};
use wechat_integration_tests::{SECRET, World};
use wechat_runtime::hub::{self, Access, Settings};
use wechat_runtime::{Client, Common, Ticket, TicketType};

/// When the original's ticket was captured.
const NOW: u64 = 1_795_357_587;
const DATE: &str = "Sun, 22 Nov 2026 14:26:27 GMT";

const TOKEN: &str = r#"{"access_token":"T1","expires_in":7200,"timestamp":1795357423}"#;
const TICKET: &str = r#"{"expires_in":7200,"ticket":"TICKET-jsapi","timestamp":1795357587,"type":"jsapi"}"#;

/// An appid with all that a form writes otherwise, and as the original writes it.
const ODD: &str = "wx a&b/ü+";
const ODD_IN_QUERY: &str = "wx+a%26b%2F%C3%BC%2B";

/// A world at the moment of the capture, with what the original's hub had.
async fn captured() -> (World, Client<Common>) {
    let world = World::new().await;
    world.sim.clock().set(UNIX_EPOCH + Duration::from_secs(NOW));
    world.shelf.put_value("wxtest", "T1", 1_795_357_423);
    let ticket = |value| Ticket::new(TicketType::JSAPI, value, NOW, 7200);
    world.shelf.put_ticket("wxtest", ticket("TICKET-jsapi"));
    world.shelf.put_value(ODD, "T-odd", NOW);
    world.shelf.put_ticket(ODD, ticket("TICKET-odd"));
    let client = world.client();
    (world, client)
}

/// The exact answer: these bytes, and these headers beside what HTTP itself adds.
fn check(answer: &Answer, body: &str, date: &str) {
    assert_eq!((answer.status, answer.text()), (200, body));
    let mut headers: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    headers.retain(|(name, _)| *name != "content-length");
    headers.sort_unstable();
    let expected =
        [("cache-control", "no-store"), ("content-type", "application/json; charset=utf-8"), ("date", date)];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn success_is_answered_byte_for_byte() {
    let (world, client) = captured().await;
    let hub = hub::router(open(&client));
    let reports = [
        r#"{"access_token":"OLD","appid":"wxtest"}"#,
        r#"{"access_token":null,"appid":"wxtest"}"#,
        r#" { "more" : [1], "appid" : "wxtest", "access_token" : "" } "#,
    ];
    for (request, body) in [
        (get("/client/access_token?appid=wxtest"), TOKEN),
        (get("/client/access_token?x=1&x=2&appid=wxtest&y"), TOKEN),
        (post("/refresh/access_token", reports[0]), TOKEN),
        (post("/refresh/access_token", reports[1]), TOKEN),
        (post("/refresh/access_token", reports[2]), TOKEN),
        (get("/client/ticket?appid=wxtest&type=jsapi"), TICKET),
        (get("/client/ticket?type=jsapi&appid=wxtest"), TICKET),
    ] {
        check(&ask(&hub, known(request)).await, body, DATE);
    }
    assert_eq!(world.sim.ledger().calls().count(), 0, "all of it was there");
}

/// One connection for all of them, as the original's client keeps it.
#[tokio::test]
async fn the_originals_client_is_served_on_a_connection_that_it_keeps() {
    let (_world, client) = captured().await;
    let hub = Served::new(for_old_clients(&client)).await;
    let mut line = hub.connect().await;
    let get = |path| format!("GET {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: tesla\r\n\r\n", hub.address);
    let post = |path, body: &str| {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             host: {}\r\nuser-agent: tesla\r\n\r\n{body}",
            hub.address
        )
    };
    let refresh = r#"{"access_token":"OLD","appid":"wxtest"}"#;
    let component = r#"{"access_token":"OLD","appid":"wxcomp"}"#;
    let authorizer = r#"{"access_token":null,"appid":"wxcomp","authorizer_appid":"wxauth"}"#;
    for _ in 0..2 {
        let token = line.ask(get("/client/access_token?appid=wxtest")).await;
        check(&token, TOKEN, DATE);
        assert_eq!(token.header("content-length"), Some(TOKEN.len().to_string().as_str()));
        check(&line.ask(post("/refresh/access_token", refresh)).await, TOKEN, DATE);
        check(&line.ask(get("/client/ticket?appid=wxtest&type=jsapi")).await, TICKET, DATE);
        for request in [
            get("/client/component_access_token?appid=wxcomp"),
            get("/client/access_token?appid=wxcomp&authorizer_appid=wxauth"),
            get("/client/ticket?appid=wxcomp&authorizer_appid=wxauth&type=jsapi"),
            post("/client/refresh_component_access_token", component),
            post("/refresh/access_token", authorizer),
        ] {
            assert_eq!(line.ask(request).await.why(), (501, "invalid_config".to_owned()));
        }
        let answer = line.ask(get("/client/ticket?appid=wxtest")).await;
        assert_eq!(answer.why(), (400, "invalid_request".to_owned()));
    }
}

#[tokio::test]
async fn what_is_bought_of_wechat_is_answered_as_what_was_stored() {
    let (world, client) = captured().await;
    let hub = hub::router(open(&client));
    let appid = &world.appid;
    let token = ask(&hub, known(get(&format!("/client/access_token?appid={appid}")))).await;
    let value = world.shelf.value(appid).unwrap();
    check(&token, &format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{NOW}}}"#), DATE);
    for ticket_type in ["jsapi", "wx_card"] {
        let ticket = ask(&hub, known(get(&format!("/client/ticket?appid={appid}&type={ticket_type}")))).await;
        let value = world.shelf.ticket(appid, &TicketType::from(ticket_type)).unwrap();
        let value = value.ticket().expose();
        let body =
            format!(r#"{{"expires_in":7200,"ticket":"{value}","timestamp":{NOW},"type":"{ticket_type}"}}"#);
        check(&ticket, &body, DATE);
    }
}

#[tokio::test]
async fn the_date_is_of_the_clock_that_the_timestamps_are_of() {
    let (world, client) = captured().await;
    let hub = Served::new(for_old_clients(&client)).await;
    let mut line = hub.connect().await;
    let question = "GET /client/access_token?appid=wxtest HTTP/1.1\r\nhost: hub\r\n\r\n";
    check(&line.ask(question).await, TOKEN, DATE);
    world.pass(33);
    check(&line.ask(question).await, TOKEN, "Sun, 22 Nov 2026 14:27:00 GMT");
    let error = line.ask("GET /nowhere HTTP/1.1\r\nhost: hub\r\n\r\n").await;
    error.trouble();
    assert_eq!(error.header("date"), Some("Sun, 22 Nov 2026 14:27:00 GMT"));
}

#[tokio::test]
async fn an_appid_is_read_from_a_form() {
    let (world, client) = captured().await;
    let hub = hub::router(open(&client));
    for path in ["/client/access_token?appid=", "/client/ticket?type=jsapi&appid="] {
        let answer = ask(&hub, known(get(&format!("{path}{ODD_IN_QUERY}")))).await;
        assert!(["T-odd", "TICKET-odd"].contains(&answer.value().as_str()), "{answer:?}");
    }
    for written in ["wx%20a&b/ü+", "wx+a%26b%2F%C3%BC+"] {
        let uri: Result<http::Uri, _> = format!("/client/access_token?appid={written}").parse();
        let Ok(_) = uri else { continue };
        let answer = ask(&hub, known(get(&format!("/client/access_token?appid={written}")))).await;
        assert_eq!(answer.trouble().errcode, Some(40013), "{written} is another");
    }
    let report = format!(r#"{{"access_token":null,"appid":"{ODD}"}}"#);
    assert_eq!(ask(&hub, known(post("/refresh/access_token", report))).await.value(), "T-odd");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn it_may_be_nested_at_any_path_and_merged_at_the_root() {
    let (_world, client) = captured().await;
    let hub = || hub::router(open(&client));
    let plain = || Router::new().route("/health", route(async || "fine"));
    let nested = plain().nest("/any/path", hub());
    let deeper = Router::new().nest("/a", Router::new().nest("/b", hub()));
    let merged = plain().merge(hub());
    for (app, at) in [(&nested, "/any/path"), (&deeper, "/a/b"), (&merged, "")] {
        let path = |path: &str| format!("{at}{path}");
        let token = ask(app, known(get(&path("/client/access_token?appid=wxtest")))).await;
        check(&token, TOKEN, DATE);
        let ticket = ask(app, known(get(&path("/client/ticket?appid=wxtest&type=jsapi")))).await;
        check(&ticket, TICKET, DATE);
        let body = r#"{"access_token":"OLD","appid":"wxtest"}"#;
        check(&ask(app, known(post(&path("/refresh/access_token"), body))).await, TOKEN, DATE);
        let stranger = ask(app, get(&path("/client/access_token?appid=wxtest"))).await;
        assert_eq!(stranger.why(), (401, "invalid_request".to_owned()));
        let wrong = ask(app, known(post(&path("/client/access_token"), body))).await;
        assert_eq!(wrong.why(), (405, "invalid_request".to_owned()));
    }
    // A router takes a nested one's fallback, and not that of one nested in it.
    for (app, at) in [(&nested, "/any/path"), (&merged, "")] {
        for nowhere in ["/client", "/client/access_token/", "/nowhere"] {
            let answer = ask(app, known(get(&format!("{at}{nowhere}")))).await;
            assert_eq!(answer.why(), (404, "invalid_request".to_owned()), "{at}{nowhere}");
        }
    }
    assert_eq!(ask(&nested, known(get("/any/path"))).await.why(), (404, "invalid_request".to_owned()));
    for app in [&nested, &merged] {
        assert_eq!(ask(app, get("/health")).await.text(), "fine");
    }
    assert_eq!(ask(&nested, known(get("/client/access_token?appid=wxtest"))).await.status, 404);
}

#[tokio::test]
async fn a_hub_of_no_client_serves_nobody() {
    let (_world, client) = captured().await;
    let settings = for_old_clients(&client);
    let here = |request| from(request, "127.0.0.1");
    let served = hub::router(settings);
    assert_eq!(ask(&served, here(get("/client/access_token?appid=wxtest"))).await.status, 200);

    let peer = hub::Peer::by_network("this machine", ["127.0.0.1"]).unwrap();
    let nothing = hub::router(Settings::new(Access::new().peer(peer)));
    for request in [
        get("/client/access_token?appid=wxtest"),
        get("/client/ticket?appid=wxtest&type=jsapi"),
        get("/client/component_access_token?appid=wxtest"),
        post("/refresh/access_token", r#"{"access_token":"OLD","appid":"wxtest"}"#),
    ] {
        assert_eq!(ask(&nothing, here(request)).await.why(), (501, "invalid_config".to_owned()));
    }
}

/// The secret is the storage's: an account that has none there is answered as WeChat answers an appid unknown to it.
#[tokio::test]
async fn an_account_without_a_secret_is_wechats_invalid_appid_and_the_hubs_invalid_config() {
    let (world, client) = captured().await;
    let hub = hub::router(open(&client));
    world.shelf.set_secret("wxempty", "");
    for appid in ["wxnone", "wxempty"] {
        for request in [
            get(&format!("/client/access_token?appid={appid}")),
            get(&format!("/client/ticket?appid={appid}&type=jsapi")),
            post("/refresh/access_token", format!(r#"{{"access_token":"OLD","appid":"{appid}"}}"#)),
        ] {
            let answer = ask(&hub, known(request)).await;
            let trouble = answer.trouble();
            assert_eq!(answer.why(), (404, "invalid_config".to_owned()));
            assert_eq!((trouble.errcode, trouble.http_status), (Some(40013), None));
            assert!(trouble.message().contains("no secret"), "{trouble:?}");
            assert!(!trouble.message().contains(SECRET));
        }
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}
