//! `application/x-www-form-urlencoded` (WHATWG URL, section 5): query strings and form bodies, decoded once.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::{Error, FieldErrors, Params, Result};

/// How many pairs a form or query string may have; beyond it: 413.
pub const MAX_PAIRS: usize = 1000;

/// Decodes a form body or query string into nested [`Params`].
///
/// # Errors
/// 400 for a malformed escape, a NUL, text that is not UTF-8 or nests too deep, naming the parameter; 413 for
/// more than [`MAX_PAIRS`].
pub fn parse(encoded: &[u8]) -> Result<Params> {
    let mut pairs = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MAX_PAIRS {
            return Err(Error::new(413, format!("There are more than {MAX_PAIRS} parameters.")));
        }
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name)
            .map_err(|why| Error::bad_request(format!("The name of a parameter {}.", why.message())))?;
        let value = decode(value).map_err(|why| refused(&name, why))?;
        pairs.push((name, value));
    }
    Params::from_pairs(pairs).map_err(|error| Error::bad_request(format!("{error}.")))
}

#[cold]
fn refused(name: &str, why: Malformed) -> Error {
    let shown: String = name.chars().take(60).collect();
    Error::bad_request(format!("The value of the parameter `{shown}` {}.", why.message()))
        .with_fields(FieldErrors::one(shown, why.message()))
}

/// Why a name or value is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Malformed {
    Escape,
    Nul,
    Utf8,
}

impl Malformed {
    fn message(self) -> &'static str {
        match self {
            Self::Escape => "has a `%` that starts no escape such as `%20`",
            Self::Nul => "has a NUL character",
            Self::Utf8 => "is not valid UTF-8",
        }
    }
}

/// Encodes a text as a value in a query string or form: everything but letters, digits and `-._~` (RFC 3986).
#[must_use]
pub fn encode(text: &str) -> impl std::fmt::Display {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, KEPT)
}

/// `+` is a space.
fn decode(text: &[u8]) -> Result<Cow<'_, str>, Malformed> {
    let spaced: Cow<'_, [u8]> = if memchr::memchr(b'+', text).is_some() {
        Cow::Owned(text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect())
    } else {
        Cow::Borrowed(text)
    };
    check_escapes(&spaced)?;
    let decoded = match spaced {
        Cow::Borrowed(bytes) => percent_decode(bytes).decode_utf8().map_err(|_| Malformed::Utf8)?,
        Cow::Owned(bytes) => {
            Cow::Owned(percent_decode(&bytes).decode_utf8().map_err(|_| Malformed::Utf8)?.into_owned())
        }
    };
    if decoded.contains('\0') { Err(Malformed::Nul) } else { Ok(decoded) }
}

/// A browser writes `%` as `%25`, so one that starts no escape is somebody's mistake, and a guess at what was
/// meant would be saved.
fn check_escapes(text: &[u8]) -> Result<(), Malformed> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return Err(Malformed::Escape),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_spaces_escapes_and_utf8() {
        let params = parse(b"title=Gr%C3%BC%C3%9Fe+an%20alle&url=&flag&a=1%2B1&&b=100%25").unwrap();
        let all: Vec<_> = params.iter().map(|(name, value)| (name, value.as_text().unwrap())).collect();
        assert_eq!(all, [("title", "Grüße an alle"), ("url", ""), ("flag", ""), ("a", "1+1"), ("b", "100%")]);
    }

    #[test]
    fn names_the_parameter_that_is_malformed() {
        for (encoded, why) in [
            (&b"title=%ff"[..], "is not valid UTF-8"),
            (b"title=100%", "has a `%` that starts no escape such as `%20`"),
            (b"title=%zz", "has a `%` that starts no escape such as `%20`"),
            (b"title=a+%4", "has a `%` that starts no escape such as `%20`"),
            (b"title=a%00b", "has a NUL character"),
        ] {
            let error = parse(encoded).unwrap_err();
            let message = format!("The value of the parameter `title` {why}.");
            assert_eq!((error.status(), error.public_message()), (400, Some(&*message)));
            assert_eq!(error.fields().get("title"), [why]);
        }
        assert_eq!(parse(b"\xff=1").unwrap_err().status(), 400);
        assert_eq!(parse(b"%=1").unwrap_err().status(), 400);
    }

    #[test]
    fn refuses_more_pairs_than_anybody_needs() {
        assert!(parse("a=1&".repeat(MAX_PAIRS).as_bytes()).is_ok());
        assert_eq!(parse("a=1&".repeat(MAX_PAIRS + 1).as_bytes()).unwrap_err().status(), 413);
    }
}
