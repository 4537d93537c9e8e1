//! [`Streams`] and [`StreamState`]: what is known of a connection of HTTP/2 and of each stream in flight.

use std::net::SocketAddr;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::AbortHandle;
use zzz_core::http::{Connection, Overdue, Share};

use super::STREAM_WINDOW;
use crate::budget::{FREE, Rent};
use crate::connection::clock::Since;
use crate::connection::exchange::{Exchange, Verdict};
use crate::connection::state::Order;
use crate::connection::{ConnectionState, Deadlines, millis};

/// What a head may have at most in decoded values without being counted.
const EVERYDAY: u64 = 2 * 1024;

/// How much of responses' bodies may be in the machine before each stream has to wait until its last piece has left.
const SEND_AHEAD: usize = 64 * 1024;

/// What a header block may take that is not complete: of fields with short names and values, which the peer names with
/// a byte each, the machine keeps four times as much as `max_head_size` allows.
const BLOCK: u64 = 256 * 1024;

/// The streams of a connection, and what it waits for when there are none.
pub(crate) struct Streams {
    max: usize,
    open: Mutex<Open>,
    /// Since when there is no stream: since the connection was accepted, or since the last one ended.
    idle: Since,
    /// Whether a request has come at all. The deadline of the first head runs since the connection was accepted.
    began: AtomicBool,
    /// Since when the head of a request is coming.
    head: Since,
    /// Since when the peer is known to have been told to leave.
    told: Since,
    /// Since when the peer is not listened to any more.
    given_up: Since,
    /// What the heads of requests in flight take, of those that are longer than most.
    heads: AtomicU64,
    /// How many request bodies somebody may read still.
    bodies: AtomicU64,
    /// What came of bodies and was not read.
    unread: AtomicU64,
    /// Whether a header block is coming that the machine has begun to decode.
    in_block: AtomicBool,
    /// How much of the bodies of responses is in the machine, and waits for the peer.
    sending: AtomicUsize,
    /// How many pieces of them have left, since that was asked last.
    sent: AtomicU32,
}

/// Streams in places that are used again.
#[derive(Default)]
struct Open {
    places: Vec<Option<Arc<StreamState>>>,
    free: Vec<usize>,
    /// The stream that was begun last, until its task is known.
    begun: Option<Arc<StreamState>>,
}

