//! A transaction: a connection of its own until it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{self, Connection, Failure};
use super::lease::{Lease, State};
use crate::Result;
use crate::dialect::postgres as sql;
use crate::driver::control::{self, Control, control};
use crate::driver::{Access, BoxFuture, End, Reply, Request, Timings, Transaction};
use crate::repo::TransactionOptions;

/// A transaction that is open.
pub(crate) struct Open {
    /// Gone once it has ended. What is sent is sent in order, so nobody holds the lock while waiting.
    lease: SyncMutex<Option<Lease>>,
    pub(super) connection: Arc<Connection>,
    /// One statement at a time: a guard is a savepoint, and savepoints are a stack.
    turn: Arc<Mutex<Limit>>,
    /// Something was undone, and the limit with it, if it had been changed.
    undone: AtomicBool,
    /// A script has committed what a sandbox would have undone.
    #[cfg_attr(not(feature = "sandbox"), allow(dead_code, reason = "only a sandbox wants to know"))]
    committed: AtomicBool,
}

/// The limit of each statement that holds in this transaction.
pub(super) struct Limit {
    now: Option<Duration>,
    changed: bool,
}

impl Open {
    /// Begins a transaction.
    pub(super) async fn begin(mut lease: Lease, options: TransactionOptions) -> Result<Self> {
        let connection = Arc::clone(lease.connection());
        let limit = connection.pools_limit();
        // From here on the connection goes back by way of a ROLLBACK.
        lease.set(State::Open);
        connection.start(limit);
        let text = sql::begin(options);
        let begun = connection.batch(&text).await;
        connection.stop();
        begun.map_err(|error| connection.explain(Failure::Server(error), &text, false, limit))?;
        Ok(Self {
            lease: SyncMutex::new(Some(lease)),
            connection,
            turn: Arc::new(Mutex::new(Limit { now: limit, changed: false })),
            undone: AtomicBool::new(false),
            committed: AtomicBool::new(false),
        })
    }

    fn take_lease(&self) -> Option<Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_open(&self) -> bool {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    async fn statement(&self, mut request: Request) -> Result<Reply> {
        connection::check(&request.statement.sql, &request.statement.params)?;
        let text = &request.statement.sql;
        if request.access != Access::Script && control(text) == Some(Control::Ends) {
            return Err(control::ends(text));
        }
        let asked = Instant::now();
        let turn = self.turn(request.timeout).await?;
        let connection = turn.connection;
        let started = Instant::now();
        let guarded = request.guarded;
        if guarded {
            connection.post(sql::GUARD);
        }
        let (writes, sql) = (!request.access.reads(), request.statement.sql.clone());
        let outcome = if request.access == Access::Script {
            self.script(&sql).await.map(|()| connection::Counts::default())
        } else {
            connection.query(&mut request).await
        };
        if guarded {
            match &outcome {
                Ok(_) => connection.post(sql::GUARD_KEEP),
                Err(_) => {
                    connection.post(sql::GUARD_UNDO);
                    self.undone.store(true, Ordering::Relaxed);
                }
            }
        }
        drop(turn);
        let counts = outcome.map_err(|failure| connection.explain(failure, &sql, writes, request.timeout))?;
        let timings = Timings {
            queue: started.saturating_duration_since(asked),
            query: started.elapsed().saturating_sub(counts.decode),
            decode: counts.decode,
        };
        let affected = if writes { counts.affected } else { 0 };
        Ok(Reply { sink: request.sink, affected, inserted_id: None, rows: counts.rows, timings })
    }

    /// Waits until nothing else runs in this transaction, and until it has this limit of a statement.
    pub(super) async fn turn(&self, wanted: Option<Duration>) -> Result<Turn<'_>> {
        let mut limit = Arc::clone(&self.turn).lock_owned().await;
        if !self.is_open() {
            return Err(control::ended());
        }
        self.connection.is_usable()?;
        let running = Running::start(&self.connection, wanted);
        self.keep_limit(&mut limit, wanted).await?;
        Ok(Turn { connection: &self.connection, limit, _running: running })
    }

