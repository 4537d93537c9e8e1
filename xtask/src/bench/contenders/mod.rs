//! The contenders, one file each: how a server is built and started, and which rows it answers.
//!
//! A new contender is a server under `benches/`, a file here, and a line in [`CONTENDERS`].

mod actix_web;
mod axum;
mod axum_sqlx;
mod axum_tokio_postgres;
mod hyper;
mod zzz;

use std::path::{Path, PathBuf};

use super::{compile, keeper::Keeper};

/// A server that is measured.
pub(crate) struct Contender {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// How it is written, for the page.
    pub(crate) is: &'static str,
    /// The rows that it answers, by name.
    pub(crate) rows: &'static [&'static str],
    /// Where its lock file is, and the crates in it whose versions matter.
    pub(crate) crates: (Folder, &'static [&'static str]),
    /// Builds it, and says where the program is.
    pub(crate) build: fn(&Path, &Keeper) -> Result<PathBuf, String>,
    /// The variables that it is started with besides `PORT`, for this number of worker threads. It has no
    /// others but `PATH`.
    pub(crate) variables: fn(usize) -> Vec<(&'static str, String)>,
}

/// The name of ours, which the others are compared with.
pub(crate) const OURS: &str = "zzz";

/// Every contender, in the order of the page.
pub(crate) const CONTENDERS: &[Contender] = &[
    zzz::CONTENDER,
    hyper::CONTENDER,
    axum::CONTENDER,
    actix_web::CONTENDER,
    axum_sqlx::CONTENDER,
    axum_tokio_postgres::CONTENDER,
];

/// A workspace that contenders are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Ours.
    Main,
    /// `benches/peers`.
    Peers,
}

impl Folder {
    /// Where it is.
    pub(crate) fn path(self, root: &Path) -> PathBuf {
        match self {
            Folder::Main => root.to_path_buf(),
            Folder::Peers => root.join("benches").join("peers"),
        }
    }
}

/// Builds a package of one of the workspaces as all contenders are built.
pub(crate) fn package(root: &Path, keeper: &Keeper, folder: Folder, name: &str) -> Result<PathBuf, String> {
    compile::program(&folder.path(root), keeper, name, &["--profile", "bench"])
}

/// What every peer is told.
fn workers(workers: usize) -> Vec<(&'static str, String)> {
    vec![("WORKERS", workers.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows::ROWS;

    #[test]
    fn every_row_that_a_contender_answers_exists_and_ours_answers_all() {
        for contender in CONTENDERS {
            for row in contender.rows {
                assert!(ROWS.iter().any(|known| known.name == *row), "{} answers {row}", contender.name);
            }
        }
        let ours = CONTENDERS.iter().find(|contender| contender.name == OURS).unwrap();
        assert!(ROWS.iter().all(|row| ours.rows.contains(&row.name)));
    }
}
