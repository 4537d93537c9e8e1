//! [`Pool`]: which connections there are, who has one alone, and how many reads share one.
//!
//! A slot holds a connection, or none yet. A read goes to the connection with the fewest reads on it, and is
//! sent at once, behind those; who wants a connection alone (a transaction, a write) waits until one has
//! nothing on it. Who can not be served waits in one queue, first come, first served.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use super::connection::{Connection, Opener};
use super::lease::{After, Lease};
use super::pace::{Pace, Watched};
use super::share::Share;
use super::watch;
use crate::{Error, ErrorKind, Result};

/// With one of so many reads of a connection its [pace](Pace) begins to be taken.
const SAMPLED: u64 = 8;
/// The first pause after a failure to connect, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A pool of connections.
pub(super) struct Pool {
    pub(super) opener: Opener,
    pub(super) acquire_timeout: Duration,
    state: Mutex<State>,
    pub(super) runtime: tokio::runtime::Handle,
    /// From when on the ticks are counted.
    epoch: Instant,
    /// When the watch looked last, in nanoseconds since then: a clock that costs nothing to read, and is right to a tick
    /// while somebody has a connection.
    ticked: AtomicU64,
    /// Every connection's task holds a copy of the sender: when the last is gone, all are closed.
    alive: Mutex<Option<mpsc::Sender<()>>>,
    ended: AsyncMutex<mpsc::Receiver<()>>,
}

struct State {
    slots: Vec<Slot>,
    waiters: VecDeque<Waiter>,
    closed: bool,
    /// Whether somebody looks after those that wait for the server.
    watched: bool,
    /// Why the last try to connect failed.
    failing: Option<String>,
    pace: Pace,
}

/// A place for a connection.
pub(super) struct Slot {
    pub(super) connection: Option<Arc<Connection>>,
    connecting: bool,
    /// Whether somebody has it alone.
    alone: bool,
    /// How many reads are on it.
    pub(super) reads: u32,
    /// How many reads were ever sent over this connection.
    sent: u64,
    /// Which thread sent the last one.
    thread: usize,
    /// Set while its pace is taken.
    paced: Option<Watched>,
    /// What the watch has seen: how many reads were done, and since when it is so.
    pub(super) seen: Option<(u64, Instant)>,
    /// Whether the first read has been waiting for so long that no others are sent behind it.
    pub(super) stalled: bool,
}

/// Who waits, for what.
enum Waiter {
    /// A connection alone.
    Alone(oneshot::Sender<Lease>),
    /// A connection that others read over too.
    Share(oneshot::Sender<Share>),
}

impl Waiter {
    fn is_gone(&self) -> bool {
        match self {
            Self::Alone(sender) => sender.is_closed(),
            Self::Share(sender) => sender.is_closed(),
        }
    }
}

/// What somebody has waited for.
enum Served {
    Alone(oneshot::Sender<Lease>, Lease),
    Share(oneshot::Sender<Share>, Share),
}

impl Pool {
    /// Opens the first connection; the others follow as they are needed.
    pub(super) async fn open(opener: Opener, size: usize, acquire_timeout: Duration) -> Result<Arc<Self>> {
        let (alive, ended) = mpsc::channel(1);
        let slot = || Slot {
            connection: None,
            connecting: false,
            alone: false,
            reads: 0,
            sent: 0,
            thread: 0,
            paced: None,
            seen: None,
            stalled: false,
        };
        let pool = Arc::new(Self {
            opener,
            acquire_timeout,
            state: Mutex::new(State {
                slots: std::iter::repeat_with(slot).take(size.max(1)).collect(),
                waiters: VecDeque::new(),
                closed: false,
                watched: false,
                failing: None,
                pace: Pace::default(),
            }),
            runtime: tokio::runtime::Handle::current(),
            epoch: Instant::now(),
            ticked: AtomicU64::new(0),
            alive: Mutex::new(Some(alive)),
            ended: AsyncMutex::new(ended),
        });
        let first = pool.connect(0).await?;
        pool.lock().slots[0].connection = Some(first);
        Ok(pool)
    }

