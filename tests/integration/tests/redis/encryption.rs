//! What is encrypted, and what cannot be read.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::adapters::{EncryptionKey, Redis};
use wechat_runtime::storage::{Coordinator as _, Hub, Notes, Slot, Turn};
use wechat_runtime::{AuthorizerToken, Ticket, TicketType};

use super::kept::{keys, save_all};
use super::{
    APPID, AUTHORIZER_KEY, COMPONENT, ENOUGH, TOKEN_KEY, access_token, assert_contracts_hold, authorizer,
    fetch_authorizer, fetch_token, save_authorizer, save_token, storage, token,
};

fn key(n: u8) -> EncryptionKey {
    EncryptionKey::from_bytes([n; 32])
}

fn sealed(url: &str, n: u8) -> Redis {
    Redis::builder(url)
        .with_secret(APPID, super::SECRET)
        .encryption_key(key(n))
        .keeping_secrets()
        .build()
        .unwrap()
}

/// The record of a key, as Redis has it.
fn stored(server: &RedisServer, key: &str) -> Vec<u8> {
    server.tell(&["HGET", key, "record"])
}

fn put(server: &RedisServer, key: &str, record: &[u8]) {
    let _: u8 = server.query(redis::cmd("HSET").arg(key).arg("record").arg(record)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_contracts_with_encryption() {
    let Some(server) = redis_server::start() else { return };
    assert_contracts_hold(&server, |url| sealed(url, 1)).await;
}

#[tokio::test]
async fn with_encryption_nothing_that_redis_sees_has_a_secret_in_it() {
    let Some(server) = redis_server::with().appendonly().start() else { return };
    let mut monitor = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    monitor.set_read_timeout(Some(ENOUGH)).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let mut begun = [0; 5];
    monitor.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"+OK\r\n");

    let storage = sealed(&server.url(), 1);
    save_all(&storage).await;
    save_all(&storage).await;
    storage.save_secret_key("wx2", "canary-secret").await.unwrap();
    super::coordinator::leads_and_commits(&storage).await;

    let mut seen = Vec::new();
    for key in keys(&server) {
        let fields: Vec<Vec<u8>> = server.tell(&["HGETALL", &key]);
        seen.extend(fields.concat());
    }
    // What it has written for its disk, and the words of every command.
    server.tell::<()>(&["ECHO", "the-end"]);
    let mut piece = [0; 4096];
    while !seen.windows(7).any(|window| window == b"the-end") {
        let length = monitor.read(&mut piece).unwrap();
        seen.extend(&piece[..length]);
    }
    seen.extend(server.files());
    let has = |word: &[u8]| seen.windows(word.len()).any(|window| window == word);
    assert!(has(b"EVALSHA") && has(b"sealed:1:") && has(TOKEN_KEY.as_bytes()));
    assert!(!has(b"canary") && !has(b"access_token\":"));
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t")));
}

/// That what is stored in the two keys cannot be read, and stays whatever is tried.
async fn assert_unreadable(server: &RedisServer, storage: &Redis, words: &str) {
    let before = [TOKEN_KEY, AUTHORIZER_KEY].map(|key| stored(server, key));
    let assert_says = |error: storage::Error| {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("cannot be read") && shown.contains(words), "no {words:?} in {shown}");
        assert!(!shown.contains("canary"), "{shown}");
    };
    assert_says(fetch_token(storage).await.unwrap_err());
    assert_says(save_token(storage, token("canary-2")).await.unwrap_err());
    assert_says(fetch_authorizer(storage).await.unwrap_err());
    assert_says(
        save_authorizer(storage, AuthorizerToken::new().with_refresh_token("canary-2")).await.unwrap_err(),
    );
    for slot in [access_token(), authorizer()] {
        // Twice: the first has kept no lease that the second would be told of.
        for _ in 0..2 {
            assert_says(storage.begin(&slot, ENOUGH).await.unwrap_err());
        }
    }
    for key in [TOKEN_KEY, AUTHORIZER_KEY] {
        assert!(!server.tell::<bool>(&["HEXISTS", key, "lease_end"]));
    }
    assert_eq!([TOKEN_KEY, AUTHORIZER_KEY].map(|key| stored(server, key)), before);
}

async fn save_both(storage: &Redis) {
    save_token(storage, token("canary")).await.unwrap();
    save_authorizer(storage, AuthorizerToken::new().with_refresh_token("canary")).await.unwrap();
}

#[tokio::test]
async fn what_was_written_with_another_key_is_an_error_and_stays() {
    let Some(server) = redis_server::start() else { return };
    save_both(&sealed(&server.url(), 1)).await;
    assert_unreadable(&server, &sealed(&server.url(), 2), "no key that is given opens it").await;
    assert_unreadable(&server, &storage(&server.url()), "give the key").await;
    // Who has the key has lost nothing.
    assert_eq!(fetch_token(&sealed(&server.url(), 1)).await.unwrap(), Some(token("canary")));
}

#[tokio::test]
async fn what_is_cut_or_altered_is_an_error_and_stays() {
    let Some(server) = redis_server::start() else { return };
    for (storage, foreign) in
        [(sealed(&server.url(), 1), "no key that"), (storage(&server.url()), "no record of this")]
    {
        server.flush();
        save_both(&storage).await;
        let whole = [TOKEN_KEY, AUTHORIZER_KEY].map(|key| (key, stored(&server, key)));
        for cut in [1, 20] {
            for (key, record) in &whole {
                put(&server, key, &record[..record.len() - cut]);
            }
            assert_unreadable(&server, &storage, foreign).await;
        }
        for (key, record) in &whole {
            let mut altered = record.clone();
            altered[record.len() / 2] ^= 0x80;
            put(&server, key, &altered);
        }
        assert_unreadable(&server, &storage, foreign).await;
        for garbage in [&b"0"[..], b"sealed:2:", b"\xff\xfe", b"null", b"[]"] {
            for (key, _) in &whole {
                put(&server, key, garbage);
            }
            assert_unreadable(&server, &storage, "no record of this version").await;
        }
    }
}

