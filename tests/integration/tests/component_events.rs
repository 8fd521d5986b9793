//! What WeChat pushes to a component: its client keeps it, under the account that it is about and no other.

use wechat_integration_tests::asking::LONG;
use wechat_integration_tests::callbacks::{KEY, Server, TOKEN, at, keys};
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, QUERY_AUTH, call_for, everybody_waits, exchange, new_appid,
};
use wechat_runtime::callback::{ComponentEvent, Settings, component_service};
use wechat_runtime::{AuthorizerToken, Client, Component, ErrorKind, VerifyTicket};
use wechat_simulator::{Answer, Callback, Delivery, Fault, Push};

/// A component whose client takes what is pushed to it, and that client.
struct Listening {
    agency: Agency,
    client: Client<Component>,
    _server: Server,
}

impl Listening {
    async fn new() -> Self {
        let agency = Agency::new().await;
        let client = agency.client();
        let clock = agency.sim.clock();
        let taken = Settings::new(keys(&agency.appid, KEY)).clock(move || clock.now()).reply_within(LONG);
        let server = Server::start(at(component_service(taken, client.clone()))).await;
        agency.component().set_callback(Callback::encrypted(server.at(), TOKEN, KEY).timeout(LONG));
        Self { agency, client, _server: server }
    }

    /// An account that has authorized the component, as WeChat has told.
    async fn shop(&self) -> String {
        let appid = new_appid();
        let delivery = self.agency.component().authorize_and_push(&appid).await;
        assert!(is_taken_at_once(&delivery), "{delivery:?}");
        appid
    }
}

fn is_taken_at_once(delivery: &Delivery) -> bool {
    delivery.tries() == 1 && *delivery.answer() == Answer::Success
}

#[tokio::test]
async fn tickets_that_are_pushed_every_ten_minutes_keep_a_component_going_for_days() {
    let Listening { agency, client, _server } = Listening::new().await;
    agency.cabinet.flush();
    let shop = new_appid();
    for round in 0..30 {
        agency.pass(2 * 3600);
        agency.component().settled().await;
        if round == 0 {
            agency.component().authorize_and_push(&shop).await;
        }
        call_for(&client, &shop).await.unwrap();
        let kept = agency.cabinet.verify_ticket(&agency.appid).await.unwrap();
        assert_eq!(kept.component_verify_ticket().expose(), agency.component().verify_ticket());
    }
    assert_eq!(agency.component_issued(), 30);
}

#[tokio::test]
async fn a_ticket_that_comes_again_late_does_not_take_the_place_of_a_newer_one() {
    let Listening { agency, client, _server } = Listening::new().await;
    let newest = VerifyTicket::new("ticket@@@newest", agency.now());
    agency.cabinet.put_verify_ticket(&agency.appid, newest.clone()).await;
    let late = Push::component_verify_ticket("ticket@@@late").create_time(agency.now() - 120);
    assert!(is_taken_at_once(&agency.component().push(late).await));
    assert_eq!(agency.cabinet.verify_ticket(&agency.appid).await, Some(newest));
    drop(client);
}

#[tokio::test]
async fn of_two_tickets_that_come_at_once_the_newer_one_stays() {
    let agency = Agency::new().await;
    let client = agency.client();
    agency.cabinet.flush();
    let pushed = |value: &str, at: u64| {
        let xml = format!(
            "<xml><AppId>{}</AppId><CreateTime>{at}</CreateTime><InfoType>component_verify_ticket</InfoType>\
             <ComponentVerifyTicket>{value}</ComponentVerifyTicket></xml>",
            agency.appid
        );
        let (client, event) = (client.clone(), ComponentEvent::parse(&xml).expect("it is XML"));
        tokio::spawn(async move { client.receive_event(&event).await })
    };
    agency.cabinet.hold_saves(true);
    let newer = pushed("ticket@@@newer", agency.now());
    agency.cabinet.saving(1).await;
    let older = pushed("ticket@@@older", agency.now() - 600);
    everybody_waits().await;
    agency.cabinet.hold_saves(false);
    for kept in [newer, older] {
        kept.await.unwrap().unwrap();
    }
    let kept = agency.cabinet.verify_ticket(&agency.appid).await.unwrap();
    assert_eq!(kept.component_verify_ticket().expose(), "ticket@@@newer");
}

