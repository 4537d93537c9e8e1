//! Creating and dropping databases, from the database that every server has.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::Options;
use super::connection::{Connection, Opener};
use super::errors::{self, Cause};
use crate::dialect::postgres as sql;
use crate::{Error, ErrorKind, Result};

/// How long opening the connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Creates the database if there is none; says whether it did.
pub(crate) async fn create(options: &Options) -> Result<bool> {
    // A user who may use the database need not be allowed to see any other.
    if exists(options).await? {
        return Ok(false);
    }
    let connection = open(&options.maintenance()).await?;
    match connection.batch(&sql::create_database(options.database())).await {
        Ok(()) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => Ok(false),
        // Two that create the same one at once meet in the catalog's index.
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(false),
        Err(error) => Err(failed("created", options, &error)),
    }
}

/// Drops the database; says whether there was one.
pub(crate) async fn drop(options: &Options) -> Result<bool> {
    if !exists(options).await? {
        return Ok(false);
    }
    let connection = open(&options.maintenance()).await?;
    match connection.batch(&sql::drop_database(options.database())).await {
        Ok(()) => Ok(true),
        Err(error) => Err(failed("dropped", options, &error)),
    }
}

/// Whether the database exists.
pub(crate) async fn exists(options: &Options) -> Result<bool> {
    match open(options).await {
        Ok(_) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn open(options: &Options) -> Result<Connection> {
    Opener::new(options, PATIENCE, None)?.open(|_| {}, || {}).await
}

fn is_missing(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if next.downcast_ref::<Cause>().is_some_and(|cause| cause.state() == "3D000") {
            return true;
        }
        cause = next.source();
    }
    false
}

#[cold]
fn failed(what: &str, options: &Options, error: &tokio_postgres::Error) -> Error {
    let text = format!("the database `{}` can not be {what}", options.database());
    match error.as_db_error() {
        Some(problem) => {
            let hint = problem.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
            let text = format!("{text}: {}{hint}", problem.message());
            Error::with_source(ErrorKind::Storage, text, Cause::of(problem))
        }
        None => errors::lost(&error.to_string(), true, None),
    }
}
