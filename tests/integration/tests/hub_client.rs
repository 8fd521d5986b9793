//! A client of a hub over HTTP: what it asks, what it takes for an answer, and what it makes of everything else.

#[path = "hub_client/answers.rs"]
mod answers;

use std::future::IntoFuture;
use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{
    GRANTED, Hubbed, PATH, Reply, STALE, StubHub, World, assert_left_alone, assert_tells, call, either,
    everybody_waits, granting, http, in_time, new_appid, record, through, token, value,
};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Error, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind, storage};

use self::answers::{FORBIDDEN, Row};

const CLASSIC: &str = "/cgi-bin/token";
const STABLE: &str = "/cgi-bin/stable_token";
const GETTICKET: &str = "/cgi-bin/ticket/getticket";
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// How long a hub may take in the tests of those that never answer.
const SHORT: Duration = Duration::from_millis(300);

/// A time-out that a busy machine does not reach.
const LONG: Duration = Duration::from_secs(9);

// What is asked.

#[tokio::test]
async fn a_token_and_tickets_are_asked_for_as_the_original_asks() {
    use storage::Client as _;
    let hub = StubHub::start(|asked| {
        let key = if asked.line.contains("ticket") { "ticket" } else { "access_token" };
        Reply::original(record(key, "T1", "7200", &GRANTED.to_string()), GRANTED)
    })
    .await;
    let client = HubClient::new(hub.url());
    client.fetch_access_token("wxtest", &()).await.unwrap().unwrap();
    client.fetch_ticket("wxtest", &TicketType::JSAPI, &()).await.unwrap().unwrap();
    client.fetch_ticket("wxtest", &TicketType::WX_CARD, &()).await.unwrap().unwrap();
    let asked = hub.asked();
    let lines: Vec<_> = asked.iter().map(|asked| &*asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /client/access_token?appid=wxtest HTTP/1.1",
            "GET /client/ticket?appid=wxtest&type=jsapi HTTP/1.1",
            "GET /client/ticket?appid=wxtest&type=wx_card HTTP/1.1",
        ]
    );
    for asked in &asked {
        assert_eq!(asked.header_names(), ["accept", "host"]);
        assert_eq!(asked.header("host"), hub.url().strip_prefix("http://"));
        assert!(asked.body.is_empty());
    }
}