    /// The state is whole after every line that changes it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that others read over too, if one can be had at once.
    pub(super) fn share_now(self: &Arc<Self>) -> Result<Option<Share>> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        if !state.watched {
            self.watch(&mut state);
        }
        if !state.waiters.is_empty() {
            return Ok(None);
        }
        Ok(self.serve_share(&mut state))
    }

    /// A connection that others read over too.
    pub(super) async fn share(self: &Arc<Self>, patience: Duration) -> Result<Share> {
        let (sender, served) = oneshot::channel();
        match self.wait(Waiter::Share(sender), |pool, state| pool.serve_share(state))? {
            Some(share) => Ok(share),
            None => self.served(patience, served).await,
        }
    }

    /// A connection of one's own.
    pub(super) async fn take(self: &Arc<Self>, patience: Duration) -> Result<Lease> {
        let (sender, served) = oneshot::channel();
        match self.wait(Waiter::Alone(sender), |pool, state| pool.serve_alone(state))? {
            Some(lease) => Ok(lease),
            None => self.served(patience, served).await,
        }
    }

    /// Serves at once, or puts into the queue.
    fn wait<T>(
        self: &Arc<Self>,
        waiter: Waiter,
        serve: impl FnOnce(&Arc<Self>, &mut State) -> Option<T>,
    ) -> Result<Option<T>> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        if !state.watched {
            self.watch(&mut state);
        }
        if state.waiters.is_empty()
            && let Some(served) = serve(self, &mut state)
        {
            return Ok(Some(served));
        }
        state.waiters.push_back(waiter);
        self.grow(&mut state);
        Ok(None)
    }

    async fn served<T>(&self, patience: Duration, served: oneshot::Receiver<T>) -> Result<T> {
        match tokio::time::timeout(patience, served).await {
            Ok(served) => served.map_err(|_| closed()),
            Err(_) => Err(self.timed_out()),
        }
    }

    #[cold]
    fn watch(self: &Arc<Self>, state: &mut State) {
        self.tick(Instant::now());
        state.watched = watch::start(self);
    }

    /// Notes when the watch looked.
    pub(super) fn tick(&self, now: Instant) {
        let since = now.saturating_duration_since(self.epoch).as_nanos() as u64;
        self.ticked.store(since, Ordering::Relaxed);
    }

    /// When the watch looked last, for [`at`](Self::at).
    pub(super) fn ticked(&self) -> u64 {
        self.ticked.load(Ordering::Relaxed)
    }

    /// When that was.
    pub(super) fn at(&self, ticked: u64) -> Instant {
        self.epoch + Duration::from_nanos(ticked)
    }

    #[cold]
    fn timed_out(&self) -> Error {
        let state = self.lock();
        let text = match (&state.failing, state.slots.iter().any(|slot| slot.connection.is_some())) {
            (Some(why), false) => format!("no connection within {:?}: {why}", self.acquire_timeout),
            _ => format!(
                "none of the {} connections became free within {:?}; shorten long queries and transactions, or \
                 raise `pool_size` or `acquire_timeout` in the section [database]",
                state.slots.len(),
                self.acquire_timeout
            ),
        };
        Error::new(ErrorKind::AcquireTimeout, text)
    }

    /// A connection alone, if one is free.
    fn serve_alone(self: &Arc<Self>, state: &mut State) -> Option<Lease> {
        let usable = |slot: &Slot| !slot.alone && slot.reads == 0 && slot.is_alive();
        let at = state.slots.iter().position(usable)?;
        let slot = &mut state.slots[at];
        slot.alone = true;
        Some(Lease::new(self, at, slot.connection.clone()?))
    }

    /// A place on a connection that others read over too.
    fn serve_share(self: &Arc<Self>, state: &mut State) -> Option<Share> {
        let thread = thread();
        let (quick, prompt, depth) = (state.pace.is_quick(), state.pace.is_prompt(), state.pace.depth());
        let mut best: Option<(usize, u32)> = None;
        for (at, slot) in state.slots.iter().enumerate() {
            let Some(connection) = slot.connection.as_ref().filter(|_| !slot.alone && !slot.stalled) else {
                continue;
            };
            if connection.is_closed() {
                continue;
            }
            // Who has sent a read over it adds the next one, if that is quickly answered or leaves with it.
            if slot.reads > 0
                && slot.reads < depth
                && slot.thread == thread
                && (prompt || quick && connection.unsent().is_any())
            {
                best = Some((at, 0));
                break;
            }
            if best.is_none_or(|(_, fewest)| slot.reads < fewest) {
                best = Some((at, slot.reads));
            }
        }
        let (at, reads) = best?;
        if reads > 0 {
            self.grow_by_one(state);
        }
        let slot = &mut state.slots[at];
        let connection = Arc::clone(slot.connection.as_ref()?);
        slot.thread = thread;
        slot.reads += 1;
        connection.unsent().add(slot.reads == 1);
        let number = slot.sent;
        slot.sent += 1;
        if slot.paced.is_none() && number.is_multiple_of(SAMPLED) {
            slot.paced = Some(Watched::start(connection.finished().load(Ordering::Relaxed)));
        }
        Some(Share::new(self, at, connection, number, slot.reads == 1))
    }

    /// Takes back a connection that somebody had alone.
    pub(super) fn release(self: &Arc<Self>, at: usize, connection: &Arc<Connection>, after: After) {
        let mut state = self.lock();
        let slot = &mut state.slots[at];
        if slot.holds(connection) {
            slot.alone = false;
            if after == After::Discard || !slot.is_alive() {
                slot.empty();
            }
        }
        self.proceed(state);
    }

    /// Takes back the place of a read. If nothing was sent for it, nothing can be learnt from it.
    pub(super) fn leave(
        self: &Arc<Self>,
        at: usize,
        connection: &Arc<Connection>,
        after: After,
        was_sent: bool,
    ) {
        let mut state = self.lock();
        let now = &mut *state;
        let slot = &mut now.slots[at];
        if slot.holds(connection) {
            slot.reads = slot.reads.saturating_sub(1);
            slot.stalled = false;
            let finished = connection.finished().fetch_add(1, Ordering::Relaxed) + 1;
            let enough = |watched: &mut Watched| slot.reads == 0 || watched.is_enough(finished);
            if let Some(watched) = slot.paced.take_if(enough)
                && was_sent
            {
                now.pace.took(watched.waited(), watched.answers(finished));
            }
            if slot.reads == 0 {
                connection.is_left();
            }
            if after == After::Discard || connection.is_closed() {
                slot.empty();
            }
        }
        self.proceed(state);
    }

    fn proceed(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if !state.waiters.is_empty() {
            self.dispatch(state);
        } else if state.closed {
            close_idle(&mut state);
        }
    }

    /// Serves those who wait, as far as possible.
    fn dispatch(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let mut all = Vec::new();
        while let Some(waiter) = state.waiters.pop_front() {
            if waiter.is_gone() {
                continue;
            }
            let served = match waiter {
                Waiter::Alone(sender) => match self.serve_alone(&mut state) {
                    Some(lease) => Ok(Served::Alone(sender, lease)),
                    None => Err(Waiter::Alone(sender)),
                },
                Waiter::Share(sender) => match self.serve_share(&mut state) {
                    Some(share) => Ok(Served::Share(sender, share)),
                    None => Err(Waiter::Share(sender)),
                },
            };
            match served {
                Ok(served) => all.push(served),
                Err(waiter) => {
                    state.waiters.push_front(waiter);
                    break;
                }
            }
        }
        self.grow(&mut state);
        if state.closed {
            close_idle(&mut state);
        }
        // Who has gone away in the meantime gives back what they got, which takes the lock.
        drop(state);
        for served in all {
            match served {
                Served::Alone(sender, lease) => drop(sender.send(lease)),
                Served::Share(sender, share) => drop(sender.send(share)),
            }
        }
    }

    /// Opens connections for those who wait.
    fn grow(self: &Arc<Self>, state: &mut State) {
        let connecting = state.slots.iter().filter(|slot| slot.connecting).count();
        // A server that refuses is asked by one at a time.
        let most = if state.failing.is_some() { 1 } else { state.waiters.len() };
        for _ in connecting..most {
            if !self.start_connecting(state) {
                break;
            }
        }
    }

    /// Opens one more connection, since all are busy.
    fn grow_by_one(self: &Arc<Self>, state: &mut State) {
        let connecting = state.slots.iter().any(|slot| slot.connecting);
        if !connecting && state.failing.is_none() {
            self.start_connecting(state);
        }
    }

    fn start_connecting(self: &Arc<Self>, state: &mut State) -> bool {
        let free = |slot: &Slot| !slot.connecting && !slot.alone && !slot.is_alive();
        let Some(at) = state.slots.iter().position(free).filter(|_| !state.closed) else { return false };
        state.slots[at].empty();
        state.slots[at].connecting = true;
        self.runtime.spawn(fill(Arc::downgrade(self), at));
        true
    }

    async fn connect(self: &Arc<Self>, at: usize) -> Result<Arc<Connection>> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pool = Arc::downgrade(self);
        let ended = move || {
            if let Some(pool) = pool.upgrade() {
                pool.broken(at);
            }
            drop(alive);
        };
        self.opener.open(|_| {}, ended).await.map(Arc::new)
    }

    /// The connection of a slot has ended. Who has it alone will see it.
    fn broken(self: &Arc<Self>, at: usize) {
        let mut state = self.lock();
        let slot = &mut state.slots[at];
        if !slot.is_alive() && !slot.alone {
            slot.empty();
        }
        self.dispatch(state);
    }

    /// What the watch looks at; `false` once there is nothing to look after any more.
    pub(super) fn each(&self, look: impl FnMut(&mut Slot)) -> bool {
        let mut state = self.lock();
        state.slots.iter_mut().for_each(look);
        !state.closed
    }

    /// Lets the watch go home if nobody has a connection; whoever takes one next starts it again.
    pub(super) fn is_unwatched(&self) -> bool {
        let mut state = self.lock();
        let busy = state.slots.iter().any(|slot| slot.alone || slot.reads > 0);
        state.watched = busy && !state.closed;
        !state.watched
    }

    /// Lets what was asked for finish, closes every connection, and waits for that.
    pub(super) async fn close(&self) {
        {
            let mut state = self.lock();
            state.closed = true;
            // Dropping the senders tells who waits.
            state.waiters.clear();
            close_idle(&mut state);
        }
        drop(self.alive.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.ended.lock().await.recv().await;
    }
}

