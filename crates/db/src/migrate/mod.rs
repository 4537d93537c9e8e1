//! [`Migrator`]: applies migrations and takes them back.
//!
//! Migrations are SQL files so far (see [`Migration`]); ones written in Rust come beside them as another
//! kind of source.

mod file;

use std::fmt;

use chrono::{DateTime, Utc};

pub use file::{Migration, Migrations};

use crate::dialect::Statement;
use crate::driver::Access;
use crate::value::to_micros;
use crate::{Error, ErrorKind, FieldType, Repo, Result, Value, row};

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
}

/// As `migrate --status` shows it: `applied 2026-11-21 12:00:00`.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, rest) = match self {
            Self::Down => return f.write_str("pending"),
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

/// Applies migrations to a database, and takes them back.
///
/// ```
/// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<()> {
/// use zzz_db::migrate::{Migrations, Migrator};
///
/// let migrations = Migrations::new([(
///     "20261121120000_create_posts.sql",
///     "-- up\nCREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n-- down\nDROP TABLE posts;\n",
/// )])?;
/// let migrator = Migrator::new(repo, &migrations);
/// for applied in migrator.migrate().await? {
///     println!("{} is up", applied.name());
/// }
/// # Ok(())
/// # }
/// ```
///
/// Each migration runs in one transaction together with its row in the table `schema_migrations`, so it is
/// applied whole or not at all. The transaction takes the database's write lock first: of two processes that
/// migrate at once, one applies each migration, and the other waits and finds it applied. A pending migration
/// older than one that is applied is applied too, as Ecto does. Time limits do not hold for migrations.
pub struct Migrator<'a> {
    repo: Repo,
    migrations: &'a Migrations,
}

/// A row of `schema_migrations`.
struct Applied {
    version: i64,
    name: String,
    checksum: String,
    at: DateTime<Utc>,
}

impl<'a> Migrator<'a> {
    /// For this database and these migrations.
    #[must_use]
    pub fn new(repo: &Repo, migrations: &'a Migrations) -> Self {
        Self { repo: repo.with_query_timeout(None), migrations }
    }

    /// Every migration, known or applied, by version.
    ///
    /// # Errors
    /// If the database can not answer. It is not changed.
    pub async fn status(&self) -> Result<Vec<Status>> {
        let applied = read_applied(&self.repo).await?;
        let mut all: Vec<Status> = self
            .migrations
            .iter()
            .map(|migration| Status {
                version: migration.version(),
                name: migration.name().to_owned(),
                state: match applied.iter().find(|row| row.version == migration.version()) {
                    None => State::Down,
                    Some(row) if row.checksum == migration.checksum() => State::Up(row.at),
                    Some(row) => State::Edited(row.at),
                },
            })
            .collect();
        all.extend(applied.iter().filter(|row| self.migrations.get(row.version).is_none()).map(|row| {
            Status { version: row.version, name: row.name.clone(), state: State::Missing(row.at) }
        }));
        all.sort_by_key(|status| status.version);
        Ok(all)
    }

