//! [`Desk`]: a reading connection, and who may use it.
//!
//! Each belongs to a thread, which takes work from the queue. While that thread has nothing to do, whoever looks up
//! one row by its key uses the connection himself: that takes a few microseconds, and handing it to a thread and
//! waking up again for the answer takes longer. Should it take long after all, because the table is a view or the
//! row on a slow disk, it is stopped and given to a thread, and so are the next ones.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::connection::Connection;

/// How long who asks may take for a look-up.
pub(super) const SHORT: Duration = Duration::from_millis(1);
/// How many look-ups go to the threads after one that was not short; twice as many after each one that follows it.
const FEWEST: u32 = 16;
/// How many go to the threads at most.
const MOST: u32 = 1_024;

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

/// How many look-ups shall go to the threads, because one was not short. Several threads may change it at once and
/// lose what another said, which does no harm.
#[derive(Debug)]
pub(super) struct Spared {
    left: AtomicU32,
    next: AtomicU32,
}

impl Spared {
    pub(super) fn new() -> Self {
        Self { left: AtomicU32::new(0), next: AtomicU32::new(FEWEST) }
    }

    /// Whether the next look-up may be done by who asks for it.
    pub(super) fn may_ask(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 {
            self.left.store(left - 1, Ordering::Relaxed);
        }
        left == 0
    }

    /// One has taken this long.
    pub(super) fn note(&self, took: Duration) {
        if took > SHORT {
            self.was_long();
        } else if self.next.load(Ordering::Relaxed) != FEWEST {
            self.next.store(FEWEST, Ordering::Relaxed);
        }
    }

    /// One was not short.
    pub(super) fn was_long(&self) {
        let next = self.next.load(Ordering::Relaxed);
        self.left.store(next, Ordering::Relaxed);
        self.next.store((next * 2).min(MOST), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_long_look_up_the_next_ones_go_to_the_threads() {
        let (spared, long) = (Spared::new(), SHORT + Duration::from_nanos(1));
        let refused = || (0..).take_while(|_| !spared.may_ask()).count();
        spared.note(SHORT);
        assert_eq!(refused(), 0);
        let learnt = [16, 32, 64, 128, 256, 512, 1_024, 1_024];
        assert_eq!(
            learnt.map(|_| {
                spared.note(long);
                refused()
            }),
            learnt
        );
        spared.note(SHORT);
        assert_eq!(refused(), 0);
        spared.note(long);
        assert_eq!(refused(), 16);
    }
}
