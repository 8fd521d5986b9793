//! What is kept of an account that has authorized a component application.

use serde::{Deserialize, Serialize, Serializer};

use crate::credential::Grant;
use crate::{Secret, Token};

/// What is kept of an account that has authorized a component application: one record, stored and read whole.
///
/// Its refresh token is what matters. The access token is bought with it again and again, it does not expire, and
/// nobody can be asked for another but the account's owner (or `api_get_authorizer_list`, as long as the account
/// authorizes the component). So a record that is saved never takes anything away: [`over`](Self::over) says what is
/// kept.
///
/// It serialises with its values in the clear, because a storage has to keep them; its `Debug` does not show them.
///
/// ```
/// use wechat_runtime::{AuthorizerToken, Token, TokenKind};
///
/// let token = |value: &str| Token::new(TokenKind::Classic, value, 1_795_357_423, 7200);
/// let stored = AuthorizerToken::new().with_access(token("94_kx…")).with_refresh_token("refreshtoken@@@Qo…");
///
/// // A refresh whose answer had no refresh token leaves the stored one in place.
/// let kept = AuthorizerToken::new().with_access(token("94_pQ…")).over(Some(stored.clone()));
/// assert_eq!(kept.access(), Some(&token("94_pQ…")));
/// assert_eq!(kept.refresh_token(), stored.refresh_token());
///
/// // And one that had another keeps both.
/// let kept = AuthorizerToken::new().with_refresh_token("refreshtoken@@@b7…").over(Some(kept));
/// assert_eq!(kept.previous_refresh_token(), stored.refresh_token());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizerToken {
    access: Option<Token>,
    #[serde(serialize_with = "exposed")]
    refresh_token: Option<Secret>,
    #[serde(serialize_with = "exposed")]
    previous_refresh_token: Option<Secret>,
    authorized_at: Option<u64>,
    unauthorized_at: Option<u64>,
}

impl AuthorizerToken {
    /// A record that tells nothing: saved, it changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the access token.
    #[must_use]
    pub fn with_access(self, access: Token) -> Self {
        Self { access: Some(access), ..self }
    }

    /// Sets the refresh token; an empty one is none.
    #[must_use]
    pub fn with_refresh_token(self, refresh_token: impl Into<Secret>) -> Self {
        let refresh_token = Some(refresh_token.into()).filter(|token| !token.expose().is_empty());
        Self { refresh_token, ..self }
    }

    /// Sets the refresh token before the current one; an empty one is none.
    #[must_use]
    pub fn with_previous_refresh_token(self, refresh_token: impl Into<Secret>) -> Self {
        let previous_refresh_token = Some(refresh_token.into()).filter(|token| !token.expose().is_empty());
        Self { previous_refresh_token, ..self }
    }

    /// Says when the account has authorized the component, in Unix seconds.
    #[must_use]
    pub fn with_authorized_at(self, unix_seconds: u64) -> Self {
        Self { authorized_at: Some(unix_seconds), ..self }
    }

    /// Says when the account has taken its authorization back, in Unix seconds.
    #[must_use]
    pub fn with_unauthorized_at(self, unix_seconds: u64) -> Self {
        Self { unauthorized_at: Some(unix_seconds), ..self }
    }

    /// The access token, expired or not. It is of the kind [`Classic`](crate::TokenKind::Classic).
    #[must_use]
    pub fn access(&self) -> Option<&Token> {
        self.access.as_ref()
    }

    /// What the next access token is bought with.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The refresh token before the current one.
    #[must_use]
    pub fn previous_refresh_token(&self) -> Option<&Secret> {
        self.previous_refresh_token.as_ref()
    }

    /// When the account has authorized the component last, in Unix seconds, where that is known.
    #[must_use]
    pub fn authorized_at(&self) -> Option<u64> {
        self.authorized_at
    }

    /// When the account has taken its authorization back last, in Unix seconds, where it ever did.
    #[must_use]
    pub fn unauthorized_at(&self) -> Option<u64> {
        self.unauthorized_at
    }

