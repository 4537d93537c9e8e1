//! Which paths are refused because of how they are spelled.
//!
//! Paths are compared as they came, so another spelling of a path is another path, and nothing leads around a pipeline.
//! What is left are spellings that somebody else, before or behind the router, may take for another path: they match no
//! parameter.

use percent_encoding::percent_decode_str;
use zzz_core::{Error, Result};

/// Refuses what no parameter could be decoded from: 400.
pub(crate) fn check(path: &str) -> Result<()> {
    let mut rest = path.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'\\' | 0)) {
        match (rest[at], rest.get(at + 1..at + 3)) {
            (b'\\', _) => {
                return Err(Error::bad_request("The path holds a `\\`, which has to be written `%5C`."));
            }
            (0, _) | (_, Some(b"00")) => return Err(Error::bad_request("The path holds a NUL character.")),
            (_, Some(digits)) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return Err(Error::bad_request("The path holds a `%` that starts no escape such as `%20`.")),
        }
    }
    if path.contains('%') && percent_decode_str(path).decode_utf8().is_err() {
        return Err(Error::bad_request("The path is not valid UTF-8."));
    }
    Ok(())
}

/// Whether a segment of the path is `.` or `..`, percent-encoded or not, so that a client, a proxy or a file system may
/// take the path for another (RFC 3986, section 5.2.4).
pub(crate) fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(is_dot_segment)
}

/// Whether this segment is `.` or `..`, percent-encoded or not.
pub(crate) fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    let mut dots = 0;
    loop {
        rest = match rest {
            [] => return dots == 1 || dots == 2,
            [b'.', more @ ..] | [b'%', b'2', b'e' | b'E', more @ ..] => more,
            _ => return false,
        };
        dots += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_segments_that_lead_elsewhere() {
        for path in ["/.", "/..", "/a/../b", "/a/./b", "/a/%2e", "/%2E./b", "/.%2e", "/%2e%2E/x"] {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in ["/", "/...", "/.env", "/a.", "/..a", "/%2e%2e%2e", "/%252e", "/.%2f.", "//"] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }

    #[test]
    fn refuses_what_can_not_be_decoded() {
        for path in ["/%", "/%2", "/%zz", "/a%00b", "/%ff", "/%C3%28", "/a\\b", "/a\0b"] {
            assert_eq!(check(path).map_err(|error| error.status()), Err(400), "{path}");
        }
        for path in ["/", "/%20", "/gr%C3%BC%C3%9Fe", "/%5C", "/%2f"] {
            assert!(check(path).is_ok(), "{path}");
        }
    }
}
