//! What a third-party platform does for accounts, and what it learns of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wechat_simulator::{App, Component, Follower, Line, Simulator};

use super::{AUTHORIZER, COMPONENT, COMPONENT_SECRET, Third};
use crate::support::{Platform, SECRET, errcode};

/// How long 100,000 authorizers may take, in a build that is not optimized on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `api_get_authorizer_list` answers.
async fn list(third: &Third, token: &str, offset: u64, count: u64) -> Value {
    third.ask(token, "api_get_authorizer_list", json!({ "offset": offset, "count": count })).await
}

#[tokio::test]
async fn every_business_api_works_for_an_account_that_was_never_declared() {
    let third = Third::start().await;
    let token = third.authorizer_token().await;
    let (platform, account) = (&third.platform, third.authorizer().account());
    let get = async |path: &str| platform.get(&format!("{path}access_token={token}")).await;
    let openid = &account.followers()[0].openid;
    let user = get(&format!("/cgi-bin/user/info?openid={openid}&")).await;
    assert_eq!(user["nickname"], account.followers()[0].nickname);
    let counted = get("/cgi-bin/material/get_materialcount?").await;
    assert_eq!(counted["image_count"], 3);
    let ticket = get("/cgi-bin/ticket/getticket?type=jsapi&").await;
    assert_eq!(ticket["errcode"], 0);
    assert_eq!(platform.sim.ledger().tickets_issued(AUTHORIZER, wechat_simulator::TicketType::Jsapi), 1);
    let media_id = account.put_media("a.jpg", "image/jpeg", "bytes");
    let url = platform.url(&format!("/cgi-bin/media/get?media_id={media_id}&access_token={token}"));
    assert_eq!(platform.http.get(url).send().await.unwrap().text().await.unwrap(), "bytes");
    let post = async |path: &str, body: Value| {
        errcode(&platform.post(&format!("{path}?access_token={token}"), &body).await)
    };
    let message = json!({ "touser": openid, "template_id": account.templates()[0] });
    assert_eq!(post("/cgi-bin/message/template/send", message).await, 0);
    let menu = json!({ "button": [{ "type": "click", "name": "今日", "key": "k" }] });
    assert_eq!(post("/cgi-bin/menu/create", menu).await, 0);
    assert_eq!(post("/cgi-bin/clear_quota", json!({ "appid": AUTHORIZER })).await, 0);
    assert_eq!(post("/cgi-bin/openapi/quota/get", json!({ "cgi_path": "/cgi-bin/user/get" })).await, 0);
    let ledger = platform.sim.ledger();
    assert_eq!(ledger.messages()[0].appid, AUTHORIZER);
    assert_eq!(ledger.calls_to("/cgi-bin/user/info")[0].appid(), Some(AUTHORIZER));
    let answer = platform.get("/_sim/apps").await;
    assert_eq!(answer, json!({ "apps": [] }), "it is nobody's app");
}

#[tokio::test]
async fn a_declared_account_and_who_acts_for_it_share_its_data_and_quota_and_not_its_tokens() {
    let component = Component::new(COMPONENT, COMPONENT_SECRET).authorizer(AUTHORIZER);
    let app = App::new(AUTHORIZER, SECRET).follower(Follower::new("o1").nickname("小明"));
    let sim = Simulator::builder().with_component(component).with_app(app).start().await.unwrap();
    let third = Third::over(sim);
    let account = third.platform.sim.account(AUTHORIZER).unwrap();
    let own = account.rotate_elsewhere(Line::Stable);
    let theirs = third.authorizer_token().await;
    for token in [&own, &theirs] {
        let path = format!("/cgi-bin/user/info?openid=o1&access_token={token}");
        assert_eq!(third.platform.get(&path).await["nickname"], "小明");
    }
    assert_eq!(account.used_today("/cgi-bin/user/info"), 2);
    account.revoke(Line::Stable);
    assert_eq!(third.platform.judge(&theirs).await, 0);
    third.component.cancel(AUTHORIZER);
    let own = account.rotate_elsewhere(Line::Classic);
    assert_eq!(third.platform.judge(&own).await, 0);
}

#[tokio::test]
async fn an_account_without_a_secret_that_anyone_knows_gives_no_token_of_its_own() {
    let third = Third::start().await;
    let query = format!("grant_type=client_credential&appid={AUTHORIZER}&secret=guess");
    assert_eq!(errcode(&third.platform.get(&format!("/cgi-bin/token?{query}")).await), 40125);
}

