//! [`ShutdownSignal`]: tells what would go on for ever that the server wants to stop.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use crate::wakers::{Place, WakerSet};

/// Says once, to everybody who listens, that the server has begun to shut down. A clone is the same signal.
///
/// Requests in flight may finish within the server's grace. What has no end of its own, such as an event stream,
/// would use all of it up; it listens and ends by itself ([`Body::ends_on_shutdown`](super::Body)).
///
/// ```
/// use zzz_core::http::{ShutdownSignal, now_or_never};
///
/// let signal = ShutdownSignal::new();
/// assert!(now_or_never(signal.listen()).is_none());
/// signal.begin();
/// assert!(now_or_never(signal.listen()).is_some());
/// ```
#[derive(Clone, Default)]
pub struct ShutdownSignal(Arc<Shared>);

#[derive(Default)]
struct Shared {
    begun: AtomicBool,
    waiting: WakerSet,
}

impl ShutdownSignal {
    /// A signal that has not been given.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the signal.
    pub fn begin(&self) {
        self.0.begun.store(true, Ordering::Release);
        self.0.waiting.wake_all();
    }

    /// Whether it was given.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }

    /// A future that is done once it was given.
    pub fn listen(&self) -> ShutdownBegun {
        ShutdownBegun { shared: Arc::clone(&self.0), place: Place::default() }
    }
}

impl fmt::Debug for ShutdownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ShutdownSignal").field(&self.has_begun()).finish()
    }
}

/// Is done once the server has begun to shut down; made by [`ShutdownSignal::listen`].
#[must_use = "a future does nothing unless it is polled"]
pub struct ShutdownBegun {
    shared: Arc<Shared>,
    place: Place,
}

impl Future for ShutdownBegun {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let begun = |shared: &Shared| shared.begun.load(Ordering::Acquire);
        if begun(&this.shared) {
            return Poll::Ready(());
        }
        this.shared.waiting.register(&mut this.place, cx.waker());
        // It may have been given between the first look and the registration.
        if begun(&this.shared) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for ShutdownBegun {
    fn drop(&mut self) {
        self.shared.waiting.leave(&mut self.place);
    }
}

impl fmt::Debug for ShutdownBegun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShutdownBegun")
    }
}
