//! Bare hyper.

use super::{Contender, Folder, package, workers};

pub(super) const CONTENDER: Contender = Contender {
    name: "hyper",
    is: "`http1::Builder` and `service_fn` with a `match` on the path, on tokio's runtime with many threads; no \
         timer, no `pipeline_flush`",
    rows: &["plaintext", "json", "users"],
    crates: (Folder::Peers, &["hyper", "tokio"]),
    build: |root, keeper| package(root, keeper, Folder::Peers, "bench-hyper"),
    variables: workers,
};