fn close_idle(state: &mut State) {
    for slot in &mut state.slots {
        if !slot.alone && slot.reads == 0 {
            slot.empty();
        }
    }
}

impl Slot {
    fn is_alive(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_closed())
    }

    /// Whether this is its connection: it may hold a younger one by now.
    fn holds(&self, connection: &Arc<Connection>) -> bool {
        self.connection.as_ref().is_some_and(|own| Arc::ptr_eq(own, connection))
    }

    fn empty(&mut self) {
        self.connection = None;
        self.alone = false;
        self.reads = 0;
        self.sent = 0;
        self.paced = None;
        self.seen = None;
        self.stalled = false;
    }
}

/// Connects until it succeeds, or until nobody waits any more.
async fn fill(pool: Weak<Pool>, at: usize) {
    let mut pause = PAUSES.0;
    loop {
        let Some(pool) = pool.upgrade() else { return };
        let connected = pool.connect(at).await;
        {
            let mut state = pool.lock();
            match connected {
                Ok(connection) => {
                    state.failing = None;
                    state.slots[at].connecting = false;
                    if !state.closed {
                        state.slots[at].connection = Some(connection);
                    }
                    pool.dispatch(state);
                    return;
                }
                Err(error) => {
                    tracing::warn!(target: "zzz_db::driver", %error, "connecting to PostgreSQL failed");
                    state.failing = Some(error.to_string());
                    state.waiters.retain(|waiter| !waiter.is_gone());
                    if state.closed || state.waiters.is_empty() {
                        state.slots[at].connecting = false;
                        return;
                    }
                }
            }
        }
        drop(pool);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// A number for each thread.
fn thread() -> usize {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed) as usize);
        }
        number.get()
    })
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the repo is closed")
}
