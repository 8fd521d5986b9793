//! What WeChat tells a component application of its tickets and its authorizers, kept in the client's storage.

use serde_json::json;

use super::Client;
use crate::application::Component;
use crate::callback::{Authorization, ComponentEvent, ComponentInfo};
use crate::clock::Moment;
use crate::credential::{Account, Credential};
use crate::credentials::{Cause, Credentials};
use crate::errcode::ErrorKind;
use crate::routes::QUERY_AUTH;
use crate::{Error, VerifyTicket};

/// WeChat's words for a code that was used before, and for one that was not used in its hour.
const CODE_IS_GONE: &[i64] = &[61009, 61010];

impl Client<Component> {
    /// Keeps what WeChat has pushed to the component itself: a verify ticket; the tokens of an account that authorizes
    /// it, for which the code is exchanged; that an account has taken its authorization back.
    ///
    /// `callback::component_service` calls it by itself, when a client or a declared type is given to it. Call it where you
    /// have a service, or a [`ComponentEvents`][events], of your own. To call it again with the same event changes nothing.
    ///
    /// Needs the feature `callback` or `callback-codec`. In a test, an event is made by
    /// [`ComponentEvent::parse`].
    ///
    /// # Errors
    ///
    /// Those of the storage, and of `/cgi-bin/component/api_query_auth`: the event is then not kept, and has to be pushed
    /// again. An event for another component than the one declared ([`Request`](ErrorKind::Request)).
    ///
    #[cfg_attr(feature = "callback", doc = "[events]: crate::callback::ComponentEvents")]
    #[cfg_attr(not(feature = "callback"), doc = "[events]: crate#features")]
    pub async fn receive_event(&self, event: &ComponentEvent) -> Result<(), Error> {
        let component = &*event.component_appid;
        let is_ours = self.appid().is_none_or(|declared| declared == component);
        if component.is_empty() || !is_ours {
            let message = "the event is for another component application than this one";
            return Err(Error::new(ErrorKind::Request, message));
        }
        let credentials = |authorizer: Option<&str>, credential| {
            let account = Account { appid: component.into(), authorizer: authorizer.map(Into::into) };
            let credentials = Credentials::new(self.wire()?, self.bound(), account, credential);
            credentials.check_owned().map(|()| credentials)
        };
        // One that does not tell when it was made was made by now.
        let told = Some(event.create_time).filter(|at| *at > 0);
        let at = told.unwrap_or_else(|| Moment::now(&*self.inner.clock).unix());
        let of_authorizer = |appid| credentials(Some(appid), Credential::AuthorizerToken);
        match &event.info {
            ComponentInfo::VerifyTicket { component_verify_ticket } => {
                let ticket = VerifyTicket::new(component_verify_ticket.clone(), at);
                credentials(None, Credential::ComponentToken)?.keep_verify_ticket(ticket).await
            }
            ComponentInfo::Authorized(authorization) | ComponentInfo::UpdateAuthorized(authorization) => {
                let of = of_authorizer(&authorization.authorizer_appid)?;
                self.keep_authorization(component, authorization, at, &of).await
            }
            ComponentInfo::Unauthorized { authorizer_appid } => {
                of_authorizer(authorizer_appid)?.keep_cancellation(at).await
            }
            ComponentInfo::Unknown(_) => {
                tracing::debug!("an event that tells nothing of tickets and authorizations is not kept");
                Ok(())
            }
        }
    }

    async fn keep_authorization(
        &self,
        component: &str,
        authorization: &Authorization,
        at: u64,
        of: &Credentials,
    ) -> Result<(), Error> {
        if of.keeps_authorization_of(at).await? {
            return Ok(());
        }
        let code = authorization.authorization_code.expose();
        let call = self.post(QUERY_AUTH).appid(component);
        let answer = call.json(&json!({ "authorization_code": code })).send().await?.error_for_errcode();
        let Err(refusal) = answer else {
            // It is kept as of now, by a clock that may be behind WeChat's.
            let is_kept = of.refresh_token().await?.is_some();
            if is_kept && !of.keeps_authorization_of(at).await? {
                of.note_authorization(at).await?;
            }
            return Ok(());
        };
        if !refusal.errcode().is_some_and(|code| CODE_IS_GONE.contains(&code)) {
            return Err(refusal);
        }
        // Somebody has exchanged it, who may have died before the tokens were kept. That the account has authorized the
        // component is certain, and so its refresh token is in the list.
        of.note_authorization(at).await?;
        of.refresh(None, Cause::Missing).await.map(drop).map_err(|_| refusal)
    }
}
