//! `cargo xtask test [FILTER...] [CARGO OPTION...] [-- TEST OPTION...]`: every test of the workspace, doctests
//! included, and their sum.
//!
//! Two steps with the same packages and features, so that nothing is built twice: first Cargo builds the
//! programs beside the tests (`cargo test` alone does not build a program that only another package's test
//! starts), then it tests. Between the two the servers that tests need are looked for; what is on a server that
//! is found nowhere is skipped, and said last. The sample app's tests then run once more, on PostgreSQL and on MySQL.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    time::Instant,
};

use super::{Command, usage};
use crate::{
    Outcome,
    cargo::cargo,
    libtest::Tally,
    paint::{Paint, duration},
    servers::{MYSQL, POSTGRES, Servers},
};

pub(super) const COMMAND: Command = Command {
    name: "test",
    arguments: "[FILTER...]",
    summary: "run every test of the workspace, doctests included, or those whose name holds a FILTER",
    details,
    run,
};

fn details() -> String {
    "\
Options before `--` go to cargo test, options after it to the test programs:
  cargo xtask test                          everything
  cargo xtask test refuses_                 tests whose path holds `refuses_`
  cargo xtask test -p zzz-core              one package
  cargo xtask test --doc                    doctests alone
  cargo xtask test stream -- --nocapture    with what the tests print

PostgreSQL is looked for at ZZZ_TEST_POSTGRES_URL, then at 127.0.0.1:5432; MySQL or MariaDB at ZZZ_TEST_MYSQL_URL,
then at 127.0.0.1:3306; both then as programs on this machine, which are started in a throwaway folder, and then
in Docker.

With CI=true a server that is found nowhere is an error, and so is a Cargo.lock that is out of date."
        .to_owned()
}

/// Options of `cargo test` whose value is a word of its own; without this list it would be taken for a filter.
const WITH_VALUE: &[&str] = &[
    "-p",
    "--package",
    "--exclude",
    "--test",
    "--bin",
    "--example",
    "--bench",
    "-F",
    "--features",
    "-j",
    "--jobs",
    "--profile",
    "--target",
    "--target-dir",
    "--color",
    "--config",
    "-Z",
];

/// The sample app and the test program that calls it.
const SAMPLE_APP: (&str, &str) = ("example_app", "app");

/// Options that choose packages: with one of them the whole workspace is not meant.
const CHOOSES_PACKAGES: &[&str] = &["-p", "--package"];

fn run(root: &Path, arguments: &[String]) -> Outcome {
    let plan = match Plan::of(arguments) {
        Ok(plan) => plan,
        Err(complaint) => return usage(&complaint),
    };
    let started = Instant::now();
    let paint = Paint::of_stdout();
    let locked = std::env::var("CI").is_ok_and(|value| value == "true");
    match plan.build(root, locked) {
        Ok(status) if status.success() => {}
        Ok(_) => return failed(paint, "the build failed; no test ran"),
        Err(error) => return failed(paint, &error),
    }
    let built = started.elapsed();
    println!("{} built in {}", paint.mark(true), duration(built));
    let servers = Servers::find(&plan.packages(), paint);
    match plan.test_all(root, locked, paint, &servers) {
        Ok((success, tally)) => {
            for name in &tally.failures {
                println!("{} {name}", paint.mark(false));
            }
            let missing = servers.report(paint);
            let verdict = judge(success, &tally).and(match missing && locked {
                true => Err(": with CI=true no server may be missing"),
                false => Ok(()),
            });
            let took = duration(started.elapsed());
            println!(
                "{} {tally} in {took}{}",
                paint.mark(verdict.is_ok()),
                verdict.err().unwrap_or_default()
            );
            if verdict.is_ok() { Outcome::Done } else { Outcome::Failed }
        }
        Err(error) => failed(paint, &error),
    }
}

fn failed(paint: Paint, why: &str) -> Outcome {
    println!("{} {why}", paint.mark(false));
    Outcome::Failed
}

