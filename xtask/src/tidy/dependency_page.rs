//! docs/dependencies.md has a line for every dependency of the workspace, and none for another.
//!
//! A dependency is code that users build, trust and wait for. Writing down why it is there is a small price
//! for adding one, and the line tells the next person whether the reason still holds.

use std::collections::BTreeMap;

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Manifest, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "dependency-page",
    checks: "docs/dependencies.md gives each dependency's reason in a line",
    check: |workspace: &Workspace| {
        Ok(check(&Manifest::parse(workspace.text("Cargo.toml")?), workspace.text(PAGE)?))
    },
};

const PAGE: &str = "docs/dependencies.md";

fn check(root: &Manifest, page: &str) -> Vec<Finding> {
    let used = used(root);
    let explained = explained(page);
    let missing = used.iter().filter(|(name, _)| !explained.contains_key(*name)).map(|(name, line)| {
        let mend =
            format!("add a row to {PAGE} that begins with `{name}` in backticks and says why it is there");
        Finding::new("Cargo.toml", *line, format!("nothing explains the dependency `{name}`"), mend)
    });
    let stale = explained.iter().filter(|(name, _)| !used.contains_key(*name)).map(|(name, line)| {
        let what = format!("`{name}` is not in [workspace.dependencies]");
        Finding::new(PAGE, *line, what, "remove its row")
    });
    missing.chain(stale).collect()
}

/// The names in `[workspace.dependencies]` that are not the workspace's own, with their lines.
fn used(root: &Manifest) -> BTreeMap<String, usize> {
    root.entries
        .iter()
        .filter(|entry| entry.path.len() >= 3 && entry.path[..2] == ["workspace", "dependencies"])
        .filter(|entry| !entry.value.contains("path ="))
        .map(|entry| (entry.path[2].clone(), entry.line))
        .collect()
}

/// The names in backticks in the first cell of a table's row, or before the colon of a list's item.
fn explained(page: &str) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for (number, line) in page.lines().enumerate() {
        let head = match line.trim_start().split_once(' ') {
            Some(("|", row)) => row.split('|').next(),
            Some(("-" | "*", item)) => item.split(": ").next(),
            _ => None,
        };
        for name in head.unwrap_or_default().split('`').skip(1).step_by(2) {
            names.insert(name.to_owned(), number + 1);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(page: &str) -> Vec<String> {
        let root =
            "[workspace.dependencies]\nzzz-core = { path = \"crates/core\" }\nserde = \"1\"\nhttp = \"1\"\n";
        check(&Manifest::parse(root), page).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_row_or_an_item_is_enough_and_may_name_several() {
        assert_eq!(findings("| crate | why |\n|---|---|\n| `serde`, `http` | both |\n"), [""; 0]);
        assert_eq!(findings("- `serde`: data\n- `http`: types, unlike `other`\n"), [""; 0]);
    }

    #[test]
    fn finds_a_dependency_without_a_reason_and_a_reason_without_a_dependency() {
        let found = findings("- `serde`: data\n- `rand`: chance\nProse about `http`.\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("Cargo.toml:4: nothing explains the dependency `http`; add a row"));
        assert!(found[1].starts_with("docs/dependencies.md:2: `rand` is not in"));
    }
}
