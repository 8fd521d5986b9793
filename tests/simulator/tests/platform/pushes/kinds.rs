//! Every kind of push in every mode.

use serde_json::{Value, json};
use wechat_simulator::{Callback, Field, Push};

use super::codec::{between, decrypt, sign};
use super::server::{Behaviour, Received};
use super::{APPID, KEY, OPENID, Scene, TOKEN, compat, encrypted, plain};

const UNIX: u64 = 1_714_112_445;
const MSG_ID: u64 = 6_054_768_590_064_713_728;
const COMPONENT: &str = "wx134c8103faa5a59e";

/// Every message, with what stands between `CreateTime` and `MsgId`.
fn messages() -> Vec<(Push, &'static str)> {
    vec![
        (Push::text(OPENID, "你好 <&"), "<MsgType>text</MsgType><Content>你好 <&</Content>"),
        (
            Push::image(OPENID, "http://p", "m"),
            "<MsgType>image</MsgType><PicUrl>http://p</PicUrl><MediaId>m</MediaId>",
        ),
        (
            Push::voice(OPENID, "m", "amr").field("Recognition", "r"),
            "<MsgType>voice</MsgType><MediaId>m</MediaId><Format>amr</Format><Recognition>r</Recognition>",
        ),
        (
            Push::video(OPENID, "m", "t"),
            "<MsgType>video</MsgType><MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>",
        ),
        (
            Push::shortvideo(OPENID, "m", "t"),
            "<MsgType>shortvideo</MsgType><MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>",
        ),
        (
            Push::location(OPENID, 23.134_521, 113.358_803, 20, "l"),
            "<MsgType>location</MsgType><Location_X>#23.134521</Location_X><Location_Y>#113.358803</Location_Y>\
             <Scale>#20</Scale><Label>l</Label>",
        ),
        (
            Push::link(OPENID, "t", "d", "u"),
            "<MsgType>link</MsgType><Title>t</Title><Description>d</Description><Url>u</Url>",
        ),
        (Push::message(OPENID, "new").field("A", 1_u32), "<MsgType>new</MsgType><A>#1</A>"),
    ]
}

/// Every event, with what stands between `MsgType` and the end.
fn events() -> Vec<(Push, &'static str)> {
    let pictures = "<SendPicsInfo><Count>#2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item>\
                    <item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>";
    let with_pictures = |event: &str| -> &'static str {
        format!("<Event>{event}</Event><EventKey>k</EventKey>{pictures}").leak()
    };
    let with_code_read = |event: &str| -> &'static str {
        let info = "<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>";
        format!("<Event>{event}</Event><EventKey>k</EventKey>{info}").leak()
    };
    vec![
        (Push::subscribe(OPENID), "<Event>subscribe</Event>"),
        (
            Push::subscribe_by_scan(OPENID, "123", "T"),
            "<Event>subscribe</Event><EventKey>qrscene_123</EventKey><Ticket>T</Ticket>",
        ),
        (Push::unsubscribe(OPENID), "<Event>unsubscribe</Event>"),
        (Push::scan(OPENID, "123", "T"), "<Event>SCAN</Event><EventKey>123</EventKey><Ticket>T</Ticket>"),
        (
            Push::location_report(OPENID, 23.137_466, 113.352_425, 119.5),
            "<Event>LOCATION</Event><Latitude>#23.137466</Latitude><Longitude>#113.352425</Longitude>\
             <Precision>#119.5</Precision>",
        ),
        (Push::click(OPENID, "k"), "<Event>CLICK</Event><EventKey>k</EventKey>"),
        (Push::view(OPENID, "http://v"), "<Event>VIEW</Event><EventKey>http://v</EventKey>"),
        (
            Push::template_send_job_finish(OPENID, 200_163_836, "failed:user block"),
            "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>#200163836</MsgID><Status>failed:user block</Status>",
        ),
        (Push::scancode_push(OPENID, "k", "qrcode", "1"), with_code_read("scancode_push")),
        (Push::scancode_waitmsg(OPENID, "k", "qrcode", "1"), with_code_read("scancode_waitmsg")),
        (Push::pic_sysphoto(OPENID, "k", ["a", "b"]), with_pictures("pic_sysphoto")),
        (Push::pic_photo_or_album(OPENID, "k", ["a", "b"]), with_pictures("pic_photo_or_album")),
        (Push::pic_weixin(OPENID, "k", ["a", "b"]), with_pictures("pic_weixin")),
        (
            Push::location_select(OPENID, "k", 23.5, 113.0, 15, "l", "p"),
            "<Event>location_select</Event><EventKey>k</EventKey><SendLocationInfo><Location_X>23.5</Location_X>\
             <Location_Y>113</Location_Y><Scale>15</Scale><Label>l</Label><Poiname>p</Poiname></SendLocationInfo>",
        ),
        (
            Push::event(OPENID, "new").field("A", Field::group([("B", "b")])),
            "<Event>new</Event><A><B>b</B></A>",
        ),
    ]
}

