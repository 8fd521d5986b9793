//! Where a component application's credentials live, and those of the accounts that have authorized it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Coordinator, Result};
use crate::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket};

/// The storage of a process that owns a component application's credentials, and those of its authorizers.
///
/// Authorizers' refresh tokens are what it is there for: see [`AuthorizerToken`]. None of them may get lost, so it has to
/// be durable, and a save that has answered is one that survives the process.
///
/// Each callback is about the component that it names, even where there is but one: of another it has nothing, `Ok(None)`. A
/// hub's clients name it, and what they may ask for goes by that name.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
/// use wechat_runtime::{async_trait, storage, AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket};
///
/// #[derive(Default)]
/// pub struct MyComponentHub {
///     authorizers: Mutex<HashMap<(String, String), AuthorizerToken>>,
///     // … and the component's own token, its verify ticket, and the authorizers' tickets
/// }
///
/// #[async_trait]
/// impl storage::ComponentHub for MyComponentHub {
///     type Args = ();
///
///     async fn fetch_access_token(
///         &self,
///         component_appid: &str,
///         authorizer_appid: &str,
///         _: &(),
///     ) -> storage::Result<Option<AuthorizerToken>> {
///         let authorizers = self.authorizers.lock().map_err(|_| storage::Error::msg("the map is poisoned"))?;
///         Ok(authorizers.get(&(component_appid.to_owned(), authorizer_appid.to_owned())).cloned())
///     }
///
///     async fn save_access_token(
///         &self,
///         component_appid: &str,
///         authorizer_appid: &str,
///         record: AuthorizerToken,
///         _: &(),
///     ) -> storage::Result<AuthorizerToken> {
///         let mut authorizers = self.authorizers.lock().map_err(|_| storage::Error::msg("the map is poisoned"))?;
///         let key = (component_appid.to_owned(), authorizer_appid.to_owned());
///         // Nothing that is stored is taken away by what the record does not tell.
///         let kept = record.over(authorizers.remove(&key));
///         authorizers.insert(key, kept.clone());
///         Ok(kept)
///     }
/// #    async fn fetch_secret_key(&self, _: &str, _: &()) -> storage::Result<Option<Secret>> { Ok(None) }
/// #    async fn fetch_component_access_token(&self, _: &str, _: &()) -> storage::Result<Option<Token>> { Ok(None) }
/// #    async fn save_component_access_token(&self, _: &str, token: Token, _: &()) -> storage::Result<Token> { Ok(token) }
/// #    async fn fetch_component_verify_ticket(&self, _: &str, _: &()) -> storage::Result<Option<VerifyTicket>> { Ok(None) }
/// #    async fn save_component_verify_ticket(&self, _: &str, ticket: VerifyTicket, _: &()) -> storage::Result<VerifyTicket> { Ok(ticket) }
/// #    async fn fetch_ticket(&self, _: &str, _: &str, _: &TicketType, _: &()) -> storage::Result<Option<Ticket>> { Ok(None) }
/// #    async fn save_ticket(&self, _: &str, _: &str, ticket: Ticket, _: &()) -> storage::Result<Ticket> { Ok(ticket) }
///     // … fetch_secret_key, and a fetch and a save for each of the others
/// }
/// ```
#[async_trait]
pub trait ComponentHub: Send + Sync + 'static {
    /// What is handed back to every callback.
    type Args: Send + Sync + 'static;

    /// The component application's secret (`component_appsecret`).
    ///
    /// It is asked for when WeChat is to grant a component access token, and when a path is called that takes it. An empty
    /// one counts as none; of a component that is not yours, it is `Ok(None)`.
    ///
    /// # Errors
    ///
    /// As for [`Hub::fetch_secret_key`](super::Hub::fetch_secret_key).
    async fn fetch_secret_key(&self, component_appid: &str, args: &Self::Args) -> Result<Option<Secret>>;

    /// What is stored of an authorizer, its access token expired or not.
    ///
    /// # Errors
    ///
    /// It is asked when there is no live local copy, before each refresh, and before each save. An `Err` is the caller's
    /// [`Storage`](crate::ErrorKind::Storage), and WeChat is not asked; `Ok(None)` lets the refresh token be looked up in
    /// `api_get_authorizer_list`.
    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<AuthorizerToken>>;

    /// Stores what was learnt of an authorizer [over](AuthorizerToken::over) what is stored, in one transaction, and
    /// answers with what is stored then.
    ///
    /// # Errors
    ///
    /// Where the record has another refresh token than the storage, an `Err` is the caller's
    /// [`Storage`](crate::ErrorKind::Storage): a refresh token has to be durable before anybody is told of success, and the
    /// next refresh in this process saves it. Otherwise it is no caller's: the access token is used, and the error is
    /// logged.
    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        args: &Self::Args,
    ) -> Result<AuthorizerToken>;

    /// Obtains a new access token of an authorizer in place of `stale`. The provided method answers `Ok(None)`: the runtime
    /// does it, by the refresh token. What another answers is saved like an answer from WeChat; its access token has to be
    /// alive.
    ///
    /// # Errors
    ///
    /// As for [`Hub::refresh_access_token`](super::Hub::refresh_access_token).
    async fn refresh_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<AuthorizerToken>> {
        let _ = (component_appid, authorizer_appid, stale, args);
        Ok(None)
    }

    /// The stored access token of the component itself, expired or not.
    ///
    /// # Errors
    ///
    /// As for [`Hub::fetch_access_token`](super::Hub::fetch_access_token).
    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// Stores a component access token just granted, with WeChat's own `expires_in`, and answers with what is stored.
    ///
    /// # Errors
    ///
    /// As for [`Hub::save_access_token`](super::Hub::save_access_token).
    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        args: &Self::Args,
    ) -> Result<Token>;

    /// Obtains a new component access token in place of `stale`. The provided method answers `Ok(None)`: the runtime does
    /// it, by the secret and the newest verify ticket. What another answers is saved like an answer from WeChat; it has to be
    /// alive.
    ///
    /// # Errors
    ///
    /// As for [`Hub::refresh_access_token`](super::Hub::refresh_access_token).
    async fn refresh_component_access_token(
        &self,
        component_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        let _ = (component_appid, stale, args);
        Ok(None)
    }

    /// The newest verify ticket.
    ///
    /// # Errors
    ///
    /// An `Err` is the caller's [`Storage`](crate::ErrorKind::Storage), and WeChat is not asked; `Ok(None)` is its
    /// [`NoVerifyTicket`](crate::ErrorKind::NoVerifyTicket).
    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<VerifyTicket>>;

    /// Stores a verify ticket that was just pushed, and answers with what is stored. The runtime saves none that is older
    /// than what it reads a moment before.
    ///
    /// # Errors
    ///
    /// An `Err` fails the push, so that WeChat pushes the ticket again.
    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        args: &Self::Args,
    ) -> Result<VerifyTicket>;

    /// The stored ticket of this type of an authorizer, expired or not.
    ///
    /// # Errors
    ///
    /// As for [`Hub::fetch_ticket`](super::Hub::fetch_ticket).
    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>>;

    /// Stores an authorizer's ticket just granted, with WeChat's own `expires_in`, and answers with what is stored.
    ///
    /// # Errors
    ///
    /// As for [`Hub::save_access_token`](super::Hub::save_access_token).
    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket: Ticket,
        args: &Self::Args,
    ) -> Result<Ticket>;

    /// What several processes on this storage agree by, so that one of them refreshes for all. By default there is none,
    /// and each process refreshes for itself.
    fn coordinator(&self, args: &Self::Args) -> Option<Arc<dyn Coordinator>> {
        let _ = args;
        None
    }
}

