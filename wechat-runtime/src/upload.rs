//! Files and fields to be sent as multipart/form-data.

mod content_type;
pub(crate) mod measured;
pub(crate) mod multipart;
mod stream;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::progress::{Listener, Progress};

/// The name of the part that WeChat looks for a file in.
const MEDIA: &str = "media";

/// A file to be sent: from a path, from bytes, or from a reader whose length is known.
///
/// ```
/// use wechat_runtime::UploadFile;
///
/// let on_disk = UploadFile::path("logos/商标.png");
/// let in_memory = UploadFile::bytes("logo.png", &b"\x89PNG\r\n\x1a\n"[..]);
/// ```
pub struct UploadFile {
    source: Source,
    file_name: String,
    content_type: Option<String>,
}

/// What a file is read from while it is sent.
type Reader = Box<dyn AsyncRead + Send + Unpin>;

enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    /// Behind a lock that nobody contends for, so that a call can be shared between threads.
    Reader(Mutex<Reader>, u64),
}

impl UploadFile {
    /// A file on disk, named by the last part of its path. It is read as it is sent, and again when it has to be
    /// sent again.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { source: Source::Path(path), file_name, content_type: None }
    }

    /// Bytes in memory. WeChat tells a file's type by the extension of `file_name`.
    pub fn bytes(file_name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self { source: Source::Bytes(content.into()), file_name: file_name.into(), content_type: None }
    }

    /// What `reader` gives, which has to end after `length` bytes: WeChat takes no body without a length. Of one that
    /// goes on, give `reader.take(length)`.
    ///
    /// It can be read only once, so that the call is not sent again once any of it has been read: when the access
    /// token is refused, the call fails, with the token refreshed for the next one.
    pub fn reader(
        file_name: impl Into<String>,
        length: u64,
        reader: impl AsyncRead + Send + Unpin + 'static,
    ) -> Self {
        let source = Source::Reader(Mutex::new(Box::new(reader)), length);
        Self { source, file_name: file_name.into(), content_type: None }
    }

    /// Names the file otherwise than its path does.
    #[must_use]
    pub fn file_name(self, file_name: impl Into<String>) -> Self {
        Self { file_name: file_name.into(), ..self }
    }

    /// Says what the file is; by default that goes by its extension, and is `application/octet-stream` for one
    /// that WeChat has no use for.
    #[must_use]
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// A form of this file alone, which calls `listener` each time a piece has been handed to the network: as
    /// [`Upload::on_progress`].
    pub fn on_progress(self, listener: impl FnMut(Progress) + Send + 'static) -> Upload {
        Upload::from(self).on_progress(listener)
    }

    fn content_type_or_guess(&self) -> &str {
        let by_name = || content_type::of(Path::new(&self.file_name).extension().and_then(OsStr::to_str));
        self.content_type.as_deref().unwrap_or_else(by_name)
    }
}

/// A form of files and text fields, sent as `multipart/form-data`: what
/// [`upload`](crate::RequestBuilder::upload) takes.
///
/// Files come first and text fields after them, each in the order they were added; WeChat's `type` belongs
/// there. A file alone is a form, too: its part is named `media`, as WeChat wants it.
///
/// ```no_run
/// use wechat_runtime::{Call, Error, Upload, UploadFile};
///
/// # async fn f(wechat: impl Call) -> Result<(), Error> {
/// let video = Upload::new()
///     .file("media", UploadFile::path("clips/你好.mp4"))
///     .text("description", r#"{"title":"你好","introduction":"…"}"#)
///     .on_progress(|progress| println!("{} bytes sent", progress.transferred));
/// let answer =
///     wechat.post("/cgi-bin/material/add_material?type=video").upload(video).send().await?.value()?;
/// # Ok(()) }
/// ```
///
/// The bytes of a form are the same each time it is sent, boundary included. See WeChat's page on
/// [temporary media](https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html).
#[derive(Default)]
#[must_use = "a form does nothing until it is part of a call"]
pub struct Upload {
    files: Vec<(String, UploadFile)>,
    texts: Vec<(String, String)>,
    listener: Option<Listener>,
}

impl Upload {
    /// A form with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file as the part of this name.
    pub fn file(mut self, name: impl Into<String>, file: UploadFile) -> Self {
        self.files.push((name.into(), file));
        self
    }

    /// Adds a text field.
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.texts.push((name.into(), value.into()));
        self
    }

    /// Calls `listener` each time a piece has been handed to the network. It must not block.
    ///
    /// What is counted is the whole form, which is a little longer than its files.
    pub fn on_progress(mut self, listener: impl FnMut(Progress) + Send + 'static) -> Self {
        self.listener = Some(Listener::new(listener));
        self
    }
}

impl From<UploadFile> for Upload {
    fn from(file: UploadFile) -> Self {
        Self::new().file(MEDIA, file)
    }
}

/// Without the content, which is the caller's.
impl fmt::Debug for UploadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadFile").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// Without the values, which are the caller's.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.texts.iter().map(|(name, _)| name).collect();
        f.debug_struct("Upload").field("files", &self.files).field("texts", &texts).finish_non_exhaustive()
    }
}
