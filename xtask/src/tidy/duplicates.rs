//! No package is in the default app's tree in two incompatible versions, unless the list below says why.
//!
//! Two versions are built, linked and audited twice, and their types do not fit together: an `http` 0.2 request
//! is no `http` 1 request. Now and then the ecosystem is between two versions and nothing can be done; then a
//! row here says so, and falls due for removal as soon as it is true no more.

use std::collections::{BTreeMap, BTreeSet};

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Tree, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "duplicates",
    checks: "no package twice, in incompatible versions, in the tree of an app",
    check: |workspace: &Workspace| {
        let mut trees = Vec::new();
        for app in APPS {
            if workspace.metadata()?.member(app).is_none() {
                let what = format!("APPS names `{app}`, which is no package of the workspace");
                return Ok(vec![Finding::new(FILE, 1, what, "remove it, or write its new name")]);
            }
            trees.push((*app, Tree::of(&workspace.root, app, &[])?));
        }
        Ok(check(&trees, ALLOWED))
    },
};

/// Apps as a user would build them: with their default features, without tests.
const APPS: &[&str] = &["example_app"];

/// A package that may be there more than once.
struct Allowed {
    package: &'static str,
    reason: &'static str,
}

const ALLOWED: &[Allowed] = &[
    Allowed {
        package: "getrandom",
        reason: "ring 0.17, under rustls, is the last that asks for 0.2; everything else has gone on to 0.4",
    },
    Allowed {
        package: "fallible-iterator",
        reason: "tokio-postgres 0.7 has it in its interface, and keeps 0.2; rusqlite 0.39 has gone on to 0.3",
    },
    Allowed { package: "block-buffer", reason: "with sha2 0.10, see there" },
    Allowed { package: "cpufeatures", reason: "with sha2 0.10, see there" },
    Allowed { package: "crypto-common", reason: "with sha2 0.10, see there" },
    Allowed { package: "digest", reason: "with sha2 0.10, see there" },
    Allowed {
        package: "sha2",
        reason: "sqlx 0.9, under MySQL, hashes its migrations with 0.10; what cookies are signed with has gone on to 0.11",
    },
    Allowed {
        package: "syn",
        reason: "sqlx 0.9, under MySQL, wants tracing with its attributes, which are written with syn 2; serde and \
                 tokio have gone on to 3",
    },
];

const FILE: &str = "xtask/src/tidy/duplicates.rs";

fn check(trees: &[(&str, Tree)], allowed: &[Allowed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (app, tree) in trees {
        for (name, versions) in duplicates(tree) {
            seen.insert(name);
            if !allowed.iter().any(|row| row.package == name) {
                findings.push(Finding::new(
                    "Cargo.lock",
                    1,
                    format!("{app} builds `{name}` in the versions {}", versions.join(", ")),
                    format!(
                        "see who brings each with `cargo tree -p {app} -e normal -i {name}@VERSION`, choose \
                             versions that share one, or give the reason in {FILE}"
                    ),
                ));
            }
        }
    }
    for row in allowed.iter().filter(|row| !seen.contains(row.package)) {
        let what = format!("`{}` is there once, and need not be allowed twice ({})", row.package, row.reason);
        findings.push(Finding::new(FILE, 1, what, "remove its row from ALLOWED"));
    }
    findings
}

/// The packages with more than one version that Cargo would not unite, and all their versions.
fn duplicates(tree: &Tree) -> BTreeMap<&str, Vec<&str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &tree.packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions
        .retain(|_, versions| versions.iter().map(|it| compatible(it)).collect::<BTreeSet<_>>().len() > 1);
    versions
}

/// The part of a version that compatible versions share: `1`, `0.4`, `0.0.7`.
fn compatible(version: &str) -> &str {
    let significant = version.split('.').position(|part| part != "0").unwrap_or(2).min(2);
    let end = version.match_indices('.').nth(significant).map_or(version.len(), |(at, _)| at);
    &version[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(tree: &str, allowed: &[Allowed]) -> Vec<String> {
        check(&[("example_app", Tree::parse(tree))], allowed).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn versions_that_cargo_unites_are_compatible() {
        assert_eq!(compatible("1.2.3"), "1");
        assert_eq!(compatible("0.4.12"), "0.4");
        assert_eq!(compatible("0.0.7"), "0.0.7");
        assert_eq!(compatible("10.0.0-rc.1"), "10");
    }

    #[test]
    fn finds_two_incompatible_versions() {
        let found = findings("syn v2.0.1\nsyn v3.0.9\nhttp v1.0.0\n", &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("example_app builds `syn` in the versions 2.0.1, 3.0.9"), "{found:?}");
    }

    #[test]
    fn a_reason_allows_it_as_long_as_it_is_true() {
        let row = || Allowed { package: "syn", reason: "serde is not there yet" };
        assert_eq!(findings("syn v2.0.1\nsyn v3.0.9\n", &[row()]), [""; 0]);
        assert!(findings("syn v3.0.9\n", &[row()])[0].contains("need not be allowed"));
    }
}
