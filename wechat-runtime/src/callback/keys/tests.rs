use super::*;

const OLD: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const NEW: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";
const TOKEN: &str = "canary-token";
const APPID: &str = "wx1f2e3d4c5b6a7988";

fn keys() -> Keys {
    Keys::encrypted(APPID, TOKEN, NEW).unwrap()
}

/// A push of this message under this key, with its query.
fn push(key: &str, message: &str) -> (Query, String) {
    let encrypt = AesKey::new(key).unwrap().encrypt(message, APPID);
    let signature = crypto::sign(&[TOKEN, "1714112445", "415670741", &encrypt]);
    let query = format!(
        "timestamp=1714112445&nonce=415670741&encrypt_type=aes&msg_signature={signature}&signature=0"
    );
    (Query::parse(&query).unwrap(), format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"))
}

/// A query that signs a plain push, or the verification of a URL.
fn plain_query(more: &str) -> Query {
    let signature = crypto::sign(&[TOKEN, "1714112445", "415670741"]);
    Query::parse(&format!("timestamp=1714112445&nonce=415670741&signature={signature}{more}")).unwrap()
}

#[test]
fn a_push_under_either_key_is_opened_and_answered_under_the_same() {
    let keys = keys().previous_key(OLD).unwrap();
    for key in [OLD, NEW] {
        let (query, body) = push(key, "<xml>a message</xml>");
        let opened = keys.open(&query, body.as_bytes()).unwrap();
        assert_eq!(opened.message(), "<xml>a message</xml>");
        let sealed = Fields::parse(&opened.seal("<xml>a reply</xml>", &query, 1)).unwrap();
        let reply = AesKey::new(key).unwrap().decrypt(sealed.text("Encrypt").unwrap(), APPID);
        assert_eq!(reply.as_deref(), Ok("<xml>a reply</xml>"));
    }
}

#[test]
fn there_is_one_key_before_the_current_one() {
    let older = "A".repeat(43);
    let (query, body) = push(&older, "<xml/>");
    let opens = |keys: Keys| keys.open(&query, body.as_bytes()).map(|opened| opened.message).ok();
    assert_eq!(opens(keys()), None);
    assert_eq!(opens(keys().previous_key(OLD).unwrap()), None);
    assert!(opens(keys().previous_key(&older).unwrap()).is_some());
    assert_eq!(opens(keys().previous_key(&older).unwrap().previous_key(OLD).unwrap()), None);
    assert_eq!(keys().previous_key("short").unwrap_err(), Error::EncodingAesKey);
}

#[test]
fn nothing_is_signed_with_an_empty_token() {
    assert_eq!(Keys::plain("").unwrap_err(), Error::EmptyToken);
    assert_eq!(Keys::encrypted(APPID, "", NEW).unwrap_err(), Error::EmptyToken);
}

#[test]
fn of_a_push_that_is_both_the_encrypted_half_counts() {
    let (query, body) = push(NEW, "<xml><Content>encrypted</Content></xml>");
    let body = body.replace("<xml>", "<xml><Content>plain</Content>");
    for keys in [keys(), keys().compat()] {
        let opened = keys.open(&query, body.as_bytes()).unwrap();
        assert_eq!(opened.message(), "<xml><Content>encrypted</Content></xml>");
    }
    // Without a `signature` of the query's alone it is not made a plain one, either.
    let (timestamp, nonce) = (&query.given.timestamp, &query.given.nonce);
    let stripped = Query::parse(&format!("timestamp={timestamp}&nonce={nonce}&signature=0")).unwrap();
    assert_eq!(keys().open(&stripped, body.as_bytes()).unwrap_err(), Error::Plaintext);
    assert_eq!(keys().compat().open(&stripped, body.as_bytes()).unwrap_err(), Error::Signature);
}

#[test]
fn a_plain_push_is_taken_in_the_plain_mode_and_on_the_way_to_the_safe_one() {
    let query = plain_query("&encrypt_type=raw");
    let open = |keys: &Keys| keys.open(&query, b"<xml/>").map(|opened| opened.is_encrypted());
    assert_eq!(open(&Keys::plain(TOKEN).unwrap()), Ok(false));
    assert_eq!(open(&keys().compat()), Ok(false));
    assert_eq!(open(&keys()).unwrap_err(), Error::Plaintext);
    assert_eq!(open(&Keys::plain("another").unwrap()).unwrap_err(), Error::Signature);
    let (query, body) = push(NEW, "<xml/>");
    assert_eq!(
        Keys::plain(TOKEN).unwrap().open(&query, body.as_bytes()).unwrap_err(),
        Error::Encrypted,
        "it is not read as a plain one"
    );
}

#[test]
fn the_signature_of_a_plain_push_opens_no_encrypted_one() {
    let (_, body) = push(NEW, "<xml/>");
    let signature = crypto::sign(&[TOKEN, "1714112445", "415670741"]);
    let query = plain_query(&format!("&encrypt_type=aes&msg_signature={signature}"));
    assert_eq!(keys().open(&query, body.as_bytes()).unwrap_err(), Error::Signature);
    let query = plain_query("&encrypt_type=aes");
    assert_eq!(keys().open(&query, body.as_bytes()).unwrap_err(), Error::Query("msg_signature"));
}

#[test]
fn an_echostr_is_given_back_as_it_is_to_who_signs() {
    for keys in [keys(), Keys::plain(TOKEN).unwrap()] {
        assert_eq!(keys.verify_url(&plain_query("&echostr=a%20b%2B%3Cc%3E")), Ok("a b+<c>"));
        assert_eq!(keys.verify_url(&plain_query("")), Err(Error::Query("echostr")));
        let unsigned = Query::parse("timestamp=1&nonce=2&echostr=3").unwrap();
        assert_eq!(keys.verify_url(&unsigned), Err(Error::Query("signature")));
        let forged = Query::parse("timestamp=1&nonce=2&echostr=3&signature=4").unwrap();
        assert_eq!(keys.verify_url(&forged), Err(Error::Signature));
    }
}

#[test]
fn what_is_no_reply_is_not_encrypted() {
    let (query, body) = push(NEW, "<xml/>");
    let opened = keys().open(&query, body.as_bytes()).unwrap();
    for bare in ["success", ""] {
        assert_eq!(opened.seal(bare, &query, 1), bare);
    }
    assert!(opened.seal("<xml/>", &query, 1).starts_with("<xml><Encrypt><![CDATA["));
    let plain = Keys::plain(TOKEN).unwrap().open(&plain_query(""), b"<xml/>").unwrap();
    assert_eq!(plain.seal("<xml>a reply</xml>", &query, 1), "<xml>a reply</xml>");
}

#[test]
fn a_push_is_fresh_within_the_window_on_either_side() {
    let query = plain_query("");
    let fresh = |now: u64| query.check_fresh(now, 300).is_ok();
    let signed = 1_714_112_445;
    assert!(fresh(signed) && fresh(signed - 300) && fresh(signed + 300));
    assert!(!fresh(signed - 301) && !fresh(signed + 301) && !fresh(0) && !fresh(u64::MAX));
    let endless = Query::parse("timestamp=99999999999999999999&nonce=1").unwrap();
    assert_eq!(endless.check_fresh(u64::MAX, u64::MAX), Err(Error::Stale));
}

#[test]
fn nothing_secret_is_printed() {
    let (query, body) = push(NEW, "<xml>canary-message</xml>");
    let keys = keys().previous_key(OLD).unwrap();
    let opened = keys.open(&query, body.as_bytes()).unwrap();
    let signed = plain_query("&echostr=canary-echostr");
    let shown = format!("{keys:?} {keys:#?} {query:?} {query:#?} {opened:?} {opened:#?} {signed:?}");
    let signature = signed.given.signature.clone().unwrap();
    let msg_signature = query.given.msg_signature.clone().unwrap();
    for secret in ["canary", OLD, NEW, "415670741", &signature, &msg_signature] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    assert!(shown.contains(APPID) && shown.contains("1714112445"), "{shown}");
}