impl Streams {
    pub(crate) fn new(accepted: u64, max: usize) -> Self {
        let idle = Since::default();
        idle.set(accepted);
        Self {
            max,
            open: Mutex::default(),
            idle,
            began: AtomicBool::new(false),
            head: Since::default(),
            told: Since::default(),
            given_up: Since::default(),
            heads: AtomicU64::new(0),
            bodies: AtomicU64::new(0),
            unread: AtomicU64::new(0),
            in_block: AtomicBool::new(false),
            sending: AtomicUsize::new(0),
            sent: AtomicU32::new(0),
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came. `None` if as many are in flight as may be: a client that resets streams may open new ones
    /// before the handlers of the old have noticed.
    pub(in crate::connection) fn begin(
        &self,
        connection: &Arc<ConnectionState>,
        timeout: u64,
        has_body: bool,
        head: u64,
    ) -> Option<Arc<StreamState>> {
        let mut open = self.open();
        let place = match open.free.pop() {
            Some(place) => place,
            None if open.places.len() < self.max => {
                open.places.push(None);
                open.places.len() - 1
            }
            None => return None,
        };
        let stream = Arc::new(StreamState {
            connection: Arc::clone(connection),
            exchange: Exchange::default(),
            place,
            head: if head > EVERYDAY { head } else { 0 },
            pieces: AtomicUsize::new(0),
            wants_room: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            waker: Mutex::new(None),
            task: OnceLock::new(),
        });
        stream.exchange.begin(connection.now(), timeout, has_body);
        open.places[place] = Some(Arc::clone(&stream));
        open.begun = Some(Arc::clone(&stream));
        self.began.store(true, Relaxed);
        self.idle.clear();
        drop(open);
        if stream.head > 0 {
            self.heads.fetch_add(stream.head, Relaxed);
            self.count(connection);
        }
        Some(stream)
    }

    /// Tells the connection's account what is kept.
    pub(in crate::connection) fn count(&self, connection: &ConnectionState) {
        // What came for a body that nobody reads is let go of by the machine, and more than this it never has.
        let most = self.bodies.load(Relaxed).max(1).saturating_mul(u64::from(STREAM_WINDOW));
        let block = if self.in_block.load(Relaxed) { BLOCK } else { 0 };
        let unread = self.unread.load(Relaxed).min(most);
        // What is unread lies in buffers that are full by two thirds.
        let kept = self.heads.load(Relaxed) + unread + unread / 2 + block;
        if kept > FREE || connection.is_counted() {
            connection.keeps(kept);
        }
    }

    /// How many pieces of responses have left since this was asked last.
    pub(in crate::connection) fn take_sent(&self) -> u32 {
        self.sent.swap(0, Relaxed)
    }

    /// Whether there is memory for a header block that goes on in further frames.
    pub(in crate::connection) fn has_room_for_block(&self, connection: &ConnectionState) -> bool {
        !connection.budget().is_used_up()
    }

    /// So many bytes of bodies came, and a header block is complete or goes on.
    pub(in crate::connection) fn data_came(&self, connection: &ConnectionState, bytes: u64, in_block: bool) {
        if bytes > 0 || in_block != self.in_block.load(Relaxed) {
            self.in_block.store(in_block, Relaxed);
            self.unread.fetch_add(bytes, Relaxed);
            self.count(connection);
        }
    }

    /// So many bytes of a body were read.
    fn data_taken(&self, connection: &ConnectionState, bytes: u64) {
        let less = |unread: u64| Some(unread.saturating_sub(bytes));
        let _ = self.unread.fetch_update(Relaxed, Relaxed, less);
        self.count(connection);
    }

    fn body_begins(&self) {
        self.bodies.fetch_add(1, Relaxed);
    }

    /// Nobody reads a body any more, or it has ended.
    fn body_ends(&self, connection: &ConnectionState) {
        if self.bodies.fetch_sub(1, Relaxed) == 1 {
            self.unread.store(0, Relaxed);
        }
        self.count(connection);
    }

    /// What is kept of the body of which the most is kept.
    pub(in crate::connection) fn most_kept(&self) -> u64 {
        let open = self.open();
        open.places.iter().flatten().map(|stream| stream.exchange.account.kept()).max().unwrap_or(0)
    }

    /// What could be given up of each stream.
    pub(in crate::connection) fn rents(&self, now: u64, add: &mut dyn FnMut(Rent)) {
        let open = self.open();
        open.places.iter().flatten().filter_map(|stream| stream.exchange.account.rent(now)).for_each(add);
    }

    /// Gives up the bodies that cost as much as this line, or more; how many that are.
    pub(in crate::connection) fn give_up_beyond(&self, line: u128, now: u64) -> usize {
        let open = self.open();
        let beyond =
            open.places.iter().flatten().filter(|stream| stream.exchange.account.is_beyond(line, now));
        beyond.map(|stream| stream.exchange.account.give_up()).count()
    }

    /// Has the readers of bodies that wait for room look again.
    pub(in crate::connection) fn look_for_room(&self) {
        for stream in self.open().places.iter().flatten() {
            stream.exchange.account.take_waiting();
        }
    }

    /// The stream that was begun last, once.
    pub(super) fn take_begun(&self) -> Option<Arc<StreamState>> {
        self.open().begun.take()
    }

    fn end(&self, place: usize, now: u64) {
        let mut open = self.open();
        let ended = open.places.get_mut(place).and_then(Option::take);
        if ended.is_some() {
            open.free.push(place);
            if open.free.len() == open.places.len() {
                self.idle.set(now);
            }
        }
        drop(open);
        // What it holds may run code of its own as it goes.
        drop(ended);
    }

    /// The head of a request has begun to come, or is complete.
    pub(in crate::connection) fn head_comes(&self, coming: bool, now: u64) {
        match (coming, self.head.get()) {
            (true, None) => self.head.set(now),
            (false, Some(_)) => self.head.clear(),
            _ => {}
        }
    }

    /// The peer sent more than it may, and is not listened to any more.
    pub(in crate::connection) fn give_up(&self, now: u64) {
        if self.given_up.get().is_none() {
            self.given_up.set(now);
        }
    }

    /// Since when there is no stream, after one at least.
    pub(in crate::connection) fn idle_since(&self) -> Option<u64> {
        self.idle.get().filter(|_| self.began.load(Relaxed))
    }

    /// Holds the connection and its streams to their deadlines.
    pub(in crate::connection) fn sweep(&self, now: u64, deadlines: &Deadlines, finishing: bool) -> Order {
        let over = |since: &Since, limit| since.get().is_some_and(|since| deadlines.over(now, since, limit));
        if over(&self.head, deadlines.header) || over(&self.given_up, deadlines.linger) {
            return Order::Close;
        }
        let open = self.open();
        for stream in open.places.iter().flatten() {
            match stream.exchange.sweep(now, deadlines) {
                Verdict::Fine => {}
                Verdict::Late => stream.wake(),
                Verdict::Cut => stream.cut(),
            }
        }
        drop(open);
        if finishing && self.told.get().is_none() {
            self.told.set(now);
        }
        let Some(idle) = self.idle.get() else { return Order::None };
        if let Some(told) = self.told.get() {
            // One that does not leave is not waited for.
            let overdue = deadlines.over(now, told.max(idle), deadlines.linger);
            return if overdue { Order::Close } else { Order::None };
        }
        let limit = if self.began.load(Relaxed) { deadlines.keep_alive } else { deadlines.header };
        if deadlines.over(now, idle, limit) { Order::Finish } else { Order::None }
    }
}

/// A request on a stream, as the sweeper and the request itself see it.
pub(crate) struct StreamState {
    pub(in crate::connection) connection: Arc<ConnectionState>,
    pub(in crate::connection) exchange: Exchange,
    place: usize,
    /// What its head takes, if that is counted.
    head: u64,
    /// How many pieces of its response are in the machine.
    pieces: AtomicUsize,
    /// Whether its body is to be asked for more when they have left.
    wants_room: AtomicBool,
    ended: AtomicBool,
    waker: Mutex<Option<Waker>>,
    task: OnceLock<AbortHandle>,
}

impl StreamState {
    /// The task that answers the request.
    pub(super) fn runs_in(&self, task: AbortHandle) {
        let _ = self.task.set(task);
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

    /// Ends the task, and with it the stream, which the machine then resets.
    fn cut(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// The response was handed over, or nobody wants it any more.
    pub(in crate::connection) fn ended(&self) {
        if !self.ended.swap(true, Relaxed)
            && let Some(streams) = self.connection.streams()
        {
            streams.end(self.place, self.connection.now());
            if self.head > 0 {
                streams.heads.fetch_sub(self.head, Relaxed);
                streams.count(&self.connection);
            }
        }
    }

    /// More of the response is asked for; whether there is room for it. If not, its task is woken when there is.
    ///
    /// Each stream may have one piece in the machine. More, so that a fast line is never idle, are for those that have
    /// begun first, as long as the connection has not much to send and there is memory to spare: what the machine has
    /// room for is counted for each stream, and a hundred of them that take nothing would keep it all.
    pub(in crate::connection) fn has_room(&self) -> bool {
        let room = self.pieces.load(SeqCst) == 0 || self.may_send_ahead() || {
            // The last one may have left meanwhile.
            self.wants_room.store(true, SeqCst);
            self.pieces.load(SeqCst) == 0
        };
        if room {
            self.exchange.asked_for_more();
        }
        room
    }

    fn may_send_ahead(&self) -> bool {
        self.connection.streams().is_some_and(|streams| streams.sending.load(Relaxed) < SEND_AHEAD)
            && Share::is_to_spare()
    }

    /// Hands a piece of the response over to the machine, which tells when it has left.
    pub(in crate::connection) fn hand_over(self: &Arc<Self>, piece: Bytes) -> Bytes {
        self.exchange.handed_over(self.connection.now());
        self.pieces.fetch_add(1, SeqCst);
        if let Some(streams) = self.connection.streams() {
            streams.sending.fetch_add(piece.len(), Relaxed);
        }
        let stream = Arc::clone(self);
        Share::of(piece.len(), 0).hold(Piece { content: piece, stream })
    }

    /// There is a body, which somebody may read.
    pub(in crate::connection) fn body_begins(&self) {
        if let Some(streams) = self.connection.streams() {
            streams.body_begins();
        }
    }

    /// So many bytes of the body were read.
    pub(in crate::connection) fn body_taken(&self, bytes: u64) {
        if let Some(streams) = self.connection.streams() {
            streams.data_taken(&self.connection, bytes);
        }
    }

    /// Nobody reads the body any more.
    pub(in crate::connection) fn body_ends(&self) {
        if let Some(streams) = self.connection.streams() {
            streams.body_ends(&self.connection);
        }
    }
}

/// A piece of a response in the machine.
struct Piece {
    content: Bytes,
    stream: Arc<StreamState>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let stream = &self.stream;
        if let Some(streams) = stream.connection.streams() {
            streams.sending.fetch_sub(self.content.len(), Relaxed);
            streams.sent.fetch_add(1, Relaxed);
        }
        stream.exchange.piece_left(stream.connection.now());
        if stream.pieces.fetch_sub(1, SeqCst) == 1 && stream.wants_room.swap(false, SeqCst) {
            stream.wake();
        }
    }
}

impl Connection for StreamState {
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.peer_addr()
    }

    fn proxy_addr(&self) -> Option<SocketAddr> {
        self.connection.proxy_addr()
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.connection.local_addr()
    }

    fn is_secure(&self) -> bool {
        self.connection.is_secure()
    }

    fn client_certificate(&self) -> Option<&[u8]> {
        self.connection.client_certificate()
    }

    fn set_request_timeout(&self, timeout: Duration) {
        self.exchange.set_timeout(millis(timeout));
    }

    fn overdue(&self) -> Option<Overdue> {
        self.exchange.overdue()
    }
}
