//! Signatures and encryption of pushes against the published vectors: each of them, whatever is added to the list.

use std::error::Error as _;

use serde_json::{Value, json};
use wechat_runtime::callback::crypto::{self, AesKey, Keys, Query};
use wechat_runtime::callback::{Error, Fields};

fn all() -> Value {
    serde_json::from_str(include_str!("../vectors.json")).unwrap()
}

/// All vectors of a section, which has at least as many as it had when it was last looked at.
fn vectors(of: &str, at_least: usize) -> Vec<Value> {
    let vectors = all()[of].as_array().unwrap().clone();
    assert!(vectors.len() >= at_least, "{of} has {} vectors left", vectors.len());
    vectors
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} of {vector}"))
}

fn aes_key(vector: &Value) -> AesKey {
    AesKey::new(text(vector, "encoding_aes_key")).unwrap()
}

fn keys(vector: &Value) -> Keys {
    Keys::encrypted(text(vector, "appid"), text(vector, "token"), text(vector, "encoding_aes_key")).unwrap()
}

fn random(vector: &Value) -> [u8; 16] {
    text(vector, "random16").as_bytes().try_into().unwrap()
}

/// The query of a vector's URL, as published where it was.
fn query(vector: &Value) -> Query {
    let made = || {
        let [timestamp, nonce, signature] =
            ["timestamp", "nonce", "msg_signature"].map(|name| text(vector, name));
        format!("signature=0&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={signature}")
    };
    let query = vector["url_query"].as_str().map_or_else(made, str::to_owned);
    Query::parse(&query).unwrap()
}

/// The bodies that an `Encrypt` may come in: messages, component events, the compatible mode; in XML and in JSON.
fn bodies(encrypt: &str) -> Vec<String> {
    let plain = "<FromUserName><![CDATA[somebody]]></FromUserName><Content>plain</Content>";
    vec![
        format!(
            "<xml>\n<ToUserName><![CDATA[gh_1]]></ToUserName>\n<Encrypt><![CDATA[{encrypt}]]></Encrypt>\n</xml>"
        ),
        format!("<xml><AppId>wx1</AppId><Encrypt>{encrypt}</Encrypt></xml>"),
        format!("<?xml version=\"1.0\"?><xml>{plain}<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"),
        json!({ "ToUserName": "gh_1", "Encrypt": encrypt }).to_string(),
        json!({ "ToUserName": "gh_1", "Content": "plain", "Encrypt": encrypt }).to_string(),
    ]
}

/// What was encrypted is what comes out, in every way there is; and its reply comes out at the other side.
fn opens(vector: &Value) {
    let name = text(vector, "name");
    let [encrypt, plaintext, appid, token] =
        ["encrypt", "plaintext", "appid", "token"].map(|field| text(vector, field));
    let key = aes_key(vector);
    assert_eq!(key.decrypt(encrypt, appid).unwrap(), plaintext, "{name}");

    let (keys, query) = (keys(vector), query(vector));
    for body in bodies(encrypt) {
        let opened = keys.open(&query, body.as_bytes()).unwrap();
        assert_eq!((opened.message(), opened.is_encrypted()), (plaintext, true), "{name}");

        let sealed = opened.seal("<xml>a reply</xml>", &query, 1_713_424_427);
        assert_eq!(sealed.starts_with('{'), body.starts_with('{'), "{name} is answered in its format");
        let sealed = Fields::parse(&sealed).unwrap();
        let [reply, signature, timestamp, nonce] =
            ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].map(|field| sealed.text(field).unwrap());
        assert_eq!((timestamp, nonce), ("1713424427", text(vector, "nonce")));
        crypto::verify(signature, &[token, timestamp, nonce, reply]).unwrap();
        assert_eq!(key.decrypt(reply, appid).unwrap(), "<xml>a reply</xml>");
    }
}

fn encrypts_to_the_same(vector: &Value) {
    let [name, encrypt, plaintext, appid] =
        ["name", "encrypt", "plaintext", "appid"].map(|field| text(vector, field));
    assert_eq!(aes_key(vector).encrypt_with(random(vector), plaintext, appid), encrypt, "{name}");
    let bare = 16 + 4 + plaintext.len() + appid.len();
    assert_eq!(vector["full_str_len"], bare, "{name}");
    assert_eq!(vector["tmp_msg_len"], (bare / 32 + 1) * 32, "{name}");
}

