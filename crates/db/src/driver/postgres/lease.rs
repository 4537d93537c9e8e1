//! [`Lease`]: the right to use a connection alone, which goes back to the pool once the connection is clean.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Connection;
use super::pool::Pool;
use crate::dialect::postgres::ROLLBACK;

/// How long a connection whose user has gone may take to become clean before its statement is stopped and the
/// connection closed.
const GRACE: Duration = Duration::from_millis(100);

/// What has to be done before the connection can serve others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Clean,
    /// A statement runs; it is let finish, and its answer thrown away.
    Busy,
    /// A statement runs that may be stopped.
    Stoppable,
    /// A transaction may be open.
    Open,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It serves others.
    Reuse,
    /// It is closed.
    Discard,
}

/// The right to use a connection alone.
pub(super) struct Lease {
    held: Held,
    state: State,
}

/// What is given back.
#[derive(Clone)]
struct Held {
    pool: Arc<Pool>,
    slot: usize,
    connection: Arc<Connection>,
}

impl Lease {
    pub(super) fn new(pool: &Arc<Pool>, slot: usize, connection: Arc<Connection>) -> Self {
        let held = Held { pool: Arc::clone(pool), slot, connection };
        Self { held, state: State::Clean }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.held.connection
    }

    /// Says what has to be done if the lease is dropped now.
    pub(super) fn set(&mut self, state: State) {
        self.state = state;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (held, state) = (&self.held, self.state);
        let clean = state == State::Clean && held.connection.has_the_pools_limit();
        if clean || held.connection.is_closed() {
            held.give_back(After::Reuse);
            return;
        }
        let held = held.clone();
        self.held.pool.runtime.spawn(async move {
            let tidied = held.is_tidied(state).await;
            held.give_back(if tidied { After::Reuse } else { After::Discard });
        });
    }
}

impl Held {
    fn give_back(&self, after: After) {
        self.connection.stop();
        self.pool.release(self.slot, &self.connection, after);
    }

    /// Makes the connection what it was before; says whether it is.
    async fn is_tidied(&self, state: State) -> bool {
        let connection = &self.connection;
        let settling = async {
            match state {
                State::Open => connection.batch(ROLLBACK).await.is_ok(),
                State::Clean => true,
                State::Busy | State::Stoppable => connection.settle().await,
            }
        };
        let settled = if state == State::Busy {
            settling.await
        } else if let Ok(settled) = tokio::time::timeout(GRACE, settling).await {
            settled
        } else {
            connection.cancel().await;
            false
        };
        settled && connection.set_limit(connection.pools_limit()).await.is_ok()
    }
}
