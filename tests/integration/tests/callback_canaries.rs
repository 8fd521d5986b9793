//! No token, key, ticket, code or word of a user's is seen in what callbacks log, in their errors, in a `Debug`, or in what
//! is answered to one who may not be WeChat.

use std::fmt::{Debug, Write as _};
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use wechat_integration_tests::asking::{Answer, ask, get};
use wechat_integration_tests::callbacks::{
    AT, Desk, KEY, OLD_KEY, OPENID, OTHER_KEY, Server, TOKEN, Wechat, at, encrypt_of, keys, nowhere, pushed,
    request, signed_anew, with_param, without_param,
};
use wechat_integration_tests::new_appid;
use wechat_integration_tests::seen::{Seen, around};
use wechat_integration_tests::tickets::Record;
use wechat_runtime::callback::crypto::{AesKey, Query};
use wechat_runtime::callback::{
    self, Begun, ComponentEvent, ComponentEvents, Fields, Fingerprint, Incoming, Keys, Reply,
    component_service,
};
use wechat_runtime::{async_trait, storage};
use wechat_simulator::{Callback, Push, SignedPush};

const OTHER_TOKEN: &str = "CanaryTokenOfAnother";
const WORDS: &str = "CanaryOfWhatWasWritten";
const REPLY: &str = "CanaryOfWhatIsReplied";
const TICKET: &str = "ticket@@@canary";
const CODE: &str = "queryauthcode@@@canary";
const PRE: &str = "preauthcode@@@canary";
const ODD: &str = "CanaryOfABody";

/// What was shown to somebody.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn debug(&mut self, what: &dyn Debug) {
        writeln!(self.0, "{what:?} {what:#?}").unwrap();
    }

    fn error(&mut self, error: &(dyn std::error::Error + 'static)) {
        writeln!(self.0, "{error} {error:?} {error:#?}").unwrap();
    }

    /// Notes an answer whole.
    fn answer(&mut self, answer: &Answer) -> u16 {
        writeln!(self.0, "{} {:?} {:?}", answer.status, answer.headers, answer.body).unwrap();
        answer.status
    }

    async fn push(&mut self, router: &Router, signed: &SignedPush) -> u16 {
        self.answer(&pushed(router, signed).await)
    }
}

struct Failing;

#[async_trait]
impl ComponentEvents for Failing {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        // As somebody would who wants to know what could not be kept.
        Err(storage::Error::msg(format!("not kept: {event:?}")))
    }
}

#[async_trait]
impl callback::Seen for Failing {
    async fn begin(&self, push: &Fingerprint, _: Duration) -> storage::Result<Begun> {
        Err(storage::Error::msg(format!("no memory of {push}")))
    }

    async fn done(&self, _: &Fingerprint, _: Duration) -> storage::Result<()> {
        Ok(())
    }

    async fn failed(&self, _: &Fingerprint) -> storage::Result<()> {
        Ok(())
    }
}

fn text() -> Push {
    Push::text(OPENID, WORDS)
}

fn with_url(signed: &SignedPush, url: String) -> SignedPush {
    let mut changed = signed.clone();
    changed.url = url;
    changed
}

fn with_body(signed: &SignedPush, body: impl Into<String>) -> SignedPush {
    let mut changed = signed.clone();
    changed.body = body.into();
    changed
}

