//! [`Budget`]: what all clients together may make the server keep that they have begun and not finished.
//!
//! Each connection has limits of its own, but ten thousand clients can each stay just below them: with a head of 60 KiB
//! that never ends, with a body of almost `body_limit` that a handler wants as a whole, with windows of HTTP/2 that are
//! full. So what is kept for them is added up over all connections in an [`Account`] each. Half of the budget is for
//! whoever comes. The other half is for those that are [`YOUNG`], and in equal shares for all: an account that is older
//! and has more than its share grows only while the others leave half of the budget. Who may not grow is not read from,
//! which the kernel's windows tell the client. If somebody waits so, the sweeper makes room: it gives up those that have kept the most for the longest, bytes times age, and none that has
//! kept it for less than [`GRACE`]. A client that sends what it has begun is through before that; one that wants little
//! is hardly held up by those that want much; one with a head of normal size is never concerned. What is given up is answered
//! with 431 (a head) or 503 (a body), or its connection is closed (HTTP/2, handshakes).
//!
//! Nothing is counted below [`FREE`], so that requests of everyday size touch nothing that threads share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// What each account may keep without being counted.
pub(crate) const FREE: u64 = 8 * 1024;

/// For how long, in milliseconds, an account is never given up.
const GRACE: u64 = 2_000;

/// Until this age, in milliseconds, an account may have all that is left.
const YOUNG: u64 = GRACE / 2;

/// More than this age, in milliseconds, counts no more: a slow client is not to pay for a hundred larger ones.
const OLD: u64 = 10_000;

/// What is kept by all accounts of a server.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
    /// How many accounts keep something that counts.
    holders: AtomicU64,
    /// Whether somebody waits for room.
    pressed: AtomicBool,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0), holders: AtomicU64::new(0), pressed: AtomicBool::new(false) }
    }

    /// Whether one that has kept `own` for so many milliseconds may keep more; if not, the budget knows that somebody
    /// waits. One alone may have more than all of it: a route may take a body that is larger.
    fn has_room(&self, own: u64, age: u64) -> bool {
        let (used, half) = (self.used.load(Relaxed), self.limit / 2);
        let share = half / self.holders.load(Relaxed).max(1);
        let is_young = age < YOUNG && used < self.limit;
        let room = own <= FREE.max(share) || is_young || used.saturating_sub(own) < half;
        if !room {
            self.pressed.store(true, Relaxed);
        }
        room
    }

    /// Whether nothing is left but shares. Nobody waits because of this.
    #[cfg(feature = "http2")]
    pub(crate) fn is_used_up(&self) -> bool {
        self.used.load(Relaxed) >= self.limit / 2
    }

    /// Whether nothing is left, for nobody.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.used.load(Relaxed) >= self.limit
    }

    /// Whether somebody has waited for room since this was asked last.
    pub(crate) fn take_pressed(&self) -> bool {
        self.pressed.load(Relaxed) && self.pressed.swap(false, Relaxed)
    }

    /// Which accounts to give up for those that wait: those with a [`Rent`] of at least so much. `None` if there is room,
    /// or nobody has kept anything for long enough; then they go on waiting.
    pub(crate) fn line(&self, mut rents: Vec<Rent>) -> Option<u128> {
        // As much as whoever waits needs: who waits is a candidate, too.
        let mut excess = self.used.load(Relaxed).checked_sub(self.limit / 2).filter(|excess| *excess > 0)?;
        rents.sort_unstable_by_key(|rent| std::cmp::Reverse(rent.due));
        let mut line = None;
        for rent in rents {
            line = Some(rent.due);
            excess = excess.saturating_sub(rent.bytes);
            if excess == 0 {
                break;
            }
        }
        line
    }
}

/// What an account that could be given up costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rent {
    /// Bytes times milliseconds.
    pub(crate) due: u128,
    /// What giving it up would free.
    pub(crate) bytes: u64,
}

/// What is kept for one client: for its connection, or for one request.
#[derive(Debug, Default)]
pub(crate) struct Account {
    kept: AtomicU64,
    /// Since when.
    since: AtomicU64,
    given_up: AtomicBool,
    waiting: AtomicBool,
    /// Of the task that reads, where that need not be the connection's.
    reader: Mutex<Option<Waker>>,
}