#[tokio::test]
async fn an_account_that_authorizes_can_be_called_for_with_nothing_done() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = listening.shop().await;
    let shop = agency.component().authorizer(&appid).unwrap();
    let [access, refresh, _] = agency.stored(&appid).await;
    assert_eq!((access, refresh), (shop.current_token(), Some(shop.refresh_token())));
    call_for(client, &appid).await.unwrap();
    assert_eq!((agency.calls(QUERY_AUTH), agency.calls(AUTHORIZER_TOKEN)), (1, 0));
}

#[tokio::test]
async fn what_an_account_changes_in_its_authorization_is_exchanged_too() {
    let listening = Listening::new().await;
    let Listening { agency, .. } = &listening;
    let appid = listening.shop().await;
    agency.pass(60);
    let again = agency.component().authorize(&appid);
    let update = Push::updateauthorized(&*appid, again.authorization_code());
    assert!(is_taken_at_once(&agency.component().push(update).await));
    assert_eq!(agency.calls(QUERY_AUTH), 2);
    let shop = agency.component().authorizer(&appid).unwrap();
    assert_eq!(agency.stored(&appid).await[0], shop.current_token());
}

#[tokio::test]
async fn the_same_event_twice_is_exchanged_once() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = new_appid();
    let event =
        event(agency, "authorized", &appid, Some(agency.component().authorize(&appid).authorization_code()));
    for _ in 0..2 {
        client.receive_event(&event).await.unwrap();
    }
    assert_eq!(agency.calls(QUERY_AUTH), 1);
}

/// An event as a service reads it.
fn event(agency: &Agency, info_type: &str, authorizer: &str, code: Option<&str>) -> ComponentEvent {
    let (component, now) = (&agency.appid, agency.now());
    let code = code.map_or_else(String::new, |code| {
        format!(
            "<AuthorizationCode>{code}</AuthorizationCode><AuthorizationCodeExpiredTime>{}</AuthorizationCodeExpiredTime>",
            now + 3600
        )
    });
    let xml = format!(
        "<xml><AppId>{component}</AppId><CreateTime>{now}</CreateTime><InfoType>{info_type}</InfoType>\
         <AuthorizerAppid>{authorizer}</AuthorizerAppid>{code}</xml>"
    );
    ComponentEvent::parse(&xml).expect("it is XML")
}

#[tokio::test]
async fn an_event_whose_tokens_could_not_be_kept_is_pushed_again_and_found_in_the_list() {
    let Listening { agency, client, _server } = Listening::new().await;
    let appid = new_appid();
    agency.cabinet.fail_saves(true);
    let event =
        event(&agency, "authorized", &appid, Some(agency.component().authorize(&appid).authorization_code()));
    let error = client.receive_event(&event).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    agency.cabinet.fail_saves(false);
    client.receive_event(&event).await.expect("the code is used up, and the account is in the list");
    assert!(agency.stored(&appid).await[1].is_some());
    assert_eq!((agency.calls(QUERY_AUTH), agency.calls(AUTHORIZER_LIST)), (2, 1));
}

#[tokio::test]
async fn a_storage_that_is_down_has_wechat_push_the_event_again() {
    let Listening { agency, client, _server } = Listening::new().await;
    agency.cabinet.fail_reads(true);
    let appid = new_appid();
    let delivery = agency.component().authorize_and_push(&appid).await;
    assert!(matches!(delivery.answer(), Answer::Refused { status: 500, .. }), "{delivery:?}");
    assert_eq!((delivery.tries(), agency.calls(QUERY_AUTH)), (3, 0));
    agency.cabinet.fail_reads(false);
    call_for(&client, &appid).await.expect("it is in the list");
}

