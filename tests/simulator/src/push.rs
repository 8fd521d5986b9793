//! One push before it is sent: a message, an event, a piece of news for a third-party platform.

pub(crate) mod body;
mod events;
mod field;
mod info;
mod messages;

pub use field::Field;

/// How long an authorization code lives, in seconds: `AuthorizationCodeExpiredTime` is so much later than
/// `CreateTime`.
pub(crate) const CODE_LIFE: u64 = 3600;

/// Something to be pushed by a [`Pusher`](crate::Pusher).
///
/// `ToUserName`, `FromUserName`, `CreateTime` and `MsgType` are filled in when it is sent. A message has its `MsgId`
/// from the start, so a push and its clones are the same message to a receiver.
///
/// ```
/// use wechat_simulator::Push;
///
/// let spoken = Push::voice("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "media_id", "amr").field("Recognition", "你好");
/// let other = Push::event("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "user_info_modified").field("OpenID", "o1");
/// # drop((spoken, other));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a push is sent with `Pusher::push`"]
pub struct Push {
    content: Content,
    /// What the kind has, then what the test added.
    fields: Vec<(String, Field)>,
    create_time: Option<u64>,
    msg_id: Option<u64>,
    info_appid: Option<String>,
}

/// What is pushed.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Message {
        openid: String,
        msg_type: String,
    },
    Event {
        openid: String,
        event: String,
    },
    /// The code of `PreAuthCode` is there where an authorization code is.
    Info {
        info_type: String,
        pre_auth_code: Option<String>,
    },
    Raw(String),
}

/// What a push is filled in with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    /// The account's `gh_…`.
    pub(crate) user_name: &'a str,
    /// The third-party platform.
    pub(crate) component: &'a str,
    /// Unix seconds.
    pub(crate) now: u64,
}

/// What is to be written, before it has a format.
#[derive(Debug)]
pub(crate) enum Written {
    Fields(Vec<(String, Field)>),
    Raw(String),
}

impl Push {
    fn new(content: Content) -> Self {
        Self { content, fields: Vec::new(), create_time: None, msg_id: None, info_appid: None }
    }

    /// A message of any `MsgType`, its fields to be added.
    pub fn message(openid: impl Into<String>, msg_type: impl Into<String>) -> Self {
        let content = Content::Message { openid: openid.into(), msg_type: msg_type.into() };
        // As long as real ones: above 2^53, where a float is no longer exact, and within an i64.
        Self { msg_id: Some(fastrand::u64(1 << 62..1 << 63)), ..Self::new(content) }
    }

    /// An event of any name, its fields to be added.
    pub fn event(openid: impl Into<String>, event: impl Into<String>) -> Self {
        Self::new(Content::Event { openid: openid.into(), event: event.into() })
    }

    /// A push of any `InfoType`, its fields to be added; only a third-party platform gets those.
    pub fn info(info_type: impl Into<String>) -> Self {
        Self::new(Content::Info { info_type: info_type.into(), pre_auth_code: None })
    }

    /// A decrypted body, byte for byte.
    ///
    /// It has no user: `openid` is left out of the query, and a reply may name anyone.
    pub fn raw(text: impl Into<String>) -> Self {
        Self::new(Content::Raw(text.into()))
    }

    /// Adds a field behind those that are there, or changes the one of that name, `ToUserName` and its like
    /// included. Names are written as they are given.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Field>) -> Self {
        put(&mut self.fields, name.into(), value.into());
        self
    }

    /// Sets `CreateTime`, in Unix seconds; by default it is the simulator's time of the sending.
    pub fn create_time(mut self, unix: u64) -> Self {
        self.create_time = Some(unix);
        self
    }

    /// Sets `MsgId`, which messages have and events do not.
    pub fn msg_id(mut self, msg_id: u64) -> Self {
        self.msg_id = Some(msg_id);
        self
    }

    /// Sets the `AppId` inside a push that has an `InfoType`; the envelope keeps its own.
    pub fn info_appid(mut self, appid: impl Into<String>) -> Self {
        self.info_appid = Some(appid.into());
        self
    }

    /// The user it is from.
    pub(crate) fn openid(&self) -> Option<&str> {
        match &self.content {
            Content::Message { openid, .. } | Content::Event { openid, .. } => Some(openid),
            Content::Info { .. } | Content::Raw(_) => None,
        }
    }

    /// What the ledger calls it.
    pub(crate) fn kind(&self) -> &str {
        match &self.content {
            Content::Message { msg_type, .. } => msg_type,
            Content::Event { event, .. } => event,
            Content::Info { info_type, .. } => info_type,
            Content::Raw(_) => "raw",
        }
    }

    pub(crate) fn is_info(&self) -> bool {
        matches!(self.content, Content::Info { .. })
    }

    /// Fills in what the kind has and lays the test's own fields over it.
    pub(crate) fn written(&self, sender: Sender<'_>) -> Written {
        let create_time = self.create_time.unwrap_or(sender.now);
        let mut fields: Vec<(String, Field)> = Vec::new();
        let mut add = |name: &str, value: Field| fields.push((name.to_owned(), value));
        match &self.content {
            Content::Raw(text) => return Written::Raw(text.clone()),
            Content::Message { openid, msg_type: kind } | Content::Event { openid, event: kind } => {
                let is_event = matches!(self.content, Content::Event { .. });
                add("ToUserName", sender.user_name.into());
                add("FromUserName", openid.as_str().into());
                add("CreateTime", create_time.into());
                add("MsgType", if is_event { "event" } else { kind }.into());
                if is_event {
                    add("Event", kind.as_str().into());
                }
            }
            Content::Info { info_type, .. } => {
                add("AppId", self.info_appid.as_deref().unwrap_or(sender.component).into());
                add("CreateTime", create_time.into());
                add("InfoType", info_type.as_str().into());
            }
        }
        for (name, value) in &self.fields {
            put(&mut fields, name.clone(), value.clone());
        }
        let mut add_missing = |name: &str, value: Field| {
            if !fields.iter().any(|(known, _)| known == name) {
                fields.push((name.to_owned(), value));
            }
        };
        if let Content::Info { pre_auth_code: Some(code), .. } = &self.content {
            add_missing("AuthorizationCodeExpiredTime", create_time.saturating_add(CODE_LIFE).into());
            add_missing("PreAuthCode", code.as_str().into());
        }
        if let Some(msg_id) = self.msg_id {
            add_missing("MsgId", msg_id.into());
        }
        Written::Fields(fields)
    }
}

fn put(fields: &mut Vec<(String, Field)>, name: String, value: Field) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => fields.push((name, value)),
    }
}