    /// Closes a cursor. One that a failure or a savepoint has closed is not missed: the transaction is over then, or
    /// goes on behind the savepoint.
    pub(super) fn close_cursor(&self, name: &str) {
        if self.is_open() {
            self.connection.post(&sql::close(name));
        }
    }

    /// A script that commits by itself is noticed: the savepoint is gone with its transaction.
    async fn script(&self, text: &str) -> Result<(), Failure> {
        self.connection.batch(sql::GUARD).await?;
        self.connection.batch(text).await?;
        let kept = self.connection.batch(sql::GUARD_KEEP).await;
        self.committed.fetch_or(kept.is_err(), Ordering::Relaxed);
        Ok(kept?)
    }

    /// The limit ends with the transaction, whatever ends it.
    async fn keep_limit(&self, limit: &mut Limit, wanted: Option<Duration>) -> Result<()> {
        let undone = self.undone.swap(false, Ordering::Relaxed) && limit.changed;
        if limit.now == wanted && !undone {
            return Ok(());
        }
        let text = sql::statement_timeout(wanted, true);
        let set = self.connection.batch(&text).await;
        set.map_err(|error| self.connection.explain(Failure::Server(error), &text, false, limit.now))?;
        *limit = Limit { now: wanted, changed: true };
        Ok(())
    }
}

/// The right to run a statement in a transaction.
pub(super) struct Turn<'a> {
    pub(super) connection: &'a Connection,
    pub(super) limit: OwnedMutexGuard<Limit>,
    _running: Running<'a>,
}

/// Notes on the connection that the server is to answer.
struct Running<'a>(&'a Connection);

impl<'a> Running<'a> {
    fn start(connection: &'a Connection, limit: Option<Duration>) -> Self {
        connection.start(limit);
        Self(connection)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Transaction for Open {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.statement(request))
    }

    fn stream(&self, request: Request, rows: usize) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.stream_rows(request, rows))
    }

    fn as_postgres(&self) -> Option<&Open> {
        Some(self)
    }

    /// If it fails, the server lets everything fail that follows.
    fn post(&self, sql: String) {
        if self.is_open() {
            self.undone.store(true, Ordering::Relaxed);
            self.connection.post(&sql);
        }
    }

    fn abandon(&self) {
        drop(self.take_lease());
    }

    fn end(&self, end: End) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            let Some(mut lease) = self.take_lease() else { return Err(control::ended()) };
            self.connection.is_usable()?;
            let running = Running::start(&self.connection, self.connection.pools_limit());
            let text = match end {
                End::Commit => sql::COMMIT,
                End::Rollback => sql::ROLLBACK,
            };
            let outcome = self.connection.batch(text).await;
            drop(running);
            match outcome {
                Ok(()) => {
                    lease.set(State::Clean);
                    Ok(())
                }
                // The lease goes back by way of a ROLLBACK.
                Err(error) => {
                    let failure = Failure::Server(error);
                    let limit = self.connection.pools_limit();
                    Err(self.connection.explain(failure, text, end == End::Commit, limit))
                }
            }
        })
    }
    /// As it is undone or released with the savepoint before, so is this.
    #[cfg(feature = "sandbox")]
    fn read_only_part(&self) -> bool {
        self.post(sql::READ_ONLY_PART.to_owned());
        true
    }

    #[cfg(feature = "sandbox")]
    fn is_whole(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { !self.committed.load(Ordering::Relaxed) })
    }

    /// Constraints that wait for the COMMIT are looked at now.
    #[cfg(feature = "sandbox")]
    fn check_part(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let _turn = self.turn.lock().await;
            if !self.is_open() {
                return Err(control::ended());
            }
            self.connection.is_usable()?;
            let running = Running::start(&self.connection, self.connection.pools_limit());
            let checked = self.connection.batch(sql::CHECK_PART).await;
            drop(running);
            let failed = |error| {
                let limit = self.connection.pools_limit();
                self.connection.explain(Failure::Server(error), sql::COMMIT, false, limit)
            };
            checked.map_err(failed)
        })
    }
}
