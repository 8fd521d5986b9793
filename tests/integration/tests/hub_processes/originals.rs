//! What the tests of `elixir_wechat` expect of its client and its hub, of ours by the same calls.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::orders::Asked;
use wechat_integration_tests::{PATH, SECRET, World, call, new_appid};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{
    Bound, Call as _, Client, Common, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind, UploadFile,
    async_trait, storage, wechat_client,
};
use wechat_simulator::{App, Line, TicketType as Sort};

use crate::stage::Stage;

const GETTICKET: &str = "/cgi-bin/ticket/getticket";

/// A client of a hub that is given something else once, as if somebody had changed what the program keeps.
struct ByHand {
    hub: HubClient,
    token: Mutex<Option<Token>>,
    ticket: Mutex<Option<Ticket>>,
}

impl ByHand {
    fn client(stage: &Stage, token: Option<Token>, ticket: Option<Ticket>) -> Client<Common> {
        let (token, ticket) = (Mutex::new(token), Mutex::new(ticket));
        let storage = Self { hub: HubClient::new(&stage.url), token, ticket };
        stage.world.builder_on(Bound::new(storage, ())).build().unwrap()
    }
}

#[async_trait]
impl storage::Client for ByHand {
    type Args = ();

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        let by_hand = self.token.lock().unwrap().take();
        if by_hand.is_some() { Ok(by_hand) } else { self.hub.fetch_access_token(appid, &()).await }
    }

    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.hub.refresh_access_token(appid, stale, &()).await
    }

    async fn fetch_ticket(&self, appid: &str, of: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        let by_hand = self.ticket.lock().unwrap().take();
        if by_hand.is_some() { Ok(by_hand) } else { self.hub.fetch_ticket(appid, of, &()).await }
    }
}

/// The token that this process keeps.
async fn local(client: &Client<Common>) -> String {
    client.fetch_access_token().await.unwrap().access_token().expose().to_owned()
}

/// The token that the hub has.
fn the_hubs(stage: &Stage) -> String {
    stage.world.account().current_token(Line::Stable).unwrap()
}

#[tokio::test]
async fn a_made_up_appid_is_40013_whether_or_not_the_hub_has_a_secret_for_it() {
    let [with_secret, without] = [new_appid(), new_appid()];
    let mut stage = Stage::with_secrets(World::new().await, [&with_secret]).await;
    let client = stage.client();
    for (appid, told_by_wechat) in [(&with_secret, true), (&without, false)] {
        let error = client.get(PATH).appid(appid).send().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::Configuration, Some(40013)), "{error}");
        assert_eq!(error.appid(), Some(appid.as_str()));
        let by_wechat = error.errmsg().is_some_and(|said| said.contains("rid"));
        assert_eq!(by_wechat, told_by_wechat, "{error}");
        let ticket = client.fetch_ticket(TicketType::JSAPI).appid(appid).await.unwrap_err();
        assert_eq!((ticket.kind(), ticket.errcode()), (ErrorKind::Configuration, Some(40013)), "{ticket}");
    }
    assert_eq!(stage.world.calls("/cgi-bin/stable_token"), 1, "the hub has nothing to ask the other with");
    assert_eq!(stage.asked().await, Asked { tokens: 2, tickets: 2, ..Asked::default() });
    call(&client).await.unwrap();
}

#[tokio::test]
async fn user_info_without_an_openid_is_an_answer_with_40003() {
    let stage = Stage::set().await;
    let answer = stage.client().get("/cgi-bin/user/info").send().await.unwrap();
    assert_eq!(answer.errcode(), Some(40003));
}

#[tokio::test]
async fn a_local_token_made_invalid_is_the_hubs_again_after_the_next_call() {
    let mut stage = Stage::set().await;
    let now = stage.world.sim.clock().unix();
    let invalid = Token::new(TokenKind::Stable, "made invalid", now, 7200);
    let client = ByHand::client(&stage, Some(invalid), None);
    assert_eq!(local(&client).await, "made invalid");
    call(&client).await.unwrap();
    assert_eq!(local(&client).await, the_hubs(&stage));
    let asked = stage.asked().await;
    assert_eq!(
        asked,
        Asked { tokens: 1, ..Asked::default() },
        "the hub is told of nothing that it has not given"
    );

    // The hub's is no better: it is told, and has another one.
    stage.pass(60, &mut []).await;
    let old = the_hubs(&stage);
    stage.world.account().revoke(Line::Stable);
    call(&client).await.unwrap();
    let new = the_hubs(&stage);
    assert_ne!(new, old);
    assert_eq!(local(&client).await, new);
    assert_eq!(local(&stage.client()).await, new);
    assert_eq!((stage.asked().await.reports, stage.upstream()), (1, (2, 2)));
}

