//! [`Rows`]: the rows of a query one by one, as they are read.

use std::any::Any;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{Semaphore, mpsc};

use super::Repo;
use crate::dialect;
use crate::driver::{Access, BoxFuture, Sink};
use crate::query::{Complete, Load};
use crate::{Error, ErrorKind, Query, Result, Row};

/// How many rows are read ahead of who takes them.
const AHEAD: usize = 64;

impl Repo {
    /// The rows of a query one by one: at most 64 are read ahead of who takes them, so that a table of any
    /// size goes through little memory.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<()> {
    /// let mut posts = Post::query().order_by(Post::id.asc()).stream(repo);
    /// while let Some(post) = posts.next().await {
    ///     println!("{}", post?.title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A connection is taken until the last row is read or the stream is dropped; on SQLite it is a reader,
    /// and writes go on meanwhile without being seen. `query_timeout` does not hold for a stream, for it
    /// waits for who takes its rows. Within a transaction, or a sandbox on a server, the rows are read as a whole first, so that other
    /// statements of it can follow. What the query preloads is not loaded.
    #[must_use]
    pub fn stream<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Rows<T> {
        let repo = self.with_query_timeout(None);
        let rendered = dialect::select(self.dialect(), self.prefix(), &query.select);
        // Nobody may wait for room within a transaction: the one who makes room may wait for the transaction.
        let whole_first = self.in_transaction() || self.driver.has_one_connection();
        let ahead = if whole_first { Semaphore::MAX_PERMITS } else { AHEAD };
        let (sender, receiver) = mpsc::channel(ahead);
        let sink = Box::new(Feed { sender, permit: None, load: query.load });
        let run = Box::pin(async move { repo.run(rendered?, Access::Read, sink).await.map(drop) });
        Rows { run: Some(run), whole_first, receiver }
    }
}

/// The rows of a query one by one; also a [`Stream`](futures_core::Stream). See [`Repo::stream`].
pub struct Rows<T> {
    /// The statement; it is driven by who takes the rows.
    run: Option<BoxFuture<'static, Result<()>>>,
    /// Whether no row is handed over before the statement has ended: it has the transaction's turn until then, and goes
    /// on only while somebody waits for a row.
    whole_first: bool,
    receiver: mpsc::Receiver<T>,
}

impl<T> std::fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("ended", &self.run.is_none()).finish_non_exhaustive()
    }
}

impl<T> Rows<T> {
    /// The next row; `None` after the last, or after an error.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let outcome = match self.run.as_mut().map(|run| run.as_mut().poll(context)) {
            Some(Poll::Ready(outcome)) => {
                self.run = None;
                outcome.err()
            }
            Some(Poll::Pending) if self.whole_first => return Poll::Pending,
            _ => None,
        };
        if let Some(error) = outcome {
            // What was read before does not matter any more: the whole is broken.
            self.receiver.close();
            while self.receiver.try_recv().is_ok() {}
            return Poll::Ready(Some(Err(error)));
        }
        match self.receiver.poll_recv(context) {
            // The last row is out, and the statement's outcome is on its way: it may be an error.
            Poll::Ready(None) if self.run.is_some() => Poll::Pending,
            Poll::Ready(row) => Poll::Ready(row.map(Ok)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Stream for Rows<T> {
    type Item = Result<T>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.poll(context)
    }
}

/// Hands rows over as they are read.
struct Feed<T> {
    sender: mpsc::Sender<T>,
    permit: Option<mpsc::OwnedPermit<T>>,
    load: Load<T>,
}

impl<T: Send + 'static> Sink for Feed<T> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        let row = self.load.call(row)?;
        match self.permit.take() {
            Some(permit) => {
                permit.send(row);
                Ok(())
            }
            None => self.sender.blocking_send(row).map_err(|_| gone()),
        }
    }

    /// Never asked of it: a stream reads.
    fn restart(&mut self) {}

    fn room(&mut self) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async {
            self.permit = Some(self.sender.clone().reserve_owned().await.map_err(|_| gone())?);
            Ok(())
        }))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

#[cold]
fn gone() -> Error {
    Error::new(ErrorKind::Other, "the stream was dropped before its last row")
}
