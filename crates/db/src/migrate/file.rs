//! [`Migration`]: a SQL file `20261121120000_create_posts.sql` read into its parts, or functions in Rust.

use std::fmt;
#[cfg(feature = "sandbox")]
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

#[cfg(feature = "sandbox")]
use super::Database;
use super::change::Change;
use super::plan::{checksum, refused as migration_error};
use crate::{Error, ErrorKind, Result};

/// A migration: a SQL file, or one in Rust ([`Code`]).
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
/// SQL that only one database understands goes into a file of its own, with the database's name before `.sql`:
/// `20261121120000_create_posts.postgres.sql`, beside `20261121120000_create_posts.sql`. Where there is one
/// for the database in use, it is taken; otherwise the one without a database's name; otherwise this database
/// has no such migration. Names are `sqlite`, `postgres` and `mysql`.
///
/// A file without markers is all `up` and can not be rolled back. Before the first marker there may be
/// comments only. Edits of an applied migration are recognised by a checksum of its `up` section, without
/// regard to line endings and white space around it; the `down` section may be mended later.
///
/// A line `-- disable_ddl_transaction` runs the file outside of a transaction, one statement after the other: for what
/// a transaction can not hold, such as `CREATE INDEX CONCURRENTLY`. What is done is written down after each.
#[derive(Debug, Clone)]
pub struct Migration {
    version: i64,
    name: String,
    database: Option<&'static str>,
    pub(super) body: Body,
}

/// What a migration consists of.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Sql { up: String, down: Option<String>, checksum: String, in_transaction: bool },
    Code(Code),
}

/// A migration in Rust: its functions.
///
/// They are pure: they tell a [`Change`] what is to be done, and are called as often as somebody wants to know.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub(super) up: fn(&mut Change),
    pub(super) down: Down,
}

/// What takes a migration in Rust back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Down {
    Reversed,
    Written(fn(&mut Change)),
    Missing,
}

impl Code {
    /// One function, whose operations are reversed when the migration is taken back.
    #[must_use]
    pub const fn change(change: fn(&mut Change)) -> Self {
        Self { up: change, down: Down::Reversed }
    }

    /// One function for each way.
    #[must_use]
    pub const fn up_down(up: fn(&mut Change), down: fn(&mut Change)) -> Self {
        Self { up, down: Down::Written(down) }
    }

    /// One that can not be taken back.
    #[must_use]
    pub const fn up(up: fn(&mut Change)) -> Self {
        Self { up, down: Down::Missing }
    }
}

/// The line that turns the transaction off.
const NO_TRANSACTION: &str = "disable_ddl_transaction";

/// The databases that a file can be for.
const DATABASES: &[&str] = &["sqlite", "postgres", "mysql"];

impl Migration {
    /// Reads a file, given its name and its text.
    ///
    /// # Errors
    /// If the name or a marker is malformed.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let stem = file.strip_suffix(".sql").unwrap_or(file);
        let (stem, database) = match stem.rsplit_once('.') {
            None => (stem, None),
            Some((stem, name)) => match DATABASES.iter().find(|known| **known == name) {
                Some(known) => (stem, Some(*known)),
                None => {
                    return Err(migration_error(format!(
                        "the migration `{file}` is for the database `{name}`, which is unknown; known are `sqlite`, \
                         `postgres` and `mysql`; a name has no other dots"
                    )));
                }
            },
        };
        let (version, name) = version_and_name(file, stem)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let (up, down) = sections(file, &text)?;
        if statements_are_missing(&up) {
            return Err(migration_error(format!("the migration `{file}` has no statement to apply")));
        }
        let checksum = checksum(up.trim());
        let in_transaction = !text.lines().any(|line| {
            line.trim()
                .strip_prefix("--")
                .is_some_and(|word| word.trim().eq_ignore_ascii_case(NO_TRANSACTION))
        });
        Ok(Self { version, name, database, body: Body::Sql { up, down, checksum, in_transaction } })
    }

    /// A migration in Rust, given its name: a version, an underscore, and words.
    ///
    /// # Errors
    /// If the name is malformed.
    pub fn from_code(name: &str, code: Code) -> Result<Self> {
        let stem = name.strip_suffix(".rs").unwrap_or(name);
        let (version, words) = version_and_name(name, stem)?;
        Ok(Self { version, name: words, database: None, body: Body::Code(code) })
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

    /// The database that it is for; `None` for all that have none of their own.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.database
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.version, self.name)
    }
}

