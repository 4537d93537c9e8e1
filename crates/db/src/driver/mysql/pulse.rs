//! [`Pulse`]: whether the server is alive, asked once for all who wait for it.

use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Instant;

use tokio::sync::Mutex;

use super::connection::Opener;

/// When the server was heard last.
pub(super) struct Pulse {
    last: SyncMutex<Instant>,
    /// Held by who asks.
    asking: Mutex<()>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { last: SyncMutex::new(Instant::now()), asking: Mutex::new(()) }
    }

    /// Notes that it has answered somebody.
    pub(super) fn heard(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_recent(&self, opener: &Opener) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed() < opener.patience / 2
    }

    /// Whether it answers: somebody a moment ago, or us now on a connection of its own.
    pub(super) async fn is_there(&self, opener: &Opener) -> bool {
        let _asking = self.asking.lock().await;
        if self.is_recent(opener) {
            return true;
        }
        let answers = opener.is_answering().await;
        if answers {
            self.heard();
        }
        answers
    }
}
