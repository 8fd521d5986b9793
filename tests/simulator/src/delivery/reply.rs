//! A reply to a user, as the platform reads it.

use crate::document::Document;

/// A reply to a user, read and if need be decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedReply {
    pub(crate) document: Document,
    pub(crate) raw: String,
    pub(crate) encrypted: bool,
}

impl ReceivedReply {
    /// The kind of message, such as `text`.
    #[must_use]
    pub fn msg_type(&self) -> &str {
        self.get("MsgType").unwrap_or_default()
    }

    /// The user it goes to.
    #[must_use]
    pub fn to_user_name(&self) -> &str {
        self.get("ToUserName").unwrap_or_default()
    }

    /// The account it comes from.
    #[must_use]
    pub fn from_user_name(&self) -> &str {
        self.get("FromUserName").unwrap_or_default()
    }

    /// The text of a field, or of one inside others, such as `Image/MediaId`; the first if there are several.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.document.get(path)
    }

    /// The texts of a field that is there several times, such as `Articles/item/Title`,
    /// which in JSON is `Articles/Title`.
    #[must_use]
    pub fn all(&self, path: &str) -> Vec<&str> {
        self.document.all(path)
    }

    /// The whole text, decrypted.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether it came encrypted.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }
}
