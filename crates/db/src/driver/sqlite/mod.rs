//! SQLite: one thread that writes, several that read, each with a connection of its own.
//!
//! Work reaches the threads over two queues and comes back by a oneshot. SQLite has one writer at a time
//! whatever one does; with a single writing connection the waiting happens in our queue, which is fair and
//! has a time limit, and not in SQLite's, which is neither. A statement is in one of three states, kept in
//! its [`Ticket`](ticket::Ticket): queued, started, abandoned; who waits may give up a queued one, and a
//! thread stops a read whose caller is gone. Writes that are queued together are [committed
//! together](shared).

mod connection;
mod desk;
mod errors;
mod queue;
mod shared;
mod ticket;
mod worker;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc as async_mpsc, oneshot};

use super::control::ended;
use super::{Access, BoxFuture, Driver, End, Reply, Request, Sink, Transaction};
use crate::dialect::{Dialect, Sqlite};
use crate::{DatabaseConfig, Error, ErrorKind, Result, Value};
use connection::{Connection, Role};
use desk::{Desk, Spared};
use queue::Queue;
use ticket::{Abandon, Ticket};
use worker::{Command, Job, Single};

pub(crate) use connection::create;

/// The threads of one database file.
pub(crate) struct Pool {
    readers: Arc<Queue>,
    writer: Arc<Queue>,
    /// The readers' connections.
    desks: Vec<Arc<Desk>>,
    spared: Spared,
    acquire_timeout: Duration,
    /// Closed when the last thread has ended.
    ended: Mutex<async_mpsc::Receiver<()>>,
}

impl Pool {
    /// Opens the file, which must exist, and starts the threads.
    pub(crate) async fn open(path: &Path, config: &DatabaseConfig) -> Result<Self> {
        let (path, readers, busy) = (path.to_owned(), config.pool_size.max(1), config.acquire_timeout);
        let opened = on_a_thread("zzz-db open", move || open_all(&path, readers, busy)).await??;
        Self::start(opened, config.acquire_timeout)
    }

    fn start(connections: Vec<Connection>, acquire_timeout: Duration) -> Result<Self> {
        let (alive, ended) = async_mpsc::channel(1);
        let (reading, readers_ended) = mpsc::channel::<()>();
        let mut pool = Self {
            readers: Arc::new(Queue::new()),
            writer: Arc::new(Queue::new()),
            desks: Vec::new(),
            spared: Spared::new(),
            acquire_timeout,
            ended: Mutex::new(ended),
        };
        let mut readers_ended = Some(readers_ended);
        for mut connection in connections {
            let alive = alive.clone();
            if connection.role() == Role::Reader {
                let (queue, reading) = (Arc::clone(&pool.readers), reading.clone());
                let desk = Arc::new(Desk::new(connection));
                pool.desks.push(Arc::clone(&desk));
                spawn("zzz-db reader", move || {
                    worker::read(&desk, &queue);
                    drop((reading, alive));
                })?;
                continue;
            }
            let (queue, readers_ended) = (Arc::clone(&pool.writer), readers_ended.take());
            spawn("zzz-db writer", move || {
                worker::write(&mut connection, &queue);
                // The last connection to close merges the write-ahead log into the file. Of two that close
                // at once, neither may think itself the last.
                if let Some(readers_ended) = readers_ended {
                    let _ = readers_ended.recv();
                }
                connection.close();
                drop(alive);
            })?;
        }
        Ok(pool)
    }

    /// Hands work to a queue and waits for its reply: at most `acquire_timeout` until a thread takes it.
    async fn submit<T: Send>(
        &self,
        queue: &Queue,
        what: &'static str,
        job: impl FnOnce(Arc<Ticket>, oneshot::Sender<Result<T>>) -> Job,
    ) -> Result<T> {
        let ticket = Arc::new(Ticket::new());
        let (reply, mut replied) = oneshot::channel();
        let abandon = Abandon::new(&ticket);
        queue.push(job(Arc::clone(&ticket), reply))?;
        let outcome = match tokio::time::timeout(self.acquire_timeout, &mut replied).await {
            Ok(outcome) => outcome,
            // A thread may have taken it at this very moment: then its time limit is the query's.
            Err(_) if !ticket.abandon_if_queued() => replied.await,
            Err(_) => return Err(self.acquire_timed_out(what)),
        };
        abandon.disarm();
        outcome.unwrap_or_else(|_| Err(closed()))
    }

    #[cold]
    fn acquire_timed_out(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::AcquireTimeout,
            format!(
                "no {what} became free within {:?}; shorten long queries and transactions, or raise \
                 `pool_size` or `acquire_timeout` in the section [database]",
                self.acquire_timeout
            ),
        )
    }
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the repo is closed")
}

/// The writer first: it turns on write-ahead logging, which the file then keeps.
fn open_all(path: &Path, readers: usize, busy_timeout: Duration) -> Result<Vec<Connection>> {
    let mut connections = vec![Connection::open(path, Role::Writer, busy_timeout)?];
    for _ in 0..readers {
        connections.push(Connection::open(path, Role::Reader, busy_timeout)?);
    }
    Ok(connections)
}

