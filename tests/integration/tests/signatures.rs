//! Front-end signatures against WeChat's own examples, and what is refused to be signed.

use serde_json::{Value, json};
use wechat_integration_tests::{World, new_appid};
use wechat_runtime::{
    AddCard, ChooseCard, ErrorKind, Secret, Ticket, TicketType, adapters::Memory, sign_card, sign_jssdk,
    storage,
};

fn vectors(of: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let vectors = all[of].as_array().unwrap().clone();
    assert!(!vectors.is_empty(), "{of}");
    vectors
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} of {vector}"))
}

fn jssdk(vector: &Value, url: &str) -> Result<String, wechat_runtime::Error> {
    let ticket = Secret::from(text(vector, "jsapi_ticket"));
    sign_jssdk(&ticket, text(vector, "noncestr"), text(vector, "timestamp").parse().unwrap(), url)
}

#[test]
fn every_page_of_the_vectors_is_signed_as_wechat_signs_it() {
    for vector in vectors("jssdk_signature") {
        let signature = jssdk(&vector, text(&vector, "url")).unwrap();
        assert_eq!(signature, text(&vector, "signature"), "{}", text(&vector, "name"));
    }
}

#[test]
fn a_page_is_signed_up_to_its_first_hash_and_is_not_encoded() {
    let vector = &vectors("jssdk_signature")[0];
    let url = text(vector, "url");
    let signed = |url: &str| jssdk(vector, url).unwrap();
    assert_eq!(signed(&format!("{url}#/route?a=1#b")), signed(url));
    assert_eq!(signed(&format!("{url}#")), signed(url));
    assert_ne!(
        signed("http://mp.weixin.qq.com?params=%E5%80%BC"),
        signed("http://mp.weixin.qq.com?params=值")
    );
}

#[test]
fn every_card_of_the_vectors_is_signed_as_wechat_signs_it() {
    for vector in vectors("card_signature") {
        let fields = vector["fields"].as_object().unwrap();
        let ticket = Secret::from(fields["api_ticket"].as_str().unwrap());
        let values = fields.iter().filter(|(name, _)| *name != "api_ticket");
        let values: Vec<_> = values.map(|(_, value)| value.as_str().unwrap()).collect();
        assert_eq!(sign_card(&ticket, &values).unwrap(), text(&vector, "signature"));
        let backwards: Vec<_> = values.iter().rev().copied().collect();
        assert_eq!(
            sign_card(&ticket, &backwards).unwrap(),
            text(&vector, "signature"),
            "the order is of no matter"
        );
        let other: Vec<_> = values.iter().map(|value| value.replace('1', "2")).collect();
        let other: Vec<_> = other.iter().map(String::as_str).collect();
        assert_ne!(sign_card(&ticket, &other).unwrap(), text(&vector, "signature"));
    }
}

/// The sorted list is what verifies an address for callbacks, too.
#[test]
fn the_sorted_list_agrees_with_the_vectors_of_verification_and_with_no_other() {
    let sign = |vector: &Value| {
        let token = Secret::from(text(vector, "token"));
        sign_card(&token, &[text(vector, "timestamp"), text(vector, "nonce")]).unwrap()
    };
    for vector in vectors("url_verification") {
        assert_eq!(sign(&vector), text(&vector, "signature"));
    }
    let negative = vectors("negative");
    let wrong = negative.iter().filter(|vector| vector["name"] == "wechatpy_wrong_nonce");
    assert_eq!(wrong.inspect(|vector| assert_ne!(sign(vector), text(vector, "signature"))).count(), 1);
}

#[test]
fn nothing_is_signed_with_an_empty_ticket_or_for_no_page() {
    let (empty, ticket) = (Secret::from(""), Secret::from("ticket"));
    let page = "https://example.com/";
    for refused in [
        sign_jssdk(&empty, "nonce", 1, page),
        sign_jssdk(&ticket, "", 1, page),
        sign_jssdk(&ticket, "nonce", 1, ""),
        sign_jssdk(&ticket, "nonce", 1, "/page"),
        sign_jssdk(&ticket, "nonce", 1, "#https://example.com/"),
        sign_card(&empty, &["1", "nonce", "card"]),
        sign_card(&ticket, &[]),
        sign_card(&ticket, &["", ""]),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Request);
    }
}

/// A world whose storage has a ticket of each type.
async fn with_tickets() -> World {
    let world = World::new().await;
    let now = world.sim.clock().unix();
    for ticket_type in [TicketType::JSAPI, TicketType::WX_CARD] {
        let value = format!("the {ticket_type} ticket");
        world.shelf.put_ticket(&world.appid, Ticket::new(ticket_type, value, now, 7200));
    }
    world
}

