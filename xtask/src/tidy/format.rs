//! The code is formatted by `cargo fmt`.
//!
//! One layout that nobody argues about, and diffs that show only what was meant.

use std::path::Path;

use super::Rule;
use crate::{
    cargo::{cargo, run},
    finding::Finding,
    workspace::Workspace,
};

pub(super) const RULE: Rule = Rule {
    name: "format",
    checks: "the code is formatted (cargo fmt)",
    check: |workspace: &Workspace| {
        let ran = run(cargo(&workspace.root, ["fmt", "--all", "--check"]))?;
        let findings = findings(&ran.stdout, &workspace.root);
        if findings.is_empty() && !ran.status.success() {
            return Err(format!(
                "`cargo fmt --all --check` failed; if it is not installed, `rustup component add rustfmt`:\n{}",
                ran.last_words()
            ));
        }
        Ok(findings)
    },
};

/// The places in rustfmt's output: `Diff in /path/to/file.rs:12:`.
fn findings(output: &str, root: &Path) -> Vec<Finding> {
    let root = root.display().to_string();
    output
        .lines()
        .filter_map(|line| {
            let (path, number) = line.strip_prefix("Diff in ")?.trim_end_matches(':').rsplit_once(':')?;
            let path = path.strip_prefix(&root).unwrap_or(path).trim_start_matches(['/', '\\']);
            Some(Finding::new(path, number.parse().ok()?, "not as rustfmt would write it", "run `cargo fmt`"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_places_that_rustfmt_would_change() {
        let output =
            "Diff in /w/crates/a/src/lib.rs:12:\n-fn  a() {}\n+fn a() {}\nDiff in /w/xtask/src/main.rs:1:\n";
        let found: Vec<_> = findings(output, Path::new("/w")).iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/lib.rs:12: not as rustfmt would write it; run `cargo fmt`",
                "xtask/src/main.rs:1: not as rustfmt would write it; run `cargo fmt`",
            ]
        );
        assert_eq!(findings("", Path::new("/w")), []);
    }
}
