//! The token injection, by the client's own calls and by the middleware for other stacks: the same must hold.

use std::io::Cursor;

use bytes::Bytes;
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value, json};
use wechat_integration_tests::{PATH, Region, Regional, SECRET, World, at_once, inside, new_appid, stack};
use wechat_runtime::reqwest::Body;
use wechat_runtime::{Appid, Bound, Client, Common, Error, ErrorKind, Method, TokenKind};
use wechat_simulator::{App, Fault, Line};

const SEND: &str = "/cgi-bin/message/template/send";

/// How a call is made.
#[derive(Clone, Copy, Debug)]
enum Way {
    Client,
    Middleware,
}

const WAYS: [Way; 2] = [Way::Client, Way::Middleware];

/// A client, or a stack with the same client's injection.
#[derive(Clone)]
struct Caller {
    way: Way,
    client: Client<Common>,
    stack: ClientWithMiddleware,
    base_url: String,
}

/// What a call says besides its path.
#[derive(Default)]
struct Say {
    body: Option<Bytes>,
    stream: bool,
    appid: Option<String>,
    bound: Option<Bound<Common>>,
}

impl Caller {
    fn new(way: Way, world: &World) -> Self {
        Self::of(way, world, world.client())
    }

    fn of(way: Way, world: &World, client: Client<Common>) -> Self {
        let stack = stack(&client);
        Self { way, client, stack, base_url: world.sim.base_url().to_owned() }
    }

    /// Makes a call; answers with the body as JSON, whatever errcode is in it.
    async fn call(&self, method: Method, url: &str, say: Say) -> Result<Value, Error> {
        match self.way {
            Way::Client => {
                let mut call = self.client.request(method, url);
                if let Some(body) = say.body {
                    let length = body.len() as u64;
                    call = if say.stream {
                        call.body_reader(length, Cursor::new(body))
                    } else {
                        call.body(body)
                    };
                }
                if let Some(appid) = say.appid {
                    call = call.appid(appid);
                }
                if let Some(bound) = &say.bound {
                    call = call.adapter_storage(bound);
                }
                Ok(serde_json::from_slice(call.send().await?.bytes()).unwrap())
            }
            Way::Middleware => {
                let url =
                    if url.contains("://") { url.to_owned() } else { format!("{}{url}", self.base_url) };
                let mut call = self.stack.request(method, url);
                if let Some(body) = say.body {
                    call = call.body(if say.stream { streamed(body) } else { body.into() });
                }
                if let Some(appid) = say.appid {
                    call = call.with_extension(Appid(appid));
                }
                if let Some(bound) = say.bound {
                    call = call.with_extension(bound);
                }
                let answer = call.send().await.map_err(inside)?;
                Ok(serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
            }
        }
    }

    async fn get(&self, url: &str) -> Result<Value, Error> {
        self.call(Method::GET, url, Say::default()).await
    }

    async fn post(&self, url: &str, body: impl Into<Bytes>) -> Result<Value, Error> {
        self.call(Method::POST, url, Say { body: Some(body.into()), ..Say::default() }).await
    }
}

/// Bytes as a stream that knows its length.
fn streamed(body: Bytes) -> Body {
    Body::wrap(Streamed(Some(body)))
}

struct Streamed(Option<Bytes>);

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<http_body::Frame<Bytes>>>> {
        std::task::Poll::Ready(self.0.take().map(|body| Ok(http_body::Frame::data(body))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.as_ref().map_or(0, |body| body.len() as u64))
    }
}

#[tokio::test]
async fn the_token_comes_first_and_the_callers_query_keeps_its_order() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        caller.get(&format!("{PATH}?b=2&a=1&b=3&x=%E5%80%BC+")).await.unwrap();
        let ledger = world.sim.ledger();
        let query = ledger.calls_to(PATH)[0].raw_query();
        let (token, rest) = query.split_once('&').unwrap();
        assert!(token.starts_with("access_token="), "{way:?}: {query}");
        assert_eq!(rest, "b=2&a=1&b=3&x=%E5%80%BC+", "{way:?}");
    }
}

