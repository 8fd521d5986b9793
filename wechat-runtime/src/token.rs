//! An access token as it is stored.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Which of WeChat's kinds of access token.
///
/// The two are separate credentials: they neither replace nor expire each other, and a stored token of
/// one kind counts as none for a client of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenKind {
    /// From [`/cgi-bin/stable_token`], the default: asked again, it answers with the same token until its
    /// last five minutes, so that nobody loses theirs when somebody fetches.
    ///
    /// [`/cgi-bin/stable_token`]: https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html
    #[default]
    Stable,
    /// From [`/cgi-bin/token`]: each fetch replaces the token everybody else holds.
    ///
    /// So it is with the access tokens of component applications and of their authorizers, which are of this kind, too.
    ///
    /// [`/cgi-bin/token`]: https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Get_access_token.html
    Classic,
}

/// An access token with all that is needed to judge it: one record, stored and read whole.
///
/// It serialises with its value in the clear, because a storage has to keep it; its `Debug` does not
/// show it.
///
/// ```
/// use wechat_runtime::{Token, TokenKind};
///
/// let token = Token::new(TokenKind::Stable, "94_kx…", 1_795_357_423, 7200);
/// let stored = serde_json::to_string(&token)?;
/// assert_eq!(serde_json::from_str::<Token>(&stored)?, token);
/// assert!(!format!("{token:?}").contains("94_kx"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are those of WeChat's answer")]
pub struct Token {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    access_token: Secret,
    kind: TokenKind,
    timestamp: u64,
    expires_in: u64,
    #[serde(skip)]
    as_of: Option<u64>,
}

impl Token {
    /// A token of `kind`, granted at `timestamp` (Unix seconds) for `expires_in` seconds.
    pub fn new(kind: TokenKind, access_token: impl Into<Secret>, timestamp: u64, expires_in: u64) -> Self {
        Self { access_token: access_token.into(), kind, timestamp, expires_in, as_of: None }
    }

    /// Says what time it was, in Unix seconds and by the clock that `timestamp` is of, when the record was handed over.
    ///
    /// For a [`storage::Client`](crate::storage::Client) that knows its hub's time: the age then counts, and not a
    /// difference between the two clocks. It is not stored.
    #[must_use]
    pub fn as_of(self, unix_seconds: u64) -> Self {
        Self { as_of: Some(unix_seconds), ..self }
    }

    /// The token itself.
    #[must_use]
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// When it was granted, in Unix seconds.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// For how many seconds WeChat granted it.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.expires_in
    }

    /// What time it was for who handed it over.
    pub(crate) fn handed_over(&self) -> Option<u64> {
        self.as_of
    }
}
