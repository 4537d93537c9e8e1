//! A transaction: a connection of its own until it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{Counts, Failure, Outcome, Watched};
use super::pool::{Lease, Pool};
use super::{encode, errors, settle};
use crate::dialect::mysql as sql;
use crate::driver::carried::{Carried, Stop};
use crate::driver::control::{self, Control, control};
use crate::driver::{Access, BoxFuture, End, Reply, Request, Transaction};
use crate::repo::TransactionOptions;
use crate::{Error, ErrorKind, Result};

/// A transaction that is open.
pub(super) struct Open(Arc<Shared>);

struct Shared {
    pool: Arc<Pool>,
    options: TransactionOptions,
    /// One statement at a time.
    turn: Arc<Mutex<State>>,
    /// What is to be sent before the next statement.
    posts: SyncMutex<Vec<String>>,
    ended: AtomicBool,
    /// Stops the statement that runs, when the transaction is given up.
    running: SyncMutex<Stop>,
}

struct State {
    /// Gone once the transaction has ended, or its connection has.
    lease: Option<Lease>,
    /// Why nothing more can be done in it.
    broken: Option<&'static str>,
}

const DEADLOCK: &str = "a deadlock ended it, and nothing of it was kept; run it again";
const STOPPED: &str = "a statement of it was stopped, and nothing of it was kept";
const LOST: &str = "its connection broke";
const POSTED: &str = "a savepoint of it could not be set or undone";

impl Open {
    /// Begins a transaction.
    pub(super) async fn begin(lease: Lease, options: TransactionOptions) -> Result<Self, Failure> {
        let pool = lease.pool();
        let runtime = pool.runtime.clone();
        let begin = async move {
            let (mut lease, stop) = (lease, Stop::default());
            let watched =
                Watched { opener: &pool.opener, pulse: &pool.pulse, limit: None, writes: true, stop: &stop };
            let outcome = lease.connection.batch(&sql::begin(options), &watched).await;
            settle(&pool, outcome.result)?;
            Ok(Self(Arc::new(Shared {
                pool: Arc::clone(&pool),
                options,
                turn: Arc::new(Mutex::new(State { lease: Some(lease), broken: None })),
                posts: SyncMutex::default(),
                ended: AtomicBool::new(false),
                running: SyncMutex::default(),
            })))
        };
        // If the caller goes away, the transaction is begun, and dropped, which rolls it back.
        Carried::new(&runtime, None, begin).await
    }

    async fn statement(&self, mut request: Request) -> Result<Reply> {
        encode::check(&request.statement.params, &request.statement.sql)?;
        let text = &request.statement.sql;
        if request.access != Access::Script && control(text) == Some(Control::Ends) {
            return Err(control::ends(text));
        }
        let asked = Instant::now();
        let mut state = Arc::clone(&self.0.turn).lock_owned().await;
        let (access, limit) = (request.access, request.timeout);
        let stop = Stop::default();
        *lock(&self.0.running) = stop.clone();
        // Looked at after the stop is known to who gives the transaction up.
        if self.0.ended.load(Ordering::Acquire) {
            return Err(control::ended());
        }
        let stoppable = (access.reads() || access == Access::Unknown).then(|| stop.clone());
        let shared = Arc::clone(&self.0);
        let run = async move {
            let started = Instant::now();
            let posted = shared.flush(&mut state, limit).await;
            let result = match posted {
                Ok(()) => shared.run(&mut state, &mut request, &stop).await,
                Err(error) => Err(error),
            };
            (request, started, result)
        };
        let (request, started, result) = Carried::new(&self.0.pool.runtime, stoppable, run).await;
        Ok(super::reply(request, result?, asked, started))
    }
}

impl Shared {
    fn watched<'a>(&'a self, stop: &'a Stop, limit: Option<Duration>) -> Watched<'a> {
        Watched { opener: &self.pool.opener, pulse: &self.pool.pulse, limit, writes: true, stop }
    }

    /// Sends what was posted.
    async fn flush(&self, state: &mut State, limit: Option<Duration>) -> Result<()> {
        let posts = std::mem::take(&mut *lock(&self.posts));
        if posts.is_empty() {
            return Ok(());
        }
        let text = posts.join("; ");
        match self.batch(state, &text, limit).await {
            Ok(()) => Ok(()),
            Err(error) => {
                state.broken.get_or_insert(POSTED);
                Err(error)
            }
        }
    }

    async fn batch(&self, state: &mut State, text: &str, limit: Option<Duration>) -> Result<()> {
        let stop = Stop::default();
        let lease = open(state)?;
        let outcome = lease.connection.batch(text, &self.watched(&stop, limit)).await;
        self.judge(state, outcome).map_err(|failure| errors::explain(failure, text, true, limit))
    }

    async fn run(&self, state: &mut State, request: &mut Request, stop: &Stop) -> Result<Counts> {
        let limit = request.timeout;
        let watched = self.watched(stop, limit);
        let lease = open(state)?;
        if request.access == Access::Script {
            let outcome = lease.connection.batch(&request.statement.sql, &watched).await;
            let ran = self.judge(state, outcome);
            // DDL has committed what was before it. What follows is a transaction again.
            let again = match state.broken {
                None => self.batch(state, &sql::begin(self.options), limit).await,
                Some(_) => Ok(()),
            };
            let sql = &request.statement.sql;
            ran.map_err(|failure| errors::explain(failure, sql, true, limit))?;
            return again.map(|()| Counts::default());
        }
        let outcome = lease.connection.query(request, &mut false, &watched).await;
        let (sql, writes) = (&request.statement.sql, !request.access.reads());
        self.judge(state, outcome).map_err(|failure| errors::explain(failure, sql, writes, limit))
    }

