//! [`Tree`]: patterns with parameters, which a path walks down segment by segment.
//!
//! A node stands for the segments that one or more patterns begin with. What may come next is asked in this order: the
//! fixed segments, by a hash of as many bytes as the shortest of them has; the parameters with a prefix, the longest
//! first; the parameter; the rest. If a way ends nowhere, the last crossing on it is gone back to.
//!
//! A segment ends where the path says, so a path reaches each node in one way only: the worst look-up, through patterns
//! that were made to lead astray, costs as much as asking each pattern once.

mod builder;
#[cfg(test)]
mod tests;

use zzz_core::http::ParamPlaces;

pub(crate) use self::builder::Builder;
use crate::words::{any, bytes_like, bytes_that_are, last_word};

/// No node, no value.
const NONE: u32 = u32::MAX;

/// The most crossings that are kept in mind on one way down.
pub(crate) const MOST_WAYS: usize = 16;

/// What is asked at a node first; then its prefixes, which are counted from 1.
const FIXED: u8 = 0;
/// What is asked behind the prefixes.
const PARAM: u8 = u8::MAX - 1;
/// What is asked last.
const REST: u8 = u8::MAX;

/// Patterns, each with a number, as a [`Builder`] makes them.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The first is the root.
    nodes: Vec<Node>,
    slots: Vec<Slot>,
    prefixes: Vec<Prefix>,
    /// What fixed segments have behind their first eight bytes.
    tails: Vec<u8>,
}

#[derive(Debug)]
#[repr(align(32))]
struct Node {
    /// Where the slots of its fixed segments begin, 0 if it has none; and what of a hash tells them apart.
    slots: u32,
    mask: u32,
    /// Where its prefixes begin.
    prefixes: u32,
    /// Where a parameter leads.
    param: u32,
    /// What takes the rest of the path.
    rest: u32,
    /// What ends here.
    value: u32,
    /// How far a word has to be shifted so that of it the bytes are left that are hashed.
    shift: u8,
    prefix_count: u8,
    /// The last that there is of what is asked.
    last: u8,
}

/// A fixed segment, or a place for one; with it, those behind it that stand alone in their places.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Its first eight bytes, and where they stand in a word.
    head: u64,
    mask: u64,
    len: u16,
    /// Where the other bytes begin, those of the segments behind it among them, and how many they are.
    tail_len: u16,
    tail: u32,
    node: u32,
    /// The next one with the same place.
    next: u32,
}

impl Slot {
    /// No word is this.
    const FREE: Self = Self { head: 1, mask: 0, len: 0, tail_len: 0, tail: 0, node: NONE, next: NONE };
}

/// A parameter with something before it in its segment.
#[derive(Debug)]
struct Prefix {
    text: Box<[u8]>,
    node: u32,
}

/// What a path found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) value: u32,
    /// Whether a parameter's value has to be looked at again: it holds `%` or `\`, or a segment of it begins with a dot.
    pub(crate) is_odd: bool,
}

/// What is left to ask at a crossing.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    node: u32,
    at: u16,
    params: u8,
    from: u8,
}

/// The segment of a path that begins at some place.
#[derive(Clone, Copy)]
struct Here {
    /// Its first eight bytes; zeros stand for those behind its end.
    head: u64,
    len: usize,
}

/// A look-up on its way.
struct Search<'a> {
    path: &'a [u8],
    params: &'a mut ParamPlaces,
    is_odd: bool,
    ways: [Way; MOST_WAYS],
    left: usize,
}

/// Where a look-up goes on.
enum Next {
    /// At this node and place.
    At(u32, usize),
    /// Nowhere: it has ended, with this value.
    End(u32),
}

impl Search<'_> {
    /// Keeps a way for later. There is room, since a tree that needs more is not built.
    #[inline(always)]
    fn keep(&mut self, node: u32, at: usize, from: u8, params: usize) {
        if let Some(place) = self.ways.get_mut(self.left) {
            *place = Way { node, from, at: at as u16, params: params as u8 };
            self.left += 1;
        }
    }

    /// The last way that was kept.
    fn back(&mut self) -> Option<Way> {
        self.left = self.left.checked_sub(1)?;
        let way = *self.ways.get(self.left)?;
        self.params.truncate(usize::from(way.params));
        Some(way)
    }
}

