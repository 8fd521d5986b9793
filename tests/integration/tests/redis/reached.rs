//! By which ways a server is reached: passwords, users, TLS, databases, a cluster.

use std::time::Instant;

use wechat_integration_tests::redis_server;
use wechat_runtime::adapters::Redis;

use super::{assert_contracts_hold, fetch_token, kept, save_token, storage, token};

/// What a user needs, as the documentation of the adapter says.
const RULES: &str = "on >acl-password ~{wechat:1:* -@all \
                     +hget +hmget +hset +hdel +pttl +pexpire +persist +time +eval +evalsha";

async fn refused(storage: &Redis) -> String {
    let [one, other] =
        [fetch_token(storage).await.map(drop), save_token(storage, token("canary")).await.map(drop)]
            .map(Result::unwrap_err)
            .map(|error: storage::Error| format!("{error} {error:?}"));
    assert_eq!(one, other);
    assert!(!one.contains("canary") && !one.contains("password@"), "{one}");
    one
}

#[tokio::test]
async fn a_password_in_the_url_opens_and_another_does_not() {
    let Some(server) = redis_server::with().password("can-p4ssword").start() else { return };
    save_token(&storage(&server.url()), token("t")).await.unwrap();
    let wrong = refused(&storage(&server.url_of("", "canary"))).await;
    assert!(wrong.contains("WRONGPASS") && wrong.contains("check the user and the password"), "{wrong}");
    let none = refused(&storage(&format!("redis://127.0.0.1:{}", server.port()))).await;
    assert!(none.contains("NOAUTH"), "{none}");
}

#[tokio::test]
async fn signs_in_a_password_are_percent_encoded_and_the_newer_protocol_is_spoken_too() {
    let Some(server) = redis_server::with().password("p@ss/w#rd?").start() else { return };
    let url = server.url_of("", "p%40ss%2Fw%23rd%3F");
    for url in [url.clone(), format!("{url}?protocol=resp3")] {
        save_token(&storage(&url), token("t")).await.unwrap();
        super::coordinator::leads_and_commits(&storage(&url)).await;
        assert_eq!(fetch_token(&storage(&url)).await.unwrap(), Some(token("t")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_no_more_than_the_documentation_says() {
    let Some(server) = redis_server::with().user("default", "off").user("hub", RULES).start() else { return };
    let url = server.url_of("hub", "acl-password");
    kept::save_all(&storage(&url)).await;
    let storage =
        |_: &str| Redis::builder(url.clone()).with_secret(super::APPID, super::SECRET).build().unwrap();
    let report = storage::contract::hub(storage(""), ()).also(storage(""), ()).report().await;
    report.assert();
    let report = storage::contract::component_hub(storage(""), ()).also(storage(""), ()).report().await;
    report.assert();
    super::coordinator::leads_and_commits(&storage("")).await;
    // And for another database.
    let _: () = server.tell(&["ACL", "SETUSER", "hub", "+select"]);
    super::coordinator::leads_and_commits(&super::storage(&format!("{url}/1"))).await;
}

#[tokio::test]
async fn a_user_without_a_command_or_for_other_keys_is_told_so() {
    let less = RULES.replace(" +hget +hmget", "");
    let other = RULES.replace("~{wechat:1:*", "~{another:1:*");
    let Some(server) = redis_server::with().user("less", &less).user("other", &other).start() else { return };
    for user in ["less", "other"] {
        let error = refused(&storage(&server.url_of(user, "acl-password"))).await;
        assert!(error.contains("NOPERM") && error.contains("the commands and the keys"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_by_an_authority_of_ones_own() {
    let Some(server) = redis_server::with().tls().start() else { return };
    let storage = |_: &str| {
        let builder = Redis::builder(server.tls_url()).with_secret(super::APPID, super::SECRET);
        builder.root_certificate(server.authority()).build().unwrap()
    };
    save_token(&storage(""), token("t")).await.unwrap();
    assert_eq!(fetch_token(&storage("")).await.unwrap(), Some(token("t")));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_an_error_and_nothing_is_stored() {
    let Some(server) = redis_server::with().tls().start() else { return };
    let other = redis_server::with().tls().start().unwrap();
    let stranger = Redis::builder(server.tls_url()).root_certificate(other.authority()).build().unwrap();
    let by_name = server.tls_url().replace("localhost", "127.0.0.1");
    let another_name = Redis::builder(by_name).root_certificate(server.authority()).build().unwrap();
    for storage in [storage(&server.tls_url()), stranger, another_name] {
        let error = refused(&storage).await;
        assert!(error.contains("no connection to Redis") && error.contains("certificate"), "{error}");
    }
    assert_eq!(kept::keys(&server), [""; 0]);
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_it_is_asked_for() {
    let Some(server) = redis_server::with().tls().line("tls-auth-clients yes").start() else { return };
    let builder = || Redis::builder(server.tls_url()).root_certificate(server.authority());
    let (certificate, key) = server.host_certificate();
    let storage = builder().client_certificate(certificate, key).build().unwrap();
    save_token(&storage, token("t")).await.unwrap();
    let error = fetch_token(&builder().build().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[tokio::test]
async fn databases_and_prefixes_are_kept_apart() {
    let Some(server) = redis_server::start() else { return };
    let url = server.url();
    let storages =
        [storage(&url), storage(&format!("{url}/1")), Redis::builder(url).prefix("another").build().unwrap()];
    for (number, storage) in storages.iter().enumerate() {
        assert_eq!(fetch_token(storage).await.unwrap(), None);
        save_token(storage, token(&number.to_string())).await.unwrap();
    }
    for (number, storage) in storages.iter().enumerate() {
        assert_eq!(fetch_token(storage).await.unwrap(), Some(token(&number.to_string())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_is_of_one_place_in_a_cluster() {
    let Some(server) = redis_server::with().line("cluster-enabled yes").start() else { return };
    let error = refused(&storage(&server.url())).await;
    assert!(error.contains("CLUSTERDOWN") && error.contains("a proxy of it"), "{error}");
    let _: () = server.tell(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    // It looks at its own state ten times a second.
    let began = Instant::now();
    while server.tell::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:fail") {
        assert!(began.elapsed() < super::ENOUGH);
    }
    assert_contracts_hold(&server, storage).await;
}