/// Whether all is well, and if not, what the figures alone do not tell.
fn judge(success: bool, tally: &Tally) -> Result<(), &'static str> {
    match (success, tally.failed, tally.passed) {
        (_, 1.., _) => Err(""),
        (false, 0, _) => {
            Err(": cargo test failed although no test is counted as failed; a doctest did not compile, or a \
                 test program ended before its result line")
        }
        (true, 0, 0) => Err(": nothing ran; no test's name holds that filter"),
        (true, 0, _) => Ok(()),
    }
}

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// Options for both steps: which packages, features, profile.
    options: Vec<String>,
    /// Which kind of targets to test (`--doc`, `--lib`, `--test NAME`): for the second step alone.
    targets: Vec<String>,
    /// Names, or parts of names, of the tests to run.
    filters: Vec<String>,
    /// What follows `--`.
    for_tests: Vec<String>,
}

impl Plan {
    fn of(arguments: &[String]) -> Result<Plan, String> {
        let mut plan =
            Plan { options: Vec::new(), targets: Vec::new(), filters: Vec::new(), for_tests: Vec::new() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                plan.for_tests.extend(words.by_ref().cloned());
            } else if !word.starts_with('-') {
                plan.filters.push(word.clone());
            } else {
                let name = word.split('=').next().unwrap_or(word);
                let targets =
                    ["--doc", "--lib", "--bins", "--tests", "--examples", "--benches", "--all-targets"];
                let target = ["--test", "--bin", "--example", "--bench"];
                let list = if targets.contains(&name) || target.contains(&name) || name == "--no-run" {
                    &mut plan.targets
                } else {
                    &mut plan.options
                };
                list.push(word.clone());
                if WITH_VALUE.contains(&word.as_str()) {
                    list.push(words.next().ok_or_else(|| format!("`{word}` needs a value"))?.clone());
                }
            }
        }
        Ok(plan)
    }

    fn common(&self, locked: bool) -> Vec<&str> {
        let mut words = Vec::new();
        let name = |option: &String| option.split('=').next().unwrap_or_default().to_owned();
        if !self.options.iter().any(|option| CHOOSES_PACKAGES.contains(&name(option).as_str())) {
            words.push("--workspace");
        }
        words.push("--all-features");
        if locked {
            words.push("--locked");
        }
        words.extend(self.options.iter().map(String::as_str));
        words
    }

    /// The words of the first step.
    ///
    /// xtask is left out where all is built: it is running, and not every system can replace a running
    /// program.
    fn build_words(&self, locked: bool) -> Vec<&str> {
        let mut words = vec!["build", "--bins", "--tests"];
        words.extend(self.common(locked));
        if words.contains(&"--workspace") {
            words.extend(["--exclude", "xtask"]);
        }
        words
    }

    /// The words of the second step.
    fn test_words(&self, locked: bool, colour: bool) -> Vec<&str> {
        let mut words = vec!["test", "--no-fail-fast"];
        words.extend(self.common(locked));
        words.extend(self.targets.iter().map(String::as_str));
        words.push("--");
        // libtest sees a pipe and would leave its colours out.
        if colour {
            words.push("--color=always");
        }
        words.extend(self.filters.iter().chain(&self.for_tests).map(String::as_str));
        words
    }

    fn build(&self, root: &Path, locked: bool) -> Result<ExitStatus, String> {
        cargo(root, self.build_words(locked))
            .status()
            .map_err(|error| format!("cargo could not be run: {error}"))
    }

    /// The packages that are tested; none stands for all.
    fn packages(&self) -> Vec<String> {
        let mut packages = Vec::new();
        let mut words = self.options.iter();
        while let Some(word) = words.next() {
            let (name, value) =
                word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            if CHOOSES_PACKAGES.contains(&name) {
                packages.extend(value.map(str::to_owned).or_else(|| words.next().cloned()));
            }
        }
        packages
    }

    /// The words that test the sample app once more; none where it is not tested.
    fn app_words(&self, locked: bool, colour: bool) -> Option<Vec<&str>> {
        let packages = self.packages();
        let meant = packages.is_empty() || packages.iter().any(|package| package == SAMPLE_APP.0);
        let meant = meant && self.targets.is_empty() && !self.options.iter().any(|word| word == "--exclude");
        let mut words =
            vec!["test", "--no-fail-fast", "--all-features", "-p", SAMPLE_APP.0, "--test", SAMPLE_APP.1];
        words.extend(locked.then_some("--locked"));
        words.push("--");
        words.extend(colour.then_some("--color=always"));
        words.extend(self.filters.iter().chain(&self.for_tests).map(String::as_str));
        meant.then_some(words)
    }

    fn test_all(
        &self,
        root: &Path,
        locked: bool,
        paint: Paint,
        servers: &Servers,
    ) -> Result<(bool, Tally), String> {
        let colour = paint.colour();
        let mut command = cargo(root, self.test_words(locked, colour));
        let (status, mut tally) = Self::test(command.envs(servers.variables()))?;
        let mut success = status.success();
        for (variable, name) in [(POSTGRES, "PostgreSQL"), (MYSQL, "MySQL")] {
            let (Some(url), Some(words)) = (servers.url(variable), self.app_words(locked, colour)) else {
                continue;
            };
            println!("{} and on {name}:", SAMPLE_APP.0);
            let mut command = cargo(root, words);
            let (status, more) = Self::test(command.env("ZZZ_TEST_APP_SERVER", url))?;
            success &= status.success();
            tally.add(more);
        }
        Ok((success, tally))
    }

    fn test(command: &mut std::process::Command) -> Result<(ExitStatus, Tally), String> {
        let failed = |error: std::io::Error| format!("cargo test could not be run: {error}");
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        let tally = match child.stdout.take() {
            Some(output) => Tally::copy(output, std::io::stdout()).map_err(failed)?,
            None => Tally::default(),
        };
        Ok((child.wait().map_err(failed)?, tally))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &str) -> Plan {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Plan::of(&words).unwrap()
    }

    #[test]
    fn without_arguments_everything_is_tested() {
        let plan = plan("");
        assert_eq!(
            plan.build_words(false).join(" "),
            "build --bins --tests --workspace --all-features --exclude xtask"
        );
        assert_eq!(
            plan.test_words(true, false).join(" "),
            "test --no-fail-fast --workspace --all-features --locked --"
        );
    }

    #[test]
    fn filters_options_and_the_tests_own_options_go_where_they_belong() {
        let plan = plan("one -p zzz-core --doc --jobs=2 two -- --nocapture");
        assert_eq!(
            plan.build_words(false).join(" "),
            "build --bins --tests --all-features -p zzz-core --jobs=2"
        );
        assert_eq!(
            plan.test_words(false, true).join(" "),
            "test --no-fail-fast --all-features -p zzz-core --jobs=2 --doc -- --color=always one two --nocapture"
        );
    }

    #[test]
    fn the_sample_app_is_tested_again_where_it_is_tested_at_all() {
        let again = plan("posts").app_words(false, false).map(|words| words.join(" "));
        assert_eq!(again.unwrap(), "test --no-fail-fast --all-features -p example_app --test app -- posts");
        assert!(plan("-p example_app").app_words(false, false).is_some());
        for without in ["-p zzz-core", "--package=zzz-db", "--doc"] {
            assert_eq!(plan(without).app_words(false, false), None, "{without}");
        }
        assert_eq!(plan("-p zzz-core --package=zzz-db").packages(), ["zzz-core", "zzz-db"]);
    }

    #[test]
    fn an_option_without_its_value_is_a_usage_error() {
        assert_eq!(Plan::of(&["-p".to_owned()]), Err("`-p` needs a value".to_owned()));
    }

    #[test]
    fn a_run_in_which_nothing_ran_is_a_failure() {
        assert!(judge(true, &Tally::default()).unwrap_err().contains("nothing ran"));
        assert!(judge(true, &Tally { ignored: 3, ..Tally::default() }).is_err());
        assert!(judge(true, &Tally { passed: 1, ..Tally::default() }).is_ok());
    }

    #[test]
    fn a_test_program_that_dies_is_a_failure_though_nothing_is_counted_as_failed() {
        let verdict = judge(false, &Tally { passed: 5, ..Tally::default() });
        assert!(verdict.unwrap_err().contains("before its result line"));
        assert!(judge(false, &Tally { failed: 1, ..Tally::default() }).is_err());
    }
}
