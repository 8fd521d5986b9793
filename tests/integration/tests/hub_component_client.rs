//! A client of a hub over HTTP, for component applications: what it asks, what it takes for an answer, and what it makes of
//! everything else.

use std::sync::Mutex;

use serde_json::json;
use wechat_integration_tests::{
    Asked, GRANTED, PATH, Reply, Shops, StubHub, assert_tells, call_for, either, in_time, new_appid, record,
    token, value,
};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::storage::ComponentClient as _;
use wechat_runtime::{
    Bound, Client, Common, Component, Error, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind,
};

/// A hub that grants whatever it is asked for.
async fn granting() -> StubHub {
    StubHub::start(|asked| {
        let key = if asked.line.contains("ticket") { "ticket" } else { "access_token" };
        Reply::original(record(key, "T1", "7200", &GRANTED.to_string()), GRANTED)
    })
    .await
}

fn lines(hub: &StubHub) -> Vec<String> {
    hub.asked().into_iter().map(|asked| asked.line).collect()
}

/// A client of this hub, by the clock of the platform that it calls.
fn through(world: &Shops, hub: &HubClient) -> Client<Component> {
    world.builder_on(Bound::new(hub.clone(), ())).build().unwrap()
}

/// Nothing but the plain calls has reached WeChat: to grant is the hub's.
fn assert_left_alone(world: &Shops) {
    assert!(world.sim.ledger().calls().all(|call| call.path() == PATH), "WeChat is not asked");
}

#[tokio::test]
async fn tokens_and_tickets_are_asked_for_as_the_original_asks() {
    let hub = granting().await;
    let client = HubClient::new(hub.url());
    client.fetch_access_token("wxcomp", "wxauth", &()).await.unwrap().unwrap();
    client.fetch_component_access_token("wxcomp", &()).await.unwrap().unwrap();
    client.fetch_ticket("wxcomp", "wxauth", &TicketType::JSAPI, &()).await.unwrap().unwrap();
    client.fetch_ticket("wxcomp", "wxauth", &TicketType::WX_CARD, &()).await.unwrap().unwrap();
    assert_eq!(
        lines(&hub),
        [
            "GET /client/access_token?appid=wxcomp&authorizer_appid=wxauth HTTP/1.1",
            "GET /client/component_access_token?appid=wxcomp HTTP/1.1",
            "GET /client/ticket?appid=wxcomp&authorizer_appid=wxauth&type=jsapi HTTP/1.1",
            "GET /client/ticket?appid=wxcomp&authorizer_appid=wxauth&type=wx_card HTTP/1.1",
        ]
    );
    for asked in hub.asked() {
        assert_eq!(asked.header_names(), ["accept", "host"]);
        assert!(asked.body.is_empty());
    }
}

