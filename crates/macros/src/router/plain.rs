//! Texts, numbers and literals, made plainly.
//!
//! Macros are compiled without optimizations, where iterators, formatting and hash maps cost ten times as much as these.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens as _;

/// The beginning of a hash (FNV-1a).
pub(super) const HASH: u64 = 0xcbf2_9ce4_8422_2325;

/// Goes on with a hash.
pub(super) fn hash(mut hash: u64, text: &str) -> u64 {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Numbers of things by their hashes.
pub(super) struct Numbers {
    /// One more than the number; 0 where there is none. Half of them stay free.
    slots: Vec<usize>,
}

impl Numbers {
    /// Room for this many.
    pub(super) fn new(most: usize) -> Self {
        Self { slots: vec![0; (most * 2 + 1).next_power_of_two()] }
    }

    /// The number of what `is_it` says it is, among those of the same hash; if there is none, it gets the number `new`.
    pub(super) fn find(&mut self, hash: u64, new: usize, is_it: impl Fn(usize) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if is_it(self.slots[at] - 1) {
                return self.slots[at] - 1;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = new + 1;
        new
    }
}

/// Whether no two of them are the same.
pub(super) fn differ(hashes: &[u64]) -> bool {
    let (mut numbers, mut at) = (Numbers::new(hashes.len()), 0);
    while at < hashes.len() {
        if numbers.find(hashes[at], at, |known| hashes[known] == hashes[at]) != at {
            return false;
        }
        at += 1;
    }
    true
}

/// One text of many.
pub(super) fn concat<const N: usize>(texts: [&str; N]) -> String {
    let mut whole = String::new();
    for text in texts {
        whole.push_str(text);
    }
    whole
}

/// Writes a number.
pub(super) fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// A string literal. As a raw one it is read by the compiler's own type, which is fast; escapes are written here, and
/// `proc_macro2` would read the text before, to see whether it may.
pub(super) fn literal(text: &str) -> TokenStream {
    let is_raw = !text.contains('"') && !text.contains('\r');
    let raw = is_raw.then(|| concat(["r\"", text, "\""]).parse::<proc_macro::TokenStream>().ok()).flatten();
    raw.map_or_else(|| Literal::string(text).into_token_stream(), TokenStream::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 7, 10, 409, usize::MAX] {
            let mut text = "n".to_owned();
            push_number(&mut text, number);
            assert_eq!(text, format!("n{number}"));
        }
    }

    #[test]
    fn what_is_there_twice_is_found() {
        assert!(differ(&[]) && differ(&[3, 1, 2]));
        assert!(!differ(&[3, 1, 2, 1]));
    }
}
