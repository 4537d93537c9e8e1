//! [`Migrator`]: applies migrations and takes them back.
//!
//! A migration is a SQL file ([`Migration::parse`]) or functions in Rust ([`Code`]), which tell a
//! [`Change`](crate::migration::Change) what to do.
//!
//! | module | holds |
//! |---|---|
//! | `file` | [`Migration`], [`Migrations`]: names, versions, the sections of a file |
//! | `folder` | [`Folder`]: what `migrations!` names |
//! | `change` | the words of a migration in Rust, its operations, what reverses and what is wrong with them |
//! | `ddl` | the operations as SQL, one file per database |
//! | `rebuild` | tables of SQLite that are built anew |
//! | `token` | SQL cut into statements |
//! | `plan` | the steps of a migration on one database, and its checksum |
//! | `journal` | what is written down in the database |
//! | `migrator`, `apart` | how steps are run: in a transaction, and outside of one |

mod apart;
pub(crate) mod change;
mod ddl;
mod file;
mod folder;
mod journal;
mod migrator;
mod plan;
mod rebuild;
mod token;

use std::fmt;

use chrono::{DateTime, Utc};

pub use apart::Repair;
pub use file::{Code, Migration, Migrations};
pub use folder::Folder;
pub use migrator::Migrator;

/// A database that SQL is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl Database {
    /// The database of a dialect.
    pub(crate) fn of_dialect(name: &str) -> Self {
        match name {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Postgres,
            _ => Self::Mysql,
        }
    }

    /// As a file's name calls it: `sqlite`, `postgres`, `mysql`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// As people call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }
}

/// Whether a migration is applied.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is applied, at this time.
    Up(DateTime<Utc>),
    /// It is not.
    Down,
    /// It is applied, and its text has changed since.
    Edited(DateTime<Utc>),
    /// It is applied, and its file is not there.
    Missing(DateTime<Utc>),
    /// It has stopped in its middle, or runs at this moment.
    Unfinished {
        /// How many of its statements are done.
        done: i64,
        /// How many it has.
        total: i64,
    },
}

/// As `migrate --status` shows it: `applied 2026-11-21 12:00:00`.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, rest) = match self {
            Self::Down => return f.write_str("pending"),
            Self::Unfinished { done, total } => {
                return write!(f, "unfinished, {done} of {total} statements are done");
            }
            Self::Up(at) => (at, ""),
            Self::Edited(at) => (at, ", and edited since"),
            Self::Missing(at) => (at, ", but its file is missing"),
        };
        write!(f, "applied {}{rest}", at.format("%Y-%m-%d %H:%M:%S"))
    }
}

/// A migration and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The number in front of its name, by which migrations are ordered.
    pub version: i64,
    /// Its name without the number.
    pub name: String,
    /// Whether it is applied.
    pub state: State,
}
