//! Heads as they came, for what hyper's parser hides.
//!
//! hyper drops a `Content-Length` beside a `Transfer-Encoding`, merges two that agree, and takes a line that ends with
//! a bare LF. Each of these is read in another way by some proxy, which makes it the stuff of smugglers. What hyper drops
//! is missing among the fields that it passes on, so their number tells.

/// A head that leaves no doubt about where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawHead {
    /// In bytes, with its empty line.
    pub(super) length: usize,
    /// How many lines there are between the first and the empty one.
    pub(super) fields: usize,
}

/// Looks through a head that comes in any number of pieces, and keeps nothing of it but the beginning of a line.
#[derive(Debug, Default)]
pub(super) struct Scan {
    length: usize,
    /// How many lines were complete.
    lines: usize,
    /// How many of them say how long the body is.
    lengths: usize,
    /// How the line that is coming begins, and how long it is by now.
    begin: [u8; LONGEST_NAME + 1],
    line: usize,
    /// Whether its last byte is a CR.
    cr: bool,
    doubt: bool,
}

/// `transfer-encoding`
const LONGEST_NAME: usize = 17;

impl Scan {
    /// More of a head came, and perhaps what is behind it. How many of these bytes are the head's, if it ends with them.
    pub(super) fn came(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line_goes_on(&rest[..end]);
            rest = &rest[end + 1..];
            self.length += 1;
            let is_empty = self.cr && self.line == 1;
            self.line_ends(is_empty);
            if is_empty {
                return Some(bytes.len() - rest.len());
            }
        }
        self.line_goes_on(rest);
        None
    }

    fn line_goes_on(&mut self, bytes: &[u8]) {
        if let Some(place) = self.begin.get_mut(self.line..) {
            let short = place.len().min(bytes.len());
            place[..short].copy_from_slice(&bytes[..short]);
        }
        self.cr = bytes.last().map_or(self.cr, |last| *last == b'\r');
        self.line += bytes.len();
        self.length += bytes.len();
    }

    fn line_ends(&mut self, is_empty: bool) {
        // A head begins with a line that is not empty, and each ends with CRLF.
        self.doubt |= !self.cr || is_empty && self.lines == 0;
        if !is_empty {
            self.lines += 1;
            let begin = &self.begin[..self.line.min(self.begin.len())];
            let name = &begin[..memchr::memchr(b':', begin).unwrap_or(0)];
            if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
            {
                self.lengths += 1;
                self.doubt |= self.lengths > 1;
            }
        }
        (self.line, self.cr) = (0, false);
    }

    /// How much of the head has come.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Whether nothing of a head has come, or no more than half an empty line.
    pub(super) fn is_before_head(&self) -> bool {
        self.lines == 0 && (self.line == 0 || self.line == 1 && self.cr)
    }

    /// The head, when it has ended, if it leaves no doubt: each line ends with CRLF, and there is one length at most.
    pub(super) fn head(&self) -> Option<RawHead> {
        (!self.doubt).then_some(RawHead { length: self.length, fields: self.lines.checked_sub(1)? })
    }
}

/// How many fields these bytes have, if they are one head and nothing else, and each of its lines ends with CRLF. Of a
/// head that is very short or long this is not found out.
#[inline(always)]
pub(super) fn sole(bytes: &[u8]) -> Option<u32> {
    // With the empty line at the end cut off, an LF must be behind a CR, and none may be two before it. The first two
    // bytes are none: an empty line before the head is not counted here.
    let lines = bytes.strip_suffix(b"\r\n")?;
    let [begin, next, rest @ ..] = lines else { return None };
    let count = rest.len();
    if *begin <= b' ' || *next <= b' ' || !(BLOCK..=LONGEST).contains(&count) || !lines.ends_with(b"\r\n") {
        return None;
    }
    // Three views of the same bytes, one apart each, which the compiler compares a register at a time.
    let (first, second) = (&lines[..count], &lines[1..=count]);
    let (mut bad, mut ends) = ([0; BLOCK], [0; BLOCK]);
    let blocks = first.as_chunks().0.iter().zip(second.as_chunks().0).zip(rest.as_chunks().0);
    for ((first, second), third) in blocks {
        compare(first, second, third, &mut bad, &mut ends);
    }
    // The last block overlaps the one before, of which nothing is counted again.
    let (first, second, third) = (first.last_chunk()?, second.last_chunk()?, rest.last_chunk()?);
    let mut last = [0; BLOCK];
    compare(first, second, third, &mut bad, &mut last);
    let counted: &[u8; BLOCK] = COUNTED[count % BLOCK..].first_chunk()?;
    for at in 0..BLOCK {
        ends[at] += last[at] & counted[at];
    }
    if u128::from_ne_bytes(bad) != 0 {
        return None;
    }
    let ends: u32 = ends.iter().map(|ends| u32::from(*ends)).sum();
    ends.checked_sub(1)
}

