//! What is to be pushed, as JSON says it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Failure, fields};
use crate::push::Push;

/// Every kind of push with the fields it takes; besides those each takes `create_time`, `msg_id`,
/// `info_appid`, and `fields` to be added or changed.
pub(in super::super) const KINDS: &[(&str, &str)] = &[
    ("text", r#""openid", "content""#),
    ("image", r#""openid", "pic_url", "media_id""#),
    ("voice", r#""openid", "media_id", "format""#),
    ("video", r#""openid", "media_id", "thumb_media_id""#),
    ("shortvideo", r#""openid", "media_id", "thumb_media_id""#),
    ("location", r#""openid", "x", "y", "scale", "label""#),
    ("link", r#""openid", "title", "description", "url""#),
    ("subscribe", r#""openid""#),
    ("subscribe_by_scan", r#""openid", "scene", "ticket""#),
    ("unsubscribe", r#""openid""#),
    ("scan", r#""openid", "scene", "ticket""#),
    ("location_report", r#""openid", "latitude", "longitude", "precision""#),
    ("click", r#""openid", "key""#),
    ("view", r#""openid", "url""#),
    ("template_send_job_finish", r#""openid", "template_msg_id", "status""#),
    ("scancode_push", r#""openid", "key", "scan_type", "scan_result""#),
    ("scancode_waitmsg", r#""openid", "key", "scan_type", "scan_result""#),
    ("pic_sysphoto", r#""openid", "key", "md5_sums""#),
    ("pic_photo_or_album", r#""openid", "key", "md5_sums""#),
    ("pic_weixin", r#""openid", "key", "md5_sums""#),
    ("location_select", r#""openid", "key", "x", "y", "scale", "label", "poiname""#),
    ("component_verify_ticket", r#""ticket""#),
    ("authorized", r#""authorizer_appid", "code""#),
    ("updateauthorized", r#""authorizer_appid", "code""#),
    ("unauthorized", r#""authorizer_appid""#),
    ("message", r#""openid", "msg_type": any other message"#),
    ("event", r#""openid", "event": any other event"#),
    ("info", r#""info_type": any other news for a third-party platform"#),
    ("raw", r#""raw": the decrypted body, byte for byte"#),
];

/// Keys that tell the kind where `kind` is left out.
const TELLING: &[(&str, &str)] =
    &[("msg_type", "message"), ("event", "event"), ("info_type", "info"), ("raw", "raw")];

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    Text { openid: String, content: String },
    Image { openid: String, pic_url: String, media_id: String },
    Voice { openid: String, media_id: String, format: String },
    Video { openid: String, media_id: String, thumb_media_id: String },
    Shortvideo { openid: String, media_id: String, thumb_media_id: String },
    Location { openid: String, x: f64, y: f64, scale: u32, label: String },
    Link { openid: String, title: String, description: String, url: String },
    Subscribe { openid: String },
    SubscribeByScan { openid: String, scene: String, ticket: String },
    Unsubscribe { openid: String },
    Scan { openid: String, scene: String, ticket: String },
    LocationReport { openid: String, latitude: f64, longitude: f64, precision: f64 },
    Click { openid: String, key: String },
    View { openid: String, url: String },
    TemplateSendJobFinish { openid: String, template_msg_id: u64, status: String },
    ScancodePush { openid: String, key: String, scan_type: String, scan_result: String },
    ScancodeWaitmsg { openid: String, key: String, scan_type: String, scan_result: String },
    PicSysphoto { openid: String, key: String, md5_sums: Vec<String> },
    PicPhotoOrAlbum { openid: String, key: String, md5_sums: Vec<String> },
    PicWeixin { openid: String, key: String, md5_sums: Vec<String> },
    LocationSelect { openid: String, key: String, x: f64, y: f64, scale: u32, label: String, poiname: String },
    ComponentVerifyTicket { ticket: String },
    Authorized { authorizer_appid: String, code: String },
    Updateauthorized { authorizer_appid: String, code: String },
    Unauthorized { authorizer_appid: String },
    Message { openid: String, msg_type: String },
    Event { openid: String, event: String },
    Info { info_type: String },
    Raw { raw: String },
}

impl Order {
    fn into_push(self) -> Push {
        use Order as O;
        match self {
            O::Text { openid, content } => Push::text(openid, content),
            O::Image { openid, pic_url, media_id } => Push::image(openid, pic_url, media_id),
            O::Voice { openid, media_id, format } => Push::voice(openid, media_id, format),
            O::Video { openid, media_id, thumb_media_id } => Push::video(openid, media_id, thumb_media_id),
            O::Shortvideo { openid, media_id, thumb_media_id } => {
                Push::shortvideo(openid, media_id, thumb_media_id)
            }
            O::Location { openid, x, y, scale, label } => Push::location(openid, x, y, scale, label),
            O::Link { openid, title, description, url } => Push::link(openid, title, description, url),
            O::Subscribe { openid } => Push::subscribe(openid),
            O::SubscribeByScan { openid, scene, ticket } => Push::subscribe_by_scan(openid, scene, ticket),
            O::Unsubscribe { openid } => Push::unsubscribe(openid),
            O::Scan { openid, scene, ticket } => Push::scan(openid, scene, ticket),
            O::LocationReport { openid, latitude, longitude, precision } => {
                Push::location_report(openid, latitude, longitude, precision)
            }
            O::Click { openid, key } => Push::click(openid, key),
            O::View { openid, url } => Push::view(openid, url),
            O::TemplateSendJobFinish { openid, template_msg_id, status } => {
                Push::template_send_job_finish(openid, template_msg_id, status)
            }
            O::ScancodePush { openid, key, scan_type, scan_result } => {
                Push::scancode_push(openid, key, scan_type, scan_result)
            }
            O::ScancodeWaitmsg { openid, key, scan_type, scan_result } => {
                Push::scancode_waitmsg(openid, key, scan_type, scan_result)
            }
            O::PicSysphoto { openid, key, md5_sums } => Push::pic_sysphoto(openid, key, md5_sums),
            O::PicPhotoOrAlbum { openid, key, md5_sums } => Push::pic_photo_or_album(openid, key, md5_sums),
            O::PicWeixin { openid, key, md5_sums } => Push::pic_weixin(openid, key, md5_sums),
            O::LocationSelect { openid, key, x, y, scale, label, poiname } => {
                Push::location_select(openid, key, x, y, scale, label, poiname)
            }
            O::ComponentVerifyTicket { ticket } => Push::component_verify_ticket(ticket),
            O::Authorized { authorizer_appid, code } => Push::authorized(authorizer_appid, code),
            O::Updateauthorized { authorizer_appid, code } => Push::updateauthorized(authorizer_appid, code),
            O::Unauthorized { authorizer_appid } => Push::unauthorized(authorizer_appid),
            O::Message { openid, msg_type } => Push::message(openid, msg_type),
            O::Event { openid, event } => Push::event(openid, event),
            O::Info { info_type } => Push::info(info_type),
            O::Raw { raw } => Push::raw(raw),
        }
    }
}

/// What each kind takes besides its own fields.
#[derive(Deserialize)]
struct Extras {
    #[serde(default)]
    fields: Map<String, Value>,
    create_time: Option<u64>,
    msg_id: Option<u64>,
    info_appid: Option<String>,
}

/// Reads a push.
pub(super) fn read(mut order: Map<String, Value>) -> Result<Push, Failure> {
    let mut extras = Map::new();
    for name in ["fields", "create_time", "msg_id", "info_appid"] {
        if let Some(value) = order.remove(name) {
            extras.insert(name.to_owned(), value);
        }
    }
    if !order.contains_key("kind") {
        let told = TELLING.iter().find(|(key, _)| order.contains_key(*key));
        let (_, kind) = told.ok_or_else(|| Failure::bad("a push needs a kind; GET /_sim/ lists them"))?;
        order.insert("kind".to_owned(), Value::from(*kind));
    }
    let Extras { fields: added, create_time, msg_id, info_appid } = fields(extras)?;
    let mut push = fields::<Order>(order)?.into_push();
    for (name, value) in added {
        push = push.field(name, value);
    }
    if let Some(unix) = create_time {
        push = push.create_time(unix);
    }
    if let Some(msg_id) = msg_id {
        push = push.msg_id(msg_id);
    }
    if let Some(appid) = info_appid {
        push = push.info_appid(appid);
    }
    Ok(push)
}
