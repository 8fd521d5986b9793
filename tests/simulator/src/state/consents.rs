//! The codes of one third-party platform: those that an account consents with, and those that it consents by.

use std::collections::HashMap;
use std::sync::Arc;

use super::authorizers::Authorization;
use crate::errcode::Refusal;
use crate::push::CODE_LIFE;
use crate::random;

/// How long a pre-auth code is good, in seconds.
pub(crate) const PRE_AUTH_LIFE: u64 = 1800;

/// Pre-auth codes that nobody used and authorization codes.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    pre_auth_codes: Vec<PreAuthCode>,
    codes: HashMap<String, Code>,
}

#[derive(Debug)]
struct PreAuthCode {
    value: String,
    expires_at: u64,
}

#[derive(Debug)]
struct Code {
    appid: Arc<str>,
    /// The number of the authorization that it came with.
    authorization: u64,
    expires_at: u64,
    used: bool,
}

impl Consents {
    /// A new pre-auth code for the page on which accounts consent.
    pub(crate) fn pre_auth_code(&mut self, unix: u64) -> String {
        let value = format!("preauthcode@@@{}", random::url_safe(86));
        self.pre_auth_codes.retain(|code| unix < code.expires_at);
        let expires_at = unix.saturating_add(PRE_AUTH_LIFE);
        self.pre_auth_codes.push(PreAuthCode { value: value.clone(), expires_at });
        value
    }

    /// Uses the newest pre-auth code up, if one is good.
    pub(super) fn use_pre_auth_code(&mut self, unix: u64) -> Option<String> {
        self.pre_auth_codes.retain(|code| unix < code.expires_at);
        self.pre_auth_codes.pop().map(|code| code.value)
    }

    /// A new authorization code, as an account that consented brings it back.
    pub(super) fn code(&mut self, appid: Arc<str>, authorization: Authorization, unix: u64) -> String {
        let value = format!("queryauthcode@@@{}", random::url_safe(86));
        let expires_at = unix.saturating_add(CODE_LIFE);
        let code = Code { appid, authorization: authorization.number, expires_at, used: false };
        self.codes.insert(value.clone(), code);
        value
    }

    /// Uses an authorization code up, and gives its account and the number of its authorization: 61009 for an
    /// unknown or used one, 61010 for its age.
    pub(crate) fn redeem(&mut self, value: &str, unix: u64) -> Result<(Arc<str>, u64), Refusal> {
        let code = self.codes.get_mut(value).filter(|code| !code.used);
        let code = code.ok_or_else(|| Refusal::new(61009))?;
        if unix >= code.expires_at {
            return Err(Refusal::new(61010));
        }
        code.used = true;
        Ok((Arc::clone(&code.appid), code.authorization))
    }
}
