//! What `cargo xtask bench` measures, how, and the page that comes of it.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@rows`], [`contenders`] | what is asked, and who answers: one file each |
//! | [`options`] | what the words on the command line ask for |
//! | [`tools`], [`pinning`], [`environment`] | what this machine has |
//! | [`keeper`], [`server`], [`compile`] | processes: none outlives this one; servers; Cargo |
//! | [`database`], [`world`] | a database of our own, and TechEmpower's tables in it |
//! | [`http`], [`form`], [`check`] | a small client, forms with files, and whether answers are right |
//! | [`mod@measure`] | one row, from the check to its figures |
//! | [`load`], [`usage`], [`instructions`] | what is measured: under load, from `/proc`, by valgrind |
//! | [`data`] | the data layer alone, beside the drivers below it and its peers |
//! | [`app`] | build times, size and start of the sample app |
//! | [`routes`], [`schemas`], [`compiled`] | what 200 handlers and 100 schemas cost to compile |
//! | [`statistics`], [`results`], [`metrics`] | figures, kept and compared |
//! | [`table`], [`page`], [`chart`], [`progress`] | figures, shown |

mod app;
mod chart;
mod check;
mod compile;
mod compiled;
mod contenders;
pub(crate) mod data;
mod database;
mod environment;
mod form;
mod http;
mod instructions;
mod keeper;
mod load;
mod measure;
mod metrics;
mod options;
mod page;
mod pinning;
mod progress;
mod results;
mod routes;
mod rows;
mod schemas;
mod server;
mod statistics;
mod table;
mod tools;
mod usage;
mod world;

use std::path::{Path, PathBuf};

pub(crate) use options::{Options, known};
pub(crate) use rows::ROWS;

use self::{
    contenders::CONTENDERS, database::Database, environment::Environment, keeper::Keeper, load::Generator,
    measure::Ready, pinning::Cores, progress::Progress, results::Results, rows::Row, server::Start,
    tools::Tools,
};
use crate::{Outcome, paint::Paint};

/// What every measurement needs.
struct Bench<'a> {
    root: &'a Path,
    options: &'a Options,
    keeper: Keeper,
    tools: Tools,
    generator: Generator,
    cores: Option<Cores>,
    ticks_per_second: u64,
    environment: Environment,
    /// What is made on the way.
    target: PathBuf,
}

/// The figures, from which page and chart are made.
const FIGURES: &str = "docs/benchmarks.json";
const PAGE: &str = "docs/benchmarks.md";
const CHART: &str = "docs/benchmarks.svg";

/// Threads that serve requests, in every contender: one core each for server and load.
const WORKERS: usize = 1;

/// Measures what is asked for, shows it, and writes the page.
pub(crate) fn run(root: &Path, options: &Options) -> Outcome {
    match measure(root, options) {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("cargo xtask bench: {error}");
            Outcome::Failed
        }
    }
}

/// If these words make this process a load generator, what came of it.
pub(crate) fn generator(words: &[String]) -> Option<Outcome> {
    let (first, rest) = words.split_first()?;
    (first == load::own::WORD).then(|| match load::own::generate(rest) {
        Some(report) => {
            println!("{report}");
            Outcome::Done
        }
        None => Outcome::Usage,
    })
}

