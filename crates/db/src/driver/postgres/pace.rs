//! [`Pace`]: how long the server takes for a read, from which it follows how many of them share a connection.
//!
//! A connection is watched now and then: from a read until nothing is on it any more, or until [`MANY`] are answered, or
//! [`SOME`] that were not prompt.
//! Many that were under way at once tell what one of them costs the server, the way there and back included once; one
//! alone tells how long that way is. While the thread that asks has other work it waits for nobody: that time does not
//! count, since connections side by side would not save it.

use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics, worker_index};

/// After so many answers a connection was watched for long enough.
const MANY: u64 = 64;
/// Of so many answers the way to the server and back is no part any more that counts.
const SOME: u64 = 8;
/// How many samples the mean is of, about, if the last ones were of several reads.
const SEVERAL: u64 = 8;
/// And if they were of one that was alone, which tells less: it may have been slow, or the way long.
const ALONE: u64 = 32;
/// Reads that take no more than this leave together, if they are asked at once: one system call and not one for each.
/// Others gain more from connections that work side by side.
const QUICK: Duration = Duration::from_millis(1);
/// Reads that take no more than this on average go over one connection, as long as they come from one thread: what is
/// behind another mostly waits for less time than it takes to wake a second connection.
const PROMPT: Duration = Duration::from_micros(100);
/// How many reads are sent over one connection behind each other, before it is known what several cost the server and
/// afterwards.
const DEPTHS: (u32, u32) = (32, 256);

/// How long reads take, as nobody needs to know exactly.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// In the server, in nanoseconds: a mean in which the last ones weigh most.
    typical: u64,
    /// The shortest of those that were alone: the way to the server and back.
    shortest: u64,
    /// Whether several were answered that were under way at once.
    is_known: bool,
}

/// A connection is watched.
pub(super) struct Watched {
    since: Instant,
    /// How many reads were answered before.
    before: u64,
    /// Whose reads they are, and for how long it had been busy.
    worker: Option<(Worker, Duration)>,
}

/// A thread of a runtime.
struct Worker {
    metrics: RuntimeMetrics,
    index: usize,
}

impl Worker {
    /// This thread, if it is one.
    fn current() -> Option<Self> {
        let index = worker_index()?;
        Some(Self { metrics: Handle::try_current().ok()?.metrics(), index })
    }

    /// How long it has worked on tasks. It is told in steps, of some tens of tasks while there are always more.
    fn busy(&self) -> Duration {
        self.metrics.worker_total_busy_duration(self.index)
    }
}

impl Watched {
    /// From now on, by the thread that sends a read.
    pub(super) fn start(answered: u64) -> Self {
        let worker = Worker::current().map(|worker| {
            let busy = worker.busy();
            (worker, busy)
        });
        Self { since: Instant::now(), before: answered, worker }
    }

    /// How many reads were answered since then.
    pub(super) fn answers(&self, answered: u64) -> u64 {
        answered - self.before
    }

    /// How long the thread has waited since then.
    pub(super) fn waited(&self) -> Duration {
        let busy = self.worker.as_ref().map(|(worker, before)| worker.busy().saturating_sub(*before));
        self.since.elapsed().saturating_sub(busy.unwrap_or_default())
    }

    /// Whether it was for long enough: also if the first few were slow already, so that those that are sent behind them are
    /// few.
    pub(super) fn is_enough(&self, answered: u64) -> bool {
        is_enough(self.answers(answered), || self.waited())
    }
}

fn is_enough(answers: u64, waited: impl FnOnce() -> Duration) -> bool {
    answers >= MANY || answers.is_multiple_of(SOME) && waited() > PROMPT.saturating_mul(answers as u32)
}

impl Pace {
    /// So many reads were answered within this time.
    pub(super) fn took(&mut self, time: Duration, reads: u64) {
        let took = time.as_nanos() as u64;
        if reads <= 1 {
            // It rises slowly, so that a way that has become longer is noticed.
            let rising = self.shortest + self.shortest / 64;
            self.shortest = if self.shortest == 0 { took } else { took.min(rising) };
        }
        let several = reads >= SOME;
        self.is_known |= several;
        let way = if several { 0 } else { self.shortest };
        let each = took.saturating_sub(way) / reads.max(1);
        let weight = if reads <= 1 { ALONE } else { SEVERAL };
        self.typical = (self.typical * (weight - 1) + each) / weight;
    }

    /// How many reads are sent over one connection before another one is looked for.
    pub(super) fn depth(&self) -> u32 {
        if self.is_known { DEPTHS.1 } else { DEPTHS.0 }
    }

