//! The app's database: where it is, and what is done to it when the app starts.

use std::path::Path;
#[cfg(feature = "sandbox")]
use std::sync::Arc;

use zzz_core::config::{Config, Env};
use zzz_core::http::{Assets, Folder};
use zzz_core::{Error, Result};
use zzz_db::migrate::{Migrations, Migrator, State, Status};
#[cfg(feature = "sandbox")]
use zzz_db::sandbox::Sandbox;
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, storage};

use crate::app::{MigrationFolder, Place};
use crate::boot::Prepared;
use crate::folder;

/// The configured URL; without one `data/{app}_{env}.db`.
pub(crate) fn url(app: &str, config: &Config, root: &Path) -> Result<DatabaseUrl> {
    let database = config.get::<DatabaseConfig>();
    if database.url.is_some() {
        return Ok(database.database_url(root)?);
    }
    Ok(DatabaseUrl::parse(&format!("sqlite://data/{app}_{}.db", config.env()), root)?)
}

/// Reads the app's migrations.
pub(crate) fn migrations(folder: MigrationFolder, root: &Path) -> Result<Migrations> {
    match folder.0 {
        Place::Files(folder) => in_files(&*folder::open(&folder, root)?),
        Place::FilesAndCode(known) => {
            if known.files.is_none() {
                // Says so if it is not there.
                folder::open(&Folder::on_disk(known.name), root)?;
            }
            Ok(known.load_from(&root.join(known.name))?)
        }
    }
}

fn in_files(files: &dyn Assets) -> Result<Migrations> {
    let mut texts = Vec::new();
    for name in files.list()?.into_iter().filter(|name| name.ends_with(".sql")) {
        let Some(content) = files.read(&name)? else { continue };
        let text = String::from_utf8(content.into_owned())
            .map_err(|_| Error::internal(format!("migrations/{name} is not valid UTF-8")))?;
        texts.push((name, text));
    }
    Ok(Migrations::new(texts)?)
}

/// What was done to the database at the start.
pub(crate) struct Opened {
    pub(crate) repo: Repo,
    pub(crate) created: bool,
    pub(crate) migrated: usize,
    pub(crate) seeded: bool,
    #[cfg(feature = "sandbox")]
    pub(crate) sandbox: Option<Arc<Sandbox>>,
}

impl Opened {
    fn new(repo: Repo, created: bool) -> Self {
        Self {
            repo,
            created,
            migrated: 0,
            seeded: false,
            #[cfg(feature = "sandbox")]
            sandbox: None,
        }
    }
}

/// Connects. In dev the database is created if there is none, migrated, and seeded if it is new; in prod the
/// start is refused while migrations are pending, unless the configuration lets it migrate; in test nothing
/// happens by itself.
pub(crate) async fn open(prepared: &Prepared, migrations: &Migrations) -> Result<Opened> {
    let config = prepared.config.get::<DatabaseConfig>();
    let url = prepared.database_url()?;
    #[cfg(feature = "sandbox")]
    if let Some(options) = &prepared.sandbox {
        let sandbox = options.clone().config(&config).start(&url, migrations).await?;
        let opened = Opened::new(sandbox.repo(), false);
        return Ok(Opened { sandbox: Some(Arc::new(sandbox)), ..opened });
    }
    let env = prepared.config.env();
    let created = if env.is_dev() { storage::create(&url).await? } else { false };
    let repo = Repo::connect(&url, &config).await?;
    let mut opened = Opened::new(repo, created);
    let filled = fill(&mut opened, prepared, migrations, config.migrate_on_start).await;
    if filled.is_err() {
        opened.repo.close().await;
        if created {
            // A part of what a first start does would look like all of it at the next.
            storage::drop(&url).await?;
        }
    }
    filled.map(|()| opened)
}

async fn fill(
    opened: &mut Opened,
    prepared: &Prepared,
    migrations: &Migrations,
    migrate_on_start: bool,
) -> Result<()> {
    let env = prepared.config.env();
    let migrator = migrator(prepared, &opened.repo, migrations);
    if env == Env::Test {
        return Ok(());
    }
    if env.is_prod() && !migrate_on_start {
        return check(&migrator).await;
    }
    let pending = migrator.pending().await?.len();
    // Also one whose first start was killed before its first migration.
    let is_new = opened.created || (pending > 0 && migrator.status().await?.len() == pending);
    opened.migrated = migrator.migrate().await?.len();
    if env.is_dev()
        && is_new
        && let Some(seed) = &prepared.app.seed
    {
        seed(opened.repo.clone()).await?;
        opened.seeded = true;
    }
    Ok(())
}

/// What applies the app's migrations to a database.
pub(crate) fn migrator<'a>(prepared: &Prepared, repo: &Repo, migrations: &'a Migrations) -> Migrator<'a> {
    let config = prepared.config.get::<DatabaseConfig>();
    Migrator::new(repo, migrations).lock_timeout(config.migration_lock_timeout)
}

/// Refuses a database that lacks migrations.
async fn check(migrator: &Migrator<'_>) -> Result<()> {
    let pending = migrator.pending().await?;
    let stopped = pending.iter().find(|status| matches!(status.state, State::Unfinished { .. }));
    match (stopped, pending.len()) {
        (Some(Status { version, name, state }), _) => Err(Error::internal(format!(
            "the migration {version}_{name} is {state}; `migrate` says how to mend it"
        ))),
        (None, 0) => Ok(()),
        (None, pending) => Err(Error::internal(behind(pending))),
    }
}

fn behind(pending: usize) -> String {
    let are = if pending == 1 { "migration is" } else { "migrations are" };
    format!("{pending} {are} pending; run `migrate` first, or set `migrate_on_start` in [database]")
}

/// Connects for a command that works on a database that is there and up to date.
pub(crate) async fn connect_migrated(prepared: &Prepared) -> Result<Repo> {
    let repo = connect(prepared).await?;
    let migrations = prepared.migrations()?;
    check(&migrator(prepared, &repo, &migrations)).await?;
    Ok(repo)
}

/// Connects to a database that is there.
pub(crate) async fn connect(prepared: &Prepared) -> Result<Repo> {
    let url = prepared.database_url()?;
    if !storage::exists(&url).await? {
        return Err(Error::internal(format!(
            "there is no database {url}; `db create` makes it, `migrate` too"
        )));
    }
    Ok(Repo::connect(&url, &prepared.config.get::<DatabaseConfig>()).await?)
}
