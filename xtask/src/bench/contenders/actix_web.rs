//! actix-web.

use super::{Contender, Folder, package, workers};

pub(super) const CONTENDER: Contender = Contender {
    name: "actix-web",
    is: "`HttpServer` and `App` with routes by attribute, default features; uploads as a `MultipartForm` with a `TempFile`",
    rows: &["plaintext", "json", "users", "upload"],
    crates: (Folder::Peers, &["actix-web", "actix-http", "tokio"]),
    build: |root, keeper| package(root, keeper, Folder::Peers, "bench-actix-web"),
    variables: workers,
};
