//! PostgreSQL: its programs, and a server of them in a throwaway folder.
//!
//! Nothing but the standard library, and nothing of xtask but what is beside it: the tests that stop a server and
//! start it again take this file as it is.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::throwaway::{Throwaway, folder_with};

/// Where Debian, PostgreSQL's own installer and Homebrew put the programs; below the first one a folder for each
/// version.
const PLACES: &[&str] =
    &["/usr/lib/postgresql", "/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/local/bin"];

/// The standard port.
#[allow(dead_code, reason = "for whoever looks for a server that runs already")]
pub(crate) const PORT: u16 = 5432;

/// The URL of the database that every server has.
pub(crate) fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

/// Whether a server on this port of this machine lets the user `postgres` in without a password.
pub(crate) fn is_ready(port: u16) -> bool {
    use std::io::Read as _;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut socket) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let words = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let mut hello = Vec::from((words.len() as u32 + 4).to_be_bytes());
    hello.extend_from_slice(words);
    // `R`, the length, and 0 for "you are in".
    let mut answer = [0; 9];
    socket.write_all(&hello).is_ok()
        && socket.read_exact(&mut answer).is_ok()
        && answer == *b"R\0\0\0\x08\0\0\0\0"
}

/// The folder with `initdb` and `postgres`, if they are on this machine.
pub(crate) fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for place in PLACES.iter().map(PathBuf::from) {
        let below = std::fs::read_dir(&place).into_iter().flatten().flatten();
        let mut versions: Vec<PathBuf> = below.map(|entry| entry.path().join("bin")).collect();
        // The newest first.
        versions.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
        folders.extend(versions);
        folders.push(place);
    }
    folder_with(&["initdb", "postgres"], folders)
}

fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// A server in a folder of its own, on a free port. Dropping it stops it and deletes the folder.
pub(crate) struct Server {
    throwaway: Throwaway,
}

impl Server {
    /// Creates the folder and starts the server.
    ///
    /// # Errors
    /// If a program fails; with what it said.
    pub(crate) fn start(programs: &Path) -> Result<Self, String> {
        let mut server = Self { throwaway: Throwaway::new("postgres", programs, "INT")? };
        let mut initdb = server.throwaway.command("initdb");
        initdb.arg("--pgdata").arg(server.data());
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        server.throwaway.finish("initdb", &mut initdb)?;
        server.run()?;
        Ok(server)
    }

    /// The URL of the database that every server has.
    pub(crate) fn url(&self) -> String {
        url(self.throwaway.port())
    }

    fn data(&self) -> PathBuf {
        self.throwaway.folder().join("data")
    }

    /// Starts the server on the folder that is there, and waits until it answers.
    ///
    /// # Errors
    /// If it does not; with the end of its log.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let mut postgres = self.throwaway.command("postgres");
        postgres.arg("-D").arg(self.data()).arg("-p").arg(self.throwaway.port().to_string());
        postgres.arg("-c").arg(format!("unix_socket_directories={}", self.throwaway.folder().display()));
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=200"] {
            postgres.args(["-c", setting]);
        }
        self.throwaway.serve("postgres", &mut postgres, is_ready)
    }

    /// A line for a shell that stops it and deletes the folder.
    #[allow(dead_code, reason = "for who may be killed before the server is dropped")]
    pub(crate) fn ending(&self) -> String {
        self.throwaway.ending()
    }

    /// Sends a signal, named as `kill` names it, to the server and to every process that it has started.
    #[allow(dead_code, reason = "for tests that stop a server")]
    pub(crate) fn signal_all(&self, signal: &str) {
        self.throwaway.signal_all(signal);
    }

    /// Stops it: with `INT` it ends connections first, with `QUIT` it leaves everything as it lies.
    #[allow(dead_code, reason = "for tests that stop a server")]
    pub(crate) fn stop(&mut self, signal: &str) {
        self.throwaway.stop(signal);
    }
}