/// Every piece of news for a third-party platform, with what stands between `CreateTime` and the end.
fn infos() -> Vec<(Push, &'static str)> {
    let code = "<AuthorizerAppid>wx2</AuthorizerAppid><AuthorizationCode>c</AuthorizationCode>\
                <PreAuthCode>p</PreAuthCode><AuthorizationCodeExpiredTime>#1714116045</AuthorizationCodeExpiredTime>";
    let with_code =
        |info_type: &str| -> &'static str { format!("<InfoType>{info_type}</InfoType>{code}").leak() };
    vec![
        (
            Push::component_verify_ticket("ticket@@@x"),
            "<InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@x</ComponentVerifyTicket>",
        ),
        (Push::authorized("wx2", "c").field("PreAuthCode", "p"), with_code("authorized")),
        (Push::updateauthorized("wx2", "c").field("PreAuthCode", "p"), with_code("updateauthorized")),
        (
            Push::unauthorized("wx2"),
            "<InfoType>unauthorized</InfoType><AuthorizerAppid>wx2</AuthorizerAppid>",
        ),
    ]
}

/// The platform's XML without line breaks between fields and without CDATA; a number has a `#`.
fn simple(xml: &str) -> String {
    let numbered = xml.replace("]]>", "").replace('\n', "");
    let mut simple = String::new();
    let mut rest = numbered.as_str();
    while let Some((before, after)) = rest.split_once('>') {
        let text_is_bare = !after.starts_with('<') && !after.is_empty();
        simple.extend([before, if text_is_bare { ">#" } else { ">" }]);
        rest = after.strip_prefix("<![CDATA[").unwrap_or(after);
    }
    simple + rest
}

/// The decrypted body of an encrypted request, its signatures and its receiver having been checked.
fn opened(received: &Received, appid: &str) -> String {
    let (timestamp, nonce) = (received.query("timestamp"), received.query("nonce"));
    let encrypt = between(&received.body, "<Encrypt><![CDATA[", "]]></Encrypt>");
    assert_eq!(received.query("encrypt_type"), "aes");
    assert_eq!(received.query("signature"), sign(&[timestamp, nonce]));
    assert_eq!(received.query("msg_signature"), sign(&[timestamp, nonce, encrypt]));
    let (message, enveloped_for) = decrypt(encrypt);
    assert_eq!(enveloped_for, appid);
    message
}

