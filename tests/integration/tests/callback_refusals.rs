//! What is refused, and that nobody is told why: signatures, modes, appids, methods.

use axum::Router;
use http::Method;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use wechat_integration_tests::asking::{LONG, ask, by, get, post};
use wechat_integration_tests::callbacks::{
    AT, Inbox, KEY, OTHER_KEY, TOKEN, Wechat, a_text, at, encrypt_of, nowhere, param, pushed, said,
    signed_anew, with_param, without_param, words,
};
use wechat_integration_tests::new_appid;
use wechat_runtime::callback::{self, Content, Keys, Reply};
use wechat_simulator::{Callback, Pusher, SignedPush};

/// A service of the account, what its handler gets, and pushes by these server settings.
fn service(wechat: &Wechat, keys: Keys) -> (Router, Inbox) {
    let inbox = Inbox::default();
    (at(callback::service(wechat.settings_of(keys), inbox.replying(Reply::text("a reply")))), inbox)
}

fn plain(wechat: &Wechat) -> Pusher {
    wechat.pusher(Callback::plain(nowhere(), TOKEN).timeout(LONG))
}

fn of_plain() -> Keys {
    Keys::plain(TOKEN).unwrap()
}

fn with_url(signed: &SignedPush, url: String) -> SignedPush {
    let mut changed = signed.clone();
    changed.url = url;
    changed
}

#[tokio::test]
async fn whatever_is_changed_on_the_way_the_push_is_refused_and_the_answer_says_nothing() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys());
    let signed = wechat.signed(&a_text());
    let other = wechat.signed(&a_text());
    let of_url = |name: &str| param(&signed.url, name).to_owned();
    let later = (wechat.sim.clock().unix() + 1).to_string();
    let right = of_url("msg_signature");
    let flipped = format!("{}{}", if right.starts_with('0') { '1' } else { '0' }, &right[1..]);
    for (name, value) in [
        ("msg_signature", &*flipped),
        ("msg_signature", &right.to_uppercase()),
        ("msg_signature", &right[1..]),
        ("msg_signature", ""),
        ("msg_signature", &of_url("signature")),
        ("msg_signature", param(&other.url, "msg_signature")),
        ("nonce", "1"),
        ("nonce", ""),
        ("nonce", param(&other.url, "nonce")),
        ("timestamp", &later),
        ("timestamp", &format!("0{}", of_url("timestamp"))),
    ] {
        let changed = with_url(&signed, with_param(&signed.url, name, value));
        assert_eq!(said(&router, &changed).await, words(403), "{name}={value}");
    }
    // What is encrypted is signed, to the last bit: in the middle, at its end, and all of another.
    let encrypt = encrypt_of(&signed.body);
    for changed in [
        format!("{}{}{}", &encrypt[..40], if &encrypt[40..41] == "A" { "B" } else { "A" }, &encrypt[41..]),
        encrypt[..encrypt.len() - 4].to_owned(),
        format!("{encrypt}AAAA"),
        String::new(),
        encrypt_of(&other.body).to_owned(),
    ] {
        let mut tampered = signed.clone();
        tampered.body = tampered.body.replace(encrypt, &changed);
        assert_eq!(said(&router, &tampered).await, words(403), "{changed}");
    }
    assert_eq!(inbox.count(), 0, "no handler saw any of them");
    // `signature` is that of the plain mode, and does not count here.
    let unsigned = with_url(&signed, with_param(&signed.url, "signature", "wrong"));
    assert_eq!(pushed(&router, &unsigned).await.status, 200);
    assert_eq!(inbox.count(), 1);
}

/// Somebody who has the token and not the key cannot have anything decrypted to his liking.
#[tokio::test]
async fn what_is_signed_and_cannot_be_decrypted_is_refused_like_everything_else() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys());
    let signed = wechat.signed(&a_text());
    let encrypt = encrypt_of(&signed.body).to_owned();
    let now = wechat.sim.clock().unix();
    for changed in [
        format!("{}{}", &encrypt[..encrypt.len() - 24], "A".repeat(24)),
        encrypt[..64].to_owned(),
        "AAAA".to_owned(),
        "not base64!".to_owned(),
        String::new(),
    ] {
        let mut tampered = signed.clone();
        tampered.body = tampered.body.replace(&encrypt, &changed);
        assert_eq!(said(&router, &signed_anew(&tampered, now)).await, words(403), "{changed}");
    }
    for (what, callback) in [
        ("another token", Callback::encrypted(nowhere(), "another", KEY)),
        ("another key", Callback::encrypted(nowhere(), TOKEN, OTHER_KEY)),
        ("another appid", Callback::encrypted(nowhere(), TOKEN, KEY).component(new_appid())),
        ("another token, plain", Callback::plain(nowhere(), "another")),
    ] {
        let forged = wechat.pusher(callback).sign(&a_text());
        assert_eq!(said(&router, &forged).await, words(403), "{what}");
    }
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn a_parameter_that_is_missing_or_there_twice_is_refused() {
    let wechat = Wechat::new().await;
    let (safe, plain_mode) = (wechat.signed(&a_text()), plain(&wechat).sign(&a_text()));
    let plain_too = wechat.keys().compat();
    for (keys, signed, names) in [
        (wechat.keys(), &safe, ["timestamp", "nonce", "msg_signature"]),
        (of_plain(), &plain_mode, ["timestamp", "nonce", "signature"]),
        (plain_too, &plain_mode, ["timestamp", "nonce", "signature"]),
    ] {
        let (router, inbox) = service(&wechat, keys);
        for name in names {
            let missing = with_url(signed, without_param(&signed.url, name));
            // Without `msg_signature` an encrypted push still says that it is one.
            assert_eq!(said(&router, &missing).await, words(400), "without {name}");
            for value in [param(&signed.url, name), "0", ""] {
                let twice = with_url(signed, format!("{}&{name}={value}", signed.url));
                assert_eq!(said(&router, &twice).await, words(400), "two of {name}");
            }
        }
        for url in [format!("{}?", nowhere()), nowhere(), with_param(&signed.url, "timestamp", "now")] {
            assert_eq!(said(&router, &with_url(signed, url)).await, words(400));
        }
        assert_eq!(inbox.count(), 0);
        assert_eq!(pushed(&router, signed).await.status, 200);
    }
}

