//! [`Exchange`]: one request and its response, as far as time is concerned.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use zzz_core::http::Overdue;

use super::Deadlines;
use super::clock::Since;

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
    overdue: AtomicU8,
    incoming: Pace,
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

const RESPONSE: u8 = 1;
const BODY: u8 = 2;

impl Exchange {
    /// A request came. A timeout of 0 is none.
    pub(super) fn begin(&self, now: u64, timeout: u64, has_body: bool) {
        self.since.store(now, Relaxed);
        self.timeout.store(timeout, Relaxed);
        self.answered.store(false, Relaxed);
        self.overdue.store(0, Relaxed);
        if has_body {
            self.incoming.reset();
        }
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

    /// HTTP/2's machine asks for more of the response.
    #[cfg(feature = "http2")]
    pub(super) fn asked_for_more(&self) {
        self.handed_over.clear();
    }

    pub(super) fn overdue(&self) -> Option<Overdue> {
        match self.overdue.load(Relaxed) {
            0 => None,
            BODY => Some(Overdue::Body),
            _ => Some(Overdue::Response),
        }
    }

    /// Looks at what is late; the sweeper calls it once a round.
    pub(super) fn sweep(&self, now: u64, deadlines: &Deadlines) -> Verdict {
        let answered = self.answered.load(Relaxed);
        if self.incoming.is_too_slow(now, deadlines) {
            if answered {
                return Verdict::Cut;
            }
            self.overdue.store(BODY, Relaxed);
            return Verdict::Late;
        }
        if answered {
            let stalled = |since| deadlines.over(now, since, deadlines.write_stall);
            return if self.handed_over.get().is_some_and(stalled) { Verdict::Cut } else { Verdict::Fine };
        }
        let timeout = self.timeout.load(Relaxed);
        if timeout != 0 && deadlines.over(now, self.since.load(Relaxed), timeout) {
            self.overdue.store(RESPONSE, Relaxed);
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
