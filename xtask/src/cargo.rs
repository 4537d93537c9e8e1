//! Starting Cargo.
//!
//! `cargo xtask` is itself started by `cargo run`, which leaves variables that describe *this* package.
//! Handed on, they make build scripts that watch them (ring's does) run anew each time somebody changes
//! between `cargo build` and `cargo xtask`, and everything above them is built again; so they are removed.

use std::{
    io::{BufRead, BufReader, IsTerminal, Read},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
};

/// A command line that starts Cargo in `root`.
pub(crate) fn cargo<'a>(root: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_a_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether Cargo sets this variable for the package that it runs.
fn describes_a_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_")
        || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"]
            .contains(&variable)
        || ["CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&variable)
}

/// What a program that ran to its end has left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output; what is not UTF-8 is replaced.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// The last lines of standard error, enough to see why it failed.
    pub(crate) fn last_words(&self) -> String {
        let lines: Vec<&str> = self.stderr.trim_end().lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// Runs a command to its end and keeps what it says.
///
/// On a terminal its standard error is shown as it comes, since a first build takes minutes and a person wants
/// to see that it goes on.
pub(crate) fn run(mut command: Command) -> Result<Ran, String> {
    let name = describe(&command);
    let failed = |error: std::io::Error| format!("`{name}` could not be run: {error}");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(&failed)?;
    let errors = child.stderr.take();
    let reader = thread::spawn(move || errors.map(read_and_show).unwrap_or_default());
    let mut stdout = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_end(&mut stdout).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    let stderr = reader.join().unwrap_or_default();
    Ok(Ran { status, stdout: String::from_utf8_lossy(&stdout).into_owned(), stderr })
}

/// Runs a command whose standard output is wanted; anything but success is an error with its last words.
pub(crate) fn output(command: Command) -> Result<String, String> {
    let name = describe(&command);
    let ran = run(command)?;
    if ran.status.success() {
        Ok(ran.stdout)
    } else {
        Err(format!("`{name}` failed ({}):\n{}", ran.status, ran.last_words()))
    }
}

fn read_and_show(from: impl Read) -> String {
    let show = std::io::stderr().is_terminal();
    let mut kept = String::new();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if show {
            eprintln!("  {line}");
        }
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

/// The command as a person would type it.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_on_what_is_the_users_and_not_what_describes_this_package() {
        assert!(describes_a_package("CARGO_PKG_VERSION_MAJOR"));
        assert!(describes_a_package("CARGO_MANIFEST_DIR"));
        for kept in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CARGO_NET_OFFLINE"] {
            assert!(!describes_a_package(kept), "{kept}");
        }
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_last_words() {
        let error = output(cargo(Path::new("."), ["no-such-command"])).unwrap_err();
        assert!(error.starts_with("`cargo no-such-command` failed"), "{error}");
        assert!(error.contains("no such command"), "{error}");
    }
}
