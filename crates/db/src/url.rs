//! [`DatabaseUrl`]: where the database is.

use std::fmt;
use std::path::{Path, PathBuf};

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
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub(crate) target: Target,
}

/// Which driver, and where.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// Nothing is compiled in; no value of this type can be made then.
    #[cfg(not(feature = "sqlite"))]
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
            "postgres" | "postgresql" => Err(not_compiled_in("PostgreSQL", "postgres")),
            "mysql" | "mariadb" => Err(not_compiled_in("MySQL", "mysql")),
            "" => Err(url_error(
                "the database URL has no scheme; write `sqlite://path`, `postgres://...` or `mysql://...`",
            )),
            other => {
                let hint = nearest(other, ["sqlite", "postgres", "mysql"])
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

    /// The file of a SQLite database; `None` for a database that a server holds.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => Some(path),
            #[cfg(not(feature = "sqlite"))]
            Target::None(never) => match *never {},
        }
    }
}

fn url_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Url, message)
}

fn not_compiled_in(database: &str, feature: &str) -> Error {
    url_error(format!(
        "the database URL asks for {database}, whose driver is not compiled in; turn on the feature `{feature}`"
    ))
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
            #[cfg(not(feature = "sqlite"))]
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
        for (text, feature) in
            [("postgres://u:hunter2@h/d", "`postgres`"), ("mysql://u:hunter2@h/d", "`mysql`")]
        {
            let message = refused(text);
            assert!(message.contains(feature) && !message.contains("hunter2"), "{message}");
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
