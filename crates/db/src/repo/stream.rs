//! [`Rows`]: the rows of a query one by one, as they are read.

use std::any::Any;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{Semaphore, mpsc};

use super::Repo;
use crate::dialect;
use crate::driver::{BoxFuture, Sink};
use crate::query::{Complete, Load};
use crate::{Error, ErrorKind, Query, Result, Row};

/// How many rows are read ahead of who takes them, as Ecto's `:max_rows`.
const MAX_ROWS: usize = 500;
/// More can not be asked for: PostgreSQL counts those of a batch with 31 bits, and a channel has an end, too.
const MOST_ROWS: usize =
    if Semaphore::MAX_PERMITS < i32::MAX as usize { Semaphore::MAX_PERMITS } else { i32::MAX as usize };

impl Repo {
    /// The rows of a query one by one: at most 500 are read ahead of who takes them (see [`Rows::max_rows`]), so
    /// that a table of any size goes through little memory.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<()> {
    /// let mut posts = Post::query().order_by(Post::id.asc()).stream(repo).max_rows(100);
    /// while let Some(post) = posts.next().await {
    ///     println!("{}", post?.title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A connection is taken, which nobody else uses, until the last row is read or the stream is dropped. All rows
    /// are of one moment, whatever is written meanwhile. What the query preloads is not loaded.
    ///
    /// On PostgreSQL the rows come by a cursor, so many at a time, and `query_timeout` holds for each of these
    /// batches; within a transaction other statements of it can follow between two rows. On SQLite and MySQL
    /// `query_timeout` does not hold, for the statement waits for who takes its rows, and within a transaction the rows
    /// are read as a whole first, so that other statements can follow.
    #[must_use]
    pub fn stream<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Rows<T> {
        let batched = self.driver.streams_in_batches();
        let repo = if batched { self.clone() } else { self.with_query_timeout(None) };
        let rendered = dialect::select(self.dialect(), self.prefix(), &query.select);
        let load = query.load;
        // Nobody may wait for room while a statement runs in a transaction: the one who makes room may wait for the
        // transaction.
        let within = self.in_transaction();
        let held = Arc::new(AtomicBool::new(within));
        let hold = Arc::clone(&held);
        let start = Box::new(move |rows: usize| -> Begun<T> {
            let ahead = if within && !batched { Semaphore::MAX_PERMITS } else { rows };
            let (sender, receiver) = mpsc::channel(ahead);
            let hold = within.then_some(hold);
            let sink = Box::new(Feed { sender, permit: None, batch: batched.then_some(rows), hold, load });
            let run = async move { repo.run_stream(rendered?, sink, rows).await.map(drop) };
            (Box::pin(run), receiver)
        });
        Rows { state: State::New { start, rows: MAX_ROWS }, held }
    }
}

/// A statement, and where its rows come out.
type Begun<T> = (BoxFuture<'static, Result<()>>, mpsc::Receiver<T>);

enum State<T> {
    New {
        start: Box<dyn FnOnce(usize) -> Begun<T> + Send>,
        rows: usize,
    },
    /// The statement is driven by who takes the rows.
    Running {
        run: BoxFuture<'static, Result<()>>,
        receiver: mpsc::Receiver<T>,
    },
    /// The statement has ended.
    Ended {
        receiver: mpsc::Receiver<T>,
    },
    /// Nothing comes any more.
    Over,
}

/// The rows of a query one by one; also a [`Stream`](futures_core::Stream). See [`Repo::stream`].
pub struct Rows<T> {
    state: State<T>,
    /// Whether no row is handed over now: the statement has the transaction's turn, and goes on only while somebody waits
    /// for a row.
    held: Arc<AtomicBool>,
}

impl<T> std::fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ended = matches!(self.state, State::Ended { .. } | State::Over);
        f.debug_struct("Rows").field("ended", &ended).finish_non_exhaustive()
    }
}

impl<T> Rows<T> {
    /// At most so many rows are read ahead of who takes them: 500 by default, at least 1. On PostgreSQL they are
    /// fetched as many at a time, each time with a way to the server and back. Once the first row is asked for, it
    /// changes nothing any more.
    #[must_use]
    pub fn max_rows(mut self, most: usize) -> Self {
        if let State::New { rows, .. } = &mut self.state {
            *rows = most.clamp(1, MOST_ROWS);
        }
        self
    }

    /// The next row; `None` after the last, or after an error.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::New { start, rows } => {
                    let (run, receiver) = start(rows);
                    self.state = State::Running { run, receiver };
                }
                State::Running { mut run, mut receiver } => match run.as_mut().poll(context) {
                    Poll::Ready(Ok(())) => self.state = State::Ended { receiver },
                    // What was read before does not matter any more: the whole is broken.
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Poll::Pending => {
                        let row = match self.held.load(Ordering::Relaxed) {
                            true => Poll::Pending,
                            false => receiver.poll_recv(context),
                        };
                        self.state = State::Running { run, receiver };
                        // After the last row the statement's outcome is on its way: it may be an error.
                        return match row {
                            Poll::Ready(Some(row)) => Poll::Ready(Some(Ok(row))),
                            Poll::Ready(None) | Poll::Pending => Poll::Pending,
                        };
                    }
                },
                State::Ended { mut receiver } => {
                    // The sender is gone with the statement.
                    let Ok(row) = receiver.try_recv() else { return Poll::Ready(None) };
                    self.state = State::Ended { receiver };
                    return Poll::Ready(Some(Ok(row)));
                }
                State::Over => return Poll::Ready(None),
            }
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
    /// How many rows come at once, for which there is room.
    batch: Option<usize>,
    /// Set while a statement has the transaction's turn.
    hold: Option<Arc<AtomicBool>>,
    load: Load<T>,
}

impl<T: Send + 'static> Sink for Feed<T> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        let row = self.load.call(row)?;
        if self.batch.is_some() {
            return self.sender.try_send(row).map_err(|_| gone());
        }
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
        if self.batch.is_some() {
            return None;
        }
        Some(Box::pin(async {
            self.permit = Some(self.sender.clone().reserve_owned().await.map_err(|_| gone())?);
            Ok(())
        }))
    }

    fn taken(&mut self) -> Option<BoxFuture<'_, Result<()>>> {
        let rows = self.batch?;
        Some(Box::pin(async move {
            if let Some(hold) = &self.hold {
                hold.store(false, Ordering::Relaxed);
            }
            // Room for a whole batch is there when all of the one before is taken.
            let taken = self.sender.reserve_many(rows).await.map(drop).map_err(|_| gone());
            if let Some(hold) = &self.hold {
                hold.store(true, Ordering::Relaxed);
            }
            taken
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
