//! [`RawHead`]: the bytes of a head as they came, for what hyper's parser hides.
//!
//! hyper drops a `Content-Length` beside a `Transfer-Encoding`, merges two that agree, and takes a line that ends with
//! a bare LF. Each of these is read in another way by some proxy, which makes it the stuff of smugglers. The heads of
//! GET and HEAD, which have a body next to never, are not kept; of those, only the line ends are counted.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// No head that is kept is longer; of one that is, hyper's own checks have to do.
const LONGEST: usize = 64 * 1024;

const NO: u8 = 0;
const YES: u8 = 1;
/// The head has begun to come, and its first bytes will be seen.
const EXPECTED: u8 = 2;

/// The bytes of the head that is coming, if they are kept.
#[derive(Default)]
pub(super) struct RawHead {
    keeping: AtomicU8,
    bytes: Mutex<Vec<u8>>,
}

impl RawHead {
    /// The first bytes of a head came.
    #[inline]
    pub(super) fn begin(&self, bytes: &[u8]) {
        if !matches!(bytes.first(), Some(b'G' | b'H')) {
            self.keep(bytes, true);
        }
    }

    /// A head has begun to come, and whoever holds it back will show it from its beginning.
    #[cfg(feature = "http2")]
    pub(super) fn expect(&self) {
        self.keeping.store(EXPECTED, Relaxed);
    }

    /// More of it came.
    pub(super) fn more(&self, bytes: &[u8]) {
        match self.keeping.load(Relaxed) {
            YES => self.keep(bytes, false),
            EXPECTED => self.begin(bytes),
            _ => {}
        }
    }

    #[cold]
    fn keep(&self, bytes: &[u8], first: bool) {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if first {
            kept.clear();
        }
        let keeping = kept.len() + bytes.len() <= LONGEST;
        self.keeping.store(if keeping { YES } else { NO }, Relaxed);
        if keeping {
            kept.extend_from_slice(bytes);
        }
    }

