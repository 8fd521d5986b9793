//! What is left in Redis, how long, and under which names.

use futures_util::future::join_all;
use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::adapters::Redis;
use wechat_runtime::storage::{ComponentHub, Coordinator as _, Hub, Notes, Record, Slot, Turn};
use wechat_runtime::{AuthorizerToken, Ticket, TicketType, VerifyTicket};

use super::{
    APPID, AUTHORIZER, AUTHORIZER_KEY, COMPONENT, TOKEN_KEY, authorizer, fetch_authorizer, save_authorizer,
    save_token, storage, token,
};

const HOUR: i64 = 3600;

/// For how many seconds a key is kept; -1 is for ever.
fn ttl(server: &RedisServer, key: &str) -> i64 {
    server.tell(&["TTL", key])
}

/// One of each that a hub can store.
pub(super) async fn save_all(storage: &Redis) {
    save_token(storage, token("canary-token")).await.unwrap();
    let ticket = || Ticket::new(TicketType::JSAPI, "canary-ticket", 1_795_357_423, 7200);
    Hub::save_ticket(storage, APPID, ticket(), &()).await.unwrap();
    let record =
        || AuthorizerToken::new().with_refresh_token("canary-refresh").with_access(token("canary-access"));
    save_authorizer(storage, record()).await.unwrap();
    ComponentHub::save_ticket(storage, COMPONENT, AUTHORIZER, ticket(), &()).await.unwrap();
    let own = token("canary-component");
    ComponentHub::save_component_access_token(storage, COMPONENT, own, &()).await.unwrap();
    let pushed = VerifyTicket::new("canary-verify-ticket", 1_795_357_423);
    ComponentHub::save_component_verify_ticket(storage, COMPONENT, pushed, &()).await.unwrap();
}

pub(super) fn keys(server: &RedisServer) -> Vec<String> {
    let mut keys: Vec<String> = server.tell(&["KEYS", "*"]);
    keys.sort();
    keys
}

#[tokio::test]
async fn keys_have_a_version_and_one_place_in_a_cluster_and_no_secret() {
    let Some(server) = redis_server::start() else { return };
    let storage = Redis::builder(server.url()).prefix("shop.1").keeping_secrets().build().unwrap();
    save_all(&storage).await;
    storage.save_secret_key(APPID, "canary-secret").await.unwrap();
    let expected = [
        "{shop.1:1:access_token:wx1f2e3d4c5b6a7988}",
        "{shop.1:1:app_secret:wx1f2e3d4c5b6a7988}",
        "{shop.1:1:authorizer_ticket:wx5b6a79881f2e3d4c:wx99aa88bb77cc66dd:jsapi}",
        "{shop.1:1:authorizer_token:wx5b6a79881f2e3d4c:wx99aa88bb77cc66dd}",
        "{shop.1:1:component_access_token:wx5b6a79881f2e3d4c}",
        "{shop.1:1:component_verify_ticket:wx5b6a79881f2e3d4c}",
        "{shop.1:1:ticket:wx1f2e3d4c5b6a7988:jsapi}",
    ];
    assert_eq!(keys(&server), expected);
}

#[tokio::test]
async fn what_nobody_grants_again_is_kept_for_ever_and_the_rest_two_days_past_its_time() {
    let Some(server) = redis_server::start() else { return };
    let storage = Redis::builder(server.url()).keeping_secrets().build().unwrap();
    save_all(&storage).await;
    storage.save_secret_key(APPID, "canary-secret").await.unwrap();
    for key in keys(&server) {
        let is_for_ever = ["authorizer_token", "component_verify_ticket", "app_secret"]
            .iter()
            .any(|kind| key.contains(kind));
        let ttl = ttl(&server, &key);
        assert!(if is_for_ever { ttl == -1 } else { (49 * HOUR..=50 * HOUR).contains(&ttl) }, "{key}: {ttl}");
    }
}

#[tokio::test]
async fn notes_are_kept_for_two_days_also_where_there_is_no_record() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let made_up = Slot::Ticket { appid: APPID.to_owned(), ticket_type: "made-up".into() };
    for slot in [made_up, authorizer()] {
        let Turn::Lead { fence } = storage.begin(&slot, super::ENOUGH).await.unwrap().turn else { panic!() };
        assert!(storage.abort(&slot, fence, "a pause".into()).await.unwrap());
    }
    let kept = keys(&server);
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|key| (47 * HOUR..=48 * HOUR).contains(&ttl(&server, key))), "{kept:?}");
    // It is never shortened, and an authorizer's is for ever once there is a record.
    save_authorizer(&storage, AuthorizerToken::new().with_refresh_token("r")).await.unwrap();
    assert_eq!(ttl(&server, AUTHORIZER_KEY), -1);
    let Turn::Lead { fence } = storage.begin(&authorizer(), super::ENOUGH).await.unwrap().turn else {
        panic!()
    };
    assert!(storage.abort(&authorizer(), fence, Notes::default()).await.unwrap());
    assert_eq!(ttl(&server, AUTHORIZER_KEY), -1);
}

