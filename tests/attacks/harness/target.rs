//! [`Target`]: the server under attack, as a process of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::way::{End, Way, relay};
use super::{tls, until};

/// A running `target_server`; it is killed when this is dropped.
pub(crate) struct Target {
    child: Child,
    folder: PathBuf,
    /// Where it speaks plain HTTP.
    pub(crate) plain: SocketAddr,
    /// Where it speaks TLS.
    pub(crate) secure: SocketAddr,
}

/// What reached the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Board {
    pub(crate) dispatched: u64,
    pub(crate) in_flight: u64,
    pub(crate) most_in_flight: u64,
    pub(crate) abandoned: u64,
    pub(crate) committed: u64,
    pub(crate) streams_dropped: u64,
}

/// A folder of a test's own.
pub(crate) fn temp_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // Short, since a unix socket's path is at most about 100 bytes long.
    let folder = std::env::temp_dir().join(format!("zzz-attack-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command that starts the target with these keys of `[http]`; a key of another section is written
/// `SECTION__KEY`.
fn command(folder: &PathBuf, keys: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_target_server"));
    command
        .env_clear()
        .env("ZZZ_ROOT", folder)
        .env("ZZZ_ENV", "prod")
        .env("PORT", "0")
        .env("SECRET_KEY_BASE", "s".repeat(64))
        .env("LOG", "warn")
        .env("ZZZ_HTTP__WORKERS", "2")
        .env("ZZZ_HTTP__TLS_PORT", "0")
        .env("ZZZ_HTTP__TLS_CERT", &tls::LOCALHOST.cert)
        .env("ZZZ_HTTP__TLS_KEY", &tls::LOCALHOST.key)
        .env("TARGET_BOARD", folder.join("board"))
        .stdin(Stdio::null());
    for (key, value) in keys {
        let key = key.to_uppercase();
        let key = if key.contains("__") { key } else { format!("HTTP__{key}") };
        command.env(format!("ZZZ_{key}"), value);
    }
    command
}

impl Target {
    /// Its root.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Starts it with these keys of `[http]` and waits until it says where it listens.
    pub(crate) fn start(keys: &[(&str, &str)]) -> Self {
        Self::start_with(keys, |command| command)
    }

    /// As [`start`](Self::start), with a last hand at the command.
    pub(crate) fn start_with(
        keys: &[(&str, &str)],
        adjust: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let folder = temp_folder();
        let mut command = command(&folder, keys);
        let (way, socket) = (Way::current(), folder.join("http"));
        match way {
            Way::Port => &mut command,
            Way::UnixSocket => command.env("ZZZ_HTTP__LISTEN", format!("unix:{}", socket.display())),
            Way::ProxyProtocol => {
                command.env("ZZZ_HTTP__PROXY_PROTOCOL", "true").env("ZZZ_HTTP__TRUSTED_PROXIES", "127.0.0.1")
            }
        };
        let log = File::create(folder.join("stderr")).unwrap();
        let mut child = adjust(command.stdout(Stdio::piped()).stderr(log)).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Stop it with") {
            let read = stdout.read_line(&mut banner).unwrap();
            let log = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            assert_ne!(read, 0, "the target ended while it started: {banner}{}", log());
        }
        let plain = || address_after(&banner, "http://").unwrap_or_else(|| panic!("no address in {banner}"));
        let secure =
            address_after(&banner, "https://").unwrap_or_else(|| panic!("no address for TLS in {banner}"));
        let (plain, secure) = match way {
            Way::Port => (plain(), secure),
            Way::UnixSocket => (relay(End::Unix(socket)), secure),
            Way::ProxyProtocol => (relay(End::Proxied(plain())), relay(End::Proxied(secure))),
        };
        Self { child, folder, plain, secure }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn ask(&self, line: &str) -> String {
        let mut stream = UnixStream::connect(self.folder.join("board")).unwrap();
        writeln!(stream, "{line}").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What has reached the app until now.
    pub(crate) fn board(&self) -> Board {
        let text = self.ask("read");
        let counters: BTreeMap<&str, u64> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(k, v)| (k, v.parse().unwrap()))
            .collect();
        Board {
            dispatched: counters["dispatched"],
            in_flight: counters["in_flight"],
            most_in_flight: counters["most_in_flight"],
            abandoned: counters["abandoned"],
            committed: counters["committed"],
            streams_dropped: counters["streams_dropped"],
        }
    }

    /// The requests that have reached the app, `METHOD target X-FRONT` each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.ask("log").lines().map(str::to_owned).collect()
    }

    /// Lets the handlers of `/wait` go on.
    pub(crate) fn open_the_gate(&self) {
        assert_eq!(self.ask("open"), "open\n");
    }

    /// Waits until the app's counters are as wanted.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Board) -> bool) -> Board {
        let mut seen = self.board();
        until(what, || {
            seen = self.board();
            is_so(&seen)
        });
        seen
    }

    /// What it has logged.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("the target ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Resident memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        kib.and_then(|kib| kib.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// The CPU time that it has used.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        // After the name in parentheses, utime and stime are the 12th and 13th, in hundredths of a second.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Lets it have no more descriptors than this.
    pub(crate) fn limit_descriptors(&self, most: usize) {
        let status = Command::new("prlimit")
            .args(["--pid", &self.pid().to_string(), &format!("--nofile={most}:{most}")])
            .status()
            .expect("prlimit, of the package util-linux");
        assert!(status.success());
    }

    /// Open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).map_or(0, Iterator::count)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.stderr();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("the target's last lines:");
            tail.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn address_after(banner: &str, scheme: &str) -> Option<SocketAddr> {
    let rest = banner.split(scheme).nth(1)?;
    rest.split(|c: char| c.is_whitespace() || c == '/').next()?.parse().ok()
}