#[tokio::test]
async fn a_permission_set_that_was_not_granted_is_missed_at_its_paths_only() {
    let third = Third::start().await;
    let token = third.authorizer_token().await;
    third.authorizer().set_permissions([1, 2]);
    let get = async |path: &str| errcode(&third.platform.get(&format!("{path}access_token={token}")).await);
    assert_eq!(get("/cgi-bin/user/get?").await, 0);
    assert_eq!(get("/cgi-bin/getcallbackip?").await, 0, "no set is for this one");
    for path in [
        "/cgi-bin/material/get_materialcount?",
        "/cgi-bin/media/get?media_id=x&",
        "/cgi-bin/ticket/getticket?type=jsapi&",
    ] {
        assert_eq!(get(path).await, 61007, "{path}");
    }
    for path in ["message/template/send", "menu/create", "qrcode/create"] {
        let path = format!("/cgi-bin/{path}?access_token={token}");
        let answer = third.platform.post(&path, &json!({})).await;
        assert_eq!(errcode(&answer), 61007, "{path}");
    }
    let code = third.component.authorize(AUTHORIZER).authorization_code().to_owned();
    let answer = third.query_auth(&third.token().await, &code).await;
    let granted = json!([{ "funcscope_category": { "id": 1 } }, { "funcscope_category": { "id": 2 } }]);
    assert_eq!(answer["authorization_info"]["func_info"], granted);
    third.authorizer().account().rotate_elsewhere(Line::Stable);
    let own = third.authorizer().account().current_token(Line::Stable).unwrap();
    let path = format!("/cgi-bin/material/get_materialcount?access_token={own}");
    assert_eq!(errcode(&third.platform.get(&path).await), 0, "the account itself may");
}

#[tokio::test]
async fn an_authorizer_s_info_has_its_refresh_token_and_no_access_token() {
    let third = Third::start().await;
    let token = third.token().await;
    let info = async |appid: &str| {
        third.ask(&token, "api_get_authorizer_info", json!({ "authorizer_appid": appid })).await
    };
    let answer = info(AUTHORIZER).await;
    assert_eq!(answer["authorization_info"]["authorizer_appid"], AUTHORIZER);
    let refresh_token = third.authorizer().refresh_token();
    assert_eq!(answer["authorization_info"]["authorizer_refresh_token"], refresh_token);
    assert_eq!(answer["authorization_info"]["func_info"].as_array().unwrap().len(), 14);
    assert!(answer["authorizer_info"]["user_name"].as_str().unwrap().starts_with("gh_"), "{answer}");
    assert_eq!(answer["authorizer_info"]["service_type_info"], json!({ "id": 2 }));
    assert!(!answer.to_string().contains("access_token"), "{answer}");
    assert_eq!(errcode(&info("wx0").await), 40013);
    assert_eq!(errcode(&info("").await), 40013);
    third.component.cancel(AUTHORIZER);
    assert_eq!(errcode(&info(AUTHORIZER).await), 61003);
}

#[tokio::test]
async fn the_list_is_paged_by_time_and_order_of_consent() {
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).authorizers(["b", "a", "c"])).await;
    let start = third.platform.clock().unix();
    let token = third.token().await;
    third.platform.advance(5);
    third.component.authorize("d");
    third.component.authorize("a"); // keeps its place
    third.component.reauthorize("b"); // goes to the end
    let all = list(&third, &token, 0, 500).await;
    assert_eq!(all["total_count"], 4);
    let rows: Vec<_> = all["list"].as_array().unwrap().iter().collect();
    let appids: Vec<_> = rows.iter().map(|row| row["authorizer_appid"].as_str().unwrap()).collect();
    assert_eq!(appids, ["a", "c", "d", "b"]);
    let times: Vec<_> = rows.iter().map(|row| row["auth_time"].as_u64().unwrap() - start).collect();
    assert_eq!(times, [0, 0, 5, 5]);
    let refresh_token = third.component.authorizer("d").unwrap().refresh_token();
    assert_eq!(rows[2]["refresh_token"], refresh_token);
    assert_eq!(list(&third, &token, 1, 2).await["list"], json!([rows[1], rows[2]]));
    let past = list(&third, &token, 4, 2).await;
    assert_eq!(past, json!({ "total_count": 4, "list": [] }));
    assert_eq!(errcode(&list(&third, &token, 0, 501).await), 40170);
    assert_eq!(errcode(&list(&third, &token, 0, 0).await), 40170);
    assert_eq!(errcode(&third.ask(&token, "api_get_authorizer_list", json!({})).await), 47001);
}

