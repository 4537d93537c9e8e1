//! [`Boxed`]: the driver of a sandbox's repo.
//!
//! Over a transaction it gives each caller its turn: a statement outside of a transaction is a part of its own, which a
//! failure undoes alone, and a transaction is a part that others wait for. What a COMMIT would refuse, the end of a part
//! refuses. Over a whole database it only sees to it that nothing goes on after the end.

use std::sync::Arc;
use std::time::Duration;

use super::life::{Ended, Life};
use crate::dialect::Dialect;
use crate::driver::{BoxFuture, Driver, MigrationLock, Reply, Request, Sink, Transaction};
use crate::repo::{Listener, TransactionOptions};
use crate::{DatabaseConfig, Result, Value};

/// What is below.
pub(super) enum Inner {
    /// A database that the test has alone.
    Database(Arc<dyn Driver>),
    /// A transaction.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Transaction(&'static dyn Dialect, Arc<dyn Transaction>),
}

/// The driver.
pub(super) struct Boxed {
    life: Arc<Life>,
    below: Below,
}

enum Below {
    Database(Arc<dyn Driver>),
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Turns(turns::Turns),
}

impl Boxed {
    pub(super) fn new(life: Arc<Life>, inner: Inner, config: &DatabaseConfig) -> Self {
        let below = match inner {
            Inner::Database(driver) => Below::Database(driver),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Inner::Transaction(dialect, transaction) => {
                Below::Turns(turns::Turns::new(dialect, transaction, config.acquire_timeout))
            }
        };
        #[cfg(not(any(feature = "postgres", feature = "mysql")))]
        let _ = config;
        Self { life, below }
    }

    /// What came of something; that the sandbox has ended meanwhile explains a failure best.
    fn explain<T>(&self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Err(error) if error.is_closed() => {
                self.life.check()?;
                Err(error)
            }
            outcome => outcome,
        }
    }
}

impl Driver for Boxed {
    fn dialect(&self) -> &'static dyn Dialect {
        match &self.below {
            Below::Database(driver) => driver.dialect(),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(turns) => turns.dialect,
        }
    }

    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            self.life.check()?;
            let outcome = match &self.below {
                Below::Database(driver) => driver.run(request).await,
                #[cfg(any(feature = "postgres", feature = "mysql"))]
                Below::Turns(turns) => turns.run(request).await,
            };
            self.explain(outcome)
        })
    }

    fn stream(&self, request: Request, rows: usize) -> BoxFuture<'_, Result<Reply>> {
        match &self.below {
            Below::Database(driver) if self.life.check().is_ok() => driver.stream(request, rows),
            _ => self.run(request),
        }
    }

    fn streams_in_batches(&self) -> bool {
        match &self.below {
            Below::Database(driver) => driver.streams_in_batches(),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(_) => false,
        }
    }

    #[cfg(feature = "postgres")]
    fn as_postgres(&self) -> Option<&crate::driver::postgres::Postgresql> {
        match &self.below {
            Below::Database(driver) if self.life.check().is_ok() => driver.as_postgres(),
            _ => None,
        }
    }

    fn look_up(
        &self,
        sql: &str,
        key: &[Value],
        sink: &mut dyn Sink,
        limit: Option<Duration>,
    ) -> Option<Result<Duration>> {
        match &self.below {
            // What has ended says so when it is asked in the usual way.
            Below::Database(driver) if self.life.check().is_ok() => driver.look_up(sql, key, sink, limit),
            _ => None,
        }
    }

    fn begin(&self, options: TransactionOptions) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(async move {
            self.life.check()?;
            let outcome = match &self.below {
                Below::Database(driver) => driver.begin(options).await,
                #[cfg(any(feature = "postgres", feature = "mysql"))]
                Below::Turns(turns) => turns.begin(options).await,
            };
            self.explain(outcome)
        })
    }

    fn begin_without_keys(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        match &self.below {
            Below::Database(driver) => driver.begin_without_keys(),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(_) => self.begin(TransactionOptions::new()),
        }
    }

    fn lock_migrations(&self, patience: Duration) -> BoxFuture<'_, Result<Box<dyn MigrationLock>>> {
        match &self.below {
            Below::Database(driver) => driver.lock_migrations(patience),
            // Nobody else can migrate what only this sandbox sees.
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(_) => Box::pin(async { Ok(crate::driver::no_lock()) }),
        }
    }

    fn listen(&self, channel: String) -> BoxFuture<'_, Result<Listener>> {
        match &self.below {
            Below::Database(driver) => driver.listen(channel),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(turns) => turns.listen(&channel),
        }
    }

    fn has_one_connection(&self) -> bool {
        match &self.below {
            Below::Database(driver) => driver.has_one_connection(),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Below::Turns(_) => true,
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.life.end(Ended::Closed))
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod turns;
