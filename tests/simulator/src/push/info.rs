//! What a third-party platform is told: its ticket, and who authorized it.

use super::{Content, Push};
use crate::random;

impl Push {
    /// The ticket that `api_component_token` wants; the platform pushes a new one every ten minutes.
    pub fn component_verify_ticket(ticket: impl Into<String>) -> Self {
        Self::info("component_verify_ticket").field("ComponentVerifyTicket", ticket.into())
    }

    /// An account authorizes the third-party platform. The code expires 3600 s after `CreateTime`; `PreAuthCode`
    /// is a random one.
    pub fn authorized(authorizer_appid: impl Into<String>, code: impl Into<String>) -> Self {
        with_code("authorized", authorizer_appid, code)
    }

    /// An account changes what it authorizes.
    pub fn updateauthorized(authorizer_appid: impl Into<String>, code: impl Into<String>) -> Self {
        with_code("updateauthorized", authorizer_appid, code)
    }

    /// An account takes its authorization back.
    pub fn unauthorized(authorizer_appid: impl Into<String>) -> Self {
        Self::info("unauthorized").field("AuthorizerAppid", authorizer_appid.into())
    }
}

fn with_code(info_type: &str, authorizer_appid: impl Into<String>, code: impl Into<String>) -> Push {
    let pre_auth_code = Some(format!("preauthcode@@@{}", random::url_safe(86)));
    Push::new(Content::Info { info_type: info_type.to_owned(), pre_auth_code })
        .field("AuthorizerAppid", authorizer_appid.into())
        .field("AuthorizationCode", code.into())
}
