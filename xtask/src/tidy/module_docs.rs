//! Every Rust file opens with a `//!` doc.
//!
//! Whoever opens a file wants to know first what it is for. Writing that line also shows when a file has two
//! purposes, which is when it should be two files.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{TextFile, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "module-docs",
    checks: "every Rust file opens with a `//!` doc",
    check: |workspace: &Workspace| Ok(workspace.rust_files().filter_map(of_file).collect()),
};

/// Folders of small programs that exist to be refused by the compiler; their `.stderr` files hold line numbers.
const CASES: &[&str] = &["ui", "compile_fail", "compile_fail_decimal"];

fn of_file(file: &TextFile) -> Option<Finding> {
    let is_case = file.path.split('/').any(|folder| CASES.contains(&folder));
    let first = file.text.lines().map(str::trim).find(|line| {
        let is_comment = line.starts_with("//") && !line.starts_with("//!");
        let is_attribute = line.starts_with("#![") && !line.starts_with("#![doc");
        !line.is_empty() && !is_comment && !is_attribute
    });
    let documented = first.is_some_and(|line| {
        line.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty()) || line.starts_with("#![doc")
    });
    (!is_case && !documented).then(|| {
        Finding::new(
            &file.path,
            1,
            "the file has no doc",
            "open it with a `//!` line that says what it is for",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> bool {
        of_file(&TextFile { path: path.to_owned(), text: text.to_owned() }).is_some()
    }

    #[test]
    fn finds_a_file_without_a_doc() {
        assert!(found("crates/a/src/lib.rs", "use std::fmt;\n//! Too late.\n"));
        assert!(found("crates/a/src/lib.rs", "/// Of the item, not of the file.\nfn a() {}\n"));
        assert!(found("crates/a/src/lib.rs", "//!\nfn a() {}\n"));
        assert!(found("crates/a/src/lib.rs", ""));
    }

    #[test]
    fn a_doc_may_follow_attributes_and_comments_or_be_in_another_file() {
        assert!(!found("a.rs", "//! What it is for.\n"));
        assert!(!found("a.rs", "// A licence.\n#![allow(unused)]\n\n//! What it is for.\n"));
        assert!(!found("a.rs", "#![doc = include_str!(\"a.md\")]\n"));
    }

    #[test]
    fn programs_that_must_not_compile_are_spared() {
        assert!(!found("crates/router/tests/ui/duplicate_route.rs", "fn main() {}\n"));
    }
}