    /// Whether the account has taken its authorization back and not given it again since. Of the same second, the
    /// authorization counts.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.unauthorized_at > self.authorized_at
    }

    /// What it grants: nothing, where the account has taken its authorization back.
    pub(crate) fn grant(&self) -> Option<Grant> {
        let access = self.access.as_ref().filter(|_| !self.is_unauthorized())?;
        Some(Grant { refresh_token: self.refresh_token.clone(), ..Grant::from(access) })
    }

    /// What is kept when this record is saved where `stored` is: a storage's `save_access_token` does this, in one
    /// transaction.
    ///
    /// What this record does not tell stays as it is stored. A refresh token that is replaced becomes the previous one.
    /// Of two times, the later one stays, so that it does not matter in which order they are told.
    #[must_use]
    pub fn over(self, stored: Option<Self>) -> Self {
        let Some(stored) = stored else { return self };
        let replaced = stored.refresh_token.clone().filter(|_| {
            self.refresh_token.as_ref().is_some_and(|given| Some(given) != stored.refresh_token.as_ref())
        });
        Self {
            access: self.access.or(stored.access),
            refresh_token: self.refresh_token.or(stored.refresh_token),
            previous_refresh_token: self
                .previous_refresh_token
                .or(replaced)
                .or(stored.previous_refresh_token),
            authorized_at: self.authorized_at.max(stored.authorized_at),
            unauthorized_at: self.unauthorized_at.max(stored.unauthorized_at),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;

    fn record(refresh_token: &str) -> AuthorizerToken {
        AuthorizerToken::new().with_refresh_token(refresh_token)
    }

    fn refresh_tokens(record: &AuthorizerToken) -> [Option<&str>; 2] {
        [record.refresh_token(), record.previous_refresh_token()].map(|token| token.map(Secret::expose))
    }

    #[test]
    fn what_is_not_told_stays_as_it_is_stored() {
        let access = Token::new(TokenKind::Classic, "a", 1, 7200);
        let stored = record("r2").with_previous_refresh_token("r1").with_access(access).with_authorized_at(7);
        for tells_nothing in [AuthorizerToken::new(), record(""), record("r2")] {
            assert_eq!(tells_nothing.over(Some(stored.clone())), stored);
        }
    }

    #[test]
    fn the_last_two_refresh_tokens_are_kept() {
        let kept = record("r2").over(Some(record("r1")));
        assert_eq!(refresh_tokens(&kept), [Some("r2"), Some("r1")]);
        let kept = record("r3").over(Some(kept));
        assert_eq!(refresh_tokens(&kept), [Some("r3"), Some("r2")]);
        let kept = record("r1").with_previous_refresh_token("r0").over(Some(kept));
        assert_eq!(refresh_tokens(&kept), [Some("r1"), Some("r0")]);
    }

    #[test]
    fn who_gives_and_takes_an_authorization_is_told_by_the_times_in_whatever_order_they_come() {
        let (given, taken) =
            (record("r").with_authorized_at(10), AuthorizerToken::new().with_unauthorized_at(20));
        let again = record("r").with_authorized_at(30);
        for [first, second] in [[&given, &taken], [&taken, &given]] {
            let kept = first.clone().over(Some(second.clone()));
            assert!(kept.is_unauthorized());
            assert!(!again.clone().over(Some(kept)).is_unauthorized());
        }
        // Of two that took it, or gave it, the later one counts.
        let taken_again = AuthorizerToken::new().with_unauthorized_at(40);
        let taken_twice = taken.clone().over(Some(taken_again));
        assert_eq!(taken_twice.unauthorized_at(), Some(40));
        assert_eq!(given.over(Some(again)).authorized_at(), Some(30));
        // What is told twice for one second is given: that it was taken, WeChat says itself.
        assert!(!record("r").with_authorized_at(20).over(Some(taken)).is_unauthorized());
        assert!(!AuthorizerToken::new().is_unauthorized());
    }
}
