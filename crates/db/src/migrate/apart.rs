//! Migrations that no transaction holds together: each step is written down, and what stopped is repaired by hand.

use super::Migrator;
use super::change::op::shorten;
use super::journal::{Journal, Unfinished};
use super::migrator::run_step;
use super::plan::{Direction, Plan, Step, hash, refused};
use super::{Database, Migration};
use crate::driver::MigrationLock;
use crate::{Error, ErrorKind, Repo, Result, Value};

/// Who runs a migration.
enum Claim {
    Mine,
    Another,
    /// Another process did.
    Done,
}

/// How a migration goes on that stopped in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// The rest was done by hand: it counts as finished.
    Done,
    /// What was done was undone by hand: it counts as never begun.
    Undone,
    /// The reason of the failure is mended: it goes on with the statement that failed.
    Resume,
}

impl Migrator<'_> {
    /// Applies one or takes it back, outside of a transaction; `false` if another process has done so.
    pub(super) async fn run_apart(
        &self,
        migration: &Migration,
        plan: &Plan,
        direction: Direction,
        lock: &dyn MigrationLock,
    ) -> Result<bool> {
        self.journal().create().await?;
        self.journal().create_unfinished().await?;
        let row = Unfinished {
            version: migration.version(),
            name: migration.name().to_owned(),
            direction,
            done: 0,
            total: i64::try_from(plan.steps.len()).unwrap_or(i64::MAX),
            checksum: hash(&[]),
            statement: plan.steps.first().map(ToString::to_string).unwrap_or_default(),
            problem: None,
        };
        // In one transaction, so that of two processes on SQLite one begins.
        let claim = async |tx: Repo| {
            let journal = Journal { repo: &tx, database: self.database };
            if self.is_done(&journal, migration, direction).await? {
                return Ok(Claim::Done);
            }
            if !journal.unfinished().await?.is_empty() {
                return Ok(Claim::Another);
            }
            journal.begin(&row).await?;
            Ok(Claim::Mine)
        };
        loop {
            match self.locked(false, &claim).await? {
                Claim::Done => return Ok(false),
                Claim::Mine => break,
                // It comes to its end, or this is an error.
                Claim::Another => self.check_unfinished().await?,
            }
        }
        self.go_on(migration, plan, direction, 0, lock).await?;
        Ok(true)
    }

    /// Runs the steps from this one on.
    async fn go_on(
        &self,
        migration: &Migration,
        plan: &Plan,
        direction: Direction,
        from: usize,
        lock: &dyn MigrationLock,
    ) -> Result<()> {
        let version = migration.version();
        for (at, step) in plan.steps.iter().enumerate().skip(from) {
            let ran = match self.check_index(step).await {
                Ok(()) => self.run_alone(step, lock).await,
                refused => refused,
            };
            if let Err(error) = ran {
                return Err(self.stop(migration, plan, direction, at, error).await);
            }
            let next = plan.steps.get(at + 1).map(ToString::to_string).unwrap_or_default();
            let done = i64::try_from(at + 1).unwrap_or(i64::MAX);
            self.journal().proceed(version, done, &hash(&plan.steps[..=at]), &next).await?;
        }
        self.locked(false, async |tx| {
            let journal = Journal { repo: &tx, database: self.database };
            self.write_down(&journal, migration, direction).await?;
            journal.finish(version).await
        })
        .await
    }

    async fn run_alone(&self, step: &Step, lock: &dyn MigrationLock) -> Result<()> {
        if matches!(step, Step::Rebuild(_)) {
            return self.locked(true, async |tx| run_step(&tx, step).await).await;
        }
        match lock.script(step.to_string()) {
            Some(running) => running.await,
            None => run_step(&self.repo, step).await,
        }
    }

    /// Writes down why it stopped, and says how it can go on.
    #[cold]
    async fn stop(
        &self,
        migration: &Migration,
        plan: &Plan,
        direction: Direction,
        at: usize,
        error: Error,
    ) -> Error {
        // If even this can not be written, the row says that it was begun.
        if let Err(lost) = self.journal().stopped(migration.version(), &error.to_string()).await {
            tracing::warn!(%lost, "why the migration failed could not be written down");
        }
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let row = Unfinished {
            version: migration.version(),
            name: migration.name().to_owned(),
            direction,
            done: number(at),
            total: number(plan.steps.len()),
            checksum: String::new(),
            statement: plan.steps.get(at).map(ToString::to_string).unwrap_or_default(),
            problem: None,
        };
        let what = format!("could not be {}. Statement {} failed: {error}", direction.verb(), at + 1);
        let message = explain(&row, &what, &self.invalid_indexes().await);
        Error::with_source(ErrorKind::Migration, message, error)
    }

    /// Says how a migration goes on that has stopped in its middle.
    ///
    /// [`Done`](Repair::Done) and [`Undone`](Repair::Undone) also correct what is written down of any other: that it is
    /// applied as it reads now (after an edit, or where the tables were there before it), or that it is not (whatever
    /// became of its file).
    ///
    /// # Errors
    /// If there is no such version; for [`Resume`](Repair::Resume) if nothing of it has stopped, if what is done of it
    /// has been edited since, or if it fails again.
    pub async fn repair(&self, version: i64, repair: Repair) -> Result<()> {
        let lock = self.lock().await?;
        let unfinished = self.journal().unfinished().await?;
        let row = unfinished.iter().find(|row| row.version == version);
        match (repair, row) {
            (Repair::Resume, Some(row)) => Box::pin(self.resume(row, &*lock)).await?,
            (Repair::Resume, None) => {
                return Err(refused(format!(
                    "the migration {version} has not stopped in its middle, so it can not be resumed"
                )));
            }
            (repair, row) => {
                let direction = row.map_or(Direction::Up, |row| row.direction);
                let is_applied = (repair == Repair::Done) == (direction == Direction::Up);
                Box::pin(self.set_applied(version, is_applied, row.is_some())).await?;
            }
        }
        lock.release().await;
        Ok(())
    }

    async fn set_applied(&self, version: i64, is_applied: bool, was_unfinished: bool) -> Result<()> {
        let migration = self.get(version);
        let known = migration.is_some()
            || was_unfinished
            || self.journal().applied().await?.iter().any(|row| row.version == version);
        if !known || (is_applied && migration.is_none()) {
            return Err(refused(format!("there is no migration of the version {version}")));
        }
        self.locked(false, async |tx| {
            let journal = Journal { repo: &tx, database: self.database };
            journal.create().await?;
            journal.forget(version).await?;
            if let Some(migration) = migration.filter(|_| is_applied) {
                self.write_down(&journal, migration, Direction::Up).await?;
            }
            if was_unfinished { journal.finish(version).await } else { Ok(()) }
        })
        .await
    }

    async fn resume(&self, row: &Unfinished, lock: &dyn MigrationLock) -> Result<()> {
        let Some(migration) = self.get(row.version) else {
            return Err(refused(format!(
                "the file of the migration {}_{} is missing, so it can not be resumed; bring it back",
                row.version, row.name
            )));
        };
        let plan = migration.plan(row.direction, self.database)?;
        let done = usize::try_from(row.done).unwrap_or(usize::MAX);
        if plan.steps.get(..done).is_none_or(|steps| hash(steps) != row.checksum) {
            return Err(refused(format!(
                "the migration {migration} can not be resumed: those of its statements that are done ({}) have been \
                 edited since; put them back, or finish by hand and say `migrate --repair {} done`",
                row.done, row.version
            )));
        }
        if let Some(Step::ConcurrentIndex { name, .. }) = plan.steps.get(done)
            && self.is_invalid(name).await?
        {
            // It is of no use to anybody, and would be in the way.
            self.run_alone(&Step::Sql(format!("DROP INDEX CONCURRENTLY {name}")), lock).await?;
        }
        self.go_on(migration, &plan, row.direction, done, lock).await
    }

    /// Refuses to build an index beside what an earlier try has left behind.
    async fn check_index(&self, step: &Step) -> Result<()> {
        let Step::ConcurrentIndex { name, .. } = step else { return Ok(()) };
        if !self.is_invalid(name).await? {
            return Ok(());
        }
        Err(refused(format!(
            "the index {name} is there already and invalid: an earlier try to build it has failed; drop it with \
             `DROP INDEX CONCURRENTLY {name}`"
        )))
    }

    async fn is_invalid(&self, name: &str) -> Result<bool> {
        let sql = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid";
        Ok(self.repo.sql::<(i64,)>(sql, [Value::Text(name.to_owned())]).await?.first() == Some(&(1,)))
    }

    /// The indexes that a failed build has left behind; none where that can not be.
    pub(super) async fn invalid_indexes(&self) -> Vec<String> {
        if self.database != Database::Postgres {
            return Vec::new();
        }
        let sql = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1";
        let found = self.repo.sql::<(String,)>(sql, []).await.unwrap_or_default();
        found.into_iter().map(|row| row.0).collect()
    }
}

/// What has happened, and how it goes on.
pub(super) fn explain(row: &Unfinished, what: &str, invalid: &[String]) -> String {
    let Unfinished { version, name, done, total, .. } = row;
    let (statement, number) = (shorten(&row.statement), done + 1);
    let by_hand = match row.direction {
        Direction::Up => "",
        Direction::Down => " (of the way back)",
    };
    let mut text = format!(
        "the migration {version}_{name} {what}; the statement is `{statement}`. {done} of its {total} statements{by_hand} \
         are done, and nothing else is run until this is mended: \
         `migrate --repair {version} resume` goes on with statement {number}; \
         `migrate --repair {version} done` if you have done the rest by hand; \
         `migrate --repair {version} undone` if you have undone what was done"
    );
    if !invalid.is_empty() {
        text.push_str(&format!(
            ". Left behind and invalid: {}; `DROP INDEX CONCURRENTLY` removes such an index",
            invalid.join(", ")
        ));
    }
    text
}