#[tokio::test]
async fn what_was_moved_from_another_key_is_an_error_and_stays() {
    let Some(server) = redis_server::start() else { return };
    // Of another kind: in the clear, too.
    for storage in [sealed(&server.url(), 1), storage(&server.url())] {
        server.flush();
        save_both(&storage).await;
        let [one, other] = [TOKEN_KEY, AUTHORIZER_KEY].map(|key| stored(&server, key));
        put(&server, TOKEN_KEY, &other);
        put(&server, AUTHORIZER_KEY, &one);
        assert_unreadable(&server, &storage, "").await;
    }
    // Of the same kind.
    let storage = sealed(&server.url(), 1);
    server.flush();
    save_both(&storage).await;
    Hub::save_access_token(&storage, "wx2", token("canary-of-another"), &()).await.unwrap();
    let other = AuthorizerToken::new().with_refresh_token("canary-of-another");
    storage::ComponentHub::save_access_token(&storage, COMPONENT, "wx2", other, &()).await.unwrap();
    put(&server, TOKEN_KEY, &stored(&server, "{wechat:1:access_token:wx2}"));
    put(&server, AUTHORIZER_KEY, &stored(&server, "{wechat:1:authorizer_token:wx5b6a79881f2e3d4c:wx2}"));
    assert_unreadable(&server, &storage, "no key that is given opens it").await;
}

#[tokio::test]
async fn a_ticket_of_another_type_is_none_of_its_slot() {
    let Some(server) = redis_server::start() else { return };
    let storage = storage(&server.url());
    let ticket = Ticket::new(TicketType::WX_CARD, "canary", 1_795_357_423, 7200);
    Hub::save_ticket(&storage, APPID, ticket, &()).await.unwrap();
    let moved = stored(&server, "{wechat:1:ticket:wx1f2e3d4c5b6a7988:wx_card}");
    put(&server, "{wechat:1:ticket:wx1f2e3d4c5b6a7988:jsapi}", &moved);
    let error = Hub::fetch_ticket(&storage, APPID, &TicketType::JSAPI, &()).await.unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn a_record_in_the_clear_is_read_with_a_key_where_that_is_said_and_encrypted_when_it_is_written() {
    let Some(server) = redis_server::start() else { return };
    save_both(&storage(&server.url())).await;
    assert_unreadable(&server, &sealed(&server.url(), 1), "accepting_plain_records").await;
    let accepting =
        Redis::builder(server.url()).encryption_key(key(1)).accepting_plain_records().build().unwrap();
    assert_eq!(fetch_token(&accepting).await.unwrap(), Some(token("canary")));
    let kept = save_authorizer(&accepting, AuthorizerToken::new().with_authorized_at(7)).await.unwrap();
    assert_eq!(kept.refresh_token().unwrap().expose(), "canary");
    assert!(stored(&server, AUTHORIZER_KEY).starts_with(b"sealed:1:"));
    assert_eq!(fetch_authorizer(&sealed(&server.url(), 1)).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn keys_are_replaced_one_process_after_the_other() {
    let Some(server) = redis_server::start() else { return };
    let url = server.url();
    let with = |write: u8, read: u8| {
        Redis::builder(url.clone()).encryption_key(key(write)).decryption_key(key(read)).build().unwrap()
    };
    save_both(&sealed(&url, 1)).await;
    // First all processes learn to read the new key, then they write with it, then the old one goes.
    let (learnt, changed) = (with(1, 2), with(2, 1));
    for storage in [&changed, &learnt, &changed] {
        assert_eq!(fetch_token(storage).await.unwrap(), Some(token("canary")));
        save_both(storage).await;
    }
    assert_eq!(fetch_token(&sealed(&url, 2)).await.unwrap(), Some(token("canary")));
    assert_unreadable(&server, &sealed(&url, 1), "no key that is given opens it").await;
}

#[tokio::test]
async fn notes_survive_a_begin_that_could_not_read_the_record() {
    let Some(server) = redis_server::start() else { return };
    let (right, wrong) = (sealed(&server.url(), 1), sealed(&server.url(), 2));
    save_both(&right).await;
    let lead = async |slot: &Slot| {
        let begun = right.begin(slot, Duration::from_secs(3600)).await.unwrap();
        let Turn::Lead { fence } = begun.turn else { panic!("somebody leads") };
        (fence, begun.notes)
    };
    let (fence, none) = lead(&access_token()).await;
    assert_eq!(none, None);
    assert!(right.abort(&access_token(), fence, "a pause".into()).await.unwrap());
    wrong.begin(&access_token(), ENOUGH).await.unwrap_err();
    assert_eq!(lead(&access_token()).await.1, Some(Notes::from("a pause")));
    // And where somebody leads, it goes on.
    let (fence, _) = lead(&authorizer()).await;
    wrong.begin(&authorizer(), ENOUGH).await.unwrap_err();
    assert!(right.abort(&authorizer(), fence, Notes::default()).await.unwrap());
}