/// As long as a register is everywhere.
const BLOCK: usize = 16;

/// Of more blocks the line ends could not be counted in a byte each.
const LONGEST: usize = 255 * BLOCK;

/// From `n` on, the last `n` of a block are ones.
const COUNTED: [u8; 2 * BLOCK] = {
    let mut counted = [0; 2 * BLOCK];
    let mut at = BLOCK;
    while at < 2 * BLOCK {
        counted[at] = 1;
        at += 1;
    }
    counted
};

/// Notes where an LF is without a CR before it or with an LF two before it, and counts all.
#[inline(always)]
fn compare(
    first: &[u8; BLOCK],
    second: &[u8; BLOCK],
    third: &[u8; BLOCK],
    bad: &mut [u8; BLOCK],
    ends: &mut [u8; BLOCK],
) {
    for at in 0..BLOCK {
        let end = u8::from(third[at] == b'\n');
        bad[at] |= end & (u8::from(second[at] != b'\r') | u8::from(first[at] == b'\n'));
        ends[at] += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head that these bytes begin with, however they are cut.
    fn scan(bytes: &[u8]) -> Option<RawHead> {
        let whole = {
            let mut scan = Scan::default();
            scan.came(bytes).map(|end| (end, scan.head()))
        };
        for cut in 0..bytes.len() {
            let mut scan = Scan::default();
            let first = scan.came(&bytes[..cut]);
            let end = first.or_else(|| scan.came(&bytes[cut..]).map(|end| end + cut));
            assert_eq!(end.map(|end| (end, scan.head())), whole, "cut at {cut}");
        }
        let mut single = Scan::default();
        let end = bytes.iter().position(|byte| single.came(std::slice::from_ref(byte)).is_some());
        assert_eq!(end.map(|end| (end + 1, single.head())), whole, "byte by byte");
        if let Some((end, _)) = whole {
            assert_eq!(single.length(), end);
        }
        whole.and_then(|(_, head)| head)
    }

    #[test]
    fn finds_two_lengths_and_lines_without_an_end() {
        for (head, clear) in [
            ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello", true),
            ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
            ("POST / HTTP/1.1\r\ncontent-length: 22\r\n\r\ncontent-length: 5\n\r\n\r\n", true),
            ("POST / HTTP/1.1\r\nx-content-length: 5\r\ncontent-length: 5\r\n\r\n", true),
            ("POST / HTTP/1.1\r\ncontent-length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nContent-Length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\nhost: x\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: x\ncontent-length: 5\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: x\r\n\n", false),
            ("POST / HTTP/1.1\r\nhost: x\n\n", false),
            ("POST / HTTP/1.1\r\nhost: x\r\n", false),
            ("\r\nPOST / HTTP/1.1\r\nhost: x\r\n\r\n", false),
        ] {
            assert_eq!(scan(head.as_bytes()).is_some(), clear, "{head:?}");
        }
        let head = scan(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET");
        assert_eq!(head, Some(RawHead { length: 27, fields: 1 }));
        assert_eq!(scan(b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").unwrap().fields, 1);
    }

    #[test]
    fn knows_one_head_of_any_length() {
        for length in 0..700 {
            let head = format!("GET /{} HTTP/1.1\r\nhost: x\r\na: b\r\n\r\n", "x".repeat(length));
            assert_eq!(sole(head.as_bytes()), Some(2), "{length}");
            let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(length));
            let wanted = (length > 0 && many.len() <= LONGEST + 4).then_some(length as u32);
            assert_eq!(sole(many.as_bytes()), wanted, "{length}");
        }
    }

    #[test]
    fn knows_one_head_from_anything_else() {
        let head = b"GET /path/to/nowhere HTTP/1.1\r\nhost: example.org\r\naccept: */*\r\n\r\n";
        for at in 0..head.len() {
            assert_eq!(sole(&head[..at]), None, "cut at {at}");
            assert_eq!(sole(&[&head[..], &head[..=at]].concat()), None, "and {at} of another");
            let mut broken = head.to_vec();
            broken[at] = b'\n';
            assert!(broken == head || sole(&broken).is_none(), "LF at {at}");
        }
        for other in [
            "",
            "\r\n",
            "\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n",
            "\nGET / HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            assert_eq!(sole(other.as_bytes()), None, "{other:?}");
        }
    }
}
