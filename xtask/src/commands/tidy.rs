//! `cargo xtask tidy [RULE...]`: what can be checked without running a test.
//!
//! Every rule runs, whatever the ones before it found: mending one thing at a time, with a wait for Clippy
//! between, is what makes people skip the check.

use std::{path::Path, time::Instant};

use super::{Command, unknown, usage};
use crate::{
    Outcome,
    finding::Finding,
    paint::{Paint, duration},
    tidy::{RULES, Rule},
    workspace::Workspace,
};

pub(super) const COMMAND: Command = Command {
    name: "tidy",
    arguments: "[RULE...]",
    summary: "check format, lints, docs, dependencies and text; all rules, or those named",
    details,
    run,
};

fn details() -> String {
    let mut text = "The rules, which docs/style.md explains:\n".to_owned();
    for rule in RULES {
        text.push_str(&format!("  {:<22} {}\n", rule.name, rule.checks));
    }
    text
}

fn run(root: &Path, arguments: &[String]) -> Outcome {
    let mut chosen: Vec<&Rule> = Vec::new();
    for word in arguments {
        match RULES.iter().find(|rule| rule.name == word) {
            Some(rule) => chosen.push(rule),
            None => return usage(&unknown("rule", word, RULES.iter().map(|rule| rule.name))),
        }
    }
    if chosen.is_empty() {
        chosen = RULES.iter().collect();
    }
    match Workspace::open(root) {
        Ok(workspace) => check(&workspace, &chosen),
        Err(error) => {
            eprintln!("cargo xtask tidy: {error}");
            Outcome::Failed
        }
    }
}

fn check(workspace: &Workspace, rules: &[&Rule]) -> Outcome {
    let paint = Paint::of_stdout();
    let started = Instant::now();
    let mut reports = Vec::new();
    for rule in rules {
        let began = Instant::now();
        let result = (rule.check)(workspace);
        let report = Report { rule: rule.name, result };
        println!(
            "{} {:<22} {:>10}{}",
            paint.mark(report.faults() == 0),
            rule.name,
            duration(began.elapsed()),
            report.count()
        );
        reports.push(report);
    }
    let faults: usize = reports.iter().map(Report::faults).sum();
    for report in reports.iter().filter(|report| report.faults() > 0) {
        println!("\n{}:", report.rule);
        match &report.result {
            Ok(findings) => findings.iter().for_each(|finding| println!("{finding}")),
            Err(error) => println!("{error}"),
        }
    }
    let took = duration(started.elapsed());
    if faults == 0 {
        println!("tidy: {} rules hold, {took}", rules.len());
        Outcome::Done
    } else {
        println!("\ntidy: {faults} to mend, {took}");
        Outcome::Failed
    }
}

/// What a rule had to say.
struct Report {
    rule: &'static str,
    /// `Err` if the rule could not be checked, which is no better than a finding.
    result: Result<Vec<Finding>, String>,
}

impl Report {
    fn faults(&self) -> usize {
        self.result.as_ref().map_or(1, Vec::len)
    }

    fn count(&self) -> String {
        match &self.result {
            Ok(findings) if findings.is_empty() => String::new(),
            Ok(findings) => format!("  {} to mend", findings.len()),
            Err(_) => "  could not be checked".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Rule = Rule { name: "good", checks: "", check: |_| Ok(Vec::new()) };
    const BAD: Rule = Rule { name: "bad", checks: "", check: |_| Ok(vec![Finding::new("a", 1, "b", "c")]) };
    const BROKEN: Rule = Rule { name: "broken", checks: "", check: |_| Err("no git".to_owned()) };

    #[test]
    fn one_finding_or_one_rule_that_cannot_be_checked_is_a_failure() {
        let workspace = Workspace::of(&[]);
        assert_eq!(check(&workspace, &[&GOOD]), Outcome::Done);
        assert_eq!(check(&workspace, &[&BAD, &GOOD]), Outcome::Failed);
        assert_eq!(check(&workspace, &[&GOOD, &BROKEN]), Outcome::Failed);
    }

    #[test]
    fn a_misspelt_rule_is_a_usage_error() {
        assert_eq!(run(Path::new("."), &["licenses".to_owned()]), Outcome::Usage);
    }
}
