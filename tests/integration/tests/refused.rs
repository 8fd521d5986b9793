//! WeChat refuses a token: what is refreshed, what is sent again, and where it stops.

use std::time::Duration;

use serde_json::{Value, json};
use wechat_integration_tests::{PATH, Shelf, World, call, calls_at_once};
use wechat_runtime::{
    ErrorKind, RefreshSettings, Secret, Ticket, TicketType, Token, TokenKind, async_trait, storage,
};
use wechat_simulator::{Cause, Fault, Line};

const REFUSED: [i32; 3] = [40001, 40014, 42001];

fn forced(world: &World) -> usize {
    let ledger = world.sim.ledger();
    let calls = ledger.calls_to("/cgi-bin/stable_token");
    calls.iter().filter(|call| call.text().contains(r#""force_refresh":true"#)).count()
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_sent_again_with_the_new_one() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = world.shelf.value(&world.appid).unwrap();
    world.account().revoke(Line::Stable);

    call(&client).await.unwrap();

    let new = world.shelf.value(&world.appid).unwrap();
    assert_ne!(new, old);
    assert_eq!(world.query_of(PATH, "access_token"), [old.clone(), old, new]);
    assert_eq!((world.asked(), forced(&world)), (2, 0));
}

#[tokio::test]
async fn each_refusing_errcode_is_a_refusal_and_no_other_is() {
    for (code, sends) in
        REFUSED.map(|code| (code, 2)).into_iter().chain([(41001, 1), (48001, 1), (40013, 1), (42002, 1)])
    {
        let world = World::new().await;
        let client = world.warm_client().await;
        let before = world.calls(PATH);
        world.sim.fault(PATH, Fault::errcode(code).times(1));
        let answer = client.get(PATH).send().await.unwrap();
        assert_eq!(world.calls(PATH) - before, sends, "{code}");
        assert_eq!(answer.errcode().is_none(), sends == 2, "{code}");
    }
}

#[tokio::test]
async fn the_resent_request_has_the_same_body_byte_for_byte() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let path = "/cgi-bin/message/template/send";
    let body = json!({ "touser": "某人 <&> \u{1f600}", "template_id": "T", "data": { "first": { "value": "恭喜你" } } });
    world.sim.fault(path, Fault::errcode(40001).times(1));
    let sent = client.post(path).header("x-mark", "one").query(&[("a", "1")]).json(&body).send().await;
    sent.unwrap();

    let ledger = world.sim.ledger();
    let calls = ledger.calls_to(path);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].body(), calls[1].body());
    assert_eq!(calls[0].body(), serde_json::to_vec(&body).unwrap());
    assert!(calls[0].text().contains("恭喜你"), "raw UTF-8");
    for call in calls {
        assert_eq!(call.header("content-type"), Some("application/json"));
        assert_eq!(call.header("content-length"), Some(call.body().len().to_string().as_str()));
        assert_eq!(call.header("x-mark"), Some("one"));
        assert_eq!(call.query().last(), Some(&("a".to_owned(), "1".to_owned())));
        assert_eq!(call.query()[0].0, "access_token");
    }
}

