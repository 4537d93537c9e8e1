//! PostgreSQL: a pool whose connections are shared by reads and lent to whoever writes.
//!
//! A read is sent at once over a connection that others read over too: the server answers in the order in which
//! it was asked, so many can be on their way. Whoever needs a connection alone takes one out of the pool: a
//! transaction, a write, and raw SQL, of which nobody knows what it leaves behind.
//!
//! Rows are decoded in the caller's task. A caller that does not read on, or a query that takes long, would keep
//! those behind it waiting; [`watch`] sends them again over another connection. What the answer of a caller that
//! has gone would have been is thrown away by the connection's task, and the connection counts as busy until it
//! has come: [`lease`]. No request to cancel is ever sent to a shared connection, where it could hit the
//! statement of another; the server itself keeps the time limit.

mod connection;
mod decode;
mod encode;
mod errors;
mod lease;
mod listen;
mod lock;
mod options;
mod pool;
mod statements;
pub(crate) mod storage;
mod tls;
mod transaction;
mod watch;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use super::control::{self, Control, control};
use super::{Access, BoxFuture, Driver, MigrationLock, Reply, Request, Timings, Transaction};
use crate::dialect::{Dialect, Postgres};
use crate::repo::{Listener, TransactionOptions};
use crate::{DatabaseConfig, Result};
use connection::{Counts, Failure, Opener};
use lease::{Lease, State};
use listen::Hub;
use pool::Pool;

pub(crate) use options::Options;

/// A pool of connections to one database.
pub(crate) struct Postgresql {
    pool: Arc<Pool>,
    acquire_timeout: Duration,
    /// The limit of each statement that the server keeps on every connection.
    limit: Option<Duration>,
    /// Begins when somebody listens.
    hub: OnceLock<Hub>,
}

impl Postgresql {
    /// Connects to a database that exists.
    pub(crate) async fn open(options: &Options, config: &DatabaseConfig) -> Result<Self> {
        let limit = Some(config.query_timeout);
        let opener = Opener::new(options, config.acquire_timeout, limit)?;
        let pool = Pool::open(opener, config.pool_size, config.acquire_timeout).await?;
        Ok(Self { pool, acquire_timeout: config.acquire_timeout, limit, hub: OnceLock::new() })
    }

    /// A read that the query builder wrote, over a shared connection.
    async fn read(&self, mut request: Request) -> Result<Reply> {
        let asked = Instant::now();
        let mut now = asked;
        loop {
            let mut lease = match self.pool.share_now(now)? {
                Some(lease) => lease,
                None => {
                    let left = self.acquire_timeout.saturating_sub(asked.elapsed());
                    Box::pin(self.pool.share(left)).await?
                }
            };
            if lease.connection().is_closed() {
                continue;
            }
            let begun = AtomicBool::new(false);
            lease.set(State::Busy);
            match answer(&lease, &mut request, &begun).await {
                // Behind a slow one. What this one's answer would have been is thrown away.
                None => {}
                Some(Ok(counts)) => {
                    lease.set(State::Clean);
                    let started = lease.begun().unwrap_or(asked);
                    return Ok(reply(request, counts, asked, started));
                }
                Some(Err(failure)) => {
                    let again = match &failure {
                        Failure::Server(error) => errors::is_outdated(error) || errors::is_lost(error),
                        Failure::Ours(_) => false,
                    };
                    let once_more = again && !begun.load(Ordering::Relaxed);
                    if !once_more || asked.elapsed() >= self.acquire_timeout {
                        let (sql, limit) = (&request.statement.sql, request.timeout);
                        return Err(lease.connection().explain(failure, sql, false, limit));
                    }
                }
            }
            now = Instant::now();
        }
    }

