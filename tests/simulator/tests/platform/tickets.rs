//! The tickets that pages are signed with.

use serde_json::Value;
use wechat_simulator::{Simulator, TicketType};

use crate::support::{APPID, Platform, SECRET, errcode};

async fn fetch(platform: &Platform, query: &str) -> Value {
    let token = platform.stable().await.value;
    platform.get(&format!("/cgi-bin/ticket/getticket?access_token={token}{query}")).await
}

fn ticket(answer: &Value) -> &str {
    assert_eq!((errcode(answer), answer["errmsg"].as_str()), (0, Some("ok")), "{answer}");
    answer["ticket"].as_str().unwrap()
}

#[tokio::test]
async fn a_ticket_is_the_same_until_it_dies_and_each_kind_has_its_own() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    assert_eq!(account.ticket(TicketType::Jsapi), None);
    let first = fetch(&platform, "&type=jsapi").await;
    assert_eq!((ticket(&first).len(), first["expires_in"].as_u64()), (86, Some(7200)));
    assert!(ticket(&first).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(account.ticket(TicketType::Jsapi).as_deref(), Some(ticket(&first)));
    platform.advance(7199);
    let second = fetch(&platform, "&type=jsapi").await;
    assert_eq!((ticket(&second), second["expires_in"].as_u64()), (ticket(&first), Some(1)));
    let card = fetch(&platform, "&type=wx_card").await;
    assert_ne!(ticket(&card), ticket(&first));
    platform.advance(1);
    assert_eq!(account.ticket(TicketType::Jsapi), None);
    assert_ne!(ticket(&fetch(&platform, "&type=jsapi").await), ticket(&first));
    let ledger = platform.sim.ledger();
    assert_eq!(ledger.tickets_issued(APPID, TicketType::Jsapi), 2);
    assert_eq!(ledger.tickets_issued(APPID, TicketType::WxCard), 1);
    assert_eq!(ledger.tickets_issued("wx0", TicketType::Jsapi), 0);
    assert_eq!(ledger.ticket_issues()[0].value, ticket(&first));
    assert_eq!(ledger.issues().len(), 2, "tickets are no tokens");
}

#[tokio::test]
async fn every_call_makes_a_new_ticket_where_the_test_wants_it() {
    let builder = Simulator::builder().app(APPID, SECRET).new_ticket_each_call(true);
    let platform = Platform::over(builder.start().await.unwrap());
    let first = fetch(&platform, "&type=jsapi").await;
    assert_ne!(ticket(&fetch(&platform, "&type=jsapi").await), ticket(&first));
    assert_eq!(platform.sim.ledger().tickets_issued(APPID, TicketType::Jsapi), 2);
}

#[tokio::test]
async fn a_type_that_is_none_answers_40097() {
    let platform = Platform::start().await;
    for query in ["", "&type=", "&type=cheese", "&type=JSAPI"] {
        assert_eq!(errcode(&fetch(&platform, query).await), 40097, "{query}");
    }
}

#[tokio::test]
async fn a_ticket_can_be_empty_which_is_no_issue() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    account.set_empty_ticket(true);
    assert_eq!(ticket(&fetch(&platform, "&type=jsapi").await), "");
    assert_eq!(platform.sim.ledger().tickets_issued(APPID, TicketType::Jsapi), 0);
    account.set_empty_ticket(false);
    assert_ne!(ticket(&fetch(&platform, "&type=jsapi").await), "");
    platform.sim.reset();
    assert_eq!(account.ticket(TicketType::Jsapi), None);
}
