//! [`RawHead`]: the bytes of a head as they came, for what hyper's parser hides.
//!
//! hyper drops a `Content-Length` beside a `Transfer-Encoding`, merges two that agree, and takes a line that ends with
//! a bare LF. Each of these is read in another way by some proxy, which makes it the stuff of smugglers. The heads of
//! GET and HEAD, which have no body that may come in chunks, are kept only if there is a bare LF in what came.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
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
    /// The last byte of what came and is not kept.
    last: AtomicU8,
    bytes: Mutex<Vec<u8>>,
}

impl RawHead {
    /// The first bytes of a head came.
    #[inline]
    pub(super) fn begin(&self, bytes: &[u8]) {
        if !matches!(bytes.first(), Some(b'G' | b'H')) || has_bare_lf(0, bytes) {
            self.keep(bytes, true);
        } else if let Some(last) = bytes.last() {
            self.last.store(*last, Relaxed);
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
            _ => {
                let last = self.last.load(Relaxed);
                if has_bare_lf(last, bytes) {
                    self.keep(&[last], true);
                    self.keep(bytes, false);
                } else if let Some(last) = bytes.last() {
                    self.last.store(*last, Relaxed);
                }
            }
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

    /// What came behind a head that was complete is the beginning of the next.
    #[cold]
    pub(super) fn put_back(&self, bytes: &[u8]) {
        self.keep(bytes, true);
    }

    #[cold]
    fn take_kept(&self) -> Vec<u8> {
        self.keeping.store(NO, Relaxed);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long a head is that leaves no doubt about where its body ends: each line ends with CRLF, and there is one length
/// at most. `None` if there is doubt.
pub(super) fn unambiguous(bytes: &[u8]) -> Option<usize> {
    let mut lengths = 0;
    let mut rest = bytes;
    // Empty lines before a request are allowed (RFC 9112, 2.2).
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        rest = after;
    }
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = rest[..end].strip_suffix(b"\r")?;
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let name = memchr::memchr(b':', line).map_or(line, |colon| &line[..colon]);
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding") {
            lengths += 1;
            if lengths > 1 {
                return None;
            }
        }
    }
    Some(bytes.len() - rest.len())
}

/// Whether there is an LF without a CR before it; `before` is what came before.
#[inline]
fn has_bare_lf(before: u8, bytes: &[u8]) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    if *first == b'\n' && before != b'\r' {
        return true;
    }
    // Two views of the same bytes, one apart, which the compiler compares a register at a time.
    let previous = &bytes[..rest.len()];
    let mut bare = [0; BLOCK];
    for (before, these) in previous.as_chunks().0.iter().zip(rest.as_chunks().0) {
        compare(before, these, &mut bare);
    }
    match (previous.last_chunk(), rest.last_chunk()) {
        // The last block overlaps the one before.
        (Some(before), Some(these)) => compare(before, these, &mut bare),
        _ => return previous.iter().zip(rest).any(|(before, byte)| *byte == b'\n' && *before != b'\r'),
    }
    u128::from_ne_bytes(bare) != 0
}

/// As long as a register is everywhere.
const BLOCK: usize = 16;

#[inline(always)]
fn compare(before: &[u8; BLOCK], these: &[u8; BLOCK], bare: &mut [u8; BLOCK]) {
    for at in 0..BLOCK {
        bare[at] |= u8::from(these[at] == b'\n') & u8::from(before[at] != b'\r');
    }
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
            assert_eq!(unambiguous(head.as_bytes()).is_some(), clear, "{head:?}");
        }
    }

    #[test]
    fn says_where_a_head_ends() {
        assert_eq!(unambiguous(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET"), Some(27));
        assert_eq!(unambiguous(b"GET / HTTP/1.1\r\nhost"), Some(16), "of what is there");
    }

    #[test]
    fn finds_a_bare_lf_wherever_it_is() {
        for length in 1..70 {
            let clean = [b"\r\n".repeat(length / 2), b"x".repeat(length % 2)].concat();
            assert!(!has_bare_lf(0, &clean), "{length}");
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'\n';
                assert!(has_bare_lf(0, &bytes), "at {at} of {length}");
                let after_cr = has_bare_lf(b'\r', &bytes);
                assert_eq!(after_cr, at > 0, "at {at} of {length}");
            }
        }
    }

    #[test]
    fn keeps_a_get_from_its_first_bare_lf_on() {
        let head = RawHead::default();
        head.begin(b"GET / HTTP/1.1\nhost: x\r\n\r\n");
        assert_eq!(unambiguous(&head.take().unwrap()), None);
        head.begin(b"GET / HTTP/1.1\r");
        head.more(b"\nhost: x");
        assert_eq!(head.take(), None);
        head.begin(b"GET / HTTP/1.1");
        head.more(b"\nhost: x");
        assert_eq!(unambiguous(&head.take().unwrap()), None);
        head.begin(b"GET / HTTP/1.1\r");
        head.more(b"\nhost: x\na: b\r\n\r\n");
        assert_eq!(unambiguous(&head.take().unwrap()), None);
        head.put_back(b"GE");
        head.more(b"T");
        assert_eq!(head.take().unwrap(), b"GET");
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
