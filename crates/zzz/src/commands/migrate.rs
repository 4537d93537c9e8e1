//! `migrate`: applies migrations, takes them back, shows where they stand, or repairs one that has stopped.

use clap::ArgMatches;
use zzz_core::{Error, Result};
use zzz_db::migrate::{Migration, Migrator, Repair};
use zzz_db::storage;

use super::{print, table};
use crate::boot::Prepared;
use crate::database;

pub(super) async fn migrate(prepared: &Prepared, arguments: &ArgMatches) -> Result<()> {
    let migrations = prepared.migrations()?;
    let repair = repair(arguments)?;
    // Only what goes forward makes a database; looking at one must not.
    if !arguments.get_flag("status") && !arguments.contains_id("rollback") && repair.is_none() {
        storage::create(&prepared.database_url()?).await?;
    }
    let repo = database::connect(prepared).await?;
    let migrator = database::migrator(prepared, &repo, &migrations);
    let done = perform(&migrator, arguments, repair).await;
    repo.close().await;
    print(&done?)
}

async fn perform(
    migrator: &Migrator<'_>,
    arguments: &ArgMatches,
    repair: Option<(i64, Repair)>,
) -> Result<String> {
    if arguments.get_flag("status") {
        status(migrator).await
    } else if let Some(steps) = arguments.get_one::<usize>("rollback") {
        Ok(listed("took back", &migrator.rollback(*steps).await?))
    } else if let Some(version) = arguments.get_one::<i64>("to") {
        Ok(listed("went through", &migrator.migrate_to(*version).await?))
    } else if let Some((version, repair)) = repair {
        migrator.repair(version, repair).await?;
        status(migrator).await
    } else {
        Ok(listed("applied", &migrator.migrate().await?))
    }
}

/// The two words behind `--repair`.
fn repair(arguments: &ArgMatches) -> Result<Option<(i64, Repair)>> {
    let Some(words) = arguments.get_many::<String>("repair") else { return Ok(None) };
    let words: Vec<&str> = words.map(String::as_str).collect();
    let [version, what] = words[..] else { return Ok(None) };
    let repair = match what {
        "done" => Repair::Done,
        "undone" => Repair::Undone,
        "resume" => Repair::Resume,
        _ => {
            return Err(Error::internal(format!(
                "`--repair {version} {what}` is not understood; say `done`, `undone` or `resume`"
            )));
        }
    };
    let number = version.parse().map_err(|_| {
        Error::internal(format!(
            "`--repair {version} {what}`: a version is a number, as `migrate --status` shows it"
        ))
    })?;
    Ok(Some((number, repair)))
}

fn listed(verb: &str, migrations: &[&Migration]) -> String {
    if migrations.is_empty() {
        return "Nothing to do.\n".into();
    }
    migrations
        .iter()
        .map(|migration| format!("{verb} {} {}\n", migration.version(), migration.name()))
        .collect()
}

async fn status(migrator: &Migrator<'_>) -> Result<String> {
    let rows: Vec<[String; 3]> = migrator
        .status()
        .await?
        .into_iter()
        .map(|status| [status.version.to_string(), status.name, status.state.to_string()])
        .collect();
    Ok(table(["VERSION", "NAME", "STATE"], &rows))
}
