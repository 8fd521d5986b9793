//! What a client of a hub keeps and for how long, by whose clock, and what it does about a token that is refused.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Semaphore;
use wechat_integration_tests::{
    Asked, GRANTED, Hubbed, PATH, Reply, STALE, StubHub, World, assert_left_alone, assert_tells, at_once,
    call, calls_at_once, either, everybody_waits, granting, http_date, in_time, new_appid, record, through,
    token, tokens_at_once, value,
};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Bound, Common, ErrorKind, RequestBuilder, Response, TicketType, UploadFile};
use wechat_simulator::Line;

const GETTICKET: &str = "/cgi-bin/ticket/getticket";
const USER_INFO: &str = "/cgi-bin/user/info";
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const DAY: i64 = 24 * 3600;

// What is kept.

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_cost_the_hub_one_question() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let failed = calls_at_once(500, &client).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (1, 0));
    assert_left_alone(&world);
}

/// On one thread all of them have asked before the hub answers.
#[tokio::test]
async fn five_hundred_callers_wait_for_one_answer_of_the_hub() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let (mut grant, held) = (granting(&world, &token), gate.clone());
    hub.answer(move |asked| grant(asked).held_by(&held));
    let callers = tokio::spawn(async move { tokens_at_once(500, &client).await });
    hub.arrived(1).await;
    everybody_waits().await;
    gate.add_permits(1);
    let failed = in_time(callers).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_with_a_client_of_the_hub_each_cost_it_one_question() {
    let Hubbed { world, hub, .. } = Hubbed::new().await;
    let declared = world.client();
    let url = hub.url().to_owned();
    let failed = at_once(500, || {
        let call = declared.get(PATH).adapter_storage(HubClient::new(&url));
        async move { call.send().await?.error_for_errcode() }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (1, 0));
    let slash = declared.get(PATH).adapter_storage(HubClient::new(format!("{url}/")));
    slash.send().await.unwrap().error_for_errcode().unwrap();
    assert_eq!(hub.counts(), (1, 0), "and a slash makes no other hub");
    assert_left_alone(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_for_a_ticket_cost_the_hub_one_question() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let clock = world.sim.clock();
    hub.answer(move |_| {
        let now = clock.unix();
        Reply::original(record("ticket", "TICKET", "7200", &now.to_string()), now)
    });
    let failed = at_once(500, || {
        let call = client.fetch_ticket(TicketType::JSAPI);
        async move { call.await }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (1, 0));
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn two_hubs_are_never_mixed_up() {
    let Hubbed { world, hub: one, client: first, token } = Hubbed::new().await;
    let other_token = world.account().rotate_elsewhere(Line::Classic);
    let other = StubHub::start(granting(&world, &other_token)).await;
    let second = through(&world, &HubClient::new(other.url()));
    let below = through(&world, &HubClient::new(format!("{}/below", one.url())));
    for _ in 0..3 {
        assert_eq!(value(&first.fetch_access_token().await.unwrap()), token);
        assert_eq!(value(&second.fetch_access_token().await.unwrap()), other_token);
        assert_eq!(value(&below.fetch_access_token().await.unwrap()), token);
        call(&second).await.unwrap();
        let per_call = second.get(PATH).adapter_storage(HubClient::new(one.url()));
        per_call.send().await.unwrap();
    }
    assert_eq!(
        world.query_of(PATH, "access_token"),
        [&other_token, &token].repeat(3).into_iter().cloned().collect::<Vec<_>>()
    );
    assert_eq!((one.counts(), other.counts()), ((2, 0), (1, 0)), "a path below is another hub");
}

#[tokio::test]
async fn what_is_refused_at_one_hub_is_not_replaced_by_what_another_has() {
    let bad = Hubbed::refused(|_| Reply::original_failure(GRANTED)).await;
    let good = StubHub::start(granting(&bad.world, &bad.token)).await;
    let other = through(&bad.world, &HubClient::new(good.url()));
    call(&other).await.unwrap();
    call(&bad.client).await.unwrap_err();
    call(&other).await.unwrap();
    assert_eq!((bad.hub.counts(), good.counts()), ((2, 1), (1, 0)));
}

#[tokio::test]
async fn who_asks_by_another_bearer_token_has_another_copy() {
    let Hubbed { world, hub, .. } = Hubbed::new().await;
    let clock = world.sim.clock();
    hub.answer(move |asked| {
        let own = format!("for {}", asked.header("authorization").unwrap_or("nobody"));
        Reply::original(token(&own, clock.unix()), clock.unix())
    });
    let plain = || HubClient::new(hub.url());
    for _ in 0..3 {
        for (hub, expected) in [
            (plain(), "for nobody"),
            (plain().bearer("a"), "for Bearer a"),
            (plain().bearer("b"), "for Bearer b"),
        ] {
            let token = through(&world, &hub).fetch_access_token().await.unwrap();
            assert_eq!(value(&token), expected);
        }
    }
    assert_eq!(hub.counts(), (3, 0));
}

#[tokio::test]
async fn accounts_of_one_hub_are_kept_apart() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    let clock = world.sim.clock();
    hub.answer(move |asked| {
        if asked.is_post() {
            return Reply::original_failure(GRANTED);
        }
        let appid = asked.line.split(['=', ' ']).nth(2).unwrap().to_owned();
        Reply::original(token(&format!("of {appid}"), clock.unix()), clock.unix())
    });
    let appids = [new_appid(), new_appid()];
    for appid in appids.iter().chain(&appids) {
        client.get(PATH).appid(appid).send().await.unwrap_err();
    }
    let sent = world.query_of(PATH, "access_token");
    let expected: Vec<_> = appids.iter().chain(&appids).map(|appid| format!("of {appid}")).collect();
    assert_eq!(sent, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hub_answered_is_kept_until_it_expires_and_asked_for_again_once() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), token);
    world.pass(6900);
    call(&client).await.unwrap();
    assert_eq!(hub.counts(), (1, 0));
    world.pass(300);
    let next = world.account().rotate_elsewhere(Line::Stable);
    hub.answer(granting(&world, &next));
    let failed = calls_at_once(500, &client).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (2, 0));
    assert_eq!(world.query_of(PATH, "access_token")[1..], vec![next; 500]);
    assert_left_alone(&world);
}

#[tokio::test]
async fn in_the_last_five_minutes_the_old_one_is_served_while_the_hub_is_asked_once_behind() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    call(&client).await.unwrap();
    world.pass(6901);
    let next = world.account().rotate_elsewhere(Line::Stable);
    let gate = Arc::new(Semaphore::new(0));
    let (mut grant, held) = (granting(&world, &next), gate.clone());
    hub.answer(move |asked| grant(asked).held_by(&held));
    for _ in 0..3 {
        let failed = calls_at_once(50, &client).await;
        assert!(failed.is_empty(), "{failed:?}");
        world.pass(1);
    }
    hub.arrived(2).await;
    assert_eq!(hub.counts(), (2, 0));
    assert_eq!(world.query_of(PATH, "access_token"), vec![token.clone(); 151]);
    gate.add_permits(1);
    // Who cannot use the old one waits for the answer that is on its way.
    let fresh = in_time(client.refresh_access_token(&token.as_str().into())).await.unwrap();
    assert_eq!(value(&fresh), next);
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), next);
    assert_eq!(hub.counts(), (2, 0));
    assert_left_alone(&world);
}

