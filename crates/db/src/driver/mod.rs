//! What a repo asks of a database: [`Driver`] and [`Transaction`], with one folder per database below.
//!
//! Both are object-safe and know nothing of schemas: a [`Request`] is SQL, values, and a [`Sink`] that
//! decodes each row where it is read, without a copy of the row in between.

#[cfg(any(feature = "mysql", all(feature = "sandbox", feature = "postgres")))]
#[cfg_attr(not(feature = "mysql"), allow(dead_code, reason = "only MySQL's statements are told to stop"))]
pub(crate) mod carried;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    allow(dead_code, reason = "SQLite itself tells whether a transaction is open")
)]
pub(crate) mod control;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use crate::dialect::{Dialect, Statement};
use crate::query::Load;
use crate::repo::{Listener, TransactionOptions};
use crate::{Error, ErrorKind, Result, Row, Value};

/// A future of a driver.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A pool of connections to a database.
pub(crate) trait Driver: Send + Sync + 'static {
    /// How this database wants its SQL.
    fn dialect(&self) -> &'static dyn Dialect;

    /// Runs one statement on whichever connection is free.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;

    /// Reads rows for who takes them one by one, so many at a time where the database can:
    /// [`streams_in_batches`](Self::streams_in_batches). Between two batches it waits until the rows are
    /// [taken](Sink::taken).
    fn stream(&self, request: Request, rows: usize) -> BoxFuture<'_, Result<Reply>> {
        let _ = rows;
        self.run(request)
    }

    /// Whether rows come so many at a time, and nothing runs in between.
    fn streams_in_batches(&self) -> bool {
        false
    }

    /// Finds one row by its key at once, on the caller's thread, if that is quicker than handing it over, and says how long
    /// it took. If not, `None`; the sink is then as it was.
    fn look_up(
        &self,
        sql: &str,
        key: &[Value],
        sink: &mut dyn Sink,
        limit: Option<Duration>,
    ) -> Option<Result<Duration>> {
        let _ = (sql, key, sink, limit);
        None
    }

    /// Begins a transaction on a connection of its own. Dropping it rolls back.
    fn begin(&self, options: TransactionOptions) -> BoxFuture<'_, Result<Box<dyn Transaction>>>;

    /// As [`begin`](Self::begin), for changes of the structure that need foreign keys not to be enforced: only
    /// SQLite's does that, where nothing else will do.
    fn begin_without_keys(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        self.begin(TransactionOptions::new())
    }

    /// Waits this long at most until no other process migrates the database, and keeps others waiting from then on.
    /// Where each migration takes a lock anyway, there is nothing to wait for.
    fn lock_migrations(&self, patience: Duration) -> BoxFuture<'_, Result<Box<dyn MigrationLock>>> {
        let _ = patience;
        Box::pin(async { Ok(no_lock()) })
    }

    /// PostgreSQL's: its reads run in the caller's task, and need neither a box nor an owned [`Request`].
    #[cfg(feature = "postgres")]
    fn as_postgres(&self) -> Option<&postgres::Postgresql> {
        None
    }

    /// Hears a channel.
    fn listen(&self, channel: String) -> BoxFuture<'_, Result<Listener>> {
        drop(channel);
        let text = format!("the database `{}` has no LISTEN", self.dialect().name());
        Box::pin(async move { Err(Error::new(ErrorKind::Query, text)) })
    }

    /// Whether one connection serves everybody, so that nobody may keep it while the next statement is waited for.
    fn has_one_connection(&self) -> bool {
        false
    }

    /// Lets what was asked for finish, closes every connection, and waits for that.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A connection in a transaction. Dropping it rolls back.
pub(crate) trait Transaction: Send + Sync + 'static {
    /// Runs one statement.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;

    /// As [`Driver::stream`].
    fn stream(&self, request: Request, rows: usize) -> BoxFuture<'_, Result<Reply>> {
        let _ = rows;
        self.run(request)
    }

    /// PostgreSQL's.
    #[cfg(feature = "postgres")]
    fn as_postgres(&self) -> Option<&postgres::Open> {
        None
    }

    /// Runs SQL that nobody waits for, before whatever is asked for next. If it fails, the whole transaction
    /// is rolled back, and what is asked for next fails.
    fn post(&self, sql: String);

    /// Rolls back without waiting for it; what is asked for next fails.
    fn abandon(&self);

    /// Ends the transaction.
    fn end(&self, end: End) -> BoxFuture<'_, Result<()>>;

    /// Refuses what would end the whole transaction that a sandbox is, by itself and without a word.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    fn check_in_sandbox(&self, request: &Request) -> Result<()> {
        let _ = request;
        Ok(())
    }

    /// Lets nothing be written until the savepoint before is undone or released; says whether the database can do that.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    fn read_only_part(&self) -> bool {
        false
    }

    /// Does what a COMMIT would do besides: fails if what was done since the last savepoint can not be kept.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    fn check_part(&self) -> BoxFuture<'_, Result<()>>;

    /// Whether nothing of the transaction has been committed.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    fn is_whole(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

/// Keeps other processes from migrating until it is released or dropped.
pub(crate) trait MigrationLock: Send + Sync {
    /// Fails if it is lost: the connection that held it broke.
    fn check(&self) -> BoxFuture<'_, Result<()>>;

