//! The app's root: where `config/`, `templates/`, `static/`, `migrations/` and `data/` are.

use std::path::{Path, PathBuf};

use zzz_core::{Error, Result};

/// The file that marks a root.
pub(crate) const MARK: &str = "config/default.toml";

/// The app's root, a service of every app: where relative paths of its configuration start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path that starts here, unless it is absolute.
    #[must_use]
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.join(path)
    }
}

/// `ZZZ_ROOT`, or the nearest folder at or above the working directory that holds `config/default.toml`, or
/// the working directory: a release build needs no files.
pub(crate) fn find(variable: Option<&str>) -> Result<PathBuf> {
    if let Some(root) = variable.filter(|root| !root.is_empty()) {
        return std::path::absolute(root).ok().filter(|root| root.is_dir()).ok_or_else(|| {
            Error::internal(format!(
                "ZZZ_ROOT is `{root}`, which is no folder; name the one that holds {MARK}"
            ))
        });
    }
    let here = std::env::current_dir()?;
    Ok(above(&here).unwrap_or(&here).to_owned())
}

fn above(start: &Path) -> Option<&Path> {
    start.ancestors().find(|folder| folder.join(MARK).is_file())
}
