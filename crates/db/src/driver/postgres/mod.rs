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

mod binding;
mod connection;
mod copy;
mod cursor;
mod decode;
mod encode;
mod errors;
mod lease;
mod listen;
mod lock;
mod options;
mod pace;
mod pool;
mod share;
mod socket;
mod statements;
pub(crate) mod storage;
mod tls;
mod transaction;
mod watch;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::control::{self, Control, control};
use super::{Access, BoxFuture, Driver, MigrationLock, Reply, Request, Sink, Timings, Transaction};
use crate::dialect::{Dialect, Postgres};
use crate::repo::{Listener, TransactionOptions};
use crate::{DatabaseConfig, Error, ErrorKind, Result, Value};
use connection::{Counts, Failure, Opener};
use lease::State;
use listen::Hub;
use pool::Pool;
use statements::Plan;

pub(crate) use copy::{CopyIn, CopyOut};
pub(crate) use options::Options;
pub(crate) use statements::Sql;
pub(crate) use transaction::Open;

/// Writes a row in the text format of COPY.
///
/// # Errors
/// If a value can not be sent.
pub(crate) fn copy_row(values: &[Value], out: &mut BytesMut) -> Result<()> {
    encode::check_values(values).map_err(|problem| Error::new(ErrorKind::Value, problem))?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\t");
        }
        encode::copied(value, out).map_err(|error| Error::new(ErrorKind::Value, error.to_string()))?;
    }
    out.extend_from_slice(b"\n");
    Ok(())
}

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
        let pool = Pool::open(opener, config.pool_size.on_a_server(), config.acquire_timeout).await?;
        Ok(Self { pool, acquire_timeout: config.acquire_timeout, limit, hub: OnceLock::new() })
    }

    /// Whether every connection keeps this limit of a statement.
    pub(crate) fn keeps(&self, limit: Option<Duration>) -> bool {
        self.limit == limit
    }

    /// A read that the query builder wrote, over a shared connection.
    pub(crate) async fn read(
        &self,
        sql: Sql<'_>,
        params: &[Value],
        sink: &mut dyn Sink,
        timed: Option<Instant>,
    ) -> Result<Answer> {
        connection::check(sql.text, params)?;
        // What goes well has no need of a clock that is exact.
        let mut asked: Option<Instant> = timed;
        let mut ticked: Option<u64> = None;
        loop {
            let mut share = match self.pool.share_now()? {
                Some(share) => share,
                None => {
                    let asked = *asked.get_or_insert_with(Instant::now);
                    Box::pin(self.pool.share(self.acquire_timeout.saturating_sub(asked.elapsed()))).await?
                }
            };
            let ticked = *ticked.get_or_insert_with(|| self.pool.ticked());
            let started = timed.map(|_| Instant::now());
            let mut counts = Counts::default();
            let mut behind = share.sends();
            let connection = &*share.connection;
            // Ready with nothing if it is behind a slow one: what the answer would have been is thrown away.
            let sent = match connection.plan(sql, params) {
                Ok(Plan::Run(statement)) => {
                    let mut sending = pin!(connection.run(&statement, params));
                    let sent = poll_fn(|cx| match sending.as_mut().poll(cx) {
                        Poll::Ready(sent) => Poll::Ready(Some(sent)),
                        Poll::Pending => behind.poll(connection, cx).map(|()| None),
                    });
                    sent.await.map(|sent| sent.map_err(|error| connection.not_sent(sql, error)))
                }
                Ok(plan) => {
                    let mut sending = Box::pin(connection.send(plan, sql, params));
                    let sent = poll_fn(|cx| match sending.as_mut().poll(cx) {
                        Poll::Ready(sent) => Poll::Ready(Some(sent)),
                        Poll::Pending => behind.poll(connection, cx).map(|()| None),
                    });
                    sent.await
                }
                Err(failure) => Some(Err(failure)),
            };
            let outcome = match sent {
                Some(Ok(rows)) => connection::receive(pin!(rows), sink, timed.is_some(), &mut counts).await,
                Some(Err(failure)) => Err(failure),
                None => continue,
            };
            let failure = match outcome {
                Ok(()) => {
                    share.is_answered();
                    return Ok(Answer { counts, started });
                }
                Err(failure) => failure,
            };
            let again = match &failure {
                Failure::Server(error) => errors::is_outdated(error) || errors::is_lost(error),
                Failure::Ours(_) => false,
            };
            let asked = *asked.get_or_insert_with(|| self.pool.at(ticked));
            if !again || counts.rows > 0 || asked.elapsed() >= self.acquire_timeout {
                return Err(share.connection.explain(failure, sql.text, false, self.limit));
            }
        }
    }

    async fn shared(&self, mut request: Request) -> Result<Reply> {
        let asked = Instant::now();
        let sql = Sql::from(&*request.statement.sql);
        let answer = self.read(sql, &request.statement.params, &mut *request.sink, Some(asked)).await?;
        Ok(reply(request, answer.counts, asked, answer.started.unwrap_or(asked)))
    }

    /// Anything else, on a connection of its own.
    async fn alone(&self, mut request: Request) -> Result<Reply> {
        if control(&request.statement.sql) == Some(Control::Begins) {
            return Err(control::begins(&request.statement.sql));
        }
        let asked = Instant::now();
        let (writes, limit) = (!request.access.reads(), request.timeout);
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
            match connection.query(&mut request).await {
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

/// What came of a read.
pub(crate) struct Answer {
    counts: Counts,
    /// When it was sent, if its time is taken.
    started: Option<Instant>,
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
    let affected = if request.access.reads() { 0 } else { counts.affected };
    Reply { sink: request.sink, affected, inserted_id: None, rows: counts.rows, timings }
}

impl Driver for Postgresql {
    fn dialect(&self) -> &'static dyn Dialect {
        &Postgres
    }

    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        if request.access.reads() && self.keeps(request.timeout) {
            return Box::pin(self.shared(request));
        }
        if let Err(error) = connection::check(&request.statement.sql, &request.statement.params) {
            return Box::pin(async move { Err(error) });
        }
        Box::pin(self.alone(request))
    }

    fn stream(&self, request: Request, rows: usize) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.stream_rows(request, rows))
    }

    fn streams_in_batches(&self) -> bool {
        true
    }

    fn as_postgres(&self) -> Option<&Postgresql> {
        Some(self)
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
