//! [`TempFolder`]: a folder of the process's own for temporary files, and what dead processes left.
//!
//! The folder is named `zzz-uploads-` and a random number, and only its owner can look into it. A file `lock` in it is
//! locked for as long as the process lives: the system lets go of the lock however the process ends. So whoever gets
//! the lock knows that nobody needs the folder any more. No number of a process is asked for, which another process
//! may have by now, or one in another container on the same disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the names of our folders begin with.
const PREFIX: &str = "zzz-uploads-";

/// The file that is locked while the process lives.
const LOCK: &str = "lock";

/// The same before it is locked.
const NEW_LOCK: &str = "lock.new";

/// How the names of notes end, which name a file that is written elsewhere.
const NOTE: &str = ".elsewhere";

/// A folder without a lock is being made, or its process died while it was; after this time the latter.
const MAKING: Duration = Duration::from_secs(3600);

/// A folder of the process's own for temporary files. It is made when the first file is, and removed with all that is
/// in it when this and every file in it are dropped. A clone is the same folder.
#[derive(Debug, Clone)]
pub struct TempFolder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parent: PathBuf,
    open: Mutex<Option<Arc<Own>>>,
}

/// The folder, as long as somebody needs it.
#[derive(Debug)]
pub(super) struct Own {
    path: PathBuf,
    /// The random part of its name.
    id: String,
    next: AtomicU64,
    /// Held, never read.
    _lock: File,
}

impl TempFolder {
    /// A folder within `parent`, which need not exist before there is a file to keep.
    #[must_use]
    pub fn within(parent: impl Into<PathBuf>) -> Self {
        Self { inner: Arc::new(Inner { parent: parent.into(), open: Mutex::default() }) }
    }

    /// Where the folder is or will be made.
    #[must_use]
    pub fn parent(&self) -> &Path {
        &self.inner.parent
    }

    /// Removes what processes left that ended without a chance to do so (`kill -9`, a power cut): their folders in the
    /// same parent, and files that they were writing elsewhere. Folders of living processes are left alone. Gives the
    /// number of folders.
    ///
    /// # Errors
    /// If the parent can not be read; one that does not exist is empty.
    pub fn sweep(&self) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.inner.parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut swept = 0;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && sweep_if_dead(&entry.path(), id) {
                swept += 1;
            }
        }
        if swept > 0 {
            let parent = self.inner.parent.display();
            tracing::info!(folders = swept, %parent, "removed uploads that dead processes left");
        }
        Ok(swept)
    }

    /// The folder, made now if need be.
    fn own(&self) -> io::Result<Arc<Own>> {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*open {
            return Ok(Arc::clone(own));
        }
        let own = Arc::new(Own::make(&self.inner.parent)?);
        *open = Some(Arc::clone(&own));
        Ok(own)
    }

    /// Does something with the folder; once more in a new one if the folder is gone, as it may be where something
    /// clears the system's temporary files now and then.
    pub(super) fn with<T>(&self, work: impl Fn(&Arc<Own>) -> io::Result<T>) -> io::Result<T> {
        let own = self.own()?;
        match work(&own) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !own.path.exists() => {
                self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).take();
                work(&self.own()?)
            }
            result => result,
        }
    }
}

impl Own {
    fn make(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        loop {
            let id = format!("{:016x}", random());
            let path = parent.join(format!("{PREFIX}{id}"));
            match private_folder(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                result => result?,
            }
            let new_lock = path.join(NEW_LOCK);
            let lock = OpenOptions::new().read(true).write(true).create_new(true).open(&new_lock)?;
            match lock.lock() {
                // Then nobody can lock it, and nobody will take the folder for a dead process's.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                result => result?,
            }
            // It has its name only now, so that nobody finds it unlocked before.
            fs::rename(new_lock, path.join(LOCK))?;
            return Ok(Self { path, id, next: AtomicU64::new(0), _lock: lock });
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A new, empty file.
    pub(super) fn file(&self) -> io::Result<(PathBuf, File)> {
        let path = self.path.join(format!("{:x}", self.number()));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        Ok((path, file))
    }

    /// A name for a file in `folder`, and a note of it here, so that it is found if this process dies.
    pub(super) fn elsewhere(&self, folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
        let number = self.number();
        let path = folder.join(format!("{}{number:x}", elsewhere_prefix(&self.id)));
        let note = self.path.join(format!("{number:x}{NOTE}"));
        fs::write(&note, path_to_bytes(&path))?;
        Ok((path, note))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What can not be removed now is swept later.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// What the names of files begin with that a process writes elsewhere.
fn elsewhere_prefix(id: &str) -> String {
    format!(".zzz-upload-{id}-")
}

fn sweep_if_dead(folder: &Path, id: &str) -> bool {
    let lock = folder.join(LOCK);
    // Not the one that a link leads to.
    let opened = match fs::symlink_metadata(&lock) {
        Ok(metadata) if metadata.is_file() => OpenOptions::new().read(true).write(true).open(&lock),
        Ok(_) => return false,
        Err(error) => Err(error),
    };
    match opened {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return false,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_old(folder) => {}
        Err(_) => return false,
    }
    for note in fs::read_dir(folder).into_iter().flatten().flatten() {
        if note.file_name().to_string_lossy().ends_with(NOTE) {
            sweep_elsewhere(&note.path(), id);
        }
    }
    fs::remove_dir_all(folder).is_ok()
}

/// Removes the file that a note names, if it is named as that process named its own.
fn sweep_elsewhere(note: &Path, id: &str) {
    let Some(path) = fs::read(note).ok().and_then(path_from_bytes) else { return };
    let is_ours =
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&elsewhere_prefix(id)));
    if is_ours && fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        let _ = fs::remove_file(path);
    }
}

fn is_old(folder: &Path) -> bool {
    let modified = fs::metadata(folder).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > MAKING))
}

/// The standard library seeds every one of these from the system's randomness.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

fn path_to_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}
