//! [`BodySender`]: writes a body from another place than where it is read.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ::http::HeaderMap;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};

use super::{Body, BoxError, Source};

/// Writes the body that [`Body::channel`] made with it.
///
/// A body is complete only when it was [`finish`](Self::finish)ed. A sender that is dropped before, because its
/// task panicked, was cancelled or returned early, breaks the body off: the client sees an aborted response and
/// never one that looks whole.
pub struct BodySender {
    shared: Arc<Shared>,
}

/// What is read of a body that a [`BodySender`] writes.
pub(super) struct Received {
    shared: Arc<Shared>,
}

struct Shared {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Frame<Bytes>>,
    /// The bytes in the queue.
    queued: usize,
    end: End,
    reader_is_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Default)]
enum End {
    #[default]
    Open,
    Finished,
    Aborted(Option<BoxError>),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn channel(capacity: usize) -> (BodySender, Received) {
    let shared = Arc::new(Shared { capacity, state: Mutex::default() });
    (BodySender { shared: Arc::clone(&shared) }, Received { shared })
}

impl BodySender {
    /// Sends a chunk, and waits until there is room for it: what the client has not taken yet may be as long as
    /// the channel's capacity, or one chunk where that is longer. A chunk whose future is dropped before it is
    /// done was not sent.
    ///
    /// # Errors
    /// [`BodyClosed`] if nobody reads the body any more: the client is gone, or the server has cut it off.
    pub async fn send(&mut self, chunk: impl Into<Bytes>) -> Result<(), BodyClosed> {
        let chunk = chunk.into();
        std::future::poll_fn(|cx| self.poll_room(chunk.len(), cx)).await?;
        self.push(Frame::data(chunk))
    }

    /// Ends the body.
    ///
    /// # Errors
    /// [`BodyClosed`] if nobody reads it any more.
    pub fn finish(self) -> Result<(), BodyClosed> {
        let mut state = self.shared.lock();
        if state.reader_is_gone {
            return Err(BodyClosed);
        }
        state.end = End::Finished;
        wake(state, |state| state.reader.take());
        Ok(())
    }

    /// Ends the body with trailers (RFC 9110, section 6.5). Over HTTP/1.1 only those reach the client that the
    /// response's header `trailer` names.
    ///
    /// # Errors
    /// [`BodyClosed`] if nobody reads it any more.
    pub fn finish_with(mut self, trailers: HeaderMap) -> Result<(), BodyClosed> {
        self.push(Frame::trailers(trailers))?;
        self.finish()
    }

    /// Breaks the body off, and says why in the log.
    pub fn abort(self, why: impl Into<BoxError>) {
        self.end_with(End::Aborted(Some(why.into())));
    }

    /// Whether nobody reads the body any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.lock().reader_is_gone
    }

    /// Waits until nobody reads the body any more, so that its producer can stop while it has nothing to send.
    pub async fn closed(&mut self) {
        std::future::poll_fn(|cx| {
            let mut state = self.shared.lock();
            if state.reader_is_gone {
                return Poll::Ready(());
            }
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn poll_room(&self, length: usize, cx: &mut Context<'_>) -> Poll<Result<(), BodyClosed>> {
        let mut state = self.shared.lock();
        if state.reader_is_gone {
            return Poll::Ready(Err(BodyClosed));
        }
        if state.queued == 0 || state.queued.saturating_add(length) <= self.shared.capacity {
            return Poll::Ready(Ok(()));
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn push(&mut self, frame: Frame<Bytes>) -> Result<(), BodyClosed> {
        let mut state = self.shared.lock();
        if state.reader_is_gone {
            return Err(BodyClosed);
        }
        state.queued += frame.data_ref().map_or(0, Bytes::len);
        state.queue.push_back(frame);
        wake(state, |state| state.reader.take());
        Ok(())
    }

    fn end_with(&self, end: End) {
        let mut state = self.shared.lock();
        if matches!(state.end, End::Open) {
            state.end = end;
        }
        wake(state, |state| state.reader.take());
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        self.end_with(End::Aborted(None));
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("BodySender")
            .field("capacity", &self.shared.capacity)
            .field("queued", &state.queued)
            .field("closed", &state.reader_is_gone)
            .finish()
    }
}

/// Wakes a side once the lock is free again.
fn wake(mut state: MutexGuard<'_, State>, side: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = side(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Source for Received {}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut state = self.shared.lock();
        if let Some(frame) = state.queue.pop_front() {
            state.queued -= frame.data_ref().map_or(0, Bytes::len);
            wake(state, |state| state.writer.take());
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut state.end {
            End::Open => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            End::Finished => Poll::Ready(None),
            End::Aborted(why) => {
                let why =
                    why.take().unwrap_or_else(|| "its sender was dropped before it was finished".into());
                Poll::Ready(Some(Err(why)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let state = self.shared.lock();
        state.queue.is_empty() && matches!(state.end, End::Finished)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.reader_is_gone = true;
        state.queued = 0;
        let unread = std::mem::take(&mut state.queue);
        wake(state, |state| state.writer.take());
        drop(unread);
    }
}

impl Body {
    /// A body, and what writes it. At most `capacity` bytes wait to be read; then [`BodySender::send`] waits,
    /// and with it whatever produces them.
    ///
    /// ```
    /// use zzz_core::http::{Body, now_or_never};
    ///
    /// let (mut sender, body) = Body::channel(16 * 1024);
    /// now_or_never(async {
    ///     sender.send("Hello, ").await?;
    ///     sender.send("world").await?;
    ///     sender.finish()
    /// }).unwrap().unwrap();
    /// assert_eq!(now_or_never(body.read()).unwrap().unwrap(), "Hello, world");
    /// ```
    #[must_use]
    pub fn channel(capacity: usize) -> (BodySender, Self) {
        let (sender, received) = channel(capacity);
        (sender, Self::from_source(received))
    }
}

/// Nobody reads the body any more: the client is gone, or the server has cut it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyClosed;

impl fmt::Display for BodyClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the body any more: the client is gone")
    }
}

impl std::error::Error for BodyClosed {}
