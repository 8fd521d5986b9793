//! Dialogues: a URL is verified, what users send arrives typed, and WeChat understands what is replied.

use wechat_integration_tests::asking::LONG;
use wechat_integration_tests::callbacks::{
    Inbox, KEY, OLD_KEY, OPENID, OTHER_KEY, Server, TOKEN, Wechat, a_text, at, keys,
};
use wechat_runtime::callback::{self, Article, Content, Incoming, Keys, Music, Reply, Video};
use wechat_simulator::{Answer, Callback, Push, Verification};

/// A name, server settings of an account that pushes to a URL, and the keys of a server that takes it.
type Way = (&'static str, fn(&str) -> Callback, Keys);

fn ways(wechat: &Wechat) -> Vec<Way> {
    fn plain(url: &str) -> Callback {
        Callback::plain(url, TOKEN).timeout(LONG)
    }
    fn encrypted(url: &str) -> Callback {
        Callback::encrypted(url, TOKEN, KEY).timeout(LONG)
    }
    fn compat(url: &str) -> Callback {
        Callback::compat(url, TOKEN, KEY).timeout(LONG)
    }
    let (of_plain, safe) = (Keys::plain(TOKEN).unwrap(), wechat.keys());
    vec![
        ("plain, XML", plain, of_plain.clone()),
        ("plain, JSON", |url| plain(url).json(), of_plain),
        ("encrypted, XML", encrypted, safe.clone()),
        ("encrypted, JSON", |url| encrypted(url).json(), safe.clone()),
        ("compat, XML", compat, safe.clone().compat()),
        ("compat, JSON", |url| compat(url).json(), safe.clone().compat()),
        ("compat, to keys of the safe mode", compat, safe.clone()),
        ("plain, on the way to the safe mode", plain, safe.clone().compat()),
        ("encrypted, on the way to the safe mode", encrypted, safe.compat()),
    ]
}

#[tokio::test]
async fn a_url_is_verified_in_every_mode() {
    let wechat = Wechat::new().await;
    for (way, callback, keys) in ways(&wechat) {
        let inbox = Inbox::default();
        let server = Server::start(at(callback::service(wechat.settings_of(keys), inbox.noting()))).await;
        assert_eq!(wechat.pusher(callback(&server.at())).verify().await, Verification::Passed, "{way}");
        assert_eq!(inbox.count(), 0, "{way}");
    }
}

#[tokio::test]
async fn a_url_is_not_verified_by_another_token() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    let server = Server::start(at(callback::service(wechat.settings(), inbox.noting()))).await;
    for callback in
        [Callback::plain(server.at(), "another"), Callback::encrypted(server.at(), "another", KEY)]
    {
        let verified = wechat.pusher(callback).verify().await;
        assert_eq!(verified, Verification::Refused { status: 403, body: "refused".to_owned() });
    }
}

/// A push, and whether the handler got what was in it.
type Row = (Push, fn(&Content) -> bool);

