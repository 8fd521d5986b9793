//! `media/upload`, `media/uploadimg`, `media/get` and `media/get/jssdk`.

use serde::Serialize;

use super::Exchange;
use crate::answer::{self, FileReply, Reply};
use crate::errcode::Refusal;
use crate::media::{self, ARTICLE_PICTURE, Media, MediaKind, MediaStore, Rule, extension_of};
use crate::sync::lock;
use crate::upload::Form;

#[derive(Serialize)]
struct UploadBody<'a> {
    r#type: &'a str,
    media_id: &'a str,
    created_at: u64,
}

/// Keeps a file for three days. A thumb's id is answered as `media_id` too, as the pages show it.
pub(crate) fn upload(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let form = Form::read(call.request)?;
    let kind = kind(call, &form)?;
    let media = receive(call, &form, kind, MediaStore::Temporary, media::new_id(), Rule::of(kind))?;
    answer::json(&UploadBody { r#type: kind.name(), media_id: &media.media_id, created_at: media.created_at })
}

#[derive(Serialize)]
struct PictureBody<'a> {
    url: &'a str,
}

/// Keeps a picture for articles, of which only the URL is told.
pub(crate) fn upload_picture(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let form = Form::read(call.request)?;
    let url = format!("http://mmbiz.qpic.cn/mmbiz_jpg/{}/0", media::new_id());
    let media = receive(call, &form, MediaKind::Image, MediaStore::Article, url, &ARTICLE_PICTURE)?;
    answer::json(&PictureBody { url: &media.media_id })
}

/// The kind that an upload's `type` names, in the query or else in the form: 40004 without one.
pub(super) fn kind(call: &Exchange<'_>, form: &Form) -> Result<MediaKind, Refusal> {
    let fields = form.fields();
    let in_form = || fields.iter().find(|(name, _)| name == "type").map(|(_, value)| value.as_str());
    let named = call.request.query_value("type").or_else(in_form);
    named.and_then(MediaKind::from_wire).ok_or_else(|| Refusal::new(40004))
}

/// Judges the file of a form by a rule and keeps it.
pub(super) fn receive(
    call: &Exchange<'_>,
    form: &Form,
    kind: MediaKind,
    store: MediaStore,
    media_id: String,
    rule: &Rule,
) -> Result<Media, Refusal> {
    let file = form.file()?;
    let length = file.bytes.len() as u64;
    let mut state = lock(&call.platform.state);
    let account = state.account(call.appid)?;
    rule.check(file.file_name, length, account.app.media_limit)?;
    let media = Media {
        media_id,
        kind,
        store,
        file_name: file.file_name.to_owned(),
        content_type: file.content_type,
        bytes: file.bytes.clone(),
        length,
        headers: file.headers.to_vec(),
        fields: form.fields(),
        created_at: call.unix,
    };
    account.keep(media.clone());
    Ok(media)
}

#[derive(Serialize)]
struct VideoBody {
    video_url: String,
}

/// A temporary file; of a film, the address only.
pub(crate) fn get(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let media = temporary(call)?;
    if media.kind == MediaKind::Video {
        return answer::json(&VideoBody { video_url: film(&media.media_id) });
    }
    Ok(file(&media))
}

/// A voice message in high definition, which is speex whatever was uploaded; the simulator sends the
/// uploaded bytes under that name. Of anything else there is none: 40007.
pub(crate) fn get_jssdk(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let media = temporary(call)?;
    if media.kind != MediaKind::Voice {
        return Err(Refusal::new(40007));
    }
    Ok(Reply::File(FileReply {
        content_type: "voice/speex".to_owned(),
        file_name: format!("{}.speex", media.media_id),
        body: media.body(),
    }))
}

fn temporary(call: &Exchange<'_>) -> Result<Media, Refusal> {
    let media_id = call.request.query_value("media_id").ok_or_else(|| Refusal::new(41006))?;
    let mut state = lock(&call.platform.state);
    let media = state.account(call.appid)?.media_in(MediaStore::Temporary, media_id);
    media.filter(|media| media.lives(call.unix)).cloned().ok_or_else(|| Refusal::new(40007))
}

/// A file as it is downloaded.
pub(super) fn file(media: &Media) -> Reply {
    let Media { media_id, content_type, file_name, .. } = media;
    let file_name = match extension_of(file_name) {
        "" => media_id.clone(),
        extension => format!("{media_id}.{extension}"),
    };
    Reply::File(FileReply { content_type: content_type.clone(), file_name, body: media.body() })
}

/// Where a film would be. Nothing is served there.
pub(super) fn film(media_id: &str) -> String {
    format!("http://mpvideo.qpic.cn/{media_id}.mp4")
}