#[tokio::test]
async fn a_page_gets_all_that_its_config_needs() {
    let world = with_tickets().await;
    let url = "https://example.com/page?id=1#top";
    let config = world.client().jssdk_config(url).await.unwrap().with_js_api_list(["scanQRCode"]);
    let ticket = Secret::from("the jsapi ticket");
    let signature = sign_jssdk(&ticket, &config.nonce_str, config.timestamp, url).unwrap();
    assert_eq!(
        serde_json::to_value(&config).unwrap(),
        json!({
            "debug": false,
            "appId": world.appid,
            "timestamp": world.sim.clock().unix(),
            "nonceStr": config.nonce_str,
            "signature": signature,
            "jsApiList": ["scanQRCode"],
        })
    );
    let again = world.client().jssdk_config(url).with_js_api_list(["scanQRCode"]).await.unwrap();
    assert_eq!(again.js_api_list, config.js_api_list, "the list may be given before or after");
    assert_ne!(again.nonce_str, config.nonce_str);
    assert!(again.nonce_str.len() <= 32, "WeChat takes up to 32 characters");
}

#[tokio::test]
async fn nothing_is_fetched_for_what_cannot_be_signed() {
    let world = World::new().await;
    let client = world.client();
    for page in
        ["/page", "https://", "https:///x", "https://example.com/秋", "https://example.com/a b", "ftp://x/"]
    {
        let error = client.jssdk_config(page).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{page}");
    }
    let card = client.card_signature(AddCard::new("")).await.unwrap_err();
    assert_eq!(card.kind(), ErrorKind::Request);
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn what_a_page_is_given_ends_no_script() {
    let world = with_tickets().await;
    let client = world.client();
    let evil = "</script><script>alert(1)\u{2028}\u{2029}";
    let config = client.jssdk_config("https://example.com/").await.unwrap().with_js_api_list([evil]);
    let card = client.card_signature(AddCard::new("pCard").code(evil)).await.unwrap();
    let choice = client.choose_card_signature(ChooseCard::new().card_id(evil)).await.unwrap();
    for (script, value) in [
        (config.to_script(), serde_json::to_value(&config).unwrap()),
        (card.to_script(), serde_json::to_value(&card).unwrap()),
        (choice.to_script(), serde_json::to_value(&choice).unwrap()),
    ] {
        assert!(!script.contains(['<', '\u{2028}', '\u{2029}']), "{script}");
        assert_eq!(serde_json::from_str::<Value>(&script).unwrap(), value);
    }
}

#[tokio::test]
async fn a_card_is_signed_over_what_it_has() {
    let world = with_tickets().await;
    let card = AddCard::new("pCard").code("c-1").openid("o-1");
    let entry = serde_json::to_value(world.client().card_signature(card).await.unwrap()).unwrap();
    assert_eq!(entry["cardId"], "pCard");
    let ext: Value = serde_json::from_str(entry["cardExt"].as_str().unwrap()).unwrap();
    let ticket = Secret::from("the wx_card ticket");
    let values = ["pCard", "c-1", "o-1", text(&ext, "timestamp"), text(&ext, "nonce_str")];
    assert_eq!(text(&ext, "signature"), sign_card(&ticket, &values).unwrap());
    assert_eq!((text(&ext, "code"), text(&ext, "openid"), ext.get("balance")), ("c-1", "o-1", None));
}

#[tokio::test]
async fn a_choice_of_cards_is_signed_with_its_account() {
    let world = with_tickets().await;
    let cards = ChooseCard::new().shop_id("7").card_type("GROUPON");
    let choice = world.client().choose_card_signature(cards).await.unwrap();
    let ticket = Secret::from("the wx_card ticket");
    let timestamp = choice.timestamp.to_string();
    let values = [&world.appid, "7", "GROUPON", &*timestamp, &*choice.nonce_str];
    assert_eq!(choice.card_sign, sign_card(&ticket, &values).unwrap());
    let page = serde_json::to_value(&choice).unwrap();
    assert_eq!((page["signType"].as_str(), page["shopId"].as_str()), (Some("SHA1"), Some("7")));
}

#[tokio::test]
async fn a_signature_is_for_another_account_by_another_storage_this_once() {
    let world = World::new().await;
    let (other, elsewhere) = (new_appid(), Memory::new());
    let ticket = Ticket::new(TicketType::JSAPI, "another's ticket", world.sim.clock().unix(), 7200);
    storage::Hub::save_ticket(&elsewhere, &other, ticket, &()).await.unwrap();
    let url = "https://example.com/";
    let config = world.client().jssdk_config(url).appid(&other).adapter_storage(elsewhere).await.unwrap();
    assert_eq!(config.app_id, other);
    let ticket = Secret::from("another's ticket");
    assert_eq!(config.signature, sign_jssdk(&ticket, &config.nonce_str, config.timestamp, url).unwrap());
}
