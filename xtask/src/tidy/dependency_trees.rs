//! What must not be in the dependency tree of a crate that is taken alone.
//!
//! `dependency-graph` sees our own crates. What a user of one of them waits for is everything under it: a
//! web stack below zzz-db without its feature `web`, or a runtime below the core, would break what their docs
//! promise, with no edge of ours at fault.

use std::collections::BTreeMap;

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Package, Tree, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "dependency-trees",
    checks: "no web stack below what is sold without one, no runtime below the core",
    check: |workspace: &Workspace| {
        let mut findings = Vec::new();
        for promise in PROMISES {
            findings.extend(of_promise(workspace, promise)?);
        }
        Ok(findings)
    },
};

/// What a crate promises not to bring.
struct Promise {
    package: &'static str,
    with: With,
    /// Names of packages.
    never: &'static [&'static str],
    reason: &'static str,
}

/// With which features the promise holds.
#[derive(Debug, Clone, Copy)]
enum With {
    /// With all of them.
    Everything,
    /// With all but this one and those that turn it on.
    EverythingBut(&'static str),
    /// With all but this one and those that turn it on, and the default features do not turn it on.
    DefaultAndEverythingBut(&'static str),
}

const PROMISES: &[Promise] = &[
    Promise {
        package: "zzz-core",
        with: With::Everything,
        never: &["tokio", "mio", "async-std", "smol", "hyper", "socket2"],
        reason: "it knows no runtime and does no I/O",
    },
    Promise {
        package: "zzz-core",
        with: With::EverythingBut("http"),
        never: &["http", "http-body", "hyper"],
        reason: "errors, configuration and services serve programs without a web",
    },
    Promise {
        package: "zzz-db",
        with: With::DefaultAndEverythingBut("web"),
        never: &["http", "http-body", "hyper"],
        reason: "a program on another web framework, or on none, can use it",
    },
];

fn of_promise(workspace: &Workspace, promise: &Promise) -> Result<Vec<Finding>, String> {
    let metadata = workspace.metadata()?;
    let Some(package) = metadata.member(promise.package) else {
        let what = format!("a promise names `{}`, which is no package of the workspace", promise.package);
        return Ok(vec![Finding::new(FILE, 1, what, "remove the promise, or write the new name")]);
    };
    let words = match words(package, promise.with) {
        Ok(words) => words,
        Err(finding) => return Ok(vec![finding]),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(check(package, promise, &Tree::of(&workspace.root, promise.package, &words)?, &words))
}

const FILE: &str = "xtask/src/tidy/dependency_trees.rs";

fn check(package: &Package, promise: &Promise, tree: &Tree, words: &[&str]) -> Vec<Finding> {
    let found = tree.packages.iter().filter(|it| promise.never.contains(&it.name.as_str()));
    found
        .map(|it| {
            let what = format!(
                "`{}` is in the tree of {} with `{}`, and must not be: {}",
                it.name,
                package.name,
                words.join(" "),
                promise.reason
            );
            let see = format!("cargo tree -e normal -p {} {} -i {}", package.name, words.join(" "), it.name);
            Finding::new(&package.manifest, 1, what, format!("see who brings it with `{see}`"))
        })
        .collect()
}

/// The options that turn on the features with which the promise holds.
fn words(package: &Package, with: With) -> Result<Vec<String>, Finding> {
    let (without, by_default) = match with {
        With::Everything => return Ok(vec!["--all-features".to_owned()]),
        With::EverythingBut(feature) => (feature, true),
        With::DefaultAndEverythingBut(feature) => (feature, false),
    };
    if !package.features.contains_key(without) {
        let what = format!("`{}` has no feature `{without}`, which a promise names", package.name);
        return Err(Finding::new(FILE, 1, what, "write the new name"));
    }
    if !by_default
        && package.features.contains_key("default")
        && leads_to(&package.features, "default", without)
    {
        let what = format!("the default features turn on `{without}`");
        return Err(Finding::new(&package.manifest, 1, what, "leave it to whoever wants it to turn it on"));
    }
    let features = package.features.keys().filter(|name| !leads_to(&package.features, name, without));
    let features: Vec<&str> = features.map(String::as_str).collect();
    let mut words = vec!["--no-default-features".to_owned()];
    if !features.is_empty() {
        words.push(format!("--features={}", features.join(",")));
    }
    Ok(words)
}

/// Whether `feature` is `target` or turns it on, also by way of others.
fn leads_to(features: &BTreeMap<String, Vec<String>>, feature: &str, target: &str) -> bool {
    // Cargo has refused a cycle before this is reached.
    feature == target
        || features.get(feature).into_iter().flatten().any(|next| leads_to(features, next, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[(&str, &[&str])]) -> Package {
        let features = features
            .iter()
            .map(|(name, on)| ((*name).to_owned(), on.iter().map(|it| (*it).to_owned()).collect()))
            .collect();
        Package {
            name: "zzz-db".into(),
            manifest: "crates/db/Cargo.toml".into(),
            features,
            ..Package::default()
        }
    }

    #[test]
    fn leaves_out_the_feature_and_what_turns_it_on() {
        let package = package(&[
            ("default", &["sqlite"]),
            ("sqlite", &["dep:rusqlite"]),
            ("mysql", &[]),
            ("web", &["zzz-core/http"]),
            ("full", &["mysql", "web"]),
        ]);
        let words = words(&package, With::DefaultAndEverythingBut("web")).unwrap();
        assert_eq!(words, ["--no-default-features", "--features=default,mysql,sqlite"]);
    }

    #[test]
    fn finds_a_default_that_turns_it_on_and_a_feature_that_is_gone() {
        let on = package(&[("default", &["web"]), ("web", &[])]);
        let finding = words(&on, With::DefaultAndEverythingBut("web")).unwrap_err();
        assert!(finding.what.contains("the default features turn on `web`"));
        assert_eq!(words(&on, With::EverythingBut("web")).unwrap(), ["--no-default-features"]);
        assert!(words(&on, With::EverythingBut("http")).unwrap_err().what.contains("has no feature `http`"));
    }

    #[test]
    fn finds_what_must_not_be_in_the_tree() {
        let promise = Promise {
            package: "zzz-db",
            with: With::EverythingBut("web"),
            never: &["http", "hyper"],
            reason: "axum users bring their own",
        };
        let check =
            |tree: &str| check(&package(&[]), &promise, &Tree::parse(tree), &["--no-default-features"]);
        let found = check("zzz-db v0.1.0 (/w)\nhttp v1.5.0\nhttparse v1.0.0\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].to_string().starts_with("crates/db/Cargo.toml:1: `http` is in the tree of zzz-db with")
        );
        assert_eq!(check("zzz-db v0.1.0 (/w)\nbytes v1.0.0\n"), []);
    }
}
