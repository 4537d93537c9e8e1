//! PostgreSQL's SQL: every statement that is special to it.

use std::fmt::Write;
use std::time::Duration;

use super::{Dialect, Statement, Syntax};
use crate::Value;
use crate::repo::TransactionOptions;

/// The dialect of PostgreSQL 12 or later.
#[derive(Debug, Clone, Copy)]
pub struct Postgres;

/// Opens a transaction.
pub(crate) const BEGIN: &str = "BEGIN";

/// Opens a transaction of this kind.
pub(crate) fn begin(options: TransactionOptions) -> String {
    let mut sql = String::from(BEGIN);
    if let Some(isolation) = options.isolation {
        let _ = write!(sql, " ISOLATION LEVEL {}", isolation.sql());
    }
    sql.push_str(if options.read_only { " READ ONLY" } else { "" });
    sql.push_str(if options.deferrable { " DEFERRABLE" } else { "" });
    sql
}
/// Undoes everything since BEGIN.
pub(crate) const ROLLBACK: &str = "ROLLBACK";
/// Keeps everything since BEGIN. A COMMIT of a transaction that has failed, or that raw SQL has ended, would
/// only warn; the savepoint makes it an error.
pub(crate) const COMMIT: &str = "SAVEPOINT zzz_commit; COMMIT";
/// Ends a transaction that has only read.
pub(crate) const END: &str = "COMMIT";
/// The cursor of a stream, where there is only one.
pub(crate) const ROWS: &str = "zzz_rows";

/// Declares a cursor: rows are read as they are fetched, and each once.
pub(crate) fn declare(name: &str, query: &str) -> String {
    format!("DECLARE {name} NO SCROLL CURSOR FOR {query}")
}

/// The next rows of a cursor.
pub(crate) fn fetch(name: &str, rows: usize) -> String {
    format!("FETCH {rows} FROM {name}")
}

/// Closes a cursor.
pub(crate) fn close(name: &str) -> String {
    format!("CLOSE {name}")
}

/// Copies values of these columns into a table, in PostgreSQL's text format.
pub(crate) fn copy_in(prefix: Option<&str>, table: &str, columns: &[&str]) -> String {
    let mut sql = String::from("COPY ");
    if let Some(prefix) = prefix {
        Postgres.identifier(&mut sql, prefix);
        sql.push('.');
    }
    Postgres.identifier(&mut sql, table);
    for (at, column) in columns.iter().enumerate() {
        sql.push_str(if at == 0 { " (" } else { ", " });
        Postgres.identifier(&mut sql, column);
    }
    sql.push_str(") FROM STDIN");
    sql
}

/// Opens the part of a transaction that one statement is.
pub(crate) const GUARD: &str = "SAVEPOINT zzz_guard";
/// Keeps what the guarded statement did.
pub(crate) const GUARD_KEEP: &str = "RELEASE SAVEPOINT zzz_guard";
/// Undoes what the guarded statement did, and that it failed.
pub(crate) const GUARD_UNDO: &str = "ROLLBACK TO SAVEPOINT zzz_guard; RELEASE SAVEPOINT zzz_guard";

/// Lets the part of a transaction that has just begun read only; it ends with the part.
#[cfg(feature = "sandbox")]
pub(crate) const READ_ONLY_PART: &str = "SET TRANSACTION READ ONLY";
/// Fails if a constraint that waits for the COMMIT is broken. What is undone is that they no longer wait.
#[cfg(feature = "sandbox")]
pub(crate) const CHECK_PART: &str = "SAVEPOINT zzz_check; SET CONSTRAINTS ALL IMMEDIATE; \
     ROLLBACK TO SAVEPOINT zzz_check; RELEASE SAVEPOINT zzz_check";
