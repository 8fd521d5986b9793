//! A value that must not be seen: app secrets, tokens, tickets.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

/// A value that never prints itself: an app secret, an access token, a ticket.
///
/// `Debug` is redacted, there is no `Display` and no `Serialize`; [`expose`](Secret::expose) is the one
/// way to the value. Clones share one copy, which is wiped when the last of them is dropped.
///
/// ```
/// use wechat_runtime::Secret;
///
/// let secret = Secret::from("5f2b…");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "5f2b…");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes a value into custody.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(value.into())))
    }

    /// The value itself. Keep it out of logs, errors and URLs that are printed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Serialises the value in the clear, for a storage that keeps it: name it in
    /// `#[serde(serialize_with = "Secret::serialize_exposed")]`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize_exposed<S: Serializer>(secret: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
