//! [`Queue`]: work for the threads of one kind.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::worker::Job;
use crate::Result;

/// A queue that several threads take from, first come, first served.
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Whether a thread has taken work and has not come for the next.
    busy: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        let state = State { jobs: VecDeque::new(), busy: false, closed: false };
        Self { state: Mutex::new(state), ready: Condvar::new() }
    }

    /// The state is whole after every line that changes it: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds work.
    pub(super) fn push(&self, job: Job) -> Result<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(super::closed());
        }
        state.jobs.push_back(job);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for work; `None` once the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<Job> {
        let mut state = self.lock();
        state.busy = false;
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.busy = true;
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether nothing waits and nothing is being done. For a queue that one thread takes from.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.jobs.is_empty() && !state.busy
    }

    /// The next work, if there is any and it is of this kind; it does not wait.
    pub(super) fn pop_if(&self, is: impl FnOnce(&Job) -> bool) -> Option<Job> {
        self.lock().jobs.pop_front_if(|job| is(job))
    }

    /// Whether there is work of this kind next. For a queue that one thread takes from: otherwise it may be gone.
    pub(super) fn next_is(&self, is: impl FnOnce(&Job) -> bool) -> bool {
        self.lock().jobs.front().is_some_and(is)
    }

    /// Takes no more work; what is queued is still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_done_when_its_thread_comes_again() {
        let queue = Queue::new();
        assert!(queue.is_idle());
        queue.push(Job::MergeLog).unwrap();
        assert!(!queue.is_idle());
        assert!(queue.pop().is_some());
        assert!(!queue.is_idle());
        queue.close();
        assert!(queue.pop().is_none());
        assert!(queue.is_idle());
    }
}
