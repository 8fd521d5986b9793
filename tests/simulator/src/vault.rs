//! Every token ever issued, and what the platform thinks of it.

use std::collections::HashMap;

use crate::errcode::Refusal;
use crate::random;

/// How long a replaced token keeps working, in seconds, unless it expires earlier.
pub(crate) const GRACE: u64 = 300;

/// Who a token was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// An account, by its own secret.
    App(String),
    /// A third-party platform.
    Component(String),
    /// A third-party platform that acts for an account.
    Authorizer { component: String, appid: String },
}

impl Holder {
    /// The appid that the token speaks for.
    pub(crate) fn appid(&self) -> &str {
        match self {
            Holder::App(appid) | Holder::Component(appid) | Holder::Authorizer { appid, .. } => appid,
        }
    }
}

/// One issued token.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) holder: Holder,
    pub(crate) expires_at: u64,
    /// From when on it is refused because something took its place, if that is before its expiry.
    cut_at: Option<u64>,
    /// Refused by business calls, although its token endpoint still gives it out.
    refused: bool,
}

/// Every token by value.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    grants: HashMap<String, Grant>,
}

impl Vault {
    /// Judges a token that a call brought: 40001 unknown or replaced, 42001 expired.
    pub(crate) fn judge(&self, token: &str, unix: u64) -> Result<&Grant, Refusal> {
        let grant = self.grants.get(token).ok_or_else(|| Refusal::new(40001))?;
        if grant.refused || grant.cut_at.is_some_and(|cut| unix >= cut) {
            return Err(Refusal::new(40001));
        }
        if unix >= grant.expires_at {
            return Err(Refusal::new(42001));
        }
        Ok(grant)
    }

    /// The appid that a token speaks for, whatever became of the token.
    pub(crate) fn owner(&self, token: &str) -> Option<&str> {
        self.grants.get(token).map(|grant| grant.holder.appid())
    }

    /// Seconds that a token has to live, 0 when it is expired or unknown.
    fn rest(&self, token: &str, unix: u64) -> u64 {
        self.grants.get(token).map_or(0, |grant| grant.expires_at.saturating_sub(unix))
    }

    fn cut(&mut self, token: &str, at: u64) {
        if let Some(grant) = self.grants.get_mut(token)
            && at < grant.expires_at
        {
            grant.cut_at = Some(grant.cut_at.map_or(at, |cut| cut.min(at)));
        }
    }
}

/// The current token of one line, and the one before it.
#[derive(Debug, Default)]
pub(crate) struct TokenLine {
    current: Option<String>,
    previous: Option<String>,
}

impl TokenLine {
    /// The current token with the seconds it has to live, if it lives.
    pub(crate) fn current(&self, vault: &Vault, unix: u64) -> Option<(&str, u64)> {
        let token = self.current.as_deref()?;
        let rest = vault.rest(token, unix);
        (rest > 0).then_some((token, rest))
    }

    /// Puts a new token in the place of the current one, which works for [`GRACE`] more seconds; the
    /// one before that is refused from now on.
    pub(crate) fn replace(
        &mut self,
        vault: &mut Vault,
        holder: Holder,
        expires_in: u64,
        unix: u64,
    ) -> String {
        if let Some(previous) = self.previous.take() {
            vault.cut(&previous, unix);
        }
        if let Some(current) = self.current.take() {
            vault.cut(&current, unix.saturating_add(GRACE));
            self.previous = Some(current);
        }
        let token = new_token();
        let expires_at = unix.saturating_add(expires_in);
        let grant = Grant { holder, expires_at, cut_at: None, refused: false };
        vault.grants.insert(token.clone(), grant);
        self.current = Some(token.clone());
        token
    }

    /// Refuses the current token and the one before it from now on, leaving the line without a token.
    pub(crate) fn revoke(&mut self, vault: &mut Vault, unix: u64) {
        for token in [self.current.take(), self.previous.take()].into_iter().flatten() {
            vault.cut(&token, unix);
        }
    }

    /// Has business calls refuse the current token, which stays the current one.
    pub(crate) fn refuse_current(&mut self, vault: &mut Vault) {
        let current = self.current.as_deref().and_then(|token| vault.grants.get_mut(token));
        if let Some(grant) = current {
            grant.refused = true;
        }
    }
}

/// A token as it looks on the wire since 2017: a small number, `_`, and 136 to 157 characters in all.
pub(crate) fn new_token() -> String {
    let number = format!("{}_", fastrand::u8(1..100));
    let rest = fastrand::usize(136..=157) - number.len();
    number + &random::url_safe(rest)
}