/// Pushes that are refused by keys of this account's, whichever.
fn refused(wechat: &Wechat) -> Vec<SignedPush> {
    let signed = wechat.signed(&text());
    let sign = |callback: Callback| wechat.pusher(callback).sign(&text());
    let encrypt = encrypt_of(&signed.body).to_owned();
    let now = wechat.sim.clock().unix();
    vec![
        sign(Callback::encrypted(nowhere(), OTHER_TOKEN, KEY)),
        sign(Callback::encrypted(nowhere(), TOKEN, OTHER_KEY)),
        sign(Callback::encrypted(nowhere(), TOKEN, KEY).component(new_appid())),
        sign(Callback::plain(nowhere(), OTHER_TOKEN)),
        sign(Callback::compat(nowhere(), OTHER_TOKEN, KEY)),
        with_url(&signed, with_param(&signed.url, "nonce", ODD)),
        with_url(&signed, with_param(&signed.url, "timestamp", ODD)),
        with_url(&signed, without_param(&signed.url, "msg_signature")),
        with_url(&signed, format!("{}&nonce={ODD}", signed.url)),
        with_url(&signed, nowhere()),
        with_body(&signed, ODD),
        with_body(&signed, signed.plaintext.clone()),
        with_body(&signed, format!("<!DOCTYPE {ODD}>{}", signed.body)),
        with_body(&signed, ODD.repeat(100_000)),
        signed_anew(&with_body(&signed, signed.body.replace(&encrypt, ODD)), now),
        signed_anew(&with_body(&signed, signed.body.replace(&encrypt, &encrypt[..64])), now),
        wechat.signed(&Push::raw(ODD)),
        wechat.signed(&text().create_time(now - 1000)),
    ]
}

fn news() -> Vec<Push> {
    vec![
        Push::component_verify_ticket(TICKET),
        Push::authorized(new_appid(), CODE).field("PreAuthCode", PRE),
        Push::updateauthorized(new_appid(), CODE).field("PreAuthCode", PRE),
        Push::info("news_of_tomorrow").field("Ticket", TICKET).field("Code", CODE),
    ]
}

