//! The docs build without a warning: every link leads somewhere, every code block is closed.
//!
//! People read the docs before the code. A broken link is what is left of a rename that forgot them.

use super::Rule;
use crate::{diagnostics::collect, workspace::Workspace};

pub(super) const RULE: Rule = Rule {
    name: "docs",
    checks: "rustdoc finds no broken link",
    check: |workspace: &Workspace| {
        let words = ["doc", "--locked", "--keep-going", "--workspace", "--no-deps", "--all-features"];
        // Denied, so that rustdoc's warnings can be told from the compiler's, which `lints` has told already.
        collect(&workspace.root, &words, &["error"], &[("RUSTDOCFLAGS", "-D warnings")])
    },
};
