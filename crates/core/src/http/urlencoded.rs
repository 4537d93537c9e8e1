//! `application/x-www-form-urlencoded` (WHATWG URL, section 5): query strings and form bodies, decoded once.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::{Fault, Params, Place, Rejection, Result};

/// How many pairs a form or query string may have; beyond it a form is too large (413), and a query string a bad one (400):
/// it is no content that could be too large (RFC 9110, section 15.5.14), and may be short for an address (section 15.5.15).
pub const MAX_PAIRS: usize = 1000;

/// Decodes a form body or query string into nested [`Params`]; `place` says which it is, for the answer.
///
/// # Errors
/// As a [`Rejection`]: 400 for a malformed escape, a NUL, text that is not UTF-8 or nests too deep, naming the parameter;
/// for more than [`MAX_PAIRS`] 413, or in a query string 400.
pub fn parse(place: Place, encoded: &[u8]) -> Result<Params> {
    let mut params = Params::new();
    let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    for (count, pair) in pairs.enumerate() {
        if count == MAX_PAIRS {
            let status = if place == Place::Query { 400 } else { 413 };
            return Err(Rejection::new(status, format!("There are more than {MAX_PAIRS} parameters.")).into());
        }
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name)
            .map_err(|why| Rejection::new(400, format!("The name of a parameter {}.", why.message())))?;
        let value = decode(value).map_err(|why| {
            Rejection::of(place, &*name, Fault::Malformed(why.message().into())).with_status(400)
        })?;
        params.nest(&name, value.into_owned()).map_err(|error| error.into_rejection(place))?;
    }
    Ok(params)
}

/// Parameters as a form body or a query string: what [`parse`] reads. Spaces are written `%20`, which every reader
/// takes, and the brackets of nested names as they are, as browsers and Plug write them.
#[must_use]
pub fn encode_params(params: &Params) -> String {
    let mut encoded = String::new();
    for (name, value) in params.to_pairs() {
        if !encoded.is_empty() {
            encoded.push('&');
        }
        // Writing to a String never fails.
        let _ = write!(encoded, "{}={}", utf8_percent_encode(&name, IN_NAMES), encode(&value));
    }
    encoded
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
    utf8_percent_encode(text, IN_VALUES)
}

const IN_VALUES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const IN_NAMES: &AsciiSet = &IN_VALUES.remove(b'[').remove(b']');

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
        let params =
            parse(Place::Form, b"title=Gr%C3%BC%C3%9Fe+an%20alle&url=&flag&a=1%2B1&&b=100%25").unwrap();
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
            let error = parse(Place::Form, encoded).unwrap_err();
            let message = format!("The field `title` {why}.");
            assert_eq!((error.status(), error.public_message()), (400, Some(&*message)));
            assert_eq!(error.fields().get("title"), [why]);
        }
        assert_eq!(parse(Place::Form, b"\xff=1").unwrap_err().status(), 400);
        assert_eq!(parse(Place::Form, b"%=1").unwrap_err().status(), 400);
    }

    #[test]
    fn reads_what_plug_reads() {
        let text = |encoded: &str, name: &str| {
            parse(Place::Form, encoded.as_bytes()).unwrap().text(name).map(str::to_owned)
        };
        assert_eq!(
            text("my+weird+field=q1%212%22%27w%245%267%2Fz8%29%3F", "my weird field").unwrap(),
            "q1!2\"'w$5&7/z8)?"
        );
        assert_eq!(text("=", "").unwrap(), "");
        assert_eq!(text("=value", "").unwrap(), "value");
        assert_eq!(text("key", "key").unwrap(), "");
        assert_eq!(text("key=a=b", "key").unwrap(), "a=b");
        assert_eq!(text("foo=bar&foo=baz", "foo").unwrap(), "baz");
        let nested = |encoded: &str| encode_params(&parse(Place::Form, encoded.as_bytes()).unwrap());
        for (encoded, kept) in [
            ("users[name]=hello&users[age]=17", "users[name]=hello&users[age]=17"),
            ("users%5Bname%5D=hello", "users[name]=hello"),
            ("foo[]", "foo[]="),
            ("foo[]=&foo[]=1", "foo[]=&foo[]=1"),
            ("x[y][z]=1&x[y][z]=2", "x[y][z]=2"),
            ("x[y][z][]=1&x[y][z][]=2", "x[y][z][]=1&x[y][z][]=2"),
            ("x[y][][z][]=1", "x[y][][z][]=1"),
            ("x[]=1&x[y]=1", "x[y]=1"),
            ("x=1&x[y]=1", "x[y]=1"),
            ("x[y][][w]=2&x[y]=1", "x[y]=1"),
            ("foo=b%C3%A5%C2%AE&+a=1+2", "foo=b%C3%A5%C2%AE&%20a=1%202"),
        ] {
            assert_eq!(nested(encoded), kept);
        }
    }

    #[test]
    fn refuses_a_name_that_nests_too_deep_or_is_none() {
        let deep = format!("a{}=1", "[b]".repeat(100_000));
        let error = parse(Place::Form, deep.as_bytes()).unwrap_err();
        assert_eq!(error.status(), 400);
        let message = error.public_message().unwrap();
        assert!(message.starts_with("The field `a[b][b]") && message.len() < 200, "{message}");
    }

    #[test]
    fn a_hundred_thousand_fields_are_refused_at_the_first_too_many() {
        let many: String = (0..100_000).map(|number| format!("f{number}=x&")).collect();
        assert_eq!(parse(Place::Form, many.as_bytes()).unwrap_err().status(), 413);
    }

    #[test]
    fn refuses_more_pairs_than_anybody_needs() {
        assert!(parse(Place::Form, "a=1&".repeat(MAX_PAIRS).as_bytes()).is_ok());
        let too_many = "a=1&".repeat(MAX_PAIRS + 1);
        assert_eq!(parse(Place::Form, too_many.as_bytes()).unwrap_err().status(), 413);
        assert_eq!(parse(Place::Query, too_many.as_bytes()).unwrap_err().status(), 400);
    }
}
