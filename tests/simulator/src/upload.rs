//! The form of an upload, judged as WeChat judges it.

use bytes::Bytes;

use crate::errcode::Refusal;
use crate::media::content_type_of;
use crate::multipart::{self, Part};
use crate::request::Request;

/// The name that the file's part has to have.
const FILE: &str = "media";

/// A form that is well formed.
#[derive(Debug)]
pub(crate) struct Form {
    parts: Vec<Part>,
}

/// The file of a form.
#[derive(Debug)]
pub(crate) struct FilePart<'a> {
    pub(crate) file_name: &'a str,
    pub(crate) content_type: String,
    pub(crate) bytes: &'a Bytes,
    pub(crate) headers: &'a [(String, String)],
}

impl Form {
    /// Reads a request's form: 44002 if there is no body at all, 41005 if it is no well-formed form.
    pub(crate) fn read(request: &Request) -> Result<Self, Refusal> {
        if request.body.is_empty() {
            return Err(Refusal::new(44002));
        }
        let content_type = request.header("content-type").unwrap_or_default();
        let parts = multipart::parse(content_type, &request.body).map_err(|_| Refusal::new(41005))?;
        Ok(Self { parts })
    }

    /// The file: the first part named `media` that has a file name, even an empty one, else 41005.
    pub(crate) fn file(&self) -> Result<FilePart<'_>, Refusal> {
        let mut named = self.parts.iter().filter(|part| part.disposition.name == FILE);
        named.find_map(FilePart::of_part).ok_or_else(|| Refusal::new(41005))
    }

    /// The fields that are no files, in their order.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let fields = self.parts.iter().filter(|part| part.disposition.file_name.is_none());
        let text = |part: &Part| String::from_utf8_lossy(&part.body).into_owned();
        fields.map(|part| (part.disposition.name.clone(), text(part))).collect()
    }
}

impl<'a> FilePart<'a> {
    fn of_part(part: &'a Part) -> Option<Self> {
        let Part { headers, disposition, body } = part;
        let file_name = disposition.file_name.as_deref()?;
        let content_type = part.header("content-type").unwrap_or_else(|| content_type_of(file_name));
        Some(Self { file_name, content_type: content_type.to_owned(), bytes: body, headers })
    }
}