impl Tree {
    /// What the most specific pattern that takes this path has, and in `params` the places of its parameters.
    ///
    /// `params` must be empty; if nothing is found, it is left in some state.
    pub(crate) fn find(&self, path: &str, params: &mut ParamPlaces) -> Option<Hit> {
        let path = path.as_bytes();
        if path.first() != Some(&b'/') || path.len() > usize::from(u16::MAX) {
            return None;
        }
        let mut search = Search { path, params, is_odd: false, ways: [Way::default(); MOST_WAYS], left: 0 };
        let (mut number, mut at) = (0, 1);
        loop {
            #[cfg(test)]
            visits::add();
            let node = self.nodes.get(number as usize)?;
            let rest = path.get(at..)?;
            let word = word(path, rest);
            if node.slots != 0
                && let Some((next, len)) = self.fixed(node, word, rest)
            {
                if node.last != FIXED {
                    search.keep(number, at, FIXED + 1, search.params.len());
                }
                (number, at) = (next, at + len + 1);
            } else if node.last == PARAM && node.prefix_count == 0 && !matches!(word as u8, 0 | b'/') {
                let here = Here::read(word, path, rest);
                search.is_odd |= here.is_odd(rest);
                search.params.push(at as u16, (at + here.len) as u16);
                (number, at) = (node.param, at + here.len + 1);
            } else if node.last == FIXED && search.left == 0 {
                return None;
            } else if node.rest != NONE && node.param == NONE && node.prefix_count == 0 && !rest.is_empty() {
                search.params.push(at as u16, path.len() as u16);
                return Some(Hit { value: node.rest, is_odd: search.is_odd || is_odd_rest(path, rest) });
            } else {
                let way = Way { node: number, from: FIXED + 1, at: at as u16, params: 0 };
                match self.detour(&mut search, way)? {
                    Next::At(node, place) => (number, at) = (node, place),
                    Next::End(value) => return Some(Hit { value, is_odd: search.is_odd }),
                }
            }
            while at > path.len() {
                let value = self.nodes.get(number as usize)?.value;
                if value != NONE {
                    return Some(Hit { value, is_odd: search.is_odd });
                }
                let way = search.back()?;
                match self.detour(&mut search, way)? {
                    Next::At(node, place) => (number, at) = (node, place),
                    Next::End(value) => return Some(Hit { value, is_odd: search.is_odd }),
                }
            }
        }
    }

    /// Goes on with what a crossing has left to ask, or the crossing before it, or none.
    #[inline(never)]
    fn detour(&self, search: &mut Search<'_>, way: Way) -> Option<Next> {
        let (path, mut way) = (search.path, way);
        loop {
            #[cfg(test)]
            visits::add();
            let node = self.nodes.get(way.node as usize)?;
            let (at, mut from) = (usize::from(way.at), way.from);
            let rest = path.get(at..)?;
            let here = Here::read(word(path, rest), path, rest);
            let before = search.params.len();
            let mut next = None;
            while from <= node.prefix_count && next.is_none() {
                match self.prefixes.get(node.prefixes as usize + usize::from(from) - 1) {
                    Some(prefix) if rest.starts_with(&prefix.text) && here.len > prefix.text.len() => {
                        let len = prefix.text.len();
                        let value = rest.get(len..here.len).unwrap_or_default();
                        search.is_odd |= is_odd_rest(value, value);
                        search.params.push((at + len) as u16, (at + here.len) as u16);
                        next = Some(prefix.node);
                    }
                    _ => from += 1,
                }
            }
            if next.is_none() && from <= PARAM && node.param != NONE && here.len > 0 {
                search.is_odd |= here.is_odd(rest);
                search.params.push(at as u16, (at + here.len) as u16);
                (next, from) = (Some(node.param), PARAM);
            }
            if let Some(next) = next {
                if from < node.last {
                    search.keep(way.node, at, from + 1, before);
                }
                return Some(Next::At(next, at + here.len + 1));
            }
            if node.rest != NONE && !rest.is_empty() {
                search.is_odd |= is_odd_rest(path, rest);
                search.params.push(at as u16, path.len() as u16);
                return Some(Next::End(node.rest));
            }
            way = search.back()?;
        }
    }

    /// The node behind a fixed segment, and how many bytes lead to it.
    #[inline(always)]
    fn fixed(&self, node: &Node, word: u64, rest: &[u8]) -> Option<(u32, usize)> {
        let mut at = node.slots + (hash(word, node.shift) & node.mask);
        while let Some(slot) = self.slots.get(at as usize) {
            if word & slot.mask == slot.head {
                let len = usize::from(slot.len);
                if slot.tail_len != 0 {
                    if let Some(len) = self.tail_fits(slot, rest) {
                        return Some((slot.node, len));
                    }
                } else if rest.get(len).is_none_or(|byte| *byte == b'/') {
                    return Some((slot.node, len));
                }
            }
            at = slot.next;
        }
        None
    }

