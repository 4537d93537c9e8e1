//! The data layer's part of docs/benchmarks.md, and the same tables for the terminal.

use super::{
    contenders::{DATA_CONTENDERS, version_key},
    results::{DataMeasured, DataResult},
    rows::{DATA_ROWS, DataRow},
};
use crate::bench::{
    contenders::OURS,
    environment::Environment,
    metrics::{cell, thousands, time},
    page::{busy, differs, first_line},
    statistics::{median, spread},
    table::Table,
};

const OPENING: &str = "\
What zzz's data layer costs above the driver below it, and beside its peers, with no server and no HTTP around it. Each
contender is a program that does the same work on the same two tables, so many times, and ends; what it came to is
compared, and so is what it wrote. All have one thread of a runtime, where they have one. A figure is the difference of
two numbers of rounds, so it has neither start nor stop in it; of processor time it has that of the contender, not that
of a database server.
";

const READING: &str = "\
- **time**: by the clock, for what the row says, the database's answer included
- **CPU**: processor time of the contender, all its threads, in user space and in the kernel
- **instructions**: executed in user space, counted by valgrind
- **a second**: how many times a second, which is one second through the time
";

/// What a reader has to know before believing a figure.
const UNFAIR: &[&str] = &[
    "To zzz: it bounds each statement in time, takes care of what a dropped future leaves behind, reads again from another \
     connection when one breaks, and finds the name of the constraint when a row is refused. The bare drivers do none of \
     it, have no pool, and rusqlite has no second thread to hand work to.",
    "To sqlx: its pool asks a connection whether it is alive each time it hands it out, which is its default; \
     `test_before_acquire(false)` turns it off. SeaORM sits on that pool.",
    "To Diesel on SQLite: its own connection has no thread to hand work to either, but where 64 tasks work at once, each \
     call goes to a pool of threads.",
    "To everybody on a server: it runs on the same cores.",
];

/// The section of the page.
pub(crate) fn section(results: &[DataResult], newest: Option<&Environment>) -> String {
    let mut text = format!("\n## The data layer\n\n{OPENING}\n{READING}");
    for result in results {
        text.push_str(&format!("\n### {}\n\n", result.name));
        if let Some(row) = known(result) {
            text.push_str(&format!("{}; figures are for each {}.\n\n", row.does, row.each));
        }
        if !result.contenders.is_empty() {
            text.push_str(&table(result).markdown());
            text.push('\n');
        }
        for line in remarks(result) {
            text.push_str(&format!("- {line}\n"));
        }
        text.push_str(&differs(&result.environment, newest));
    }
    text.push_str("\n### What it is meant to cost\n\n");
    text.push_str(&goals(results).markdown());
    text.push_str("\n### Who they are\n\n");
    text.push_str(&contenders(newest).markdown());
    text.push_str("\n### What is unfair here, and to whom\n\n");
    for line in UNFAIR {
        text.push_str(&format!("- {line}\n"));
    }
    text
}

/// The tables alone.
pub(crate) fn terminal(results: &[DataResult]) -> String {
    let mut text = String::new();
    for result in results {
        let each = known(result).map_or("", |row| row.each);
        text.push_str(&format!("\n{}, each {each}\n{}", result.name, table(result).text()));
        for line in remarks(result) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    let goals = goals(results);
    if !goals.rows.is_empty() {
        text.push_str(&format!("\ngoals\n{}", goals.text()));
    }
    text
}

fn known(result: &DataResult) -> Option<&'static DataRow> {
    DATA_ROWS.iter().find(|row| row.name == result.name)
}

