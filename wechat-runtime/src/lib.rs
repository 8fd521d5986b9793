//! A client of the WeChat platform whose access tokens are found, injected, refreshed once and stored where
//! you choose.
//!
//! Declare a client in one attribute, and call any path of WeChat's API by its name:
//!
//! ```
//! use serde_json::json;
//! use wechat_runtime::{adapters::Memory, wechat_client, Error};
//!
//! #[wechat_client(
//!     appid = "wx1f2e3d4c5b6a7988",
//!     adapter_storage = Memory::new().with_secret("wx1f2e3d4c5b6a7988", "the app secret"),
//! )]
//! pub struct Wechat;
//!
//! async fn images(wechat: &Wechat) -> Result<u64, Error> {
//!     let page = wechat
//!         .post("/cgi-bin/material/batchget_material")
//!         .json(&json!({ "type": "image", "offset": 0, "count": 10 }))
//!         .send()
//!         .await?
//!         .value()?;
//!     Ok(page["total_count"].as_u64().unwrap_or(0))
//! }
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
//! get the same error with its [`retry_after`](Error::retry_after).
//!
//! # Another account, another storage, this once
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
//! # Where to go on
//!
//! * [`wechat_client`]: every key of the attribute, and what `new` takes.
//! * [`storage`]: where tokens live, by a trait that you implement.
//! * [`Client`]: the same without the attribute, for clients made at run time.
//! * [`RequestBuilder`] and [`Response`]: what a call can say, and what it comes back with.
//! * [`Error`] and [`ErrorKind`]: what went wrong, and what to do about it.
//! * The crate `wechat-simulator`: the platform offline, for your own tests.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls, with the platform's roots of trust |
//! | `native-tls` | no | TLS by the operating system's library |
//! | `reqwest-middleware` | no | `TokenInjection`, for a stack of `reqwest_middleware` |
//! | `contract` | no | `storage::contract`: a test-suite for your storage adapter |
//!
//! Redirects are never followed, bodies always have a length, and no token, secret or body is in a log, an
//! error or a `Debug`.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod adapters;
mod answer;
mod application;
mod arrival;
mod base;
mod called;
mod client;
mod clock;
mod credential;
mod credentials;
mod download;
mod errcode;
mod error;
mod flight;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod progress;
mod random;
mod request;
mod response;
mod routes;
mod secret;
mod settings;
mod sign;
pub mod storage;
mod ticket;
mod token;
mod upload;
pub mod what_happens_when;
pub mod when_a_call_fails;

pub use async_trait::async_trait;
/// The HTTP client underneath, for [`ClientBuilder::http`]. Its major version is part of this crate's.
pub use reqwest;
pub use reqwest::Method;
pub use wechat_macros::wechat_client;

pub use self::application::{Application, Common};
pub use self::client::{Call, Client, ClientBuilder, Signing};
pub use self::clock::{Clock, SystemClock};
pub use self::download::Download;
pub use self::errcode::ErrorKind;
pub use self::error::Error;
#[cfg(feature = "reqwest-middleware")]
pub use self::middleware::{Appid, TokenInjection};
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
