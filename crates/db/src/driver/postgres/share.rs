//! [`Share`]: the right of a read to use a connection that others read over too.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use super::connection::Connection;
use super::lease::After;
use super::pool::Pool;

/// One read on a shared connection. What is dropped before its answer has come keeps its place until the answer has:
/// nobody can take it out of what the server answers in order.
pub(super) struct Share {
    pool: Arc<Pool>,
    pub(super) connection: Arc<Connection>,
    slot: usize,
    behind: Behind,
    was_sent: bool,
    answered: bool,
}

impl Share {
    /// The place of the read with this number on its connection, behind others or the first.
    #[inline]
    pub(super) fn new(
        pool: &Arc<Pool>,
        slot: usize,
        connection: Arc<Connection>,
        number: u64,
        first: bool,
    ) -> Self {
        let behind = Behind { number, first, moves: connection.moves(), task: (0, 0) };
        // Until something is sent there is nothing to wait for.
        Self { pool: Arc::clone(pool), connection, slot, behind, was_sent: false, answered: true }
    }

    /// Something is about to be sent. What comes back tells when to give up waiting for it.
    pub(super) fn sends(&mut self) -> Behind {
        (self.was_sent, self.answered) = (true, false);
        self.behind.clone()
    }

    /// The answer has come to its end.
    pub(super) fn is_answered(&mut self) {
        self.answered = true;
    }
}

/// Where a read stands among those of its connection.
#[derive(Clone)]
pub(super) struct Behind {
    /// Its number among all reads of the connection.
    number: u64,
    /// Whether none is before it.
    first: bool,
    /// How often reads of the connection had been told to move when it came.
    moves: u64,
    /// Which task is woken when it is to move: what its waker points to. The connection keeps the waker, so nothing else
    /// can be at that place.
    task: (usize, usize),
}

impl Behind {
    /// Ready if the read waits too long for one before it, and has to go to another connection.
    #[inline]
    pub(super) fn poll(&mut self, connection: &Connection, context: &Context<'_>) -> Poll<()> {
        if self.first { Poll::Pending } else { self.poll_behind(connection, context.waker()) }
    }

    fn poll_behind(&mut self, connection: &Connection, waker: &Waker) -> Poll<()> {
        if connection.moves() == self.moves {
            let task = (waker.data() as usize, std::ptr::from_ref(waker.vtable()) as usize);
            if self.task == task {
                return Poll::Pending;
            }
            self.task = task;
            connection.wait_behind(self.number, waker);
            // Who told the reads to move between the two looks has not woken this one.
            if connection.moves() == self.moves {
                return Poll::Pending;
            }
        }
        if connection.finished().load(Ordering::Relaxed) < self.number {
            return Poll::Ready(());
        }
        // It is the first itself by now.
        self.first = true;
        Poll::Pending
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.answered || self.connection.is_closed() {
            self.pool.leave(self.slot, &self.connection, After::Reuse, self.was_sent);
            return;
        }
        let (pool, slot, connection) = (Arc::clone(&self.pool), self.slot, Arc::clone(&self.connection));
        self.pool.runtime.spawn(async move {
            let after = if connection.settle().await { After::Reuse } else { After::Discard };
            pool.leave(slot, &connection, after, true);
        });
    }
}
