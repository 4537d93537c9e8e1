//! [`Connection`]: one connection to the file, what it is told on opening, and how it runs a statement.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef as Raw};
use rusqlite::{OpenFlags, ToSql};

use super::ticket::Ticket;
use super::{Access, Request, errors};
use crate::dialect;
use crate::driver::Sink;
use crate::value::time;
use crate::{Error, ErrorKind, Result, Row, Value, ValueRef};

/// How many prepared statements a connection keeps; rusqlite keeps 16 by itself.
const STATEMENTS: usize = 256;
/// After how many of SQLite's instructions a running statement looks whether it shall stop: some ten
/// microseconds' work, next to which a look at the clock is nothing.
const INSTRUCTIONS: i32 = 1_000;
/// How many pages the write-ahead log may have before it is merged into the file: as many as by SQLite itself.
const LONGEST_LOG: i32 = 1_000;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// A connection and what is needed to open it again.
pub(super) struct Connection {
    inner: rusqlite::Connection,
    role: Role,
    path: PathBuf,
    busy_timeout: Duration,
    /// Whether it waits that long now.
    patient: bool,
    watch: Arc<Mutex<Watch>>,
    /// Whether writes may share a transaction, and of which version of the structure that is known.
    sharing: Option<(i64, bool)>,
    log: Log,
}

/// What is known of the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    /// There is none: each COMMIT waits for the disk.
    None,
    /// The next write may begin it anew, and then waits for the disk.
    Merged,
    /// It has so many pages, and the next write is added to them.
    Pages(i32),
}

thread_local! {
    /// How many pages the log has had after the last COMMIT of this thread.
    static PAGES: Cell<Option<i32>> = const { Cell::new(None) };
}

/// A statement as it is to be run.
pub(super) struct Order<'a> {
    pub(super) sql: &'a str,
    pub(super) params: &'a [Value],
    pub(super) limit: Option<Duration>,
    pub(super) timed: bool,
}

/// What came of a statement.
pub(super) enum Ran {
    /// It ran.
    Done(Counts),
    /// A reader was given a statement that writes.
    Writes,
}

/// What a statement did, and where its time went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) affected: u64,
    pub(super) rows: u64,
    pub(super) query: Duration,
    pub(super) decode: Duration,
}

impl Counts {
    /// All of it together.
    pub(super) fn took(&self) -> Duration {
        self.query + self.decode
    }
}

/// When the running statement must stop. Only who runs it looks at it.
#[derive(Default)]
struct Watch {
    deadline: Option<Instant>,
    ticket: Option<Arc<Ticket>>,
    timed_out: bool,
}

impl Watch {
    fn must_stop(&mut self) -> bool {
        if self.ticket.as_ref().is_some_and(|ticket| ticket.is_abandoned()) {
            return true;
        }
        self.timed_out = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.timed_out
    }
}

