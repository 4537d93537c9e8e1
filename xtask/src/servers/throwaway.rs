//! [`Throwaway`]: a server of programs on this machine, in a folder of its own, on a free port.
//!
//! Nothing but the standard library, and nothing of xtask: the tests that stop a server and start it again take
//! this file as it is.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Database servers refuse to run as root; without a user of their own there is this one, everywhere.
const NOBODY: u32 = 65534;

/// A folder, a port and a process. Dropping it stops the process and deletes the folder.
pub(crate) struct Throwaway {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Whom the programs run as, where we are root.
    user: Option<u32>,
    /// What stops it in order.
    goodbye: &'static str,
    process: Option<Child>,
}

impl Throwaway {
    /// Creates the folder, for programs that run as the user of this name where we are root.
    ///
    /// # Errors
    /// If the folder can not be created.
    pub(crate) fn new(name: &str, programs: &Path, goodbye: &'static str) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        drop(listener);
        let folder = std::env::temp_dir().join(format!("zzz-{name}-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let user = other_user(&folder, name);
        let server = Self { programs: programs.to_owned(), folder, port, user, goodbye, process: None };
        #[cfg(unix)]
        if user.is_some() {
            std::os::unix::fs::chown(&server.folder, user, None).map_err(|error| error.to_string())?;
        }
        Ok(server)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A program, to be run in the folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.stdin(Stdio::null()).current_dir(&self.folder);
        // MariaDB deletes the temporary tables of other servers where it makes its own.
        command.env("TMPDIR", &self.folder);
        #[cfg(unix)]
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(user);
        }
        command
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// If it fails; with what it said.
    pub(crate) fn finish(&self, what: &str, command: &mut Command) -> Result<(), String> {
        let done = command.output().map_err(|error| format!("{what} could not be run: {error}"))?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(if done.stderr.is_empty() { &done.stdout } else { &done.stderr });
        Err(format!("{what} failed: {}", said.trim()))
    }

    /// Starts the server, and waits until it is ready.
    ///
    /// # Errors
    /// If it does not become so; with the end of its log.
    pub(crate) fn serve(
        &mut self,
        what: &str,
        command: &mut Command,
        is_ready: impl Fn(u16) -> bool,
    ) -> Result<(), String> {
        let log = self.folder.join("log");
        let written = || std::fs::File::options().create(true).append(true).open(&log);
        let output = written().map_err(|error| error.to_string())?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let child = command.stdout(output).stderr(errors).spawn();
        self.process = Some(child.map_err(|error| format!("{what} could not be run: {error}"))?);
        let started = Instant::now();
        while !is_ready(self.port) {
            let ended = self.process.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                let end = log.lines().rev().take(5).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>();
                return Err(format!("{what} did not start: {}", end.join("\n")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// A line for a shell that stops it and deletes the folder.
    #[allow(dead_code, reason = "for who may be killed before the server is dropped")]
    pub(crate) fn ending(&self) -> String {
        let stop = self.process.as_ref().map_or_else(String::new, |process| {
            let (goodbye, id) = (self.goodbye, process.id());
            // A second a turn: sleep(1) promises no less than whole ones.
            format!("kill -{goodbye} {id}; for turn in 1 2 3 4 5; do kill -0 {id} || break; sleep 1; done; ")
        });
        format!("{stop}rm -rf '{}'", self.folder.display())
    }

    /// Sends a signal, named as `kill` names it, to the server and to every process that it has started.
    #[allow(dead_code, reason = "for tests that stop a server")]
    pub(crate) fn signal_all(&self, signal: &str) {
        let Some(process) = &self.process else { return };
        let parent = process.id();
        let mut processes = vec![parent];
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // `4711 (name) S 1 ...`: the fourth is the parent.
            let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            let of = after.split(' ').nth(1).and_then(|id| id.parse::<u32>().ok());
            let own = entry.file_name().to_str().and_then(|id| id.parse().ok());
            if let (Some(own), true) = (own, of == Some(parent)) {
                processes.push(own);
            }
        }
        for id in &processes {
            kill(signal, *id);
        }
        // A thread that is at work on another core is so for a while yet.
        let asked = Instant::now();
        while signal == "STOP" && !processes.iter().all(|id| is_stopped(*id)) && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Stops it with a signal, and waits for its end.
    pub(crate) fn stop(&mut self, signal: &str) {
        if let Some(mut process) = self.process.take() {
            kill(signal, process.id());
            let _ = process.wait();
        }
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // A test that fails may leave it stopped, and then it would never hear of its end.
        self.signal_all("CONT");
        self.stop(self.goodbye);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn kill(signal: &str, id: u32) {
    let _ = Command::new("kill").arg(format!("-{signal}")).arg(id.to_string()).stderr(Stdio::null()).status();
}

/// Whether every thread of a process has stopped, or there is none.
fn is_stopped(id: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    threads.map(|thread| std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default()).all(
        |stat| {
            let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            state.is_empty() || state.starts_with(['T', 'Z', 'X'])
        },
    )
}

/// Whom the server runs as, where we are root: whose the folder is that we have made.
fn other_user(folder: &Path, name: &str) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if std::fs::metadata(folder).ok()?.uid() == 0 {
            let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
            let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let user = line.and_then(|rest| rest.split(':').nth(1)).and_then(|id| id.parse().ok());
            return Some(user.unwrap_or(NOBODY));
        }
    }
    let _ = (folder, name);
    None
}

/// The first of the folders in the path and of these that holds the programs.
pub(crate) fn folder_with(programs: &[&str], places: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(places);
    folders.find(|folder| programs.iter().all(|program| folder.join(program).is_file()))
}
