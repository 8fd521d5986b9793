//! The paths that grant a token, called by name: the client answers them, so that nothing it keeps is undone.

use serde_json::{Value, json};
use wechat_integration_tests::{SECRET, World, at_once, call};
use wechat_runtime::{Bound, Client, Common, Error, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind};
use wechat_runtime::{async_trait, storage};
use wechat_simulator::{Fault, Line};

const CLASSIC: &str = "/cgi-bin/token";
const STABLE: &str = "/cgi-bin/stable_token";

fn classic(world: &World) -> Client<Common> {
    world.builder().token(TokenKind::Classic).build().unwrap()
}

fn classics(world: &World) -> usize {
    world.sim.ledger().issued(&world.appid, Line::Classic)
}

fn token(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap()
}

#[tokio::test]
async fn a_token_asked_for_by_name_is_filled_in_and_saved() {
    let world = World::new().await;
    let client = classic(&world);
    let answer = client.get(CLASSIC).send().await.unwrap().value().unwrap();
    assert_eq!(answer["expires_in"], 7200);
    let saved = world.shelf.token(&world.appid).unwrap();
    assert_eq!((saved.access_token().expose(), saved.kind()), (token(&answer), TokenKind::Classic));

    call(&client).await.unwrap();
    assert_eq!(classics(&world), 1, "the call uses the one that was saved");
}

#[tokio::test]
async fn the_classic_token_is_another_one_each_time_but_not_sooner_than_the_gap() {
    let world = World::new().await;
    let client = classic(&world);
    let ask = || async { client.get(CLASSIC).send().await.unwrap().value().unwrap() };
    let first = ask().await;
    world.pass(29);
    let soon = ask().await;
    assert_eq!((token(&soon), &soon["expires_in"]), (token(&first), &json!(7200 - 29)));
    world.pass(31);
    let later = ask().await;
    assert_ne!(token(&later), token(&first));
    assert_eq!(world.shelf.value(&world.appid).as_deref(), Some(token(&later)));
    assert_eq!(classics(&world), 2);
}

#[tokio::test]
async fn the_stable_token_is_the_one_that_lives_with_the_seconds_it_has_left() {
    let world = World::new().await;
    let client = world.client();
    let first = client.post(STABLE).send().await.unwrap().value().unwrap();
    world.pass(600);
    let body = json!({ "grant_type": "client_credential", "force_refresh": false });
    let second = client.post(STABLE).json(&body).send().await.unwrap().value().unwrap();
    assert_eq!((token(&second), &second["expires_in"]), (token(&first), &json!(6600)));
    assert_eq!((world.issued(), world.asked()), (1, 1));
}

