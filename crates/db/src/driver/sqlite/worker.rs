//! The loop of a thread: takes work, does it, and leaves a clean connection behind.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::connection::{Connection, Counts, Order, Ran};
use super::desk::{Desk, LIMIT};
use super::queue::Queue;
use super::ticket::Ticket;
use super::{End, Outcome, Request, shared};
use crate::driver::{Reply, Sink, Timings, undisturbed};
use crate::{Error, ErrorKind, Result};

/// What a thread can be asked for.
pub(super) enum Job {
    /// One statement.
    Run(Single),
    /// A transaction, whose commands come over the channel until it ends.
    Transaction {
        ticket: Arc<Ticket>,
        orders: mpsc::Receiver<Command>,
        opening: Opening,
        reply: oneshot::Sender<Result<()>>,
    },
    /// The write-ahead log has become long, and is to be merged into the file.
    MergeLog,
}

/// What a transaction is begun for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// It only reads, on a reader's thread.
    ToRead,
    ToWrite,
    /// Foreign keys are not enforced in it.
    WithoutKeys,
}

/// One statement, and who waits for it.
pub(super) struct Single {
    pub(super) ticket: Arc<Ticket>,
    /// Since when it waits.
    pub(super) queued: Instant,
    /// How long it has waited when it is run.
    pub(super) waited: Duration,
    pub(super) request: Request,
    /// Whether it is an INSERT, an UPDATE or a DELETE.
    pub(super) plain: bool,
    pub(super) reply: oneshot::Sender<Result<Outcome>>,
}

impl Single {
    /// Runs it in the transaction that is open, if one is.
    pub(super) fn run(&mut self, connection: &mut Connection) -> Result<Ran> {
        self.waited = self.queued.elapsed();
        run_one(connection, &self.ticket, &mut self.request)
    }

    /// Runs it in a transaction of its own, which it must not leave open.
    pub(super) fn run_alone(&mut self, connection: &mut Connection) -> Result<Ran> {
        let ran = self.run(connection);
        if connection.in_transaction() {
            connection.roll_back();
            return ran.and_then(|_| {
                Err(Error::new(
                    ErrorKind::Query,
                    "a transaction was begun with raw SQL and has been rolled back; use `repo.transaction(...)`",
                ))
            });
        }
        ran
    }

    /// Tells what came of it.
    pub(super) fn answer(self, ran: Result<Ran>) {
        let Self { request, waited, reply, .. } = self;
        // A caller that is gone wants no answer.
        let _ = reply.send(ran.map(|ran| match ran {
            Ran::Done(counts) => Outcome::Done(done(request, counts, waited)),
            Ran::Writes => Outcome::Writes(request),
        }));
    }

    /// Tells what came of it in a transaction whose COMMIT took this long: that belongs to its own time, and the
    /// statements of others to its waiting.
    pub(super) fn answer_committed(mut self, mut ran: Result<Ran>, commit: Duration) {
        if let Ok(Ran::Done(counts)) = &mut ran {
            counts.query += commit;
            self.waited = self.queued.elapsed().saturating_sub(counts.query + counts.decode);
        }
        self.answer(ran);
    }

