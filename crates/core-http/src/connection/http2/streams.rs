//! [`Streams`] and [`StreamState`]: what is known of a connection of HTTP/2 and of each stream in flight.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::task::AbortHandle;
use zzz_core::http::{Connection, Overdue};

use crate::connection::clock::Since;
use crate::connection::exchange::{Exchange, Verdict};
use crate::connection::state::Order;
use crate::connection::{ConnectionState, Deadlines, millis};

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
            ended: AtomicBool::new(false),
            waker: Mutex::new(None),
            task: OnceLock::new(),
        });
        stream.exchange.begin(connection.now(), timeout, has_body);
        open.places[place] = Some(Arc::clone(&stream));
        open.begun = Some(Arc::clone(&stream));
        self.began.store(true, Relaxed);
        self.idle.clear();
        Some(stream)
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
