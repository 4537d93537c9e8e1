//! [`Desk`]: a reading connection, and who may use it.
//!
//! Each belongs to a thread, which takes work from the queue. While that thread has nothing to do, whoever looks up
//! one row by its key uses the connection himself: that takes a few microseconds, and handing it to a thread and
//! waking up again for the answer takes longer. Should it take long after all (the row is on a slow disk), the next
//! ones go to the threads.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::connection::Connection;

/// A look-up that takes longer than this was no short one.
const SHORT: Duration = Duration::from_micros(500);
/// How many look-ups go to the threads after one that was not short.
const SPARED: u32 = 128;

/// A connection, until it is closed.
pub(super) struct Desk(Mutex<Option<Connection>>);

impl Desk {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Mutex::new(Some(connection)))
    }

    /// For its thread: waits while somebody looks up a row.
    pub(super) fn take(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For somebody else: only if it is free.
    pub(super) fn try_take(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        match self.0.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// How many look-ups shall go to the threads, because one was not short.
#[derive(Debug, Default)]
pub(super) struct Spared(AtomicU32);

impl Spared {
    /// Whether the next look-up may be done by who asks for it.
    pub(super) fn may_ask(&self) -> bool {
        // Two at once may both be told the last of it, which does no harm.
        let left = self.0.load(Ordering::Relaxed);
        if left > 0 {
            self.0.store(left - 1, Ordering::Relaxed);
        }
        left == 0
    }

    /// Learns from how long one took, wherever.
    pub(super) fn note(&self, took: Duration) {
        if took > SHORT {
            self.0.store(SPARED, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_long_look_up_the_next_ones_go_to_the_threads() {
        let spared = Spared::default();
        spared.note(SHORT);
        assert!(spared.may_ask());
        spared.note(SHORT + Duration::from_nanos(1));
        let asked = (0..SPARED + 2).filter(|_| spared.may_ask()).count();
        assert_eq!(asked, 2);
    }
}
