//! [`Tools`]: which programs are on this machine, and what is missing without them.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// The programs that the benchmarks use where they are; none is needed.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// Pins a process to a core.
    pub(crate) taskset: Option<PathBuf>,
    /// Counts instructions.
    pub(crate) valgrind: Option<PathBuf>,
    /// Makes load.
    pub(crate) wrk: Option<PathBuf>,
    /// Makes load, where there is no wrk.
    pub(crate) oha: Option<PathBuf>,
}

impl Tools {
    /// Looks for them.
    pub(crate) fn find() -> Self {
        Tools { taskset: find("taskset"), valgrind: find("valgrind"), wrk: find("wrk"), oha: find("oha") }
    }

    /// What the results lack, and what to install for it.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.valgrind.is_none() {
            missing.push("no instructions per request: valgrind is not installed".to_owned());
        }
        if self.taskset.is_none() {
            missing.push(
                "server and load generator share the cores: taskset (util-linux) is not installed".to_owned(),
            );
        }
        if self.wrk.is_none() && self.oha.is_none() {
            missing.push(
                "neither wrk nor oha is installed: the load comes from xtask's own generator, which needs \
                 more of its core for each request"
                    .to_owned(),
            );
        }
        missing
    }
}

/// The program of this name in the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &std::path::Path) -> bool {
    file.is_file()
}

/// What a short command prints on both streams; nothing if it can not be run. Its exit code does not count
/// (`wrk -v` shows its version and fails).
pub(crate) fn ask(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    output.map_or_else(
        |_| String::new(),
        |output| {
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.push_str(&String::from_utf8_lossy(&output.stderr));
            text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_what_it_costs() {
        let none = Tools::default().missing();
        assert_eq!(none.len(), 3);
        assert!(none[0].contains("valgrind is not installed"));
        let all = Tools {
            taskset: Some("taskset".into()),
            valgrind: Some("valgrind".into()),
            wrk: None,
            oha: Some("oha".into()),
        };
        assert_eq!(all.missing(), [""; 0]);
    }

    #[test]
    fn finds_programs_and_no_others() {
        assert!(find("no-such-program-anywhere").is_none());
        assert_eq!(ask("no-such-program-anywhere", &[]), "");
    }
}
