//! Asking WeChat for a credential: one request, one answer.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::answer::{self, Answered, Lenient};
use crate::clock::Moment;
use crate::credential::{Account, Credential, Grant};
use crate::errcode::{ErrorKind, Origin};
use crate::routes::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, CLASSIC_TOKEN, COMPONENT_TOKEN, GET_TICKET, STABLE_TOKEN,
};
use crate::wire::Wire;
use crate::{Error, Secret, TicketType, TokenKind};

/// An answer that grants something is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// And one that lists five hundred authorizers a few hundred bytes for each.
const MOST_BYTES_OF_A_PAGE: usize = 1024 * 1024;

/// The path that grants a credential.
pub(super) fn endpoint(credential: &Credential) -> &'static str {
    match credential {
        Credential::AccessToken(TokenKind::Stable) => STABLE_TOKEN,
        Credential::AccessToken(TokenKind::Classic) => CLASSIC_TOKEN,
        Credential::ComponentToken => COMPONENT_TOKEN,
        Credential::AuthorizerToken => AUTHORIZER_TOKEN,
        Credential::Ticket(_) => GET_TICKET,
    }
}

/// What answered, and what it must not be quoted with.
pub(super) struct Reply {
    status: StatusCode,
    body: Bytes,
    answered: Option<Answered>,
    origin: Origin,
    secrets: Vec<Secret>,
}

/// Asks for an access token by the secret. `force` has a meaning for stable tokens only.
pub(super) async fn ask_for_token(
    wire: &Wire,
    kind: TokenKind,
    appid: &str,
    secret: &Secret,
    force: bool,
) -> Result<Reply, Error> {
    let mut url = wire.base.url(endpoint(&Credential::AccessToken(kind)));
    let request = match kind {
        TokenKind::Classic => {
            url.query_pairs_mut()
                .append_pair("grant_type", "client_credential")
                .append_pair("appid", appid)
                .append_pair("secret", secret.expose());
            Request::new(Method::GET, url)
        }
        TokenKind::Stable => post(
            url,
            &json!({
                "grant_type": "client_credential",
                "appid": appid,
                "secret": secret.expose(),
                "force_refresh": force,
            }),
        ),
    };
    Reply::to(wire, request, Origin::Grant, [secret], MOST_BYTES).await
}

/// Asks for a component's access token by its secret and its verify ticket.
pub(super) async fn ask_for_component_token(
    wire: &Wire,
    component: &str,
    secret: &Secret,
    verify_ticket: &Secret,
    besides: &Map<String, Value>,
) -> Result<Reply, Error> {
    let fields = json!({
        "component_appid": component,
        "component_appsecret": secret.expose(),
        "component_verify_ticket": verify_ticket.expose(),
    });
    let request = post(wire.base.url(COMPONENT_TOKEN), &with(besides, fields));
    Reply::to(wire, request, Origin::Grant, [secret, verify_ticket], MOST_BYTES).await
}

/// Asks for an authorizer's access token by the component's and the refresh token.
pub(super) async fn ask_for_authorizer_token(
    wire: &Wire,
    component_token: &Secret,
    account: &Account,
    refresh_token: &Secret,
    besides: &Map<String, Value>,
) -> Result<Reply, Error> {
    let fields = json!({
        "component_appid": &*account.appid,
        "authorizer_appid": account.authorizer.as_deref(),
        "authorizer_refresh_token": refresh_token.expose(),
    });
    let url = by_component(wire, AUTHORIZER_TOKEN, component_token);
    let request = post(url, &with(besides, fields));
    // A 40001 is about the component's token here, as on every path that takes one.
    Reply::to(wire, request, Origin::Business, [component_token, refresh_token], MOST_BYTES).await
}

/// Asks for a page of the accounts that have authorized a component.
pub(super) async fn ask_for_authorizers(
    wire: &Wire,
    component_token: &Secret,
    component: &str,
    offset: usize,
    count: usize,
) -> Result<Reply, Error> {
    let fields = json!({ "component_appid": component, "offset": offset, "count": count });
    let request = post(by_component(wire, AUTHORIZER_LIST, component_token), &fields);
    Reply::to(wire, request, Origin::Business, [component_token], MOST_BYTES_OF_A_PAGE).await
}

/// Asks for a ticket by the account's access token.
pub(super) async fn ask_for_ticket(
    wire: &Wire,
    token: &Secret,
    ticket_type: &TicketType,
) -> Result<Reply, Error> {
    let mut url = wire.base.url(GET_TICKET);
    url.query_pairs_mut()
        .append_pair("access_token", token.expose())
        .append_pair("type", ticket_type.as_str());
    // A 40001 is about the token here, as on every business path.
    Reply::to(wire, Request::new(Method::GET, url), Origin::Business, [token], MOST_BYTES).await
}

fn by_component(wire: &Wire, path: &str, component_token: &Secret) -> Url {
    let mut url = wire.base.url(path);
    url.query_pairs_mut().append_pair("component_access_token", component_token.expose());
    url
}

