//! The app's root: where `config/`, `templates/`, `static/`, `migrations/` and `data/` are.

use std::path::{Path, PathBuf};

use zzz_core::{Error, Result};

/// The file that marks a root.
pub(crate) const MARK: &str = "config/default.toml";

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
