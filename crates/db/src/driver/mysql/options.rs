//! [`Options`]: what a `mysql://` URL says.

use std::fmt;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use crate::url::percent_decode;
use crate::{Error, ErrorKind, Result};

/// How many prepared statements a connection keeps.
pub(crate) const STATEMENTS: usize = 256;
/// Where statements are counted in thousands, something else is wrong.
const MOST_STATEMENTS: usize = 10_000;
const PORT: u16 = 3306;

/// What the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// What it says of itself.
    Auto,
    /// MySQL, or something that is like it.
    Mysql,
    /// MariaDB 10.6 or later, which has RETURNING.
    MariaDb,
}

/// A URL, understood.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Options {
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
    socket: Option<PathBuf>,
    database: String,
    tls: Tls,
    authority: Option<PathBuf>,
    statements: usize,
    pub(crate) server: Server,
}

/// How much is asked of TLS, in libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Options {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let Some((_, rest)) = address.split_once("://") else { return Err(not_understood("it has no `//`")) };
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, place),
        };
        let (user, password) = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            Some((user, password)) => (percent_decode(user), percent_decode(password)),
            None => ("root".to_owned(), String::new()),
        };
        let (host, port) = host_and_port(place)?;
        let database = percent_decode(database);
        if database.is_empty() {
            return Err(url_error(
                "the MySQL URL names no database; write `mysql://user:password@host:3306/database`",
            ));
        }
        if database.contains(['/', '\0']) {
            return Err(not_understood("the database's name has a `/` or a NUL character in it"));
        }
        let mut options = Self {
            host,
            port,
            user,
            password: (!password.is_empty()).then_some(password),
            socket: None,
            database,
            tls: Tls::Prefer,
            authority: None,
            statements: STATEMENTS,
            server: Server::Auto,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(key, &percent_decode(value))?;
        }
        if options.authority.is_some() && !matches!(options.tls, Tls::VerifyCa | Tls::VerifyFull) {
            // As libpq has it: a file of authorities turns the check on.
            match options.tls {
                Tls::Require => options.tls = Tls::VerifyCa,
                _ => return Err(option("sslrootcert", "a file", "given with `sslmode=verify-full`")),
            }
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "sslmode" => {
                self.tls = match value {
                    "disable" => Tls::Disable,
                    "prefer" => Tls::Prefer,
                    "require" => Tls::Require,
                    "verify-ca" => Tls::VerifyCa,
                    "verify-full" => Tls::VerifyFull,
                    _ => {
                        let known = "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`";
                        return Err(option(key, value, known));
                    }
                }
            }
            "sslrootcert" if value == "system" => self.authority = None,
            "sslrootcert" => self.authority = Some(PathBuf::from(value)),
            "socket" => self.socket = Some(PathBuf::from(value)),
            "statement_cache_size" => {
                let size = value.parse().ok().filter(|size| (1..=MOST_STATEMENTS).contains(size));
                self.statements = size.ok_or_else(|| option(key, value, "a whole number from 1 to 10000"))?;
            }
            "server" => {
                self.server = match value {
                    "auto" => Server::Auto,
                    "mysql" => Server::Mysql,
                    "mariadb" => Server::MariaDb,
                    _ => return Err(option(key, value, "`auto`, `mysql` or `mariadb`")),
                }
            }
            _ => {
                let known = ["sslmode", "sslrootcert", "socket", "statement_cache_size", "server"];
                let hint = zzz_core::text::nearest(key, known)
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                let known = known.map(|known| format!("`{known}`")).join(", ");
                return Err(url_error(format!(
                    "the MySQL URL has an option `{key}`, which is unknown; known are {known}{hint}"
                )));
            }
        }
        Ok(())
    }

    /// The database's name.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// Another database of the same server from now on.
    #[cfg(feature = "sandbox")]
    pub(crate) fn set_database(&mut self, name: &str) {
        name.clone_into(&mut self.database);
    }

    /// For the library; `whole` with the database, without it for the server alone.
    pub(super) fn connect_options(&self, whole: bool) -> MySqlConnectOptions {
        let mut options = MySqlConnectOptions::new()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .statement_cache_capacity(self.statements)
            // What the session is told is ours: one statement, see `dialect::mysql`.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            .ssl_mode(match self.tls {
                Tls::Disable => MySqlSslMode::Disabled,
                Tls::Prefer => MySqlSslMode::Preferred,
                Tls::Require => MySqlSslMode::Required,
                Tls::VerifyCa => MySqlSslMode::VerifyCa,
                Tls::VerifyFull => MySqlSslMode::VerifyIdentity,
            });
        // Statements are told by the repo.
        options = options.disable_statement_logging();
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        if let Some(socket) = &self.socket {
            options = options.socket(socket);
        }
        if let Some(authority) = &self.authority {
            options = options.ssl_ca(authority);
        }
        if whole { options.database(&self.database) } else { options }
    }

    /// The program that tells the structure of the database.
    pub(crate) fn dump_command(&self) -> std::process::Command {
        let mut command = std::process::Command::new("mysqldump");
        command.args(["--no-data", "--routines", "--triggers", "--skip-comments", "--no-tablespaces"]);
        match &self.socket {
            Some(socket) => command.arg(format!("--socket={}", socket.display())),
            None => {
                command.arg("--protocol=TCP").arg(format!("--host={}", self.host));
                command.arg(format!("--port={}", self.port))
            }
        };
        command.arg(format!("--user={}", self.user));
        if let Some(password) = &self.password {
            command.env("MYSQL_PWD", password);
        }
        if let Some(authority) = &self.authority {
            command.arg(format!("--ssl-ca={}", authority.display()));
        }
        command.arg("--").arg(&self.database);
        command
    }

    /// The file of authorities, if one is named.
    pub(super) fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// `host:port`, or the socket's path.
    pub(crate) fn place(&self) -> String {
        match &self.socket {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", self.host, self.port),
        }
    }
}

