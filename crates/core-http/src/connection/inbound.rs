//! [`Inbound`]: where heads and bodies end in what comes, so that each head is seen as it came.
//!
//! hyper takes heads and bodies out of its buffer and does not say how far it has come. But it dispatches every head,
//! one after the other, and says how long the body is: with that, what came and was not taken yet is known to the byte.
//! By far the most heads come as one segment that is nothing else; of these only the lines are counted. Of what comes in
//! any other way a copy is kept until its head is dispatched, which is as long as hyper has it in its own buffer, and
//! so is bounded by `max_head_size` and one read.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chunks::{Chunks, Progress};
use super::raw_head;

/// How the length of a request's body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// It has so many bytes.
    Length(u64),
    /// It says itself when it ends.
    Chunked,
}

/// Nothing of the next head came.
const NOTHING: u8 = 0;
/// A segment came that is one head and nothing else: `number` tells its length and its fields.
const SOLE: u8 = 1;
/// What came of the next head, and perhaps of what is behind it, is kept.
const KEPT: u8 = 2;
/// The body of the last head is coming, `number` bytes of it.
const BODY: u8 = 3;
/// The body of the last head is coming in chunks.
const CHUNKS: u8 = 4;
/// It is not known where the next head begins: none is taken any more.
const LOST: u8 = 5;

/// Where the bytes of a connection stand. Only the connection's own task uses it.
#[derive(Default)]
pub(super) struct Inbound {
    at: AtomicU8,
    number: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    /// Where what is still kept begins, which is always the beginning of a head.
    start: usize,
    chunks: Chunks,
}

impl Inbound {
    /// Whether nothing was there, and this is one head and nothing else. If not, [`came`](Self::came) has to be told.
    #[inline]
    pub(super) fn came_alone(&self, bytes: &[u8]) -> bool {
        if self.at.load(Relaxed) != NOTHING {
            return false;
        }
        let Some(fields) = raw_head::sole(bytes) else { return false };
        self.number.store((bytes.len() as u64) << 32 | u64::from(fields), Relaxed);
        self.at.store(SOLE, Relaxed);
        true
    }

    /// Bytes came.
    #[cold]
    pub(super) fn came(&self, bytes: &[u8]) {
        match self.at.load(Relaxed) {
            NOTHING | KEPT => self.keep(&mut self.kept(), bytes),
            BODY => self.body_came(&mut self.kept(), bytes),
            CHUNKS => self.chunks_came(&mut self.kept(), bytes),
            // hyper takes a head that is whole before it reads again.
            _ => self.lose(),
        }
    }

    /// Whether a part of the next head has come, or all of it. An empty line before it is none (RFC 9112, 2.2).
    pub(super) fn has_head_begun(&self) -> bool {
        match self.at.load(Relaxed) {
            SOLE => true,
            KEPT => {
                let kept = self.kept();
                kept.bytes[kept.start..] != *b"\r"
            }
            _ => false,
        }
    }

    /// A head with so many fields was dispatched. How long it was as it came; `None` if it leaves a doubt about where its
    /// body ends, and then no other is taken.
    #[inline]
    pub(super) fn dispatched(&self, fields: usize, body: Framing) -> Option<u64> {
        let number = self.number.load(Relaxed);
        // The low half is the number of fields.
        if self.at.load(Relaxed) != SOLE || number as u32 as usize != fields || body != Framing::Empty {
            return self.dispatched_otherwise(fields, body);
        }
        self.at.store(NOTHING, Relaxed);
        Some(number >> 32)
    }

    #[cold]
    fn dispatched_otherwise(&self, fields: usize, body: Framing) -> Option<u64> {
        let mut kept = self.kept();
        let number = self.number.load(Relaxed);
        let length = match self.at.load(Relaxed) {
            SOLE => (number as u32 as usize == fields).then_some(number >> 32),
            KEPT => raw_head::unambiguous(&kept.bytes[kept.start..])
                .filter(|head| head.fields == fields)
                .map(|head| head.length as u64),
            // The body of the last one has not ended.
            _ => None,
        };
        let Some(length) = length else {
            drop(kept);
            self.lose();
            return None;
        };
        let Kept { bytes, start, .. } = std::mem::take(&mut *kept);
        self.at.store(NOTHING, Relaxed);
        let behind = (start + usize::try_from(length).unwrap_or(usize::MAX)).min(bytes.len());
        match body {
            Framing::Empty => {
                // Moved only when it is added to: a pipeline may be long.
                kept.start = behind;
                kept.bytes = bytes;
                self.skip_empty_lines(&mut kept);
            }
            Framing::Length(length) => {
                self.number.store(length, Relaxed);
                self.at.store(BODY, Relaxed);
                self.body_came(&mut kept, &bytes[behind..]);
            }
            Framing::Chunked => {
                self.at.store(CHUNKS, Relaxed);
                self.chunks_came(&mut kept, &bytes[behind..]);
            }
        }
        Some(length)
    }

    fn body_came(&self, kept: &mut Kept, bytes: &[u8]) {
        let left = self.number.load(Relaxed);
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.number.store(left - taken as u64, Relaxed);
        if left == taken as u64 {
            self.keep(kept, &bytes[taken..]);
        }
    }

    fn chunks_came(&self, kept: &mut Kept, bytes: &[u8]) {
        match kept.chunks.came(bytes) {
            Progress::More => {}
            Progress::Ended(at) => self.keep(kept, &bytes[at..]),
            Progress::Invalid => self.at.store(LOST, Relaxed),
        }
    }

    /// Keeps what belongs to the next head and what is behind it.
    fn keep(&self, kept: &mut Kept, bytes: &[u8]) {
        kept.bytes.drain(..kept.start);
        kept.start = 0;
        kept.bytes.extend_from_slice(bytes);
        self.skip_empty_lines(kept);
    }

    /// Forgets empty lines before a head, and sees whether there is anything else.
    fn skip_empty_lines(&self, kept: &mut Kept) {
        while kept.bytes[kept.start..].starts_with(b"\r\n") {
            kept.start += 2;
        }
        let is_empty = kept.start == kept.bytes.len();
        if is_empty {
            *kept = Kept::default();
        }
        self.at.store(if is_empty { NOTHING } else { KEPT }, Relaxed);
    }

    /// Takes no head any more, and forgets what is kept: what comes is not HTTP, or nobody knows what it is.
    #[cold]
    pub(super) fn lose(&self) {
        self.at.store(LOST, Relaxed);
        *self.kept() = Kept::default();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
