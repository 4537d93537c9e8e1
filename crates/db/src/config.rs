//! [`DatabaseConfig`]: the section `[database]` of the configuration.

use std::path::Path;
use std::time::Duration;

use zzz_core::config::Secret;

use crate::{DatabaseUrl, Error, ErrorKind, Result};

/// A timeout of nothing would let no query through.
const SHORTEST: Duration = Duration::from_millis(1);

zzz_core::config_section! {
    /// How the app reaches its database.
    pub struct DatabaseConfig in "database" {
        /// `sqlite://path`, `postgres://...` or `mysql://...`; a relative path starts at the app's root.
        url: Option<Secret> = None, env "DATABASE_URL";
        /// How many connections read at the same time; SQLite has one more, which writes. On a server how many
        /// there are in all.
        pool_size: usize = default_pool_size(), in 1..=1000;
        /// How long a query waits for a connection before it fails; also for a server that does not answer at
        /// all.
        acquire_timeout: Duration = Duration::from_secs(2), in SHORTEST..;
        /// How long one statement may run before it is stopped.
        query_timeout: Duration = Duration::from_secs(15), in SHORTEST..;
        /// How long to wait while another process migrates.
        migration_lock_timeout: Duration = Duration::from_secs(300), in SHORTEST..;
        /// Whether pending migrations are applied when the app starts in `prod`.
        migrate_on_start: bool = false;
    }
}

/// One reader per core, at least two: a slow report must not keep every page waiting.
fn default_pool_size() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2)
}

impl DatabaseConfig {
    /// The URL, with a relative path starting at `root`.
    ///
    /// # Errors
    /// If none is set, or it is not understood, or its driver is not compiled in.
    pub fn database_url(&self, root: &Path) -> Result<DatabaseUrl> {
        let Some(url) = &self.url else {
            return Err(Error::new(
                ErrorKind::Url,
                "no database is configured; set DATABASE_URL, or `url` in the section [database], to an \
                 address such as `sqlite://data/app.db`",
            ));
        };
        DatabaseUrl::parse(url.expose(), root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::config::{Env, Layers, Raw};

    #[test]
    fn there_are_always_two_readers() {
        assert!(DatabaseConfig::default().pool_size >= 2);
    }

    #[test]
    fn refuses_a_pool_without_readers_and_a_wait_of_nothing() {
        let refusal = |key: &str, value: &str| {
            let mut layers = Layers::new(Env::Test);
            layers.section::<DatabaseConfig>();
            layers.program_value("database", key, Raw::Text(value.into()));
            layers.resolve().map(|_| ()).unwrap_err().to_string()
        };
        assert_eq!(
            refusal("pool_size", "0"),
            "the program: `pool_size` in [database] must be a whole number from 1 to 1000, not \"0\""
        );
        for key in ["acquire_timeout", "query_timeout"] {
            let message = refusal(key, "0s");
            assert!(message.ends_with("of at least \"1ms\", not \"0s\""), "{message}");
        }
    }

    #[test]
    fn says_how_to_set_the_url() {
        let error = DatabaseConfig::default().database_url(Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("DATABASE_URL"), "{error}");
    }

    #[test]
    fn never_prints_the_url() {
        let config =
            DatabaseConfig { url: Some(Secret::new("postgres://u:hunter2@h/d")), ..Default::default() };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