impl Connection {
    /// Opens the file, which must exist.
    pub(super) fn open(path: &Path, role: Role, busy_timeout: Duration) -> Result<Self> {
        let watch = Arc::new(Mutex::new(Watch::default()));
        let (inner, log) = connect(path, role, busy_timeout, &watch)?;
        Ok(Self {
            inner,
            role,
            path: path.to_owned(),
            busy_timeout,
            patient: true,
            watch,
            sharing: None,
            log,
        })
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn in_transaction(&self) -> bool {
        !self.inner.is_autocommit()
    }

    pub(super) fn begin(&mut self, to_read: bool) -> Result<()> {
        let sql = if to_read { dialect::READER_BEGIN } else { dialect::WRITER_BEGIN };
        self.inner.execute_batch(sql).map_err(|error| errors::statement(error, sql))
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        self.inner.execute_batch(dialect::COMMIT).map_err(|error| errors::statement(error, dialect::COMMIT))
    }

    /// Rolls back if a transaction is open. If even that fails, a fresh connection takes this one's place:
    /// closing is what undoes everything.
    pub(super) fn roll_back(&mut self) {
        if !self.in_transaction() {
            return;
        }
        if self.inner.execute_batch(dialect::ROLLBACK).is_err() || self.in_transaction() {
            self.renew();
        }
    }

    /// Puts a fresh connection in the place of this one, if one can be opened.
    pub(super) fn renew(&mut self) {
        if let Ok((fresh, log)) = connect(&self.path, self.role, self.busy_timeout, &self.watch) {
            self.inner = fresh;
            self.patient = true;
            self.sharing = None;
            self.log = log;
        }
    }

    /// Whether a COMMIT only adds to the write-ahead log, which does not wait for the disk.
    pub(super) fn commits_at_once(&self) -> bool {
        matches!(self.log, Log::Pages(pages) if pages < LONGEST_LOG)
    }

    /// Looks what the last COMMITs have made of the write-ahead log; says whether it is to be [merged](Self::merge_log).
    /// To be said on the thread that they were run on.
    pub(super) fn look_at_log(&mut self) -> bool {
        if let Some(pages) = PAGES.take()
            && self.log != Log::None
        {
            self.log = Log::Pages(pages);
        }
        matches!(self.log, Log::Pages(pages) if pages >= LONGEST_LOG)
    }

    /// Merges the write-ahead log into the file, as far as nobody reads what was before. SQLite would do it within a
    /// COMMIT, whose caller would wait for it.
    pub(super) fn merge_log(&mut self) {
        // If it fails the log goes on to grow, and the next COMMIT leads here again.
        if self.inner.execute_batch(dialect::MERGE_LOG).is_ok() {
            self.log = Log::Merged;
        }
    }

    /// Whether a statement waits for another process that holds the file's lock, or fails at once.
    pub(super) fn be_patient(&mut self, patient: bool) {
        if self.patient != patient {
            let patience = if patient { self.busy_timeout } else { Duration::ZERO };
            // It sets a number, and can not fail.
            let _ = self.inner.busy_timeout(patience);
            self.patient = patient;
        }
    }

    /// Turns foreign keys on or off, outside of a transaction.
    pub(super) fn turn_keys(&mut self, on: bool) -> Result<()> {
        let sql = if on { dialect::KEYS_ON } else { dialect::KEYS_OFF };
        self.inner.execute_batch(sql).map_err(|error| errors::statement(error, sql))
    }

    /// Runs SQL whose outcome nobody waits for.
    pub(super) fn execute(&mut self, sql: &str) {
        if let Err(error) = self.inner.execute_batch(sql) {
            tracing::warn!(target: "zzz_db::driver", %error, sql, "undoing a part of a transaction failed");
            // A part that could not be undone must not be committed.
            self.roll_back();
        }
    }

    /// Tells SQLite's planner what was learnt, and closes.
    pub(super) fn close(self) {
        if self.role == Role::Writer {
            let _ = self.inner.execute_batch(dialect::OPTIMIZE);
        }
        if let Err((_, error)) = self.inner.close() {
            tracing::warn!(target: "zzz_db::driver", %error, "closing the database failed");
        }
    }

    /// Runs one statement and hands its rows to the request's sink.
    pub(super) fn run(&mut self, ticket: &Arc<Ticket>, request: &mut Request) -> Result<Ran> {
        let Request { statement, access, sink, timeout, timed, .. } = request;
        if *access == Access::Script {
            return self.script(&statement.sql, *timeout);
        }
        let order = Order { sql: &statement.sql, params: &statement.params, limit: *timeout, timed: *timed };
        self.step(Some(ticket), order, &mut **sink)
    }

    fn script(&mut self, sql: &str, limit: Option<Duration>) -> Result<Ran> {
        let started = Instant::now();
        self.watch(limit.and_then(|limit| started.checked_add(limit)), None);
        match self.inner.execute_batch(sql) {
            Ok(()) => Ok(Ran::Done(Counts { query: started.elapsed(), ..Counts::default() })),
            Err(error) => Err(self.failed(error, sql, limit)),
        }
    }

    /// Runs one statement and hands its rows to the sink. With a ticket a read is stopped once its caller is gone.
    pub(super) fn step(
        &mut self,
        ticket: Option<&Arc<Ticket>>,
        Order { sql, params, limit, timed }: Order<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Ran> {
        let started = Instant::now();
        let deadline = limit.and_then(|limit| started.checked_add(limit));
        let mut statement = self.inner.prepare_cached(sql).map_err(|error| errors::statement(error, sql))?;
        let reads = statement.readonly();
        if self.role == Role::Reader && !reads {
            return Ok(Ran::Writes);
        }
        // A read whose caller is gone is stopped. A write is finished: stopping it would undo the whole
        // transaction around it.
        self.watch(deadline, ticket.filter(|_| reads).cloned());
        bind(&mut statement, params, sql)?;

        let changes = (!reads).then(|| self.inner.total_changes());
        let mut counts = Counts::default();
        let mut rows = statement.raw_query();
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => SqliteRow(row),
                Ok(None) => break,
                Err(error) => return Err(self.failed(error, sql, limit)),
            };
            counts.rows += 1;
            if timed {
                let before = Instant::now();
                sink.row(&row)?;
                counts.decode += before.elapsed();
            } else {
                sink.row(&row)?;
            }
        }
        drop(rows);
        if let Some(before) = changes
            // `changes()` keeps the number of the last statement that changed rows: CREATE TABLE changes none.
            && self.inner.total_changes() != before
        {
            counts.affected = self.inner.changes();
        }
        drop(statement);
        counts.query = started.elapsed().saturating_sub(counts.decode);
        Ok(Ran::Done(counts))
    }

