//! [`Cores`]: one core for the server and another for the load, so that neither is measured as the other.

use std::{ffi::OsString, path::PathBuf};

/// Who runs where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cores {
    taskset: PathBuf,
    server: usize,
    load: usize,
}

impl Cores {
    /// Two cores that this process may use; none without `taskset`, or on a machine with one core.
    pub(crate) fn choose(taskset: Option<PathBuf>) -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        let (server, load) = pair(&list(allowed), siblings)?;
        Some(Cores { taskset: taskset?, server, load })
    }

    /// The words before a server's command line.
    pub(crate) fn server(&self) -> Vec<OsString> {
        self.words(self.server)
    }

    /// The words before the load generator's.
    pub(crate) fn load(&self) -> Vec<OsString> {
        self.words(self.load)
    }

    fn words(&self, core: usize) -> Vec<OsString> {
        vec![self.taskset.clone().into(), "-c".into(), core.to_string().into()]
    }
}

/// The first core, and the first other one that is not the same core's second thread.
fn pair(allowed: &[usize], siblings: impl Fn(usize) -> Vec<usize>) -> Option<(usize, usize)> {
    let server = *allowed.first()?;
    let same = siblings(server);
    let others = || allowed.iter().copied().filter(|core| *core != server);
    let load = others().find(|core| !same.contains(core)).or_else(|| others().next())?;
    Some((server, load))
}

fn siblings(core: usize) -> Vec<usize> {
    let file = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    list(&std::fs::read_to_string(file).unwrap_or_default())
}

/// The numbers in `0-3,8`.
fn list(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    text.trim().split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_of_cores() {
        assert_eq!(list("\t0-2,8\n"), [0, 1, 2, 8]);
        assert_eq!(list(""), [0; 0]);
    }

    #[test]
    fn prefers_two_cores_to_two_threads_of_one() {
        assert_eq!(pair(&[0, 1, 2, 3], |_| vec![0, 1]), Some((0, 2)));
        assert_eq!(pair(&[4, 5], |_| vec![4, 5]), Some((4, 5)));
        assert_eq!(pair(&[2, 3], |_| Vec::new()), Some((2, 3)));
        assert_eq!(pair(&[1], |_| Vec::new()), None);
    }

    #[test]
    fn puts_the_core_before_the_command() {
        let cores = Cores { taskset: "taskset".into(), server: 0, load: 3 };
        assert_eq!(cores.load(), ["taskset", "-c", "3"]);
        assert_eq!(cores.server(), ["taskset", "-c", "0"]);
    }
}
