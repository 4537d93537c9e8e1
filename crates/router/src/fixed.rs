//! [`FixedPaths`]: paths without parameters, each found by one look.

use crate::words::last_word;

/// The highest share of places that are taken: one in this many.
const SPARSE: usize = 4;

/// Paths, each with a number, in a table that is probed from the place of a path's hash onwards.
///
/// The keys are the app's own, so nobody can crowd them from outside, and a hash of a few instructions does.
#[derive(Debug, Default)]
pub(crate) struct FixedPaths {
    /// A power of two of places, or none; those that are free have the hash 0.
    places: Box<[Place]>,
    paths: Vec<(Box<str>, u32)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    hash: u32,
    path: u32,
}

impl FixedPaths {
    /// The number of a path.
    #[inline(always)]
    pub(crate) fn get(&self, path: &str) -> Option<u32> {
        let hash = hash(path.as_bytes());
        let place = self.places.get(hash as usize & self.places.len().wrapping_sub(1))?;
        if place.hash == hash
            && let Some((known, number)) = self.paths.get(place.path as usize)
            && **known == *path
        {
            return Some(*number);
        }
        // What is about the second look stays out of the first, which nearly always is the only one.
        if place.hash == 0 { None } else { self.get_further(path, hash) }
    }

    /// As [`get`](Self::get), from the place behind the first one on.
    #[inline(never)]
    fn get_further(&self, path: &str, hash: u32) -> Option<u32> {
        let mask = self.places.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            at = (at + 1) & mask;
            let place = self.places.get(at)?;
            if place.hash == hash {
                let (known, number) = &self.paths[place.path as usize];
                if **known == *path {
                    return Some(*number);
                }
            } else if place.hash == 0 {
                return None;
            }
        }
    }

    /// Adds a path; the number of one that is there already stays and is returned.
    pub(crate) fn insert(&mut self, path: &str, number: u32) -> Option<u32> {
        if let Some(known) = self.get(path) {
            return Some(known);
        }
        self.paths.push((path.into(), number));
        let count = (self.paths.len() * SPARSE).next_power_of_two();
        if count > self.places.len() {
            self.places = vec![Place::default(); count].into();
            for path in 0..self.paths.len() {
                self.place(path);
            }
        } else {
            self.place(self.paths.len() - 1);
        }
        None
    }

    fn place(&mut self, path: usize) {
        let hash = hash(self.paths[path].0.as_bytes());
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at].hash != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = Place { hash, path: path as u32 };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// Of the length, the first eight bytes, the last eight and those in the middle, which are all of a path up to 24; never 0.
///
/// Longer paths that differ elsewhere share a hash, and are told apart one by one.
#[inline(always)]
fn hash(path: &[u8]) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let hash = if let (Some(start), Some(end)) = (path.first_chunk(), path.last_chunk())
        && let Some(middle) = path[path.len() / 2 - 4..].first_chunk()
    {
        let both = (word(start) ^ path.len() as u64).wrapping_mul(ODD) ^ word(end);
        both.wrapping_mul(ODD).rotate_left(29) ^ word(middle)
    } else {
        last_word(path, path.len()) ^ path.len() as u64
    };
    (hash.wrapping_mul(ODD) >> 32) as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        let mut table = FixedPaths::default();
        assert_eq!((table.get("/"), table.is_empty()), (None, true));
        // Of every length, alike but for one character.
        let paths: Vec<String> = (1..40)
            .flat_map(|length| (0..length).map(move |place| (length, place)))
            .map(|(length, place)| (0..length).map(|at| if at == place { 'b' } else { 'a' }).collect())
            .collect();
        for (number, path) in paths.iter().enumerate() {
            assert_eq!(table.insert(path, number as u32), None);
            assert_eq!(table.insert(path, 0), Some(number as u32));
        }
        for (number, path) in paths.iter().enumerate() {
            assert_eq!(table.get(path), Some(number as u32), "{path}");
            assert_eq!(table.get(&path.replace('b', "a")), None);
            assert_eq!(table.get(&format!("{path}c")), None);
        }
        assert_eq!(table.get(""), None);
    }
}
