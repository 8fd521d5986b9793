//! Calls to the paths that grant what the client keeps: the credential itself answers them, so that storage,
//! single-flight and budgets hold for who calls them by name, too.

use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::credential::{Credential, Grant};
use crate::credentials::{Credentials, Given};
use crate::routes::Grants;
use crate::{Error, Secret, TicketType, TokenKind};

/// What the caller wrote of the parameters that such a path takes.
pub(super) struct Asked {
    pub(super) credential: Credential,
    pub(super) appid: Option<String>,
    pub(super) authorizer: Option<String>,
    given: Given,
    /// Whether a new one is wanted, even where the current one lives.
    renew: bool,
    /// Whether the old one is to die at once.
    force: bool,
}

/// The parameters of `/cgi-bin/token` and `/cgi-bin/stable_token`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenParameters {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<Secret>,
    force_refresh: Option<bool>,
}

/// The parameters of `/cgi-bin/component/api_component_token` and `/cgi-bin/component/api_authorizer_token`. What they have
/// not stays, and is said to WeChat, too.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ComponentParameters {
    component_appid: Option<String>,
    component_appsecret: Option<Secret>,
    component_verify_ticket: Option<Secret>,
    authorizer_appid: Option<String>,
    authorizer_refresh_token: Option<Secret>,
    #[serde(flatten)]
    besides: Map<String, Value>,
}

/// The parameters of `/cgi-bin/ticket/getticket`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketParameters {
    #[serde(rename = "type")]
    ticket_type: TicketType,
    appid: Option<String>,
}

impl Asked {
    /// Reads what the caller wrote for a path that grants.
    pub(super) fn read(grants: Grants, method: &Method, query: &str, body: &[u8]) -> Result<Self, Error> {
        let (by, idle) = match grants {
            Grants::Token(TokenKind::Stable) | Grants::ComponentToken | Grants::AuthorizerToken => {
                (Method::POST, query.as_bytes())
            }
            Grants::Token(TokenKind::Classic) | Grants::Ticket => (Method::GET, body),
        };
        if *method != by {
            return Err(Error::wrong_call(format!("is made by {method}, but WeChat grants by {by} here")));
        }
        if !idle.is_empty() {
            let place = if by == Method::GET { "query" } else { "JSON body" };
            return Err(Error::wrong_call(format!("has parameters elsewhere than in its {place}")));
        }
        match grants {
            Grants::Ticket => {
                let asked: TicketParameters =
                    in_query(query, "`?type=jsapi`, `?type=wx_card`, or another `type`")?;
                let credential = Credential::Ticket(asked.ticket_type);
                let given = Given::default();
                let (appid, authorizer) = (asked.appid, None);
                Ok(Self { credential, appid, authorizer, given, renew: false, force: false })
            }
            Grants::Token(kind) => {
                let asked: TokenParameters = match kind {
                    TokenKind::Classic => in_query(query, "grant_type, appid, secret")?,
                    TokenKind::Stable if body.is_empty() => TokenParameters::default(),
                    TokenKind::Stable => serde_json::from_slice(body)
                        .map_err(|_| takes("grant_type, appid, secret, force_refresh"))?,
                };
                if asked.grant_type.is_some_and(|grant_type| grant_type != "client_credential") {
                    return Err(Error::wrong_call("has another grant_type than client_credential"));
                }
                let (renew, force) = match (kind, asked.force_refresh) {
                    (TokenKind::Classic, Some(_)) => return Err(takes("grant_type, appid, secret")),
                    (TokenKind::Classic, None) => (true, false),
                    (TokenKind::Stable, force) => (force.unwrap_or(false), force.unwrap_or(false)),
                };
                let credential = Credential::AccessToken(kind);
                let given = Given { secret: asked.secret, ..Given::default() };
                Ok(Self { credential, appid: asked.appid, authorizer: None, given, renew, force })
            }
            Grants::ComponentToken | Grants::AuthorizerToken => {
                let asked: ComponentParameters = if body.is_empty() {
                    ComponentParameters::default()
                } else {
                    serde_json::from_slice(body).map_err(|_| {
                        Error::wrong_call("has another body than this path takes, which is a JSON object")
                    })?
                };
                let is_component = grants == Grants::ComponentToken;
                let (credential, proof) = if is_component {
                    (Credential::ComponentToken, asked.component_verify_ticket)
                } else {
                    (Credential::AuthorizerToken, asked.authorizer_refresh_token)
                };
                Ok(Self {
                    credential,
                    appid: asked.component_appid,
                    authorizer: asked.authorizer_appid.filter(|_| !is_component),
                    given: Given { secret: asked.component_appsecret, proof, besides: asked.besides },
                    renew: true,
                    force: false,
                })
            }
        }
    }

    /// The body with which WeChat would answer.
    pub(super) async fn answer(&self, credentials: &Credentials) -> Result<Bytes, Error> {
        let credentials = if self.given.is_some() {
            &credentials.clone().with_given(self.given.clone()).await?
        } else {
            credentials
        };
        let granted = credentials.ask_by_name(self.renew, self.force).await?;
        let Grant { value, timestamp, expires_in, .. } = &granted;
        // As WeChat answers for one that has been granted before: with the seconds it still has.
        let left = credentials.seconds_left(&granted);
        let body = match &self.credential {
            Credential::AccessToken(_) => json!({ "access_token": value.expose(), "expires_in": left }),
            Credential::ComponentToken => {
                json!({ "component_access_token": value.expose(), "expires_in": left })
            }
            Credential::AuthorizerToken => {
                let refresh_token = credentials.refresh_token().await?;
                json!({
                    "authorizer_access_token": value.expose(),
                    "expires_in": left,
                    "authorizer_refresh_token": refresh_token.as_ref().map(Secret::expose),
                })
            }
            Credential::Ticket(ticket_type) => json!({
                "errcode": 0,
                "errmsg": "ok",
                "ticket": value.expose(),
                "expires_in": expires_in,
                "type": ticket_type,
                "timestamp": timestamp,
            }),
        };
        Ok(body.to_string().into())
    }
}

fn in_query<T: DeserializeOwned>(query: &str, names: &str) -> Result<T, Error> {
    serde_urlencoded::from_str(query).map_err(|_| takes(names))
}

fn takes(names: &str) -> Error {
    Error::wrong_call(format!(
        "has not the parameters that this path takes ({names}), or one of the wrong type"
    ))
}
