//! Apps that are written by the command, compiled in turns: what their crates cost, cold and after an edit.
//!
//! Each is written below `target/`, a workspace of its own with the versions of a lock file that is given. What it
//! depends on is built first and is not measured.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::{
    Bench, compile,
    progress::Progress,
    results::{Built, Seconds},
    usage,
};
use crate::cargo::cargo;

/// The package of every app.
const PACKAGE: &str = "app";

/// Files below `src/`, by name, with their texts.
pub(super) type Files = Vec<(String, String)>;

/// What an app is written from.
pub(super) struct Source {
    /// Its name in tables.
    pub(super) name: &'static str,
    /// The lines of its manifest under `[dependencies]`.
    pub(super) dependencies: String,
    /// Whose versions it takes.
    pub(super) lock: PathBuf,
    /// All its files.
    pub(super) files: Files,
    /// The files that an edit changes, each time in another way; none if there is nothing to change.
    pub(super) edit: Box<dyn Fn(usize) -> Option<Files>>,
}

/// An app that is written.
struct App {
    source: Source,
    folder: PathBuf,
    edits: usize,
    times: Built,
}

/// What is timed.
#[derive(Clone, Copy)]
enum Step {
    /// `cargo build` of the app's crate, with everything below it built.
    Cold,
    /// `cargo check` in the same state.
    ColdCheck,
    /// `cargo build` after an edit.
    Edit,
    /// `cargo check` after an edit: what an editor waits for.
    Check,
}

impl Step {
    /// In whose times it counts.
    fn times(self, times: &mut Built) -> &mut Seconds {
        match self {
            Step::Cold => &mut times.cold,
            Step::ColdCheck => &mut times.cold_check,
            Step::Edit => &mut times.edit,
            Step::Check => &mut times.check,
        }
    }

    /// What Cargo is told.
    fn word(self) -> &'static str {
        match self {
            Step::Cold | Step::Edit => "build",
            Step::ColdCheck | Step::Check => "check",
        }
    }
}

/// Measures the apps, the first of which is ours, in turns; `what` they are stands in the progress and names their folder.
pub(super) fn in_turns(
    bench: &Bench<'_>,
    what: &str,
    folder: &str,
    sources: Vec<Source>,
) -> Result<Vec<Built>, String> {
    let rounds = if bench.options.quick { 3 } else { 7 };
    let mut progress = Progress::of(sources.len() * (1 + 3 * rounds));
    let root = bench.target.join(folder);
    let mut apps =
        sources.into_iter().map(|source| App::write(&root, source)).collect::<Result<Vec<_>, _>>()?;
    for app in &mut apps {
        progress.step(&format!("{what}: what the app depends on"), app.source.name);
        compile::run(app.command("build"), &bench.keeper)?;
        compile::run(app.command("check"), &bench.keeper)?;
        // The first after a cold one writes more.
        app.time(bench, Step::Edit)?;
        app.time(bench, Step::Check)?;
        app.times = Built::of(app.source.name);
    }
    // The cold builds come last, as `cargo clean` also takes away what a check after an edit begins with.
    for steps in [&[Step::Edit][..], &[Step::Check], &[Step::Cold, Step::ColdCheck]] {
        for round in 0..rounds {
            let count = apps.len();
            // Every round begins with another one.
            for at in (0..count).map(|at| (at + round) % count) {
                let app = &mut apps[at];
                progress.step(what, &format!("{} ({} of {rounds})", app.source.name, round + 1));
                for step in steps {
                    app.time(bench, *step)?;
                }
            }
        }
    }
    Ok(apps.into_iter().map(|app| app.times).collect())
}

impl App {
    fn write(root: &Path, source: Source) -> Result<Self, String> {
        let folder = root.join(source.name);
        let app = App { folder, edits: 0, times: Built::of(source.name), source };
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        let sources = app.folder.join("src");
        fs::create_dir_all(&sources).map_err(|error| failed(&sources, error))?;
        let manifest = app.folder.join("Cargo.toml");
        // As the workspace's own profile.
        let text = format!(
            "[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n[dependencies]\n{}",
            app.source.dependencies
        );
        fs::write(&manifest, text).map_err(|error| failed(&manifest, error))?;
        let lock = &app.source.lock;
        fs::copy(lock, app.folder.join("Cargo.lock")).map_err(|error| failed(lock, error))?;
        app.save(&app.source.files)?;
        Ok(app)
    }

    fn save(&self, files: &Files) -> Result<(), String> {
        for (name, text) in files {
            let path = self.folder.join("src").join(name);
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Cargo, on this app.
    fn command(&self, word: &str) -> Command {
        let words = [word, "--quiet", "--message-format=json-render-diagnostics", "--package", PACKAGE];
        let mut command = cargo(&self.folder, words);
        command.arg("--target-dir").arg(self.folder.join("target"));
        // A cache would measure itself, and these change what a build is.
        for variable in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_INCREMENTAL", "CARGO_TARGET_DIR"]
        {
            command.env_remove(variable);
        }
        command
    }

    fn time(&mut self, bench: &Bench<'_>, step: Step) -> Result<(), String> {
        match step {
            Step::Cold => {
                let mut clean = cargo(&self.folder, ["clean", "--quiet", "--package", PACKAGE]);
                clean.arg("--target-dir").arg(self.folder.join("target"));
                compile::run(clean, &bench.keeper)?;
            }
            // What a build made is of no use to it, and what checks had made is gone since the build before.
            Step::ColdCheck => {}
            Step::Edit | Step::Check => self.edit()?,
        }
        // Nothing else that was started ends in between.
        let used = || usage::children_cpu_micros(bench.ticks_per_second);
        let (began, before) = (Instant::now(), used());
        compile::run(self.command(step.word()), &bench.keeper)?;
        let (wall, after) = (began.elapsed().as_secs_f64(), used());
        let seconds = step.times(&mut self.times);
        seconds.wall.push(wall);
        let cpu = before.zip(after).map(|(before, after)| after.saturating_sub(before) as f64 / 1e6);
        seconds.cpu.extend(cpu);
        Ok(())
    }

    fn edit(&mut self) -> Result<(), String> {
        self.edits += 1;
        let files = (self.source.edit)(self.edits);
        self.save(&files.ok_or_else(|| format!("{} has nothing to change", self.source.name))?)
    }
}
