//! What is written down in the database: which migrations are applied, and which one stopped in its middle.
//!
//! The SQL of the table `schema_migrations` is the dialects'. That of `schema_migrations_unfinished` is the same on all
//! three; the table is made when the first migration runs outside of a transaction.

use chrono::{DateTime, Utc};

use super::Database;
use super::plan::Direction;
use crate::dialect::Statement;
use crate::driver::Access;
use crate::value::to_micros;
use crate::{FieldType, Repo, Result, Value, row};

/// A row of `schema_migrations`.
pub(super) struct Applied {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) at: DateTime<Utc>,
}

/// A row of `schema_migrations_unfinished`.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) direction: Direction,
    /// How many of its steps are done.
    pub(super) done: i64,
    pub(super) total: i64,
    /// Of the steps that are done.
    pub(super) checksum: String,
    /// The step after them.
    pub(super) statement: String,
    /// Why that failed; `None` while it runs, or if nobody could write it down.
    pub(super) problem: Option<String>,
}

/// More of a statement is not kept: MySQL's TEXT has 64 KiB.
const LONGEST: usize = 10_000;

const CREATE_UNFINISHED: &str = "CREATE TABLE IF NOT EXISTS schema_migrations_unfinished (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    direction TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    statement TEXT NOT NULL,
    problem TEXT
)";
const LIST_UNFINISHED: &str = "SELECT version, name, direction, done, total, checksum, statement, problem \
                               FROM schema_migrations_unfinished ORDER BY version";

fn has_unfinished_table(database: Database) -> &'static str {
    match database {
        Database::Sqlite => {
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations_unfinished'"
        }
        Database::Postgres => "SELECT 1 WHERE to_regclass('schema_migrations_unfinished') IS NOT NULL",
        Database::Mysql => {
            "SELECT 1 FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = 'schema_migrations_unfinished'"
        }
    }
}

/// The journal of one database.
#[derive(Clone, Copy)]
pub(super) struct Journal<'a> {
    pub(super) repo: &'a Repo,
    pub(super) database: Database,
}

impl Journal<'_> {
    /// What is applied; empty if nothing ever was.
    pub(super) async fn applied(&self) -> Result<Vec<Applied>> {
        let dialect = self.repo.dialect();
        if !self.repo.any(Statement::new(dialect.has_migrations_table(), [])).await? {
            return Ok(Vec::new());
        }
        self.repo
            .fetch(Statement::new(dialect.list_migrations(), []), Access::Read, |row| {
                Ok(Applied {
                    version: row::get(row, 0)?,
                    name: row::get(row, 1)?,
                    checksum: row::get(row, 2)?,
                    at: row::get(row, 3)?,
                })
            })
            .await
    }

    pub(super) async fn create(&self) -> Result<()> {
        self.repo.script(self.repo.dialect().create_migrations_table()).await
    }

    pub(super) async fn record(&self, version: i64, name: &str, checksum: &str) -> Result<()> {
        let row = [
            Value::Int(version),
            Value::Text(name.to_owned()),
            Value::Text(checksum.to_owned()),
            to_micros(Utc::now()).dump(),
        ];
        self.repo.execute(self.repo.dialect().record_migration(), row).await.map(drop)
    }

    pub(super) async fn forget(&self, version: i64) -> Result<()> {
        self.repo.execute(self.repo.dialect().forget_migration(), [Value::Int(version)]).await.map(drop)
    }

    /// What stopped in its middle, or runs at this moment.
    pub(super) async fn unfinished(&self) -> Result<Vec<Unfinished>> {
        if !self.repo.any(Statement::new(has_unfinished_table(self.database), [])).await? {
            return Ok(Vec::new());
        }
        self.repo
            .fetch(Statement::new(LIST_UNFINISHED, []), Access::Read, |row| {
                let direction: String = row::get(row, 2)?;
                Ok(Unfinished {
                    version: row::get(row, 0)?,
                    name: row::get(row, 1)?,
                    direction: if direction == "up" { Direction::Up } else { Direction::Down },
                    done: row::get(row, 3)?,
                    total: row::get(row, 4)?,
                    checksum: row::get(row, 5)?,
                    statement: row::get(row, 6)?,
                    problem: row::get(row, 7)?,
                })
            })
            .await
    }

    pub(super) async fn create_unfinished(&self) -> Result<()> {
        self.repo.script(CREATE_UNFINISHED).await
    }

    /// Writes down that a migration begins.
    pub(super) async fn begin(&self, row: &Unfinished) -> Result<()> {
        let sql = self.sql(
            "INSERT INTO schema_migrations_unfinished \
             (version, name, direction, done, total, checksum, statement) VALUES (?, ?, ?, ?, ?, ?, ?)",
        );
        let values = [
            Value::Int(row.version),
            Value::Text(row.name.clone()),
            Value::Text(row.direction.name().to_owned()),
            Value::Int(row.done),
            Value::Int(row.total),
            Value::Text(row.checksum.clone()),
            cut(&row.statement),
        ];
        self.repo.execute(&sql, values).await.map(drop)
    }

    /// Writes down how far it has come.
    pub(super) async fn proceed(&self, version: i64, done: i64, checksum: &str, next: &str) -> Result<()> {
        let sql = self.sql(
            "UPDATE schema_migrations_unfinished SET done = ?, checksum = ?, statement = ?, problem = NULL \
             WHERE version = ?",
        );
        let values = [Value::Int(done), Value::Text(checksum.to_owned()), cut(next), Value::Int(version)];
        self.repo.execute(&sql, values).await.map(drop)
    }

    /// Writes down why it stopped.
    pub(super) async fn stopped(&self, version: i64, problem: &str) -> Result<()> {
        let sql = self.sql("UPDATE schema_migrations_unfinished SET problem = ? WHERE version = ?");
        self.repo.execute(&sql, [cut(problem), Value::Int(version)]).await.map(drop)
    }

    /// Writes down that it is at its end.
    pub(super) async fn finish(&self, version: i64) -> Result<()> {
        let sql = self.sql("DELETE FROM schema_migrations_unfinished WHERE version = ?");
        self.repo.execute(&sql, [Value::Int(version)]).await.map(drop)
    }

    /// SQL with the placeholders of the database in place of question marks.
    fn sql(&self, text: &str) -> String {
        let mut sql = String::with_capacity(text.len() + 8);
        for (at, part) in text.split('?').enumerate() {
            if at > 0 {
                self.repo.dialect().placeholder(&mut sql, at);
            }
            sql.push_str(part);
        }
        sql
    }
}

fn cut(text: &str) -> Value {
    let text = text.replace('\0', " ");
    Value::Text(match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    })
}
