//! MariaDB or MySQL: its programs, and a server of them in a throwaway folder.
//!
//! Nothing but the standard library, and nothing of xtask but what is beside it: the tests that stop a server and
//! start it again take this file as it is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::throwaway::{Throwaway, folder_with};

/// Where Debian, MySQL's own packages and Homebrew put the server.
const PLACES: &[&str] =
    &["/usr/sbin", "/usr/local/mysql/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/libexec"];
/// What makes the folder of a MariaDB server, and where it may lie if not beside the server.
const INSTALL: &str = "mariadb-install-db";
const INSTALL_PLACES: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/// The standard port.
#[allow(dead_code, reason = "for whoever looks for a server that runs already")]
pub(crate) const PORT: u16 = 3306;

/// The URL of the database that every server has.
pub(crate) fn url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}/mysql")
}

/// Whether a server on this port of this machine lets the user `root` in without a password.
pub(crate) fn is_ready(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut socket) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    // The greeting begins with the protocol's version; an error with 255.
    if packet(&mut socket).is_none_or(|(_, greeting)| greeting.first() != Some(&10)) {
        return false;
    }
    // Protocol 4.1, with a plugin that proves a password; packets of any size; utf8mb4.
    let mut hello = vec![0, 0x82, 8, 0, 0, 0, 0, 1, 45];
    hello.extend_from_slice(&[0; 23]);
    hello.extend_from_slice(b"root\0\0mysql_native_password\0");
    if send(&mut socket, 1, &hello).is_none() {
        return false;
    }
    loop {
        match packet(&mut socket) {
            Some((_, answer)) if answer.first() == Some(&0) => {
                let _ = send(&mut socket, 0, &[1]);
                return true;
            }
            // By another plugin, then: no password is none for all of them.
            Some((number, answer)) if answer.first() == Some(&0xfe) => {
                if send(&mut socket, number.wrapping_add(1), &[]).is_none() {
                    return false;
                }
            }
            Some((_, answer)) if answer.first() == Some(&1) => {}
            _ => return false,
        }
    }
}

/// A packet and its number.
fn packet(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 4];
    socket.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    socket.read_exact(&mut body).ok()?;
    Some((head[3], body))
}

fn send(socket: &mut TcpStream, number: u8, body: &[u8]) -> Option<()> {
    let mut whole = (body.len() as u32).to_le_bytes().to_vec();
    whole[3] = number;
    whole.extend_from_slice(body);
    socket.write_all(&whole).ok()
}

/// The folder with the server, if it is on this machine: MariaDB's `mariadbd`, or MySQL's `mysqld`.
pub(crate) fn programs() -> Option<PathBuf> {
    let places = || PLACES.iter().map(PathBuf::from);
    folder_with(&["mariadbd"], places()).or_else(|| folder_with(&["mysqld"], places()))
}

/// A server in a folder of its own, on a free port. Dropping it stops it and deletes the folder.
pub(crate) struct Server {
    throwaway: Throwaway,
    program: &'static str,
    /// What the server is told besides.
    #[allow(dead_code, reason = "for tests of what a server can be told")]
    pub(crate) arguments: Vec<String>,
}

impl Server {
    /// Creates the folder and starts the server.
    ///
    /// # Errors
    /// If a program fails; with what it said.
    pub(crate) fn start(programs: &Path) -> Result<Self, String> {
        let maria = programs.join("mariadbd").is_file();
        let throwaway = Throwaway::new("mysql", programs, "TERM")?;
        let mut server =
            Self { throwaway, program: if maria { "mariadbd" } else { "mysqld" }, arguments: Vec::new() };
        if maria {
            let places = INSTALL_PLACES.iter().map(PathBuf::from);
            let folder =
                folder_with(&[INSTALL], places).ok_or("`mariadb-install-db` is not on this machine")?;
            // The place of a program is joined to the server's folder; a whole path stays as it is.
            let install = folder.join(INSTALL).display().to_string();
            let mut install = server.throwaway.command(&install);
            install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            install.arg("--skip-name-resolve").arg(format!("--datadir={}", server.data().display()));
            server.throwaway.finish(INSTALL, &mut install)?;
        } else {
            let mut install = server.throwaway.command(server.program);
            install.args(["--no-defaults", "--initialize-insecure"]);
            install.arg(format!("--datadir={}", server.data().display()));
            server.throwaway.finish("mysqld --initialize-insecure", &mut install)?;
        }
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
        let mut command = self.throwaway.command(self.program);
        command.arg("--no-defaults").arg(format!("--datadir={}", self.data().display()));
        command.arg(format!("--port={}", self.throwaway.port()));
        command.arg(format!("--socket={}", self.throwaway.folder().join("socket").display()));
        command.arg(format!("--pid-file={}", self.throwaway.folder().join("pid").display()));
        command.args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=400"]);
        command.args([
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
        ]);
        command.args(&self.arguments);
        self.throwaway.serve(self.program, &mut command, is_ready)
    }

    /// The folder that is deleted in the end.
    #[allow(dead_code, reason = "for tests of what a server can be told")]
    pub(crate) fn folder(&self) -> &Path {
        self.throwaway.folder()
    }

    /// A line for a shell that stops it and deletes the folder.
    #[allow(dead_code, reason = "for who may be killed before the server is dropped")]
    pub(crate) fn ending(&self) -> String {
        self.throwaway.ending()
    }

    /// Sends a signal, named as `kill` names it, to the server.
    #[allow(dead_code, reason = "for tests that stop a server")]
    pub(crate) fn signal_all(&self, signal: &str) {
        self.throwaway.signal_all(signal);
    }

    /// Stops it: with `TERM` it ends in order, with `KILL` it leaves everything as it lies.
    #[allow(dead_code, reason = "for tests that stop a server")]
    pub(crate) fn stop(&mut self, signal: &str) {
        self.throwaway.stop(signal);
    }
}
