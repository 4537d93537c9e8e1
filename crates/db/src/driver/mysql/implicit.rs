//! What commits by itself, whatever transaction it stands in: a sandbox would let it out for good.

use crate::driver::control::words;
use crate::driver::{Access, Request};
use crate::{Error, ErrorKind, Result};

/// The first words of statements that commit what was before them, as the manuals of MySQL and MariaDB list them.
const COMMITTING: &[&str] = &[
    "alter",
    "cache",
    "change",
    "check",
    "create",
    "drop",
    "flush",
    "grant",
    "import",
    "install",
    "lock",
    "optimize",
    "purge",
    "rename",
    "repair",
    "reset",
    "revoke",
    "shutdown",
    "stop",
    "truncate",
    "uninstall",
    "unlock",
];

/// Refuses what commits by itself.
pub(super) fn check(request: &Request) -> Result<()> {
    let sql = &request.statement.sql;
    if request.access != Access::Script && !commits(sql) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Query,
        format!(
            "this commits by itself on MySQL, and nothing is ever committed in a sandbox; put it into a migration, or \
             give the test a database of its own with `SandboxOptions::unboxed`: `{sql}`"
        ),
    ))
}

fn commits(sql: &str) -> bool {
    let mut words = words(sql).map(str::to_ascii_lowercase);
    let Some(first) = words.next() else { return false };
    if matches!(first.as_str(), "create" | "drop") {
        // `CREATE OR REPLACE TEMPORARY TABLE` is MariaDB's.
        let kind = words.find(|word| word != "or" && word != "replace");
        return kind.as_deref() != Some("temporary");
    }
    match first.as_str() {
        "set" => return words.next().as_deref() == Some("password"),
        // MariaDB's `ANALYZE SELECT` explains.
        "analyze" => {
            return matches!(words.next().as_deref(), Some("table" | "local" | "no_write_to_binlog"));
        }
        _ => {}
    }
    COMMITTING.contains(&first.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_commits_by_itself() {
        for sql in [
            "CREATE TABLE a (b INT)",
            " /* x */ alter table a add b int",
            "DROP TABLE a",
            "TRUNCATE a",
            "LOCK TABLES a WRITE",
            "ANALYZE TABLE a",
            "/*!50000 RENAME TABLE a TO b */",
            "create or replace view a as select 1",
            "SET PASSWORD = 'x'",
        ] {
            assert!(commits(sql), "{sql}");
        }
        for sql in [
            "CREATE TEMPORARY TABLE a (b INT)",
            "CREATE OR REPLACE TEMPORARY TABLE a (b INT)",
            "DROP TEMPORARY TABLE a",
            "INSERT INTO a VALUES (1)",
            "(SELECT 1)",
            "SET @a = 1",
            "ANALYZE SELECT 1",
            "",
        ] {
            assert!(!commits(sql), "{sql}");
        }
    }
}
