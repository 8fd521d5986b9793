//! The bodies of answers: whole ones, those too long to keep in memory, and those that break off.

use std::fmt;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::wire::Drain;

const OVERSIZED_HEAD: &[u8] = b"{\"padding\":\"";
const OVERSIZED_TAIL: &[u8] = b"\"}";
const FILLING: &[u8] = &[b'x'; 65_536];

/// The least length of an oversized body, in bytes.
const OVERSIZED_LEAST: u64 = 16;

/// After so many bytes a generated file begins again with 0.
const PERIOD: u8 = 251;

/// The bytes of a generated file, many periods of them: it is given piece by piece.
static PATTERN: LazyLock<Bytes> =
    LazyLock::new(|| (0..PERIOD).cycle().take(usize::from(PERIOD) * 256).collect());

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Whole(Bytes),
    /// A generated file from byte `at` to byte `end`: byte `i` is `i % 251`.
    Generated {
        at: u64,
        end: u64,
    },
    /// A JSON object of a wanted length, of which `left` bytes have yet to be given.
    Oversized {
        left: u64,
        begun: bool,
    },
    /// Promises `length` bytes, gives `start`, and breaks the connection off once that has left.
    Cut {
        start: Box<AnswerBody>,
        length: u64,
        drain: Drain,
    },
}

impl AnswerBody {
    /// A generated file of a length in bytes.
    pub(crate) fn generated(length: u64) -> Self {
        Self::Generated { at: 0, end: length }
    }

    /// A JSON object of a length in bytes.
    pub(crate) fn oversized(length: u64) -> Self {
        Self::Oversized { left: length.max(OVERSIZED_LEAST), begun: false }
    }

    /// The first half of a body, as a whole one.
    pub(crate) fn halved(self) -> Self {
        match self {
            Self::Whole(bytes) => Self::Whole(bytes.slice(..bytes.len() / 2)),
            Self::Generated { at, end } => Self::Generated { at, end: at + (end - at) / 2 },
            body => body,
        }
    }

    /// A body that breaks off after its first half.
    pub(crate) fn cut(self) -> Self {
        let length = self.length();
        Self::Cut { start: Box::new(self.halved()), length, drain: Drain::default() }
    }

    /// Tells a body that breaks off which connection it does that to.
    pub(crate) fn over(self, drain: &Drain) -> Self {
        match self {
            Self::Cut { start, length, .. } => Self::Cut { start, length, drain: drain.clone() },
            body => body,
        }
    }

    /// How many bytes it promises.
    fn length(&self) -> u64 {
        match self {
            AnswerBody::Whole(bytes) => bytes.len() as u64,
            AnswerBody::Generated { at, end } => end - at,
            AnswerBody::Oversized { left, .. } => *left,
            AnswerBody::Cut { length, .. } => *length,
        }
    }

    /// The next piece; none is left when it is empty.
    fn next(&mut self) -> Bytes {
        match self {
            AnswerBody::Whole(bytes) => std::mem::take(bytes),
            AnswerBody::Generated { at, end } => next_of_generated(at, *end),
            AnswerBody::Oversized { left, begun } => next_of_oversized(left, begun),
            AnswerBody::Cut { start, .. } => start.next(),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let piece = self.next();
        if !piece.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match &*self {
            AnswerBody::Cut { drain, .. } if drain.is_drained() => Poll::Ready(Some(Err(BrokenOff))),
            AnswerBody::Cut { .. } => Poll::Pending,
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !matches!(self, AnswerBody::Cut { .. }) && self.length() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}

fn next_of_generated(at: &mut u64, end: u64) -> Bytes {
    // Less than a period, so it fits.
    let start = usize::try_from(*at % u64::from(PERIOD)).unwrap_or_default();
    let left = usize::try_from(end - *at).unwrap_or(usize::MAX);
    let piece = PATTERN.slice(start..PATTERN.len().min(start.saturating_add(left)));
    *at += piece.len() as u64;
    piece
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
