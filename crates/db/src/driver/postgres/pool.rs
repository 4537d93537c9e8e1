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
use super::lease::{After, Held, Lease};
use super::watch;
use crate::{Error, ErrorKind, Result};

/// A connection whose first read has not been answered for so long is given no others.
pub(super) const STALLED: Duration = Duration::from_millis(20);
/// Reads of one thread that follow each other so closely belong together, and go over one connection in one
/// piece: 20 lookups that are joined cost one system call and not 20.
const BURST: Duration = Duration::from_micros(100);
/// How many reads may be on one connection in a burst.
const DEPTH: u32 = 64;
/// Bursts are for reads that are quick; others gain more from connections that work side by side.
const QUICK: Duration = Duration::from_millis(1);
/// The first pause after a failure to connect, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A pool of connections.
pub(super) struct Pool {
    pub(super) opener: Opener,
    pub(super) acquire_timeout: Duration,
    state: Mutex<State>,
    pub(super) runtime: tokio::runtime::Handle,
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
    /// How long reads take, in nanoseconds: a mean in which the last ones weigh most.
    typical: u64,
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
    /// When the last one was sent, and by which thread.
    last: (Instant, usize),
    /// Since when the first of the reads waits for its answer.
    pub(super) since: Instant,
}

/// Who waits, for what.
struct Waiter {
    alone: bool,
    lease: oneshot::Sender<Lease>,
}

impl Pool {
    /// Opens the first connection; the others follow as they are needed.
    pub(super) async fn open(opener: Opener, size: usize, acquire_timeout: Duration) -> Result<Arc<Self>> {
        let (alive, ended) = mpsc::channel(1);
        let now = Instant::now();
        let slot = || Slot {
            connection: None,
            connecting: false,
            alone: false,
            reads: 0,
            sent: 0,
            last: (now, 0),
            since: now,
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
                typical: 0,
            }),
            runtime: tokio::runtime::Handle::current(),
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
    pub(super) fn share_now(self: &Arc<Self>, now: Instant) -> Result<Option<Lease>> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        self.watch(&mut state);
        if !state.waiters.is_empty() {
            return Ok(None);
        }
        Ok(self.serve(&mut state, false, now))
    }

    /// A connection that others read over too.
    pub(super) async fn share(self: &Arc<Self>, patience: Duration) -> Result<Lease> {
        self.acquire(false, patience).await
    }

    /// A connection of one's own.
    pub(super) async fn take(self: &Arc<Self>, patience: Duration) -> Result<Lease> {
        self.acquire(true, patience).await
    }

    async fn acquire(self: &Arc<Self>, alone: bool, patience: Duration) -> Result<Lease> {
        let served = {
            let mut state = self.lock();
            if state.closed {
                return Err(closed());
            }
            self.watch(&mut state);
            if state.waiters.is_empty()
                && let Some(lease) = self.serve(&mut state, alone, Instant::now())
            {
                return Ok(lease);
            }
            let (lease, served) = oneshot::channel();
            state.waiters.push_back(Waiter { alone, lease });
            self.grow(&mut state);
            served
        };
        match tokio::time::timeout(patience, served).await {
            Ok(served) => served.map_err(|_| closed()),
            Err(_) => Err(self.timed_out()),
        }
    }

    fn watch(self: &Arc<Self>, state: &mut State) {
        if !state.watched {
            state.watched = true;
            watch::start(self);
        }
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

    /// A lease, if a connection can be had at once.
    fn serve(self: &Arc<Self>, state: &mut State, alone: bool, now: Instant) -> Option<Lease> {
        if alone {
            let usable = |slot: &Slot| !slot.alone && slot.reads == 0 && slot.is_alive();
            let at = state.slots.iter().position(usable)?;
            let slot = &mut state.slots[at];
            slot.alone = true;
            return Some(Lease::alone(self, at, slot.connection.clone()?));
        }
        let thread = thread();
        let quick = state.typical < QUICK.as_nanos() as u64;
        let mut best: Option<(usize, u32)> = None;
        for (at, slot) in state.slots.iter().enumerate() {
            if slot.alone || !slot.is_alive() || slot.is_stalled(now) {
                continue;
            }
            let same_burst = slot.reads > 0
                && slot.reads < DEPTH
                && slot.last.1 == thread
                && now.saturating_duration_since(slot.last.0) < BURST;
            if quick && same_burst {
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
        if slot.reads == 0 {
            slot.since = now;
        }
        slot.reads += 1;
        slot.last = (now, thread);
        let number = slot.sent;
        slot.sent += 1;
        Some(Lease::shared(self, at, slot.connection.clone()?, number, slot.reads == 1, now))
    }

    /// Takes back what a lease held.
    pub(super) fn release(self: &Arc<Self>, held: &Held, after: After) {
        let now = Instant::now();
        let mut state = self.lock();
        let took = held.read.map(|read| now.saturating_duration_since(read.begun).as_nanos() as u64);
        let slot = &mut state.slots[held.slot];
        // The slot may hold a younger connection by now.
        let same = slot.connection.as_ref().is_some_and(|own| Arc::ptr_eq(own, &held.connection));
        if same {
            if took.is_some() {
                slot.reads = slot.reads.saturating_sub(1);
                slot.since = now;
                held.connection.finished().fetch_add(1, Ordering::Relaxed);
            } else {
                slot.alone = false;
            }
            if after == After::Discard || !slot.is_alive() {
                slot.empty();
            }
        }
        if let (Some(took), After::Reuse) = (took, after) {
            state.typical = (state.typical * 7 + took) / 8;
        }
        if !state.waiters.is_empty() {
            self.dispatch(state);
        } else if state.closed {
            close_idle(&mut state);
        }
    }

    /// Serves those who wait, as far as possible.
    fn dispatch(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let mut served = Vec::new();
        while let Some(waiter) = state.waiters.front() {
            let alone = waiter.alone;
            if waiter.lease.is_closed() {
                state.waiters.pop_front();
                continue;
            }
            let Some(lease) = self.serve(&mut state, alone, Instant::now()) else { break };
            if let Some(waiter) = state.waiters.pop_front() {
                served.push((waiter.lease, lease));
            }
        }
        self.grow(&mut state);
        if state.closed {
            close_idle(&mut state);
        }
        // Who has gone away in the meantime gives the lease back, which takes the lock.
        drop(state);
        for (waiter, lease) in served {
            let _ = waiter.send(lease);
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
    pub(super) fn each(&self, look: impl FnMut(&Slot)) -> bool {
        let state = self.lock();
        state.slots.iter().for_each(look);
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

    pub(super) fn is_stalled(&self, now: Instant) -> bool {
        self.reads > 0 && now.saturating_duration_since(self.since) > STALLED
    }

    fn empty(&mut self) {
        self.connection = None;
        self.alone = false;
        self.reads = 0;
        self.sent = 0;
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
                    state.waiters.retain(|waiter| !waiter.lease.is_closed());
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