#[tokio::test]
async fn a_refresh_is_written_as_the_original_writes_it() {
    use storage::Client as _;
    let hub = StubHub::saying(Reply::original(token("T2", GRANTED), GRANTED)).await;
    let client = HubClient::new(hub.url());
    for (stale, body) in [
        (Some("T1"), r#"{"access_token":"T1","appid":"wxtest"}"#),
        (None, r#"{"access_token":null,"appid":"wxtest"}"#),
        (Some("a \"b\" \\ ü\n"), r#"{"access_token":"a \"b\" \\ ü\n","appid":"wxtest"}"#),
    ] {
        let stale = stale.map(Secret::from);
        let fresh = client.refresh_access_token("wxtest", stale.as_ref(), &()).await.unwrap().unwrap();
        assert_eq!(value(&fresh), "T2");
        let asked = hub.asked().pop().unwrap();
        assert_eq!(asked.line, "POST /refresh/access_token HTTP/1.1");
        assert_eq!(asked.text(), body);
        assert_eq!(asked.header_names(), ["accept", "content-length", "content-type", "host"]);
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("content-length"), Some(&*body.len().to_string()));
    }
}

#[tokio::test]
async fn an_appid_and_a_type_are_form_encoded_in_the_query() {
    use storage::Client as _;
    let hub = StubHub::saying(Reply::original_failure(GRANTED)).await;
    let client = HubClient::new(hub.url());
    client.fetch_access_token("wx a&b/ü+", &()).await.unwrap_err();
    client.fetch_ticket("wx a&b/ü+", &TicketType::from("a word&more"), &()).await.unwrap_err();
    let lines: Vec<_> = hub.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /client/access_token?appid=wx+a%26b%2F%C3%BC%2B HTTP/1.1",
            "GET /client/ticket?appid=wx+a%26b%2F%C3%BC%2B&type=a+word%26more HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn a_hubs_url_may_have_a_path_with_a_slash_at_its_end_or_without() {
    use storage::Client as _;
    let hub = StubHub::saying(Reply::original(token("T1", GRANTED), GRANTED)).await;
    for (path, joined) in
        [("", ""), ("/", ""), ("/wechat/hub", "/wechat/hub"), ("/wechat/hub/", "/wechat/hub")]
    {
        let client = HubClient::new(format!("{}{path}", hub.url()));
        client.fetch_access_token("wxtest", &()).await.unwrap();
        client.refresh_access_token("wxtest", None, &()).await.unwrap();
        let lines: Vec<_> = hub.asked().into_iter().rev().take(2).map(|asked| asked.line).collect();
        assert_eq!(
            lines,
            [
                format!("POST {joined}/refresh/access_token HTTP/1.1"),
                format!("GET {joined}/client/access_token?appid=wxtest HTTP/1.1"),
            ]
        );
    }
}

#[tokio::test]
async fn all_that_is_asked_goes_over_one_connection() {
    use storage::Client as _;
    let hub = StubHub::start(|asked| {
        let key = if asked.line.contains("ticket") { "ticket" } else { "access_token" };
        Reply::original(record(key, "T1", "7200", &GRANTED.to_string()), GRANTED)
    })
    .await;
    let client = HubClient::new(hub.url());
    for _ in 0..5 {
        client.fetch_access_token("wxtest", &()).await.unwrap();
        everybody_waits().await;
        client.refresh_access_token("wxtest", Some(&"T1".into()), &()).await.unwrap();
        everybody_waits().await;
        client.fetch_ticket("wxtest", &TicketType::JSAPI, &()).await.unwrap();
        everybody_waits().await;
    }
    assert_eq!((hub.asked().len(), hub.connections()), (15, 1));
}

#[tokio::test]
async fn a_bearer_token_is_sent_to_the_hub_exactly_where_it_is_set_and_never_to_wechat() {
    let hubbed = Hubbed::refused(granting(&World::new().await, "another")).await;
    let Hubbed { world, hub, client, .. } = &hubbed;
    call(client).await.unwrap_err();
    assert!(hub.asked().iter().all(|asked| asked.header("authorization").is_none()));

    let before = hub.asked().len();
    let own = HubClient::new(hub.url()).bearer("s3cret+bearer/==");
    assert!(!format!("{own:?}").contains("s3cret"), "{own:?}");
    let client = through(world, &own);
    let error = call(&client).await.unwrap_err();
    assert_tells(&error, &["s3cret"], "a bearer token");
    client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
    let asked = &hub.asked()[before..];
    assert_eq!(asked.len(), 4, "the token, once more, the refresh, the ticket");
    for asked in asked {
        assert_eq!(asked.header("authorization"), Some("Bearer s3cret+bearer/=="));
    }
    assert!(world.sim.ledger().calls().all(|call| call.header("authorization").is_none()));
    assert_left_alone(world);
}

#[tokio::test]
async fn a_bearer_token_that_cannot_be_one_is_told_before_anything_is_sent() {
    let Hubbed { world, hub, .. } = Hubbed::new().await;
    for wrong in ["", "s3cret\r\nx: y"] {
        let error = call(&through(&world, &HubClient::new(hub.url()).bearer(wrong))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_tells(&error, &["s3cret"], wrong);
    }
    assert_eq!((hub.counts(), hub.connections()), ((0, 0), 0));
    assert_left_alone(&world);
}

#[tokio::test]
async fn a_redirect_is_not_followed_whatever_the_http_client_is_told() {
    let elsewhere = StubHub::saying(Reply::original(token(FORBIDDEN, GRANTED), GRANTED)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/client/access_token", elsewhere.url());
        let redirect = Reply::of(status, &[("location", &location)], "");
        let refresh = redirect.clone();
        let Hubbed { world, hub, .. } = Hubbed::refused(move |_| refresh.clone()).await;
        let make = || http().redirect(reqwest::redirect::Policy::limited(5)).referer(true);
        let client = through(&world, &HubClient::new(hub.url()).bearer("s3cret").http(make));
        let error = call(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Storage, Some(status)));
        hub.answer(move |_| redirect.clone());
        let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Storage, Some(status)));
        assert_eq!(hub.counts(), (3, 1));
    }
    assert_eq!(elsewhere.connections(), 0);
}

