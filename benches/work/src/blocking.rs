//! The cases for a driver that is not asynchronous: what shall be done at once is done one after the other.

use crate::{AT_ONCE, Case, Order, TASKS, report, table};

/// A driver. Each of its methods says what it adds to the checksum.
pub trait Peer: Sized {
    /// Connects, as this work wants it.
    fn connect(order: &Order) -> Self;

    /// Reads a post by its key: [`table::sum`] of it.
    fn get(&mut self, id: i64) -> u64;

    /// Reads all posts: their sums together.
    fn all(&mut self) -> u64;

    /// Inserts as many drafts as [`BATCH`](crate::BATCH) with the numbers from this one on: how many they are.
    fn insert_all(&mut self, first: u64) -> u64;

    /// Inserts the draft of this number: the key that the database gave it.
    fn insert(&mut self, number: u64) -> u64;
}

/// Does what the words say, and prints what came out.
pub fn run<P: Peer>(order: &Order) {
    let mut peer = P::connect(order);
    report(work(&mut peer, order));
}

fn work<P: Peer>(peer: &mut P, order: &Order) -> u64 {
    let one = |peer: &mut P, round: u64| match order.case {
        Case::Get => peer.get(table::key(round)),
        Case::Gets => sum((table::key(round)..).take(AT_ONCE as usize).map(|id| peer.get(id))),
        Case::Gets64 => sum((0..TASKS).map(|task| peer.get(table::key(round * TASKS + task)))),
        Case::All => peer.all(),
        Case::InsertAll => peer.insert_all(round * crate::BATCH + 1),
        Case::Inserts => sum((0..TASKS).map(|task| peer.insert(round * TASKS + task + 1))),
    };
    sum((0..order.rounds).map(|round| one(peer, round)))
}

fn sum(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Database;

    struct Fast;

    impl Peer for Fast {
        fn connect(_: &Order) -> Self {
            Fast
        }

        fn get(&mut self, id: i64) -> u64 {
            id.unsigned_abs()
        }

        fn all(&mut self) -> u64 {
            table::ROWS
        }

        fn insert_all(&mut self, first: u64) -> u64 {
            first
        }

        fn insert(&mut self, number: u64) -> u64 {
            number
        }
    }

    /// The same figures as in the tests of `tasks`.
    #[test]
    fn the_work_is_that_of_the_tasks() {
        let done = |case, rounds| {
            work(&mut Fast, &Order { url: String::new(), database: Database::Sqlite, case, rounds })
        };
        assert_eq!(done(Case::Get, 3), 1 + 8 + 15);
        assert_eq!(done(Case::Gets, 2), (1..=20).sum::<u64>() + (8..=27).sum::<u64>());
        assert_eq!(done(Case::Gets64, 2), (0..128).map(|place| place * 7 + 1).sum());
        assert_eq!(done(Case::All, 2), 20_000);
        assert_eq!(done(Case::InsertAll, 3), 1 + 101 + 201);
        assert_eq!(done(Case::Inserts, 3), (1..=192).sum());
    }
}
