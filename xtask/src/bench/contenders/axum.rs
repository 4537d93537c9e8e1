//! axum.

use super::{Contender, Folder, package, workers};

pub(super) const CONTENDER: Contender = Contender {
    name: "axum",
    is: "`axum::serve` with a `Router` of handlers without state, default features, TCP_NODELAY by `tap_io`; uploads as in its example \
         `stream-to-file`",
    rows: &["plaintext", "json", "users", "upload"],
    crates: (Folder::Peers, &["axum", "hyper", "tokio"]),
    build: |root, keeper| package(root, keeper, Folder::Peers, "bench-axum"),
    variables: workers,
};