#[tokio::test]
async fn form_and_byte_bodies_are_sent_again_too() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for (given, sent) in [
        (client.post(PATH).form(&[("a", "甲 &"), ("b", "2")]), "a=%E7%94%B2+%26&b=2".as_bytes()),
        (client.post(PATH).body(vec![0, 159, 255]), &[0, 159, 255]),
    ] {
        let before = world.calls(PATH);
        world.sim.fault(PATH, Fault::errcode(42001).times(1));
        given.send().await.unwrap();
        world.pass(60);
        let ledger = world.sim.ledger();
        let bodies: Vec<_> = ledger.calls_to(PATH)[before..].iter().map(|call| call.body()).collect();
        assert_eq!(bodies, [sent, sent]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_ever_ends_after_two_sends() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let before = world.calls(PATH);
    world.sim.fault(PATH, Fault::errcode(40001));

    let error = call(&client).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert_eq!(error.errcode(), Some(40001));
    assert_eq!(error.endpoint(), Some(PATH));
    assert_eq!(world.calls(PATH) - before, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_refused_for_ever_cost_one_refresh_per_gap() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(PATH, Fault::errcode(40001));
    for round in 1..=3 {
        let before = world.calls(PATH);
        let failed = calls_at_once(100, &client).await;
        assert_eq!(failed.len(), 100);
        assert!(failed.iter().all(|error| error.kind() == ErrorKind::TokenRejected), "{failed:?}");
        assert!(world.calls(PATH) - before <= 200, "no loop");
        // Each round asks in normal mode, gets the refused value back, and forces.
        assert_eq!((world.asked(), forced(&world)), (1 + 2 * round, round), "round {round}");

        // Before the gap is over, nothing more: one send, and the error says how long to wait.
        let error = call(&client).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
        assert_eq!(world.asked(), 1 + 2 * round);
        world.pass(31);
    }
}

#[tokio::test]
async fn a_stable_token_is_forced_only_after_the_refused_value_came_back() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = world.shelf.value(&world.appid).unwrap();
    world.account().refuse_current(Line::Stable);

    call(&client).await.unwrap();

    assert_ne!(world.shelf.value(&world.appid).unwrap(), old);
    assert_eq!((world.asked(), forced(&world)), (3, 1));
    let causes: Vec<_> = world.sim.ledger().issues().iter().map(|issue| issue.cause).collect();
    assert_eq!(causes, [Cause::Fetch, Cause::Forced]);
}

#[tokio::test]
async fn the_same_token_after_forcing_is_an_error() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = world.shelf.value(&world.appid).unwrap();
    let same = format!(r#"{{"access_token":"{old}","expires_in":7200}}"#);
    world.sim.fault("/cgi-bin/stable_token", Fault::raw(200, "application/json", same));
    world.sim.fault(PATH, Fault::errcode(40001));
    let before = world.calls(PATH);

    let error = call(&client).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert_eq!((world.calls(PATH) - before, world.asked(), forced(&world)), (1, 3, 1));
}

#[tokio::test]
async fn a_storage_that_holds_a_newer_token_costs_no_fetch() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let newer = world.account().rotate_elsewhere(Line::Stable);
    world.shelf.put_value(&world.appid, &newer, world.sim.clock().unix());
    world.pass(400);

    call(&client).await.unwrap();

    assert_eq!(world.asked(), 1, "only the first");
    assert_eq!(world.query_of(PATH, "access_token").last(), Some(&newer));
}

#[tokio::test]
async fn something_else_that_rotates_the_token_costs_one_refresh() {
    let world = World::new().await;
    let client = world.builder().token(TokenKind::Classic).build().unwrap();
    call(&client).await.unwrap();
    world.pass(60);
    world.account().rotate_elsewhere(Line::Classic);
    world.pass(301);
    let failed = calls_at_once(50, &client).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_token_younger_than_the_gap_is_not_replaced() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    world.pass(10);
    world.account().revoke(Line::Stable);

    let error = call(&client).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
    assert_eq!(world.asked(), 1);

    world.pass(20);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn an_attempt_that_brought_nothing_spends_neither_the_gap_nor_the_budget() {
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.refusals_per_day = 1;
    let client = world.builder().refresh(settings).build().unwrap();
    call(&client).await.unwrap();
    world.pass(60);
    world.account().revoke(Line::Stable);
    world.sim.fault("/cgi-bin/stable_token", Fault::errcode(-1).times(1));
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.retry_after().unwrap() <= Duration::from_secs(2));
    world.pass(2);
    call(&client).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_who_is_refused_is_told_of_the_own_refusal() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    let other = "/cgi-bin/user/get";
    world.sim.fault(PATH, Fault::errcode(40001));
    world.sim.fault(other, Fault::errcode(42001));
    let calls = (0..100).flat_map(|_| [(PATH, 40001), (other, 42001)]).map(|(path, code)| {
        let call = client.get(path);
        tokio::spawn(async move { (path, code, call.send().await.unwrap_err()) })
    });
    for outcome in futures_util::future::join_all(calls.collect::<Vec<_>>()).await {
        let (path, code, error) = outcome.unwrap();
        assert_eq!((error.endpoint(), error.errcode()), (Some(path), Some(code)));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    }
    assert_eq!(world.asked(), 1, "too young to be replaced");
}

#[tokio::test]
async fn a_used_up_forced_quota_does_not_hold_back_ordinary_refreshes() {
    let world = World::new().await;
    world.account().set_forced_limit(0);
    let client = world.warm_client().await;
    world.account().refuse_current(Line::Stable);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert!(error.retry_after().unwrap() > Duration::from_secs(60), "until midnight: {error}");
    world.pass(7201);
    call(&client).await.unwrap();
}

#[tokio::test]
async fn the_days_budgets_are_kept_and_start_anew_at_midnight_in_beijing() {
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.refusals_per_day = 3;
    settings.forced_per_day = 2;
    let client = world.builder().refresh(settings).build().unwrap();
    call(&client).await.unwrap();
    world.pass(31);
    world.sim.fault(PATH, Fault::errcode(40001));
    for _ in 0..5 {
        call(&client).await.unwrap_err();
        world.pass(31);
    }
    assert_eq!(forced(&world), 2);
    assert_eq!(world.asked(), 1 + 3 + 2, "three in normal mode, two of them forced on");
    let error = call(&client).await.unwrap_err();
    let wait = error.retry_after().expect("until midnight");
    let beijing = world.sim.clock().unix() + 8 * 3600;
    assert_eq!(wait.as_secs(), 86_400 - beijing % 86_400);

    world.pass(wait.as_secs());
    call(&client).await.unwrap_err();
    assert!(world.asked() > 6, "a new day");
}

