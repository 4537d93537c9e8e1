//! Group commit: writes that are queued already share one transaction, and so one COMMIT.
//!
//! Nobody waits for others to come: a write behind which there is none has a transaction alone. Otherwise it and
//! those behind it run one after the other in one transaction, and each is answered when COMMIT has succeeded. A
//! statement that fails is undone by SQLite itself, alone. What ends the whole transaction (a trigger's ROLLBACK,
//! a full disk, a write that was stopped at its time limit) undoes what the others did too; then each of them is
//! run again, in a transaction of its own. So everybody learns what would have happened without the others.

use std::time::{Duration, Instant};

use super::Request;
use super::connection::{Connection, Ran};
use super::queue::Queue;
use super::worker::{Job, Single};
use crate::{Error, Result};

/// How many writes share a transaction at most.
const WRITES: usize = 256;
/// After this time a transaction takes no further write; and a statement that has run for longer has a
/// transaction of its own the next time, so that nobody waits for it who need not.
const LONG: Duration = Duration::from_millis(5);
/// How many values a write may have that shares a transaction, or is run by who asks for it: one with more is likely to
/// take long.
pub(super) const VALUES: usize = 1_000;
/// How many statements are known that have a transaction of their own.
const KNOWN: usize = 64;

/// Whether a statement is plainly an INSERT, an UPDATE or a DELETE.
pub(super) fn writes(sql: &str) -> bool {
    let verbs: [&[u8]; 4] = [b"INSERT", b"UPDATE", b"DELETE", b"REPLACE"];
    verbs.iter().any(|verb| first_word(sql).eq_ignore_ascii_case(verb))
}

/// Whether a statement that writes may share a transaction. Anything else is rare, or can not run within one.
pub(super) fn is_plain(sql: &str) -> bool {
    writes(sql) || first_word(sql).eq_ignore_ascii_case(b"WITH")
}

/// Whether raw SQL plainly reads, and does nothing to the connection.
pub(super) fn selects(sql: &str) -> bool {
    first_word(sql).eq_ignore_ascii_case(b"SELECT")
}

fn first_word(sql: &str) -> &[u8] {
    sql.as_bytes().split(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// The statements that have a transaction of their own, by their SQL: those that took long, and those that undid
/// the writes of others. They are few, and their texts are rarely of the same length: that is quicker to look
/// through than it is to hash.
#[derive(Default)]
pub(super) struct Apart(Vec<String>);

impl Apart {
    fn place(&self, request: &Request) -> Option<usize> {
        self.0.iter().position(|sql| *sql == *request.statement.sql)
    }

    /// Learns from how long a statement took.
    fn note(&mut self, request: &Request, ran: &Result<Ran>) {
        let Ok(Ran::Done(counts)) = ran else { return };
        if counts.query + counts.decode > LONG {
            self.add(request);
        } else if let Some(at) = self.place(request) {
            self.0.swap_remove(at);
        }
    }

    fn add(&mut self, request: &Request) {
        if request.statement.params.len() <= VALUES && self.place(request).is_none() {
            if self.0.len() >= KNOWN {
                self.0.clear();
            }
            self.0.push(request.statement.sql.clone());
        }
    }

    /// Whether this job may share a transaction.
    fn lets_share(&self, job: &Job) -> bool {
        match job {
            Job::Run(single) => self.lets(single),
            Job::Transaction { .. } | Job::MergeLog => false,
        }
    }

    fn lets(&self, single: &Single) -> bool {
        single.plain
            && single.request.statement.params.len() <= VALUES
            && self.place(&single.request).is_none()
    }
}

/// Runs a write that has been started, with those behind it if they can share a transaction.
pub(super) fn run(connection: &mut Connection, queue: &Queue, apart: &mut Apart, first: Single) {
    if !apart.lets(&first) || !queue.next_is(|job| apart.lets_share(job)) {
        return alone(connection, apart, first);
    }
    if let Err(error) = connection.begin(false) {
        return first.refuse(error);
    }
    if !connection.can_share().unwrap_or(false) {
        connection.roll_back();
        return alone(connection, apart, first);
    }
    let began = Instant::now();
    let mut writes: Vec<(Single, Result<Ran>)> = Vec::new();
    let mut next = Some(first);
    while let Some(mut single) = next.take() {
        let ran = single.run(connection);
        apart.note(&single.request, &ran);
        if !connection.in_transaction() {
            apart.add(&single.request);
            // It has undone everything before it. The others come first again: what it was refused for may be theirs.
            for (other, _) in writes {
                again(connection, apart, other);
            }
            return single.answer(ran);
        }
        writes.push((single, ran));
        while writes.len() < WRITES && began.elapsed() < LONG && next.is_none() {
            match queue.pop_if(|job| apart.lets_share(job)) {
                Some(Job::Run(single)) if single.ticket.start() => next = Some(single),
                // Nobody waits for it any more.
                Some(_) => {}
                None => break,
            }
        }
    }
    let before = Instant::now();
    match connection.commit() {
        Ok(()) => {
            let took = before.elapsed();
            for (single, ran) in writes {
                single.answer_committed(ran, took);
            }
        }
        Err(error) => {
            connection.roll_back();
            for (single, _) in writes {
                single.refuse(Error::new(error.kind(), error.to_string()));
            }
        }
    }
}

/// Runs a write in a transaction of its own.
fn alone(connection: &mut Connection, apart: &mut Apart, mut single: Single) {
    let ran = single.run_alone(connection);
    apart.note(&single.request, &ran);
    if !single.plain {
        connection.forget();
    }
    single.answer(ran);
}

/// Runs a write again that was undone because of others.
fn again(connection: &mut Connection, apart: &mut Apart, mut single: Single) {
    single.request.sink.restart();
    alone(connection, apart, single);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_may_share_a_transaction() {
        for sql in [
            "INSERT INTO a",
            "insert or ignore into a",
            "UPDATE a",
            "Delete\nFROM a",
            "REPLACE INTO a",
            "WITH x",
        ] {
            assert!(is_plain(sql), "{sql}");
        }
        for sql in [
            "",
            " ",
            "VACUUM",
            "PRAGMA foreign_keys = ON",
            "CREATE TABLE a",
            "BEGIN",
            "ATTACH 'a' AS a",
            "inserted",
        ] {
            assert!(!is_plain(sql), "{sql}");
        }
    }
}
