//! Every member inherits what the workspace decides: version, edition, `rust-version`, licence, lints, and the
//! version of each dependency; and says what it is for.
//!
//! A number written in one place cannot differ between two crates. A crate that forgets `[lints]` is checked
//! by nobody, and does not look it.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Manifest, Package, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "manifests",
    checks: "members inherit version, edition, licence, lints and dependencies, and have a description",
    check: |workspace: &Workspace| {
        let mut findings = Vec::new();
        for package in &workspace.metadata()?.members {
            findings.extend(of_member(package, &workspace.manifest(package)?));
        }
        Ok(findings)
    },
};

/// Keys of `[package]` that are the workspace's to set.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license"];

fn of_member(package: &Package, manifest: &Manifest) -> Vec<Finding> {
    let path = package.manifest.as_str();
    let mut findings = Vec::new();
    for key in INHERITED.iter().filter(|key| !manifest.inherits(&["package", key])) {
        let line = manifest.get(&["package", key]).map_or(1, |entry| entry.line);
        let what = format!("`{key}` is not the workspace's");
        findings.push(Finding::new(path, line, what, format!("write `{key}.workspace = true`")));
    }
    if package.description.as_ref().is_none_or(|words| words.trim().is_empty()) {
        let mend = "say in a line what the crate is for";
        findings.push(Finding::new(path, 1, "`description` is missing", mend));
    }
    if !manifest.inherits(&["lints"]) {
        let mend = "add `[lints]` with `workspace = true`";
        findings.push(Finding::new(path, 1, "the workspace's lints are not on", mend));
    }
    for dependency in manifest.dependencies().iter().filter(|dependency| !dependency.inherits) {
        let name = &dependency.name;
        findings.push(Finding::new(
            path,
            dependency.line,
            format!("`{name}` in [{}] is not the workspace's", dependency.section),
            format!("name it in the root's [workspace.dependencies] and write `{name}.workspace = true`"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(manifest: &str, description: Option<&str>) -> Vec<String> {
        let package = Package {
            manifest: "crates/a/Cargo.toml".to_owned(),
            description: description.map(str::to_owned),
            ..Package::default()
        };
        of_member(&package, &Manifest::parse(manifest)).iter().map(Finding::to_string).collect()
    }

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
                        rust-version.workspace = true\nlicense.workspace = true\n\
                        [dependencies]\nserde.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn a_member_that_inherits_everything_is_fine() {
        assert_eq!(findings(GOOD, Some("A.")), [""; 0]);
    }

    #[test]
    fn finds_a_version_of_its_own() {
        let own = GOOD.replace("version.workspace = true\nedition", "version = \"2.0.0\"\nedition");
        assert_eq!(
            findings(&own, Some("A.")),
            ["crates/a/Cargo.toml:3: `version` is not the workspace's; write `version.workspace = true`"]
        );
    }

    #[test]
    fn finds_a_dependency_with_a_version_of_its_own() {
        let own = GOOD.replace("serde.workspace = true", "serde = \"1\"");
        assert_eq!(findings(&own, Some("A.")).len(), 1);
    }

    #[test]
    fn finds_missing_lints_and_a_missing_description() {
        let found = findings(&GOOD.replace("[lints]\nworkspace = true\n", ""), None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(findings(GOOD, Some(" ")).len(), 1);
    }
}
