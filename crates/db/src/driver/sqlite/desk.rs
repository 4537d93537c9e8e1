//! [`Desk`]: a connection, and who may use it; [`Spared`] and [`Turns`]: who shall rather ask its thread.
//!
//! Each connection belongs to a thread, which takes work from a queue. While that thread has nothing to do, whoever
//! reads or writes a little uses the connection himself: that takes a few microseconds, and handing it to a thread
//! and waking up again for the answer takes longer. Should it take long after all, because there is much to look
//! through or the row is on a slow disk, it is stopped and given to a thread, and so are the next ones with the same
//! SQL.
//!
//! Nothing that waits for the disk as a rule is done here: the thread that writes merges the write-ahead log into the
//! file, and begins the log anew, see [`Connection`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use tokio::task;

use super::connection::Connection;
use super::shared::VALUES;
use crate::Value;

/// How long who asks may take for a statement before it is stopped.
pub(super) const LIMIT: Duration = Duration::from_millis(1);
/// What takes longer than this goes to the threads the next times, where it keeps no other task waiting.
const SHORT: Duration = Duration::from_micros(250);
/// How often a statement goes to the threads after it was not short; twice as often after each time that follows.
const FEWEST: u32 = 16;
/// How often it goes to the threads at most.
const MOST: u32 = 1_024;
/// How many statements are known that were not short.
const KNOWN: usize = 64;
/// Within this time after one task has written, the writes of others go to the thread, where they share a COMMIT. It is
/// longer than many writes take together.
const TOGETHER: Duration = Duration::from_millis(2);

/// How many bytes the values of a write may have that is run by who asks for it: to write a value is one of SQLite's
/// instructions, in the middle of which nothing is stopped.
const BYTES: usize = 64 * 1024;

/// Whether the values of a write are so few and so short that it may be run by who asks for it.
pub(super) fn is_small(values: &[Value]) -> bool {
    let bytes = |value: &Value| match value {
        Value::Text(value) | Value::Decimal(value) | Value::Json(value) => value.len(),
        Value::Blob(value) => value.len(),
        _ => 0,
    };
    values.len() <= VALUES && values.iter().map(bytes).sum::<usize>() <= BYTES
}

/// A connection, until it is closed.
pub(super) struct Desk(Mutex<Option<Connection>>);

impl Desk {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Mutex::new(Some(connection)))
    }

    /// For its thread: waits while somebody else uses it.
    pub(super) fn take(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For somebody else: only if it is free.
    pub(super) fn try_take(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        match self.0.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The statements that were not short, by their SQL, and how often each shall go to the threads for that.
#[derive(Debug, Default)]
pub(super) struct Spared {
    /// How many there are: mostly none, which costs nothing to see.
    count: AtomicUsize,
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    sql: Box<str>,
    /// How often it goes to the threads from now on.
    left: u32,
    /// How often it will if it is not short then.
    next: u32,
}

impl Spared {
    /// The list is whole after every line that changes it.
    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this statement may be run by who asks for it, this time.
    pub(super) fn may_ask(&self, sql: &str) -> bool {
        if self.count.load(Ordering::Relaxed) == 0 {
            return true;
        }
        let mut known = self.known();
        let Some(known) = known.iter_mut().find(|known| *known.sql == *sql) else { return true };
        known.left = known.left.saturating_sub(1);
        known.left == 0
    }

    /// It was run by who asked for it, and took this long.
    pub(super) fn note(&self, sql: &str, took: Duration) {
        if took > SHORT {
            self.was_long(sql);
        } else if self.count.load(Ordering::Relaxed) != 0 {
            let mut known = self.known();
            known.retain(|known| *known.sql != *sql);
            self.count.store(known.len(), Ordering::Relaxed);
        }
    }

    /// It was not short.
    #[cold]
    pub(super) fn was_long(&self, sql: &str) {
        let mut known = self.known();
        match known.iter_mut().find(|known| *known.sql == *sql) {
            Some(known) => {
                known.left = known.next;
                known.next = (known.next * 2).min(MOST);
            }
            None => {
                if known.len() >= KNOWN {
                    known.clear();
                }
                known.push(Known { sql: sql.into(), left: FEWEST, next: FEWEST * 2 });
            }
        }
        self.count.store(known.len(), Ordering::Relaxed);
    }
}

/// Who wrote last.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Turn>);

#[derive(Debug, Default)]
struct Turn {
    task: Option<task::Id>,
    at: Option<Instant>,
    /// When another task wrote for the last time.
    other: Option<Instant>,
}

impl Turns {
    /// Whether the calling task writes alone: no other has written just now. If others have, it is quicker for all if
    /// the writes wait for each other, and are committed together.
    pub(super) fn alone(&self) -> bool {
        self.is_alone(task::try_id(), Instant::now())
    }

    fn is_alone(&self, task: Option<task::Id>, now: Instant) -> bool {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.task != task {
            (turn.task, turn.other) = (task, turn.at);
        }
        turn.at = Some(now);
        turn.other.is_none_or(|other| now.saturating_duration_since(other) > TOGETHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_was_long_goes_to_the_threads_the_next_times() {
        let (spared, long) = (Spared::default(), SHORT + Duration::from_nanos(1));
        let refused = |sql| (0..).take_while(|_| !spared.may_ask(sql)).count();
        spared.note("a", SHORT);
        assert_eq!(refused("a"), 0);
        let learnt = [15, 31, 63, 127, 255, 511, 1_023, 1_023];
        assert_eq!(
            learnt.map(|_| {
                spared.note("a", long);
                refused("a")
            }),
            learnt
        );
        assert_eq!(refused("b"), 0);
        spared.note("a", SHORT);
        assert_eq!(refused("a"), 0);
        spared.note("a", long);
        assert_eq!(refused("a"), 15);
    }

    #[test]
    fn not_more_statements_are_known_than_a_list_may_hold() {
        let spared = Spared::default();
        for number in 0..=KNOWN {
            spared.was_long(&number.to_string());
        }
        assert_eq!(spared.known().len(), 1);
        assert!(spared.may_ask("0") && !spared.may_ask(&KNOWN.to_string()));
    }

    #[test]
    fn what_has_many_or_long_values_is_for_the_thread() {
        let blob = |bytes: usize| Value::Blob(vec![0; bytes]);
        let nulls: Vec<Value> = std::iter::repeat_n(Value::Null, VALUES + 1).collect();
        assert!(is_small(&[]) && is_small(&nulls[1..]) && is_small(&[blob(BYTES)]));
        assert!(!is_small(&nulls));
        assert!(!is_small(&[blob(BYTES), Value::Text("a".into())]));
        assert!(!is_small(&[Value::Json("a".repeat(BYTES + 1))]));
    }

    #[tokio::test]
    async fn who_writes_alone_is_told_from_those_who_write_together() {
        let (turns, now) = (Turns::default(), Instant::now());
        let after = |micros| now + Duration::from_micros(micros);
        assert_eq!(TOGETHER, Duration::from_micros(2_000));
        let [one, other] = [(); 2].map(|()| Some(tokio::spawn(async {}).id()));
        let told =
            [(one, 0), (one, 10), (other, 20), (other, 2_010), (other, 2_011), (None, 4_011), (None, 4_012)];
        let told = told.map(|(task, micros)| turns.is_alone(task, after(micros)));
        assert_eq!(told, [true, true, false, false, true, false, true]);
    }
}