#[tokio::test]
async fn a_refresh_is_written_as_the_original_writes_it() {
    let hub = granting().await;
    let client = HubClient::new(hub.url());
    for (stale, written) in
        [(Some("OLD"), "\"OLD\""), (None, "null"), (Some("a \"b\" ü"), "\"a \\\"b\\\" ü\"")]
    {
        let stale = stale.map(Secret::from);
        client.refresh_access_token("wxcomp", "wxauth", stale.as_ref(), &()).await.unwrap().unwrap();
        client.refresh_component_access_token("wxcomp", stale.as_ref(), &()).await.unwrap().unwrap();
        let asked = hub.asked();
        let [.., of_account, own] = &*asked else { panic!("both have come") };
        assert_eq!(of_account.line, "POST /refresh/access_token HTTP/1.1");
        let body = format!(r#"{{"access_token":{written},"appid":"wxcomp","authorizer_appid":"wxauth"}}"#);
        assert_eq!(of_account.text(), body);
        assert_eq!(own.line, "POST /client/refresh_component_access_token HTTP/1.1");
        assert_eq!(own.text(), format!(r#"{{"access_token":{written},"appid":"wxcomp"}}"#));
        for asked in [of_account, own] {
            assert_eq!(asked.header_names(), ["accept", "content-length", "content-type", "host"]);
            assert_eq!(asked.header("content-type"), Some("application/json"));
            assert_eq!(asked.header("content-length"), Some(&*asked.body.len().to_string()));
        }
    }
}

#[tokio::test]
async fn appids_are_form_encoded_below_the_hubs_own_path_and_the_bearer_token_is_sent() {
    let hub = granting().await;
    let client = HubClient::new(format!("{}/wechat/", hub.url())).bearer("s3cret+bearer/==");
    client.fetch_access_token("wx a&b/ü+", "wx=c?d", &()).await.unwrap();
    client.fetch_component_access_token("wx a&b/ü+", &()).await.unwrap();
    client.refresh_component_access_token("wxcomp", None, &()).await.unwrap();
    client.refresh_access_token("wxcomp", "wxauth", None, &()).await.unwrap();
    client.fetch_ticket("wxcomp", "wx=c?d", &TicketType::from("a word"), &()).await.unwrap();
    let odd = "wx+a%26b%2F%C3%BC%2B";
    assert_eq!(
        lines(&hub),
        [
            format!("GET /wechat/client/access_token?appid={odd}&authorizer_appid=wx%3Dc%3Fd HTTP/1.1"),
            format!("GET /wechat/client/component_access_token?appid={odd} HTTP/1.1"),
            "POST /wechat/client/refresh_component_access_token HTTP/1.1".to_owned(),
            "POST /wechat/refresh/access_token HTTP/1.1".to_owned(),
            "GET /wechat/client/ticket?appid=wxcomp&authorizer_appid=wx%3Dc%3Fd&type=a+word HTTP/1.1"
                .to_owned(),
        ]
    );
    let bearer = Some("Bearer s3cret+bearer/==");
    assert!(hub.asked().iter().all(|asked| asked.header("authorization") == bearer));
}

#[tokio::test]
async fn the_originals_answers_are_taken_byte_for_byte() {
    const AT: u64 = 1_795_357_600;
    let hub = StubHub::start(|asked| {
        let body = if asked.line.contains("type=jsapi") {
            r#"{"expires_in":7200,"ticket":"TICKET-jsapi","timestamp":1795357587,"type":"jsapi"}"#
        } else if asked.line.contains("type=wx_card") {
            r#"{"expires_in":7200,"ticket":"TICKET-card","timestamp":1795357563,"type":null}"#
        } else {
            r#"{"access_token":"T1","expires_in":7200,"timestamp":1795357423}"#
        };
        Reply::original(body, AT)
    })
    .await;
    let client = HubClient::new(hub.url());
    // A component's tokens, and its authorizers', are of that kind.
    let expected = Some(Token::new(TokenKind::Classic, "T1", 1_795_357_423, 7200).as_of(AT));
    let stale = Some(Secret::from("T0"));
    for taken in [
        client.fetch_access_token("wxcomp", "wxauth", &()).await,
        client.refresh_access_token("wxcomp", "wxauth", stale.as_ref(), &()).await,
        client.fetch_component_access_token("wxcomp", &()).await,
        client.refresh_component_access_token("wxcomp", stale.as_ref(), &()).await,
    ] {
        assert_eq!(taken.unwrap(), expected);
    }
    for (ticket_type, value, at) in [
        (TicketType::JSAPI, "TICKET-jsapi", 1_795_357_587),
        (TicketType::WX_CARD, "TICKET-card", 1_795_357_563),
    ] {
        let ticket = client.fetch_ticket("wxcomp", "wxauth", &ticket_type, &()).await.unwrap();
        assert_eq!(ticket, Some(Ticket::new(ticket_type, value, at, 7200).as_of(AT)));
    }
}

/// A hub that answers so to each question, and what the callers of a client of it are told.
async fn told(reply: &Reply) -> Vec<Error> {
    let world = Shops::new().await;
    let reply = reply.clone();
    let hub = StubHub::saying(reply).await;
    let client = through(&world, &HubClient::new(hub.url()));
    let (shop, stale) = (&world.shops[0], Secret::from("a-stale-token"));
    let errors = vec![
        in_time(call_for(&client, shop)).await.unwrap_err(),
        in_time(client.fetch_access_token(shop)).await.unwrap_err(),
        in_time(client.fetch_component_access_token()).await.unwrap_err(),
        in_time(client.authorizer(shop).fetch_ticket("jsapi")).await.unwrap_err(),
        in_time(client.refresh_access_token(shop, &stale)).await.unwrap_err(),
        in_time(client.refresh_component_access_token(&stale)).await.unwrap_err(),
    ];
    assert_eq!(world.sim.ledger().calls().count(), 0, "nothing is sent without a token");
    assert_left_alone(&world);
    errors
}

#[tokio::test]
async fn each_word_of_the_original_for_a_reason_has_its_kind_and_is_repeated() {
    for (word, kind, says) in [
        ("invalid_authorizer_appid", ErrorKind::ReauthorizationRequired, "authorize the component again"),
        (
            "invalid_component_refresh_token",
            ErrorKind::ReauthorizationRequired,
            "authorize the component again",
        ),
        ("verify_ticket_not_found", ErrorKind::NoVerifyTicket, "see to the hub"),
        ("invalid_component_verify_ticket", ErrorKind::VerifyTicket, "see to the hub"),
        ("invalid_clientip", ErrorKind::AddressNotAllowed, "see to the hub"),
        ("invalid_usecase_get_access_token", ErrorKind::Configuration, "see to the hub"),
        ("fail_fetch_access_token", ErrorKind::Storage, "see to the hub"),
        ("a word of nobody's", ErrorKind::Storage, "see to the hub"),
    ] {
        let body = json!({ "errcode": null, "message": "why", "reason": word, "http_status": null });
        for error in told(&Reply::original(body.to_string(), GRANTED)).await {
            let seen = (error.kind(), error.errcode(), error.reason(), error.http_status());
            assert_eq!(seen, (kind, None, Some(word), Some(200)), "{error}");
            assert!(error.to_string().contains(&format!("`{word}` (why)")), "{error}");
            assert!(error.advice().contains(says), "{error}");
            assert_tells(&error, &["a-stale-token"], word);
        }
    }
}

#[tokio::test]
async fn wechats_errors_are_the_callers_whatever_the_status() {
    for (code, kind) in [
        (61003, ErrorKind::ReauthorizationRequired),
        (61023, ErrorKind::ReauthorizationRequired),
        (61005, ErrorKind::VerifyTicket),
        (61006, ErrorKind::VerifyTicket),
        (61004, ErrorKind::AddressNotAllowed),
        (40013, ErrorKind::Configuration),
        (45009, ErrorKind::Quota),
    ] {
        let body = json!({ "errcode": code, "message": "so it says", "reason": null, "http_status": 200 });
        for reply in [
            Reply::original(body.to_string(), GRANTED),
            Reply::of(502, &[("content-type", "application/json")], body.to_string()),
        ] {
            for error in told(&reply).await {
                assert_eq!((error.kind(), error.errcode()), (kind, Some(code)), "{error}");
                assert_eq!((error.errmsg(), error.http_status()), (Some("so it says"), Some(200)));
                assert_tells(&error, &["a-stale-token"], "an errcode");
            }
        }
    }
}

#[tokio::test]
async fn the_originals_empty_500_is_a_typed_error() {
    for error in told(&Reply::original_failure(GRANTED)).await {
        let seen = (error.kind(), error.errcode(), error.reason(), error.http_status());
        assert_eq!(seen, (ErrorKind::Storage, None, None, Some(500)));
        assert!(error.to_string().contains("answered with nothing"), "{error}");
        assert_tells(&error, &["a-stale-token"], "an empty 500");
    }
}

#[tokio::test]
async fn a_token_that_buys_another_and_is_refused_is_no_wrong_secret() {
    let refused = r#"{"errcode":40001,"message":"invalid credential","reason":null,"http_status":200}"#;
    let errors = told(&Reply::original(refused, GRANTED)).await;
    let kinds: Vec<_> = errors.iter().map(Error::kind).collect();
    let (rejected, wrong) = (ErrorKind::TokenRejected, ErrorKind::Configuration);
    assert_eq!(kinds, [rejected, rejected, wrong, rejected, rejected, wrong]);
}

#[tokio::test]
async fn a_refused_token_is_reported_once_and_the_call_succeeds_with_the_hubs_other_one() {
    let world = Shops::new().await;
    let good = world.shop().rotate_elsewhere();
    let clock = world.sim.clock();
    let answer = move |value: String| {
        let clock = clock.clone();
        move |_: &Asked| Reply::original(token(&value, clock.unix()), clock.unix())
    };
    let hub = StubHub::start(either(answer("a-stale-token".to_owned()), answer(good.clone()))).await;
    let client = through(&world, &HubClient::new(hub.url()));
    let shop = &world.shops[0];
    call_for(&client, shop).await.unwrap();
    let asked = hub.asked();
    assert_eq!(hub.counts(), (2, 1), "fetched, compared and reported");
    let body = format!(
        r#"{{"access_token":"a-stale-token","appid":"{}","authorizer_appid":"{shop}"}}"#,
        world.appid
    );
    assert_eq!(asked.last().unwrap().text(), body);
    assert_eq!(value(&client.fetch_access_token(shop).await.unwrap()), good, "and it is kept");
    assert_eq!(hub.counts(), (2, 1));
    assert_left_alone(&world);
}

/// The accounts' appids decide, and so does the kind of application: nobody is told another's.
#[tokio::test]
async fn what_is_kept_of_one_account_is_not_told_another_nor_a_common_application() {
    let world = Shops::new().await;
    let count = Mutex::new(0);
    let now = world.sim.clock().unix();
    let hub = StubHub::start(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Reply::original(token(&format!("T{count}"), now), now)
    })
    .await;
    let storage = HubClient::new(hub.url());
    let client = through(&world, &storage);
    let clock = world.sim.clock();
    let common = Client::<Common>::builder(Bound::new(storage, ()))
        .appid(&world.appid)
        .base_url(world.sim.base_url())
        .clock(move || clock.now())
        .build()
        .unwrap();
    let stranger = new_appid();
    let mut values = Vec::new();
    for _ in 0..2 {
        values.push(client.fetch_component_access_token().await.unwrap());
        values.push(client.fetch_access_token(&world.shops[0]).await.unwrap());
        values.push(client.fetch_access_token(&stranger).await.unwrap());
        values.push(common.fetch_access_token().await.unwrap());
    }
    let values: Vec<_> = values.iter().map(value).collect();
    assert_eq!(values, ["T1", "T2", "T3", "T4", "T1", "T2", "T3", "T4"]);
    // A call that brings a client of the hub of its own has what the others have.
    let own = Bound::<Component>::new(HubClient::new(hub.url()), ());
    let client = world.builder_on(own).build().unwrap();
    assert_eq!(value(&client.fetch_access_token(&stranger).await.unwrap()), "T3");
    assert_eq!(hub.counts(), (4, 0));
}
