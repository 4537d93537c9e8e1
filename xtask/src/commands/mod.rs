//! The commands, one file each, and the list that dispatch and help read.

use std::path::Path;

use crate::{Outcome, nearest::nearest};

mod bench;
mod help;
mod test;
mod tidy;

/// One command of `cargo xtask`.
pub(crate) struct Command {
    /// The word that calls it.
    name: &'static str,
    /// The arguments it takes, as usage shows them.
    arguments: &'static str,
    /// What it does, in a line.
    summary: &'static str,
    /// What `cargo xtask help NAME` says after the summary.
    details: fn() -> String,
    /// Runs it in the workspace's folder with the words after its name.
    run: fn(&Path, &[String]) -> Outcome,
}

/// Every command, in the order of the help.
pub(crate) const COMMANDS: &[Command] = &[test::COMMAND, tidy::COMMAND, bench::COMMAND, help::COMMAND];

/// Runs the command that the first argument names.
pub(crate) fn dispatch(root: &Path, arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else { return help::overview() };
    if ["-h", "--help"].contains(&name.as_str()) {
        return help::overview();
    }
    match find(name) {
        Ok(command) if asks_for_help(rest) => help::of(command),
        Ok(command) => (command.run)(root, rest),
        Err(complaint) => usage(&complaint),
    }
}

/// Whether `-h` or `--help` is among the words that are the command's own.
fn asks_for_help(arguments: &[String]) -> bool {
    arguments.iter().take_while(|word| *word != "--").any(|word| word == "-h" || word == "--help")
}

/// The command of this name, or what to answer when there is none.
fn find(name: &str) -> Result<&'static Command, String> {
    COMMANDS
        .iter()
        .find(|command| command.name == name)
        .ok_or_else(|| unknown("command", name, COMMANDS.iter().map(|command| command.name)))
}

/// "there is no rule `formt`; did you mean `format`?", or all that there are.
fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("there is no {what} `{word}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{word}`; there are: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// Complains about the arguments.
fn usage(complaint: &str) -> Outcome {
    eprintln!("cargo xtask: {complaint}");
    Outcome::Usage
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Outcome {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        dispatch(Path::new("."), &arguments)
    }

    #[test]
    fn an_unknown_command_is_a_usage_error_that_names_the_nearest() {
        assert_eq!(run(&["tidi"]), Outcome::Usage);
        assert_eq!(find("tidi").err().unwrap(), "there is no command `tidi`; did you mean `tidy`?");
        assert_eq!(
            find("deploy").err().unwrap(),
            "there is no command `deploy`; there are: test, tidy, bench, help"
        );
    }

    #[test]
    fn help_is_no_failure() {
        for words in
            [&[][..], &["help"], &["--help"], &["tidy", "--help"], &["help", "tidy"], &["help", "test"]]
        {
            assert_eq!(run(words), Outcome::Done, "{words:?}");
        }
        assert_eq!(run(&["help", "nothing"]), Outcome::Usage);
    }
}
