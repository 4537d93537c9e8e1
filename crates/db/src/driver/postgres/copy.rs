//! COPY: rows in bulk, as bytes in one of PostgreSQL's formats, over a connection that nobody shares.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream as _;
use futures_sink::Sink as _;
use tokio::sync::OwnedMutexGuard;
use tokio_postgres::{CopyInSink, CopyOutStream};

use super::Postgresql;
use super::connection::{Connection, Failure};
use super::lease::{Lease, State};
use super::transaction::{Limit, Open};
use crate::{Error, ErrorKind, Result};

/// What keeps others away while a COPY runs: a connection of its own, or the turn of a transaction.
enum Held {
    Alone(Lease),
    Turn { _turn: OwnedMutexGuard<Limit> },
}

/// A COPY that runs.
pub(crate) struct Copy<C> {
    copy: Pin<Box<C>>,
    connection: Arc<Connection>,
    held: Held,
    text: String,
    /// Whether the connection is closed if this is dropped now. Rows that were to come in and do not come to their good end:
    /// if the server has refused them already, the library's word that there are no more makes it answer once more than
    /// it was asked, and every answer after that would be another's.
    unsafe_to_keep: bool,
}

impl<C> Drop for Copy<C> {
    fn drop(&mut self) {
        if self.unsafe_to_keep {
            self.connection.kill("a COPY was given up before its end");
        }
    }
}

/// COPY ... FROM STDIN. Dropping it before its end aborts it.
pub(crate) type CopyIn = Copy<CopyInSink<Bytes>>;
/// COPY ... TO STDOUT.
pub(crate) type CopyOut = Copy<CopyOutStream>;

impl Postgresql {
    /// Begins to copy rows into a table.
    pub(crate) async fn copy_in(&self, text: String) -> Result<CopyIn> {
        let (connection, held) = self.hold(&text, State::Busy).await?;
        let copy = connection.begin_copy_in(&text).await?;
        Ok(Copy { copy, connection, held, text, unsafe_to_keep: true })
    }

    /// Begins to copy rows out of a table or a query.
    pub(crate) async fn copy_out(&self, text: String) -> Result<CopyOut> {
        let (connection, held) = self.hold(&text, State::Stoppable).await?;
        let copy = connection.begin_copy_out(&text).await?;
        Ok(Copy { copy, connection, held, text, unsafe_to_keep: false })
    }

    /// A connection without a time limit: a COPY takes as long as who sends or takes its rows.
    async fn hold(&self, text: &str, state: State) -> Result<(Arc<Connection>, Held)> {
        let asked = Instant::now();
        loop {
            let mut lease = self.pool.take(self.acquire_timeout.saturating_sub(asked.elapsed())).await?;
            if lease.connection().is_closed() {
                continue;
            }
            let connection = Arc::clone(lease.connection());
            lease.set(state);
            let limited = connection.set_limit(None).await;
            limited.map_err(|error| connection.explain(Failure::Server(error), text, false, None))?;
            return Ok((connection, Held::Alone(lease)));
        }
    }
}

impl Open {
    /// As [`Postgresql::copy_in`]. Aborted, it ends the transaction, as every statement does that fails.
    pub(crate) async fn copy_in(&self, text: String) -> Result<CopyIn> {
        let turn = self.turn(None).await?;
        let copy = turn.connection.begin_copy_in(&text).await?;
        Ok(Copy {
            copy,
            connection: Arc::clone(&self.connection),
            held: turn.into_held(),
            text,
            unsafe_to_keep: true,
        })
    }

    /// As [`Postgresql::copy_out`].
    pub(crate) async fn copy_out(&self, text: String) -> Result<CopyOut> {
        let turn = self.turn(None).await?;
        let copy = turn.connection.begin_copy_out(&text).await?;
        Ok(Copy {
            copy,
            connection: Arc::clone(&self.connection),
            held: turn.into_held(),
            text,
            unsafe_to_keep: false,
        })
    }
}

impl super::transaction::Turn<'_> {
    fn into_held(self) -> Held {
        Held::Turn { _turn: self.limit }
    }
}

impl Connection {
    async fn begin_copy_in(&self, text: &str) -> Result<Pin<Box<CopyInSink<Bytes>>>> {
        let begun = Box::pin(self.client().copy_in::<_, Bytes>(text)).await;
        match begun {
            Ok(copy) => Ok(Box::pin(copy)),
            Err(error) => Err(self.copy_refused(error, text, true)),
        }
    }

    async fn begin_copy_out(&self, text: &str) -> Result<Pin<Box<CopyOutStream>>> {
        let begun = Box::pin(self.client().copy_out(text)).await;
        match begun {
            Ok(copy) => Ok(Box::pin(copy)),
            Err(error) => Err(self.copy_refused(error, text, false)),
        }
    }

    #[cold]
    fn copy_refused(&self, error: tokio_postgres::Error, text: &str, writes: bool) -> Error {
        let another = error.as_db_error().is_none() && !error.is_closed();
        if !another {
            let refused = self.explain(Failure::Server(error), text, writes, None);
            if writes {
                self.kill("a COPY was refused");
            }
            return refused;
        }
        // Another answer than that of a COPY; where it ends is not known.
        self.kill("a statement that is no COPY was to copy");
        let direction = if writes { "FROM STDIN" } else { "TO STDOUT" };
        let message = format!("the statement is no `COPY ... {direction}`: `{text}`");
        Error::with_source(ErrorKind::Query, message, error)
    }
}

impl<C> Copy<C> {
    fn failed(&self, error: tokio_postgres::Error, writes: bool) -> Error {
        self.connection.explain(Failure::Server(error), &self.text, writes, None)
    }

    fn is_clean(&mut self) {
        self.unsafe_to_keep = false;
        if let Held::Alone(lease) = &mut self.held {
            lease.set(State::Clean);
        }
    }
}

impl CopyIn {
    /// Sends bytes, as soon as there is room for them.
    pub(crate) async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let ready = poll_fn(|cx| self.copy.as_mut().poll_ready(cx)).await;
        let sent = ready.and_then(|()| self.copy.as_mut().start_send(bytes));
        sent.map_err(|error| self.failed(error, true))
    }

    /// Ends it; how many rows were written.
    pub(crate) async fn finish(mut self) -> Result<u64> {
        match self.copy.as_mut().finish().await {
            Ok(rows) => {
                // What is left of the answer comes by itself, before any other.
                self.is_clean();
                Ok(rows)
            }
            Err(error) => Err(self.failed(error, true)),
        }
    }
}

impl CopyOut {
    /// The next bytes; `None` after the last.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        Poll::Ready(match std::task::ready!(self.copy.as_mut().poll_next(context)) {
            Some(Ok(bytes)) => Some(Ok(bytes)),
            Some(Err(error)) => Some(Err(self.failed(error, false))),
            None => {
                self.is_clean();
                None
            }
        })
    }
}
