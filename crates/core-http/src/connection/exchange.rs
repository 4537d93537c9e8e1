//! [`Exchange`]: one request and its response, as far as time is concerned.

use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use zzz_core::http::Overdue;

use super::Deadlines;
use super::clock::Since;
use crate::budget::Account;

/// The times of a request in flight. A connection of HTTP/1 has one for all its requests, which come one after the
/// other; of HTTP/2, each stream has its own.
///
/// Only the request's own task notes what happens; the sweeper reads it and says what is overdue.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// When the request came.
    since: AtomicU64,
    /// How long it may take until its response begins; 0 for no bound.
    timeout: AtomicU64,
    /// Whether its response has begun.
    answered: AtomicBool,
    /// How many requests there were, so that what was late with one is not held against the next.
    turn: AtomicU64,
    /// What is overdue, and in which turn.
    overdue: AtomicU64,
    incoming: Pace,
    /// What somebody has read of the body and keeps until the rest has come.
    pub(super) account: Account,
    /// When the last piece of the response was handed over, unless more was asked for since.
    handed_over: Since,
}

/// What has to be done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// Its task has to look at [`Exchange::overdue`].
    Late,
    /// It has begun its response and can not be told anything any more: it has to end.
    Cut,
}

const RESPONSE: u64 = 1;
const BODY: u64 = 2;
/// As many bits has what is overdue; the rest is the turn.
const KIND_BITS: u32 = 2;

impl Exchange {
    /// A request came. A timeout of 0 is none.
    pub(super) fn begin(&self, now: u64, timeout: u64, has_body: bool) {
        self.since.store(now, Relaxed);
        self.timeout.store(timeout, Relaxed);
        self.answered.store(false, Relaxed);
        if has_body {
            self.incoming.reset();
        }
        // Whoever sees this turn sees what is above, too.
        self.turn.store(self.turn.load(Relaxed) + 1, Release);
    }

    /// Whether the request came later than that.
    pub(super) fn began_after(&self, moment: u64) -> bool {
        self.since.load(Relaxed) > moment
    }

    pub(super) fn set_timeout(&self, timeout: u64) {
        self.timeout.store(timeout, Relaxed);
    }

    /// The response has begun; a stream may take its time from here.
    pub(super) fn answered(&self) {
        self.answered.store(true, Relaxed);
    }

    /// Somebody wants more of the request's body than has come.
    pub(super) fn body_awaited(&self, now: u64) {
        self.incoming.wait(now);
    }

    /// Whether somebody waits for the request's body.
    pub(super) fn is_body_awaited(&self) -> bool {
        self.incoming.waiting.get().is_some()
    }

    /// A piece of the request's body was read.
    pub(super) fn body_came(&self, now: u64, bytes: u64) {
        self.incoming.came(now, bytes);
        // What came just in time is in time.
        if self.overdue() == Some(Overdue::Body) {
            self.overdue.store(0, Relaxed);
        }
    }

    /// Nobody waits for the request's body any more.
    pub(super) fn body_ended(&self) {
        self.incoming.waiting.clear();
    }

    /// A piece of the response was handed to HTTP/2's machine, which asks for the next when this one has left.
    #[cfg(feature = "http2")]
    pub(super) fn handed_over(&self, now: u64) {
        self.handed_over.set(now);
    }

    /// A piece of the response has left for the peer; others may wait still.
    #[cfg(feature = "http2")]
    pub(super) fn piece_left(&self, now: u64) {
        if self.handed_over.get().is_some() {
            self.handed_over.set(now);
        }
    }

    /// HTTP/2's machine asks for more of the response, and gets it.
    #[cfg(feature = "http2")]
    pub(super) fn asked_for_more(&self) {
        self.handed_over.clear();
    }

    pub(super) fn overdue(&self) -> Option<Overdue> {
        let overdue = self.overdue.load(Relaxed);
        if overdue >> KIND_BITS != self.turn.load(Relaxed) {
            return None;
        }
        match overdue & ((1 << KIND_BITS) - 1) {
            0 => None,
            BODY => Some(Overdue::Body),
            _ => Some(Overdue::Response),
        }
    }

