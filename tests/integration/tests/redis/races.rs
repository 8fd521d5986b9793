//! What several processes on one Redis must not lose to each other where an answer is lost, or a script is broken off.

use std::time::{Duration, Instant};

use wechat_integration_tests::fault_proxy::{FaultProxy, Way};
use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::AuthorizerToken;
use wechat_runtime::adapters::Redis;
use wechat_runtime::storage::{Coordinator as _, Record, Slot, Turn};

use super::{
    AUTHORIZER_KEY, ENOUGH, TOKEN_KEY, access_token, authorizer, fetch_authorizer, save_authorizer, storage,
};

async fn lead(storage: &Redis, slot: &Slot) -> u64 {
    match storage.begin(slot, ENOUGH).await.unwrap().turn {
        Turn::Lead { fence } => fence,
        wait @ Turn::Wait { .. } => panic!("nobody leads: {wait:?}"),
    }
}

/// Has the script known and a connection made, and nobody lead.
async fn warm(storage: &Redis) {
    let fence = lead(storage, &access_token()).await;
    assert!(storage.abort(&access_token(), fence, "".into()).await.unwrap());
}

/// Waits until a lease has been granted.
fn is_leased(server: &RedisServer) {
    let began = Instant::now();
    while !server.tell::<bool>(&["HEXISTS", TOKEN_KEY, "lease_end"]) {
        assert!(began.elapsed() < ENOUGH);
    }
}

/// It is granted to a question that has no answer, and goes to the next one who asks: with all of it, however much of it is
/// over by then.
#[tokio::test]
async fn who_is_given_a_lease_that_was_granted_before_has_all_of_it() {
    let Some(server) = redis_server::start() else { return };
    let one = Redis::builder(server.url()).command_timeout(Duration::from_millis(300)).build().unwrap();
    warm(&one).await;
    server.freeze();
    one.begin(&access_token(), ENOUGH).await.unwrap_err();
    server.resume();
    is_leased(&server);
    // Nearly all of it is over.
    let millis = || -> u64 {
        let (seconds, micros): (u64, u64) = server.tell(&["TIME"]);
        seconds * 1000 + micros / 1000
    };
    let soon = (millis() + 5000).to_string();
    let _: u8 = server.tell(&["HSET", TOKEN_KEY, "lease_end", &soon]);
    let asked = millis();
    // What this machine has to do besides may cost an answer its time.
    let since = Instant::now();
    let turn = loop {
        match one.begin(&access_token(), ENOUGH).await {
            Ok(begun) => break begun.turn,
            Err(error) => assert!(since.elapsed() < Duration::from_secs(4), "{error}"),
        }
    };
    assert!(matches!(turn, Turn::Lead { .. }), "{turn:?}");
    let lease_end: u64 = server.tell(&["HGET", TOKEN_KEY, "lease_end"]);
    assert!(Duration::from_millis(lease_end - asked) >= ENOUGH, "{} ms", lease_end - asked);
    let other = storage(&server.url()).begin(&access_token(), ENOUGH).await.unwrap().turn;
    assert!(matches!(other, Turn::Wait { .. }), "two lead: {other:?}");
}

/// It is given up by the one who asks, not by the adapter: as with a `storage_timeout` that is shorter than the
/// `command_timeout`, or a caller's runtime that ends. It leaves a lease that nobody is told of.
#[tokio::test]
async fn a_lease_granted_to_a_question_that_was_dropped_goes_to_the_next_who_asks() {
    let Some(server) = redis_server::start() else { return };
    let one = Redis::builder(server.url()).command_timeout(ENOUGH).build().unwrap();
    warm(&one).await;
    server.freeze();
    let slot = access_token();
    let asks = tokio::time::timeout(Duration::from_millis(200), one.begin(&slot, ENOUGH));
    asks.await.unwrap_err();
    server.resume();
    is_leased(&server);
    lead(&one, &slot).await;
}

/// A save is done, its answer is lost, and it is asked again when another has led since.
#[tokio::test(flavor = "multi_thread")]
async fn a_save_whose_answer_is_lost_is_not_done_again_over_what_has_come_since() {
    let Some(server) = redis_server::start() else { return };
    let proxy = FaultProxy::to(([127, 0, 0, 1], server.port()).into()).await;
    let patient = |url: String| Redis::builder(url).command_timeout(ENOUGH).build().unwrap();
    let (far, near) = (patient(format!("redis://{}", proxy.address())), patient(server.url()));
    let record = |token: &str| AuthorizerToken::new().with_refresh_token(token);
    // The script is known from then on.
    save_authorizer(&far, record("first")).await.unwrap();
    // It is saved, and the answer is on its way for longer than the connection lives.
    proxy.delay(Way::Back, Duration::from_millis(500));
    let saves = tokio::spawn({
        let far = far.clone();
        async move { save_authorizer(&far, AuthorizerToken::new().with_refresh_token("second")).await }
    });
    let is_saved = async {
        while fetch_authorizer(&near).await.unwrap().unwrap().refresh_token().unwrap().expose() != "second" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(ENOUGH, is_saved).await.expect("it is saved");
    // Another process refreshes with what is saved, and WeChat replaces it.
    let begun = near.begin(&authorizer(), ENOUGH).await.unwrap();
    let (Turn::Lead { fence }, Some(Record::Authorizer(stored))) = (begun.turn, begun.record) else {
        panic!("nobody leads, and there is a record")
    };
    assert_eq!(stored.refresh_token().unwrap().expose(), "second");
    let replaced = Record::Authorizer(record("third").over(Some(stored)));
    assert!(near.commit(&authorizer(), fence, replaced, "".into()).await.unwrap());
    proxy.cut();
    saves.await.unwrap().expect("it was saved");
    let kept = fetch_authorizer(&near).await.unwrap().unwrap();
    assert_eq!(kept.refresh_token().unwrap().expose(), "third");
}

/// Its user may not do all of what a script does: what is stored is stored for ever, or is not.
#[tokio::test]
async fn a_script_that_is_refused_half_way_leaves_no_refresh_token_that_expires() {
    let rules =
        "on >password ~{wechat:1:* -@all +hget +hmget +hset +hdel +pttl +pexpire +time +eval +evalsha";
    let Some(server) = redis_server::with().user("hub", rules).start() else { return };
    let storage = storage(&server.url_of("hub", "password"));
    let refresh_token = || AuthorizerToken::new().with_refresh_token("first");
    let fence = lead(&storage, &authorizer()).await;
    let committed =
        storage.commit(&authorizer(), fence, Record::Authorizer(refresh_token()), "".into()).await;
    let errors =
        [committed.map(drop).unwrap_err(), save_authorizer(&storage, refresh_token()).await.unwrap_err()];
    for error in errors {
        let error = error.to_string();
        assert!(error.contains("NOPERM") && error.contains("adapters::Redis documents"), "{error}");
    }
    let stored: bool = server.tell(&["HEXISTS", AUTHORIZER_KEY, "record"]);
    let left: i64 = server.tell(&["PTTL", AUTHORIZER_KEY]);
    assert!(!stored || left < 0, "it is stored, and expires in {left} ms");
}
