//! The rules of `cargo xtask tidy`, one file each, and the list of them.
//!
//! A rule says in its module doc why it is there; docs/style.md tells it to contributors. Most are a pure
//! function over text or metadata inside a shell that reads it, so that a test can show each of them failing.
//!
//! A new rule is a file here, a row in [`RULES`] and a line in docs/style.md.

mod cargo_docs;
mod dependency_graph;
mod dependency_page;
mod dependency_trees;
mod duplicates;
mod file_length;
mod format;
mod licences;
mod lints;
mod manifests;
mod module_docs;
mod one_sqlite;
mod readme_commands;
mod text;
mod weak_features;

use crate::{finding::Finding, workspace::Workspace};

/// A rule of the house.
pub(crate) struct Rule {
    /// How `cargo xtask tidy NAME` calls it.
    pub(crate) name: &'static str,
    /// What it checks, in a line.
    pub(crate) checks: &'static str,
    /// Checks it; an error says that it could not.
    pub(crate) check: fn(&Workspace) -> Result<Vec<Finding>, String>,
}

/// Every rule, those that answer at once first.
pub(crate) const RULES: &[Rule] = &[
    text::RULE,
    module_docs::RULE,
    file_length::RULE,
    manifests::RULE,
    dependency_page::RULE,
    weak_features::RULE,
    one_sqlite::RULE,
    readme_commands::RULE,
    dependency_graph::RULE,
    dependency_trees::RULE,
    duplicates::RULE,
    licences::RULE,
    format::RULE,
    lints::RULE,
    cargo_docs::RULE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_explained_to_contributors() {
        let page = include_str!("../../../docs/style.md");
        for rule in RULES {
            assert!(
                page.contains(&format!("`{}`", rule.name)),
                "docs/style.md does not explain `{}`",
                rule.name
            );
        }
    }
}
