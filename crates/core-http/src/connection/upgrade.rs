//! Upgrades: what a request is offered, and the connection as the next protocol has it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use zzz_core::http::{Duplex, Upgrade};

use super::io::TrackedIo;
use super::strict;

/// Puts an [`Upgrade`] on a request that asks for one. hyper marks every request with an `Upgrade` header.
#[cold]
pub(super) fn offer(parts: &mut http::request::Parts, has_body: bool) {
    // hyper's own way would need a task of its own, and is not served.
    let marked = parts.extensions.remove::<OnUpgrade>().is_some();
    if marked && !has_body && strict::asks_for_upgrade(&parts.headers) {
        parts.extensions.insert(Upgrade::new());
    }
}

/// A connection after its upgrade.
pub(super) struct Upgraded {
    io: TrackedIo,
    /// What came with the request's head already.
    early: Bytes,
}

impl Upgraded {
    pub(super) fn new(io: TrackedIo, early: Bytes) -> Self {
        Self { io, early }
    }
}

impl Duplex for Upgraded {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.early.is_empty() {
            let mut buf = ReadBuf::new(buf);
            return Pin::new(&mut self.io).poll_read(cx, &mut buf).map_ok(|()| buf.filled().len());
        }
        let length = self.early.len().min(buf.len());
        self.early.copy_to_slice(&mut buf[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_shutdown_write(cx)
    }

    fn is_finishing(&self) -> bool {
        self.io.is_finishing()
    }
}
