//! [`Uploads`]: the service that holds the limits and the folder of temporary files.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use zzz_core::Services;

use crate::config::UploadConfig;
use crate::spool::TempFolder;

/// The limits of uploads, and the folder of their temporary files. An app has one among its services; without one the
/// defaults hold.
#[derive(Debug)]
pub struct Uploads {
    config: UploadConfig,
    folder: TempFolder,
}

impl Uploads {
    /// With this configuration. Nothing is made on the disk before there is a file to keep.
    #[must_use]
    pub fn new(config: UploadConfig) -> Self {
        let parent = config.temp_dir.as_ref().map_or_else(std::env::temp_dir, PathBuf::from);
        Self { config, folder: TempFolder::within(parent) }
    }

    /// The limits.
    #[must_use]
    pub fn config(&self) -> &UploadConfig {
        &self.config
    }

    /// The folder of temporary files.
    #[must_use]
    pub fn folder(&self) -> &TempFolder {
        &self.folder
    }

    /// Those of the app, or the defaults.
    pub(crate) fn of(services: &Services) -> Arc<Self> {
        static DEFAULT: LazyLock<Arc<Uploads>> = LazyLock::new(Arc::default);
        Arc::clone(services.get::<Self>().unwrap_or(&DEFAULT))
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self::new(UploadConfig::default())
    }
}
