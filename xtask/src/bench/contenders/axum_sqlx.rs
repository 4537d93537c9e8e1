//! axum with sqlx.

use super::{Contender, Folder, package, workers};

pub(super) const CONTENDER: Contender = Contender {
    name: "axum-sqlx",
    is: "axum as above with a `PgPool` of 10 connections as its state, all else as sqlx has it by default (so it asks each \
         connection whether it lives before it is used); `query_as` and bound values, askama",
    rows: &["db", "queries", "updates", "fortunes"],
    crates: (Folder::Peers, &["axum", "sqlx", "askama"]),
    build: |root, keeper| package(root, keeper, Folder::Peers, "bench-axum-sqlx"),
    variables: workers,
};