/// Everything that a user may do.
#[rustfmt::skip]
fn everything() -> Vec<Row> {
    let user = || OPENID;
    vec![
        (Push::text(user(), "你好 <&]]>\n"), |c| matches!(c, Content::Text { content, .. } if content == "你好 <&]]>\n")),
        (Push::image(user(), "http://mmbiz.example/1", "M1"), |c| matches!(c, Content::Image { pic_url, media_id, .. } if pic_url == "http://mmbiz.example/1" && media_id == "M1")),
        (Push::voice(user(), "M2", "amr"), |c| matches!(c, Content::Voice { media_id, format, recognition: None, .. } if media_id == "M2" && format == "amr")),
        (Push::voice(user(), "M2", "amr").field("Recognition", "你好"), |c| matches!(c, Content::Voice { recognition: Some(said), .. } if said == "你好")),
        (Push::video(user(), "M3", "T3"), |c| matches!(c, Content::Video { media_id, thumb_media_id, .. } if media_id == "M3" && thumb_media_id == "T3")),
        (Push::shortvideo(user(), "M4", "T4"), |c| matches!(c, Content::ShortVideo { media_id, thumb_media_id, .. } if media_id == "M4" && thumb_media_id == "T4")),
        (Push::location(user(), 23.134_521, 113.358_803, 20, "广州"), |c| matches!(c, Content::Location { latitude: 23.134_521, longitude: 113.358_803, scale: 20.0, label, .. } if label == "广州")),
        (Push::link(user(), "A", "B", "http://c.example/?d&e"), |c| matches!(c, Content::Link { title, description, url, .. } if title == "A" && description == "B" && url == "http://c.example/?d&e")),
        (Push::subscribe(user()), |c| matches!(c, Content::Subscribe { scene: None, ticket: None, .. })),
        (Push::subscribe_by_scan(user(), "123", "TICKET"), |c| matches!(c, Content::Subscribe { scene: Some(scene), ticket: Some(ticket), .. } if scene == "123" && ticket == "TICKET")),
        (Push::unsubscribe(user()), |c| matches!(c, Content::Unsubscribe)),
        (Push::scan(user(), "123", "TICKET"), |c| matches!(c, Content::Scan { scene, ticket: Some(ticket), .. } if scene == "123" && ticket == "TICKET")),
        (Push::location_report(user(), 23.137_466, 113.352_425, 119.385_04), |c| matches!(c, Content::LocationReport { latitude: 23.137_466, longitude: 113.352_425, precision: 119.385_04, .. })),
        (Push::click(user(), "V1"), |c| matches!(c, Content::Click { event_key, .. } if event_key == "V1")),
        (Push::view(user(), "http://v.example/?a&b"), |c| matches!(c, Content::View { url, .. } if url == "http://v.example/?a&b")),
        (Push::scancode_push(user(), "K1", "qrcode", "1"), |c| matches!(c, Content::ScancodePush(scan) if scan.event_key == "K1" && scan.scan_type == "qrcode" && scan.scan_result == "1")),
        (Push::scancode_waitmsg(user(), "K2", "barcode", "2"), |c| matches!(c, Content::ScancodeWaitmsg(scan) if scan.event_key == "K2" && scan.scan_type == "barcode" && scan.scan_result == "2")),
        (Push::pic_sysphoto(user(), "K3", ["a"]), |c| matches!(c, Content::PicSysphoto(sent) if sent.event_key == "K3" && sent.md5 == ["a"])),
        (Push::pic_photo_or_album(user(), "K4", ["a", "b"]), |c| matches!(c, Content::PicPhotoOrAlbum(sent) if sent.event_key == "K4" && sent.md5 == ["a", "b"])),
        (Push::pic_weixin(user(), "K5", ["a", "b", "c"]), |c| matches!(c, Content::PicWeixin(sent) if sent.event_key == "K5" && sent.md5 == ["a", "b", "c"])),
        (Push::location_select(user(), "K6", 23.5, 113.25, 15, "广州", "P"), |c| matches!(c, Content::LocationSelect { event_key, latitude: 23.5, longitude: 113.25, label, poiname: Some(poiname), .. } if event_key == "K6" && label == "广州" && poiname == "P")),
        (Push::template_send_job_finish(user(), 200_163_836, "failed:user block"), |c| matches!(c, Content::TemplateSendJobFinish { msg_id: 200_163_836, status, .. } if status == "failed:user block")),
        (Push::event(user(), "an_event_of_tomorrow").field("A", "B"), |c| matches!(c, Content::Unknown)),
        (Push::message(user(), "a_message_of_tomorrow"), |c| matches!(c, Content::Unknown)),
    ]
}

#[tokio::test]
async fn whatever_users_do_arrives_typed_in_every_mode_and_format() {
    let wechat = Wechat::new().await;
    for (way, callback, keys) in ways(&wechat) {
        let inbox = Inbox::default();
        let server = Server::start(at(callback::service(wechat.settings_of(keys), inbox.noting()))).await;
        let pusher = wechat.pusher(callback(&server.at()));
        for (push, is_right) in everything() {
            let delivery = pusher.push(push.clone()).await;
            assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1), "{way}: {push:?}");
            let got = inbox.one();
            assert!(is_right(&got.content), "{way}: {push:?}: {got:?}");
            assert_eq!((&*got.to_user_name, &*got.from_user_name), (pusher.user_name(), OPENID), "{way}");
            assert_eq!(got.create_time, wechat.sim.clock().unix(), "{way}");
            let is_message = got.fields.text("MsgType") != Some("event");
            assert_eq!(got.msg_id.is_some(), is_message, "{way}: {push:?}");
        }
    }
}

