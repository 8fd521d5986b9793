//! Users who log in: what `/sns/*` needs is filled in, and a user's token is never taken for the account's.

use serde_json::Value;
use wechat_integration_tests::{SECRET, World};
use wechat_runtime::{Client, Common, Error, ErrorKind};
use wechat_simulator::Fault;

async fn get(client: &Client<Common>, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
    client.get(path).query(query).send().await?.value()
}

#[tokio::test]
async fn a_user_logs_in_on_a_page() {
    let world = World::new().await;
    let client = world.client();
    let code = world.account().oauth_code("an-openid", "snsapi_userinfo");
    let grant = [("code", &*code)];
    let user = get(&client, "/sns/oauth2/access_token", &grant).await.unwrap();
    assert_eq!(world.query_of("/sns/oauth2/access_token", "appid"), [&*world.appid]);
    assert_eq!(world.query_of("/sns/oauth2/access_token", "secret"), [SECRET]);
    assert_eq!(world.query_of("/sns/oauth2/access_token", "grant_type"), ["authorization_code"]);
    let text = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
    let (token, refresh, openid) =
        (text(&user, "access_token"), text(&user, "refresh_token"), text(&user, "openid"));

    let mine = [("access_token", &*token), ("openid", &*openid)];
    let info = get(&client, "/sns/userinfo", &mine).await.unwrap();
    assert_eq!(info["openid"], "an-openid");
    assert_eq!(get(&client, "/sns/auth", &mine).await.unwrap()["errcode"], 0);

    let again = [("refresh_token", &*refresh)];
    let refreshed = get(&client, "/sns/oauth2/refresh_token", &again).await.unwrap();
    assert_eq!(text(&refreshed, "openid"), openid);
    assert_eq!(
        world.query_of("/sns/oauth2/refresh_token", "secret"),
        [""; 0],
        "the appid alone is filled in"
    );
    assert_eq!(world.asked(), 0, "the account's token has no part in it");

    let again = get(&client, "/sns/oauth2/access_token", &grant).await.unwrap_err();
    assert_eq!((again.kind(), again.errcode()), (ErrorKind::UserToken, Some(40163)));
}

#[tokio::test]
async fn a_user_logs_in_by_a_mini_program() {
    let world = World::new().await;
    let code = world.account().js_code("an-openid");
    let grant = [("js_code", &*code)];
    let session = get(&world.client(), "/sns/jscode2session", &grant).await.unwrap();
    assert_eq!(session["openid"], "an-openid");
    assert!(session["session_key"].is_string());
}

#[tokio::test]
async fn a_users_token_that_is_refused_is_neither_refreshed_nor_replaced() {
    let world = World::new().await;
    let client = world.client();
    for path in ["/sns/userinfo", "/sns/auth"] {
        let theirs = [("access_token", "no such token"), ("openid", "an-openid")];
        let error = get(&client, path, &theirs).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::UserToken, Some(40001)), "{path}");
        assert!(error.advice().contains("log in again"), "{error}");
        assert_eq!((world.calls(path), world.asked()), (1, 0), "{path}");
    }
    let error = get(&client, "/sns/userinfo", &[("openid", "an-openid")]).await.unwrap_err();
    assert_eq!(error.errcode(), Some(41001), "and without one, none is injected");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_secret_that_is_refused_there_is_a_configuration_and_no_users_fault() {
    let world = World::new().await;
    let path = "/sns/oauth2/access_token";
    world.sim.fault(path, Fault::errcode(40001).times(1));
    let error = get(&world.client(), path, &[("code", "c")]).await.unwrap_err();
    assert_eq!((error.kind(), world.calls(path)), (ErrorKind::Configuration, 1));
}

#[tokio::test]
async fn quotas_are_cleared_by_the_secret_in_the_query() {
    let world = World::new().await;
    let path = "/cgi-bin/clear_quota/v2";
    let cleared = world.client().post(path).send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0));
    assert_eq!(world.query_of(path, "appid"), [&*world.appid]);
    assert_eq!(world.query_of(path, "appsecret"), [SECRET]);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_quota_that_the_caller_clears_by_a_secret_of_its_own_ends_the_wait_too() {
    let world = World::new().await;
    let client = world.client();
    world.sim.fault("/cgi-bin/stable_token", Fault::errcode(45009).times(1));
    let error = client.fetch_access_token().await.unwrap_err();
    assert!(error.advice().contains("/cgi-bin/clear_quota/v2"), "{error}");
    let own = [("appid", &*world.appid), ("appsecret", SECRET)];
    client.post("/cgi-bin/clear_quota/v2").query(&own).send().await.unwrap().error_for_errcode().unwrap();
    client.fetch_access_token().await.unwrap();
}

#[tokio::test]
async fn a_qr_code_is_made_as_any_call_is() {
    let world = World::new().await;
    let scene = serde_json::json!({
        "expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "场景" } },
    });
    let made =
        world.client().post("/cgi-bin/qrcode/create").json(&scene).send().await.unwrap().value().unwrap();
    assert_eq!(made["expire_seconds"], 600);
    assert!(made["ticket"].is_string() && made["url"].is_string());
}

#[tokio::test]
async fn a_code_is_sent_once_unless_the_caller_says_otherwise() {
    for (path, name) in [("/sns/jscode2session", "js_code"), ("/sns/oauth2/access_token", "code")] {
        let world = World::new().await;
        let call = || world.client().get(path).query(&[(name, "c")]);
        world.sim.fault(path, Fault::drop_after().times(9));
        assert_eq!(call().send().await.unwrap_err().kind(), ErrorKind::Transport);
        assert_eq!(world.calls(path), 1, "{path}");
        assert_eq!(call().retry_unsafe().send().await.unwrap_err().kind(), ErrorKind::Transport);
        assert_eq!(world.calls(path), 4, "{path}");
    }
}
