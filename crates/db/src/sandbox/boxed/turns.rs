//! [`Turns`]: one transaction that many use, one after the other.

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::dialect::Dialect;
use crate::driver::carried::Carried;
use crate::driver::control::{self, Control, control, words};
use crate::driver::{Access, BoxFuture, End, Reply, Request, Transaction};
use crate::repo::{Listener, TransactionOptions};
use crate::sandbox::background;
use crate::{Error, ErrorKind, Result};

/// The number of the savepoint that a statement, or a transaction, of a sandbox begins with; those of parts within a
/// transaction follow.
const DEPTH: u32 = 0;

/// The transaction, and whose turn it is.
pub(super) struct Turns {
    pub(super) dialect: &'static dyn Dialect,
    transaction: Arc<dyn Transaction>,
    turn: Arc<Mutex<()>>,
    patience: Duration,
}

impl Turns {
    pub(super) fn new(
        dialect: &'static dyn Dialect,
        transaction: Arc<dyn Transaction>,
        patience: Duration,
    ) -> Self {
        Self { dialect, transaction, turn: Arc::default(), patience }
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<()>> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turn).lock_owned()).await;
        turn.map_err(|_| {
            Error::new(
                ErrorKind::AcquireTimeout,
                format!(
                    "another task of this test has had the sandbox for {:?}; all share one connection, so what goes \
                     through the outer repo waits for a transaction to end: inside of `transaction(async |tx| ...)` use \
                     `tx`, finish or drop a stream or a query that was begun, or give the test a database with several \
                     connections with `SandboxOptions::unboxed`",
                    self.patience
                ),
            )
        })
    }

    /// A statement that is no part of a transaction. Once begun it is done whole.
    pub(super) async fn run(&self, request: Request) -> Result<Reply> {
        let sql = &request.statement.sql;
        if request.access != Access::Script && control(sql) == Some(Control::Begins) {
            return Err(control::begins(sql));
        }
        self.transaction.check_in_sandbox(&request)?;
        let turn = self.turn().await?;
        let (transaction, dialect) = (Arc::clone(&self.transaction), self.dialect);
        // Where a failure undoes its statement alone, there is nothing to guard.
        let guarded = dialect.failure_ends_transaction();
        let work = async move {
            let _turn = turn;
            if !guarded {
                return transaction.run(request).await;
            }
            let writes = request.access != Access::Read;
            transaction.post(dialect.savepoint(DEPTH));
            let mut outcome = transaction.run(request).await;
            if writes
                && outcome.is_ok()
                && let Err(error) = transaction.check_part().await
            {
                outcome = Err(error);
            }
            let kept = outcome.is_ok();
            transaction.post(if kept { dialect.release(DEPTH) } else { dialect.rollback_to(DEPTH) });
            outcome
        };
        let outcome = Carried::new(background::runtime()?, None, work).await;
        outcome.map_err(explain)
    }

    /// A transaction: a part that others wait for.
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction>> {
        let turn = self.turn().await?;
        self.transaction.post(self.dialect.savepoint(DEPTH));
        let reads_only = options.read_only && !self.transaction.read_only_part();
        Ok(Box::new(Part {
            dialect: self.dialect,
            transaction: Arc::clone(&self.transaction),
            reads_only,
            sandbox: SyncMutex::new(Some(turn)),
            one: Arc::default(),
        }))
    }

    pub(super) fn listen(&self, channel: &str) -> BoxFuture<'static, Result<Listener>> {
        let text = if self.dialect.name() == "postgres" {
            format!(
                "nothing is ever committed in a sandbox, so no NOTIFY would reach the channel `{channel}`; give the test \
                 a whole database with `SandboxOptions::unboxed`"
            )
        } else {
            format!("the database `{}` has no LISTEN", self.dialect.name())
        };
        Box::pin(async move { Err(Error::new(ErrorKind::Query, text)) })
    }
}

/// What PostgreSQL says of a statement that a sandbox can not hold is true, but no help.
#[cold]
fn explain(error: Error) -> Error {
    let text = error.to_string();
    if text.contains("cannot run inside a transaction block") {
        let text = format!(
            "{text}; a sandbox is one transaction: give the test a whole database with `SandboxOptions::unboxed`"
        );
        return Error::with_source(error.kind(), text, error);
    }
    if error.is_closed() {
        let text = format!(
            "{text}; it was the sandbox's, so what the test wrote is gone, and what follows fails too"
        );
        return Error::with_source(ErrorKind::Closed, text, error);
    }
    error
}

/// A transaction within the sandbox's.
struct Part {
    dialect: &'static dyn Dialect,
    transaction: Arc<dyn Transaction>,
    /// Whether it was to read only, and the database does not see to that.
    reads_only: bool,
    /// The sandbox's turn; gone once the part has ended.
    sandbox: SyncMutex<Option<OwnedMutexGuard<()>>>,
    /// One statement at a time, so that none comes after the end.
    one: Arc<Mutex<()>>,
}

impl Part {
    fn take(&self) -> Option<OwnedMutexGuard<()>> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn check(&self) -> Result<()> {
        let open = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if open { Ok(()) } else { Err(control::ended()) }
    }
}

/// What writes, by its first word; the rest is the database's to know.
fn writes(sql: &str) -> bool {
    let first = words(sql).next().unwrap_or_default().to_ascii_lowercase();
    matches!(first.as_str(), "insert" | "update" | "delete" | "replace" | "load" | "call" | "truncate")
}

impl Transaction for Part {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let sql = &request.statement.sql;
            if self.reads_only && writes(sql) {
                return Err(Error::new(
                    ErrorKind::Query,
                    format!("the transaction is read only, and this writes: `{sql}`"),
                ));
            }
            self.transaction.check_in_sandbox(&request)?;
            let _one = self.one.lock().await;
            self.check()?;
            self.transaction.run(request).await.map_err(|error| match error.is_closed() {
                // What goes on is said by the part's end.
                true => error,
                false => explain(error),
            })
        })
    }

    #[cfg(feature = "postgres")]
    fn as_postgres(&self) -> Option<&crate::driver::postgres::Open> {
        self.check().ok()?;
        self.transaction.as_postgres()
    }

    fn post(&self, sql: String) {
        self.transaction.post(sql);
    }

    fn abandon(&self) {
        let Some(turn) = self.take() else { return };
        let (transaction, undo) = (Arc::clone(&self.transaction), self.dialect.rollback_to(DEPTH));
        // A statement of a handle in another task may be on its way.
        match Arc::clone(&self.one).try_lock_owned() {
            Ok(_one) => transaction.post(undo),
            Err(_) => {
                let one = Arc::clone(&self.one);
                if let Ok(runtime) = background::runtime() {
                    runtime.spawn(async move {
                        let _one = one.lock_owned().await;
                        transaction.post(undo);
                        drop(turn);
                    });
                }
            }
        }
    }

    fn end(&self, end: End) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let _one = self.one.lock().await;
            self.check()?;
            let checked = match end {
                // Until it is known whether it can be kept, whoever goes away undoes it.
                End::Commit => self.transaction.check_part().await,
                End::Rollback => Ok(()),
            };
            let Some(_turn) = self.take() else { return Err(control::ended()) };
            let kept = end == End::Commit && checked.is_ok();
            self.transaction.post(if kept {
                self.dialect.release(DEPTH)
            } else {
                self.dialect.rollback_to(DEPTH)
            });
            checked
        })
    }

    fn check_part(&self) -> BoxFuture<'_, Result<()>> {
        self.transaction.check_part()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.abandon();
    }
}
