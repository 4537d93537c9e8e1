//! SQLite: one thread that writes, several that read, each with a connection of its own.
//!
//! Who reads or writes a little while a connection is free uses it [himself](desk). Otherwise
//! work reaches the threads over two queues and comes back by a oneshot. SQLite has one writer at a time
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
use super::{Access, BoxFuture, Driver, End, Reply, Request, SHARE, Sink, Transaction, let_others_run};
use crate::dialect::{Dialect, Sqlite};
use crate::repo::TransactionOptions;
use crate::{DatabaseConfig, Error, ErrorKind, Result, Value};
use connection::{Connection, Counts, Order, Role};
use desk::{Desk, Spared, Turns};
use queue::Queue;
use ticket::{Abandon, Ticket};
use worker::{Command, Job, Opening, Single};

pub(crate) use connection::create;

/// The threads of one database file.
pub(crate) struct Pool {
    readers: Arc<Queue>,
    writer: Arc<Queue>,
    /// The readers' connections.
    desks: Vec<Arc<Desk>>,
    /// The writer's.
    writing: Option<Arc<Desk>>,
    spared: Spared,
    turns: Turns,
    acquire_timeout: Duration,
    /// Closed when the last thread has ended.
    ended: Mutex<async_mpsc::Receiver<()>>,
}

impl Pool {
    /// Opens the file, which must exist, and starts the threads.
    pub(crate) async fn open(path: &Path, config: &DatabaseConfig) -> Result<Self> {
        let (path, readers, busy) = (path.to_owned(), config.pool_size.on_a_file(), config.acquire_timeout);
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
            writing: None,
            spared: Spared::default(),
            turns: Turns::default(),
            acquire_timeout,
            ended: Mutex::new(ended),
        };
        let mut readers_ended = Some(readers_ended);
        for connection in connections {
            let alive = alive.clone();
            let role = connection.role();
            let desk = Arc::new(Desk::new(connection));
            if role == Role::Reader {
                let (queue, reading) = (Arc::clone(&pool.readers), reading.clone());
                pool.desks.push(Arc::clone(&desk));
                spawn("zzz-db reader", move || {
                    worker::read(&desk, &queue);
                    drop((reading, alive));
                })?;
                continue;
            }
            let (queue, readers_ended) = (Arc::clone(&pool.writer), readers_ended.take());
            pool.writing = Some(Arc::clone(&desk));
            spawn("zzz-db writer", move || {
                let connection = worker::write(&desk, &queue);
                // The last connection to close merges the write-ahead log into the file. Of two that close
                // at once, neither may think itself the last.
                if let Some(readers_ended) = readers_ended {
                    let _ = readers_ended.recv();
                }
                if let Some(connection) = connection {
                    connection.close();
                }
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

    fn run(&self, mut request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let access = request.access;
            let sql = &request.statement.sql;
            let writes = !access.reads() && (access != Access::Unknown || shared::writes(sql));
            let here = match writes {
                true => self.write_here(&mut request),
                false if access.reads() || shared::selects(sql) => {
                    let Request { statement, sink, timeout, timed, .. } = &mut request;
                    let order = Order {
                        sql: &statement.sql,
                        params: &statement.params,
                        limit: *timeout,
                        timed: *timed,
                    };
                    self.read_here(order, &mut **sink)
                }
                false => None,
            };
            if let Some(ran) = here {
                let_others_run(ran.as_ref().map_or(SHARE, Counts::took)).await;
                return ran.map(|counts| worker::done(request, counts, Duration::ZERO));
            }
            if writes { self.write(request).await } else { self.read(request).await }
        })
    }

    /// On a thread: whoever takes the rows may let it wait.
    fn stream(&self, request: Request, _: usize) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.read(request))
    }

    fn look_up(
        &self,
        sql: &str,
        key: &[Value],
        sink: &mut dyn Sink,
        limit: Option<Duration>,
    ) -> Option<Result<Duration>> {
        let ran = self.read_here(Order { sql, params: key, limit, timed: false }, sink)?;
        Some(ran.map(|counts| counts.took()))
    }

    /// Whatever the level: it is always serializable.
    fn begin(&self, options: TransactionOptions) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        let opening = if options.read_only { Opening::ToRead } else { Opening::ToWrite };
        Box::pin(self.open_transaction(opening))
    }

    fn begin_without_keys(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>>> {
        Box::pin(self.open_transaction(Opening::WithoutKeys))
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
    async fn open_transaction(&self, opening: Opening) -> Result<Box<dyn Transaction>> {
        let (commands, orders) = mpsc::channel();
        let begin = |ticket, reply| Job::Transaction { ticket, orders, opening, reply };
        match opening {
            Opening::ToRead => self.submit(&self.readers, "reader", begin).await?,
            Opening::ToWrite | Opening::WithoutKeys => self.submit(&self.writer, "writer", begin).await?,
        }
        Ok(Box::new(Open { commands }))
    }

    /// Reads at once, in the caller's task. `None` if a thread has to do it.
    fn read_here(&self, order: Order<'_>, sink: &mut dyn Sink) -> Option<Result<Counts>> {
        let sql = order.sql;
        if !self.spared.may_ask(sql) {
            return None;
        }
        let mut desk = self.desks.iter().rev().find_map(|desk| desk.try_take())?;
        let ran = worker::run_here(desk.as_mut()?, order, sink);
        self.learn(sql, sink, ran)
    }

    /// Writes at once, in the caller's task. `None` if a thread has to do it.
    fn write_here(&self, request: &mut Request) -> Option<Result<Counts>> {
        let Request { statement, access, sink, timeout, timed, .. } = request;
        let sql = &*statement.sql;
        let alone = self.turns.alone();
        if !alone || !is_plain(*access, sql) || !desk::is_small(&statement.params) {
            return None;
        }
        // Whoever has asked before comes first.
        if !self.spared.may_ask(sql) || !self.writer.is_idle() {
            return None;
        }
        let mut desk = self.writing.as_ref()?.try_take()?;
        let connection = desk.as_mut().filter(|connection| connection.commits_at_once())?;
        let order = Order { sql, params: &statement.params, limit: *timeout, timed: *timed };
        let ran = worker::run_here(connection, order, &mut **sink);
        if connection.look_at_log() {
            // A queue that is closed belongs to a thread that merges the log as it ends.
            let _ = self.writer.push(Job::MergeLog);
        }
        drop(desk);
        self.learn(sql, &mut **sink, ran)
    }

    /// Learns from what was run in a caller's task.
    fn learn(&self, sql: &str, sink: &mut dyn Sink, ran: Option<Result<Counts>>) -> Option<Result<Counts>> {
        match &ran {
            Some(Ok(counts)) => self.spared.note(sql, counts.took()),
            Some(Err(_)) => {}
            None => {
                self.spared.was_long(sql);
                sink.restart();
            }
        }
        ran
    }

    async fn read(&self, request: Request) -> Result<Reply> {
        match self.single(&self.readers, "reader", request, false).await? {
            Outcome::Done(reply) => Ok(reply),
            // Raw SQL that turned out to write.
            Outcome::Writes(request) => self.write(request).await,
        }
    }

    async fn write(&self, request: Request) -> Result<Reply> {
        let plain = is_plain(request.access, &request.statement.sql);
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

/// Whether a statement that writes is a plain one: no script, and nothing that changes the connection.
fn is_plain(access: Access, sql: &str) -> bool {
    access != Access::Script && shared::is_plain(sql)
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

    /// A sandbox is a file of its own here, and a transaction in it a transaction.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    fn check_part(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests;
