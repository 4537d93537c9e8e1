//! No Rust file is longer than 800 lines.
//!
//! One concept, one file: about 400 lines is comfortable to read in one go, and past 800 there are two
//! concepts in it.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{TextFile, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "file-length",
    checks: "no Rust file is longer than 800 lines",
    check: |workspace: &Workspace| Ok(workspace.rust_files().filter_map(of_file).collect()),
};

/// In lines.
const LONGEST: usize = 800;

fn of_file(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LONGEST).then(|| {
        let what = format!("{lines} lines, and {LONGEST} is the most");
        Finding::new(&file.path, LONGEST + 1, what, "move one of its concepts to a file of its own")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_file_past_the_limit_and_none_at_it() {
        let of = |lines| of_file(&TextFile { path: "a.rs".to_owned(), text: "a\n".repeat(lines) });
        assert_eq!(of(800), None);
        assert_eq!(
            of(801).unwrap().to_string(),
            "a.rs:801: 801 lines, and 800 is the most; move one of its concepts to a file of its own"
        );
    }
}
