//! [`Migration`]: a SQL file `20261121120000_create_posts.sql`, read into its parts.

use std::fmt;
use std::path::Path;

use crate::{Error, ErrorKind, Result};

/// A migration from a SQL file.
///
/// The file's name is a version (digits, by custom the time it was written: `20261121120000`), an underscore,
/// and a name. The lines `-- up` and `-- down` begin the two sections:
///
/// ```sql
/// -- Posts are what the site is about.
/// -- up
/// CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
///
/// -- down
/// DROP TABLE posts;
/// ```
///
/// A file without markers is all `up` and can not be rolled back. Before the first marker there may be
/// comments only. Edits of an applied migration are recognised by a checksum of its `up` section, without
/// regard to line endings and white space around it; the `down` section may be mended later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    version: i64,
    name: String,
    up: String,
    down: Option<String>,
    checksum: String,
}

impl Migration {
    /// Reads a file, given its name and its text.
    ///
    /// # Errors
    /// If the name or a marker is malformed.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let stem = file.strip_suffix(".sql").unwrap_or(file);
        let named = stem.split_once('_').filter(|(_, name)| !name.is_empty());
        let parsed = named.and_then(|(version, name)| {
            let all_digits = version.bytes().all(|byte| byte.is_ascii_digit());
            let version = version.parse().ok().filter(|version: &i64| all_digits && *version > 0)?;
            Some((version, name.to_owned()))
        });
        let Some((version, name)) = parsed else {
            return Err(migration_error(format!(
                "the migration `{file}` needs a name of a version and words, such as \
                 `20261121120000_create_posts.sql`"
            )));
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let (up, down) = sections(file, &text)?;
        if statements_are_missing(&up) {
            return Err(migration_error(format!("the migration `{file}` has no statement to apply")));
        }
        let checksum = checksum(up.trim());
        Ok(Self { version, name, up, down, checksum })
    }

    /// The number in front of the name.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The name without the number.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SQL that applies it.
    #[must_use]
    pub fn up(&self) -> &str {
        &self.up
    }

    /// The SQL that takes it back.
    #[must_use]
    pub fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    /// By what an edit is recognised.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.version, self.name)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Before,
    Up,
    Down,
}

fn sections(file: &str, text: &str) -> Result<(String, Option<String>)> {
    let (mut before, mut up, mut down) = (String::new(), None::<String>, None::<String>);
    let mut section = Section::Before;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let twice = || {
            migration_error(format!(
                "the migration `{file}` has a second `{}` in line {}",
                line.trim(),
                number + 1
            ))
        };
        match marker(line) {
            Some(Section::Up) if up.is_some() => return Err(twice()),
            Some(Section::Down) if down.is_some() => return Err(twice()),
            Some(next) => {
                section = next;
                // The marker's line stays as an empty one, so that the database counts lines as the file does.
                let start = "\n".repeat(number + 1);
                match next {
                    Section::Up => up = Some(start),
                    _ => down = Some(start),
                }
            }
            None => match section {
                Section::Before => before.push_str(line),
                Section::Up => up.get_or_insert_default().push_str(line),
                Section::Down => down.get_or_insert_default().push_str(line),
            },
        }
    }
    match (up, down) {
        (None, None) => Ok((before, None)),
        (None, Some(_)) => Err(migration_error(format!(
            "the migration `{file}` has a section `-- down` and none `-- up`; begin what applies it with `-- up`"
        ))),
        (Some(_), _) if !statements_are_missing(&before) => Err(migration_error(format!(
            "the migration `{file}` has statements before its first marker; put them after `-- up`"
        ))),
        (Some(up), down) => Ok((up, down)),
    }
}

/// `-- up` or `-- down`, whatever the case and the spaces; `-- up the hill` is a comment.
fn marker(line: &str) -> Option<Section> {
    let word = line.trim().strip_prefix("--")?.trim();
    match () {
        () if word.eq_ignore_ascii_case("up") => Some(Section::Up),
        () if word.eq_ignore_ascii_case("down") => Some(Section::Down),
        () => None,
    }
}

