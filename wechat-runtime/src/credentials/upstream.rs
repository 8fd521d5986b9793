//! Asking WeChat for a credential: one request, one answer.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use super::inject::{Judged, Next};
use crate::answer::{self, Answered, Lenient};
use crate::base::Base;
use crate::clock::Moment;
use crate::credential::{Credential, Grant};
use crate::errcode::{ErrorKind, Origin};
use crate::routes::GET_TICKET;
use crate::{Error, Secret, TicketType, TokenKind};

/// An answer of a token endpoint is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The path that grants a credential.
pub(super) fn endpoint(credential: &Credential) -> &'static str {
    match credential {
        Credential::AccessToken(TokenKind::Stable) => "/cgi-bin/stable_token",
        Credential::AccessToken(TokenKind::Classic) => "/cgi-bin/token",
        Credential::Ticket(_) => GET_TICKET,
    }
}

/// What answered, and what it must not be quoted with.
pub(super) struct Reply {
    status: StatusCode,
    body: Bytes,
    answered: Option<Answered>,
    origin: Origin,
    secret: Secret,
}

/// Asks for an access token by the secret. `force` has a meaning for stable tokens only.
pub(super) async fn ask_for_token(
    http: &reqwest::Client,
    base: &Base,
    kind: TokenKind,
    appid: &str,
    secret: &Secret,
    force: bool,
) -> Result<Reply, Error> {
    let mut url = base.url(endpoint(&Credential::AccessToken(kind)));
    let request = match kind {
        TokenKind::Classic => {
            url.query_pairs_mut()
                .append_pair("grant_type", "client_credential")
                .append_pair("appid", appid)
                .append_pair("secret", secret.expose());
            reqwest::Request::new(Method::GET, url)
        }
        TokenKind::Stable => {
            let body = json!({
                "grant_type": "client_credential",
                "appid": appid,
                "secret": secret.expose(),
                "force_refresh": force,
            });
            let mut request = reqwest::Request::new(Method::POST, url);
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
            request
        }
    };
    Reply::to(http, request, Origin::Grant, secret).await
}

/// The call that asks for a ticket by the access token.
pub(super) struct GetTicket<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) base: &'a Base,
    pub(super) ticket_type: &'a TicketType,
    pub(super) timeout: Duration,
}

impl Next for GetTicket<'_> {
    type Answer = Reply;

    async fn send(&mut self, token: Option<&Secret>) -> Result<Reply, Error> {
        let Some(token) = token else {
            return Err(Error::new(ErrorKind::Request, "a ticket is granted for an access token"));
        };
        let mut url = self.base.url(GET_TICKET);
        url.query_pairs_mut()
            .append_pair("access_token", token.expose())
            .append_pair("type", self.ticket_type.as_str());
        let request = reqwest::Request::new(Method::GET, url);
        // A 40001 is about the token here, as on every business path.
        let reply = Reply::to(self.http, request, Origin::Business, token);
        let reply = tokio::time::timeout(self.timeout, reply).await;
        reply.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "no answer in time")))
    }
}

impl Reply {
    async fn to(
        http: &reqwest::Client,
        request: reqwest::Request,
        origin: Origin,
        secret: &Secret,
    ) -> Result<Self, Error> {
        let response = http.execute(request).await.map_err(Error::transport)?;
        let status = response.status();
        let body = answer::read(response, MOST_BYTES).await?;
        let answered = answer::errcode(&body);
        Ok(Self { status, body, answered, origin, secret: secret.clone() })
    }

    /// The grant in the answer, which begins to live at `now`.
    pub(super) fn grant(self, credential: &Credential, now: Moment) -> Result<Grant, Error> {
        if self.answered.as_ref().is_some_and(|answered| answered.code != 0) {
            return Err(self.into_error());
        }
        let name = credential.name();
        if !self.status.is_success() {
            let message = format!("no {name} was granted");
            return Err(Error::new(ErrorKind::Status, message).with_status(self.status));
        }
        let (value, kind, expires_in) = match credential {
            Credential::AccessToken(kind) => {
                let granted: GrantedToken = answer::json(&self.body)?;
                (granted.access_token, Some(*kind), granted.expires_in)
            }
            Credential::Ticket(_) => {
                let granted: GrantedTicket = answer::json(&self.body)?;
                (granted.ticket, None, granted.expires_in)
            }
        };
        let expires_in = u64::try_from(expires_in.0).ok().filter(|_| !value.expose().is_empty());
        let expires_in =
            expires_in.ok_or_else(|| Error::new(ErrorKind::Body, format!("the answer holds no {name}")))?;
        Ok(Grant { value, kind, timestamp: now.unix(), expires_in, as_of: None })
    }
}

impl Judged for Reply {
    fn errcode(&self) -> Option<i64> {
        self.answered.as_ref().map(|answered| answered.code)
    }

    fn into_error(self) -> Error {
        let secrets = || vec![self.secret.expose().to_owned()];
        let Answered { code, message } = self.answered.unwrap_or_default().tidied(secrets);
        Error::answered(code, message, self.origin).with_status(self.status)
    }
}

#[derive(Deserialize)]
struct GrantedToken {
    access_token: Secret,
    expires_in: Lenient,
}

#[derive(Deserialize)]
struct GrantedTicket {
    ticket: Secret,
    expires_in: Lenient,
}
