//! Messages and events that users cause, typed.

use std::fmt;

use super::Error;
use super::fields::{Fields, Format};

/// A message or an event that WeChat pushed: from whom, to whom, when, and what.
///
/// ```
/// use wechat_runtime::callback::{Content, Incoming};
///
/// let incoming = Incoming::parse(
///     "<xml><ToUserName>gh_97417a04a28d</ToUserName><FromUserName>o9AgO5Kd5ggOC-bXrbNODIiE3bGY</FromUserName>\
///      <CreateTime>1715943329</CreateTime><MsgType>text</MsgType><Content><![CDATA[hello]]></Content>\
///      <MsgId>6054768590064713728</MsgId></xml>",
/// )?;
/// assert!(matches!(&incoming.content, Content::Text { content, .. } if content == "hello"));
/// # Ok::<(), wechat_runtime::callback::Error>(())
/// ```
///
/// What is not among the types of [`Content`] is [`Unknown`](Content::Unknown), and all of it is in
/// [`fields`](Self::fields). Follows WeChat's pages on
/// [messages](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html) and
/// [events](https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html).
///
/// Its `Debug` does not show what the user wrote.
#[derive(Clone)]
#[non_exhaustive]
pub struct Incoming {
    /// The account that it is for, by its `gh_…` name; empty where there is none.
    pub to_user_name: String,
    /// The user that it is from, by the openid; empty where there is none.
    pub from_user_name: String,
    /// When it was made, in Unix seconds; 0 where there is no time.
    pub create_time: u64,
    /// The number of a message. Events have none.
    pub msg_id: Option<u64>,
    /// What it is.
    pub content: Content,
    /// All fields, as WeChat named them: what the types leave out is here.
    pub fields: Fields,
    pub(super) format: Format,
}

impl Incoming {
    /// Reads what was pushed, after it was [opened](super::crypto::Keys::open).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where it is neither XML nor JSON. Whatever fields it has, or has not, is no error.
    pub fn parse(message: &str) -> Result<Self, Error> {
        Fields::parse_with_format(message).map(|(fields, format)| Self::of(fields, format))
    }

    pub(super) fn of(fields: Fields, format: Format) -> Self {
        let text = |name| fields.text(name).unwrap_or_default().to_owned();
        Self {
            to_user_name: text("ToUserName"),
            from_user_name: text("FromUserName"),
            create_time: number(&fields, "CreateTime").unwrap_or(0),
            msg_id: number(&fields, "MsgId"),
            content: Content::of(&fields),
            fields,
            format,
        }
    }
}

/// What kind it is, and nothing of what people write: a handler's arguments are easily logged.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("msg_type", &self.fields.text("MsgType"))
            .field("event", &self.fields.text("Event"))
            .field("create_time", &self.create_time)
            .field("msg_id", &self.msg_id)
            .finish_non_exhaustive()
    }
}

