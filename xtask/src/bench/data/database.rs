//! [`Database`]: a database of the command's own, from its creation to its end.
//!
//! A server is looked for, and if need be started, as for tests. What makes the tables, empties and drops them is our own
//! program, `benches/db`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    bench::{
        Bench,
        database::{beside, quoted, unencrypted},
        keeper::Keeper,
    },
    paint::Paint,
    servers::{MYSQL, POSTGRES, Servers},
};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
    /// MySQL or MariaDB.
    Mysql,
}

impl Kind {
    /// How it is called on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Postgres => "postgres",
            Kind::Sqlite => "sqlite",
            Kind::Mysql => "mysql",
        }
    }

    /// The variable with the server's address.
    fn server(self) -> Option<&'static str> {
        match self {
            Kind::Postgres => Some(POSTGRES),
            Kind::Sqlite => None,
            Kind::Mysql => Some(MYSQL),
        }
    }
}

/// A database with the two tables of `benches/work`.
pub(super) struct Database<'a> {
    keeper: &'a Keeper,
    program: &'a Path,
    url: String,
    version: String,
    /// The numbers of the lines that the keeper has for the end.
    lines: Vec<usize>,
    /// Last, so that the database is dropped before its server stops.
    _servers: Servers,
}

impl<'a> Database<'a> {
    /// Finds or starts the server, makes the database, and fills it. `program` is `benches/db`, built; `folder` is where
    /// the file of an SQLite database goes.
    pub(super) fn create(
        bench: &'a Bench<'_>,
        kind: Kind,
        program: &'a Path,
        folder: &Path,
    ) -> Result<Self, String> {
        let name = format!("zzz_bench_data_{}", std::process::id());
        let (servers, url) = match kind.server() {
            Some(variable) => {
                let (servers, url) = Servers::find_only(variable, Paint::of_stdout())?;
                (servers, unencrypted(&beside(variable, &url, &name)?))
            }
            None => (Servers::default(), format!("sqlite://{}", folder.join(format!("{name}.db")).display())),
        };
        let keeper = &bench.keeper;
        let mut database =
            Database { keeper, program, url, version: String::new(), lines: Vec::new(), _servers: servers };
        // Told before there is anything to be undone.
        let program = quoted(&program.to_string_lossy());
        let drop = format!("DATABASE_URL={} {program} drop", quoted(&database.url));
        for line in [drop].into_iter().chain(database._servers.ending()) {
            database.lines.push(keeper.at_end(&line)?);
        }
        database.version = database.ask("create")?;
        Ok(database)
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The server's version, as it says itself.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// What was written since the last time, in a word; it is there no more.
    pub(super) fn take(&self) -> Result<String, String> {
        self.ask("take")
    }

    /// Runs our program with a word of its own, and gives what it prints.
    fn ask(&self, word: &str) -> Result<String, String> {
        let mut command = Command::new(self.program);
        command.arg(word).env("DATABASE_URL", &self.url).stdin(Stdio::null());
        let output = command.output().map_err(|error| format!("{}: {error}", self.program.display()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(format!("`bench-db {word}` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.ask("drop") {
            eprintln!("{} {} is left behind: {error}", Paint::of_stdout().mark(false), self.url);
        }
        for line in self.lines.drain(..) {
            // If the shell is gone, it runs nothing either.
            let _ = self.keeper.forget(line);
        }
    }
}
