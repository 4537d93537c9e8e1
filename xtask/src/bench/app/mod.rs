//! The sample app: how long it takes to build and to start, and how big it is.
//!
//! | module | measures |
//! |---|---|
//! | [`copy`] | nothing: it is the tree that is built, so that nobody's files are touched |
//! | [`building`] | cold builds, and builds after a change of one handler |
//! | [`starting`] | from the start of the program to its first page, and its memory |

mod building;
pub(super) mod copy;
mod starting;

use self::copy::TreeCopy;
use super::{
    Bench,
    progress::Progress,
    results::{AppResult, Figure},
    statistics::{median, spread},
};
use crate::workspace::Tree;

/// The package.
const APP: &str = "example_app";

/// Packages in the default app's lock file, at most.
const MOST_PACKAGES: usize = 250;

/// Measures everything. It takes as long as four cold builds.
pub(super) fn measure(bench: &Bench<'_>) -> Result<AppResult, String> {
    let mut progress = Progress::of(6 + building::BUILDS_AFTER_EDITS);
    progress.step("sample app: copying the tree", "");
    let copy = TreeCopy::of(bench.root, &bench.target.join("tree"))?;
    let mut figures = building::measure(bench, &copy, &mut progress)?;
    progress.step("sample app: counting packages", "");
    figures.extend(packages(bench, &copy)?);
    let program = building::release(bench, &copy, &mut progress, &mut figures)?;
    progress.step("sample app: starting it", "");
    figures.extend(starting::measure(bench, &program)?);
    Ok(AppResult { environment: bench.environment.clone(), figures })
}

fn packages(bench: &Bench<'_>, copy: &TreeCopy) -> Result<[Figure; 2], String> {
    let tree = Tree::of(bench.root, APP, &[])?.packages.len();
    let lock = copy.read("Cargo.lock")?;
    let locked = lock.lines().filter(|line| *line == "[[package]]").count();
    Ok([
        figure("packages that the app is built from", tree.to_string(), "", "`cargo tree -e normal`"),
        figure(
            "packages in the lock file",
            locked.to_string(),
            &format!("under {MOST_PACKAGES}"),
            "all members of the workspace and every platform, tests and tools included",
        ),
    ])
}

fn figure(what: &str, value: String, goal: &str, how: &str) -> Figure {
    Figure { what: what.to_owned(), value, goal: goal.to_owned(), how: how.to_owned() }
}

/// The median with its spread: `4.2 s ±3%`.
fn summary(values: &[f64], show: impl Fn(f64) -> String) -> String {
    let middle = show(median(values).unwrap_or_default());
    match spread(values).filter(|_| values.len() > 1) {
        Some(spread) => format!("{middle} ±{:.0}%", spread * 100.0),
        None => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_value_has_no_spread() {
        let show = |value: f64| format!("{value:.1} s");
        assert_eq!(summary(&[2.0], show), "2.0 s");
        assert_eq!(summary(&[1.0, 2.0, 3.0], show), "2.0 s ±25%");
    }
}
