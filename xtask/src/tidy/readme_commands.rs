//! The commands in the README are the ones that CI runs.
//!
//! The first thing that a visitor types must work. A command in a README that no machine runs breaks sooner or
//! later, and nobody who could mend it types it.
//!
//! A command is a line of a `sh` block in README.md that starts with `cargo`. It is run by CI if `.ci/run` has
//! it literally, or if a test starts it and says so in a comment of the form `// README: cargo run -p x`. Both
//! lists are compared in both directions, so that neither keeps what the README has dropped.

use super::Rule;
use crate::{
    finding::Finding,
    workspace::{TextFile, Workspace},
};

pub(super) const RULE: Rule = Rule {
    name: "readme-commands",
    checks: "every `cargo` command in README.md is run by .ci/run or by a test",
    check: |workspace: &Workspace| {
        let tests: Vec<&TextFile> = workspace.rust_files().filter(|file| may_test(&file.path)).collect();
        Ok(check(workspace.text(README)?, workspace.text(CI)?, &tests))
    },
};

const README: &str = "README.md";
const CI: &str = ".ci/run";

/// How a comment begins that names the command which the test below it starts.
const MARK: &str = "README: ";

/// The function of `.ci/run` that names and times a command.
const STEP: &str = "step ";

/// A command and its line.
type Line = (usize, String);

/// Whether a file may start commands of the README: the tests package and the apps' tests.
fn may_test(path: &str) -> bool {
    path.starts_with("tests/") || (path.starts_with("apps/") && path.contains("/tests/"))
}

fn check(readme: &str, ci: &str, tests: &[&TextFile]) -> Vec<Finding> {
    let shown = shown(readme);
    let run = commands(ci.lines().enumerate());
    let tested: Vec<(&str, Line)> = tests
        .iter()
        .flat_map(|file| marked(&file.text).into_iter().map(|line| (file.path.as_str(), line)))
        .collect();
    let has = |list: &[Line], command: &str| list.iter().any(|(_, known)| known == command);

    let mut findings = Vec::new();
    if shown.is_empty() {
        findings.push(Finding::new(README, 1, "there is no command in a `sh` block", "show how to start"));
    }
    for (line, command) in &shown {
        if !has(&run, command) && !tested.iter().any(|(_, (_, known))| known == command) {
            findings.push(Finding::new(
                README,
                *line,
                format!("CI does not run `{command}`"),
                format!("add it to {CI}, or to a test with the comment `// {MARK}{command}`"),
            ));
        }
    }
    for (line, command) in run.iter().filter(|(_, command)| command.starts_with("cargo xtask ")) {
        if !has(&shown, command) {
            let mend = "show it in a `sh` block there, so that people can do what CI does";
            findings.push(Finding::new(CI, *line, format!("{README} does not show `{command}`"), mend));
        }
    }
    for (path, (line, command)) in &tested {
        if !has(&shown, command) {
            let what = format!("{README} does not show `{command}`");
            findings.push(Finding::new(*path, *line, what, "remove or mend the comment"));
        }
    }
    findings
}

/// The commands in the shell blocks of a Markdown text.
fn shown(markdown: &str) -> Vec<Line> {
    let mut inside = false;
    let in_blocks = markdown.lines().enumerate().filter(|(_, line)| {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = !inside && ["sh", "bash", "shell", "console"].contains(&language.trim());
            false
        } else {
            inside
        }
    });
    commands(in_blocks)
}

/// The `cargo` commands in lines of shell.
fn commands<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Line> {
    let mut found = Vec::new();
    for (number, line) in lines {
        let code = if line.trim_start().starts_with('#') { "" } else { line };
        let code = code.split(" #").next().unwrap_or_default();
        for part in code.split("&&").flat_map(|part| part.split("||")).flat_map(|part| part.split(';')) {
            let part = part.trim();
            let part = part.strip_prefix("$ ").or_else(|| part.strip_prefix(STEP)).unwrap_or(part);
            if part.starts_with("cargo ") {
                found.push((number + 1, part.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
    }
    found
}

/// The commands that a test says it starts.
fn marked(text: &str) -> Vec<Line> {
    text.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let comment = line.trim().strip_prefix("//")?.trim_start_matches(['/', '!']).trim_start();
            Some((number + 1, comment.strip_prefix(MARK)?.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI_RUN: &str = "#!/usr/bin/env bash\n# cargo xtask nothing\nstep cargo xtask tidy || status=1\nstep cargo xtask test\n";
    const BOTH: &str = "```sh\ncargo xtask tidy   # format and lints\ncd zzz && cargo xtask test\n```\n";

    fn findings(readme: &str, test: &str) -> Vec<String> {
        let test = TextFile { path: "tests/src/start.rs".to_owned(), text: test.to_owned() };
        check(readme, CI_RUN, &[&test]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn what_ci_runs_and_what_a_test_starts_is_fine() {
        assert_eq!(findings(BOTH, ""), [""; 0]);
        let readme =
            format!("{BOTH}\n```sh\n$ cargo run -p example_app\n```\n```rust\ncargo nonsense\n```\n");
        assert_eq!(findings(&readme, "    // README: cargo run -p example_app\n"), [""; 0]);
    }

    #[test]
    fn finds_a_command_that_nobody_runs() {
        let found = findings(&format!("{BOTH}```sh\ncargo run -p example_app\n```\n"), "");
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .starts_with("README.md:6: CI does not run `cargo run -p example_app`; add it to .ci/run")
        );
    }

    #[test]
    fn finds_what_the_readme_does_not_show() {
        let found = findings("```sh\ncargo xtask test\n```\n", "//! README: cargo run\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with(".ci/run:3: README.md does not show `cargo xtask tidy`"));
        assert!(found[1].starts_with("tests/src/start.rs:1: README.md does not show `cargo run`"));
    }

    #[test]
    fn finds_a_readme_without_commands() {
        assert!(findings("# zzz\n", "")[0].contains("there is no command"));
    }

    #[test]
    fn only_tests_may_claim_a_command() {
        assert!(may_test("tests/src/start.rs") && may_test("apps/example_app/tests/start.rs"));
        assert!(!may_test("xtask/src/tidy/readme_commands.rs"));
    }
}
