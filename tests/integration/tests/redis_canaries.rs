//! Nothing that the storage in Redis logs, panics or fails with has a secret in it.

use std::fmt::Write as _;
use std::time::Duration;

use wechat_integration_tests::seen::{Seen, around};
use wechat_integration_tests::{http, redis_server};
use wechat_runtime::adapters::{EncryptionKey, Redis};
use wechat_runtime::storage::{ComponentHub, Coordinator as _, Hub, Notes, Record, Slot};
use wechat_runtime::{
    AuthorizerToken, Bound, Client, Component, Secret, Ticket, TicketType, Token, TokenKind, VerifyTicket,
};

const APPID: &str = "wx1f2e3d4c5b6a7988";
const CANARY: &str = "CANARY";

/// Does everything once, whether it goes well or not; answers with what its errors show.
async fn do_everything(storage: &Redis) -> String {
    let mut shown = format!("{storage:?} {storage:#?}");
    let token = || Token::new(TokenKind::Classic, "CANARY-token", 1_795_357_423, 7200);
    let ticket = || Ticket::new(TicketType::JSAPI, "CANARY-ticket", 1_795_357_423, 7200);
    let record = || AuthorizerToken::new().with_refresh_token("CANARY-refresh").with_access(token());
    let slot = Slot::AccessToken { appid: APPID.to_owned() };
    let outcomes = [
        Hub::save_access_token(storage, APPID, token(), &()).await.map(drop),
        Hub::fetch_access_token(storage, APPID, &()).await.map(drop),
        Hub::save_ticket(storage, APPID, ticket(), &()).await.map(drop),
        ComponentHub::save_access_token(storage, APPID, "wx2", record(), &()).await.map(drop),
        ComponentHub::fetch_access_token(storage, APPID, "wx2", &()).await.map(drop),
        ComponentHub::save_component_verify_ticket(
            storage,
            APPID,
            VerifyTicket::new("CANARY-pushed", 1),
            &(),
        )
        .await
        .map(drop),
        storage.save_secret_key("wx3", "CANARY-secret").await,
        Hub::fetch_secret_key(storage, "wx3", &()).await.map(drop),
        storage.begin(&slot, Duration::from_secs(15)).await.map(drop),
        storage.commit(&slot, 1, Record::Token(token()), Notes::from("{}")).await.map(drop),
        storage.commit(&slot, 1, Record::Ticket(ticket()), Notes::from("{}")).await.map(drop),
        storage.abort(&slot, 1, Notes::from("{}")).await.map(drop),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        write!(shown, " {error} {error:?} {error:#?}").unwrap();
    }
    // And through a client, whose errors have them as their source, and whose logs tell of them.
    let client = Client::builder(Bound::<Component>::new(storage.clone(), ()));
    let client = client.appid(APPID).base_url("http://127.0.0.1:9").http(http()).build().unwrap();
    if let Err(error) = client.authorizer("wx2").get("/cgi-bin/getcallbackip").send().await {
        shown += &wechat_integration_tests::seen::whole(&error);
    }
    shown
}

#[tokio::test]
async fn no_secret_is_seen_whatever_happens() {
    let Some(mut server) = redis_server::with().password("CANARY-password").start() else { return };
    let seen = Seen::begin();
    let builder = |url: &str, key: &str| {
        let builder = Redis::builder(url).with_secret(APPID, "CANARY-app-secret").keeping_secrets();
        let key = EncryptionKey::from_hex(&key.repeat(32)).unwrap();
        let builder = builder.encryption_key(key).command_timeout(Duration::from_millis(300));
        assert!(!format!("{builder:?} {builder:#?}").contains(CANARY));
        builder.build().unwrap()
    };
    let (url, wrong) = (server.url(), server.url_of("", "CANARY-wrong"));
    let mut shown = do_everything(&builder(&url, "0a")).await;
    shown += &do_everything(&builder(&url, "0b")).await;
    let plain = Redis::builder(url.as_str()).build().unwrap();
    shown += &do_everything(&plain).await;
    shown += &do_everything(&builder(&wrong, "0a")).await;
    server.tell::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    shown += &do_everything(&builder(&url, "0a")).await;
    server.freeze();
    shown += &do_everything(&builder(&url, "0a")).await;
    server.kill();
    shown += &do_everything(&builder(&url, "0a")).await;
    for wrong in ["redis://h:CANARY/x@h", "CANARY", "redis://h:CANARY@h:99999"] {
        write!(shown, "{:?}", Redis::builder(Secret::from(wrong)).build().unwrap_err()).unwrap();
    }
    shown += &seen.end();
    for word in
        ["cannot be read", "OOM", "WRONGPASS", "did not answer", "see that it runs", "redis://user:password@"]
    {
        assert!(shown.contains(word), "{word} was not tried");
    }
    assert!(!shown.contains(CANARY), "{}", around(&shown, CANARY));
}
