//! The same controls over HTTP.

use serde_json::{Value, json};
use wechat_simulator::{ERRCODES, Line, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode};

/// A control's status and answer.
pub(crate) async fn ask(platform: &Platform, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let method = method.parse::<reqwest::Method>().unwrap();
    let request = platform.http.request(method, platform.url(path));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A control's answer, which has to be a success.
pub(crate) async fn tell(platform: &Platform, method: &str, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = ask(platform, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

#[tokio::test]
async fn the_index_names_every_control_fault_and_path() {
    let platform = Platform::start().await;
    for path in ["/_sim", "/_sim/"] {
        let index = tell(&platform, "GET", path, None).await;
        assert!(index["controls"].as_array().unwrap().len() > 15);
        assert!(index["platform"].as_array().unwrap().contains(&json!("/cgi-bin/token")));
        for kind in index["fault_kinds"].as_array().unwrap() {
            let fields = json!({
                "milliseconds": 1, "code": 1, "status": 502, "location": "/", "bytes": 20, "body": "x",
            });
            let mut order = json!({ "path": "/x", "kind": kind[0] });
            let wanted = kind[1].as_str().unwrap();
            for (name, value) in fields.as_object().unwrap() {
                if wanted.contains(&format!("\"{name}\"")) {
                    order[name] = value.clone();
                }
            }
            tell(&platform, "POST", "/_sim/faults", Some(order)).await;
        }
    }
    assert_eq!(platform.sim.ledger().calls().count(), 0, "controls are not written down");
}

#[tokio::test]
async fn the_clock_is_moved() {
    let platform = Platform::start().await;
    let now = platform.clock().unix();
    let answer = tell(&platform, "POST", "/_sim/clock", Some(json!({ "advance_seconds": 7200 }))).await;
    assert_eq!(answer, json!({ "unix": now + 7200, "frozen": true }));
    tell(&platform, "POST", "/_sim/clock", Some(json!({ "set": 1_700_000_000 }))).await;
    assert_eq!(platform.clock().unix(), 1_700_000_000);
    tell(&platform, "POST", "/_sim/clock", Some(json!({ "frozen": false }))).await;
    assert!(!platform.clock().is_frozen());
    let latest = tell(&platform, "POST", "/_sim/clock", Some(json!({ "set": u64::MAX / 4 }))).await;
    assert_eq!(latest["unix"], u32::MAX);
}

#[tokio::test]
async fn faults_are_scripted_listed_and_cleared() {
    let platform = Platform::start().await;
    let order = json!({ "path": "/cgi-bin/token", "kind": "errcode", "code": 45009, "times": 2 });
    let listed = tell(&platform, "POST", "/_sim/faults", Some(order)).await;
    assert_eq!(listed["faults"], json!([{ "path": "/cgi-bin/token", "kind": "errcode", "times": 2 }]));
    assert_eq!(errcode(&platform.classic_answer().await), 45009);
    tell(&platform, "DELETE", "/_sim/faults", None).await;
    assert_eq!(tell(&platform, "GET", "/_sim/faults", None).await["faults"], json!([]));
    platform.classic().await;
}

#[tokio::test]
async fn accounts_are_added_and_changed_and_their_secrets_never_shown() {
    let platform = Platform::over(Simulator::builder().start().await.unwrap());
    let app = json!({ "appid": APPID, "secret": SECRET, "expires_in": 300 });
    let shown = tell(&platform, "POST", "/_sim/apps", Some(app)).await;
    assert_eq!(shown["expires_in"], 300);
    assert!(!shown.to_string().contains(SECRET));
    assert_eq!(shown["followers"][0]["nickname"], "小明");
    assert_eq!(platform.classic().await.expires_in, 300);
    let change = json!({ "secret_frozen": true, "daily_limits": { "/cgi-bin/token": 7 } });
    let shown = tell(&platform, "POST", &format!("/_sim/apps/{APPID}"), Some(change)).await;
    assert_eq!(shown["daily_limits"], json!({ "/cgi-bin/token": 7 }));
    assert_eq!(errcode(&platform.classic_answer().await), 40243);
    assert_eq!(tell(&platform, "GET", "/_sim/apps", None).await, json!({ "apps": [APPID] }));
}

#[tokio::test]
async fn tokens_are_shown_rotated_refused_and_revoked() {
    let platform = Platform::start().await;
    let path = format!("/_sim/apps/{APPID}/tokens/stable");
    let mine = platform.stable().await;
    let shown = tell(&platform, "GET", &path, None).await;
    assert_eq!(shown, json!({ "access_token": mine.value, "expires_in": 7200 }));
    let theirs = tell(&platform, "POST", &format!("{path}/rotate"), None).await;
    let theirs = theirs["access_token"].as_str().unwrap();
    assert_ne!(theirs, mine.value);
    assert_eq!(platform.judge(theirs).await, 0);
    tell(&platform, "POST", &format!("{path}/refuse"), None).await;
    assert_eq!(platform.judge(theirs).await, 40001);
    assert_eq!(platform.stable().await.value, theirs);
    tell(&platform, "POST", &format!("{path}/revoke"), None).await;
    assert_eq!(tell(&platform, "GET", &path, None).await["access_token"], Value::Null);
    assert_eq!(platform.judge(&mine.value).await, 40001);
}

#[tokio::test]
async fn the_ledger_is_shown_counted_narrowed_and_cleared() {
    let platform = Platform::start().await;
    platform.classic().await;
    let token = platform.stable().await.value;
    platform.judge(&token).await;
    let ledger = tell(&platform, "GET", "/_sim/ledger", None).await;
    assert_eq!(ledger["counts"]["issued"], json!({ APPID: { "classic": 1, "stable": 1 } }));
    assert_eq!(ledger["counts"]["token_calls"], json!({ APPID: 2 }));
    assert_eq!(ledger["issues"][1]["value"], token);
    let narrowed = tell(&platform, "GET", "/_sim/ledger?path=/cgi-bin/getcallbackip", None).await;
    assert_eq!(narrowed["counts"]["calls"], json!({ "/cgi-bin/getcallbackip": 1 }));
    assert_eq!(narrowed["calls"][0]["errcode"], 0);
    let nobody = tell(&platform, "GET", "/_sim/ledger?appid=wx0", None).await;
    assert_eq!(nobody["issues"], json!([]));
    tell(&platform, "DELETE", "/_sim/ledger", None).await;
    assert_eq!(platform.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn media_are_put_listed_and_limited() {
    let platform = Platform::start().await;
    let app = format!("/_sim/apps/{APPID}");
    let url = platform.url(&format!("{app}/media?file_name=a.jpg"));
    let put = platform.http.post(url).header("content-type", "image/x-own").body("bytes").send();
    let put: Value = put.await.unwrap().json().await.unwrap();
    let account = platform.sim.account(APPID).unwrap();
    let media = account.media(put["media_id"].as_str().unwrap()).unwrap();
    assert_eq!((media.content_type.as_str(), &media.bytes[..]), ("image/x-own", b"bytes".as_slice()));
    let path = format!("{app}/media?file_name=b.png&length=209715200");
    let generated = tell(&platform, "POST", &path, None).await;
    let listed = tell(&platform, "GET", &format!("{app}/media"), None).await;
    assert_eq!(listed["media"][0]["bytes"], 5);
    assert_eq!(listed["media"][1]["media_id"], generated["media_id"]);
    assert_eq!(listed["media"][1]["length"], 209_715_200);
    let shown = tell(&platform, "POST", &app, Some(json!({ "media_limit": 7 }))).await;
    assert_eq!(shown["media_limit"], 7);
    let cases = vec![
        ("POST", "/_sim/apps/wx0/media", None, 404, "there is no app wx0"),
        ("POST", "/_sim/apps/wx1f2e3d4c5b6a7988/media", None, 400, "file_name"),
        ("POST", "/_sim/apps/wx1f2e3d4c5b6a7988/media?file_name=a&length=x", None, 400, "length has to be"),
    ];
    refuse(&platform, cases).await;
}

#[tokio::test]
async fn codes_are_given_and_tickets_shown_emptied_and_counted() {
    let platform = Platform::start().await;
    let app = format!("/_sim/apps/{APPID}");
    let visit = json!({ "openid": "o1", "scope": "snsapi_base" });
    let given = tell(&platform, "POST", &format!("{app}/oauth-codes"), Some(visit)).await;
    let query = format!("appid={APPID}&secret={SECRET}&grant_type=authorization_code");
    let code = given["code"].as_str().unwrap();
    let changed = platform.get(&format!("/sns/oauth2/access_token?{query}&code={code}")).await;
    assert_eq!(changed["openid"], "o1");
    let given = tell(&platform, "POST", &format!("{app}/js-codes"), Some(json!({ "openid": "o2" }))).await;
    let code = given["js_code"].as_str().unwrap();
    let changed = platform.get(&format!("/sns/jscode2session?{query}&js_code={code}")).await;
    assert_eq!(changed["openid"], "o2");

    let token = platform.stable().await.value;
    let path = format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={token}");
    let fetch = async || platform.get(&path).await;
    let ticket = fetch().await;
    assert_eq!(tell(&platform, "GET", &app, None).await["tickets"]["jsapi"], ticket["ticket"]);
    let ledger = tell(&platform, "GET", "/_sim/ledger", None).await;
    assert_eq!(ledger["counts"]["tickets_issued"], json!({ APPID: { "jsapi": 1 } }));
    assert_eq!(ledger["ticket_issues"][0]["value"], ticket["ticket"]);
    tell(&platform, "POST", &app, Some(json!({ "empty_ticket": true }))).await;
    assert_eq!(fetch().await["ticket"], "");
}

#[tokio::test]
async fn the_rest_of_the_platform_is_shown_and_reset() {
    let platform = Platform::start().await;
    platform.stable().await;
    let connections = tell(&platform, "GET", "/_sim/connections", None).await;
    assert!(connections["peak"].as_u64().unwrap() >= 1);
    let table = tell(&platform, "GET", "/_sim/errcodes", None).await;
    assert_eq!(table["errcodes"].as_array().unwrap().len(), ERRCODES.len());
    let order = json!({ "path": "*", "content_type": "text/x" });
    tell(&platform, "POST", "/_sim/content-types", Some(order)).await;
    let response = platform.http.get(platform.url("/cgi-bin/token")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/x");
    tell(&platform, "DELETE", "/_sim/content-types", None).await;
    assert_eq!(tell(&platform, "GET", "/_sim/content-types", None).await["content_types"], json!({}));
    tell(&platform, "POST", "/_sim/reset", None).await;
    assert_eq!(platform.issued(Line::Stable), 0);
}

/// Asks each control for something that makes no sense: method, path, body, status, part of the text.
pub(crate) async fn refuse(platform: &Platform, cases: Vec<(&str, &str, Option<Value>, u16, &str)>) {
    for (method, path, body, status, text) in cases {
        let (answered, answer) = ask(platform, method, path, body).await;
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{method} {path}: {answer}"));
        assert_eq!(answered, status, "{method} {path}: {error}");
        assert!(error.contains(text), "{method} {path}: {error}");
    }
}

#[tokio::test]
async fn a_control_that_is_not_there_says_where_to_look() {
    let platform = Platform::start().await;
    let tokens = format!("/_sim/apps/{APPID}/tokens/cheese");
    let cases = vec![
        ("GET", "/_sim/none", None, 404, "GET /_sim/ lists"),
        ("PUT", "/_sim/clock", None, 405, "takes GET or POST, not PUT"),
        ("GET", "/_sim/apps/wx0", None, 404, "there is no app wx0"),
        ("GET", &tokens, None, 404, "classic or stable"),
    ];
    refuse(&platform, cases).await;
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_says_what_is_wrong_and_is_not_scripted() {
    let platform = Platform::start().await;
    let faults = |body: Value, text| ("POST", "/_sim/faults", Some(body), 400, text);
    let cases = vec![
        faults(json!({ "kind": "hang" }), "path has to be"),
        faults(json!({ "path": "x", "kind": "hang" }), "path has to be"),
        faults(json!({ "path": "*", "kind": "x" }), "`hang`"),
        faults(json!({ "path": "*", "kind": "delay" }), "`milliseconds`"),
        faults(json!({ "path": "*", "kind": "hang", "extra": 1 }), "`extra`"),
        faults(json!({ "path": "*", "kind": "hang", "times": 0 }), "from 1"),
        faults(json!({ "path": "*", "kind": "status", "status": 99 }), "between 200 and 599"),
        faults(json!({ "path": "*", "kind": "redirect", "location": "\n" }), "value of a header"),
    ];
    refuse(&platform, cases).await;
    assert!(platform.sim.faults().is_empty());
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_says_what_is_wrong() {
    let platform = Platform::start().await;
    let app = format!("/_sim/apps/{APPID}");
    let content_type = json!({ "path": "*", "content_type": "\n" });
    let cases = vec![
        ("POST", "/_sim/clock", None, 400, "has to be a JSON object"),
        ("POST", "/_sim/clock", Some(json!({})), 400, "say what to change"),
        ("POST", "/_sim/clock", Some(json!({ "advance": 1 })), 400, "`advance_seconds`"),
        ("POST", "/_sim/apps", Some(json!({ "secret": "s" })), 400, "needs an appid"),
        ("POST", "/_sim/apps", Some(json!({ "appid": "wx1" })), 400, "needs a secret"),
        ("POST", "/_sim/apps", Some(json!({ "appid": APPID, "secret": "s" })), 400, "already"),
        ("POST", &app, Some(json!({ "secrets": "s" })), 400, "unknown field `secrets`"),
        ("POST", &app, Some(json!({ "secret": "" })), 400, "must not be empty"),
        ("POST", "/_sim/content-types", Some(content_type), 400, "value of a header"),
    ];
    refuse(&platform, cases).await;
}
