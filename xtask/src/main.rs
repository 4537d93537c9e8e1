//! `cargo xtask`: everything that is done to the workspace as a whole, written in Rust, so that the machine
//! needs nothing but Cargo.
//!
//! | module | holds |
//! |---|---|
//! | [`commands`] | one file per command, and the list of them that dispatch and help read |
//! | [`mod@bench`] | what `cargo xtask bench` measures, how, and the page that comes of it |
//! | [`tidy`] | one file per rule of `cargo xtask tidy`, and the list of them |
//! | [`workspace`] | what rules look at: tracked files, manifests, `cargo metadata`, `cargo tree` |
//! | [`cargo`] | starting Cargo, with an environment that does not make it build things twice |
//! | [`diagnostics`] | what the compiler, Clippy and rustdoc found, read from Cargo's JSON |
//! | [`finding`] | one thing that is wrong: where, what, and how to mend it |
//! | [`libtest`] | counting tests in the output of `cargo test` |
//! | [`servers`] | the servers that tests need: one file per server |
//! | [`nearest`], [`paint`] | the nearest known word; ticks, crosses, durations |
//!
//! A new command is a file in `commands/` and a row in [`commands::COMMANDS`].

mod bench;
mod cargo;
mod commands;
mod diagnostics;
mod finding;
mod libtest;
mod nearest;
mod paint;
mod servers;
mod tidy;
mod workspace;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// How a command ended; the exit codes are those of the app's own commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All went well: 0.
    Done,
    /// It ran and found something wrong: 1.
    Failed,
    /// It did not understand its arguments: 2.
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
        })
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    commands::dispatch(&root(), &arguments).into()
}

/// The workspace's folder: the parent of this package's.
///
/// Cargo says at run time where the package is. The path known when this was compiled comes second, as it is
/// wrong once the clone has been moved.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}
