//! A client of the WeChat platform whose access tokens are found, injected, refreshed once and stored where
//! you choose.
//!
//! # From nothing to a first call
//!
//! ```toml
//! [dependencies]
//! wechat-runtime = "0.1"
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//!
//! [dev-dependencies]
//! wechat-simulator = "0.1"
//! ```
//!
//! In an Official Account's console there are its appid, its app secret and its IP whitelist, on which this
//! machine's address has to be. Declare a client in one attribute, and call any path of WeChat's documentation by
//! its name, without its `access_token`:
//!
//! ```no_run
//! use serde_json::json;
//! use wechat_runtime::{Error, adapters::Memory, wechat_client};
//!
//! #[wechat_client(
//!     appid = "wx1f2e3d4c5b6a7988",
//!     adapter_storage = Memory::new()
//!         .with_secret("wx1f2e3d4c5b6a7988", std::env::var("WECHAT_SECRET").unwrap_or_default()),
//! )]
//! pub struct Wechat;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let wechat = Wechat::new();
//!     let pictures = wechat
//!         .post("/cgi-bin/material/batchget_material")
//!         .json(&json!({ "type": "image", "offset": 0, "count": 10 }))
//!         .send()
//!         .await?
//!         .value()?; // or json::<T>()
//!     println!("{} pictures", pictures["total_count"]);
//!     Ok(())
//! }
//! ```
//!
//! # Without an account
//!
//! The crate `wechat-simulator` is the platform offline, for your tests and to try this out:
//!
//! ```
//! use std::time::Duration;
//! use wechat_runtime::{Call, Error, adapters::Memory, reqwest, wechat_client};
//! use wechat_simulator::{Line, Simulator};
//!
//! const APPID: &str = "wx1f2e3d4c5b6a7988";
//!
//! #[wechat_client(appid = APPID, adapter_storage = Memory::new().with_secret(APPID, "a secret"))]
//! struct Wechat;
//!
//! /// Takes any client.
//! async fn followers(wechat: &impl Call) -> Result<Option<u64>, Error> {
//!     Ok(wechat.get("/cgi-bin/user/get").send().await?.value()?["total"].as_u64())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = Simulator::builder().app(APPID, "a secret").start().await?;
//! let clock = platform.clock();
//! let wechat = Wechat::builder()
//!     .base_url(platform.base_url())
//!     .clock(move || clock.now())
//!     .http(reqwest::Client::builder().no_proxy())
//!     .build()?;
//! assert_eq!(followers(&wechat).await?, Some(3));
//!
//! // Two hours later the token has expired: another is fetched.
//! platform.clock().advance(Duration::from_secs(7200));
//! assert_eq!(followers(&wechat).await?, Some(3));
//! assert_eq!(platform.ledger().issued(APPID, Line::Stable), 2);
//! # Ok(()) }
//! ```
//!
//! # What happens in a call
//!
//! 1. The account's access token is looked up: the local copy, then your storage, then WeChat. However many
//!    callers need it at once, WeChat is asked once.
//! 2. The call is sent with the token as the first parameter of its query.
//! 3. WeChat refuses the token (errcode 40001, 40014, 42001)? Then it is refreshed, once for all callers,
//!    unless your storage holds a newer one already, and the call is sent once more with the same body.
//! 4. Refused again, it is an [`Error`] of the kind [`TokenRejected`](ErrorKind::TokenRejected). There is no
//!    loop.
//!
//! A token is refreshed behind the callers' backs in the last five minutes of its life. After WeChat has
//! refused to grant one, nobody asks again for a while that depends on the reason ([`CoolDowns`]); callers
//! get the same error with its [`retry_after`](Error::retry_after). A POST that may have arrived is never sent
//! again unless you say so, redirects are never followed, and no token, secret or body is in a log, an error or a
//! `Debug`.
//!
//! [What happens when](what_happens_when) lists it case by case, each with the test that proves it;
//! [when a call fails](when_a_call_fails) tells what to do, by errcode.
//!
//! # Tokens where you choose
//!
//! [`adapters::Memory`] forgets at the end of the process, so that the next one fetches anew. [`adapters::Redb`][redb] keeps
//! what one process has in a file, and [`adapters::Redis`][redis] what several processes share, which then refresh as one. To
//! keep tokens in a database, implement one trait of [`storage`] and name your type as `adapter_storage`: [`storage::Hub`] in
//! the process that knows the secret, [`storage::Client`] in those that ask it. A database that several processes share offers
//! a [`storage::Coordinator`] besides.
//!
//! # A hub, and clients of it
//!
//! Where several processes call for one account, one of them owns its tokens, as a [hub over HTTP][hub], and the others ask
//! it by [`adapters::HubClient`], or in short by the hub's URL:
//!
//! ```
//! # use wechat_runtime::wechat_client;
//! # fn bearer() -> String { String::new() }
//! #[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = ("http://hub.internal:4000", bearer()))]
//! struct Wechat;
//! ```
//!
//! They know no secret, and never ask WeChat for a token or a ticket. The hub may be one process, or several on one storage.
//!
//! # One application for many accounts
//!
//! A component application (third-party platform) is declared with `component`, and calls for the accounts that have
//! authorized it: `platform.authorizer("wx…").get("/cgi-bin/user/get")`. [A page of its own](component_applications) tells how.
//!
//! # What WeChat pushes to you
//!
//! Messages, events and tickets are taken by [a service for axum][callback]: an async function gets each of them once, typed,
//! and what it returns is the reply.
//!
//! # Otherwise than declared, this once
//!
//! ```
//! # use wechat_runtime::{adapters::Memory, Bound, Call, Common, Error};
//! # async fn f(wechat: impl Call<App = Common>, elsewhere: Bound<Common>) -> Result<(), Error> {
//! let addresses = wechat
//!     .get("/cgi-bin/getcallbackip")
//!     .appid("wx99aa88bb77cc66dd")
//!     .adapter_storage(&elsewhere)
//!     .send()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! Also [`base_url`](RequestBuilder::base_url), [`timeout`](RequestBuilder::timeout), an
//! [`access_token`](RequestBuilder::access_token) of your own, and the rest of [`RequestBuilder`].
//!
//! # Files
//!
//! ```no_run
//! # use std::time::Duration;
//! # use wechat_runtime::{Call, Error, UploadFile};
//! # async fn f(wechat: impl Call) -> Result<(), Error> {
//! let logo = UploadFile::path("logo.png");
//! let answer = wechat.post("/cgi-bin/media/upload?type=image").upload(logo).send().await?.value()?;
//!
//! let get = wechat.get("/cgi-bin/media/get").query(&[("media_id", answer["media_id"].as_str())]);
//! get.timeout(Duration::from_secs(600)).download().await?.save("again.png").await?;
//! # Ok(()) }
//! ```
//!
//! Both stream: see [`Upload`] for forms of several parts, and [`Download`] for progress and pieces.
//!
//! # Tickets and signatures
//!
//! A page's front end wants a signature by a ticket, which is found, kept and shared as a token is:
//!
//! ```
//! # use wechat_runtime::{Client, Common, Error};
//! # async fn f(wechat: Client<Common>) -> Result<(), Error> {
//! let config = wechat.jssdk_config("https://example.com/page?id=1").await?;
//! let for_wx_config = serde_json::to_value(config.with_js_api_list(["scanQRCode"]));
//! # Ok(()) }
//! ```
//!
//! [`card_signature`](Client::card_signature) and [`choose_card_signature`](Client::choose_card_signature) sign
//! cards, and [`fetch_ticket`](Client::fetch_ticket) gives the ticket itself. Declared clients have them, too.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls, with the platform's roots of trust |
//! | `native-tls` | no | TLS by the operating system's library |
//! | `reqwest-middleware` | no | [`TokenInjection`][injection], for a stack of `reqwest_middleware` |
//! | `callback` | no | [`callback`][callback], which takes what WeChat pushes: services for axum |
//! | `callback-codec` | no | what they are made of, for every other server: verification, encryption, parsing, replies |
//! | `contract` | no | [`storage::contract`][suite], a test-suite for your storage adapter |
//! | `redb` | no | [`adapters::Redb`][redb], a storage in a file for one process |
//! | `redis` | no | [`adapters::Redis`][redis], a storage in Redis for several processes |
//! | `hub` | no | [`hub`][hub], which serves tokens and tickets over HTTP; its clients need no feature |
//!
//! With neither of the first two, only `http://` addresses can be called: enough for tests.
//!
#![cfg_attr(feature = "reqwest-middleware", doc = "[injection]: TokenInjection")]
#![cfg_attr(not(feature = "reqwest-middleware"), doc = "[injection]: #features")]
#![cfg_attr(feature = "contract", doc = "[suite]: storage::contract")]
#![cfg_attr(not(feature = "contract"), doc = "[suite]: #features")]
#![cfg_attr(feature = "callback-codec", doc = "[callback]: callback")]
#![cfg_attr(not(feature = "callback-codec"), doc = "[callback]: #features")]
#![cfg_attr(feature = "redb", doc = "[redb]: adapters::Redb")]
#![cfg_attr(not(feature = "redb"), doc = "[redb]: #features")]
#![cfg_attr(feature = "redis", doc = "[redis]: adapters::Redis")]
#![cfg_attr(not(feature = "redis"), doc = "[redis]: #features")]
#![cfg_attr(feature = "hub", doc = "[hub]: hub")]
#![cfg_attr(not(feature = "hub"), doc = "[hub]: #features")]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod adapters;
mod answer;
mod application;
mod arrival;
mod authorizer_token;
mod base;
#[cfg(feature = "callback-codec")]
pub mod callback;
mod called;
mod client;
mod clock;
pub mod component_applications;
mod credential;
mod credentials;
mod deadline;
mod download;
mod errcode;
mod error;
mod flight;
mod http_client;
#[cfg(feature = "hub")]
pub mod hub;
mod hub_wire;
#[cfg(any(feature = "callback", feature = "hub"))]
mod limited_body;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod progress;
mod query;
mod random;
mod request;
mod response;
mod routes;
mod secret;
mod settings;
mod sign;
pub mod storage;
mod task;
mod ticket;
mod token;
mod upload;
mod verify_ticket;
pub mod what_happens_when;
pub mod when_a_call_fails;
mod wire;

