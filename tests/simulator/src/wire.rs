//! A connection's stream, which can tell a body when everything given so far has left.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a body that is about to break its connection off and the stream below it tell each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drain {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    asked: AtomicBool,
    drained: AtomicBool,
}

impl Drain {
    /// Whether everything has left; who is told no is polled again once it has.
    pub(crate) fn is_drained(&self) -> bool {
        self.shared.asked.store(true, Ordering::SeqCst);
        self.shared.drained.load(Ordering::SeqCst)
    }

    /// The server flushes only once it has written out all that it holds.
    fn flushed(&self, context: &Context<'_>) {
        if self.shared.asked.load(Ordering::SeqCst) && !self.shared.drained.swap(true, Ordering::SeqCst) {
            context.waker().wake_by_ref();
        }
    }
}

/// A TCP stream that keeps a [`Drain`] informed.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    drain: Drain,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, drain: Drain::default() }
    }

    pub(crate) fn drain(&self) -> Drain {
        self.drain.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.drain.flushed(context);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
