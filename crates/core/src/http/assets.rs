//! [`Assets`]: a folder of files, in the binary or on the disk; [`Folder`]: one by its name.

use std::borrow::Cow;
use std::io;
use std::path::Path;

/// A folder of files that an app brings along: templates, static files, migrations.
///
/// In a release build they are [`Embedded`] in the binary; in dev they are read from the disk, so that a change
/// shows at once. Paths are relative, with `/` between folders.
pub trait Assets: Send + Sync + 'static {
    /// The file's content; `None` if there is no such file.
    ///
    /// # Errors
    /// If it is there and can not be read.
    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>>;

    /// The paths of all files, sorted.
    ///
    /// # Errors
    /// If the folder can not be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Whether a file may change while the app runs.
    fn is_live(&self) -> bool;

    /// Where the files are on the disk, if that is where they are: who sends large ones reads them piece by piece.
    fn folder(&self) -> Option<&Path> {
        None
    }
}

/// Files in the binary: paths with contents, sorted by path.
#[derive(Debug, Clone, Copy)]
pub struct Embedded(pub &'static [(&'static str, &'static [u8])]);

impl Assets for Embedded {
    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
        let found = self.0.binary_search_by_key(&path, |(name, _)| name).ok();
        Ok(found.map(|at| Cow::Borrowed(self.0[at].1)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.iter().map(|(name, _)| (*name).to_owned()).collect())
    }

    fn is_live(&self) -> bool {
        false
    }
}

/// A folder of the app by its name, on the disk or in the binary: what an app declares, to be opened when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    /// Its name, relative to the app's root.
    pub name: &'static str,
    /// Its files, if the binary carries them.
    pub embedded: Option<Embedded>,
}

impl Folder {
    /// A folder below the app's root, read when it is needed.
    #[must_use]
    pub const fn on_disk(name: &'static str) -> Self {
        Self { name, embedded: None }
    }

    /// Files in the binary, sorted by path.
    #[must_use]
    pub const fn embedded(name: &'static str, files: &'static [(&'static str, &'static [u8])]) -> Self {
        Self { name, embedded: Some(Embedded(files)) }
    }
}