/// One line for each contender.
fn table(result: &DataResult) -> Table {
    type Column = (&'static str, fn(&DataMeasured) -> Vec<f64>, fn(f64) -> String);
    let columns: [Column; 4] = [
        ("time", |it| it.time.clone(), micros),
        ("CPU", |it| it.cpu.clone(), micros),
        ("instructions", |it| it.instructions.into_iter().collect(), |value| thousands(value.round())),
        (
            "a second",
            |it| it.time.iter().filter(|time| **time > 0.0).map(|time| 1e6 / time).collect(),
            |value| thousands(value.round()),
        ),
    ];
    let ours = result.contenders.iter().find(|it| it.name == OURS);
    let rows = result.contenders.iter().map(|it| {
        let cells = columns.iter().map(|(_, values, show)| {
            let value = |it: &DataMeasured| median(&values(it)).filter(|value| *value > 0.0);
            let own = ours.filter(|_| it.name != OURS).and_then(value);
            let ratio = own.zip(value(it)).map(|(own, value)| value / own);
            cell(&values(it), show, ratio)
        });
        std::iter::once(it.name.clone()).chain(cells).collect()
    });
    let headings =
        std::iter::once(String::new()).chain(columns.iter().map(|(title, ..)| (*title).to_owned()));
    Table { words: false, headings: headings.collect(), rows: rows.collect() }.without_empty_columns()
}

/// A few microseconds to a tenth.
fn micros(value: f64) -> String {
    if value < 100.0 { format!("{value:.1} µs") } else { time(value) }
}

/// The database, who was left out, and what is missing.
fn remarks(result: &DataResult) -> Vec<String> {
    let mut lines = Vec::new();
    if !result.server.is_empty() {
        let turns = if result.turns > 0 { format!(", {} turns", result.turns) } else { String::new() };
        lines.push(format!("{}{turns}", result.server));
    }
    lines.extend(busy(result.contenders.iter().filter_map(|it| spread(&it.time))));
    let left_out = |(name, why): &(String, String)| format!("{name} is left out: {}", first_line(why));
    lines.extend(result.left_out.iter().map(left_out));
    lines.extend(result.notes.iter().map(|note| first_line(note)));
    lines
}

fn goals(results: &[DataResult]) -> Table {
    let rows = results.iter().flat_map(|result| {
        let goals = known(result).map_or(&[][..], |row| row.goals);
        goals.iter().map(|goal| {
            let verdict = goal.verdict(result);
            let word = verdict.word().to_owned();
            vec![result.name.clone(), verdict.goal, verdict.measured, word]
        })
    });
    let headings = ["", "goal", "measured", ""].map(str::to_owned).to_vec();
    Table { words: true, headings, rows: rows.collect() }
}

fn contenders(environment: Option<&Environment>) -> Table {
    let rows = DATA_CONTENDERS.iter().map(|it| {
        let versions = environment.map(|environment| environment.version(&version_key(it)));
        vec![it.name.to_owned(), versions.unwrap_or_default(), it.is.to_owned()]
    });
    let headings = ["", "versions", "what it is"].map(str::to_owned).to_vec();
    Table { words: true, headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::data::results::tests::sample;

    #[test]
    fn the_section_has_every_figure_every_goal_and_who_was_left_out() {
        let text = section(&[sample("postgres/get")], None);
        for line in [
            "One row by its key, and then the next; figures are for each row.",
            "|  | time | CPU | instructions | a second |",
            "| zzz | 50.0 µs ±8% | 20.0 µs ±0% | 9,000 | 20,000 ±7% |",
            "| tokio-postgres | 25.0 µs ±8% (0.50×) | 10.0 µs ±0% (0.50×) | 4,500 (0.50×) | 40,000 ±7% (2.00×) |",
            "- PostgreSQL 17.5, 3 turns",
            "- diesel is left out: the build failed",
            "| postgres/get | CPU at most 1.15× tokio-postgres | 2.00× (instructions 2.00×) | missed |",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(text.lines().all(|line| line.trim_end() == line), "no white space at the end of a line");
    }

    #[test]
    fn the_terminal_shows_the_same_figures() {
        let text = terminal(&[sample("postgres/get")]);
        assert!(text.contains("postgres/get, each row\n"), "{text}");
        assert!(text.contains("50.0 µs ±8%") && text.contains("missed"), "{text}");
        assert_eq!(terminal(&[]), "");
    }

    #[test]
    fn what_was_only_counted_has_no_empty_columns() {
        let mut counted = sample("postgres/get");
        for it in &mut counted.contenders {
            it.time.clear();
            it.cpu.clear();
        }
        assert!(section(&[counted], None).contains("|  | instructions |\n"));
    }
}
