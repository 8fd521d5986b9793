//! A developer's server that WeChat pushes to: the account and its keys, the server, and its handlers.

mod handlers;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::MethodRouter;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Request, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wechat_runtime::callback::{KeySource, Keys, Settings, crypto};
use wechat_simulator::{Callback, Push, Pusher, SignedPush, Simulator};

pub use self::handlers::{Count, Desk, Inbox, Noted};
use crate::asking::{Answer, LONG, ask};
use crate::new_appid;

/// The `Token` of every account in these tests.
pub const TOKEN: &str = "CanaryTokenOfTheAccount";

/// Its `EncodingAESKey`, and those before and of somebody else.
pub const KEY: &str = "canarykeyabcdefghijklmnopqrstuvwxyz01234567";
pub const OLD_KEY: &str = "canaryoldkeyabcdefghijklmnopqrstuvwxyz01234";
pub const OTHER_KEY: &str = "canaryotherabcdefghijklmnopqrstuvwxyz012345";

/// Who writes to the account.
pub const OPENID: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

/// The path at which pushes are taken.
pub const AT: &str = "/wechat";

/// One account on a platform that pushes, and the clock of both.
pub struct Wechat {
    pub sim: Simulator,
    pub appid: String,
}

impl Wechat {
    pub async fn new() -> Self {
        let sim = Simulator::builder().start().await.expect("the simulator starts");
        Self { sim, appid: new_appid() }
    }

    /// The account's keys in the safe mode.
    pub fn keys(&self) -> Keys {
        keys(&self.appid, KEY)
    }

    /// Settings of this account by the platform's clock, under which nothing is late.
    pub fn settings(&self) -> Settings {
        self.settings_of(self.keys())
    }

    pub fn settings_of(&self, keys: impl KeySource) -> Settings {
        let clock = self.sim.clock();
        Settings::new(keys).clock(move || clock.now()).reply_within(LONG)
    }

    /// Pushes of this account by these server settings.
    pub fn pusher(&self, callback: Callback) -> Pusher {
        self.sim.pusher(&self.appid, callback).expect("the settings are right")
    }

    /// Pushes of this account in the safe mode, to which an answer may take as long as it likes.
    pub fn safe(&self, url: impl Into<String>) -> Pusher {
        self.pusher(Callback::encrypted(url, TOKEN, KEY).timeout(LONG))
    }

    /// A push in the safe mode that is not sent: its URL leads to [`AT`] of a router.
    pub fn signed(&self, push: &Push) -> SignedPush {
        self.safe(nowhere()).sign(push)
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }
}

/// Keys in the safe mode, with the [`TOKEN`].
pub fn keys(appid: &str, key: &str) -> Keys {
    Keys::encrypted(appid, TOKEN, key).expect("the key is one")
}

/// An address of [`AT`] for pushes that a router is handed.
pub fn nowhere() -> String {
    format!("http://callbacks.invalid{AT}")
}

/// A router with one service, at [`AT`].
pub fn at(service: MethodRouter) -> Router {
    Router::new().route(AT, service)
}

/// A text of the user's.
pub fn a_text() -> Push {
    Push::text(OPENID, "CanaryOfWhatWasWritten")
}

/// The request of a push, for a router.
pub fn request(signed: &SignedPush) -> Request<Body> {
    let uri: Uri = signed.url.parse().expect("a URL");
    let path = uri.path_and_query().expect("it has a path").as_str();
    let request = Request::post(path).header(CONTENT_TYPE, &signed.content_type);
    request.header(CONTENT_LENGTH, signed.body.len()).body(signed.body.clone().into()).expect("a request")
}

/// What a router answers to a push.
pub async fn pushed(router: &Router, signed: &SignedPush) -> Answer {
    ask(router, request(signed)).await
}

/// The status and the body that a router answers a push with.
pub async fn said(router: &Router, signed: &SignedPush) -> (u16, String) {
    let answer = pushed(router, signed).await;
    (answer.status, answer.text().to_owned())
}

/// What is answered, by its status and the whole of its body.
pub fn words(status: u16) -> (u16, String) {
    let body = match status {
        200 => "success",
        400 => "bad request",
        403 => "refused",
        404 => "not found",
        413 => "too long",
        500 => "not handled",
        503 => "not now",
        other => panic!("nothing is answered with {other}"),
    };
    (status, body.to_owned())
}

/// A URL whose parameter has another value.
pub fn with_param(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').expect("it has a query");
    let params = query.split('&').map(|param| match param.split_once('=') {
        Some((known, _)) if known == name => format!("{name}={value}"),
        _ => param.to_owned(),
    });
    format!("{path}?{}", params.collect::<Vec<_>>().join("&"))
}

/// A URL without one of its parameters.
pub fn without_param(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').expect("it has a query");
    let params =
        query.split('&').filter(|param| param.split_once('=').is_none_or(|(known, _)| known != name));
    format!("{path}?{}", params.collect::<Vec<_>>().join("&"))
}

/// The value of a parameter of a URL.
pub fn param<'u>(url: &'u str, name: &str) -> &'u str {
    let query = url.split_once('?').expect("it has a query").1;
    let mut params = query.split('&').filter_map(|param| param.split_once('='));
    params.find(|(known, _)| *known == name).unwrap_or_else(|| panic!("there is no {name}")).1
}

/// The `Encrypt` in the body of a push in XML.
pub fn encrypt_of(body: &str) -> &str {
    let (_, rest) = body.split_once("<Encrypt><![CDATA[").expect("it is encrypted");
    rest.split_once("]]>").expect("it is whole").0
}

/// The same body under signatures of another moment, as somebody who knows the `Token` would make them.
pub fn signed_anew(signed: &SignedPush, unix: u64) -> SignedPush {
    let (timestamp, nonce) = (unix.to_string(), "987654321");
    let signature = crypto::sign(&[TOKEN, &timestamp, nonce]);
    let msg_signature = crypto::sign(&[TOKEN, &timestamp, nonce, encrypt_of(&signed.body)]);
    let mut anew = signed.clone();
    for (name, value) in [
        ("timestamp", &*timestamp),
        ("nonce", nonce),
        ("signature", &*signature),
        ("msg_signature", &*msg_signature),
    ] {
        anew.url = with_param(&anew.url, name, value);
    }
    anew
}

/// A server on a port of 127.0.0.1. It ends when this is dropped.
pub struct Server {
    pub url: String,
    serving: JoinHandle<()>,
}

impl Server {
    /// Serves as a developer would: by `axum::serve`.
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, serving }
    }

    /// The address of [`AT`].
    pub fn at(&self) -> String {
        format!("{}{AT}", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
