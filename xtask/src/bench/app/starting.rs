//! Start and memory of the release build, with a database that exists.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use super::{APP, figure, summary};
use crate::bench::{
    Bench,
    http::Connection,
    results::Figure,
    server::{self, Server, Start},
    usage,
};

/// Starts whose median counts.
const STARTS: usize = 20;

/// The first page that is asked for: it needs the database and a template.
const PAGE: &str = "/";

/// Starts the app again and again.
pub(super) fn measure(bench: &Bench<'_>, program: &Path) -> Result<Vec<Figure>, String> {
    let folder = server::empty_folder(&bench.target)?;
    let start = Start {
        prefix: Vec::new(),
        program: program.to_path_buf(),
        variables: vec![
            ("ZZZ_ENV", "prod".to_owned()),
            ("LOG", "warn".to_owned()),
            ("DATABASE_URL", "sqlite://bench.db".to_owned()),
            ("SECRET_KEY_BASE", "only-for-the-benchmark-".repeat(4)),
        ],
        folder,
    };
    for words in [&["db", "create"][..], &["migrate"], &["seed"]] {
        prepare(&start, words)?;
    }
    let (mut milliseconds, mut resident) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = Server::start(&bench.keeper, &start)?;
        let response = Connection::open(server.address())?.get(PAGE)?;
        let took = began.elapsed();
        if response.status != 200 {
            return Err(format!("GET {PAGE} of {APP}: status {}, and not 200", response.status));
        }
        milliseconds.push(took.as_secs_f64() * 1e3);
        #[allow(clippy::cast_precision_loss)]
        resident.extend(usage::memory_now(server.id()).map(|kib| kib as f64 / 1024.0));
        server.stop()?;
    }
    let mut figures = vec![figure(
        "start",
        summary(&milliseconds, |value| format!("{value:.1} ms")),
        "under 50 ms",
        &format!("release build, from starting the program to its whole home page; median of {STARTS}"),
    )];
    if !resident.is_empty() {
        figures.push(figure(
            "idle memory",
            summary(&resident, |value| format!("{value:.1} MiB")),
            "under 20 MiB",
            &format!("resident after that page; median of {STARTS}"),
        ));
    }
    Ok(figures)
}

/// Runs a command of the app's to its end.
fn prepare(start: &Start, words: &[&str]) -> Result<(), String> {
    let mut command = Command::new(&start.program);
    command.args(words).env_clear().envs(start.variables.iter().cloned());
    command.env("ZZZ_ROOT", &start.folder).current_dir(&start.folder).stdin(Stdio::null());
    let name = words.join(" ");
    let output = command.output().map_err(|error| format!("{APP} {name}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{APP} {name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}
