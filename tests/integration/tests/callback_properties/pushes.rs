//! What is opened: queries and bodies of a stranger and of one who knows the `Token`, and pushes of odd fields.

use fastrand::Rng;
use serde_json::json;
use wechat_runtime::callback::crypto::{self, AesKey, Keys, Query};
use wechat_runtime::callback::{ComponentEvent, ComponentInfo, Content, Error, Incoming, Reply};

use super::{OPENED, QUERIES, TYPED, holds, texts};

const KEY: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";
const APPID: &str = "wx49f0ab532d5d035a";
const TOKEN: &str = "123456";

const PARAMETERS: [&str; 8] =
    ["signature", "timestamp", "nonce", "echostr", "encrypt_type", "msg_signature", "openid", "x"];

fn encoded(pairs: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://h/", pairs).unwrap().query().unwrap_or_default().to_owned()
}

#[test]
fn a_query_is_read_or_refused_by_the_name_of_what_is_wrong() {
    holds(QUERIES, |rng| {
        let mut pairs: Vec<_> = (0..rng.usize(..8))
            .map(|_| {
                let name = rng.choice(PARAMETERS).unwrap();
                (name, if rng.bool() { rng.u32(..).to_string() } else { texts::text(rng) })
            })
            .collect();
        if rng.bool() {
            // Each parameter once, most of the time.
            pairs.sort();
            pairs.dedup_by(|a, b| a.0 == b.0);
        }
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, &**value)).collect();
        let query = encoded(&pairs);
        let of = |wanted: &str| -> Vec<&str> {
            pairs.iter().filter(|(name, _)| *name == wanted).map(|pair| pair.1).collect()
        };
        let once = |name: &str| of(name).len() == 1;
        let at_most_once = PARAMETERS[..6].iter().all(|name| of(name).len() < 2);
        let is_number = of("timestamp")
            .first()
            .is_some_and(|time| !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()));
        let is_short = of("nonce").first().is_some_and(|nonce| nonce.len() <= 32);
        let is_good = once("timestamp") && once("nonce") && at_most_once && is_number && is_short;
        match Query::parse(&query) {
            Ok(parsed) => {
                assert!(is_good, "{query}");
                let now = of("timestamp")[0].parse().unwrap_or(0);
                let fresh = parsed.check_fresh(now, 0);
                assert!(fresh == Ok(()) || (fresh == Err(Error::Stale) && of("timestamp")[0].len() > 19));
                assert_eq!(parsed.check_fresh(now.wrapping_add(1 << 40), 1 << 20), Err(Error::Stale));
            }
            Err(error) => assert!(!is_good && matches!(error, Error::Query(_)), "{error:?} of {query}"),
        }
        let spoilt = Query::parse(&texts::spoilt(rng, &query));
        assert!(spoilt.is_ok() || matches!(spoilt, Err(Error::Query(_))));
    });
}

/// An envelope of this `Encrypt`, in some format.
fn envelope(rng: &mut Rng, encrypt: &str) -> String {
    match rng.u8(..4) {
        0 => json!({ "ToUserName": texts::text(rng), "Encrypt": encrypt }).to_string(),
        1 => format!("<xml><Encrypt>{encrypt}</Encrypt></xml>"),
        _ => format!("<xml><AppId>wx1</AppId>\n<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"),
    }
}

