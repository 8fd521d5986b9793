//! Where tokens, tickets and secrets live: traits that you implement.
//!
//! A type implements exactly one of them for an application. [`Hub`] *owns* the credentials: it knows
//! the app secret, and the runtime refreshes through it. [`Client`] is told the credentials by a hub
//! somewhere else, holds no secret, and never causes a call to WeChat's token endpoints. [`ComponentHub`] and
//! [`ComponentClient`] are the same for component applications (third-party platforms), and a type may implement one of
//! them besides.
//!
//! Three rules hold for every callback:
//!
//! * `Ok(None)` says "I have none", `Err` says "I could not look". The two are never confused: a storage
//!   that is down must not cause a fetch from WeChat.
//! * A record is read and written whole. `fetch_*` may return an expired one: the runtime judges.
//! * `args` are what you gave beside the adapter, handed back each time: a region, a tenant, a pool.
//!
//! A callback that panics, or takes longer than
//! [`storage_timeout`](crate::RefreshSettings::storage_timeout) (5 s), counts as one that has answered `Err`. Those of a
//! [`Client`] have an [`upstream_timeout`](crate::RefreshSettings::upstream_timeout) (5 s) more, because the hub they ask
//! may have to ask WeChat.
//!
//! An `Err` of a [`Client`]'s that is itself a [`wechat_runtime::Error`](crate::Error) is the caller's as it is: so what
//! WeChat told a hub is told to the hub's clients.
//!
//! ```
//! use std::{collections::HashMap, sync::Mutex};
//! use wechat_runtime::{async_trait, storage, Secret, Ticket, TicketType, Token};
//!
//! #[derive(Default)]
//! pub struct MyHub {
//!     tokens: Mutex<HashMap<String, Token>>,
//! }
//!
//! #[async_trait]
//! impl storage::Hub for MyHub {
//!     type Args = ();
//!
//!     async fn fetch_secret_key(&self, appid: &str, _: &()) -> storage::Result<Option<Secret>> {
//!         Ok(std::env::var(format!("SECRET_{appid}")).ok().map(Secret::from))
//!     }
//!
//!     async fn fetch_access_token(&self, appid: &str, _: &()) -> storage::Result<Option<Token>> {
//!         let tokens = self.tokens.lock().map_err(|_| storage::Error::msg("the map is poisoned"))?;
//!         Ok(tokens.get(appid).cloned())
//!     }
//!
//!     async fn save_access_token(&self, appid: &str, token: Token, _: &()) -> storage::Result<Token> {
//!         let mut tokens = self.tokens.lock().map_err(|_| storage::Error::msg("the map is poisoned"))?;
//!         tokens.insert(appid.to_owned(), token.clone());
//!         Ok(token)
//!     }
//!
//!     async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &()) -> storage::Result<Option<Ticket>> {
//!         Ok(None)
//!     }
//!
//!     async fn save_ticket(&self, _: &str, ticket: Ticket, _: &()) -> storage::Result<Ticket> {
//!         Ok(ticket)
//!     }
//! }
//! ```
//!
//! # Several processes on one storage
//!
//! Each refreshes by itself, unless the storage has a [`Coordinator`]: then one of them refreshes for all, and what is known of
//! pauses, gaps and budgets is known to all.
//!
//! # Is mine right?
//!
//! The feature `contract` has a test-suite, [`storage::contract`][suite], and it is one line in a test of yours:
//! `contract::hub(MyHub::default(), ()).check().await`. The adapter above would be told that it keeps no tickets.
//! `contract::component_hub` does the same for a [`ComponentHub`], and tries that no refresh token gets lost. Either tries the
//! [`Coordinator`], too, where there is one.
//!
#![cfg_attr(feature = "contract", doc = "[suite]: contract")]
#![cfg_attr(not(feature = "contract"), doc = "[suite]: crate#features")]

pub(crate) mod adapter;
mod component;
#[cfg(feature = "contract")]
pub mod contract;
mod coordinator;
mod error;
pub(crate) mod store;

use std::sync::Arc;

use async_trait::async_trait;

pub use self::adapter::{DefaultArgs, marker};
pub use self::component::{ComponentClient, ComponentHub};
pub use self::coordinator::{Begun, Coordinator, Notes, Record, Slot, Turn};
pub use self::error::{Error, Result};
use crate::{Secret, Ticket, TicketType, Token};

