//! [`Dialect`]: how a database wants its SQL, one file per database; what they share is written in `render`.

mod render;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::{
    COMMIT, FILE_IS_A_DATABASE, MODE_WAL, OPTIMIZE, READER_PRAGMAS, ROLLBACK, WRITER_BEGIN, pragmas,
};

pub(crate) use render::{count, delete_all, delete_row, exists, insert, select, update_all, update_row};

use crate::Value;

/// A statement with the values of its placeholders.
#[derive(Clone, PartialEq)]
pub struct Statement {
    /// The SQL.
    pub sql: String,
    /// One value per placeholder.
    pub params: Vec<Value>,
}

impl Statement {
    /// A statement of the app's own.
    #[must_use]
    pub fn new(sql: impl Into<String>, params: impl Into<Vec<Value>>) -> Self {
        Self { sql: sql.into(), params: params.into() }
    }
}

impl std::fmt::Debug for Statement {
    /// Shows the SQL and how many values there are, never the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Statement({:?}, {} values)", self.sql, self.params.len())
    }
}

/// What differs between databases when SQL is written.
pub trait Dialect: Send + Sync + 'static {
    /// The database's name.
    fn name(&self) -> &'static str;

    /// Writes a quoted identifier.
    fn identifier(&self, sql: &mut String, name: &str);

    /// Writes the placeholder of the value with this position, the first being 1.
    fn placeholder(&self, sql: &mut String, position: usize);

    /// How many values one statement can have.
    fn max_params(&self) -> usize;

    /// The operator that compares with a pattern without regard to upper and lower case of ASCII letters.
    fn like_any_case(&self) -> &'static str;

    /// Writes what stands for "no limit" where an offset needs one before it.
    fn no_limit(&self, sql: &mut String);

    /// A single value that stands for a long list, and writes the right side of `IN` with its placeholder;
    /// `None` where the list must be written out.
    fn long_list(&self, sql: &mut String, position: usize, values: &[Value]) -> Option<Value>;

    /// The values with which an INSERT without columns fills a row.
    fn default_values(&self) -> &'static str;

    /// A statement that is valid and does nothing, to see whether the database answers.
    fn ping(&self) -> &'static str;

    /// Opens a savepoint.
    fn savepoint(&self, depth: u32) -> String;

    /// Keeps what was done since a savepoint.
    fn release(&self, depth: u32) -> String;

    /// Undoes what was done since a savepoint, and forgets it.
    fn rollback_to(&self, depth: u32) -> String;

    /// Lists the foreign keys of a table, for databases that do not name the one that failed: rows of
    /// (number of the key, column, parent table, parent column).
    fn foreign_keys(&self, table: &str) -> Option<Statement>;

    /// Looks whether a parent row exists: one row if it does.
    fn parent_exists(&self, table: &str, columns: &[(String, Value)]) -> Statement;

    /// Creates the table in which applied migrations are written down, if it is missing.
    fn create_migrations_table(&self) -> &'static str;

    /// Whether that table exists: one row if it does.
    fn has_migrations_table(&self) -> &'static str;

    /// Lists the applied migrations by version: rows of (version, name, checksum, inserted_at).
    fn list_migrations(&self) -> &'static str;

    /// Writes down that a migration is applied; the values are those of a row.
    fn record_migration(&self) -> &'static str;

    /// Forgets that the migration of a version is applied.
    fn forget_migration(&self) -> &'static str;
}
