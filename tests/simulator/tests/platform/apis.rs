//! The APIs' own answers.

use serde_json::{Value, json};
use wechat_simulator::{App, Follower, Material, MaterialKind, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode};

async fn get(platform: &Platform, path: &str, query: &str) -> Value {
    let token = platform.stable().await.value;
    platform.get(&format!("{path}?access_token={token}{query}")).await
}

async fn post(platform: &Platform, path: &str, body: Value) -> Value {
    let token = platform.stable().await.value;
    platform.post(&format!("{path}?access_token={token}"), &body).await
}

#[tokio::test]
async fn a_bare_app_answers_richly() {
    let platform = Platform::start().await;
    let count = get(&platform, "/cgi-bin/material/get_materialcount", "").await;
    assert_eq!(count, json!({ "voice_count": 1, "video_count": 1, "image_count": 3, "news_count": 2 }));
    let users = get(&platform, "/cgi-bin/user/get", "").await;
    assert_eq!((users["total"].as_u64(), users["count"].as_u64()), (Some(3), Some(3)));
    let ips = get(&platform, "/cgi-bin/getcallbackip", "").await;
    assert_eq!(ips, json!({ "ip_list": ["127.0.0.1", "127.0.0.2", "101.226.103.0/25"] }));
    assert_eq!(get(&platform, "/cgi-bin/get_api_domain_ip", "").await, ips);
}

#[tokio::test]
async fn user_info_tells_of_followers_strangers_and_nobody() {
    let platform = Platform::start().await;
    let followers = platform.sim.account(APPID).unwrap().followers();
    let info = async |openid: &str| get(&platform, "/cgi-bin/user/info", &format!("&openid={openid}")).await;
    let follower = info(&followers[0].openid).await;
    assert_eq!(follower["subscribe"], 1);
    assert_eq!(follower["nickname"], "小明");
    let stranger = followers.iter().find(|user| !user.following).unwrap();
    let expected = json!({ "subscribe": 0, "openid": stranger.openid, "unionid": stranger.unionid });
    assert_eq!(info(&stranger.openid).await, expected);
    assert_eq!(errcode(&info("nobody").await), 40003);
    assert_eq!(errcode(&get(&platform, "/cgi-bin/user/info", "").await), 40003);
}

#[tokio::test]
async fn user_get_pages_by_ten_thousand_and_ends_without_data() {
    let users = (0..10_001).map(|number| Follower::new(format!("o{number:05}")));
    let app = users.fold(App::new(APPID, SECRET), App::follower);
    let platform = Platform::with(app).await;
    let first = get(&platform, "/cgi-bin/user/get", "").await;
    assert_eq!(first["total"], 10_001);
    assert_eq!(first["count"], 10_000);
    assert_eq!(first["data"]["openid"].as_array().unwrap().len(), 10_000);
    assert_eq!(first["next_openid"], "o09999");
    let second = get(&platform, "/cgi-bin/user/get", "&next_openid=o09999").await;
    assert_eq!(second["data"], json!({ "openid": ["o10000"] }));
    let end = get(&platform, "/cgi-bin/user/get", "&next_openid=o10000").await;
    assert_eq!(end, json!({ "total": 10_001, "count": 0, "next_openid": "" }));
}

