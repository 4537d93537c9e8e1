//! SQLite's SQL: every statement that is special to it.

use std::fmt::Write;
use std::time::Duration;

use super::{Dialect, Statement, Syntax, key_is};
use crate::Value;
use crate::value::time;

/// Past so many values a list is handed over as one value: the SQL stays short, and the same for every length.
const WRITTEN_OUT: usize = 32;

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
/// Keeps what a reader sees as it is at its first read.
pub(crate) const READER_BEGIN: &str = "BEGIN";
/// Counts changes of the structure.
pub(crate) const SCHEMA_VERSION: &str = "PRAGMA schema_version";
/// Whether raw SQL has asked that COMMIT look at every foreign key, for once.
pub(crate) const KEYS_ARE_LATE: &str = "PRAGMA defer_foreign_keys";
/// Counts what makes a COMMIT fail for reasons of one statement, or in part: foreign keys that are looked at by COMMIT
/// alone, and attached files.
pub(crate) const LATE_FAILURES: &str = "SELECT (SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%initially%deferred%') \
     + (SELECT count(*) FROM sqlite_temp_schema WHERE sql LIKE '%initially%deferred%') \
     + (SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp'))";
/// Keeps everything since BEGIN.
pub(crate) const COMMIT: &str = "COMMIT";
/// Undoes everything since BEGIN.
pub(crate) const ROLLBACK: &str = "ROLLBACK";
/// Refreshes what the query planner knows of the tables, where that is worth it; before closing.
pub(crate) const OPTIMIZE: &str = "PRAGMA optimize";
/// Merges the write-ahead log into the file without waiting for anybody.
pub(crate) const MERGE_LOG: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// A reader can not write, whatever statement reaches it.
pub(crate) const READER_PRAGMAS: &str = "PRAGMA query_only = ON";

/// For a file that is thrown away.
#[cfg(feature = "sandbox")]
pub(crate) const NO_WAITING_FOR_THE_DISK: &str = "PRAGMA synchronous = OFF";

/// Lets tables be built anew: dropping one would delete the rows that refer to its rows. Not within a transaction.
pub(crate) const KEYS_OFF: &str = "PRAGMA foreign_keys = OFF";
/// Makes the connection what it was before [`KEYS_OFF`], and what a rebuilt table's renaming may have left behind.
pub(crate) const KEYS_ON: &str = "PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON";

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
         PRAGMA mmap_size = 268435456;",
        busy_timeout.as_millis().min(i32::MAX as u128)
    )
}

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn syntax(&self) -> &'static Syntax {
        &Syntax::SQLITE
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
    fn list(&self, sql: &mut String, _: usize, values: &[Value]) -> Option<Value> {
        if values.len() <= WRITTEN_OUT {
            return None;
        }
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
                Value::Uuid(value) => json_text(&mut json, &crate::value::uuid_text(*value)),
                // A decimal in a column of numbers is compared as one: written out, it is converted.
                _ => return None,
            }
        }
        json.push(']');
        sql.push_str(" IN (SELECT value FROM json_each(?))");
        Some(Value::Text(json))
    }

    fn default_values(&self) -> &'static str {
        " DEFAULT VALUES"
    }

    fn failure_ends_transaction(&self) -> bool {
        false
    }

    fn foreign_keys(&self, table: &str) -> Option<Statement> {
        Some(Statement::new(
            r#"SELECT fk.id, fk."from", fk."table", coalesce(fk."to",
                   (SELECT name FROM pragma_table_info(fk."table") WHERE pk = fk.seq + 1))
               FROM pragma_foreign_key_list(?) AS fk ORDER BY fk.id, fk.seq"#,
            [Value::Text(table.to_owned())],
        ))
    }

    fn lock_migrations(&self) -> Option<&'static str> {
        None
    }

    fn referring_keys(&self, table: &str) -> Option<Statement> {
        Some(Statement::new(
            r#"SELECT child.name, fk.id, fk."from",
                   coalesce(fk."to", (SELECT name FROM pragma_table_info(?1) WHERE pk = fk.seq + 1)),
                   fk.on_delete, fk.on_update,
                   (SELECT list.name FROM pragma_index_list(child.name) AS list, pragma_index_info(list.name) AS part
                    WHERE list.partial = 0 AND part.seqno = 0 AND part.name = fk."from" COLLATE NOCASE LIMIT 1),
                   (SELECT count(*) FROM pragma_table_info(child.name)
                    WHERE pk > 0 HAVING count(*) = 1 AND max(name = fk."from" COLLATE NOCASE) AND max(upper(type) = 'INTEGER'))
                   IS NOT NULL
               FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) AS fk
               WHERE child.type = 'table' AND fk."table" = ?1 COLLATE NOCASE
               ORDER BY child.name, fk.id, fk.seq"#,
            [Value::Text(table.to_owned())],
        ))
    }

    fn child_exists(&self, table: &str, index: Option<&str>, columns: &[(String, Value)]) -> Statement {
        let mut sql = String::from("SELECT 1 FROM ");
        self.identifier(&mut sql, table);
        // The planner shall not think that reading through the table is cheaper.
        if let Some(index) = index {
            sql.push_str(" INDEXED BY ");
            self.identifier(&mut sql, index);
        }
        key_is(self, &mut sql, columns);
        Statement { sql, params: columns.iter().map(|(_, value)| value.clone()).collect() }
    }

    fn unique_indexes(&self, table: &str) -> Option<Statement> {
        Some(Statement::new(
            r#"SELECT list.name, part.name
               FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS part
               WHERE list."unique" = 1 ORDER BY list.seq, part.seqno"#,
            [Value::Text(table.to_owned())],
        ))
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
        let mut values =
            vec![Value::Int(i64::MIN), Value::Text("a\"\\\n".into()), Value::Bool(true), Value::Null];
        assert_eq!(Sqlite.list(&mut sql, 1, &values), None, "a short one is written out");
        values.resize(33, Value::Int(0));
        let list = Sqlite.list(&mut sql, 1, &values).unwrap();
        let rest = ",0".repeat(29);
        assert_eq!(list, Value::Text(format!(r#"[-9223372036854775808,"a\"\\\u000a",1,null{rest}]"#)));
        assert_eq!(sql, " IN (SELECT value FROM json_each(?))");
        assert_eq!(Sqlite.list(&mut sql, 1, &vec![Value::Float(0.1); 33]), None);
        assert_eq!(Sqlite.list(&mut sql, 1, &vec![Value::Text("a\0".into()); 33]), None);
    }
}