#[tokio::test]
async fn a_forced_stable_token_is_a_new_one_and_is_saved() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let old = world.shelf.value(&world.appid).unwrap();
    let answer =
        client.post(STABLE).json(&json!({ "force_refresh": true })).send().await.unwrap().value().unwrap();
    assert_ne!(token(&answer), old);
    assert_eq!(world.shelf.value(&world.appid).as_deref(), Some(token(&answer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_who_ask_by_name_cost_one_token() {
    let world = World::new().await;
    let client = classic(&world);
    let failed = at_once(500, || {
        let client = client.clone();
        async move { client.get(CLASSIC).send().await?.error_for_errcode() }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(classics(&world), 1);
}

#[tokio::test]
async fn a_cool_down_holds_for_who_asks_by_name() {
    let world = World::new().await;
    let client = classic(&world);
    world.sim.fault(CLASSIC, Fault::errcode(45009).times(10));
    for _ in 0..3 {
        let error = client.get(CLASSIC).send().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::Quota, Some(45009)));
        assert!(error.retry_after().is_some());
    }
    assert_eq!(world.calls(CLASSIC), 1);
}

#[tokio::test]
async fn what_the_caller_writes_is_not_overwritten() {
    let world = World::new().await;
    let other = wechat_integration_tests::new_appid();
    world.sim.add_app(wechat_simulator::App::new(&other, "another secret")).unwrap();
    let client = classic(&world);
    let query = [("appid", other.as_str()), ("secret", "another secret")];
    let answer = client.get(CLASSIC).query(&query).send().await.unwrap().value().unwrap();
    assert_eq!(world.shelf.value(&other).as_deref(), Some(token(&answer)));
    assert_eq!(world.query_of(CLASSIC, "secret"), ["another secret"]);

    world.pass(60);
    let wrong = [("secret", "a wrong secret")];
    let error = client.get(CLASSIC).query(&wrong).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    call(&client).await.unwrap();
}

#[tokio::test]
async fn what_makes_no_sense_is_an_error_before_anything_is_sent() {
    let world = World::new().await;
    let client = world.client();
    let calls = [
        client.post(CLASSIC),
        client.get(STABLE),
        client.get(CLASSIC).query(&[("grant_type", "refresh_token")]),
        client.get(CLASSIC).query(&[("gant_type", "client_credential")]),
        client.get(CLASSIC).json(&json!({ "appid": "wx" })),
        client.post(STABLE).query(&[("appid", "wx")]),
        client.post(STABLE).json(&json!({ "force": true })),
        client.post(STABLE).body("not JSON"),
        client.get(CLASSIC).access_token("mine"),
        client.get(CLASSIC).appid("wx1").query(&[("appid", "wx2")]),
        client.post(STABLE).appid("wx1").json(&json!({ "appid": "wx2" })),
        client.get("/sns/jscode2session").appid("wx1").query(&[("appid", "wx2")]),
        client.get(CLASSIC).query(&[("access_token", "mine")]),
        client.get("https://sh.api.weixin.qq.com/cgi-bin/token"),
        client.get("/cgi-bin/ticket/getticket"),
        client.get("/cgi-bin/ticket/getticket?type=jsapi&typ=jsapi"),
    ];
    for call in calls {
        let shown = format!("{call:?}");
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{shown}: {error}");
    }
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

/// A hub elsewhere, which has a token.
struct Elsewhere;

#[async_trait]
impl storage::Client for Elsewhere {
    type Args = ();

    async fn fetch_access_token(&self, _: &str, (): &()) -> storage::Result<Option<Token>> {
        Ok(Some(Token::new(TokenKind::Stable, "the hub's", 0, u64::MAX)))
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(&self, _: &str, of: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok((*of == TicketType::JSAPI).then(|| Ticket::new(of.clone(), "the hub's ticket", 0, u64::MAX)))
    }
}

#[tokio::test]
async fn a_client_of_a_hub_asks_for_no_token_and_has_the_hubs_tickets() -> Result<(), Error> {
    let world = World::new().await;
    let client = world.builder_on(Bound::new(Elsewhere, ())).build()?;
    for error in [client.get(CLASSIC).send().await, client.post(STABLE).send().await] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains("storage::Hub"), "{error}");
    }
    assert_eq!(client.fetch_ticket(TicketType::JSAPI).await?.ticket().expose(), "the hub's ticket");
    let none = client.fetch_ticket(TicketType::WX_CARD).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Storage);
    assert_eq!(world.sim.ledger().calls().count(), 0);
    Ok(())
}

#[tokio::test]
async fn a_wrong_secret_of_one_caller_fails_nobody_else() {
    let world = World::new().await;
    let client = world.client();
    world.sim.fault(STABLE, Fault::hang().times(1));
    let wrong = client.post(STABLE).json(&json!({ "secret": "a wrong secret" }));
    let wrong = tokio::spawn(wrong.send());
    world.sim.arrived(STABLE, 1).await;
    let others: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.sim.clear_faults();
    assert_eq!(wrong.await.unwrap().unwrap_err().kind(), ErrorKind::Configuration);
    for other in others {
        other.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_secret_of_the_callers_own_is_tried_though_a_token_lives() {
    for kind in [TokenKind::Stable, TokenKind::Classic] {
        let world = World::new().await;
        let client = world.builder().token(kind).build().unwrap();
        call(&client).await.unwrap();
        world.pass(60);
        let wrong = match kind {
            TokenKind::Stable => client.post(STABLE).json(&json!({ "secret": "a wrong secret" })),
            _ => client.get(CLASSIC).query(&[("secret", "a wrong secret")]),
        };
        assert_eq!(wrong.send().await.unwrap_err().errcode(), Some(40125), "{kind:?}");
        let right = match kind {
            TokenKind::Stable => client.post(STABLE).json(&json!({ "secret": SECRET })),
            _ => client.get(CLASSIC).query(&[("secret", SECRET)]),
        };
        right.send().await.unwrap().error_for_errcode().unwrap();
        call(&client).await.unwrap();
    }
}

#[tokio::test]
async fn renewals_by_name_have_a_budget_of_their_own() {
    let world = World::new().await;
    let client = classic(&world);
    call(&client).await.unwrap();
    let renew = || async { client.get(CLASSIC).send().await.map(drop) };
    for _ in 0..100 {
        world.pass(60);
        renew().await.unwrap();
    }
    world.pass(60);
    let error = renew().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Quota);
    assert!(error.retry_after().is_some(), "{error}");
    assert_eq!(classics(&world), 101);

    world.account().revoke(Line::Classic);
    call(&client).await.expect("a refused token is replaced all the same");
    world.pass(7201);
    renew().await.expect("and where none lives, one is fetched");
    assert_eq!(classics(&world), 103);
}

#[tokio::test]
async fn a_forced_token_is_forced_whatever_the_storage_has() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let theirs = world.shelf.value(&world.appid).unwrap();
    let now = world.sim.clock().unix();
    world.shelf.put_value(&world.appid, "another that seems to live", now);
    let fresh = world.builder_on(Bound::new(world.shelf.clone(), ())).build().unwrap();
    let forced =
        fresh.post(STABLE).json(&json!({ "force_refresh": true })).send().await.unwrap().value().unwrap();
    assert!(![theirs.as_str(), "another that seems to live"].contains(&token(&forced)));
    drop(client);
}

#[tokio::test]
async fn the_days_forced_tokens_are_counted_and_the_next_is_an_error() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let force = || async { client.post(STABLE).json(&json!({ "force_refresh": true })).send().await };
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20 {
        assert!(
            seen.insert(token(&force().await.unwrap().value().unwrap()).to_owned()),
            "a new one each time"
        );
        world.pass(60);
    }
    let error = force().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Quota, "{error}");
    call(&client).await.unwrap();
}

