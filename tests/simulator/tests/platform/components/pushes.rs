//! What a third-party platform is pushed: tickets when they are due, and who authorized.

use std::pin::pin;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use tokio::time::timeout;
use wechat_simulator::{Answer, Callback, Component, SimClock, Simulator};

use super::{AUTHORIZER, COMPONENT, COMPONENT_SECRET, Third};
use crate::pushes::codec::{between, decrypt};
use crate::pushes::server::{Behaviour, Received, Server};
use crate::pushes::{KEY, TOKEN};
use crate::support::errcode;

/// A server that takes everything, and a third-party platform that pushes to it.
async fn start(settings: impl FnOnce(Component) -> Component) -> (Third, Server) {
    let server = Server::start(|_, _| Behaviour::ok("success"));
    let component = Component::new(COMPONENT, COMPONENT_SECRET).callback(callback(&server));
    (Third::with(settings(component)).await, server)
}

fn callback(server: &Server) -> Callback {
    Callback::encrypted(&server.url, TOKEN, KEY)
}

/// What was inside a push to the third-party platform.
fn opened(received: &Received) -> String {
    let (message, appid) = decrypt(between(&received.body, "<Encrypt><![CDATA[", "]]>"));
    assert_eq!(appid, COMPONENT);
    message
}

fn field<'a>(message: &'a str, name: &str) -> &'a str {
    between(message, &format!("<{name}><![CDATA["), "]]>")
}

/// Waits for pushes that nobody asks for.
async fn arrived(server: &Server, pushes: usize) {
    timeout(Duration::from_secs(10), server.arrived(pushes)).await.expect("nothing was pushed");
}

/// The tickets that were pushed, in order.
fn tickets(server: &Server) -> Vec<String> {
    let ticket = |received: &Received| field(&opened(received), "ComponentVerifyTicket").to_owned();
    server.received().iter().map(ticket).collect()
}

#[tokio::test]
async fn a_ticket_is_pushed_at_every_end_of_ten_minutes() {
    let (third, server) = start(|component| component).await;
    third.component.settled().await;
    third.platform.advance(599);
    third.component.settled().await;
    assert_eq!(tickets(&server), [""; 0]);
    third.platform.advance(1);
    third.component.settled().await;
    let first = third.component.verify_ticket();
    assert_eq!(tickets(&server), [first.as_str()]);
    assert!(
        opened(&server.received()[0]).contains("<InfoType><![CDATA[component_verify_ticket]]></InfoType>")
    );
    third.platform.advance(600);
    third.component.settled().await;
    let second = third.component.verify_ticket();
    assert_eq!(tickets(&server), [first.as_str(), &second]);
    for ticket in [first, second] {
        assert_eq!(errcode(&third.token_by(&ticket).await), 0);
    }
    let ledger = third.platform.sim.ledger();
    let pushed = &ledger.pushes()[0];
    assert_eq!((pushed.appid.as_str(), pushed.kind.as_str()), (COMPONENT, "component_verify_ticket"));
}

#[tokio::test]
async fn a_ticket_that_is_asked_for_as_soon_as_the_clock_was_moved_is_the_one_that_is_due() {
    // Nobody listens there; that nothing is delivered changes nothing.
    let nowhere = Callback::encrypted("http://127.0.0.1:9/", TOKEN, KEY).tries(1);
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).callback(nowhere)).await;
    // Many times, since the simulator's thread is often the quicker one.
    for _ in 0..500 {
        let before = third.component.verify_ticket();
        third.platform.advance(600);
        let after = third.component.verify_ticket();
        assert_ne!(after, before);
        assert_eq!(third.component.verify_ticket(), after);
    }
    third.component.settled().await;
    assert_eq!(third.platform.sim.ledger().pushes().len(), 500);
}