/// The storage of a process that owns an application's credentials.
#[async_trait]
pub trait Hub: Send + Sync + 'static {
    /// What is handed back to every callback.
    type Args: Send + Sync + 'static;

    /// The application's secret (`appsecret`).
    ///
    /// It is asked for when WeChat is to grant a token or a ticket, and when a path is called that takes it. An
    /// empty one counts as none.
    ///
    /// # Errors
    ///
    /// An `Err` is the caller's [`Storage`](crate::ErrorKind::Storage), and WeChat is not asked. Where the secret is
    /// what a token would be granted for, `Ok(None)` is the caller's
    /// [`Configuration`](crate::ErrorKind::Configuration).
    async fn fetch_secret_key(&self, appid: &str, args: &Self::Args) -> Result<Option<Secret>>;

    /// The stored access token, expired or not.
    ///
    /// One record for each appid is enough, unless clients of both [kinds](crate::TokenKind) share this
    /// storage: they would take turns in replacing each other's record.
    ///
    /// # Errors
    ///
    /// It is asked when there is no live local copy, and before each refresh. An `Err` is the caller's
    /// [`Storage`](crate::ErrorKind::Storage), and WeChat is not asked; `Ok(None)` lets a token be fetched.
    async fn fetch_access_token(&self, appid: &str, args: &Self::Args) -> Result<Option<Token>>;

    /// Obtains a new access token in place of `stale`. The provided method answers `Ok(None)`: the runtime
    /// does it, by the secret. What another answers is saved like an answer from WeChat; it has to be of the
    /// client's kind, and alive.
    ///
    /// # Errors
    ///
    /// An `Err` is the caller's [`Storage`](crate::ErrorKind::Storage), and nobody refreshes again for a pause
    /// of 1 s, doubling to 30 s ([`transient`](crate::CoolDowns::transient)). WeChat is not asked instead.
    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        let _ = (appid, stale, args);
        Ok(None)
    }

    /// Stores a token just granted, with WeChat's own `expires_in`, and answers with what is stored.
    ///
    /// # Errors
    ///
    /// An `Err` is no caller's: the token is used, the error is logged, and the next refresh in this process that
    /// misses the token in the storage saves it.
    async fn save_access_token(&self, appid: &str, token: Token, args: &Self::Args) -> Result<Token>;

    /// The stored ticket of this type, expired or not.
    ///
    /// # Errors
    ///
    /// As for [`fetch_access_token`](Self::fetch_access_token). A ticket of another type than the one asked for is
    /// taken for an `Err`.
    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>>;

    /// Stores a ticket just granted, with WeChat's own `expires_in`, and answers with what is stored.
    ///
    /// # Errors
    ///
    /// As for [`save_access_token`](Self::save_access_token).
    async fn save_ticket(&self, appid: &str, ticket: Ticket, args: &Self::Args) -> Result<Ticket>;

    /// What several processes on this storage agree by, so that one of them refreshes for all. By default there is none,
    /// and each process refreshes for itself.
    fn coordinator(&self, args: &Self::Args) -> Option<Arc<dyn Coordinator>> {
        let _ = args;
        None
    }
}

/// The storage of a process that asks a hub for an application's credentials.
///
/// [`HubClient`](crate::adapters::HubClient) is one that asks over HTTP.
#[async_trait]
pub trait Client: Send + Sync + 'static {
    /// What is handed back to every callback.
    type Args: Send + Sync + 'static;

    /// The hub's access token, of whichever kind the hub keeps.
    ///
    /// # Errors
    ///
    /// It is asked when there is no live local copy, and before each refresh. An `Err` is the caller's
    /// [`Storage`](crate::ErrorKind::Storage), and the hub is not told anything; `Ok(None)` lets
    /// [`refresh_access_token`](Self::refresh_access_token) be asked.
    async fn fetch_access_token(&self, appid: &str, args: &Self::Args) -> Result<Option<Token>>;

    /// Tells the hub that `stale` is no good, and answers with the token it has in its place.
    ///
    /// # Errors
    ///
    /// An `Err`, `Ok(None)` and an expired token are the caller's [`Storage`](crate::ErrorKind::Storage); the
    /// token that was refused is its [`TokenRejected`](crate::ErrorKind::TokenRejected). Refused tokens are reported
    /// as far apart as an owner replaces them ([`gap`](crate::RefreshSettings::gap)); no other pause follows, since
    /// how often it may be asked is the hub's to say.
    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// The hub's ticket of this type.
    ///
    /// # Errors
    ///
    /// An `Err`, `Ok(None)`, an expired ticket and one of another type are the caller's
    /// [`Storage`](crate::ErrorKind::Storage).
    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>>;

    /// A name for what this adapter asks: all bindings of adapters of one type that have the same name share their
    /// local copies, for the life of the process, as if they were one. By default it is `None`, and each binding has
    /// copies of its own.
    ///
    /// With a name, a call that brings an adapter of its own costs no more than others. Whatever decides what is
    /// answered has to be in it: where the hub is, and who asks.
    fn shared_as(&self, args: &Self::Args) -> Option<String> {
        let _ = args;
        None
    }
}

#[async_trait]
impl<T: Hub + ?Sized> Hub for Arc<T> {
    type Args = T::Args;

    async fn fetch_secret_key(&self, appid: &str, args: &Self::Args) -> Result<Option<Secret>> {
        (**self).fetch_secret_key(appid, args).await
    }

    async fn fetch_access_token(&self, appid: &str, args: &Self::Args) -> Result<Option<Token>> {
        (**self).fetch_access_token(appid, args).await
    }

    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).refresh_access_token(appid, stale, args).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, args: &Self::Args) -> Result<Token> {
        (**self).save_access_token(appid, token, args).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>> {
        (**self).fetch_ticket(appid, ticket_type, args).await
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, args: &Self::Args) -> Result<Ticket> {
        (**self).save_ticket(appid, ticket, args).await
    }

    fn coordinator(&self, args: &Self::Args) -> Option<Arc<dyn Coordinator>> {
        (**self).coordinator(args)
    }
}

#[async_trait]
impl<T: Client + ?Sized> Client for Arc<T> {
    type Args = T::Args;

    async fn fetch_access_token(&self, appid: &str, args: &Self::Args) -> Result<Option<Token>> {
        (**self).fetch_access_token(appid, args).await
    }

    async fn refresh_access_token(
        &self,
        appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).refresh_access_token(appid, stale, args).await
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>> {
        (**self).fetch_ticket(appid, ticket_type, args).await
    }

    fn shared_as(&self, args: &Self::Args) -> Option<String> {
        (**self).shared_as(args)
    }
}
