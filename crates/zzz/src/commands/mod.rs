//! The commands of an app's binary.

mod config;
mod db;
mod migrate;
mod routes;
mod seed;
mod serve;
#[cfg(feature = "templates")]
mod templates;

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use zzz_core::{Error, Result};

use crate::app::App;
use crate::app_config::AppConfig;
use crate::boot::{Prepared, Settings};
use crate::{listening, logging};

/// Makes a program of an app: reads the command line and the configuration, starts the runtime, and does what
/// was asked for. Without a command it serves.
///
/// The exit code is 0 if that was done, 1 if it failed (the reason is on standard error), 2 if the command line
/// is not understood.
pub fn run(app: fn() -> App) -> ExitCode {
    let app = app();
    let matches = match command(app.name).try_get_matches() {
        Ok(matches) => matches,
        Err(usage) => {
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    match perform(app, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

/// One sentence for the terminal; what lies beneath it is for `LOG=debug`.
fn report(error: &Error) {
    let causes: Vec<String> = error.chain().collect();
    let headline = error.public_message().or(causes.first().map(String::as_str));
    match headline {
        Some(headline) => eprintln!("error: {headline}"),
        None => eprintln!("error: status {}", error.status()),
    }
    tracing::debug!(?causes, at = %error.location(), "failed");
}

fn command(name: &'static str) -> Command {
    let db = Command::new("db")
        .about("Creates, drops, resets, dumps or loads the database")
        .subcommand_required(true)
        .subcommand(Command::new("create").about("Creates the database, if there is none"))
        .subcommand(Command::new("drop").about("Deletes the database with everything in it"))
        .subcommand(Command::new("reset").about("Drops, creates, migrates and seeds the database"))
        .subcommand(Command::new("dump").about("Writes the database's structure to db/structure.sql"))
        .subcommand(Command::new("load").about("Makes a new database of db/structure.sql"));
    let migrate = Command::new("migrate")
        .about("Applies pending migrations")
        .arg(flag("status", "Shows every migration and whether it is applied"))
        .arg(
            Arg::new("rollback")
                .long("rollback")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("Takes back the last N migrations"),
        )
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("VERSION")
                .value_parser(value_parser!(i64))
                .help("Migrates up or down until VERSION is the last one applied"),
        )
        .arg(
            Arg::new("repair")
                .long("repair")
                .num_args(2)
                .value_names(["VERSION", "done|undone|resume"])
                .help("Says how a migration goes on that stopped in its middle, or whether one counts as applied"),
        )
        .group(clap::ArgGroup::new("what").args(["status", "rollback", "to", "repair"]));
    let routes = Command::new("routes")
        .about("Lists the routes")
        .arg(flag("json", "Prints them as JSON"))
        .arg(Arg::new("info").long("info").value_name("URL").help("Shows which route a URL takes"))
        .arg(
            Arg::new("method")
                .long("method")
                .value_name("METHOD")
                .default_value("GET")
                .requires("info")
                .help("The method of the request that --info asks about"),
        );
    let command = Command::new(name)
        .about("Without a command it serves")
        .subcommand(Command::new("serve").about("Serves the app (the default)"))
        .subcommand(routes)
        .subcommand(migrate)
        .subcommand(db)
        .subcommand(Command::new("seed").about("Fills the database with sample content"))
        .subcommand(Command::new("config").about("Prints the configuration, secrets redacted"));
    #[cfg(feature = "templates")]
    let command = command.subcommand(
        Command::new("templates")
            .about("Works on templates")
            .subcommand_required(true)
            .subcommand(Command::new("check").about("Checks the syntax of every template")),
    );
    command
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn perform(app: App, matches: &ArgMatches) -> Result<()> {
    let prepared = Prepared::new(app, Settings::from_environment())?;
    let log = prepared.config.get::<AppConfig>().log.clone();
    logging::start(log.as_deref(), prepared.config.env(), prepared.app.name)?;
    if matches!(matches.subcommand_name(), None | Some("serve")) {
        // The first of all, while there is one thread only.
        let server = listening::listen(&prepared)?;
        return serve::runtime(&prepared)?.block_on(serve::serve(&prepared, server));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match matches.subcommand() {
            Some(("routes", arguments)) => routes::routes(&prepared, arguments),
            Some(("migrate", arguments)) => migrate::migrate(&prepared, arguments).await,
            Some(("db", arguments)) => db::db(&prepared, arguments).await,
            Some(("seed", _)) => seed::seed(&prepared).await,
            Some(("config", _)) => config::config(&prepared),
            #[cfg(feature = "templates")]
            Some(("templates", _)) => templates::check(&prepared),
            other => {
                let name = other.map_or("", |(name, _)| name);
                Err(Error::internal(format!("there is no command `{name}`")))
            }
        }
    })
}

/// Writes to standard output; a reader that has gone away (`routes | head`) is no failure.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Rows under headings, each column as wide as it needs.
fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&headings.map(str::to_owned)).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command("app").debug_assert();
    }

    #[test]
    fn aligns_columns() {
        let rows = [["a".to_owned(), "bbb".to_owned()], ["aaaa".to_owned(), String::new()]];
        assert_eq!(table(["X", "Y"], &rows), "X     Y\na     bbb\naaaa\n");
    }
}
