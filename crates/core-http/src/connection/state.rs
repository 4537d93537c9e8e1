//! [`ConnectionState`]: what is known of a connection: its phase, since when, and what it is told to do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use zzz_core::http::{Connection, Handover, Overdue, Share, ShutdownSignal};

use super::clock::{CoarseClock, Since};
use super::exchange::{Exchange, Verdict};
#[cfg(feature = "http2")]
use super::http2::Streams;
use super::inbound::{Framing, Inbound};
use super::{Deadlines, Facts, millis};
use crate::budget::{Account, Budget, FREE, Rent};

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
    /// Take less memory, if nothing is in flight.
    Renew,
    /// Answer a head that was begun and not finished in time with 408, then close.
    Refuse,
    /// Answer a head that was begun and takes memory that is needed with 431, then close.
    Decline,
    /// Close now.
    Close,
}

/// How long, in milliseconds from accept, the first byte may take when the server is about to end.
const FIRST_BYTE_AT_THE_END: u64 = 1_000;

/// A piece of a long response is in hyper's buffer.
const PIECE_HANDED_OVER: u8 = 1;
/// It is, and the next one waits for it to leave.
const PIECE_AWAITED: u8 = 2;

/// There is no body, or it was read to its end.
const BODY_READ: u8 = 0;
/// It was not.
const BODY_UNREAD: u8 = 1;
/// And it comes in chunks.
const BODY_CHUNKED: u8 = 2;
/// And nobody will read it any further.
const BODY_LET_GO: u8 = 4;

/// What hyper's buffer has room for from its beginning, beside the head of a response.
const SMALL_PIECE: usize = 6 * 1024;

/// How long, in milliseconds, a connection is idle before it gives back what its buffers have grown to, or its place if
/// somebody waits for one.
pub(crate) const REST: u64 = 1_000;

const FINISH: u8 = 1;
const REFUSE: u8 = 2;
const CLOSE: u8 = 4;
const DECLINE: u8 = 8;
const RENEW: u8 = 16;

