//! `db`: creates, drops or resets the database; writes its structure into a file, and loads it from there.

use clap::ArgMatches;
use zzz_core::{Error, Result};
use zzz_db::{DatabaseConfig, Repo, storage, structure};

use super::print;
use crate::boot::Prepared;
use crate::database;

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
        Some("dump") => dump(prepared).await,
        Some("load") => load(prepared).await,
        _ => {
            storage::drop(&url).await?;
            storage::create(&url).await?;
            let repo = Repo::connect(&url, &prepared.config.get::<DatabaseConfig>()).await?;
            let applied = database::migrator(prepared, &repo, &migrations).migrate().await?.len();
            if let Some(seed) = &prepared.app.seed {
                seed(repo.clone()).await?;
            }
            repo.close().await;
            print(&format!("{url} is new: {applied} migration(s) applied, seeds sown.\n"))
        }
    }
}

/// Where the structure is kept, as Rails does; Ecto has it in its own folder.
const STRUCTURE: &str = "db/structure.sql";

async fn dump(prepared: &Prepared) -> Result<()> {
    let repo = database::connect(prepared).await?;
    let text = structure::dump(&repo, &prepared.database_url()?).await;
    repo.close().await;
    let path = prepared.root.join(STRUCTURE);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| refused("written", &error))?;
    }
    std::fs::write(&path, text?).map_err(|error| refused("written", &error))?;
    print(&format!("The structure is written to {STRUCTURE}.\n"))
}

async fn load(prepared: &Prepared) -> Result<()> {
    let path = prepared.root.join(STRUCTURE);
    let text = std::fs::read_to_string(path).map_err(|error| refused("read", &error))?;
    storage::create(&prepared.database_url()?).await?;
    let repo = database::connect(prepared).await?;
    let loaded = structure::load(&repo, &text).await;
    repo.close().await;
    loaded?;
    print(&format!("The structure is loaded from {STRUCTURE}.\n"))
}

fn refused(what: &str, error: &std::io::Error) -> Error {
    Error::internal(format!("{STRUCTURE} can not be {what}: {error}"))
}
