//! [`Sniff`]: finds out from the first bytes of a plain connection whether it speaks HTTP/2 (RFC 9113, 3.3).
//!
//! HTTP/1 pays one comparison for it: its first byte is another one nearly always, and then what was read stays
//! where it is. What may be the preface of HTTP/2 is held back until it is known, and is read again after that.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::http2::PREFACE;
use super::{ConnectionState, Stream};

/// Looks at the first bytes of a connection.
#[derive(Debug, Default)]
pub(super) struct Sniff {
    held: Vec<u8>,
    /// How much of what is held was read again; `None` while it is not known what it is.
    replayed: Option<usize>,
}

impl Sniff {
    /// Whether there is nothing to find out and nothing to read again.
    pub(super) fn is_done(&self) -> bool {
        self.replayed.is_some_and(|at| at >= self.held.len())
    }

    /// Reads from what is held, or from the stream. It is pending without a wake-up when the preface of HTTP/2
    /// is complete, which the state then knows: hyper's machine for HTTP/1 must not see it.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut Stream,
        state: &ConnectionState,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.replayed.is_none() {
            if self.held.is_empty() {
                let before = buf.filled().len();
                ready!(Pin::new(&mut *stream).poll_read(cx, buf))?;
                let came = &buf.filled()[before..];
                if came.is_empty() || !may_begin_preface(came) {
                    self.replayed = Some(0);
                    return Poll::Ready(Ok(()));
                }
                self.held.extend_from_slice(came);
                buf.set_filled(before);
            } else {
                let mut rest = [0; PREFACE.len()];
                let mut rest = ReadBuf::new(&mut rest[..PREFACE.len() - self.held.len()]);
                ready!(Pin::new(&mut *stream).poll_read(cx, &mut rest))?;
                if rest.filled().is_empty() {
                    self.replayed = Some(0);
                    break;
                }
                self.held.extend_from_slice(rest.filled());
            }
            state.head_is_held_back();
            if !may_begin_preface(&self.held) {
                self.replayed = Some(0);
            } else if self.held.len() >= PREFACE.len() {
                self.replayed = Some(0);
                state.preface_came();
                return Poll::Pending;
            }
        }
        if let Some(at) = &mut self.replayed {
            let rest = &self.held[*at..];
            let length = rest.len().min(buf.remaining());
            buf.put_slice(&rest[..length]);
            *at += length;
        }
        Poll::Ready(Ok(()))
    }
}

/// Whether this is the beginning of the preface, or begins with all of it.
fn may_begin_preface(bytes: &[u8]) -> bool {
    let length = bytes.len().min(PREFACE.len());
    bytes[..length] == PREFACE[..length]
}