/// What a message or an event is.
///
/// Its `Debug` shows what the user wrote: keep it out of logs. Coordinates are degrees. A `media_id` is good for three days.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// The user wrote.
    #[non_exhaustive]
    Text {
        /// What the user wrote.
        content: String,
    },
    /// The user sent a picture.
    #[non_exhaustive]
    Image {
        /// Where the picture can be downloaded.
        pic_url: String,
        /// The picture, for `/cgi-bin/media/get`.
        media_id: String,
    },
    /// The user spoke.
    #[non_exhaustive]
    Voice {
        /// The recording, for `/cgi-bin/media/get`.
        media_id: String,
        /// Its format, such as `amr`.
        format: String,
        /// What was said, where the account has speech recognition.
        recognition: Option<String>,
    },
    /// The user sent a film.
    #[non_exhaustive]
    Video {
        /// The film, for `/cgi-bin/media/get`.
        media_id: String,
        /// Its thumbnail.
        thumb_media_id: String,
    },
    /// The user sent a short film.
    #[non_exhaustive]
    ShortVideo {
        /// The film, for `/cgi-bin/media/get`.
        media_id: String,
        /// Its thumbnail.
        thumb_media_id: String,
    },
    /// The user sent a place.
    #[non_exhaustive]
    Location {
        /// The latitude (`Location_X`).
        latitude: f64,
        /// The longitude (`Location_Y`).
        longitude: f64,
        /// The zoom of the map.
        scale: f64,
        /// What the place is called.
        label: String,
    },
    /// The user sent a link.
    #[non_exhaustive]
    Link {
        /// Its title.
        title: String,
        /// Its description.
        description: String,
        /// Where it leads.
        url: String,
    },
    /// The user follows the account from now on.
    #[non_exhaustive]
    Subscribe {
        /// The scene of the QR code that brought the user, which WeChat's `EventKey` has behind `qrscene_`.
        scene: Option<String>,
        /// The QR code that brought the user.
        ticket: Option<String>,
    },
    /// The user follows the account no longer. A reply reaches nobody.
    Unsubscribe,
    /// A follower scanned a QR code of the account's.
    #[non_exhaustive]
    Scan {
        /// The scene of the QR code.
        scene: String,
        /// The QR code.
        ticket: Option<String>,
    },
    /// Where the user is, if the account asked for it and the user agreed.
    #[non_exhaustive]
    LocationReport {
        /// The latitude.
        latitude: f64,
        /// The longitude.
        longitude: f64,
        /// How exact it is, as WeChat sends it (`Precision`): its unit is not documented.
        precision: f64,
    },
    /// The user chose an entry of the menu that sends a key.
    #[non_exhaustive]
    Click {
        /// The key.
        event_key: String,
    },
    /// The user chose an entry of the menu that opens a page.
    #[non_exhaustive]
    View {
        /// Where it leads.
        url: String,
    },
    /// The user chose an entry of the menu that opens a mini program (`view_miniprogram`).
    #[non_exhaustive]
    ViewMiniprogram {
        /// The page of the mini program.
        page_path: String,
    },
    /// The user scanned something by the menu (`scancode_push`), and sees what it says.
    ScancodePush(MenuScan),
    /// The user scanned something by the menu (`scancode_waitmsg`), and waits for a message.
    ScancodeWaitmsg(MenuScan),
    /// The user took pictures by the menu (`pic_sysphoto`); they come as messages of their own.
    PicSysphoto(MenuPictures),
    /// The user took or chose pictures by the menu (`pic_photo_or_album`).
    PicPhotoOrAlbum(MenuPictures),
    /// The user chose pictures of WeChat's album by the menu (`pic_weixin`).
    PicWeixin(MenuPictures),
    /// The user chose a place by the menu (`location_select`); it comes as a message of its own.
    #[non_exhaustive]
    LocationSelect {
        /// The entry's key.
        event_key: String,
        /// The latitude (`Location_X`).
        latitude: f64,
        /// The longitude (`Location_Y`).
        longitude: f64,
        /// What the place is called (`Label`).
        label: String,
        /// The place's name in WeChat's Moments (`Poiname`).
        poiname: Option<String>,
    },
    /// What became of a template message (`TEMPLATESENDJOBFINISH`).
    #[non_exhaustive]
    TemplateSendJobFinish {
        /// The message, by the number that `/cgi-bin/message/template/send` gave.
        msg_id: u64,
        /// `success`, `failed:user block` or `failed: system failed`.
        status: String,
    },
    /// Everything else: see [`Incoming::fields`].
    Unknown,
}

/// What was scanned by the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MenuScan {
    /// The entry's key.
    pub event_key: String,
    /// What kind of code it was, such as `qrcode`.
    pub scan_type: String,
    /// What the code says.
    pub scan_result: String,
}

/// Which pictures were sent by the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MenuPictures {
    /// The entry's key.
    pub event_key: String,
    /// The MD5 of each picture, by which its message can be known.
    pub md5: Vec<String>,
}

