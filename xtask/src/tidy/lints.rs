//! Clippy and the compiler have nothing to say, with all features and with those that are off by default off.
//!
//! A warning that stays is soon one of many, and then nobody reads them. What only compiles with every feature
//! on does not compile for whoever takes one crate alone, so the smaller sets are checked as well.
//!
//! Warnings are counted here and not denied with `-D warnings`: a denied warning in the core is an error, and
//! then nothing that is built on the core is looked at.

use std::collections::HashSet;

use super::Rule;
use crate::{diagnostics::collect, finding::Finding, workspace::Workspace};

pub(super) const RULE: Rule = Rule {
    name: "lints",
    checks: "clippy finds nothing, with all features and with few",
    check: |workspace: &Workspace| {
        let mut findings = lint(workspace, &["--workspace", "--all-targets", "--all-features"])?;
        for set in SETS {
            let found = match workspace.metadata()?.member(set.package) {
                Some(_) => lint(workspace, &set.words())?,
                None => vec![set.is_gone()],
            };
            findings.extend(new_in(&findings, found));
        }
        Ok(findings)
    },
};

/// What a smaller set found and the ones before it did not.
fn new_in(known: &[Finding], found: Vec<Finding>) -> Vec<Finding> {
    let place = |finding: &Finding| (finding.path.clone(), finding.line, finding.what.clone());
    let known: HashSet<_> = known.iter().map(place).collect();
    found.into_iter().filter(|finding| !known.contains(&place(finding))).collect()
}

/// A package with fewer features than all. Its library alone is checked: its tests turn features on through
/// what they need.
struct FeatureSet {
    package: &'static str,
    features: &'static [&'static str],
}

const SETS: &[FeatureSet] = &[
    FeatureSet { package: "zzz-core", features: &["--no-default-features"] },
    // Its default features, which are without `web`.
    FeatureSet { package: "zzz-db", features: &[] },
    FeatureSet { package: "zzz-web", features: &["--no-default-features"] },
];

impl FeatureSet {
    fn words(&self) -> Vec<&'static str> {
        ["--lib", "--package", self.package].iter().chain(self.features).copied().collect()
    }

    fn is_gone(&self) -> Finding {
        let what = format!("SETS names `{}`, which is no package of the workspace", self.package);
        Finding::new("xtask/src/tidy/lints.rs", 1, what, "remove its row, or write its new name")
    }
}

fn lint(workspace: &Workspace, set: &[&str]) -> Result<Vec<Finding>, String> {
    let words: Vec<&str> = ["clippy", "--locked", "--keep-going"].iter().chain(set).copied().collect();
    let mut findings = collect(&workspace.root, &words, &["error", "warning"], &[])?;
    for finding in &mut findings {
        if finding.mend == "see below" {
            finding.mend = format!("see below, `cargo clippy {}` shows it again", set.join(" "));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_set_is_the_library_alone() {
        let set = FeatureSet { package: "zzz-core", features: &["--no-default-features"] };
        assert_eq!(set.words().join(" "), "--lib --package zzz-core --no-default-features");
    }

    #[test]
    fn what_every_set_finds_is_told_once() {
        let finding = |line| Finding::new("src/lib.rs", line, "unused", "remove it");
        assert_eq!(new_in(&[finding(1)], vec![finding(1), finding(2)]), [finding(2)]);
    }
}
