//! One row, from the check to its figures.

use super::{
    Bench, check,
    contenders::Contender,
    database::Database,
    instructions,
    load::Job,
    progress::Progress,
    results::{How, Measured, Round, RowResult},
    rows::{Row, Sends},
    server::{Server, Start},
    usage,
};

/// Connections that ask at once.
const CONNECTIONS: usize = 32;

/// The same for large files: enough to keep the server busy while one is answered.
const UPLOADS: usize = 2;

/// How long each contender is under load in each round. Short, so that what else the machine does hits all of
/// them alike.
const SECONDS: u64 = 1;

/// A contender that was built, or why it was not.
pub(super) struct Ready {
    pub(super) contender: &'static Contender,
    pub(super) start: Result<Start, String>,
}

/// A contender in a row: its server, and what is known of it so far.
struct Entry {
    start: Start,
    server: Option<Server>,
    measured: Measured,
}

/// How many steps the row has in the progress.
pub(super) fn steps(bench: &Bench<'_>, row: &Row, ready: &[Ready]) -> usize {
    let contenders = ready.iter().filter(|it| it.start.is_ok() && answers(it, row)).count();
    let rounds = match bench.options.rounds() {
        0 => 0,
        rounds => rounds + 1,
    };
    contenders * (1 + rounds + usize::from(bench.tools.valgrind.is_some()))
}

fn connections(row: &Row) -> usize {
    match row.sends {
        Sends::Nothing => CONNECTIONS,
        Sends::File(_) => UPLOADS,
    }
}

fn answers(ready: &Ready, row: &Row) -> bool {
    ready.contender.rows.contains(&row.name)
}

/// Measures a row. A contender that does not start, answers wrongly or breaks under load is left out.
pub(super) fn row(
    bench: &Bench<'_>,
    row: &Row,
    database: Option<&Database<'_>>,
    ready: &[Ready],
    progress: &mut Progress,
) -> RowResult {
    let database = database.filter(|_| row.database);
    let mut result = RowResult {
        name: row.name.to_owned(),
        environment: bench.environment.clone(),
        how: How {
            load: bench.generator.for_sending(row.sends).name(),
            rounds: bench.options.rounds() as u64,
            seconds: SECONDS,
            connections: connections(row) as u64,
            workers: super::WORKERS as u64,
            pinned: bench.cores.is_some(),
            database: String::new(),
        },
        contenders: Vec::new(),
        left_out: Vec::new(),
        notes: bench.tools.missing(),
    };
    let mut entries = Vec::new();
    for it in ready.iter().filter(|it| answers(it, row)) {
        let name = it.contender.name;
        match &it.start {
            Ok(start) => {
                progress.step(&format!("{}: answers", row.name), name);
                let mut start = start.clone();
                start.variables.extend(database.map(|database| ("DATABASE_URL", database.url().to_owned())));
                match started(bench, &start, row, database) {
                    Ok(server) => {
                        entries.push(Entry { start, server: Some(server), measured: Measured::of(name) })
                    }
                    Err(error) => leave_out(progress, &mut result, name, &error),
                }
            }
            Err(error) => result.left_out.push((name.to_owned(), error.clone())),
        }
    }
    if let Some(database) = database {
        result.how.database = described(database);
    }
    rounds(bench, row, database, &mut entries, &mut result, progress);
    for entry in &mut entries {
        if let Some(server) = entry.server.take() {
            entry.measured.peak_kib = usage::peak_memory(server.id()).filter(|_| bench.options.rounds() > 0);
            if let Err(error) = server.stop() {
                leave_out(progress, &mut result, &entry.measured.name, &error);
            }
        }
    }
    entries.retain(|entry| result.left_out.iter().all(|(name, _)| *name != entry.measured.name));
    count(bench, row, &mut entries, &mut result, progress);
    result.contenders = entries.into_iter().map(|entry| entry.measured).collect();
    result
}

/// Starts a server on its core, and checks its answers.
fn started(
    bench: &Bench<'_>,
    start: &Start,
    row: &Row,
    database: Option<&Database<'_>>,
) -> Result<Server, String> {
    let prefix = bench.cores.as_ref().map(|cores| cores.server()).unwrap_or_default();
    let server = Server::start(&bench.keeper, &Start { prefix, ..start.clone() })?;
    check::answers(&server, row, database)?;
    Ok(server)
}