    /// How many bytes the segments of a slot have, if they all stand there.
    fn tail_fits(&self, slot: &Slot, rest: &[u8]) -> Option<usize> {
        let (tail, start) = (slot.tail as usize, usize::from(slot.len.min(8)));
        let end = start + usize::from(slot.tail_len);
        let tail = self.tails.get(tail..tail + usize::from(slot.tail_len))?;
        (rest.get(start..end)? == tail && rest.get(end).is_none_or(|byte| *byte == b'/')).then_some(end)
    }
}

impl Here {
    /// The segment that the rest of a path begins with, whose first eight bytes are `word`.
    #[inline(always)]
    fn read(word: u64, path: &[u8], rest: &[u8]) -> Self {
        let slashes = bytes_that_are(word, b'/');
        if slashes != 0 {
            let first = slashes & slashes.wrapping_neg();
            return Self { head: word & ((first >> 7) - 1), len: first.trailing_zeros() as usize / 8 };
        }
        if rest.len() <= 8 {
            return Self { head: word, len: rest.len() };
        }
        Self { head: word, len: long(path, rest) }
    }

    /// Whether its value has to be looked at again.
    #[inline(always)]
    fn is_odd(self, rest: &[u8]) -> bool {
        let found = bytes_like(self.head, b'%') | bytes_like(self.head, b'\\');
        any(found) || self.head as u8 == b'.' || (self.len > 8 && is_odd_tail(rest.get(8..self.len)))
    }
}

/// Whether a value longer than eight bytes holds something odd behind them.
fn is_odd_tail(tail: Option<&[u8]>) -> bool {
    let tail = tail.unwrap_or_default();
    (0..tail.len()).step_by(8).any(|at| {
        let word = word(tail, tail.get(at..).unwrap_or_default());
        any(bytes_like(word, b'%') | bytes_like(word, b'\\'))
    })
}

/// How long the segment is that the rest begins with, if it is longer than eight bytes.
fn long(path: &[u8], rest: &[u8]) -> usize {
    let mut at = 8;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        let slashes = bytes_that_are(word(path, here), b'/');
        if slashes != 0 {
            return at + slashes.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    rest.len()
}

/// Tells the fixed segments of a node apart by their first bytes: those that are left of a word when it is shifted.
#[inline(always)]
fn hash(word: u64, shift: u8) -> u32 {
    ((word << (shift & 63)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u32
}

/// The first eight bytes of the rest of a path; zeros stand for those behind the end.
#[inline(always)]
fn word(path: &[u8], rest: &[u8]) -> u64 {
    match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => last_word(path, rest.len()),
    }
}

/// All bits of each byte but the lowest.
const EVEN: u64 = 0xfefe_fefe_fefe_fefe;

/// Whether the rest of a path, be it a value alone, has to be looked at again.
#[inline(always)]
fn is_odd_rest(path: &[u8], rest: &[u8]) -> bool {
    let Some(last) = rest.last_chunk() else {
        return any(odd_bytes(last_word(path, rest.len()), 0x80).0);
    };
    let (mut left, mut odd, mut before) = (rest, 0, 0x80);
    while let Some((chunk, more)) = left.split_first_chunk() {
        let (found, either) = odd_bytes(u64::from_le_bytes(*chunk), before);
        (left, odd, before) = (more, odd | found, either >> 56);
    }
    // The last eight begin before what is left, so that they hold the byte before it, too.
    if !left.is_empty() {
        odd |= odd_bytes(u64::from_le_bytes(*last), 0).0;
    }
    any(odd)
}

/// What is odd in a word, and where a `.` or a `/` is; `before` tells whether one was the byte before it.
#[inline(always)]
fn odd_bytes(word: u64, before: u64) -> (u64, u64) {
    // They differ in their lowest bit alone. Two of them side by side are few, be they what is looked for or not.
    let either = bytes_like(word & EVEN, b'.');
    let pairs = either & (either << 8 | before);
    (pairs | bytes_like(word, b'%') | bytes_like(word, b'\\'), either)
}

/// Counts how often look-ups turn to a node.
#[cfg(test)]
mod visits {
    use std::cell::Cell;

    thread_local!(static VISITS: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add() {
        VISITS.set(VISITS.get() + 1);
    }

    pub(super) fn take() -> usize {
        VISITS.take()
    }
}
