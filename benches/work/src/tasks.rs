//! The cases for a driver that is asynchronous, on a runtime with one thread.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use crate::{AT_ONCE, Case, Order, TASKS, report, table};

/// A driver. Each of its methods says what it adds to the checksum.
pub trait Peer: Sized + Send + Sync + 'static {
    /// Connects, as this work wants it.
    fn connect(order: &Order) -> impl Future<Output = Self>;

    /// Reads a post by its key: [`table::sum`] of it.
    fn get(&self, id: i64) -> impl Future<Output = u64> + Send;

    /// Reads all posts: their sums together.
    fn all(&self) -> impl Future<Output = u64> + Send;

    /// Inserts as many drafts as [`BATCH`](crate::BATCH) with the numbers from this one on: how many they are.
    fn insert_all(&self, first: u64) -> impl Future<Output = u64> + Send;

    /// Inserts the draft of this number: the key that the database gave it.
    fn insert(&self, number: u64) -> impl Future<Output = u64> + Send;

    /// Ends in order.
    fn close(self) -> impl Future<Output = ()>;
}

/// Does what the words say, and prints what came out.
pub fn run<P: Peer>(order: &Order) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let checksum = runtime.expect("a runtime").block_on(async {
        let peer = Arc::new(P::connect(order).await);
        let checksum = work(&peer, order).await;
        if let Some(peer) = Arc::into_inner(peer) {
            peer.close().await;
        }
        checksum
    });
    report(checksum);
}

async fn work<P: Peer>(peer: &Arc<P>, order: &Order) -> u64 {
    let mut checksum = 0_u64;
    let rounds = 0..order.rounds;
    match order.case {
        Case::Get => {
            for round in rounds {
                checksum = checksum.wrapping_add(peer.get(table::key(round)).await);
            }
        }
        Case::Gets => {
            for round in rounds {
                let first = table::key(round);
                checksum = checksum.wrapping_add(at_once(first, |id| peer.get(id)).await);
            }
        }
        Case::All => {
            for _ in rounds {
                checksum = checksum.wrapping_add(peer.all().await);
            }
        }
        Case::InsertAll => {
            for round in rounds {
                checksum = checksum.wrapping_add(peer.insert_all(round * crate::BATCH + 1).await);
            }
        }
        Case::Gets64 => checksum = in_tasks(peer, order.rounds, false).await,
        Case::Inserts => checksum = in_tasks(peer, order.rounds, true).await,
    }
    checksum
}

/// Reads or inserts one row after the other in each of [`TASKS`] tasks.
async fn in_tasks<P: Peer>(peer: &Arc<P>, rounds: u64, inserts: bool) -> u64 {
    let one = |task: u64| {
        let peer = Arc::clone(peer);
        async move {
            let mut checksum = 0_u64;
            for place in (0..rounds).map(|round| round * TASKS + task) {
                let one =
                    if inserts { peer.insert(place + 1).await } else { peer.get(table::key(place)).await };
                checksum = checksum.wrapping_add(one);
            }
            checksum
        }
    };
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(one(task))).collect();
    let mut checksum = 0_u64;
    for task in tasks {
        checksum = checksum.wrapping_add(task.await.expect("a task that ends"));
    }
    checksum
}

/// Waits for as many futures as [`AT_ONCE`], in one task.
async fn at_once<F: Future<Output = u64>>(first: i64, one: impl Fn(i64) -> F) -> u64 {
    let mut checksum = 0_u64;
    let mut all: Vec<_> = (first..).take(AT_ONCE as usize).map(|id| Some(Box::pin(one(id)))).collect();
    poll_fn(|cx| {
        let mut left = false;
        for place in &mut all {
            match place.as_mut().map(|one| one.as_mut().poll(cx)) {
                Some(Poll::Ready(sum)) => {
                    checksum = checksum.wrapping_add(sum);
                    *place = None;
                }
                Some(Poll::Pending) => left = true,
                None => {}
            }
        }
        if left { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    checksum
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use crate::Database;

    /// Answers at its second poll, and knows how many wait.
    #[derive(Default)]
    struct Slow {
        waiting: AtomicUsize,
        most: AtomicUsize,
    }

    impl Peer for Slow {
        async fn connect(_: &Order) -> Self {
            Slow::default()
        }

        async fn get(&self, id: i64) -> u64 {
            let waiting = self.waiting.fetch_add(1, Relaxed) + 1;
            self.most.fetch_max(waiting, Relaxed);
            tokio::task::yield_now().await;
            self.waiting.fetch_sub(1, Relaxed);
            id.unsigned_abs()
        }

        async fn all(&self) -> u64 {
            table::ROWS
        }

        async fn insert_all(&self, first: u64) -> u64 {
            first
        }

        async fn insert(&self, number: u64) -> u64 {
            number
        }

        async fn close(self) {}
    }

    fn done(case: Case, rounds: u64) -> (u64, usize) {
        let order = Order { url: String::new(), database: Database::Sqlite, case, rounds };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let peer = Arc::new(Slow::connect(&order).await);
            (work(&peer, &order).await, peer.most.load(Relaxed))
        })
    }

    #[test]
    fn each_case_has_as_many_under_way_as_it_says() {
        assert_eq!(done(Case::Get, 3), (1 + 8 + 15, 1));
        assert_eq!(done(Case::Gets, 2), ((1..=20).sum::<u64>() + (8..=27).sum::<u64>(), 20));
        assert_eq!(done(Case::Gets64, 2), ((0..128).map(|place| place * 7 + 1).sum(), 64));
        assert_eq!(done(Case::All, 2).0, 20_000);
    }

    #[test]
    fn every_draft_has_a_number_of_its_own() {
        assert_eq!(done(Case::Inserts, 3).0, (1..=192).sum());
        assert_eq!(done(Case::InsertAll, 3).0, 1 + 101 + 201);
    }
}
