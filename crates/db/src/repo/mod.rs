//! [`Repo`]: the handle through which everything reaches the database.

mod bulk;
mod conflict;
#[cfg(feature = "postgres")]
mod copy;
mod isolation;
mod listen;
mod options;
mod read;
mod reread;
mod retry;
mod stream;
mod telemetry;
mod transaction;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use bulk::InsertColumns;
pub use conflict::OnConflict;
#[cfg(feature = "postgres")]
pub use copy::{CopyIn, CopyOut};
pub use isolation::{Isolation, TransactionOptions};
pub use listen::{Heard, Listener};
pub use options::{InsertOptions, UpdateOptions};
pub use retry::Retry;
pub use stream::Rows;
pub use write::Writable;
pub(crate) use write::put;

use crate::dialect::{Dialect, Statement};
use crate::driver::{Access, Collect, Discard, Driver, MigrationLock, Reply, Request, Sink};
use crate::query::Load;
use crate::url::Target;
use crate::{DatabaseConfig, DatabaseUrl, Error, ErrorKind, FromRow, Result, Row, Value};
use read::Lookups;
use telemetry::Watch;
use transaction::Scope;

/// A handle of a database: cheap to clone, and the same type outside and inside of a
/// [transaction](Self::transaction), so that a function that takes `&Repo` works in both.
///
/// Reads run side by side; writes one after the other on SQLite, where those that wait together share a COMMIT and
/// what is short is run in the caller's task. A query that finds no free connection
/// within `acquire_timeout`, or runs longer than `query_timeout`, fails with a [timeout](Error::is_timeout).
/// When the future of a query is dropped, the query is not begun if it was waiting; a running read is
/// stopped, and a running write is finished. On PostgreSQL a read that shares its connection with others can not
/// be stopped: it runs to its end or its time limit, and nobody gets its answer.
///
/// Every statement is a `tracing` span named `query`, of level debug and target `zzz_db::query`: its SQL, the
/// microseconds spent waiting (`queue`), in the database (`query`) and decoding (`decode`), and the numbers of
/// rows it gave (`rows`) and wrote (`affected`). An event within it says the same as a line of the log, or the
/// error. Values are not logged, unless the target `zzz_db::values` is turned on at level trace: then each
/// statement's are an event of it, in full.
#[derive(Clone)]
pub struct Repo {
    driver: Arc<dyn Driver>,
    /// The transaction that this handle belongs to.
    scope: Option<Arc<Scope>>,
    acquire_timeout: Duration,
    query_timeout: Option<Duration>,
    /// Where tables are: a schema, a database, an attached file.
    prefix: Option<Arc<str>>,
    lookups: Arc<Lookups>,
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
            #[cfg(feature = "postgres")]
            Target::Postgres(options) => {
                Arc::new(crate::driver::postgres::Postgresql::open(options, config).await?)
            }
            #[cfg(feature = "mysql")]
            Target::Mysql(options) => {
                Arc::new(Box::pin(crate::driver::mysql::Mysql::open(options, config)).await?)
            }
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Target::None(never) => match *never {},
        };
        Ok(Self::over(driver, config))
    }

    /// A repo over a driver.
    pub(crate) fn over(driver: Arc<dyn Driver>, config: &DatabaseConfig) -> Self {
        Self {
            driver,
            scope: None,
            acquire_timeout: config.acquire_timeout,
            query_timeout: Some(config.query_timeout),
            prefix: None,
            lookups: Arc::default(),
        }
    }

    /// What it stands on.
    #[cfg(feature = "sandbox")]
    pub(crate) fn driver(&self) -> &Arc<dyn Driver> {
        &self.driver
    }

    /// The same database with tables in this schema (PostgreSQL), database (MySQL) or attached file (SQLite):
    /// for each call on the handle it is what Ecto's option `:prefix` is.
    ///
    /// As in Ecto, a query takes it for sources that name no place themselves, and a write of a record goes
    /// there in any case.
    #[must_use]
    pub fn with_prefix(&self, prefix: impl Into<Arc<str>>) -> Self {
        Self { prefix: Some(prefix.into()), ..self.clone() }
    }

    /// Where tables are that name no place themselves.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
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
    /// Raw SQL is the database's own, placeholders included: `?` on SQLite and MySQL, `$1` on PostgreSQL.
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

    /// Runs raw SQL and reads each row into a tuple, in the order of the columns, or into a struct, by their
    /// names: `repo.sql::<(i64, String)>("SELECT id, title ...", [])`; see [`FromRow`].
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

    /// Waits until no other process migrates the database.
    pub(crate) async fn lock_migrations(&self, patience: Duration) -> Result<Box<dyn MigrationLock>> {
        self.driver.lock_migrations(patience).await
    }

    /// Runs a statement and decodes every row.
    pub(crate) async fn fetch<T: Send + 'static>(
        &self,
        statement: Statement,
        access: Access,
        load: fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.fetch_with(statement, access, Load::Plain(load)).await
    }

    /// As [`fetch`](Self::fetch), with what a query keeps.
    pub(crate) async fn fetch_with<T: Send + 'static>(
        &self,
        statement: Statement,
        access: Access,
        load: Load<T>,
    ) -> Result<Vec<T>> {
        #[cfg(feature = "postgres")]
        if let Some(database) = self.reads_here(access) {
            let mut sink = Collect { rows: Vec::new(), load };
            database.read(statement.sql.as_str().into(), &statement.params, &mut sink, None).await?;
            return Ok(sink.rows);
        }
        let sink = Box::new(Collect { rows: Vec::new(), load });
        let reply = self.run(statement, access, sink).await?;
        let sink = reply.sink.into_any().downcast::<Collect<T>>();
        sink.map(|sink| sink.rows).map_err(|_| foreign_sink())
    }

    /// The database, if rows are read in the caller's task and nobody watches.
    #[cfg(feature = "postgres")]
    pub(crate) fn reads_here(&self, access: Access) -> Option<&crate::driver::postgres::Postgresql> {
        if self.scope.is_some() || access != Access::Read || telemetry::is_watched() {
            return None;
        }
        self.driver.as_postgres().filter(|database| database.keeps(self.query_timeout))
    }

    /// Runs a statement where this handle belongs: in its transaction, or on a free connection.
    pub(crate) async fn run(
        &self,
        statement: Statement,
        access: Access,
        sink: Box<dyn Sink>,
    ) -> Result<Reply> {
        self.run_guarded(statement, access, sink, false).await
    }

    /// [`run`](Self::run); if it is guarded and fails within a transaction, the transaction can go on.
    pub(crate) async fn run_guarded(
        &self,
        statement: Statement,
        access: Access,
        sink: Box<dyn Sink>,
        guarded: bool,
    ) -> Result<Reply> {
        self.ask(statement, access, sink, guarded, None).await
    }

    /// Runs a query whose rows are taken one by one, so many of which are read ahead.
    pub(crate) async fn run_stream(
        &self,
        statement: Statement,
        sink: Box<dyn Sink>,
        rows: usize,
    ) -> Result<Reply> {
        self.ask(statement, Access::Read, sink, false, Some(rows)).await
    }

    async fn ask(
        &self,
        statement: Statement,
        access: Access,
        sink: Box<dyn Sink>,
        guarded: bool,
        stream: Option<usize>,
    ) -> Result<Reply> {
        let watch = Watch::begin(self.dialect().name(), &statement);
        let timed = watch.is_some();
        let request = Request { statement, access, sink, timeout: self.query_timeout, timed, guarded };
        let run = async {
            match (&self.scope, stream) {
                (Some(scope), None) => scope.run(request).await,
                (Some(scope), Some(rows)) => scope.stream(request, rows).await,
                (None, Some(rows)) => self.driver.stream(request, rows).await,
                (None, None) => self.driver.run(request).await,
            }
        };
        match watch {
            Some(watch) => watch.over(run).await,
            None => run.await,
        }
    }
}

#[cold]
pub(crate) fn foreign_sink() -> Error {
    Error::new(ErrorKind::Other, "the driver gave back rows of another query")
}
