//! [`Share`]: memory for what is on its way to clients.
//!
//! Of a response that a client does not read, something is held all the same: what was made or read ahead of it, and what
//! was handed over to be written. A thousand such clients must not cost hundreds of megabytes. So whoever holds a part of a
//! response takes a share of [`POOL`] for it, which is the smaller the less is left: a few clients get large pieces,
//! which cost few steps, and many get small ones. Nobody waits for a share; each gets the least that makes sense.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;

/// How much is held, of all responses of the process, before shares become as small as they get.
pub const POOL: usize = 8 * 1024 * 1024;

/// Which part of what is left a share may be.
const PART: usize = 32;

/// How much is held.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// A part of the memory that responses may take on their way; it is given back when this is dropped.
#[derive(Debug, Default)]
pub struct Share(usize);

impl Share {
    /// As much as is wanted, or, the less is left, less; at least `least` of it.
    #[must_use]
    pub fn of(wanted: usize, least: usize) -> Self {
        let mut share = Self::default();
        share.grow(wanted, least);
        share
    }

    /// The same for what could be done without: `None` if less than a quarter is left.
    #[must_use]
    pub fn to_spare(wanted: usize, least: usize) -> Option<Self> {
        Self::is_to_spare().then(|| Self::of(wanted, least))
    }

    /// Whether there is memory for what could be done without: at least a quarter is left.
    #[must_use]
    pub fn is_to_spare() -> bool {
        HELD.load(Relaxed) <= POOL / 4 * 3
    }

    /// Becomes as large as a new one would be, if that is larger.
    pub fn grow(&mut self, wanted: usize, least: usize) {
        let left = POOL.saturating_sub(HELD.load(Relaxed));
        let new = wanted.min((left / PART).max(least));
        if new > self.0 {
            HELD.fetch_add(new - self.0, Relaxed);
            self.0 = new;
        }
    }

    /// In bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0
    }

    /// Holds these bytes: the share is given back when the last part of them is gone.
    #[must_use]
    pub fn hold(self, content: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        Bytes::from_owner(Holding { content, _share: self })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.0 > 0 {
            HELD.fetch_sub(self.0, Relaxed);
        }
    }
}

struct Holding<T> {
    content: T,
    _share: Share,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Holding<T> {
    fn as_ref(&self) -> &[u8] {
        self.content.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test, since there is one pool.
    #[test]
    fn shares_are_smaller_the_less_is_left_and_come_back() {
        const LEAST: usize = 2048;
        let first = Share::of(64 * 1024, LEAST);
        assert_eq!(first.size(), 64 * 1024);
        let mut shares: Vec<Share> = Vec::new();
        while shares.last().is_none_or(|last| last.size() > LEAST) {
            let next = Share::of(usize::MAX, LEAST);
            assert!(shares.last().is_none_or(|last| last.size() >= next.size()));
            shares.push(next);
        }
        assert!(HELD.load(Relaxed) <= POOL + LEAST);
        assert_eq!(Share::of(100, LEAST).size(), 100, "no more than is wanted");
        shares.push(Share(POOL));
        HELD.fetch_add(POOL, Relaxed);
        assert!(Share::to_spare(1, 1).is_none() && !Share::is_to_spare());
        let mut kept = Share::of(10_000, LEAST);
        assert_eq!(kept.size(), LEAST, "the least is always there");
        drop(shares);
        assert!(Share::to_spare(1, 1).is_some());
        kept.grow(10_000, LEAST);
        kept.grow(1_000, LEAST);
        assert_eq!(kept.size(), 10_000);
        drop(first);
        let mut content = kept.hold(vec![7; 10_000]);
        let part = content.split_to(10);
        drop(content);
        assert_eq!((part.len(), HELD.load(Relaxed)), (10, 10_000), "a part holds all of it");
        drop(part);
        assert_eq!(HELD.load(Relaxed), 0);
    }
}
