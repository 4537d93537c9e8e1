//! Eight bytes of a path at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The eight bytes from `at` on, the first in the lowest place; zeros stand for those behind the end.
#[inline]
pub(crate) fn word_at(path: &[u8], at: usize) -> u64 {
    match path.get(at..) {
        Some(rest) => match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => last_word(path, rest.len()),
        },
        None => 0,
    }
}

/// The last bytes of a path, fewer than eight, the first of them in the lowest place.
#[inline]
pub(crate) fn last_word(path: &[u8], count: usize) -> u64 {
    match path.last_chunk() {
        // The last eight bytes, without those before.
        Some(last) if count > 0 => u64::from_le_bytes(*last) >> (64 - 8 * (count & 7)),
        Some(_) => 0,
        None => last_of_few(path, count),
    }
}

/// The same for a path of fewer than eight bytes.
#[inline]
fn last_of_few(path: &[u8], count: usize) -> u64 {
    let word = match (path.first_chunk(), path.last_chunk()) {
        // Both halves, which overlap in what they agree on.
        (Some(start), Some(end)) => {
            u64::from(u32::from_le_bytes(*start))
                | u64::from(u32::from_le_bytes(*end)) << (8 * (path.len() & 7) - 32)
        }
        _ => path.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    if count == 0 { 0 } else { word >> (8 * (path.len() - count)) }
}

/// A bit for each byte of the word that is this one, the highest of the byte. The lowest is right; above it there may be
/// some too many.
#[inline]
pub(crate) fn bytes_that_are(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * byte as u64);
    zeros.wrapping_sub(ONES) & !zeros & HIGHS
}

/// The same where no byte may be missed, and some too many do no harm: those behind one that is found, and those that are
/// no ASCII. Other bits than the highest of each byte mean nothing.
#[inline(always)]
pub(crate) fn bytes_like(word: u64, byte: u8) -> u64 {
    (word ^ (ONES * byte as u64)).wrapping_sub(ONES)
}

/// Whether any byte was found by [`bytes_like`].
#[inline(always)]
pub(crate) fn any(found: u64) -> bool {
    found & HIGHS != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_eight_bytes_or_those_that_are_left() {
        for length in 0..20 {
            let path: Vec<u8> = (1..=length).collect();
            for at in 0..22 {
                let mut wanted = [0; 8];
                for (place, byte) in wanted.iter_mut().zip(path.iter().skip(at)) {
                    *place = *byte;
                }
                assert_eq!(word_at(&path, at), u64::from_le_bytes(wanted), "{at} of {length}");
            }
        }
    }

    #[test]
    fn finds_a_byte() {
        for place in 0..8 {
            let mut word = *b"aaaaaaaa";
            assert_eq!(bytes_that_are(u64::from_le_bytes(word), b'/'), 0);
            word[place] = b'/';
            let word = u64::from_le_bytes(word);
            assert_eq!(bytes_that_are(word, b'/').trailing_zeros() as usize / 8, place);
            assert_eq!((bytes_like(word, b'/') & HIGHS).trailing_zeros() as usize / 8, place);
        }
        for byte in 0..=0x7f {
            assert_eq!(any(bytes_like(u64::from_le_bytes([byte; 8]), b'/')), byte == b'/', "{byte}");
        }
    }
}
