//! The storage in Redis, on a real server: the contract of storages, who leads, and what is left behind.

#[path = "redis/coordinator.rs"]
mod coordinator;
#[path = "redis/encryption.rs"]
mod encryption;
#[path = "redis/faults.rs"]
mod faults;
#[path = "redis/kept.rs"]
mod kept;
#[path = "redis/races.rs"]
mod races;
#[path = "redis/reached.rs"]
mod reached;

use std::net::TcpListener;
use std::time::Duration;

use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::adapters::Redis;
use wechat_runtime::storage::{self, Slot, contract};
use wechat_runtime::{AuthorizerToken, Token, TokenKind};

const APPID: &str = "wx1f2e3d4c5b6a7988";
const COMPONENT: &str = "wx5b6a79881f2e3d4c";
const AUTHORIZER: &str = "wx99aa88bb77cc66dd";
const SECRET: &str = "an-app-secret";

fn storage(url: &str) -> Redis {
    Redis::builder(url).with_secret(APPID, SECRET).build().unwrap()
}

fn token(value: &str) -> Token {
    Token::new(TokenKind::Stable, value, 1_795_357_423, 7200)
}

fn access_token() -> Slot {
    Slot::AccessToken { appid: APPID.to_owned() }
}

fn authorizer() -> Slot {
    Slot::AuthorizerToken { component_appid: COMPONENT.to_owned(), authorizer_appid: AUTHORIZER.to_owned() }
}

/// The key of [`access_token`].
const TOKEN_KEY: &str = "{wechat:1:access_token:wx1f2e3d4c5b6a7988}";

/// The key of [`authorizer`].
const AUTHORIZER_KEY: &str = "{wechat:1:authorizer_token:wx5b6a79881f2e3d4c:wx99aa88bb77cc66dd}";

async fn save_token(storage: &Redis, token: Token) -> storage::Result<Token> {
    storage::Hub::save_access_token(storage, APPID, token, &()).await
}

async fn fetch_token(storage: &Redis) -> storage::Result<Option<Token>> {
    storage::Hub::fetch_access_token(storage, APPID, &()).await
}

async fn save_authorizer(storage: &Redis, record: AuthorizerToken) -> storage::Result<AuthorizerToken> {
    storage::ComponentHub::save_access_token(storage, COMPONENT, AUTHORIZER, record, &()).await
}

async fn fetch_authorizer(storage: &Redis) -> storage::Result<Option<AuthorizerToken>> {
    storage::ComponentHub::fetch_access_token(storage, COMPONENT, AUTHORIZER, &()).await
}

/// A URL where nobody listens.
fn nowhere() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("redis://user:url-password@127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_contracts_of_both_traits() {
    let Some(server) = redis_server::start() else { return };
    assert_contracts_hold(&server, storage).await;
}

async fn assert_contracts_hold(server: &RedisServer, storage: impl Fn(&str) -> Redis) {
    let (url, nowhere) = (server.url(), nowhere());
    let common = contract::hub(storage(&url), ())
        .also(storage(&url), ())
        .unreachable(storage(&nowhere), ())
        .with_secret(APPID, SECRET);
    let component = contract::component_hub(storage(&url), ())
        .also(storage(&url), ())
        .unreachable(storage(&nowhere), ())
        .with_secret(APPID, SECRET);
    let (common, component) = tokio::join!(common.report(), component.report());
    for report in [common, component] {
        report.assert();
        assert!(report.checks().iter().all(|check| *check.verdict() == contract::Verdict::Held), "{report}");
    }
}

#[test]
fn without_a_redis_server_the_tests_say_so_in_one_line_and_pass_unless_that_is_forbidden() {
    let run = |required: bool| {
        let mut tests = std::process::Command::new(std::env::current_exe().unwrap());
        tests.args(["contract", "one_of_fifty"]).env("PATH", "").env_remove(redis_server::REQUIRED);
        if required {
            tests.env(redis_server::REQUIRED, "1");
        }
        tests.output().unwrap()
    };
    let skipped = run(false);
    let said = String::from_utf8(skipped.stderr).unwrap();
    assert!(skipped.status.success() && said.lines().count() == 1 && said.contains("redis-server"), "{said}");
    assert!(!run(true).status.success());
}

/// A time that is enough for anything on a machine with other things to do.
const ENOUGH: Duration = Duration::from_secs(20);