// What is answered by the original.

#[tokio::test]
async fn the_originals_answers_are_taken_byte_for_byte() {
    use storage::Client as _;
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
    let expected = Token::new(TokenKind::Stable, "T1", 1_795_357_423, 7200).as_of(AT);
    assert_eq!(client.fetch_access_token("wx", &()).await.unwrap(), Some(expected.clone()));
    let stale = Secret::from("T0");
    assert_eq!(client.refresh_access_token("wx", Some(&stale), &()).await.unwrap(), Some(expected));
    let page = Ticket::new(TicketType::JSAPI, "TICKET-jsapi", 1_795_357_587, 7200).as_of(AT);
    assert_eq!(client.fetch_ticket("wx", &TicketType::JSAPI, &()).await.unwrap(), Some(page));
    let card = Ticket::new(TicketType::WX_CARD, "TICKET-card", 1_795_357_563, 7200).as_of(AT);
    assert_eq!(client.fetch_ticket("wx", &TicketType::WX_CARD, &()).await.unwrap(), Some(card));
}

#[tokio::test]
async fn a_ticket_whose_type_is_null_is_of_the_type_that_was_asked_for() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let (clock, now) = (world.sim.clock(), world.sim.clock().unix());
    for ticket_type in ["null", "\"jsapi\""] {
        let body =
            format!(r#"{{"expires_in":7200,"ticket":"TICKET","timestamp":{now},"type":{ticket_type}}}"#);
        let clock = clock.clone();
        hub.answer(move |_| Reply::original(&body, clock.unix()));
        let appid = new_appid();
        let ask = || client.get(GETTICKET).appid(&appid).query(&[("type", "jsapi")]);
        let answer = ask().send().await.unwrap();
        assert_eq!(answer.errcode(), Some(0));
        assert_eq!(
            answer.value().unwrap(),
            json!({
                "errcode": 0, "errmsg": "ok", "ticket": "TICKET", "expires_in": 7200, "type": "jsapi",
                "timestamp": now,
            })
        );
        let ticket = client.fetch_ticket("jsapi").appid(&appid).await.unwrap();
        assert_eq!(ticket, Ticket::new(TicketType::JSAPI, "TICKET", now, 7200));
        assert_eq!(hub.counts_of(&appid), (1, 0), "and it is kept");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_ticket_of_another_type_than_asked_for_is_a_typed_error() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    for other in ["\"wx_card\"", "\"JSAPI\"", "\"\"", "7", "[]", "{\"type\":\"jsapi\"}"] {
        let body =
            format!(r#"{{"expires_in":7200,"ticket":"{FORBIDDEN}","timestamp":{GRANTED},"type":{other}}}"#);
        hub.answer(move |_| Reply::original(&body, GRANTED));
        let error = client.fetch_ticket("jsapi").appid(new_appid()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{other}: {error}");
        assert_tells(&error, &[FORBIDDEN], other);
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

/// What a caller is told of an error: kind, errcode, errmsg, reason, status.
fn told(error: &Error) -> (ErrorKind, Option<i64>, Option<&str>, Option<&str>, Option<u16>) {
    (error.kind(), error.errcode(), error.errmsg(), error.reason(), error.http_status())
}

#[tokio::test]
async fn the_originals_errors_under_200_are_the_callers_in_full() {
    let invalid_request = r#"{"errcode":null,"message":null,"reason":"invalid_request","http_status":null}"#;
    let of_wechat = r#"{"errcode":40013,"message":"invalid appid rid: 1","reason":null,"http_status":200}"#;
    let of_transport = r#"{"errcode":null,"message":null,"reason":"non-existing domain","http_status":null}"#;
    let rows = [
        (invalid_request, (ErrorKind::Request, None, None, Some("invalid_request"), Some(200))),
        (of_wechat, (ErrorKind::Configuration, Some(40013), Some("invalid appid rid: 1"), None, Some(200))),
        (of_transport, (ErrorKind::Storage, None, None, Some("non-existing domain"), Some(200))),
    ];
    for (body, expected) in rows {
        let Hubbed { world, hub, client, .. } =
            Hubbed::refused(move |_| Reply::original(body, GRANTED)).await;
        let refused = call(&client).await.unwrap_err();
        hub.answer(move |_| Reply::original(body, GRANTED));
        let cold = client.get(PATH).appid(new_appid()).send().await.unwrap_err();
        let ticket = client.fetch_ticket("jsapi").await.unwrap_err();
        for error in [refused, cold, ticket] {
            assert_eq!(told(&error), expected);
            assert_tells(&error, &[STALE], body);
            let word = error
                .reason()
                .map_or("errcode 40013 (invalid appid rid: 1)".to_owned(), |word| format!("`{word}`"));
            assert!(error.to_string().contains(&word), "{error}");
        }
        assert_left_alone(&world);
    }
}

#[tokio::test]
async fn the_originals_empty_500_is_a_typed_error() {
    let Hubbed { world, hub, client, .. } = Hubbed::refused(|_| Reply::original_failure(GRANTED)).await;
    let refused = call(&client).await.unwrap_err();
    hub.answer(|_| Reply::original_failure(GRANTED));
    let cold = client.get(PATH).appid(new_appid()).send().await.unwrap_err();
    let ticket = client.fetch_ticket("jsapi").await.unwrap_err();
    for error in [refused, cold, ticket] {
        assert_eq!(told(&error), (ErrorKind::Storage, None, None, None, Some(500)));
        assert!(
            error.to_string().contains(&format!("the hub at {}/ answered with nothing", hub.url())),
            "{error}"
        );
        assert_tells(&error, &[STALE], "an empty 500");
    }
    assert_left_alone(&world);
}

/// What to do is told of the hub's side, where that is where it is to be done.
#[tokio::test]
async fn advice_is_about_the_hub_where_the_hub_is_at_fault() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let words = r#"{"errcode":null,"message":"a hub has no such path","reason":"invalid_request","http_status":null}"#;
    let refused = r#"{"errcode":40164,"message":"invalid ip","reason":null,"http_status":200}"#;
    for (status, body, kind, says) in [
        ("404 Not Found", words, ErrorKind::Configuration, "check the hub's URL"),
        ("404 Not Found", "", ErrorKind::Storage, "check the hub's URL"),
        ("200 OK", refused, ErrorKind::AddressNotAllowed, "add the hub's address"),
    ] {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
        hub.answer(move |_| Reply::raw(format!("{head}{body}")));
        let error = client.get(PATH).appid(new_appid()).send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.advice().contains(says), "{error}");
    }
    let by_secret = client.get("/sns/jscode2session").query(&[("js_code", "x")]).send().await.unwrap_err();
    assert!(by_secret.advice().contains("the hub's"), "{by_secret}");
    assert_left_alone(&world);
}

#[tokio::test]
async fn a_ticket_that_the_hubs_token_is_refused_for_is_no_wrong_secret() {
    let Hubbed { hub, client, .. } = Hubbed::new().await;
    hub.answer(|_| {
        let refused = r#"{"errcode":40001,"message":"invalid credential","reason":null,"http_status":200}"#;
        Reply::original(refused, GRANTED)
    });
    let error = client.fetch_ticket("jsapi").await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(40001)));
    let error = client.fetch_access_token().await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::Configuration, Some(40001)));
}

