//! The socket of a connection, which tells the connection's state what comes in.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ConnectionState, Stream};

/// A socket that notes when bytes come.
pub(super) struct TrackedIo {
    pub(super) stream: Stream,
    pub(super) state: Arc<ConnectionState>,
}

impl TrackedIo {
    /// Notices, while a handler is at work, that the peer is gone: hyper's own way is to read ahead, for which
    /// it allocates a buffer with every request.
    ///
    /// hyper flushes whenever it has polled the handler, so this also asks to be woken.
    fn check_peer(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.stream.poll_gone(cx) {
            Poll::Ready(Ok(true)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Err(error)) => Err(error),
            // The next request; it has to wait.
            Poll::Ready(Ok(false)) | Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for TrackedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        let came = &buf.filled()[before..];
        if !came.is_empty() {
            this.state.received(came);
        }
        read
    }
}

impl AsyncWrite for TrackedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.awaits_nothing_from_peer() {
            this.check_peer(cx)?;
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
