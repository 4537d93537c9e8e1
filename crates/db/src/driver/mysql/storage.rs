//! Creating and dropping databases, over a connection to the server alone.

use std::time::Duration;

use super::Options;
use super::connection::{Connection, Failure, Opener, Watched};
use super::errors;
use super::pulse::Pulse;
use crate::dialect::mysql as sql;
use crate::driver::carried::Stop;
use crate::{Error, ErrorKind, Result};

/// How long opening the connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Creates the database if there is none; says whether it did.
pub(crate) async fn create(options: &Options) -> Result<bool> {
    // A user who may use the database need not be allowed to see any other.
    if exists(options).await? {
        return Ok(false);
    }
    match batch(options, &sql::create_database(options.database())).await? {
        Ok(()) => Ok(true),
        Err(Failure::Server(error)) if errors::number(&error) == Some(errors::DATABASE_EXISTS) => Ok(false),
        Err(failure) => Err(failed("created", options, failure)),
    }
}

/// Drops the database; says whether there was one.
pub(crate) async fn drop(options: &Options) -> Result<bool> {
    if !exists(options).await? {
        return Ok(false);
    }
    match batch(options, &sql::drop_database(options.database())).await? {
        Ok(()) => Ok(true),
        Err(failure) => Err(failed("dropped", options, failure)),
    }
}

/// Whether the database exists.
pub(crate) async fn exists(options: &Options) -> Result<bool> {
    match Opener::new(options, PATIENCE, true)?.open(PATIENCE).await {
        Ok(connection) => {
            connection.close(PATIENCE).await;
            Ok(true)
        }
        Err(error) if errors::is_missing_database(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn batch(options: &Options, text: &str) -> Result<Result<(), Failure>> {
    let opener = Opener::new(options, PATIENCE, false)?;
    let mut connection: Connection = opener.open(PATIENCE).await?;
    let (pulse, stop) = (Pulse::new(), Stop::default());
    let watched = Watched { opener: &opener, pulse: &pulse, limit: None, writes: true, stop: &stop };
    let outcome = connection.batch(text, &watched).await;
    connection.close(PATIENCE).await;
    Ok(outcome.result)
}

#[cold]
fn failed(what: &str, options: &Options, failure: Failure) -> Error {
    let cause = errors::explain(failure, what, true, None);
    let text = format!("the database `{}` can not be {what}: {cause}", options.database());
    Error::with_source(ErrorKind::Storage, text, cause)
}
