//! A form as it goes over the wire: the same bytes each time it is sent.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Reader, Source, Upload, UploadFile, stream};
use crate::Error;
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::progress::{Listener, Progress, Pulse};
use crate::random;

/// A form ready to be sent, as often as it has to be.
pub(crate) struct Multipart {
    boundary: String,
    pub(super) segments: Vec<Segment>,
    length: u64,
    listener: Option<Listener>,
    pulse: Pulse,
    /// What reading a file came to, which the transport would only call a broken connection.
    failure: Mutex<Option<Error>>,
}

pub(super) enum Segment {
    Bytes(Bytes),
    File { path: PathBuf, length: u64 },
    Reader { reader: Mutex<Option<Reader>>, length: u64 },
}

impl Multipart {
    /// Writes the parts down, and finds out how long the files are.
    pub(crate) async fn prepare(upload: Upload) -> Result<Self, Error> {
        let Upload { files, texts, listener } = upload;
        if files.is_empty() && texts.is_empty() {
            return Err(Error::new(ErrorKind::Request, "the form to be uploaded has neither file nor field"));
        }
        let boundary = format!("----wechat-{}", random::word());
        let mut segments = Vec::new();
        let mut head = String::new();
        for (name, file) in files {
            if file.file_name.is_empty() {
                return Err(Error::new(ErrorKind::Request, "a file to be uploaded has no name")
                    .advising("give it one by `file_name`: WeChat tells its type by the extension"));
            }
            begin_part(&mut head, &boundary, &name);
            let _ = write!(head, "; filename=\"{}\"", escaped(&file.file_name));
            let content_type = file.content_type_or_guess();
            if content_type.chars().any(char::is_control) {
                return Err(Error::new(ErrorKind::Request, "a content_type has control characters in it"));
            }
            let _ = write!(head, "\r\nContent-Type: {content_type}\r\n\r\n");
            segments.push(Segment::Bytes(std::mem::take(&mut head).into()));
            segments.push(Segment::of(file).await?);
            head.push_str("\r\n");
        }
        for (name, value) in texts {
            begin_part(&mut head, &boundary, &name);
            let _ = write!(head, "\r\n\r\n{value}\r\n");
        }
        let _ = write!(head, "--{boundary}--\r\n");
        segments.push(Segment::Bytes(head.into()));
        let length = segments.iter().map(Segment::length).fold(0, u64::saturating_add);
        Ok(Self { boundary, segments, length, listener, pulse: Pulse::new(), failure: Mutex::default() })
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// The body for one attempt.
    pub(crate) fn body(self: &Arc<Self>) -> reqwest::Body {
        stream::body(self.clone())
    }

    /// Whether it can be sent once more.
    pub(crate) fn can_repeat(&self) -> bool {
        self.segments.iter().all(|segment| match segment {
            Segment::Bytes(_) | Segment::File { .. } => true,
            Segment::Reader { reader, .. } => lock(reader).is_some(),
        })
    }

    /// What reading a file came to in the attempt that has just failed.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    pub(super) fn failed(&self, error: Error) {
        *lock(&self.failure) = Some(error);
    }

    pub(super) fn moved(&self, sent: u64) {
        self.pulse.beat();
        if let Some(listener) = &self.listener {
            listener(Progress { transferred: sent, total: Some(self.length) });
        }
    }
}

impl Segment {
    async fn of(file: UploadFile) -> Result<Self, Error> {
        Ok(match file.source {
            Source::Bytes(bytes) => Self::Bytes(bytes),
            Source::Reader(reader, length) => {
                let reader = reader.into_inner().unwrap_or_else(PoisonError::into_inner);
                Self::Reader { reader: Mutex::new(Some(reader)), length }
            }
            Source::Path(path) => {
                let metadata = tokio::fs::metadata(&path).await.map_err(unreadable)?;
                if !metadata.is_file() {
                    let message = "what is to be uploaded is not a file";
                    return Err(Error::new(ErrorKind::File, message));
                }
                Self::File { length: metadata.len(), path }
            }
        })
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } | Self::Reader { length, .. } => *length,
        }
    }
}

pub(super) fn unreadable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::File, "a file to be uploaded cannot be read").caused_by(Arc::new(error))
}

fn begin_part(to: &mut String, boundary: &str, name: &str) {
    let _ = write!(to, "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escaped(name));
}

/// A name as it stands between quotes: raw UTF-8, with what could end the quotes or the line escaped as browsers
/// do. WeChat takes no `filename*=`.
fn escaped(name: &str) -> Cow<'_, str> {
    let ends = |c: char| matches!(c, '"' | '\\') || c.is_ascii_control();
    if !name.contains(ends) {
        return name.into();
    }
    let mut safe = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if ends(c) {
            let _ = write!(safe, "%{:02X}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_gets_out_of_its_quotes() {
        assert_eq!(escaped("图 片😀.png"), "图 片😀.png");
        assert_eq!(escaped("a\"; x=\"\r\nX: y\\"), "a%22; x=%22%0D%0AX: y%5C");
        assert_eq!(escaped("a\0\u{7f}b"), "a%00%7Fb");
    }
}
