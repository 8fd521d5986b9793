//! A file on its way here: told from an error by its first bytes, and never whole in memory.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::TryFutureExt as _;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;

use crate::arrival::Arrival;
use crate::deadline::{Awaited, Deadline};
use crate::errcode::ErrorKind;
use crate::error::shown;
use crate::progress::{Listener, Progress};
use crate::{Error, answer, random};

/// A file that WeChat has begun to send.
///
/// [`download`](crate::RequestBuilder::download) has seen to it that it is not an error. For films and articles WeChat
/// answers with a [description in JSON](Self::is_json) instead.
///
/// A file comes in pieces as it is read: [`save`](Self::save) it to disk, take it whole by [`bytes`](Self::bytes), or
/// piece by piece by [`chunk`](Self::chunk). Each piece has to come within the
/// [`attempt_timeout`](crate::RequestBuilder::attempt_timeout), and all of them within the call's
/// [`timeout`](crate::RequestBuilder::timeout), which a long file needs more of than the default.
///
/// ```no_run
/// use std::time::Duration;
/// use wechat_runtime::{Call, Error};
///
/// # async fn f(wechat: impl Call, media_id: &str) -> Result<(), Error> {
/// let file = wechat
///     .get("/cgi-bin/media/get")
///     .query(&[("media_id", media_id)])
///     .timeout(Duration::from_secs(600))
///     .download()
///     .await?;
/// let bytes = file.on_progress(|progress| println!("{} bytes", progress.transferred)).save("clip.mp4").await?;
/// # Ok(()) }
/// ```
#[must_use = "a download is read by `save`, `bytes` or `chunk`"]
pub struct Download {
    arrival: Arrival,
    received: u64,
    listener: Option<Listener>,
    within: Within,
}

/// How long a download may take, and how long it may be in memory.
#[derive(Clone, Copy)]
pub(crate) struct Within {
    pub(crate) deadline: Deadline,
    pub(crate) piece: Duration,
    pub(crate) body: usize,
}

impl Download {
    pub(crate) fn new(arrival: Arrival, within: Within) -> Self {
        Self { arrival, received: 0, listener: None, within }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.arrival.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.arrival.headers
    }

