//! Which bytes a `Range` header asks for (RFC 9110, section 14).

/// The most ranges of one header that are looked at. A header with more gets the whole content.
const MOST_RANGES: usize = 64;

/// What is sent of a content, by its `Range` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// All of it, with status 200: the header says nothing that we understand, or asks for several parts.
    Whole,
    /// The bytes from `first` to `last`, both included, with status 206.
    Part {
        /// The first byte's number, from 0.
        first: u64,
        /// The last byte's number.
        last: u64,
    },
    /// Nothing, with status 416: none of the ranges begins within the content.
    Unsatisfiable,
}

/// What the value of a `Range` header asks for, of a content of `length` bytes.
///
/// Ranges that overlap or touch are one. Several that do not are answered with the whole content, as the RFC allows:
/// no client needs them in one response, and a header of few bytes must not make a response longer than the content
/// is. An invalid header counts as none.
///
/// ```
/// use zzz_middleware::files::range::{Selection, select};
///
/// assert_eq!(select(b"bytes=0-499", 10_000), Selection::Part { first: 0, last: 499 });
/// assert_eq!(select(b"bytes=-500", 10_000), Selection::Part { first: 9_500, last: 9_999 });
/// assert_eq!(select(b"bytes=10000-", 10_000), Selection::Unsatisfiable);
/// assert_eq!(select(b"lines=1-2", 10_000), Selection::Whole);
/// ```
#[must_use]
pub fn select(header: &[u8], length: u64) -> Selection {
    let Some(at) = header.iter().position(|byte| *byte == b'=') else { return Selection::Whole };
    let (unit, set) = (&header[..at], &header[at + 1..]);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return Selection::Whole;
    }
    let mut parts: Vec<(u64, u64)> = Vec::new();
    let mut asked = 0;
    for spec in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if spec.is_empty() {
            continue;
        }
        asked += 1;
        if asked > MOST_RANGES {
            return Selection::Whole;
        }
        match Spec::parse(spec).map(|spec| spec.within(length)) {
            None => return Selection::Whole,
            Some(Found::Nothing) => {}
            Some(Found::All) => return Selection::Whole,
            Some(Found::Bytes(first, last)) => parts.push((first, last)),
        }
    }
    if asked == 0 {
        return Selection::Whole;
    }
    parts.sort_unstable();
    let mut parts = parts.into_iter();
    let Some((first, mut last)) = parts.next() else { return Selection::Unsatisfiable };
    for (next_first, next_last) in parts {
        if next_first > last.saturating_add(1) {
            return Selection::Whole;
        }
        last = last.max(next_last);
    }
    Selection::Part { first, last }
}

/// One range as it is asked for.
enum Spec {
    From(u64),
    Between(u64, u64),
    /// The last so many bytes.
    Suffix(u64),
}

/// What a range is of a content.
enum Found {
    Bytes(u64, u64),
    /// A content without bytes, all of it.
    All,
    Nothing,
}

impl Spec {
    /// `None` if it is invalid.
    fn parse(spec: &[u8]) -> Option<Self> {
        let at = spec.iter().position(|byte| *byte == b'-')?;
        let (first, last) = (&spec[..at], &spec[at + 1..]);
        match (first.is_empty(), last.is_empty()) {
            (true, true) => None,
            (true, false) => number(last).map(Self::Suffix),
            (false, true) => number(first).map(Self::From),
            (false, false) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    fn within(self, length: u64) -> Found {
        match self {
            Self::Suffix(0) => Found::Nothing,
            Self::Suffix(_) if length == 0 => Found::All,
            Self::Suffix(count) => Found::Bytes(length.saturating_sub(count), length - 1),
            Self::From(first) | Self::Between(first, _) if first >= length => Found::Nothing,
            Self::From(first) => Found::Bytes(first, length - 1),
            Self::Between(first, last) => Found::Bytes(first, last.min(length - 1)),
        }
    }
}

/// Digits and nothing else; a number beyond every content stays beyond every content.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::Selection::{Part, Unsatisfiable, Whole};
    use super::*;

    /// The RFC's examples are those of section 14.1.2, for a content of 10,000 bytes.
    #[test]
    fn reads_the_examples_of_the_rfc() {
        for (header, selected) in [
            ("bytes=0-499", Part { first: 0, last: 499 }),
            ("bytes=500-999", Part { first: 500, last: 999 }),
            ("bytes=-500", Part { first: 9_500, last: 9_999 }),
            ("bytes=9500-", Part { first: 9_500, last: 9_999 }),
            ("bytes=0-0,-1", Whole),
            ("bytes= 0-999, 4500-5499, -1000", Whole),
            ("bytes=500-600,601-999", Part { first: 500, last: 999 }),
            ("bytes=500-700,601-999", Part { first: 500, last: 999 }),
        ] {
            assert_eq!(select(header.as_bytes(), 10_000), selected, "{header}");
        }
    }

    #[test]
    fn what_is_outside_of_the_content_is_unsatisfiable_or_cut() {
        for (header, length, selected) in [
            ("bytes=5-", 5, Unsatisfiable),
            ("bytes=5-9", 5, Unsatisfiable),
            ("bytes=-0", 5, Unsatisfiable),
            ("bytes=9-,-0,7-8", 5, Unsatisfiable),
            ("bytes=9-,2-3", 5, Part { first: 2, last: 3 }),
            ("bytes=4-9", 5, Part { first: 4, last: 4 }),
            ("bytes=-9", 5, Part { first: 0, last: 4 }),
            ("bytes=0-", 5, Part { first: 0, last: 4 }),
            ("bytes=0-99999999999999999999999999", 5, Part { first: 0, last: 4 }),
            ("bytes=99999999999999999999999999-", 5, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=0-0", 0, Unsatisfiable),
            ("bytes=-5", 0, Whole),
            ("bytes=18446744073709551614-", u64::MAX, Part { first: u64::MAX - 1, last: u64::MAX - 1 }),
        ] {
            assert_eq!(select(header.as_bytes(), length), selected, "{header} of {length}");
        }
    }

    #[test]
    fn what_is_invalid_or_unknown_is_the_whole() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=--1",
            "bytes=1",
            "bytes=a-b",
            "bytes=3-1",
            "bytes=0-1,3-2",
            "bytes=0-1,x",
            "bytes=+0-1",
            "bytes=0 - 1",
            "bytes =0-1",
            "lines=0-1",
            "bytes:0-1",
            "bytes=0-1;2-3",
            "bytes=0x0-0x1",
            "\u{ff}",
        ] {
            assert_eq!(select(header.as_bytes(), 10), Whole, "{header}");
        }
        assert_eq!(select(b"BYTES=1-2", 10), Part { first: 1, last: 2 });
        assert_eq!(select(b"bytes=\t1-2 , ,", 10), Part { first: 1, last: 2 });
    }

    #[test]
    fn many_ranges_are_one_or_the_whole() {
        let many = |range: &str, count: usize| format!("bytes={}", vec![range; count].join(","));
        assert_eq!(select(many("0-", 64).as_bytes(), 10), Part { first: 0, last: 9 });
        assert_eq!(select(many("0-", 1_000).as_bytes(), 10), Whole);
        assert_eq!(select(many("9-", 64).as_bytes(), 5), Unsatisfiable);
        assert_eq!(select(b"bytes=8-9,0-3,4-7", 10), Part { first: 0, last: 9 });
        assert_eq!(select(b"bytes=0-0,2-2", 10), Whole);
    }
}
