//! What is claimed, by which service, for how long; what a handler that cannot be answered for comes to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use wechat_integration_tests::callbacks::{
    Count, Desk, Inbox, Noted, Server, Wechat, a_text, at, param, request, said, with_param, words,
};
use wechat_integration_tests::tickets::Record;
use wechat_integration_tests::{everybody_waits, in_time};
use wechat_runtime::callback::{
    self, Content, Error, Handlers, Query, Reply, SeenInMemory, component_service,
};
use wechat_simulator::{Answer, Push};

#[tokio::test]
async fn a_ticket_that_was_sent_to_where_messages_are_taken_is_kept_all_the_same() {
    let (wechat, record) = (Wechat::new().await, Record::default());
    let seen = Arc::new(SeenInMemory::default());
    let messages = at(callback::service(wechat.settings().seen(seen.clone()), || async {}));
    let component = at(component_service(wechat.settings().seen(seen), record.clone()));
    let signed = wechat.signed(&Push::component_verify_ticket("ticket@@@x"));
    assert_eq!(said(&messages, &signed).await, words(200), "the path is not signed");
    assert_eq!(said(&component, &signed).await, words(200));
    assert_eq!(record.tickets(), ["ticket@@@x"]);
}

#[tokio::test]
async fn claims_outlast_what_they_are_for() {
    let wechat = Wechat::new().await;
    let limit = Duration::from_secs(4);
    let (of_message, of_ticket) = (Noted::default(), Noted::default());
    let settings = wechat.settings().reply_within(limit).freshness(Duration::from_secs(1));
    let messages = at(callback::service(settings.clone().seen(of_message.clone()), || async {}));
    let component = at(component_service(settings.seen(of_ticket.clone()), Record::default()));
    said(&messages, &wechat.signed(&a_text())).await;
    said(&component, &wechat.signed(&Push::component_verify_ticket("ticket@@@x"))).await;
    let claimed = |seen: &Noted| seen.times.lock().unwrap()[0];
    assert!(claimed(&of_message) > limit, "longer than a handler is waited for");
    assert!(claimed(&of_ticket) > 2 * limit, "longer than keeping may take");
}

#[tokio::test]
async fn a_reply_that_cannot_be_sent_is_lost_and_the_handler_not_run_again() {
    let (wechat, runs) = (Wechat::new().await, Count::default());
    let counting = runs.clone();
    let handler = move || {
        counting.add();
        async { Reply::text("to nobody") }
    };
    let server = Server::start(at(callback::service(wechat.settings(), handler))).await;
    let now = wechat.sim.clock().unix();
    let nobody = format!("<xml><CreateTime>{now}</CreateTime><MsgType>event</MsgType><Event>x</Event></xml>");
    let delivery = wechat.safe(server.at()).push(Push::raw(nobody)).await;
    assert_eq!((delivery.answer(), delivery.tries(), runs.get()), (&Answer::Success, 1, 1));
}

#[tokio::test]
async fn an_empty_text_is_no_reply() {
    let wechat = Wechat::new().await;
    let server = Server::start(at(callback::service(wechat.settings(), || async { Reply::text("") }))).await;
    assert_eq!(wechat.safe(server.at()).push(a_text()).await.answer(), &Answer::Success);
}

/// An extractor that refuses with a page of status 200.
struct Maintenance;

impl<S: Sync> FromRequestParts<S> for Maintenance {
    type Rejection = Response<String>;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Err(Response::new("we are not here".to_owned()))
    }
}

#[tokio::test]
async fn what_an_extractor_refuses_is_no_success_whatever_it_answers() {
    let wechat = Wechat::new().await;
    let router = at(callback::service(wechat.settings(), |_: Maintenance| async {}));
    let refused = said(&router, &wechat.signed(&a_text())).await;
    assert_eq!(refused, (StatusCode::INTERNAL_SERVER_ERROR.as_u16(), "not handled".to_owned()));
}

#[tokio::test]
async fn a_time_that_cannot_be_read_is_not_fresh() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let router = at(callback::service(wechat.settings(), inbox.noting()));
    for (time, status) in [
        ("", 200),
        ("<CreateTime>abc</CreateTime>", 403),
        ("<CreateTime></CreateTime>", 403),
        ("<CreateTime>-5</CreateTime>", 403),
        ("<CreateTime>18446744073709551616</CreateTime>", 403),
        ("<CreateTime><a/></CreateTime>", 403),
        ("<CreateTime>0</CreateTime>", 403),
    ] {
        let push = Push::raw(format!("<xml>{time}<MsgType>text</MsgType><Content>a</Content></xml>"));
        assert_eq!(said(&router, &wechat.signed(&push)).await, words(status), "{time:?}");
    }
    assert_eq!(inbox.count(), 1);
}

/// What is signed has no marks between its parts: what is cut off the front of the ciphertext fits into the nonce.
#[tokio::test]
async fn what_was_encrypted_cannot_be_moved_into_the_nonce() {
    let wechat = Wechat::new().await;
    let signed = wechat.signed(&a_text());
    let nonce = param(&signed.url, "nonce").to_owned();
    for more in [32, 64, 128] {
        let url = with_param(&signed.url, "nonce", &format!("{nonce}{}", "A".repeat(more)));
        let query = url.split_once('?').unwrap().1;
        assert_eq!(Query::parse(query).err(), Some(Error::Query("nonce")));
    }
    assert!(Query::parse(signed.url.split_once('?').unwrap().1).is_ok());
}

#[tokio::test]
async fn handlers_can_be_waited_for_whose_push_is_answered_already() {
    let (wechat, desk, handlers) = (Wechat::new().await, Desk::default(), Handlers::new());
    let settings = wechat.settings().reply_within(Duration::from_millis(500)).handlers(&handlers);
    let router = at(callback::service(settings, desk.handler(Reply::text("late"))));
    in_time(handlers.finished()).await;
    assert_eq!(said(&router, &wechat.signed(&a_text())).await, words(200));
    let finished = tokio::spawn({
        let handlers = handlers.clone();
        async move { handlers.finished().await }
    });
    everybody_waits().await;
    assert!(handlers.running() == 1 && !finished.is_finished());
    desk.let_go();
    in_time(finished).await.unwrap();
    assert_eq!((handlers.running(), desk.ended.get()), (0, 1));
}

#[tokio::test]
async fn a_path_that_is_no_text_is_no_account() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let router =
        axum::Router::new().route("/{account}", callback::service(wechat.settings(), inbox.noting()));
    let signed = wechat.signed(&a_text());
    let (_, query) = signed.url.split_once('?').unwrap();
    let mut request = request(&signed);
    *request.uri_mut() = format!("/%FF?{query}").parse().unwrap();
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!((answer.status(), inbox.count()), (StatusCode::NOT_FOUND, 0));
}

#[tokio::test]
async fn a_mini_program_of_the_menu_is_typed_and_coordinates_are_numbers() {
    let parse = |body: &str| callback::Incoming::parse(&format!("<xml>{body}</xml>")).unwrap().content;
    let content = parse(
        "<MsgType>event</MsgType><Event>view_miniprogram</Event><EventKey>pages/index</EventKey><MenuId>1</MenuId>",
    );
    assert!(matches!(content, Content::ViewMiniprogram { page_path, .. } if page_path == "pages/index"));
    let nowhere = parse(
        "<MsgType>event</MsgType><Event>LOCATION</Event><Latitude>NaN</Latitude><Longitude>inf</Longitude>\
         <Precision>1</Precision>",
    );
    assert_eq!(nowhere, Content::Unknown);
}