pub use async_trait::async_trait;
/// What the hub's router and the callbacks' services are for. Its major version is part of this crate's.
#[cfg(any(feature = "callback", feature = "hub"))]
pub use axum;
/// The HTTP client underneath, for [`ClientBuilder::http`]. Its major version is part of this crate's.
pub use reqwest;
pub use reqwest::Method;
/// The stack that [`TokenInjection`] is for. Its major version is part of this crate's.
#[cfg(feature = "reqwest-middleware")]
pub use reqwest_middleware;
pub use wechat_macros::wechat_client;

pub use self::application::{Application, Common, Component};
pub use self::authorizer_token::AuthorizerToken;
pub use self::client::{
    AuthType, Authorizer, Call, Client, ClientBuilder, PreauthCall, PreauthUrl, TicketCall,
};
pub use self::clock::{Clock, SystemClock};
pub use self::download::Download;
pub use self::errcode::ErrorKind;
pub use self::error::Error;
#[cfg(feature = "reqwest-middleware")]
pub use self::middleware::{Appid, AuthorizerAppid, TokenInjection};
pub use self::progress::Progress;
pub use self::request::RequestBuilder;
pub use self::response::Response;
pub use self::secret::Secret;
pub use self::settings::{Backoff, CoolDowns, RefreshSettings};
pub use self::sign::{
    AddCard, CardExt, ChooseCard, JssdkConfig, SignedCard, SignedChoice, sign_card, sign_jssdk,
};
pub use self::storage::adapter::{Adapter, Bound};
pub use self::ticket::{Ticket, TicketType};
pub use self::token::{Token, TokenKind};
pub use self::upload::{Upload, UploadFile};
pub use self::verify_ticket::VerifyTicket;