/// The state of one connection, shared by its task and the sweeper.
///
/// Only the connection's own task changes the phase; the sweeper reads it and gives orders. Every access is
/// relaxed: the sweeper comes round again, and the waker orders what must be seen.
pub(crate) struct ConnectionState {
    clock: Arc<CoarseClock>,
    budget: Arc<Budget>,
    /// What is kept of handshakes and heads, and over HTTP/2 of bodies that nobody has read.
    pub(super) account: Account,
    /// What of that is within records of TLS, and what is not.
    #[cfg(feature = "tls")]
    sealed: AtomicU64,
    #[cfg(feature = "tls")]
    unsealed: AtomicU64,
    /// Whether hyper's buffers are larger than they were in the beginning.
    has_grown: AtomicBool,
    /// The server's, for responses without an end of their own.
    pub(super) shutdown: ShutdownSignal,
    facts: OnceLock<Facts>,
    phase: AtomicU8,
    since: AtomicU64,
    /// Where heads and bodies end in what comes.
    inbound: Inbound,
    /// Whether a piece of a long response is in hyper's buffer, and whether the next one waits.
    piece: AtomicU8,
    /// What the buffer has grown to for pieces of long responses.
    buffer: Mutex<Share>,
    /// How the body of the last request stands.
    body: AtomicU8,
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
    pub(crate) fn new(clock: Arc<CoarseClock>, budget: Arc<Budget>, shutdown: ShutdownSignal) -> Self {
        let now = clock.now();
        Self {
            clock,
            budget,
            account: Account::default(),
            #[cfg(feature = "tls")]
            sealed: AtomicU64::new(0),
            #[cfg(feature = "tls")]
            unsealed: AtomicU64::new(0),
            has_grown: AtomicBool::new(false),
            shutdown,
            facts: OnceLock::new(),
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(now),
            inbound: Inbound::default(),
            piece: AtomicU8::new(0),
            buffer: Mutex::default(),
            body: AtomicU8::new(BODY_READ),
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

    /// Bytes came from the peer. Whether so much is kept of them, or soon may be, that reading has to be watched. What hyper
    /// would take for chunks, and is none, is made such that it does not.
    #[inline]
    pub(super) fn received(&self, bytes: &mut [u8]) -> bool {
        // By far the most: the next request on a kept connection.
        if self.phase.load(Relaxed) == Phase::Idle as u8 && self.inbound.came_alone(bytes) {
            self.enter(Phase::Head);
            return false;
        }
        self.received_otherwise(bytes)
    }

    #[cold]
    fn received_otherwise(&self, bytes: &mut [u8]) -> bool {
        let phase = self.phase();
        if !matches!(phase, Phase::Silent | Phase::Head | Phase::Busy | Phase::Idle) {
            return false;
        }
        if (phase != Phase::Silent || !self.inbound.came_alone(bytes))
            && let Some(at) = self.inbound.came(bytes)
        {
            // No size and no extension holds an LF.
            bytes[at] = b'\n';
        }
        match phase {
            // The deadline of the first head runs since the connection was accepted.
            Phase::Silent if self.inbound.has_head_begun() => self.phase.store(Phase::Head as u8, Relaxed),
            Phase::Idle if self.inbound.has_head_begun() => self.enter(Phase::Head),
            _ => {}
        }
        let begun = self.inbound.begun_length();
        if begun > FREE {
            self.grew();
            // hyper's buffer doubles as it grows.
            self.keeps(begun.saturating_add(begun / 2));
        }
        self.is_counted() || begun > FREE / 2
    }

    /// How much may be read at once where a head comes, if there is a bound: less than what makes hyper's buffer grow by
    /// more than it has to, and of a head that nobody has counted only what is free when all memory is taken. `Some(0)` if
    /// it has to wait; the connection's task is woken when there is room.
    pub(super) fn read_bound(&self) -> Option<usize> {
        if !self.is_open_to_requests() {
            return None;
        }
        let mut bound = FREE - 1;
        if !self.is_counted() && self.budget.is_exhausted() {
            bound = bound.min(FREE.saturating_sub(self.inbound.begun_length()));
            if bound == 0 {
                self.account.wait(&self.budget);
            }
        }
        Some(bound as usize)
    }

    /// So much is kept of a handshake or a head, or over HTTP/2 of what has come.
    pub(super) fn keeps(&self, bytes: u64) {
        #[cfg(feature = "tls")]
        let bytes = {
            self.unsealed.store(bytes, Relaxed);
            bytes.saturating_add(self.sealed.load(Relaxed))
        };
        self.account.set(&self.budget, bytes, self.clock.now());
    }

    /// So much is kept of what TLS has not given on, besides the rest.
    #[cfg(feature = "tls")]
    pub(super) fn keeps_sealed(&self, bytes: u64) {
        // Of a request at work, the body has an account, and is read when the handler wants it.
        let bytes = if self.is_open_to_requests() { bytes } else { 0 };
        self.sealed.store(bytes, Relaxed);
        self.keeps(self.unsealed.load(Relaxed));
    }

    /// Whether more of a record may be read. If not, the connection's task is woken when it may.
    #[cfg(feature = "tls")]
    pub(super) fn may_keep_more_sealed(&self) -> bool {
        !self.is_open_to_requests() || self.may_keep_more()
    }

    /// As [`may_keep_more_sealed`](Self::may_keep_more_sealed), where nothing is counted yet.
    #[cfg(feature = "tls")]
    pub(super) fn may_keep_first_sealed(&self) -> bool {
        let may = !self.is_open_to_requests() || !self.budget.is_exhausted();
        if !may {
            self.account.wait(&self.budget);
        }
        may
    }

    /// Whether a head of HTTP/1 is what comes next, or goes on. The frames of HTTP/2 are counted as they are seen.
    fn is_open_to_requests(&self) -> bool {
        matches!(self.phase(), Phase::Silent | Phase::Head | Phase::Idle)
    }

    /// Nothing is kept any more.
    fn keeps_nothing(&self) {
        #[cfg(feature = "tls")]
        self.sealed.store(0, Relaxed);
        self.keeps(0);
    }

    /// Whether so much is kept that it counts.
    pub(super) fn is_counted(&self) -> bool {
        self.account.kept() > 0
    }

    /// Whether more may be read. If not, the connection's task is woken when it may.
    pub(super) fn may_keep_more(&self) -> bool {
        #[cfg(feature = "http2")]
        let of_request = self.streams().map_or(0, Streams::most_kept);
        #[cfg(not(feature = "http2"))]
        let of_request = 0;
        self.account.may_grow(&self.budget, of_request, self.clock.now())
    }

    /// Whether more may be read of the body with this account, which comes over this connection.
    pub(super) fn may_keep_more_of(&self, body: &Account) -> bool {
        body.may_grow(&self.budget, self.account.kept(), self.clock.now())
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// A long head was dispatched, which its request keeps.
    #[cold]
    pub(super) fn long_head_began(&self, length: u64) {
        self.grew();
        self.account.set_anew(&self.budget, length, self.clock.now());
    }

    /// hyper's buffers are larger from here than they were in the beginning, as long as the connection is kept.
    pub(super) fn grew(&self) {
        self.has_grown.store(true, Relaxed);
    }

    /// A complete head with so many fields was dispatched. Returns how long it was as it came; `None` if it leaves a
    /// doubt about where its body ends.
    pub(super) fn request_began(&self, fields: usize, body: Framing, timeout: u64) -> Option<u64> {
        self.body.store(
            match body {
                Framing::Empty => BODY_READ,
                Framing::Length(_) => BODY_UNREAD,
                Framing::Chunked => BODY_UNREAD | BODY_CHUNKED,
            },
            Relaxed,
        );
        self.exchange.begin(self.clock.now(), timeout, body != Framing::Empty);
        self.phase.store(Phase::Busy as u8, Relaxed);
        self.inbound.dispatched(fields, body)
    }

    /// Whether the last response has left and nothing of the next request is here.
    pub(super) fn is_at_rest(&self) -> bool {
        self.phase() == Phase::Idle
            && self.inbound.is_empty()
            && self.piece.load(Relaxed) == 0
            && !self.is_write_blocked()
    }

    /// The body of the request in flight has come as a whole.
    pub(super) fn request_body_ended(&self) {
        self.body.store(BODY_READ, Relaxed);
    }

    /// Nobody will read the request's body any further.
    pub(super) fn request_body_let_go(&self) {
        let body = self.body.load(Relaxed);
        if body != BODY_READ {
            self.body.store(body | BODY_LET_GO, Relaxed);
        }
    }

    /// Whether the request has a body that was not read to its end.
    #[inline(always)]
    pub(super) fn has_unread_body(&self) -> bool {
        self.body.load(Relaxed) != BODY_READ
    }

    /// Whether the rest of the request's body stands between this request and the next, since nobody reads it. hyper passes
    /// over what it has of it and closes the connection if that is not all; of chunks it passes over one.
    pub(super) fn is_blocked_by_body(&self) -> bool {
        let body = self.body.load(Relaxed);
        body & BODY_LET_GO != 0 && (body & BODY_CHUNKED != 0 || self.inbound.is_body_coming())
    }

    /// Whether a handler is at work that has all it wants of the peer for now: who waits for a body hears of its end.
    pub(super) fn awaits_nothing_from_peer(&self) -> bool {
        self.phase.load(Relaxed) == Phase::Busy as u8 && !self.exchange.is_body_awaited()
    }

    /// A piece of a long response goes into hyper's buffer: as long as this, or shorter if many connections have large
    /// buffers. Returns its length.
    pub(super) fn piece_handed_over(&self, wanted: usize) -> usize {
        self.piece.store(PIECE_HANDED_OVER, Relaxed);
        if wanted <= SMALL_PIECE {
            return wanted;
        }
        self.grew();
        // TLS keeps its records beside it.
        let copies = if self.is_secure() { 2 } else { 1 };
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.grow(wanted * copies, SMALL_PIECE * copies);
        wanted.min(buffer.size() / copies)
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
            self.keeps_nothing();
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

    /// The peer is not listened to any more.
    #[cfg(feature = "http2")]
    pub(super) fn gives_up_on_peer(&self) {
        if let Some(streams) = self.streams() {
            streams.give_up(self.clock.now());
        }
    }

    /// The streams of HTTP/2; `None` on HTTP/1.
    #[cfg(feature = "http2")]
    pub(super) fn streams(&self) -> Option<&Streams> {
        self.streams.get().map(|streams| &**streams)
    }

    /// Whether the peer may be sending still what nobody will read: the rest of a body, or of a head that was
    /// refused. Asked when the connection is about to close.
    pub(super) fn peer_may_be_sending(&self) -> bool {
        self.has_unread_body() || !matches!(self.phase(), Phase::Idle | Phase::Upgraded)
    }

    /// The last answer was sent. The order to close that may have led here is carried out.
    pub(super) fn lingers(&self) {
        self.enter(Phase::Lingering);
        self.orders.fetch_and(!(CLOSE | REFUSE | DECLINE), Relaxed);
        self.keeps_nothing();
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
        self.keeps_nothing();
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
            orders if orders & DECLINE != 0 => Order::Decline,
            // It was let in; its first request may be on its way.
            _ if self.phase() == Phase::Silent => Order::None,
            orders if orders & FINISH != 0 => Order::Finish,
            _ => Order::Renew,
        }
    }

    /// The order to take less memory was carried out, or came too late.
    pub(super) fn renewed(&self) {
        self.orders.fetch_and(!RENEW, Relaxed);
    }

    /// hyper's buffers are as they were in the beginning.
    pub(super) fn has_shrunk(&self) {
        *self.buffer.lock().unwrap_or_else(PoisonError::into_inner) = Share::default();
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

    /// Whether each response is to be the last: the connection was told to finish, or will be at once since the server
    /// stops.
    pub(super) fn is_ending(&self) -> bool {
        self.is_finishing() || self.shutdown.has_begun()
    }

    /// Since when the connection is kept without a request, if it is, and was not told to finish.
    pub(crate) fn idle_since(&self) -> Option<u64> {
        match self.phase() {
            _ if self.is_finishing() => None,
            Phase::Idle => Some(self.since.load(Relaxed)),
            #[cfg(feature = "http2")]
            Phase::Http2 => self.streams().and_then(Streams::idle_since),
            _ => None,
        }
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
            Phase::Idle => {
                if self.is_counted() {
                    // The last request's.
                    self.keeps(0);
                }
                if deadlines.over(now, since, REST) && self.has_grown.swap(false, Relaxed) {
                    self.give(RENEW);
                }
            }
            Phase::Lingering if deadlines.over(now, since, deadlines.linger) => self.close(),
            Phase::Busy => match self.exchange.sweep(now, deadlines) {
                Verdict::Fine => {
                    if self.is_counted() && self.exchange.began_after(self.account.since()) {
                        // An earlier request's.
                        self.keeps_nothing();
                    }
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
                    if self.is_counted() {
                        // Of several who count at once, the last one to tell may not have counted last.
                        streams.count(self);
                    }
                    match streams.sweep(now, deadlines, self.is_finishing()) {
                        Order::Finish => self.finish(),
                        Order::Close => self.close(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// What the sweeper does when the memory for clients is used up.
impl ConnectionState {
    /// What could be given up here, and what that would free.
    pub(crate) fn rents(&self, now: u64, add: &mut dyn FnMut(Rent)) {
        match self.phase() {
            Phase::Silent | Phase::Head | Phase::Idle => {
                self.account.rent(now).into_iter().for_each(add);
            }
            Phase::Busy => self.exchange.account.rent(now).into_iter().for_each(add),
            #[cfg(feature = "http2")]
            Phase::Http2 => {
                self.account.rent(now).into_iter().for_each(&mut *add);
                self.streams().into_iter().for_each(|streams| streams.rents(now, add));
            }
            _ => {}
        }
    }

    /// Gives up what costs as much as this line, or more; how many that are.
    pub(crate) fn give_up_beyond(&self, line: u128, now: u64) -> usize {
        match self.phase() {
            Phase::Silent | Phase::Idle if self.account.is_beyond(line, now) => self.close(),
            Phase::Head if self.account.is_beyond(line, now) => self.give(DECLINE),
            Phase::Busy if self.exchange.account.is_beyond(line, now) => {
                // The answer is to be the last: what is left of the body may be coming still.
                self.finish();
                self.exchange.account.give_up();
            }
            // The machine reads nothing as long as there is something to write.
            #[cfg(feature = "http2")]
            Phase::Http2 if self.account.is_beyond(line, now) && self.is_write_blocked() => self.close(),
            #[cfg(feature = "http2")]
            Phase::Http2 if self.account.is_beyond(line, now) => {
                self.account.give_up();
                self.wake();
            }
            #[cfg(feature = "http2")]
            Phase::Http2 => {
                return self.streams().map_or(0, |streams| streams.give_up_beyond(line, now));
            }
            _ => return 0,
        }
        1
    }

    /// Has whoever waits for room look again.
    pub(crate) fn look_for_room(&self) {
        if self.account.take_waiting() {
            self.wake();
        }
        self.exchange.account.take_waiting();
        #[cfg(feature = "http2")]
        if let Some(streams) = self.streams() {
            streams.look_for_room();
        }
    }
}

impl Drop for ConnectionState {
    fn drop(&mut self) {
        // Streams may have counted after the connection's end.
        self.account.close(&self.budget);
    }
}

impl std::fmt::Debug for ConnectionState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionState").field("phase", &self.phase()).finish_non_exhaustive()
    }
}

impl Connection for ConnectionState {
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.facts().and_then(|facts| facts.peer)
    }

    fn proxy_addr(&self) -> Option<SocketAddr> {
        self.facts().and_then(|facts| facts.proxy)
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.facts().and_then(|facts| facts.local)
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