    /// Notes what a failure does to the transaction.
    fn judge<T>(&self, state: &mut State, outcome: Outcome<T>) -> Result<T, Failure> {
        let Outcome { result, was_stopped } = outcome;
        let result = settle(&self.pool, result);
        match &result {
            Err(Failure::Server(error)) if errors::is_deadlock(error) => state.broken = Some(DEADLOCK),
            Err(failure) if failure.breaks() => {
                state.broken = Some(if failure.is_lost() { LOST } else { STOPPED });
            }
            // The order to stop may hit the next statement.
            _ if was_stopped => state.broken = Some(STOPPED),
            _ => {}
        }
        if was_stopped || matches!(&result, Err(failure) if failure.breaks()) {
            // The server rolls back what a closed connection leaves open.
            state.lease = None;
        }
        result
    }

    /// Ends the transaction, and gives the connection back if all is well.
    async fn end(&self, state: &mut State, end: End) -> Result<()> {
        if let Some(why) = state.broken {
            self.roll_back(state).await;
            return match end {
                End::Rollback => Ok(()),
                End::Commit => Err(broken(why)),
            };
        }
        if end == End::Rollback {
            self.roll_back(state).await;
            return Ok(());
        }
        let stop = Stop::default();
        let lease = open(state)?;
        let outcome = lease.connection.batch(sql::COMMIT, &self.watched(&stop, None)).await;
        match self.judge(state, outcome) {
            Ok(()) => {
                give_back(state);
                Ok(())
            }
            Err(failure) => {
                let gone = matches!(&failure, Failure::Server(error) if errors::is_no_savepoint(error));
                self.roll_back(state).await;
                Err(if gone {
                    broken(
                        "a statement of it has committed what was before, as CREATE, ALTER and their like do, or \
                         raw SQL ended it",
                    )
                } else {
                    errors::explain(failure, sql::COMMIT, true, None)
                })
            }
        }
    }

    async fn roll_back(&self, state: &mut State) {
        let stop = Stop::default();
        let Some(lease) = &mut state.lease else { return };
        let outcome = lease.connection.batch(sql::ROLLBACK, &self.watched(&stop, None)).await;
        if outcome.result.is_ok() && !outcome.was_stopped {
            give_back(state);
        }
        state.lease = None;
    }

    /// Rolls back, without anybody waiting for it.
    fn abandon(self: &Arc<Self>) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        lock(&self.running).ask();
        let shared = Arc::clone(self);
        self.pool.runtime.spawn(async move {
            let mut state: OwnedMutexGuard<State> = Arc::clone(&shared.turn).lock_owned().await;
            shared.roll_back(&mut state).await;
        });
    }
}

fn give_back(state: &mut State) {
    if let Some(lease) = state.lease.take() {
        lease.give_back();
    }
}

/// The connection of a transaction that is open.
fn open(state: &mut State) -> Result<&mut Lease> {
    match (state.broken, &mut state.lease) {
        (Some(why), _) => Err(broken(why)),
        (None, Some(lease)) => Ok(lease),
        (None, None) => Err(control::ended()),
    }
}

#[cold]
fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Closed, format!("the transaction is not open any more: {why}"))
}

fn lock<T>(mutex: &SyncMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transaction for Open {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.statement(request))
    }

    fn post(&self, sql: String) {
        lock(&self.0.posts).push(sql);
    }

    fn abandon(&self) {
        self.0.abandon();
    }

    fn end(&self, end: End) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut state = Arc::clone(&self.0.turn).lock_owned().await;
            if self.0.ended.swap(true, Ordering::AcqRel) {
                return Err(control::ended());
            }
            let shared = Arc::clone(&self.0);
            let work = async move {
                if end == End::Commit
                    && let Err(error) = shared.flush(&mut state, None).await
                {
                    shared.roll_back(&mut state).await;
                    return Err(error);
                }
                shared.end(&mut state, end).await
            };
            Carried::new(&self.0.pool.runtime, None, work).await
        })
    }

    #[cfg(feature = "sandbox")]
    fn check_in_sandbox(&self, request: &Request) -> Result<()> {
        super::implicit::check(request)
    }

    /// What can break a transaction has broken it by now, or does with what was posted.
    #[cfg(feature = "sandbox")]
    fn check_part(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let mut state = Arc::clone(&self.0.turn).lock_owned().await;
            let shared = Arc::clone(&self.0);
            let work = async move {
                shared.flush(&mut state, None).await?;
                open(&mut state).map(drop)
            };
            Carried::new(&self.0.pool.runtime, None, work).await
        })
    }

    #[cfg(feature = "sandbox")]
    fn is_whole(&self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            let mut state = Arc::clone(&self.0.turn).lock_owned().await;
            let shared = Arc::clone(&self.0);
            let work = async move { shared.batch(&mut state, sql::UNDO, None).await.is_ok() };
            Carried::new(&self.0.pool.runtime, None, work).await
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
