//! The WeChat platform offline: access tokens, quotas, error codes and scripted faults, on real HTTP at
//! 127.0.0.1, for tests of any client.
//!
//! # A first test
//!
//! Start a platform with one account and give its address to the client under test in place of
//! `https://api.weixin.qq.com`. Here a bare HTTP client stands for it:
//!
//! ```
//! use std::time::Duration;
//! use wechat_simulator::{Fault, Line, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let sim = Simulator::builder().app("wx1f2e3d4c5b6a7988", "secret").start().await?;
//!
//! let fetch = format!(
//!     "{}/cgi-bin/token?grant_type=client_credential&appid=wx1f2e3d4c5b6a7988&secret=secret",
//!     sim.base_url(),
//! );
//! let answer: serde_json::Value = reqwest::get(&fetch).await?.json().await?;
//! let users = format!("{}/cgi-bin/user/get?access_token={}", sim.base_url(), answer["access_token"].as_str().unwrap());
//! let page: serde_json::Value = reqwest::get(&users).await?.json().await?;
//! assert_eq!(page["total"], 3);
//!
//! // Two hours later the token has expired …
//! sim.clock().advance(Duration::from_secs(7200));
//! let refused: serde_json::Value = reqwest::get(&users).await?.json().await?;
//! assert_eq!(refused["errcode"], 42001);
//!
//! // … and the platform is busy, once.
//! sim.fault("/cgi-bin/token", Fault::errcode(-1).times(1));
//! let busy: serde_json::Value = reqwest::get(&fetch).await?.json().await?;
//! assert_eq!(busy["errcode"], -1);
//!
//! // One token was issued, two calls asked for one.
//! assert_eq!(sim.ledger().issued("wx1f2e3d4c5b6a7988", Line::Classic), 1);
//! assert_eq!(sim.ledger().token_calls("wx1f2e3d4c5b6a7988"), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # What a test holds
//!
//! * [`Simulator`]: the running platform, on a thread of its own. It is gone when it is dropped.
//! * [`SimClock`]: the virtual time, which stands still until it is moved. Give a clone to the client too.
//! * [`Ledger`]: every token issued, every call received and what became of it, every message delivered.
//! * [`Fault`]: what goes wrong with calls to a path: delays, errcodes, broken answers, lost connections.
//! * [`Account`]: one account at run time: its tokens, secret and quotas, changed behind the client's back.
//!
//! # What is served
//!
//! | path | |
//! |---|---|
//! | `GET /cgi-bin/token` | the [classic](Line::Classic) token: each call replaces it, the one before works for 300 s more; 2000 a day |
//! | `POST /cgi-bin/stable_token` | the [stable](Line::Stable) token: the same one until its last 300 s; forced refreshes 30 s apart and 20 a day |
//! | `GET /cgi-bin/user/info`, `user/get` | [followers](Follower) |
//! | `POST /cgi-bin/material/batchget_material`, `GET …/get_materialcount` | [materials](Material) |
//! | `POST /cgi-bin/message/template/send` | [messages](Message) |
//! | `POST /cgi-bin/menu/create` | checked, not kept |
//! | `GET /cgi-bin/getcallbackip`, `get_api_domain_ip` | addresses |
//! | `POST /cgi-bin/clear_quota`, `clear_quota/v2`, `openapi/quota/get` | quotas, by Beijing days; 10 clearings a month |
//! | everything else | 40066 |
//!
//! Errors come with HTTP status 200, a code of the [table](ERRCODES) and a tracing id whose first group is
//! the virtual clock. JSON is raw UTF-8 with `\/` for `/`, under Content-Types that are rarely right. A
//! chunked request body is answered 412 with a page of HTML.
//!
//! The same controls are served below `/_sim/` of the same address, for other processes and languages;
//! `GET /_sim/` lists them. `cargo run -p wechat-simulator -- --port 8900 --app APPID:SECRET` starts the
//! platform as a program.

mod account;
mod answer;
mod app;
mod beijing;
mod body;
mod clock;
mod content;
mod control;
mod dialect;
mod endpoints;
mod errcode;
mod error;
mod fault;
mod gate;
mod ledger;
mod line;
mod login;
mod media;
mod multipart;
mod platform;
mod quota;
mod random;
mod request;
mod routes;
mod serve;
mod server;
mod simulator;
mod state;
mod sync;
mod ticket;
mod upload;
mod vault;
mod wire;

pub use account::Account;
pub use app::App;
pub use clock::SimClock;
pub use content::{Follower, Material, MaterialKind};
pub use errcode::{ERRCODES, Errcode};
pub use error::{ControlError, StartError};
pub use fault::{Fault, ScriptedFault};
pub use ledger::{Call, Cause, Issue, Ledger, Message, TicketIssue};
pub use line::Line;
pub use media::{Media, MediaKind, MediaStore};
pub use simulator::{Builder, Simulator};
pub use ticket::TicketType;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
