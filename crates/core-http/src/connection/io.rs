//! The socket of a connection, which tells the connection's state what comes and whether the peer takes what goes.

use std::io::{self, IoSlice};
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
    /// Whether there is nothing to find out, no frame to look at, nothing that the peer does not take, and little that
    /// is kept: one question for what HTTP/1 nearly always is.
    plain: bool,
    /// Whether so much is kept of what came that more may have to wait.
    metered: bool,
    /// Whether the state knows of bytes that the peer does not take.
    blocked: bool,
    /// What the stream had passed on when that was noted last.
    passed_on: u64,
    /// Whether something was read since the last write.
    has_read: bool,
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
            plain: true,
            metered: false,
            blocked: false,
            passed_on: 0,
            has_read: false,
            ended: false,
            closing: Closing::default(),
        }
    }

    /// Finds out whether the connection speaks HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) fn sniff(&mut self) {
        self.sniff = Some(Sniff::default());
        self.plain = false;
    }

    /// Looks at the frames of HTTP/2 from here on, and replays what was held back to find out that it is that.
    #[cfg(feature = "http2")]
    pub(super) fn watch_frames(&mut self, frames: FrameWatch) {
        self.frames = Some(Box::new(frames));
        self.plain = false;
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
        self.note(shut.is_pending(), 0);
        shut
    }

    /// Says this before the connection closes.
    pub(super) fn say_at_last(&mut self, words: &[u8]) {
        self.closing = Closing::with(words);
    }

    /// Reads where that takes more than reading.
    #[cold]
    fn poll_read_watched(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        #[cfg(feature = "http2")]
        if let Some(frames) = &mut self.frames {
            if self.state.account.is_given_up() && frames.calm_down() {
                self.state.gives_up_on_peer();
                self.closing = Closing::with(&frames.farewell());
            }
            // To hyper this looks as if the peer had said its last. It flushes and closes, which is when the peer is
            // told.
            if frames.is_over() {
                return Poll::Ready(Ok(()));
            }
            if frames.should_yield() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        // The sweeper wakes the task when there is room, or gives it up.
        if self.state.is_counted() && !self.state.may_keep_more() {
            return Poll::Pending;
        }
        let bound = self.state.read_bound();
        let before = buf.filled().len();
        match bound {
            Some(0) => return Poll::Pending,
            Some(bound) => ready!(self.poll_read_bounded(cx, buf, bound))?,
            None => ready!(self.poll_read_inner(cx, buf))?,
        }
        let came = &mut buf.filled_mut()[before..];
        if came.is_empty() {
            self.ended = true;
        } else {
            self.metered = self.state.received(came);
            #[cfg(feature = "http2")]
            self.frames_came(buf, before);
            self.settle();
        }
        Poll::Ready(Ok(()))
    }

    /// Reads no more than so much.
    fn poll_read_bounded(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        bound: usize,
    ) -> Poll<io::Result<()>> {
        let bound = bound.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(bound));
        ready!(self.poll_read_inner(cx, &mut part))?;
        let came = part.filled().len();
        buf.advance(came);
        Poll::Ready(Ok(()))
    }

    #[cfg(feature = "http2")]
    fn poll_read_inner(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(sniff) = &mut self.sniff else { return Pin::new(&mut self.stream).poll_read(cx, buf) };
        ready!(sniff.poll_read(&mut self.stream, &self.state, cx, buf))?;
        if sniff.is_done() {
            self.sniff = None;
        }
        Poll::Ready(Ok(()))
    }

    #[cfg(not(feature = "http2"))]
    fn poll_read_inner(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }

    /// Sees whether there is anything left to watch.
    fn settle(&mut self) {
        self.plain = !self.blocked && !self.metered;
        #[cfg(feature = "http2")]
        {
            self.plain &= self.sniff.is_none() && self.frames.is_none();
        }
    }

    /// Notices, while a handler is at work, that the peer is gone: hyper's own way is to read ahead, for which
    /// it allocates a buffer with every request.
    ///
    /// hyper flushes whenever it has polled the handler, so this also asks to be woken.
    #[inline(never)]
    fn check_peer(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.stream.poll_gone(cx) {
            Poll::Ready(Ok(true)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(false)) if self.stream.is_reset() => Err(io::ErrorKind::ConnectionReset.into()),
            // The next request, or what nobody wants of this one: it has to wait. Nothing wakes the task if the
            // peer goes away now, so the sweeper does.
            Poll::Ready(Ok(false)) => {
                self.state.peer_is_ahead();
                Ok(())
            }
            Poll::Pending => Ok(()),
        }
    }

    /// Frames came that hyper is about to see.
    #[cfg(feature = "http2")]
    fn frames_came(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let (Some(frames), Some(streams)) = (&mut self.frames, self.state.streams()) else { return };
        let now = self.state.now();
        frames.have_room(streams.has_room_for_block(&self.state));
        frames.pieces_left(streams.take_sent());
        let seen = frames.received(&buf.filled()[before..], now);
        buf.set_filled(before + seen);
        if frames.is_exceeded() {
            streams.give_up(now);
            self.closing = Closing::with(&frames.farewell());
        }
        streams.head_comes(frames.is_within_head(), now);
        streams.data_came(&self.state, frames.take_data(), frames.is_within_block());
    }

    /// Notes whether the peer takes what is written, and how much.
    #[cold]
    fn note(&mut self, pending: bool, written: usize) {
        if pending {
            let passed_on = self.stream.passed_on();
            if !self.blocked || passed_on != self.passed_on {
                self.blocked = true;
                self.passed_on = passed_on;
                self.state.write_blocked();
            }
        } else if self.blocked {
            self.blocked = false;
            self.state.write_flows();
        }
        #[cfg(feature = "http2")]
        if let Some(frames) = &mut self.frames {
            frames.sent(written);
        }
        #[cfg(not(feature = "http2"))]
        let _ = written;
        self.settle();
    }
}

impl AsyncRead for TrackedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.plain {
            return this.poll_read_watched(cx, buf);
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_pending() {
            return Poll::Pending;
        }
        let came = &mut buf.filled_mut()[before..];
        if came.is_empty() {
            this.ended = true;
        } else {
            this.has_read = true;
            if this.state.received(came) {
                this.metered = true;
                this.plain = false;
            }
        }
        read
    }
}

impl AsyncWrite for TrackedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // Nearly always the socket takes an answer at once, and the registration for when it does is left out. That
        // is no part of the task's budget, so a write that no read was paid for goes the other way.
        if this.plain && std::mem::take(&mut this.has_read) {
            match this.stream.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                wrote => return Poll::Ready(wrote),
            }
        }
        let wrote = Pin::new(&mut this.stream).poll_write(cx, buf);
        if wrote.is_pending() || !this.plain {
            this.note(wrote.is_pending(), written(&wrote));
        }
        wrote
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        if wrote.is_pending() || !this.plain {
            this.note(wrote.is_pending(), written(&wrote));
        }
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
        if flushed.is_pending() || !this.plain {
            this.note(flushed.is_pending(), 0);
        }
        if flushed.is_ready() && this.state.piece_left() {
            // hyper has looked for the next piece already.
            cx.waker().wake_by_ref();
        }
        flushed
    }

    /// Closes, and is done when the peer has the last answer or has had the time to take it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.closing.poll(&mut this.stream, &this.state, this.ended, cx)
    }
}

/// How many bytes were written; none if that failed.
fn written(wrote: &Poll<io::Result<usize>>) -> usize {
    match wrote {
        Poll::Ready(Ok(bytes)) => *bytes,
        Poll::Ready(Err(_)) | Poll::Pending => 0,
    }
}