/// Which database it is, and where its sessions run.
fn described(database: &Database<'_>) -> String {
    let version = database.version().unwrap_or_else(|_| "PostgreSQL".to_owned());
    match database.cores() {
        Some(cores) => format!("{version} without TLS, whose sessions may run on the cores {cores}"),
        None => format!("{version} without TLS, whose processes can not be seen from here"),
    }
}

fn leave_out(progress: &Progress, result: &mut RowResult, name: &str, error: &str) {
    progress.say(&format!("{}: {name} is left out: {error}", result.name));
    result.left_out.push((name.to_owned(), error.to_owned()));
}

/// Loads the contenders in turns. The first round warms up and does not count; each round begins with another
/// contender, so that none is always the one after the same.
fn rounds(
    bench: &Bench<'_>,
    row: &Row,
    database: Option<&Database<'_>>,
    entries: &mut Vec<Entry>,
    result: &mut RowResult,
    progress: &mut Progress,
) {
    let rounds = bench.options.rounds();
    let all = if rounds == 0 { 0 } else { rounds + 1 };
    for round in 0..all {
        let stage = match round {
            0 => format!("{}: warm-up", row.name),
            _ => format!("{}: round {round} of {rounds}", row.name),
        };
        let count = entries.len().max(1);
        for at in (0..entries.len()).map(|at| (at + round) % count) {
            let Some(entry) = entries.get_mut(at) else { continue };
            progress.step(&stage, &entry.measured.name);
            match entry.server.as_ref().map(|server| load(bench, server, row, database)) {
                Some(Ok(measured)) if round > 0 => entry.measured.rounds.push(measured),
                Some(Err(error)) => {
                    entry.server = None;
                    let name = entry.measured.name.clone();
                    leave_out(progress, result, &name, &error);
                }
                _ => {}
            }
        }
        entries.retain(|entry| entry.server.is_some());
    }
}

/// One turn of one contender.
fn load(
    bench: &Bench<'_>,
    server: &Server,
    row: &Row,
    database: Option<&Database<'_>>,
) -> Result<Round, String> {
    let prefix = bench.cores.as_ref().map(|cores| cores.load()).unwrap_or_default();
    let job = Job {
        address: server.address(),
        path: row.path,
        sends: row.sends,
        connections: connections(row),
        seconds: SECONDS,
    };
    let used = || usage::cpu_micros(server.id(), bench.ticks_per_second);
    // Asked for outside of the time that counts for the server.
    let sessions = || database.map(|database| database.used(bench.ticks_per_second)).unwrap_or_default();
    let (sessions_before, before) = (sessions(), used());
    let load = bench.generator.for_sending(row.sends).run(&bench.keeper, &prefix, &job)?;
    let after = used();
    let database_micros = sessions().since(&sessions_before);
    #[allow(clippy::cast_precision_loss)]
    let requests = load.requests as f64;
    #[allow(clippy::cast_precision_loss)]
    let cpu_micros = before.zip(after).map(|(before, after)| after.saturating_sub(before) as f64 / requests);
    Ok(Round {
        requests_per_second: requests / load.seconds,
        cpu_micros,
        #[allow(clippy::cast_precision_loss)]
        database_micros: database_micros.map(|micros| micros as f64 / requests),
        p50_micros: load.p50_micros,
        p99_micros: load.p99_micros,
    })
}

/// Counts instructions, where valgrind is there. Without them a contender still has its other figures.
fn count(
    bench: &Bench<'_>,
    row: &Row,
    entries: &mut [Entry],
    result: &mut RowResult,
    progress: &mut Progress,
) {
    let Some(valgrind) = &bench.tools.valgrind else { return };
    let folder = bench.target.join("callgrind");
    for entry in entries {
        let name = entry.measured.name.clone();
        progress.step(&format!("{}: instructions", row.name), &name);
        match instructions::per_request(&bench.keeper, valgrind, &entry.start, &name, row, &folder) {
            Ok(instructions) => entry.measured.instructions = Some(instructions),
            Err(error) => {
                let note = format!("no instructions per request for {name}: {error}");
                progress.say(&format!("{}: {note}", row.name));
                result.notes.push(note);
            }
        }
    }
}