#[tokio::test]
async fn a_callers_own_token_is_neither_replaced_nor_refreshed() {
    for way in WAYS {
        let world = World::new().await;
        let answer = Caller::new(way, &world).get(&format!("{PATH}?a=1&access_token=mine")).await.unwrap();
        assert_eq!(answer["errcode"], 40001, "{way:?}");
        assert_eq!(world.query_of(PATH, "access_token"), ["mine"]);
        assert_eq!(world.asked(), 0);
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_and_the_same_sent_again() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        caller.get(PATH).await.unwrap();
        world.pass(60);
        world.account().revoke(Line::Stable);
        let body = json!({ "touser": "某人 😀", "template_id": "T", "data": {} }).to_string();
        let answer = caller.post(&format!("{SEND}?n=1"), body.clone()).await.unwrap();
        assert_ne!(answer["errcode"], 40001, "{way:?}");

        let ledger = world.sim.ledger();
        let calls = ledger.calls_to(SEND);
        assert_eq!(calls.len(), 2, "{way:?}");
        for call in calls {
            assert_eq!((call.body(), call.method()), (body.as_bytes(), "POST"));
            assert_eq!(call.header("content-length"), Some(&*body.len().to_string()));
            assert!(call.raw_query().ends_with("&n=1"));
        }
        assert_eq!((world.issued(), world.asked()), (2, 2), "{way:?}");
    }
}

#[tokio::test]
async fn each_refusing_errcode_is_a_refusal_and_no_other_is() {
    for way in WAYS {
        for (code, sends) in [(40001, 2), (40014, 2), (42001, 2), (41001, 1), (48001, 1), (-1, 1)] {
            let world = World::new().await;
            let caller = Caller::new(way, &world);
            caller.get(PATH).await.unwrap();
            world.pass(60);
            world.sim.fault(PATH, Fault::errcode(code).times(1));
            let answer = caller.get(PATH).await.unwrap();
            assert_eq!(world.calls(PATH), 1 + sends, "{way:?} {code}");
            assert_eq!(answer["errcode"] == code, sends == 1, "{way:?} {code}");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_an_error_and_no_loop() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        caller.get(PATH).await.unwrap();
        world.pass(60);
        world.sim.fault(PATH, Fault::errcode(40001).times(100));
        let error = caller.get(PATH).await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(40001)), "{way:?}");
        assert_eq!((world.calls(PATH), world.issued()), (3, 2), "{way:?}");
    }
}

#[tokio::test]
async fn no_token_goes_to_sns_and_what_its_paths_need_is_filled_in() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        let code = world.account().js_code("an-openid");
        let path = "/sns/jscode2session";
        let session =
            caller.get(&format!("{path}?js_code={code}&grant_type=authorization_code")).await.unwrap();
        assert_eq!(session["openid"], "an-openid", "{way:?}: {session}");
        assert_eq!(world.query_of(path, "secret"), [SECRET]);
        caller.get("/sns/auth?access_token=a-users&openid=an-openid").await.unwrap();
        assert_eq!(world.query_of("/sns/auth", "access_token"), ["a-users"]);
        assert_eq!((world.asked(), world.calls("/sns/auth")), (0, 1), "a user's token is not refreshed");
    }
}

#[tokio::test]
async fn what_leads_elsewhere_is_an_error_before_anything_is_sent() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        for url in
            ["http://127.0.0.1:9/cgi-bin/x", "http://api.weixin.qq.com/cgi-bin/x", "https://evil.example/x"]
        {
            let error = caller.get(url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request, "{way:?} {url}");
        }
        let error = caller.get("/cgi-bin/component/api_query_auth").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{way:?}");
        assert_eq!(world.asked(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_cost_one_token_when_cold_and_one_when_it_is_refused() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        let storm = || {
            at_once(500, || {
                let caller = caller.clone();
                async move { caller.get(PATH).await }
            })
        };
        assert!(storm().await.is_empty(), "{way:?}");
        assert_eq!(world.issued(), 1, "{way:?}");
        world.pass(60);
        world.account().revoke(Line::Stable);
        assert!(storm().await.is_empty(), "{way:?}");
        assert_eq!(world.issued(), 2, "{way:?}");
    }
}

