//! [`Options`]: what a `postgres://` URL says.

use std::fmt;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::url::percent_decode as decode;
use crate::{Error, ErrorKind, Result};

/// How many prepared statements a connection keeps.
pub(crate) const STATEMENTS: usize = 256;
/// Where statements and connections are counted in thousands, something else is wrong.
const MOST_STATEMENTS: usize = 10_000;
const PORT: u16 = 5432;
/// The database that every server has, to create and drop others from.
const MAINTENANCE: &str = "postgres";

/// Whether statements are prepared under a name and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prepare {
    /// From their second use on.
    Named,
    /// Never: between us and the server stands a pooler that gives each transaction another connection.
    Unnamed,
}

/// Whom TLS trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whoever answers: what is sent can not be overheard, but the server may be another one.
    Anyone,
    /// A server whose certificate these authorities have signed, whatever its name.
    Authority(Roots),
    /// A server whose certificate these authorities have signed for the host's name.
    Name(Roots),
}

/// Authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the system.
    System,
    /// Those of a file, in PEM.
    File(PathBuf),
}

/// A URL, understood.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) config: Config,
    pub(crate) prepare: Prepare,
    pub(crate) statements: usize,
    pub(crate) trust: Trust,
    database: String,
}

impl Options {
    /// Reads a URL. Options of ours are taken out; the rest is tokio-postgres's to understand.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut prepare, mut statements) = (Prepare::Named, STATEMENTS);
        let (mut mode, mut roots) = ("prefer".to_owned(), None);
        let mut rest = String::from(address);
        let mut separator = '?';
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "prepare" => {
                    prepare = match value {
                        "named" => Prepare::Named,
                        "unnamed" => Prepare::Unnamed,
                        _ => return Err(option(key, value, "`named` or `unnamed`")),
                    }
                }
                "statement_cache_size" => {
                    statements = value
                        .parse()
                        .ok()
                        .filter(|size| (1..=MOST_STATEMENTS).contains(size))
                        .ok_or_else(|| option(key, value, "a whole number from 1 to 10000"))?;
                }
                "sslmode" => mode = value.to_owned(),
                "sslrootcert" if value == "system" => roots = Some(Roots::System),
                "sslrootcert" => roots = Some(Roots::File(PathBuf::from(decode(value)))),
                _ => {
                    rest.push(separator);
                    rest.push_str(pair);
                    separator = '&';
                }
            }
        }
        let (mode, trust) = trust(&mode, roots)?;
        let mut config: Config = rest.parse().map_err(|error| not_understood(&error))?;
        config.ssl_mode(mode);
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host("localhost");
        }
        if config.get_application_name().is_none() {
            config.application_name("zzz");
        }
        let Some(database) = config.get_dbname().filter(|name| !name.is_empty()).map(str::to_owned) else {
            return Err(url_error(
                "the PostgreSQL URL names no database; write `postgres://user:password@host:5432/database`",
            ));
        };
        Ok(Self { config, prepare, statements, trust, database })
    }

    /// The database's name.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The same server, and the database from which others are created and dropped.
    pub(crate) fn maintenance(&self) -> Self {
        let mut options = self.clone();
        options.set_database(MAINTENANCE);
        options
    }

    /// Another database of the same server from now on.
    pub(crate) fn set_database(&mut self, name: &str) {
        self.config.dbname(name);
        self.database = name.to_owned();
    }

    /// `host:port`, or the socket's folder.
    pub(crate) fn place(&self) -> String {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or_else(|| ports.first()).copied().unwrap_or(PORT);
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(at, host)| match host {
                Host::Tcp(name) => format!("{name}:{}", port(at)),
                #[cfg(unix)]
                Host::Unix(folder) => format!("{}/.s.PGSQL.{}", folder.display(), port(at)),
            })
            .collect();
        if hosts.is_empty() {
            let addresses = self.config.get_hostaddrs().iter().enumerate();
            return addresses.map(|(at, ip)| format!("{ip}:{}", port(at))).collect::<Vec<_>>().join(",");
        }
        hosts.join(",")
    }
}

