//! `migrate`: applies migrations, takes them back, or shows where they stand.

use clap::ArgMatches;
use zzz_core::Result;
use zzz_db::migrate::{Migration, Migrator};
use zzz_db::storage;

use super::{print, table};
use crate::boot::Prepared;
use crate::database;

pub(super) async fn migrate(prepared: &Prepared, arguments: &ArgMatches) -> Result<()> {
    let migrations = prepared.migrations()?;
    // Only what goes forward makes a database; looking at one must not.
    if !arguments.get_flag("status") && !arguments.contains_id("rollback") {
        storage::create(&prepared.database_url()?).await?;
    }
    let repo = database::connect(prepared).await?;
    let migrator = Migrator::new(&repo, &migrations);
    let done = if arguments.get_flag("status") {
        print(&status(&migrator).await?)
    } else if let Some(steps) = arguments.get_one::<usize>("rollback") {
        print(&listed("took back", &migrator.rollback(*steps).await?))
    } else if let Some(version) = arguments.get_one::<i64>("to") {
        print(&listed("went through", &migrator.migrate_to(*version).await?))
    } else {
        print(&listed("applied", &migrator.migrate().await?))
    };
    repo.close().await;
    done
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