/// Pushes in every mode and compares what is received with the expected fields.
async fn arrives(pushes: Vec<(Push, String)>) {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let mut before = 0;
    for callback in [plain, encrypted, compat] {
        let account = scene.pusher(|url| callback(url).component(COMPONENT));
        for (push, expected) in &pushes {
            assert!(account.push(push.clone()).await.delivered());
            let received = scene.server.received().split_off(before).remove(0);
            before += 1;
            let expected = expected.replace("gh", account.user_name());
            let whole = format!("<xml>{expected}</xml>");
            match before.saturating_sub(1) / pushes.len() {
                0 => assert_eq!(simple(&received.body), whole),
                1 => {
                    assert_eq!(simple(&opened(&received, COMPONENT)), whole);
                    let first = if whole.contains("<InfoType>") {
                        format!("<xml><AppId><![CDATA[{COMPONENT}]]></AppId>\n<Encrypt>")
                    } else {
                        format!(
                            "<xml><ToUserName><![CDATA[{}]]></ToUserName>\n<Encrypt>",
                            account.user_name()
                        )
                    };
                    assert!(received.body.starts_with(&first), "{}", received.body);
                }
                _ => {
                    assert_eq!(simple(&opened(&received, COMPONENT)), whole);
                    let open = simple(&received.body);
                    assert!(open.starts_with(&format!("<xml>{expected}<Encrypt>")), "{open}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_message_arrives_in_every_mode() {
    let whole = |(push, fields): (Push, &str)| {
        let head = format!("<ToUserName>gh</ToUserName><FromUserName>{OPENID}</FromUserName>");
        let text = format!("{head}<CreateTime>#{UNIX}</CreateTime>{fields}<MsgId>#{MSG_ID}</MsgId>");
        (push.create_time(UNIX).msg_id(MSG_ID), text)
    };
    arrives(messages().into_iter().map(whole).collect()).await;
}

#[tokio::test]
async fn every_event_arrives_in_every_mode() {
    let whole = |(push, fields): (Push, &str)| {
        let head = format!("<ToUserName>gh</ToUserName><FromUserName>{OPENID}</FromUserName>");
        (
            push.create_time(UNIX),
            format!("{head}<CreateTime>#{UNIX}</CreateTime><MsgType>event</MsgType>{fields}"),
        )
    };
    arrives(events().into_iter().map(whole).collect()).await;
}

#[tokio::test]
async fn every_piece_of_news_for_a_third_party_platform_arrives_in_every_mode() {
    let whole = |(push, fields): (Push, &str)| {
        (
            push.create_time(UNIX),
            format!("<AppId>{COMPONENT}</AppId><CreateTime>#{UNIX}</CreateTime>{fields}"),
        )
    };
    arrives(infos().into_iter().map(whole).collect()).await;
}

#[tokio::test]
async fn a_code_comes_with_a_pre_auth_code_that_stays_over_every_try() {
    let answers = [Behaviour::Hangup, Behaviour::ok("success")];
    let scene = Scene::start(move |_, index| answers[index].clone()).await;
    assert!(scene.pusher(plain).push(Push::authorized("wx2", "c")).await.delivered());
    let received = scene.server.received();
    assert_eq!(received[0].body, received[1].body);
    let code = between(&received[0].body, "<PreAuthCode><![CDATA[", "]]>");
    assert_eq!(code.strip_prefix("preauthcode@@@").map(str::len), Some(86), "{code}");
}

#[tokio::test]
async fn a_push_without_a_user_has_no_openid_in_its_query() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let pusher = scene.pusher(encrypted);
    pusher.push(Push::unauthorized("wx2").info_appid("wx3")).await;
    pusher.push(Push::raw("  as it is\n")).await;
    let received = scene.server.received();
    for request in &received {
        assert_eq!(request.names(), ["signature", "timestamp", "nonce", "encrypt_type", "msg_signature"]);
    }
    assert!(opened(&received[0], APPID).contains("<AppId><![CDATA[wx3]]></AppId>"));
    assert!(received[0].body.contains(&format!("<AppId><![CDATA[{APPID}]]></AppId>")), "the envelope's own");
    assert_eq!(opened(&received[1], APPID), "  as it is\n");
}

#[tokio::test]
async fn json_says_the_same_in_every_mode() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let push = Push::pic_weixin(OPENID, "k", ["a"]).create_time(UNIX);
    for callback in [plain, encrypted, compat] {
        assert!(scene.pusher(|url| callback(url).json()).push(push.clone()).await.delivered());
    }
    assert!(scene.pusher(|url| encrypted(url).json()).push(Push::unauthorized("wx2")).await.delivered());
    let received = scene.server.received();
    let [open, sealed, both, info] =
        [0, 1, 2, 3].map(|index| serde_json::from_str::<Value>(&received[index].body).unwrap());
    let user_name = scene.pusher(plain).user_name().to_owned();
    let expected = json!({
        "ToUserName": user_name, "FromUserName": OPENID, "CreateTime": UNIX, "MsgType": "event",
        "Event": "pic_weixin", "EventKey": "k",
        "SendPicsInfo": { "Count": 1, "PicList": { "item": [{ "PicMd5Sum": "a" }] } },
    });
    assert_eq!(open, expected);
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    assert_eq!(sealed["ToUserName"], user_name);
    assert_eq!(info["AppId"], APPID);
    let (message, _) = decrypt(sealed["Encrypt"].as_str().unwrap());
    assert!(message.starts_with(&format!("{{\"ToUserName\":\"{user_name}\",\"FromUserName\"")), "{message}");
    assert_eq!(serde_json::from_str::<Value>(&message).unwrap(), expected);
    let (message, _) = decrypt(both["Encrypt"].as_str().unwrap());
    assert_eq!(serde_json::from_str::<Value>(&message).unwrap(), expected);
    assert_eq!(both["SendPicsInfo"], expected["SendPicsInfo"]);
}

#[tokio::test]
async fn a_third_party_platform_s_url_has_the_account_s_appid_in_it() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let pusher = scene.pusher(|url| Callback::encrypted(format!("{url}/$APPID$/callback?a=b"), TOKEN, KEY));
    assert!(pusher.push(Push::subscribe(OPENID)).await.delivered());
    let received = &scene.server.received()[0];
    assert_eq!(received.path, format!("/wechat/{APPID}/callback"));
    assert_eq!(received.names()[..2], ["a", "signature"]);
}

#[tokio::test]
async fn a_clone_of_a_message_is_the_same_message_and_time_is_the_simulator_s() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let pusher = scene.pusher(plain);
    let push = Push::text(OPENID, "1");
    let ids = [push.clone(), push, Push::text(OPENID, "1")].map(|push| {
        let body = pusher.sign(&push).body;
        between(&body, "<MsgId>", "</MsgId>").parse::<u64>().unwrap()
    });
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0] > 1 << 53, "more than a float can hold");
    scene.sim.clock().set(std::time::UNIX_EPOCH + std::time::Duration::from_secs(UNIX));
    let signed = pusher.sign(&Push::subscribe(OPENID));
    assert!(signed.body.contains(&format!("<CreateTime>{UNIX}</CreateTime>")), "{}", signed.body);
    assert!(signed.url.contains(&format!("&timestamp={UNIX}&")), "{}", signed.url);
}
