//! The task that serves a connection's socket, and when it sends what was asked.
//!
//! A read that comes while the server answers others waits until the tasks that are ready have had their turn: what they
//! ask leaves with it, in one system call for all and not in one for each, as RFC 896 has it for short segments. What
//! comes while the server has nothing to do leaves at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Notification};

use super::tls::Stream;

/// What was asked of a connection since its task last looked, as far as reads are concerned that share it.
#[derive(Debug, Default)]
pub(super) struct Unsent(AtomicU8);

/// How long a read waits for others at most, once anything happens on the socket: a task that blocks its thread keeps the
/// runtime from ending the turn.
const TURN: Duration = Duration::from_millis(1);

/// A read behind others that the server is to answer.
const BEHIND: u8 = 1;
/// A read, and nothing before it.
const FIRST: u8 = 2;

impl Unsent {
    /// Notes that a read was added, the first or behind others.
    pub(super) fn add(&self, first: bool) {
        let added = if first { FIRST } else { BEHIND };
        if self.0.load(Ordering::Relaxed) < added {
            self.0.store(added, Ordering::Relaxed);
        }
    }

    /// Whether another read would leave together with one that is not sent yet.
    pub(super) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn may_wait(&self) -> bool {
        self.0.load(Ordering::Relaxed) == BEHIND
    }

    /// What is added from here on may have to wait for the next time.
    fn is_sent(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Serves the socket until it ends. `heard` takes notifications, `reason` why it broke.
pub(super) async fn serve(
    mut socket: tokio_postgres::Connection<tokio_postgres::Socket, Stream>,
    unsent: &Unsent,
    reason: &OnceLock<String>,
    heard: impl Fn(Notification),
) {
    let mut others = Others::new(Instant::now);
    loop {
        let message = poll_fn(|cx| {
            if others.poll(unsent, cx.waker()).is_pending() {
                return Poll::Pending;
            }
            unsent.is_sent();
            socket.poll_message(cx)
        });
        match message.await {
            Some(Ok(AsyncMessage::Notice(notice))) => log(&notice),
            Some(Ok(AsyncMessage::Notification(notification))) => heard(notification),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                let cause = std::error::Error::source(&error);
                let why = match error.as_db_error() {
                    Some(problem) => problem.message().to_owned(),
                    None => cause.map_or_else(|| error.to_string(), ToString::to_string),
                };
                tracing::warn!(target: "zzz_db::driver", why, "a connection to PostgreSQL broke");
                let _ = reason.set(why);
                return;
            }
            None => return,
        }
    }
}

/// What the server has to say beside its answers. Its NOTICE is mostly that there was nothing to do.
fn log(notice: &DbError) {
    let message = notice.message();
    match notice.parsed_severity() {
        Some(Severity::Warning) => tracing::warn!(target: "zzz_db::notice", "{message}"),
        Some(Severity::Info) => tracing::info!(target: "zzz_db::notice", "{message}"),
        _ => tracing::debug!(target: "zzz_db::notice", "{message}"),
    }
}

/// Lets the tasks that are ready have their turn.
struct Others {
    turn: Arc<Turn>,
    /// Since when it is their turn.
    since: Option<Instant>,
    clock: fn() -> Instant,
}

/// The runtime wakes this once it has looked for what else is ready. The task itself is woken for other reasons too.
#[derive(Default)]
struct Turn {
    over: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.over.store(true, Ordering::Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Others {
    fn new(clock: fn() -> Instant) -> Self {
        Self { turn: Arc::default(), since: None, clock }
    }

    /// Pending while others have their turn.
    fn poll(&mut self, unsent: &Unsent, task: &Waker) -> Poll<()> {
        if unsent.may_wait() && !self.had_their_turn(task) {
            return Poll::Pending;
        }
        self.since = None;
        Poll::Ready(())
    }

    fn had_their_turn(&mut self, task: &Waker) -> bool {
        let Some(since) = self.since else {
            self.begin(task);
            // A thread of no runtime wakes at once.
            return self.turn.over.load(Ordering::Acquire);
        };
        self.turn.over.load(Ordering::Acquire) || (self.clock)().saturating_duration_since(since) >= TURN
    }

    fn begin(&mut self, task: &Waker) {
        self.since = Some((self.clock)());
        self.turn.over.store(false, Ordering::Relaxed);
        *self.turn.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.clone());
        let waker = Waker::from(Arc::clone(&self.turn));
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::LazyLock;

    use super::*;

    thread_local!(static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) });

    /// A clock that stands still until it is set.
    fn still() -> Instant {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        *START + PASSED.get()
    }

    /// Runs within a task, as connections do.
    fn in_a_task(test: impl Future<Output = ()> + Send + 'static) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { tokio::spawn(test).await.unwrap() });
    }

    #[test]
    fn what_has_nothing_before_it_leaves_at_once() {
        in_a_task(async {
            let (unsent, mut others) = (Unsent::default(), Others::new(still));
            assert!(others.poll(&unsent, Waker::noop()).is_ready(), "nothing was asked");
            unsent.add(true);
            unsent.add(false);
            assert!(unsent.is_any() && others.poll(&unsent, Waker::noop()).is_ready());
            unsent.is_sent();
            assert!(!unsent.is_any());
        });
    }

    #[test]
    fn what_is_behind_others_leaves_after_one_turn_of_the_tasks_that_are_ready() {
        in_a_task(async {
            let (unsent, mut others) = (Unsent::default(), Others::new(still));
            let task = Arc::new(Turn::default());
            let waker = Waker::from(Arc::clone(&task));
            for _ in 0..2 {
                task.over.store(false, Ordering::Relaxed);
                unsent.add(false);
                for _ in 0..3 {
                    assert!(others.poll(&unsent, &waker).is_pending(), "it is woken for another reason");
                }
                assert!(!task.over.load(Ordering::Relaxed));
                tokio::task::yield_now().await;
                assert!(task.over.load(Ordering::Relaxed), "the task is woken");
                assert!(others.poll(&unsent, &waker).is_ready());
                unsent.is_sent();
            }
        });
    }

    #[test]
    fn nothing_waits_for_a_server_that_has_nothing_to_do_any_more() {
        in_a_task(async {
            let (unsent, mut others) = (Unsent::default(), Others::new(still));
            unsent.add(false);
            assert!(others.poll(&unsent, Waker::noop()).is_pending());
            unsent.add(true);
            assert!(others.poll(&unsent, Waker::noop()).is_ready());
        });
    }

    #[test]
    fn a_task_that_blocks_its_thread_holds_nothing_up_for_long() {
        in_a_task(async {
            let (unsent, mut others) = (Unsent::default(), Others::new(still));
            unsent.add(false);
            assert!(others.poll(&unsent, Waker::noop()).is_pending());
            PASSED.set(TURN - Duration::from_nanos(1));
            assert!(others.poll(&unsent, Waker::noop()).is_pending());
            PASSED.set(TURN);
            assert!(others.poll(&unsent, Waker::noop()).is_ready());
        });
    }
}
