//! Rows of a query so many at a time: by a cursor, which is a portal of the server's with a name.
//!
//! Between two batches nothing runs, so each batch has the time limit of a statement, and within a transaction other
//! statements can follow. A cursor lives as long as its transaction.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::connection::{self, Connection, Counts, Failure};
use super::lease::State;
use super::statements::Plan;
use super::transaction::Open;
use super::{Postgresql, reply};
use crate::dialect::postgres as sql;
use crate::driver::{Discard, Reply, Request, Sink};
use crate::{Result, Value};

impl Connection {
    /// Runs a statement that is never prepared: it is another one each time.
    async fn once(
        &self,
        text: &str,
        params: &[Value],
        sink: &mut dyn Sink,
        timed: bool,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        let rows = Box::pin(self.send(Plan::Once, text.into(), params)).await?;
        connection::receive(pin!(rows), sink, timed, counts).await
    }
}

impl Postgresql {
    /// Reads so many rows at a time, on a connection of its own.
    pub(super) async fn stream_rows(&self, mut request: Request, rows: usize) -> Result<Reply> {
        connection::check(&request.statement.sql, &request.statement.params)?;
        let asked = Instant::now();
        let mut lease = loop {
            let lease = self.pool.take(self.acquire_timeout.saturating_sub(asked.elapsed())).await?;
            if !lease.connection().is_closed() {
                break lease;
            }
        };
        let connection = Arc::clone(lease.connection());
        // From here on the connection goes back by way of a ROLLBACK.
        lease.set(State::Open);
        let started = Instant::now();
        let limit = request.timeout;
        let text = &request.statement.sql;
        let failed = |failure, text: &str| connection.explain(failure, text, false, limit);
        connection.start(limit);
        connection.set_limit(limit).await.map_err(|error| failed(Failure::Server(error), text))?;
        connection.post(sql::BEGIN);
        let declare = sql::declare(sql::ROWS, text);
        let mut nothing = Counts::default();
        let params = &request.statement.params;
        connection
            .once(&declare, params, &mut Discard, false, &mut nothing)
            .await
            .map_err(|failure| failed(failure, &declare))?;
        let fetch = sql::fetch(sql::ROWS, rows);
        let mut counts = Counts::default();
        loop {
            let before = counts.rows;
            let fetched = connection.once(&fetch, &[], &mut *request.sink, request.timed, &mut counts);
            fetched.await.map_err(|failure| failed(failure, text))?;
            if counts.rows - before < rows as u64 {
                break;
            }
            // Nothing runs while nobody takes the rows.
            connection.stop();
            if let Some(taken) = request.sink.taken() {
                taken.await?;
            }
            connection.start(limit);
        }
        connection.batch(sql::END).await.map_err(|error| failed(Failure::Server(error), sql::END))?;
        lease.set(State::Clean);
        Ok(reply(request, counts, asked, started))
    }
}

/// Closes a cursor that its transaction outlives.
struct Close<'a> {
    transaction: &'a Open,
    name: &'a str,
    declared: bool,
}

impl Drop for Close<'_> {
    fn drop(&mut self) {
        if self.declared {
            self.transaction.close_cursor(self.name);
        }
    }
}

impl Open {
    /// Reads so many rows at a time. Between two batches other statements of the transaction have their turn.
    pub(super) async fn stream_rows(&self, mut request: Request, rows: usize) -> Result<Reply> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        connection::check(&request.statement.sql, &request.statement.params)?;
        let asked = Instant::now();
        let name = format!("{}_{}", sql::ROWS, NEXT.fetch_add(1, Ordering::Relaxed));
        let limit = request.timeout;
        let declare = sql::declare(&name, &request.statement.sql);
        let mut close = Close { transaction: self, name: &name, declared: false };
        let mut nothing = Counts::default();
        let started = Instant::now();
        self.step(&declare, &request.statement.params, &mut Discard, limit, &mut nothing).await?;
        close.declared = true;
        let fetch = sql::fetch(&name, rows);
        let mut counts = Counts::default();
        loop {
            let before = counts.rows;
            self.step(&fetch, &[], &mut *request.sink, limit, &mut counts).await?;
            if counts.rows - before < rows as u64 {
                break;
            }
            if let Some(taken) = request.sink.taken() {
                taken.await?;
            }
        }
        Ok(reply(request, counts, asked, started))
    }

    async fn step(
        &self,
        text: &str,
        params: &[Value],
        sink: &mut dyn Sink,
        limit: Option<Duration>,
        counts: &mut Counts,
    ) -> Result<()> {
        let turn = self.turn(limit).await?;
        let outcome = turn.connection.once(text, params, sink, false, counts).await;
        outcome.map_err(|failure| turn.connection.explain(failure, text, false, limit))
    }
}
