//! Whether the handlers of a pattern fit its parameters, decided while the app compiles.
//!
//! A constant that panics is a compile error whose message is the panic's and whose place is the caller's; that is
//! what [`Fit`] is for.

#![allow(clippy::panic, reason = "in a constant a panic is a compile error; nothing calls these at run time")]

use super::kind;
use crate::http::extract::PathShape;
use crate::http::inspect::HandlerShape;

/// How many parameters one path may have.
pub const MAX_PARAMS: usize = 16;

/// The parameters of a pattern, and what its handlers have said of their types.
#[derive(Debug)]
pub struct Fit {
    pattern: &'static str,
    names: &'static [&'static str],
    kinds: [u64; MAX_PARAMS],
    types: [&'static str; MAX_PARAMS],
    /// The index of the first handler that took the parameters, to tell "another handler" from "twice here".
    handlers: usize,
}

impl Fit {
    /// A pattern with the names of its parameters, before its handlers.
    #[must_use]
    pub const fn new(pattern: &'static str, names: &'static [&'static str]) -> Self {
        Self { pattern, names, kinds: [kind::ANY; MAX_PARAMS], types: [""; MAX_PARAMS], handlers: 0 }
    }

    /// Checks a handler of this pattern, with its name for the message; one that does not fit is a compile error at the
    /// caller.
    #[must_use]
    #[track_caller]
    pub const fn handler(mut self, handler: &HandlerShape, name: &str) -> Self {
        let mut at = 0;
        while at < handler.paths.len() {
            if let Some(shape) = handler.paths[at] {
                self = self.shape(shape, name);
            }
            at += 1;
        }
        self.handlers += 1;
        self
    }

    #[track_caller]
    const fn shape(mut self, shape: &PathShape, handler: &str) -> Self {
        if shape.optional && self.names.is_empty() {
            return self;
        }
        if !shape.by_name && shape.params.len() != self.names.len() {
            let message = Message::new()
                .text("`")
                .text(handler)
                .text("` takes ")
                .count(shape.params.len(), "path parameter")
                .text(", but `")
                .text(self.pattern)
                .text("` has ")
                .count(self.names.len(), "path parameter")
                .text(match self.names.len() {
                    0 => "; take `Path` out of the handler, or add a parameter such as `/:id` to the path",
                    1 => "; its `Path<...>` must hold one type",
                    _ => "; its `Path<(...)>` must hold one type for each, or be a struct with #[derive(PathParams)]",
                });
            panic!("{}", message.as_str());
        }
        let mut at = 0;
        while at < shape.params.len() {
            let param = &shape.params[at];
            let place = if shape.by_name { position(self.names, param.name) } else { at };
            if place == self.names.len() {
                let mut message = Message::new()
                    .text("the `")
                    .text(shape.name)
                    .text("` of `")
                    .text(handler)
                    .text("` takes the path parameter `")
                    .text(param.name)
                    .text("`, which `")
                    .text(self.pattern)
                    .text("` does not have");
                let mut name = 0;
                while name < self.names.len() {
                    message = message.text(if name == 0 { "; it has `" } else { "`, `" });
                    message = message.text(self.names[name]);
                    name += 1;
                }
                if name > 0 {
                    message = message.text("`");
                }
                panic!("{}", message.as_str());
            }
            if place + 1 == self.names.len() && ends_with_rest(self.pattern) && !param.takes_rest {
                let message = Message::new()
                    .text("`")
                    .text(handler)
                    .text("` takes `*")
                    .text(self.names[place])
                    .text("` of `")
                    .text(self.pattern)
                    .text("` as `")
                    .text(param.type_name)
                    .text("`, but it is all that is left of a path, slashes among it, which a `String` can hold; for one \
                           segment write `:")
                    .text(self.names[place])
                    .text("`");
                panic!("{}", message.as_str());
            }
            if self.kinds[place] == kind::ANY {
                self.kinds[place] = param.kind;
                self.types[place] = param.type_name;
            } else if param.kind != kind::ANY && self.kinds[place] != param.kind {
                let message = Message::new()
                    .text("`")
                    .text(handler)
                    .text("` takes the path parameter `")
                    .text(self.names[place])
                    .text("` of `")
                    .text(self.pattern)
                    .text("` as `")
                    .text(param.type_name)
                    .text("`, another handler as `")
                    .text(self.types[place])
                    .text("`; all handlers of one path must agree");
                panic!("{}", message.as_str());
            }
            at += 1;
        }
        self
    }

    /// Ends the check.
    pub const fn done(self) {}
}

/// Whether the last segment of a pattern is `*rest`.
const fn ends_with_rest(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b'/' {
        at -= 1;
    }
    at < bytes.len() && bytes[at] == b'*'
}

/// The kinds of a pattern's parameters by its handlers. It never panics: [`Fit`] tells what is wrong, once.
#[must_use]
pub const fn kinds<const N: usize>(names: &[&str; N], handlers: &[&HandlerShape]) -> [u64; N] {
    let mut kinds = [kind::ANY; N];
    let mut at = 0;
    while at < handlers.len() {
        let paths = handlers[at].paths;
        let mut argument = 0;
        while argument < paths.len() {
            if let Some(shape) = paths[argument] {
                let mut param = 0;
                while param < shape.params.len() {
                    let place = if shape.by_name { position(names, shape.params[param].name) } else { param };
                    if place < N && kinds[place] == kind::ANY {
                        kinds[place] = shape.params[param].kind;
                    }
                    param += 1;
                }
            }
            argument += 1;
        }
        at += 1;
    }
    kinds
}

/// A text that stands in `path!` where the route has a parameter.
#[derive(Debug)]
pub struct FixedParam {
    text: &'static str,
    name: &'static str,
}

impl FixedParam {
    /// The text, and the parameter's name.
    #[must_use]
    pub const fn new(text: &'static str, name: &'static str) -> Self {
        Self { text, name }
    }

