//! Building programs with Cargo, its progress shown.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::keeper::Keeper;
use crate::cargo::cargo;

/// Builds the program of a package in a workspace, and says where it is.
pub(crate) fn program(
    folder: &Path,
    keeper: &Keeper,
    package: &str,
    options: &[&str],
) -> Result<PathBuf, String> {
    let words = ["build", "--locked", "--message-format=json-render-diagnostics", "--package", package];
    run(cargo(folder, words.iter().chain(options).copied()), keeper)?
        .ok_or_else(|| format!("cargo built {package} and named no program of it"))
}

/// Runs Cargo, with its progress on our standard error; gives the last program that it names.
pub(crate) fn run(mut command: Command, keeper: &Keeper) -> Result<Option<PathBuf>, String> {
    command.stdout(Stdio::piped());
    let failed = |error: std::io::Error| format!("cargo could not be run: {error}");
    let mut child = keeper.spawn(&mut command).map_err(failed)?;
    let mut program = None;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            program = executable(&line).or(program);
        }
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(program) } else { Err(format!("the build failed ({status}); see above")) }
}

/// The program that a message of Cargo's names.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_program_among_the_messages() {
        assert_eq!(
            executable(r#"{"reason":"compiler-artifact","executable":"/t/bench/bench-zzz"}"#),
            Some(PathBuf::from("/t/bench/bench-zzz"))
        );
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
        assert_eq!(executable("Hello"), None);
    }
}
