//! The servers that tests need: looked for, started where they are programs only, and stopped afterwards.
//!
//! One file per server. Each is looked for in this order: the address in its variable, a server on its standard
//! local port, its programs on this machine, an image of it in Docker. What is found nowhere is skipped, and said
//! last.

mod docker;
mod mysql;
mod postgres;
mod throwaway;

use std::fmt;

use crate::paint::Paint;
use docker::{Container, Image};

/// A kind of server.
struct Kind {
    /// Its name.
    name: &'static str,
    /// The variable that tells tests where it is.
    variable: &'static str,
    /// What to install.
    package: &'static str,
    /// The packages whose tests want it.
    wanted_by: &'static [&'static str],
    /// The standard port.
    port: u16,
    /// Whether a server on a port of this machine lets tests in.
    is_ready: fn(u16) -> bool,
    /// The URL of a server on a port of this machine.
    url: fn(u16) -> String,
    /// Starts the programs of this machine, if there are any.
    start: fn() -> Option<Result<Running, String>>,
    /// What to start in Docker.
    image: Image,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "PostgreSQL",
        variable: POSTGRES,
        package: "postgresql",
        wanted_by: &["zzz-db", "example_app"],
        port: postgres::PORT,
        is_ready: postgres::is_ready,
        url: postgres::url,
        start: || Some(postgres::Server::start(&postgres::programs()?).map(Running::Postgres)),
        image: Image {
            name: "postgres:17",
            port: postgres::PORT,
            environment: &["POSTGRES_HOST_AUTH_METHOD=trust"],
        },
    },
    Kind {
        name: "MySQL/MariaDB",
        variable: MYSQL,
        package: "mariadb-server",
        wanted_by: &["zzz-db", "example_app"],
        port: mysql::PORT,
        is_ready: mysql::is_ready,
        url: mysql::url,
        start: || Some(mysql::Server::start(&mysql::programs()?).map(Running::Mysql)),
        image: Image {
            name: "mariadb:11",
            port: mysql::PORT,
            environment: &["MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1"],
        },
    },
];

/// The variable that names a PostgreSQL server.
pub(crate) const POSTGRES: &str = "ZZZ_TEST_POSTGRES_URL";
/// The variable that names a MySQL or MariaDB server.
pub(crate) const MYSQL: &str = "ZZZ_TEST_MYSQL_URL";

/// A server that was started here. Dropping it stops it.
enum Running {
    Postgres(postgres::Server),
    Mysql(mysql::Server),
    Docker(Container, fn(u16) -> String),
}

impl Running {
    fn url(&self) -> String {
        match self {
            Self::Postgres(server) => server.url(),
            Self::Mysql(server) => server.url(),
            Self::Docker(container, url) => url(container.port()),
        }
    }

    fn ending(&self) -> String {
        match self {
            Self::Postgres(server) => server.ending(),
            Self::Mysql(server) => server.ending(),
            Self::Docker(container, _) => container.ending(),
        }
    }
}

/// The servers of a test run. Dropping it stops those that it has started.
#[derive(Default)]
pub(crate) struct Servers {
    found: Vec<Found>,
    skipped: Vec<Skipped>,
    running: Vec<Running>,
}

/// A server that tests can use.
struct Found {
    variable: &'static str,
    url: String,
}

/// A server that is not there, and what to do about it.
struct Skipped {
    name: &'static str,
    variable: &'static str,
    package: &'static str,
    why: String,
}

impl Servers {
    /// Looks for every server that the tests of these packages want; of no packages, of all.
    pub(crate) fn find(packages: &[String], paint: Paint) -> Self {
        let mut servers = Self::default();
        let wanted = |kind: &&Kind| {
            packages.is_empty() || packages.iter().any(|package| kind.wanted_by.contains(&package.as_str()))
        };
        for kind in KINDS.iter().filter(wanted) {
            servers.find_one(kind, |line| println!("{} {line}", paint.mark(true)));
        }
        servers
    }

    /// Looks for the server whose address a variable tells, and gives its URL. What it says is not for standard output.
    ///
    /// # Errors
    /// If it is nowhere; with what to install.
    pub(crate) fn find_only(variable: &str, paint: Paint) -> Result<(Self, String), String> {
        let mut servers = Self::default();
        for kind in KINDS.iter().filter(|kind| kind.variable == variable) {
            servers.find_one(kind, |line| eprintln!("{} {line}", paint.mark(true)));
        }
        match (servers.url(variable).map(str::to_owned), servers.skipped.first()) {
            (Some(url), _) => Ok((servers, url)),
            (None, Some(Skipped { name, variable, package, why })) => {
                Err(format!("no {name}: {why}; install the Debian package `{package}`, or set {variable}"))
            }
            (None, None) => Err(format!("{variable} names no kind of server")),
        }
    }

