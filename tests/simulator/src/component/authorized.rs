//! What an account's consent gives.

use std::fmt;

use crate::push::{CODE_LIFE, Push};
use crate::state::Consented;

/// What an account that consented brings back to the third-party platform's page, and what WeChat tells the
/// third-party platform of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorized {
    authorizer_appid: String,
    code: String,
    pre_auth_code: Option<String>,
    anew: bool,
    at: u64,
}

impl Authorized {
    pub(super) fn new(authorizer_appid: &str, consented: Consented, unix: u64) -> Self {
        let Consented { code, pre_auth_code, anew } = consented;
        Self { authorizer_appid: authorizer_appid.to_owned(), code, pre_auth_code, anew, at: unix }
    }

    /// The account.
    #[must_use]
    pub fn authorizer_appid(&self) -> &str {
        &self.authorizer_appid
    }

    /// The code for `api_query_auth`: good once, for 3600 s.
    #[must_use]
    pub fn authorization_code(&self) -> &str {
        &self.code
    }

    /// How long the code is good from the consent on, in seconds.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        CODE_LIFE
    }

    /// The code of `api_create_preauthcode` that led to it: the newest that was good and not used, if there was one.
    #[must_use]
    pub fn pre_auth_code(&self) -> Option<&str> {
        self.pre_auth_code.as_deref()
    }

    /// Whether the account had not authorized before, or had cancelled.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.anew
    }

    /// The news of it: `authorized` where it is new, else `updateauthorized`. The platform leaves the latter out where
    /// no permission set changed; here the test decides.
    pub fn push(&self) -> Push {
        let push = if self.anew { Push::authorized } else { Push::updateauthorized };
        let push = push(self.authorizer_appid.as_str(), self.code.as_str()).create_time(self.at);
        match &self.pre_auth_code {
            Some(code) => push.field("PreAuthCode", code.as_str()),
            None => push,
        }
    }
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authorizer_appid, anew, .. } = self;
        f.debug_struct("Authorized")
            .field("authorizer_appid", authorizer_appid)
            .field("is_new", anew)
            .finish_non_exhaustive()
    }
}
