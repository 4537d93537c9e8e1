//! What we build holds one `libsqlite3-sys`, never two.
//!
//! Two copies of SQLite in one program open the same file with two sets of locks, and POSIX drops the locks of
//! both when either closes it: the database is then corrupted without an error. Cargo refuses two packages
//! that declare to link the same library, so a second copy would come under another name; hence the list.
//!
//! For the same reason an app on zzz-db that has sqlx with its feature `sqlite` too is resolved only if both can
//! share one `libsqlite3-sys`: it must not be newer than sqlx allows.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{Package, Workspace, line_in_lock},
};

pub(super) const RULE: Rule = Rule {
    name: "one-sqlite",
    checks: "what is built holds one copy of SQLite",
    check: |workspace: &Workspace| {
        let metadata = workspace.metadata()?;
        let wanted = metadata.member("zzz-db").is_some();
        Ok(check(&metadata.resolved, workspace.text("Cargo.lock")?, wanted))
    },
};

/// Packages that bring a copy of SQLite. The lock file may name others for targets that are not built here.
const COPIES: &[&str] = &["libsqlite3-sys", "sqlite3-src", "sqlite3-sys", "libsql-ffi", "sqlite-wasm-rs"];

/// sqlx-sqlite 0.9 asks for `libsqlite3-sys` below this minor version of 0.
const SHARED_BELOW: u32 = 38;

/// The second number of a version whose first is 0.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("0.")?.split('.').next()?.parse().ok()
}

fn check(resolved: &[Package], lock: &str, wanted: bool) -> Vec<Finding> {
    let copies: Vec<&Package> = resolved.iter().filter(|it| COPIES.contains(&it.name.as_str())).collect();
    match copies.as_slice() {
        [] if wanted => {
            let mend = "zzz-db has to bring SQLite through rusqlite's `bundled`";
            vec![Finding::new("Cargo.lock", 1, "there is no copy of SQLite", mend)]
        }
        [one] if one.name == "libsqlite3-sys" && minor(&one.version).is_none_or(|minor| minor >= SHARED_BELOW) => {
            let what = format!("`libsqlite3-sys` {} is newer than sqlx 0.9 allows (below 0.{SHARED_BELOW})", one.version);
            let mend = "take an older rusqlite, or look what the newest sqlx allows, and raise SHARED_BELOW in \
                        xtask/src/tidy/one_sqlite.rs";
            vec![Finding::new("Cargo.lock", line_in_lock(lock, one), what, mend)]
        }
        [] | [_] => Vec::new(),
        [one, more @ ..] => more
            .iter()
            .map(|two| {
                let (name, version) = (&two.name, &two.version);
                let what = format!("`{name}` {version} brings SQLite beside `{}` {}", one.name, one.version);
                let mend = format!(
                    "see who brings it with `cargo tree -i {name}@{version}`, and choose versions that share one"
                );
                Finding::new("Cargo.lock", line_in_lock(lock, two), what, mend)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> Package {
        Package { name: name.to_owned(), version: version.to_owned(), ..Package::default() }
    }

    #[test]
    fn one_copy_is_right() {
        assert_eq!(
            check(&[package("libsqlite3-sys", "0.37.0"), package("rusqlite", "0.39.0")], "", true),
            []
        );
        assert_eq!(check(&[], "", false), []);
    }

    #[test]
    fn finds_one_that_sqlx_can_not_share() {
        let found = check(&[package("libsqlite3-sys", "0.38.1")], "", true);
        assert!(found[0].to_string().contains("newer than sqlx 0.9 allows"), "{}", found[0]);
    }

    #[test]
    fn finds_a_second_copy_and_a_missing_one() {
        let lock = "[[package]]\nname = \"libsqlite3-sys\"\nversion = \"0.30.1\"\n\n\
                    [[package]]\nname = \"libsqlite3-sys\"\nversion = \"0.37.0\"\n";
        let found =
            check(&[package("libsqlite3-sys", "0.30.1"), package("libsqlite3-sys", "0.37.0")], lock, true);
        assert_eq!(found.len(), 1);
        let words =
            "Cargo.lock:6: `libsqlite3-sys` 0.37.0 brings SQLite beside `libsqlite3-sys` 0.30.1; see who";
        assert!(found[0].to_string().starts_with(words), "{}", found[0]);
        assert_eq!(check(&[], "", true).len(), 1);
    }
}