/// Runs what blocks on a thread of its own.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (reply, replied) = oneshot::channel();
    spawn(name, move || {
        let _ = reply.send(work());
    })?;
    replied.await.map_err(|_| Error::new(ErrorKind::Other, "the thread that worked on the database has died"))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| {
        Error::with_source(
            ErrorKind::Other,
            format!("the thread `{name}` can not be started: {error}"),
            error,
        )
    })
}

impl Driver for Pool {
    fn dialect(&self) -> &'static dyn Dialect {
        &Sqlite
    }

    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let access = request.access;
            let writes =
                !access.reads() && (access != Access::Unknown || shared::writes(&request.statement.sql));
            if writes {
                return self.write(request).await;
            }
            match self.single(&self.readers, "reader", request, false).await? {
                Outcome::Done(reply) => Ok(reply),
                // Raw SQL that turned out to write.
                Outcome::Writes(request) => self.write(request).await,
            }
        })
    }

    fn look_up(
        &self,
        sql: &str,
        key: &[Value],
        sink: &mut dyn Sink,
        limit: Option<Duration>,
    ) -> Option<Result<()>> {
        if !self.spared.may_ask() {
            return None;
        }
        let mut desk = self.desks.iter().rev().find_map(|desk| desk.try_take())?;
        match worker::look_up(desk.as_mut()?, sql, key, sink, limit) {
            Some(found) => Some(found.map(|took| self.spared.note(took))),
            None => {
                self.spared.was_long();
                sink.restart();
                None
            }
        }
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(self.open_transaction(true))
    }

    fn begin_without_keys(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(self.open_transaction(false))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close();
            self.writer.close();
            // Nothing is ever sent: this waits until the last thread has dropped its sender.
            self.ended.lock().await.recv().await;
        })
    }
}

impl Pool {
    async fn open_transaction(&self, keys: bool) -> Result<Box<dyn Transaction>> {
        let (commands, orders) = mpsc::channel();
        let begin = |ticket, reply| Job::Transaction { ticket, orders, keys, reply };
        self.submit(&self.writer, "writer", begin).await?;
        Ok(Box::new(Open { commands }))
    }

    async fn write(&self, request: Request) -> Result<Reply> {
        let plain = request.access != Access::Script && shared::is_plain(&request.statement.sql);
        match self.single(&self.writer, "writer", request, plain).await? {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Writes(_) => Err(Error::new(ErrorKind::Other, "the writer refused to write")),
        }
    }

    /// Runs one statement on the threads of a queue.
    async fn single(
        &self,
        queue: &Queue,
        what: &'static str,
        request: Request,
        plain: bool,
    ) -> Result<Outcome> {
        let job = |ticket, reply| {
            Job::Run(Single { ticket, queued: Instant::now(), waited: Duration::ZERO, request, plain, reply })
        };
        self.submit(queue, what, job).await
    }
}

impl Drop for Pool {
    /// The last handle is gone, so nobody waits: the threads end as soon as they see it.
    fn drop(&mut self) {
        self.readers.close();
        self.writer.close();
    }
}

/// What a thread answers to a statement.
pub(crate) enum Outcome {
    /// It ran.
    Done(Reply),
    /// A reader was given a statement that writes: here it is again.
    Writes(Request),
}

/// A transaction on the writing thread. When the sender is dropped, the thread rolls back.
struct Open {
    commands: mpsc::Sender<Command>,
}

impl Open {
    async fn ask<T>(
        &self,
        command: impl FnOnce(Arc<Ticket>, oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        let ticket = Arc::new(Ticket::new());
        let (reply, replied) = oneshot::channel();
        let abandon = Abandon::new(&ticket);
        self.commands.send(command(ticket, reply)).map_err(|_| ended())?;
        let outcome = replied.await;
        abandon.disarm();
        outcome.unwrap_or_else(|_| Err(ended()))
    }
}

impl Transaction for Open {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.ask(|ticket, reply| Command::Run(ticket, Instant::now(), request, reply)))
    }

    fn post(&self, sql: String) {
        // A transaction that has ended has nothing left to undo.
        let _ = self.commands.send(Command::Post(sql));
    }

    fn abandon(&self) {
        let _ = self.commands.send(Command::Abandon);
    }

    fn end(&self, end: End) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.ask(move |ticket, reply| Command::End(ticket, end, reply)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::One;

    #[test]
    fn a_look_up_takes_a_free_connection_and_waits_for_none() {
        let folder = std::env::temp_dir().join(format!("zzz-db-pool-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let file = folder.join("test.db");
            create(&file).unwrap();
            let config = DatabaseConfig { pool_size: 2, ..DatabaseConfig::default() };
            let pool = Pool::open(&file, &config).await.unwrap();
            let look = || {
                let mut found = One::<i64>::new(|row| crate::row::get(row, 0));
                // However long the last one took, on a busy machine.
                while !pool.spared.may_ask() {}
                pool.look_up("SELECT 7", &[], &mut found, None).map(|done| done.map(|()| found.row))
            };
            let mut held: Vec<_> = pool.desks.iter().map(|desk| desk.take()).collect();
            assert!(look().is_none());
            held.pop();
            assert_eq!(look().unwrap().unwrap(), Some(7));
            held.clear();
            pool.close().await;
            assert!(look().is_none());
        });
        std::fs::remove_dir_all(folder).unwrap();
    }
}
