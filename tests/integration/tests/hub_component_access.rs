//! Who may ask a hub about component applications, and about which of the accounts that authorize them.

use axum::Router;
use axum::body::Body;
use http::Request;
use wechat_integration_tests::Shops;
use wechat_integration_tests::asking::{BEARER, ask, get, known, post};
use wechat_runtime::hub::{self, Access, Operation, Peer, Settings};
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{AuthorizerToken, Ticket, TicketType, Token, TokenKind};

const COMPONENT: &str = "wxcomp";
const SHOPS: [&str; 2] = ["wxshop1", "wxshop2"];

/// A storage that has everything, so that whoever is let in is answered with it.
async fn stocked() -> Shops {
    let world = Shops::new().await;
    let now = world.sim.clock().unix();
    let token = |value: &str| Token::new(TokenKind::Classic, value, now, 7200);
    for shop in SHOPS {
        let record = AuthorizerToken::new().with_access(token(shop));
        world.cabinet.save_access_token(COMPONENT, shop, record, &()).await.unwrap();
        let ticket = Ticket::new(TicketType::JSAPI, "a ticket", now, 7200);
        world.cabinet.save_ticket(COMPONENT, shop, ticket, &()).await.unwrap();
    }
    world.cabinet.save_component_access_token(COMPONENT, token("own"), &()).await.unwrap();
    world
}

fn hub(world: &Shops, peer: Peer) -> Router {
    hub::router(Settings::new(Access::new().peer(peer)).component(&world.client()))
}

fn peer() -> Peer {
    Peer::by_bearer("tests", BEARER).unwrap()
}

