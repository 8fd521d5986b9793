//! A handle on one account that has authorized a component application.

use std::fmt;
use std::sync::Arc;

use reqwest::Method;

use super::{Call, Client, TicketCall};
use crate::application::Component;
use crate::request::RequestBuilder;
use crate::sign::{AddCard, ChooseCard, JssdkConfig, SignedCard, SignedChoice};
use crate::{Error, Secret, Ticket, TicketType, Token};

/// One account that has authorized a component application: calls are made for it, by its own access token.
///
/// Made by [`Client::authorizer`]. A clone is cheap and shares everything.
///
/// ```
/// use wechat_runtime::{Call, Client, Component, Error};
///
/// /// Takes any client, and any authorizer.
/// async fn followers(wechat: &impl Call) -> Result<Option<u64>, Error> {
///     Ok(wechat.get("/cgi-bin/user/get").send().await?.value()?["total"].as_u64())
/// }
///
/// # async fn f(platform: Client<Component>) -> Result<(), Error> {
/// let total = followers(&platform.authorizer("wx99aa88bb77cc66dd")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Authorizer {
    /// For this account.
    client: Client<Component>,
    appid: Arc<str>,
}

impl Authorizer {
    pub(super) fn new(client: &Client<Component>, appid: Arc<str>) -> Self {
        Self { client: client.for_authorizer(appid.clone()), appid }
    }

    /// The account's appid. (That of its [`Call::client`] is the component's.)
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// The component application's appid, where it is declared.
    #[must_use]
    pub fn component_appid(&self) -> Option<&str> {
        self.client.appid()
    }

    /// Begins a call: as [`Client::request`].
    pub fn request(&self, method: Method, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.request(method, url)
    }

    /// Begins a GET call.
    pub fn get(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.get(url)
    }

    /// Begins a POST call.
    pub fn post(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.post(url)
    }

    /// Begins a PUT call.
    pub fn put(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.put(url)
    }

    /// Begins a PATCH call.
    pub fn patch(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.patch(url)
    }

    /// Begins a DELETE call.
    pub fn delete(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.delete(url)
    }

    /// Begins a HEAD call.
    pub fn head(&self, url: impl Into<String>) -> RequestBuilder<Component> {
        self.client.head(url)
    }

    /// The account's access token, found or fetched.
    ///
    /// # Errors
    ///
    /// Those of [`Client::<Component>::fetch_access_token`](Client#method.fetch_access_token-1).
    pub async fn fetch_access_token(&self) -> Result<Token, Error> {
        self.client.fetch_access_token(&*self.appid).await
    }

    /// The account's access token in place of `stale`.
    ///
    /// # Errors
    ///
    /// Those of [`Client::<Component>::refresh_access_token`](Client#method.refresh_access_token-1).
    pub async fn refresh_access_token(&self, stale: &Secret) -> Result<Token, Error> {
        self.client.refresh_access_token(&*self.appid, stale).await
    }

    /// A front-end ticket of the account: see [`Client::fetch_ticket`].
    pub fn fetch_ticket(&self, ticket_type: impl Into<TicketType>) -> TicketCall<Component, Ticket> {
        self.client.fetch_ticket(ticket_type)
    }

    /// What a page gives to `wx.config`: see [`Client::jssdk_config`].
    pub fn jssdk_config(&self, url: impl Into<String>) -> TicketCall<Component, JssdkConfig> {
        self.client.jssdk_config(url)
    }

    /// What a page gives to `wx.addCard`: see [`Client::card_signature`].
    pub fn card_signature(&self, card: AddCard) -> TicketCall<Component, SignedCard> {
        self.client.card_signature(card)
    }

    /// What a page gives to `wx.chooseCard`: see [`Client::choose_card_signature`].
    pub fn choose_card_signature(&self, cards: ChooseCard) -> TicketCall<Component, SignedChoice> {
        self.client.choose_card_signature(cards)
    }
}

impl Call for Authorizer {
    type App = Component;

    fn client(&self) -> &Client<Component> {
        &self.client
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("appid", &self.appid)
            .field("component_appid", &self.component_appid())
            .finish_non_exhaustive()
    }
}