/// What comes after the first answer behind shows what that led to: nothing but another question, a second later.
#[tokio::test]
async fn an_old_token_that_is_still_the_hubs_is_not_reported_to_it() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    let granted = world.sim.clock().unix();
    let (record, clock) = (self::token(&token, granted), world.sim.clock());
    hub.answer(move |_| Reply::original(&record, clock.unix()));
    call(&client).await.unwrap();
    world.pass(6900);
    for _ in 0..20 {
        world.pass(1);
        call(&client).await.unwrap();
        everybody_waits().await;
    }
    hub.arrived(3).await;
    assert_eq!(hub.counts().1, 0);
    assert_eq!(client.fetch_access_token().await.unwrap().timestamp(), granted, "nor does it live longer");
}

#[tokio::test]
async fn while_a_hub_is_down_in_the_last_five_minutes_nobody_notices() {
    let Hubbed { world, mut hub, client, .. } = Hubbed::new().await;
    call(&client).await.unwrap();
    hub.stop().await;
    world.pass(6900);
    for _ in 0..30 {
        world.pass(9);
        let failed = calls_at_once(10, &client).await;
        assert!(failed.is_empty(), "{failed:?}");
    }
    world.pass(30);
    assert_eq!(call(&client).await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(hub.counts(), (1, 0));
    assert_left_alone(&world);
}

#[tokio::test]
async fn what_has_expired_at_the_hub_does_not_take_the_place_of_what_lives() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    call(&client).await.unwrap();
    let expired =
        record("access_token", "an-older-one", "7200", &(world.sim.clock().unix() - 7200).to_string());
    hub.answer(either(move |_| Reply::of(200, &[JSON], expired.as_str()), |_| Reply::of(503, &[], "")));
    world.pass(6950);
    in_time(async {
        while hub.counts() != (2, 1) {
            call(&client).await.unwrap();
        }
    })
    .await;
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), token);
    assert!(world.query_of(PATH, "access_token").iter().all(|sent| *sent == token));
}

