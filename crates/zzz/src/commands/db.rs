//! `db`: creates, drops or resets the database.

use clap::ArgMatches;
use zzz_core::Result;
use zzz_db::migrate::Migrator;
use zzz_db::{DatabaseConfig, Repo, storage};

use super::print;
use crate::boot::Prepared;

pub(super) async fn db(prepared: &Prepared, arguments: &ArgMatches) -> Result<()> {
    let migrations = prepared.migrations()?;
    let url = prepared.database_url()?;
    match arguments.subcommand_name() {
        Some("create") => {
            let created = storage::create(&url).await?;
            print(&format!("{url} {}\n", if created { "is created." } else { "exists already." }))
        }
        Some("drop") => {
            let dropped = storage::drop(&url).await?;
            print(&format!("{url} {}\n", if dropped { "is dropped." } else { "does not exist." }))
        }
        _ => {
            storage::drop(&url).await?;
            storage::create(&url).await?;
            let repo = Repo::connect(&url, &prepared.config.get::<DatabaseConfig>()).await?;
            let applied = Migrator::new(&repo, &migrations).migrate().await?.len();
            if let Some(seed) = &prepared.app.seed {
                seed(repo.clone()).await?;
            }
            repo.close().await;
            print(&format!("{url} is new: {applied} migration(s) applied, seeds sown.\n"))
        }
    }
}
