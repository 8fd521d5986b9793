//! Tickets, and signatures for a page's front end, with the ticket found as a token is.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Client;
use crate::application::{Application, Component};
use crate::clock::{Clock, Moment};
use crate::request::RequestBuilder;
use crate::routes::GET_TICKET;
use crate::sign::{AddCard, ChooseCard, JssdkConfig, SignedCard, SignedChoice, Signer, check_page};
use crate::storage::adapter::{Adapter, DefaultArgs};
use crate::{Error, Ticket, TicketType, random};

/// A call for a ticket, or for what is signed with one: await it, after saying what is otherwise than declared.
///
/// ```
/// # use wechat_runtime::{Client, Common, Error};
/// # async fn f(client: Client<Common>) -> Result<(), Error> {
/// let config = client
///     .jssdk_config("https://example.com/page?id=1")
///     .appid("wx99aa88bb77cc66dd")
///     .await?
///     .with_js_api_list(["scanQRCode"]);
/// # Ok(()) }
/// ```
#[must_use = "nothing is done until it is awaited"]
pub struct TicketCall<App: Application, T> {
    call: RequestBuilder<App>,
    clock: Arc<dyn Clock>,
    /// What is wrong with it, so that no ticket is fetched for nothing.
    check: Result<(), Error>,
    make: Make<T>,
}

type Make<T> = Box<dyn FnOnce(Ticket, &str, u64) -> Result<T, Error> + Send + Sync>;

impl<App: Application> Client<App> {
    /// The ticket of this type (`TicketType::JSAPI`, or the word itself), found or fetched.
    ///
    /// Follows the appendix on tickets of the
    /// [JS-SDK's page](https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html).
    ///
    /// # Errors
    ///
    /// Those of obtaining the account's access token, and what `/cgi-bin/ticket/getticket` answers, by its kind.
    pub fn fetch_ticket(&self, ticket_type: impl Into<TicketType>) -> TicketCall<App, Ticket> {
        self.by_ticket(&ticket_type.into(), Ok(()), |ticket, _, _| Ok(ticket))
    }

    /// What a page at `url` gives to `wx.config`.
    ///
    /// The ticket is looked up in the storage, and got from WeChat where it has none that lives. The signature is
    /// good for this very address, up to its first `#`: give the page's `location.href` as the browser has it.
    ///
    /// ```
    /// # use wechat_runtime::{Client, Common, Error};
    /// # async fn f(client: Client<Common>) -> Result<String, Error> {
    /// let config = client.jssdk_config("https://example.com/page?id=1").await?;
    /// let script = format!("wx.config({});", config.with_js_api_list(["scanQRCode"]).to_script());
    /// # Ok(script) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`fetch_ticket`](Self::fetch_ticket) and of [`sign_jssdk`](crate::sign_jssdk).
    pub fn jssdk_config(&self, url: impl Into<String>) -> TicketCall<App, JssdkConfig> {
        let url = url.into();
        let check = check_page(&url);
        self.signing(&TicketType::JSAPI, check, move |signer| signer.page(&url))
    }

    /// What a page gives to `wx.addCard` for this card.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_ticket`](Self::fetch_ticket) and of [`sign_card`](crate::sign_card); a card without its
    /// `card_id` ([`Request`](crate::ErrorKind::Request)).
    pub fn card_signature(&self, card: AddCard) -> TicketCall<App, SignedCard> {
        self.signing(&TicketType::WX_CARD, card.check(), move |signer| card.sign(signer))
    }

    /// What a page gives to `wx.chooseCard` for these cards.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_ticket`](Self::fetch_ticket) and of [`sign_card`](crate::sign_card).
    pub fn choose_card_signature(&self, cards: ChooseCard) -> TicketCall<App, SignedChoice> {
        self.signing(&TicketType::WX_CARD, Ok(()), move |signer| cards.sign(signer))
    }

    fn signing<T>(
        &self,
        ticket_type: &TicketType,
        check: Result<(), Error>,
        sign: impl FnOnce(&Signer<'_>) -> Result<T, Error> + Send + Sync + 'static,
    ) -> TicketCall<App, T> {
        self.by_ticket(ticket_type, check, move |ticket, appid, timestamp| {
            sign(&Signer { ticket: ticket.ticket(), appid, timestamp, nonce: &random::word() })
        })
    }

    fn by_ticket<T>(
        &self,
        ticket_type: &TicketType,
        check: Result<(), Error>,
        make: impl FnOnce(Ticket, &str, u64) -> Result<T, Error> + Send + Sync + 'static,
    ) -> TicketCall<App, T> {
        let call = self.get(GET_TICKET).query(&[("type", ticket_type.as_str())]);
        TicketCall { call, clock: self.inner.clock.clone(), check, make: Box::new(make) }
    }
}

impl<App: Application, T> TicketCall<App, T> {
    /// Does it for this account, whatever was declared.
    pub fn appid(self, appid: impl Into<String>) -> Self {
        Self { call: self.call.appid(appid), ..self }
    }

    /// Takes the ticket from WeChat's API where it is said to be here, whatever was declared.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        Self { call: self.call.base_url(base_url), ..self }
    }

    /// Takes the ticket from this storage, whatever was declared: as
    /// [`RequestBuilder::adapter_storage`](crate::RequestBuilder::adapter_storage).
    pub fn adapter_storage<S, M>(self, adapter: S) -> Self
    where
        S: Adapter<App, M>,
        S::Args: DefaultArgs,
    {
        Self { call: self.call.adapter_storage(adapter), ..self }
    }

    /// Takes the ticket from this storage with these arguments, whatever was declared.
    pub fn adapter_storage_with<S, M>(self, adapter: S, args: S::Args) -> Self
    where
        S: Adapter<App, M>,
    {
        Self { call: self.call.adapter_storage_with(adapter, args), ..self }
    }

    /// How long it may take, in place of the client's [`timeout`](crate::ClientBuilder::timeout) (30 s).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { call: self.call.timeout(timeout), ..self }
    }
}

impl<T> TicketCall<Component, T> {
    /// Does it for this account, which has authorized the component.
    pub fn authorizer_appid(self, authorizer_appid: impl Into<String>) -> Self {
        Self { call: self.call.authorizer_appid(authorizer_appid), ..self }
    }
}

impl<App: Application> TicketCall<App, JssdkConfig> {
    /// Names the interfaces that the page calls: as [`JssdkConfig::with_js_api_list`].
    pub fn with_js_api_list<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.then(move |config| config.with_js_api_list(names))
    }

    /// Names the open tags that the page has: as [`JssdkConfig::with_open_tag_list`].
    pub fn with_open_tag_list<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.then(move |config| config.with_open_tag_list(names))
    }

    fn then(self, edit: impl FnOnce(JssdkConfig) -> JssdkConfig + Send + Sync + 'static) -> Self {
        let make = self.make;
        let make: Make<JssdkConfig> =
            Box::new(move |ticket, appid, timestamp| make(ticket, appid, timestamp).map(edit));
        Self { make, ..self }
    }
}

impl<App: Application, T: 'static> IntoFuture for TicketCall<App, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Result<T, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.check?;
            let answer = self.call.send().await?;
            let appid = answer.appid().cloned().unwrap_or_default();
            let timestamp = Moment::now(&*self.clock).unix();
            (self.make)(answer.json()?, &appid, timestamp)
        })
    }
}

impl<App: Application, T> fmt::Debug for TicketCall<App, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketCall").field("call", &self.call).finish_non_exhaustive()
    }
}
