//! The sample app as a process of its own, and a client that speaks HTTP to it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use zzz_testing::TempDatabase;

/// The workspace's root, which is the sample app's.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The sample app's folders in a place of their own.
pub(crate) fn copy_of_the_app() -> TempDatabase {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(from, to).unwrap();
            }
        }
    }
    let place = TempDatabase::new();
    for name in ["config", "migrations", "static", "templates"] {
        copy(&root().join(name), &place.folder().join(name));
    }
    place
}

/// The app's binary with nothing of this machine's environment, on a free port and a database of its own.
pub(crate) fn command(database: &TempDatabase) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_app_under_test"));
    command
        .env_clear()
        .env("ZZZ_ROOT", root())
        .env("ZZZ_ENV", "dev")
        .env("PORT", "0")
        .env("SECRET_KEY_BASE", "s".repeat(64))
        .env("DATABASE_URL", database.url())
        .env("LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// The same command, started by a shell that does something first, such as `ulimit -n 64`.
pub(crate) fn after(shell: &str, command: &Command) -> Command {
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", &format!("{shell}; exec \"$0\"")]).arg(command.get_program()).env_clear();
    wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapped
}

/// An app that takes uploads of any length, with its temporary files in the same place.
pub(crate) fn upload_command(place: &TempDatabase) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upload_app"));
    command
        .env_clear()
        .env("ZZZ_ROOT", place.folder())
        .env("ZZZ_ENV", "dev")
        .env("PORT", "0")
        .env("SECRET_KEY_BASE", "s".repeat(64))
        .env("ZZZ_UPLOAD__TEMP_DIR", "temp")
        .env("LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// What a command that ends by itself prints, and its exit code.
pub(crate) fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A running app; it is killed when this is dropped.
pub(crate) struct App {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens for plain HTTP; empty if that is no port.
    pub(crate) address: String,
    /// Where it listens for TLS; empty if it does not.
    pub(crate) tls: String,
    pub(crate) banner: String,
}

impl App {
    /// Starts the app and waits until it says where it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Stop it with") {
            assert_ne!(stdout.read_line(&mut banner).unwrap(), 0, "the app ended while it started: {banner}");
        }
        let first = |scheme: &str| banner.split(scheme).nth(1)?.split_whitespace().next();
        let [address, tls] =
            ["http://", "https://"].map(|scheme| first(scheme).unwrap_or_default().to_owned());
        Self { child, stdout, address, tls, banner }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let kill = format!("kill {signal} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end and returns it with what was printed until then.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address))
            .unwrap()
    }

    pub(crate) fn post_json(&self, path: &str, body: &str) -> std::io::Result<Response> {
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    /// Sends a request as it stands and reads until the server closes.
    pub(crate) fn exchange(&self, request: &str) -> std::io::Result<Response> {
        exchange(&self.address, request)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request as it stands and reads until the server closes.
pub(crate) fn exchange(address: &str, request: &str) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    exchange_on(&mut stream, request)
}

/// The same on a connection that is there already.
pub(crate) fn exchange_on(stream: &mut (impl Read + Write), request: &str) -> std::io::Result<Response> {
    stream.write_all(request.as_bytes())?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Response::parse(&all).ok_or_else(|| std::io::Error::other("no whole response"))
}

/// A request that is answered without a database, and closes the connection.
pub(crate) const ALIVE: &str = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A response as it came.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// `None` unless head and body are there as a whole.
    fn parse(all: &[u8]) -> Option<Self> {
        let text = String::from_utf8(all.to_vec()).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if let Some(length) = length
            && length.parse::<usize>().ok()? != body.len()
        {
            return None;
        }
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
