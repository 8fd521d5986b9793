//! What a hub answers about component applications and the accounts that authorize them, byte for byte.

use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use wechat_integration_tests::asking::{
    Answer, Served, ask, from, get, guarded, known, open, post, unguarded,
};
use wechat_integration_tests::{COMPONENT_TOKEN, GETTICKET, SECRET, Shops, World, http_date, new_appid};
use wechat_runtime::hub;
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{
    AuthorizerToken, Client, Component, Ticket, TicketType, Token, TokenKind, VerifyTicket,
};

const NOW: u64 = 1_795_357_600;

const OF_ACCOUNT: &str = r#"{"access_token":"T-auth","expires_in":7200,"timestamp":1795357423}"#;
const OF_COMPONENT: &str = r#"{"access_token":"T-comp","expires_in":7100,"timestamp":1795357424}"#;
const TICKET: &str = r#"{"expires_in":7200,"ticket":"TICKET-jsapi","timestamp":1795357587,"type":"jsapi"}"#;

/// A world whose storage has what the original's hub had when its answers were captured.
async fn captured() -> (Shops, Client<Component>) {
    let world = Shops::new().await;
    world.sim.clock().set(UNIX_EPOCH + Duration::from_secs(NOW));
    let token = |value: &str, at, life| Token::new(TokenKind::Classic, value, at, life);
    let record = AuthorizerToken::new().with_access(token("T-auth", 1_795_357_423, 7200));
    let record = record.with_refresh_token("a refresh token");
    let own = token("T-comp", 1_795_357_424, 7100);
    let ticket = Ticket::new(TicketType::JSAPI, "TICKET-jsapi", 1_795_357_587, 7200);
    world.cabinet.save_access_token("wxcomp", "wxauth", record, &()).await.unwrap();
    world.cabinet.save_component_access_token("wxcomp", own, &()).await.unwrap();
    world.cabinet.save_ticket("wxcomp", "wxauth", ticket, &()).await.unwrap();
    let client = world.client();
    (world, client)
}

fn check(answer: &Answer, body: &str, unix: u64) {
    answer.check_headers();
    assert_eq!((answer.status, answer.text()), (200, body));
    assert_eq!(answer.header("date"), Some(&*http_date(unix)));
    let mut names: Vec<_> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    names.retain(|name| *name != "content-length");
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "content-type", "date"]);
}

