//! What the compiler, Clippy and rustdoc found, read from Cargo's `--message-format=json`.

use std::{collections::HashSet, path::Path};

use serde_json::Value;

use crate::{
    cargo::{cargo, run},
    finding::Finding,
};

/// Runs Cargo with `arguments` (which must not contain `--message-format`; what follows `--` goes to the tool)
/// and returns every diagnostic of these levels (`error`, `warning`) as a finding, by path and line.
///
/// An error says that Cargo failed without a diagnostic: the tool is missing, or the lock file is out of date.
pub(crate) fn collect(
    root: &Path,
    arguments: &[&str],
    levels: &[&str],
    environment: &[(&str, &str)],
) -> Result<Vec<Finding>, String> {
    let split = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
    let (for_cargo, for_tool) = arguments.split_at(split);
    let words = for_cargo.iter().chain(&["--message-format=json"]).chain(for_tool);
    let mut command = cargo(root, words.copied());
    command.envs(environment.iter().copied());
    let ran = run(command)?;
    let findings = findings(&ran.stdout, levels);
    if findings.is_empty() && !ran.status.success() {
        return Err(format!("`cargo {}` failed:\n{}", arguments.join(" "), ran.last_words()));
    }
    Ok(findings)
}

/// The findings in Cargo's output, each once: a library is compiled for itself and for its tests.
fn findings(output: &str, levels: &[&str]) -> Vec<Finding> {
    let messages: Vec<Value> = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value["reason"] == "compiler-message")
        .map(|mut value| value["message"].take())
        .filter(|message| message["level"].as_str().is_some_and(|level| levels.contains(&level)))
        .collect();
    let placed = messages.iter().any(|message| primary_span(message).is_some());
    let mut seen = HashSet::new();
    let mut findings: Vec<Finding> = messages
        .iter()
        // "aborting due to 2 previous errors" has no place of its own, and is no news.
        .filter(|message| !placed || primary_span(message).is_some())
        .filter(|message| seen.insert(message["rendered"].to_string()))
        .map(finding)
        .collect();
    // Crates are checked side by side, so what they say comes in no order.
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    findings
}

fn primary_span(message: &Value) -> Option<&Value> {
    message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)
}

fn finding(message: &Value) -> Finding {
    let text = |value: &Value| value.as_str().map(|text| text.trim().replace('\n', " "));
    let (path, line) = match primary_span(message) {
        Some(span) => (text(&span["file_name"]), span["line_start"].as_u64()),
        None => (None, None),
    };
    Finding {
        path: path.unwrap_or_else(|| "Cargo.toml".to_owned()),
        line: line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1),
        what: text(&message["message"]).unwrap_or_else(|| "a diagnostic without words".to_owned()),
        mend: remedy(message).unwrap_or_else(|| "see below".to_owned()),
        detail: message["rendered"].as_str().map(str::to_owned),
    }
}

/// The tool's own help, with the code that it suggests; not its link, nor how to silence it.
fn remedy(message: &Value) -> Option<String> {
    let silences = |words: &str| {
        ["for further information", "to override", "to escape"].iter().any(|start| words.starts_with(start))
    };
    let mut children = message["children"].as_array()?.iter().filter(|child| child["level"] == "help");
    let (help, words) = children.find_map(|child| {
        child["message"].as_str().filter(|words| !silences(words)).map(|words| (child, words))
    })?;
    let words = words.trim().replace('\n', " ");
    match help["spans"][0]["suggested_replacement"].as_str().map(str::trim) {
        Some(code) if !code.is_empty() && !code.contains('\n') => Some(format!("{words}: `{code}`")),
        _ => Some(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNUSED: &str = r#"{"reason":"compiler-message","message":{"level":"error","message":"unused variable: `x`","rendered":"error: unused variable: `x`\n","spans":[{"is_primary":false,"file_name":"src/a.rs","line_start":1},{"is_primary":true,"file_name":"src/b.rs","line_start":9}],"children":[{"level":"note","message":"on by default"},{"level":"help","message":"to override `-D warnings` add `#[allow(unused)]`"},{"level":"help","spans":[{"suggested_replacement":"_x"}],"message":"prefix it with an underscore"}]}}"#;
    const SUMMARY: &str = r#"{"reason":"compiler-message","message":{"level":"error","message":"aborting due to 1 previous error","rendered":"error: aborting\n","spans":[],"children":[]}}"#;

    #[test]
    fn takes_the_primary_place_and_the_help() {
        let found =
            findings(&format!("{UNUSED}\n{SUMMARY}\n{{\"reason\":\"build-finished\"}}\n"), &["error"]);
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with(
            "src/b.rs:9: unused variable: `x`; prefix it with an underscore: `_x`\n    error: unused variable"
        ));
    }

    #[test]
    fn takes_the_levels_that_are_asked_for() {
        let warning = UNUSED.replacen("\"level\":\"error\"", "\"level\":\"warning\"", 1);
        assert_eq!(findings(&warning, &["error"]), []);
        assert_eq!(findings(&warning, &["error", "warning"]).len(), 1);
    }

    #[test]
    fn counts_once_what_is_compiled_twice() {
        assert_eq!(findings(&format!("{UNUSED}\n{UNUSED}\n"), &["error"]).len(), 1);
    }

    #[test]
    fn keeps_an_error_that_has_no_place_if_it_is_all_there_is() {
        assert_eq!(findings(SUMMARY, &["error"])[0].path, "Cargo.toml");
    }
}
