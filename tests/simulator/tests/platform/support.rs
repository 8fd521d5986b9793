//! What every test needs: a simulator with one account, and calls to it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wechat_simulator::{App, Line, SimClock, Simulator};

pub(crate) const APPID: &str = "wx1f2e3d4c5b6a7988";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A simulator with one account, and an HTTP client.
pub(crate) struct Platform {
    pub(crate) sim: Simulator,
    pub(crate) http: reqwest::Client,
}

/// A token as an endpoint gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) expires_in: u64,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        Self::with(App::new(APPID, SECRET)).await
    }

    pub(crate) async fn with(app: App) -> Self {
        Self::over(Simulator::builder().with_app(app).start().await.unwrap())
    }

    pub(crate) fn over(sim: Simulator) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sim, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sim.base_url())
    }

    pub(crate) fn clock(&self) -> SimClock {
        self.sim.clock()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.http.post(self.url(path)).json(body).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn classic_answer(&self) -> Value {
        self.get(&format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}")).await
    }

    pub(crate) async fn stable_answer(&self, force_refresh: bool) -> Value {
        let body = json!({
            "grant_type": "client_credential",
            "appid": APPID,
            "secret": SECRET,
            "force_refresh": force_refresh,
        });
        self.post("/cgi-bin/stable_token", &body).await
    }

    pub(crate) async fn classic(&self) -> Token {
        token(&self.classic_answer().await)
    }

    pub(crate) async fn stable(&self) -> Token {
        token(&self.stable_answer(false).await)
    }

    pub(crate) async fn forced(&self) -> Token {
        token(&self.stable_answer(true).await)
    }

    /// The errcode that a business call with a token comes to.
    pub(crate) async fn judge(&self, token: &str) -> i64 {
        errcode(&self.get(&format!("/cgi-bin/getcallbackip?access_token={token}")).await)
    }

    pub(crate) fn issued(&self, line: Line) -> usize {
        self.sim.ledger().issued(APPID, line)
    }
}

pub(crate) fn token(answer: &Value) -> Token {
    let value = answer["access_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}"));
    Token { value: value.to_owned(), expires_in: answer["expires_in"].as_u64().unwrap() }
}

/// The errcode of an answer, 0 if it has none.
pub(crate) fn errcode(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or_default()
}

/// 2026-01-01 12:00 in Beijing.
pub(crate) fn beijing_noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_240_000)
}
