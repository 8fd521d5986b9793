//! Users who log in.

use serde_json::{Value, json};
use wechat_simulator::{Account, App, Follower};

use crate::support::{APPID, Platform, SECRET, errcode};

const USER: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

async fn start() -> (Platform, Account) {
    let app = App::new(APPID, SECRET).follower(Follower::new(USER).nickname("小明"));
    let platform = Platform::with(app).await;
    let account = platform.sim.account(APPID).unwrap();
    (platform, account)
}

async fn change(platform: &Platform, code: &str) -> Value {
    let query = format!("appid={APPID}&secret={SECRET}&code={code}&grant_type=authorization_code");
    platform.get(&format!("/sns/oauth2/access_token?{query}")).await
}

async fn refresh(platform: &Platform, refresh_token: &Value) -> Value {
    let refresh_token = refresh_token.as_str().unwrap();
    let query = format!("appid={APPID}&grant_type=refresh_token&refresh_token={refresh_token}");
    platform.get(&format!("/sns/oauth2/refresh_token?{query}")).await
}

async fn ask(platform: &Platform, path: &str, token: &Value, openid: &str) -> Value {
    let token = token.as_str().unwrap();
    platform.get(&format!("/sns/{path}?access_token={token}&openid={openid}&lang=zh_CN")).await
}

#[tokio::test]
async fn a_code_is_changed_once_for_tokens_that_open_what_was_consented_to() {
    let (platform, account) = start().await;
    let code = account.oauth_code(USER, "snsapi_userinfo,");
    let tokens = change(&platform, &code).await;
    assert_eq!(tokens["openid"], USER);
    assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("snsapi_userinfo,"), &json!(7200)));
    assert_eq!(tokens["unionid"], account.followers()[0].unionid);
    let user = ask(&platform, "userinfo", &tokens["access_token"], USER).await;
    assert_eq!((&user["nickname"], &user["unionid"]), (&json!("小明"), &tokens["unionid"]));
    let good = ask(&platform, "auth", &tokens["access_token"], USER).await;
    assert_eq!(good, json!({ "errcode": 0, "errmsg": "ok" }));
    let again = change(&platform, &code).await;
    assert!(again["errmsg"].as_str().unwrap().starts_with("code been used, rid: "), "{again}");
    assert_eq!(errcode(&again), 40163);
    let ledger = platform.sim.ledger();
    assert_eq!(ledger.token_calls(APPID), 0, "a user's tokens are not the application's");
    assert_eq!(ledger.calls_to("/sns/userinfo")[0].appid(), Some(APPID));
}

#[tokio::test]
async fn the_base_scope_tells_the_openid_only() {
    let (platform, account) = start().await;
    let tokens = change(&platform, &account.oauth_code("stranger", "snsapi_base")).await;
    assert_eq!(tokens["openid"], "stranger");
    assert!(tokens.get("unionid").is_none());
    assert_eq!(errcode(&ask(&platform, "userinfo", &tokens["access_token"], "stranger").await), 48001);
    assert_eq!(errcode(&ask(&platform, "auth", &tokens["access_token"], "stranger").await), 0);
}

#[tokio::test]
async fn a_user_s_token_is_judged_before_its_user() {
    let (platform, account) = start().await;
    let tokens = change(&platform, &account.oauth_code(USER, "snsapi_userinfo")).await;
    let application = json!(platform.stable().await.value);
    for path in ["userinfo", "auth"] {
        assert_eq!(errcode(&ask(&platform, path, &json!(""), USER).await), 41001, "{path}");
        assert_eq!(errcode(&ask(&platform, path, &application, "nobody").await), 40001, "{path}");
        assert_eq!(errcode(&ask(&platform, path, &tokens["access_token"], "nobody").await), 40003, "{path}");
    }
    assert_eq!(platform.judge(tokens["access_token"].as_str().unwrap()).await, 40001, "nor the other way");
    platform.advance(7200);
    let expired = ask(&platform, "auth", &tokens["access_token"], USER).await;
    assert!(expired["errmsg"].as_str().unwrap().starts_with("access_token expired, rid: "), "{expired}");
    assert_eq!(errcode(&expired), 42001);
}

