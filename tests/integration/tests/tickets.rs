//! Tickets: the storage first, then WeChat, once for all who ask; kept with their type.

use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::{Shelf, World, at_once, call};
use wechat_runtime::{Bound, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind, async_trait, storage};
use wechat_simulator::{Fault, Line, TicketType as Sort};

const GETTICKET: &str = "/cgi-bin/ticket/getticket";

fn granted(world: &World, sort: Sort) -> usize {
    world.sim.ledger().tickets_issued(&world.appid, sort)
}

#[tokio::test]
async fn a_ticket_is_bought_with_the_token_saved_with_its_type_and_then_read() {
    let world = World::new().await;
    let client = world.client();
    let ask =
        || async { client.get(GETTICKET).query(&[("type", "jsapi")]).send().await.unwrap().value().unwrap() };
    let first = ask().await;
    let now = world.sim.clock().unix();
    let value = world.account().ticket(Sort::Jsapi).unwrap();
    assert_eq!(
        first,
        json!({
            "errcode": 0, "errmsg": "ok", "ticket": value, "expires_in": 7200, "type": "jsapi", "timestamp": now,
        })
    );
    let saved = world.shelf.ticket(&world.appid, &TicketType::JSAPI).unwrap();
    assert_eq!(saved, Ticket::new(TicketType::JSAPI, value, now, 7200));

    world.pass(600);
    assert_eq!(ask().await, first, "the record as it was granted, and no call");
    assert_eq!((world.calls(GETTICKET), world.asked()), (1, 1));
    let other = world.builder().build().unwrap();
    assert_eq!(other.fetch_ticket(TicketType::JSAPI).await.unwrap(), saved);
    assert_eq!(world.calls(GETTICKET), 1);
}

#[tokio::test]
async fn types_are_kept_apart_and_another_word_is_passed_on() {
    let world = World::new().await;
    let client = world.client();
    let page = client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    let card = client.fetch_ticket(TicketType::WX_CARD).await.unwrap();
    assert_ne!(page.ticket(), card.ticket());
    assert_eq!((granted(&world, Sort::Jsapi), granted(&world, Sort::WxCard)), (1, 1));
    let error = client.fetch_ticket("a new word").await.unwrap_err();
    assert!(error.errcode().is_some() && error.endpoint() == Some(GETTICKET), "{error}");
    assert_eq!(world.query_of(GETTICKET, "type").last().unwrap(), "a new word");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_for_a_cold_ticket_cost_one_call() {
    let world = World::new().await;
    let client = world.client();
    let failed = at_once(500, || {
        let client = client.clone();
        async move { client.fetch_ticket(TicketType::JSAPI).await }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((world.calls(GETTICKET), world.issued()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_with_bindings_of_their_own_cost_one_call() {
    let world = World::new().await;
    let client = world.client();
    let failed = at_once(500, || {
        let (client, shelf) = (client.clone(), world.shelf.clone());
        let call = client.get(GETTICKET).query(&[("type", "wx_card")]).adapter_storage(shelf);
        async move { call.send().await?.error_for_errcode() }
    })
    .await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.calls(GETTICKET), 1);
}

/// Everything is cold, both kinds of ticket and plain calls begin at once, and the token is refused on the way.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_tokens_refreshed_at_once_do_not_wait_for_each_other() {
    for refused in [false, true] {
        let world = World::new().await;
        let client = world.client();
        if refused {
            let client = world.warm_client().await;
            drop(client);
            world.account().revoke(Line::Stable);
        }
        let failed = at_once(300, || {
            let client = client.clone();
            let turn = next_turn();
            async move {
                match turn {
                    0 => client.fetch_ticket(TicketType::JSAPI).await.map(drop),
                    1 => client.fetch_ticket(TicketType::WX_CARD).await.map(drop),
                    _ => call(&client).await.map(drop),
                }
            }
        });
        let failed = tokio::time::timeout(Duration::from_secs(20), failed).await.expect("no deadlock");
        assert!(failed.is_empty(), "{failed:?}");
        assert_eq!((granted(&world, Sort::Jsapi), granted(&world, Sort::WxCard)), (1, 1));
        assert_eq!(world.issued(), 1 + usize::from(refused));
    }
}

/// 0, 1, 2, 0, 1, 2 …
fn next_turn() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static TURN: AtomicUsize = AtomicUsize::new(0);
    TURN.fetch_add(1, Ordering::Relaxed) % 3
}

#[tokio::test]
async fn a_refused_token_is_refreshed_for_the_ticket_too() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.account().revoke(Line::Stable);
    client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    assert_eq!((world.calls(GETTICKET), world.issued()), (2, 2));
}

#[tokio::test]
async fn an_expired_ticket_is_replaced_and_an_ageing_one_is_served_meanwhile() {
    let world = World::new().await;
    let client = world.client();
    let first = client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    let saves = world.shelf.saves();
    world.pass(7200 - 200);
    assert_eq!(client.fetch_ticket(TicketType::JSAPI).await.unwrap(), first);
    // The token is as old as the ticket, and is replaced, too.
    world.shelf.saved(saves + 2).await;
    world.pass(7200);
    assert_ne!(client.fetch_ticket(TicketType::JSAPI).await.unwrap().ticket(), first.ticket());
}

#[tokio::test]
async fn the_declared_cap_holds_for_tickets() {
    let world = World::new().await;
    let client = world.builder().expires_in(Duration::from_secs(600)).build().unwrap();
    let first = client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    assert_eq!(first.expires_in(), 7200, "what is stored is WeChat's word");
    world.pass(601);
    client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    assert_eq!(world.calls(GETTICKET), 2);
}

#[tokio::test]
async fn a_refused_ticket_cools_down_and_the_token_is_left_alone() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    world.sim.fault(GETTICKET, Fault::errcode(45009).times(10));
    for _ in 0..3 {
        let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
        assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Quota, Some(GETTICKET)));
        assert!(error.retry_after().is_some());
    }
    assert_eq!(world.calls(GETTICKET), 1);
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn what_keeps_the_token_away_is_not_held_against_the_ticket() {
    let world = World::new().await;
    world.shelf.set_secret(&world.appid, "a wrong secret");
    let client = world.client();
    let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Configuration, Some("/cgi-bin/stable_token")));
    world.shelf.set_secret(&world.appid, wechat_integration_tests::SECRET);
    client.fetch_ticket(TicketType::JSAPI).await.unwrap();

    // The wait for a token is nearly over when a ticket is asked for, and no other wait begins.
    let world = World::new().await;
    let client = world.client();
    world.sim.fault("/cgi-bin/stable_token", Fault::errcode(40164).times(1));
    call(&client).await.unwrap_err();
    world.pass(50);
    let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressNotAllowed);
    world.pass(11);
    client.fetch_ticket(TicketType::JSAPI).await.unwrap();
}

