//! [`Lock`]: keeps other processes from migrating, by a lock of a session that is a connection of its own.

use std::time::{Duration, Instant};

use super::connection::{Connection, Opener};
use super::errors;
use crate::dialect::mysql as sql;
use crate::driver::{BoxFuture, MigrationLock};
use crate::{Error, ErrorKind, Result};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The lock; the server lets go of it when the connection ends.
pub(super) struct Lock {
    /// One question at a time.
    connection: tokio::sync::Mutex<Connection>,
}

impl Lock {
    /// Waits until nobody has it.
    pub(super) async fn take(opener: &Opener, patience: Duration) -> Result<Self> {
        let asked = Instant::now();
        let mut connection = opener.open(opener.patience).await?;
        // Each question waits a second.
        while connection.ask(sql::TAKE_MIGRATION_LOCK).await.map_err(|error| lost(&error))? != Some(1) {
            if asked.elapsed() >= patience {
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!(
                        "another process has been migrating this database for {patience:?}, and this one waits no \
                         longer; try again when it is done (`SHOW PROCESSLIST` shows who is connected)"
                    ),
                ));
            }
            tracing::info!("waiting for another process that migrates");
        }
        Ok(Self { connection: tokio::sync::Mutex::new(connection) })
    }
}

#[cold]
fn lost(error: &sqlx::Error) -> Error {
    Error::new(
        ErrorKind::ConnectionLost,
        format!("the connection that keeps other processes from migrating was lost: {error}; try again"),
    )
}

impl MigrationLock for Lock {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let mut connection = self.connection.lock().await;
            match connection.ask(sql::HAS_MIGRATION_LOCK).await {
                Ok(Some(1)) => Ok(()),
                Ok(_) => Err(lost(&sqlx::Error::Protocol("it holds the lock no more".to_owned()))),
                Err(error) => Err(lost(&error)),
            }
        })
    }

    fn script(&self, sql: String) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async move {
            let mut connection = self.connection.lock().await;
            let ran = connection.run_to_its_end(&sql).await;
            ran.map_err(|error| errors::explain(error.into(), &sql, true, None))
        }))
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut connection = self.connection.into_inner();
            // If that fails, the end of the connection does it.
            let _ = connection.ask(sql::RELEASE_MIGRATION_LOCK).await;
            connection.close(GOODBYE).await;
        })
    }
}
