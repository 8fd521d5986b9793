//! What the platform makes of answers.

use wechat_simulator::{Answer, Callback, Push, Simulator};

use super::codec::{envelope, json_envelope};
use super::server::{Behaviour, Received};
use super::{APPID, OPENID, Scene, compat, encrypted, plain};

/// A reply from the account to the user.
fn reply(user_name: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{OPENID}]]></ToUserName><FromUserName><![CDATA[{user_name}]]></FromUserName>\
         <CreateTime>1713424427</CreateTime>{rest}</xml>"
    )
}

const TEXT: &str = "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[好的 & <b>]]></Content>";

/// The name of the account, which the server has to answer under.
async fn user_name() -> String {
    let sim = Simulator::builder().start().await.unwrap();
    sim.pusher(APPID, plain("http://127.0.0.1/")).unwrap().user_name().to_owned()
}

/// What a text is answered by a server of that behaviour.
async fn answer(
    callback: impl Fn(&str) -> Callback,
    body: impl Fn(&Received) -> String + Send + Sync + 'static,
) -> Answer {
    let scene = Scene::start(move |request, _| Behaviour::ok(&body(request))).await;
    let delivery = scene.pusher(callback).push(Push::text(OPENID, "1")).await;
    assert_eq!(delivery.tries(), 1, "an answer of status 200 ends it: {delivery:?}");
    delivery.answer().clone()
}

/// Why an answer was not understood.
fn why(answer: Answer) -> String {
    match answer {
        Answer::NotUnderstood { why, .. } => why,
        answer => panic!("understood: {answer:?}"),
    }
}

#[tokio::test]
async fn success_and_nothing_are_taken_to_the_letter() {
    for callback in [plain, encrypted, compat] {
        assert_eq!(answer(callback, |_| "success".to_owned()).await, Answer::Success);
        assert_eq!(answer(callback, |_| String::new()).await, Answer::Success);
        for near in ["success\n", "\"success\"", "Success", "ok", " "] {
            why(answer(callback, |_| near.to_owned()).await);
        }
    }
}

#[tokio::test]
async fn a_reply_is_read_as_the_account_s_mode_and_format_say() {
    let name = user_name().await;
    let text = reply(&name, TEXT);
    let json = format!(
        r#"{{"ToUserName":"{OPENID}","FromUserName":"{name}","CreateTime":1713424427,"MsgType":"text","Content":"好的 & <b>"}}"#
    );
    let (xml, envelope_text) = (text.clone(), text.clone());
    let (json_text, sealed_json) = (json.clone(), json);
    let both = |text: String| move |request: &Received| envelope(&text, APPID, request.query("nonce"));
    let answers = [
        (answer(plain, move |_| xml.clone()).await, false),
        (answer(encrypted, both(envelope_text.clone())).await, true),
        (answer(compat, both(envelope_text)).await, true),
        (answer(compat, move |_| text.clone()).await, false),
        (answer(|url| plain(url).json(), move |_| json_text.clone()).await, false),
        (
            answer(
                |url| encrypted(url).json(),
                move |request| json_envelope(&sealed_json, APPID, request.query("nonce")),
            )
            .await,
            true,
        ),
    ];
    for (answer, encrypted) in answers {
        let Answer::Reply(reply) = answer else { panic!("no reply: {answer:?}") };
        assert_eq!((reply.msg_type(), reply.encrypted()), ("text", encrypted));
        assert_eq!((reply.to_user_name(), reply.from_user_name()), (OPENID, name.as_str()));
        assert_eq!(reply.get("Content"), Some("好的 & <b>"));
        assert!(reply.raw().contains("好的 & <b>") && !reply.raw().contains("Encrypt"), "{}", reply.raw());
    }
}

#[tokio::test]
async fn every_kind_of_reply_is_read_and_asked_for_what_it_needs() {
    let name = user_name().await;
    let item = |title: &str| format!("<item><Title>{title}</Title></item>");
    let news = format!(
        "<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles>{}{}</Articles>",
        item("a"),
        item("b")
    );
    let good = [
        ("<MsgType>image</MsgType><Image><MediaId>m</MediaId></Image>", "Image/MediaId"),
        ("<MsgType>voice</MsgType><Voice><MediaId>m</MediaId></Voice>", "Voice/MediaId"),
        ("<MsgType>video</MsgType><Video><MediaId>m</MediaId></Video>", "Video/MediaId"),
        ("<MsgType>music</MsgType><Music><ThumbMediaId>m</ThumbMediaId></Music>", "Music/ThumbMediaId"),
        ("<MsgType>transfer_customer_service</MsgType>", "MsgType"),
        (&news, "ArticleCount"),
    ];
    for (rest, path) in good {
        let text = reply(&name, rest);
        let Answer::Reply(reply) = answer(plain, move |_| text.clone()).await else { panic!("{rest}") };
        assert!(reply.get(path).is_some(), "{rest}");
        if reply.msg_type() == "news" {
            assert_eq!(reply.all("Articles/item/Title"), ["a", "b"]);
        }
    }
    let bad = [
        ("<MsgType>text</MsgType>", "needs Content"),
        ("<MsgType>text</MsgType><Content></Content>", "needs Content"),
        ("<MsgType>image</MsgType><MediaId>m</MediaId>", "needs Image/MediaId"),
        ("<MsgType>news</MsgType><ArticleCount>two</ArticleCount>", "no whole number"),
        ("<MsgType>news</MsgType><ArticleCount>2</ArticleCount>", "needs Articles/item/Title"),
        ("<MsgType>cheese</MsgType>", "no reply of MsgType \"cheese\""),
        ("<Content>1</Content>", "has no MsgType"),
    ];
    for (rest, expected) in bad {
        let text = reply(&name, rest);
        let why = why(answer(plain, move |_| text.clone()).await);
        assert!(why.contains(expected), "{rest}: {why}");
    }
}