#[tokio::test]
async fn a_refused_token_that_is_too_young_to_be_replaced_is_not_tried_by_each_caller() {
    let world = World::new().await;
    let client = world.client();
    world.sim.fault(GETTICKET, Fault::errcode(40001).times(100));
    for _ in 0..5 {
        let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected);
    }
    assert_eq!((world.calls(GETTICKET), world.issued()), (1, 1));
}

#[tokio::test]
async fn a_token_that_stays_refused_ends_it_and_is_not_tried_by_each_caller() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(GETTICKET, Fault::errcode(40001).times(100));
    for _ in 0..5 {
        let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected);
    }
    assert_eq!((world.calls(GETTICKET), world.issued()), (2, 2));
    world.sim.clear_faults();
    world.pass(2);
    client.fetch_ticket(TicketType::JSAPI).await.expect("and the wait is not that for a wrong secret");
}

/// Answers with the one ticket it has, whatever it is asked for.
struct OneTicket(Shelf);

#[async_trait]
impl storage::Hub for OneTicket {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.0.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.0.fetch_access_token(appid, &()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.0.save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(&self, appid: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        self.0.fetch_ticket(appid, &TicketType::JSAPI, &()).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        self.0.save_ticket(appid, ticket, &()).await
    }
}

#[tokio::test]
async fn a_ticket_of_another_type_signs_nothing() {
    let world = World::new().await;
    let client = world.builder_on(Bound::new(OneTicket(world.shelf.clone()), ())).build().unwrap();
    client.fetch_ticket(TicketType::JSAPI).await.unwrap();
    let error = client.fetch_ticket(TicketType::WX_CARD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(format!("{error:?}").contains("another type"), "{error:?}");
}

#[tokio::test]
async fn an_empty_ticket_is_none_wherever_it_comes_from() {
    let world = World::new().await;
    world.account().set_empty_ticket(true);
    let client = world.client();
    let error = client.jssdk_config("https://example.com/").await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::Body, Some(GETTICKET)));
    assert!(world.shelf.ticket(&world.appid, &TicketType::JSAPI).is_none(), "and none is saved");

    let world = World::new().await;
    let now = world.sim.clock().unix();
    world.shelf.put_ticket(&world.appid, Ticket::new(TicketType::JSAPI, "", now, 7200));
    world.shelf.put(&world.appid, Token::new(TokenKind::Stable, "", now, 7200));
    let ticket = world.client().fetch_ticket(TicketType::JSAPI).await.unwrap();
    assert!(!ticket.ticket().expose().is_empty());
}

#[tokio::test]
async fn a_ticket_that_cannot_be_saved_is_not_bought_by_each_caller() {
    let world = World::new().await;
    world.shelf.fail_saves(true);
    for _ in 0..3 {
        let bound = Bound::new(world.shelf.clone(), ());
        world.builder_on(bound).build().unwrap().fetch_ticket(TicketType::JSAPI).await.unwrap();
    }
    assert_eq!((world.calls(GETTICKET), world.issued()), (1, 1));
}

#[tokio::test]
async fn a_storage_that_is_down_is_not_a_missing_ticket() {
    let world = World::new().await;
    let client = world.client();
    world.shelf.fail_reads(true);
    let error = client.fetch_ticket(TicketType::JSAPI).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("read the ticket"), "{error}");
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn the_callers_own_token_buys_a_ticket_that_is_the_callers_own() {
    let world = World::new().await;
    let client = world.warm_client().await;
    let mine = world.shelf.value(&world.appid).unwrap();
    let answer = client.get(GETTICKET).query(&[("type", "jsapi")]).access_token(mine).send().await.unwrap();
    assert_eq!(answer.errcode(), Some(0));
    assert!(world.shelf.ticket(&world.appid, &TicketType::JSAPI).is_none());
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_the_ticket_to_the_others() {
    let world = World::new().await;
    let client = world.client();
    call(&client).await.unwrap();
    world.sim.fault(GETTICKET, Fault::hang().times(1));
    let leader = tokio::spawn({
        let client = client.clone();
        async move { client.fetch_ticket(TicketType::JSAPI).await }
    });
    world.sim.arrived(GETTICKET, 1).await;
    let waiter = tokio::spawn(async move { client.fetch_ticket(TicketType::JSAPI).await });
    leader.abort();
    let _ = leader.await;
    world.sim.clear_faults();
    waiter.await.unwrap().unwrap();
    assert_eq!(world.calls(GETTICKET), 1);
}
