//! The nearest known word to a misspelt one.
//!
//! `zzz-core` has the same for configuration keys; it is not used here, as xtask has to build when core does
//! not.

/// The candidate that `word` was most likely meant to be: one that begins with it, else the one with the
/// fewest edits, if at most a third of the word is wrong.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| {
            let begins = word.len() > 1 && candidate.starts_with(word);
            (if begins { 0 } else { edits(word, candidate) }, candidate)
        })
        .filter(|(edits, candidate)| edits * 3 <= word.len().max(candidate.len()))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(rows[i - 2][j - 2] + 1);
            }
            row.push(fewest);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_a_beginning_but_no_stranger() {
        let known = ["help", "test", "tidy"];
        assert_eq!(nearest("tset", known), Some("test"));
        assert_eq!(nearest("tests", known), Some("test"));
        assert_eq!(nearest("tidi", known), Some("tidy"));
        assert_eq!(nearest("ti", known), Some("tidy"));
        assert_eq!(nearest("deploy", known), None);
    }
}