    /// Lines for a shell that stop what was started here, for when this process can not.
    pub(crate) fn ending(&self) -> Vec<String> {
        self.running.iter().map(Running::ending).collect()
    }

    fn find_one(&mut self, kind: &Kind, say: impl Fn(String)) {
        if let Ok(url) = std::env::var(kind.variable) {
            say(format!("{} at the address in {}", kind.name, kind.variable));
            return self.found.push(Found { variable: kind.variable, url });
        }
        if (kind.is_ready)(kind.port) {
            let url = (kind.url)(kind.port);
            say(format!("{} at {url}", kind.name));
            return self.found.push(Found { variable: kind.variable, url });
        }
        let in_docker = || {
            let container = Container::start(&kind.image, kind.is_ready)?;
            Some(container.map(|container| Running::Docker(container, kind.url)))
        };
        // What fails with programs may do with Docker.
        let started = match (kind.start)() {
            Some(Err(why)) => in_docker().filter(Result::is_ok).unwrap_or(Err(why)),
            started => started.or_else(in_docker).unwrap_or_else(|| {
                Err("neither a server nor its programs are on this machine, nor is Docker".to_owned())
            }),
        };
        let why = match started {
            Ok(server) => {
                say(format!("{} started at {}", kind.name, server.url()));
                self.found.push(Found { variable: kind.variable, url: server.url() });
                return self.running.push(server);
            }
            Err(why) => why,
        };
        let (name, variable, package) = (kind.name, kind.variable, kind.package);
        self.skipped.push(Skipped { name, variable, package, why });
    }

    /// The variables that tell tests where the servers are.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.found.iter().map(|found| (found.variable, found.url.as_str()))
    }

    /// The URL that a variable holds.
    pub(crate) fn url(&self, variable: &str) -> Option<&str> {
        self.found.iter().find(|found| found.variable == variable).map(|found| found.url.as_str())
    }

    /// Says what is missing; whether something is.
    pub(crate) fn report(&self, paint: Paint) -> bool {
        for skipped in &self.skipped {
            println!("{} {skipped}", paint.mark(false));
        }
        !self.skipped.is_empty()
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SKIPPED: every test on {}: {}; install the Debian package `{}`, or set {}",
            self.name, self.why, self.package, self.variable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_says_what_to_install() {
        let skipped = Skipped {
            name: "PostgreSQL",
            variable: "ZZZ_TEST_POSTGRES_URL",
            package: "postgresql",
            why: "it is not there".to_owned(),
        };
        assert_eq!(
            skipped.to_string(),
            "SKIPPED: every test on PostgreSQL: it is not there; install the Debian package `postgresql`, or set \
             ZZZ_TEST_POSTGRES_URL"
        );
        assert!(Servers { skipped: vec![skipped], ..Servers::default() }.report(Paint::of_stdout()));
        assert!(!Servers::default().report(Paint::of_stdout()));
    }

    #[test]
    fn a_variable_of_no_server_finds_none() {
        let error = Servers::find_only("ZZZ_TEST_ORACLE_URL", Paint::of_stdout()).err().unwrap();
        assert_eq!(error, "ZZZ_TEST_ORACLE_URL names no kind of server");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_shell_is_told_what_to_stop_and_what_to_delete() {
        let programs = throwaway::folder_with(&["sleep"], []).unwrap();
        let mut server = throwaway::Throwaway::new("sleeper", &programs, "TERM").unwrap();
        let folder = format!("rm -rf '{}'", server.folder().display());
        assert_eq!(server.ending(), folder, "nothing runs yet");
        let mut sleep = server.command("sleep");
        server.serve("sleep", sleep.arg("1000"), |_| true).unwrap();
        let ending = server.ending();
        let process = ending.strip_prefix("kill -TERM ").and_then(|rest| rest.split(';').next()).unwrap();
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap();
        assert!(command.ends_with("sleep\x001000\0") && ending.ends_with(&folder), "{ending}: {command}");
    }

    #[test]
    fn packages_that_want_none_start_none() {
        let servers = Servers::find(&["zzz-core".to_owned()], Paint::of_stdout());
        assert_eq!(servers.variables().count(), 0);
        assert!(servers.running.is_empty());
    }
}
