//! [`Staged`]: a file that gets its name when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::{Own, TempFolder};

/// A file under a name of ours, which is to get another. Unless it is [kept](Self::keep), all that was made is removed
/// when this is dropped.
#[derive(Debug)]
pub(super) struct Staged {
    /// Where it is, and whether that is ours to remove.
    from: PathBuf,
    target: PathBuf,
    is_put: bool,
    is_kept: bool,
    /// What was made for it: the folder that holds the note, and the note.
    made: Option<(Arc<Own>, PathBuf)>,
}

impl Staged {
    /// A new, empty file beside `target`.
    pub(super) fn create(folder: &TempFolder, target: &Path) -> io::Result<(Self, File)> {
        // A note of it is read by another process, in another folder.
        let target = std::path::absolute(target)?;
        let parent = target.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let (own, (from, note)) = folder.with(|own| Ok((Arc::clone(own), own.elsewhere(parent)?)))?;
        let staged =
            Self { from, target: target.clone(), is_put: false, is_kept: false, made: Some((own, note)) };
        let file = OpenOptions::new().write(true).create_new(true).open(&staged.from)?;
        Ok((staged, file))
    }

    /// A file that is there already, and stays there.
    pub(super) fn existing(from: &Path, target: &Path) -> io::Result<Self> {
        let target = std::path::absolute(target)?;
        Ok(Self { from: from.to_owned(), target, is_put: false, is_kept: false, made: None })
    }

    /// Gives the file its name, if no file has it.
    ///
    /// A second name, and not another one: `rename` would replace a file that got the name in the meantime.
    pub(super) fn put(&mut self) -> io::Result<()> {
        match fs::hard_link(&self.from, &self.target) {
            // Some file systems, as FAT, know no second names.
            Err(error) if self.made.is_some() && error.kind() != io::ErrorKind::AlreadyExists => {
                if fs::symlink_metadata(&self.target).is_ok() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                fs::rename(&self.from, &self.target)?;
            }
            result => result?,
        }
        self.is_put = true;
        // The name is to survive a power cut as well. Where a folder can not be synced, nothing else can be done.
        #[cfg(unix)]
        if let Some(parent) = self.target.parent() {
            let _ = File::open(parent).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    /// Lets the file stay under its name.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some((_, note)) = &self.made {
            let _ = fs::remove_file(&self.from);
            let _ = fs::remove_file(note);
        }
        if self.is_put && !self.is_kept {
            let _ = fs::remove_file(&self.target);
        }
    }
}
