//! No feature of the form `dependency?/feature`.
//!
//! Such a weak feature puts the optional dependency into the lock file of everybody who uses the crate, needed
//! or not (rust-lang/cargo#10801). A user of one database would then download, and be audited for, the drivers
//! of all of them.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Manifest, TextFile, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "weak-features",
    checks: "no `dependency?/feature` in a manifest",
    check: |workspace: &Workspace| Ok(workspace.manifest_files().flat_map(of_manifest).collect()),
};

fn of_manifest(file: &TextFile) -> Vec<Finding> {
    let manifest = Manifest::parse(&file.text);
    let features =
        manifest.entries.iter().filter(|entry| entry.path.first().is_some_and(|it| it == "features"));
    features
        .flat_map(|entry| {
            let weak = entry.value.split(['"', '\'']).filter(|word| word.contains("?/"));
            weak.map(|word| {
                Finding::new(
                    &file.path,
                    entry.line,
                    format!(
                        "the weak feature `{word}` puts an optional dependency into every user's lock file"
                    ),
                    "give that driver its own feature that turns both on (`dep:name`, `name/feature`)",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_weak_feature_also_in_a_list_over_several_lines() {
        let of = |text: &str| of_manifest(&TextFile { path: "Cargo.toml".to_owned(), text: text.to_owned() });
        let found = of("[features]\na = [\"dep:x\"]\nb = [\n  \"a\",\n  \"x?/tls\",\n]\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
        assert!(found[0].what.contains("`x?/tls`"));
        assert_eq!(of("[features]\na = [\"dep:x\", \"x/tls\"]\n"), []);
    }
}
