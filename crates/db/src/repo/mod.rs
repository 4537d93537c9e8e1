//! [`Repo`]: the handle through which everything reaches the database.

mod bulk;
mod read;
mod transaction;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use write::Writable;
pub(crate) use write::put;

use crate::dialect::{Dialect, Statement};
use crate::driver::{Access, Collect, Discard, Driver, Reply, Request, Sink};
use crate::url::Target;
use crate::{DatabaseConfig, DatabaseUrl, Error, ErrorKind, FromRow, Result, Row, Value};
use transaction::Scope;

/// A handle of a database: cheap to clone, and the same type outside and inside of a
/// [transaction](Self::transaction), so that a function that takes `&Repo` works in both.
///
/// Reads run side by side; writes one after the other on SQLite. A query that finds no free connection
/// within `acquire_timeout`, or runs longer than `query_timeout`, fails with a [timeout](Error::is_timeout).
/// When the future of a query is dropped, the query is not begun if it was waiting; a running read is
/// stopped, and a running write is finished.
///
/// Every statement is a `tracing` event of level debug and target `zzz_db::query` with its SQL, the
/// microseconds spent waiting (`queue`), in the database (`query`) and decoding (`decode`), and the number of
/// rows. Values are never logged.
#[derive(Clone)]
pub struct Repo {
    driver: Arc<dyn Driver>,
    /// The transaction that this handle belongs to.
    scope: Option<Arc<Scope>>,
    acquire_timeout: Duration,
    query_timeout: Option<Duration>,
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repo")
            .field("database", &self.driver.dialect().name())
            .field("in_transaction", &self.in_transaction())
            .finish_non_exhaustive()
    }
}

impl Repo {
    /// Connects to a database that exists; [`storage::create`](crate::storage::create) makes one.
    ///
    /// # Errors
    /// If it does not exist, can not be opened or written, or is damaged.
    pub async fn connect(url: &DatabaseUrl, config: &DatabaseConfig) -> Result<Self> {
        let driver: Arc<dyn Driver> = match &url.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => Arc::new(crate::driver::sqlite::Pool::open(path, config).await?),
            #[cfg(not(feature = "sqlite"))]
            Target::None(never) => match *never {},
        };
        Ok(Self {
            driver,
            scope: None,
            acquire_timeout: config.acquire_timeout,
            query_timeout: Some(config.query_timeout),
        })
    }

    /// The same database with another limit for each statement; `None` is for as long as it takes.
    #[must_use]
    pub fn with_query_timeout(&self, timeout: Option<Duration>) -> Self {
        Self { query_timeout: timeout, ..self.clone() }
    }

    /// How this database wants its SQL.
    #[must_use]
    pub fn dialect(&self) -> &'static dyn Dialect {
        self.driver.dialect()
    }

    /// Whether this handle belongs to a transaction.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.scope.is_some()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// If it gives none within the timeouts.
    pub async fn ping(&self) -> Result<()> {
        self.run(Statement::new(self.dialect().ping(), []), Access::Read, Box::new(Discard)).await.map(drop)
    }

    /// Lets what was asked for finish, closes every connection, and waits for that. Handles that are left
    /// fail from then on. Dropping the last handle does the same without waiting.
    pub async fn close(&self) {
        self.driver.close().await;
    }

    /// Runs raw SQL that gives no rows; returns how many rows it inserted, updated or deleted.
    ///
    /// ```
    /// # async fn with(repo: &zzz_db::Repo, id: i64) -> zzz_db::Result<u64> {
    /// repo.execute("UPDATE posts SET views = views + 1 WHERE id = ?", zzz_db::params![id]).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the database refuses it.
    pub async fn execute(&self, sql: &str, params: impl Into<Vec<Value>>) -> Result<u64> {
        let statement = Statement::new(sql, params);
        Ok(self.run(statement, Access::Write, Box::new(Discard)).await?.affected)
    }

    /// Runs raw SQL and reads each row into a tuple: `repo.sql::<(i64, String)>("SELECT id, title ...", [])`.
    ///
    /// # Errors
    /// If the database refuses it, or a column is of another type.
    pub async fn sql<T: FromRow>(&self, sql: &str, params: impl Into<Vec<Value>>) -> Result<Vec<T>> {
        self.fetch(Statement::new(sql, params), Access::Unknown, T::from_row).await
    }

    /// Runs several statements without values, one after the other, as in a migration.
    pub(crate) async fn script(&self, sql: &str) -> Result<()> {
        self.run(Statement::new(sql, []), Access::Script, Box::new(Discard)).await.map(drop)
    }

    /// Runs a statement and decodes every row.
    pub(crate) async fn fetch<T: Send + 'static>(
        &self,
        statement: Statement,
        access: Access,
        load: fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let sink = Box::new(Collect { rows: Vec::new(), load });
        let reply = self.run(statement, access, sink).await?;
        let sink = reply.sink.into_any().downcast::<Collect<T>>();
        sink.map(|sink| sink.rows).map_err(|_| foreign_sink())
    }

    /// Runs a statement where this handle belongs: in its transaction, or on a free connection.
    pub(crate) async fn run(
        &self,
        statement: Statement,
        access: Access,
        sink: Box<dyn Sink>,
    ) -> Result<Reply> {
        let timed = tracing::enabled!(target: "zzz_db::query", tracing::Level::DEBUG);
        let sql = timed.then(|| statement.sql.clone());
        let request = Request { statement, access, sink, timeout: self.query_timeout, timed };
        let outcome = match &self.scope {
            Some(scope) => scope.run(request).await,
            None => self.driver.run(request).await,
        };
        if let Some(sql) = sql {
            log(&sql, &outcome);
        }
        outcome
    }
}

fn log(sql: &str, outcome: &Result<Reply>) {
    match outcome {
        Ok(reply) => tracing::debug!(
            target: "zzz_db::query",
            queue = reply.timings.queue.as_micros() as u64,
            query = reply.timings.query.as_micros() as u64,
            decode = reply.timings.decode.as_micros() as u64,
            rows = reply.rows,
            affected = reply.affected,
            "{sql}"
        ),
        Err(error) => tracing::debug!(target: "zzz_db::query", %error, "{sql}"),
    }
}

#[cold]
pub(crate) fn foreign_sink() -> Error {
    Error::new(ErrorKind::Other, "the driver gave back rows of another query")
}
