//! Files of folders that are served: whether they are there.

use std::path::PathBuf;

/// The folder of this name, below the app's root.
pub(super) fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = crate::folder::root()?.join(name);
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(format!("there is no folder `{name}` at {}", folder.display()))
    }
}

/// Whether the folder has a file of this path.
pub(super) fn exists(name: &str, file: &str) -> Result<bool, String> {
    let hidden = file.split('/').any(|segment| segment.is_empty() || segment.starts_with('.'));
    Ok(!hidden && !file.contains('\\') && folder(name)?.join(file).is_file())
}

/// The paths of all files in the folder.
pub(super) fn files(name: &str) -> Vec<String> {
    let mut files = Vec::new();
    if let Ok(folder) = folder(name)
        && crate::folder::collect(&folder, "", &mut files).is_err()
    {
        files.clear();
    }
    files.into_iter().map(|(path, _)| path).collect()
}
