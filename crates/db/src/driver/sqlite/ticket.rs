//! [`Ticket`]: whether a piece of work is queued, started or abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const QUEUED: u8 = 0;
const STARTED: u8 = 1;
const ABANDONED: u8 = 2;

/// Shared by who waits and by the thread that works; each looks before it acts.
#[derive(Debug)]
pub(super) struct Ticket(AtomicU8);

impl Ticket {
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(QUEUED))
    }

    /// For the thread: takes the work, unless nobody wants it any more.
    pub(super) fn start(&self) -> bool {
        self.0.compare_exchange(QUEUED, STARTED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// For who waits: gives up if no thread has taken the work; says whether it did.
    pub(super) fn abandon_if_queued(&self) -> bool {
        self.0.compare_exchange(QUEUED, ABANDONED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// For who waits: gives up in any case.
    fn abandon(&self) {
        self.0.store(ABANDONED, Ordering::Release);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Acquire) == ABANDONED
    }
}

/// Abandons the work when the future that waits for it is dropped.
pub(super) struct Abandon(Option<Arc<Ticket>>);

impl Abandon {
    pub(super) fn new(ticket: &Arc<Ticket>) -> Self {
        Self(Some(Arc::clone(ticket)))
    }

    /// The reply has come.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Abandon {
    fn drop(&mut self) {
        if let Some(ticket) = &self.0 {
            ticket.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abandoned_work_is_never_started() {
        let ticket = Arc::new(Ticket::new());
        drop(Abandon::new(&ticket));
        assert!(ticket.is_abandoned() && !ticket.start());
    }

    #[test]
    fn started_work_is_not_given_up_by_a_timeout() {
        let ticket = Ticket::new();
        assert!(ticket.start());
        assert!(!ticket.abandon_if_queued() && !ticket.is_abandoned());
    }
}