fn trust(mode: &str, roots: Option<Roots>) -> Result<(SslMode, Trust)> {
    let given = || roots.clone().unwrap_or(Roots::System);
    Ok(match mode {
        "disable" => (SslMode::Disable, Trust::Anyone),
        "prefer" => (SslMode::Prefer, Trust::Anyone),
        // As libpq has it: a file of authorities turns the check on.
        "require" => (SslMode::Require, roots.map_or(Trust::Anyone, Trust::Authority)),
        "verify-ca" => (SslMode::Require, Trust::Authority(given())),
        "verify-full" => (SslMode::Require, Trust::Name(given())),
        _ => {
            let known = "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`";
            return Err(option("sslmode", mode, known));
        }
    })
}

#[cold]
fn option(key: &str, value: &str, expected: &str) -> Error {
    url_error(format!("the PostgreSQL URL's option `{key}` must be {expected}, not `{value}`"))
}

/// The library's words name keys, never values.
#[cold]
fn not_understood(error: &tokio_postgres::Error) -> Error {
    let why = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    url_error(format!(
        "the PostgreSQL URL is not understood: {why}; write `postgres://user:password@host:5432/database`, \
         with `%40` for an `@` in the password"
    ))
}

fn url_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Url, message)
}

/// Without the password.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        write!(f, "{}/{}", self.place(), self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Options::parse(url).err().unwrap().to_string()
    }

    #[test]
    fn reads_what_a_url_says_and_never_shows_the_password() {
        let options = Options::parse(
            "postgresql://me:p%40ss@db.example.org:6432/shop?sslmode=require&prepare=unnamed\
             &statement_cache_size=7&connect_timeout=3",
        )
        .unwrap();
        assert_eq!(options.to_string(), "postgres://me@db.example.org:6432/shop");
        assert_eq!(options.config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!((options.prepare, options.statements), (Prepare::Unnamed, 7));
        assert_eq!((options.config.get_ssl_mode(), &options.trust), (SslMode::Require, &Trust::Anyone));
        assert_eq!(options.config.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
        assert_eq!(options.maintenance().to_string(), "postgres://me@db.example.org:6432/postgres");
    }

    #[test]
    fn a_socket_is_a_folder_in_place_of_the_host() {
        for url in ["postgres://%2Frun%2Fpostgresql/shop", "postgres:///shop?host=%2Frun%2Fpostgresql"] {
            assert_eq!(Options::parse(url).unwrap().place(), "/run/postgresql/.s.PGSQL.5432", "{url}");
        }
        assert_eq!(Options::parse("postgres:///shop").unwrap().place(), "localhost:5432");
    }

    #[test]
    fn the_modes_of_tls_are_libpqs() {
        let trust = |query: &str| Options::parse(&format!("postgres://h/d?{query}")).unwrap().trust;
        let file = || Roots::File("/etc/ca.pem".into());
        assert_eq!(trust("sslmode=verify-full"), Trust::Name(Roots::System));
        assert_eq!(trust("sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem"), Trust::Authority(file()));
        assert_eq!(trust("sslrootcert=/etc/ca.pem&sslmode=require"), Trust::Authority(file()));
        assert_eq!(trust(""), Trust::Anyone);
    }

    #[test]
    fn refuses_with_the_options_name_and_never_with_the_password() {
        for (url, part) in [
            ("postgres://u:hunter2@h/d?prepare=maybe", "`named` or `unnamed`, not `maybe`"),
            ("postgres://u:hunter2@h/d?sslmode=on", "`verify-full`, not `on`"),
            ("postgres://u:hunter2@h/d?statement_cache_size=0", "from 1 to 10000, not `0`"),
            ("postgres://u:hunter2@h/d?pool=5", "pool"),
            ("postgres://u:hunter2@h:port/d", "not understood"),
            ("postgres://u:hunter2@h", "names no database"),
            ("postgres://u:hunter2@h/", "names no database"),
        ] {
            let message = refused(url);
            assert!(message.contains(part) && !message.contains("hunter2"), "{message}");
        }
    }
}