#[tokio::test]
async fn a_callers_own_token_is_neither_looked_up_nor_refreshed() {
    let world = World::new().await;
    let client = world.client();
    let by_query = format!("{PATH}?access_token=mine");
    for call in [
        client.get(PATH).access_token("mine"),
        client.get(PATH).query(&[("access_token", "mine")]),
        client.get(by_query),
    ] {
        let answer = call.send().await.unwrap();
        assert_eq!(answer.errcode(), Some(40001), "the refusal is the answer");
        let advice = answer.error_for_errcode().unwrap_err().advice();
        assert!(advice.contains("leave it out"), "{advice}");
    }
    assert_eq!((world.asked(), world.shelf.reads()), (0, 0));
    assert_eq!(world.query_of(PATH, "access_token"), ["mine"; 3]);
}

#[tokio::test]
async fn an_oauth_path_gets_no_application_token() {
    let world = World::new().await;
    let client = world.client();
    for path in ["/sns/userinfo", "/sns/auth", "/sns/something/new"] {
        world.sim.fault(path, Fault::errcode(40001));
        let answer = client.get(path).query(&[("openid", "o1")]).send().await.unwrap();
        assert_eq!(answer.errcode(), Some(40001));
        assert_eq!((world.calls(path), world.query_of(path, "access_token").len()), (1, 0), "{path}");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn refresh_access_token_compares_before_it_refreshes() {
    let world = World::new().await;
    let client = world.client();
    let first = client.fetch_access_token().await.unwrap();
    assert_eq!(client.fetch_access_token().await.unwrap(), first);
    let another = client.refresh_access_token(&Secret::from("not the current one")).await.unwrap();
    assert_eq!(another.access_token(), first.access_token());
    assert_eq!(world.asked(), 1);

    world.pass(60);
    let fresh = client.refresh_access_token(first.access_token()).await.unwrap();
    assert_ne!(fresh.access_token(), first.access_token());
    let error = client.refresh_access_token(fresh.access_token()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::TokenRejected, Some(Duration::from_secs(30)))
    );
}

/// Refreshes by a way of its own.
struct OwnWay(Shelf);

#[async_trait]
impl storage::Hub for OwnWay {
    type Args = String;

    async fn fetch_secret_key(&self, _: &str, _: &String) -> storage::Result<Option<Secret>> {
        Ok(None)
    }

    async fn fetch_access_token(&self, appid: &str, _: &String) -> storage::Result<Option<Token>> {
        self.0.fetch_access_token(appid, &()).await
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        stale: Option<&Secret>,
        token: &String,
    ) -> storage::Result<Option<Token>> {
        assert!(stale.is_none_or(|stale| stale.expose() != token));
        Ok(Some(Token::new(TokenKind::Stable, token.as_str(), 4_000_000_000, 7200)))
    }

    async fn save_access_token(&self, appid: &str, token: Token, _: &String) -> storage::Result<Token> {
        self.0.save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &String) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, _: &String) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

#[tokio::test]
async fn a_storage_that_refreshes_by_itself_is_obeyed_and_its_token_saved() {
    let world = World::new().await;
    let good = world.account().rotate_elsewhere(Line::Stable);
    let storage = wechat_runtime::Bound::new(OwnWay(world.shelf.clone()), good.clone());
    let client = world.builder_on(storage).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 0);
    assert_eq!(world.shelf.value(&world.appid), Some(good));
}

#[tokio::test]
async fn a_stored_token_of_the_other_kind_counts_as_none() {
    let world = World::new().await;
    let now = world.sim.clock().unix();
    let classic = world.account().rotate_elsewhere(Line::Classic);
    world.shelf.put(&world.appid, Token::new(TokenKind::Classic, classic, now, 7200));
    call(&world.client()).await.unwrap();
    assert_eq!(world.asked(), 1);
    assert_eq!(world.shelf.token(&world.appid).unwrap().kind(), TokenKind::Stable);
}

#[tokio::test]
async fn a_declared_lifetime_shortens_and_the_record_keeps_wechats_own() {
    let world = World::new().await;
    let client = world.builder().expires_in(Duration::from_secs(5000)).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(client.expires_in(), Some(Duration::from_secs(5000)));
    assert_eq!(world.shelf.token(&world.appid).unwrap().expires_in(), 7200);
    world.pass(4999);
    world.pass(1);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 2);
    let stored: Value = serde_json::to_value(world.shelf.token(&world.appid).unwrap()).unwrap();
    assert_eq!(stored["expires_in"], 2200, "stable_token answers with the same one and what is left of it");
}
