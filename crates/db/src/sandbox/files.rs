//! The files of SQLite's sandboxes: each a copy of a database that was migrated once in this process.
//!
//! A sandbox has a folder in the system's temporary one, with a file whose lock says that its process lives. What dead
//! processes have left is removed when a process starts its first sandbox.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::boxed::Inner;
use super::{End, GRACE, Ground, background};
use crate::dialect;
use crate::migrate::{Migrations, Migrator};
use crate::{DatabaseConfig, DatabaseUrl, Error, ErrorKind, Repo, Result, storage};

const PREFIX: &str = "zzz-sandbox-";
const LOCK: &str = "lock";
/// A folder without a lock that is older than this was never finished.
const MAKING: Duration = Duration::from_secs(60);

/// What is in the file of a database that was migrated and closed.
type Template = Arc<OnceCell<Arc<[u8]>>>;

/// A copy of the database that these migrations make.
pub(super) async fn copy(
    fingerprint: u64,
    migrations: &Migrations,
    config: &DatabaseConfig,
) -> Result<Ground> {
    static TEMPLATES: LazyLock<Mutex<HashMap<u64, Template>>> = LazyLock::new(Mutex::default);
    let template = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(templates.entry(fingerprint).or_default())
    };
    let make = || {
        let migrations = migrations.clone();
        background::run(move || async move { make(&migrations).await })
    };
    let bytes = template.get_or_try_init(make).await?;
    let folder = Folder::new()?;
    let file = folder.file();
    std::fs::write(&file, bytes).map_err(|error| failed(&file, error))?;
    let url = DatabaseUrl::sqlite(file);
    let repo = Repo::connect(&url, config).await?;
    // What is lost when the power is cut is lost anyway.
    repo.execute(dialect::NO_WAITING_FOR_THE_DISK, []).await?;
    let driver = Arc::clone(repo.driver());
    let end = End::new(
        async move {
            // Removed at once where the system allows it, as whoever still reads may take long.
            drop(folder.remove());
            let _ = tokio::time::timeout(GRACE, driver.close()).await;
            drop(folder);
        },
        false,
    );
    Ok(Ground { url, inner: Inner::Database(Arc::clone(repo.driver())), end })
}

/// Migrates a database, and reads its file.
async fn make(migrations: &Migrations) -> Result<Arc<[u8]>> {
    static SWEPT: std::sync::Once = std::sync::Once::new();
    SWEPT.call_once(|| drop(sweep()));
    let folder = Folder::new()?;
    let url = DatabaseUrl::sqlite(folder.file());
    storage::create(&url).await?;
    let repo =
        Repo::connect(&url, &DatabaseConfig { pool_size: 1.into(), ..DatabaseConfig::default() }).await?;
    let migrated = Migrator::new(&repo, migrations).migrate().await.map(drop);
    // The log is in the file from here on.
    repo.close().await;
    migrated?;
    let file = folder.file();
    Ok(std::fs::read(&file).map_err(|error| failed(&file, error))?.into())
}

/// A folder that is removed when it is dropped.
struct Folder {
    path: PathBuf,
    /// Its lock says that this process lives.
    _lock: File,
}

impl Folder {
    fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        loop {
            let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => {}
                // Of a dead process with the same number.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(&path, error)),
            }
            let lock = File::create(path.join(LOCK)).map_err(|error| failed(&path, error))?;
            lock.lock().map_err(|error| failed(&path, error))?;
            // Another process may have taken it for a dead one's, before it was locked.
            if path.join(LOCK).exists() {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    fn file(&self) -> PathBuf {
        self.path.join("test.db")
    }

    fn remove(&self) -> std::io::Result<()> {
        std::fs::remove_dir_all(&self.path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// Removes what dead processes have left; returns what it was.
pub(super) fn sweep() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_left = name.starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && is_dead(&entry.path());
        (is_left && std::fs::remove_dir_all(entry.path()).is_ok()).then_some(name)
    });
    names.collect()
}

fn is_dead(folder: &Path) -> bool {
    match File::options().read(true).write(true).open(folder.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        },
        // It is about to be made, or never was.
        Err(error) => error.kind() == std::io::ErrorKind::NotFound && is_old(folder),
    }
}

fn is_old(folder: &Path) -> bool {
    let modified = std::fs::metadata(folder).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > MAKING))
}

#[cold]
fn failed(path: &Path, error: std::io::Error) -> Error {
    let text = format!("a sandbox's file `{}` can not be made: {error}", path.display());
    Error::with_source(ErrorKind::Storage, text, error)
}
