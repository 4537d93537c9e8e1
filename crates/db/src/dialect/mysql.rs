//! MySQL's and MariaDB's SQL: every statement that is special to them.

use std::fmt::Write;

use super::{Dialect, Statement, Syntax};
use crate::Value;
use crate::repo::TransactionOptions;

/// The dialect of MySQL 8.0 or later, and of MariaDB 10.6 or later.
#[derive(Debug, Clone, Copy)]
pub struct Mysql {
    syntax: &'static Syntax,
}

impl Mysql {
    /// MySQL's.
    pub const MYSQL: Self = Self { syntax: &Syntax::MYSQL };
    /// MariaDB's.
    pub const MARIADB: Self = Self { syntax: &Syntax::MARIADB };
}

/// Lists up to this length are written out: the server looks each value up in an index.
const WRITTEN_OUT: usize = 1_000;

/// What every session is told first. Texts are UTF-8 and times are UTC; what does not fit is an error and is not
/// cut; a backslash in a text is as the server's manual has it. Whether columns may be selected that are not
/// grouped by is left to the server.
pub(crate) const SESSION: &str = "SET NAMES utf8mb4, autocommit = 1, time_zone = '+00:00', sql_mode = CONCAT('STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', IF(FIND_IN_SET('ONLY_FULL_GROUP_BY', @@sql_mode), ',ONLY_FULL_GROUP_BY', ''))";
/// The number by which the session can be stopped, and what the server is.
pub(crate) const INTRODUCTION: &str = "SELECT CONNECTION_ID(), VERSION()";
/// Opens a transaction. The savepoint shows at the end whether it still is the same one: DDL commits by itself.
pub(crate) fn begin(options: TransactionOptions) -> String {
    let isolation =
        options.isolation.map(|isolation| format!("SET TRANSACTION ISOLATION LEVEL {}; ", isolation.sql()));
    let reads = if options.read_only { " READ ONLY" } else { "" };
    format!("{}START TRANSACTION{reads}; SAVEPOINT zzz_begin", isolation.unwrap_or_default())
}
/// Undoes everything since BEGIN.
pub(crate) const ROLLBACK: &str = "ROLLBACK";
/// Keeps everything since BEGIN, or fails if that is over.
pub(crate) const COMMIT: &str = "RELEASE SAVEPOINT zzz_begin; COMMIT";
/// Undoes everything since BEGIN, and fails if some of it has been committed.
#[cfg(feature = "sandbox")]
pub(crate) const UNDO: &str = "ROLLBACK TO SAVEPOINT zzz_begin";
/// Takes the lock with a name, if it is free: one value that is 1 then. It ends with the session.
#[cfg(feature = "sandbox")]
pub(crate) const TRY_LOCK: &str = "SELECT GET_LOCK(SHA1(?), 0)";
/// Lets go of it.
#[cfg(feature = "sandbox")]
pub(crate) const UNLOCK: &str = "SELECT RELEASE_LOCK(SHA1(?))";
/// The names of all databases.
#[cfg(feature = "sandbox")]
pub(crate) const DATABASES: &str = "SELECT schema_name FROM information_schema.schemata ORDER BY schema_name";
/// The tables whose rows are numbered, and the next number of each.
#[cfg(feature = "sandbox")]
pub(crate) const NUMBERED: &str = "SELECT table_name, CAST(auto_increment AS SIGNED) FROM information_schema.tables \
     WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL ORDER BY table_name";
/// Lets MySQL tell the next numbers as they are, and not as they were a day ago. MariaDB does so anyway, and does not
/// know this.
#[cfg(feature = "sandbox")]
pub(crate) const NUMBERS_OF_NOW: &str = "SET SESSION information_schema_stats_expiry = 0";
/// The database that every server has, and every user may look at.
#[cfg(feature = "sandbox")]
pub(crate) const MAINTENANCE: &str = "information_schema";

/// Takes the lock that keeps others from migrating this database, if it is free within a second.
pub(crate) const TAKE_MIGRATION_LOCK: &str = "SELECT GET_LOCK(CONCAT('zzz_migrate_', SHA1(DATABASE())), 1)";
/// Whether this session has that lock.
pub(crate) const HAS_MIGRATION_LOCK: &str =
    "SELECT IS_USED_LOCK(CONCAT('zzz_migrate_', SHA1(DATABASE()))) = CONNECTION_ID()";
/// Gives that lock back.
pub(crate) const RELEASE_MIGRATION_LOCK: &str =
    "SELECT RELEASE_LOCK(CONCAT('zzz_migrate_', SHA1(DATABASE())))";

/// Stops what a session runs.
pub(crate) fn kill(session: u64) -> String {
    format!("KILL QUERY {session}")
}

