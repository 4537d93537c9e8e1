//! [`ConnectionState`]: what is known of a connection: its phase, since when, and what it is told to do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;
use std::time::Duration;

use zzz_core::http::{Connection, Handover, Overdue, ShutdownSignal};

use super::clock::{CoarseClock, Since};
use super::exchange::{Exchange, Verdict};
#[cfg(feature = "http2")]
use super::http2::Streams;
use super::inbound::{Framing, Inbound};
use super::{Deadlines, Facts, millis};

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
    /// It speaks HTTP/2: what that waits for is known by its [`Streams`].
    #[cfg(feature = "http2")]
    Http2,
    /// It was handed over to another protocol, which has deadlines of its own.
    Upgraded,
    /// The last answer was sent; what the peer still sends is read and forgotten.
    Lingering,
    /// Gone.
    Closed,
}

const PHASES: &[Phase] = &[
    Phase::Silent,
    Phase::Head,
    Phase::Busy,
    Phase::Idle,
    #[cfg(feature = "http2")]
    Phase::Http2,
    Phase::Upgraded,
    Phase::Lingering,
    Phase::Closed,
];

/// What a connection is told to do at its next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing.
    None,
    /// Finish the request in flight, then close.
    Finish,
    /// Answer a head that was begun and not finished in time with 408, then close.
    Refuse,
    /// Close now.
    Close,
}

/// How long, in milliseconds from accept, the first byte may take when the server is about to end.
const FIRST_BYTE_AT_THE_END: u64 = 1_000;

/// A piece of a long response is in hyper's buffer.
const PIECE_HANDED_OVER: u8 = 1;
/// It is, and the next one waits for it to leave.
const PIECE_AWAITED: u8 = 2;

