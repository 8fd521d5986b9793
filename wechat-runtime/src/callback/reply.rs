//! Passive replies: what a push is answered with.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};

use super::fields::Format;
use super::{Error, Incoming};

/// How many articles a reply of news may have.
const MOST_ARTICLES: usize = 8;

/// What a push is answered with: a message to the user who caused it, or nothing.
///
/// It has to be made within 4.5 s: see [`Settings::reply_within`][settings]. Follows WeChat's page on
/// [passive replies](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html).
///
/// ```
/// use wechat_runtime::callback::{Content, Incoming, Reply};
///
/// async fn echo(incoming: Incoming) -> Reply {
///     match &incoming.content {
///         Content::Text { content, .. } => Reply::text(content),
///         Content::Image { media_id, .. } => Reply::image(media_id),
///         _ => Reply::success(),
///     }
/// }
/// ```
///
#[cfg_attr(feature = "callback", doc = "[settings]: super::Settings::reply_within")]
#[cfg_attr(not(feature = "callback"), doc = "[settings]: crate#features")]
/// Its `Debug` does not show what is in it.
#[derive(Clone)]
#[must_use = "a reply is sent by returning it from the handler"]
pub struct Reply(Kind);

#[derive(Clone)]
enum Kind {
    Success,
    Text(String),
    Image(String),
    Voice(String),
    Video(Video),
    Music(Music),
    News(Vec<Article>),
    Transfer(Option<String>),
}

impl Reply {
    /// Nothing: the user sees no answer.
    pub fn success() -> Self {
        Self(Kind::Success)
    }

    /// A text. An empty one, which WeChat does not take, is [`success`](Self::success).
    pub fn text(content: impl Into<String>) -> Self {
        Self(Kind::Text(content.into()))
    }

    /// A picture that was uploaded before, by `/cgi-bin/media/upload` (good for three days) or as a material.
    pub fn image(media_id: impl Into<String>) -> Self {
        Self(Kind::Image(media_id.into()))
    }

    /// A recording that was uploaded before.
    pub fn voice(media_id: impl Into<String>) -> Self {
        Self(Kind::Voice(media_id.into()))
    }

    /// A film that was uploaded before.
    pub fn video(video: Video) -> Self {
        Self(Kind::Video(video))
    }

    /// Music, from an address of yours.
    pub fn music(music: Music) -> Self {
        Self(Kind::Music(music))
    }

    /// Articles, one to eight. Where the user sent a message, WeChat shows the first alone.
    ///
    /// ```
    /// use wechat_runtime::callback::{self, Article, Incoming, Reply};
    ///
    /// async fn handler(_: Incoming) -> Result<Reply, callback::Error> {
    ///     Reply::news([Article::new("Autumn", "https://example.com/autumn").description("What is new")])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Articles`] where there is none, or more than eight.
    pub fn news(articles: impl IntoIterator<Item = Article>) -> Result<Self, Error> {
        let articles: Vec<_> = articles.into_iter().take(MOST_ARTICLES + 1).collect();
        if articles.is_empty() || articles.len() > MOST_ARTICLES {
            return Err(Error::Articles);
        }
        Ok(Self(Kind::News(articles)))
    }

    /// Hands the user's message over to customer service, to whoever is free.
    pub fn transfer_customer_service() -> Self {
        Self(Kind::Transfer(None))
    }

    /// Hands the user's message over to this account of customer service, such as `test1@test`.
    pub fn transfer_to(kf_account: impl Into<String>) -> Self {
        Self(Kind::Transfer(Some(kf_account.into())))
    }

    /// Writes the reply to what came in, in its format; nothing for [`success`](Self::success). `now` is in Unix seconds.
    /// Characters that XML cannot have are left out of it.
    ///
    /// An encrypted push wants it [sealed](super::crypto::Opened::seal).
    ///
    /// # Errors
    ///
    /// [`Error::NoSender`].
    pub fn render(&self, to: &Incoming, now: u64) -> Result<Option<String>, Error> {
        let Some((msg_type, content)) = self.0.nodes() else {
            return Ok(None);
        };
        if to.from_user_name.is_empty() {
            return Err(Error::NoSender);
        }
        let mut nodes = vec![
            ("ToUserName", Node::text(&to.from_user_name)),
            ("FromUserName", Node::text(&to.to_user_name)),
            ("CreateTime", Node::Number(now)),
            ("MsgType", Node::text(msg_type)),
        ];
        nodes.extend(content);
        Ok(Some(Node::Map(nodes).render(to.format)))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let msg_type = self.0.nodes().map_or("success", |(msg_type, _)| msg_type);
        f.debug_tuple("Reply").field(&msg_type).finish()
    }
}

/// A film that is replied with.
#[derive(Clone, Debug)]
#[must_use = "a film is replied with by `Reply::video`"]
pub struct Video {
    media_id: String,
    title: Option<String>,
    description: Option<String>,
}

impl Video {
    /// The film of this `media_id`.
    pub fn new(media_id: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), title: None, description: None }
    }

    /// Its title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Its description.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }
}

/// Music that is replied with.
#[derive(Clone, Debug)]
#[must_use = "music is replied with by `Reply::music`"]
pub struct Music {
    thumb_media_id: String,
    title: Option<String>,
    description: Option<String>,
    url: Option<String>,
    hq_url: Option<String>,
}