#[tokio::test]
async fn a_hundred_thousand_authorizers_are_made_listed_and_refreshed_in_bounded_time() {
    let begun = Instant::now();
    let appids: Vec<String> = (0..100_000).map(|number| format!("wx{number:016}")).collect();
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).authorizers(&appids)).await;
    let token = third.token().await;
    let mut listed = Vec::new();
    for page in 0..200 {
        let answer = list(&third, &token, page * 500, 500).await;
        assert_eq!(answer["total_count"], 100_000);
        listed.extend(answer["list"].as_array().unwrap().iter().map(|row| row["authorizer_appid"].clone()));
    }
    assert_eq!(listed, appids.iter().map(|appid| json!(appid)).collect::<Vec<_>>());
    let last = third.component.authorizer(&appids[99_999]).unwrap();
    let answer = third.refresh(&token, last.appid(), &last.refresh_token()).await;
    let access = answer["authorizer_access_token"].as_str().unwrap();
    assert_eq!(third.platform.judge(access).await, 0);
    third.platform.sim.reset();
    assert_eq!(third.component.authorizer_count(), 100_000);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_ledger_of_thousands_of_authorizers_is_asked_about_each() {
    let appids: Vec<String> = (0..5_000).map(|number| format!("wx{number:016}")).collect();
    let third = Third::with(Component::new(COMPONENT, COMPONENT_SECRET).authorizers(&appids)).await;
    for appid in &appids {
        third.component.authorizer(appid).unwrap().rotate_elsewhere();
    }
    let begun = Instant::now();
    for appid in &appids {
        assert_eq!(third.platform.sim.ledger().authorizer_issued(COMPONENT, appid), 1);
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn options_are_read_and_set_in_both_spellings() {
    let third = Third::start().await;
    let token = third.token().await;
    let set = async |name: &str, value: Value| {
        let body = json!({ "authorizer_appid": AUTHORIZER, "option_name": name, "option_value": value });
        errcode(&third.ask(&token, "api_set_authorizer_option", body).await)
    };
    let get = async |path: &str, name: &str| {
        third.ask(&token, path, json!({ "authorizer_appid": AUTHORIZER, "option_name": name })).await
    };
    assert_eq!(set("location_report", json!("2")).await, 0);
    let answer = get("api_get_authorizer_option", "location_report").await;
    let option = json!({ "option_name": "location_report", "option_value": "2" });
    let mut named = option.clone();
    named["authorizer_appid"] = json!(AUTHORIZER);
    assert_eq!(answer, named);
    assert_eq!(get("get_authorizer_option", "location_report").await, option);
    assert_eq!(get("get_authorizer_option", "customer_service").await["option_value"], "0");
    assert_eq!(set("cheese", json!("1")).await, 61012);
    assert_eq!(errcode(&get("api_get_authorizer_option", "cheese").await), 61012);
    assert_eq!(set("voice_recognize", json!("2")).await, 61013);
    assert_eq!(set("voice_recognize", json!(1)).await, 61013);
    third.authorizer().set_option_read_only("voice_recognize", true);
    assert_eq!(set("voice_recognize", json!("1")).await, 61025);
    third.authorizer().set_option_read_only("voice_recognize", false);
    assert_eq!(set("voice_recognize", json!("1")).await, 0);

    let theirs = third.authorizer().rotate_elsewhere();
    let by_account = async |path: &str, body: Value| {
        third.platform.post(&format!("/cgi-bin/component/{path}?access_token={theirs}"), &body).await
    };
    let body = json!({ "option_name": "location_report", "option_value": "1" });
    assert_eq!(errcode(&by_account("set_authorizer_option", body.clone()).await), 0);
    assert_eq!(by_account("get_authorizer_option", body.clone()).await, body);
    assert_eq!(errcode(&by_account("api_get_authorizer_option", body.clone()).await), 61014);
    third.component.cancel(AUTHORIZER);
    assert_eq!(errcode(&by_account("get_authorizer_option", body).await), 61003);
    assert_eq!(set("voice_recognize", json!("1")).await, 61003);
    let app = third.platform.sim.add_app(App::new("wx0", "s")).unwrap().rotate_elsewhere(Line::Stable);
    let path = format!("/cgi-bin/component/get_authorizer_option?access_token={app}");
    let Third { platform, .. } = third;
    assert_eq!(errcode(&Platform::post(&platform, &path, &json!({})).await), 61014);
}
