//! [`Counted`]: a socket under TLS that counts what it takes, and what of that which came TLS keeps to itself.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::ConnectionState;
use super::records::Records;
use crate::budget::FREE;

/// A socket that counts what goes through it. TLS takes and gives whole records of up to 16 KiB: a peer that reads less
/// than that at a time makes progress which is seen only here, and so is what TLS keeps of a record that has not come
/// as a whole.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(super) socket: TcpStream,
    pub(super) taken: u64,
    state: Arc<ConnectionState>,
    /// How many bytes have come of a handshake that is not over: rustls keeps up to 64 KiB of a message until it is
    /// complete.
    handshake: Option<u64>,
    records: Records,
    /// Whether so much is kept that the connection's state knows of it.
    sealed: bool,
}

impl Counted {
    pub(crate) fn new(socket: TcpStream, state: Arc<ConnectionState>) -> Self {
        Self { socket, taken: 0, state, handshake: Some(0), records: Records::default(), sealed: false }
    }

    pub(crate) fn hands_are_shaken(&mut self) {
        self.handshake = None;
        self.state.keeps(0);
    }

    /// These bytes came from the peer.
    fn came(&mut self, bytes: &[u8]) {
        self.records.came(bytes);
        if let Some(came) = &mut self.handshake {
            *came += bytes.len() as u64;
            self.state.keeps(*came);
            return;
        }
        let sealed = Some(self.records.kept()).filter(|kept| *kept > FREE);
        if self.sealed || sealed.is_some() {
            self.sealed = sealed.is_some();
            self.state.keeps_sealed(sealed.unwrap_or(0));
        }
    }

    /// Whether more may be read. If not, the connection's task is woken when it may.
    fn may_read(&self) -> bool {
        match self.handshake {
            Some(_) => self.state.may_keep_more(),
            None if self.sealed => self.state.may_keep_more_sealed(),
            // rustls reads 4 KiB at a time.
            None => self.records.unread() <= FREE / 2 || self.state.may_keep_first_sealed(),
        }
    }

    /// Reads what is here now, whether or not anybody wants to have it.
    pub(super) fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.socket.try_read(buf)?;
        self.came(buf.get(..length).unwrap_or_default());
        Ok(length)
    }

    fn count(&mut self, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &wrote {
            self.taken = self.taken.wrapping_add(*bytes as u64);
        }
        wrote
    }
}

impl AsyncRead for Counted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.may_read() {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, buf))?;
        this.came(buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.socket).poll_write(cx, buf);
        this.count(wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.socket).poll_write_vectored(cx, bufs);
        this.count(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