impl Account {
    /// What is counted: 0 for what is free.
    pub(crate) fn kept(&self) -> u64 {
        self.kept.load(Relaxed)
    }

    /// Keeps so much from here on.
    pub(crate) fn set(&self, budget: &Budget, bytes: u64, now: u64) {
        let bytes = if bytes > FREE { bytes } else { 0 };
        let before = self.kept.swap(bytes, Relaxed);
        match (before, bytes) {
            (0, 0) => return,
            (0, _) => {
                self.since.store(now, Relaxed);
                budget.holders.fetch_add(1, Relaxed);
            }
            (_, 0) => {
                budget.holders.fetch_sub(1, Relaxed);
            }
            _ => {}
        }
        // Each of several who set it at once adds the difference to the one before.
        if bytes >= before {
            budget.used.fetch_add(bytes - before, Relaxed);
        } else {
            budget.used.fetch_sub(before - bytes, Relaxed);
        }
    }

    /// As [`set`](Self::set), for something else than what was kept before: its age counts from here.
    pub(crate) fn set_anew(&self, budget: &Budget, bytes: u64, now: u64) {
        self.set(budget, bytes, now);
        self.since.store(now, Relaxed);
    }

    /// Since when something is kept, if it is.
    pub(crate) fn since(&self) -> u64 {
        self.since.load(Relaxed)
    }

    /// Whether more may be read. If not, the sweeper sees that somebody waits here. `with` is what the same client
    /// keeps in another account, through which that comes or goes on.
    pub(crate) fn may_grow(&self, budget: &Budget, with: u64, now: u64) -> bool {
        let age = now.saturating_sub(self.since.load(Relaxed));
        let may = budget.has_room(self.kept().saturating_add(with), age);
        if !may {
            self.waiting.store(true, Relaxed);
        }
        may
    }

    /// Waits for room, which the sweeper sees.
    pub(crate) fn wait(&self, budget: &Budget) {
        budget.pressed.store(true, Relaxed);
        self.waiting.store(true, Relaxed);
    }

    /// This task is woken when there is room, or when it is given up.
    pub(crate) fn read_by(&self, reader: &Waker) {
        let mut known = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.as_ref().is_some_and(|known| known.will_wake(reader)) {
            *known = Some(reader.clone());
        }
    }

