//! What the rules look at: the tracked files, the manifests among them, and what Cargo makes of them.
//!
//! Each is read once, and those that start Cargo only when a rule asks.

mod manifest;
mod metadata;
mod tree;

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) use manifest::Manifest;
pub(crate) use metadata::{Edge, EdgeKind, Metadata, Package, line_in_lock};
pub(crate) use tree::Tree;

/// The workspace as it is on disk.
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// Every text file that git tracks or would track, sorted by path.
    pub(crate) files: Vec<TextFile>,
    metadata: OnceCell<Result<Metadata, String>>,
}

/// A text file of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Relative to the workspace's folder, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

impl Workspace {
    /// Reads the files of the workspace at `root`.
    pub(crate) fn open(root: &Path) -> Result<Self, String> {
        let files = list(root)?
            .into_iter()
            .filter_map(|path| {
                let full = root.join(&path);
                // A symbolic link would be read twice; a file that was deleted and not yet committed is gone.
                let regular = full.symlink_metadata().is_ok_and(|meta| meta.is_file());
                let bytes = regular.then(|| std::fs::read(&full).ok()).flatten()?;
                let text = String::from_utf8(bytes).ok()?;
                (!text.contains('\0')).then_some(TextFile { path, text })
            })
            .collect();
        Ok(Workspace { root: root.to_path_buf(), files, metadata: OnceCell::new() })
    }

    /// A workspace of these files, which are on no disk.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| TextFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Workspace { root: PathBuf::from("."), files, metadata: OnceCell::new() }
    }

    /// The file at `path`, if there is one.
    pub(crate) fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The text of a file that a rule cannot do without.
    pub(crate) fn text(&self, path: &str) -> Result<&str, String> {
        self.file(path).map(|file| file.text.as_str()).ok_or_else(|| format!("{path} is missing"))
    }

    /// Every Rust source file.
    pub(crate) fn rust_files(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// Every `Cargo.toml`, those of workspaces inside this one included.
    pub(crate) fn manifest_files(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
    }

    /// What `cargo metadata` says, asked once.
    pub(crate) fn metadata(&self) -> Result<&Metadata, String> {
        self.metadata.get_or_init(|| Metadata::read(&self.root)).as_ref().map_err(Clone::clone)
    }

    /// The manifest of a member, line by line.
    pub(crate) fn manifest(&self, package: &Package) -> Result<Manifest, String> {
        Ok(Manifest::parse(self.text(&package.manifest)?))
    }
}

/// The paths of the files that git tracks, and of new ones that it does not ignore.
pub(crate) fn list(root: &Path) -> Result<Vec<String>, String> {
    let output = Command::new("git")
        // A clone that belongs to another user, as in a container, is read all the same.
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git is needed to list the files, and could not be run: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "git could not list the files: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let mut paths: Vec<String> =
        String::from_utf8_lossy(&output.stdout).split_terminator('\0').map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}
