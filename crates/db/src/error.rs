//! [`Error`]: what a query, a transaction or a migration fails with.

use std::error::Error as StdError;
use std::fmt;

type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A row that was asked for is not there.
    NotFound,
    /// One row was expected and there are more.
    MultipleResults,
    /// The row that was to be updated or deleted is gone.
    Stale,
    /// The database refused a write: a unique index, a foreign key, a check, NOT NULL.
    Constraint,
    /// No connection became free within `acquire_timeout`.
    AcquireTimeout,
    /// The statement ran longer than `query_timeout` and was stopped.
    QueryTimeout,
    /// Another process holds the database's lock, or a lock that was not to be waited for.
    Busy,
    /// The connection broke while the statement ran. Of a write it is not known whether it took effect.
    ConnectionLost,
    /// Two transactions waited for each other, and the database ended this one.
    Deadlock,
    /// The transaction can not be put in an order with others that ran at the same time.
    Serialization,
    /// The repo, or the transaction, has ended.
    Closed,
    /// A value can not be stored: NUL in a text, a number that is not one, a year past 9999.
    Value,
    /// A column holds something else than the field's type.
    Decode,
    /// A relation was asked for that was not preloaded.
    NotLoaded,
    /// The database does not understand the statement.
    Query,
    /// A migration can not be read, applied or rolled back.
    Migration,
    /// The database URL is not understood, or its driver is not compiled in.
    Url,
    /// The database can not be created, opened or written: missing, read-only, damaged.
    Storage,
    /// Anything else.
    Other,
}

/// Which rule of the database a write broke.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A unique index or a primary key.
    Unique,
    /// A foreign key, on either side.
    ForeignKey,
    /// A CHECK.
    Check,
    /// NOT NULL.
    NotNull,
    /// An exclusion constraint; PostgreSQL has them.
    Exclusion,
}

/// The constraint that a write broke, as far as the database tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its kind.
    pub kind: ConstraintKind,
    /// Its name. PostgreSQL tells it always, MySQL of all but NOT NULL, SQLite of checks and of indexes on expressions
    /// only; where it is not told it is found out where a struct or a changeset was written, and is Ecto's name where the
    /// database has none of its own.
    pub name: Option<String>,
    /// Its columns, without the table; empty where the database does not tell them.
    pub columns: Vec<String>,
    /// The table whose rows refer to the one that was to be deleted or changed, where that is the reason and
    /// it is known; the columns are that table's then.
    pub referring: Option<String>,
}

/// A failure of this crate: a [kind](Error::kind), a message that says what was wrong and how to mend it,
/// and the cause, if there is one, as `source()`.
///
/// Values of rows and parameters are never part of a message, and neither is a password of a URL.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    constraint: Option<Constraint>,
    /// Whether a lock that others hold was waited for in vain, without the app having asked not to wait.
    waited: bool,
    source: Option<Cause>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::build(kind, message.into(), None, None)
    }

    pub(crate) fn with_source(kind: ErrorKind, message: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::build(kind, message.into(), None, Some(source.into()))
    }

    pub(crate) fn constraint_failed(
        constraint: Constraint,
        message: impl Into<String>,
        source: impl Into<Cause>,
    ) -> Self {
        Self::build(ErrorKind::Constraint, message.into(), Some(constraint), Some(source.into()))
    }

    /// The same error, whose constraint is on these columns.
    pub(crate) fn with_constraint_columns(mut self, columns: Vec<String>) -> Self {
        if let Some(constraint) = &mut self.inner.constraint {
            constraint.columns = columns;
        }
        self
    }

    /// The same failure with what was found out of its constraint, and what can be done about it.
    pub(crate) fn advised(mut self, constraint: Constraint, advice: &str) -> Self {
        let named = constraint.name.as_deref().filter(|name| !self.inner.message.contains(*name));
        let named = named.map(|name| format!(" (constraint `{name}`)")).unwrap_or_default();
        self.inner.message = format!("{}{named}; {advice}", self.inner.message);
        self.inner.constraint = Some(constraint);
        self
    }

    fn build(
        kind: ErrorKind,
        message: String,
        constraint: Option<Constraint>,
        source: Option<Cause>,
    ) -> Self {
        #[cfg(feature = "web")]
        let source = crate::web::with_status(kind, constraint.as_ref(), source);
        Self { inner: Box::new(Inner { kind, message, constraint, waited: false, source }) }
    }

    /// The same error, of a lock that the database waited for as long as it does by itself.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "mysql")),
        allow(dead_code, reason = "PostgreSQL waits for ever, or as long as the app has said")
    )]
    pub(crate) fn waited(mut self) -> Self {
        self.inner.waited = true;
        self
    }

    /// Whether the same transaction may succeed when it is run again, as others were in its way.
    pub(crate) fn may_be_retried(&self) -> bool {
        self.is_transaction_conflict() || self.inner.waited
    }

    /// An error that says that there is no such row; for code that turns an `Option` into one.
    #[must_use]
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("{what} was not found"))
    }

    /// What sort of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether a row that was asked for is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.inner.kind == ErrorKind::NotFound
    }

    /// Whether the row that was to be updated or deleted is gone.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.inner.kind == ErrorKind::Stale
    }

    /// Whether one row was expected and there were more.
    #[must_use]
    pub fn is_multiple_results(&self) -> bool {
        self.inner.kind == ErrorKind::MultipleResults
    }

    /// Whether the database refused a write; [`constraint`](Self::constraint) says which rule it broke.
    #[must_use]
    pub fn is_constraint(&self) -> bool {
        self.inner.kind == ErrorKind::Constraint
    }

    /// Whether a unique index or a primary key refused the write.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.is_violation(ConstraintKind::Unique)
    }

    /// Whether a foreign key refused the write.
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.is_violation(ConstraintKind::ForeignKey)
    }

    fn is_violation(&self, kind: ConstraintKind) -> bool {
        self.constraint().is_some_and(|constraint| constraint.kind == kind)
    }

    /// Whether time ran out: waiting for a connection, or running the statement.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::AcquireTimeout | ErrorKind::QueryTimeout)
    }

    /// Whether no connection became free in time.
    #[must_use]
    pub fn is_acquire_timeout(&self) -> bool {
        self.inner.kind == ErrorKind::AcquireTimeout
    }

    /// Whether the statement ran too long and was stopped.
    #[must_use]
    pub fn is_query_timeout(&self) -> bool {
        self.inner.kind == ErrorKind::QueryTimeout
    }

    /// Whether another process holds the database's lock; trying again may work.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.inner.kind == ErrorKind::Busy
    }

    /// Whether the connection broke while the statement ran. A write may have taken effect or not.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        self.inner.kind == ErrorKind::ConnectionLost
    }

    /// Whether the database ended the transaction because of others that ran at the same time (a deadlock, or
    /// no order in which all could have run one after the other); the same transaction may succeed when it is
    /// run again.
    #[must_use]
    pub fn is_transaction_conflict(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Deadlock | ErrorKind::Serialization)
    }

    /// Whether the repo or the transaction has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.kind == ErrorKind::Closed
    }

    /// Whether a column held something else than the field's type.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.inner.kind == ErrorKind::Decode
    }

    /// Whether a value can not be stored.
    #[must_use]
    pub fn is_value(&self) -> bool {
        self.inner.kind == ErrorKind::Value
    }

    /// The constraint that a write broke.
    #[must_use]
    pub fn constraint(&self) -> Option<&Constraint> {
        self.inner.constraint.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("constraint", &self.inner.constraint)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}
