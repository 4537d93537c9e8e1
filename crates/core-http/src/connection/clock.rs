//! [`CoarseClock`]: the time, read from memory.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A clock that is read from memory. The sweeper moves it on with every round, so a time taken from it is up
/// to one round too early; deadlines allow for that.
#[derive(Debug)]
pub(crate) struct CoarseClock {
    started: Instant,
    millis: AtomicU64,
}

impl CoarseClock {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), millis: AtomicU64::new(0) }
    }

    /// Milliseconds since the server began to serve.
    pub(crate) fn now(&self) -> u64 {
        self.millis.load(Relaxed)
    }

    pub(crate) fn advance(&self) -> u64 {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(now, Relaxed);
        now
    }

    #[cfg(test)]
    pub(crate) fn set(&self, now: u64) {
        self.millis.store(now, Relaxed);
    }
}

/// A moment on the [`CoarseClock`], or none, as two threads share it.
#[derive(Debug, Default)]
pub(crate) struct Since(AtomicU64);

impl Since {
    pub(crate) fn set(&self, now: u64) {
        // None is 0, so the clock's own 0 is one later.
        self.0.store(now.saturating_add(1), Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    pub(crate) fn get(&self) -> Option<u64> {
        self.0.load(Relaxed).checked_sub(1)
    }

    /// The moment that was set; from here on there is none.
    pub(crate) fn take(&self) -> Option<u64> {
        let since = self.get();
        if since.is_some() {
            self.clear();
        }
        since
    }
}
