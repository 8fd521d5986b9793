//! What the tests of `elixir_wechat` expect of a component's client and its hub, of ours by the same calls.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use wechat_integration_tests::{AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, PATH, Shops, http, new_appid};
use wechat_runtime::adapters::{HubClient, Memory};
use wechat_runtime::hub::{self, Access};
use wechat_runtime::{
    Bound, Client, ClientBuilder, Component, ErrorKind, Secret, Ticket, TicketType, Token, TokenKind,
    UploadFile, async_trait, storage, wechat_client,
};
use wechat_simulator::TicketType as Sort;

const GETTICKET: &str = "/cgi-bin/ticket/getticket";
const LIST: &str = "/cgi-bin/component/api_get_authorizer_list";

/// A component whose hub is served, and which two shops have authorized.
struct Stage {
    shops: Shops,
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Stage {
    async fn set() -> Self {
        let shops = Shops::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = hub::Settings::new(Access::new()).component(&shops.client());
        let served = hub::serve(listener, settings, std::future::pending());
        let serving = tokio::spawn(async move { served.await.expect("it serves") });
        Self { shops, url, serving }
    }

    /// A client of the hub, for the first shop.
    fn builder(&self, storage: Bound<Component>) -> ClientBuilder<Component> {
        on(&self.shops, Client::builder(storage)).authorizer_appid(&self.shops.shops[0])
    }

    fn client(&self) -> Client<Component> {
        self.builder(Bound::new(HubClient::new(&self.url), ())).build().unwrap()
    }

    fn by_hand(
        &self,
        token: Option<Token>,
        component: Option<Token>,
        ticket: Option<Ticket>,
    ) -> Client<Component> {
        let hub = HubClient::new(&self.url);
        let storage = ByHand { hub, token: token.into(), component: component.into(), ticket: ticket.into() };
        self.builder(Bound::new(storage, ())).build().unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn on<T>(agency: &Agency, client: ClientBuilder<Component, T>) -> ClientBuilder<Component, T> {
    let clock = agency.sim.clock();
    client.appid(&agency.appid).base_url(agency.sim.base_url()).clock(move || clock.now()).http(http())
}

/// A client of a hub that is given something else once, as if somebody had changed what the program keeps.
struct ByHand {
    hub: HubClient,
    token: Mutex<Option<Token>>,
    component: Mutex<Option<Token>>,
    ticket: Mutex<Option<Ticket>>,
}

#[async_trait]
impl storage::ComponentClient for ByHand {
    type Args = ();

    async fn fetch_access_token(
        &self,
        of: &str,
        authorizer: &str,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        let by_hand = self.token.lock().unwrap().take();
        if by_hand.is_some() {
            return Ok(by_hand);
        }
        storage::ComponentClient::fetch_access_token(&self.hub, of, authorizer, &()).await
    }

    async fn fetch_component_access_token(&self, of: &str, (): &()) -> storage::Result<Option<Token>> {
        let by_hand = self.component.lock().unwrap().take();
        if by_hand.is_some() { Ok(by_hand) } else { self.hub.fetch_component_access_token(of, &()).await }
    }

    async fn refresh_access_token(
        &self,
        of: &str,
        authorizer: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        storage::ComponentClient::refresh_access_token(&self.hub, of, authorizer, stale, &()).await
    }

    async fn refresh_component_access_token(
        &self,
        of: &str,
        stale: Option<&Secret>,
        (): &(),
    ) -> storage::Result<Option<Token>> {
        self.hub.refresh_component_access_token(of, stale, &()).await
    }

    async fn fetch_ticket(
        &self,
        of: &str,
        authorizer: &str,
        sort: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        let by_hand = self.ticket.lock().unwrap().take();
        if by_hand.is_some() {
            return Ok(by_hand);
        }
        storage::ComponentClient::fetch_ticket(&self.hub, of, authorizer, sort, &()).await
    }
}

/// The declared authorizer's token that this process keeps.
async fn local(client: &Client<Component>) -> Option<String> {
    let appid = client.authorizer_appid().unwrap();
    Some(client.fetch_access_token(appid).await.unwrap().access_token().expose().to_owned())
}

async fn local_component(client: &Client<Component>) -> Option<String> {
    Some(client.fetch_component_access_token().await.unwrap().access_token().expose().to_owned())
}

async fn call(client: &Client<Component>) {
    client.get(PATH).send().await.unwrap().error_for_errcode().unwrap();
}

async fn own_call(client: &Client<Component>) {
    let call = client.post(LIST).json(&json!({ "offset": 0, "count": 10 }));
    call.send().await.unwrap().error_for_errcode().unwrap();
}

#[tokio::test]
async fn user_info_without_an_openid_is_an_answer_with_40003() {
    let stage = Stage::set().await;
    let answer = stage.client().get("/cgi-bin/user/info").send().await.unwrap();
    assert_eq!(answer.errcode(), Some(40003));
}

#[tokio::test]
async fn a_made_up_component_is_40013_and_a_made_up_authorizer_is_invalid_authorizer_appid() {
    let stage = Stage::set().await;
    let client = stage.client();
    let error = client.get(PATH).appid(new_appid()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.errcode()), (ErrorKind::Configuration, Some(40013)), "{error}");
    let error = client.get(PATH).authorizer_appid(new_appid()).send().await.unwrap_err();
    assert_eq!(error.reason(), Some("invalid_authorizer_appid"), "{error}");
    assert_eq!(error.kind(), ErrorKind::ReauthorizationRequired);
    call(&client).await;
}

#[tokio::test]
async fn a_local_token_made_invalid_or_expired_is_the_hubs_again_after_the_next_call() {
    for (value, age) in [("made invalid", 0), ("expired", 7200)] {
        let stage = Stage::set().await;
        let token = Token::new(TokenKind::Classic, value, stage.shops.now() - age, 7200);
        let client = stage.by_hand(Some(token), None, None);
        call(&client).await;
        assert_eq!(local(&client).await, stage.shops.shop().current_token());
        assert_eq!(
            stage.shops.calls(AUTHORIZER_TOKEN),
            1,
            "the hub is told of nothing that it has not given"
        );
    }
}

#[tokio::test]
async fn a_local_component_token_made_invalid_or_expired_is_the_hubs_again_after_the_next_call() {
    for (value, age) in [("made invalid", 0), ("expired", 7200)] {
        let stage = Stage::set().await;
        let token = Token::new(TokenKind::Classic, value, stage.shops.now() - age, 7200);
        let client = stage.by_hand(None, Some(token), None);
        own_call(&client).await;
        assert_eq!(local_component(&client).await, stage.shops.component().current_token());
        assert_eq!(stage.shops.calls(COMPONENT_TOKEN), 1);
    }
}

#[tokio::test]
async fn a_token_that_is_no_good_at_the_hub_either_is_reported_and_another_is_both_theirs() {
    let stage = Stage::set().await;
    let client = stage.client();
    call(&client).await;
    own_call(&client).await;
    stage.shops.pass(60);
    stage.shops.shop().refuse_current();
    call(&client).await;
    assert_eq!(local(&client).await, stage.shops.shop().current_token());
    stage.shops.component().refuse_current();
    own_call(&client).await;
    assert_eq!(local_component(&client).await, stage.shops.component().current_token());
    assert_eq!(stage.shops.tokens_issued(), (2, 2));
}

#[tokio::test]
async fn a_local_ticket_made_to_expire_is_the_hubs_again_after_the_next_call() {
    for (sort, ticket_type) in [(Sort::Jsapi, TicketType::JSAPI), (Sort::WxCard, TicketType::WX_CARD)] {
        let stage = Stage::set().await;
        let expired = Ticket::new(ticket_type.clone(), "expired", stage.shops.now() - 7200, 7200);
        let client = stage.by_hand(None, None, Some(expired));
        let ticket = client.fetch_ticket(ticket_type).await.unwrap();
        assert_eq!(ticket.ticket().expose(), stage.shops.shop().account().ticket(sort).unwrap());
        assert_eq!(stage.shops.calls(GETTICKET), 1);
    }
}

#[tokio::test]
async fn a_ticket_answer_has_all_that_belongs_to_it() {
    let stage = Stage::set().await;
    for (sort, word) in [(Sort::Jsapi, "jsapi"), (Sort::WxCard, "wx_card")] {
        let answer = stage.client().get(GETTICKET).query(&[("type", word)]).send().await.unwrap();
        let expected = json!({
            "errcode": 0,
            "errmsg": "ok",
            "ticket": stage.shops.shop().account().ticket(sort).unwrap(),
            "type": word,
            "timestamp": stage.shops.now(),
            "expires_in": 7200,
        });
        assert_eq!(answer.value().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_declared_authorizer_can_be_overridden_in_a_call() {
    let stage = Stage::set().await;
    let client = stage.client();
    call(&client).await;
    let other = client.get(PATH).authorizer_appid(&stage.shops.shops[1]);
    other.send().await.unwrap().error_for_errcode().unwrap();
    let ledger = stage.shops.sim.ledger();
    let by: Vec<_> = ledger.calls_to(PATH).into_iter().filter_map(wechat_simulator::Call::appid).collect();
    assert_eq!(by, [&stage.shops.shops[0], &stage.shops.shops[1]]);
}

const COMPONENT: &str = "wx3e0f8a7c5d2b1946";
const AUTHORIZER: &str = "wx1a2b3c4d5e6f7081";

#[wechat_client(
    component,
    appid = COMPONENT,
    authorizer_appid = AUTHORIZER,
    adapter_storage = Memory::new(),
    expires_in = 6000,
)]
struct Declared;

#[tokio::test]
async fn what_was_declared_reads_back() {
    let declared = Declared::new();
    assert_eq!(declared.expires_in(), Some(Duration::from_secs(6000)));
    assert_eq!((declared.appid(), declared.authorizer_appid()), (Some(COMPONENT), Some(AUTHORIZER)));
}

#[tokio::test]
async fn a_login_with_a_made_up_appid_is_an_answer_with_40013() {
    let stage = Stage::set().await;
    let query = [("appid", new_appid()), ("code", "made-up".to_owned())];
    let answer = stage.client().get("/sns/oauth2/component/access_token").query(&query).send().await.unwrap();
    assert_eq!(answer.errcode(), Some(40013));
    assert!(answer.errmsg().unwrap().contains("invalid appid"));
}

#[tokio::test]
async fn a_file_from_a_path_and_from_bytes_gives_a_media_id() {
    let stage = Stage::set().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    std::fs::write(&path, b"\x89PNG").unwrap();
    for file in [UploadFile::path(&path), UploadFile::bytes("a.png", &b"\x89PNG"[..])] {
        let upload = stage.client().post("/cgi-bin/media/upload").query(&[("type", "image")]).upload(file);
        let answer = upload.send().await.unwrap().value().unwrap();
        let media = stage.shops.shop().account().media(answer["media_id"].as_str().unwrap()).unwrap();
        assert_eq!((&*media.bytes, &*media.file_name), (&b"\x89PNG"[..], "a.png"));
    }
}

#[tokio::test]
async fn a_path_that_only_the_owner_can_call_is_told_so_before_anything_is_sent() {
    let stage = Stage::set().await;
    let client = stage.client();
    let before = stage.shops.sim.ledger().calls().count();
    for path in [
        COMPONENT_TOKEN,
        AUTHORIZER_TOKEN,
        "/cgi-bin/component/api_query_auth",
        "/cgi-bin/component/api_start_push_ticket",
        "/cgi-bin/component/clear_quota/v2",
    ] {
        let error = client.post(path).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{path}: {error}");
    }
    assert_eq!(stage.shops.sim.ledger().calls().count(), before);
}
