//! Which of our crates may depend on which.
//!
//! The crates are only worth being many while each can be taken alone: zzz-db in an axum app, zzz-templates in
//! a command line tool. One careless line in a manifest ends that, and nothing else would notice. So every edge
//! between two of our crates is in the list below, or it is refused.
//!
//! Two promises hold whatever the list says: the core needs none of ours, and nothing but apps (and the tests
//! package, which stands for a user) needs the facade.

use std::{collections::BTreeSet, iter};

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Edge, EdgeKind, Manifest, Package, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "dependency-graph",
    checks: "our crates depend on each other only where the list allows it",
    check: |workspace: &Workspace| {
        let mut findings = check_table(&workspace.metadata()?.members, TABLE);
        for package in &workspace.metadata()?.members {
            findings.extend(of_package(package, &workspace.manifest(package)?, TABLE));
        }
        Ok(findings)
    },
};

/// What one of our crates may depend on.
struct Row {
    package: &'static str,
    /// In code and build scripts: what whoever takes the crate gets as well.
    needs: &'static [&'static str],
    /// In tests and examples: nobody else builds these.
    tests_need: &'static [&'static str],
}

/// The line of the list, for findings about it.
const TABLE_LINE: usize = line!() as usize + 3;

/// Every package of the workspace. An edge that is allowed need not be there.
const TABLE: &[Row] = &[
    Row { package: "zzz-core", needs: &[], tests_need: &[] },
    // The program that a macro's test compiles names the crate that the macro's code is for.
    Row {
        package: "zzz-macros",
        needs: &["zzz-core"],
        tests_need: &["zzz-db", "zzz-router", "zzz-templates"],
    },
    // These know the core and not each other: where two must meet, the trait between them is in the core.
    Row { package: "zzz-core-http", needs: &["zzz-core"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-router", needs: &["zzz-core", "zzz-macros"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-multipart", needs: &["zzz-core"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-middleware", needs: &["zzz-core", "zzz-macros"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-streaming", needs: &["zzz-core"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-templates", needs: &["zzz-core", "zzz-macros"], tests_need: &["zzz-testing"] },
    Row { package: "zzz-db", needs: &["zzz-core", "zzz-macros"], tests_need: &["zzz-testing"] },
    // These two know everything, except that tests are no part of an app and an app is no part of tests.
    Row {
        package: "zzz-testing",
        needs: &[
            "zzz-core",
            "zzz-core-http",
            "zzz-db",
            "zzz-macros",
            "zzz-middleware",
            "zzz-multipart",
            "zzz-router",
            "zzz-streaming",
            "zzz-templates",
        ],
        tests_need: &[],
    },
    Row {
        package: "zzz-web",
        needs: &[
            "zzz-core",
            "zzz-core-http",
            "zzz-db",
            "zzz-macros",
            "zzz-middleware",
            "zzz-multipart",
            "zzz-router",
            "zzz-streaming",
            "zzz-templates",
        ],
        tests_need: &["zzz-testing"],
    },
    // What a user writes, and what stands for a user.
    Row { package: "example_app", needs: &["zzz-web"], tests_need: &["zzz-testing"] },
    Row { package: "bench-routing", needs: &["zzz-core", "zzz-router"], tests_need: &[] },
    Row { package: "bench-zzz", needs: &["zzz-web"], tests_need: &[] },
    Row { package: "bench-work", needs: &[], tests_need: &[] },
    Row { package: "bench-db", needs: &["bench-work", "zzz-db"], tests_need: &[] },
    Row {
        package: "zzz-tests",
        needs: &[
            "example_app",
            "zzz-core",
            "zzz-core-http",
            "zzz-db",
            "zzz-macros",
            "zzz-middleware",
            "zzz-multipart",
            "zzz-router",
            "zzz-streaming",
            "zzz-templates",
            "zzz-testing",
            "zzz-web",
        ],
        tests_need: &[],
    },
    // It has to build when the others do not.
    Row { package: "xtask", needs: &[], tests_need: &[] },
];

/// What everything else is built on.
const CORE: &str = "zzz-core";

/// What only apps depend on.
const FACADE: &str = "zzz-web";

/// Where packages live that may depend on the facade.
const MAY_USE_FACADE: &[&str] = &["apps/", "benches/", "tests/"];

const FILE: &str = "xtask/src/tidy/dependency_graph.rs";

/// The list and the workspace name the same packages.
fn check_table(members: &[Package], table: &[Row]) -> Vec<Finding> {
    let is_member = |name: &str| members.iter().any(|package| package.name == name);
    let mut findings = Vec::new();
    for package in members.iter().filter(|package| !table.iter().any(|row| row.package == package.name)) {
        let what = format!("`{}` is not in the list of who may depend on whom", package.name);
        findings.push(Finding::new(&package.manifest, 1, what, format!("add its row to TABLE in {FILE}")));
    }
    let named = table.iter().flat_map(|row| iter::once(&row.package).chain(row.needs).chain(row.tests_need));
    let gone: BTreeSet<&str> = named.copied().filter(|name| !is_member(name)).collect();
    for name in gone {
        let what = format!("the list names `{name}`, which is no package of the workspace");
        findings.push(Finding::new(FILE, TABLE_LINE, what, "remove it, or write its new name"));
    }
    findings
}

/// Each edge of a package to one of ours is allowed.
fn of_package(package: &Package, manifest: &Manifest, table: &[Row]) -> Vec<Finding> {
    let is_ours =
        |edge: &&Edge| table.iter().any(|row| row.package == edge.to) || edge.to.starts_with("zzz-");
    package
        .edges
        .iter()
        .filter(is_ours)
        .filter_map(|edge| {
            let (what, mend) = fault(package, edge, table)?;
            let line = manifest.line_of(&edge.key, edge.kind.section());
            Some(Finding::new(&package.manifest, line, what, mend))
        })
        .collect()
}

/// What is wrong with an edge, and how to mend it.
fn fault(package: &Package, edge: &Edge, table: &[Row]) -> Option<(String, String)> {
    let (from, to) = (package.name.as_str(), edge.to.as_str());
    if from == CORE {
        let mend = "put what it needs into the core, or the code that needs it elsewhere";
        return Some((
            format!("the core depends on `{to}`, and must depend on none of ours"),
            mend.to_owned(),
        ));
    }
    if to == FACADE && !MAY_USE_FACADE.iter().any(|folder| package.manifest.starts_with(folder)) {
        let what = format!("`{from}` depends on the facade `{to}`, which is for apps");
        return Some((what, "depend on the crates that it is made of".to_owned()));
    }
    let row = table.iter().find(|row| row.package == from)?;
    let (allowed, how) = match edge.kind {
        EdgeKind::Normal | EdgeKind::Build => (row.needs.contains(&to), ""),
        EdgeKind::Dev => (row.needs.contains(&to) || row.tests_need.contains(&to), " in its tests"),
    };
    (!allowed).then(|| {
        let what = format!("`{from}` may not depend on `{to}`{how}");
        let mend =
            format!("let a trait in the core stand between them; if the edge is right, add it to {FILE}");
        (what, mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[Row] = &[
        Row { package: "zzz-core", needs: &["zzz-router"], tests_need: &[] },
        Row { package: "zzz-router", needs: &["zzz-core"], tests_need: &["zzz-testing"] },
        Row { package: "zzz-testing", needs: &["zzz-core", "zzz-web"], tests_need: &[] },
        Row { package: "zzz-web", needs: &[], tests_need: &[] },
        Row { package: "app", needs: &["zzz-web"], tests_need: &[] },
    ];

    fn package(name: &str, manifest: &str, edges: &[(&str, EdgeKind)]) -> Package {
        let edges = edges
            .iter()
            .map(|(to, kind)| Edge { to: (*to).to_owned(), key: (*to).to_owned(), kind: *kind })
            .collect();
        Package { name: name.to_owned(), manifest: manifest.to_owned(), edges, ..Package::default() }
    }

    fn faults(name: &str, manifest: &str, to: &str, kind: EdgeKind) -> Vec<String> {
        let package = package(name, manifest, &[(to, kind), ("serde", EdgeKind::Normal)]);
        let lines = Manifest::parse(&format!("[{}]\n{to}.workspace = true\n", kind.section()));
        of_package(&package, &lines, SAMPLE).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_edge_in_the_list_is_fine_and_what_is_needed_may_be_tested_with() {
        let manifest = "crates/router/Cargo.toml";
        assert_eq!(faults("zzz-router", manifest, "zzz-core", EdgeKind::Normal), [""; 0]);
        assert_eq!(faults("zzz-router", manifest, "zzz-core", EdgeKind::Dev), [""; 0]);
        assert_eq!(faults("zzz-router", manifest, "zzz-testing", EdgeKind::Dev), [""; 0]);
        assert_eq!(faults("app", "apps/app/Cargo.toml", "zzz-web", EdgeKind::Normal), [""; 0]);
    }

    #[test]
    fn finds_an_edge_that_is_not_in_the_list() {
        let found = faults("zzz-router", "crates/router/Cargo.toml", "zzz-templates", EdgeKind::Build);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .starts_with("crates/router/Cargo.toml:2: `zzz-router` may not depend on `zzz-templates`;")
        );
    }

    #[test]
    fn an_edge_for_tests_is_none_for_code() {
        let found = faults("zzz-router", "crates/router/Cargo.toml", "zzz-testing", EdgeKind::Normal);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn the_core_needs_none_of_ours_even_if_the_list_says_so() {
        let found = faults("zzz-core", "crates/core/Cargo.toml", "zzz-router", EdgeKind::Dev);
        assert!(found[0].contains("must depend on none of ours"), "{found:?}");
    }

    #[test]
    fn only_apps_need_the_facade_even_if_the_list_says_so() {
        let found = faults("zzz-testing", "crates/testing/Cargo.toml", "zzz-web", EdgeKind::Normal);
        assert!(found[0].contains("which is for apps"), "{found:?}");
    }

    #[test]
    fn finds_a_package_without_a_row_and_a_row_without_a_package() {
        let members =
            [package("zzz-core", "crates/core/Cargo.toml", &[]), package("new", "new/Cargo.toml", &[])];
        let row = Row { package: "zzz-core", needs: &[], tests_need: &["gone"] };
        let found: Vec<_> = check_table(&members, &[row]).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("new/Cargo.toml:1: `new` is not in the list"));
        assert!(found[1].contains("names `gone`, which is no package"));
    }
}