#[tokio::test]
async fn several_periods_at_once_push_one_ticket_and_the_next_comes_on_time() {
    let (third, server) = start(|component| component).await;
    third.platform.advance(7 * 600 + 100);
    third.component.settled().await;
    assert_eq!(server.received().len(), 1);
    third.platform.advance(499);
    third.component.settled().await;
    assert_eq!(server.received().len(), 1);
    third.platform.advance(1);
    third.component.settled().await;
    assert_eq!(server.received().len(), 2);
    third.platform.clock().set(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    third.component.settled().await;
    third.platform.advance(599);
    third.component.settled().await;
    assert_eq!(server.received().len(), 2, "a clock that is set back begins a new period");
    third.platform.advance(1);
    third.component.settled().await;
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn moving_the_clock_pushes_by_itself() {
    let (third, server) = start(|component| component).await;
    // The first may come from the simulator's start; when it has arrived, nothing but the clock brings a second.
    for pushed in 1..=2 {
        third.platform.advance(600);
        arrived(&server, pushed).await;
    }
}

#[tokio::test]
async fn a_clock_that_runs_pushes_by_itself() {
    let server = Server::start(|_, _| Behaviour::ok("success"));
    let clock = SimClock::frozen();
    let component = Component::new(COMPONENT, COMPONENT_SECRET).callback(callback(&server));
    let builder = Simulator::builder().clock(clock.clone()).with_component(component);
    let sim = builder.start().await.unwrap();
    clock.advance(Duration::from_millis(599_900));
    clock.run();
    arrived(&server, 1).await;
    drop(sim);
}

#[tokio::test]
async fn without_a_callback_nothing_is_pushed_and_a_new_one_waits_for_the_next_period() {
    let third = Third::start().await;
    let delivery = third.component.push_verify_ticket().await;
    let Answer::Unreachable(why) = delivery.answer() else { panic!("{delivery:?}") };
    assert!(why.contains("no callback"), "{why}");
    let ticket = third.component.verify_ticket();
    third.platform.advance(700);
    third.component.settled().await;
    assert_eq!(third.component.verify_ticket(), ticket, "there is no new one either");
    let server = Server::start(|_, _| Behaviour::ok("success"));
    third.platform.advance(600);
    third.component.set_callback(callback(&server));
    third.component.settled().await;
    assert_eq!(server.received().len(), 0);
    third.platform.advance(500);
    third.component.settled().await;
    assert_eq!(server.received().len(), 1);
    third.component.set_callback(Callback::encrypted("https://host/", TOKEN, KEY));
    let delivery = third.component.push_verify_ticket().await;
    let Answer::Unreachable(why) = delivery.answer() else { panic!("{delivery:?}") };
    assert!(why.contains("http:// only"), "{why}");
    assert_eq!(third.platform.sim.ledger().pushes().len(), 1, "what reaches nobody is not written down");
    let wrong = Component::new("wx0", "s").callback(Callback::plain("host", TOKEN));
    assert!(third.platform.sim.add_component(wrong).is_err());
}

#[tokio::test]
async fn a_ticket_is_pushed_by_hand() {
    let (third, server) = start(|component| component).await;
    let delivery = third.component.push_verify_ticket().await;
    assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1));
    assert_eq!(tickets(&server), [third.component.verify_ticket()]);
}

#[tokio::test]
async fn api_start_push_ticket_begins_with_a_ticket_at_once_where_pushing_was_off() {
    let (third, server) = start(|component| component.pushing(false)).await;
    let ask = async |secret: &str| {
        let body = json!({ "component_appid": COMPONENT, "component_secret": secret });
        third.platform.post("/cgi-bin/component/api_start_push_ticket", &body).await
    };
    third.platform.advance(1800);
    third.component.settled().await;
    assert_eq!(server.received().len(), 0);
    assert_eq!(errcode(&ask("wrong").await), 40125);
    assert_eq!(errcode(&ask("").await), 41004);
    assert_eq!(ask(COMPONENT_SECRET).await, json!({ "errcode": 0, "errmsg": "ok" }));
    arrived(&server, 1).await;
    let again = ask(COMPONENT_SECRET).await;
    assert_eq!(again, json!({ "errcode": 0, "errmsg": "in a normal state" }));
    third.component.settled().await;
    assert_eq!(server.received().len(), 1);
    third.platform.advance(600);
    third.component.settled().await;
    assert_eq!(server.received().len(), 2);
    third.component.set_pushing(false);
    third.platform.advance(600);
    third.component.settled().await;
    assert_eq!(server.received().len(), 2);
    third.platform.sim.reset();
    third.platform.advance(600);
    third.component.settled().await;
    assert_eq!(server.received().len(), 2, "as it was declared");
}