    /// Checks that the text could be a value of the kind: what is known of numbers and bools; everything else is
    /// taken.
    #[track_caller]
    pub const fn fits(self, kind: u64) {
        let expects = match kind {
            kind::U8..=kind::ISIZE => match number(self.text) {
                None if kind >= kind::I8 => "a whole number",
                None => "a whole number without a sign",
                Some((true, _)) if kind < kind::I8 => "a whole number without a sign",
                Some((is_negative, Some(number))) if number <= largest(kind, is_negative) => return,
                Some(_) => "in the range of its type",
            },
            kind::BOOL if !same(self.text, "true") && !same(self.text, "false") => "true or false",
            _ => return,
        };
        let message = Message::new()
            .text("`")
            .text(self.text)
            .text("` stands where the route takes the parameter `")
            .text(self.name)
            .text("`, which must be ")
            .text(expects);
        panic!("{}", message.as_str());
    }

    /// Checks that texts and values may be put together to a value of the kind: only to a text.
    #[track_caller]
    pub const fn joins(self, kind: u64) {
        if kind != kind::ANY && kind != kind::STRING {
            let message = Message::new()
                .text("the parameter `")
                .text(self.name)
                .text("` is no text, so it can not be put together from pieces; give it one value");
            panic!("{}", message.as_str());
        }
    }
}

/// A whole number as [`PathParam`](crate::http::PathParam) reads it, which takes no zeros in front and no `-0`: whether it
/// is negative, and how much, if there is room for it.
const fn number(text: &str) -> Option<(bool, Option<u128>)> {
    let bytes = text.as_bytes();
    let is_negative = !bytes.is_empty() && bytes[0] == b'-';
    let begin = is_negative as usize;
    if begin == bytes.len() || (bytes[begin] == b'0' && bytes.len() > 1) {
        return None;
    }
    let (mut at, mut number) = (begin, Some(0_u128));
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            return None;
        }
        number = match number {
            Some(number) => match number.checked_mul(10) {
                Some(number) => number.checked_add((bytes[at] - b'0') as u128),
                None => None,
            },
            None => None,
        };
        at += 1;
    }
    Some((is_negative, number))
}

/// The farthest from zero that a whole number of this kind may be.
const fn largest(kind: u64, is_negative: bool) -> u128 {
    let most = match kind {
        kind::U8 => u8::MAX as u128,
        kind::U16 => u16::MAX as u128,
        kind::U32 => u32::MAX as u128,
        kind::U64 => u64::MAX as u128,
        kind::USIZE => usize::MAX as u128,
        kind::I8 => i8::MAX as u128,
        kind::I16 => i16::MAX as u128,
        kind::I32 => i32::MAX as u128,
        kind::I64 => i64::MAX as u128,
        kind::ISIZE => isize::MAX as u128,
        kind::I128 => i128::MAX as u128,
        _ => u128::MAX,
    };
    if is_negative { most.saturating_add(1) } else { most }
}

/// The place of a name, or how many there are.
const fn position(names: &[&str], name: &str) -> usize {
    let mut at = 0;
    while at < names.len() && !same(names[at], name) {
        at += 1;
    }
    at
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A text put together in a constant; what is beyond its room is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 512], len: 0 }
    }

    pub(crate) const fn text(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    /// `no path parameter`, `1 path parameter`, `2 path parameters`.
    const fn count(self, count: usize, what: &str) -> Self {
        let digits = ["no", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let number = if count < digits.len() { digits[count] } else { "many" };
        let message = self.text(number).text(" ").text(what);
        if count == 1 { message } else { message.text("s") }
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "the handler does not fit its route",
        }
    }
}
