//! [`TreeCopy`]: the workspace in another folder.
//!
//! A build after a change needs a change. It is made in a copy, so that a run that is interrupted leaves no
//! edited file behind, and an editor that watches the tree sees nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::workspace::list;

/// A copy of every file that git tracks or would track.
pub(super) struct TreeCopy {
    /// Its folder.
    pub(super) root: PathBuf,
}

impl TreeCopy {
    /// Copies the workspace at `from`; whatever was at `to` is removed.
    pub(super) fn of(from: &Path, to: &Path) -> Result<Self, String> {
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        if to.exists() {
            fs::remove_dir_all(to).map_err(|error| failed(to, error))?;
        }
        for name in list(from)? {
            let (source, copy) = (from.join(&name), to.join(&name));
            // A file that was deleted and not yet committed is listed, and gone.
            if !source.is_file() {
                continue;
            }
            if let Some(folder) = copy.parent() {
                fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
            }
            fs::copy(&source, &copy).map_err(|error| failed(&source, error))?;
        }
        Ok(TreeCopy { root: to.to_path_buf() })
    }

    /// The text of a file.
    pub(super) fn read(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(name)).map_err(|error| format!("{name}: {error}"))
    }

    /// Changes the text of a file.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.root.join(name), text).map_err(|error| format!("{name}: {error}"))
    }
}

/// The source with one more statement in its first public handler, another for each `number`.
pub(in crate::bench) fn edited(source: &str, number: usize) -> Option<String> {
    let handler = source.find("pub async fn ")?;
    let body = handler + source[handler..].find("{\n")? + 2;
    Some(format!("{}    std::hint::black_box({number});\n{}", &source[..body], &source[body..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_inside_the_first_handler() {
        let source = "struct A {\n}\n\npub async fn home() -> u8 {\n    1\n}\n";
        let expected =
            "struct A {\n}\n\npub async fn home() -> u8 {\n    std::hint::black_box(7);\n    1\n}\n";
        assert_eq!(edited(source, 7).unwrap(), expected);
        assert_eq!(edited("fn main() {\n}\n", 1), None);
    }
}