#[tokio::test]
async fn each_word_of_the_original_for_a_reason_has_its_kind_and_is_repeated() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    for (word, kind) in [
        ("invalid_request", ErrorKind::Request),
        ("invalid_config", ErrorKind::Configuration),
        ("invalid_access_token", ErrorKind::Storage),
        ("fail_fetch_access_token", ErrorKind::Storage),
        ("fail_fetch_ticket", ErrorKind::Storage),
        ("invalid_authorizer_appid", ErrorKind::ReauthorizationRequired),
        ("verify_ticket_not_found", ErrorKind::NoVerifyTicket),
        ("invalid_component_verify_ticket", ErrorKind::VerifyTicket),
        ("invalid_component_refresh_token", ErrorKind::ReauthorizationRequired),
        ("invalid_clientip", ErrorKind::AddressNotAllowed),
        ("invalid_usecase_get_access_token", ErrorKind::Configuration),
        ("unknown", ErrorKind::Storage),
        ("closed", ErrorKind::Storage),
    ] {
        let body = json!({ "errcode": null, "message": "why", "reason": word, "http_status": null });
        for status in [200, 400, 500] {
            let reply = Reply::of(status, &[JSON], body.to_string());
            hub.answer(move |_| reply.clone());
            let error = client.fetch_ticket("jsapi").await.unwrap_err();
            assert_eq!(told(&error), (kind, None, None, Some(word), Some(status)));
            assert!(error.to_string().contains(&format!("`{word}` (why)")), "{error}");
            assert!(!error.advice().contains("runs at this URL"), "it does, since it answered: {error}");
        }
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn an_answer_that_repeats_the_token_or_the_bearer_token_does_not_bring_them_into_an_error() {
    for body in [
        json!({ "errcode": 40013, "message": "no a-stale-token\nof s3cret/+ or s3cret%2F%2B", "reason": "s3cret/+" }),
        json!({ "errcode": null, "message": "no a-stale-token\nof s3cret/+ or s3cret%2F%2B", "reason": "a-stale-token" }),
        json!({ "errcode": null, "message": null, "reason": "s3cret/+" }),
    ] {
        for status in [200, 401, 429, 502] {
            let reply = Reply::of(status, &[JSON], body.to_string());
            let Hubbed { world, hub, .. } = Hubbed::refused(move |_| reply.clone()).await;
            let client = through(&world, &HubClient::new(hub.url()).bearer("s3cret/+"));
            let error = call(&client).await.unwrap_err();
            assert_tells(&error, &[STALE, "s3cret", "\n"], &body.to_string());
            assert_eq!(hub.counts(), (2, 1));
        }
    }
}

// What is answered by anybody else.

/// Waits for less than the client itself would wait for any storage.
async fn soon<T>(work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), work.into_future())
        .await
        .expect("it ends by its own deadline")
}