    /// Whether reads that are asked at once shall leave together.
    pub(super) fn is_quick(&self) -> bool {
        self.typical < QUICK.as_nanos() as u64
    }

    /// Whether reads shall go over one connection.
    pub(super) fn is_prompt(&self) -> bool {
        self.typical < PROMPT.as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(samples: &[(u64, u64)]) -> Pace {
        let mut pace = Pace::default();
        for (micros, reads) in samples {
            pace.took(Duration::from_micros(*micros), *reads);
        }
        pace
    }

    #[test]
    fn the_way_to_the_server_is_not_the_servers_work() {
        let far = paced(&[(30_000, 1); 20]);
        assert!(far.is_prompt() && far.is_quick());
        // Several at once come back hardly later than one.
        let far = paced(&[(30_000, 1), (31_000, 1), (31_500, 7), (30_900, 2)]);
        assert!(far.is_prompt() && far.is_quick());
    }

    #[test]
    fn what_the_server_works_on_is_noticed_as_soon_as_reads_wait_for_each_other() {
        // Alone, a slow query looks like a long way.
        let mut slow = paced(&[(5_000, 1); 20]);
        assert!(slow.is_prompt());
        slow.took(Duration::from_micros(15_000), 3);
        assert!(!slow.is_prompt() && slow.is_quick());
        for _ in 0..2 {
            slow.took(Duration::from_micros(320_000), 64);
        }
        assert!(!slow.is_quick());
    }

    #[test]
    fn slow_reads_that_were_told_apart_are_not_forgotten_at_once() {
        // Side by side each is alone on its connection, and looks like a long way again.
        let mut slow = paced(&[(5_000, 1); 20]);
        slow.took(Duration::from_micros(40_000), 8);
        for _ in 0..50 {
            assert!(!slow.is_prompt());
            slow.took(Duration::from_micros(5_000), 1);
        }
    }

    #[test]
    fn few_answers_that_were_slow_are_enough() {
        assert!(is_enough(MANY, || Duration::ZERO));
        let slow = PROMPT * SOME as u32;
        assert!(!is_enough(SOME, || slow) && !is_enough(SOME - 1, || slow * 2));
        assert!(is_enough(SOME, || slow + Duration::from_nanos(1)));
    }

    #[test]
    fn a_thread_that_works_waits_for_nobody() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (busy, idle) = (Duration::from_millis(30), Duration::from_millis(40));
        let metrics = runtime.metrics();
        runtime.block_on(async {
            let task = tokio::spawn(async move {
                let watched = Watched::start(7);
                std::thread::sleep(busy);
                let (wake, woken) = tokio::sync::oneshot::channel();
                let parked = metrics.worker_park_count(0);
                std::thread::spawn(move || {
                    // From then on it works on nothing.
                    while metrics.worker_park_count(0) == parked {
                        std::thread::yield_now();
                    }
                    std::thread::sleep(idle);
                    wake.send(()).unwrap();
                });
                woken.await.unwrap();
                let waited = watched.waited();
                (watched.since.elapsed(), waited, watched.answers(9))
            });
            let (all, waited, answers) = task.await.unwrap();
            assert!(waited >= idle && waited <= all - busy, "{waited:?} of {all:?}");
            assert_eq!(answers, 2);
        });
    }

    #[test]
    fn a_thread_of_no_runtime_is_taken_for_one_that_waits() {
        let watched = Watched::start(0);
        let before = watched.since.elapsed();
        assert!(watched.worker.is_none() && watched.waited() >= before);
    }

    #[test]
    fn many_short_reads_are_prompt_whatever_the_way() {
        let near = paced(&[(60, 1), (1_300, 64), (1_250, 64)]);
        assert!(near.is_prompt());
        let far = paced(&[(1_000, 1), (2_400, 64), (1_700, 20)]);
        assert!(far.is_prompt());
    }

    #[test]
    fn few_share_a_connection_until_it_is_known_what_several_cost() {
        assert_eq!(paced(&[(60, 1), (200, 7)]).depth(), 32);
        assert_eq!(paced(&[(60, 1), (200, 8), (60, 1)]).depth(), 256);
    }

    #[test]
    fn a_way_that_became_longer_is_learnt() {
        let mut pace = paced(&[(100, 1); 8]);
        for _ in 0..400 {
            pace.took(Duration::from_micros(5_000), 1);
        }
        assert!(pace.is_prompt());
        assert_eq!(pace.shortest, 5_000_000);
    }
}
