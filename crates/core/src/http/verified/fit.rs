//! Whether the handlers of a path fit its parameters, decided while the app compiles.
//!
//! A constant that panics is a compile error whose message is the panic's and whose place is the caller's; that is
//! what [`Checks`] is for.

#![allow(clippy::panic, reason = "in a constant a panic is a compile error; nothing calls these at run time")]

use super::kind::{self, Shapes};
use crate::http::extract::{ParamShape, PathShape};
use crate::http::inspect::HandlerShape;

/// How many parameters one path may have.
pub const MAX_PARAMS: usize = 16;

/// The checks of a table: that handlers take what the paths of their routes have, and that the modules of `resources`
/// have the functions that they need.
///
/// All of them are one constant, since each has its price whenever the app is compiled, and what there is to check is a
/// text, which is one token. One call of [`check`] stands for each check, where the user's tokens stand.
#[derive(Debug)]
pub struct Checks {
    shapes: Shapes,
    /// A line for each check: what it is, the place of the handler, how many parameters its path has, and how long the line
    /// of `words` is.
    rows: &'static [u8],
    /// A line for each check, for messages: where it stands, the path, and the handler; or the module and its actions.
    words: &'static str,
    /// Where the next line of `rows` begins.
    next: usize,
    /// The line of `words` that this check has, and where the next begins.
    line: (usize, usize),
    /// What the handlers of the path have said of the types of its parameters.
    kinds: [u64; MAX_PARAMS],
    types: [&'static str; MAX_PARAMS],
}

/// What is checked.
#[derive(Clone, Copy)]
struct Row {
    /// `p` for the first handler of a path, `h` for another one of the same path, in capitals where the path ends with
    /// `*rest`; `m` for a module.
    what: u8,
    shapes: &'static [HandlerShape],
    at: usize,
    /// How many parameters the path has.
    count: usize,
}

/// What is wrong.
#[derive(Clone, Copy)]
enum Misfit {
    /// The handler takes another number of parameters.
    Count(&'static PathShape),
    /// It takes one that the path does not have.
    Unknown(&'static PathShape, &'static str),
    /// It takes the rest of the path as a type that can not hold it.
    Rest(usize, &'static ParamShape),
    /// It takes a parameter as another type than a handler before.
    Type(usize, &'static ParamShape),
    /// The module has no such functions.
    Absent(&'static [HandlerShape]),
}

impl Checks {
    /// What the handlers take, and the lines that `router!` writes.
    #[must_use]
    pub const fn new(shapes: Shapes, rows: &'static str, words: &'static str) -> Self {
        let (kinds, types) = ([kind::ANY; MAX_PARAMS], [""; MAX_PARAMS]);
        Self { shapes, rows: rows.as_bytes(), words, next: 0, line: (0, 0), kinds, types }
    }

    /// Ends the checks.
    pub const fn done(self) {}

    /// A number of the line, and the space behind it.
    const fn number(&mut self) -> usize {
        let mut number = 0;
        while self.rows[self.next].is_ascii_digit() {
            number = number * 10 + (self.rows[self.next] - b'0') as usize;
            self.next += 1;
        }
        self.next += 1;
        number
    }

    const fn check(&mut self) -> Option<Misfit> {
        let what = self.rows[self.next];
        self.next += 1;
        let (group, list) = (self.number(), self.number());
        let row = Row { what, shapes: self.shapes[group][list], at: self.number(), count: self.number() };
        let begin = self.line.1;
        self.line = (begin, begin + self.number());
        if row.what == b'm' {
            return self.complete(row);
        }
        if row.what.eq_ignore_ascii_case(&b'p') {
            self.kinds = [kind::ANY; MAX_PARAMS];
        }
        let paths = row.shapes[row.at].paths;
        let mut at = 0;
        while at < paths.len() {
            if let Some(shape) = paths[at]
                && let Some(misfit) = self.shape(shape, row)
            {
                return Some(misfit);
            }
            at += 1;
        }
        None
    }

    const fn complete(&self, row: Row) -> Option<Misfit> {
        let mut at = 0;
        while at < row.shapes.len() {
            if row.shapes[at].missing {
                return Some(Misfit::Absent(row.shapes));
            }
            at += 1;
        }
        None
    }

    const fn shape(&mut self, shape: &'static PathShape, row: Row) -> Option<Misfit> {
        let count = row.count;
        if shape.optional && count == 0 {
            return None;
        }
        if !shape.by_name && shape.params.len() != count {
            return Some(Misfit::Count(shape));
        }
        let mut at = 0;
        while at < shape.params.len() {
            let param = &shape.params[at];
            let place = if shape.by_name { self.position(count, param.name) } else { at };
            if place == count {
                return Some(Misfit::Unknown(shape, param.name));
            }
            if place + 1 == count && !param.takes_rest && row.what.is_ascii_uppercase() {
                return Some(Misfit::Rest(place, param));
            }
            if self.kinds[place] == kind::ANY {
                self.kinds[place] = param.kind;
                self.types[place] = param.type_name;
            } else if param.kind != kind::ANY && self.kinds[place] != param.kind {
                return Some(Misfit::Type(place, param));
            }
            at += 1;
        }
        None
    }

    /// A word of this check's line, of those with a tab between each.
    const fn word(&self, number: usize) -> &'static str {
        let (begin, end) = self.line;
        nth(self.words.split_at(end).0.split_at(begin).1, b'\t', number)
    }

    /// The name of a parameter of the path.
    const fn name(&self, number: usize) -> &'static str {
        param(self.word(1), number)
    }

    /// The place of a parameter, or how many there are.
    const fn position(&self, count: usize, name: &str) -> usize {
        let mut at = 0;
        while at < count && !same(self.name(at), name) {
            at += 1;
        }
        at
    }

    /// Adds what is wrong to a message.
    const fn tell(&self, message: Message, misfit: Misfit) -> Message {
        let (pattern, handler) = (self.word(1), self.word(2));
        let count = count_params(pattern);
        match misfit {
            Misfit::Count(shape) => message
                .text("`")
                .text(handler)
                .text("` takes ")
                .count(shape.params.len(), "path parameter")
                .text(", but `")
                .text(pattern)
                .text("` has ")
                .count(count, "path parameter")
                .text(match count {
                    0 => "; take `Path` out of the handler, or add a parameter such as `/:id` to the path",
                    1 => "; its `Path<...>` must hold one type",
                    _ => "; its `Path<(...)>` must hold one type for each, or be a struct with #[derive(PathParams)]",
                }),
            Misfit::Unknown(shape, param) => {
                let mut message = message
                    .text("the `")
                    .text(shape.name)
                    .text("` of `")
                    .text(handler)
                    .text("` takes the path parameter `")
                    .text(param)
                    .text("`, which `")
                    .text(pattern)
                    .text("` does not have");
                let mut at = 0;
                while at < count {
                    message = message.text(if at == 0 { "; it has `" } else { "`, `" }).text(self.name(at));
                    at += 1;
                }
                if at > 0 { message.text("`") } else { message }
            }
            Misfit::Rest(place, param) => message
                .text("`")
                .text(handler)
                .text("` takes `*")
                .text(self.name(place))
                .text("` of `")
                .text(pattern)
                .text("` as `")
                .text(param.type_name)
                .text(
                    "`, but it is all that is left of a path, slashes among it, which a `String` can hold; for one segment \
                     write `:",
                )
                .text(self.name(place))
                .text("`"),
            Misfit::Type(place, param) => message
                .text("`")
                .text(handler)
                .text("` takes the path parameter `")
                .text(self.name(place))
                .text("` of `")
                .text(pattern)
                .text("` as `")
                .text(param.type_name)
                .text("`, another handler as `")
                .text(self.types[place])
                .text("`; all handlers of one path must agree"),
            Misfit::Absent(shapes) => self.absent(message, shapes),
        }
    }
}

impl Checks {
    /// Adds which functions a module does not have.
    const fn absent(&self, message: Message, shapes: &[HandlerShape]) -> Message {
        let (module, actions) = (self.word(1), self.word(2));
        let mut absent = 0;
        let mut message = message.text("`").text(module).text("` has no public function ");
        let mut at = 0;
        while at < shapes.len() {
            if shapes[at].missing {
                let before = if absent == 0 { "`" } else { ", `" };
                message = message.text(before).text(nth(actions, b' ', at)).text("`");
                absent += 1;
            }
            at += 1;
        }
        let present = shapes.len() - absent;
        let only = present > 0 && present < absent;
        message = message
            .text("; write ")
            .text(if absent == 1 { "it" } else { "them" })
            .text(", or leave ")
            .text(if absent == 1 { "the route" } else { "the routes" })
            .text(" out with `")
            .text(if only { "only: [" } else { "except: [" });
        let (mut at, mut listed) = (0, 0);
        while at < shapes.len() {
            if shapes[at].missing != only {
                message = message.text(if listed == 0 { "" } else { ", " }).text(nth(actions, b' ', at));
                listed += 1;
            }
            at += 1;
        }
        message.text("]`")
    }
}

/// Does the next check. What is wrong is a compile error at the caller, whose message tells of everything else that is
/// wrong behind it too.
#[must_use]
#[track_caller]
pub const fn check(mut checks: Checks) -> Checks {
    let Some(misfit) = checks.check() else { return checks };
    let mut message = checks.tell(Message::new(), misfit);
    while checks.next < checks.rows.len() {
        if let Some(misfit) = checks.check() {
            message = checks.tell(message.text("\n").text(checks.word(0)).text(": "), misfit);
        }
    }
    panic!("{}", message.as_str());
}

/// A part of a text, of those with a separator between each; empty if there are not so many.
const fn nth(text: &'static str, separator: u8, number: usize) -> &'static str {
    let bytes = text.as_bytes();
    let (mut begin, mut number) = (0, number);
    while number > 0 && begin < bytes.len() {
        if bytes[begin] == separator {
            number -= 1;
        }
        begin += 1;
    }
    let mut end = begin;
    while end < bytes.len() && bytes[end] != separator {
        end += 1;
    }
    text.split_at(begin).1.split_at(end - begin).0
}

/// The name of a path's parameter; empty if it has not so many.
const fn param(pattern: &'static str, number: usize) -> &'static str {
    let (mut segment, mut number) = (0, number);
    let segments = count_segments(pattern);
    while segment < segments {
        let text = nth(pattern, b'/', segment);
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && bytes[at] != b':' && !(at == 0 && bytes[at] == b'*') {
            at += 1;
        }
        if at < bytes.len() {
            if number == 0 {
                return text.split_at(at + 1).1;
            }
            number -= 1;
        }
        segment += 1;
    }
    ""
}

const fn count_segments(pattern: &str) -> usize {
    let (bytes, mut at, mut count) = (pattern.as_bytes(), 0, 1);
    while at < bytes.len() {
        if bytes[at] == b'/' {
            count += 1;
        }
        at += 1;
    }
    count
}

const fn count_params(pattern: &'static str) -> usize {
    let mut count = 0;
    while !param(pattern, count).is_empty() {
        count += 1;
    }
    count
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

pub(super) const fn same(a: &str, b: &str) -> bool {
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
struct Message {
    bytes: [u8; 4096],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 4096], len: 0 }
    }

    const fn text(mut self, text: &str) -> Self {
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

    const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "the handler does not fit its route",
        }
    }
}
