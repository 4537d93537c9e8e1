//! The parser, without I/O: bytes in as they come, events out, as slices of what came in.
//!
//! It searches the delimiter (`CRLF--boundary`) in each piece of the body with `memchr::memmem`, which takes linear
//! time on every input, and looks at no byte twice. What stands before a delimiter is handed out as a slice of the
//! piece. A piece may end within what could become a delimiter; then only the number of its bytes is kept: they are
//! the delimiter's own, so they can be handed out from there if it turns out to be none. And since a boundary has no
//! CR, no other delimiter can begin within those bytes.

use std::borrow::Cow;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

use crate::boundary::Boundary;
use crate::head::PartHead;

/// The most that may stand outside of all parts, in bytes: before the first boundary, behind the last one, and as
/// padding behind any. RFC 2046 allows it, no client of forms sends it.
const MAX_OUTSIDE: usize = 1024;

/// What the parser found.
#[derive(Debug)]
pub(crate) enum Event {
    /// All that was given is read: give more, or say that there is none.
    NeedsInput,
    /// A part begins.
    Part(PartHead),
    /// A piece of the part's content; never empty.
    Data(Bytes),
    /// The part is complete.
    PartEnd,
    /// The body is complete.
    End,
}

/// Why the body is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It breaks a rule.
    Malformed(Cow<'static, str>),
    /// It ended too early.
    Incomplete,
    /// It has more parts of a kind than it may have: the kind, and how many.
    TooMany(&'static str, usize),
}

impl<T: Into<Cow<'static, str>>> From<T> for Fault {
    fn from(what: T) -> Self {
        Self::Malformed(what.into())
    }
}

/// Reads the parts of one body.
pub(crate) struct Parser {
    /// `CRLF--boundary`.
    delimiter: Bytes,
    finder: Finder<'static>,
    head_end: Finder<'static>,
    max_head: usize,
    state: State,
    input: Bytes,
    ended: bool,
    /// How many bytes stood outside of parts.
    outside: usize,
    /// How many parts have begun.
    parts: usize,
}

#[derive(Debug)]
enum State {
    /// Before the first delimiter.
    Preamble(Matched),
    /// Behind a delimiter.
    Delimited {
        tail: Tail,
        ends_part: bool,
    },
    /// Within a head, of which this was in earlier pieces.
    Head(BytesMut),
    /// Within the content.
    Content(Matched),
    /// Behind the last delimiter.
    Epilogue,
    Failed(Fault),
}

/// What was read last, if it may be the beginning of a delimiter.
#[derive(Debug, Clone, Copy)]
struct Matched {
    /// How many bytes of the delimiter.
    count: usize,
    /// How many of them belong to something else, and are no content if the delimiter is none: the line break of a
    /// delimiter can be the one that ends a head, and at the body's beginning there need be none.
    foreign: usize,
}

impl Matched {
    const NOTHING: Self = Self { count: 0, foreign: 0 };
    const LINE_BREAK: Self = Self { count: 2, foreign: 2 };

    fn bytes(count: usize) -> Self {
        Self { count, foreign: 0 }
    }
}

/// Where in `[--] *LWSP CRLF` behind a delimiter the parser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    Start,
    Dash,
    Padding,
    Cr,
    LastPadding,
    LastCr,
}

impl Parser {
    /// A parser of a body with this boundary, whose parts have heads of at most `max_head` bytes.
    pub(crate) fn new(boundary: &Boundary, max_head: usize) -> Self {
        let delimiter = Bytes::from(format!("\r\n--{}", boundary.as_str()));
        let finder = Finder::new(&delimiter).into_owned();
        let head_end = Finder::new(b"\r\n\r\n").into_owned();
        Self {
            delimiter,
            finder,
            head_end,
            max_head,
            state: State::Preamble(Matched::LINE_BREAK),
            input: Bytes::new(),
            ended: false,
            outside: 0,
            parts: 0,
        }
    }

    /// Gives the next piece of the body; only after [`Event::NeedsInput`].
    pub(crate) fn feed(&mut self, input: Bytes) {
        self.input = input;
    }

