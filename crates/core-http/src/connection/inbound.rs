//! [`Inbound`]: where heads and bodies end in what comes, so that each head is seen as it came.
//!
//! hyper takes heads and bodies out of its buffer and does not say how far it has come. But it dispatches every head,
//! one after the other, and says how long the body is: with that, what came and was not taken yet is known to the byte.
//! By far the most heads come as one segment that is nothing else; of these only the lines are counted. Any other is
//! looked through as it comes. A copy is kept only of what comes behind its end, until it is dispatched: hyper takes a
//! head that is whole before it reads again, so that is less than one read.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chunks::{Chunks, Progress};
use super::raw_head::{self, RawHead, Scan};

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
/// The next head has come in part, or with something behind it, which is kept.
const SCANNED: u8 = 2;
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
    scan: Scan,
    /// What the head that was scanned to its end is; `None` within that if it leaves a doubt.
    head: Option<Option<RawHead>>,
    /// What came behind its end.
    bytes: Vec<u8>,
    /// Where that begins.
    start: usize,
    chunks: Chunks,
}

impl Kept {
    /// Goes on with the next head, and keeps what is behind it.
    fn came(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.head.is_none() {
            if self.scan.is_before_head() {
                rest = self.after_empty_lines(rest);
            }
            match self.scan.came(rest) {
                None => rest = &[],
                Some(end) => {
                    self.head = Some(self.scan.head());
                    rest = &rest[end..];
                }
            }
        }
        if !rest.is_empty() {
            self.bytes.drain(..self.start);
            self.start = 0;
            self.bytes.extend_from_slice(rest);
        }
    }

    /// Passes over empty lines before a head (RFC 9112, 2.2).
    fn after_empty_lines<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        if self.scan.length() == 1 && bytes.first() == Some(&b'\n') {
            self.scan = Scan::default();
            bytes = &bytes[1..];
        }
        while self.scan.length() == 0
            && let Some(rest) = bytes.strip_prefix(b"\r\n")
        {
            bytes = rest;
        }
        bytes
    }

    /// Whether nothing of a head is here, and nothing is kept.
    fn is_empty(&self) -> bool {
        self.head.is_none() && self.scan.length() == 0
    }
}

impl Inbound {
    /// Whether nothing was there, and this is one head and nothing else. If not, [`came`](Self::came) has to be told.
    #[inline(always)]
    pub(super) fn came_alone(&self, bytes: &[u8]) -> bool {
        if self.at.load(Relaxed) != NOTHING {
            return false;
        }
        let Some(fields) = raw_head::sole(bytes) else { return false };
        self.number.store((bytes.len() as u64) << 32 | u64::from(fields), Relaxed);
        self.at.store(SOLE, Relaxed);
        true
    }

    /// Bytes came. If they should be chunks and are none, and hyper may take them for chunks, this is the place of the first
    /// that shows it: it stands in a size or an extension.
    #[cold]
    pub(super) fn came(&self, bytes: &[u8]) -> Option<usize> {
        match self.at.load(Relaxed) {
            NOTHING | SCANNED => self.head_came(&mut self.kept(), bytes),
            BODY => self.body_came(&mut self.kept(), bytes),
            CHUNKS => return self.chunks_came(&mut self.kept(), bytes).err().flatten(),
            // hyper takes a head that is whole before it reads again.
            _ => self.lose(),
        }
        None
    }

    /// Whether a part of the next head has come, or all of it. An empty line before it is none (RFC 9112, 2.2).
    #[inline]
    pub(super) fn has_head_begun(&self) -> bool {
        self.at.load(Relaxed) != NOTHING && self.has_head_begun_after_all()
    }

    #[inline(never)]
    fn has_head_begun_after_all(&self) -> bool {
        match self.at.load(Relaxed) {
            SOLE => true,
            SCANNED => {
                let kept = self.kept();
                kept.head.is_some() || !kept.scan.is_before_head()
            }
            _ => false,
        }
    }

    /// Whether nothing of the next head has come, not even a part of an empty line before it.
    pub(super) fn is_empty(&self) -> bool {
        self.at.load(Relaxed) == NOTHING
    }

    /// Whether the end of the last head's body has not come.
    pub(super) fn is_body_coming(&self) -> bool {
        matches!(self.at.load(Relaxed), BODY | CHUNKS | LOST)
    }

    /// How much of the next head has come, and of what is behind it: hyper has as much in its buffer.
    pub(super) fn begun_length(&self) -> u64 {
        if self.at.load(Relaxed) != SCANNED {
            return 0;
        }
        let kept = self.kept();
        (kept.scan.length() + kept.bytes.len() - kept.start) as u64
    }

    /// A head with so many fields was dispatched. How long it was as it came; `None` if it leaves a doubt about where its
    /// body ends, or if what came of that is none, and then no other is taken.
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
            SCANNED => {
                kept.head.flatten().filter(|head| head.fields == fields).map(|head| head.length as u64)
            }
            // The body of the last one has not ended.
            _ => None,
        };
        let Some(length) = length else {
            drop(kept);
            self.lose();
            return None;
        };
        let Kept { bytes, start, .. } = std::mem::take(&mut *kept);
        let behind = &bytes[start..];
        self.at.store(NOTHING, Relaxed);
        match body {
            Framing::Empty if behind.is_empty() => {}
            Framing::Empty => {
                // The next head lies in what is kept, which is moved only when it is added to: a pipeline may be long.
                let mut next = Kept::default();
                let rest = next.after_empty_lines(behind);
                next.start = bytes.len() - rest.len();
                match next.scan.came(rest) {
                    None => next.start = bytes.len(),
                    Some(end) => {
                        next.head = Some(next.scan.head());
                        next.start += end;
                    }
                }
                if !next.is_empty() {
                    if next.start < bytes.len() {
                        next.bytes = bytes;
                    } else {
                        next.start = 0;
                    }
                    self.at.store(SCANNED, Relaxed);
                    *kept = next;
                }
            }
            Framing::Length(length) => {
                self.number.store(length, Relaxed);
                self.at.store(BODY, Relaxed);
                self.body_came(&mut kept, behind);
            }
            Framing::Chunked => {
                self.at.store(CHUNKS, Relaxed);
                self.chunks_came(&mut kept, behind).ok()?;
            }
        }
        Some(length)
    }

    fn body_came(&self, kept: &mut Kept, bytes: &[u8]) {
        let left = self.number.load(Relaxed);
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.number.store(left - taken as u64, Relaxed);
        if left == taken as u64 {
            self.head_came(kept, &bytes[taken..]);
        }
    }

    /// An error is where they are no chunks, if hyper may not see it.
    fn chunks_came(&self, kept: &mut Kept, bytes: &[u8]) -> Result<(), Option<usize>> {
        match kept.chunks.came(bytes) {
            Progress::More => {}
            Progress::Ended(at) => self.head_came(kept, &bytes[at..]),
            Progress::Invalid(at) => {
                self.at.store(LOST, Relaxed);
                return Err(at);
            }
        }
        Ok(())
    }

    /// A part of the next head came, and perhaps what is behind it.
    fn head_came(&self, kept: &mut Kept, bytes: &[u8]) {
        kept.came(bytes);
        self.at.store(if kept.is_empty() { NOTHING } else { SCANNED }, Relaxed);
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
