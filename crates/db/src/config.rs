//! [`DatabaseConfig`]: the section `[database]` of the configuration.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use zzz_core::config::{Raw, Secret, Setting};

use crate::{DatabaseUrl, Error, ErrorKind, Result};

/// A timeout of nothing would let no query through.
const SHORTEST: Duration = Duration::from_millis(1);

zzz_core::config_section! {
    /// How the app reaches its database.
    pub struct DatabaseConfig in "database" {
        /// `sqlite://path`, `postgres://...` or `mysql://...`; a relative path starts at the app's root.
        url: Option<Secret> = None, env "DATABASE_URL";
        /// How many connections there are at most: on SQLite those that read, beside one that writes.
        pool_size: PoolSize = PoolSize::default();
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

/// How many connections a pool has at most: a number from 1 to 1,000, or as many as fit the database.
///
/// By default it is 10 on a server, as in Ecto, where most of them wait; and on SQLite, which works on your own cores, one
/// per core and at least two, so that a slow report does not keep every page waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolSize(Option<usize>);

impl PoolSize {
    const LIMITS: RangeInclusive<usize> = 1..=1_000;

    /// Of connections to a server.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        allow(dead_code, reason = "only servers have connections")
    )]
    pub(crate) fn on_a_server(self) -> usize {
        self.0.unwrap_or(10)
    }

    /// Of connections to a file that read.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "only SQLite has a file"))]
    pub(crate) fn on_a_file(self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        self.0.unwrap_or_else(|| cores().max(2))
    }
}

impl From<usize> for PoolSize {
    /// So many; the next that is possible, if it is not.
    fn from(size: usize) -> Self {
        Self(Some(size.clamp(*Self::LIMITS.start(), *Self::LIMITS.end())))
    }
}

impl Setting for PoolSize {
    const EXPECTS: &'static str = "a whole number from 1 to 1000";

    fn read(raw: &Raw) -> Option<Self> {
        usize::read(raw).filter(|size| Self::LIMITS.contains(size)).map(Self::from)
    }

    fn show(&self) -> Option<Raw> {
        self.0.as_ref().and_then(Setting::show)
    }
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
    fn the_size_of_a_pool_fits_the_database() {
        let unset = DatabaseConfig::default().pool_size;
        assert_eq!((unset.on_a_server(), unset.on_a_file() >= 2), (10, true));
        for (size, is) in [(0, 1), (1, 1), (1_000, 1_000), (1_001, 1_000)] {
            let size = PoolSize::from(size);
            assert_eq!((size.on_a_server(), size.on_a_file()), (is, is));
        }
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