/// A storage with one record for an account keeps the last kind only; that is no reason to fetch and fetch.
#[tokio::test]
async fn two_kinds_in_one_record_cost_one_token_of_each_within_the_gap() {
    let world = World::new().await;
    let fresh = || world.builder_on(Bound::new(world.shelf.clone(), ())).build().unwrap();
    for _ in 0..10 {
        call(&fresh()).await.unwrap();
        call(&fresh()).await.unwrap();
        fresh().get(CLASSIC).send().await.unwrap().error_for_errcode().unwrap();
        fresh().get(CLASSIC).send().await.unwrap().error_for_errcode().unwrap();
    }
    assert_eq!((world.issued(), classics(&world)), (1, 1));
}

#[tokio::test]
async fn parameters_in_a_body_that_cannot_be_read_are_not_ignored() {
    let world = World::new().await;
    let client = world.client();
    let body = json!({ "appid": "wx2", "force_refresh": true }).to_string();
    let read = client.post(STABLE).body_reader(body.len() as u64, std::io::Cursor::new(body));
    let form = client.post(STABLE).upload(wechat_runtime::Upload::new().text("appid", "wx2"));
    for call in [read, form] {
        assert_eq!(call.send().await.unwrap_err().kind(), ErrorKind::Request);
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_hundred_who_force_at_once_force_once_and_leave_the_storage_alone() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let (issued, reads, asked) = (world.issued(), world.shelf.reads(), world.asked());
    world.sim.fault(STABLE, Fault::hang().times(1));
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(client.post(STABLE).json(&json!({ "force_refresh": true })).send()))
        .collect();
    world.sim.arrived(STABLE, asked + 1).await;
    // All of them have their turns on this one thread, and wait.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.sim.clear_faults();
    for call in calls {
        call.await.unwrap().unwrap().error_for_errcode().unwrap();
    }
    assert_eq!(world.issued() - issued, 1);
    assert!(world.shelf.reads() - reads < 10, "{} reads", world.shelf.reads() - reads);
}