#[tokio::test]
async fn an_account_that_cancels_is_called_for_no_more_and_its_record_stays() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let (gone, other) = (listening.shop().await, listening.shop().await);
    for appid in [&gone, &other] {
        call_for(client, appid).await.unwrap();
    }
    let before = agency.stored(&gone).await;
    agency.pass(60);
    assert!(is_taken_at_once(&agency.component().cancel_and_push(&gone).await));
    let calls = agency.sim.ledger().calls().count();
    for _ in 0..3 {
        let error = call_for(client, &gone).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::ReauthorizationRequired, None), "{error}");
    }
    assert_eq!(agency.sim.ledger().calls().count(), calls, "WeChat is not asked");
    assert_eq!(agency.stored(&gone).await, before);
    assert!(agency.cabinet.record(&agency.appid, &gone).await.unwrap().is_unauthorized());
    call_for(client, &other).await.unwrap();

    agency.pass(60);
    assert!(is_taken_at_once(&agency.component().authorize_and_push(&gone).await));
    call_for(client, &gone).await.expect("it has authorized again");
}

#[tokio::test]
async fn an_account_that_cancels_when_its_token_was_just_bought_is_told_so_at_once() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = listening.shop().await;
    agency.pass(7200);
    agency.component().settled().await;
    call_for(client, &appid).await.unwrap();
    agency.pass(1);
    assert!(is_taken_at_once(&agency.component().cancel_and_push(&appid).await));
    let (reads, saves) = (agency.cabinet.reads(), agency.cabinet.saves());
    let error = call_for(client, &appid).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::ReauthorizationRequired, None), "{error}");
    assert_eq!(agency.cabinet.saves(), saves, "nothing is put back");
    assert!(agency.cabinet.reads() - reads < 10, "and the storage is asked a few times, not without end");
}

#[tokio::test]
async fn an_authorization_that_is_told_again_after_it_was_taken_back_changes_nothing() {
    let agency = Agency::new().await;
    let client = agency.client();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    let authorized = event(&agency, "authorized", &appid, Some(&code));
    client.receive_event(&authorized).await.unwrap();
    agency.pass(60);
    client.receive_event(&event(&agency, "unauthorized", &appid, None)).await.unwrap();
    client.receive_event(&authorized).await.expect("it was kept");
    assert_eq!(agency.calls(QUERY_AUTH), 1);
    assert!(agency.cabinet.record(&agency.appid, &appid).await.unwrap().is_unauthorized());
}

#[tokio::test]
async fn the_same_event_twice_is_exchanged_once_by_a_clock_that_is_behind() {
    let agency = Agency::new().await;
    let clock = agency.sim.clock();
    let behind = move || clock.now() - std::time::Duration::from_secs(600);
    let client = agency.builder().clock(behind).build().unwrap();
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    let event = event(&agency, "authorized", &appid, Some(&code));
    for _ in 0..2 {
        client.receive_event(&event).await.unwrap();
    }
    assert_eq!(agency.calls(QUERY_AUTH), 1);
}

#[tokio::test]
async fn who_authorizes_again_by_a_code_that_another_has_used_is_found_in_the_list() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = listening.shop().await;
    agency.pass(60);
    assert!(is_taken_at_once(&agency.component().cancel_and_push(&appid).await));
    agency.pass(60);
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    let again = event(agency, "authorized", &appid, Some(&code));
    agency.sim.fault(QUERY_AUTH, Fault::errcode(61009).times(1));
    client.receive_event(&again).await.unwrap();
    call_for(client, &appid).await.unwrap();
}

#[tokio::test]
async fn a_cancellation_that_comes_after_a_newer_authorization_changes_nothing() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = listening.shop().await;
    agency.pass(60);
    agency.component().cancel(&appid);
    let late = Push::unauthorized(&*appid).create_time(agency.now());
    agency.pass(60);
    assert!(is_taken_at_once(&agency.component().authorize_and_push(&appid).await));
    assert!(is_taken_at_once(&agency.component().push(late).await));
    let reads = agency.cabinet.reads();
    call_for(client, &appid).await.unwrap();
    assert_eq!(agency.cabinet.reads(), reads, "nor is what it has forgotten");
}

