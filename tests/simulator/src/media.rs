//! Media files: what may be uploaded, and what an account holds of them.

mod rules;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub(crate) use rules::{ARTICLE_PICTURE, Rule, content_type_of, extension_of};

use crate::body::AnswerBody;
use crate::content::{Material, MaterialKind};
use crate::random;
use crate::state::AccountState;

/// How long temporary media live, in seconds.
const LIFE: u64 = 3 * 86_400;

/// The kinds of media that can be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A sound.
    Voice,
    /// A film.
    Video,
    /// A small picture that stands for a film or an article.
    Thumb,
}

impl MediaKind {
    /// Every kind there is.
    pub const ALL: [MediaKind; 4] = [MediaKind::Image, MediaKind::Voice, MediaKind::Video, MediaKind::Thumb];

    /// The kind's name, as in `type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MediaKind::Image => "image",
            MediaKind::Voice => "voice",
            MediaKind::Video => "video",
            MediaKind::Thumb => "thumb",
        }
    }

    /// The kind that a request's `type` names.
    pub(crate) fn from_wire(name: &str) -> Option<Self> {
        MediaKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a file seems to be: by its Content-Type, else by its extension, else a picture.
    fn guess(file_name: &str, content_type: &str) -> Self {
        match content_type.split('/').next() {
            Some("image") => MediaKind::Image,
            Some("audio" | "voice") => MediaKind::Voice,
            Some("video") => MediaKind::Video,
            _ => rules::kind_of(extension_of(file_name)).unwrap_or(MediaKind::Image),
        }
    }
}

/// Where an account keeps a file, which decides how it is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MediaStore {
    /// Fetched with `media/get` for three days of the virtual clock.
    Temporary,
    /// Permanent: fetched with `material/get_material` and listed among the materials.
    Material,
    /// A picture for articles, uploaded with `media/uploadimg`: known by its URL only.
    Article,
}

/// A file that an account holds, as it was uploaded or put there by the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Media {
    /// Its id; for `media/uploadimg`, its URL.
    pub media_id: String,
    /// What it is: the `type` of its upload.
    pub kind: MediaKind,
    /// Where it is kept.
    pub store: MediaStore,
    /// Its name, with the escapes of the form undone.
    pub file_name: String,
    /// Its Content-Type as the form named it, else that of its extension. It is downloaded with it.
    pub content_type: String,
    /// Its content; empty for a generated file. As JSON, its length.
    #[serde(serialize_with = "length_only")]
    pub bytes: Bytes,
    /// How long it is, in bytes.
    pub length: u64,
    /// The headers of its part of the form, as they came; none if the test put it there.
    pub headers: Vec<(String, String)>,
    /// The other fields of the form in their order, with what is not UTF-8 replaced.
    pub fields: Vec<(String, String)>,
    /// When it was uploaded, in Unix seconds of the virtual clock.
    pub created_at: u64,
}

fn length_only<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(bytes.len() as u64)
}

impl Media {
    /// A file that a test puts there.
    pub(crate) fn put(
        store: MediaStore,
        file_name: String,
        content_type: String,
        bytes: Bytes,
        unix: u64,
    ) -> Self {
        Self {
            media_id: new_id(),
            kind: MediaKind::guess(&file_name, &content_type),
            store,
            file_name,
            content_type,
            length: bytes.len() as u64,
            bytes,
            headers: Vec::new(),
            fields: Vec::new(),
            created_at: unix,
        }
    }

    /// Whether it can be fetched at a moment.
    pub(crate) fn lives(&self, unix: u64) -> bool {
        self.store != MediaStore::Temporary || unix < self.created_at.saturating_add(LIFE)
    }

    /// Its content as an answer.
    pub(crate) fn body(&self) -> AnswerBody {
        if self.bytes.len() as u64 == self.length {
            return AnswerBody::Whole(self.bytes.clone());
        }
        AnswerBody::generated(self.length)
    }

    /// A text of its `description`, which films are uploaded with.
    pub(crate) fn described(&self, name: &str) -> Option<String> {
        let (_, description) = self.fields.iter().find(|(field, _)| field == "description")?;
        let description: Map<String, Value> = serde_json::from_str(description).ok()?;
        Some(description.get(name)?.as_str()?.to_owned())
    }
}

impl AccountState {
    /// Keeps a file, and lists it among the materials if it is one.
    pub(crate) fn keep(&mut self, media: Media) {
        if media.store == MediaStore::Material {
            let kind = match media.kind {
                // The platform lists them together.
                MediaKind::Image | MediaKind::Thumb => MaterialKind::Image,
                MediaKind::Voice => MaterialKind::Voice,
                MediaKind::Video => MaterialKind::Video,
            };
            let name = media.described("title").unwrap_or_else(|| media.file_name.clone());
            let material = Material::new(kind, media.media_id.clone(), name);
            let material = Material { update_time: media.created_at, ..material };
            self.change_content(|content| content.materials.push(material));
        }
        self.media.push(media);
    }

    /// The file of an id in one of the stores.
    pub(crate) fn media_in(&self, store: MediaStore, media_id: &str) -> Option<&Media> {
        self.media.iter().find(|media| media.store == store && media.media_id == media_id)
    }
}

/// An id as the platform gives them: 64 url-safe characters.
pub(crate) fn new_id() -> String {
    random::url_safe(64)
}