#[tokio::test]
async fn a_hub_that_is_back_is_asked_at_once() {
    let Hubbed { world, hub, client, token } = Hubbed::new().await;
    hub.answer(|_| Reply::of(503, &[], ""));
    call(&client).await.unwrap_err();
    hub.answer(granting(&world, &token));
    call(&client).await.unwrap();
    assert_eq!(hub.counts(), (2, 0));
}

// Whose clock counts.

/// What the client makes of a record of `age` seconds at a hub whose clock is `skew` seconds ahead of its own.
struct Skewed {
    hubbed: Hubbed,
    now: u64,
}

impl Skewed {
    /// `date` writes the Date header, where there is one.
    async fn new(age: i64, skew: i64, date: impl FnOnce(u64) -> Option<String>) -> Self {
        let hubbed = Hubbed::new().await;
        let now = hubbed.world.sim.clock().unix();
        let theirs = now.checked_add_signed(skew).unwrap();
        let timestamp = theirs.checked_add_signed(-age).unwrap().to_string();
        let date = date(theirs);
        hubbed.hub.answer(move |asked| {
            let key = if asked.line.contains("ticket") { "ticket" } else { "access_token" };
            let headers = date.iter().map(|date| ("date", date.as_str())).chain([JSON]).collect::<Vec<_>>();
            Reply::of(200, &headers, record(key, "T1", "7200", &timestamp))
        });
        Self { hubbed, now }
    }

