//! The socket of a connection, which tells the connection's state what comes and whether the peer takes what goes.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::closing::Closing;
#[cfg(feature = "http2")]
use super::http2::FrameWatch;
#[cfg(feature = "http2")]
use super::sniff::Sniff;
use super::{ConnectionState, Stream};

/// A socket that notes what happens on it.
pub(super) struct TrackedIo {
    stream: Stream,
    state: Arc<ConnectionState>,
    /// What the connection speaks is not known before its first bytes.
    #[cfg(feature = "http2")]
    sniff: Option<Sniff>,
    #[cfg(feature = "http2")]
    frames: Option<Box<FrameWatch>>,
    /// Whether the state knows of bytes that the peer does not take.
    blocked: bool,
    /// What the stream had passed on when that was noted last.
    passed_on: u64,
    /// Whether the peer has said its last.
    ended: bool,
    closing: Closing,
}

impl TrackedIo {
    pub(super) fn new(stream: Stream, state: Arc<ConnectionState>) -> Self {
        Self {
            stream,
            state,
            #[cfg(feature = "http2")]
            sniff: None,
            #[cfg(feature = "http2")]
            frames: None,
            blocked: false,
            passed_on: 0,
            ended: false,
            closing: Closing::default(),
        }
    }

    /// Finds out whether the connection speaks HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) fn sniff(&mut self) {
        self.sniff = Some(Sniff::default());
    }

    /// Looks at the frames of HTTP/2 from here on, and replays what was held back to find out that it is that.
    #[cfg(feature = "http2")]
    pub(super) fn watch_frames(&mut self, frames: FrameWatch) {
        self.frames = Some(Box::new(frames));
    }

    pub(super) fn is_finishing(&self) -> bool {
        self.state.is_finishing()
    }

    /// Ends the connection such that the peer can not take what it has for the whole.
    pub(super) fn abort(&self) {
        self.stream.abort();
    }

    /// Tells the peer that nothing more comes, and goes on reading.
    pub(super) fn poll_shutdown_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.note(&shut);
        shut
    }

    /// Says this before the connection closes.
    pub(super) fn say_at_last(&mut self, words: &[u8]) {
        self.closing = Closing::with(words);
    }

    /// Reads while it is not known what the connection speaks.
    #[cfg(feature = "http2")]
    #[cold]
    fn poll_read_first(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(sniff) = &mut self.sniff else { return Poll::Ready(Ok(())) };
        ready!(sniff.poll_read(&mut self.stream, &self.state, cx, buf))?;
        if sniff.is_done() {
            self.sniff = None;
        }
        Poll::Ready(Ok(()))
    }

    /// Notices, while a handler is at work, that the peer is gone: hyper's own way is to read ahead, for which
    /// it allocates a buffer with every request.
    ///
    /// hyper flushes whenever it has polled the handler, so this also asks to be woken.
    fn check_peer(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut byte = [MaybeUninit::uninit()];
        match self.stream.poll_peek(cx, &mut ReadBuf::uninit(&mut byte)) {
            Poll::Ready(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Err(error)) => Err(error),
            // The next request; it has to wait.
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
        }
    }

    /// Bytes came that hyper is about to see.
    #[cfg(feature = "http2")]
    #[cold]
    fn frames_came(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let (Some(frames), Some(streams)) = (&mut self.frames, self.state.streams()) else { return };
        let now = self.state.now();
        if streams.is_given_up() || !frames.received(&buf.filled()[before..], now) {
            // To hyper this looks as if the peer had said its last. It flushes and closes, which is when the peer
            // is told.
            buf.set_filled(before);
            streams.give_up(now);
            self.closing = Closing::with(&frames.farewell());
        }
        streams.head_comes(frames.is_within_head(), now);
    }

    /// Notes whether the peer takes what is written.
    #[inline]
    fn note<T>(&mut self, wrote: &Poll<io::Result<T>>) {
        match wrote {
            Poll::Pending => {
                let passed_on = self.stream.passed_on();
                if !self.blocked || passed_on != self.passed_on {
                    self.blocked = true;
                    self.passed_on = passed_on;
                    self.state.write_blocked();
                }
            }
            Poll::Ready(_) if self.blocked => {
                self.blocked = false;
                self.state.write_flows();
            }
            Poll::Ready(_) => {}
        }
    }

    /// Notes how much was written.
    #[inline]
    fn note_written(&mut self, wrote: &Poll<io::Result<usize>>) {
        self.note(wrote);
        #[cfg(feature = "http2")]
        if let (Some(frames), Poll::Ready(Ok(bytes))) = (&mut self.frames, wrote) {
            frames.sent(*bytes);
        }
    }
}

impl AsyncRead for TrackedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        #[cfg(feature = "http2")]
        let sniffing = this.sniff.is_some();
        #[cfg(not(feature = "http2"))]
        let sniffing = false;
        if sniffing {
            #[cfg(feature = "http2")]
            ready!(this.poll_read_first(cx, buf))?;
        } else {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        }
        let came = &buf.filled()[before..];
        if came.is_empty() {
            this.ended = true;
        } else {
            this.state.received(came);
            #[cfg(feature = "http2")]
            if this.frames.is_some() {
                this.frames_came(buf, before);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TrackedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.note_written(&wrote);
        wrote
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.note_written(&wrote);
        wrote
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.awaits_nothing_from_peer() {
            this.check_peer(cx)?;
        }
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.note(&flushed);
        flushed
    }

    /// Closes, and is done when the peer has the last answer or has had the time to take it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.closing.poll(&mut this.stream, &this.state, this.ended, cx)
    }
}
