//! SQLite's SQL: every statement that is special to it.

use std::fmt::Write;
use std::time::Duration;

use super::{Dialect, Statement};
use crate::Value;
use crate::value::time;

/// The dialect of SQLite 3.35 or later; the one that is compiled in is newer.
#[derive(Debug, Clone, Copy)]
pub struct Sqlite;

/// Write-ahead logging: readers do not wait for the writer. It is kept in the file.
pub(crate) const MODE_WAL: &str = "PRAGMA journal_mode = WAL";
/// Reads a page of the file: fails on what is no database.
pub(crate) const FILE_IS_A_DATABASE: &str = "SELECT count(*) FROM sqlite_schema";
/// Takes the write lock at once. A deferred transaction that reads and then writes fails at once, whatever
/// the busy timeout, if another wrote in between.
pub(crate) const WRITER_BEGIN: &str = "BEGIN IMMEDIATE";
/// Keeps everything since BEGIN.
pub(crate) const COMMIT: &str = "COMMIT";
/// Undoes everything since BEGIN.
pub(crate) const ROLLBACK: &str = "ROLLBACK";
/// Refreshes what the query planner knows of the tables, where that is worth it; before closing.
pub(crate) const OPTIMIZE: &str = "PRAGMA optimize";
/// A reader can not write, whatever statement reaches it.
pub(crate) const READER_PRAGMAS: &str = "PRAGMA query_only = ON";

/// What every connection is told first.
///
/// With WAL, `synchronous = NORMAL` keeps every committed transaction when the process is killed; after a
/// power cut the last ones may be missing, and the file is never damaged. The cache is 16 MB per connection,
/// the map of the file 256 MB of addresses, not of memory.
pub(crate) fn pragmas(busy_timeout: Duration) -> String {
    format!(
        "PRAGMA busy_timeout = {};
         PRAGMA synchronous = NORMAL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16000;
         PRAGMA temp_store = MEMORY;
         PRAGMA mmap_size = 268435456;
         PRAGMA wal_autocheckpoint = 1000;",
        busy_timeout.as_millis().min(i32::MAX as u128)
    )
}

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn identifier(&self, sql: &mut String, name: &str) {
        sql.push('"');
        for c in name.chars() {
            sql.push(c);
            if c == '"' {
                sql.push('"');
            }
        }
        sql.push('"');
    }

    fn placeholder(&self, sql: &mut String, _: usize) {
        sql.push('?');
    }

    fn max_params(&self) -> usize {
        32_766
    }

    fn like_any_case(&self) -> &'static str {
        "LIKE"
    }

    fn no_limit(&self, sql: &mut String) {
        sql.push_str(" LIMIT -1");
    }

    /// The list as a JSON array: one value of any length. Bytes and fractions have no exact form there.
    fn long_list(&self, sql: &mut String, _: usize, values: &[Value]) -> Option<Value> {
        let mut json = String::with_capacity(values.len() * 8);
        json.push('[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                json.push(',');
            }
            match value {
                Value::Null => json.push_str("null"),
                // JSON's true would be 1 as well; a number says so.
                Value::Bool(value) => json.push(if *value { '1' } else { '0' }),
                Value::Int(value) => write!(json, "{value}").ok()?,
                // A NUL is refused when it is bound; in a JSON text it would slip through.
                Value::Text(value) if !value.contains('\0') => json_text(&mut json, value),
                Value::DateTime(value) if time::sorts(value.date_naive()) => {
                    json_text(&mut json, &time::datetime(*value));
                }
                Value::NaiveDateTime(value) if time::sorts(value.date()) => {
                    json_text(&mut json, &time::naive(*value));
                }
                Value::Date(value) if time::sorts(*value) => json_text(&mut json, &time::date(*value)),
                Value::Time(value) => json_text(&mut json, &time::time(*value)),
                _ => return None,
            }
        }
        json.push(']');
        sql.push_str("(SELECT value FROM json_each(?))");
        Some(Value::Text(json))
    }

    fn default_values(&self) -> &'static str {
        " DEFAULT VALUES"
    }

    fn ping(&self) -> &'static str {
        "SELECT 1"
    }

    fn savepoint(&self, depth: u32) -> String {
        format!("SAVEPOINT zzz_{depth}")
    }

    fn release(&self, depth: u32) -> String {
        format!("RELEASE zzz_{depth}")
    }

    fn rollback_to(&self, depth: u32) -> String {
        format!("ROLLBACK TO zzz_{depth}; RELEASE zzz_{depth}")
    }

    fn foreign_keys(&self, table: &str) -> Option<Statement> {
        Some(Statement::new(
            r#"SELECT fk.id, fk."from", fk."table", coalesce(fk."to",
                   (SELECT name FROM pragma_table_info(fk."table") WHERE pk = fk.seq + 1))
               FROM pragma_foreign_key_list(?) AS fk ORDER BY fk.id, fk.seq"#,
            [Value::Text(table.to_owned())],
        ))
    }

    fn parent_exists(&self, table: &str, columns: &[(String, Value)]) -> Statement {
        let mut sql = String::from("SELECT 1 FROM ");
        self.identifier(&mut sql, table);
        for (at, (column, _)) in columns.iter().enumerate() {
            sql.push_str(if at == 0 { " WHERE " } else { " AND " });
            self.identifier(&mut sql, column);
            sql.push_str(" = ?");
        }
        sql.push_str(" LIMIT 1");
        Statement { sql, params: columns.iter().map(|(_, value)| value.clone()).collect() }
    }

    fn create_migrations_table(&self) -> &'static str {
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             version INTEGER PRIMARY KEY NOT NULL,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL,
             inserted_at TEXT NOT NULL
         )"
    }

    fn has_migrations_table(&self) -> &'static str {
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
    }

    fn list_migrations(&self) -> &'static str {
        "SELECT version, name, checksum, inserted_at FROM schema_migrations ORDER BY version"
    }

    fn record_migration(&self) -> &'static str {
        "INSERT INTO schema_migrations (version, name, checksum, inserted_at) VALUES (?, ?, ?, ?)"
    }

    fn forget_migration(&self) -> &'static str {
        "DELETE FROM schema_migrations WHERE version = ?"
    }
}

fn json_text(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_stays_inside_the_name() {
        let mut sql = String::new();
        Sqlite.identifier(&mut sql, r#"a" OR "1" = "1"#);
        assert_eq!(sql, r#""a"" OR ""1"" = ""1""#);
    }

    #[test]
    fn a_long_list_is_one_json_value() {
        let mut sql = String::new();
        let values = [Value::Int(i64::MIN), Value::Text("a\"\\\n".into()), Value::Bool(true), Value::Null];
        let list = Sqlite.long_list(&mut sql, 1, &values).unwrap();
        assert_eq!(list, Value::Text(r#"[-9223372036854775808,"a\"\\\u000a",1,null]"#.into()));
        assert_eq!(sql, "(SELECT value FROM json_each(?))");
        assert_eq!(Sqlite.long_list(&mut sql, 1, &[Value::Float(0.1)]), None);
        assert_eq!(Sqlite.long_list(&mut sql, 1, &[Value::Text("a\0".into())]), None);
    }
}