#[tokio::test]
async fn a_lead_lengthens_the_time_that_notes_are_kept_and_never_shortens_it() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    save_token(&storage, token("t")).await.unwrap();
    let lead = async || {
        let slot = Slot::AccessToken { appid: APPID.to_owned() };
        let Turn::Lead { fence } = storage.begin(&slot, super::ENOUGH).await.unwrap().turn else { panic!() };
        assert!(storage.abort(&slot, fence, Notes::default()).await.unwrap());
    };
    lead().await;
    assert!(ttl(&server, TOKEN_KEY) > 49 * HOUR);
    let _: u8 = server.tell(&["EXPIRE", TOKEN_KEY, "60"]);
    lead().await;
    assert!(ttl(&server, TOKEN_KEY) > 47 * HOUR);
}

#[tokio::test]
async fn what_is_committed_is_kept_as_long_as_what_is_saved() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let tokens = Slot::AccessToken { appid: APPID.to_owned() };
    let bought = Record::Authorizer(AuthorizerToken::new().with_refresh_token("r"));
    for (slot, record) in [(tokens, Record::Token(token("t"))), (authorizer(), bought)] {
        let Turn::Lead { fence } = storage.begin(&slot, super::ENOUGH).await.unwrap().turn else { panic!() };
        assert!(storage.commit(&slot, fence, record, Notes::default()).await.unwrap());
    }
    assert!((49 * HOUR..=50 * HOUR).contains(&ttl(&server, TOKEN_KEY)));
    assert_eq!(ttl(&server, AUTHORIZER_KEY), -1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_saves_one_authorizer_takes_nothing_from_each_other() {
    let Some(server) = redis_server::start() else { return };
    let processes: Vec<_> = (0..4).map(|_| storage(&server.url())).collect();
    let told = (1..=100).map(|n| {
        let record = match n % 4 {
            0 => AuthorizerToken::new().with_authorized_at(n),
            1 => AuthorizerToken::new().with_unauthorized_at(n),
            2 => AuthorizerToken::new().with_refresh_token("the refresh token"),
            _ => AuthorizerToken::new().with_access(token("the access token")),
        };
        let storage = processes[usize::try_from(n).unwrap() % processes.len()].clone();
        tokio::spawn(async move { save_authorizer(&storage, record).await.map(drop) })
    });
    for saved in join_all(told).await {
        saved.unwrap().unwrap();
    }
    let kept = fetch_authorizer(&processes[0]).await.unwrap();
    let expected = AuthorizerToken::new()
        .with_authorized_at(100)
        .with_unauthorized_at(97)
        .with_refresh_token("the refresh token")
        .with_access(token("the access token"));
    assert_eq!(kept, Some(expected));
}

#[tokio::test]
async fn the_last_two_refresh_tokens_are_kept() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    for refresh_token in ["r1", "r2", "r2", "r3"] {
        save_authorizer(&storage, AuthorizerToken::new().with_refresh_token(refresh_token)).await.unwrap();
    }
    let kept = fetch_authorizer(&storage).await.unwrap().unwrap();
    assert_eq!(kept.refresh_token().unwrap().expose(), "r3");
    assert_eq!(kept.previous_refresh_token().unwrap().expose(), "r2");
}

#[tokio::test]
async fn secrets_come_from_redis_only_where_that_is_said() {
    let Some(server) = redis_server::start() else { return };
    let without = storage(&server.url());
    let error = without.save_secret_key("wx2", "canary").await.unwrap_err();
    assert!(error.to_string().contains("keeping_secrets"), "{error}");
    assert_eq!(keys(&server), [""; 0]);

    let with =
        Redis::builder(server.url()).with_secret(APPID, "configured").keeping_secrets().build().unwrap();
    let secret = async |storage: &Redis, appid| {
        let [one, other] = [
            Hub::fetch_secret_key(storage, appid, &()).await.unwrap(),
            ComponentHub::fetch_secret_key(storage, appid, &()).await.unwrap(),
        ];
        assert_eq!(one, other);
        one.map(|secret| secret.expose().to_owned())
    };
    assert_eq!(secret(&with, "wx2").await, None);
    with.save_secret_key("wx2", "stored").await.unwrap();
    with.save_secret_key(APPID, "stored").await.unwrap();
    assert_eq!(secret(&with, "wx2").await.as_deref(), Some("stored"));
    assert_eq!(secret(&with, APPID).await.as_deref(), Some("configured"));
    assert_eq!(secret(&without, "wx2").await, None);
}

#[tokio::test]
async fn what_is_stored_survives_a_restart_of_a_server_that_keeps_it() {
    let Some(mut server) = redis_server::with().appendonly().start() else { return };
    let storage = storage(&server.url());
    let saved = save_authorizer(&storage, AuthorizerToken::new().with_refresh_token("r")).await.unwrap();
    server.restart();
    assert_eq!(fetch_authorizer(&storage).await.unwrap(), Some(saved));
}
