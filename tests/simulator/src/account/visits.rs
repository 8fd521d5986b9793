//! Users who come to an account's pages and mini program, and the tickets that its pages need.

use super::Account;
use crate::login::{CodeKind, Consent};
use crate::sync::lock;
use crate::ticket::TicketType;

/// What a browser or a mini program would bring back.
impl Account {
    /// A code as a user brings it back from `oauth2/authorize`: good once, for 5 minutes, at
    /// `/sns/oauth2/access_token`.
    ///
    /// The user need not be one of the account's [followers](Account::followers). The scope is such as
    /// `snsapi_base` or `snsapi_userinfo`; only the latter opens `/sns/userinfo`.
    #[must_use]
    pub fn oauth_code(&self, openid: impl Into<String>, scope: impl Into<String>) -> String {
        self.code(CodeKind::Page, openid.into(), scope.into())
    }

    /// A code as a mini program gets it from `wx.login`: good once, for 5 minutes, at
    /// `/sns/jscode2session`.
    #[must_use]
    pub fn js_code(&self, openid: impl Into<String>) -> String {
        self.code(CodeKind::MiniProgram, openid.into(), String::new())
    }

    fn code(&self, kind: CodeKind, openid: String, scope: String) -> String {
        let unix = self.platform.clock.unix();
        let consent = Consent { appid: self.appid.clone(), openid, scope };
        lock(&self.platform.state).logins.code(kind, consent, unix)
    }

    /// The ticket that `getticket` would give out again, if there is one that lives.
    #[must_use]
    pub fn ticket(&self, ticket_type: TicketType) -> Option<String> {
        let unix = self.platform.clock.unix();
        self.read(|account| account.ticket(ticket_type, unix).map(|(ticket, _)| ticket.to_owned()))
    }

    /// Has `getticket` answer success with an empty ticket, or end that. An empty one is no issue.
    pub fn set_empty_ticket(&self, empty: bool) {
        self.change(|account| account.app.empty_ticket = empty);
    }
}
