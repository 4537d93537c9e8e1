//! COPY: PostgreSQL's way to take rows in, and give them out, in bulk.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use futures_core::Stream;

use super::{Repo, bulk, write};
use crate::dialect::postgres as sql;
use crate::driver::postgres;
use crate::schema::{Field, Record};
use crate::{Error, ErrorKind, Result, Schema, Value};

/// How many bytes of rows are sent in one piece.
const PIECE: usize = 64 * 1024;

impl Repo {
    /// Begins a `COPY ... FROM STDIN` of PostgreSQL: the rows of a table as bytes, in whichever format the statement says
    /// (text, csv, binary).
    ///
    /// ```
    /// # async fn with(repo: &zzz_db::Repo, pieces: Vec<Vec<u8>>) -> zzz_db::Result<u64> {
    /// let mut copy = repo.copy_in("COPY posts (title, views) FROM STDIN (FORMAT csv, HEADER)").await?;
    /// for piece in pieces {
    ///     copy.send(piece).await?;
    /// }
    /// copy.finish().await
    /// # }
    /// ```
    ///
    /// It has a connection alone, or within a transaction that one, whose other statements wait until it has ended.
    /// `query_timeout` does not hold. Nothing is written until [`finish`](CopyIn::finish) has said so: dropping it before
    /// aborts it, and closes its connection, a transaction's too.
    ///
    /// # Errors
    /// If the database refuses it, or is no PostgreSQL.
    pub async fn copy_in(&self, statement: &str) -> Result<CopyIn> {
        let text = statement.to_owned();
        let copy = match &self.scope {
            Some(scope) => scope.open()?.as_postgres().ok_or_else(|| self.no_copy())?.copy_in(text).await?,
            None => self.driver.as_postgres().ok_or_else(|| self.no_copy())?.copy_in(text).await?,
        };
        Ok(CopyIn(copy))
    }