#[tokio::test]
async fn a_live_token_is_prolonged_by_refreshing_and_a_dead_one_replaced() {
    let (platform, account) = start().await;
    let first = change(&platform, &account.oauth_code(USER, "snsapi_userinfo")).await;
    platform.advance(7199);
    let second = refresh(&platform, &first["refresh_token"]).await;
    assert_eq!(second["access_token"], first["access_token"]);
    assert_eq!(second["refresh_token"], first["refresh_token"]);
    assert!(second.get("unionid").is_none());
    platform.advance(7199);
    assert_eq!(errcode(&ask(&platform, "auth", &second["access_token"], USER).await), 0);
    platform.advance(1);
    let third = refresh(&platform, &first["refresh_token"]).await;
    assert_ne!(third["access_token"], first["access_token"]);
    assert_eq!(errcode(&ask(&platform, "auth", &third["access_token"], USER).await), 0);
    platform.advance(30 * 86_400 - 2 * 7200 + 1);
    assert_eq!(errcode(&refresh(&platform, &first["refresh_token"]).await), 42002);
    assert_eq!(errcode(&refresh(&platform, &json!("made_up")).await), 40030);
    assert_eq!(errcode(&refresh(&platform, &json!("")).await), 41003);
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_for_their_own_account_kind_and_time() {
    let (platform, account) = start().await;
    let other = platform.sim.add_app(App::new("wx0", "s")).unwrap();
    assert_eq!(errcode(&change(&platform, &other.oauth_code(USER, "snsapi_base")).await), 40029);
    assert_eq!(errcode(&change(&platform, &account.js_code(USER)).await), 40029);
    assert_eq!(errcode(&change(&platform, "made_up").await), 40029);
    assert_eq!(errcode(&change(&platform, "").await), 41008);
    let tokens = change(&platform, &account.oauth_code(USER, "snsapi_base")).await;
    let theirs = tokens["refresh_token"].as_str().unwrap();
    let query = format!("appid=wx0&grant_type=refresh_token&refresh_token={theirs}");
    assert_eq!(errcode(&platform.get(&format!("/sns/oauth2/refresh_token?{query}")).await), 40030);
    let code = account.oauth_code(USER, "snsapi_base");
    platform.advance(299);
    let late = account.oauth_code(USER, "snsapi_base");
    assert_eq!(errcode(&change(&platform, &code).await), 0);
    platform.advance(300);
    assert_eq!(errcode(&change(&platform, &late).await), 42003);
    assert_eq!(errcode(&change(&platform, &code).await), 40163, "used comes before old");
}

#[tokio::test]
async fn appid_grant_type_and_secret_are_checked_before_the_code_which_stays_good() {
    let (platform, account) = start().await;
    platform.sim.account(APPID).unwrap().set_address_allowed(false);
    let code = account.oauth_code(USER, "snsapi_base");
    let cases = [
        (String::new(), 41002),
        ("appid=wx0".to_owned(), 40013),
        (format!("appid={APPID}&code={code}"), 40002),
        (format!("appid={APPID}&code={code}&grant_type=authorization_code"), 41004),
        (format!("appid={APPID}&code={code}&grant_type=authorization_code&secret=wrong"), 40125),
    ];
    for (query, wanted) in cases {
        let answer = platform.get(&format!("/sns/oauth2/access_token?{query}")).await;
        assert_eq!(errcode(&answer), wanted, "{query}");
        assert!(answer["errmsg"].as_str().unwrap().contains(", rid: "), "{answer}");
    }
    assert_eq!(errcode(&change(&platform, &code).await), 0, "the whitelist is not for logins");
    for (query, wanted) in [("", 41002), ("appid=wx0", 40013), (&*format!("appid={APPID}"), 40002)] {
        let answer = platform.get(&format!("/sns/oauth2/refresh_token?{query}")).await;
        assert_eq!(errcode(&answer), wanted, "{query}");
    }
}

#[tokio::test]
async fn a_mini_program_s_code_is_changed_once_for_a_session() {
    let (platform, account) = start().await;
    let change = async |code: &str| {
        let query = format!("appid={APPID}&secret={SECRET}&js_code={code}&grant_type=authorization_code");
        platform.get(&format!("/sns/jscode2session?{query}")).await
    };
    let code = account.js_code(USER);
    let session = change(&code).await;
    assert_eq!((&session["openid"], session["unionid"].is_string()), (&json!(USER), true));
    let key = session["session_key"].as_str().unwrap();
    assert!(key.len() == 24 && key.ends_with("=="), "{key}");
    assert_eq!(errcode(&change(&code).await), 40163);
    assert_eq!(errcode(&change(&account.oauth_code(USER, "snsapi_base")).await), 40029);
    assert_eq!(errcode(&change("").await), 41008);
    let late = account.js_code(USER);
    platform.advance(300);
    assert_eq!(errcode(&change(&late).await), 40029);
}