/// The storage of a process that asks a hub for a component application's credentials.
///
/// [`HubClient`](crate::adapters::HubClient) is one that asks over HTTP.
#[async_trait]
pub trait ComponentClient: Send + Sync + 'static {
    /// What is handed back to every callback.
    type Args: Send + Sync + 'static;

    /// The hub's access token of an authorizer.
    ///
    /// # Errors
    ///
    /// As for [`Client::fetch_access_token`](super::Client::fetch_access_token).
    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// The hub's access token of the component itself.
    ///
    /// # Errors
    ///
    /// As for [`Client::fetch_access_token`](super::Client::fetch_access_token).
    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// Tells the hub that an authorizer's token is no good, and answers with the one it has in its place.
    ///
    /// # Errors
    ///
    /// As for [`Client::refresh_access_token`](super::Client::refresh_access_token).
    async fn refresh_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// Tells the hub that the component's token is no good, and answers with the one it has in its place.
    ///
    /// # Errors
    ///
    /// As for [`Client::refresh_access_token`](super::Client::refresh_access_token).
    async fn refresh_component_access_token(
        &self,
        component_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>>;

    /// The hub's ticket of this type of an authorizer.
    ///
    /// # Errors
    ///
    /// As for [`Client::fetch_ticket`](super::Client::fetch_ticket).
    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>>;

    /// A name by which bindings share their local copies: as [`Client::shared_as`](super::Client::shared_as).
    fn shared_as(&self, args: &Self::Args) -> Option<String> {
        let _ = args;
        None
    }
}