    /// Begins a `COPY ... TO STDOUT` of PostgreSQL: the rows of a table or a query as bytes, in whichever format the
    /// statement says (text, csv, binary).
    ///
    /// ```
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<Vec<u8>> {
    /// let mut copy = repo.copy_out("COPY (SELECT id, title FROM posts) TO STDOUT (FORMAT csv)").await?;
    /// let mut file = Vec::new();
    /// while let Some(piece) = copy.next().await {
    ///     file.extend_from_slice(&piece?);
    /// }
    /// # Ok(file)
    /// # }
    /// ```
    ///
    /// It has a connection alone, or within a transaction that one. `query_timeout` does not hold. The server sends no more
    /// than is taken, save for what is on its way. Dropped before its end it is stopped.
    ///
    /// # Errors
    /// If the database refuses it, or is no PostgreSQL.
    pub async fn copy_out(&self, statement: &str) -> Result<CopyOut> {
        let text = statement.to_owned();
        let copy = match &self.scope {
            Some(scope) => scope.open()?.as_postgres().ok_or_else(|| self.no_copy())?.copy_out(text).await?,
            None => self.driver.as_postgres().ok_or_else(|| self.no_copy())?.copy_out(text).await?,
        };
        Ok(CopyOut::new(copy))
    }

    /// Inserts structs by COPY, the fastest way into a table of PostgreSQL: as [`insert_all`](Self::insert_all), with
    /// timestamps and generated values, all or none of them; returns how many. They are taken from the iterator as they are
    /// sent, so there may be more of them than memory holds.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String, views: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<u64> {
    /// repo.copy_all((0..1_000_000).map(|n| Post { id: 0, title: format!("post {n}"), views: n })).await
    /// # }
    /// ```
    ///
    /// Rules of the table hold, and triggers run; there is no [`OnConflict`](crate::OnConflict). A COPY has the same columns
    /// for every row: keys are set in all structs or in none.
    ///
    /// # Errors
    /// If the database fails or refuses a row, or is no PostgreSQL; if one struct has its key set and the first has not.
    pub async fn copy_all<S: Schema>(&self, records: impl IntoIterator<Item = S>) -> Result<u64> {
        let now = Utc::now();
        let mut records = records.into_iter().peekable();
        let Some(first) = records.peek() else { return Ok(0) };
        let first: &dyn Record = first;
        let columns = bulk::sent_columns(first, S::META);
        if columns.is_empty() {
            let message = format!("the schema {} has no column that could be copied", S::META.name);
            return Err(Error::new(ErrorKind::Query, message));
        }
        let fields: Vec<&Field> = columns.iter().map(|at| &S::META.fields[*at]).collect();
        let names: Vec<&str> = fields.iter().map(|field| field.column).collect();
        let prefix = self.prefix().or(S::META.prefix);
        let mut copy = self.copy_in(&sql::copy_in(prefix, S::META.table, &names)).await?;
        let mut piece = BytesMut::with_capacity(PIECE);
        for (at, record) in records.enumerate() {
            let record: &dyn Record = &record;
            if !bulk::has_columns(record, S::META, &columns) {
                return Err(mixed(S::META.name, at));
            }
            let value = |at: &usize| write::sent_value(record, *at, &S::META.fields[*at], now);
            let row: Vec<Value> = columns.iter().map(value).collect();
            postgres::copy_row(&row, &mut piece)?;
            if piece.len() >= PIECE {
                copy.0.send(piece.split().freeze()).await?;
                piece.reserve(PIECE);
            }
        }
        copy.0.send(piece.freeze()).await?;
        copy.finish().await
    }

    #[cold]
    fn no_copy(&self) -> Error {
        let name = self.dialect().name();
        let message = if name == "postgres" {
            "in a sandbox COPY runs within a transaction: begin one with `repo.transaction`, or use `insert_all` or `stream`".into()
        } else {
            format!("{name} has no COPY; use `insert_all` or `stream`")
        };
        Error::new(ErrorKind::Query, message)
    }
}

#[cold]
fn mixed(name: &str, at: usize) -> Error {
    Error::new(
        ErrorKind::Query,
        format!(
            "struct {} of those to copy into {name} has other columns than the first: a COPY has the same for all, so set \
             the keys of all or of none, or use `insert_all`",
            at + 1
        ),
    )
}

/// A COPY into a table; see [`Repo::copy_in`].
pub struct CopyIn(postgres::CopyIn);

impl CopyIn {
    /// Sends bytes: any piece of the whole, cut anywhere. It waits while the server is behind.
    ///
    /// # Errors
    /// If the connection breaks. What the server finds wrong with the rows is told by [`finish`](Self::finish).
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> Result<()> {
        self.0.send(bytes.into()).await
    }

    /// Ends it, and waits until the rows are written; returns how many.
    ///
    /// # Errors
    /// If the database refuses a row: then none is written.
    pub async fn finish(self) -> Result<u64> {
        let rows = self.0.finish().await?;
        tracing::debug!(target: "zzz_db::query", rows, "COPY FROM STDIN");
        Ok(rows)
    }
}

impl std::fmt::Debug for CopyIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyIn").finish_non_exhaustive()
    }
}

/// A COPY out of a table or a query, piece by piece; also a [`Stream`](futures_core::Stream). See [`Repo::copy_out`].
pub struct CopyOut {
    copy: postgres::CopyOut,
    ended: bool,
}

impl CopyOut {
    fn new(copy: postgres::CopyOut) -> Self {
        Self { copy, ended: false }
    }

    /// The next bytes; `None` after the last, or after an error. In the formats text and csv a piece is a row.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let piece = std::task::ready!(self.copy.poll(context));
        self.ended = !matches!(piece, Some(Ok(_)));
        Poll::Ready(piece)
    }
}

impl Stream for CopyOut {
    type Item = Result<Bytes>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.poll(context)
    }
}

impl std::fmt::Debug for CopyOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyOut").field("ended", &self.ended).finish_non_exhaustive()
    }
}
