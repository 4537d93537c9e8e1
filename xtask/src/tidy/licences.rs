//! Every package that we build has a licence under which the whole can be given away as MIT or Apache-2.0.
//!
//! An app that starts from zzz must be free to be sold or kept closed; one copyleft package deep in the tree
//! takes that freedom away from all of them.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Package, Workspace, line_in_lock},
};

pub(super) const RULE: Rule = Rule {
    name: "licences",
    checks: "every package's licence allows distribution as MIT or Apache-2.0",
    check: |workspace: &Workspace| Ok(check(&workspace.metadata()?.resolved, workspace.text("Cargo.lock")?)),
};

/// SPDX identifiers that ask for no more than a notice.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    // Certificates of the Mozilla root programme (webpki-roots): data, with a notice.
    "CDLA-Permissive-2.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Exceptions that only add permissions.
const ACCEPTED_EXCEPTIONS: &[&str] = &["LLVM-exception"];

fn check(packages: &[Package], lock: &str) -> Vec<Finding> {
    packages
        .iter()
        .filter_map(|package| {
            let what = match package.license.as_deref().map(|text| (text, accepts(text))) {
                Some((_, Ok(true))) => return None,
                Some((text, Ok(false))) => format!("`{}` is licensed under `{text}`", package.name),
                Some((text, Err(why))) => format!("`{}` has the licence `{text}`, and {why}", package.name),
                None => format!("`{}` names no licence", package.name),
            };
            let mend = "find another package; if it asks for no more than a notice, add its id to the list in \
                        xtask/src/tidy/licences.rs";
            Some(Finding::new("Cargo.lock", line_in_lock(lock, package), what, mend))
        })
        .collect()
}

/// Whether an SPDX expression leaves a choice that we accept. `MIT/Apache-2.0`, the old way of writing `OR`, is
/// read as it is meant.
fn accepts(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    let accepted = reader.either()?;
    match reader.words.first() {
        None => Ok(accepted),
        Some(word) => Err(format!("`{word}` was not expected there")),
    }
}

/// Reads an expression word by word: `AND` binds before `OR`.
struct Reader<'a> {
    words: &'a [&'a str],
}

impl Reader<'_> {
    fn either(&mut self) -> Result<bool, String> {
        let mut accepted = self.all()?;
        while self.skip("OR") {
            accepted |= self.all()?;
        }
        Ok(accepted)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut accepted = self.one()?;
        while self.skip("AND") {
            accepted &= self.one()?;
        }
        Ok(accepted)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.skip("(") {
            let accepted = self.either()?;
            return if self.skip(")") { Ok(accepted) } else { Err("a bracket is not closed".to_owned()) };
        }
        let accepted = ACCEPTED.contains(&self.next()?);
        if self.skip("WITH") {
            return Ok(accepted && ACCEPTED_EXCEPTIONS.contains(&self.next()?));
        }
        Ok(accepted)
    }

    fn next(&mut self) -> Result<&str, String> {
        let (first, rest) = self.words.split_first().ok_or("it ends too early")?;
        self.words = rest;
        Ok(first)
    }

    fn skip(&mut self, word: &str) -> bool {
        let here = self.words.first() == Some(&word);
        if here {
            self.words = &self.words[1..];
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_leaves_a_free_choice() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "ISC AND (Apache-2.0 OR ISC)",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert_eq!(accepts(good), Ok(true), "{good}");
        }
    }

    #[test]
    fn refuses_what_asks_for_more_than_a_notice() {
        for bad in
            ["GPL-3.0-only", "MIT AND GPL-3.0-only", "MPL-2.0", "(MIT OR ISC) AND AGPL-3.0-only", "mit"]
        {
            assert_eq!(accepts(bad), Ok(false), "{bad}");
        }
        assert_eq!(accepts("MIT AND MIT WITH Classpath-exception-2.0"), Ok(false));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for bad in ["", "MIT OR", "(MIT", "MIT Apache-2.0"] {
            assert!(accepts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn finds_a_package_by_its_line_in_the_lock_file() {
        let package = |license: Option<&str>| Package {
            name: "copyleft".into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            ..Package::default()
        };
        let lock = "version = 4\n\n[[package]]\nname = \"copyleft\"\nversion = \"1.0.0\"\n";
        let found = check(&[package(Some("GPL-3.0-only")), package(None), package(Some("MIT"))], lock);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].to_string().starts_with("Cargo.lock:4: `copyleft` is licensed under `GPL-3.0-only`;")
        );
        assert!(found[1].what.contains("names no licence"));
    }
}