/// A reply, the kind that WeChat has to see, and fields of it.
type Sent = (Reply, &'static str, Vec<(&'static str, &'static str)>);

fn replies() -> Vec<Sent> {
    let article = |n: &str| {
        Article::new(format!("Title {n}"), "https://a.example").description("D").picture("https://p.example")
    };
    vec![
        (Reply::text("你好 <&]]> \"\\"), "text", vec![("Content", "你好 <&]]> \"\\")]),
        (Reply::image("M1"), "image", vec![("Image/MediaId", "M1")]),
        (Reply::voice("M2"), "voice", vec![("Voice/MediaId", "M2")]),
        (
            Reply::video(Video::new("M3").title("A").description("B")),
            "video",
            vec![("Video/MediaId", "M3"), ("Video/Title", "A"), ("Video/Description", "B")],
        ),
        (
            Reply::music(Music::new("T").title("A").url("http://m.example").hq_url("http://hq.example")),
            "music",
            vec![
                ("Music/ThumbMediaId", "T"),
                ("Music/MusicUrl", "http://m.example"),
                ("Music/HQMusicUrl", "http://hq.example"),
            ],
        ),
        (
            Reply::news([article("1"), article("2")]).unwrap(),
            "news",
            vec![
                ("ArticleCount", "2"),
                ("Articles/item/Title", "Title 1"),
                ("Articles/item/PicUrl", "https://p.example"),
            ],
        ),
        (Reply::transfer_customer_service(), "transfer_customer_service", vec![]),
        (
            Reply::transfer_to("test1@test"),
            "transfer_customer_service",
            vec![("TransInfo/KfAccount", "test1@test")],
        ),
    ]
}

#[tokio::test]
async fn wechat_understands_every_reply_and_it_is_encrypted_where_the_push_was() {
    let wechat = Wechat::new().await;
    for (reply, msg_type, fields) in replies() {
        for (way, callback, keys) in ways(&wechat) {
            let inbox = Inbox::default();
            let service = callback::service(wechat.settings_of(keys), inbox.replying(reply.clone()));
            let server = Server::start(at(service)).await;
            let delivery = wechat.pusher(callback(&server.at())).push(a_text()).await;
            let got = delivery.reply().unwrap_or_else(|| panic!("{way}, {msg_type}: {delivery:?}"));
            assert_eq!((got.msg_type(), delivery.tries(), inbox.count()), (msg_type, 1, 1), "{way}");
            assert_eq!(got.encrypted(), !way.starts_with("plain"), "{way}, {msg_type}");
            assert_eq!(got.get("CreateTime"), Some(&*wechat.sim.clock().unix().to_string()), "{way}");
            for (path, value) in &fields {
                // A list is elements of their own name in XML, and an array in JSON.
                let path =
                    if way.ends_with("JSON") { path.replace("/item/", "/") } else { (*path).to_owned() };
                assert_eq!(got.get(&path), Some(*value), "{way}, {msg_type}: {path}");
            }
        }
    }
}

#[tokio::test]
async fn no_reply_is_success_however_the_handler_says_it() {
    let wechat = Wechat::new().await;
    let settings = || wechat.settings();
    for service in [
        callback::service(settings(), |_: Incoming| async { Reply::success() }),
        callback::service(settings(), |_: Incoming| async {}),
        callback::service(settings(), || async {}),
        callback::service(settings(), |_: Incoming| async { Ok::<_, std::io::Error>(Reply::success()) }),
        callback::service(settings(), |_: Incoming| async { Ok::<(), std::io::Error>(()) }),
    ] {
        let server = Server::start(at(service)).await;
        let delivery = wechat.safe(server.at()).push(a_text()).await;
        assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1));
    }
}

#[tokio::test]
async fn a_push_under_the_previous_key_is_answered_under_that_key() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    let rotating = wechat.keys().previous_key(OLD_KEY).unwrap();
    let service = callback::service(wechat.settings_of(rotating), inbox.replying(Reply::text("here")));
    let server = Server::start(at(service)).await;
    for key in [KEY, OLD_KEY] {
        let callback = Callback::encrypted(server.at(), TOKEN, key).timeout(LONG);
        let delivery = wechat.pusher(callback).push(a_text()).await;
        let reply = delivery.reply().unwrap_or_else(|| panic!("{key} decrypts the reply: {delivery:?}"));
        assert_eq!((reply.get("Content"), reply.encrypted()), (Some("here"), true));
    }
    assert_eq!(inbox.count(), 2);
    let callback = Callback::encrypted(server.at(), TOKEN, OTHER_KEY).timeout(LONG).tries(1);
    let delivery = wechat.pusher(callback).push(a_text()).await;
    assert_eq!(delivery.answer(), &Answer::Refused { status: 403, body: "refused".to_owned() });
    assert_eq!(inbox.count(), 2, "a third key is nobody's");
}

#[tokio::test]
async fn a_previous_key_is_given_up_with_the_next_one() {
    let wechat = Wechat::new().await;
    let inbox = Inbox::default();
    let rotated = keys(&wechat.appid, KEY).previous_key(OTHER_KEY).unwrap().previous_key(OLD_KEY).unwrap();
    let server = Server::start(at(callback::service(wechat.settings_of(rotated), inbox.noting()))).await;
    let callback = |key| Callback::encrypted(server.at(), TOKEN, key).timeout(LONG).tries(1);
    assert!(wechat.pusher(callback(OLD_KEY)).push(a_text()).await.delivered());
    assert!(!wechat.pusher(callback(OTHER_KEY)).push(a_text()).await.delivered());
}
