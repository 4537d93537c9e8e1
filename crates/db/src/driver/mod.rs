//! What a repo asks of a database: [`Driver`] and [`Transaction`], with one folder per database below.
//!
//! Both are object-safe and know nothing of schemas: a [`Request`] is SQL, values, and a [`Sink`] that
//! decodes each row where it is read, without a copy of the row in between.

#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::dialect::{Dialect, Statement};
use crate::{Result, Row};

/// A future of a driver.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A pool of connections to a database.
pub(crate) trait Driver: Send + Sync + 'static {
    /// How this database wants its SQL.
    fn dialect(&self) -> &'static dyn Dialect;

    /// Runs one statement on whichever connection is free.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;

    /// Begins a transaction on a connection of its own. Dropping it rolls back.
    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>>;

    /// Lets what was asked for finish, closes every connection, and waits for that.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A connection in a transaction. Dropping it rolls back.
pub(crate) trait Transaction: Send + Sync + 'static {
    /// Runs one statement.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;

    /// Runs SQL that nobody waits for, before whatever is asked for next. If it fails, the whole transaction
    /// is rolled back, and what is asked for next fails.
    fn post(&self, sql: String);

    /// Rolls back without waiting for it; what is asked for next fails.
    fn abandon(&self);

    /// Ends the transaction.
    fn end(&self, end: End) -> BoxFuture<'_, Result<()>>;
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

/// One statement to run.
pub(crate) struct Request {
    pub(crate) statement: Statement,
    pub(crate) access: Access,
    pub(crate) sink: Box<dyn Sink>,
    /// How long it may run; `None` is for as long as it takes.
    pub(crate) timeout: Option<Duration>,
    /// Whether decoding is timed apart, which costs two looks at the clock per row.
    pub(crate) timed: bool,
}

/// What came of a statement.
pub(crate) struct Reply {
    pub(crate) sink: Box<dyn Sink>,
    /// How many rows it inserted, updated or deleted.
    pub(crate) affected: u64,
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
    /// Takes one row.
    fn row(&mut self, row: &dyn Row) -> Result<()>;

    /// The sink as what it is, to get the rows out.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A sink of a statement whose rows nobody wants.
pub(crate) struct Discard;

impl Sink for Discard {
    fn row(&mut self, _: &dyn Row) -> Result<()> {
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// A sink that decodes every row.
pub(crate) struct Collect<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) load: fn(&dyn Row) -> Result<T>,
}

impl<T: Send + 'static> Sink for Collect<T> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        self.rows.push((self.load)(row)?);
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