#[tokio::test]
async fn success_is_answered_byte_for_byte_in_every_form() {
    let (world, client) = captured().await;
    let hub = hub::router(guarded().component(&client));
    let report = |body| post("/refresh/access_token", body);
    let report_own = |body| post("/client/refresh_component_access_token", body);
    for (request, body) in [
        (get("/client/access_token?appid=wxcomp&authorizer_appid=wxauth"), OF_ACCOUNT),
        (get("/client/access_token?authorizer_appid=wxauth&appid=wxcomp&more=x"), OF_ACCOUNT),
        (report(r#"{"access_token":"OLD","appid":"wxcomp","authorizer_appid":"wxauth"}"#), OF_ACCOUNT),
        (report(r#"{"access_token":null,"appid":"wxcomp","authorizer_appid":"wxauth"}"#), OF_ACCOUNT),
        (report(r#"{"authorizer_appid":"wxauth","appid":"wxcomp","x":1,"access_token":""}"#), OF_ACCOUNT),
        (get("/client/component_access_token?appid=wxcomp"), OF_COMPONENT),
        // Of what a component has itself, an authorizer says nothing.
        (get("/client/component_access_token?appid=wxcomp&authorizer_appid=wxauth"), OF_COMPONENT),
        (report_own(r#"{"access_token":"OLD","appid":"wxcomp"}"#), OF_COMPONENT),
        (report_own(r#"{"access_token":null,"appid":"wxcomp"}"#), OF_COMPONENT),
        (report_own(r#"{"access_token":"T-auth","appid":"wxcomp","authorizer_appid":""}"#), OF_COMPONENT),
        (get("/client/ticket?appid=wxcomp&authorizer_appid=wxauth&type=jsapi"), TICKET),
        (get("/client/ticket?type=jsapi&authorizer_appid=wxauth&appid=wxcomp"), TICKET),
    ] {
        check(&ask(&hub, known(request)).await, body, NOW);
    }
    assert_eq!(world.sim.ledger().calls().count(), 0, "all of it was there");
}

/// One connection for all of them, as the original's client keeps it.
#[tokio::test]
async fn the_originals_client_is_served_on_a_connection_that_it_keeps() {
    let (_world, client) = captured().await;
    let hub = Served::new(unguarded().component(&client)).await;
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
    let of_account = r#"{"access_token":"OLD","appid":"wxcomp","authorizer_appid":"wxauth"}"#;
    let own = r#"{"access_token":"OLD","appid":"wxcomp"}"#;
    for _ in 0..2 {
        for (request, body) in [
            (get("/client/access_token?appid=wxcomp&authorizer_appid=wxauth"), OF_ACCOUNT),
            (post("/refresh/access_token", of_account), OF_ACCOUNT),
            (get("/client/component_access_token?appid=wxcomp"), OF_COMPONENT),
            (post("/client/refresh_component_access_token", own), OF_COMPONENT),
            (get("/client/ticket?appid=wxcomp&authorizer_appid=wxauth&type=jsapi"), TICKET),
        ] {
            check(&line.ask(request).await, body, NOW);
        }
    }
    assert_eq!(line.ask(get("/client/access_token?appid=wxcomp")).await.status, 501, "no common application");
}

#[tokio::test]
async fn what_is_bought_of_wechat_is_answered_as_what_was_stored() {
    let world = Shops::new().await;
    let hub = hub::router(guarded().component(&world.client()));
    let (component, [shop, _]) = (&world.appid, &world.shops);
    let now = world.sim.clock().unix();
    for ticket_type in ["jsapi", "wx_card"] {
        let path = format!("/client/ticket?appid={component}&authorizer_appid={shop}&type={ticket_type}");
        let answer = ask(&hub, known(get(&path))).await;
        let stored = world.cabinet.fetch_ticket(component, shop, &TicketType::from(ticket_type), &()).await;
        let value = stored.unwrap().unwrap().ticket().expose().to_owned();
        let body =
            format!(r#"{{"expires_in":7200,"ticket":"{value}","timestamp":{now},"type":"{ticket_type}"}}"#);
        check(&answer, &body, now);
    }
    let of_account = get(&format!("/client/access_token?appid={component}&authorizer_appid={shop}"));
    let own = get(&format!("/client/component_access_token?appid={component}"));
    for (request, value) in [
        (of_account, world.shop().current_token().unwrap()),
        (own, world.component().current_token().unwrap()),
    ] {
        let body = format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{now}}}"#);
        check(&ask(&hub, known(request)).await, &body, now);
    }
    assert_eq!((world.asked(), world.calls(GETTICKET)), ([1, 1, 1], 2), "one of each");
}

/// Each is told by its own clock.
#[tokio::test]
async fn a_hub_serves_common_applications_beside_components_each_by_its_own_client() {
    let (world, client) = captured().await;
    let common = World::new().await;
    let then = NOW - 100_000;
    common.sim.clock().set(UNIX_EPOCH + Duration::from_secs(then));
    let hub = hub::router(open(&common.client()).component(&client));
    let of_common = ask(&hub, known(get(&format!("/client/access_token?appid={}", common.appid)))).await;
    let value = common.shelf.value(&common.appid).unwrap();
    check(&of_common, &format!(r#"{{"access_token":"{value}","expires_in":7200,"timestamp":{then}}}"#), then);
    for (path, body) in [
        ("/client/access_token?appid=wxcomp&authorizer_appid=wxauth", OF_ACCOUNT),
        ("/client/component_access_token?appid=wxcomp", OF_COMPONENT),
    ] {
        check(&ask(&hub, known(get(path))).await, body, NOW);
    }
    assert_eq!((common.asked(), world.sim.ledger().calls().count()), (1, 0));

    // An appid is not looked for among the applications of the other kind.
    for path in ["/client/access_token?appid=wxcomp", "/client/ticket?appid=wxcomp&type=jsapi"] {
        assert_eq!(ask(&hub, known(get(path))).await.why(), (404, "invalid_config".to_owned()));
    }
    let path = format!("/client/component_access_token?appid={}", common.appid);
    assert_eq!(ask(&hub, known(get(&path))).await.why(), (404, "invalid_config".to_owned()));
}

#[tokio::test]
async fn a_hub_of_components_alone_is_served_and_answers_for_no_common_application() {
    let (_world, client) = captured().await;
    let hub = Served::new(unguarded().component(&client)).await;
    let mut line = hub.connect().await;
    for path in ["/client/access_token?appid=wxcomp", "/client/ticket?appid=wxcomp&type=jsapi"] {
        let answer = line.ask(format!("GET {path} HTTP/1.1\r\nhost: hub\r\n\r\n")).await;
        assert_eq!(answer.why(), (501, "invalid_config".to_owned()));
        assert_eq!(answer.header("date"), Some(&*http_date(NOW)), "by the one clock that there is");
    }
    drop(line);
    hub.stopped().await.unwrap();
}

#[tokio::test]
async fn a_client_serves_every_component_whose_secret_its_storage_has() {
    let world = Shops::new().await;
    let (other, shop) = (new_appid(), &world.shops[0]);
    let declared = wechat_simulator::Component::new(&other, SECRET).authorizer(shop);
    let of_other = world.sim.add_component(declared).unwrap();
    world.cabinet.set_secret(&other, SECRET);
    let ticket = VerifyTicket::new(of_other.verify_ticket(), world.sim.clock().unix());
    world.cabinet.save_component_verify_ticket(&other, ticket, &()).await.unwrap();

    let hub = hub::router(guarded().component(&world.client()));
    let path = |component: &str| format!("/client/access_token?appid={component}&authorizer_appid={shop}");
    let through_first = ask(&hub, known(get(&path(&world.appid)))).await.value();
    let through_other = ask(&hub, known(get(&path(&other)))).await.value();
    assert_eq!(world.shop().current_token(), Some(through_first.clone()));
    assert_eq!(of_other.authorizer(shop).unwrap().current_token(), Some(through_other.clone()));
    assert_ne!(through_first, through_other, "one account has a token for each component");
    assert_eq!(world.calls(COMPONENT_TOKEN), 2);
}

#[tokio::test]
async fn the_life_that_was_declared_is_the_one_that_clients_are_told() {
    let world = Shops::new().await;
    let client = world.builder().expires_in(Duration::from_secs(600)).build().unwrap();
    let hub = hub::router(guarded().component(&client));
    let (component, [shop, _]) = (&world.appid, &world.shops);
    for path in [
        format!("/client/access_token?appid={component}&authorizer_appid={shop}"),
        format!("/client/component_access_token?appid={component}"),
        format!("/client/ticket?appid={component}&authorizer_appid={shop}&type=jsapi"),
    ] {
        let answer = ask(&hub, known(get(&path))).await;
        assert!(answer.text().contains(r#""expires_in":600,"#), "{answer:?}");
    }
}

#[tokio::test]
async fn an_authorizers_appid_is_read_as_the_other_is() {
    let (world, client) = captured().await;
    let hub = hub::router(guarded().component(&client));
    let odd = AuthorizerToken::new().with_access(Token::new(TokenKind::Classic, "T-odd", NOW, 7200));
    world.cabinet.save_access_token("wxcomp", "wx a&b/ü+", odd, &()).await.unwrap();
    let path = "/client/access_token?appid=wxcomp&authorizer_appid=wx+a%26b%2F%C3%BC%2B";
    assert_eq!(ask(&hub, known(get(path))).await.value(), "T-odd");

    let too_long = "x".repeat(129);
    for wrong in ["", "wx%0Aauth", "wxauth%00", too_long.as_str()] {
        for path in ["/client/access_token?", "/client/ticket?type=jsapi&"] {
            let request = get(&format!("{path}appid=wxcomp&authorizer_appid={wrong}"));
            check_wrong(&hub, request, "`authorizer_appid`").await;
        }
    }
    for wrong in ["\"\"", r#""wx\nauth""#, &format!("{too_long:?}")] {
        let body = format!(r#"{{"access_token":null,"appid":"wxcomp","authorizer_appid":{wrong}}}"#);
        check_wrong(&hub, post("/refresh/access_token", body), "`authorizer_appid`").await;
    }
    let body = r#"{"access_token":null,"appid":"wxcomp","authorizer_appid":17}"#;
    check_wrong(&hub, post("/refresh/access_token", body), "JSON object").await;
    check_wrong(&hub, get("/client/access_token?authorizer_appid=wxauth"), "`appid`").await;
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

async fn check_wrong(hub: &axum::Router, request: Request<axum::body::Body>, says: &str) {
    let answer = ask(hub, known(request)).await;
    assert_eq!(answer.why(), (400, "invalid_request".to_owned()));
    assert!(answer.trouble().message().contains(says), "{answer:?}");
}

#[tokio::test]
async fn settings_of_nothing_serve_no_component_either() {
    let hub = hub::router(unguarded());
    let answer = ask(&hub, from(get("/client/component_access_token?appid=wxcomp"), "127.0.0.1")).await;
    assert_eq!(answer.why(), (501, "invalid_config".to_owned()));
}