#[tokio::test]
async fn materials_are_paged_and_shaped_by_kind() {
    let app = App::new(APPID, SECRET)
        .material(Material::new(MaterialKind::Image, "IMAGE", "图.png"))
        .material(Material::new(MaterialKind::Voice, "VOICE", "声.mp3"))
        .material(Material::new(MaterialKind::News, "NEWS", "文章"))
        .material(Material::new(MaterialKind::Image, "IMAGE2", "图2.png"));
    let platform = Platform::with(app).await;
    let path = "/cgi-bin/material/batchget_material";
    let page = post(&platform, path, json!({ "type": "image", "offset": 1, "count": 20 })).await;
    assert_eq!((page["total_count"].as_u64(), page["item_count"].as_u64()), (Some(2), Some(1)));
    assert_eq!(page["item"][0]["media_id"], "IMAGE2");
    assert!(page["item"][0]["url"].is_string());
    let voice = post(&platform, path, json!({ "type": "voice", "offset": 0, "count": 1 })).await;
    assert!(voice["item"][0].get("url").is_none());
    let news = post(&platform, path, json!({ "type": "news", "offset": 0, "count": 1 })).await;
    assert_eq!(news["item"][0]["content"]["news_item"][0]["title"], "文章");
    let none = post(&platform, path, json!({ "type": "video", "offset": u64::MAX, "count": 1 })).await;
    assert_eq!(none, json!({ "item": [], "total_count": 0, "item_count": 0 }));
    for (count, code) in [(json!(0), 40170), (json!(21), 40170), (json!("1"), 47001)] {
        let answer = post(&platform, path, json!({ "type": "image", "offset": 0, "count": count })).await;
        assert_eq!(errcode(&answer), code);
    }
}

#[tokio::test]
async fn a_template_message_reaches_a_follower_once_and_is_numbered_above_32_bits() {
    let app = App::new(APPID, SECRET)
        .template("T")
        .follower(Follower::new("o1"))
        .follower(Follower::new("o2").following(false))
        .follower(Follower::new("o3").refusing(true));
    let platform = Platform::with(app).await;
    let send = async |touser: &str, template: &str, data: Value| {
        let body = json!({ "touser": touser, "template_id": template, "data": data });
        post(&platform, "/cgi-bin/message/template/send", body).await
    };
    let data = json!({ "first": { "value": "恭喜你购买成功！", "color": "#173177" } });
    let first = send("o1", "T", data.clone()).await;
    assert_eq!(errcode(&first), 0);
    assert!(first["msgid"].as_u64().unwrap() > u64::from(u32::MAX));
    assert_ne!(send("o1", "T", data.clone()).await["msgid"], first["msgid"]);
    assert_eq!(errcode(&send("nobody", "T", data.clone()).await), 40003);
    assert_eq!(errcode(&send("o1", "U", data.clone()).await), 40037);
    assert_eq!(errcode(&send("o2", "T", data.clone()).await), 43004);
    assert_eq!(errcode(&send("o3", "T", data.clone()).await), 43101);
    let empty = send("o1", "T", json!({ "time2": { "value": "" } })).await;
    assert_eq!(errcode(&empty), 47003);
    let errmsg = empty["errmsg"].as_str().unwrap();
    assert!(errmsg.starts_with("argument invalid! data.time2.value is empty rid: "), "{errmsg}");
    let ledger = platform.sim.ledger();
    assert_eq!(ledger.messages().len(), 2);
    assert_eq!(ledger.messages_to("o1")[0].data, data);
}

#[tokio::test]
async fn a_menu_is_checked_button_by_button() {
    let platform = Platform::start().await;
    let click = json!({ "type": "click", "name": "今日歌曲", "key": "V1001" });
    let view = json!({ "type": "view", "name": "搜索", "url": "http://www.soso.com/" });
    let cases = [
        (json!({ "button": [click, { "name": "菜单", "sub_button": [view] }] }), 0),
        (json!({}), 40016),
        (json!({ "button": [] }), 40016),
        (json!({ "button": [click, click, click, click] }), 40016),
        (json!({ "button": [{ "type": "cheese", "name": "x" }] }), 40017),
        (json!({ "button": [{ "type": "click", "key": "x" }] }), 40018),
        (json!({ "button": [{ "type": "click", "name": "x" }] }), 40019),
        (json!({ "button": [{ "type": "view", "name": "x" }] }), 40020),
        (json!({ "button": [{ "name": "x", "sub_button": [view, view, view, view, view, view] }] }), 40023),
        (
            json!({ "button": [{ "name": "x", "sub_button": [{ "name": "y", "sub_button": [view] }] }] }),
            40022,
        ),
        (json!({ "button": [{ "name": "x", "sub_button": [{ "type": "view", "name": "y" }] }] }), 40027),
    ];
    for (menu, code) in cases {
        assert_eq!(errcode(&post(&platform, "/cgi-bin/menu/create", menu.clone()).await), code, "{menu}");
    }
}