fn measure(root: &Path, options: &Options) -> Result<Outcome, String> {
    let tools = Tools::find();
    if options.instructions && tools.valgrind.is_none() {
        return Err("--instructions needs valgrind, which is not installed".to_owned());
    }
    for line in tools.missing() {
        eprintln!("note: {line}");
    }
    let bench = Bench {
        root,
        options,
        keeper: Keeper::start()?,
        generator: Generator::choose(&tools),
        cores: Cores::choose(tools.taskset.clone()),
        ticks_per_second: usage::ticks_per_second(),
        environment: Environment::of(root),
        target: root.join("target").join("bench-run"),
        tools,
    };
    let mut fresh = Results::default();
    let all = options.chosen().next().is_none() || rows(&bench, &mut fresh)?;
    if !options.data.is_empty() {
        fresh.data = data::measure(&bench)?;
    }
    if options.app {
        fresh.app = Some(app::measure(&bench)?);
    }
    if options.routes {
        fresh.routes = Some(routes::measure(&bench)?);
    }
    if options.schemas {
        fresh.schemas = Some(schemas::measure(&bench)?);
    }
    if options.json {
        println!("{:#}", fresh.to_json());
    } else {
        print!("{}", page::terminal(&fresh));
    }
    if !options.instructions {
        write(root, &fresh)?;
        eprintln!("{} {PAGE}, {CHART} and {FIGURES} are written", Paint::of_stdout().mark(true));
    }
    let complete = fresh.rows.iter().all(|row| row.left_out.is_empty() && !row.contenders.is_empty())
        && fresh.data.iter().all(|row| row.left_out.is_empty());
    Ok(if all && complete { Outcome::Done } else { Outcome::Failed })
}

/// Builds every contender that is needed, and measures the rows; whether all of them.
fn rows(bench: &Bench<'_>, fresh: &mut Results) -> Result<bool, String> {
    let folder = server::empty_folder(&bench.target)?;
    let needed: Vec<_> = CONTENDERS
        .iter()
        .filter(|contender| bench.options.chosen().any(|row| contender.rows.contains(&row.name)))
        .collect();
    let mut ready = Vec::new();
    for (at, contender) in needed.iter().enumerate() {
        eprintln!("building {} ({} of {})", contender.name, at + 1, needed.len());
        let built = (contender.build)(bench.root, &bench.keeper);
        if let Err(error) = &built {
            eprintln!("{} {} is left out: {error}", Paint::of_stdout().mark(false), contender.name);
        }
        let start = built.map(|program| Start {
            prefix: Vec::new(),
            program,
            variables: (contender.variables)(WORKERS),
            folder: folder.clone(),
        });
        ready.push(Ready { contender, start });
    }
    let database = bench.options.chosen().any(|row| row.database).then(|| filled(bench, &ready));
    let left_out = database.as_ref().and_then(|database| database.as_ref().err());
    let (these, others): (Vec<&Row>, Vec<&Row>) =
        bench.options.chosen().partition(|row| left_out.is_none() || !row.database);
    let mut progress = Progress::of(these.iter().map(|row| measure::steps(bench, row, &ready)).sum());
    for row in these {
        let database = database.as_ref().and_then(|database| database.as_ref().ok());
        fresh.rows.push(measure::row(bench, row, database, &ready, &mut progress));
    }
    drop(progress);
    let others: Vec<&str> = others.iter().map(|row| row.name).collect();
    left_out.map_or(Ok(others.is_empty()), |why| {
        eprintln!("{} not measured: {}: {why}", Paint::of_stdout().mark(false), others.join(", "));
        Ok(false)
    })
}

/// A database with the tables that rows read.
fn filled<'a>(bench: &'a Bench<'_>, ready: &[Ready]) -> Result<Database<'a>, String> {
    let database = Database::create(bench.root, &bench.keeper)?;
    world::fill(bench, &database, ready)?;
    Ok(database)
}

/// Puts fresh results among the older ones, and writes figures, page and chart.
fn write(root: &Path, fresh: &Results) -> Result<(), String> {
    let mut results = match std::fs::read_to_string(root.join(FIGURES)) {
        Ok(text) => Results::parse(&text).map_err(|error| format!("{FIGURES}: {error}; delete it"))?,
        Err(_) => Results::default(),
    };
    for line in results.merge(fresh) {
        eprintln!("note: {line}");
    }
    let save = |path: &str, text: String| {
        std::fs::write(root.join(path), text).map_err(|error| format!("{path}: {error}"))
    };
    save(FIGURES, format!("{:#}\n", results.to_json()))?;
    save(CHART, chart::svg(&results))?;
    save(PAGE, page::markdown(&results))
}
