//! The loop of a thread: takes work, does it, and leaves a clean connection behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use tokio::sync::oneshot;

use super::connection::Connection;
use super::queue::Queue;
use super::ticket::Ticket;
use super::{End, Outcome, Reply, Request};
use crate::{Error, ErrorKind, Result};

/// Work with its ticket, and since when it waits.
pub(super) struct Job {
    pub(super) ticket: Arc<Ticket>,
    pub(super) queued: Instant,
    pub(super) work: Work,
}

/// What a thread can be asked for.
pub(super) enum Work {
    /// One statement in a transaction of its own.
    Run(Request, oneshot::Sender<Result<Outcome>>),
    /// A transaction, whose commands come over the channel until it ends.
    Transaction { orders: mpsc::Receiver<Command>, opening: Opening, reply: oneshot::Sender<Result<()>> },
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

/// What a transaction can be asked for.
pub(super) enum Command {
    Run(Arc<Ticket>, Instant, Request, oneshot::Sender<Result<Reply>>),
    Post(String),
    Abandon,
    End(Arc<Ticket>, End, oneshot::Sender<Result<()>>),
}

/// Works until the queue is closed.
pub(super) fn run(connection: &mut Connection, queue: &Queue) {
    while let Some(job) = queue.pop() {
        if !job.ticket.start() {
            continue;
        }
        match job.work {
            Work::Run(request, reply) => {
                let outcome = run_one(connection, &job.ticket, job.queued, request);
                let outcome = clean(connection, outcome);
                let _ = reply.send(outcome);
            }
            Work::Transaction { orders, opening: opening @ (Opening::ToRead | Opening::ToWrite), reply } => {
                transaction(connection, &orders, opening, reply);
                connection.roll_back();
            }
            Work::Transaction { orders, opening: Opening::WithoutKeys, reply } => {
                if let Err(error) = connection.turn_keys(false) {
                    let _ = reply.send(Err(error));
                } else {
                    transaction(connection, &orders, Opening::WithoutKeys, reply);
                }
                connection.roll_back();
                // A writer that enforces nothing must not serve others.
                if connection.turn_keys(true).is_err() {
                    connection.renew();
                }
            }
        }
    }
}

/// Runs one statement. A panic of code that decodes a row becomes an error: the thread must live on.
fn run_one(
    connection: &mut Connection,
    ticket: &Arc<Ticket>,
    queued: Instant,
    request: Request,
) -> Result<Outcome> {
    let queue = queued.elapsed();
    let outcome = catch_unwind(AssertUnwindSafe(|| connection.run(ticket, request)));
    connection.unwatch();
    match outcome {
        Ok(Ok(Outcome::Done(mut reply))) => {
            reply.timings.queue = queue;
            Ok(Outcome::Done(reply))
        }
        Ok(other) => other,
        Err(_) => Err(Error::new(
            ErrorKind::Decode,
            "the code that reads a row has panicked; the panic's message is on stderr",
        )),
    }
}

/// A single statement must not leave a transaction open.
fn clean(connection: &mut Connection, outcome: Result<Outcome>) -> Result<Outcome> {
    if connection.in_transaction() {
        connection.roll_back();
        return outcome.and_then(|_| {
            Err(Error::new(
                ErrorKind::Query,
                "a transaction was begun with raw SQL and has been rolled back; use `repo.transaction(...)`",
            ))
        });
    }
    outcome
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
            Command::Run(ticket, queued, request, reply) => {
                if !ticket.start() {
                    continue;
                }
                // Some failures (disk full, a stopped write) make SQLite roll back the whole transaction.
                // What follows would then run outside of any.
                let outcome = if connection.in_transaction() {
                    run_one(connection, &ticket, queued, request).and_then(|outcome| match outcome {
                        Outcome::Done(reply) => Ok(reply),
                        Outcome::Writes(request) => Err(reads_only(&request.statement.sql)),
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
