//! The same over HTTP.

use serde_json::{Value, json};
use wechat_simulator::{Push, Simulator};

use super::server::{Behaviour, Server};
use super::{APPID, KEY, OPENID, Scene, TOKEN, plain};
use crate::support::Platform;

/// A simulator, and a server of that behaviour.
async fn scene(
    behaviour: impl Fn(&super::Received, usize) -> Behaviour + Send + Sync + 'static,
) -> (Platform, Server) {
    let Scene { sim, server } = Scene::start(behaviour).await;
    (Platform::over(sim), server)
}

fn order(server: &Server, push: Value) -> Value {
    let mut order = json!({ "appid": APPID, "url": server.url, "token": TOKEN });
    if !push.is_null() {
        order["push"] = push;
    }
    order
}

#[tokio::test]
async fn every_kind_of_the_index_is_pushed_and_every_way_to_name_one() {
    let (platform, server) = scene(|_, _| Behaviour::ok("success")).await;
    let index = platform.get("/_sim/").await;
    let kinds = index["push_kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 29);
    let values = json!({
        "openid": OPENID, "x": 1.5, "y": 2, "scale": 3, "latitude": 1, "longitude": 2, "precision": 3,
        "template_msg_id": 7, "md5_sums": ["a"],
    });
    for kind in kinds {
        let mut push = json!({ "kind": kind[0], "fields": { "Added": { "a": [1, "b"] } } });
        for name in kind[1].as_str().unwrap().split('"').skip(1).step_by(2) {
            push[name] = values.get(name).cloned().unwrap_or_else(|| json!("v"));
        }
        let answer = platform.post("/_sim/pushes", &order(&server, push)).await;
        let attempts = json!([{ "status": 200, "answer": "success" }]);
        assert_eq!(answer, json!({ "delivered": true, "tries": 1, "attempts": attempts }), "{kind}");
        let body = server.received().pop().unwrap().body;
        let added = "<Added><a>1</a>\n<a><![CDATA[b]]></a>\n</Added>";
        assert_eq!(body.contains(added), kind[0] != "raw", "{body}");
    }
    let named = [
        (json!({ "msg_type": "m", "openid": OPENID, "create_time": 5, "msg_id": 6 }), "<MsgId>6</MsgId>"),
        (json!({ "event": "e", "openid": OPENID, "create_time": 5 }), "<CreateTime>5</CreateTime>"),
        (json!({ "info_type": "i", "info_appid": "wx3" }), "<AppId><![CDATA[wx3]]></AppId>"),
        (json!({ "raw": "<xml>r</xml>" }), "<xml>r</xml>"),
    ];
    for (push, text) in named {
        let answer = platform.post("/_sim/pushes", &order(&server, push)).await;
        assert_eq!(answer["delivered"], true, "{answer}");
        let body = server.received().pop().unwrap().body;
        assert!(body.contains(text), "{body}");
    }
}

#[tokio::test]
async fn what_became_of_a_push_is_told_try_by_try_and_the_ledger_has_it() {
    let sim = Simulator::builder().start().await.unwrap();
    let name = sim.pusher(APPID, plain("http://127.0.0.1/")).unwrap().user_name().to_owned();
    let reply = format!(
        "<xml><ToUserName>{OPENID}</ToUserName><FromUserName>{name}</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles><item><Title>a</Title></item>\
         <item><Title>b</Title></item></Articles></xml>"
    );
    let raw = reply.clone();
    let answers = [
        Behaviour::status(500, "busy"),
        Behaviour::Hangup,
        Behaviour::ok(&reply),
        Behaviour::ok("what"),
        Behaviour::Silence,
    ];
    let (platform, server) = scene(move |_, index| answers[index.min(4)].clone()).await;
    let push = json!({ "kind": "text", "openid": OPENID, "content": "1" });
    let answer = platform.post("/_sim/pushes", &order(&server, push.clone())).await;
    assert_eq!((&answer["delivered"], &answer["tries"]), (&json!(true), &json!(3)));
    assert_eq!(answer["attempts"][0], json!({ "status": 500, "answer": "refused", "body": "busy" }));
    assert_eq!(answer["attempts"][1]["answer"], "unreachable");
    let told = &answer["attempts"][2]["reply"];
    assert_eq!((&told["raw"], &told["encrypted"]), (&json!(raw), &json!(false)));
    assert_eq!(told["fields"]["Articles"]["item"], json!([{ "Title": "a" }, { "Title": "b" }]));
    let answer = platform.post("/_sim/pushes", &order(&server, push.clone())).await;
    assert_eq!(answer["attempts"][0]["answer"], "not_understood");
    assert_eq!(answer["attempts"][0]["body"], "what");
    assert!(answer["attempts"][0]["why"].is_string());
    let mut impatient = order(&server, push);
    impatient["timeout_milliseconds"] = json!(50);
    impatient["tries"] = json!(2);
    let answer = platform.post("/_sim/pushes", &impatient).await;
    assert_eq!(
        answer["attempts"],
        json!([{ "status": null, "answer": "no_answer" }, { "status": null, "answer": "no_answer" }])
    );
    let ledger = platform.get(&format!("/_sim/ledger?appid={APPID}")).await;
    let outcomes: Vec<_> = ledger["pushes"].as_array().unwrap().iter().map(|push| &push["outcome"]).collect();
    assert_eq!(outcomes, ["reply", "not_understood", "no_answer"]);
    assert_eq!(platform.get("/_sim/ledger?appid=wx0").await["pushes"], json!([]));
}

#[tokio::test]
async fn a_url_is_verified() {
    let (platform, server) = scene(|request, index| match index {
        0 => Behaviour::ok(request.query("echostr")),
        1 => Behaviour::ok("what"),
        2 => Behaviour::status(404, "no"),
        _ => Behaviour::Hangup,
    })
    .await;
    let order = order(&server, Value::Null);
    let verify = async || platform.post("/_sim/pushes/verify", &order).await;
    assert_eq!(verify().await, json!({ "passed": true, "outcome": "passed" }));
    let other = verify().await;
    assert_eq!((&other["outcome"], &other["body"]), (&json!("not_echoed"), &json!("what")));
    let refused = json!({ "passed": false, "outcome": "refused", "status": 404, "body": "no" });
    assert_eq!(verify().await, refused);
    assert_eq!(verify().await["outcome"], "unreachable");
}

#[tokio::test]
async fn settings_are_read_and_a_wrong_one_says_what_is_wrong_without_the_secrets() {
    let (platform, server) = scene(|_, _| Behaviour::ok("success")).await;
    let push = json!({ "kind": "subscribe", "openid": OPENID });
    let with = |changes: Value| {
        let mut order = order(&server, push.clone());
        for (name, value) in changes.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    };
    let settings = json!({
        "mode": "encrypted", "encoding_aes_key": KEY, "format": "json", "component": "wx_component",
    });
    let answer = platform.post("/_sim/pushes", &with(settings)).await;
    assert_eq!(answer["delivered"], true, "{answer}");
    let body: Value = serde_json::from_str(&server.received()[0].body).unwrap();
    let (_, receiver) = super::codec::decrypt(body["Encrypt"].as_str().unwrap());
    assert_eq!(receiver, "wx_component");
    let cases = [
        (json!({ "push": null }), "say what to push"),
        (json!({ "push": {} }), "needs a kind"),
        (json!({ "push": { "kind": "cheese" } }), "`text`"),
        (json!({ "push": { "kind": "text", "openid": "o" } }), "`content`"),
        (json!({ "push": { "kind": "subscribe", "openid": "o", "extra": 1 } }), "`extra`"),
        (json!({ "push": { "kind": "subscribe", "openid": "o", "fields": 1 } }), "map"),
        (json!({ "mode": "secret" }), "`compat`"),
        (json!({ "mode": "encrypted" }), "need an encoding_aes_key"),
        (json!({ "mode": "compat", "encoding_aes_key": "a secret" }), "43 characters"),
        (json!({ "url": "https://host/" }), "http:// only"),
        (json!({ "token": "" }), "token"),
        (json!({ "tries": 0 }), "at least one"),
        (json!({ "tires": 1 }), "`tires`"),
    ];
    for (changes, text) in cases {
        let response =
            platform.http.post(platform.url("/_sim/pushes")).json(&with(changes)).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let answer = response.text().await.unwrap();
        assert!(answer.contains(text), "{text}: {answer}");
        assert!(!answer.contains("a secret") && !answer.contains(KEY), "{answer}");
    }
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_push_that_waits_does_not_hold_the_end_up() {
    let (platform, server) = scene(|_, _| Behaviour::Silence).await;
    let push = json!({ "kind": "subscribe", "openid": OPENID });
    let request = platform.http.post(platform.url("/_sim/pushes")).json(&order(&server, push));
    let held = tokio::spawn(request.send());
    let other = platform.sim.pusher(APPID, plain(&server.url)).unwrap();
    server.arrived(1).await;
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(4), platform.sim.stop()).await;
    stopped.expect("a push held the end up");
    assert!(held.await.unwrap().is_err());
    assert!(!other.push(Push::subscribe(OPENID)).await.delivered());
}
