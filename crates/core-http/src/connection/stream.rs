//! [`Stream`]: the byte stream under a connection, and how one comes to be.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Facts;

/// What bytes come from and go to. A variant that is large goes into a box: plain TCP is the fast path.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
}

impl Stream {
    /// As [`TcpStream::poll_peek`], of the socket itself: what comes is not decrypted yet.
    pub(super) fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => stream.poll_peek(cx, buf),
        }
    }
}

/// Opens a stream that is not ready as it is accepted: reads a PROXY header, shakes hands. It runs within the
/// connection's task, and the deadline of the first head holds for it too.
pub(crate) type Opening = Pin<Box<dyn Future<Output = io::Result<(Stream, Facts)>> + Send>>;

/// What a connection starts from.
pub(crate) enum Start {
    /// A stream that speaks HTTP from its first byte.
    Open(Stream, Facts),
    /// A stream that has to be opened first.
    Opening(Opening),
}

/// Calls the same method on whichever stream it is.
macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp($stream) => $call,
        }
    };
}

impl Stream {
    /// How many bytes the socket under an encrypted stream has taken; 0 for a plain one, whose writes tell. A
    /// peer that takes less than a record at a time makes progress that only this shows.
    pub(super) fn passed_on(&self) -> u64 {
        match self {
            Self::Tcp(_) => 0,
        }
    }

    /// Makes the end of this stream a reset, when it is dropped: the peer sees that something is missing, and the
    /// kernel keeps nothing for one that does not read.
    pub(super) fn abort(&self) {
        match self {
            // If it can not be set, the stream ends as streams do.
            Self::Tcp(stream) => drop(stream.set_zero_linger()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