/// Asks for a token by a call, for a ticket, and for another token in place of a refused one, and is answered so each
/// time; `fetches` is how often the first two are asked for.
async fn try_each(rows: fn(&'static str) -> Vec<Row>, fetches: usize, timeout: Duration) {
    let Hubbed { world, hub, .. } = Hubbed::new().await;
    let client = through(&world, &HubClient::new(hub.url()).bearer("s3cret").timeout(timeout));
    let check = |row: &Row, error: &Error, kind: ErrorKind, context: &str| {
        let context = format!("{}, {context}: {error:?}", row.name);
        assert_eq!(error.kind(), kind, "{context}");
        assert_eq!(error.errcode(), row.errcode, "{context}");
        assert_eq!(error.http_status(), row.status, "{context}");
        assert_tells(error, &["s3cret", FORBIDDEN, STALE], &context);
    };
    let mut count = 0;
    for row in rows("access_token") {
        let (appid, reply) = (new_appid(), row.reply.clone());
        hub.answer(move |_| reply.clone());
        let error = soon(client.get(PATH).appid(&appid).send()).await.unwrap_err();
        check(&row, &error, row.kind, "a token");
        assert_eq!(hub.counts_of(&appid), (fetches, 0), "{}", row.name);
        count += 1;
    }
    assert_eq!(world.sim.ledger().calls().count(), 0, "nothing is sent without a token");
    for row in rows("ticket") {
        let (appid, reply) = (new_appid(), row.reply.clone());
        hub.answer(move |_| reply.clone());
        let error = soon(client.fetch_ticket("jsapi").appid(&appid)).await.unwrap_err();
        check(&row, &error, row.kind, "a ticket");
        assert_eq!(hub.counts_of(&appid), (fetches, 0), "{}", row.name);
    }
    assert_eq!(world.sim.ledger().calls().count(), 0, "nor is WeChat asked for a ticket");
    for row in rows("access_token") {
        let (appid, reply) = (new_appid(), row.reply.clone());
        hub.answer(either(granting(&world, STALE), move |_| reply.clone()));
        let error = soon(client.get(PATH).appid(&appid).send()).await.unwrap_err();
        if row.kind_of_refresh == ErrorKind::TokenRejected {
            // The hub replaces none for now: what is told is WeChat's refusal.
            check(&row.refused_by_wechat(), &error, ErrorKind::TokenRejected, "a refresh");
        } else {
            check(&row, &error, row.kind_of_refresh, "a refresh");
        }
        assert_eq!(hub.counts_of(&appid), (2, 1), "{}: reported once", row.name);
    }
    assert!(world.query_of(PATH, "access_token").iter().all(|sent| sent == STALE));
    assert_eq!(world.calls(PATH), count, "each call was made once");
    assert_left_alone(&world);
}

#[tokio::test]
async fn an_answer_that_is_no_grant_is_a_typed_error_and_wechat_is_not_asked() {
    try_each(answers::wrong, 1, LONG).await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_typed_error_where_a_question_is_asked_twice_and_a_refresh_once() {
    try_each(answers::broken, 2, LONG).await;
}

#[tokio::test]
async fn an_answer_that_never_ends_is_a_typed_error_when_the_time_is_up() {
    try_each(answers::endless, 1, SHORT).await;
}

#[tokio::test]
async fn a_hub_that_is_late_is_told_with_its_url_and_the_time_it_had() {
    let Hubbed { world, hub, .. } = Hubbed::new().await;
    hub.answer(|_| Reply::raw("").then_hangs());
    let client = through(&world, &HubClient::new(hub.url()).timeout(SHORT));
    let error = in_time(call(&client)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("the hub at {}/ did not answer within 300ms", hub.url())), "{text}");
    assert_eq!(error.http_status(), None);
}

#[tokio::test]
async fn a_hub_at_a_port_where_nobody_listens_is_a_typed_error() {
    let Hubbed { world, mut hub, client, .. } = Hubbed::new().await;
    hub.stop().await;
    let cold = in_time(call(&client)).await.unwrap_err();
    let ticket = in_time(client.fetch_ticket("jsapi")).await.unwrap_err();
    for error in [cold, ticket] {
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.to_string().contains("cannot be connected to"), "{error}");
        assert_tells(&error, &[], "nobody listens");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn an_odd_answer_is_taken_where_its_body_is_a_record() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    let rows = answers::odd(&token, world.sim.clock().unix());
    let count = rows.len();
    for (name, reply) in rows {
        let appid = new_appid();
        hub.answer(move |_| reply.clone());
        let answer = in_time(client.get(PATH).appid(&appid).send()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((answer.errcode(), hub.counts_of(&appid)), (None, (1, 0)), "{name}");
    }
    assert_eq!(world.query_of(PATH, "access_token"), vec![token; count]);
    assert_left_alone(&world);
}

#[tokio::test]
async fn a_token_of_whatever_characters_and_length_arrives_at_wechat_as_it_is() {
    let odd = "a b&access_token=c/ü+%41\"\\?#\u{0}\r\n=".to_owned();
    for token in [odd, "0123456789abcdef".repeat(256)] {
        let hubbed = Hubbed::new().await;
        let refresh = granting(&hubbed.world, &hubbed.token);
        hubbed.hub.answer(either(granting(&hubbed.world, &token), refresh));
        call(&hubbed.client).await.unwrap();
        assert_eq!(hubbed.tokens_sent(), [token.clone(), hubbed.token.clone()]);
        let reported: serde_json::Value = serde_json::from_slice(&hubbed.hub.asked()[2].body).unwrap();
        assert_eq!(reported["access_token"], token.as_str());
    }
}

#[tokio::test]
async fn paths_that_grant_are_answered_by_the_hub_or_not_at_all() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let secrets = [
        client.get(CLASSIC),
        client.get(CLASSIC).query(&[("grant_type", "client_credential"), ("secret", "a-secret")]),
        client.post(STABLE),
        client.post(STABLE).json(&json!({ "force_refresh": true })),
        client.get("/sns/jscode2session").query(&[("js_code", "a-code")]),
        client.post("/cgi-bin/clear_quota/v2"),
    ];
    for call in secrets {
        let shown = format!("{call:?}");
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{shown}: {error}");
        assert_tells(&error, &["a-secret"], &shown);
    }
    assert_eq!((hub.counts(), hub.connections()), ((0, 0), 0));
    hub.answer(|_| Reply::original_failure(GRANTED));
    let error = client.get(GETTICKET).query(&[("type", "jsapi")]).send().await.unwrap_err();
    assert_eq!((error.kind(), hub.counts()), (ErrorKind::Storage, (1, 0)));
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

// What is sent again, and what is not.

#[tokio::test]
async fn a_question_whose_connection_broke_is_asked_once_more_and_answered() {
    for broken in [
        Reply::raw("").then_closes(),
        Reply::raw("").then_resets(),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{").then_closes(),
    ] {
        let Hubbed { world, hub, client, token } = Hubbed::new().await;
        let mut first = Some(broken);
        let mut grant = granting(&world, &token);
        hub.answer(move |asked| first.take().unwrap_or_else(|| grant(asked)));
        call(&client).await.unwrap();
        assert_eq!(hub.counts(), (2, 0));
        assert_left_alone(&world);
    }
}

/// Tries everything that can be tried again, by reqwest's own means.
fn eager() -> reqwest::ClientBuilder {
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method's type is not public")]
    let anything =
        reqwest::retry::for_host("127.0.0.1").no_budget().classify_fn(|attempt| attempt.retryable());
    http().retry(anything)
}

#[tokio::test]
async fn a_refresh_is_sent_once_whatever_breaks_after_it_may_have_arrived() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{";
    for (name, reply) in [
        ("hangs", Reply::raw("").then_hangs()),
        ("closes", Reply::raw("").then_closes()),
        ("resets", Reply::raw("").then_resets()),
        ("closes in its answer", Reply::raw(whole).then_closes()),
        ("resets in its answer", Reply::raw(whole).then_resets()),
        ("hangs in its answer", Reply::raw(whole).then_hangs()),
        ("has an empty 500", Reply::original_failure(GRANTED)),
        ("has a 502", Reply::of(502, &[], "<html>")),
        ("has a 503 that says when", Reply::of(503, &[("retry-after", "0")], "")),
    ] {
        for own_http in [false, true] {
            let reply = reply.clone();
            let Hubbed { world, hub, .. } = Hubbed::refused(move |_| reply.clone()).await;
            let patient = if name.contains("hangs") { SHORT } else { LONG };
            let plain = HubClient::new(hub.url()).timeout(patient);
            let client = through(&world, &if own_http { plain.http(eager) } else { plain });
            let error = in_time(call(&client)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage, "{name}");
            assert_eq!(hub.counts(), (2, 1), "{name}");
            let error = in_time(client.refresh_access_token(&STALE.into())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage, "{name}");
            assert_eq!(hub.counts(), (3, 2), "{name}: once more for another caller");
            assert_left_alone(&world);
        }
    }
}

#[tokio::test]
async fn a_refresh_over_a_connection_that_the_hub_has_left_meanwhile_is_sent_once() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    let mut fetch = granting(&world, STALE);
    hub.answer(either(move |asked| fetch(asked).then_closes(), granting(&world, &token)));
    call(&client).await.unwrap();
    assert_eq!(hub.counts(), (2, 1));
}
