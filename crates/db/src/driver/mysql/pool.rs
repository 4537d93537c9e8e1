//! [`Pool`]: which connections there are, and who waits for one.
//!
//! A connection serves one statement, or one transaction, at a time. Who finds none waits in one queue, first come,
//! first served; who has a place opens a connection if none is idle, and tries again until its time is up.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{Connection, Opener};
use super::pulse::Pulse;
use crate::{Error, ErrorKind, Result};

/// A connection that nobody has used for so long is asked whether it is alive before it is used.
const IDLE: Duration = Duration::from_secs(30);
/// The first pause after a failure to connect, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A pool of connections.
pub(super) struct Pool {
    pub(super) opener: Opener,
    pub(super) pulse: Pulse,
    pub(super) acquire_timeout: Duration,
    pub(super) runtime: Handle,
    size: u32,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
    /// How many connections have broken: after each, the others are looked at before they are used.
    epoch: AtomicU64,
    /// Why the last try to connect failed.
    failing: Mutex<Option<String>>,
}

/// A connection that somebody has alone, and its place in the pool. Dropping it closes the connection.
pub(super) struct Lease {
    pool: Arc<Pool>,
    pub(super) connection: Connection,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// Opens the first connection.
    pub(super) async fn open(opener: Opener, size: usize, acquire_timeout: Duration) -> Result<Arc<Self>> {
        let first = opener.open(acquire_timeout).await?;
        let size = size.clamp(1, 10_000);
        Ok(Arc::new(Self {
            opener,
            pulse: Pulse::new(),
            acquire_timeout,
            runtime: Handle::current(),
            size: u32::try_from(size).unwrap_or(u32::MAX),
            places: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(vec![first]),
            closed: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            failing: Mutex::new(None),
        }))
    }

    /// Takes a connection within this time.
    pub(super) async fn take(self: &Arc<Self>, patience: Duration) -> Result<Lease> {
        let started = Instant::now();
        if self.is_closed() {
            return Err(closed());
        }
        let place = match tokio::time::timeout(patience, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(closed()),
            Err(_) => return Err(self.timed_out()),
        };
        let mut pause = PAUSES.0;
        loop {
            while let Some(connection) = self.pop() {
                if let Some(connection) = self.checked(connection, patience, started).await {
                    return Ok(Lease { pool: Arc::clone(self), connection, _place: place });
                }
            }
            let left = patience.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(self.timed_out());
            }
            let epoch = self.epoch.load(Ordering::Acquire);
            match self.opener.open(left).await {
                Ok(mut connection) => {
                    connection.epoch = epoch;
                    *lock(&self.failing) = None;
                    self.pulse.heard();
                    return Ok(Lease { pool: Arc::clone(self), connection, _place: place });
                }
                Err(error) => {
                    tracing::warn!(target: "zzz_db::driver", %error, "connecting to MySQL failed");
                    *lock(&self.failing) = Some(error.to_string());
                }
            }
            let left = patience.saturating_sub(started.elapsed());
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The connection, if it is alive as far as is known.
    async fn checked(
        &self,
        mut connection: Connection,
        patience: Duration,
        started: Instant,
    ) -> Option<Connection> {
        let epoch = self.epoch.load(Ordering::Acquire);
        if connection.epoch == epoch && connection.used.elapsed() < IDLE {
            return Some(connection);
        }
        let left = patience.saturating_sub(started.elapsed());
        if !connection.answers(left).await {
            return None;
        }
        connection.epoch = epoch;
        Some(connection)
    }

    fn pop(&self) -> Option<Connection> {
        lock(&self.idle).pop()
    }

    /// Notes that a connection has broken.
    pub(super) fn suspect(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    #[cold]
    fn timed_out(&self) -> Error {
        let timeout = self.acquire_timeout;
        let text = match &*lock(&self.failing) {
            Some(why) => format!("no connection within {timeout:?}: {why}"),
            None => format!(
                "no connection became free within {timeout:?}; shorten long queries and transactions, or raise \
                 `pool_size` or `acquire_timeout` in the section [database]"
            ),
        };
        Error::new(ErrorKind::AcquireTimeout, text)
    }

    /// Lets what was asked for finish, closes every connection, and waits for that.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // Those that wait come first: the queue is fair.
        let all = self.places.acquire_many(self.size).await;
        self.places.close();
        let idle = std::mem::take(&mut *lock(&self.idle));
        for connection in idle {
            connection.close(GOODBYE).await;
        }
        drop(all);
    }
}

impl Drop for Pool {
    /// The last handle is gone, so nobody waits.
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        if !idle.is_empty() {
            self.runtime.spawn(async move {
                for connection in idle {
                    connection.close(GOODBYE).await;
                }
            });
        }
    }
}

impl Lease {
    pub(super) fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.pool)
    }

    /// Gives the connection back, for others to use.
    pub(super) fn give_back(mut self) {
        self.connection.used = Instant::now();
        let Self { pool, connection, _place } = self;
        // The place is given back after the connection, so that who gets it finds the connection.
        lock(&pool.idle).push(connection);
    }
}

/// What is guarded is whole after every line that changes it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the repo is closed")
}