impl Music {
    /// Music with this thumbnail, which was uploaded before.
    pub fn new(thumb_media_id: impl Into<String>) -> Self {
        Self {
            thumb_media_id: thumb_media_id.into(),
            title: None,
            description: None,
            url: None,
            hq_url: None,
        }
    }

    /// Its title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Its description.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Where it is played from.
    pub fn url(self, url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..self }
    }

    /// Where it is played from in a Wi-Fi.
    pub fn hq_url(self, url: impl Into<String>) -> Self {
        Self { hq_url: Some(url.into()), ..self }
    }
}

/// An article that is replied with.
#[derive(Clone, Debug)]
#[must_use = "articles are replied with by `Reply::news`"]
pub struct Article {
    title: String,
    description: String,
    pic_url: String,
    url: String,
}

impl Article {
    /// An article that leads to this address.
    pub fn new(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self { title: title.into(), description: String::new(), pic_url: String::new(), url: url.into() }
    }

    /// Its description.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Where its picture is: JPG or PNG, 360 × 200 pixels for the first article and 200 × 200 for the others.
    pub fn picture(self, url: impl Into<String>) -> Self {
        Self { pic_url: url.into(), ..self }
    }
}

impl Kind {
    /// The `MsgType` of a reply, and what is in it.
    fn nodes(&self) -> Option<(&'static str, Nodes<'_>)> {
        Some(match self {
            Self::Success => return None,
            Self::Text(content) if content.is_empty() => return None,
            Self::Text(content) => ("text", vec![("Content", Node::text(content))]),
            Self::Image(media_id) => ("image", vec![("Image", media(media_id))]),
            Self::Voice(media_id) => ("voice", vec![("Voice", media(media_id))]),
            Self::Video(video) => {
                let mut nodes = vec![("MediaId", Node::text(&video.media_id))];
                nodes.extend(optional([("Title", &video.title), ("Description", &video.description)]));
                ("video", vec![("Video", Node::Map(nodes))])
            }
            Self::Music(music) => {
                let mut nodes: Nodes<'_> = optional([
                    ("Title", &music.title),
                    ("Description", &music.description),
                    ("MusicUrl", &music.url),
                    ("HQMusicUrl", &music.hq_url),
                ])
                .collect();
                nodes.push(("ThumbMediaId", Node::text(&music.thumb_media_id)));
                ("music", vec![("Music", Node::Map(nodes))])
            }
            Self::News(articles) => {
                let count = Node::Number(articles.len() as u64);
                let articles = Node::List(articles.iter().map(article).collect());
                ("news", vec![("ArticleCount", count), ("Articles", articles)])
            }
            Self::Transfer(account) => {
                let nodes = account
                    .iter()
                    .map(|account| ("TransInfo", Node::Map(vec![("KfAccount", Node::text(account))])));
                ("transfer_customer_service", nodes.collect())
            }
        })
    }
}

fn media(media_id: &str) -> Node<'_> {
    Node::Map(vec![("MediaId", Node::text(media_id))])
}

fn article(article: &Article) -> Node<'_> {
    Node::Map(vec![
        ("Title", Node::text(&article.title)),
        ("Description", Node::text(&article.description)),
        ("PicUrl", Node::text(&article.pic_url)),
        ("Url", Node::text(&article.url)),
    ])
}

fn optional<'a, const N: usize>(
    named: [(&'static str, &'a Option<String>); N],
) -> impl Iterator<Item = (&'static str, Node<'a>)> {
    named.into_iter().filter_map(|(name, text)| Some((name, Node::text(text.as_deref()?))))
}

/// What is written, in either format.
pub(super) enum Node<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Map(Nodes<'a>),
    List(Vec<Node<'a>>),
}

type Nodes<'a> = Vec<(&'static str, Node<'a>)>;

impl<'a> Node<'a> {
    fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(super) fn render(&self, format: Format) -> String {
        match format {
            Format::Xml => {
                let mut xml = String::new();
                self.write_xml("xml", &mut xml);
                xml
            }
            // Only what cannot be written fails, and all of this can.
            Format::Json => serde_json::to_string(self).unwrap_or_default(),
        }
    }

    fn write_xml(&self, name: &str, xml: &mut String) {
        // Writing to a string does not fail.
        let _ = write!(xml, "<{name}>");
        match self {
            Self::Text(text) => write_cdata(text, xml),
            Self::Number(number) => {
                let _ = write!(xml, "{number}");
            }
            Self::Map(nodes) => nodes.iter().for_each(|(name, node)| node.write_xml(name, xml)),
            Self::List(nodes) => nodes.iter().for_each(|node| node.write_xml("item", xml)),
        }
        let _ = write!(xml, "</{name}>");
    }
}

/// A text may itself have what ends a CDATA section.
fn write_cdata(text: &str, xml: &mut String) {
    let text: String = text.chars().filter(|&c| can_be_xml(c)).collect();
    let _ = write!(xml, "<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"));
}

fn can_be_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Map(nodes) => serializer.collect_map(nodes.iter().map(|(name, node)| (name, node))),
            Self::List(nodes) => serializer.collect_seq(nodes),
        }
    }
}

#[cfg(test)]
mod tests;
