//! zzz itself.

use super::{Contender, Folder, OURS, package};

pub(super) const CONTENDER: Contender = Contender {
    name: OURS,
    is: "`App` and `zzz::run` with plain handlers, on the facade; a database and templates only in the rows that need them, \
         with no option set; started as in production, with `LOG=warn`",
    rows: &["plaintext", "json", "users", "upload", "db", "queries", "updates", "fortunes"],
    crates: (Folder::Main, &["hyper", "tokio", "tokio-postgres", "minijinja"]),
    build: |root, keeper| package(root, keeper, Folder::Main, "bench-zzz"),
    variables: |workers| {
        vec![
            ("ZZZ_ENV", "prod".to_owned()),
            ("ZZZ_HTTP__WORKERS", workers.to_string()),
            ("LOG", "warn".to_owned()),
            // Production refuses to start without one; nothing here is signed with it.
            ("SECRET_KEY_BASE", "only-for-the-benchmark-".repeat(4)),
        ]
    },
};
