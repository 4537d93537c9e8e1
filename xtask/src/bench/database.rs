//! [`Database`]: a PostgreSQL database of the command's own, from its creation to its end.
//!
//! The server is looked for, and if need be started, as for tests ([`Servers`]). Whatever happens to this process, the
//! database is dropped, and a server that was started here is stopped: the [`Keeper`] sees to it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    contenders::{Folder, package},
    keeper::Keeper,
    usage,
};
use crate::{
    paint::Paint,
    servers::{POSTGRES, Servers},
};

/// An empty database, and what asks it.
pub(crate) struct Database<'a> {
    keeper: &'a Keeper,
    /// `benches/peers/sql`, built.
    sql: PathBuf,
    /// The database that the server has anyway.
    server: String,
    url: String,
    name: String,
    /// The numbers of the lines that the keeper has for the end.
    lines: Vec<usize>,
    /// Last, so that the database is dropped before its server stops.
    _servers: Servers,
}

impl<'a> Database<'a> {
    /// Finds or starts the server, and creates the database.
    pub(crate) fn create(root: &Path, keeper: &'a Keeper) -> Result<Self, String> {
        let sql = package(root, keeper, Folder::Peers, "bench-sql")?;
        let (servers, server) = Servers::find_only(POSTGRES, Paint::of_stdout())?;
        let name = format!("zzz_bench_{}", std::process::id());
        let url = unencrypted(&beside(POSTGRES, &server, &name)?);
        let mut database = Database { keeper, sql, server, url, name, lines: Vec::new(), _servers: servers };
        // Told before there is anything to be undone.
        let drop = format!(
            "DATABASE_URL={} {} {}",
            quoted(&database.server),
            quoted(&database.sql.to_string_lossy()),
            quoted(&database.dropping())
        );
        for line in [drop].into_iter().chain(database._servers.ending()) {
            database.lines.push(keeper.at_end(&line)?);
        }
        ask(&database.sql, &database.server, &format!("CREATE DATABASE {}", database.name))?;
        Ok(database)
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The rows that SQL gives.
    pub(crate) fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        let text = ask(&self.sql, &self.url, sql)?;
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// The server's version.
    pub(crate) fn version(&self) -> Result<String, String> {
        let rows = self.rows("SHOW server_version")?;
        let version = rows.first().and_then(|row| row.first()).map_or("", |version| version.as_str());
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()))
    }

    /// The server's processes that serve the database's sessions, if they are on this machine.
    fn processes(&self) -> Vec<u32> {
        let ask =
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let rows = self.rows(ask).unwrap_or_default();
        let all = rows.iter().filter_map(|row| row.first()?.parse().ok());
        // Of a server in a container or on another machine the numbers are those of other processes here.
        all.filter(|process| usage::name(*process).is_some_and(|name| name.starts_with("postgres"))).collect()
    }

    /// Where the sessions' processes may run: the cores, as `0-1`.
    pub(crate) fn cores(&self) -> Option<String> {
        self.processes().into_iter().find_map(usage::cores)
    }

    /// What the sessions' processes have used so far.
    pub(crate) fn used(&self, ticks_per_second: u64) -> Used {
        let micros = |process: u32| Some((process, usage::cpu_micros(process, ticks_per_second)?));
        Used(self.processes().into_iter().filter_map(micros).collect())
    }
}

impl Database<'_> {
    fn dropping(&self) -> String {
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        if let Err(error) = ask(&self.sql, &self.server, &self.dropping()) {
            eprintln!(
                "{} the database {} is left behind: {error}",
                Paint::of_stdout().mark(false),
                self.name
            );
        }
        for line in self.lines.drain(..) {
            // If the shell is gone, it runs nothing either.
            let _ = self.keeper.forget(line);
        }
    }
}

/// Processor time of each of a server's processes, in microseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Used(BTreeMap<u32, u64>);

impl Used {
    /// What was used since; nothing where nothing can be seen. A process that is new began with nothing, and what one that
    /// has ended used is lost.
    pub(crate) fn since(&self, before: &Used) -> Option<u64> {
        let of =
            |(process, now): (&u32, &u64)| now.saturating_sub(before.0.get(process).copied().unwrap_or(0));
        (!self.0.is_empty()).then(|| self.0.iter().map(of).sum())
    }
}

/// Runs SQL, and gives what the program prints.
fn ask(program: &Path, url: &str, sql: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg(sql).env("DATABASE_URL", url).stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let first: String = sql.chars().take(60).collect();
    Err(format!("PostgreSQL refuses `{first}`: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// The URL of another database of the server whose address is in this variable.
pub(crate) fn beside(variable: &str, url: &str, name: &str) -> Result<String, String> {
    let wrong = || format!("the address in {variable} is no URL such as postgres://user@host/database");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let (rest, options) =
        rest.split_once('?').map_or((rest, String::new()), |(rest, options)| (rest, format!("?{options}")));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    Ok(format!("{scheme}://{host}/{name}{options}"))
}

/// The same address, without encryption: over loopback nobody wants it, and it would be measured
/// of those clients alone that take what the server offers.
pub(crate) fn unencrypted(url: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let others = options.split('&').filter(|option| !option.is_empty() && !option.starts_with("sslmode="));
    let options: Vec<&str> = others.chain(["sslmode=disable"]).collect();
    format!("{address}?{}", options.join("&"))
}

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server_keeps_user_and_options() {
        let beside = |url| beside(POSTGRES, url, "b");
        assert_eq!(
            beside("postgres://p:w@h:5433/a?sslmode=disable").unwrap(),
            "postgres://p:w@h:5433/b?sslmode=disable"
        );
        assert_eq!(beside("postgresql://h").unwrap(), "postgresql://h/b");
        assert!(beside("host=h user=p").unwrap_err().contains("ZZZ_TEST_POSTGRES_URL is no URL"));
    }

    #[test]
    fn an_address_keeps_its_options_but_no_encryption() {
        assert_eq!(unencrypted("postgres://p@h/b"), "postgres://p@h/b?sslmode=disable");
        assert_eq!(
            unencrypted("mysql://h/b?sslmode=require&socket=/s"),
            "mysql://h/b?socket=/s&sslmode=disable"
        );
    }

    #[test]
    fn a_word_with_any_sign_is_one_word() {
        assert_eq!(quoted("it's $(true)"), r"'it'\''s $(true)'");
    }

    #[test]
    fn sessions_that_begin_and_end_are_counted_as_far_as_they_can_be_seen() {
        let used = |all: &[(u32, u64)]| Used(all.iter().copied().collect());
        let before = used(&[(1, 100), (2, 50)]);
        assert_eq!(used(&[(1, 130), (3, 7)]).since(&before), Some(37));
        assert_eq!(used(&[]).since(&before), None);
    }
}