    /// Tells that it could not be run.
    #[cold]
    pub(super) fn refuse(self, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}

/// What a transaction can be asked for.
pub(super) enum Command {
    Run(Arc<Ticket>, Instant, Request, oneshot::Sender<Result<Reply>>),
    Post(String),
    Abandon,
    End(Arc<Ticket>, End, oneshot::Sender<Result<()>>),
}

/// Reads until the queue is closed; then the connection is closed too.
pub(super) fn read(desk: &Desk, queue: &Queue) {
    while let Some(job) = queue.pop() {
        let mut desk = desk.take();
        let Some(connection) = &mut *desk else { continue };
        connection.be_patient(true);
        match job {
            Job::Run(mut single) if single.ticket.start() => {
                let ran = single.run_alone(connection);
                single.answer(ran);
            }
            // Who reads meanwhile finds the desk taken.
            Job::Transaction { ticket, orders, opening, reply } if ticket.start() => {
                transaction(connection, &orders, opening, reply);
                connection.roll_back();
            }
            // Nobody waits for it any more.
            Job::Run(_) | Job::Transaction { .. } | Job::MergeLog => {}
        }
    }
    let connection = desk.take().take();
    if let Some(connection) = connection {
        connection.close();
    }
}

/// Runs a statement on the thread of who asks for it. `None` if that takes too long, or would mean to wait for another
/// process: then nothing has been done.
pub(super) fn run_here(
    connection: &mut Connection,
    order: Order<'_>,
    sink: &mut dyn Sink,
) -> Option<Result<Counts>> {
    connection.be_patient(false);
    let order = Order { limit: Some(order.limit.map_or(LIMIT, |limit| limit.min(LIMIT))), ..order };
    match guarded(connection, |connection| connection.step(None, order, sink)) {
        Ok(Ran::Done(counts)) => Some(Ok(counts)),
        Ok(Ran::Writes) => None,
        Err(error) if error.is_busy() || error.is_query_timeout() => None,
        Err(error) => Some(Err(error)),
    }
}

/// Writes until the queue is closed; the connection is then given back, to be closed.
pub(super) fn write(desk: &Desk, queue: &Queue) -> Option<Connection> {
    let mut apart = shared::Apart::default();
    while let Some(job) = queue.pop() {
        let mut desk = desk.take();
        let Some(connection) = &mut *desk else { continue };
        connection.be_patient(true);
        match job {
            Job::Run(single) if single.ticket.start() => shared::run(connection, queue, &mut apart, single),
            // Who writes meanwhile finds the desk taken.
            Job::Transaction { ticket, orders, opening, reply } if ticket.start() => {
                if opening == Opening::WithoutKeys {
                    without_keys(connection, &orders, reply);
                } else {
                    transaction(connection, &orders, opening, reply);
                    connection.roll_back();
                }
                connection.forget();
            }
            // Nobody waits for it any more.
            Job::Run(_) | Job::Transaction { .. } => {}
            Job::MergeLog => connection.merge_log(),
        }
        if connection.look_at_log() {
            connection.merge_log();
        }
    }
    desk.take().take()
}

/// Serves a transaction in which foreign keys are not enforced.
fn without_keys(
    connection: &mut Connection,
    orders: &mpsc::Receiver<Command>,
    reply: oneshot::Sender<Result<()>>,
) {
    if let Err(error) = connection.turn_keys(false) {
        let _ = reply.send(Err(error));
    } else {
        transaction(connection, orders, Opening::WithoutKeys, reply);
    }
    connection.roll_back();
    // A writer that enforces nothing must not serve others.
    if connection.turn_keys(true).is_err() {
        connection.renew();
    }
}

/// Runs one statement.
fn run_one(connection: &mut Connection, ticket: &Arc<Ticket>, request: &mut Request) -> Result<Ran> {
    guarded(connection, |connection| connection.run(ticket, request))
}

/// Runs something within its limits.
fn guarded(connection: &mut Connection, work: impl FnOnce(&mut Connection) -> Result<Ran>) -> Result<Ran> {
    let ran = undisturbed(|| work(connection));
    connection.unwatch();
    ran
}

/// The reply to a statement that has run.
pub(super) fn done(request: Request, counts: Counts, queue: Duration) -> Reply {
    Reply {
        sink: request.sink,
        affected: counts.affected,
        inserted_id: None,
        rows: counts.rows,
        timings: Timings { queue, query: counts.query, decode: counts.decode },
    }
}

/// Serves one transaction until it ends or its handle is dropped; the caller rolls back what is left open.
fn transaction(
    connection: &mut Connection,
    commands: &mpsc::Receiver<Command>,
    opening: Opening,
    reply: oneshot::Sender<Result<()>>,
) {
    let begun = connection.begin(opening == Opening::ToRead);
    let failed = begun.is_err();
    if reply.send(begun).is_err() || failed {
        return;
    }
    while let Ok(command) = commands.recv() {
        match command {
            Command::Run(ticket, queued, mut request, reply) => {
                if !ticket.start() {
                    continue;
                }
                let waited = queued.elapsed();
                // Some failures (disk full, a stopped write) make SQLite roll back the whole transaction.
                // What follows would then run outside of any.
                let outcome = if connection.in_transaction() {
                    run_one(connection, &ticket, &mut request).and_then(|ran| match ran {
                        Ran::Done(counts) => Ok(done(request, counts, waited)),
                        Ran::Writes => Err(reads_only(&request.statement.sql)),
                    })
                } else {
                    Err(rolled_back())
                };
                let _ = reply.send(outcome);
            }
            Command::Post(sql) => {
                if connection.in_transaction() {
                    connection.execute(&sql);
                }
            }
            Command::Abandon => return,
            Command::End(ticket, end, reply) => {
                if !ticket.start() {
                    return;
                }
                let outcome = match end {
                    End::Commit if !connection.in_transaction() => Err(rolled_back()),
                    End::Commit => connection.commit(),
                    End::Rollback => Ok(()),
                };
                connection.roll_back();
                let _ = reply.send(outcome);
                return;
            }
        }
    }
}

#[cold]
fn reads_only(sql: &str) -> Error {
    Error::new(ErrorKind::Query, format!("the transaction is read only, and this writes: `{sql}`"))
}

#[cold]
fn rolled_back() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the transaction is not open any more: an earlier failure made the database roll it back, or raw SQL \
         ended it",
    )
}

#[cfg(test)]
mod tests {
    use super::super::connection::Role;
    use super::*;
    use crate::driver::One;

    fn order(sql: &str) -> Order<'_> {
        Order { sql, params: &[], limit: None, timed: false }
    }

    #[test]
    fn a_look_up_does_not_wait_for_another_process() {
        let folder = std::env::temp_dir().join(format!("zzz-db-worker-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("test.db");
        let other = rusqlite::Connection::open(&file).unwrap();
        other.execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (7)").unwrap();
        // Without a write-ahead log readers can be locked out. The wait would be longer than any test may take.
        let mut connection = Connection::open(&file, Role::Reader, Duration::from_secs(3_600)).unwrap();
        let mut found = One::<i64>::new(|row| crate::row::get(row, 0));
        let sql = "SELECT b FROM a";
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        assert!(run_here(&mut connection, order(sql), &mut found).is_none());
        other.execute_batch("COMMIT").unwrap();
        run_here(&mut connection, order(sql), &mut found).unwrap().unwrap();
        assert_eq!((found.row, found.several), (Some(7), false));
        drop((connection, other));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
