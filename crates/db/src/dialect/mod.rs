//! [`Dialect`]: how a database wants its SQL, one file per database; what they share is written in `render`.

mod lists;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
mod placeholders;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod render;
#[cfg(feature = "sqlite")]
mod sqlite;
mod syntax;
mod write;

#[cfg(feature = "mysql")]
pub use mysql::Mysql;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(all(feature = "sandbox", feature = "sqlite"))]
pub(crate) use sqlite::NO_WAITING_FOR_THE_DISK;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::{
    COMMIT, FILE_IS_A_DATABASE, KEYS_ARE_LATE, KEYS_OFF, KEYS_ON, LATE_FAILURES, MERGE_LOG, MODE_WAL,
    OPTIMIZE, READER_BEGIN, READER_PRAGMAS, ROLLBACK, SCHEMA_VERSION, WRITER_BEGIN, pragmas,
};

pub use syntax::{Lists, Returning, Syntax, Upsert};

pub(crate) use render::{aggregate, count, exists, explain, lookup, select};
pub(crate) use write::{
    Conflict, Insertion, Resolution, Target, delete_all, delete_row, insert, insert_query, read_row,
    read_rows, update_all, update_row,
};

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

/// Writes the condition that finds the one row with these values.
fn key_is<D: Dialect + ?Sized>(dialect: &D, sql: &mut String, columns: &[(String, Value)]) {
    for (at, (column, _)) in columns.iter().enumerate() {
        sql.push_str(if at == 0 { " WHERE " } else { " AND " });
        dialect.identifier(sql, column);
        sql.push_str(" = ");
        dialect.placeholder(sql, at + 1);
    }
    sql.push_str(" LIMIT 1");
}

/// What differs between databases when SQL is written.
pub trait Dialect: Send + Sync + 'static {
    /// The database's name.
    fn name(&self) -> &'static str;

    /// What it can do, and how it calls it.
    fn syntax(&self) -> &'static Syntax;

    /// Writes a quoted identifier.
    fn identifier(&self, sql: &mut String, name: &str);

    /// Writes the placeholder of the value with this position, the first being 1.
    fn placeholder(&self, sql: &mut String, position: usize);

    /// Whether each placeholder names its position, so that no two rows of them are alike.
    fn has_numbers(&self) -> bool {
        false
    }

    /// How many values one statement can have.
    fn max_params(&self) -> usize;

    /// The operator that compares with a pattern without regard to upper and lower case of ASCII letters.
    fn like_any_case(&self) -> &'static str;

    /// Writes what stands for "no limit" where an offset needs one before it.
    fn no_limit(&self, sql: &mut String);

    /// A single value that stands for a list, and writes what follows the expression that is looked for:
    /// ` IN (...)` or ` = ANY(...)` with its placeholder. `None` where each value is written out.
    fn list(&self, sql: &mut String, position: usize, values: &[Value]) -> Option<Value>;

    /// The values with which an INSERT without columns fills a row.
    fn default_values(&self) -> &'static str;

    /// A statement that is valid and does nothing, to see whether the database answers.
    fn ping(&self) -> &'static str {
        "SELECT 1"
    }

    /// Opens a savepoint.
    fn savepoint(&self, depth: u32) -> String {
        format!("SAVEPOINT zzz_{depth}")
    }

    /// Keeps what was done since a savepoint.
    fn release(&self, depth: u32) -> String {
        format!("RELEASE SAVEPOINT zzz_{depth}")
    }

    /// Undoes what was done since a savepoint, and forgets it.
    fn rollback_to(&self, depth: u32) -> String {
        format!("ROLLBACK TO SAVEPOINT zzz_{depth}; RELEASE SAVEPOINT zzz_{depth}")
    }

    /// Whether a statement that fails makes the rest of its transaction fail too, unless a savepoint was before
    /// it.
    fn failure_ends_transaction(&self) -> bool;

    /// Lists the foreign keys of a table, for databases that do not name the one that failed: rows of
    /// (number of the key, column, parent table, parent column).
    fn foreign_keys(&self, table: &str) -> Option<Statement>;

    /// Lists the columns of an index, for databases that name only the index that refused: rows of (column), which
    /// is NULL for an expression.
    fn index_columns(&self, prefix: Option<&str>, table: &str, index: &str) -> Option<Statement> {
        let _ = (prefix, table, index);
        None
    }

    /// Looks whether a parent row exists: one row if it does.
    fn parent_exists(&self, table: &str, columns: &[(String, Value)]) -> Statement {
        let mut sql = String::from("SELECT 1 FROM ");
        self.identifier(&mut sql, table);
        key_is(self, &mut sql, columns);
        Statement { sql, params: columns.iter().map(|(_, value)| value.clone()).collect() }
    }

    /// Waits, within a transaction, until no other one that migrates is open; `None` where every transaction that
    /// writes does so anyway, or where there is none that migrates.
    fn lock_migrations(&self) -> Option<&'static str>;

    /// Lists the foreign keys that refer to a table, for databases that do not name the one that failed: rows of
    /// (table, number of the key, column, column of this table, action on delete, action on update, an index
    /// that begins with the column, whether the column is the number by which every row is found).
    fn referring_keys(&self, table: &str) -> Option<Statement> {
        let _ = table;
        None
    }

    /// Looks whether a table has a row with these values, by this index and no other way: one row if it has.
    fn child_exists(&self, table: &str, index: Option<&str>, columns: &[(String, Value)]) -> Statement {
        let _ = index;
        self.parent_exists(table, columns)
    }

    /// Looks up the foreign keys of this name, for databases that tell it and not where it is: rows of
    /// (table, column).
    fn foreign_key_named(&self, name: &str) -> Option<Statement> {
        let _ = name;
        None
    }

    /// Lists the unique indexes of a table, for databases that name the columns and not the index: rows of
    /// (index, column), NULL for an expression.
    fn unique_indexes(&self, table: &str) -> Option<Statement> {
        let _ = table;
        None
    }

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
