use serde_json::{Value, json};

use super::*;

/// What WeChat's pages show of each type, less what all of them have; what it is read as; and the fields without which it is
/// unknown.
#[rustfmt::skip]
fn samples() -> Vec<(Value, Content, &'static [&'static str])> {
    let scan = || MenuScan { event_key: "6".into(), scan_type: "qrcode".into(), scan_result: "1".into() };
    let pictures = || MenuPictures { event_key: "6".into(), md5: vec!["1b5f7c23b5bf75682a53e7b6d163e185".into(), "5a75aaca956d97be686719218f275c6b".into()] };
    let menu_of_scans = |event: &str| json!({ "MsgType": "event", "Event": event, "EventKey": 6, "ScanCodeInfo": { "ScanType": "qrcode", "ScanResult": 1 } });
    let menu_of_pictures = |event: &str| json!({ "MsgType": "event", "Event": event, "EventKey": "6", "SendPicsInfo": { "Count": 2, "PicList": [
        { "PicMd5Sum": "1b5f7c23b5bf75682a53e7b6d163e185" }, { "PicMd5Sum": "5a75aaca956d97be686719218f275c6b" },
    ] } });
    let (scan_needs, pictures_need): (&[_], &[_]) = (&["EventKey", "ScanCodeInfo", "ScanType", "ScanResult"], &["EventKey", "SendPicsInfo"]);
    vec![
        (json!({ "MsgType": "text", "Content": " this is\n a test " }), Content::Text { content: " this is\n a test ".into() }, &["Content"]),
        (json!({ "MsgType": "text", "Content": "" }), Content::Text { content: String::new() }, &["Content"]),
        (json!({ "MsgType": "image", "PicUrl": "http://a/", "MediaId": "media" }), Content::Image { pic_url: "http://a/".into(), media_id: "media".into() }, &["PicUrl", "MediaId"]),
        (json!({ "MsgType": "voice", "MediaId": "media", "Format": "amr" }), Content::Voice { media_id: "media".into(), format: "amr".into(), recognition: None }, &["MediaId", "Format"]),
        (json!({ "MsgType": "voice", "MediaId": "media", "Format": "amr", "Recognition": "" }), Content::Voice { media_id: "media".into(), format: "amr".into(), recognition: None }, &["MediaId", "Format"]),
        (json!({ "MsgType": "voice", "MediaId": "media", "Format": "amr", "Recognition": "腾讯" }), Content::Voice { media_id: "media".into(), format: "amr".into(), recognition: Some("腾讯".into()) }, &["MediaId", "Format"]),
        (json!({ "MsgType": "video", "MediaId": "media", "ThumbMediaId": "thumb" }), Content::Video { media_id: "media".into(), thumb_media_id: "thumb".into() }, &["MediaId", "ThumbMediaId"]),
        (json!({ "MsgType": "shortvideo", "MediaId": "media", "ThumbMediaId": "thumb" }), Content::ShortVideo { media_id: "media".into(), thumb_media_id: "thumb".into() }, &["MediaId", "ThumbMediaId"]),
        (json!({ "MsgType": "location", "Location_X": 23.125, "Location_Y": "-113.5", "Scale": 20, "Label": "" }), Content::Location { latitude: 23.125, longitude: -113.5, scale: 20.0, label: String::new() }, &["Location_X", "Location_Y", "Scale", "Label"]),
        (json!({ "MsgType": "link", "Title": "t", "Description": "d", "Url": "u" }), Content::Link { title: "t".into(), description: "d".into(), url: "u".into() }, &["Title", "Description", "Url"]),
        (json!({ "MsgType": "event", "Event": "subscribe", "EventKey": "" }), Content::Subscribe { scene: None, ticket: None }, &[]),
        (json!({ "MsgType": "event", "Event": "subscribe", "EventKey": "qrscene_123123", "Ticket": "TICKET" }), Content::Subscribe { scene: Some("123123".into()), ticket: Some("TICKET".into()) }, &[]),
        (json!({ "MsgType": "event", "Event": "unsubscribe" }), Content::Unsubscribe, &[]),
        (json!({ "MsgType": "event", "Event": "SCAN", "EventKey": 4_294_967_295_u32, "Ticket": "TICKET" }), Content::Scan { scene: "4294967295".into(), ticket: Some("TICKET".into()) }, &["EventKey"]),
        (json!({ "MsgType": "event", "Event": "LOCATION", "Latitude": 23.25, "Longitude": "113.5", "Precision": "119.0" }), Content::LocationReport { latitude: 23.25, longitude: 113.5, precision: 119.0 }, &["Latitude", "Longitude", "Precision"]),
        (json!({ "MsgType": "event", "Event": "CLICK", "EventKey": "EVENTKEY" }), Content::Click { event_key: "EVENTKEY".into() }, &["EventKey"]),
        (json!({ "MsgType": "event", "Event": "VIEW", "EventKey": "www.qq.com", "MenuId": "1" }), Content::View { url: "www.qq.com".into() }, &["EventKey"]),
        (json!({ "MsgType": "event", "Event": "view_miniprogram", "EventKey": "pages/index", "MenuId": "1" }), Content::ViewMiniprogram { page_path: "pages/index".into() }, &["EventKey"]),
        (menu_of_scans("scancode_push"), Content::ScancodePush(scan()), scan_needs),
        (menu_of_scans("scancode_waitmsg"), Content::ScancodeWaitmsg(scan()), scan_needs),
        (menu_of_pictures("pic_sysphoto"), Content::PicSysphoto(pictures()), pictures_need),
        (menu_of_pictures("pic_photo_or_album"), Content::PicPhotoOrAlbum(pictures()), pictures_need),
        (menu_of_pictures("pic_weixin"), Content::PicWeixin(pictures()), pictures_need),
        (json!({ "MsgType": "event", "Event": "location_select", "EventKey": "6", "SendLocationInfo": { "Location_X": "23", "Location_Y": "113", "Scale": "15", "Label": "广州市", "Poiname": "" } }), Content::LocationSelect { event_key: "6".into(), latitude: 23.0, longitude: 113.0, label: "广州市".into(), poiname: None }, &["EventKey", "SendLocationInfo", "Location_X", "Location_Y", "Label"]),
        (json!({ "MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": 200_163_836, "Status": "failed: system failed" }), Content::TemplateSendJobFinish { msg_id: 200_163_836, status: "failed: system failed".into() }, &["MsgID", "Status"]),
    ]
}

