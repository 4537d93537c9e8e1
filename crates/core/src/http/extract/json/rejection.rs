//! What is said of a JSON body that is not taken: the part of [`Json`](super::Json) that is compiled once.
//!
//! serde describes a mistake in Rust's words (`invalid type: string "x", expected u8`). Who reads it here knows JSON and
//! not our types, so it is translated.

use std::borrow::Cow;

use bytes::Bytes;
use serde_path_to_error::{Path, Segment};

use crate::http::Request;
use crate::rejection::shown;
use crate::{Fault, FieldPath, Place, Rejection, Result};

pub(super) async fn body(request: Request) -> Result<Bytes> {
    super::expect_json(&request)?;
    Ok(request.into_parts().1.read().await?)
}

pub(super) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        Rejection::new(400, format!("The body is not valid JSON: byte {at} is not UTF-8.")).into()
    })
}

#[cold]
pub(super) fn of_syntax(error: &serde_json::Error) -> Rejection {
    Rejection::new(400, format!("The body is not valid JSON: {error}."))
}

/// `path` leads to the value in which the mistake is.
#[cold]
pub(super) fn of_shape(error: &serde_json::Error, path: Option<&Path>) -> Rejection {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&place).unwrap_or(&text);
    let mut field = path.map(field_path).unwrap_or_default();
    let fault = if let Some(name) = quoted(message, "missing field `") {
        field = field.field(name);
        Fault::Missing
    } else if let Some(name) = quoted(message, "unknown field `") {
        if !ends_in(path, name) {
            field = field.field(name);
        }
        let known = message.split_once(", expected ").map_or("", |(_, known)| known);
        Fault::Unknown { nearest: crate::text::nearest(name, in_backticks(known)).map(str::to_owned) }
    } else if let Some(name) = quoted(message, "duplicate field `") {
        if !ends_in(path, name) {
            field = field.field(name);
        }
        Fault::Malformed("stands there twice".into())
    } else if let Some(name) = quoted(message, "unknown variant `") {
        let expected = message.split_once("`, expected ").map_or("something else", |(_, expected)| expected);
        Fault::Unexpected {
            expected: Cow::Owned(expected.replace('`', "")),
            given: format!("`{}`", shown(name)),
        }
    } else {
        unexpected(message).unwrap_or_else(|| Fault::Other(shown(message)))
    };
    Rejection::of(Place::Json, field, fault)
}

fn field_path(path: &Path) -> FieldPath {
    path.iter().fold(FieldPath::root(), |field, segment| match segment {
        Segment::Seq { index } => field.item(*index),
        Segment::Map { key } | Segment::Enum { variant: key } => field.field(key),
        Segment::Unknown => field.field("?"),
    })
}

fn ends_in(path: Option<&Path>, name: &str) -> bool {
    let last = path.and_then(|path| path.iter().next_back());
    matches!(last, Some(Segment::Map { key }) if key == name)
}

/// What stands between `start` and the next backtick.
fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').next()
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// `invalid type: string "x", expected u8`
fn unexpected(message: &str) -> Option<Fault> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|start| message.strip_prefix(start).map(|rest| (*start, rest)));
    let (start, rest) = rest?;
    // What came may hold the words that stand before what was expected.
    let (given, expected) = rest.rsplit_once(", expected ")?;
    let given = if start.ends_with("length ") { format!("one of {given}") } else { given_as(given) };
    Some(Fault::Unexpected { expected: expected_as(expected), given })
}

/// What was expected, in words of JSON.
fn expected_as(expected: &str) -> Cow<'static, str> {
    macro_rules! whole {
        ($type:ident) => {
            Cow::Owned(format!("a whole number from {} to {}", $type::MIN, $type::MAX))
        };
    }
    match expected {
        "u8" => whole!(u8),
        "u16" => whole!(u16),
        "u32" => whole!(u32),
        "i8" => whole!(i8),
        "i16" => whole!(i16),
        "i32" => whole!(i32),
        "u64" | "usize" | "u128" => "a whole number of at least 0".into(),
        "i64" | "isize" | "i128" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "a borrowed string" | "string" => "a text".into(),
        "a character" => "a text of one character".into(),
        "a sequence" => "a list".into(),
        "a map" => "an object".into(),
        "unit" => "null".into(),
        text if text.starts_with("struct ") || text.starts_with("map ") => "an object".into(),
        text if text.starts_with("an array of length ") => {
            Cow::Owned(text.replacen("an array of length", "a list of", 1))
        }
        text if text.starts_with("a tuple of size ") => {
            Cow::Owned(text.replacen("a tuple of size", "a list of", 1))
        }
        text if text.starts_with("tuple struct ") => match text.split_once(" with ") {
            Some((_, elements)) => Cow::Owned(format!("a list of {elements}")),
            None => "a list".into(),
        },
        text if text.starts_with("enum ") => "the name of a variant".into(),
        text => Cow::Owned(shown(text)),
    }
}

/// What came, in words of JSON.
fn given_as(given: &str) -> String {
    let number = given
        .strip_prefix("integer `")
        .or_else(|| given.strip_prefix("floating point `"))
        .or_else(|| given.strip_prefix("boolean `"))
        .and_then(|rest| rest.strip_suffix('`'));
    match (given, number) {
        (_, Some(literal)) => shown(literal),
        ("null" | "unit value", _) => "null".into(),
        ("map", _) => "an object".into(),
        ("sequence", _) => "a list".into(),
        (text, _) => match text.strip_prefix("string ").or_else(|| text.strip_prefix("character ")) {
            Some(literal) => format!("the text {}", shown(literal)),
            None => shown(text),
        },
    }
}
