//! [`Retry`]: how often a transaction is run again, and how long after.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::TransactionOptions;

/// How often [`Repo::transaction_retry`](crate::Repo::transaction_retry) tries, and with which pauses.
///
/// ```
/// use std::time::Duration;
/// use zzz_db::{Isolation, Retry};
///
/// let patient = Retry::from(Isolation::Serializable).attempts(10).pauses(Duration::from_millis(5), Duration::from_secs(2));
/// # let _ = patient;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub(super) options: TransactionOptions,
    pub(super) attempts: u32,
    first: Duration,
    longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Into<TransactionOptions>> From<T> for Retry {
    fn from(options: T) -> Self {
        Self { options: options.into(), ..Self::new() }
    }
}

impl Retry {
    /// Five tries, with pauses of up to 10 ms, 20 ms, 40 ms and 80 ms, at the database's own level.
    #[must_use]
    pub fn new() -> Self {
        Self {
            options: TransactionOptions::new(),
            attempts: 5,
            first: Duration::from_millis(10),
            longest: Duration::from_secs(1),
        }
    }

    /// How often it is tried in all; 1 is once, and so is 0. The default is 5.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The longest that the first pause can be, and the longest that any can be: each may be twice as long as the one
    /// before, and how long it is, between half of that and the whole, is left to chance, so that those who met do not
    /// meet again. The defaults are 10 ms and a second.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first, self.longest) = (first, longest);
        self
    }

    /// How long to wait after this try, the first being 1.
    pub(super) fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        // Each of these is seeded by chance; nothing depends on how good it is.
        let chance = RandomState::new().hash_one(attempt) as u32;
        whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_and_differ() {
        let millis = Duration::from_millis;
        let retry = Retry::new().pauses(millis(10), millis(50));
        for (attempt, longest) in [(1, 10), (2, 20), (3, 40), (4, 50), (5, 50), (u32::MAX, 50)] {
            let pause = retry.pause_after(attempt);
            assert!(pause >= millis(longest) / 2 && pause <= millis(longest), "{attempt}: {pause:?}");
        }
        let pauses: Vec<Duration> = (0..20).map(|_| retry.pause_after(1)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
