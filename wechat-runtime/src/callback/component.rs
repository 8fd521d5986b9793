//! What WeChat pushes to a component application itself: its tickets, and which accounts authorize it.

use super::Error;
use super::fields::Fields;
use super::incoming::number;
use crate::Secret;

/// A push to a component application's URL for authorization events.
///
/// Follows WeChat's pages on
/// [tickets](https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_verify_ticket.html)
/// and [authorization](https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/authorize_event.html).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComponentEvent {
    /// The component application.
    pub component_appid: String,
    /// When it was made, in Unix seconds; 0 where there is no time.
    pub create_time: u64,
    /// What it is.
    pub info: ComponentInfo,
}

/// What a component application is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComponentInfo {
    /// A new ticket, each ten minutes, good for twelve hours (`component_verify_ticket`).
    #[non_exhaustive]
    VerifyTicket {
        /// The ticket, with which the component's access token is fetched.
        component_verify_ticket: Secret,
    },
    /// An account has authorized the component (`authorized`).
    Authorized(Authorization),
    /// An account has changed what it allows the component (`updateauthorized`).
    UpdateAuthorized(Authorization),
    /// An account has taken its authorization back (`unauthorized`).
    #[non_exhaustive]
    Unauthorized {
        /// The account.
        authorizer_appid: String,
    },
    /// Everything else, with all that was pushed.
    Unknown(Fields),
}

/// An account's authorization, to be exchanged for its tokens by `/cgi-bin/component/api_query_auth`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authorization {
    /// The account.
    pub authorizer_appid: String,
    /// What the tokens are had for, once.
    pub authorization_code: Secret,
    /// Until when the code is good, in Unix seconds.
    pub authorization_code_expired_time: u64,
    /// The code of the link by which the account came, where there is one.
    pub pre_auth_code: Option<Secret>,
}

/// What a component application is told, by `InfoType`, and how each is read. Without the fields it has to have, it is unknown.
type Row = (&'static str, fn(&Fields) -> Option<ComponentInfo>);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("component_verify_ticket", |f| Some(ComponentInfo::VerifyTicket { component_verify_ticket: secret(f, "ComponentVerifyTicket")? })),
    ("authorized", |f| authorization(f).map(ComponentInfo::Authorized)),
    ("updateauthorized", |f| authorization(f).map(ComponentInfo::UpdateAuthorized)),
    ("unauthorized", |f| Some(ComponentInfo::Unauthorized { authorizer_appid: filled(f, "AuthorizerAppid")?.to_owned() })),
];

impl ComponentEvent {
    /// Reads what was pushed, after it was [opened](super::crypto::Keys::open): that the `component_appid` is the one of the
    /// keys is for the caller to check.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where it is neither XML nor JSON.
    pub fn parse(message: &str) -> Result<Self, Error> {
        Fields::parse(message).map(Self::of)
    }

    pub(super) fn of(fields: Fields) -> Self {
        let info_type = fields.text("InfoType").unwrap_or_default();
        let row = ROWS.iter().find(|(known, _)| *known == info_type);
        Self {
            component_appid: fields.text("AppId").unwrap_or_default().to_owned(),
            create_time: number(&fields, "CreateTime").unwrap_or(0),
            info: row.and_then(|(_, read)| read(&fields)).unwrap_or(ComponentInfo::Unknown(fields)),
        }
    }
}

fn authorization(fields: &Fields) -> Option<Authorization> {
    Some(Authorization {
        authorizer_appid: filled(fields, "AuthorizerAppid")?.to_owned(),
        authorization_code: secret(fields, "AuthorizationCode")?,
        authorization_code_expired_time: number(fields, "AuthorizationCodeExpiredTime")?,
        pre_auth_code: secret(fields, "PreAuthCode"),
    })
}

fn secret(fields: &Fields, name: &str) -> Option<Secret> {
    filled(fields, name).map(Secret::from)
}

fn filled<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.text(name).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