#[tokio::test]
async fn consent_and_cancellation_are_pushed_with_what_belongs_to_them() {
    let (third, server) = start(|component| component).await;
    let token = third.token().await;
    let created = third.ask(&token, "api_create_preauthcode", json!({})).await;
    assert!(third.component.authorize_and_push(AUTHORIZER).await.delivered());
    assert!(third.component.authorize_and_push(AUTHORIZER).await.delivered());
    assert!(third.component.cancel_and_push(AUTHORIZER).await.delivered());
    let messages: Vec<String> = server.received().iter().map(opened).collect();
    let types: Vec<_> = messages.iter().map(|message| field(message, "InfoType")).collect();
    assert_eq!(types, ["authorized", "updateauthorized", "unauthorized"]);
    for message in &messages {
        assert_eq!((field(message, "AppId"), field(message, "AuthorizerAppid")), (COMPONENT, AUTHORIZER));
    }
    assert_eq!(field(&messages[0], "PreAuthCode"), created["pre_auth_code"]);
    assert!(field(&messages[1], "PreAuthCode").starts_with("preauthcode@@@"));
    let expiry = between(&messages[0], "<AuthorizationCodeExpiredTime>", "</");
    assert_eq!(expiry, (third.platform.clock().unix() + 3600).to_string());
    assert!(!third.component.authorizer(AUTHORIZER).unwrap().is_authorized());
    let code = field(&messages[0], "AuthorizationCode");
    assert_eq!(errcode(&third.query_auth(&token, code).await), 61003);
    third.component.authorize_and_push(AUTHORIZER).await;
    let code = field(&opened(&server.received()[3]), "AuthorizationCode").to_owned();
    assert_eq!(errcode(&third.query_auth(&token, &code).await), 0);
}

#[tokio::test]
async fn the_news_of_a_consent_can_be_pushed_later() {
    let (third, server) = start(|component| component).await;
    let consent = third.component.authorize(AUTHORIZER);
    let at = third.platform.clock().unix();
    third.platform.advance(60);
    assert!(third.component.push(consent.push()).await.delivered());
    let message = opened(&server.received()[0]);
    assert!(message.contains(&format!("<CreateTime>{at}</CreateTime>")), "{message}");
    assert_eq!(field(&message, "AuthorizationCode"), consent.authorization_code());
    let shown = format!("{consent:?} {:?} {:?}", third.component, third.authorizer());
    assert!(!shown.contains("queryauthcode") && !shown.contains(COMPONENT_SECRET), "{shown}");
}

#[tokio::test]
async fn a_reset_does_not_forget_that_a_push_is_under_way() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |_, _| {
        held.lock().unwrap().recv().unwrap();
        Behaviour::ok("success")
    });
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).callback(callback(&server))).await;
    third.platform.advance(600);
    arrived(&server, 1).await;
    third.platform.sim.reset();
    let mut settled = pin!(third.component.settled());
    assert!(timeout(Duration::ZERO, &mut settled).await.is_err(), "the answer is yet to come");
    release.send(()).unwrap();
    settled.await;
    assert_eq!(third.platform.sim.ledger().pushes()[0].outcome, "success");
}

#[tokio::test]
async fn settled_waits_for_pushes_that_are_tried_again() {
    let answers = [Behaviour::status(500, ""), Behaviour::status(500, ""), Behaviour::ok("success")];
    let server = Server::start(move |_, index| answers[index].clone());
    let component = Component::new(COMPONENT, COMPONENT_SECRET).callback(callback(&server));
    let third = Third::with(component).await;
    third.platform.advance(600);
    third.component.settled().await;
    assert_eq!(third.platform.sim.ledger().pushes()[0].tries, 3);
}
