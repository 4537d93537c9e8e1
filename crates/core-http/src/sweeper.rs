//! The sweeper: holds every connection to its deadlines, a few times a second.
//!
//! It is a thread of its own and not a task: as long as a runtime has a timer, each of its threads reads the clock
//! and sorts timers whenever it goes to sleep, which under light load is after every request.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::acceptor::Shared;
use crate::connection::{ConnectionState, REST};

/// How many idle connections are let go of in a round for each acceptor that has somebody who waits: behind that one
/// others may wait in the kernel's backlog.
const PLACES: usize = 32;

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
        if self.shared.budget.take_pressed() {
            self.make_room(now);
        }
        let waiting = self.shared.waiting();
        if waiting > 0 {
            self.make_places(waiting.saturating_mul(PLACES), now);
        }
        open > 0 || !self.shared.finishing.load(Ordering::Relaxed)
    }

    /// Lets go of the connections that have been idle for the longest, at most so many, for those that wait to be let in.
    #[cold]
    fn make_places(&self, most: usize, now: u64) {
        let mut idle = Vec::new();
        for registry in &self.registries {
            registry.visit(|state| {
                idle.extend(state.idle_since().filter(|since| now.saturating_sub(*since) >= REST))
            });
        }
        idle.sort_unstable();
        let Some(line) = idle.get(most.min(idle.len()).wrapping_sub(1)).copied() else { return };
        for registry in &self.registries {
            registry.visit(|state| {
                if state.idle_since().is_some_and(|since| since <= line) {
                    // A request that is on its way is answered still, and is the last.
                    state.finish();
                }
            });
        }
    }

    /// Gives up those that keep too much for too long, and has those that wait look again.
    #[cold]
    fn make_room(&self, now: u64) {
        let mut rents = Vec::new();
        for registry in &self.registries {
            registry.visit(|state| state.rents(now, &mut |rent| rents.push(rent)));
        }
        let line = self.shared.budget.line(rents);
        let mut given_up = 0;
        for registry in &self.registries {
            registry.visit(|state| {
                if let Some(line) = line {
                    given_up += state.give_up_beyond(line, now);
                }
                state.look_for_room();
            });
        }
        if given_up > 0 {
            tracing::warn!(
                target: "zzz::http",
                given_up,
                "`max_buffered` is used up; gave up requests that came slowly and kept the most memory"
            );
        }
    }
}