const FINISH: u8 = 1;
const REFUSE: u8 = 2;
const CLOSE: u8 = 4;

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
    /// Where heads and bodies end in what comes.
    inbound: Inbound,
    /// Whether a piece of a long response is in hyper's buffer, and whether the next one waits.
    piece: AtomicU8,
    /// Whether the body of the last request has not come as a whole.
    body_owed: AtomicBool,
    /// Whether the peer has sent more than is read while a handler is at work, so that its end would not be seen.
    ahead: AtomicBool,
    /// Since when there is something to write and the peer takes nothing.
    blocked: Since,
    /// The request in flight, on HTTP/1.
    pub(super) exchange: Exchange,
    #[cfg(feature = "http2")]
    preface: AtomicBool,
    #[cfg(feature = "http2")]
    streams: OnceLock<Box<Streams>>,
    /// What goes on with the connection after an upgrade.
    handover: Mutex<Option<Handover>>,
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
            inbound: Inbound::default(),
            piece: AtomicU8::new(0),
            body_owed: AtomicBool::new(false),
            ahead: AtomicBool::new(false),
            blocked: Since::default(),
            exchange: Exchange::default(),
            #[cfg(feature = "http2")]
            preface: AtomicBool::new(false),
            #[cfg(feature = "http2")]
            streams: OnceLock::new(),
            handover: Mutex::new(None),
            orders: AtomicU8::new(0),
            waker: Mutex::new(None),
        }
    }

    /// The connection is open: a PROXY header was read and hands were shaken, where that had to be.
    pub(super) fn opened(&self, facts: Facts) {
        let _ = self.facts.set(facts);
    }

    pub(super) fn facts(&self) -> Option<&Facts> {
        self.facts.get()
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    fn phase(&self) -> Phase {
        PHASES.get(usize::from(self.phase.load(Relaxed))).copied().unwrap_or(Phase::Closed)
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(self.clock.now(), Relaxed);
    }

    /// Bytes came from the peer.
    pub(super) fn received(&self, bytes: &[u8]) {
        // By far the most: the next request on a kept connection.
        if self.phase.load(Relaxed) == Phase::Idle as u8 && self.inbound.came_alone(bytes) {
            self.enter(Phase::Head);
        } else {
            self.received_otherwise(bytes);
        }
    }

    #[cold]
    fn received_otherwise(&self, bytes: &[u8]) {
        let phase = self.phase();
        if !matches!(phase, Phase::Silent | Phase::Head | Phase::Busy | Phase::Idle) {
            return;
        }
        if phase != Phase::Silent || !self.inbound.came_alone(bytes) {
            self.inbound.came(bytes);
        }
        match phase {
            // The deadline of the first head runs since the connection was accepted.
            Phase::Silent if self.inbound.has_head_begun() => self.phase.store(Phase::Head as u8, Relaxed),
            Phase::Idle if self.inbound.has_head_begun() => self.enter(Phase::Head),
            _ => {}
        }
    }

    /// A complete head with so many fields was dispatched. Returns how long it was as it came; `None` if it leaves a
    /// doubt about where its body ends.
    pub(super) fn request_began(&self, fields: usize, body: Framing, timeout: u64) -> Option<u64> {
        let has_body = body != Framing::Empty;
        self.body_owed.store(has_body, Relaxed);
        self.exchange.begin(self.clock.now(), timeout, has_body);
        self.phase.store(Phase::Busy as u8, Relaxed);
        self.inbound.dispatched(fields, body)
    }

    /// The body of the request in flight has come as a whole.
    pub(super) fn request_body_ended(&self) {
        self.body_owed.store(false, Relaxed);
    }

    /// Whether a handler is at work that has all it wants of the peer for now: who waits for a body hears of its end.
    pub(super) fn awaits_nothing_from_peer(&self) -> bool {
        self.phase.load(Relaxed) == Phase::Busy as u8 && !self.exchange.is_body_awaited()
    }

    /// A piece of a long response is in hyper's buffer.
    pub(super) fn piece_handed_over(&self) {
        self.piece.store(PIECE_HANDED_OVER, Relaxed);
    }

    /// Whether no piece is in hyper's buffer any more. If one is, the connection's task is woken when it has left.
    pub(super) fn has_piece_left(&self) -> bool {
        if self.piece.load(Relaxed) == 0 {
            return true;
        }
        self.piece.store(PIECE_AWAITED, Relaxed);
        false
    }

    /// hyper's buffer is empty; whether somebody waits for that.
    #[inline]
    pub(super) fn piece_left(&self) -> bool {
        self.piece.load(Relaxed) != 0 && self.piece.swap(0, Relaxed) == PIECE_AWAITED
    }

    /// The response was handed over as a whole.
    pub(super) fn response_ended(&self) {
        if self.phase.load(Relaxed) == Phase::Busy as u8 {
            self.enter(if self.inbound.has_head_begun() { Phase::Head } else { Phase::Idle });
        }
    }

    /// The response is an upgrade: this goes on with the connection when it was sent.
    pub(super) fn hand_over_to(&self, next: Handover) {
        if let Ok(mut handover) = self.handover.lock() {
            *handover = Some(next);
        }
    }

    /// What goes on with the connection, if it was upgraded. It has no deadlines of HTTP from here.
    pub(super) fn take_handover(&self) -> Option<Handover> {
        let next = self.handover.lock().ok()?.take();
        if next.is_some() {
            self.enter(Phase::Upgraded);
            self.inbound.lose();
        }
        next
    }

    /// The beginning of a head came, and is held back until it is known what the connection speaks.
    #[cfg(feature = "http2")]
    pub(super) fn head_is_held_back(&self) {
        self.phase.store(Phase::Head as u8, Relaxed);
    }

    /// The first bytes were the preface of HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) fn preface_came(&self) {
        self.preface.store(true, Relaxed);
    }

    /// Whether the first bytes were the preface of HTTP/2, and nobody has acted on it.
    #[cfg(feature = "http2")]
    pub(super) fn is_preface_here(&self) -> bool {
        self.preface.load(Relaxed)
    }

    /// The connection speaks HTTP/2 from here.
    #[cfg(feature = "http2")]
    pub(super) fn speaks_http2(&self, max_streams: usize) {
        let _ = self.streams.set(Box::new(Streams::new(self.since.load(Relaxed), max_streams)));
        self.enter(Phase::Http2);
    }

    /// The streams of HTTP/2; `None` on HTTP/1.
    #[cfg(feature = "http2")]
    pub(super) fn streams(&self) -> Option<&Streams> {
        self.streams.get().map(|streams| &**streams)
    }

    /// Whether the peer may be sending still what nobody will read: the rest of a body, or of a head that was
    /// refused. Asked when the connection is about to close.
    pub(super) fn peer_may_be_sending(&self) -> bool {
        self.body_owed.load(Relaxed) || !matches!(self.phase(), Phase::Idle | Phase::Upgraded)
    }

    /// The last answer was sent. The order to close that may have led here is carried out.
    pub(super) fn lingers(&self) {
        self.enter(Phase::Lingering);
        self.orders.fetch_and(!(CLOSE | REFUSE), Relaxed);
    }

    /// The peer has sent more than is read while a handler is at work: have a look again.
    pub(super) fn peer_is_ahead(&self) {
        self.ahead.store(true, Relaxed);
    }

    /// There is something to write and the peer takes nothing.
    pub(super) fn write_blocked(&self) {
        self.blocked.set(self.clock.now());
    }

    /// The peer takes again what is written.
    pub(super) fn write_flows(&self) {
        self.blocked.clear();
    }

    pub(super) fn is_write_blocked(&self) -> bool {
        self.blocked.get().is_some()
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

    pub(super) fn wake(&self) {
        if let Ok(waker) = self.waker.lock()
            && let Some(waker) = &*waker
        {
            waker.wake_by_ref();
        }
    }

    pub(super) fn order(&self) -> Order {
        match self.orders.load(Relaxed) {
            0 => Order::None,
            orders if orders & CLOSE != 0 => Order::Close,
            orders if orders & REFUSE != 0 => Order::Refuse,
            // It was let in; its first request may be on its way.
            _ if self.phase() == Phase::Silent => Order::None,
            _ => Order::Finish,
        }
    }

    fn give(&self, order: u8) {
        self.orders.fetch_or(order, Relaxed);
        self.wake();
    }

    /// Tells the connection to finish what is in flight and close.
    pub(crate) fn finish(&self) {
        self.give(FINISH);
    }

    /// Whether the connection was told to finish.
    pub(super) fn is_finishing(&self) -> bool {
        self.orders.load(Relaxed) & FINISH != 0
    }

    /// Tells the connection to close now.
    pub(crate) fn close(&self) {
        self.give(CLOSE);
    }

    /// Holds the connection to its deadlines; the sweeper calls it once a round.
    pub(crate) fn sweep(&self, now: u64, deadlines: &Deadlines) {
        let since = self.since.load(Relaxed);
        if self.blocked.get().is_some_and(|since| deadlines.over(now, since, deadlines.write_stall)) {
            return self.close();
        }
        match self.phase() {
            Phase::Silent if deadlines.over(now, since, deadlines.header) => self.close(),
            Phase::Silent if self.is_finishing() && deadlines.over(now, since, FIRST_BYTE_AT_THE_END) => {
                self.close();
            }
            Phase::Head if deadlines.over(now, since, deadlines.header) => self.give(REFUSE),
            Phase::Idle if deadlines.over(now, since, deadlines.keep_alive) => self.close(),
            Phase::Lingering if deadlines.over(now, since, deadlines.linger) => self.close(),
            Phase::Busy => match self.exchange.sweep(now, deadlines) {
                Verdict::Fine => {
                    if self.ahead.swap(false, Relaxed) {
                        self.wake();
                    }
                }
                Verdict::Late => self.wake(),
                Verdict::Cut => self.close(),
            },
            #[cfg(feature = "http2")]
            Phase::Http2 => {
                if let Some(streams) = self.streams() {
                    match streams.sweep(now, deadlines, self.is_finishing()) {
                        Order::None | Order::Refuse => {}
                        Order::Finish => self.finish(),
                        Order::Close => self.close(),
                    }
                }
            }
            _ => {}
        }
    }
}

impl Connection for ConnectionState {
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.facts().and_then(|facts| facts.peer)
    }

    fn proxy_addr(&self) -> Option<SocketAddr> {
        self.facts().and_then(|facts| facts.proxy)
    }

    fn is_secure(&self) -> bool {
        self.facts().is_some_and(|facts| facts.secure)
    }

    fn client_certificate(&self) -> Option<&[u8]> {
        self.facts.get().and_then(|facts| facts.client_certificate.as_deref())
    }

    fn set_request_timeout(&self, timeout: Duration) {
        self.exchange.set_timeout(millis(timeout));
    }

    fn overdue(&self) -> Option<Overdue> {
        self.exchange.overdue()
    }
}

#[cfg(test)]
mod tests;
