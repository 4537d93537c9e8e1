//! [`TempFile`]: a file that is gone when it is dropped.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::blocking;
use super::folder::{Own, TempFolder, random};
use super::staged::Staged;
use crate::error::MultipartError;
use crate::file_kind::FileKind;

/// An uploaded file in a temporary place. It is removed when this is dropped, on every way out; a process that has no
/// time to do that leaves it to [`TempFolder::sweep`].
#[derive(Debug)]
pub struct TempFile {
    path: PathBuf,
    length: u64,
    kind: Option<FileKind>,
    folder: TempFolder,
    /// The folder stays as long as a file is in it.
    _own: Arc<Own>,
}

impl TempFile {
    /// A new, empty one.
    pub(super) fn create(folder: &TempFolder) -> io::Result<(Self, File)> {
        folder.with(|own| {
            let (path, file) = own.file()?;
            let temp = Self { path, length: 0, kind: None, folder: folder.clone(), _own: Arc::clone(own) };
            Ok((temp, file))
        })
    }

    pub(super) fn complete(&mut self, length: u64, kind: Option<FileKind>) {
        (self.length, self.kind) = (length, kind);
    }

    /// Where it is. Its name is ours and says nothing.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether it has no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What it is by its first bytes; `None` if they are nothing that [`FileKind`] knows.
    #[must_use]
    pub fn kind(&self) -> Option<FileKind> {
        self.kind
    }

    /// Its whole content.
    ///
    /// # Errors
    /// If it can not be read.
    pub async fn read(&self) -> Result<Vec<u8>, MultipartError> {
        let path = self.path.clone();
        blocking(move || fs::read(path)).await
    }

    /// Saves it in `folder` under a name that nobody else has chosen: 32 random characters, and the ending of its
    /// [`kind`](Self::kind), or none if that is not known. The folder is made if it is missing. Gives the name.
    ///
    /// # Errors
    /// As [`save_to`](Self::save_to).
    pub async fn save_in(self, folder: impl AsRef<Path>) -> Result<String, MultipartError> {
        let folder = folder.as_ref().to_owned();
        let made = folder.clone();
        blocking(move || fs::create_dir_all(made)).await?;
        let mut name = format!("{:016x}{:016x}", random(), random());
        if let Some(kind) = self.kind {
            name = format!("{name}.{}", kind.extension());
        }
        self.save_to(folder.join(&name)).await?;
        Ok(name)
    }

    /// Makes it the file at `path`, all of it or nothing. On the same file system it only gets another name; else it
    /// is copied under a name of our own beside `path` first. It is brought to the disk (`fsync`) before it gets its
    /// name. Gives its length.
    ///
    /// A file that is there already is not replaced. The folder must exist. **The path must be the app's own work**:
    /// never put a file name that a client sent into it.
    ///
    /// # Errors
    /// [`MultipartError::is_exists`] if there is a file at `path`; 507 if there is no room for a copy; 500 if it can
    /// not be written. Then the temporary file is gone as well.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<u64, MultipartError> {
        let (length, path) = (self.length, path.as_ref().to_owned());
        let saved = blocking(move || {
            let file = File::open(&self.path)?;
            file.sync_all()?;
            let mut staged = Staged::existing(&self.path, &path)?;
            match staged.put() {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) => return Ok(staged),
                // Another file system.
                Err(_) => {}
            }
            let (mut staged, mut copy) = Staged::create(&self.folder, &path)?;
            io::copy(&mut &file, &mut copy)?;
            copy.sync_all()?;
            staged.put()?;
            Ok(staged)
        });
        saved.await?.keep();
        Ok(length)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // It may be gone, and what can not be removed now is swept later.
        let _ = fs::remove_file(&self.path);
    }
}
