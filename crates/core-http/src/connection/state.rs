//! What is known of a connection: its phase, since when, and what it is told to do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;
use std::time::{Duration, Instant};

use zzz_core::http::{Connection, ShutdownSignal};

use super::Facts;
use crate::config::HttpConfig;

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

    pub(crate) fn now(&self) -> u64 {
        self.millis.load(Relaxed)
    }

    pub(crate) fn advance(&self) -> u64 {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(now, Relaxed);
        now
    }
}

/// Where a connection stands. Every phase but the handler's own waits on the peer and has a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// Accepted; nothing has come.
    Silent,
    /// A part of a head has come.
    Head,
    /// A handler is at work, or its response is being written.
    Busy,
    /// Kept; nothing of the next request has come.
    Idle,
    /// Gone.
    Closed,
}

const PHASES: [Phase; 5] = [Phase::Silent, Phase::Head, Phase::Busy, Phase::Idle, Phase::Closed];

/// What a connection is told to do at its next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing.
    None,
    /// Finish the request in flight, then close.
    Finish,
    /// Close now.
    Close {
        /// Whether a part of a head has come, which is answered with 408.
        in_head: bool,
    },
}

const FINISH: u8 = 1;
const CLOSE: u8 = 2;
const CLOSE_IN_HEAD: u8 = 4;

/// The deadlines of connections, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub(crate) header: u64,
    pub(crate) keep_alive: u64,
    /// The time between two rounds of the sweeper.
    pub(crate) round: u64,
}

impl Deadlines {
    pub(crate) fn new(config: &HttpConfig) -> Self {
        let (header, keep_alive) = (millis(config.header_timeout), millis(config.keep_alive_timeout));
        let shortest = header.min(keep_alive).min(millis(config.request_timeout));
        Self { header, keep_alive, round: (shortest / 8).clamp(5, 250) }
    }
}

/// The state of one connection, shared by its task and the sweeper.
///
/// Only the connection's own task changes the phase; the sweeper reads it and gives orders. Every access is
/// relaxed: the sweeper comes round again, and the waker orders what must be seen.
pub(crate) struct ConnectionState {
    clock: Arc<CoarseClock>,
    /// The server's, for responses without an end of their own.
    pub(super) shutdown: ShutdownSignal,
    facts: OnceLock<Facts>,
    phase: AtomicU8,
    since: AtomicU64,
    /// How many bytes came since the last head was dispatched.
    received: AtomicU64,
    /// Whether bytes of the next head came while a request was in flight.
    early: AtomicBool,
    /// Whether the bytes that came last ended a head, so that nothing of a next one came with it.
    at_end_of_head: AtomicBool,
    /// When the request in flight came.
    request_since: AtomicU64,
    /// How long it may take until its response begins; 0 for no bound.
    request_timeout: AtomicU64,
    request_timed_out: AtomicBool,
    orders: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

impl ConnectionState {
    pub(crate) fn new(clock: Arc<CoarseClock>, shutdown: ShutdownSignal) -> Self {
        let now = clock.now();
        Self {
            clock,
            shutdown,
            facts: OnceLock::new(),
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(now),
            received: AtomicU64::new(0),
            early: AtomicBool::new(false),
            at_end_of_head: AtomicBool::new(false),
            request_since: AtomicU64::new(0),
            request_timeout: AtomicU64::new(0),
            request_timed_out: AtomicBool::new(false),
            orders: AtomicU8::new(0),
            waker: Mutex::new(None),
        }
    }

    /// The connection is open: a PROXY header was read and hands were shaken, where that had to be.
    pub(super) fn opened(&self, facts: Facts) {
        let _ = self.facts.set(facts);
    }

    fn phase(&self) -> Phase {
        PHASES[usize::from(self.phase.load(Relaxed)).min(PHASES.len() - 1)]
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(self.clock.now(), Relaxed);
    }

    /// Bytes came from the peer.
    pub(super) fn received(&self, bytes: &[u8]) {
        match self.phase() {
            // The deadline of the first head runs since the connection was accepted.
            Phase::Silent => self.phase.store(Phase::Head as u8, Relaxed),
            Phase::Idle => self.enter(Phase::Head),
            Phase::Busy => self.early.store(true, Relaxed),
            Phase::Head | Phase::Closed => {}
        }
        self.received.store(self.received.load(Relaxed).saturating_add(bytes.len() as u64), Relaxed);
        self.at_end_of_head.store(bytes.ends_with(b"\n\r\n"), Relaxed);
    }

    /// A complete head was dispatched. Returns how many bytes came for it, which is as long as the head can be;
    /// a part of the body may be among them.
    pub(super) fn request_began(&self, has_body: bool, timeout: u64) -> u64 {
        self.early.store(!has_body && !self.at_end_of_head.load(Relaxed), Relaxed);
        self.request_timed_out.store(false, Relaxed);
        self.request_timeout.store(timeout, Relaxed);
        self.request_since.store(self.clock.now(), Relaxed);
        self.phase.store(Phase::Busy as u8, Relaxed);
        self.received.swap(0, Relaxed)
    }

    /// The body of the request in flight has come as a whole: what comes now is the next head.
    pub(super) fn request_body_ended(&self) {
        self.early.store(false, Relaxed);
    }

    /// The handler has answered; a stream may take its time from here.
    pub(super) fn response_began(&self) {
        self.request_timeout.store(0, Relaxed);
    }

    /// The response was handed over as a whole.
    pub(super) fn response_ended(&self) {
        if self.phase() == Phase::Busy {
            self.enter(if self.early.load(Relaxed) { Phase::Head } else { Phase::Idle });
        }
    }