/// All of it in one test: the subscriber is the process's.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_seen_of_callbacks() {
    let seen = Seen::begin();
    let wechat = Wechat::new().await;
    let mut shown = Shown::default();
    let of_plain = Keys::plain(TOKEN).unwrap();
    let safe = wechat.keys().previous_key(OLD_KEY).unwrap();
    let all = [safe.clone(), safe.clone().compat(), of_plain.clone()];

    // Dialogues.
    for (keys, callback) in [
        (&all[0], Callback::encrypted as fn(String, &'static str, &'static str) -> Callback),
        (&all[1], Callback::compat),
        (&all[2], |url, token, _| Callback::plain(url, token)),
    ] {
        let service =
            callback::service(wechat.settings_of(keys.clone()), |_: Incoming| async { Reply::text(REPLY) });
        let server = Server::start(at(service)).await;
        let pusher = wechat.pusher(callback(server.at(), TOKEN, KEY));
        assert!(pusher.verify().await.passed());
        let push = text();
        assert!(pusher.push(push.clone()).await.reply().is_some());
        assert!(pusher.push(push).await.delivered(), "and again");
        for push in news() {
            drop(pusher.push(push).await);
        }
    }

    // Refusals.
    for keys in &all {
        let router = at(callback::service(wechat.settings_of(keys.clone()), |_: Incoming| async {}));
        let component = at(component_service(wechat.settings_of(keys.clone()), Record::default()));
        for signed in refused(&wechat) {
            assert_ne!(shown.push(&router, &signed).await, 200);
            assert_ne!(shown.push(&component, &signed).await, 200);
            let path =
                signed.url.replace("http://callbacks.invalid", "").replace("signature=", "signature=0");
            assert_ne!(shown.answer(&ask(&router, get(&format!("{path}&echostr={ODD}"))).await), 200);
        }
        for push in news() {
            shown.push(&component, &wechat.signed(&push.clone().info_appid(new_appid()))).await;
            shown.push(&component, &wechat.pusher(Callback::plain(nowhere(), TOKEN)).sign(&push)).await;
        }
    }

    // Failures: of the handler, of what is slow, of the look-up, of the memory, of the store, of the caller.
    let signed = || wechat.signed(&text());
    let settings = || wechat.settings_of(safe.clone());
    let failing = |_: Incoming| async { Err::<(), _>("the handler failed") };
    assert_eq!(shown.push(&at(callback::service(settings(), failing)), &signed()).await, 500);
    let panicking =
        |incoming: Incoming| async move { assert!(incoming.create_time == 0, "the handler fell down") };
    assert_eq!(shown.push(&at(callback::service(settings(), panicking)), &signed()).await, 500);
    let no_sender = wechat.signed(&text().field("FromUserName", ""));
    let replying = at(callback::service(settings(), |_: Incoming| async { Reply::text(REPLY) }));
    assert_eq!(shown.push(&replying, &no_sender).await, 200, "a reply to nobody is lost");
    let desk = Desk::default();
    let hasty = settings().reply_within(Duration::from_millis(300));
    let slow = at(callback::service(hasty.clone(), desk.handler(Reply::text(REPLY))));
    shown.push(&slow, &signed()).await;
    desk.let_go();
    let never = Body::from_stream(futures_util::stream::pending::<io::Result<axum::body::Bytes>>());
    let mut unending = request(&signed());
    *unending.body_mut() = never;
    assert_eq!(shown.answer(&ask(&slow, unending).await), 503);
    let look_up = |_: String| async { Err::<Option<Keys>, _>(io::Error::other("the look-up failed")) };
    let without = at(callback::service(wechat.settings_of(look_up), failing));
    assert_eq!(shown.push(&without, &signed()).await, 503);
    let nobody = |_: String| async { Ok::<Option<Keys>, io::Error>(None) };
    let without = at(callback::service(wechat.settings_of(nobody), failing));
    assert_eq!(shown.push(&without, &signed()).await, 404);
    let forgetful = at(callback::service(settings().seen(Failing), failing));
    assert_eq!(shown.push(&forgetful, &signed()).await, 503);
    let component = at(component_service(settings(), Failing));
    for push in news() {
        assert_eq!(shown.push(&component, &wechat.signed(&push)).await, 500);
    }
    assert_eq!(shown.answer(&ask(&component, get(&format!("{AT}?echostr={ODD}"))).await), 400);

    // What is shown by those who print what they have.
    for keys in &all {
        shown.debug(keys);
        shown.debug(&wechat.settings_of(keys.clone()));
    }
    shown.debug(&AesKey::new(KEY).unwrap());
    for push in [vec![text()], news()].concat() {
        let signed = wechat.signed(&push);
        let query = Query::parse(signed.url.split_once('?').unwrap().1).unwrap();
        shown.debug(&query);
        let opened = safe.open(&query, signed.body.as_bytes()).unwrap();
        shown.debug(&opened);
        let fields = Fields::parse(opened.message()).unwrap();
        fields.iter().for_each(|(_, field)| shown.debug(field));
        shown.debug(&fields);
        shown.debug(&ComponentEvent::parse(opened.message()).unwrap());
    }
    for signed in refused(&wechat) {
        let query = signed.url.split_once('?').map_or("", |(_, query)| query);
        match Query::parse(query) {
            Ok(query) => all.iter().for_each(|keys| {
                if let Err(error) = keys.open(&query, signed.body.as_bytes()) {
                    shown.error(&error);
                }
            }),
            Err(error) => shown.error(&error),
        }
    }
    for wrong in [&KEY[1..], &format!("{KEY}="), &KEY.replace('c', "!")] {
        shown.error(&Keys::encrypted("wx", TOKEN, wrong).unwrap_err());
        shown.error(&keys("wx", KEY).previous_key(wrong).unwrap_err());
    }

    let logged = seen.end();
    for named in [
        "wechat_runtime::callback",
        "a push was refused",
        "-40001",
        "-40005",
        "a push could not be handled",
        "the handler failed",
        "the handler is slow",
        "a push was not handled in time",
        "a push cannot be handled now",
        "the look-up failed",
        "came before",
        "not kept",
    ] {
        assert!(logged.contains(named), "logs tell what happened, {named} among it");
    }
    for canary in [TOKEN, OTHER_TOKEN, KEY, OLD_KEY, OTHER_KEY, WORDS, REPLY, TICKET, CODE, PRE, ODD] {
        assert!(!logged.contains(canary), "logged: {}", around(&logged, canary));
        assert!(!shown.0.contains(canary), "shown: {}", around(&shown.0, canary));
    }
}