#[tokio::test]
async fn a_reply_that_names_the_wrong_people_is_not_understood() {
    let name = user_name().await;
    let cases = [
        (reply(&name, TEXT).replace(OPENID, "o_other"), "ToUserName is \"o_other\""),
        (reply("gh_other", TEXT), "FromUserName is \"gh_other\""),
        (reply(&name, TEXT).replace("CreateTime", "Created"), "no CreateTime"),
        (reply(&name, TEXT).replace("ToUserName", "ToUser"), "no ToUserName"),
        (format!("<!DOCTYPE xml>{}", reply(&name, TEXT)), "document type"),
        ("{\"MsgType\":\"text\"}".to_owned(), "not the platform's XML"),
    ];
    for (body, expected) in cases {
        let why = why(answer(plain, move |_| body.clone()).await);
        assert!(why.contains(expected), "{expected}: {why}");
    }
}

/// What a server makes of a reply and the request's nonce.
type Change = fn(&str, &str) -> String;

#[tokio::test]
async fn an_envelope_is_checked_as_a_receiver_has_to() {
    let text = reply(&user_name().await, TEXT);
    let sealed = |change: Change| {
        let text = text.clone();
        move |request: &Received| change(&text, request.query("nonce"))
    };
    let cases: [(Change, &str); 8] = [
        (|text, nonce| envelope(text, "wx_other", nonce), "another appid"),
        (|text, _| envelope(text, APPID, "1"), "Nonce is \"1\""),
        (|text, nonce| envelope(text, APPID, nonce).replace("<TimeStamp>1", "<TimeStamp>2"), "MsgSignature"),
        (|text, nonce| envelope(text, APPID, nonce).replace("TimeStamp", "Time"), "has no TimeStamp"),
        (
            |text, nonce| envelope(text, APPID, nonce).replace("MsgSignature", "Signature"),
            "has no MsgSignature",
        ),
        (|text, nonce| envelope(text, APPID, nonce).replace("Nonce", "Once"), "has no Nonce"),
        (|_, nonce| envelope("success", APPID, nonce), "of the decrypted text"),
        (|text, _| text.to_owned(), "is not encrypted"),
    ];
    for (change, expected) in cases {
        let why = why(answer(encrypted, sealed(change)).await);
        assert!(why.contains(expected), "{expected}: {why}");
    }
    let encrypted_where_plain_is_due =
        answer(plain, sealed(|text, nonce| envelope(text, APPID, nonce))).await;
    assert!(why(encrypted_where_plain_is_due).contains("plain mode"));
    let json_where_xml_is_due =
        answer(encrypted, sealed(|text, nonce| json_envelope(text, APPID, nonce))).await;
    assert!(why(json_where_xml_is_due).contains("XML"));
}

#[tokio::test]
async fn a_component_s_reply_is_sealed_under_the_component_s_appid() {
    let text = reply(&user_name().await, TEXT);
    for (appid, good) in [("wx_component", true), (APPID, false)] {
        let text = text.clone();
        let sealed = move |request: &Received| envelope(&text, appid, request.query("nonce"));
        let answer = answer(|url| encrypted(url).component("wx_component"), sealed).await;
        assert_eq!(matches!(answer, Answer::Reply(_)), good, "{answer:?}");
    }
}

#[tokio::test]
async fn news_for_a_third_party_platform_is_answered_success_and_nothing_else() {
    let answers = [("success", true), ("", false), ("<xml><A>1</A></xml>", false)];
    for (body, good) in answers {
        let scene = Scene::start(move |_, _| Behaviour::ok(body)).await;
        let delivery = scene.pusher(encrypted).push(Push::component_verify_ticket("ticket@@@x")).await;
        assert_eq!((delivery.delivered(), delivery.tries()), (good, 1), "{delivery:?}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_is_tried_again_and_told_apart_from_silence() {
    for behaviour in [Behaviour::Hangup, Behaviour::Torn] {
        let scene = Scene::start(move |_, _| behaviour.clone()).await;
        let delivery = scene.pusher(plain).push(Push::text(OPENID, "1")).await;
        assert_eq!(delivery.tries(), 3);
        assert!(matches!(delivery.answer(), Answer::Unreachable(_)), "{delivery:?}");
    }
    let long = |_: &Received, _| Behaviour::ok(&"x".repeat(2 << 20));
    let scene = Scene::start(long).await;
    let delivery = scene.pusher(|url| plain(url).tries(1)).push(Push::text(OPENID, "1")).await;
    let Answer::Unreachable(why) = delivery.answer() else { panic!("{delivery:?}") };
    assert!(why.contains("longer than 1 MiB"), "{why}");
}
