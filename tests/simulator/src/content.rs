//! What an account holds: followers and materials.

mod defaults;

use serde::Serialize;

pub(crate) use defaults::{IP_LIST, followers, materials, templates};

/// A user known to an account.
///
/// ```
/// use wechat_simulator::Follower;
///
/// let follower = Follower::new("o6_bmjrPTlm6_2sgVt7hMZOPfL2M").nickname("小明");
/// let stranger = Follower::new("otvxTs_JZ6SEiP0imdhpi50fuSZg").following(false);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Follower {
    /// The user's id at this account.
    pub openid: String,
    /// The user's id over all accounts of one owner; derived from the openid by default.
    pub unionid: String,
    /// The user's name; empty by default, as on the platform of today.
    pub nickname: String,
    /// The account's own note on the user; empty by default.
    pub remark: String,
    /// Whether the user follows the account; true by default.
    pub following: bool,
    /// Whether the user refuses messages, which then fail with 43101; false by default.
    pub refusing: bool,
    /// Since when the user follows, in Unix seconds.
    pub subscribe_time: u64,
}

impl Follower {
    /// A user who follows the account and takes messages.
    #[must_use]
    pub fn new(openid: impl Into<String>) -> Self {
        let openid = openid.into();
        let unionid = defaults::id("oU", &openid, "union", 28);
        Self {
            openid,
            unionid,
            nickname: String::new(),
            remark: String::new(),
            following: true,
            refusing: false,
            subscribe_time: 1_382_694_957,
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn nickname(mut self, nickname: impl Into<String>) -> Self {
        self.nickname = nickname.into();
        self
    }

    /// Sets the account's note on the user.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }

    /// Says whether the user follows the account.
    #[must_use]
    pub fn following(mut self, following: bool) -> Self {
        self.following = following;
        self
    }

    /// Says whether the user refuses messages.
    #[must_use]
    pub fn refusing(mut self, refusing: bool) -> Self {
        self.refusing = refusing;
        self
    }
}

/// A permanent material of an account, as `material/batchget_material` lists it.
///
/// A picture or sound that is only declared has a file of 1024 bytes, of which byte `i` is `i % 251`;
/// [`Account::put_material`](crate::Account::put_material) puts one there with a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Material {
    /// The material's id.
    pub media_id: String,
    /// What it is.
    pub kind: MaterialKind,
    /// The file name of an image, voice or video; the title of a news article.
    pub name: String,
    /// When it was last changed, in Unix seconds.
    pub update_time: u64,
}

/// The kinds of permanent material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MaterialKind {
    /// A picture.
    Image,
    /// A sound.
    Voice,
    /// A film.
    Video,
    /// An article.
    News,
}

impl MaterialKind {
    /// The kind that a request's `type` names.
    pub(crate) fn from_wire(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "voice" => Some(Self::Voice),
            "video" => Some(Self::Video),
            "news" => Some(Self::News),
            _ => None,
        }
    }
}

impl Material {
    /// A material with an id and a file name or title.
    #[must_use]
    pub fn new(kind: MaterialKind, media_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), kind, name: name.into(), update_time: 1_433_234_000 }
    }
}