/// `host`, `host:3306`, `[::1]:3306`, or nothing.
fn host_and_port(place: &str) -> Result<(String, u16)> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None | Some("") => PORT,
        Some(port) => port
            .parse()
            .map_err(|_| not_understood(&format!("its port `{port}` is no number up to 65535")))?,
    };
    let host = if host.is_empty() { "localhost".to_owned() } else { percent_decode(host) };
    Ok((host, port))
}

#[cold]
fn option(key: &str, value: &str, expected: &str) -> Error {
    url_error(format!("the MySQL URL's option `{key}` must be {expected}, not `{value}`"))
}

#[cold]
fn not_understood(why: &str) -> Error {
    url_error(format!(
        "the MySQL URL is not understood: {why}; write `mysql://user:password@host:3306/database`, with `%40` for \
         an `@` in the password"
    ))
}

fn url_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Url, message)
}

/// Without the password.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mysql://{}@{}/{}", self.user, self.place(), self.database)
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
            "mariadb://me:p%40ss:1@db.example.org:3307/my%20shop?sslmode=require&statement_cache_size=7&server=mysql",
        )
        .unwrap();
        assert_eq!(options.to_string(), "mysql://me@db.example.org:3307/my shop");
        assert_eq!(options.password.as_deref(), Some("p@ss:1"));
        assert_eq!((options.tls, options.statements, options.server), (Tls::Require, 7, Server::Mysql));
        assert_eq!(options.connect_options(true).get_database(), Some("my shop"));
        assert_eq!(options.connect_options(false).get_database(), None);
    }

    #[test]
    fn what_is_not_said_is_usual() {
        let options = Options::parse("mysql://localhost/shop").unwrap();
        assert_eq!((options.place().as_str(), options.user.as_str()), ("localhost:3306", "root"));
        assert_eq!(Options::parse("mysql:///shop").unwrap().place(), "localhost:3306");
        assert_eq!(Options::parse("mysql://u@[::1]:33/shop").unwrap().place(), "::1:33");
        let socket = Options::parse("mysql:///shop?socket=%2Frun%2Fmysqld%2Fmysqld.sock").unwrap();
        assert_eq!(socket.place(), "/run/mysqld/mysqld.sock");
    }

    #[test]
    fn a_file_of_authorities_is_used_or_refused() {
        let tls = |query: &str| Options::parse(&format!("mysql://h/d?{query}")).unwrap().tls;
        assert_eq!(tls("sslmode=require&sslrootcert=/ca.pem"), Tls::VerifyCa);
        assert_eq!(tls("sslrootcert=/ca.pem&sslmode=verify-full"), Tls::VerifyFull);
        assert!(refused("mysql://h/d?sslrootcert=/ca.pem").contains("verify-full"));
    }

    #[test]
    fn refuses_with_the_options_name_and_never_with_the_password() {
        for (url, part) in [
            ("mysql://u:hunter2@h/d?sslmode=on", "`verify-full`, not `on`"),
            ("mysql://u:hunter2@h/d?statement_cache_size=0", "from 1 to 10000, not `0`"),
            ("mysql://u:hunter2@h/d?server=oracle", "`mysql` or `mariadb`, not `oracle`"),
            ("mysql://u:hunter2@h/d?ssl-mode=require", "did you mean `sslmode`?"),
            ("mysql://u:hunter2@h:port/d", "not understood"),
            ("mysql:u:hunter2@h", "not understood"),
            ("mysql://u:hunter2@h", "names no database"),
            ("mysql://u:hunter2@h/", "names no database"),
        ] {
            let message = refused(url);
            assert!(message.contains(part) && !message.contains("hunter2"), "{message}");
        }
    }
}
