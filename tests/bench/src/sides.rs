//! The same call by a declared client, by hand-written reqwest, and by the HTTP library beneath both.

use std::future::Future;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wechat_integration_tests::http;
use wechat_runtime::adapters::Memory;
use wechat_runtime::{Bound, Common, wechat_client};

/// The account that is called for.
pub(crate) const APPID: &str = "wx1f2e3d4c5b6a7988";
pub(crate) const SECRET: &str = "5f2b0c7d9e1a4836b2c4d6e8f0a1b3c5";

/// As long as WeChat's tokens are.
pub(crate) const TOKEN: &str = "94_Kx1hVYq0TzR3bNcW8mJpEoLfUaGdSiXv7uQyB2tHnMkZrPe5wDj9sCg4FlAqO6oIbT0hVRxYyWnEuKcLsJmZtGpQrBvXaHdNfSgUkDi3eCwOzMlPj8TqRb1";

/// What is got, and what is posted.
pub(crate) const GET_PATH: &str = "/cgi-bin/user/info";
pub(crate) const GET_QUERY: &str = "openid=o6_bmjrPTlm6_2sgVt7hMZOPfL2M&lang=zh_CN";
pub(crate) const POST_PATH: &str = "/cgi-bin/message/template/send";

/// The message that is posted.
pub(crate) fn message() -> Value {
    json!({
        "touser": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
        "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
        "url": "https://example.com/orders/20261130",
        "data": {
            "keyword1": { "value": "巧克力" },
            "keyword2": { "value": "39.8元" },
            "keyword3": { "value": "2026年11月30日" }
        }
    })
}

/// Who makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    /// A declared client.
    Declared,
    /// The same, with a storage of the call's own.
    Override,
    /// Hand-written reqwest with a token that it is given, as reqwest is by default: it follows redirects and copies each request
    /// for a retry, which a declared client must not.
    Reqwest,
    /// hyper-util's client with the request made beforehand: the floor.
    Hyper,
}

/// Which call it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Get,
    Post,
}

/// A client of each kind is declared as a user would.
#[wechat_client(appid = APPID, adapter_storage = Memory::new().with_secret(APPID, SECRET))]
pub(crate) struct Wechat;

/// Everything that is needed to make a call in the way of one side, again and again.
#[derive(Clone)]
pub(crate) enum Caller {
    /// With a storage of the call's own, where there is one.
    Declared {
        wechat: Wechat,
        storage: Option<Bound<Common>>,
        message: Value,
    },
    Reqwest {
        http: reqwest::Client,
        base_url: String,
        token: String,
        message: Value,
    },
    Hyper {
        http: HyperClient<HttpConnector, Full<Bytes>>,
        get: String,
        post: String,
        message: Bytes,
    },
}

impl Caller {
    pub(crate) fn new(side: Side, base_url: &str) -> Self {
        let declared = |storage| {
            let built = Wechat::builder().base_url(base_url).http(http()).build();
            Self::Declared { wechat: built.expect("the settings are right"), storage, message: message() }
        };
        match side {
            Side::Declared => declared(None),
            Side::Override => declared(Some(Bound::new(Memory::new().with_secret(APPID, SECRET), ()))),
            Side::Reqwest => Self::Reqwest {
                http: http().build().expect("the settings are right"),
                base_url: base_url.to_owned(),
                token: TOKEN.to_owned(),
                message: message(),
            },
            Side::Hyper => Self::Hyper {
                http: HyperClient::builder(TokioExecutor::new()).build_http(),
                get: format!("{base_url}{GET_PATH}?access_token={TOKEN}&{GET_QUERY}"),
                post: format!("{base_url}{POST_PATH}?access_token={TOKEN}"),
                message: message().to_string().into(),
            },
        }
    }

    /// Makes the call, and reads the answer.
    pub(crate) async fn call(&self, what: What) -> Bytes {
        match self {
            Self::Declared { wechat, storage, message } => {
                let call = match what {
                    What::Get => wechat.get(format!("{GET_PATH}?{GET_QUERY}")),
                    What::Post => wechat.post(POST_PATH).json(message),
                };
                let call = match storage {
                    Some(storage) => call.adapter_storage(storage),
                    None => call,
                };
                call.send().await.expect(ANSWERS).into_bytes()
            }
            Self::Reqwest { http, base_url, token, message } => {
                let call = match what {
                    What::Get => http.get(format!("{base_url}{GET_PATH}?access_token={token}&{GET_QUERY}")),
                    What::Post => {
                        http.post(format!("{base_url}{POST_PATH}?access_token={token}")).json(message)
                    }
                };
                call.send().await.expect(ANSWERS).bytes().await.expect(ANSWERS)
            }
            Self::Hyper { http, get, post, message } => {
                let call = match what {
                    What::Get => Request::builder().method(Method::GET).uri(get).body(Full::default()),
                    What::Post => Request::builder()
                        .method(Method::POST)
                        .uri(post)
                        .header("content-type", "application/json")
                        .body(Full::new(message.clone())),
                };
                let answer = http.request(call.expect("the parts are right")).await.expect(ANSWERS);
                answer.into_body().collect().await.expect(ANSWERS).to_bytes()
            }
        }
    }

    /// Makes so many calls, one after the other.
    pub(crate) async fn calls(&self, what: What, count: usize) {
        for _ in 0..count {
            assert!(!self.call(what).await.is_empty(), "an answer has a body");
        }
    }

    /// Makes so many calls, one after the other, each with a time limit that it never reaches.
    async fn calls_in_time(&self, what: What, count: usize) {
        for _ in 0..count {
            let answer = tokio::time::timeout(Duration::from_secs(60), self.call(what)).await.expect(ANSWERS);
            assert!(!answer.is_empty(), "an answer has a body");
        }
    }

    /// Makes so many calls, some of them at a time; each with a time limit, where they are `timed`.
    pub(crate) async fn calls_at_once(&self, what: What, count: usize, in_flight: usize, timed: bool) {
        let each = count / in_flight;
        let tasks: Vec<_> = (0..in_flight)
            .map(|_| {
                let this = self.clone();
                tokio::spawn(async move {
                    if timed { this.calls_in_time(what, each).await } else { this.calls(what, each).await }
                })
            })
            .collect();
        all(tasks).await;
    }
}

const ANSWERS: &str = "the platform answers";

/// Waits for all of them.
pub(crate) async fn all<T>(
    tasks: impl IntoIterator<Item = impl Future<Output = Result<T, tokio::task::JoinError>>>,
) {
    for task in tasks {
        let _ = task.await.expect("no task panics");
    }
}
