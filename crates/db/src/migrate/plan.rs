//! [`Plan`]: the steps of a migration on one database, and the checksum by which an edit is noticed.

use std::fmt;

use super::Database;
use super::change::op::{Irreversible, reverse};
use super::change::{Change, check_ops};
use super::ddl;
use super::file::{Body, Code, Down, Migration};
use super::rebuild::Rebuild;
use super::token::statements;
use crate::{Error, ErrorKind, Result};

/// What is done at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// One statement.
    Sql(String),
    /// A file's statements, all in one transaction.
    Script(String),
    /// An index that PostgreSQL builds while others write, with its name in quotes.
    ConcurrentIndex { name: String, sql: String },
    /// A table of SQLite that is built anew.
    Rebuild(Rebuild),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(sql) | Self::Script(sql) | Self::ConcurrentIndex { sql, .. } => f.write_str(sql),
            Self::Rebuild(rebuild) => rebuild.fmt(f),
        }
    }
}

/// Which way a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Up => "applied",
            Self::Down => "rolled back",
        }
    }
}

/// What a migration does on one database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) in_transaction: bool,
}

impl Plan {
    /// Whether foreign keys must not be enforced while it runs.
    pub(crate) fn builds_anew(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Rebuild(_)))
    }
}

pub(crate) fn refused(message: String) -> Error {
    Error::new(ErrorKind::Migration, message)
}

impl Migration {
    /// What it does.
    pub(crate) fn plan(&self, direction: Direction, database: Database) -> Result<Plan> {
        match &self.body {
            Body::Sql { up, down, in_transaction, .. } => {
                let text = match (direction, down) {
                    (Direction::Up, _) => up,
                    (Direction::Down, Some(down)) => down,
                    (Direction::Down, None) => {
                        return Err(refused(format!(
                            "the migration {self} can not be rolled back: it has no section `-- down`"
                        )));
                    }
                };
                let in_transaction = *in_transaction && database != Database::Mysql;
                let steps = if in_transaction {
                    vec![Step::Script(text.clone())]
                } else {
                    statements(text, database).into_iter().map(Step::Sql).collect()
                };
                Ok(Plan { steps, in_transaction })
            }
            Body::Code(code) => self.plan_of_code(code, direction, database),
        }
    }

    fn plan_of_code(&self, code: &Code, direction: Direction, database: Database) -> Result<Plan> {
        let told = |tell: fn(&mut Change)| {
            let mut change = Change::new(database);
            tell(&mut change);
            change
        };
        let (change, reversed) = match (direction, code.down) {
            (Direction::Up, _) => (told(code.up), None),
            (Direction::Down, Down::Written(down)) => (told(down), None),
            (Direction::Down, Down::Missing) => {
                return Err(refused(format!(
                    "the migration {self} can not be rolled back: it has no function `down`"
                )));
            }
            (Direction::Down, Down::Reversed) => {
                let change = told(code.up);
                let reversed = reverse(&change.ops).map_err(|why| self.irreversible(&why))?;
                (change, Some(reversed))
            }
        };
        let ops = reversed.as_ref().unwrap_or(&change.ops);
        check_ops(ops, database, change.in_transaction)
            .map_err(|problem| refused(format!("the migration {self} {problem}")))?;
        let in_transaction = change.in_transaction && database != Database::Mysql;
        let steps = ops.iter().flat_map(|op| ddl::steps(database, op)).collect();
        Ok(Plan { steps, in_transaction })
    }

    #[cold]
    fn irreversible(&self, why: &Irreversible) -> Error {
        refused(format!(
            "the migration {self} can not be rolled back, as nothing says what takes this back: {}; {}, or write a \
             function `down`",
            why.operation, why.mend
        ))
    }

    /// What it runs on a database, one statement each: to look at, or to hand to somebody else.
    ///
    /// A table that SQLite builds anew is told in words.
    ///
    /// # Errors
    /// If it asks for what the database does not have.
    pub fn statements(&self, database: Database) -> Result<Vec<String>> {
        Ok(as_text(self.plan(Direction::Up, database)?, database))
    }

    /// What takes it back on a database.
    ///
    /// # Errors
    /// If nothing does; or as [`statements`](Self::statements).
    pub fn down_statements(&self, database: Database) -> Result<Vec<String>> {
        Ok(as_text(self.plan(Direction::Down, database)?, database))
    }

    /// By what an edit is recognised: of a file the text that applies it, of a migration in Rust the statements that
    /// it comes to on this database, so that comments and the order of words in it do not count.
    ///
    /// # Errors
    /// As [`statements`](Self::statements).
    pub fn checksum(&self, database: Database) -> Result<String> {
        match &self.body {
            Body::Sql { checksum, .. } => Ok(checksum.clone()),
            Body::Code(_) => Ok(hash(&self.plan(Direction::Up, database)?.steps)),
        }
    }
}

fn as_text(plan: Plan, database: Database) -> Vec<String> {
    let each = |step: Step| match step {
        Step::Script(text) => statements(&text, database),
        step => vec![step.to_string()],
    };
    plan.steps.into_iter().flat_map(each).collect()
}

/// A checksum of steps.
pub(crate) fn hash(steps: &[Step]) -> String {
    let texts: Vec<String> = steps.iter().map(ToString::to_string).collect();
    checksum(&texts.join(";\n"))
}

/// FNV-1a of 64 bits: it has to notice an edit, not to withstand an attack.
pub(crate) fn checksum(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
