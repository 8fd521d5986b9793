//! What a component application's client can do besides: its own token, and its authorizers.

use std::sync::Arc;

use super::{Authorizer, Client};
use crate::application::Component;
use crate::credential::Credential;
use crate::credentials::{Cause, Credentials};
use crate::request::prepared::check_authorizer;
use crate::{Error, Secret, Token, TokenKind};

impl Client<Component> {
    /// A handle on one account that has authorized the component, with the call surface of a common application's client.
    ///
    /// It is cheap: it shares everything with the client. Nothing is asked of anybody until it makes a call.
    ///
    /// ```no_run
    /// # use wechat_runtime::{Client, Component, Error};
    /// # async fn f(platform: Client<Component>) -> Result<(), Error> {
    /// let shop = platform.authorizer("wx99aa88bb77cc66dd");
    /// let followers = shop.get("/cgi-bin/user/get").send().await?.value()?;
    /// # Ok(()) }
    /// ```
    pub fn authorizer(&self, authorizer_appid: impl Into<String>) -> Authorizer {
        Authorizer::new(self, authorizer_appid.into().into())
    }

    /// The declared authorizer.
    #[must_use]
    pub fn authorizer_appid(&self) -> Option<&str> {
        self.authorizer.as_deref()
    }

    /// The same client, for this authorizer.
    pub(super) fn for_authorizer(&self, authorizer: Arc<str>) -> Self {
        Self { inner: self.inner.clone(), authorizer: Some(authorizer) }
    }

    /// The component's own access token, found, or fetched by the newest verify ticket.
    ///
    /// # Errors
    ///
    /// Those of the storage and of [`api_component_token`]; [`NoVerifyTicket`](crate::ErrorKind::NoVerifyTicket) where no
    /// ticket of the last twelve hours is kept; [`Timeout`](crate::ErrorKind::Timeout) past the client's
    /// [`timeout`](crate::ClientBuilder::timeout); no declared appid ([`Request`](crate::ErrorKind::Request)).
    ///
    /// [`api_component_token`]: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_access_token.html
    pub async fn fetch_component_access_token(&self) -> Result<Token, Error> {
        let credentials = self.declared_credentials(None, Credential::ComponentToken)?;
        Ok(self.in_time(&credentials, credentials.obtain()).await?.into_token(TokenKind::Classic))
    }

    /// The component's own access token in place of `stale`.
    ///
    /// # Errors
    ///
    /// As [`fetch_component_access_token`](Self::fetch_component_access_token); and
    /// [`TokenRejected`](crate::ErrorKind::TokenRejected) as for a [common application's](Client::refresh_access_token).
    pub async fn refresh_component_access_token(&self, stale: &Secret) -> Result<Token, Error> {
        let credentials = self.declared_credentials(None, Credential::ComponentToken)?;
        let refreshed = credentials.refresh(Some(stale.clone()), Cause::Refused(None));
        Ok(self.in_time(&credentials, refreshed).await?.into_token(TokenKind::Classic))
    }

    /// The access token of an account that has authorized the component, found, or fetched by its refresh token.
    ///
    /// A refresh token that was lost or is refused is looked up in the list of authorizers.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_component_access_token`](Self::fetch_component_access_token) and of [`api_authorizer_token`];
    /// [`ReauthorizationRequired`](crate::ErrorKind::ReauthorizationRequired) where the account does not authorize the
    /// component, or no more.
    ///
    /// [`api_authorizer_token`]: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/api_authorizer_token.html
    pub async fn fetch_access_token(&self, authorizer_appid: impl Into<String>) -> Result<Token, Error> {
        let credentials = self.authorizers_credentials(authorizer_appid.into().into())?;
        Ok(self.in_time(&credentials, credentials.obtain()).await?.into_token(TokenKind::Classic))
    }

    /// The access token of an account that has authorized the component, in place of `stale`.
    ///
    /// # Errors
    ///
    /// As [`fetch_access_token`](Self::fetch_access_token); and [`TokenRejected`](crate::ErrorKind::TokenRejected) as for
    /// a [common application's](Client::refresh_access_token).
    pub async fn refresh_access_token(
        &self,
        authorizer_appid: impl Into<String>,
        stale: &Secret,
    ) -> Result<Token, Error> {
        let credentials = self.authorizers_credentials(authorizer_appid.into().into())?;
        let refreshed = credentials.refresh(Some(stale.clone()), Cause::Refused(None));
        Ok(self.in_time(&credentials, refreshed).await?.into_token(TokenKind::Classic))
    }

    fn authorizers_credentials(&self, authorizer: Arc<str>) -> Result<Credentials, Error> {
        check_authorizer(self.appid().unwrap_or_default(), Some(&authorizer))?;
        self.declared_credentials(Some(authorizer), Credential::AuthorizerToken)
    }
}