fn signs_to_the_same(vector: &Value, encrypted: &str) {
    let parts = ["token", "timestamp", "nonce", encrypted].map(|field| text(vector, field));
    assert_eq!(crypto::sign(&parts), text(vector, "msg_signature"), "{vector}");
    crypto::verify(text(vector, "msg_signature"), &parts).unwrap();
}

#[test]
fn no_section_of_the_vectors_is_left_out() {
    let known = [
        "about",
        "algorithms",
        "card_signature",
        "encoding_aes_key_trailing_bits",
        "encrypted_echostr",
        "jssdk_signature",
        "message_decrypt",
        "message_encrypt",
        "negative",
        "url_verification",
    ];
    let all = all();
    let mut sections: Vec<_> = all.as_object().unwrap().keys().collect();
    sections.sort();
    assert_eq!(sections, known, "a section that is new has to be tried");
}

#[test]
fn every_url_is_verified() {
    for vector in vectors("url_verification", 2) {
        let parts = ["token", "timestamp", "nonce"].map(|field| text(&vector, field));
        assert_eq!(crypto::sign(&parts), text(&vector, "signature"));
        let echostr = vector["echostr"].as_str().unwrap_or("an echostr");
        let [token, timestamp, nonce] = parts;
        let signature = text(&vector, "signature");
        let query =
            format!("signature={signature}&timestamp={timestamp}&nonce={nonce}&echostr={echostr}&openid=o1");
        let query = Query::parse(&query).unwrap();
        let plain = Keys::plain(token).unwrap();
        assert_eq!(plain.verify_url(&query).unwrap(), vector["response"].as_str().unwrap_or(echostr));
        // The same query signs a plain push.
        assert_eq!(plain.open(&query, b"<xml/>").unwrap().message(), "<xml/>");
        let other = Keys::plain("another token").unwrap();
        assert_eq!(other.verify_url(&query).unwrap_err(), Error::Signature);
    }
}

#[test]
fn every_push_is_opened() {
    for vector in vectors("message_decrypt", 4) {
        signs_to_the_same(&vector, "encrypt");
        opens(&vector);
        if vector["reencrypts_to_same"] == true {
            encrypts_to_the_same(&vector);
        }
    }
}

#[test]
fn every_reply_is_encrypted_and_opened() {
    for vector in vectors("message_encrypt", 6) {
        encrypts_to_the_same(&vector);
        signs_to_the_same(&vector, "encrypt");
        opens(&vector);
    }
}

#[test]
fn every_encrypted_echostr_is_decrypted() {
    for vector in vectors("encrypted_echostr", 1) {
        signs_to_the_same(&vector, "echostr");
        let decrypted = aes_key(&vector).decrypt(text(&vector, "echostr"), text(&vector, "appid"));
        assert_eq!(decrypted.unwrap(), text(&vector, "plaintext"));
    }
}

/// The vector that a negative one begins with the name of, and what it is changed to.
fn named(case: &str) -> (Value, &str) {
    let (name, change) = case.split_once(' ').unwrap();
    let vectors = vectors("message_decrypt", 4);
    (vectors.into_iter().find(|vector| vector["name"] == name).unwrap(), change)
}