    pub(super) fn closed(&self) {
        self.phase.store(Phase::Closed as u8, Relaxed);
        if let Ok(mut waker) = self.waker.lock() {
            waker.take();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase() == Phase::Closed
    }

    /// A task has one waker for all its life, so it is noted once.
    pub(super) fn set_waker(&self, new: Waker) {
        if let Ok(mut waker) = self.waker.lock() {
            *waker = Some(new);
        }
    }

    fn wake(&self) {
        if let Ok(waker) = self.waker.lock()
            && let Some(waker) = &*waker
        {
            waker.wake_by_ref();
        }
    }

    pub(super) fn order(&self) -> Order {
        match self.orders.load(Relaxed) {
            0 => Order::None,
            orders if orders & CLOSE != 0 => Order::Close { in_head: orders & CLOSE_IN_HEAD != 0 },
            _ => Order::Finish,
        }
    }

    /// Tells the connection to finish what is in flight and close.
    pub(crate) fn finish(&self) {
        self.orders.fetch_or(FINISH, Relaxed);
        self.wake();
    }

    /// Tells the connection to close now.
    pub(crate) fn close(&self) {
        self.orders.fetch_or(CLOSE, Relaxed);
        self.wake();
    }

    /// Holds the connection to its deadlines; the sweeper calls it once a round.
    pub(crate) fn sweep(&self, now: u64, deadlines: &Deadlines) {
        let over = |since: u64, limit: u64| now.saturating_sub(since) > limit.saturating_add(deadlines.round);
        let since = self.since.load(Relaxed);
        let phase = self.phase();
        match phase {
            Phase::Silent | Phase::Head if over(since, deadlines.header) => {
                let in_head = if phase == Phase::Head { CLOSE_IN_HEAD } else { 0 };
                self.orders.fetch_or(CLOSE | in_head, Relaxed);
                self.wake();
            }
            Phase::Idle if over(since, deadlines.keep_alive) => self.close(),
            Phase::Busy => {
                let timeout = self.request_timeout.load(Relaxed);
                if timeout != 0 && over(self.request_since.load(Relaxed), timeout) {
                    self.request_timed_out.store(true, Relaxed);
                    self.wake();
                }
            }
            _ => {}
        }
    }
}

impl Connection for ConnectionState {
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.facts.get().and_then(|facts| facts.peer)
    }

    fn is_secure(&self) -> bool {
        self.facts.get().is_some_and(|facts| facts.secure)
    }

    fn set_request_timeout(&self, timeout: Duration) {
        self.request_timeout.store(millis(timeout), Relaxed);
    }

    fn is_timed_out(&self) -> bool {
        self.request_timed_out.load(Relaxed)
    }
}

/// A duration in whole milliseconds, at least one.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines = Deadlines { header: 100, keep_alive: 500, round: 10 };

    fn state() -> ConnectionState {
        ConnectionState::new(Arc::new(CoarseClock::new()), ShutdownSignal::new())
    }

    /// What the sweeper orders after `after` milliseconds of silence.
    fn order_after(state: &ConnectionState, after: u64) -> Order {
        state.sweep(after, &DEADLINES);
        state.order()
    }

    #[test]
    fn each_phase_has_its_deadline() {
        type Steps = fn(&ConnectionState);
        let silent: Steps = |_| {};
        let head: Steps = |state| state.received(b"GET / HT");
        let busy: Steps = |state| {
            state.received(b"GET / HTTP/1.1\r\n\r\n");
            let _ = state.request_began(false, 0);
        };
        let idle: Steps = |state| {
            state.received(b"GET / HTTP/1.1\r\n\r\n");
            let _ = state.request_began(false, 0);
            state.response_ended();
        };
        let next_head_came_with_the_first: Steps = |state| {
            state.received(b"GET / HTTP/1.1\r\n\r\nGET /nex");
            let _ = state.request_began(false, 0);
            state.response_ended();
        };
        let next_head_came_while_busy: Steps = |state| {
            state.received(b"GET / HTTP/1.1\r\n\r\n");
            let _ = state.request_began(false, 0);
            state.received(b"GET /nex");
            state.response_ended();
        };
        let idle_after_a_body: Steps = |state| {
            state.received(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n");
            let _ = state.request_began(true, 0);
            state.received(b"12345");
            state.request_body_ended();
            state.response_ended();
        };
        let cut = |in_head| Order::Close { in_head };
        for (name, steps, deadline, order) in [
            ("silent", silent, 100, cut(false)),
            ("head", head, 100, cut(true)),
            ("busy", busy, u64::MAX - 1, Order::None),
            ("idle", idle, 500, cut(false)),
            ("next head came with the first", next_head_came_with_the_first, 100, cut(true)),
            ("next head came while busy", next_head_came_while_busy, 100, cut(true)),
            ("idle after a body", idle_after_a_body, 500, cut(false)),
        ] {
            let state = state();
            steps(&state);
            if order != Order::None {
                assert_eq!(order_after(&state, deadline), Order::None, "{name}: too early");
            }
            assert_eq!(order_after(&state, deadline.saturating_add(11)), order, "{name}");
        }
    }

    #[test]
    fn a_request_has_its_time_until_its_response_begins() {
        let state = state();
        let _ = state.request_began(false, 50);
        state.sweep(60, &DEADLINES);
        assert!(!state.is_timed_out());
        state.sweep(61, &DEADLINES);
        assert!(state.is_timed_out());

        let _ = state.request_began(false, 50);
        assert!(!state.is_timed_out(), "the next request begins anew");
        state.response_began();
        state.sweep(10_000, &DEADLINES);
        assert!(!state.is_timed_out(), "a stream may take its time");
    }
}
