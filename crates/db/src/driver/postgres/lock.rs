//! [`Lock`]: keeps other processes from migrating, by an advisory lock on a connection of its own.

use std::time::{Duration, Instant};

use super::connection::{Connection, Failure, Opener};
use super::options::Prepare;
use crate::dialect::postgres as sql;
use crate::driver::{BoxFuture, MigrationLock};
use crate::repo::TransactionOptions;
use crate::{Error, ErrorKind, Result};

/// How long to wait before the lock is asked for again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The lock; the server lets go of it when the connection ends.
pub(super) struct Lock {
    connection: Connection,
    /// Whether it is held by a transaction.
    pooled: bool,
}

impl Lock {
    /// Waits until nobody has it.
    pub(super) async fn take(mut opener: Opener, patience: Duration) -> Result<Self> {
        opener.limit = None;
        let pooled = opener.options.prepare == Prepare::Unnamed;
        let asked = Instant::now();
        let connection = opener.open(|_| {}, || {}).await?;
        // A pooler gives a session to others between transactions, so there one is left open; it holds no snapshot.
        let question = if pooled {
            connection.batch(&sql::begin(TransactionOptions::new())).await.map_err(|error| lost(&error))?;
            sql::TRY_MIGRATION_LOCK_IN_TRANSACTION
        } else {
            sql::TRY_MIGRATION_LOCK
        };
        let (mut pause, longest) = PAUSES;
        while !connection.is_true(question).await.map_err(|error| lost(&error))? {
            let left = patience.saturating_sub(asked.elapsed());
            if left.is_zero() {
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!(
                        "another process has been migrating this database for {patience:?}, and this one waits no \
                         longer; try again when it is done (`pg_locks` shows who has the advisory lock)"
                    ),
                ));
            }
            tracing::info!("waiting for another process that migrates");
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(longest);
        }
        Ok(Self { connection, pooled })
    }
}

#[cold]
fn lost(error: &tokio_postgres::Error) -> Error {
    Error::new(
        ErrorKind::ConnectionLost,
        format!("the connection that keeps other processes from migrating was lost: {error}; try again"),
    )
}

impl MigrationLock for Lock {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            self.connection.is_true("SELECT true").await.map(drop).map_err(|error| lost(&error))
        })
    }

    fn script(&self, sql: String) -> Option<BoxFuture<'_, Result<()>>> {
        // One in a transaction could not hold what this is for.
        (!self.pooled).then(|| -> BoxFuture<'_, Result<()>> {
            Box::pin(async move {
                let ran = self.connection.batch(&sql).await;
                ran.map_err(|error| self.connection.explain(Failure::Server(error), &sql, true, None))
            })
        })
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let end = if self.pooled { sql::ROLLBACK } else { sql::RELEASE_MIGRATION_LOCK };
            // If that fails, the end of the connection does it.
            let _ = self.connection.batch(end).await;
        })
    }
}
