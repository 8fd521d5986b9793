//! The body of one attempt: the segments of a form, one after the other, files read as they are sent.

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream::unfold;
use futures_util::{FutureExt as _, Stream};
use http_body::{Frame, SizeHint};
use tokio::io::AsyncReadExt as _;

use super::Reader;
use super::measured::{Measured, Segment};
use crate::Error;
use crate::errcode::ErrorKind;
use crate::flight::lock;

/// How much of a file is in memory at a time, in bytes.
const CHUNK: usize = 64 * 1024;

pub(super) fn body(measured: Arc<Measured>) -> reqwest::Body {
    let left = measured.length();
    let attempt = measured.begin_attempt();
    let chunks = unfold(Sending { measured, attempt, at: 0, open: None, sent: 0 }, |mut sending| async {
        let chunk = sending.next().await?;
        Some((chunk, sending))
    });
    reqwest::Body::wrap(Body { chunks: Mutex::new(Box::pin(chunks)), left })
}

/// Chunks of which the number of bytes is known: they go out with a Content-Length.
struct Body {
    chunks: Mutex<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>>,
    left: u64,
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunks = self.chunks.get_mut().unwrap_or_else(PoisonError::into_inner);
        let chunk = std::task::ready!(chunks.as_mut().poll_next(context));
        if let Some(Ok(chunk)) = &chunk {
            self.left = self.left.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

struct Sending {
    measured: Arc<Measured>,
    /// Which attempt this is: what an earlier one still does is of no interest.
    attempt: u64,
    /// The segment that comes next, or is open.
    at: usize,
    open: Option<(Source, u64)>,
    sent: u64,
}

/// What an open segment is read from.
enum Source {
    Bytes(Bytes),
    Reader(Reader),
}

impl Sending {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        // What the caller gave may panic; here that would only be seen as a broken connection.
        let step = AssertUnwindSafe(async {
            let chunk = self.chunk().await?;
            if let Some(chunk) = &chunk {
                self.sent += chunk.len() as u64;
                self.measured.moved(self.attempt, self.sent);
            }
            Ok(chunk)
        });
        let step = step.catch_unwind().await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::File,
                "the reader to be uploaded, or the listener to its progress, panicked",
            ))
        });
        match step {
            Ok(chunk) => chunk.map(Ok),
            Err(error) => {
                self.measured.failed(self.attempt, error);
                // What it was is told by the form: this is for the transport alone.
                Some(Err(io::ErrorKind::InvalidData.into()))
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Some(segment) = self.measured.segments.get(self.at) else { return Ok(None) };
            if let Some((source, left)) = &mut self.open {
                let chunk = match source {
                    // In pieces, too: what is handed over in one would be told of, and timed, as one.
                    Source::Bytes(bytes) => bytes.split_to(bytes.len().min(CHUNK)),
                    Source::Reader(reader) => read(segment, reader, *left).await?,
                };
                *left -= chunk.len() as u64;
                if !chunk.is_empty() {
                    return Ok(Some(chunk));
                }
                self.open = None;
                self.at += 1;
                continue;
            }
            match segment {
                Segment::Bytes(bytes) => {
                    self.open = Some((Source::Bytes(bytes.clone()), bytes.len() as u64));
                }
                Segment::File { path, length, modified } => {
                    let file = tokio::fs::File::open(path).await;
                    let file = file.map_err(|error| segment.unreadable(error))?;
                    let found = file.metadata().await.map_err(|error| segment.unreadable(error))?;
                    if found.modified().ok() != *modified {
                        return Err(segment.mismeasured("another time of change"));
                    }
                    self.open = Some((Source::Reader(Box::new(file)), *length));
                }
                Segment::Reader { reader, length, .. } => {
                    let reader = lock(reader).take().ok_or_else(|| {
                        Error::new(ErrorKind::Request, "the reader to be uploaded has been read already")
                    })?;
                    self.open = Some((Source::Reader(reader), *length));
                }
            }
        }
    }
}

/// The next chunk of a file with `left` bytes to come. Its last one is given only when the file ends there: one
/// that has grown would arrive cut off, and nobody would know.
async fn read(of: &Segment, reader: &mut Reader, left: u64) -> Result<Bytes, Error> {
    let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
    let mut chunk = BytesMut::with_capacity(most);
    let unreadable = |error| of.unreadable(error);
    reader.take(most as u64).read_buf(&mut chunk).await.map_err(unreadable)?;
    if chunk.is_empty() && left > 0 {
        return Err(of.mismeasured("less"));
    }
    if chunk.len() as u64 == left && reader.read(&mut [0]).await.map_err(unreadable)? > 0 {
        return Err(of.mismeasured("more"));
    }
    Ok(chunk.freeze())
}