    /// Runs SQL over the connection that holds the lock: if nobody waits for it any more, it still ends before the
    /// lock does. `None` where that can not be.
    fn script(&self, sql: String) -> Option<BoxFuture<'_, Result<()>>> {
        drop(sql);
        None
    }

    /// Lets others migrate, and waits for that. Dropping it does the same without waiting.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The lock of a database that needs none.
pub(crate) fn no_lock() -> Box<dyn MigrationLock> {
    Box::new(NoLock)
}

struct NoLock;

impl MigrationLock for NoLock {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// What was done is kept.
    Commit,
    /// What was done is undone.
    Rollback,
}

/// What a statement may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// The database shall tell: raw SQL.
    Unknown,
    /// Several statements without values, run one after the other: a migration.
    Script,
}

impl Access {
    /// Whether it reads, and nothing else.
    pub(crate) fn reads(self) -> bool {
        self == Self::Read
    }
}

/// One statement to run.
pub(crate) struct Request {
    pub(crate) statement: Statement,
    pub(crate) access: Access,
    pub(crate) sink: Box<dyn Sink>,
    /// How long it may run; `None` is for as long as it takes.
    pub(crate) timeout: Option<Duration>,
    /// Whether decoding is timed apart, which costs two looks at the clock per row.
    pub(crate) timed: bool,
    /// Within a transaction: whether a failure shall undo this statement alone, also where the database would
    /// give up the whole transaction.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "SQLite and MySQL undo a statement alone anyway")
    )]
    pub(crate) guarded: bool,
}

/// What came of a statement.
pub(crate) struct Reply {
    pub(crate) sink: Box<dyn Sink>,
    /// How many rows it inserted, updated or deleted.
    pub(crate) affected: u64,
    /// The number that the database gave to the first inserted row, where it tells: MySQL.
    pub(crate) inserted_id: Option<u64>,
    /// How many rows it gave.
    pub(crate) rows: u64,
    pub(crate) timings: Timings,
}

/// Where the time of a statement went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timings {
    /// Waiting for a connection.
    pub(crate) queue: Duration,
    /// In the database.
    pub(crate) query: Duration,
    /// Decoding rows; zero unless asked for.
    pub(crate) decode: Duration,
}

/// Takes rows as they are read.
pub(crate) trait Sink: Send {
    /// Takes one row. On a thread that may block it waits for room by itself; a driver within a task waits
    /// for [`room`](Self::room) before each row.
    fn row(&mut self, row: &dyn Row) -> Result<()>;

    /// Forgets the rows that it has taken: a write was undone because of others, or a statement stopped that was not short,
    /// and is run again.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "only SQLite runs a write again"))]
    fn restart(&mut self);

    /// Waits until there is room for one more row; `None` if there always is.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        allow(dead_code, reason = "the threads of SQLite may block")
    )]
    fn room(&mut self) -> Option<BoxFuture<'_, Result<()>>> {
        None
    }

    /// Waits, between two batches of rows, until those before are taken; `None` if nobody has to wait.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "others have no batches"))]
    fn taken(&mut self) -> Option<BoxFuture<'_, Result<()>>> {
        None
    }

    /// The sink as what it is, to get the rows out.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// The work of a task for which one of the shares is taken that the runtime gives it until others have their turn: all
/// together, some 128, are a millisecond and a bit.
pub(crate) const SHARE: Duration = Duration::from_micros(10);

/// Who has worked this long in its own task, and never had to wait, lets others have their turn.
pub(crate) async fn let_others_run(took: Duration) {
    for _ in 0..=took.as_nanos() / SHARE.as_nanos() {
        tokio::task::coop::consume_budget().await;
    }
}

/// Runs what may be an app's code that decodes a row. A panic of it becomes an error: whoever runs it is needed by others.
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql", feature = "sqlite")),
    allow(dead_code, reason = "without a driver there are no rows")
)]
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Decode,
            "the code that reads a row has panicked; the panic's message is on stderr",
        ))
    })
}

/// A sink of a statement whose rows nobody wants.
pub(crate) struct Discard;

impl Sink for Discard {
    fn row(&mut self, _: &dyn Row) -> Result<()> {
        Ok(())
    }
    fn restart(&mut self) {}
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// A sink of the one row that is asked for.
pub(crate) struct One<T> {
    pub(crate) row: Option<T>,
    /// Whether there were others.
    pub(crate) several: bool,
    pub(crate) load: fn(&dyn Row) -> Result<T>,
}

impl<T> One<T> {
    pub(crate) fn new(load: fn(&dyn Row) -> Result<T>) -> Self {
        Self { row: None, several: false, load }
    }
}

impl<T: Send + 'static> Sink for One<T> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        self.several = self.row.is_some();
        if !self.several {
            self.row = Some((self.load)(row)?);
        }
        Ok(())
    }
    fn restart(&mut self) {
        (self.row, self.several) = (None, false);
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// A sink that decodes every row.
pub(crate) struct Collect<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) load: Load<T>,
}

impl<T: Send + 'static> Sink for Collect<T> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        self.rows.push(self.load.call(row)?);
        Ok(())
    }
    fn restart(&mut self) {
        self.rows.clear();
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