    /// Whether writes of several callers may share a transaction: not if a foreign key is looked at only by COMMIT,
    /// which would not tell whose row it was and would forgive one caller what another has put right; nor if
    /// there is a second file, for a COMMIT of two is not one. Within a transaction, for what it tells must stay
    /// true.
    pub(super) fn can_share(&mut self) -> Result<bool> {
        let number = |sql: &'static str| {
            let read =
                |statement: &mut rusqlite::CachedStatement<'_>| statement.query_row([], |row| row.get(0));
            let number: rusqlite::Result<i64> =
                self.inner.prepare_cached(sql).and_then(|mut statement| read(&mut statement));
            number.map_err(|error| errors::statement(error, sql))
        };
        let version = number(dialect::SCHEMA_VERSION)?;
        if let Some((of, can)) = self.sharing
            && of == version
        {
            return Ok(can);
        }
        if number(dialect::KEYS_ARE_LATE)? != 0 {
            // Until the next COMMIT, whosever that is.
            return Ok(false);
        }
        let can = number(dialect::LATE_FAILURES)? == 0;
        self.sharing = Some((version, can));
        Ok(can)
    }

    /// To be said after anything that is not plainly one of INSERT, UPDATE and DELETE: it may have changed what
    /// the version of the structure does not tell, such as which files are attached, or have merged the log.
    pub(super) fn forget(&mut self) {
        self.sharing = None;
        if self.log != Log::None {
            self.log = Log::Merged;
        }
    }

    fn watch(&self, deadline: Option<Instant>, ticket: Option<Arc<Ticket>>) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        *watch = Watch { deadline, ticket, timed_out: false };
    }

    /// The statement's limits end with it: COMMIT and ROLLBACK have none.
    pub(super) fn unwatch(&self) {
        self.watch(None, None);
    }

    #[cold]
    fn failed(&self, error: rusqlite::Error, sql: &str, timeout: Option<Duration>) -> Error {
        if error.sqlite_error_code() != Some(rusqlite::ErrorCode::OperationInterrupted) {
            return errors::statement(error, sql);
        }
        let timed_out = self.watch.lock().unwrap_or_else(PoisonError::into_inner).timed_out;
        match timeout {
            Some(timeout) if timed_out => Error::with_source(
                ErrorKind::QueryTimeout,
                format!(
                    "the statement ran longer than {timeout:?} and was stopped; add an index, or raise \
                     `query_timeout` in the section [database]: `{sql}`"
                ),
                error,
            ),
            _ => Error::with_source(ErrorKind::Other, "the statement was stopped: its caller is gone", error),
        }
    }
}

fn connect(
    path: &Path,
    role: Role,
    busy_timeout: Duration,
    watch: &Arc<Mutex<Watch>>,
) -> Result<(rusqlite::Connection, Log)> {
    if path.is_dir() {
        return Err(Error::new(
            ErrorKind::Storage,
            format!("the database `{}` is a folder; set DATABASE_URL to the path of a file", path.display()),
        ));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !path.exists() {
        return Err(Error::new(
            ErrorKind::Storage,
            format!("there is no database `{}`; create it with `db create`", path.display()),
        ));
    }
    let failed = |error| errors::opening(error, path);
    let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(failed)?;
    let log = prepare(&inner, role, busy_timeout).map_err(failed)?;
    // SQLite falls back to reading where it may not write.
    if role == Role::Writer && inner.is_readonly("main").map_err(failed)? {
        return Err(Error::new(
            ErrorKind::Storage,
            format!(
                "the database `{}` can not be written; check who owns it, its folder and its permissions",
                path.display()
            ),
        ));
    }
    let watch = Arc::clone(watch);
    let stop = move || watch.lock().unwrap_or_else(PoisonError::into_inner).must_stop();
    inner.progress_handler(INSTRUCTIONS, Some(stop)).map_err(failed)?;
    Ok((inner, log))
}

fn prepare(inner: &rusqlite::Connection, role: Role, busy_timeout: Duration) -> rusqlite::Result<Log> {
    // Otherwise a column that is not there, in double quotes, is taken for a text of that name.
    inner.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    inner.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    inner.execute_batch(&dialect::pragmas(busy_timeout))?;
    inner.query_row(dialect::FILE_IS_A_DATABASE, [], |_| Ok(()))?;
    let log = match role {
        Role::Writer => {
            let mode: String = inner.query_row(dialect::MODE_WAL, [], |row| row.get(0))?;
            inner.wal_hook(Some(|_, pages| {
                PAGES.set(Some(pages));
                Ok(())
            }));
            if mode == "wal" { Log::Merged } else { Log::None }
        }
        Role::Reader => {
            inner.execute_batch(dialect::READER_PRAGMAS)?;
            Log::None
        }
    };
    inner.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(log)
}

/// Creates an empty database where there is none; says whether there was none.
pub(crate) fn create(path: &Path) -> Result<bool> {
    if path.exists() {
        // What is there must be a database that can be used.
        Connection::open(path, Role::Writer, Duration::from_secs(2))?.close();
        return Ok(false);
    }
    let failed = |error| errors::opening(error, path);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(failed)?;
    // The file is made by the first write, which is this one.
    inner.query_row(dialect::MODE_WAL, [], |_| Ok(())).map_err(failed)?;
    inner.close().map_err(|(_, error)| failed(error))?;
    Ok(true)
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value], sql: &str) -> Result<()> {
    let expected = statement.parameter_count();
    if expected != params.len() {
        return Err(Error::new(
            ErrorKind::Query,
            format!(
                "the statement has {expected} placeholders and was given {} values: `{sql}`",
                params.len()
            ),
        ));
    }
    for (at, value) in params.iter().enumerate() {
        let bound = output(value).map_err(|problem| {
            Error::new(ErrorKind::Value, format!("value {} of the statement {problem}: `{sql}`", at + 1))
        })?;
        statement.raw_bind_parameter(at + 1, Bound(bound)).map_err(|error| errors::statement(error, sql))?;
    }
    Ok(())
}

