//! [`Keeper`]: whatever happens to this process, none that it started outlives it.
//!
//! Ctrl-C, `kill -INT`, `kill -KILL` and a closed terminal end this process without running a destructor, and a
//! handler for signals needs unsafe code or a crate. So a small shell stands by: it reads from a pipe whose
//! other end only this process holds. When this process is gone, for whatever reason, the pipe ends, and the
//! shell kills its own process group, which every process that is started here belongs to, with their children
//! (the `rustc` of a `cargo`) and itself. Ctrl-C in the terminal reaches none of them, as it goes to another
//! group, so the order is always the same.

use std::{
    io,
    process::{Child, ChildStdin, Command, Stdio},
};

/// Ignores what a terminal sends, waits for the end of the pipe, and kills the group.
const SCRIPT: &str = "trap '' HUP INT TERM; while read -r line; do :; done; kill -KILL 0";

/// Starts processes that end with this one.
pub(crate) struct Keeper {
    shell: Child,
    line: Option<ChildStdin>,
}

impl Keeper {
    /// Starts the shell.
    pub(crate) fn start() -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        in_group(&mut command, 0);
        let mut shell = command
            .spawn()
            .map_err(|error| format!("`sh`, which ends servers when this ends, could not be run: {error}"))?;
        let line = shell.stdin.take();
        Ok(Keeper { shell, line })
    }

    /// Starts a process that ends when this one does, at the latest.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        in_group(command, self.shell.id());
        command.spawn()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.line.take();
        let _ = self.shell.wait();
    }
}

#[cfg(unix)]
fn in_group(command: &mut Command, group: u32) {
    use std::os::unix::process::CommandExt;
    command.process_group(i32::try_from(group).unwrap_or_default());
}

#[cfg(not(unix))]
fn in_group(_command: &mut Command, _group: u32) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{io::Read, os::unix::process::ExitStatusExt};

    #[test]
    fn what_still_runs_is_killed_with_its_children_when_the_pipe_ends() {
        let keeper = Keeper::start().unwrap();
        // The inner `sleep` holds the pipe: only when it too is gone does reading it come to an end.
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo started; wait"]).stdout(Stdio::piped());
        let mut child = keeper.spawn(&mut command).unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut started = [0; 8];
        output.read_exact(&mut started).unwrap();
        drop(keeper);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert_eq!(output.read(&mut started).unwrap(), 0);
    }
}
