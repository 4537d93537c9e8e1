//! [`Watch`]: what a statement tells of itself.

use tracing::field::Empty;
use tracing::{Instrument as _, Level, Span};

use crate::Result;
use crate::dialect::Statement;
use crate::driver::Reply;

const TARGET: &str = "zzz_db::query";

/// Whether anybody listens, which is found out in a few nanoseconds.
pub(super) fn is_watched() -> bool {
    tracing::enabled!(target: TARGET, Level::DEBUG)
        || tracing::enabled!(target: "zzz_db::values", Level::TRACE)
}

/// A statement that somebody watches.
pub(super) struct Watch {
    sql: String,
    span: Span,
}

impl Watch {
    /// `None` if nobody listens, which is found out in a few nanoseconds.
    pub(super) fn begin(database: &'static str, statement: &Statement) -> Option<Self> {
        if tracing::enabled!(target: "zzz_db::values", Level::TRACE) {
            tracing::trace!(target: "zzz_db::values", values = ?statement.params, "{}", statement.sql);
        }
        if !tracing::enabled!(target: TARGET, Level::DEBUG) {
            return None;
        }
        let sql = statement.sql.clone();
        let span = tracing::debug_span!(
            target: TARGET,
            "query",
            database,
            sql = %sql,
            queue = Empty,
            query = Empty,
            decode = Empty,
            rows = Empty,
            affected = Empty,
            error = Empty
        );
        Some(Self { sql, span })
    }

    /// Runs the statement within its span, and tells how it went.
    pub(super) async fn over(self, run: impl Future<Output = Result<Reply>>) -> Result<Reply> {
        let Self { sql, span } = self;
        let outcome = run.instrument(span.clone()).await;
        let _within = span.enter();
        match &outcome {
            Ok(reply) => {
                let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                let queue = micros(reply.timings.queue);
                let query = micros(reply.timings.query);
                let decode = micros(reply.timings.decode);
                let (rows, affected) = (reply.rows, reply.affected);
                span.record("queue", queue);
                span.record("query", query);
                span.record("decode", decode);
                span.record("rows", rows);
                span.record("affected", affected);
                tracing::debug!(target: TARGET, queue, query, decode, rows, affected, "{sql}");
            }
            Err(error) => {
                span.record("error", tracing::field::display(error));
                tracing::debug!(target: TARGET, %error, "{sql}");
            }
        }
        outcome
    }
}
