//! [`Migrator`]: what is to be done, in which order, and each migration in its transaction.

use std::time::{Duration, Instant};

use super::journal::{Applied, Journal, Unfinished};
use super::plan::{Direction, Plan, Step, refused};
use super::{Database, Migration, Migrations, State, Status};
use crate::driver::MigrationLock;
use crate::{Error, ErrorKind, Repo, Result};

/// How long another process may migrate before this one gives up waiting.
const PATIENCE: Duration = Duration::from_secs(300);

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
/// applied whole or not at all. MySQL can not do that, and some statements of PostgreSQL can not; what runs outside of a
/// transaction is written down statement by statement, and when it stops in its middle, nothing else runs until
/// somebody has said how it goes on ([`repair`](Self::repair)).
///
/// Of two processes that migrate at once one does, and the other waits for it and finds everything applied: on
/// PostgreSQL and MySQL there is a lock for that, which a connection beside the pool's holds, on SQLite each
/// migration takes the write lock. The wait ends after five minutes ([`lock_timeout`](Self::lock_timeout)).
///
/// A pending migration older than one that is applied is applied too, as Ecto does. The time limits of statements do not
/// hold for migrations.
pub struct Migrator<'a> {
    pub(super) repo: Repo,
    pub(super) database: Database,
    /// Those of the database in use, by version.
    migrations: Vec<&'a Migration>,
    pub(super) patience: Duration,
}

impl<'a> Migrator<'a> {
    /// For this database and these migrations.
    #[must_use]
    pub fn new(repo: &Repo, migrations: &'a Migrations) -> Self {
        let name = repo.dialect().name();
        Self {
            repo: repo.with_query_timeout(None),
            database: Database::of_dialect(name),
            migrations: migrations.of_database(name),
            patience: PATIENCE,
        }
    }

