//! Build times.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::{
    APP,
    copy::{TreeCopy, edited},
    figure, summary,
};
use crate::{
    bench::{Bench, compile, progress::Progress, results::Figure},
    cargo::cargo,
};

/// The handler that is changed.
const HANDLER: &str = "apps/example_app/src/controllers/pages.rs";

/// Changes that are measured, and one before them that is not: the first build after a cold one writes more.
const EDITS: usize = 5;

/// Builds after a change, the one that is not measured included.
pub(super) const BUILDS_AFTER_EDITS: usize = EDITS + 1;

/// Cold builds, and builds after a change, in the profile in which people work.
pub(super) fn measure(
    bench: &Bench<'_>,
    copy: &TreeCopy,
    progress: &mut Progress,
) -> Result<Vec<Figure>, String> {
    // Downloads are no build.
    compile::run(cargo(&copy.root, ["fetch", "--locked"]), &bench.keeper)?;
    let target = bench.target.join("core");
    progress.step("sample app: zzz-core alone, cold", "");
    let core = cold(bench, copy, &target, &["--package", "zzz-core"])?;
    let target = bench.target.join("dev");
    progress.step("sample app: cold build", "");
    let app = cold(bench, copy, &target, &["--package", APP])?;

    let source = copy.read(HANDLER)?;
    let mut edits = Vec::new();
    for number in 0..=EDITS {
        progress.step("sample app: after an edit", &format!("{number} of {EDITS}"));
        let text = edited(&source, number).ok_or_else(|| format!("{HANDLER} has no handler to change"))?;
        copy.write(HANDLER, &text)?;
        let (seconds, _) = timed(bench, build(copy, &target, &["--package", APP]))?;
        if number > 0 {
            edits.push(seconds);
        }
    }
    copy.write(HANDLER, &source)?;
    let seconds = |value: f64| format!("{value:.1} s");
    Ok(vec![
        figure(
            "cold build",
            seconds(app),
            "under 132 s on 2 cores",
            "`cargo build -p example_app` with nothing built before",
        ),
        figure(
            "build after an edit",
            summary(&edits, seconds),
            "",
            &format!("a changed line in a handler; median of {EDITS}"),
        ),
        figure(
            "cold build of zzz-core",
            seconds(core),
            "",
            "`cargo build -p zzz-core`, as somebody who takes it alone",
        ),
    ])
}

/// The release build: its time, its size, and where it is.
pub(super) fn release(
    bench: &Bench<'_>,
    copy: &TreeCopy,
    progress: &mut Progress,
    figures: &mut Vec<Figure>,
) -> Result<PathBuf, String> {
    progress.step("sample app: release build, cold", "");
    let target = bench.target.join("release-build");
    empty(&target)?;
    let (seconds, program) = timed(bench, build(copy, &target, &["--release", "--package", APP]))?;
    let program = program.ok_or_else(|| format!("cargo built {APP} and named no program of it"))?;
    let size = program.metadata().map_err(|error| format!("{}: {error}", program.display()))?.len();
    #[allow(clippy::cast_precision_loss)]
    let size = size as f64 / 1024.0 / 1024.0;
    figures.push(figure(
        "cold release build",
        format!("{seconds:.1} s"),
        "",
        "`cargo build --release -p example_app`",
    ));
    figures.push(figure(
        "release binary",
        format!("{size:.1} MiB"),
        "",
        "with SQLite, templates, static files and migrations inside; without debug information",
    ));
    Ok(program)
}

fn cold(bench: &Bench<'_>, copy: &TreeCopy, target: &Path, options: &[&str]) -> Result<f64, String> {
    empty(target)?;
    timed(bench, build(copy, target, options)).map(|(seconds, _)| seconds)
}

fn empty(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

fn build(copy: &TreeCopy, target: &Path, options: &[&str]) -> Command {
    let words = ["build", "--locked", "--quiet", "--message-format=json-render-diagnostics"];
    let mut command = cargo(&copy.root, words.iter().chain(options).copied());
    command.arg("--target-dir").arg(target);
    // A cache would measure itself, and these change what a build is.
    for variable in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_INCREMENTAL", "CARGO_TARGET_DIR"] {
        command.env_remove(variable);
    }
    command
}

fn timed(bench: &Bench<'_>, command: Command) -> Result<(f64, Option<PathBuf>), String> {
    let began = Instant::now();
    let program = compile::run(command, &bench.keeper)?;
    Ok((began.elapsed().as_secs_f64(), program))
}
