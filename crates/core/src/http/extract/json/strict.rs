//! What is wrong with a document that serde has taken.
//!
//! A type passes over what it has no room for, and then nobody has looked at it: how deep it nests, whether its numbers
//! and characters are any. And of two members of one name a map keeps the last, while whoever stood before may have
//! looked at the first (RFC 8259, section 4, leaves open which; RFC 7493, section 2.3, forbids it). Here a document is
//! refused for its own sake, whatever it is read as.

use std::borrow::Cow;

use crate::{Fault, FieldPath, Place, Rejection};

/// How deep a document may nest: as deep as serde_json follows.
const MAX_DEPTH: usize = 127;

/// A longer number may be beyond what an `f64` holds without an exponent.
const LONGEST_NUMBER: usize = 300;

/// Up to how many names each is compared with those before it, which are mostly of another length.
const FEW: usize = 12;

/// What is open at some place of a document.
enum Open {
    /// A list, at the item of this index.
    List { index: usize },
    /// An object, whose names begin at this place in the list of all names; whether one is to come now.
    Object { names: usize, at_name: bool },
}

/// Looks through a text that is JSON.
pub(super) fn check(text: &str) -> Result<(), Rejection> {
    let bytes = text.as_bytes();
    // The names in all objects that are open.
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let depth = open.len();
        match (byte, open.last_mut()) {
            (b'"', Some(Open::Object { at_name, .. })) if *at_name => {
                *at_name = false;
                let end = end_of_string(bytes, at + 1)?;
                names.push(name(text.get(at..end).unwrap_or_default()));
                at = end;
                continue;
            }
            (b'"', _) => {
                at = end_of_string(bytes, at + 1)?;
                continue;
            }
            (b'-' | b'0'..=b'9', _) => {
                at = end_of_number(text, at)?;
                continue;
            }
            (b'{' | b'[', _) if depth == MAX_DEPTH => {
                return Err(no_json(&format!("it nests more than {MAX_DEPTH} deep")));
            }
            (b'{', _) => open.push(Open::Object { names: names.len(), at_name: true }),
            (b'[', _) => open.push(Open::List { index: 0 }),
            (b',', Some(Open::Object { at_name, .. })) => *at_name = true,
            (b',', Some(Open::List { index })) => *index += 1,
            (b'}' | b']', _) => {
                if let Some(Open::Object { names: first, .. }) = open.pop() {
                    if let Some(twice) = twice(names.get_mut(first..).unwrap_or_default()) {
                        let path = path(&open, &names, first).field(twice);
                        return Err(Rejection::of(
                            Place::Json,
                            path,
                            Fault::Malformed("stands there twice".into()),
                        ));
                    }
                    names.truncate(first);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// A name as it is meant, from the quote before it to the one behind it.
fn name(quoted: &str) -> Cow<'_, str> {
    if quoted.contains('\\') {
        return Cow::Owned(serde_json::from_str(quoted).unwrap_or_default());
    }
    Cow::Borrowed(quoted.get(1..quoted.len() - 1).unwrap_or_default())
}

/// A name that stands twice among these, which are left in some other order.
fn twice(names: &mut [Cow<'_, str>]) -> Option<String> {
    if names.len() <= FEW {
        let mut later = names.iter().enumerate().skip(1);
        return later.find(|(at, name)| names[..*at].contains(name)).map(|(_, name)| name.to_string());
    }
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| matches!(pair, [one, other] if one == other));
    pair.and_then(<[_]>::first).map(|name| name.to_string())
}

/// The way to what was opened within all that is still open, where its own names begin at `own`.
fn path(open: &[Open], names: &[Cow<'_, str>], own: usize) -> FieldPath {
    let mut path = FieldPath::root();
    for (depth, step) in open.iter().enumerate() {
        path = match step {
            Open::List { index } => path.item(*index),
            Open::Object { .. } => {
                // The last name of an object stands before the first of the next one within it.
                let inner = open[depth + 1..].iter().find_map(|inner| match inner {
                    Open::Object { names, .. } => Some(*names),
                    Open::List { .. } => None,
                });
                let last = inner.unwrap_or(own).checked_sub(1).and_then(|last| names.get(last));
                path.field(last.cloned().unwrap_or_default())
            }
        };
    }
    path
}

/// The place behind the quote that ends a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> Result<usize, Rejection> {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        at += match escape(bytes, at) {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(escape(bytes, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => return Err(no_json("it has half of a surrogate pair")),
            Some(_) => 6,
        };
    }
    Ok(bytes.len())
}

/// The number of a character that is written as `\u00e9`.
fn escape(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The place behind a number.
fn end_of_number(text: &str, start: usize) -> Result<usize, Rejection> {
    let rest = text.get(start..).unwrap_or_default();
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.bytes().position(|byte| !is_part(&byte)).unwrap_or(rest.len());
    let number = rest.get(..length).unwrap_or_default();
    let may_be_large = length > LONGEST_NUMBER || number.contains(['e', 'E']);
    if may_be_large && number.parse::<f64>().is_ok_and(f64::is_infinite) {
        return Err(no_json("it has a number out of range"));
    }
    Ok(start + length.max(1))
}

#[cold]
fn no_json(why: &str) -> Rejection {
    Rejection::new(400, format!("The body is not valid JSON: {why}."))
}
