//! The nearest known word to a misspelt one, for messages.

/// The candidate that differs from `word` in at most a third of its letters, if there is one.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| distance * 3 <= word.chars().count().max(candidate.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (mut before, mut above): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn counts_edits_and_swaps() {
        for (one, other, edits) in [
            ("kitten", "sitting", 3),
            ("prot", "port", 1),
            ("gte", "get", 1),
            ("ca", "abc", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(one, other), edits, "{one} and {other}");
            assert_eq!(distance(other, one), edits, "{other} and {one}");
        }
    }

    #[test]
    fn finds_what_was_meant() {
        assert_eq!(nearest("timestmaps", &["table", "timestamps"]), Some("timestamps"));
        assert_eq!(nearest("colour", &["table", "timestamps"]), None);
        assert_eq!(nearest("gte", &["get", "put"]), Some("get"));
        assert_eq!(nearest("pots", &["put", "post"]), Some("post"));
    }
}
