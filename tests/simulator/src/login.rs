//! Users who log in: the codes that they bring back, and the tokens that those are changed for.

use std::collections::HashMap;

use crate::errcode::Refusal;
use crate::random;
use crate::vault::new_token;

/// How long a code can be changed for a token, in seconds.
const CODE_LIFE: u64 = 300;

/// How long a user's token lives, in seconds.
pub(crate) const TOKEN_LIFE: u64 = 7200;

/// How long a user's refresh token lives, in seconds. Refreshing does not prolong it.
const REFRESH_LIFE: u64 = 30 * 86_400;

/// The length of a code, in characters.
const CODE_LENGTH: usize = 32;

/// The scope that opens `userinfo` and tells the unionid.
const USERINFO: &str = "snsapi_userinfo";

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// A page in the WeChat browser, by `oauth2/authorize`.
    Page,
    /// A mini program, by `wx.login`.
    MiniProgram,
}

impl CodeKind {
    /// What a code of this kind that is too old answers: mini programs know no code for it.
    fn expired(self) -> i32 {
        match self {
            CodeKind::Page => 42003,
            CodeKind::MiniProgram => 40029,
        }
    }
}

/// Who let which account do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consent {
    pub(crate) appid: String,
    pub(crate) openid: String,
    /// As it was given to the test's code: it may name several, and end with a comma.
    pub(crate) scope: String,
}

impl Consent {
    /// Whether it covers the user's name and picture.
    pub(crate) fn covers_userinfo(&self) -> bool {
        self.scope.split(',').any(|scope| scope.trim() == USERINFO)
    }
}

#[derive(Debug)]
struct Code {
    kind: CodeKind,
    consent: Consent,
    expires_at: u64,
    used: bool,
}

#[derive(Debug)]
struct UserToken {
    consent: Consent,
    expires_at: u64,
}

#[derive(Debug)]
struct RefreshToken {
    consent: Consent,
    access_token: String,
    expires_at: u64,
}

/// A user's tokens as they are given out.
#[derive(Debug)]
pub(crate) struct UserGrant {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) consent: Consent,
}

/// Every code and every user's token.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    codes: HashMap<String, Code>,
    tokens: HashMap<String, UserToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
}

impl Logins {
    /// A new code, as a user who logged in brings it back.
    pub(crate) fn code(&mut self, kind: CodeKind, consent: Consent, unix: u64) -> String {
        let code = random::alphanumeric(CODE_LENGTH);
        let expires_at = unix.saturating_add(CODE_LIFE);
        self.codes.insert(code.clone(), Code { kind, consent, expires_at, used: false });
        code
    }

    /// Uses a code up: 40029 for an unknown one or another account's, 40163 for a used one, then its age.
    pub(crate) fn redeem(
        &mut self,
        kind: CodeKind,
        appid: &str,
        code: &str,
        unix: u64,
    ) -> Result<Consent, Refusal> {
        let known = self.codes.get_mut(code).filter(|code| code.kind == kind && code.consent.appid == appid);
        let code = known.ok_or_else(|| Refusal::new(40029))?;
        if code.used {
            return Err(Refusal::new(40163));
        }
        if unix >= code.expires_at {
            return Err(Refusal::new(kind.expired()));
        }
        code.used = true;
        Ok(code.consent.clone())
    }

    /// New tokens for a consent.
    pub(crate) fn grant(&mut self, consent: Consent, unix: u64) -> UserGrant {
        let access_token = self.issue(&consent, unix);
        let refresh_token = new_token();
        let expires_at = unix.saturating_add(REFRESH_LIFE);
        let refresh =
            RefreshToken { consent: consent.clone(), access_token: access_token.clone(), expires_at };
        self.refresh_tokens.insert(refresh_token.clone(), refresh);
        UserGrant { access_token, refresh_token, consent }
    }

    /// Prolongs the token of a refresh token, or makes a new one if it has expired: 40030 for an unknown
    /// refresh token or another account's, 42002 for its age.
    pub(crate) fn refresh(
        &mut self,
        appid: &str,
        refresh_token: &str,
        unix: u64,
    ) -> Result<UserGrant, Refusal> {
        let known = self.refresh_tokens.get(refresh_token).filter(|known| known.consent.appid == appid);
        let RefreshToken { consent, access_token, expires_at } = known.ok_or_else(|| Refusal::new(40030))?;
        if unix >= *expires_at {
            return Err(Refusal::new(42002));
        }
        let consent = consent.clone();
        let mut access_token = access_token.clone();
        match self.tokens.get_mut(&access_token).filter(|token| unix < token.expires_at) {
            Some(token) => token.expires_at = unix.saturating_add(TOKEN_LIFE),
            None => access_token = self.issue(&consent, unix),
        }
        if let Some(known) = self.refresh_tokens.get_mut(refresh_token) {
            known.access_token.clone_from(&access_token);
        }
        Ok(UserGrant { access_token, refresh_token: refresh_token.to_owned(), consent })
    }

    /// Judges a user's token: 40001 for an unknown one, an application's included, 42001 for its age.
    pub(crate) fn judge(&self, token: &str, unix: u64) -> Result<&Consent, Refusal> {
        let token = self.tokens.get(token).ok_or_else(|| Refusal::new(40001))?;
        if unix >= token.expires_at {
            return Err(Refusal::new(42001));
        }
        Ok(&token.consent)
    }

    /// The account that a user's token was issued to, whatever became of it.
    pub(crate) fn owner(&self, token: &str) -> Option<&str> {
        self.tokens.get(token).map(|token| token.consent.appid.as_str())
    }

    fn issue(&mut self, consent: &Consent, unix: u64) -> String {
        let token = new_token();
        let expires_at = unix.saturating_add(TOKEN_LIFE);
        self.tokens.insert(token.clone(), UserToken { consent: consent.clone(), expires_at });
        token
    }
}
