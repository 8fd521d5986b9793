//! A client of the WeChat platform whose access tokens are found, injected, refreshed once and stored where
//! you choose.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod adapters;
mod answer;
mod application;
mod base;
mod client;
mod clock;
mod credential;
mod credentials;
mod errcode;
mod error;
mod flight;
mod middleware;
mod request;
mod response;
mod routes;
mod secret;
mod settings;
pub mod storage;
mod ticket;
mod token;

pub use async_trait::async_trait;
pub use reqwest;
pub use reqwest::Method;
pub use wechat_macros::wechat_client;

pub use self::application::{Application, Common};
pub use self::client::{Call, Client, ClientBuilder};
pub use self::clock::{Clock, SystemClock};
pub use self::errcode::ErrorKind;
pub use self::error::Error;
pub use self::request::RequestBuilder;
pub use self::response::Response;
pub use self::secret::Secret;
pub use self::settings::{Backoff, CoolDowns, RefreshSettings};
pub use self::storage::adapter::{Adapter, Bound};
pub use self::ticket::{Ticket, TicketType};
pub use self::token::{Token, TokenKind};