/// JSON as the XML of the same push.
fn xml(name: &str, value: &Value) -> String {
    let inside: String = match value {
        Value::String(text) => format!("<![CDATA[{text}]]>"),
        Value::Object(fields) => fields.iter().map(|(name, value)| xml(name, value) + "\n").collect(),
        Value::Array(items) => items.iter().map(|item| xml("item", item)).collect(),
        other => other.to_string(),
    };
    format!("<{name}>{inside}</{name}>")
}

fn both(push: &Value) -> [String; 2] {
    [push.to_string(), xml("xml", push)]
}

/// Takes the field of this name away, wherever it is.
fn remove(push: &mut Value, name: &str) {
    match push {
        Value::Object(fields) => {
            fields.remove(name);
            fields.values_mut().for_each(|value| remove(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, name)),
        _ => {}
    }
}

fn names(push: &Value) -> Vec<String> {
    let fields = push.as_object().into_iter().flatten();
    fields.flat_map(|(name, value)| [vec![name.clone()], names(value)].concat()).collect()
}

#[test]
fn each_type_is_read_in_either_format() {
    for (mut push, content, _) in samples() {
        let fields = push.as_object_mut().unwrap();
        fields.insert("ToUserName".into(), "gh_97417a04a28d".into());
        fields.insert("FromUserName".into(), "o9AgO5Kd5ggOC-bXrbNODIiE3bGY".into());
        fields.insert("CreateTime".into(), 1_348_831_860.into());
        fields.insert("MsgId".into(), 1_234_567_890_123_456_u64.into());
        for text in both(&push) {
            let incoming = Incoming::parse(&text).unwrap();
            assert_eq!(incoming.content, content, "{text}");
            assert_eq!(incoming.to_user_name, "gh_97417a04a28d");
            assert_eq!(incoming.from_user_name, "o9AgO5Kd5ggOC-bXrbNODIiE3bGY");
            assert_eq!((incoming.create_time, incoming.msg_id), (1_348_831_860, Some(1_234_567_890_123_456)));
            assert_eq!(incoming.fields.text("MsgType"), push["MsgType"].as_str());
        }
    }
}

#[test]
fn each_row_has_a_sample() {
    for (msg_type, event, _) in ROWS {
        let is_of = |push: &Value| {
            push["MsgType"] == **msg_type && push["Event"].as_str().unwrap_or_default() == *event
        };
        assert!(samples().iter().any(|(push, ..)| is_of(push)), "{msg_type} {event}");
    }
}

#[test]
fn without_a_field_that_it_has_to_have_it_is_unknown_and_all_others_are_there() {
    for (push, _, required) in samples() {
        for name in names(&push).iter().filter(|name| !matches!(&***name, "MsgType" | "Event")) {
            let mut push = push.clone();
            remove(&mut push, name);
            for text in both(&push) {
                let incoming = Incoming::parse(&text).unwrap();
                let is_unknown = incoming.content == Content::Unknown;
                assert_eq!(is_unknown, required.contains(&&**name), "without {name}: {text}");
                assert_eq!(incoming.fields, Fields::parse(&text).unwrap());
            }
        }
        assert!(required.iter().all(|name| names(&push).iter().any(|known| known == name)), "{push}");
    }
}

#[test]
fn a_number_that_is_none_makes_it_unknown() {
    for wrong in ["", "x", "23,1", "0x17", "1 2"] {
        let push =
            json!({ "MsgType": "location", "Location_X": wrong, "Location_Y": 1, "Scale": 1, "Label": "" });
        assert!(
            both(&push).iter().all(|text| Incoming::parse(text).unwrap().content == Content::Unknown),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_not_among_the_types_is_unknown_with_all_its_fields() {
    for push in [
        json!({ "MsgType": "event", "Event": "debug_demo", "debug_str": "hello world" }),
        json!({ "MsgType": "event", "Event": "click", "EventKey": "of another case", "debug_str": "hello world" }),
        json!({ "MsgType": "event", "debug_str": "hello world" }),
        json!({ "MsgType": "TEXT", "Content": "of another case", "debug_str": "hello world" }),
        json!({ "MsgType": { "text": 1 }, "debug_str": "hello world" }),
        json!({ "Event": "CLICK", "EventKey": "of no type", "debug_str": "hello world" }),
    ] {
        for text in both(&push) {
            let incoming = Incoming::parse(&text).unwrap();
            assert_eq!(incoming.content, Content::Unknown, "{text}");
            assert_eq!(incoming.fields.text("debug_str"), Some("hello world"));
            assert_eq!(incoming.fields.iter().count(), push.as_object().unwrap().len());
        }
    }
}

#[test]
fn an_event_beside_a_message_does_not_make_it_another() {
    let push = json!({ "MsgType": "text", "Event": "CLICK", "EventKey": "key", "Content": "text" });
    let incoming = Incoming::parse(&push.to_string()).unwrap();
    assert_eq!(incoming.content, Content::Text { content: "text".into() });
}

#[test]
fn what_nobody_said_is_empty_and_a_push_is_xml_or_json() {
    let incoming = Incoming::parse("<xml><CreateTime>soon</CreateTime><MsgId>-1</MsgId></xml>").unwrap();
    assert_eq!((&*incoming.to_user_name, &*incoming.from_user_name), ("", ""));
    assert_eq!((incoming.create_time, incoming.msg_id, incoming.content), (0, None, Content::Unknown));
    assert_eq!(Incoming::parse("success").unwrap_err(), Error::Malformed);
}