#[tokio::test]
async fn an_authorization_exchanged_by_hand_ends_a_cancellation_whatever_the_clocks_say() {
    let listening = Listening::new().await;
    let Listening { agency, client, .. } = &listening;
    let appid = listening.shop().await;
    // By WeChat's clock, it is to come.
    let record = AuthorizerToken::new().with_unauthorized_at(agency.now() + 200);
    agency.cabinet.put_record(&agency.appid, &appid, record).await;
    let code = agency.component().reauthorize(&appid).authorization_code().to_owned();
    exchange(client, &code).await.unwrap();
    call_for(client, &appid).await.unwrap();
}

#[tokio::test]
async fn an_event_for_another_component_never_reaches_the_storage() {
    let Listening { agency, client, _server } = Listening::new().await;
    let (other, appid) = (new_appid(), new_appid());
    let mut event = event(&agency, "authorized", &appid, Some("queryauthcode@@@x"));
    event.component_appid.clone_from(&other);
    let saves = agency.cabinet.saves();
    for component in [other.as_str(), ""] {
        event.component_appid = component.to_owned();
        let error = client.receive_event(&event).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
    }
    let mut of_none = self::event(&agency, "unauthorized", &appid, None);
    of_none.component_appid.clear();
    let of_any = agency.builder().appid("").build().unwrap();
    let error = of_any.receive_event(&of_none).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request, "one that names none is nobody's");
    assert_eq!((agency.cabinet.saves(), agency.calls(QUERY_AUTH)), (saves, 0));
    assert_eq!(agency.cabinet.record(&other, &appid).await, None);
}

#[tokio::test]
async fn tokens_are_kept_for_the_account_that_the_answer_names_and_not_for_the_one_of_the_event() {
    let listening = Listening::new().await;
    let Listening { agency, .. } = &listening;
    let (named, real) = (new_appid(), new_appid());
    let code = agency.component().authorize(&real).authorization_code().to_owned();
    assert!(is_taken_at_once(&agency.component().push(Push::authorized(&*named, code)).await));
    assert_eq!(agency.cabinet.record(&agency.appid, &named).await, None);
    let shop = agency.component().authorizer(&real).unwrap();
    assert_eq!(agency.stored(&real).await[1], Some(shop.refresh_token()));
}

#[tokio::test]
async fn a_code_that_cannot_be_exchanged_now_is_exchanged_when_it_is_pushed_again() {
    let Listening { agency, client, _server } = Listening::new().await;
    agency.sim.fault(QUERY_AUTH, Fault::errcode(-1).times(1));
    let appid = new_appid();
    let delivery = agency.component().authorize_and_push(&appid).await;
    assert_eq!((delivery.tries(), delivery.answer()), (2, &Answer::Success));
    call_for(&client, &appid).await.unwrap();
    assert_eq!(agency.calls(AUTHORIZER_LIST), 0);
}

#[tokio::test]
async fn an_event_that_does_not_tell_when_it_was_made_was_made_by_now() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    let push = |info_type: &str, field: &str, value: &str| {
        let component = &agency.appid;
        let xml = format!(
            "<xml><AppId>{component}</AppId><InfoType>{info_type}</InfoType><{field}>{value}</{field}></xml>"
        );
        ComponentEvent::parse(&xml).expect("it is XML")
    };
    let ticket = agency.component().issue_verify_ticket();
    let event = push("component_verify_ticket", "ComponentVerifyTicket", &ticket);
    client.receive_event(&event).await.unwrap();
    let kept = agency.cabinet.verify_ticket(&agency.appid).await.unwrap();
    assert_eq!((kept.component_verify_ticket().expose(), kept.timestamp()), (&*ticket, agency.now()));

    client.receive_event(&push("unauthorized", "AuthorizerAppid", shop.appid())).await.unwrap();
    let error = call_for(&client, shop.appid()).await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::ReauthorizationRequired, None), "{error}");
}