    /// What was kept of the head that is complete now; behind it may be a part of the body.
    #[inline]
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        (self.keeping.load(Relaxed) == YES).then(|| self.take_kept())
    }

    #[cold]
    fn take_kept(&self) -> Vec<u8> {
        self.keeping.store(NO, Relaxed);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many more LF than CR came in heads without a body. hyper refuses a CR that no LF follows, so more LF than CR is
/// a line that ends with a bare LF.
#[derive(Default)]
pub(super) struct LineEnds(AtomicI64);

impl LineEnds {
    /// The first bytes of a head came.
    #[inline]
    pub(super) fn begin(&self, bytes: &[u8]) {
        self.0.store(surplus(bytes), Relaxed);
    }

    /// More of it came, or of the next one.
    pub(super) fn more(&self, bytes: &[u8]) {
        self.0.store(self.0.load(Relaxed).saturating_add(surplus(bytes)), Relaxed);
    }

    /// What came was a body in part, whose lines may end as they like.
    pub(super) fn forget(&self) {
        self.0.store(0, Relaxed);
    }

    /// Whether a line ends with a bare LF. A CR whose LF has not come yet may hide one until the next request.
    #[inline]
    pub(super) fn are_bare(&self) -> bool {
        self.0.load(Relaxed) > 0
    }
}

/// How many bytes are looked at in one step.
const LANES: usize = 16;

/// How many more LF than CR there are. Every request pays for this, so it is written for the compiler to make vector
/// instructions of it: sixteen sums, of which each grows by one at most in a step.
fn surplus(bytes: &[u8]) -> i64 {
    /// A sum has room for 127 steps.
    const BLOCK: usize = 127 * LANES;
    bytes.chunks(BLOCK).map(|block| i64::from(surplus_of_block(block))).sum()
}

#[inline]
fn surplus_of_block(block: &[u8]) -> i32 {
    let one = |byte: u8| i8::from(byte == b'\n') - i8::from(byte == b'\r');
    let (steps, rest) = block.as_chunks::<LANES>();
    let mut sums = [0_i8; LANES];
    for step in steps {
        for (sum, byte) in sums.iter_mut().zip(step) {
            *sum += one(*byte);
        }
    }
    // What is left is less than a step. Together with bytes that were seen before it is one, whose first lanes do not
    // count.
    match block.last_chunk::<LANES>() {
        Some(last) => {
            const COUNTED: [i8; 2 * LANES] = {
                let mut counted = [0; 2 * LANES];
                let mut at = LANES;
                while at < 2 * LANES {
                    counted[at] = -1;
                    at += 1;
                }
                counted
            };
            for (lane, (sum, byte)) in sums.iter_mut().zip(last).enumerate() {
                *sum += one(*byte) & COUNTED[rest.len() % LANES + lane];
            }
            sums.iter().map(|sum| i32::from(*sum)).sum()
        }
        None => rest.iter().map(|byte| i32::from(one(*byte))).sum(),
    }
}

/// Whether a head leaves no doubt about where its body ends: each line ends with CRLF, and there is one length at most.
pub(super) fn is_unambiguous(bytes: &[u8]) -> bool {
    let mut lengths = 0;
    let mut rest = bytes;
    // Empty lines before a request are allowed (RFC 9112, 2.2).
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        rest = after;
    }
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let Some(line) = rest[..end].strip_suffix(b"\r") else { return false };
        if line.is_empty() {
            return true;
        }
        let name = memchr::memchr(b':', line).map_or(line, |colon| &line[..colon]);
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding") {
            lengths += 1;
            if lengths > 1 {
                return false;
            }
        }
        rest = &rest[end + 1..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_two_lengths_and_lines_without_an_end() {
        for (head, clear) in [
            ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello", true),
            ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
            ("\r\n\r\nPOST / HTTP/1.1\r\nhost: x\r\n\r\n", true),
            ("POST / HTTP/1.1\r\ncontent-length: 22\r\n\r\ncontent-length: 5\n\r\n\r\n", true),
            ("POST / HTTP/1.1\r\nx-content-length: 5\r\ncontent-length: 5\r\n\r\n", true),
            ("POST / HTTP/1.1\r\ncontent-length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nContent-Length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\nhost: x\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: x\ncontent-length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: x\r\n\n", false),
            ("POST / HTTP/1.1\r\nhost: x\n\n", false),
        ] {
            assert_eq!(is_unambiguous(head.as_bytes()), clear, "{head:?}");
        }
    }

    #[test]
    fn counts_in_whatever_length() {
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 2031, 2032, 2033, 2048, 5000] {
            let bytes: Vec<u8> = (0..length).map(|at| b"\n\rab\n\n"[at * at % 7 % 6]).collect();
            let count = |wanted| bytes.iter().filter(|byte| **byte == wanted).count() as i64;
            assert_eq!(surplus(&bytes), count(b'\n') - count(b'\r'), "{length}");
            assert_eq!(surplus(&vec![b'\n'; length]), length as i64);
        }
    }

    #[test]
    fn counts_line_ends_over_pieces_and_requests() {
        for (pieces, bare) in [
            (&["GET / HTTP/1.1\r\nhost: x\r\n\r\n"][..], false),
            (&["GET / HTTP/1.1\r", "\nhost: x\r\n\r", "\n"], false),
            (&["GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r"], false),
            (&["GET / HTTP/1.1\nhost: x\r\n\r\n"], true),
            (&["GET / HTTP/1.1\r\n", "host: x\r\n\n"], true),
            (&["GET / HTTP/1.1\r\n\nGET / HTTP/1.1\r", "\n\r\n"], true),
        ] {
            let ends = LineEnds::default();
            ends.begin(b"POST / HTTP/1.1\n\n");
            ends.begin(pieces[0].as_bytes());
            pieces[1..].iter().for_each(|piece| ends.more(piece.as_bytes()));
            assert_eq!(ends.are_bare(), bare, "{pieces:?}");
        }
    }

    #[test]
    fn keeps_what_came_for_one_head_however_it_came() {
        let head = RawHead::default();
        head.begin(b"GET / HTTP/1.1\r\n\r\n");
        assert_eq!(head.take(), None);
        head.begin(b"P");
        head.more(b"OST / HT");
        head.more(b"TP/1.1\r\n\r\n");
        assert_eq!(head.take().unwrap(), b"POST / HTTP/1.1\r\n\r\n");
        assert_eq!(head.take(), None);
        head.more(b"body");
        assert_eq!(head.take(), None);
        head.begin(b"PUT");
        head.more(&[b'x'; LONGEST]);
        assert_eq!(head.take(), None, "longer than any that is kept");
        head.begin(b"PUT");
        assert_eq!(head.take().unwrap(), b"PUT");
        #[cfg(feature = "http2")]
        for (first, kept) in [("PUT", true), ("GET", false)] {
            head.expect();
            head.more(first.as_bytes());
            assert_eq!(head.take().is_some(), kept, "{first}");
        }
    }
}