    /// Looks at what is late; the sweeper calls it once a round.
    pub(super) fn sweep(&self, now: u64, deadlines: &Deadlines) -> Verdict {
        // The request may end while this looks at it, and the next begin.
        let turn = self.turn.load(Acquire) << KIND_BITS;
        let answered = self.answered.load(Relaxed);
        if self.incoming.is_too_slow(now, deadlines) {
            if answered {
                return Verdict::Cut;
            }
            self.overdue.store(turn | BODY, Relaxed);
            return Verdict::Late;
        }
        if answered {
            let stalled = |since| deadlines.over(now, since, deadlines.write_stall);
            return if self.handed_over.get().is_some_and(stalled) { Verdict::Cut } else { Verdict::Fine };
        }
        let timeout = self.timeout.load(Relaxed);
        if timeout != 0 && deadlines.over(now, self.since.load(Relaxed), timeout) {
            self.overdue.store(turn | RESPONSE, Relaxed);
            return Verdict::Late;
        }
        Verdict::Fine
    }
}

/// How fast the body of a request comes.
///
/// Only the time counts in which somebody waits for it: an app that does something else between two reads is not
/// the client's fault. That time is a debt, which bytes pay off, `body_min_rate` of them a second. A client
/// that owes more than `body_grace` is too slow. So one that always keeps the rate is never cut, however long it
/// takes; and one that was fast can not stall for longer than one that was not.
#[derive(Debug, Default)]
struct Pace {
    /// Since when somebody waits.
    waiting: Since,
    /// For how long somebody waited since the sweeper last came round.
    waited: AtomicU64,
    /// How many bytes came since then.
    came: AtomicU64,
    /// The debt in milliseconds; the sweeper's own.
    owed: AtomicU64,
}

impl Pace {
    fn reset(&self) {
        self.waiting.clear();
        self.waited.store(0, Relaxed);
        self.came.store(0, Relaxed);
        self.owed.store(0, Relaxed);
    }

    fn wait(&self, now: u64) {
        if self.waiting.get().is_none() {
            self.waiting.set(now);
        }
    }

    fn came(&self, now: u64, bytes: u64) {
        if let Some(since) = self.waiting.take() {
            self.waited.fetch_add(now.saturating_sub(since), Relaxed);
        }
        self.came.fetch_add(bytes, Relaxed);
    }

    fn is_too_slow(&self, now: u64, deadlines: &Deadlines) -> bool {
        if deadlines.body_min_rate == 0 {
            return false;
        }
        let waited = self.waited.swap(0, Relaxed);
        let came = self.came.load(Relaxed);
        // What is less than a millisecond's worth is kept for the next round.
        let paid = came.saturating_mul(1000) / deadlines.body_min_rate;
        self.came.fetch_sub((paid.saturating_mul(deadlines.body_min_rate) / 1000).min(came), Relaxed);
        let owed = self.owed.load(Relaxed).saturating_add(waited).saturating_sub(paid);
        self.owed.store(owed, Relaxed);
        self.waiting.get().is_some_and(|since| {
            let owed = owed.saturating_add(now.saturating_sub(since));
            owed > deadlines.body_grace.saturating_add(deadlines.round)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_late_with_one_request_is_not_held_against_the_next() {
        let exchange = Exchange::default();
        assert_eq!(exchange.overdue(), None, "before the first");
        exchange.begin(0, 100, false);
        // The sweeper has looked at the first when it ends and the next begins, and says only now what it saw.
        let late = exchange.turn.load(Relaxed) << KIND_BITS | RESPONSE;
        exchange.overdue.store(late, Relaxed);
        assert_eq!(exchange.overdue(), Some(Overdue::Response));
        exchange.begin(200, 100, false);
        exchange.overdue.store(late, Relaxed);
        assert_eq!(exchange.overdue(), None);
    }
}