    /// Says that there is no more.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Says that it must not go on.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.input = Bytes::new();
        self.state = State::Failed(fault);
    }

    /// How many parts have begun.
    pub(crate) fn parts(&self) -> usize {
        self.parts
    }

    /// What comes next. After an error it is that error for ever.
    pub(crate) fn next(&mut self) -> Result<Event, Fault> {
        loop {
            let step = match &mut self.state {
                State::Preamble(_) => self.preamble(),
                State::Delimited { tail, ends_part } => {
                    let (tail, ends_part) = (*tail, *ends_part);
                    self.delimited(tail, ends_part)
                }
                State::Head(_) => self.head(),
                State::Content(_) => self.content(),
                State::Epilogue => self.epilogue(),
                State::Failed(fault) => return Err(fault.clone()),
            };
            match step {
                Ok(None) => {}
                Ok(Some(Event::NeedsInput)) if self.ended => self.fail(Fault::Incomplete),
                Ok(Some(event)) => return Ok(event),
                Err(fault) => self.fail(fault),
            }
        }
    }

    /// Counts bytes outside of parts.
    fn outside(&mut self, count: usize) -> Result<(), Fault> {
        self.outside += count;
        if self.outside > MAX_OUTSIDE {
            return Err(format!("more than {MAX_OUTSIDE} bytes stand outside of its parts").into());
        }
        Ok(())
    }

    /// Goes on with a delimiter of which a part is read. `None` if it is none.
    fn go_on(&mut self, matched: Matched) -> Option<Matched> {
        let wanted = &self.delimiter[matched.count..];
        let count = wanted.len().min(self.input.len());
        if self.input[..count] != wanted[..count] {
            return None;
        }
        self.input.advance(count);
        Some(Matched { count: matched.count + count, ..matched })
    }

    /// Where a delimiter is in the input as a whole.
    fn whole_delimiter(&self) -> Option<usize> {
        // A client that sends byte by byte should not cost a search for each.
        if self.input.len() < self.delimiter.len() { None } else { self.finder.find(&self.input) }
    }

    /// How many bytes at the end of the input could be the beginning of a delimiter.
    fn begun(&self) -> usize {
        let longest = self.input.len().min(self.delimiter.len() - 1);
        let end = &self.input[self.input.len() - longest..];
        // The delimiter has one CR, at its beginning, so only the last one in the input can be it.
        match memchr::memrchr(b'\r', end) {
            Some(at) if self.delimiter.starts_with(&end[at..]) => end.len() - at,
            _ => 0,
        }
    }

    fn preamble(&mut self) -> Result<Option<Event>, Fault> {
        let State::Preamble(matched) = self.state else { return Ok(None) };
        if self.input.is_empty() {
            return Ok(Some(Event::NeedsInput));
        }
        if matched.count > 0 {
            match self.go_on(matched) {
                Some(all) if all.count == self.delimiter.len() => self.delimited_from(false),
                Some(matched) => self.state = State::Preamble(matched),
                None => {
                    self.state = State::Preamble(Matched::NOTHING);
                    self.outside(matched.count - matched.foreign)?;
                }
            }
            return Ok(None);
        }
        match self.whole_delimiter() {
            Some(at) => {
                self.outside(at)?;
                self.input.advance(at + self.delimiter.len());
                self.delimited_from(false);
            }
            None => {
                let begun = self.begun();
                self.outside(self.input.len() - begun)?;
                self.input = Bytes::new();
                self.state = State::Preamble(Matched::bytes(begun));
            }
        }
        Ok(None)
    }

    fn delimited_from(&mut self, ends_part: bool) {
        self.state = State::Delimited { tail: Tail::Start, ends_part };
    }

    fn delimited(&mut self, tail: Tail, ends_part: bool) -> Result<Option<Event>, Fault> {
        let Some(byte) = self.input.first().copied() else {
            // A body may end right behind the last boundary.
            if self.ended && tail == Tail::LastPadding {
                self.state = State::Epilogue;
                return Ok(None);
            }
            return Ok(Some(Event::NeedsInput));
        };
        let next = match (tail, byte) {
            (Tail::Start, b'-') => Tail::Dash,
            (Tail::Dash, b'-') => {
                self.input.advance(1);
                self.state = State::Delimited { tail: Tail::LastPadding, ends_part: false };
                return Ok(ends_part.then_some(Event::PartEnd));
            }
            (Tail::Start | Tail::Padding, b' ' | b'\t') => {
                self.outside(1)?;
                Tail::Padding
            }
            (Tail::Start | Tail::Padding, b'\r') => Tail::Cr,
            (Tail::Cr, b'\n') => {
                self.input.advance(1);
                self.state = State::Head(BytesMut::new());
                return Ok(ends_part.then_some(Event::PartEnd));
            }
            (Tail::LastPadding, b' ' | b'\t') => {
                self.outside(1)?;
                Tail::LastPadding
            }
            (Tail::LastPadding, b'\r') => Tail::LastCr,
            (Tail::LastCr, b'\n') => {
                self.input.advance(1);
                self.state = State::Epilogue;
                return Ok(None);
            }
            _ => return Err("a boundary is followed by something else than `--` or a line break".into()),
        };
        self.input.advance(1);
        self.state = State::Delimited { tail: next, ends_part };
        Ok(None)
    }

    fn head(&mut self) -> Result<Option<Event>, Fault> {
        let too_long = |max: usize, part: usize| {
            Err(Fault::from(format!("part {part}: its head is longer than {max} bytes")))
        };
        let State::Head(kept) = &mut self.state else { return Ok(None) };
        if self.input.is_empty() {
            return Ok(Some(Event::NeedsInput));
        }
        let part = self.parts + 1;
        let raw = if kept.is_empty() && !self.input.starts_with(b"\r") {
            // Most often the whole head is here, and is read where it stands.
            let within = self.input.len().min(self.max_head + 4);
            match self.head_end.find(&self.input[..within]) {
                Some(at) => {
                    let raw = self.input.split_to(at);
                    self.input.advance(4);
                    raw
                }
                None if within == self.max_head + 4 => return too_long(self.max_head, part),
                None => {
                    kept.extend_from_slice(&self.input);
                    self.input = Bytes::new();
                    return Ok(Some(Event::NeedsInput));
                }
            }
        } else {
            let had = kept.len();
            let room = (self.max_head + 4).saturating_sub(had).min(self.input.len());
            kept.extend_from_slice(&self.input[..room]);
            if kept.starts_with(b"\r\n") {
                return Err(format!("part {part}: it has no headers").into());
            }
            match self.head_end.find(&kept[had.saturating_sub(3)..]) {
                Some(at) => {
                    let at = had.saturating_sub(3) + at;
                    self.input.advance(at + 4 - had);
                    kept.truncate(at);
                    std::mem::take(kept).freeze()
                }
                None if kept.len() == self.max_head + 4 => return too_long(self.max_head, part),
                None => {
                    self.input.advance(room);
                    return Ok(Some(Event::NeedsInput));
                }
            }
        };
        self.parts = part;
        let head = PartHead::parse(raw).map_err(|fault| Fault::from(format!("part {part}: {fault}")))?;
        self.state = State::Content(Matched::LINE_BREAK);
        Ok(Some(Event::Part(head)))
    }

    fn content(&mut self) -> Result<Option<Event>, Fault> {
        let State::Content(matched) = self.state else { return Ok(None) };
        if self.input.is_empty() {
            return Ok(Some(Event::NeedsInput));
        }
        let data = if matched.count > 0 {
            match self.go_on(matched) {
                Some(all) if all.count == self.delimiter.len() => {
                    self.delimited_from(true);
                    return Ok(None);
                }
                Some(matched) => {
                    self.state = State::Content(matched);
                    return Ok(None);
                }
                None => {
                    self.state = State::Content(Matched::NOTHING);
                    self.delimiter.slice(matched.foreign..matched.count)
                }
            }
        } else if let Some(at) = self.whole_delimiter() {
            let data = self.input.split_to(at);
            self.input.advance(self.delimiter.len());
            self.delimited_from(true);
            data
        } else {
            let begun = self.begun();
            let mut data = std::mem::take(&mut self.input);
            data.truncate(data.len() - begun);
            self.state = State::Content(Matched::bytes(begun));
            data
        };
        Ok((!data.is_empty()).then_some(Event::Data(data)))
    }

    fn epilogue(&mut self) -> Result<Option<Event>, Fault> {
        if self.input.is_empty() {
            return Ok(Some(if self.ended { Event::End } else { Event::NeedsInput }));
        }
        let count = self.input.len();
        self.input = Bytes::new();
        self.outside(count)?;
        Ok(None)
    }
}