    /// Anything else, on a connection of its own.
    async fn alone(&self, mut request: Request) -> Result<Reply> {
        if control(&request.statement.sql) == Some(Control::Begins) {
            return Err(control::begins(&request.statement.sql));
        }
        let asked = Instant::now();
        let (writes, limit) = (request.access != Access::Read, request.timeout);
        loop {
            let mut lease = self.pool.take(self.acquire_timeout.saturating_sub(asked.elapsed())).await?;
            if lease.connection().is_closed() {
                continue;
            }
            let connection = Arc::clone(lease.connection());
            let started = Instant::now();
            lease.set(if request.access == Access::Write { State::Busy } else { State::Stoppable });
            connection.start(limit);
            let failed = |failure, sql: &str| connection.explain(failure, sql, writes, limit);
            if let Err(error) = connection.set_limit(limit).await {
                return Err(failed(Failure::Server(error), &request.statement.sql));
            }
            if request.access == Access::Script {
                lease.set(State::Open);
                let ran = connection.batch(&request.statement.sql).await;
                ran.map_err(|error| failed(Failure::Server(error), &request.statement.sql))?;
                return Ok(reply(request, Counts::default(), asked, started));
            }
            match connection.query(&mut request, &AtomicBool::new(false)).await {
                Ok(counts) => {
                    lease.set(State::Clean);
                    return Ok(reply(request, counts, asked, started));
                }
                // The server has not begun.
                Err(Failure::Server(error)) if errors::is_outdated(&error) => {}
                Err(failure) => return Err(failed(failure, &request.statement.sql)),
            }
        }
    }
}

/// The answer to a read; `None` if one before it on the connection keeps it waiting.
async fn answer(lease: &Lease, request: &mut Request, begun: &AtomicBool) -> Option<Result<Counts, Failure>> {
    let connection = lease.connection();
    let behind = lease.behind();
    let mut answered = pin!(connection.query(request, begun));
    let mut waits = pin!(connection.must_move(behind.unwrap_or(0)));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = answered.as_mut().poll(cx) {
            return Poll::Ready(Some(outcome));
        }
        if behind.is_some() && !begun.load(Ordering::Relaxed) && waits.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

fn reply(request: Request, counts: Counts, asked: Instant, started: Instant) -> Reply {
    let timings = if request.timed {
        Timings {
            queue: started.saturating_duration_since(asked),
            query: started.elapsed().saturating_sub(counts.decode),
            decode: counts.decode,
        }
    } else {
        Timings::default()
    };
    let affected = if request.access == Access::Read { 0 } else { counts.affected };
    Reply { sink: request.sink, affected, inserted_id: None, rows: counts.rows, timings }
}

impl Driver for Postgresql {
    fn dialect(&self) -> &'static dyn Dialect {
        &Postgres
    }

    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        if let Err(error) = connection::check(&request) {
            return Box::pin(async move { Err(error) });
        }
        if request.access == Access::Read && request.timeout == self.limit {
            return Box::pin(self.read(request));
        }
        Box::pin(self.alone(request))
    }

    fn begin(&self, options: TransactionOptions) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(async move {
            let asked = Instant::now();
            loop {
                let lease = self.pool.take(self.acquire_timeout.saturating_sub(asked.elapsed())).await?;
                if !lease.connection().is_closed() {
                    return Ok(
                        Box::new(transaction::Open::begin(lease, options).await?) as Box<dyn Transaction>
                    );
                }
            }
        })
    }

    fn lock_migrations(&self, patience: Duration) -> BoxFuture<'_, Result<Box<dyn MigrationLock>>> {
        let opener = self.pool.opener.clone();
        Box::pin(async move {
            let lock = lock::Lock::take(opener, patience).await?;
            Ok(Box::new(lock) as Box<dyn MigrationLock>)
        })
    }

    fn listen(&self, channel: String) -> BoxFuture<'_, Result<Listener>> {
        let hub = self.hub.get_or_init(|| {
            let mut opener = self.pool.opener.clone();
            opener.limit = None;
            Hub::start(opener)
        });
        Box::pin(hub.listen(channel, self.acquire_timeout))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        if let Some(hub) = self.hub.get() {
            hub.close();
        }
        Box::pin(self.pool.close())
    }
}
