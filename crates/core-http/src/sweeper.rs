//! The sweeper: holds every connection to its deadlines, a few times a second.
//!
//! It is a thread of its own and not a task: as long as a runtime has a timer, each of its threads reads the clock
//! and sorts timers whenever it goes to sleep, which under light load is after every request.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::acceptor::Shared;
use crate::connection::ConnectionState;

/// The connections of one accept loop.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Vec<Arc<ConnectionState>>>);

impl Registry {
    pub(crate) fn add(&self, state: Arc<ConnectionState>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(state);
    }

    /// Forgets the connections that are gone and visits the others.
    pub(crate) fn visit(&self, mut visit: impl FnMut(&ConnectionState)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|state| {
            let open = !state.is_closed();
            if open {
                visit(state);
            }
            open
        });
    }

    pub(crate) fn close_all(&self) -> usize {
        let mut count = 0;
        self.visit(|state| {
            state.close();
            count += 1;
        });
        count
    }
}

/// Starts the sweeper of a server. It ends when the server and its connections are gone.
pub(crate) fn start(shared: Arc<Shared>, registries: Vec<Arc<Registry>>) {
    let round = Duration::from_millis(shared.deadlines.round);
    let sweeper = Sweeper { shared, registries };
    let started = thread::Builder::new().name("zzz-sweeper".into()).spawn({
        let sweeper = sweeper.clone();
        move || {
            while sweeper.round() {
                thread::sleep(round);
            }
        }
    });
    if let Err(error) = started {
        tracing::warn!(target: "zzz::http", %error, "no thread for deadlines; a task does it");
        tokio::spawn(async move {
            while sweeper.round() {
                tokio::time::sleep(round).await;
            }
        });
    }
}

#[derive(Clone)]
struct Sweeper {
    shared: Arc<Shared>,
    registries: Vec<Arc<Registry>>,
}

impl Sweeper {
    /// Moves the clock on and visits every connection; whether there is anything left to do.
    fn round(&self) -> bool {
        let now = self.shared.clock.advance();
        let mut open = 0;
        for registry in &self.registries {
            registry.visit(|state| {
                state.sweep(now, &self.shared.deadlines);
                open += 1;
            });
        }
        open > 0 || !self.shared.finishing.load(Ordering::Relaxed)
    }
}