    /// The migrations that are not applied, by version.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub async fn pending(&self) -> Result<Vec<Status>> {
        let mut all = self.status().await?;
        all.retain(|status| status.state == State::Down);
        Ok(all)
    }

    /// Applies every pending migration; returns those that this call applied, in order.
    ///
    /// # Errors
    /// If a migration that is applied has been edited since (then nothing is done), or the database refuses
    /// one. Those before it stay applied.
    pub async fn migrate(&self) -> Result<Vec<&'a Migration>> {
        self.up_to(i64::MAX).await
    }

    /// Applies the pending migrations up to this version, or takes back those after it; returns those that
    /// this call applied or took back, in order.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate) and [`rollback`](Self::rollback), and if there is no such version.
    pub async fn migrate_to(&self, version: i64) -> Result<Vec<&'a Migration>> {
        if version != 0 && self.migrations.get(version).is_none() {
            return Err(migration_error(format!("there is no migration of the version {version}")));
        }
        let mut done = self.up_to(version).await?;
        while let Some(migration) = self.down_one(version).await? {
            done.push(migration);
        }
        Ok(done)
    }

    /// Takes back the last migrations, this many; returns those that were taken back, the newest first.
    ///
    /// # Errors
    /// If one has no `-- down` section, its file is missing, or the database refuses it. Those taken back
    /// before it stay so.
    pub async fn rollback(&self, steps: usize) -> Result<Vec<&'a Migration>> {
        let mut done = Vec::new();
        while done.len() < steps {
            match self.down_one(0).await? {
                Some(migration) => done.push(migration),
                None => break,
            }
        }
        Ok(done)
    }

    async fn up_to(&self, version: i64) -> Result<Vec<&'a Migration>> {
        for status in self.status().await? {
            match status.state {
                State::Edited(_) => return Err(edited(status.version, &status.name)),
                State::Missing(_) => tracing::warn!(
                    version = status.version,
                    name = status.name,
                    "a migration is applied whose file is missing"
                ),
                State::Up(_) | State::Down => {}
            }
        }
        let mut done = Vec::new();
        for migration in self.migrations.iter().filter(|migration| migration.version() <= version) {
            if self.up_one(migration).await? {
                done.push(migration);
            }
        }
        Ok(done)
    }

    /// Applies one; `false` if it is applied already.
    async fn up_one(&self, migration: &Migration) -> Result<bool> {
        if read_applied(&self.repo).await?.iter().any(|row| row.version == migration.version()) {
            return Ok(false);
        }
        self.locked(async |tx| {
            tx.script(tx.dialect().create_migrations_table()).await?;
            // Another process may have been faster: only under the lock this is known.
            if let Some(row) = find(&read_applied(&tx).await?, migration.version()) {
                return if row.checksum == migration.checksum() {
                    Ok(false)
                } else {
                    Err(edited(row.version, &row.name))
                };
            }
            tx.script(migration.up()).await.map_err(|error| failed(migration, "applied", error))?;
            let journal = tx.dialect().record_migration();
            let row = vec![
                Value::Int(migration.version()),
                Value::Text(migration.name().to_owned()),
                Value::Text(migration.checksum().to_owned()),
                to_micros(Utc::now()).dump(),
            ];
            tx.execute(journal, row).await.map_err(|error| failed(migration, "applied", error))?;
            tracing::info!(version = migration.version(), name = migration.name(), "migrated");
            Ok(true)
        })
        .await
    }

    /// Takes back the newest one after `version`.
    async fn down_one(&self, version: i64) -> Result<Option<&'a Migration>> {
        self.locked(async |tx| {
            let applied = read_applied(&tx).await?;
            let Some(last) = applied.iter().filter(|row| row.version > version).max_by_key(|row| row.version)
            else {
                return Ok(None);
            };
            let Some(migration) = self.migrations.get(last.version) else {
                return Err(migration_error(format!(
                    "the migration {}_{} is applied, but its file is missing, so it can not be rolled back; \
                     bring the file back",
                    last.version, last.name
                )));
            };
            let Some(down) = migration.down() else {
                return Err(migration_error(format!(
                    "the migration {migration} can not be rolled back: it has no section `-- down`"
                )));
            };
            tx.script(down).await.map_err(|error| failed(migration, "rolled back", error))?;
            let forget = tx.dialect().forget_migration();
            tx.execute(forget, [Value::Int(last.version)]).await?;
            tracing::info!(version = migration.version(), name = migration.name(), "rolled back");
            Ok(Some(migration))
        })
        .await
    }

    /// A transaction that waits for the write lock as long as another process migrates.
    async fn locked<T>(&self, work: impl AsyncFn(Repo) -> Result<T>) -> Result<T> {
        /// Each try waits for the busy timeout; together that is minutes.
        const TRIES: u32 = 300;
        let mut tries = 0;
        loop {
            match self.repo.transaction(async |tx| work(tx).await).await {
                Err(error) if error.is_busy() && tries < TRIES => {
                    tries += 1;
                    tracing::info!("waiting for another process that holds the database's lock");
                }
                outcome => return outcome,
            }
        }
    }
}

fn find(applied: &[Applied], version: i64) -> Option<&Applied> {
    applied.iter().find(|row| row.version == version)
}

/// The journal; empty if there is none yet.
async fn read_applied(repo: &Repo) -> Result<Vec<Applied>> {
    if !repo.any(Statement::new(repo.dialect().has_migrations_table(), [])).await? {
        return Ok(Vec::new());
    }
    let journal = repo.dialect().list_migrations();
    repo.fetch(Statement::new(journal, []), Access::Read, |row| {
        Ok(Applied {
            version: row::get(row, 0)?,
            name: row::get(row, 1)?,
            checksum: row::get(row, 2)?,
            at: row::get(row, 3)?,
        })
    })
    .await
}

fn migration_error(message: String) -> Error {
    Error::new(ErrorKind::Migration, message)
}

#[cold]
fn edited(version: i64, name: &str) -> Error {
    migration_error(format!(
        "the migration {version}_{name} was edited after it had been applied; put its old text back, and make \
         the change in a new migration"
    ))
}

#[cold]
fn failed(migration: &Migration, what: &str, error: Error) -> Error {
    let message = format!("the migration {migration} could not be {what}; nothing of it was kept: {error}");
    Error::with_source(ErrorKind::Migration, message, error)
}
