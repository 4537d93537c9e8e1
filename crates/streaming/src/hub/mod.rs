//! [`Hub`]: what is published reaches everybody who listens.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use zzz_core::wakers::{Place, WakerSet};

use crate::event::Event;
use crate::last_event_id::LastEventId;
use crate::sse::Sse;

/// How many bytes of events are kept, unless said otherwise.
const KEPT_BYTES: usize = 1024 * 1024;

/// Sends events to everybody who listens, and keeps the last ones for readers who come back. A clone is the same hub.
///
/// Events are written once and shared by all readers, so a reader costs no memory of its own, however slow it is. One
/// that is more than half of the kept events behind is dropped: its stream ends, its browser comes back with the id of the
/// last event it has, and gets those it has missed from what is kept.
///
/// A hub is of one process. Ids hold a mark of the hub, so that a reader who comes back to another one, after a restart,
/// is not taken for somebody who has its events: see [`Subscription::when_missed`].
#[derive(Clone)]
pub struct Hub {
    publisher: Arc<Publisher>,
}

/// The side that publishes; when its last owner is gone, so are the streams.
struct Publisher(Arc<Shared>);

struct Shared {
    /// What tells this hub's ids from those of others.
    mark: u64,
    most_events: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
    waiting: WakerSet,
}

#[derive(Default)]
struct Kept {
    events: VecDeque<Bytes>,
    bytes: usize,
    /// The number of the next event. The first has 1, so that 0 is before all.
    next: u64,
    closed: bool,
}

impl Kept {
    /// The number of the oldest event that is kept.
    fn first(&self) -> u64 {
        self.next - self.events.len() as u64
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing under the lock can panic half-way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, number: u64) -> String {
        format!("{:x}-{number}", self.mark)
    }

    /// The number of an event by its id, if it is one of this hub.
    fn number(&self, id: &str) -> Option<u64> {
        let (mark, number) = id.split_once('-')?;
        (u64::from_str_radix(mark, 16).ok()? == self.mark).then(|| number.parse().ok()).flatten()
    }
}

impl Hub {
    /// A hub that keeps this many events, at least two, and of them at most 1MiB.
    #[must_use]
    pub fn new(events: usize) -> Self {
        Self::with_limits(events, KEPT_BYTES)
    }

    /// A hub that keeps this many events, at least two, and of them at most so many bytes.
    #[must_use]
    pub fn with_limits(events: usize, bytes: usize) -> Self {
        let shared = Shared {
            mark: RandomState::new().build_hasher().finish(),
            most_events: events.max(2),
            most_bytes: bytes,
            kept: Mutex::new(Kept { next: 1, ..Kept::default() }),
            waiting: WakerSet::default(),
        };
        Self { publisher: Arc::new(Publisher(Arc::new(shared))) }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.publisher.0
    }

    /// Sends an event to everybody who listens. It gets an id of the hub's own; one that it has is not used.
    pub fn publish(&self, event: &Event) {
        let shared = self.shared();
        let mut dropped = Vec::new();
        {
            let mut kept = shared.lock();
            let written = event.written(Some(&shared.id(kept.next)));
            kept.bytes += written.len();
            kept.events.push_back(written);
            kept.next += 1;
            while kept.events.len() > shared.most_events
                || (kept.bytes > shared.most_bytes && kept.events.len() > 1)
            {
                let Some(oldest) = kept.events.pop_front() else { break };
                kept.bytes -= oldest.len();
                dropped.push(oldest);
            }
        }
        shared.waiting.wake_all();
    }

    /// The events after the one that the reader has, or from now on if it has none.
    #[must_use]
    pub fn subscribe(&self, last: &LastEventId) -> Subscription {
        let shared = Arc::clone(self.shared());
        let (next, missed, since) = {
            let kept = shared.lock();
            let (next, missed) = match last.0.as_deref().map(|id| shared.number(id)) {
                None => (kept.next, false),
                Some(Some(number)) if number < kept.next => {
                    ((number + 1).max(kept.first()), number + 1 < kept.first())
                }
                // Of another hub: everything that is here is new to it, and what was there is lost.
                Some(_) => (kept.first(), true),
            };
            (next, missed, kept.next)
        };
        Subscription { shared, next, missed, since, first: None, place: Place::default() }
    }

    /// The id that the last event has, for a page that shows everything up to now and goes on from here: read it
    /// before what the page shows, and let the page ask with `?lastEventId=`.
    #[must_use]
    pub fn last_event_id(&self) -> String {
        let next = self.shared().lock().next;
        self.shared().id(next - 1)
    }

    /// Ends the streams of everybody who listens, after the events that are kept for them.
    pub fn close(&self) {
        self.publisher.close();
    }
}

impl Publisher {
    fn close(&self) {
        self.0.lock().closed = true;
        self.0.waiting.wake_all();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.shared().lock();
        f.debug_struct("Hub")
            .field("kept", &kept.events.len())
            .field("next", &kept.next)
            .finish_non_exhaustive()
    }
}

/// What one reader gets of a [`Hub`]: a stream of events as they are written, and a response when it is made an
/// [`Sse`].
pub struct Subscription {
    shared: Arc<Shared>,
    /// The number of the event that comes next.
    next: u64,
    missed: bool,
    /// The number of the first event that was published since it subscribed.
    since: u64,
    first: Option<Bytes>,
    place: Place,
}

impl Subscription {
    /// Whether events between the one that the reader has and those that it gets are lost: they are kept no more, or
    /// it comes from another hub, such as the one before a restart.
    #[must_use]
    pub fn has_missed(&self) -> bool {
        self.missed
    }

    /// What a reader who [has missed](Self::has_missed) events is told before anything else, such as to load the
    /// page anew. It gets no id.
    #[must_use]
    pub fn when_missed(mut self, event: &Event) -> Self {
        self.first = self.missed.then(|| event.written(None));
        self
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(first));
        }
        // Before the look, so that nothing is published between the two.
        this.shared.waiting.register(&mut this.place, cx.waker());
        let kept = this.shared.lock();
        if this.next == kept.next {
            return if kept.closed { Poll::Ready(None) } else { Poll::Pending };
        }
        // The other half is its time to come back in. What it catches up with does not count.
        let behind = kept.next - this.next.max(this.since);
        if behind > (this.shared.most_events / 2) as u64 {
            return Poll::Ready(None);
        }
        let at = this.next.checked_sub(kept.first()).and_then(|at| usize::try_from(at).ok());
        let event = at.and_then(|at| kept.events.get(at)).cloned();
        drop(kept);
        this.next += 1;
        Poll::Ready(event)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.waiting.leave(&mut self.place);
    }
}

impl From<Subscription> for Sse {
    fn from(subscription: Subscription) -> Self {
        Self::written(Infallible(subscription))
    }
}

/// A subscription as a stream that could fail.
struct Infallible(Subscription);

impl Stream for Infallible {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx).map(|event| event.map(Ok))
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("next", &self.next)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
