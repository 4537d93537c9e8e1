//! [`Server`]: a contender that runs, from its start to its end.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{keeper::Keeper, tools};

/// How long a server may take to say where it listens; under valgrind that is seconds.
const START: Duration = Duration::from_secs(30);

/// How long it may take to stop.
const STOP: Duration = Duration::from_secs(20);

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    /// The words before the program, as `taskset -c 0`.
    pub(crate) prefix: Vec<OsString>,
    /// The program.
    pub(crate) program: PathBuf,
    /// Its variables. `PATH` comes from us, `PORT` is 0, and nothing else is handed on.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Where it runs. A folder with no file that could configure it.
    pub(crate) folder: PathBuf,
}

/// A server that listens. It ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// What it wrote to standard error.
    errors: PathBuf,
}

impl Server {
    /// Starts it, and waits until it says where it listens.
    pub(crate) fn start(keeper: &Keeper, start: &Start) -> Result<Self, String> {
        let mut words = start.prefix.iter().cloned().chain([start.program.clone().into_os_string()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).env_clear().env("PORT", "0").envs(start.variables.iter().cloned());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        // What is written there is to cost a server's work, and not the disk's, which is never twice the same.
        let memory = Path::new("/dev/shm");
        command.envs(memory.is_dir().then_some(("TMPDIR", memory)));
        // zzz would otherwise take the configuration of the sample app, which is in a folder above.
        command.env("ZZZ_ROOT", &start.folder).current_dir(&start.folder);
        let name = start.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A pipe that nobody reads would stop a server that says a lot.
        let errors = start.folder.join(format!("{name}.{}.log", unique()));
        let log = std::fs::File::create(&errors).map_err(|error| format!("{}: {error}", errors.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child =
            keeper.spawn(&mut command).map_err(|error| format!("{name} could not be started: {error}"))?;
        let lines = child.stdout.take().map(read_lines);
        let mut server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), errors };
        let address = lines.and_then(|lines| wait_for_address(&lines));
        match address {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => {
                let how = match server.child.try_wait() {
                    Ok(Some(status)) => format!("it ended ({status})"),
                    _ => format!("it does not say where it listens within {} s", START.as_secs()),
                };
                Err(format!("{name} does not start: {how}{}", server.last_words()))
            }
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<ExitStatus, String> {
        let status = self.end()?;
        let _ = std::fs::remove_file(&self.errors);
        Ok(status)
    }

    fn end(&mut self) -> Result<ExitStatus, String> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(format!("the server has ended by itself ({status}){}", self.last_words()));
        }
        // The shell's own word: `kill` as a program is not on every machine.
        tools::ask("sh", &["-c", &format!("kill -TERM {}", self.child.id())]);
        let asked = Instant::now();
        while asked.elapsed() < STOP {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        Err(format!("the server did not end within {} s of SIGTERM", STOP.as_secs()))
    }

    /// The end of what it wrote to standard error.
    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(5)..];
        if last.is_empty() { String::new() } else { format!(": {}", last.join("; ")) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.errors);
    }
}

/// A number that no other call in this process gets.
fn unique() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Reads to the end, so that the server never waits for a reader.
fn read_lines(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

fn wait_for_address(lines: &mpsc::Receiver<String>) -> Option<SocketAddr> {
    let began = Instant::now();
    loop {
        let line = lines.recv_timeout(START.checked_sub(began.elapsed())?).ok()?;
        if let Some(address) = address_in(&line) {
            return Some(address);
        }
    }
}

/// The address in `listening on 127.0.0.1:4000` or `app runs in prod at http://127.0.0.1:4000`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let start = line.find("127.0.0.1:")?;
    let rest = &line[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':']).parse().ok()
}

/// A folder for servers to run in, with nothing that could configure them.
pub(crate) fn empty_folder(target: &Path) -> Result<PathBuf, String> {
    let folder = target.join("run");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_what_servers_say() {
        let address = |line| address_in(line).map(|address| address.to_string());
        assert_eq!(address("listening on 127.0.0.1:4000").unwrap(), "127.0.0.1:4000");
        assert_eq!(address("app runs in prod at http://127.0.0.1:41234/.").unwrap(), "127.0.0.1:41234");
        assert_eq!(address("Stop it with Ctrl-C."), None);
        assert_eq!(address("127.0.0.1:no"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_ends_at_once_is_told_with_its_last_words() {
        let folder = std::env::temp_dir().join(format!("xtask-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let keeper = Keeper::start().unwrap();
        let start = |script: &str| Start {
            prefix: vec!["sh".into(), "-c".into(), script.into()],
            program: "sh".into(),
            variables: Vec::new(),
            folder: folder.clone(),
        };
        let error = Server::start(&keeper, &start("echo no port >&2; exit 3")).err().unwrap();
        assert!(error.starts_with("sh does not start: "), "{error}");
        assert!(error.ends_with(": no port"), "{error}");
        let server = Server::start(&keeper, &start("echo listening on 127.0.0.1:1; exec sleep 100")).unwrap();
        assert_eq!(server.address().port(), 1);
        assert!(!server.stop().unwrap().success());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
