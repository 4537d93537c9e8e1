//! `Range` headers of every kind, against an oracle that looks at each byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use zzz_middleware::files::range::{Selection, select};

/// One range of a header: `first-last`, `first-` or `-count`; without both it is invalid.
type Range = (Option<u8>, Option<u8>);

fn written(ranges: &[Range]) -> String {
    let number = |number: Option<u8>| number.map_or_else(String::new, |number| number.to_string());
    let specs: Vec<String> =
        ranges.iter().map(|(first, last)| format!("{}-{}", number(*first), number(*last))).collect();
    format!("bytes={}", specs.join(", "))
}

/// What is to be sent of `length` bytes, found by marking every byte that is asked for.
fn by_marking(ranges: &[Range], length: usize) -> Selection {
    let invalid = |range: &Range| match range {
        (None, None) => true,
        (Some(first), Some(last)) => first > last,
        _ => false,
    };
    let everything_of_nothing = |range: &Range| length == 0 && matches!(range, (None, Some(1..)));
    let is_none = ranges.is_empty() || ranges.len() > 64 || ranges.iter().any(invalid);
    if is_none || ranges.iter().any(everything_of_nothing) {
        return Selection::Whole;
    }
    let asked = |at: usize| {
        ranges.iter().any(|range| match *range {
            (Some(first), Some(last)) => (usize::from(first)..=usize::from(last)).contains(&at),
            (Some(first), None) => at >= usize::from(first),
            (None, Some(count)) => at >= length.saturating_sub(usize::from(count)),
            (None, None) => false,
        })
    };
    let marked: Vec<usize> = (0..length).filter(|at| asked(*at)).collect();
    match (marked.first(), marked.last()) {
        (Some(first), Some(last)) if last - first + 1 == marked.len() => {
            Selection::Part { first: *first as u64, last: *last as u64 }
        }
        (Some(_), _) => Selection::Whole,
        (None, _) => Selection::Unsatisfiable,
    }
}

/// A header is made of a few of these: most are valid, so that more than refusals is tested.
fn range((kind, one, other): (u8, u8, u8)) -> Range {
    match kind % 16 {
        0 => (None, Some(one)),
        1 | 2 => (Some(one), None),
        3 => (Some(one), Some(other)),
        4 if other == 0 => (None, None),
        _ => (Some(one.min(other)), Some(one.max(other))),
    }
}

#[test]
fn ranges_are_what_marking_each_byte_says() {
    bolero::check!().with_type::<(Vec<(u8, u8, u8)>, u8, u8)>().for_each(|(parts, count, length)| {
        let count = usize::from(count % 8).min(parts.len());
        let ranges: Vec<Range> = parts[..count].iter().map(|part| range(*part)).collect();
        let header = written(&ranges);
        let expected = by_marking(&ranges, usize::from(*length));
        assert_eq!(select(header.as_bytes(), u64::from(*length)), expected, "{header} of {length}");
    });
}

/// The corpus has headers as they stand.
#[test]
fn any_header_selects_something_within_the_content() {
    bolero::check!(name = "range").for_each(|header: &[u8]| {
        for header in [header.to_vec(), [b"bytes=", header].concat()] {
            for length in [0, 1, 10, 10_000, u64::MAX] {
                if let Selection::Part { first, last } = select(&header, length) {
                    assert!(first <= last && last < length, "{first}-{last} of {length}");
                }
            }
        }
    });
}
