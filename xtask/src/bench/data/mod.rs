//! The data layer alone, without HTTP: zzz beside the bare drivers and its peers.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`], [`contenders`], [`goals`] | what is done, who does it, and what it is meant to cost |
//! | [`database`] | a database of the command's own |
//! | [`turn`] | one run of a program |
//! | [`results`], [`page`] | figures, kept and shown |
//!
//! A contender is no server but a program that does one thing so many times and ends. So what it used is known when it has
//! ended, and the difference of two numbers of rounds has neither start nor stop in it.

pub(super) mod contenders;
mod database;
mod goals;
pub(super) mod page;
pub(super) mod results;
pub(super) mod rows;
mod turn;

use std::{collections::HashMap, path::PathBuf};

use self::{
    contenders::{DATA_CONTENDERS, DataContender},
    database::Database,
    results::{DataMeasured, DataResult},
    rows::{DATA_ROWS, DataRow},
    turn::{Answer, Work},
};
use super::{
    Bench,
    contenders::{OURS, package},
    progress::Progress,
    server,
};
use crate::paint::Paint;

/// A contender that was built, or why it was not.
struct Ready {
    contender: &'static DataContender,
    program: Result<PathBuf, String>,
}

/// A contender in a row.
struct Entry<'a> {
    program: &'a PathBuf,
    measured: DataMeasured,
}

/// Measures the rows of the data layer that are asked for.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<DataResult>, String> {
    let chosen: Vec<&DataRow> =
        DATA_ROWS.iter().filter(|row| bench.options.data.contains(&row.name)).collect();
    let folder = server::empty_folder(&bench.target)?;
    let ready = build(bench, &chosen);
    // It is what makes the tables, too.
    let ours = ready.iter().find(|it| it.contender.name == OURS).map(|it| &it.program);
    let ours = match ours {
        Some(Ok(program)) => program,
        Some(Err(error)) => return Err(format!("without bench-db there is nothing to measure on: {error}")),
        None => return Ok(Vec::new()),
    };
    let mut progress = Progress::of(chosen.iter().map(|row| steps(bench, row, &ready)).sum());
    let mut results: Vec<DataResult> = Vec::new();
    for of_one in chosen.chunk_by(|one, other| one.database == other.database) {
        let Some(kind) = of_one.first().map(|row| row.database) else { continue };
        progress.say(&format!("{}: making the tables", kind.word()));
        let database = Database::create(bench, kind, ours, &folder);
        for row in of_one {
            let mut result = DataResult {
                name: row.name.to_owned(),
                environment: bench.environment.clone(),
                turns: bench.options.rounds() as u64,
                ..DataResult::default()
            };
            match &database {
                Ok(database) => {
                    measure_row(&Work { bench, row, database }, &ready, &mut result, &mut progress);
                }
                Err(error) => result.left_out.push(("everybody".to_owned(), error.clone())),
            }
            results.push(result);
        }
    }
    Ok(results)
}

fn works(contender: &DataContender, row: &DataRow) -> bool {
    contender.databases.contains(&row.database)
}

/// Builds every contender that is needed.
fn build(bench: &Bench<'_>, chosen: &[&DataRow]) -> Vec<Ready> {
    let needed: Vec<_> =
        DATA_CONTENDERS.iter().filter(|it| chosen.iter().any(|row| works(it, row))).collect();
    let mut ready = Vec::new();
    for (at, contender) in needed.iter().enumerate() {
        eprintln!("building {} ({} of {})", contender.package, at + 1, needed.len());
        let program = package(bench.root, &bench.keeper, contender.crates.0, contender.package);
        if let Err(error) = &program {
            eprintln!("{} {} is left out: {error}", Paint::of_stdout().mark(false), contender.name);
        }
        ready.push(Ready { contender, program });
    }
    ready
}

/// How many steps the row has in the progress.
fn steps(bench: &Bench<'_>, row: &DataRow, ready: &[Ready]) -> usize {
    let contenders = ready.iter().filter(|it| it.program.is_ok() && works(it.contender, row)).count();
    contenders * (1 + bench.options.rounds() + usize::from(bench.tools.valgrind.is_some()))
}

