//! [`Folder`]: the folder of an app's migrations, files and Rust, as `migrations!` names it.

use std::path::Path;

use super::{Code, Migrations};
use crate::{Error, ErrorKind, Result};

/// The folder of an app's migrations, made by [`migrations!`](crate::migrations).
///
/// Files in Rust are compiled in. SQL files are read from the disk by a debug build and carried inside by a release
/// build.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    /// Its name, relative to the app's root.
    pub name: &'static str,
    /// Where it was when the program was compiled.
    pub place: &'static str,
    /// Names and texts of the SQL files, if the program carries them.
    pub files: Option<&'static [(&'static str, &'static str)]>,
    /// Names and functions of the files in Rust.
    pub code: &'static [(&'static str, Code)],
}

impl Folder {
    /// The migrations.
    ///
    /// # Errors
    /// If a file is malformed, two have the same version, or a file in Rust has come since the program was compiled.
    pub fn load(&self) -> Result<Migrations> {
        self.load_from(Path::new(self.place))
    }

    /// The migrations, with SQL files that the program does not carry from this folder.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_from(&self, folder: &Path) -> Result<Migrations> {
        let files = match self.files {
            Some(files) => Migrations::new(files.iter().copied())?,
            None => {
                self.check_compiled(folder)?;
                Migrations::read_dir(folder)?
            }
        };
        files.and(Migrations::from_code(self.code.iter().copied())?)
    }

    /// A file that nobody has compiled would be left out without a word.
    fn check_compiled(&self, folder: &Path) -> Result<()> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(stem) = name.strip_suffix(".rs").filter(|stem| !stem.starts_with('.')) else { continue };
            if !self.code.iter().any(|(known, _)| *known == stem) {
                return Err(Error::new(
                    ErrorKind::Migration,
                    format!(
                        "the migration `{name}` is newer than the program; build it again (a build script with \
                         `println!(\"cargo::rerun-if-changed={}\")` does so by itself)",
                        self.name
                    ),
                ));
            }
        }
        Ok(())
    }
}