fn refusal(negative: &Value) -> Error {
    let field = |name: &str| negative[name].as_str();
    let official = named("official_json as it is").0;
    if let Some(case) = field("case") {
        let (mut vector, change) = named(case);
        let (field, value) =
            change.trim_start_matches("decrypted ").strip_prefix("with ").unwrap().split_once(' ').unwrap();
        if vector["url_query"].is_string() {
            vector["url_query"] = text(&vector, "url_query").replace(text(&vector, field), value).into();
        }
        vector[field] = value.into();
        return refused_as_a_push(&vector, text(&vector, "encrypt"));
    }
    if let Some(key) = field("encoding_aes_key") {
        assert_eq!(Keys::encrypted("wx1", "token", key).unwrap_err(), AesKey::new(key).unwrap_err());
        return AesKey::new(key).unwrap_err();
    }
    if let Some(encrypt) = field("encrypt") {
        let mut vector = official;
        let parts = [text(&vector, "token"), text(&vector, "timestamp"), text(&vector, "nonce"), encrypt];
        let signature = crypto::sign(&parts);
        vector["url_query"] = Value::Null;
        vector["msg_signature"] = signature.into();
        let refused = aes_key(&vector).decrypt(encrypt, text(&vector, "appid")).unwrap_err();
        assert_eq!(refused_as_a_push(&vector, encrypt), refused);
        return refused;
    }
    if let Some(body) = field("body") {
        let refused = keys(&official).open(&query(&official), body.as_bytes()).unwrap_err();
        assert_eq!(Fields::parse(body).unwrap_err(), refused);
        return refused;
    }
    let parts = ["token", "timestamp", "nonce"].map(|name| text(negative, name));
    let signature = text(negative, "signature");
    for vector in vectors("encrypted_echostr", 1) {
        let [token, timestamp, nonce] = parts;
        let with_echostr = [token, timestamp, nonce, text(&vector, "echostr")];
        assert_eq!(crypto::verify(signature, &with_echostr).unwrap_err(), Error::Signature);
    }
    crypto::verify(signature, &parts).unwrap_err()
}

fn refused_as_a_push(vector: &Value, encrypt: &str) -> Error {
    let (keys, query) = (keys(vector), query(vector));
    let refusals: Vec<_> =
        bodies(encrypt).iter().map(|body| keys.open(&query, body.as_bytes()).unwrap_err()).collect();
    assert!(refusals.windows(2).all(|two| two[0] == two[1]), "{refusals:?}");
    refusals[0]
}

/// What a negative vector is refused as: by the code that it expects, or by what it is called where it expects none.
fn expected(negative: &Value) -> (Error, i32) {
    let expect = text(negative, "expect");
    let code = expect.find("-400").map(|at| expect[at..at + 6].parse().unwrap());
    let code = code.unwrap_or(if expect.contains("bad padding") { -40007 } else { -40001 });
    let error = match code {
        -40001 => Error::Signature,
        -40002 => Error::Malformed,
        -40004 => Error::EncodingAesKey,
        -40005 => Error::Appid,
        -40007 => Error::Decrypt,
        -40010 => Error::Base64,
        code => panic!("no error has the code {code}"),
    };
    (error, code)
}

#[test]
fn every_wrong_push_is_refused_for_what_is_wrong_with_it() {
    for negative in vectors("negative", 8) {
        let (error, code) = expected(&negative);
        let refused = refusal(&negative);
        assert_eq!((refused, refused.code()), (error, Some(code)), "{negative}");
    }
}

#[test]
fn no_refusal_shows_a_piece_of_a_message_or_a_key() {
    let mut secrets = Vec::new();
    for vector in vectors("message_decrypt", 4) {
        for field in ["plaintext", "encoding_aes_key", "encrypt", "appid", "msg_signature", "random16"] {
            let value: Vec<_> = text(&vector, field).chars().collect();
            secrets.extend(value.windows(8).map(|piece| piece.iter().collect::<String>()));
        }
        secrets.push(text(&vector, "token").to_owned());
    }
    for negative in vectors("negative", 8) {
        let error = refusal(&negative);
        assert!(error.source().is_none());
        let shown = format!("{error} {error:?} {error:#?}");
        for secret in &secrets {
            assert!(!shown.contains(secret), "{secret} is in: {shown}");
        }
    }
}

#[test]
fn every_key_is_one_whatever_its_last_two_bits_are() {
    let all = all();
    let keys = all["encoding_aes_key_trailing_bits"]["keys"].as_object().unwrap();
    assert!(keys.len() >= 5 && keys.values().any(|bits| bits == true), "{keys:?}");
    for (key, has_trailing_bits) in keys {
        // A key whose bits are cleared is the same key.
        let (most, last) = key.split_at(42);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let value = alphabet.find(last).unwrap();
        assert_eq!(value % 4 != 0, *has_trailing_bits == true, "{key}");
        let cleared = format!("{most}{}", &alphabet[value / 4 * 4..=value / 4 * 4]);
        let encrypt = AesKey::new(key).unwrap().encrypt_with([7; 16], "message", "wx1");
        assert_eq!(AesKey::new(&cleared).unwrap().decrypt(&encrypt, "wx1").unwrap(), "message");
    }
}
