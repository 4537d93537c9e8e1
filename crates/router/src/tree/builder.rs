//! [`Builder`]: the tree while patterns are added to it.

use crate::pattern::{Pattern, Segment};
use crate::words::word_at;

use super::{MOST_WAYS, NONE, Node, PARAM, Prefix, REST, Slot, Tree, hash};

/// A tree that grows.
#[derive(Debug)]
pub(crate) struct Builder {
    /// The first is the root.
    buds: Vec<Bud>,
}

/// A node to be.
#[derive(Debug, Default)]
struct Bud {
    fixed: Vec<(String, usize)>,
    prefixes: Vec<(String, usize)>,
    param: Option<usize>,
    rest: Option<u32>,
    value: Option<u32>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { buds: vec![Bud::default()] }
    }
}

impl Builder {
    /// Adds a pattern; the value of the same one, if it is there already, stays and is returned.
    pub(crate) fn insert(&mut self, pattern: &Pattern, value: u32) -> Option<u32> {
        let mut at = 0;
        for segment in pattern.segments() {
            at = match segment {
                Segment::Fixed(text) => self.named(at, text, |bud| &mut bud.fixed),
                Segment::Param("") => {
                    let new = self.buds.len();
                    let param = *self.buds[at].param.get_or_insert(new);
                    self.grow(param)
                }
                Segment::Param(prefix) => self.named(at, prefix, |bud| &mut bud.prefixes),
                Segment::Rest => return put(&mut self.buds[at].rest, value),
            };
        }
        put(&mut self.buds[at].value, value)
    }

    /// The node behind a text, made where it is missing.
    fn named(
        &mut self,
        at: usize,
        text: &str,
        list: impl Fn(&mut Bud) -> &mut Vec<(String, usize)>,
    ) -> usize {
        let new = self.buds.len();
        let list = list(&mut self.buds[at]);
        let next = match list.iter().find(|(known, _)| known == text) {
            Some((_, known)) => *known,
            None => {
                list.push((text.to_owned(), new));
                new
            }
        };
        self.grow(next)
    }

    /// Makes the node of this number, if it is the next one.
    fn grow(&mut self, number: usize) -> usize {
        if number == self.buds.len() {
            self.buds.push(Bud::default());
        }
        number
    }

    /// Whether it has no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.buds.len() == 1 && self.buds[0].rest.is_none()
    }

    /// The tree, if no look-up has to keep more ways in mind than it can.
    pub(crate) fn build(mut self) -> Option<Tree> {
        // The first place stands for the children of all nodes without any.
        let mut tree =
            Tree { nodes: Vec::new(), slots: vec![Slot::FREE], prefixes: Vec::new(), tails: Vec::new() };
        for bud in &mut self.buds {
            bud.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        }
        for bud in &self.buds {
            let fixed: Vec<_> = bud.fixed.iter().map(|(text, next)| self.alone(text, *next)).collect();
            let node = tree.node(bud, &fixed);
            tree.nodes.push(node);
        }
        let fits = |bud: &Bud| bud.prefixes.len() < usize::from(PARAM);
        (self.buds.iter().all(fits) && self.ways() <= MOST_WAYS).then_some(tree)
    }

    /// A fixed segment with those behind it that stand alone, and what they lead to.
    fn alone<'a>(&'a self, text: &'a str, next: usize) -> (&'a str, String, usize) {
        let (mut more, mut at) = (String::new(), next);
        loop {
            let bud = &self.buds[at];
            let is_bare =
                bud.prefixes.is_empty() && bud.param.is_none() && bud.rest.is_none() && bud.value.is_none();
            match bud.fixed.as_slice() {
                [(segment, behind)] if is_bare => {
                    more.push('/');
                    more.push_str(segment);
                    at = *behind;
                }
                _ => return (text, more, at),
            }
        }
    }

    /// The most ways that one look-up may have to keep in mind.
    fn ways(&self) -> usize {
        let (mut most, mut open) = (0, vec![(0, 0)]);
        while let Some((at, before)) = open.pop() {
            let bud: &Bud = &self.buds[at];
            let kinds = [
                usize::from(!bud.fixed.is_empty()),
                bud.prefixes.len(),
                usize::from(bud.param.is_some()),
                usize::from(bud.rest.is_some()),
            ];
            let ways = before + usize::from(kinds.iter().sum::<usize>() > 1);
            most = most.max(ways);
            let named = bud.fixed.iter().chain(&bud.prefixes).map(|(_, next)| *next);
            open.extend(named.chain(bud.param).map(|next| (next, ways)));
        }
        most
    }
}

impl Tree {
    fn node(&mut self, bud: &Bud, fixed: &[(&str, String, usize)]) -> Node {
        let prefixes = self.prefixes.len() as u32;
        for (prefix, next) in &bud.prefixes {
            self.prefixes.push(Prefix { text: prefix.as_bytes().into(), node: *next as u32 });
        }
        let (slots, mask, shift) = self.place(fixed);
        let last = match (bud.rest, bud.param, bud.prefixes.len()) {
            (Some(_), ..) => REST,
            (_, Some(_), _) => PARAM,
            (.., count) => count as u8,
        };
        Node {
            slots,
            mask,
            prefixes,
            prefix_count: bud.prefixes.len() as u8,
            shift,
            param: bud.param.map_or(NONE, |param| param as u32),
            rest: bud.rest.unwrap_or(NONE),
            value: bud.value.unwrap_or(NONE),
            last,
        }
    }

    /// Puts fixed segments into slots: where they begin, the mask of their number, and the shift of the shortest of them.
    fn place(&mut self, fixed: &[(&str, String, usize)]) -> (u32, u32, u8) {
        let Some(shortest) = fixed.iter().map(|(text, ..)| text.len()).min() else { return (0, 0, 0) };
        // An empty segment leaves nothing to hash, and then all share one place.
        let count = if shortest == 0 { 1 } else { fixed.len().next_power_of_two() };
        let (start, mask, shift) = (self.slots.len(), count as u32 - 1, 64 - 8 * shortest.clamp(1, 8) as u8);
        self.slots.extend(std::iter::repeat_n(Slot::FREE, count));
        for (text, more, next) in fixed {
            let bytes = text.as_bytes();
            let (head, tail) = (word_at(bytes, 0), self.tails.len());
            self.tails.extend(bytes.iter().skip(8));
            self.tails.extend(more.as_bytes());
            let slot = Slot {
                head,
                mask: if bytes.len() < 8 { (1 << (8 * bytes.len())) - 1 } else { u64::MAX },
                len: bytes.len() as u16,
                tail_len: (self.tails.len() - tail) as u16,
                tail: tail as u32,
                node: *next as u32,
                next: NONE,
            };
            let mut at = start + (hash(head, shift) & mask) as usize;
            if self.slots[at].node == NONE {
                self.slots[at] = slot;
                continue;
            }
            // The place is taken: this one is the last of those that share it.
            while self.slots[at].next != NONE {
                at = self.slots[at].next as usize;
            }
            self.slots[at].next = self.slots.len() as u32;
            self.slots.push(slot);
        }
        (start as u32, mask, shift)
    }
}

/// Sets a value that is not set yet; otherwise gives the one that is.
fn put(place: &mut Option<u32>, value: u32) -> Option<u32> {
    match place {
        Some(known) => Some(*known),
        None => {
            *place = Some(value);
            None
        }
    }
}