    /// How long to wait while another process migrates.
    #[must_use]
    pub fn lock_timeout(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) fn journal(&self) -> Journal<'_> {
        Journal { repo: &self.repo, database: self.database }
    }

    pub(super) fn get(&self, version: i64) -> Option<&'a Migration> {
        self.migrations.iter().find(|migration| migration.version() == version).copied()
    }

    /// Every migration, known or applied, by version.
    ///
    /// # Errors
    /// If the database can not answer, or a migration in Rust asks for what it does not have. The database is not
    /// changed.
    pub async fn status(&self) -> Result<Vec<Status>> {
        let applied = self.journal().applied().await?;
        let unfinished = self.journal().unfinished().await?;
        let mut all = Vec::with_capacity(self.migrations.len());
        for migration in &self.migrations {
            let state = match applied.iter().find(|row| row.version == migration.version()) {
                None => State::Down,
                Some(row) if row.checksum == migration.checksum(self.database)? => State::Up(row.at),
                Some(row) => State::Edited(row.at),
            };
            all.push(Status { version: migration.version(), name: migration.name().to_owned(), state });
        }
        all.extend(applied.iter().filter(|row| self.get(row.version).is_none()).map(|row| Status {
            version: row.version,
            name: row.name.clone(),
            state: State::Missing(row.at),
        }));
        for row in &unfinished {
            let state = State::Unfinished { done: row.done, total: row.total };
            match all.iter_mut().find(|status| status.version == row.version) {
                Some(status) => status.state = state,
                None => all.push(Status { version: row.version, name: row.name.clone(), state }),
            }
        }
        all.sort_by_key(|status| status.version);
        Ok(all)
    }

    /// The migrations that are not applied, by version; one that stopped in its middle is one of them.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub async fn pending(&self) -> Result<Vec<Status>> {
        let mut all = self.status().await?;
        all.retain(|status| matches!(status.state, State::Down | State::Unfinished { .. }));
        Ok(all)
    }

    /// Applies every pending migration; returns those that this call applied, in order.
    ///
    /// # Errors
    /// Before anything is done: if a migration that is applied has been edited since, one has stopped in its middle, or
    /// one asks for what the database does not have. If the database refuses one; those before it stay applied.
    pub async fn migrate(&self) -> Result<Vec<&'a Migration>> {
        self.up_to(i64::MAX).await
    }

    /// Applies the pending migrations up to this version, or takes back those after it; returns those that
    /// this call applied or took back, in order. Version 0 is before the first.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate) and [`rollback`](Self::rollback), and if there is no such version.
    pub async fn migrate_to(&self, version: i64) -> Result<Vec<&'a Migration>> {
        if version != 0 && self.get(version).is_none() {
            return Err(refused(format!("there is no migration of the version {version}")));
        }
        let newer = |applied: &[Applied]| applied.iter().filter(|row| row.version > version).count();
        // What can not be taken back is said before anything is applied.
        let applied = self.journal().applied().await?;
        self.plan_rollback(&applied, newer(&applied))?;
        let mut done = self.up_to(version).await?;
        let steps = newer(&self.journal().applied().await?);
        done.extend(self.rollback(steps).await?);
        Ok(done)
    }

    /// Takes back the last migrations, this many; returns those that were taken back, the newest first.
    ///
    /// # Errors
    /// Before anything is done: if nothing says how one is taken back, its file is missing, or one has stopped in its
    /// middle. If the database refuses one; those taken back before it stay so.
    pub async fn rollback(&self, steps: usize) -> Result<Vec<&'a Migration>> {
        let mut done = Vec::new();
        let applied = self.journal().applied().await?;
        self.plan_rollback(&applied, steps)?;
        if steps == 0 || applied.is_empty() {
            return Ok(done);
        }
        let lock = self.lock().await?;
        // Under the lock it may look different.
        let applied = self.journal().applied().await?;
        for (migration, plan) in self.plan_rollback(&applied, steps)? {
            self.check_unfinished().await?;
            if self.run_one(migration, &plan, Direction::Down, &*lock).await? {
                done.push(migration);
            }
        }
        lock.release().await;
        Ok(done)
    }

    /// The newest migrations with how they are taken back.
    fn plan_rollback(&self, applied: &[Applied], steps: usize) -> Result<Vec<(&'a Migration, Plan)>> {
        let mut versions: Vec<&Applied> = applied.iter().collect();
        versions.sort_by_key(|row| std::cmp::Reverse(row.version));
        let plan = |row: &&Applied| {
            let Some(migration) = self.get(row.version) else {
                return Err(refused(format!(
                    "the migration {}_{} is applied, but its file is missing, so it can not be rolled back; bring the \
                     file back, or undo it by hand and say `migrate --repair {} undone`",
                    row.version, row.name, row.version
                )));
            };
            Ok((migration, migration.plan(Direction::Down, self.database)?))
        };
        versions.iter().take(steps).map(plan).collect()
    }

    async fn up_to(&self, version: i64) -> Result<Vec<&'a Migration>> {
        let status = self.status().await?;
        for status in &status {
            match status.state {
                State::Edited(_) => return Err(edited(status.version, &status.name)),
                State::Missing(_) => tracing::warn!(
                    version = status.version,
                    name = status.name,
                    "a migration is applied whose file is missing"
                ),
                _ => {}
            }
        }
        let mut plans = Vec::new();
        for status in status.iter().filter(|status| status.version <= version) {
            if matches!(status.state, State::Down | State::Unfinished { .. })
                && let Some(migration) = self.get(status.version)
            {
                plans.push((migration, migration.plan(Direction::Up, self.database)?));
            }
        }
        let mut done = Vec::new();
        if plans.is_empty() {
            self.check_unfinished().await?;
            return Ok(done);
        }
        let lock = self.lock().await?;
        for (migration, plan) in plans {
            self.check_unfinished().await?;
            if self.run_one(migration, &plan, Direction::Up, &*lock).await? {
                done.push(migration);
            }
        }
        lock.release().await;
        Ok(done)
    }

    /// Waits until no other process migrates.
    pub(super) async fn lock(&self) -> Result<Box<dyn MigrationLock>> {
        self.repo.lock_migrations(self.patience).await
    }

    /// Applies one or takes it back; `false` if another process has done so.
    async fn run_one(
        &self,
        migration: &Migration,
        plan: &Plan,
        direction: Direction,
        lock: &dyn MigrationLock,
    ) -> Result<bool> {
        lock.check().await?;
        let ran = if plan.in_transaction {
            Box::pin(self.run_whole(migration, plan, direction)).await
        } else {
            Box::pin(self.run_apart(migration, plan, direction, lock)).await
        }?;
        if ran {
            tracing::info!(version = migration.version(), name = migration.name(), "{}", direction.verb());
        }
        Ok(ran)
    }

    async fn run_whole(&self, migration: &Migration, plan: &Plan, direction: Direction) -> Result<bool> {
        self.locked(plan.builds_anew(), async |tx| {
            let journal = Journal { repo: &tx, database: self.database };
            journal.create().await?;
            // Another process may have been faster: only under the lock this is known.
            if self.is_done(&journal, migration, direction).await? {
                return Ok(false);
            }
            for step in &plan.steps {
                run_step(&tx, step).await.map_err(|error| failed(migration, direction, error))?;
            }
            self.write_down(&journal, migration, direction).await?;
            Ok(true)
        })
        .await
    }

    /// Whether nothing is left to do.
    pub(super) async fn is_done(
        &self,
        journal: &Journal<'_>,
        migration: &Migration,
        direction: Direction,
    ) -> Result<bool> {
        let applied = journal.applied().await?;
        let row = applied.iter().find(|row| row.version == migration.version());
        match (row, direction) {
            (Some(row), Direction::Up) if row.checksum != migration.checksum(self.database)? => {
                Err(edited(row.version, &row.name))
            }
            (row, direction) => Ok(row.is_some() == (direction == Direction::Up)),
        }
    }

    /// Writes down that a migration is applied, or no longer.
    pub(super) async fn write_down(
        &self,
        journal: &Journal<'_>,
        migration: &Migration,
        direction: Direction,
    ) -> Result<()> {
        let written = match direction {
            Direction::Up => {
                let checksum = migration.checksum(self.database)?;
                journal.record(migration.version(), migration.name(), &checksum).await
            }
            Direction::Down => journal.forget(migration.version()).await,
        };
        written.map_err(|error| failed(migration, direction, error))
    }

    /// A transaction that waits for the write lock as long as another process migrates.
    pub(super) async fn locked<T>(
        &self,
        without_keys: bool,
        work: impl AsyncFn(Repo) -> Result<T>,
    ) -> Result<T> {
        let asked = Instant::now();
        let work = async |tx: Repo| {
            if let Some(lock) = tx.dialect().lock_migrations() {
                tx.script(lock).await?;
            }
            work(tx).await
        };
        loop {
            let locked = if without_keys {
                self.repo.transaction_without_keys(&work).await
            } else {
                self.repo.transaction(&work).await
            };
            match locked {
                // Each try waits for the busy timeout.
                Err(error) if error.is_busy() && asked.elapsed() < self.patience => {
                    tracing::info!("waiting for another process that holds the database's lock");
                }
                outcome => return outcome,
            }
        }
    }

    /// Refuses to go on where a migration has stopped in its middle.
    pub(super) async fn check_unfinished(&self) -> Result<()> {
        let asked = Instant::now();
        loop {
            let unfinished = self.journal().unfinished().await?;
            let Some(row) = unfinished.first() else { return Ok(()) };
            // SQLite has no lock beside the writer's, so another process may be at it.
            let may_run = self.database == Database::Sqlite && row.problem.is_none();
            if !may_run || asked.elapsed() >= self.patience {
                return Err(self.stopped_earlier(row).await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn stopped_earlier(&self, row: &Unfinished) -> Error {
        let why = match &row.problem {
            Some(problem) => format!("failed: {problem}"),
            None => "was begun, and it is not known what came of it".to_owned(),
        };
        let invalid = self.invalid_indexes().await;
        refused(super::apart::explain(
            row,
            &format!("has stopped in its middle. Statement {} {why}", row.done + 1),
            &invalid,
        ))
    }
}

/// Runs one step where it belongs.
pub(super) async fn run_step(repo: &Repo, step: &Step) -> Result<()> {
    match step {
        Step::Sql(sql) | Step::Script(sql) | Step::ConcurrentIndex { sql, .. } => repo.script(sql).await,
        Step::Rebuild(rebuild) => Box::pin(rebuild.run(repo)).await,
    }
}

#[cold]
fn edited(version: i64, name: &str) -> Error {
    refused(format!(
        "the migration {version}_{name} was edited after it had been applied; put its old text back, and make \
         the change in a new migration; or, if the database is already as the new text wants it, say \
         `migrate --repair {version} done`"
    ))
}

#[cold]
fn failed(migration: &Migration, direction: Direction, error: Error) -> Error {
    let verb = direction.verb();
    let message = format!("the migration {migration} could not be {verb}; nothing of it was kept: {error}");
    Error::with_source(ErrorKind::Migration, message, error)
}