#[tokio::test]
async fn a_local_token_made_to_expire_is_the_hubs_again_after_the_next_call() {
    let mut stage = Stage::set().await;
    let now = stage.world.sim.clock().unix();
    let expired = Token::new(TokenKind::Stable, "expired", now - 7200, 7200);
    let client = ByHand::client(&stage, Some(expired), None);
    call(&client).await.unwrap();
    let first = local(&client).await;
    assert_eq!(first, the_hubs(&stage));
    assert_eq!(stage.asked().await, Asked { tokens: 1, ..Asked::default() });

    stage.pass(7200, &mut []).await;
    call(&client).await.unwrap();
    assert_ne!(local(&client).await, first);
    assert_eq!(local(&client).await, the_hubs(&stage));
    assert_eq!(stage.asked().await, Asked { tokens: 2, ..Asked::default() });
    assert_eq!(stage.upstream(), (2, 2));
}

#[tokio::test]
async fn a_local_ticket_made_to_expire_is_the_hubs_again_after_the_next_call() {
    for (sort, ticket_type) in [(Sort::Jsapi, TicketType::JSAPI), (Sort::WxCard, TicketType::WX_CARD)] {
        let mut stage = Stage::set().await;
        let now = stage.world.sim.clock().unix();
        let expired = Ticket::new(ticket_type.clone(), "expired", now - 7200, 7200);
        let client = ByHand::client(&stage, None, Some(expired));
        for round in [1, 2] {
            let local = client.fetch_ticket(ticket_type.clone()).await.unwrap();
            let the_hubs = stage.world.account().ticket(sort).unwrap();
            assert_eq!(local.ticket().expose(), the_hubs);
            assert_eq!(stage.asked().await, Asked { tickets: round, ..Asked::default() });
            assert_eq!(stage.world.calls(GETTICKET), round);
            assert_eq!(client.fetch_ticket(ticket_type.clone()).await.unwrap(), local, "kept");
            stage.pass(7200, &mut []).await;
        }
    }
}

#[tokio::test]
async fn a_ticket_answer_has_all_that_belongs_to_it() {
    let stage = Stage::set().await;
    let client = stage.client();
    for (sort, word) in [(Sort::Jsapi, "jsapi"), (Sort::WxCard, "wx_card")] {
        let answer = client.get(GETTICKET).query(&[("type", word)]).send().await.unwrap();
        let ticket = stage.world.account().ticket(sort).unwrap();
        let expected = json!({
            "errcode": 0,
            "errmsg": "ok",
            "ticket": ticket,
            "type": word,
            "timestamp": stage.world.sim.clock().unix(),
            "expires_in": 7200,
        });
        assert_eq!(answer.value().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_declared_appid_can_be_overridden_in_a_call() {
    let world = World::new().await;
    let other = new_appid();
    world.sim.add_app(App::new(&other, SECRET)).unwrap();
    let stage = Stage::with_secrets(world, [&other]).await;
    let client = stage.client();
    call(&client).await.unwrap();
    client.get(PATH).appid(&other).send().await.unwrap().error_for_errcode().unwrap();
    let ledger = stage.world.sim.ledger();
    let by: Vec<_> = ledger.calls_to(PATH).into_iter().filter_map(wechat_simulator::Call::appid).collect();
    assert_eq!(by, [&stage.world.appid, &other]);
}

#[wechat_client(adapter_storage = _, expires_in = 5000)]
struct Declared;

#[tokio::test]
async fn the_expires_in_of_a_declaration_reads_back_and_does_not_shorten_what_the_hub_says() {
    let stage = Stage::set().await;
    let clock = stage.world.sim.clock();
    let client = Declared::builder(HubClient::new(&stage.url))
        .appid(&stage.world.appid)
        .base_url(stage.world.sim.base_url())
        .clock(move || clock.now())
        .http(wechat_integration_tests::http())
        .build()
        .unwrap();
    assert_eq!(client.client().expires_in(), Some(Duration::from_secs(5000)));
    assert_eq!(client.client().fetch_access_token().await.unwrap().expires_in(), 7200);
    assert_eq!(client.get(PATH).send().await.unwrap().errcode().unwrap_or(0), 0);
}

#[tokio::test]
async fn a_file_from_a_path_and_from_bytes_gives_a_media_id() {
    let stage = Stage::set().await;
    let client = stage.client();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    std::fs::write(&path, b"\x89PNG").unwrap();
    for file in [UploadFile::path(&path), UploadFile::bytes("a.png", &b"\x89PNG"[..])] {
        let upload = client.post("/cgi-bin/media/upload").query(&[("type", "image")]).upload(file);
        let answer = upload.send().await.unwrap().value().unwrap();
        let media = stage.world.account().media(answer["media_id"].as_str().unwrap()).unwrap();
        assert_eq!((&*media.bytes, &*media.file_name), (&b"\x89PNG"[..], "a.png"));
    }
}