/// Fields, and what the caller wrote besides.
fn with(besides: &Map<String, Value>, fields: Value) -> Value {
    let mut body = besides.clone();
    if let Value::Object(fields) = fields {
        body.extend(fields);
    }
    Value::Object(body)
}

fn post(url: Url, body: &Value) -> Request {
    let mut request = Request::new(Method::POST, url);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body.to_string().into());
    request
}

impl Reply {
    async fn to<const N: usize>(
        wire: &Wire,
        request: Request,
        origin: Origin,
        secrets: [&Secret; N],
        most_bytes: usize,
    ) -> Result<Self, Error> {
        let mut response = wire.http.execute(request).await.map_err(Error::transport)?;
        let status = response.status();
        let body = answer::read(&mut response, most_bytes).await?;
        let answered = answer::errcode(&body);
        Ok(Self { status, body, answered, origin, secrets: secrets.into_iter().cloned().collect() })
    }

    fn errcode(&self) -> Option<i64> {
        self.answered.as_ref().map(|answered| answered.code)
    }

    fn into_error(self) -> Error {
        let secrets = || self.secrets.iter().map(|secret| secret.expose().to_owned()).collect();
        let Answered { code, message } = self.answered.unwrap_or_default().tidied(secrets);
        Error::answered(code, message.into_owned(), self.origin).with_status(self.status)
    }

    /// A page of authorizers.
    pub(super) fn authorizers(self) -> Result<Page, Error> {
        self.checked("list of authorizers").and_then(|this| answer::json(&this.body))
    }

    /// The same, if it is a success.
    fn checked(self, what: &str) -> Result<Self, Error> {
        if self.errcode().is_some_and(|code| code != 0) {
            return Err(self.into_error());
        }
        if !self.status.is_success() {
            let message = format!("no {what} was granted");
            return Err(Error::new(ErrorKind::Status, message).with_status(self.status));
        }
        Ok(self)
    }

    /// The grant in the answer, which begins to live at `now`.
    pub(super) fn grant(self, credential: &Credential, now: Moment) -> Result<Grant, Error> {
        let name = credential.name();
        let body = &self.checked(name)?.body;
        let (value, expires_in, refresh_token) = match credential {
            Credential::AccessToken(_) => {
                let granted: GrantedToken = answer::json(body)?;
                (granted.access_token, granted.expires_in, None)
            }
            Credential::ComponentToken => {
                let granted: GrantedComponentToken = answer::json(body)?;
                (granted.component_access_token, granted.expires_in, None)
            }
            Credential::AuthorizerToken => {
                let granted: GrantedAuthorizerToken = answer::json(body)?;
                (granted.authorizer_access_token, granted.expires_in, granted.authorizer_refresh_token)
            }
            Credential::Ticket(_) => {
                let granted: GrantedTicket = answer::json(body)?;
                (granted.ticket, granted.expires_in, None)
            }
        };
        let expires_in = u64::try_from(expires_in.0).ok().filter(|_| !value.expose().is_empty());
        let expires_in =
            expires_in.ok_or_else(|| Error::new(ErrorKind::Body, format!("the answer holds no {name}")))?;
        let refresh_token = refresh_token.filter(|token| !token.expose().is_empty());
        let (kind, timestamp) = (credential.kind(), now.unix());
        Ok(Grant { value, kind, timestamp, expires_in, refresh_token, as_of: None })
    }
}

#[derive(Deserialize)]
struct GrantedToken {
    access_token: Secret,
    expires_in: Lenient,
}

#[derive(Deserialize)]
struct GrantedComponentToken {
    component_access_token: Secret,
    expires_in: Lenient,
}

/// Of an account that has no permission for any API, there is no refresh token.
#[derive(Deserialize)]
pub(super) struct GrantedAuthorizerToken {
    pub(super) authorizer_access_token: Secret,
    pub(super) expires_in: Lenient,
    #[serde(default)]
    pub(super) authorizer_refresh_token: Option<Secret>,
}

impl GrantedAuthorizerToken {
    /// As a grant, which begins to live at `now`.
    pub(super) fn grant(self, now: Moment) -> Grant {
        Grant {
            value: self.authorizer_access_token,
            kind: Credential::AuthorizerToken.kind(),
            timestamp: now.unix(),
            expires_in: u64::try_from(self.expires_in.0).unwrap_or(0),
            refresh_token: self.authorizer_refresh_token.filter(|token| !token.expose().is_empty()),
            as_of: None,
        }
    }
}

#[derive(Deserialize)]
struct GrantedTicket {
    ticket: Secret,
    expires_in: Lenient,
}

/// Some of the accounts that have authorized a component.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) total_count: Lenient,
    #[serde(default)]
    pub(super) list: Vec<Listed>,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) authorizer_appid: String,
    /// Empty, or not there, where the account has no permission for any API.
    #[serde(default)]
    pub(super) refresh_token: Option<Secret>,
}
