//! What is pushed to a component application: typed, its own alone, and nothing else.

use axum::Router;
use wechat_integration_tests::asking::LONG;
use wechat_integration_tests::callbacks::{
    Inbox, KEY, OPENID, OTHER_KEY, Server, TOKEN, Wechat, a_text, at, nowhere, said, words,
};
use wechat_integration_tests::new_appid;
use wechat_integration_tests::tickets::Record;
use wechat_runtime::callback::{self, Authorization, ComponentEvent, ComponentInfo, Keys, component_service};
use wechat_simulator::{Answer, Callback, Push, Verification};

const TICKET: &str = "ticket@@@canary";
const CODE: &str = "queryauthcode@@@canary";

/// A service of the component, and what it keeps.
fn service(wechat: &Wechat, keys: Keys) -> (Router, Record) {
    let record = Record::default();
    (at(component_service(wechat.settings_of(keys), record.clone())), record)
}

type Check<'c> = Box<dyn Fn(&ComponentInfo) -> bool + 'c>;

#[tokio::test]
async fn everything_that_a_component_is_told_arrives_typed() {
    let wechat = Wechat::new().await;
    let (router, record) = service(&wechat, wechat.keys());
    let server = Server::start(router).await;
    let pusher = wechat.safe(server.at());
    assert_eq!(pusher.verify().await, Verification::Passed);
    let authorizer = new_appid();
    let expires = wechat.sim.clock().unix() + 3600;
    let is_right = |given: &Authorization| {
        let pre =
            given.pre_auth_code.as_ref().is_some_and(|code| code.expose().starts_with("preauthcode@@@"));
        given.authorizer_appid == authorizer
            && given.authorization_code.expose() == CODE
            && given.authorization_code_expired_time == expires
            && pre
    };
    let rows: Vec<(Push, Check<'_>)> = vec![
        (
            Push::component_verify_ticket(TICKET),
            Box::new(|info| {
                matches!(info, ComponentInfo::VerifyTicket { component_verify_ticket, .. }
                    if component_verify_ticket.expose() == TICKET)
            }),
        ),
        (
            Push::authorized(&*authorizer, CODE),
            Box::new(|info| matches!(info, ComponentInfo::Authorized(given) if is_right(given))),
        ),
        (
            Push::updateauthorized(&*authorizer, CODE),
            Box::new(|info| matches!(info, ComponentInfo::UpdateAuthorized(given) if is_right(given))),
        ),
        (
            Push::unauthorized(&*authorizer),
            Box::new(
                |info| matches!(info, ComponentInfo::Unauthorized { authorizer_appid, .. } if *authorizer_appid == authorizer),
            ),
        ),
        (
            Push::info("notify_of_tomorrow").field("A", "B"),
            Box::new(|info| matches!(info, ComponentInfo::Unknown(fields) if fields.text("A") == Some("B"))),
        ),
        (Push::info("component_verify_ticket"), Box::new(|info| matches!(info, ComponentInfo::Unknown(_)))),
    ];
    for (push, is_right) in rows {
        let delivery = pusher.push(push.clone()).await;
        assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1), "{push:?}");
        let [event]: [ComponentEvent; 1] = record.take().try_into().expect("it came once");
        assert!(is_right(&event.info), "{push:?}: {event:?}");
        assert_eq!(event.component_appid, wechat.appid);
        assert_eq!(event.create_time, wechat.sim.clock().unix());
    }
}