/// Takes the lock with a name, if it is free: one value that is 1 then. It ends with the session.
#[cfg(feature = "sandbox")]
pub(crate) const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))::int";
/// Lets go of it.
#[cfg(feature = "sandbox")]
pub(crate) const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended($1, 0))::int";
/// The names of all databases.
#[cfg(feature = "sandbox")]
pub(crate) const DATABASES: &str = "SELECT datname::text FROM pg_database ORDER BY datname";
/// The sequences that number the rows of a table, one row for each: SQL that sets it back to the highest number in the
/// table, if it is past that.
#[cfg(feature = "sandbox")]
pub(crate) const SET_BACK: &str = r#"
    SELECT format(
        'SELECT setval(%L::regclass, coalesce(most.number, %s), most.number IS NOT NULL) '
        'FROM (SELECT max(%I)::bigint AS number FROM %I.%I) AS most, %I.%I AS now '
        'WHERE now.is_called AND most.number IS DISTINCT FROM now.last_value',
        sequence.seqrelid::regclass::text, sequence.seqstart,
        attribute.attname, tables.nspname, class.relname, sequences.nspname, own.relname)
    FROM pg_sequence AS sequence
    JOIN pg_class AS own ON own.oid = sequence.seqrelid
    JOIN pg_namespace AS sequences ON sequences.oid = own.relnamespace
    JOIN pg_depend AS owned ON owned.objid = own.oid AND owned.classid = 'pg_class'::regclass
        AND owned.refclassid = 'pg_class'::regclass AND owned.refobjsubid > 0 AND owned.deptype IN ('a', 'i')
    JOIN pg_class AS class ON class.oid = owned.refobjid
    JOIN pg_namespace AS tables ON tables.oid = class.relnamespace
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum = owned.refobjsubid
    WHERE sequence.seqincrement > 0
    ORDER BY sequences.nspname, own.relname"#;

/// Takes the lock of those who migrate, if it is free: one value that is true then. The number is the word `zzzmigrb`
/// in bytes; locks are the database's own, so apps in other databases do not wait.
///
/// It is asked again and again: a server's statement that waits would hold a snapshot, for which
/// `CREATE INDEX CONCURRENTLY` of the one who has the lock waits in turn.
pub(crate) const TRY_MIGRATION_LOCK: &str = "SELECT pg_try_advisory_lock(8825501030124319330)";
/// Lets go of it.
pub(crate) const RELEASE_MIGRATION_LOCK: &str = "SELECT pg_advisory_unlock_all()";
/// The same lock until the end of the transaction, for a pooler that gives sessions away.
pub(crate) const TRY_MIGRATION_LOCK_IN_TRANSACTION: &str =
    "SELECT pg_try_advisory_xact_lock(8825501030124319330)";

/// Sets the limit of each statement; of none where it is `None`. `local` ends with the transaction.
pub(crate) fn statement_timeout(limit: Option<Duration>, local: bool) -> String {
    let local = if local { "LOCAL " } else { "" };
    format!("SET {local}statement_timeout = {}", millis(limit))
}

/// A limit as PostgreSQL counts it: in milliseconds, 0 for none.
pub(crate) fn millis(limit: Option<Duration>) -> i64 {
    limit
        .map_or(0, |limit| i64::try_from(limit.as_millis()).unwrap_or(i64::MAX).clamp(1, i64::from(i32::MAX)))
}

/// Creates a database. In UTF-8 whatever the server's default is: texts are Unicode.
pub(crate) fn create_database(name: &str) -> String {
    let mut sql = String::from("CREATE DATABASE ");
    Postgres.identifier(&mut sql, name);
    sql.push_str(" ENCODING 'UTF8' TEMPLATE template0");
    sql
}

/// Drops a database.
pub(crate) fn drop_database(name: &str) -> String {
    let mut sql = String::from("DROP DATABASE IF EXISTS ");
    Postgres.identifier(&mut sql, name);
    sql
}

/// Begins to hear a channel.
pub(crate) fn listen(channel: &str) -> String {
    let mut sql = String::from("LISTEN ");
    Postgres.identifier(&mut sql, channel);
    sql
}

