//! MySQL and MariaDB, on sqlx's driver: a pool of connections of which each statement has one alone.
//!
//! The library's connections are in no known state once a future of theirs is dropped half way. Here none ever
//! is: a statement owns what it needs, and when its caller goes away a task carries it to its end ([`carried`](super::carried)). A
//! write is done whole then, a read or a transaction is stopped by a `KILL QUERY` if it takes long.
//! Whatever was told to stop is closed, for the order may hit the next statement.
//!
//! The time limit of a statement is kept here, by the same order: the server's own limits hold for SELECT alone on
//! MySQL, and would be one more statement wherever the limit is another. A server that is silent is asked over
//! another connection whether it lives ([`pulse`]).

mod connection;
mod decode;
mod encode;
mod errors;
#[cfg(feature = "sandbox")]
mod implicit;
mod lock;
mod options;
mod pool;
mod pulse;
pub(crate) mod storage;
mod transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::carried::{Carried, Stop};
use super::control::{self, Control, control};
use super::{Access, BoxFuture, Driver, MigrationLock, Reply, Request, Timings, Transaction};
use crate::dialect::{Dialect, Mysql as Sql};
use crate::repo::TransactionOptions;
use crate::{DatabaseConfig, Result};
use connection::{Counts, Failure, Opener, Outcome, Watched};
use pool::{Lease, Pool};

pub(crate) use options::Options;

/// A pool of connections to one database.
pub(crate) struct Mysql {
    pool: Arc<Pool>,
    dialect: &'static Sql,
}

impl Mysql {
    /// Connects to a database that exists.
    pub(crate) async fn open(options: &Options, config: &DatabaseConfig) -> Result<Self> {
        let opener = Opener::new(options, config.acquire_timeout, true)?;
        let pool = Pool::open(opener, config.pool_size.on_a_server(), config.acquire_timeout).await?;
        let lease = pool.take(config.acquire_timeout).await?;
        let dialect = lease.connection.dialect(options.server);
        lease.give_back();
        Ok(Self { pool, dialect })
    }

    async fn statement(&self, mut request: Request) -> Result<Reply> {
        encode::check(&request.statement.params, &request.statement.sql)?;
        if request.access != Access::Script && control(&request.statement.sql) == Some(Control::Begins) {
            return Err(control::begins(&request.statement.sql));
        }
        let asked = Instant::now();
        let (access, limit) = (request.access, request.timeout);
        loop {
            let left = self.pool.acquire_timeout.saturating_sub(asked.elapsed());
            let lease = self.pool.take(left).await?;
            let started = Instant::now();
            let stop = Stop::default();
            let stoppable = (access.reads() || access == Access::Unknown).then(|| stop.clone());
            let run = alone(lease, request, stop);
            let (back, begun, result) = Carried::new(&self.pool.runtime, stoppable, run).await;
            request = back;
            match result {
                Ok(counts) => return Ok(reply(request, counts, asked, started)),
                Err(failure) => {
                    // A read that has given no row yet may be sent again.
                    let again = access.reads() && !begun && failure.is_lost();
                    if !again || asked.elapsed() >= self.pool.acquire_timeout {
                        let sql = &request.statement.sql;
                        return Err(errors::explain(failure, sql, !access.reads(), limit));
                    }
                }
            }
        }
    }
}

/// Runs a statement on a connection, and gives that back. What comes back besides is the request, and whether a row
/// has reached its sink.
async fn alone(
    mut lease: Lease,
    mut request: Request,
    stop: Stop,
) -> (Request, bool, Result<Counts, Failure>) {
    let pool = lease.pool();
    let mut begun = false;
    let (limit, writes) = (request.timeout, !request.access.reads());
    let watched = Watched { opener: &pool.opener, pulse: &pool.pulse, limit, writes, stop: &stop };
    let Outcome { result, was_stopped } = if request.access == Access::Script {
        let Outcome { result, was_stopped } = lease.connection.batch(&request.statement.sql, &watched).await;
        Outcome { result: result.map(|()| Counts::default()), was_stopped }
    } else {
        lease.connection.query(&mut request, &mut begun, &watched).await
    };
    let result = settle(&pool, result);
    if !was_stopped && !matches!(&result, Err(failure) if failure.breaks()) {
        lease.give_back();
    }
    (request, begun, result)
}

/// Notes a connection that broke, for the others' sake.
fn settle<T>(pool: &Pool, result: Result<T, Failure>) -> Result<T, Failure> {
    if matches!(&result, Err(failure) if failure.is_lost()) {
        pool.suspect();
    }
    result
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
    let affected = match request.access {
        Access::Read => 0,
        // What gives rows back does not count them.
        _ => counts.affected.max(if request.access == Access::Write { counts.rows } else { 0 }),
    };
    Reply { sink: request.sink, affected, inserted_id: counts.inserted_id, rows: counts.rows, timings }
}

impl Driver for Mysql {
    fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.statement(request))
    }

    fn begin(&self, options: TransactionOptions) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(async move {
            let asked = Instant::now();
            loop {
                let left: Duration = self.pool.acquire_timeout.saturating_sub(asked.elapsed());
                let lease = self.pool.take(left).await?;
                match transaction::Open::begin(lease, options).await {
                    Ok(open) => return Ok(Box::new(open) as Box<dyn Transaction>),
                    // Nothing was begun, or nothing of it is left.
                    Err(failure) if failure.is_lost() && asked.elapsed() < self.pool.acquire_timeout => {}
                    Err(failure) => {
                        let text = crate::dialect::mysql::begin(options);
                        return Err(errors::explain(failure, &text, false, None));
                    }
                }
            }
        })
    }

    fn lock_migrations(&self, patience: Duration) -> BoxFuture<'_, Result<Box<dyn MigrationLock>>> {
        Box::pin(async move {
            let lock = lock::Lock::take(&self.pool.opener, patience).await?;
            Ok(Box::new(lock) as Box<dyn MigrationLock>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}