#[tokio::test]
async fn a_menu_with_unicode_escapes_answers_40033_unless_the_test_lets_it() {
    for (refused, code) in [(true, 40033), (false, 0)] {
        let builder = Simulator::builder().app(APPID, SECRET).menu_refuses_unicode_escapes(refused);
        let platform = Platform::over(builder.start().await.unwrap());
        let token = platform.stable().await.value;
        let url = platform.url(&format!("/cgi-bin/menu/create?access_token={token}"));
        let menu = r#"{"button":[{"type":"click","name":"\u4eca","key":"k"}]}"#;
        let answer = platform.http.post(url).body(menu).send().await.unwrap().json().await.unwrap();
        assert_eq!(errcode(&answer), code);
    }
}

#[tokio::test]
async fn a_qr_code_is_made_for_a_scene_that_its_kind_takes() {
    let platform = Platform::start().await;
    let create = async |action_name: &str, scene: Value, seconds: Value| {
        let mut body = json!({ "action_name": action_name, "action_info": { "scene": scene } });
        if !seconds.is_null() {
            body["expire_seconds"] = seconds;
        }
        post(&platform, "/cgi-bin/qrcode/create", body).await
    };
    let (id, text) = (json!({ "scene_id": 1 }), json!({ "scene_str": "试" }));
    let temporary = create("QR_STR_SCENE", text.clone(), json!(604_800)).await;
    assert_eq!(temporary["expire_seconds"], 604_800);
    assert!(temporary["ticket"].as_str().unwrap().starts_with("gQ"));
    assert!(temporary["url"].as_str().unwrap().starts_with("http://weixin.qq.com/q/"));
    assert_eq!(create("QR_SCENE", id.clone(), Value::Null).await["expire_seconds"], 30);
    let permanent = create("QR_LIMIT_STR_SCENE", text.clone(), json!(60)).await;
    assert!(permanent["ticket"].is_string() && permanent.get("expire_seconds").is_none());
    let cases = [
        ("QR_CHEESE", id.clone(), Value::Null, 40052),
        ("", id.clone(), Value::Null, 40052),
        ("QR_SCENE", text.clone(), Value::Null, 40053),
        ("QR_SCENE", json!({ "scene_id": 0 }), Value::Null, 40053),
        ("QR_SCENE", json!({ "scene_id": 1_u64 << 32 }), Value::Null, 40053),
        ("QR_SCENE", Value::Null, Value::Null, 40053),
        ("QR_LIMIT_SCENE", json!({ "scene_id": 100_001 }), Value::Null, 40053),
        ("QR_LIMIT_SCENE", json!({ "scene_id": 100_000 }), Value::Null, 0),
        ("QR_STR_SCENE", json!({ "scene_str": "" }), Value::Null, 40053),
        ("QR_STR_SCENE", json!({ "scene_str": "试".repeat(65) }), Value::Null, 40053),
        ("QR_STR_SCENE", json!({ "scene_str": "试".repeat(64) }), Value::Null, 0),
        ("QR_SCENE", id.clone(), json!(2_592_000), 0),
        ("QR_SCENE", id.clone(), json!(2_592_001), 40097),
        ("QR_SCENE", id.clone(), json!(0), 40097),
        ("QR_SCENE", id, json!("60"), 47001),
    ];
    for (action_name, scene, seconds, code) in cases {
        let answer = create(action_name, scene.clone(), seconds).await;
        assert_eq!(errcode(&answer), code, "{action_name} {scene}");
    }
}
