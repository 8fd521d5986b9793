//! The bodies of answers: whole ones, one that breaks off, and one too long to keep in memory.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

const OVERSIZED_HEAD: &[u8] = b"{\"padding\":\"";
const OVERSIZED_TAIL: &[u8] = b"\"}";
const FILLING: &[u8] = &[b'x'; 65_536];

/// The least length of an oversized body, in bytes.
const OVERSIZED_LEAST: u64 = 16;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Whole(Bytes),
    /// Promises `length` bytes, gives `start`, and breaks the connection off.
    Cut {
        start: Bytes,
        length: u64,
        flushed: bool,
    },
    /// A JSON object of a wanted length, of which `left` bytes have yet to be given.
    Oversized {
        left: u64,
        begun: bool,
    },
}

impl AnswerBody {
    /// A body that breaks off after its first half.
    pub(crate) fn cut(whole: &Bytes) -> Self {
        let start = whole.slice(..whole.len() / 2);
        Self::Cut { start, length: whole.len() as u64, flushed: false }
    }

    /// A JSON object of a length in bytes.
    pub(crate) fn oversized(length: u64) -> Self {
        Self::Oversized { left: length.max(OVERSIZED_LEAST), begun: false }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let chunk = match &mut *self {
            AnswerBody::Whole(bytes) => std::mem::take(bytes),
            AnswerBody::Cut { start, flushed, .. } => {
                if start.is_empty() && *flushed {
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
                if start.is_empty() {
                    // The server writes out what it has while the body has nothing more to give.
                    *flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                std::mem::take(start)
            }
            AnswerBody::Oversized { left, begun } => next_of_oversized(left, begun),
        };
        Poll::Ready((!chunk.is_empty()).then(|| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Whole(bytes) => bytes.is_empty(),
            AnswerBody::Cut { .. } => false,
            AnswerBody::Oversized { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            AnswerBody::Whole(bytes) => bytes.len() as u64,
            AnswerBody::Cut { length, .. } => *length,
            AnswerBody::Oversized { left, .. } => *left,
        })
    }
}

fn next_of_oversized(left: &mut u64, begun: &mut bool) -> Bytes {
    let tail = OVERSIZED_TAIL.len() as u64;
    let chunk = if !std::mem::replace(begun, true) {
        OVERSIZED_HEAD
    } else if *left > tail {
        let filling = usize::try_from(*left - tail).unwrap_or(usize::MAX);
        &FILLING[..filling.min(FILLING.len())]
    } else {
        &OVERSIZED_TAIL[..usize::try_from(*left).unwrap_or_default()]
    };
    *left -= chunk.len() as u64;
    Bytes::from_static(chunk)
}

/// The error with which a body closes its connection.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was broken off on purpose")
    }
}

impl std::error::Error for BrokenOff {}
