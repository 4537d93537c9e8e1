//! `cargo xtask help [COMMAND]`.

use std::path::Path;

use super::{COMMANDS, Command, find, usage};
use crate::Outcome;

pub(super) const COMMAND: Command = Command {
    name: "help",
    arguments: "[COMMAND]",
    summary: "this list, or what one command does",
    details: String::new,
    run,
};

fn run(_root: &Path, arguments: &[String]) -> Outcome {
    let Some(name) = arguments.first() else { return overview() };
    match find(name) {
        Ok(command) => of(command),
        Err(complaint) => usage(&complaint),
    }
}

/// What one command does.
pub(super) fn of(command: &Command) -> Outcome {
    println!("cargo xtask {} {}\n\n{}", command.name, command.arguments, sentence(command.summary));
    let details = (command.details)();
    if !details.is_empty() {
        println!("\n{}", details.trim_end());
    }
    Outcome::Done
}

/// Every command in a line.
pub(super) fn overview() -> Outcome {
    println!("cargo xtask COMMAND: what is done to the workspace as a whole\n");
    for command in COMMANDS {
        println!("  {:<22} {}", format!("{} {}", command.name, command.arguments), command.summary);
    }
    Outcome::Done
}

/// The summary with a capital and a full stop.
fn sentence(summary: &str) -> String {
    let mut letters = summary.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