#[tokio::test]
async fn what_is_another_components_never_reaches_the_store() {
    let wechat = Wechat::new().await;
    let (router, record) = service(&wechat, wechat.keys());
    let ticket = || Push::component_verify_ticket(TICKET);
    let now = wechat.sim.clock().unix();
    let encrypted = |token, key| wechat.pusher(Callback::encrypted(nowhere(), token, key));
    let others_envelope = Callback::encrypted(nowhere(), TOKEN, KEY).component(new_appid());
    for (whose, signed) in [
        ("encrypted for another", wechat.pusher(others_envelope).sign(&ticket().info_appid(&*wechat.appid))),
        ("of another, encrypted for this one", wechat.signed(&ticket().info_appid(new_appid()))),
        ("of nobody, encrypted for this one", wechat.signed(&ticket().info_appid(""))),
        (
            "of nobody at all",
            wechat.signed(&Push::raw(format!(
                "<xml><CreateTime>{now}</CreateTime><InfoType>component_verify_ticket</InfoType>\
                 <ComponentVerifyTicket>{TICKET}</ComponentVerifyTicket></xml>"
            ))),
        ),
        ("under another token", encrypted("another", KEY).sign(&ticket())),
        ("under another key", encrypted(TOKEN, OTHER_KEY).sign(&ticket())),
    ] {
        assert_eq!(said(&router, &signed).await, words(403), "{whose}");
        assert!(record.take().is_empty(), "{whose}");
    }
    assert_eq!(said(&router, &wechat.signed(&ticket())).await, words(200));
    assert_eq!(record.tickets(), [TICKET]);
}

#[tokio::test]
async fn plain_pushes_are_refused_whatever_the_keys_take() {
    let wechat = Wechat::new().await;
    for keys in [wechat.keys(), wechat.keys().compat(), Keys::plain(TOKEN).unwrap()] {
        let (router, record) = service(&wechat, keys);
        let signed =
            wechat.pusher(Callback::plain(nowhere(), TOKEN)).sign(&Push::component_verify_ticket(TICKET));
        assert!(signed.body.contains(&wechat.appid), "it names the component");
        assert_eq!(said(&router, &signed).await, words(403));
        assert!(record.take().is_empty());
    }
}

/// Both of a component's URLs may be mixed up: its keys are the same.
#[tokio::test]
async fn messages_at_the_component_service_are_refused_and_tickets_at_the_other_are_no_messages() {
    let wechat = Wechat::new().await;
    let (router, record) = service(&wechat, wechat.keys());
    let server = Server::start(router).await;
    for push in [a_text(), Push::subscribe(OPENID), Push::raw("<xml/>")] {
        let delivery = wechat.safe(server.at()).push(push).await;
        assert!(matches!(delivery.answer(), Answer::Refused { status: 403, .. }), "{delivery:?}");
    }
    assert!(record.take().is_empty());
    let inbox = Inbox::default();
    let messages = at(callback::service(wechat.settings(), inbox.noting()));
    assert_eq!(said(&messages, &wechat.signed(&Push::component_verify_ticket(TICKET))).await, words(200));
    let got = inbox.one();
    assert!(matches!(got.content, callback::Content::Unknown));
    assert!(!format!("{got:?}").contains(TICKET), "and it is not shown");
}

#[tokio::test]
async fn messages_of_an_authorizer_come_under_the_components_keys() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    let router = Router::new().route(
        "/wechat/{appid}",
        callback::service(wechat.settings(), inbox.replying(callback::Reply::text("for the component"))),
    );
    let server = Server::start(router).await;
    let authorizer = new_appid();
    let url = format!("{}/wechat/$APPID$", server.url);
    let callback = Callback::encrypted(&*url, TOKEN, KEY).timeout(LONG).tries(1);
    let pusher = wechat.sim.pusher(&*authorizer, callback.clone().component(&*wechat.appid)).unwrap();
    let delivery = pusher.push(a_text()).await;
    let reply = delivery.reply().unwrap_or_else(|| panic!("{delivery:?}"));
    assert_eq!((reply.get("Content"), reply.encrypted()), (Some("for the component"), true));
    assert_eq!(inbox.one().to_user_name, pusher.user_name());
    // What is enveloped for the authorizer itself is not the component's.
    let own = wechat.sim.pusher(authorizer, callback).unwrap();
    assert!(matches!(own.push(a_text()).await.answer(), Answer::Refused { status: 403, .. }));
    assert_eq!(inbox.count(), 0);
}
