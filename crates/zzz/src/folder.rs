//! How a [`Folder`] of the app is opened: on the disk, or in the binary.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zzz_core::http::{Assets, Folder};
use zzz_core::{Error, Result};

/// Opens a folder of the app: its files, with the app's root for those on the disk.
///
/// # Errors
/// If they are on the disk and the folder is not there.
pub(crate) fn open(folder: &Folder, root: &Path) -> Result<Arc<dyn Assets>> {
    if let Some(embedded) = folder.embedded {
        return Ok(Arc::new(embedded));
    }
    let path = root.join(folder.name);
    if !path.is_dir() {
        return Err(Error::internal(format!(
            "there is no folder `{}` in {}; start the app there, or name its root with ZZZ_ROOT",
            folder.name,
            root.display()
        )));
    }
    Ok(Arc::new(OnDisk { folder: path }))
}

/// Files below a folder, read anew each time.
struct OnDisk {
    folder: PathBuf,
}

impl Assets for OnDisk {
    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
        // Whoever asks has checked the path; this is the second lock on the same door.
        if path.split('/').any(|segment| segment.is_empty() || segment.starts_with('.'))
            || path.contains(['\\', '\0'])
        {
            return Ok(None);
        }
        let path = self.folder.join(path);
        if !path.is_file() {
            return Ok(None);
        }
        std::fs::read(path).map(|content| Some(Cow::Owned(content)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        list_into(&self.folder, "", &mut names)?;
        names.sort();
        Ok(names)
    }

    fn is_live(&self) -> bool {
        true
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }
}

fn list_into(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().filter(|name| !name.starts_with('.')).map(str::to_owned)
        else {
            continue;
        };
        if entry.path().is_dir() {
            list_into(&entry.path(), &format!("{prefix}{name}/"), names)?;
        } else {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Folder = Folder::on_disk("src");

    #[test]
    fn a_folder_on_the_disk_is_read_when_it_is_needed() {
        let files = open(&HERE, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(files.is_live());
        assert!(files.list().unwrap().contains(&"commands/serve.rs".to_owned()));
        let this = files.read("folder.rs").unwrap().unwrap();
        assert!(this.starts_with(b"//! How a [`Folder`]"));
        for outside in ["../Cargo.toml", "/etc/passwd", ".", "", "commands", "commands/../lib.rs", "none.rs"]
        {
            assert!(files.read(outside).unwrap().is_none(), "{outside}");
        }
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = open(&HERE, Path::new("/nowhere")).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no folder `src` in /nowhere; start the app there, or name its root with ZZZ_ROOT"
        );
    }

    #[test]
    fn an_embedded_folder_needs_no_disk() {
        let folder = Folder::embedded("x", &[("a.txt", b"A"), ("b/c.txt", b"C")]);
        let files = open(&folder, Path::new("/nowhere")).unwrap();
        assert_eq!(
            (files.is_live(), files.list().unwrap()),
            (false, vec!["a.txt".to_owned(), "b/c.txt".into()])
        );
        assert_eq!(files.read("b/c.txt").unwrap().as_deref(), Some(&b"C"[..]));
        assert_eq!(files.read("c.txt").unwrap(), None);
    }
}