    fn wake_reader(&self) {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Whether somebody waits for room here; they are told to look again.
    pub(crate) fn take_waiting(&self) -> bool {
        let waiting = self.waiting.load(Relaxed) && self.waiting.swap(false, Relaxed);
        if waiting {
            self.wake_reader();
        }
        waiting
    }

    /// What it costs, if it can be given up.
    pub(crate) fn rent(&self, now: u64) -> Option<Rent> {
        let (bytes, age) = (self.kept(), now.saturating_sub(self.since.load(Relaxed)));
        let due = u128::from(bytes) * u128::from(age.min(OLD));
        (bytes > 0 && age >= GRACE && !self.is_given_up()).then_some(Rent { due, bytes })
    }

    /// Whether it costs so much that it has to be given up.
    pub(crate) fn is_beyond(&self, line: u128, now: u64) -> bool {
        self.rent(now).is_some_and(|rent| rent.due >= line)
    }

    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Relaxed);
        self.wake_reader();
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Relaxed)
    }

    /// Keeps nothing, and begins anew.
    pub(crate) fn close(&self, budget: &Budget) {
        if self.kept() > 0 {
            self.set(budget, 0, 0);
        }
        self.given_up.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn accounts<const N: usize>() -> [Account; N] {
        std::array::from_fn(|_| Account::default())
    }

    #[test]
    fn what_is_small_is_not_counted_and_never_waits() {
        let budget = Budget::new(10 * KIB);
        let [small, large] = accounts();
        small.set(&budget, FREE, 0);
        assert_eq!((small.kept(), budget.used.load(Relaxed)), (0, 0));
        large.set(&budget, 20 * KIB, 0);
        assert!(small.may_grow(&budget, 0, YOUNG));
        assert!(!budget.take_pressed());
    }

    #[test]
    fn who_has_more_than_a_share_waits_until_there_is_room() {
        let budget = Budget::new(80 * KIB);
        let [first, second, third] = accounts();
        for account in [&first, &second, &third] {
            account.set(&budget, 20 * KIB, 0);
        }
        // The others have 40 KiB, and a share is 13.
        assert!(!second.may_grow(&budget, 0, YOUNG));
        assert!(budget.take_pressed());
        assert!(!budget.take_pressed());
        assert!(second.take_waiting() && !second.take_waiting() && !first.take_waiting());
        third.set(&budget, 13 * KIB, 0);
        assert!(third.may_grow(&budget, 0, YOUNG), "it has less than its share");
        first.close(&budget);
        assert!(second.may_grow(&budget, 0, YOUNG));
        assert_eq!(budget.used.load(Relaxed), 33 * KIB);
    }

    #[test]
    fn who_is_new_may_have_all_that_is_left() {
        let budget = Budget::new(80 * KIB);
        let [old, new, newer] = accounts();
        old.set(&budget, 50 * KIB, 0);
        new.set(&budget, 29 * KIB, YOUNG);
        assert!(!new.may_grow(&budget, 0, 2 * YOUNG), "it is old by now");
        assert!(new.may_grow(&budget, 0, 2 * YOUNG - 1));
        newer.set(&budget, 21 * KIB, YOUNG);
        assert!(!new.may_grow(&budget, 0, 2 * YOUNG - 1), "nothing is left");
    }

    #[test]
    fn one_alone_may_have_more_than_all() {
        let budget = Budget::new(80 * KIB);
        let [one, other] = accounts();
        one.set(&budget, 200 * KIB, 0);
        other.set(&budget, 39 * KIB, 0);
        assert!(one.may_grow(&budget, 0, YOUNG));
        assert!(!other.may_grow(&budget, 0, YOUNG));
        other.set(&budget, 40 * KIB, 0);
        assert!(!one.may_grow(&budget, 0, YOUNG));
        assert!(one.may_grow(&budget, 40 * KIB, YOUNG), "the other is its own, too");
    }

    #[test]
    fn those_that_keep_most_for_longest_are_given_up_and_only_as_many_as_needed() {
        let budget = Budget::new(160 * KIB);
        let [old_large, old_small, new_large, young] = accounts();
        old_large.set(&budget, 40 * KIB, 0);
        old_small.set(&budget, 10 * KIB, 0);
        let now = 6_000;
        let rents = |all: &[&Account]| all.iter().filter_map(|account| account.rent(now)).collect::<Vec<_>>();
        assert_eq!(budget.line(rents(&[&old_large, &old_small])), None, "there is room");
        new_large.set(&budget, 40 * KIB, 3_000);
        young.set(&budget, 10 * KIB, now - GRACE + 1);
        let line = budget.line(rents(&[&old_large, &old_small, &new_large, &young])).unwrap();
        assert_eq!(line, u128::from(40 * KIB * 6_000));
        assert!(old_large.is_beyond(line, now));
        assert!(!new_large.is_beyond(line, now) && !old_small.is_beyond(line, now));
        assert_eq!(young.rent(now), None, "it has its grace");
        old_large.give_up();
        assert!(old_large.is_given_up());
        assert_eq!(old_large.rent(now), None, "it is not given up twice");
    }

    #[test]
    fn nobody_is_given_up_before_the_grace_is_over() {
        let budget = Budget::new(KIB);
        let [one] = accounts();
        one.set(&budget, 100 * KIB, 0);
        assert_eq!(budget.line(one.rent(GRACE - 1).into_iter().collect()), None);
        assert!(budget.line(one.rent(GRACE).into_iter().collect()).is_some());
    }

    #[test]
    fn nothing_is_left_when_all_have_closed() {
        let budget = Budget::new(KIB);
        let [one, other] = accounts();
        for bytes in [9, 100, 8, 0, 70, 71, 12] {
            one.set(&budget, bytes * KIB, 0);
            other.set(&budget, (100 - bytes) * KIB, 0);
        }
        one.close(&budget);
        other.close(&budget);
        assert_eq!((budget.used.load(Relaxed), budget.holders.load(Relaxed)), (0, 0));
    }
}
