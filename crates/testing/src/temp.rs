//! [`TempDatabase`]: a database file of a test's own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A folder for a database file, which is removed with everything in it when this is dropped.
#[derive(Debug)]
pub struct TempDatabase {
    folder: PathBuf,
}

impl TempDatabase {
    /// A new, empty folder; the file in it does not exist yet.
    ///
    /// # Panics
    /// If the folder can not be made.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
        let name =
            format!("zzz-test-{}-{nanos}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).expect("a folder for a test database");
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The database file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("test.db")
    }

    /// The database's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }
}

impl Default for TempDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