    /// How many bytes the file has, where WeChat says so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.arrival.length
    }

    /// What WeChat says the file is (`image/jpeg`).
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// What WeChat calls the file: the last part of the name in `Content-disposition`. None where that is no plain
    /// name: it leads to no other directory, hides no file, and shows as it is.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let said = String::from_utf8_lossy(self.headers().get(CONTENT_DISPOSITION)?.as_bytes());
        let name = parameter(&said, "filename")?;
        let name = name.rsplit(['/', '\\']).next()?;
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let odd = |c: char| c.is_control() || turns(c) || c == ':';
        let plain =
            !(name.is_empty() || name.starts_with('.') || name.ends_with(['.', ' ']) || name.contains(odd));
        plain.then(|| name.to_owned())
    }

    /// Whether WeChat has answered with a description in JSON in place of a file, as it does for films and articles:
    /// read it by [`json`](Self::json).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.arrival.is_json()
    }

    /// Calls `listener` each time a piece has come. It must not block.
    pub fn on_progress(mut self, listener: impl FnMut(Progress) + Send + 'static) -> Self {
        self.listener = Some(Listener::new(listener));
        self
    }

    /// The next piece; none when the file is whole.
    ///
    /// # Errors
    ///
    /// A connection that breaks before the file is whole ([`Transport`](ErrorKind::Transport)), a piece that does
    /// not come in time ([`Timeout`](ErrorKind::Timeout)).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let Within { deadline, piece, .. } = self.within;
        let coming =
            self.arrival.chunk().map_err(|error| error.advising("the file is not whole: download it again"));
        let late = || {
            let message = format!("the next piece did not come within {piece:?}");
            Error::new(ErrorKind::Timeout, message)
                .advising("allow more time by `attempt_timeout`, and download the file again")
        };
        let chunk = deadline.wait_within(Awaited::File, piece, coming, late).await;
        let chunk = chunk.map_err(|error| self.locate(error))?;
        if let Some(chunk) = &chunk {
            self.received += chunk.len() as u64;
            if let Some(listener) = &self.listener {
                listener.tell(Progress { transferred: self.received, total: self.length() });
            }
        }
        Ok(chunk)
    }

    /// The whole file in memory, if it is no longer than the client's
    /// [`body_limit`](crate::ClientBuilder::body_limit).
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk); a file that is longer ([`Body`](ErrorKind::Body)).
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let limit = self.within.body;
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                let message = format!("the file is longer than {limit} bytes");
                let error = Error::new(ErrorKind::Body, message).advising("save it, or raise body_limit");
                return Err(self.locate(error));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// The body as JSON: in place of a video and of articles, WeChat answers with a description.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes); what is not JSON, or of another shape ([`Body`](ErrorKind::Body)).
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let called = self.arrival.called.clone();
        let whole = self.bytes().await?;
        answer::json(&whole).map_err(|error| called.locate(error))
    }

    /// Saves the file at `path`, whose directory has to exist, and answers with its length in bytes.
    ///
    /// It is written under another name in the same directory and gets its own when it is whole and on disk, in
    /// place of a file that was there; when anything fails, or the future is dropped, nothing is left of it.
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk); a description in JSON in place of a file ([`Body`](ErrorKind::Body)), which
    /// [`json`](Self::json) reads; a file that cannot be written ([`File`](ErrorKind::File)).
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref();
        if self.is_json() {
            let message = "WeChat answered with a description in JSON, and not with a file";
            let error = Error::new(ErrorKind::Body, message);
            return Err(self.locate(error.advising(
                "read it by `json`; what a `video_url` in it leads to, any HTTP client can fetch without a token",
            )));
        }
        let unfinished = Unfinished::beside(path).map_err(|error| self.unwritable(path, error))?;
        let written = match self.write_to(&unfinished).await {
            Ok(()) => unfinished.finish(path).await.map_err(Failed::ToWrite),
            failed => failed,
        };
        match written {
            Ok(()) => Ok(self.received),
            Err(Failed::ToRead(error)) => Err(error),
            Err(Failed::ToWrite(error)) => Err(self.unwritable(path, error)),
        }
    }

    async fn write_to(&mut self, unfinished: &Unfinished) -> Result<(), Failed> {
        // Not in the background: dropped in the meantime, this would leave a file that nobody removes.
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&unfinished.0)?;
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = self.chunk().await.map_err(Failed::ToRead)? {
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        Ok(file.sync_all().await?)
    }

    fn unwritable(&self, path: &Path, error: io::Error) -> Error {
        let message = format!("{} cannot be written: {error}", shown(path));
        let advice = match error.kind() {
            io::ErrorKind::NotFound => "create its directory first",
            io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => "give the path of a file",
            _ => "see to the directory and the space on its disk",
        };
        let error = Error::new(ErrorKind::File, message).caused_by(Arc::new(error));
        self.locate(error.advising(advice))
    }

    fn locate(&self, error: Error) -> Error {
        self.arrival.called.locate(error)
    }
}

/// The value of a header's parameter, in quotes or not.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once(';')?;
        let (key, value) = after.split_once('=')?;
        let value = value.trim_start();
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = behind;
    }
}

/// What went wrong in saving, and on which side.
enum Failed {
    ToRead(Error),
    ToWrite(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::ToWrite(error)
    }
}

/// A file that is not whole yet, and is gone when this is.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path) -> io::Result<Self> {
        path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        match std::fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            // A device or a pipe: a file in its place is not what anybody wants.
            Ok(there) if !there.is_file() => return Err(io::ErrorKind::InvalidInput.into()),
            _ => {}
        }
        Ok(Self(path.with_file_name(format!(".{}.part", random::word()))))
    }

    async fn finish(self, path: &Path) -> io::Result<()> {
        tokio::fs::rename(&self.0, path).await
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a rename there is nothing here; and of a file that cannot be removed nobody could be told.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Without the content and the headers: they hold what only the caller should see.
impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.status())
            .field("length", &self.length())
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