/// The questions about an account, and what one has to be allowed to ask them.
fn about_account(component: &str, shop: &str) -> [(Request<Body>, &'static [Operation]); 3] {
    let report = format!(r#"{{"access_token":"OLD","appid":"{component}","authorizer_appid":"{shop}"}}"#);
    [
        (
            get(&format!("/client/access_token?appid={component}&authorizer_appid={shop}")),
            &[Operation::Fetch],
        ),
        (post("/refresh/access_token", report), &[Operation::Refresh]),
        (
            get(&format!("/client/ticket?appid={component}&authorizer_appid={shop}&type=jsapi")),
            &[Operation::Ticket],
        ),
    ]
}

/// The questions about the component itself. An authorizer may be named beside it, and says nothing.
fn about_component(beside: &str) -> [(Request<Body>, &'static [Operation]); 2] {
    let report = format!(r#"{{"access_token":"OLD","appid":"{COMPONENT}","authorizer_appid":"{beside}"}}"#);
    [
        (
            get(&format!("/client/component_access_token?appid={COMPONENT}&authorizer_appid={beside}")),
            &[Operation::ComponentToken],
        ),
        (
            post("/client/refresh_component_access_token", report),
            &[Operation::ComponentToken, Operation::Refresh],
        ),
    ]
}

/// What each question is answered: about the accounts, one after the other, and about the component.
async fn statuses(hub: &Router) -> [Vec<u16>; 3] {
    let [first, second] = SHOPS.map(|shop| about_account(COMPONENT, shop).into_iter().collect::<Vec<_>>());
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for (number, questions) in [first, second, about_component(SHOPS[0]).into()].into_iter().enumerate() {
        for (request, _) in questions {
            let answer = ask(hub, known(request)).await;
            if answer.status == 403 {
                assert_eq!(answer.trouble().reason(), "invalid_request");
            } else {
                answer.value();
            }
            all[number].push(answer.status);
        }
    }
    all
}

const MAY: [u16; 3] = [200; 3];
const MAY_NOT: [u16; 3] = [403; 3];

#[tokio::test]
async fn a_components_appid_stands_for_all_accounts_that_authorize_it_and_an_accounts_for_that_one() {
    let world = stocked().await;
    let of_all = statuses(&hub(&world, peer())).await;
    assert_eq!(of_all, [MAY.to_vec(), MAY.to_vec(), vec![200, 200]]);
    for (held_to, first, second, component) in [
        (vec![COMPONENT], MAY, MAY, 200),
        (vec![SHOPS[0]], MAY, MAY_NOT, 403),
        (vec![SHOPS[1]], MAY_NOT, MAY, 403),
        (vec![SHOPS[0], SHOPS[1]], MAY, MAY, 403),
        (vec![SHOPS[0], COMPONENT], MAY, MAY, 200),
        (vec!["wxother"], MAY_NOT, MAY_NOT, 403),
        (vec![""], MAY_NOT, MAY_NOT, 403),
        (vec![], MAY_NOT, MAY_NOT, 403),
    ] {
        let answered = statuses(&hub(&world, peer().appids(held_to.clone()))).await;
        let expected = [first.to_vec(), second.to_vec(), vec![component; 2]];
        assert_eq!(answered, expected, "held to {held_to:?}");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

/// Which accounts there are is not told to one who may not ask for them.
#[tokio::test]
async fn a_refusal_does_not_tell_whether_there_is_such_an_account() {
    let world = stocked().await;
    let hub = hub(&world, peer().appids([SHOPS[0]]));
    let mut bodies = Vec::new();
    for (component, shop) in [(COMPONENT, SHOPS[1]), (COMPONENT, "wxnone"), ("wxnone", SHOPS[1])] {
        for (request, _) in about_account(component, shop) {
            let answer = ask(&hub, known(request)).await;
            assert_eq!(answer.status, 403);
            bodies.push(answer.body);
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

/// Neither to another component, nor to an account as an application of its own.
#[tokio::test]
async fn one_held_to_a_component_is_let_in_by_it_nowhere_else() {
    let world = stocked().await;
    let hub = hub(&world, peer().appids([COMPONENT]));
    for (request, _) in about_account("wxother", SHOPS[0]) {
        assert_eq!(ask(&hub, known(request)).await.status, 403);
    }
    let body = format!(r#"{{"access_token":null,"appid":"{}"}}"#, SHOPS[0]);
    assert_eq!(ask(&hub, known(post("/refresh/access_token", body))).await.status, 403);
}

#[tokio::test]
async fn one_may_ask_for_what_one_is_listed_for_about_components_too() {
    use Operation::{ComponentToken, Fetch, Refresh, Ticket};
    let world = stocked().await;
    for allowed in [
        vec![],
        vec![Fetch],
        vec![Refresh],
        vec![Ticket],
        vec![ComponentToken],
        vec![ComponentToken, Refresh],
        vec![Fetch, Refresh, Ticket],
    ] {
        let hub = hub(&world, peer().operations(allowed.clone()));
        let questions = about_account(COMPONENT, SHOPS[0]).into_iter().chain(about_component(""));
        for (request, needed) in questions {
            let shown = format!("{request:?} with {allowed:?}");
            let may = needed.iter().all(|operation| allowed.contains(operation));
            let answer = ask(&hub, known(request)).await;
            assert_eq!(answer.status, if may { 200 } else { 403 }, "{shown}");
        }
    }
}

#[tokio::test]
async fn reports_about_components_and_accounts_are_counted_together() {
    let world = stocked().await;
    let hub = hub(&world, peer().refreshes_per_minute(2));
    let report = |number: usize| {
        let [_, (of_account, _), _] = about_account(COMPONENT, SHOPS[0]);
        let [_, (own, _)] = about_component("");
        known([of_account, own].into_iter().nth(number).unwrap())
    };
    assert_eq!(ask(&hub, report(0)).await.status, 200);
    assert_eq!(ask(&hub, report(1)).await.status, 200);
    for number in [0, 1] {
        let answer = ask(&hub, report(number)).await;
        assert_eq!((answer.why(), answer.retry_after()), ((429, "invalid_request".to_owned()), Some(30)));
    }
    world.pass(30);
    assert_eq!(ask(&hub, report(1)).await.status, 200);
}