/// Hears a channel no longer.
pub(crate) fn unlisten(channel: &str) -> String {
    let mut sql = String::from("UNLISTEN ");
    Postgres.identifier(&mut sql, channel);
    sql
}

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn syntax(&self) -> &'static Syntax {
        &Syntax::STANDARD
    }

    fn identifier(&self, sql: &mut String, name: &str) {
        sql.push('"');
        if !name.contains('"') {
            sql.push_str(name);
        } else {
            sql.push_str(&name.replace('"', "\"\""));
        }
        sql.push('"');
    }

    fn placeholder(&self, sql: &mut String, position: usize) {
        sql.push('$');
        sql.push_str(itoa::Buffer::new().format(position));
    }

    fn has_numbers(&self) -> bool {
        true
    }

    fn max_params(&self) -> usize {
        usize::from(u16::MAX)
    }

    fn like_any_case(&self) -> &'static str {
        "ILIKE"
    }

    fn no_limit(&self, _: &mut String) {}

    /// Always one array: the statement is the same for every length, so that it is prepared once.
    fn list(&self, sql: &mut String, position: usize, values: &[Value]) -> Option<Value> {
        let _ = write!(sql, " = ANY(${position})");
        Some(Value::List(values.to_vec()))
    }

    fn default_values(&self) -> &'static str {
        " DEFAULT VALUES"
    }

    fn failure_ends_transaction(&self) -> bool {
        true
    }

    /// It names the constraint and its columns.
    fn foreign_keys(&self, _: &str) -> Option<Statement> {
        None
    }

    fn foreign_key_named(&self, name: &str) -> Option<Statement> {
        Some(Statement::new(
            "SELECT class.relname::text, attribute.attname::text
             FROM pg_constraint AS known
             JOIN pg_class AS class ON class.oid = known.conrelid
             JOIN unnest(known.conkey) WITH ORDINALITY AS part (number, place) ON true
             JOIN pg_attribute AS attribute
                 ON attribute.attrelid = known.conrelid AND attribute.attnum = part.number
             WHERE known.contype = 'f' AND known.conname = $1::name
             ORDER BY class.relname, known.oid, part.place",
            [Value::Text(name.to_owned())],
        ))
    }

    /// The lock of the connection that keeps others away may end before the transaction of one whose future was dropped
    /// does: this one ends with the transaction. The number is the word `zzzmigra` in bytes.
    fn lock_migrations(&self) -> Option<&'static str> {
        Some(
            "SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(8825501030124319329); \
             SET LOCAL lock_timeout = DEFAULT",
        )
    }

    fn create_migrations_table(&self) -> &'static str {
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             version BIGINT PRIMARY KEY,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL,
             inserted_at TIMESTAMPTZ NOT NULL
         )"
    }

    fn has_migrations_table(&self) -> &'static str {
        "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL"
    }

    fn list_migrations(&self) -> &'static str {
        "SELECT version, name, checksum, inserted_at FROM schema_migrations ORDER BY version"
    }

    fn record_migration(&self) -> &'static str {
        "INSERT INTO schema_migrations (version, name, checksum, inserted_at) VALUES ($1, $2, $3, $4)"
    }

    fn forget_migration(&self) -> &'static str {
        "DELETE FROM schema_migrations WHERE version = $1"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_stays_inside_the_name() {
        let mut sql = String::new();
        Postgres.identifier(&mut sql, r#"a" OR "1" = "1"#);
        assert_eq!(sql, r#""a"" OR ""1"" = ""1""#);
        assert_eq!(drop_database("a\"; DROP"), r#"DROP DATABASE IF EXISTS "a""; DROP""#);
    }

    #[test]
    fn a_list_is_one_array_of_any_length() {
        let mut sql = String::new();
        let values = [Value::Int(1)];
        assert_eq!(Postgres.list(&mut sql, 3, &values), Some(Value::List(values.to_vec())));
        assert_eq!(sql, " = ANY($3)");
    }

    #[test]
    fn a_limit_below_a_millisecond_is_not_none() {
        assert_eq!(millis(Some(Duration::from_micros(5))), 1);
        assert_eq!(millis(None), 0);
        assert_eq!(
            statement_timeout(Some(Duration::from_secs(2)), true),
            "SET LOCAL statement_timeout = 2000"
        );
    }
}
