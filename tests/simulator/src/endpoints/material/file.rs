//! `material/add_material`, `material/get_material` and `material/del_material`.

use serde::Serialize;

use super::{Article, article, picture};
use crate::answer::{self, FileReply, Reply};
use crate::body::AnswerBody;
use crate::content::{Material, MaterialKind};
use crate::endpoints::{Exchange, media};
use crate::errcode::Refusal;
use crate::media::{MediaKind, MediaStore, Rule, content_type_of, extension_of, new_id};
use crate::sync::lock;
use crate::upload::Form;

/// The length of a material that was declared without a file, in bytes.
const DECLARED_LENGTH: u64 = 1024;

#[derive(Serialize)]
struct AddedBody<'a> {
    media_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Keeps a file for ever. A film needs a `description`, a JSON object: without it, 47001.
pub(crate) fn add(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let form = Form::read(call.request)?;
    let kind = media::kind(call, &form)?;
    if kind == MediaKind::Video && !is_described(&form) {
        return Err(Refusal::new(47001));
    }
    let media = media::receive(call, &form, kind, MediaStore::Material, new_id(), Rule::of(kind))?;
    let url = matches!(kind, MediaKind::Image | MediaKind::Thumb).then(|| picture(&media.media_id));
    answer::json(&AddedBody { media_id: &media.media_id, url })
}

fn is_described(form: &Form) -> bool {
    let fields = form.fields();
    let description = fields.iter().find(|(name, _)| name == "description");
    description.is_some_and(|(_, text)| serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok())
}

#[derive(Serialize)]
struct NewsBody<'a> {
    news_item: [Article<'a>; 1],
}

#[derive(Serialize)]
struct VideoBody<'a> {
    title: &'a str,
    description: String,
    down_url: String,
}

/// A permanent file; of an article and a film, JSON that tells of it.
pub(crate) fn get(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let media_id = call.text("media_id", 41006)?;
    let mut state = lock(&call.platform.state);
    let account = state.account(call.appid)?;
    let material = account.content().materials.iter().find(|material| material.media_id == media_id);
    let Material { kind, name, .. } = material.ok_or_else(|| Refusal::new(40007))?;
    let uploaded = account.media_in(MediaStore::Material, media_id);
    match kind {
        MaterialKind::News => answer::json(&NewsBody { news_item: [article(media_id, name)] }),
        MaterialKind::Video => answer::json(&VideoBody {
            title: name,
            description: uploaded.and_then(|media| media.described("introduction")).unwrap_or_default(),
            down_url: media::film(media_id),
        }),
        MaterialKind::Image | MaterialKind::Voice => {
            Ok(uploaded.map_or_else(|| declared(media_id, name), media::file))
        }
    }
}

/// A file for a material that has none of its own.
fn declared(media_id: &str, name: &str) -> Reply {
    Reply::File(FileReply {
        content_type: content_type_of(name).to_owned(),
        file_name: format!("{media_id}.{}", extension_of(name)),
        body: AnswerBody::generated(DECLARED_LENGTH),
    })
}

/// Forgets a permanent file.
pub(crate) fn delete(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let media_id = call.text("media_id", 41006)?;
    let mut state = lock(&call.platform.state);
    let account = state.account(call.appid)?;
    let index = account.content().materials.iter().position(|material| material.media_id == media_id);
    let index = index.ok_or_else(|| Refusal::new(40007))?;
    account.change_content(|content| content.materials.remove(index));
    account.media.retain(|media| media.store != MediaStore::Material || media.media_id != media_id);
    answer::ok()
}
