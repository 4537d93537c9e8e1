//! [`Closing`]: how a connection closes without losing its last answer.
//!
//! A socket that is closed while something is unread in it resets the connection, and a reset destroys what is on its
//! way to the peer: the 413 that says why an upload is not wanted would reach nobody who still sends it. So we say
//! that we are done, read and forget what still comes, and close when the peer has done so too, when it has sent
//! [`MOST_DRAINED`], or when the time for that is over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ConnectionState, Stream};

/// How much is read and forgotten at most. Clients that look for an answer only when they have sent everything get it
/// if they do not send more than this.
const MOST_DRAINED: usize = 16 * 1024 * 1024;

/// How far the closing of a connection has come.
#[derive(Debug, Default)]
pub(super) enum Closing {
    /// It has not begun.
    #[default]
    Open,
    /// These words come first.
    Speaking(Bytes),
    /// The peer is told that nothing more comes.
    Shutting,
    /// What still comes is read and forgotten.
    Draining {
        /// How much more may come.
        left: usize,
        /// Whether to wait for it.
        waiting: bool,
    },
    /// The socket can be closed.
    Done,
}

impl Closing {
    /// Says this first.
    pub(super) fn with(words: &[u8]) -> Self {
        Self::Speaking(Bytes::copy_from_slice(words))
    }

    /// Goes on. `ended` is whether the peer has said its last.
    pub(super) fn poll(
        &mut self,
        stream: &mut Stream,
        state: &ConnectionState,
        ended: bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self {
                Self::Open => *self = Self::Shutting,
                Self::Speaking(words) => {
                    while words.has_remaining() {
                        let written = ready!(Pin::new(&mut *stream).poll_write(cx, words))?;
                        if written == 0 {
                            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                        }
                        words.advance(written);
                    }
                    *self = Self::Shutting;
                }
                Self::Shutting => {
                    ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
                    if ended {
                        *self = Self::Done;
                        continue;
                    }
                    let waiting = state.peer_may_be_sending();
                    *self = Self::Draining { left: MOST_DRAINED, waiting };
                    state.lingers();
                }
                Self::Draining { left, waiting } => {
                    let mut forgotten = [0; 4096];
                    let mut forgotten = ReadBuf::new(&mut forgotten);
                    match Pin::new(&mut *stream).poll_read(cx, &mut forgotten) {
                        Poll::Ready(Ok(())) if !forgotten.filled().is_empty() => {
                            *waiting = true;
                            *left = left.saturating_sub(forgotten.filled().len());
                            if *left == 0 {
                                *self = Self::Done;
                            }
                        }
                        Poll::Pending if *waiting => return Poll::Pending,
                        // The peer is done too, or has nothing to say.
                        Poll::Ready(_) | Poll::Pending => *self = Self::Done,
                    }
                }
                Self::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}