#[tokio::test]
async fn a_plain_push_is_refused_where_encrypted_ones_are_due() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys());
    let signed = plain(&wechat).sign(&a_text());
    assert_eq!(said(&router, &signed).await, words(403));
    // It does not help to say that it is encrypted.
    let envelope = wechat.signed(&a_text());
    for claims in ["encrypt_type=aes", "encrypt_type=aes&msg_signature=", "msg_signature=0"] {
        let claiming = with_url(&signed, format!("{}&{claims}", signed.url));
        assert!(matches!(said(&router, &claiming).await.0, 400 | 403), "{claims}");
    }
    // Nor to leave away that an encrypted one is.
    let bare = without_param(&without_param(&envelope.url, "encrypt_type"), "msg_signature");
    let mut stripped = with_url(&envelope, bare);
    assert_eq!(said(&router, &stripped).await, words(403));
    stripped.body = signed.body;
    assert_eq!(said(&router, &stripped).await, words(403));
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn compat_takes_plain_pushes_and_answers_them_plainly() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys().compat());
    let answer = pushed(&router, &plain(&wechat).sign(&a_text())).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("a reply"), "{}", answer.text());
    assert!(matches!(inbox.one().content, Content::Text { .. }));
    let forged = wechat.pusher(Callback::plain(nowhere(), "another")).sign(&a_text());
    assert_eq!(said(&router, &forged).await, words(403));
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn of_a_push_that_is_both_the_encrypted_half_counts() {
    let wechat = Wechat::new().await;
    for (keys, json) in
        [(wechat.keys().compat(), false), (wechat.keys(), false), (wechat.keys().compat(), true)]
    {
        let (router, inbox) = service(&wechat, keys);
        let callback = Callback::compat(nowhere(), TOKEN, KEY);
        let pusher = wechat.pusher(if json { callback.json() } else { callback });
        let mut signed = pusher.sign(&a_text());
        let honest = "CanaryOfWhatWasWritten";
        assert!(signed.body.contains(honest));
        signed.body = signed.body.replace(honest, "a lie");
        let answer = pushed(&router, &signed).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("Encrypt") && !answer.text().contains("a reply"), "it is encrypted");
        assert!(matches!(inbox.one().content, Content::Text { content, .. } if content == honest));
    }
}

#[tokio::test]
async fn an_encrypted_push_is_refused_where_no_key_is_known() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, of_plain());
    assert_eq!(said(&router, &wechat.signed(&a_text())).await, words(403));
    let both = wechat.pusher(Callback::compat(nowhere(), TOKEN, KEY)).sign(&a_text());
    assert_eq!(said(&router, &both).await, words(403));
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn what_an_asker_wrote_is_echoed_only_where_it_is_signed_and_never_as_a_page() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys());
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    let signed = wechat.signed(&a_text());
    let query = |signature: &str| {
        let (timestamp, nonce) = (param(&signed.url, "timestamp"), param(&signed.url, "nonce"));
        format!("{AT}?signature={signature}&timestamp={timestamp}&nonce={nonce}&echostr={script}")
    };
    for (path, status) in [
        (query("0000000000000000000000000000000000000000"), 403),
        (query(""), 403),
        (query(param(&signed.url, "msg_signature")), 403),
        (without_param(&query("x"), "signature"), 400),
        (without_param(&query(param(&signed.url, "signature")), "echostr"), 400),
        (format!("{AT}?echostr={script}"), 400),
        (AT.to_owned(), 400),
    ] {
        let answer = ask(&router, get(&path)).await;
        assert_eq!((answer.status, answer.text().to_owned()), words(status), "{path}");
    }
    let path = query(param(&signed.url, "signature"));
    let answer = ask(&router, get(&path)).await;
    assert_eq!((answer.status, answer.text()), (200, "<script>alert(1)</script>"));
    assert_eq!(answer.header(CONTENT_TYPE.as_str()), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS.as_str()), Some("nosniff"));
    // An old signature verifies nothing.
    wechat.pass(301);
    assert_eq!(ask(&router, get(&path)).await.status, 403);
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat, wechat.keys());
    let signed = wechat.signed(&a_text());
    let path = signed.url.replace("http://callbacks.invalid", "");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = ask(&router, by(method.clone(), post(&path, signed.body.clone()))).await;
        assert_eq!((answer.status, answer.text()), (405, ""), "{method}");
    }
    assert_eq!(inbox.count(), 0);
}