/// Whether there is nothing but comments of whole lines.
fn statements_are_missing(sql: &str) -> bool {
    sql.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

/// FNV-1a of 64 bits: it has to notice an edit, not to withstand an attack.
fn checksum(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn migration_error(message: String) -> Error {
    Error::new(ErrorKind::Migration, message)
}

/// The migrations of an app, by version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    list: Vec<Migration>,
}

impl Migrations {
    /// From file names and texts, in any order: what a release build carries inside.
    ///
    /// # Errors
    /// If a file is malformed, or two have the same version.
    pub fn new<N: AsRef<str>, T: AsRef<str>>(files: impl IntoIterator<Item = (N, T)>) -> Result<Self> {
        let list: Result<Vec<Migration>> =
            files.into_iter().map(|(name, text)| Migration::parse(name.as_ref(), text.as_ref())).collect();
        Self::from_list(list?)
    }

    /// From the `.sql` files of a folder; none if the folder does not exist.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the folder can not be read.
    pub fn read_dir(folder: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let what = format!("the migrations in `{}` can not be read: {error}", folder.display());
            Error::with_source(ErrorKind::Migration, what, error)
        };
        if !folder.exists() {
            return Ok(Self::default());
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".sql") && !name.starts_with('.') {
                files.push((name.to_owned(), std::fs::read_to_string(&path).map_err(failed)?));
            }
        }
        Self::new(files)
    }

    fn from_list(mut list: Vec<Migration>) -> Result<Self> {
        list.sort_by_key(|migration| migration.version);
        if let Some([first, second]) = list.array_windows().find(|[a, b]| a.version == b.version) {
            return Err(migration_error(format!(
                "two migrations have the same version: `{first}` and `{second}`; give one of them another"
            )));
        }
        Ok(Self { list })
    }

    /// The migrations, by version.
    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.list.iter()
    }

    /// The migration of this version.
    #[must_use]
    pub fn get(&self, version: i64) -> Option<&Migration> {
        self.list.iter().find(|migration| migration.version == version)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "20261121120000_create_posts.sql";

    fn parse(text: &str) -> Migration {
        Migration::parse(NAME, text).unwrap()
    }

    fn refused(name: &str, text: &str) -> String {
        Migration::parse(name, text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_without_markers_is_all_up() {
        let migration = parse("CREATE TABLE posts (id);");
        assert_eq!((migration.version(), migration.name()), (20_261_121_120_000, "create_posts"));
        assert_eq!((migration.up(), migration.down()), ("CREATE TABLE posts (id);", None));
    }

    #[test]
    fn markers_begin_the_sections() {
        let migration = parse("-- about posts\n--UP\nA;\n-- up the hill\n  -- Down \nB;\n");
        assert_eq!(migration.up().trim(), "A;\n-- up the hill");
        assert_eq!(migration.down().unwrap().trim(), "B;");
        assert_eq!(migration.up().lines().position(|line| line == "A;"), Some(2));
    }

    #[test]
    fn the_checksum_is_that_of_what_was_applied() {
        let checksum = |text| parse(text).checksum().to_owned();
        assert_eq!(checksum("-- up\nA;\n-- down\nB;"), checksum("-- about\r\n-- up\r\nA;\r\n"));
        assert_ne!(checksum("A;"), checksum("B;"));
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        assert!(refused("create_posts.sql", "A;").contains("needs a name of a version"));
        assert!(refused("12_.sql", "A;").contains("needs a name of a version"));
        assert!(refused("99999999999999999999_a.sql", "A;").contains("needs a name of a version"));
        assert!(refused(NAME, "-- up\nA;\n-- up\nB;").contains("a second `-- up` in line 3"));
        assert!(refused(NAME, "A;\n-- up\nB;").contains("before its first marker"));
        assert!(refused(NAME, "-- down\nB;").contains("none `-- up`"));
        assert!(refused(NAME, "-- up\n-- nothing\n-- down\nB;").contains("no statement"));
    }

    #[test]
    fn two_of_one_version_are_refused_by_name() {
        let error = Migrations::new([("2_b.sql", "B;"), ("1_a.sql", "A;"), ("2_c.sql", "C;")]).unwrap_err();
        assert!(error.to_string().contains("`2_b` and `2_c`"), "{error}");
    }
}