fn version_and_name(file: &str, stem: &str) -> Result<(i64, String)> {
    let named = stem.split_once('_').filter(|(_, name)| !name.is_empty());
    let parsed = named.and_then(|(version, name)| {
        let all_digits = version.bytes().all(|byte| byte.is_ascii_digit());
        let version = version.parse().ok().filter(|version: &i64| all_digits && *version > 0)?;
        Some((version, name.to_owned()))
    });
    parsed.ok_or_else(|| {
        migration_error(format!(
            "the migration `{file}` needs a name of a version and words, such as \
             `20261121120000_create_posts.sql`"
        ))
    })
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

/// The migrations of an app, by version.
#[derive(Debug, Clone, Default)]
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

    /// From names and functions in Rust, in any order. A name is a version, an underscore, and words.
    ///
    /// # Errors
    /// If a name is malformed, or two have the same version.
    pub fn from_code<N: AsRef<str>>(code: impl IntoIterator<Item = (N, Code)>) -> Result<Self> {
        let list: Result<Vec<Migration>> =
            code.into_iter().map(|(name, code)| Migration::from_code(name.as_ref(), code)).collect();
        Self::from_list(list?)
    }

    /// These and others, in one order.
    ///
    /// # Errors
    /// If two have the same version.
    pub fn and(self, others: Self) -> Result<Self> {
        Self::from_list([self.list, others.list].concat())
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
        list.sort_by_key(|migration| (migration.version, migration.database));
        let is_code = |migration: &Migration| matches!(migration.body, Body::Code(_));
        // One in Rust is for every database, so it stands beside no file of its version.
        let twice = |[a, b]: &&[Migration; 2]| {
            a.version == b.version && (a.database == b.database || is_code(a) || is_code(b))
        };
        if let Some([first, second]) = list.array_windows().find(twice) {
            return Err(migration_error(format!(
                "two migrations have the same version: `{first}` and `{second}`; give one of them another"
            )));
        }
        Ok(Self { list })
    }

    /// The migrations, by version; those of one version by database.
    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.list.iter()
    }

    /// A number that is another where what they do to this database is another, within a process.
    #[cfg(feature = "sandbox")]
    pub(crate) fn fingerprint(&self, database: Database) -> Result<u64> {
        let mut hasher = DefaultHasher::new();
        for migration in self.of_database(database.name()) {
            (migration.version, &migration.name, migration.checksum(database)?).hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    /// Those that the database of this name runs, by version.
    pub(super) fn of_database(&self, name: &str) -> Vec<&Migration> {
        let versions = self.list.chunk_by(|a, b| a.version == b.version);
        let pick =
            |of: Option<&str>, files: &'_ [Migration]| files.iter().position(|file| file.database() == of);
        versions
            .filter_map(|files| {
                let at = pick(Some(name), files).or_else(|| pick(None, files))?;
                files.get(at)
            })
            .collect()
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
    use crate::migrate::Database;

    const NAME: &str = "20261121120000_create_posts.sql";

    fn parse(text: &str) -> Migration {
        Migration::parse(NAME, text).unwrap()
    }

    fn texts(migration: &Migration) -> (&str, Option<&str>) {
        match &migration.body {
            Body::Sql { up, down, .. } => (up, down.as_deref()),
            Body::Code(_) => panic!("{migration} is one in Rust"),
        }
    }

    fn refused(name: &str, text: &str) -> String {
        Migration::parse(name, text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_without_markers_is_all_up() {
        let migration = parse("CREATE TABLE posts (id);");
        assert_eq!((migration.version(), migration.name()), (20_261_121_120_000, "create_posts"));
        assert_eq!(texts(&migration), ("CREATE TABLE posts (id);", None));
    }

    #[test]
    fn markers_begin_the_sections() {
        let migration = parse("-- about posts\n--UP\nA;\n-- up the hill\n  -- Down \nB;\n");
        let (up, down) = texts(&migration);
        assert_eq!((up.trim(), down.unwrap().trim()), ("A;\n-- up the hill", "B;"));
        assert_eq!(up.lines().position(|line| line == "A;"), Some(2));
    }

    #[test]
    fn the_checksum_is_that_of_what_was_applied() {
        let checksum = |text| parse(text).checksum(Database::Sqlite).unwrap();
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
    fn a_file_for_one_database_stands_before_the_one_for_all() {
        let files =
            [("1_a.sql", "A;"), ("1_a.postgres.sql", "P;"), ("2_b.sqlite.sql", "B;"), ("3_c.sql", "C;")];
        let migrations = Migrations::new(files).unwrap();
        let of = |name| migrations.of_database(name).iter().map(|it| texts(it).0).collect::<Vec<_>>();
        assert_eq!(of("postgres"), ["P;", "C;"]);
        assert_eq!(of("sqlite"), ["A;", "B;", "C;"]);
        let error = refused("1_a.postgre.sql", "A;");
        assert!(error.contains("`postgre`, which is unknown"), "{error}");
        let twice = Migrations::new([("1_a.postgres.sql", "A;"), ("1_b.postgres.sql", "B;")]).unwrap_err();
        assert!(twice.to_string().contains("`1_a` and `1_b`"), "{twice}");
    }

    #[test]
    fn a_line_turns_the_transaction_off() {
        let is_in = |text| match parse(text).body {
            Body::Sql { in_transaction, .. } => in_transaction,
            Body::Code(_) => panic!("it is a file"),
        };
        assert!(is_in("A;") && is_in("-- disable_ddl_transactions\nA;"));
        assert!(!is_in("-- disable_ddl_transaction\n-- up\nA;") && !is_in("--DISABLE_DDL_TRANSACTION\nA;"));
    }

    #[test]
    fn a_file_and_rust_are_in_one_order_and_share_no_version() {
        fn nothing(_: &mut Change) {}
        let code = |name| Migrations::from_code([(name, Code::change(nothing))]).unwrap();
        let files = Migrations::new([("1_a.sql", "A;"), ("3_c.postgres.sql", "C;")]).unwrap();
        let all = files.clone().and(code("2_b.rs")).unwrap();
        assert_eq!(all.iter().map(Migration::version).collect::<Vec<_>>(), [1, 2, 3]);
        let error = files.and(code("3_d")).unwrap_err().to_string();
        assert!(error.contains("`3_d` and `3_c`"), "{error}");
        assert!(
            Migration::from_code("b", Code::up(nothing))
                .unwrap_err()
                .to_string()
                .contains("`b` needs a name")
        );
    }

    #[test]
    fn two_of_one_version_are_refused_by_name() {
        let error = Migrations::new([("2_b.sql", "B;"), ("1_a.sql", "A;"), ("2_c.sql", "C;")]).unwrap_err();
        assert!(error.to_string().contains("`2_b` and `2_c`"), "{error}");
    }
}