/// What WeChat pushes, by `MsgType` and `Event`, and how each is read. Without the fields it has to have, it is unknown.
type Row = (&'static str, &'static str, fn(&Fields) -> Option<Content>);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("text", "", |f| Some(Content::Text { content: text(f, "Content")? })),
    ("image", "", |f| Some(Content::Image { pic_url: text(f, "PicUrl")?, media_id: text(f, "MediaId")? })),
    ("voice", "", |f| Some(Content::Voice { media_id: text(f, "MediaId")?, format: text(f, "Format")?, recognition: filled(f, "Recognition") })),
    ("video", "", |f| Some(Content::Video { media_id: text(f, "MediaId")?, thumb_media_id: text(f, "ThumbMediaId")? })),
    ("shortvideo", "", |f| Some(Content::ShortVideo { media_id: text(f, "MediaId")?, thumb_media_id: text(f, "ThumbMediaId")? })),
    ("location", "", |f| Some(Content::Location { latitude: measure(f, "Location_X")?, longitude: measure(f, "Location_Y")?, scale: measure(f, "Scale")?, label: text(f, "Label")? })),
    ("link", "", |f| Some(Content::Link { title: text(f, "Title")?, description: text(f, "Description")?, url: text(f, "Url")? })),
    ("event", "subscribe", |f| Some(Content::Subscribe { scene: filled(f, "EventKey").map(scene), ticket: filled(f, "Ticket") })),
    ("event", "unsubscribe", |_| Some(Content::Unsubscribe)),
    ("event", "SCAN", |f| Some(Content::Scan { scene: text(f, "EventKey")?, ticket: filled(f, "Ticket") })),
    ("event", "LOCATION", |f| Some(Content::LocationReport { latitude: measure(f, "Latitude")?, longitude: measure(f, "Longitude")?, precision: measure(f, "Precision")? })),
    ("event", "CLICK", |f| Some(Content::Click { event_key: text(f, "EventKey")? })),
    ("event", "VIEW", |f| Some(Content::View { url: text(f, "EventKey")? })),
    ("event", "view_miniprogram", |f| Some(Content::ViewMiniprogram { page_path: text(f, "EventKey")? })),
    ("event", "scancode_push", |f| scanned(f).map(Content::ScancodePush)),
    ("event", "scancode_waitmsg", |f| scanned(f).map(Content::ScancodeWaitmsg)),
    ("event", "pic_sysphoto", |f| pictures(f).map(Content::PicSysphoto)),
    ("event", "pic_photo_or_album", |f| pictures(f).map(Content::PicPhotoOrAlbum)),
    ("event", "pic_weixin", |f| pictures(f).map(Content::PicWeixin)),
    ("event", "location_select", place),
    ("event", "TEMPLATESENDJOBFINISH", |f| Some(Content::TemplateSendJobFinish { msg_id: number(f, "MsgID")?, status: text(f, "Status")? })),
];

impl Content {
    fn of(fields: &Fields) -> Self {
        let msg_type = fields.text("MsgType").unwrap_or_default();
        let event = if msg_type == "event" { fields.text("Event").unwrap_or_default() } else { "" };
        let row = ROWS.iter().find(|(known, of, _)| *known == msg_type && *of == event);
        row.and_then(|(_, _, read)| read(fields)).unwrap_or(Self::Unknown)
    }
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.text(name).map(str::to_owned)
}

/// A text that is not there where it is empty.
fn filled(fields: &Fields, name: &str) -> Option<String> {
    text(fields, name).filter(|text| !text.is_empty())
}

pub(super) fn number<N: std::str::FromStr>(fields: &Fields, name: &str) -> Option<N> {
    fields.text(name)?.trim().parse().ok()
}

/// A number that is one: no infinity, and not `NaN`.
fn measure(fields: &Fields, name: &str) -> Option<f64> {
    number(fields, name).filter(|number: &f64| number.is_finite())
}

fn scene(event_key: String) -> String {
    event_key.strip_prefix("qrscene_").map(str::to_owned).unwrap_or(event_key)
}

fn scanned(fields: &Fields) -> Option<MenuScan> {
    let scan = fields.fields("ScanCodeInfo")?;
    Some(MenuScan {
        event_key: text(fields, "EventKey")?,
        scan_type: text(scan, "ScanType")?,
        scan_result: text(scan, "ScanResult")?,
    })
}

fn pictures(fields: &Fields) -> Option<MenuPictures> {
    let mut list = fields.fields("SendPicsInfo")?.fields("PicList");
    // WeChat shows no JSON of it: there the list may be `PicList` itself, or an `item` in it.
    let inner = list.and_then(|list| list.fields("item")).filter(|inner| inner.fields("item").is_some());
    list = inner.or(list);
    let md5 = |(_, field): (_, &super::Field)| match field {
        super::Field::Fields(item) => text(item, "PicMd5Sum"),
        super::Field::Text(_) => None,
    };
    let md5 = list.into_iter().flat_map(Fields::iter).filter_map(md5).collect();
    Some(MenuPictures { event_key: text(fields, "EventKey")?, md5 })
}

fn place(fields: &Fields) -> Option<Content> {
    let place = fields.fields("SendLocationInfo")?;
    Some(Content::LocationSelect {
        event_key: text(fields, "EventKey")?,
        latitude: measure(place, "Location_X")?,
        longitude: measure(place, "Location_Y")?,
        label: text(place, "Label")?,
        poiname: filled(place, "Poiname"),
    })
}

#[cfg(test)]
mod tests;