    /// The age of the token and of the ticket, by the client's clock.
    async fn ages(&self) -> [u64; 2] {
        let client = &self.hubbed.client;
        let token = client.fetch_access_token().await.unwrap();
        let ticket = client.fetch_ticket(TicketType::JSAPI).await.unwrap();
        [token.timestamp(), ticket.timestamp()].map(|timestamp| self.now - timestamp)
    }
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_has_to_whatever_the_hubs_clock_says() {
    for skew in [0, 600, -600, 3 * DAY, -3 * DAY, 400 * DAY] {
        let skewed = Skewed::new(1000, skew, |now| Some(http_date(now))).await;
        assert_eq!(skewed.ages().await, [1000, 1000], "{skew}");
        let Hubbed { world, hub, client, .. } = &skewed.hubbed;
        hub.answer(|_| Reply::raw("").then_closes());
        let served = || async { client.fetch_access_token().await.map(|token| value(&token) == "T1") };
        world.pass(5900);
        assert!(served().await.unwrap(), "{skew}");
        assert_eq!(hub.counts(), (2, 0), "{skew}: it is fresh with 300 s to live");
        world.pass(1);
        assert!(served().await.unwrap(), "{skew}");
        hub.arrived(3).await;
        world.pass(298);
        assert!(served().await.unwrap(), "{skew}: it has a second to live");
        world.pass(1);
        assert_eq!(served().await.unwrap_err().kind(), ErrorKind::Storage, "{skew}");
    }
}

#[tokio::test]
async fn without_a_date_the_clients_own_clock_counts() {
    for (skew, age) in [(0, 1000), (600, 400), (-600, 1600), (3 * DAY, 0)] {
        let skewed = Skewed::new(1000, skew, |_| None).await;
        assert_eq!(skewed.ages().await, [age, age], "{skew}");
    }
}

#[tokio::test]
async fn a_date_that_is_none_is_as_if_there_were_none() {
    for nonsense in [
        "",
        "yesterday",
        "0",
        "-1",
        "1795357423",
        "2026-11-23T00:00:00Z",
        "Thu, 32 Nov 2026 00:00:00 GMT",
        "Mon, 23 Nov 2026 25:00:00 GMT",
        "Mon, 23 Nov 2026 00:00:00 CET",
        "Mon, 23 Nov 99999 00:00:00 GMT",
        "Sun, 06 Nov 1960 08:49:37 GMT",
        "Mon, 23 Nov 2026 00:00:00 GMT\u{fc}",
        "Mon, 23 Nov",
    ] {
        let skewed = Skewed::new(1000, 600, |_| Some(nonsense.to_owned())).await;
        assert_eq!(skewed.ages().await, [400, 400], "{nonsense:?}");
    }
}

#[tokio::test]
async fn a_date_before_the_timestamp_lengthens_no_life() {
    for date in [|theirs: u64| Some(http_date(theirs - 3000)), |_| Some(http_date(0))] {
        let skewed = Skewed::new(1000, 0, date).await;
        assert_eq!(skewed.ages().await, [0, 0]);
        let Hubbed { world, hub, client, .. } = &skewed.hubbed;
        hub.answer(|_| Reply::original_failure(GRANTED));
        world.pass(7199);
        client.fetch_access_token().await.unwrap();
        world.pass(1);
        client.fetch_access_token().await.unwrap_err();
    }
}

#[tokio::test]
async fn a_timestamp_in_milliseconds_or_of_the_end_of_time_does_not_make_a_token_live_for_ever() {
    for date in [|now: u64| Some(http_date(now)), |_| None] {
        let milliseconds = |now: u64| now * 1000;
        for stamp in [milliseconds, |_| u64::MAX] {
            let Hubbed { world, hub, client, .. } = Hubbed::new().await;
            let clock = world.sim.clock();
            hub.answer(move |_| {
                let now = clock.unix();
                let headers: Vec<_> = date(now).into_iter().collect();
                let headers: Vec<_> = headers.iter().map(|date| ("date", date.as_str())).collect();
                Reply::of(200, &headers, token("T1", stamp(now)))
            });
            let first = client.fetch_access_token().await.unwrap();
            assert_eq!((first.timestamp(), first.expires_in()), (world.sim.clock().unix(), 7200));
            world.pass(6900);
            client.fetch_access_token().await.unwrap();
            assert_eq!(hub.counts(), (1, 0));
            world.pass(300);
            client.fetch_access_token().await.unwrap();
            assert_eq!(hub.counts(), (2, 0), "it has expired");
        }
    }
}

#[tokio::test]
async fn a_token_that_has_expired_at_the_hub_is_reported_and_a_ticket_is_a_typed_error() {
    let skewed = Skewed::new(7200, 600, |now| Some(http_date(now))).await;
    let Hubbed { world, hub, client, .. } = &skewed.hubbed;
    let error = client.fetch_access_token().await.unwrap_err();
    assert_eq!((error.kind(), hub.counts()), (ErrorKind::Storage, (2, 1)));
    assert_tells(&error, &["T1"], "expired");
    assert_eq!(hub.asked()[2].text(), format!(r#"{{"access_token":"T1","appid":"{}"}}"#, world.appid));
    let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
    assert_eq!((error.kind(), hub.counts()), (ErrorKind::Storage, (4, 1)));
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

// What is done about a token that WeChat refuses.

#[tokio::test]
async fn a_refused_token_is_reported_once_and_the_hubs_answer_is_used() {
    let hubbed = Hubbed::new().await;
    let refresh = granting(&hubbed.world, &hubbed.token);
    hubbed.hub.answer(either(granting(&hubbed.world, STALE), refresh));
    call(&hubbed.client).await.unwrap();
    let Hubbed { world, hub, client, token } = &hubbed;
    assert_eq!(hub.counts(), (2, 1));
    let report = hub.asked().into_iter().find(Asked::is_post).unwrap();
    assert_eq!(report.text(), format!(r#"{{"access_token":"{STALE}","appid":"{}"}}"#, world.appid));
    call(client).await.unwrap();
    assert_eq!(hubbed.tokens_sent(), [STALE, token, token]);
    assert_eq!(hub.counts(), (2, 1), "and it is kept");
    assert_left_alone(world);
}

#[tokio::test]
async fn a_hub_that_has_a_newer_token_already_is_not_told_of_the_older_one() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    call(&client).await.unwrap();
    world.account().revoke(Line::Stable);
    let newer = world.account().rotate_elsewhere(Line::Stable);
    hub.answer(granting(&world, &newer));
    call(&client).await.unwrap();
    assert_eq!(hub.counts(), (2, 0));
    assert_left_alone(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_many_callers_find_refused_is_reported_once() {
    let hubbed = Hubbed::new().await;
    let Hubbed { world, hub, client, .. } = &hubbed;
    call(client).await.unwrap();
    world.account().revoke(Line::Stable);
    let fresh = world.account().rotate_elsewhere(Line::Stable);
    hub.answer(either(granting(world, &hubbed.token), granting(world, &fresh)));
    let failed = calls_at_once(200, client).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hub.counts(), (2, 1));
    assert_left_alone(world);
}

#[tokio::test]
async fn a_hub_that_gives_the_refused_token_back_ends_the_call_without_a_loop() {
    let world = World::new().await;
    let hubbed = Hubbed::refused(granting(&world, STALE)).await;
    let Hubbed { world, hub, client, .. } = &hubbed;
    for calls in 1..=6 {
        let error = in_time(call(client)).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(40001)));
        assert_tells(&error, &[STALE], "the same again");
        // It is reported once in 30 s, whatever kind of hub it is.
        let reports = if calls <= 3 { 1 } else { 2 };
        let reported = calls == 1 || calls == 4;
        assert_eq!(error.to_string().contains("brings the same one back"), reported, "{error}");
        assert_eq!((hub.counts(), world.calls(PATH)), ((calls + 1, reports), calls));
        if calls == 3 {
            world.pass(30);
        }
    }
    assert_left_alone(world);
}

#[tokio::test]
async fn a_hub_whose_other_token_is_refused_too_ends_the_call_without_a_loop() {
    let world = World::new().await;
    let hubbed = Hubbed::refused(granting(&world, "another that nobody knows")).await;
    let error = in_time(call(&hubbed.client)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert_tells(&error, &[STALE, "nobody knows"], "refused twice");
    assert_eq!((hubbed.hub.counts(), hubbed.world.calls(PATH)), ((2, 1), 2));
    assert_left_alone(&hubbed.world);
}

#[tokio::test]
async fn a_hub_that_replaces_no_more_tokens_for_now_says_when_it_does() {
    let body =
        r#"{"errcode":null,"message":"too many","reason":"fail_fetch_access_token","http_status":null}"#;
    for (header, wait) in [("17", Some(17)), ("99999999", Some(86_400)), ("soon", None), ("-1", None)] {
        let reply = Reply::of(429, &[JSON, ("retry-after", header)], body);
        let Hubbed { world, hub, client, .. } = Hubbed::refused(move |_| reply.clone()).await;
        let error = call(&client).await.unwrap_err();
        let told = (error.kind(), error.errcode(), error.reason(), error.http_status());
        // It is WeChat's refusal still.
        assert_eq!(told, (ErrorKind::TokenRejected, Some(40001), Some("fail_fetch_access_token"), Some(200)));
        assert!(error.source().is_some_and(|by_hub| by_hub.to_string().contains("too many")), "{error:?}");
        assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{header}");
        assert_eq!(hub.counts(), (2, 1));
        assert_tells(&error, &[STALE], header);
        assert_left_alone(&world);
    }
}

// What the original's own tests expect, as far as it is about a common application.

async fn answer_of(call: RequestBuilder<Common>) -> Response {
    call.send().await.unwrap()
}

#[tokio::test]
async fn user_info_without_an_openid_is_an_answer_with_errcode_40003_not_an_error_of_the_call() {
    let Hubbed { world, client, hub: _hub, .. } = Hubbed::new().await;
    assert_eq!(answer_of(client.get(USER_INFO)).await.errcode(), Some(40003));
    assert_eq!(world.calls(USER_INFO), 1);
}

#[tokio::test]
async fn with_a_made_up_appid_through_the_hub_the_errors_errcode_is_40013() {
    let Hubbed { hub, client, .. } = Hubbed::new().await;
    let body = r#"{"errcode":40013,"message":"invalid appid rid: 1","reason":null,"http_status":200}"#;
    hub.answer(move |_| Reply::original(body, GRANTED));
    let error = client.get(USER_INFO).appid("wx-made-up").send().await.unwrap_err();
    assert_eq!((error.errcode(), error.appid()), (Some(40013), Some("wx-made-up")));
    assert_eq!(hub.asked()[0].line, "GET /client/access_token?appid=wx-made-up HTTP/1.1");
}

#[tokio::test]
async fn a_local_token_made_invalid_the_next_call_succeeds_and_the_local_token_is_the_hubs_again() {
    let hubbed = Hubbed::new().await;
    let Hubbed { world, hub, client, .. } = &hubbed;
    call(client).await.unwrap();
    world.account().revoke(Line::Stable);
    let new = world.account().rotate_elsewhere(Line::Stable);
    hub.answer(granting(world, &new));
    call(client).await.unwrap();
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), new);
}

#[tokio::test]
async fn a_local_token_expired_the_next_call_succeeds_and_the_local_token_is_the_hubs_again() {
    let hubbed = Hubbed::new().await;
    let Hubbed { world, hub, client, .. } = &hubbed;
    call(client).await.unwrap();
    world.pass(7200);
    let new = world.account().rotate_elsewhere(Line::Stable);
    hub.answer(granting(world, &new));
    call(client).await.unwrap();
    assert_eq!(value(&client.fetch_access_token().await.unwrap()), new);
}

#[tokio::test]
async fn the_same_for_tickets_and_a_ticket_answer_carries_ticket_type_timestamp_expires_in_and_errcode_0() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    for (word, value) in [("jsapi", "TICKET-1"), ("wx_card", "TICKET-2"), ("jsapi", "TICKET-3")] {
        let now = world.sim.clock().unix();
        let body = format!(r#"{{"expires_in":7200,"ticket":"{value}","timestamp":{now},"type":"{word}"}}"#);
        hub.answer(move |_| Reply::original(&body, now));
        let answer = answer_of(client.get(GETTICKET).query(&[("type", word)])).await;
        assert_eq!(answer.errcode(), Some(0));
        let answer = answer.value().unwrap();
        let told = ["ticket", "type", "timestamp", "expires_in"].map(|key| answer[key].clone());
        assert_eq!(told, [json!(value), json!(word), json!(now), json!(7200)]);
        world.pass(7200);
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn a_declared_appid_can_be_overridden_in_a_call() {
    let Hubbed { world, hub, client, .. } = Hubbed::new().await;
    answer_of(client.get(PATH)).await;
    answer_of(client.get(PATH).appid("wx-of-this-call")).await;
    let lines: Vec<_> = hub.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            format!("GET /client/access_token?appid={} HTTP/1.1", world.appid),
            "GET /client/access_token?appid=wx-of-this-call HTTP/1.1".to_owned(),
        ]
    );
}

#[tokio::test]
async fn expires_in_of_a_declaration_reads_back_5000_6000_and_does_not_shorten_what_a_hub_says() {
    for seconds in [5000, 6000] {
        let Hubbed { world, hub, .. } = Hubbed::new().await;
        let hub_client = Bound::new(HubClient::new(hub.url()), ());
        let client = world.builder_on(hub_client).expires_in(Duration::from_secs(seconds)).build().unwrap();
        assert_eq!(client.expires_in(), Some(Duration::from_secs(seconds)));
        call(&client).await.unwrap();
        world.pass(6900);
        call(&client).await.unwrap();
        assert_eq!(hub.counts(), (1, 0));
    }
}

#[tokio::test]
async fn upload_from_a_path_and_from_bytes_gives_a_media_id() {
    let Hubbed { world, client, hub: _hub, .. } = Hubbed::new().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.png");
    std::fs::write(&path, b"a picture").unwrap();
    for file in [UploadFile::path(&path), UploadFile::bytes("a.png", "a picture")] {
        let upload = client.post("/cgi-bin/media/upload").query(&[("type", "image")]).upload(file);
        let answer = answer_of(upload).await.value().unwrap();
        assert!(world.account().media(answer["media_id"].as_str().unwrap()).is_some());
    }
    assert_left_alone(&world);
}
