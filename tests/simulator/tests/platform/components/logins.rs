//! Users who log in to an account that a third-party platform acts for.

use serde_json::{Value, json};

use super::{AUTHORIZER, COMPONENT, Third, text};
use crate::support::errcode;

const USER: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

/// Asks one of the three paths with everything that it wants, and what else is given.
async fn ask(third: &Third, path: &str, token: &str, more: &str) -> Value {
    let grant_type = if path.ends_with("refresh_token") { "refresh_token" } else { "authorization_code" };
    let query = format!(
        "appid={AUTHORIZER}&grant_type={grant_type}&component_appid={COMPONENT}&component_access_token={token}"
    );
    third.platform.get(&format!("/sns/{path}?{query}&{more}")).await
}

#[tokio::test]
async fn a_code_of_the_account_s_page_is_changed_and_prolonged_with_the_component_s_token() {
    let third = Third::start().await;
    let token = third.token().await;
    let account = third.authorizer().account();
    let openid = &account.followers()[0].openid;
    let code = account.oauth_code(openid, "snsapi_userinfo");
    let tokens = ask(&third, "oauth2/component/access_token", &token, &format!("code={code}")).await;
    assert_eq!((&tokens["openid"], &tokens["expires_in"]), (&json!(openid), &json!(7200)));
    assert_eq!(tokens["unionid"], account.followers()[0].unionid);
    let user_token = text(&tokens, "access_token");
    let user = third.platform.get(&format!("/sns/userinfo?access_token={user_token}&openid={openid}")).await;
    assert_eq!(user["nickname"], account.followers()[0].nickname);
    let refresh = format!("refresh_token={}", text(&tokens, "refresh_token"));
    let again = ask(&third, "oauth2/component/refresh_token", &token, &refresh).await;
    assert_eq!(again["access_token"], user_token);
    let spent = ask(&third, "oauth2/component/access_token", &token, &format!("code={code}")).await;
    assert_eq!(errcode(&spent), 40163);
    let ledger = third.platform.sim.ledger();
    assert_eq!(ledger.calls_to("/sns/oauth2/component/access_token")[0].appid(), Some(AUTHORIZER));
}

#[tokio::test]
async fn a_code_of_the_account_s_mini_program_is_changed_with_the_component_s_token() {
    let third = Third::start().await;
    let token = third.token().await;
    let code = third.authorizer().account().js_code(USER);
    let session = ask(&third, "component/jscode2session", &token, &format!("js_code={code}")).await;
    assert_eq!((&session["openid"], session["session_key"].is_string()), (&json!(USER), true));
}

#[tokio::test]
async fn a_login_wants_appid_then_grant_type_then_component_then_its_token_then_its_authorization() {
    let third = Third::start().await;
    let token = third.token().await;
    let theirs = third.authorizer().rotate_elsewhere();
    let full = [
        ("appid", AUTHORIZER),
        ("grant_type", "authorization_code"),
        ("component_appid", COMPONENT),
        ("component_access_token", &token),
        ("js_code", "made_up"),
        ("code", "made_up"),
    ];
    let cases = [
        ("appid", "", 41002),
        ("appid", "wx0", 40013),
        ("appid", COMPONENT, 40013),
        ("grant_type", "refresh", 40002),
        ("component_appid", "", 41018),
        ("component_appid", "wx0", 40013),
        ("component_access_token", "", 41021),
        ("component_access_token", "made_up", 40001),
        ("component_access_token", &theirs, 61014),
        ("code", "", 41008),
        ("code", "made_up", 40029),
    ];
    for (name, value, wanted) in cases {
        let mut query = full;
        for pair in &mut query {
            if pair.0 == name {
                pair.1 = value;
            }
        }
        let url = third.platform.url("/sns/oauth2/component/access_token");
        let answer = third.platform.http.get(url).query(&query).send().await.unwrap().json().await.unwrap();
        assert_eq!(errcode(&answer), wanted, "{name} {value}: {answer}");
    }
    let made_up = third.platform.get("/sns/component/jscode2session?appid=wx0").await;
    assert!(made_up["errmsg"].as_str().unwrap().starts_with("invalid appid, rid: "), "{made_up}");
    third.component.cancel(AUTHORIZER);
    for path in
        ["component/jscode2session", "oauth2/component/access_token", "oauth2/component/refresh_token"]
    {
        let answer = ask(&third, path, &token, "").await;
        assert_eq!(errcode(&answer), 61003, "{path}");
    }
}

#[tokio::test]
async fn a_page_s_login_needs_its_permission_set_and_a_mini_program_s_needs_none() {
    let third = Third::start().await;
    let token = third.token().await;
    third.authorizer().set_permissions([1]);
    let account = third.authorizer().account();
    let page = format!("code={}", account.oauth_code(USER, "snsapi_base"));
    assert_eq!(errcode(&ask(&third, "oauth2/component/access_token", &token, &page).await), 61007);
    let code = format!("js_code={}", account.js_code(USER));
    assert_eq!(errcode(&ask(&third, "component/jscode2session", &token, &code).await), 0);
    third.authorizer().set_permissions([4]);
    assert_eq!(errcode(&ask(&third, "oauth2/component/access_token", &token, &page).await), 0);
}
