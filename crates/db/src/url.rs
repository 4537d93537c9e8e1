//! [`DatabaseUrl`]: where the database is.

use std::fmt;
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;

use zzz_core::text::nearest;

use crate::{Error, ErrorKind, Result};

/// The address of a database, understood. Printing it never shows a password.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use std::path::Path;
/// use zzz_db::DatabaseUrl;
///
/// let url = DatabaseUrl::parse("sqlite://data/app.db", Path::new("/srv/app"))?;
/// assert_eq!(url.to_string(), "sqlite:///srv/app/data/app.db");
/// # Ok::<(), zzz_db::Error>(())
/// ```
///
/// `sqlite://data/app.db` is relative to the root that is given, `sqlite:///var/lib/app.db` is absolute.
/// `sqlite::memory:` is refused: an in-memory database belongs to a single connection, and a repo has
/// several; a file in a temporary folder does the same.
///
/// `postgres://user:password@host:5432/database?options`, or `postgresql://`; a socket's folder stands in place
/// of the host with `%2F` for each slash. `mysql://user:password@host:3306/database?options`, or `mariadb://`; a
/// socket is `?socket=/run/mysqld/mysqld.sock`. What the options are is told in the guide on databases.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub(crate) target: Target,
}

/// Which driver, and where.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Box<crate::driver::postgres::Options>),
    #[cfg(feature = "mysql")]
    Mysql(Box<crate::driver::mysql::Options>),
    /// Nothing is compiled in; no value of this type can be made then.
    #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
    None(std::convert::Infallible),
}

impl DatabaseUrl {
    /// Reads an address; a relative path starts at `root`.
    ///
    /// # Errors
    /// If the scheme is unknown, its driver is not compiled in, or the path is missing.
    pub fn parse(text: &str, root: &Path) -> Result<Self> {
        let text = text.trim();
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" => sqlite(&text["sqlite:".len()..], root),
            "postgres" | "postgresql" => postgres(text),
            "mysql" | "mariadb" => mysql(text),
            "" => Err(url_error(
                "the database URL has no scheme; write `sqlite://path`, `postgres://...` or `mysql://...`",
            )),
            other => {
                let hint = nearest(other, ["sqlite", "postgres", "mysql", "mariadb"])
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                // Only the scheme is shown: the rest may hold a password.
                Err(url_error(format!(
                    "the database URL's scheme `{}` is unknown; known are `sqlite`, `postgres` and `mysql`{hint}",
                    other.chars().take(20).collect::<String>()
                )))
            }
        }
    }

    /// The address of a SQLite file.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self { target: Target::Sqlite(path.into()) }
    }

    /// Another database of the same server.
    #[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
    pub(crate) fn with_database(&self, name: &str) -> Self {
        let mut url = self.clone();
        match &mut url.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Target::Postgres(options) => options.set_database(name),
            #[cfg(feature = "mysql")]
            Target::Mysql(options) => options.set_database(name),
        }
        url
    }

    /// The file of a SQLite database; `None` for a database that a server holds.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => Some(path),
            #[cfg(feature = "postgres")]
            Target::Postgres(_) => None,
            #[cfg(feature = "mysql")]
            Target::Mysql(_) => None,
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Target::None(never) => match *never {},
        }
    }
}

fn url_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Url, message)
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn not_compiled_in(database: &str, feature: &str) -> Error {
    url_error(format!(
        "the database URL asks for {database}, whose driver is not compiled in; turn on the feature `{feature}`"
    ))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<DatabaseUrl> {
    Err(not_compiled_in("PostgreSQL", "postgres"))
}

#[cfg(feature = "postgres")]
fn postgres(text: &str) -> Result<DatabaseUrl> {
    let options = crate::driver::postgres::Options::parse(text)?;
    Ok(DatabaseUrl { target: Target::Postgres(Box::new(options)) })
}

#[cfg(not(feature = "mysql"))]
fn mysql(_: &str) -> Result<DatabaseUrl> {
    Err(not_compiled_in("MySQL", "mysql"))
}

#[cfg(feature = "mysql")]
fn mysql(text: &str) -> Result<DatabaseUrl> {
    let options = crate::driver::mysql::Options::parse(text)?;
    Ok(DatabaseUrl { target: Target::Mysql(Box::new(options)) })
}

/// `%2F` and its kind in a part of a URL.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: &Path) -> Result<DatabaseUrl> {
    Err(not_compiled_in("SQLite", "sqlite"))
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str, root: &Path) -> Result<DatabaseUrl> {
    if rest.contains(":memory:") {
        return Err(url_error(
            "an in-memory SQLite database belongs to one connection only and can not be shared by a pool; \
             use a file, for example in a temporary folder",
        ));
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if let Some((_, options)) = path.split_once('?') {
        return Err(url_error(format!(
            "the SQLite URL has options (`?{options}`), and none is known; set them in the section [database]"
        )));
    }
    if path.is_empty() || path.ends_with('/') {
        return Err(url_error("the SQLite URL names no file; write for example `sqlite://data/app.db`"));
    }
    if path.contains('\0') {
        return Err(url_error("the SQLite URL's path holds a NUL character"));
    }
    Ok(DatabaseUrl::sqlite(root.join(path)))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            #[cfg(feature = "postgres")]
            Target::Postgres(options) => options.fmt(f),
            #[cfg(feature = "mysql")]
            Target::Mysql(options) => options.fmt(f),
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Target::None(never) => match *never {},
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        DatabaseUrl::parse(text, Path::new("/srv")).unwrap_err().to_string()
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_relative_path_starts_at_the_root() {
        let path = |text| DatabaseUrl::parse(text, Path::new("/srv")).unwrap().path().unwrap().to_owned();
        assert_eq!(path("sqlite://data/a.db"), Path::new("/srv/data/a.db"));
        assert_eq!(path("sqlite:data/a.db"), Path::new("/srv/data/a.db"));
        assert_eq!(path("sqlite:///var/a.db"), Path::new("/var/a.db"));
    }

    #[test]
    fn names_the_feature_to_turn_on_and_never_the_password() {
        #[cfg(not(feature = "mysql"))]
        {
            let message = refused("mysql://u:hunter2@h/d");
            assert!(message.contains("`mysql`") && !message.contains("hunter2"), "{message}");
        }
        #[cfg(not(feature = "postgres"))]
        {
            let message = refused("postgres://u:hunter2@h/d");
            assert!(message.contains("`postgres`") && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn an_unknown_scheme_names_the_nearest() {
        let message = refused("postgers://u:hunter2@h/d");
        assert!(message.contains("did you mean `postgres`?") && !message.contains("hunter2"), "{message}");
        assert!(refused("data/app.db").contains("has no scheme"));
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn refuses_what_names_no_file() {
        assert!(refused("sqlite://").contains("names no file"));
        assert!(refused("sqlite::memory:").contains("temporary folder"));
        assert!(refused("sqlite://a.db?mode=ro").contains("`?mode=ro`"));
    }
}