#[tokio::test]
async fn one_call_is_for_another_account_by_another_storage() {
    for way in WAYS {
        let world = World::new().await;
        let other = new_appid();
        world.sim.add_app(App::new(&other, SECRET)).unwrap();
        let regional = Regional::default();
        regional.beijing.set_secret(&other, SECRET);
        let bound = Some(Bound::new(regional.clone(), Region::Beijing));
        let say = Say { appid: Some(other.clone()), bound, ..Say::default() };
        Caller::new(way, &world).call(Method::GET, PATH, say).await.unwrap();
        let ledger = world.sim.ledger();
        assert_eq!(ledger.calls_to(PATH)[0].appid(), Some(&*other), "{way:?}");
        assert!(regional.beijing.token(&other).is_some() && world.shelf.token(&world.appid).is_none());
    }
}

#[tokio::test]
async fn paths_that_grant_are_answered_by_what_is_kept() {
    for way in WAYS {
        let world = World::new().await;
        let client = world.builder().token(TokenKind::Classic).build().unwrap();
        let caller = Caller::of(way, &world, client);
        let token = caller.get("/cgi-bin/token").await.unwrap();
        assert_eq!(world.shelf.value(&world.appid).as_deref(), token["access_token"].as_str(), "{way:?}");
        let ticket = caller.get("/cgi-bin/ticket/getticket?type=jsapi").await.unwrap();
        assert_eq!(caller.get("/cgi-bin/ticket/getticket?type=jsapi").await.unwrap(), ticket, "{way:?}");
        assert_eq!((world.calls("/cgi-bin/ticket/getticket"), world.asked()), (1, 1), "{way:?}");
    }
}

#[tokio::test]
async fn a_stream_is_sent_once_and_the_token_is_fresh_for_the_next() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        caller.get(PATH).await.unwrap();
        world.pass(60);
        let body = Bytes::from(json!({ "touser": "o", "template_id": "T", "data": {} }).to_string());
        let say = || Say { body: Some(body.clone()), stream: true, ..Say::default() };
        caller.call(Method::POST, SEND, say()).await.unwrap();
        world.account().revoke(Line::Stable);
        let error = caller.call(Method::POST, SEND, say()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected, "{way:?}");
        assert_eq!((world.calls(SEND), world.issued()), (2, 2), "{way:?}");
        caller.call(Method::POST, SEND, say()).await.unwrap();
        let ledger = world.sim.ledger();
        assert!(
            ledger
                .calls_to(SEND)
                .iter()
                .all(|call| call.body() == body && call.header("transfer-encoding").is_none())
        );
    }
}

#[tokio::test]
async fn a_cleared_quota_ends_the_wait_for_a_token() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        world.sim.fault("/cgi-bin/stable_token", Fault::errcode(45009).times(1));
        assert_eq!(caller.get(PATH).await.unwrap_err().kind(), ErrorKind::Quota);
        let cleared = caller.post("/cgi-bin/clear_quota/v2", "").await.unwrap();
        assert_eq!(cleared["errcode"], 0, "{way:?}: {cleared}");
        caller.get(PATH).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_not_sent_again() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        world.sim.fault(SEND, Fault::drop_after().times(9));
        let body = json!({ "touser": "o" }).to_string();
        match way {
            Way::Client => {
                assert_eq!(caller.post(SEND, body).await.unwrap_err().kind(), ErrorKind::Transport);
            }
            Way::Middleware => {
                let url = format!("{}{SEND}", caller.base_url);
                let error = caller.stack.post(url).body(body).send().await.unwrap_err();
                assert!(error.is_request() && error.url().is_none(), "the HTTP client's own: {error:?}");
                let token = world.shelf.value(&world.appid).unwrap();
                assert!(!format!("{error:?}").contains(&token));
            }
        }
        assert_eq!(world.calls(SEND), 1, "{way:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_whose_text_has_no_token() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(way, &world);
        caller.get(PATH).await.unwrap();
        let token = world.shelf.value(&world.appid).unwrap();
        world.sim.fault(PATH, Fault::redirect(format!("/elsewhere?access_token={token}")).times(1));
        let error = caller.get(PATH).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status, "{way:?}");
        assert!(!format!("{error} {error:?}").contains(&token));
    }
}