#[async_trait]
impl<T: ComponentHub + ?Sized> ComponentHub for Arc<T> {
    type Args = T::Args;

    async fn fetch_secret_key(&self, component_appid: &str, args: &Self::Args) -> Result<Option<Secret>> {
        (**self).fetch_secret_key(component_appid, args).await
    }

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<AuthorizerToken>> {
        (**self).fetch_access_token(component_appid, authorizer_appid, args).await
    }

    async fn save_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        record: AuthorizerToken,
        args: &Self::Args,
    ) -> Result<AuthorizerToken> {
        (**self).save_access_token(component_appid, authorizer_appid, record, args).await
    }

    async fn refresh_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<AuthorizerToken>> {
        (**self).refresh_access_token(component_appid, authorizer_appid, stale, args).await
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).fetch_component_access_token(component_appid, args).await
    }

    async fn save_component_access_token(
        &self,
        component_appid: &str,
        token: Token,
        args: &Self::Args,
    ) -> Result<Token> {
        (**self).save_component_access_token(component_appid, token, args).await
    }

    async fn refresh_component_access_token(
        &self,
        component_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).refresh_component_access_token(component_appid, stale, args).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<VerifyTicket>> {
        (**self).fetch_component_verify_ticket(component_appid, args).await
    }

    async fn save_component_verify_ticket(
        &self,
        component_appid: &str,
        ticket: VerifyTicket,
        args: &Self::Args,
    ) -> Result<VerifyTicket> {
        (**self).save_component_verify_ticket(component_appid, ticket, args).await
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>> {
        (**self).fetch_ticket(component_appid, authorizer_appid, ticket_type, args).await
    }

    async fn save_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket: Ticket,
        args: &Self::Args,
    ) -> Result<Ticket> {
        (**self).save_ticket(component_appid, authorizer_appid, ticket, args).await
    }

    fn coordinator(&self, args: &Self::Args) -> Option<Arc<dyn Coordinator>> {
        (**self).coordinator(args)
    }
}

#[async_trait]
impl<T: ComponentClient + ?Sized> ComponentClient for Arc<T> {
    type Args = T::Args;

    async fn fetch_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).fetch_access_token(component_appid, authorizer_appid, args).await
    }

    async fn fetch_component_access_token(
        &self,
        component_appid: &str,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).fetch_component_access_token(component_appid, args).await
    }

    async fn refresh_access_token(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).refresh_access_token(component_appid, authorizer_appid, stale, args).await
    }

    async fn refresh_component_access_token(
        &self,
        component_appid: &str,
        stale: Option<&Secret>,
        args: &Self::Args,
    ) -> Result<Option<Token>> {
        (**self).refresh_component_access_token(component_appid, stale, args).await
    }

    async fn fetch_ticket(
        &self,
        component_appid: &str,
        authorizer_appid: &str,
        ticket_type: &TicketType,
        args: &Self::Args,
    ) -> Result<Option<Ticket>> {
        (**self).fetch_ticket(component_appid, authorizer_appid, ticket_type, args).await
    }

    fn shared_as(&self, args: &Self::Args) -> Option<String> {
        (**self).shared_as(args)
    }
}
