//! What WeChat pushes to you: messages, events, a component application's tickets.
//!
//! [`service`][service] takes them, for axum: an async function gets each message, and what it returns is the reply.
//!
#![cfg_attr(feature = "callback", doc = "```no_run")]
#![cfg_attr(not(feature = "callback"), doc = "```text")]
//! use axum::Router;
//! use wechat_runtime::callback::{self, Content, Incoming, Keys, Reply};
//!
//! async fn echo(incoming: Incoming) -> Reply {
//!     match incoming.content {
//!         Content::Text { content, .. } => Reply::text(content),
//!         _ => Reply::success(),
//!     }
//! }
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! // As the account's console has them, under "server configuration".
//! let keys = Keys::encrypted("wx1f2e3d4c5b6a7988", std::env::var("TOKEN")?, &std::env::var("ENCODING_AES_KEY")?)?;
//! let app = Router::new().route("/wechat", callback::service(keys, echo));
//! axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
//! # Ok(()) }
//! ```
//!
//! # What is answered when
//!
//! | | |
//! |---|---|
//! | the verification of the URL (GET) | the `echostr`, if its signature is right |
//! | the handler returns a reply | the reply, encrypted where the push was |
//! | the handler returns [`Reply::success`] or nothing | `success`: the user sees no answer |
//! | the handler takes longer than [4.5 s][reply_within] | `success`; the handler goes on, and what it returns is lost |
//! | the handler fails or panics | 500: WeChat pushes the same again, and the handler gets it again; but not one that WeChat was told `success` of meanwhile |
//! | the same push again | `success`, and the handler does not see it, unless its first handling has failed |
//! | wrong signature, wrong appid, cannot be decrypted, neither XML nor JSON | 403, and not a word about why; the log says it |
//! | [signed or made][freshness] more than 300 s ago, or ahead | 403 |
//! | plain, where encrypted ones are due | 403, unless [`Keys::compat`] takes it |
//! | the query is not WeChat's, or the body breaks off | 400 |
//! | an account that no keys are known of | 404, whoever asks |
//! | more than [1 MiB][body_limit] | 413, before it is read |
//! | keys cannot be looked up in time, or [`Seen`][seen] fails | 503: WeChat pushes it again |
//! | an extractor refuses | as the extractor answers; WeChat pushes it again |
//!
//! WeChat pushes again what is not answered within 5 s, three times in all. The [handler][handler] runs in a task of its own,
//! so it is not cut off when WeChat hangs up. It is cut off when `main` returns, and what was answered `success` is not pushed
//! again: [wait for it][handlers] on the way out.
//!
//! A push is known by its account and by what was in it after it was decrypted, so that one which is signed or encrypted anew
//! is the same. The account is the appid of the keys; in the plain mode, the first parameter of the path: without one, all plain
//! accounts are one. It is remembered in this process; where several take pushes of one account, give them a [`Seen`][seen] that
//! they share. Then no message is handled twice while its first handling succeeds or is under way, in whichever process.
//!
//! # Several accounts
//!
//! A path with a parameter, such as `/wechat/{appid}`, and an async function that [looks the keys up][key_source]. The path is
//! not part of what WeChat signs. Where that matters, as for a component application, whose authorizers' messages all come under
//! its own keys (WeChat puts the authorizer's appid for `$APPID$` in the path of that URL), go by [`Incoming::to_user_name`]: it is
//! the account's `gh_…` name, by which your own table knows the appid.
//!
//! # Component applications
//!
//! [`component_service`][component_service] takes what comes to the URL for authorization events, the
//! `component_verify_ticket` above all. A client of the component keeps it: tickets, the tokens of an account that authorizes,
//! that one has taken its authorization back. `success` is answered when it, or your own
//! [`ComponentEvents`][component_events], have kept it, and not before; what takes longer than 4.5 s is answered 503, so that WeChat pushes it again. Yours may run for another 4.5 s, and is
//! then cancelled.
//!
//! # Which mode
//!
//! The safe mode. In the plain mode the signature covers only the time and a nonce: whoever sees one push can write others for
//! as long as it is fresh, so let it come over TLS alone. `compat` takes both, and is as weak as the plain mode: it is for the
//! hours of a change.
//!
//! # With another web framework
//!
//! The feature `callback-codec` has no axum in it: [`crypto::Keys`] verify and open, [`Incoming`] and [`ComponentEvent`] read,
//! [`Reply`] answers. Duplicates and the 5 s are then yours to handle. [`crypto`] shows how.
//!
#![cfg_attr(feature = "callback", doc = "[service]: service")]
#![cfg_attr(feature = "callback", doc = "[component_service]: component_service")]
#![cfg_attr(feature = "callback", doc = "[component_events]: ComponentEvents")]
#![cfg_attr(feature = "callback", doc = "[reply_within]: Settings::reply_within")]
#![cfg_attr(feature = "callback", doc = "[freshness]: Settings::freshness")]
#![cfg_attr(feature = "callback", doc = "[body_limit]: Settings::body_limit")]
#![cfg_attr(feature = "callback", doc = "[handler]: Handler")]
#![cfg_attr(feature = "callback", doc = "[handlers]: Handlers")]
#![cfg_attr(feature = "callback", doc = "[seen]: Seen")]
#![cfg_attr(feature = "callback", doc = "[key_source]: KeySource")]
#![cfg_attr(not(feature = "callback"), doc = "[service]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[component_service]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[component_events]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[reply_within]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[freshness]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[body_limit]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[handler]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[handlers]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[seen]: crate#features")]
#![cfg_attr(not(feature = "callback"), doc = "[key_source]: crate#features")]

pub mod crypto;

mod component;
mod error;
mod fields;
#[cfg(feature = "callback")]
mod handler;
#[cfg(feature = "callback")]
mod handlers;
mod incoming;
mod keys;
mod reply;
#[cfg(feature = "callback")]
mod seen;
#[cfg(feature = "callback")]
mod service;
#[cfg(feature = "callback")]
mod settings;

pub use self::component::{Authorization, ComponentEvent, ComponentInfo};
pub use self::error::Error;
pub use self::fields::{Field, Fields};
#[cfg(feature = "callback")]
pub use self::handler::{Handler, IntoReply};
#[cfg(feature = "callback")]
pub use self::handlers::Handlers;
pub use self::incoming::{Content, Incoming, MenuPictures, MenuScan};
pub use self::keys::{Keys, Opened, Query};
pub use self::reply::{Article, Music, Reply, Video};
#[cfg(feature = "callback")]
pub use self::seen::{Begun, Fingerprint, Seen, SeenInMemory};
#[cfg(feature = "callback")]
pub use self::service::{ComponentEvents, component_service, service};
#[cfg(feature = "callback")]
pub use self::settings::{IntoSettings, KeySource, Settings};
