//! axum with the bare driver.

use super::{Contender, Folder, package, workers};

pub(super) const CONTENDER: Contender = Contender {
    name: "axum-tokio-postgres",
    is: "axum with the bare driver, in the form of its entry in TechEmpower's benchmarks: each serving thread has a runtime \
         and one connection of its own, statements prepared at the start, what is asked at once pipelined; no pool, nothing \
         that connects again; askama",
    rows: &["db", "queries", "updates", "fortunes"],
    crates: (Folder::Peers, &["axum", "tokio-postgres", "askama"]),
    build: |root, keeper| package(root, keeper, Folder::Peers, "bench-axum-tokio-postgres"),
    variables: workers,
};