/// A value as SQLite takes it; times become text, see [`time`].
fn output(value: &Value) -> Result<ToSqlOutput<'_>, &'static str> {
    const YEAR: &str = "has a year outside 0 to 9999";
    let text = |text: String| ToSqlOutput::Owned(rusqlite::types::Value::Text(text));
    Ok(match value {
        Value::Null => ToSqlOutput::Borrowed(Raw::Null),
        Value::Bool(value) => ToSqlOutput::Borrowed(Raw::Integer(i64::from(*value))),
        Value::Int(value) => ToSqlOutput::Borrowed(Raw::Integer(*value)),
        Value::Float(value) if value.is_nan() => return Err("is NaN, which no column can hold"),
        Value::Float(value) => ToSqlOutput::Borrowed(Raw::Real(*value)),
        Value::Text(value) if value.as_bytes().contains(&0) => return Err("is a text with a NUL character"),
        Value::Text(value) | Value::Decimal(value) | Value::Json(value) => {
            ToSqlOutput::Borrowed(Raw::Text(value.as_bytes()))
        }
        Value::List(_) => return Err("is a list, which SQLite does not have"),
        Value::Blob(value) => ToSqlOutput::Borrowed(Raw::Blob(value)),
        Value::DateTime(value) if !time::sorts(value.date_naive()) => return Err(YEAR),
        Value::DateTime(value) => text(time::datetime(*value)),
        Value::NaiveDateTime(value) if !time::sorts(value.date()) => return Err(YEAR),
        Value::NaiveDateTime(value) => text(time::naive(*value)),
        Value::Date(value) if !time::sorts(*value) => return Err(YEAR),
        Value::Date(value) => text(time::date(*value)),
        Value::Time(value) => text(time::time(*value)),
        Value::Uuid(value) => text(crate::value::uuid_text(*value)),
    })
}

struct Bound<'a>(ToSqlOutput<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            ToSqlOutput::Borrowed(value) => ToSqlOutput::Borrowed(*value),
            ToSqlOutput::Owned(value) => ToSqlOutput::Borrowed(value.into()),
            _ => ToSqlOutput::Borrowed(Raw::Null),
        })
    }
}

struct SqliteRow<'a>(&'a rusqlite::Row<'a>);

impl Row for SqliteRow<'_> {
    fn len(&self) -> usize {
        self.0.as_ref().column_count()
    }

    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        let Ok(raw) = self.0.get_ref(column) else {
            return Err(crate::row::no_column(self, column));
        };
        Ok(match raw {
            Raw::Null => ValueRef::Null,
            Raw::Integer(value) => ValueRef::Int(value),
            Raw::Real(value) => ValueRef::Float(value),
            Raw::Blob(value) => ValueRef::Blob(value),
            Raw::Text(value) => ValueRef::Text(std::str::from_utf8(value).map_err(|error| {
                let name = self.name(column).unwrap_or("?");
                Error::with_source(
                    ErrorKind::Decode,
                    format!("the column `{name}` can not be read: its text is not UTF-8"),
                    error,
                )
            })?),
        })
    }

    fn int(&self, column: usize) -> Option<i64> {
        match self.0.get_ref(column) {
            Ok(Raw::Integer(number)) => Some(number),
            _ => None,
        }
    }

    fn text(&self, column: usize) -> Option<&str> {
        match self.0.get_ref(column) {
            Ok(Raw::Text(text)) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.0.as_ref().column_name(column).ok()
    }
}
