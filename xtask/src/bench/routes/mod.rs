//! What 200 handlers cost to compile, on zzz and on axum.
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | the two apps, as text |
//!
//! Both apps are written below `target/`, each a workspace of its own with the versions of the lock file that the
//! benchmarks' servers have. What they depend on is built first and is not measured.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use self::source::{AXUM, Dialect, HANDLERS, MODULES, ZZZ};
use super::{
    Bench,
    app::copy::edited,
    compile,
    progress::Progress,
    results::{Built, RoutesResult},
    usage,
};
use crate::cargo::cargo;

/// The package of either app.
const PACKAGE: &str = "routes";

/// The file in which a handler is changed.
const EDITED: &str = "m07.rs";

/// One of the two apps.
struct App {
    name: &'static str,
    dialect: Dialect,
    folder: PathBuf,
    target: PathBuf,
    edits: usize,
    times: Built,
}

/// What is timed.
#[derive(Clone, Copy)]
enum Step {
    /// `cargo build` of the app's crate, with everything below it built.
    Cold,
    /// `cargo build` after a change in one handler.
    Edit,
    /// `cargo check` after a change in one handler: what an editor waits for.
    Check,
}

/// Measures both apps in turns.
pub(super) fn measure(bench: &Bench<'_>) -> Result<RoutesResult, String> {
    let rounds = if bench.options.quick { 3 } else { 7 };
    let mut progress = Progress::of(2 + rounds * 6);
    let root = bench.root.display();
    let zzz = format!(
        "zzz-web = {{ path = \"{root}/crates/zzz\", default-features = false }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    let axum = "axum = \"0.8\"\nserde = { version = \"1\", features = [\"derive\"] }\ntokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }\n";
    let lock = bench.root.join("Cargo.lock");
    let peers = bench.root.join("benches/peers/Cargo.lock");
    let mut apps = [write(bench, "zzz", ZZZ, &zzz, &lock)?, write(bench, "axum", AXUM, axum, &peers)?];
    for app in &mut apps {
        progress.step("200 routes: what the app depends on", app.name);
        compile::run(app.command("build"), &bench.keeper)?;
        compile::run(app.command("check"), &bench.keeper)?;
        // The first after a cold one writes more.
        app.time(bench, Step::Edit)?;
        app.time(bench, Step::Check)?;
        app.times = Built::of(app.name);
    }
    // The cold builds come last, as `cargo clean` also takes away what a check after an edit begins with.
    for steps in [&[Step::Edit, Step::Check][..], &[Step::Cold]] {
        for round in 0..rounds {
            // Every round begins with the other one.
            apps.reverse();
            for step in steps {
                for app in &mut apps {
                    progress.step("200 routes", &format!("{} ({} of {rounds})", app.name, round + 1));
                    app.time(bench, *step)?;
                }
            }
        }
    }
    apps.sort_by_key(|app| app.name != "zzz");
    Ok(RoutesResult {
        environment: bench.environment.clone(),
        handlers: (MODULES * HANDLERS) as u64,
        apps: apps.map(|app| app.times).to_vec(),
    })
}

/// Writes an app.
fn write(
    bench: &Bench<'_>,
    name: &'static str,
    dialect: Dialect,
    dependencies: &str,
    lock: &Path,
) -> Result<App, String> {
    let folder = bench.target.join("routes").join(name);
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let save = |path: &Path, text: &str| fs::write(path, text).map_err(|error| failed(path, error));
    let source = folder.join("src");
    fs::create_dir_all(&source).map_err(|error| failed(&source, error))?;
    // As the workspace's own profile.
    save(
        &folder.join("Cargo.toml"),
        &format!(
            "[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n[dependencies]\n{dependencies}"
        ),
    )?;
    fs::copy(lock, folder.join("Cargo.lock")).map_err(|error| failed(lock, error))?;
    for (file, text) in dialect.files() {
        save(&source.join(file), &text)?;
    }
    let target = folder.join("target");
    Ok(App { name, dialect, folder, target, edits: 0, times: Built::of(name) })
}

impl App {
    /// Cargo, on this app.
    fn command(&self, word: &str) -> Command {
        let words = [word, "--quiet", "--message-format=json-render-diagnostics", "--package", PACKAGE];
        let mut command = cargo(&self.folder, words);
        command.arg("--target-dir").arg(&self.target);
        // A cache would measure itself, and these change what a build is.
        for variable in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_INCREMENTAL", "CARGO_TARGET_DIR"]
        {
            command.env_remove(variable);
        }
        command
    }

    fn time(&mut self, bench: &Bench<'_>, step: Step) -> Result<(), String> {
        let word = if matches!(step, Step::Check) { "check" } else { "build" };
        if matches!(step, Step::Cold) {
            let mut clean = cargo(&self.folder, ["clean", "--quiet", "--package", PACKAGE]);
            clean.arg("--target-dir").arg(&self.target);
            compile::run(clean, &bench.keeper)?;
        } else {
            self.edit()?;
        }
        // Nothing else that was started ends in between.
        let used = || usage::children_cpu_micros(bench.ticks_per_second);
        let (began, before) = (Instant::now(), used());
        compile::run(self.command(word), &bench.keeper)?;
        let (wall, after) = (began.elapsed().as_secs_f64(), used());
        let seconds = match step {
            Step::Cold => &mut self.times.cold,
            Step::Edit => &mut self.times.edit,
            Step::Check => &mut self.times.check,
        };
        seconds.wall.push(wall);
        let cpu = before.zip(after).map(|(before, after)| after.saturating_sub(before) as f64 / 1e6);
        seconds.cpu.extend(cpu);
        Ok(())
    }

    /// Changes a handler, each time in another way.
    fn edit(&mut self) -> Result<(), String> {
        self.edits += 1;
        let files = self.dialect.files();
        let source = files.iter().find(|(name, _)| name == EDITED).map(|(_, text)| text.as_str());
        let text = source.and_then(|source| edited(source, self.edits));
        let text = text.ok_or_else(|| format!("{EDITED} has no handler to change"))?;
        let path = self.folder.join("src").join(EDITED);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }
}
