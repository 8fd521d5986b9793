//! A body whose length is known before it is sent: the same bytes each time, files read as they go.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use super::{Reader, Source, UploadFile, stream};
use crate::Error;
use crate::errcode::ErrorKind;
use crate::error::shown;
use crate::flight::lock;
use crate::progress::{Listener, Progress, Pulse};

/// A body ready to be sent, as often as it has to be.
pub(crate) struct Measured {
    content_type: Option<String>,
    pub(super) segments: Vec<Segment>,
    length: u64,
    listener: Option<Listener>,
    pulse: Pulse,
    attempts: AtomicU64,
    /// What reading a file came to, which the transport would only call a broken connection.
    failure: Mutex<Option<Error>>,
}

pub(super) enum Segment {
    Bytes(Bytes),
    File { path: PathBuf, length: u64, modified: Option<SystemTime> },
    Reader { name: String, reader: Mutex<Option<Reader>>, length: u64 },
}

impl Measured {
    pub(super) fn new(
        content_type: Option<String>,
        segments: Vec<Segment>,
        listener: Option<Listener>,
    ) -> Self {
        let length = segments.iter().map(Segment::length).fold(0, u64::saturating_add);
        Self {
            content_type,
            segments,
            length,
            listener,
            pulse: Pulse::new(),
            attempts: AtomicU64::new(0),
            failure: Mutex::default(),
        }
    }

    /// A file as a body of its own.
    pub(crate) async fn raw(file: UploadFile) -> Result<Self, Error> {
        Ok(Self::new(None, vec![Segment::of(file).await?], None))
    }

    /// What it has to be sent as, where that is not the caller's to say.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
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

    pub(super) fn begin_attempt(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_current(&self, attempt: u64) -> bool {
        self.attempts.load(Ordering::Relaxed) == attempt
    }

    pub(super) fn failed(&self, attempt: u64, error: Error) {
        if self.is_current(attempt) {
            *lock(&self.failure) = Some(error);
        }
    }

    pub(super) fn moved(&self, attempt: u64, sent: u64) {
        if !self.is_current(attempt) {
            return;
        }
        self.pulse.beat();
        if let Some(listener) = &self.listener {
            listener.tell(Progress { transferred: sent, total: Some(self.length) });
        }
    }
}

impl Segment {
    pub(super) async fn of(file: UploadFile) -> Result<Self, Error> {
        let UploadFile { source, file_name, .. } = file;
        Ok(match source {
            Source::Bytes(bytes) => Self::Bytes(bytes),
            Source::Reader(reader, length) => {
                let reader = reader.into_inner().unwrap_or_else(PoisonError::into_inner);
                Self::Reader { name: file_name, reader: Mutex::new(Some(reader)), length }
            }
            Source::Path(path) => Self::file(path).await?,
        })
    }

    /// Opened once before anything is sent, so that what cannot be read is told in time.
    async fn file(path: PathBuf) -> Result<Self, Error> {
        let unreadable = |error| unreadable(&shown(&path), error);
        let metadata = tokio::fs::metadata(&path).await.map_err(unreadable)?;
        if !metadata.is_file() {
            let error = Error::new(ErrorKind::File, format!("{} is not a file", shown(&path)));
            return Err(error.advising("give the path of a file"));
        }
        drop(tokio::fs::File::open(&path).await.map_err(unreadable)?);
        Ok(Self::File { length: metadata.len(), modified: metadata.modified().ok(), path })
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } | Self::Reader { length, .. } => *length,
        }
    }

    /// Where its bytes come from, for an error.
    fn name(&self) -> String {
        match self {
            Self::Bytes(_) => "the bytes".to_owned(),
            Self::File { path, .. } => shown(path),
            Self::Reader { name, .. } => format!("the reader for {name:?}"),
        }
    }

    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        unreadable(&self.name(), error)
    }

    /// It has not the bytes that it was to have.
    pub(super) fn mismeasured(&self, how: &str) -> Error {
        let (name, length) = (self.name(), self.length());
        let message = format!("{name} has {how} than it was to have, with {length} bytes");
        let advice = match self {
            Self::Reader { .. } => "give the reader's exact length",
            Self::Bytes(_) | Self::File { .. } => "leave the file alone while it is sent",
        };
        Error::new(ErrorKind::File, message).advising(advice)
    }
}

fn unreadable(name: &str, error: io::Error) -> Error {
    let message = format!("{name} cannot be read: {error}");
    let advice = match error.kind() {
        io::ErrorKind::NotFound => {
            "check the path, which begins at the working directory unless it is absolute"
        }
        _ => "see to the file",
    };
    Error::new(ErrorKind::File, message).caused_by(Arc::new(error)).advising(advice)
}
