//! [`Tree`]: what a package needs when it is built for use, with exactly these features.
//!
//! `cargo metadata` unites the features of all members; only `cargo tree -p` resolves one package as somebody
//! who depends on it alone would.

use std::path::Path;

use crate::cargo::{cargo, output};

/// The packages in a package's normal dependency tree, itself included, each version once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Sorted by name and version.
    pub(crate) packages: Vec<TreePackage>,
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TreePackage {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

impl Tree {
    /// Asks Cargo; `features` are words such as `--no-default-features`.
    pub(crate) fn of(root: &Path, package: &str, features: &[&str]) -> Result<Self, String> {
        let fixed =
            ["tree", "--locked", "--edges=normal", "--prefix=none", "--format={p}", "--package", package];
        let words = fixed.iter().chain(features).copied();
        Ok(Self::parse(&output(cargo(root, words))?))
    }

    /// Reads lines such as `http v1.5.0` and `zzz-core v0.1.0 (/path) (*)`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut packages: Vec<TreePackage> = text
            .lines()
            .filter_map(|line| {
                let (name, rest) = line.split_once(' ')?;
                let version = rest.split(' ').next()?.strip_prefix('v')?;
                Some(TreePackage { name: name.to_owned(), version: version.to_owned() })
            })
            .collect();
        packages.sort();
        packages.dedup();
        Tree { packages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_version_once() {
        let tree =
            Tree::parse("a v0.1.0 (/w/a)\nb v1.2.3\nb v2.0.0 (*)\nb v1.2.3 (*)\nm v1.0.0 (proc-macro)\n\n");
        let found: Vec<_> = tree.packages.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
        assert_eq!(found, ["a 0.1.0", "b 1.2.3", "b 2.0.0", "m 1.0.0"]);
    }
}