#[test]
fn nothing_is_opened_but_what_is_signed_and_whole() {
    let key = AesKey::new(KEY).unwrap();
    let keys = Keys::encrypted(APPID, TOKEN, KEY).unwrap();
    let both = keys.clone().previous_key(&"A".repeat(43)).unwrap().compat();
    let plain = Keys::plain(TOKEN).unwrap();
    holds(OPENED, |rng| {
        let (message, nonce) = (texts::text(rng), texts::text(rng));
        // At most 32 bytes.
        let nonce: String = nonce.chars().take(8).collect();
        let timestamp = rng.u32(..).to_string();
        let honest = key.encrypt(&message, APPID);
        let encrypt = match rng.u8(..4) {
            0 => texts::spoilt(rng, &honest).replace(['<', '&', ']', '\r'], ""),
            _ => honest.clone(),
        };
        let signed = if rng.bool() { encrypt.clone() } else { texts::spoilt(rng, &encrypt) };
        let signature = crypto::sign(&[TOKEN, &timestamp, &nonce, &signed]);
        let mut pairs = vec![("timestamp", &*timestamp), ("nonce", &*nonce), ("msg_signature", &*signature)];
        if rng.bool() {
            pairs.push(("encrypt_type", "aes"));
        }
        let query = Query::parse(&encoded(&pairs)).unwrap();
        let mut body = envelope(rng, &encrypt).into_bytes();
        let is_whole = rng.u8(..4) > 0;
        if !is_whole {
            texts::spoil(rng, &mut body);
        }
        for keys in [&keys, &both] {
            match keys.open(&query, &body) {
                // A body that is spoilt beside its `Encrypt` is opened; no other `Encrypt` than the signed one is.
                Ok(opened) => assert!(opened.message() == message || encrypt != honest || signed != honest),
                Err(Error::Signature) => assert!(!is_whole || signed != encrypt, "{query:?}"),
                Err(Error::Base64 | Error::Decrypt | Error::Appid) => {
                    assert!(signed != honest, "it is whole, and refused");
                }
                Err(error) => {
                    assert!(!is_whole && matches!(error, Error::Malformed | Error::Plaintext), "{error:?}");
                }
            }
        }
        assert_eq!(plain.open(&query, &body).unwrap_err(), Error::Encrypted);

        let signature = crypto::sign(&[TOKEN, &timestamp, &nonce]);
        let query = [("timestamp", &*timestamp), ("nonce", &*nonce), ("signature", &*signature)];
        let query = Query::parse(&encoded(&query)).unwrap();
        assert_eq!(keys.open(&query, &body).unwrap_err(), Error::Plaintext);
        for keys in [&both, &plain] {
            match keys.open(&query, &body) {
                Ok(opened) => assert_eq!(opened.message().as_bytes(), body),
                Err(error) => assert!(error == Error::Malformed && std::str::from_utf8(&body).is_err()),
            }
        }
    });
}

const TYPES: [&str; 12] = [
    "text",
    "image",
    "voice",
    "location",
    "link",
    "event",
    "subscribe",
    "LOCATION",
    "pic_weixin",
    "location_select",
    "authorized",
    "component_verify_ticket",
];
const NAMES: [&str; 20] = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "EventKey",
    "Content",
    "PicUrl",
    "MediaId",
    "Format",
    "Location_X",
    "Location_Y",
    "Scale",
    "Label",
    "SendPicsInfo",
    "SendLocationInfo",
    "InfoType",
    "AuthorizerAppid",
    "AuthorizationCode",
    "ComponentVerifyTicket",
];

/// A push of fields that WeChat's have, with values that WeChat's have not.
fn push(rng: &mut Rng) -> serde_json::Map<String, serde_json::Value> {
    let most = rng.usize(..NAMES.len());
    let names = rng.choose_multiple(NAMES, most);
    let mut value = |name: &str| match rng.u8(..8) {
        0 => json!(texts::text(rng)),
        1 => json!(rng.choice(["nan", "inf", "-1", "1e999", " 7 ", "18446744073709551616", ""]).unwrap()),
        2 => json!({ "PicList": [{ "PicMd5Sum": texts::text(rng) }, texts::text(rng)], "Label": 1 }),
        3 => json!([[], null, rng.i64(..)]),
        _ if name.ends_with("Type") || name == "Event" => json!(rng.choice(TYPES).unwrap()),
        _ => json!(f64::from(rng.i16(..)) / 64.0),
    };
    names.into_iter().map(|name| (name.to_owned(), value(name))).collect()
}

#[test]
fn a_push_of_odd_fields_is_typed_or_unknown_and_can_be_answered() {
    holds(TYPED, |rng| {
        let push = push(rng);
        let text = json!(push).to_string();
        let incoming = Incoming::parse(&text).unwrap();
        let sender =
            push.get("FromUserName").map(|name| name.as_str().map_or(name.to_string(), str::to_owned));
        let is_text = push.get("FromUserName").is_some_and(|name| !name.is_object() && !name.is_array());
        assert_eq!(incoming.from_user_name, if is_text { sender.unwrap() } else { String::new() });
        assert_eq!(incoming.fields.iter().count(), push.len());
        if push.get("MsgType").is_none_or(|kind| !TYPES[..6].contains(&kind.as_str().unwrap_or_default())) {
            assert_eq!(incoming.content, Content::Unknown);
        }
        let said = texts::text(rng);
        let reply = Reply::text(&said).render(&incoming, rng.u64(..));
        match reply {
            Ok(None) => assert!(said.is_empty()),
            Ok(Some(reply)) => assert!(Incoming::parse(&reply).is_ok()),
            Err(error) => assert!(error == Error::NoSender && incoming.from_user_name.is_empty()),
        }
        let event = ComponentEvent::parse(&text).unwrap();
        if let ComponentInfo::Unknown(fields) = &event.info {
            assert_eq!(*fields, incoming.fields);
        }
        let _ = (format!("{incoming:?}"), format!("{event:?}"));
    });
}