/// Lets the numbers of a table go on after the highest one in it.
#[cfg(feature = "sandbox")]
pub(crate) fn set_back(table: &str) -> String {
    let mut sql = String::from("ALTER TABLE ");
    Mysql::MYSQL.identifier(&mut sql, table);
    sql.push_str(" AUTO_INCREMENT = 1");
    sql
}

/// Creates a database, whose texts are Unicode, in the order that the server has for them.
pub(crate) fn create_database(name: &str) -> String {
    let mut sql = String::from("CREATE DATABASE ");
    Mysql::MYSQL.identifier(&mut sql, name);
    sql.push_str(" CHARACTER SET utf8mb4");
    sql
}

/// Drops a database.
pub(crate) fn drop_database(name: &str) -> String {
    let mut sql = String::from("DROP DATABASE IF EXISTS ");
    Mysql::MYSQL.identifier(&mut sql, name);
    sql
}

impl Dialect for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn syntax(&self) -> &'static Syntax {
        self.syntax
    }

    fn identifier(&self, sql: &mut String, name: &str) {
        sql.push('`');
        if !name.contains('`') {
            sql.push_str(name);
        } else {
            sql.push_str(&name.replace('`', "``"));
        }
        sql.push('`');
    }

    fn placeholder(&self, sql: &mut String, _: usize) {
        sql.push('?');
    }

    fn max_params(&self) -> usize {
        usize::from(u16::MAX)
    }

    /// Whether it tells upper from lower case is the collation's business.
    fn like_any_case(&self) -> &'static str {
        "LIKE"
    }

    /// As its manual has it.
    fn no_limit(&self, sql: &mut String) {
        sql.push_str(" LIMIT 18446744073709551615");
    }

    /// A long list of whole numbers is one value, a table of JSON. Texts are written out: a table's have a collation
    /// of their own, which a column's need not agree with.
    fn list(&self, sql: &mut String, _: usize, values: &[Value]) -> Option<Value> {
        if values.len() <= WRITTEN_OUT {
            return None;
        }
        let mut json = String::with_capacity(values.len() * 8);
        for (at, value) in values.iter().enumerate() {
            let Value::Int(number) = value else { return None };
            let _ = write!(json, "{}{number}", if at == 0 { '[' } else { ',' });
        }
        json.push(']');
        sql.push_str(
            " IN (SELECT number FROM JSON_TABLE(?, '$[*]' COLUMNS (number BIGINT PATH '$')) AS list)",
        );
        Some(Value::Text(json))
    }

    fn default_values(&self) -> &'static str {
        " () VALUES ()"
    }

    /// A deadlock does; the driver knows.
    fn failure_ends_transaction(&self) -> bool {
        false
    }

    /// It names the constraint and its columns.
    fn foreign_keys(&self, _: &str) -> Option<Statement> {
        None
    }

    fn index_columns(&self, prefix: Option<&str>, table: &str, index: &str) -> Option<Statement> {
        let text = |text: &str| Value::Text(text.to_owned());
        Some(Statement::new(
            "SELECT column_name FROM information_schema.statistics \
             WHERE table_schema = coalesce(?, DATABASE()) AND table_name = ? AND index_name = ? ORDER BY seq_in_index",
            [prefix.map_or(Value::Null, text), text(table), text(index)],
        ))
    }

    /// A migration is in no transaction.
    fn lock_migrations(&self) -> Option<&'static str> {
        None
    }

    fn create_migrations_table(&self) -> &'static str {
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             version BIGINT PRIMARY KEY,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL,
             inserted_at DATETIME(6) NOT NULL
         )"
    }

    fn has_migrations_table(&self) -> &'static str {
        "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_numbers_is_one_value() {
        let mut sql = String::new();
        assert_eq!(Mysql::MYSQL.list(&mut sql, 1, &vec![Value::Int(1); 1_000]), None);
        assert_eq!(Mysql::MYSQL.list(&mut sql, 1, &vec![Value::Text("a".into()); 1_001]), None);
        let Some(Value::Text(json)) = Mysql::MYSQL.list(&mut sql, 1, &vec![Value::Int(-7); 1_001]) else {
            panic!("it is one text")
        };
        assert!(json.starts_with("[-7,-7") && json.ends_with(",-7]"), "{json}");
        assert!(sql.contains("JSON_TABLE(?"), "{sql}");
    }

    #[test]
    fn a_quote_in_a_name_stays_inside_the_name() {
        let mut sql = String::new();
        Mysql::MARIADB.identifier(&mut sql, "a` OR `1` = `1");
        assert_eq!(sql, "`a`` OR ``1`` = ``1`");
        assert_eq!(drop_database("a`; DROP"), "DROP DATABASE IF EXISTS `a``; DROP`");
    }
}