/// Measures a row. A contender that fails, or comes to something else than ours, is left out.
fn measure_row(work: &Work<'_>, ready: &[Ready], result: &mut DataResult, progress: &mut Progress) {
    let row = work.row;
    work.database.version().clone_into(&mut result.server);
    let mut right = HashMap::new();
    let mut entries = Vec::new();
    for it in ready.iter().filter(|it| works(it.contender, row)) {
        let name = it.contender.name;
        match &it.program {
            Ok(program) => {
                progress.step(&format!("{}: answers", row.name), name);
                let checked = work.run(program, row.rounds[0]);
                match checked.and_then(|(_, answer)| same(&mut right, row.rounds[0], answer)) {
                    Ok(()) => {
                        let measured = DataMeasured { name: name.to_owned(), ..DataMeasured::default() };
                        entries.push(Entry { program, measured });
                    }
                    Err(error) => leave_out(progress, result, name, error),
                }
            }
            Err(error) => result.left_out.push((name.to_owned(), error.clone())),
        }
    }
    turns(work, &mut entries, &mut right, result, progress);
    count(work, &mut entries, result, progress);
    result.contenders = entries.into_iter().map(|entry| entry.measured).collect();
}

/// Lets the contenders work in turns; each turn begins with another one, so that what else the machine does hits all of
/// them alike.
fn turns(
    work: &Work<'_>,
    entries: &mut Vec<Entry<'_>>,
    right: &mut HashMap<u32, Answer>,
    result: &mut DataResult,
    progress: &mut Progress,
) {
    let all = work.bench.options.rounds();
    for turn in 0..all {
        let stage = format!("{}: turn {} of {all}", work.row.name, turn + 1);
        let count = entries.len().max(1);
        let mut failed = Vec::new();
        for at in (0..entries.len()).map(|at| (at + turn) % count) {
            let Some(entry) = entries.get_mut(at) else { continue };
            progress.step(&stage, &entry.measured.name);
            let mut one = |rounds: u32| {
                let (used, answer) = work.run(entry.program, rounds)?;
                same(right, rounds, answer)?;
                Ok::<_, String>(used)
            };
            let [few, many] = work.row.rounds;
            match one(few).and_then(|few| Ok((few, one(many)?))) {
                Ok((few, many)) => {
                    let each = turn::each(work.row, few, many);
                    entry.measured.time.push(each.time);
                    entry.measured.cpu.extend(each.cpu);
                }
                Err(error) => {
                    failed.push(entry.measured.name.clone());
                    leave_out(progress, result, &entry.measured.name, error);
                }
            }
        }
        entries.retain(|entry| !failed.contains(&entry.measured.name));
    }
}

/// Counts instructions, where valgrind is there. Without them a contender still has its other figures.
fn count(work: &Work<'_>, entries: &mut [Entry<'_>], result: &mut DataResult, progress: &mut Progress) {
    let Some(valgrind) = &work.bench.tools.valgrind else {
        return result.notes.push("no instructions: valgrind is not installed".to_owned());
    };
    let folder = work.bench.target.join("callgrind");
    let made = std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()));
    for entry in entries {
        let name = &entry.measured.name;
        progress.step(&format!("{}: instructions", work.row.name), name);
        let profile = folder.join(format!("{name}-{}", work.row.name.replace('/', "-")));
        match made.clone().and_then(|()| work.count(valgrind, entry.program, profile)) {
            Ok(instructions) => entry.measured.instructions = Some(instructions),
            Err(error) => {
                let note = format!("no instructions for {name}: {error}");
                progress.say(&format!("{}: {note}", work.row.name));
                result.notes.push(note);
            }
        }
    }
}

/// Compares an answer with the first that was given after so many rounds, which was ours.
fn same(right: &mut HashMap<u32, Answer>, rounds: u32, answer: Answer) -> Result<(), String> {
    let known = right.entry(rounds).or_insert_with(|| answer.clone());
    if *known == answer {
        return Ok(());
    }
    Err(format!("after {rounds} rounds it came to {answer:?}, and not to {known:?}"))
}

fn leave_out(progress: &Progress, result: &mut DataResult, name: &str, error: String) {
    progress.say(&format!("{}: {name} is left out: {error}", result.name));
    result.left_out.push((name.to_owned(), error));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_to_something_else_than_ours_is_refused() {
        let answer = |said: u64| turn::tests::answer(said, "2 drafts");
        let mut right = HashMap::new();
        assert_eq!(same(&mut right, 10, answer(1)), Ok(()));
        assert_eq!(same(&mut right, 10, answer(1)), Ok(()));
        assert_eq!(same(&mut right, 20, answer(2)), Ok(()));
        let error = same(&mut right, 10, answer(2)).unwrap_err();
        assert!(error.contains("after 10 rounds it came to") && error.contains("and not to"), "{error}");
    }
}
