//! [`Keeper`]: whatever happens to this process, none that it started outlives it.
//!
//! Ctrl-C, `kill -INT`, `kill -KILL` and a closed terminal end this process without running a destructor, and a
//! handler for signals needs unsafe code or a crate. So a small shell stands by: it reads from a pipe whose
//! other end only this process holds. When this process is gone, for whatever reason, the pipe ends, and the
//! shell kills its own process group, which every process that is started here belongs to, with their children
//! (the `rustc` of a `cargo`) and itself. Ctrl-C in the terminal reaches none of them, as it goes to another
//! group, so the order is always the same.
//!
//! What is no process, such as a database, is undone by a line that the shell is given, and runs before it kills.

use std::{
    io::{self, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Ignores what a terminal sends, keeps lines until the end of the pipe, runs them, and kills the group.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
lines=
while read -r line; do
    case $line in
        forget) lines= ;;
        *) lines="$lines$line
" ;;
    esac
done
eval "$lines"
kill -KILL 0
"#;

/// Starts processes that end with this one.
pub(crate) struct Keeper {
    shell: Child,
    told: Mutex<Told>,
}

/// What the shell has been told.
struct Told {
    pipe: Option<ChildStdin>,
    /// What it is to run at the end, each line with its number.
    lines: Vec<(usize, String)>,
    next: usize,
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
        let told = Told { pipe: shell.stdin.take(), lines: Vec::new(), next: 0 };
        Ok(Keeper { shell, told: Mutex::new(told) })
    }

    /// Has the shell run this line when this process is gone, for whatever reason; until it is told to
    /// [`forget`](Self::forget) the number that is returned.
    pub(crate) fn at_end(&self, line: &str) -> Result<usize, String> {
        let mut told = self.told();
        let number = told.next;
        told.next += 1;
        told.lines.push((number, line.replace('\n', " ")));
        told.tell().map(|()| number)
    }

    /// What a line was for is done already.
    pub(crate) fn forget(&self, number: usize) -> Result<(), String> {
        let mut told = self.told();
        told.lines.retain(|(known, _)| *known != number);
        told.tell()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process that ends when this one does, at the latest.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        in_group(command, self.shell.id());
        command.spawn()
    }
}

impl Told {
    /// Tells the shell all lines anew. One that is half written when this process ends is none.
    fn tell(&mut self) -> Result<(), String> {
        let mut text = "forget\n".to_owned();
        for (_, line) in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        let told = self.pipe.as_mut().map_or(Ok(()), |pipe| pipe.write_all(text.as_bytes()));
        told.map_err(|error| format!("the shell that ends servers is gone: {error}"))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.told().pipe.take();
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
    fn lines_run_at_the_end_unless_they_are_forgotten() {
        let folder = std::env::temp_dir().join(format!("xtask-keeper-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let touch = |name: &str| format!("echo done > '{}'", folder.join(name).display());
        let keeper = Keeper::start().unwrap();
        let first = keeper.at_end(&touch("first")).unwrap();
        keeper.at_end(&touch("second")).unwrap();
        keeper.forget(first).unwrap();
        keeper.at_end(&touch("third")).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing runs before the end");
        drop(keeper);
        let left = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        assert_eq!(
            [left("first"), left("second"), left("third")].map(|text| text.is_some()),
            [false, true, true]
        );
        std::fs::remove_dir_all(folder).unwrap();
    }

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
