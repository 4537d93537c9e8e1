//! [`Environment`]: the machine, the versions and the day of a measurement.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    contenders::{CONTENDERS, Folder},
    data,
    tools::ask,
};

/// Where, when and with what something was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The day, in UTC, as `2025-01-31`.
    pub(crate) date: String,
    /// The processor.
    pub(crate) cpu: String,
    /// Cores that it offers to us.
    pub(crate) cores: usize,
    /// The operating system's kernel.
    pub(crate) kernel: String,
    /// The compiler.
    pub(crate) rustc: String,
    /// The commit, with `and changes` if there are any.
    pub(crate) commit: String,
    /// The contenders' crates: `hyper: hyper 1.12.0, tokio 1.54.1`.
    pub(crate) versions: Vec<(String, String)>,
}

impl Environment {
    /// Looks around.
    pub(crate) fn of(root: &Path) -> Self {
        let git = |arguments: &[&str]| {
            let folder = root.to_string_lossy();
            let words = [&["-C", &folder, "-c", "safe.directory=*"], arguments].concat();
            ask("git", &words)
        };
        let mut commit = git(&["rev-parse", "--short=10", "HEAD"]).trim().to_owned();
        // What this command itself writes is no change.
        let changed = git(&["status", "--porcelain", "--", ".", ":!docs/benchmarks.*"]);
        if !changed.trim().is_empty() {
            commit.push_str(" and changes");
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Environment {
            date: date(since.as_secs() / 86_400),
            cpu: cpu(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: ask("uname", &["-sr"]).trim().to_owned(),
            rustc: ask("rustc", &["--version"]).trim().to_owned(),
            commit,
            versions: versions(root),
        }
    }

    /// The versions of a contender's crates; empty if it was not known then.
    pub(crate) fn version(&self, contender: &str) -> String {
        let known = self.versions.iter().find(|(name, _)| name == contender);
        known.map(|(_, versions)| versions.clone()).unwrap_or_default()
    }

    /// Whether figures from there can stand beside figures from here.
    pub(crate) fn same_machine(&self, other: &Self) -> bool {
        (&self.cpu, self.cores) == (&other.cpu, other.cores)
    }
}

fn cpu(cpuinfo: &str) -> String {
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

fn versions(root: &Path) -> Vec<(String, String)> {
    let servers = CONTENDERS.iter().map(|it| (it.name.to_owned(), it.crates));
    let of = |(name, (folder, crates)): (String, (Folder, &[&str]))| {
        let lock = std::fs::read_to_string(folder.path(root).join("Cargo.lock")).unwrap_or_default();
        let known = crates.iter().filter_map(|name| Some(format!("{name} {}", version(&lock, name)?)));
        (name, known.collect::<Vec<_>>().join(", "))
    };
    servers.chain(data::contenders::crates()).map(of).collect()
}

/// The version of a package in a lock file; the highest, which is the last, if there are several.
fn version(lock: &str, name: &str) -> Option<String> {
    let name = format!("name = \"{name}\"");
    let lines: Vec<&str> = lock.lines().collect();
    let at = lines.iter().rposition(|line| *line == name)?;
    let version = lines.get(at + 1)?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

/// The date of a day counted from 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> String {
    // Years that begin in March have their leap day at the end, and months of a regular length.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_calendar() {
        for (days, expected) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (19_782, "2024-02-29"), (20_454, "2026-01-01")]
        {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn reads_versions_from_a_lock_file() {
        let lock = "[[package]]\nname = \"http\"\nversion = \"0.2.12\"\n\n[[package]]\nname = \"http\"\n\
                    version = \"1.5.0\"\n";
        assert_eq!(version(lock, "http"), Some("1.5.0".to_owned()));
        assert_eq!(version(lock, "hyper"), None);
    }

    #[test]
    fn names_the_processor() {
        assert_eq!(cpu("processor\t: 0\nmodel name\t: Fast @ 3GHz\n"), "Fast @ 3GHz");
        assert_eq!(cpu(""), std::env::consts::ARCH);
    }
}
