//! [`Sandbox`]: a database of a test's own, for tests that run side by side.
//!
//! The model is Ecto's `SQL.Sandbox`; what Ecto does with processes that own a connection is done with handles here:
//! who holds the sandbox's [`Repo`], or a clone of it, is in the sandbox, in whichever task.
//!
//! How a test is kept apart is what works best on each database:
//!
//! | | what a sandbox is | why |
//! |---|---|---|
//! | SQLite | a file of its own, a copy of one that was migrated once | a copy takes a tenth of the time of migrating, and nothing is different from the real thing |
//! | PostgreSQL, MySQL, MariaDB | a transaction that is rolled back, in a database that no other test uses at that time | beginning and rolling back costs as much as a query; two tests that share a database would wait for each other's unique keys, and on MySQL for the gaps between them, until they wait in a circle |
//!
//! | module | holds |
//! |---|---|
//! | `boxed` | the driver of a sandbox's repo |
//! | `life` | whether a sandbox has ended, and why |
//! | `background` | the thread that looks after what outlives a test |
//! | `slots` | the databases on a server |
//! | `numbers` | what numbers their rows, and begins anew for each test |
//! | `files` | the files of SQLite |

mod background;
mod boxed;
#[cfg(feature = "sqlite")]
mod files;
mod life;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod numbers;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod slots;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::driver::{BoxFuture, Driver};
use crate::migrate::{Database, Migrations};
use crate::repo::{Isolation, TransactionOptions};
use crate::url::Target;
use crate::{DatabaseConfig, DatabaseUrl, Repo, Result};
use boxed::Boxed;
use life::{Ended, Life};

/// How long what nobody waits for any more may hold up the end of a sandbox.
const GRACE: Duration = Duration::from_secs(2);

/// A database of a test's own: what the test writes, no other test sees, and nothing of it is left in the end.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String }
/// # use zzz_db::migrate::Migrations;
/// # fn url() -> zzz_db::DatabaseUrl { zzz_db::DatabaseUrl::sqlite("data/test.db") }
/// # fn migrations() -> Migrations {
/// #     Migrations::new([("1_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")]).unwrap()
/// # }
/// use zzz_db::sandbox::Sandbox;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let sandbox = Sandbox::start(&url(), &migrations()).await?;
/// let repo = sandbox.repo();
///
/// // Any task that has the handle is in the sandbox.
/// let inserting = repo.clone();
/// let post = tokio::spawn(async move { inserting.insert(Post { id: 0, title: "Hello".into() }).await }).await.unwrap()?;
/// assert_eq!(repo.get::<Post>(post.id).await?.unwrap().title, "Hello");
///
/// // Another test's sandbox is empty.
/// let other = Sandbox::start(&url(), &migrations()).await?;
/// assert_eq!(Post::query().count(&other.repo()).await?, 0);
/// # Ok::<(), zzz_db::Error>(())
/// # }).unwrap();
/// ```
///
/// It ends when it is dropped, also by a test that panics; keep it for as long as the test runs. A handle that is left
/// in some task then fails, with words that say so.
///
/// The guide on testing tells what is different in a sandbox on each database.
pub struct Sandbox {
    repo: Repo,
    url: DatabaseUrl,
    life: Arc<Life>,
}

impl Sandbox {
    /// Starts a sandbox for a test, with the tables that these migrations make.
    ///
    /// The URL names a server and a database on it, of which the sandboxes' names are made: `shop_test` has
    /// `shop_test_sandbox_1` and so on, of which each is created and migrated when it is first needed, and kept for the
    /// next run of the tests; it is made anew when the migrations have changed. The database of the URL itself is
    /// never touched. Of SQLite it only matters that it is SQLite: the files are in the system's temporary folder.
    ///
    /// # Errors
    /// If the database can not be made or migrated, or 64 sandboxes are in use and none ends within a minute.
    pub async fn start(url: &DatabaseUrl, migrations: &Migrations) -> Result<Self> {
        SandboxOptions::new().start(url, migrations).await
    }

    /// The handle of the sandbox. Give clones of it to whatever shall be in the sandbox.
    #[must_use]
    pub fn repo(&self) -> Repo {
        self.repo.clone()
    }

    /// The database that the sandbox is in. Whoever connects to it on a way of their own does not see what the test
    /// writes, unless it is [`unboxed`](SandboxOptions::unboxed), or on SQLite.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Ends the sandbox, and waits until everything of it is undone. Dropping it does the same without waiting.
    pub async fn end(self) {
        self.life.end(Ended::Test).await;
    }

    /// Drops the databases of sandboxes that nobody uses now, those of dead processes included; returns their names. The
    /// next run of the tests makes them again. Nobody may be starting a sandbox there meanwhile.
    ///
    /// # Errors
    /// If the server can not be reached, or a database can not be dropped.
    pub async fn drop_databases(url: &DatabaseUrl) -> Result<Vec<String>> {
        match &url.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => Ok(files::sweep()),
            #[cfg(feature = "postgres")]
            Target::Postgres(_) => slots::drop_databases(url).await,
            #[cfg(feature = "mysql")]
            Target::Mysql(_) => slots::drop_databases(url).await,
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Target::None(never) => match *never {},
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.life.end_in_background(Ended::Test);
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

/// How a sandbox is: [`Sandbox::start`] takes the defaults.
///
/// ```no_run
/// # async fn with(url: &zzz_db::DatabaseUrl, migrations: &zzz_db::migrate::Migrations) -> zzz_db::Result<()> {
/// use zzz_db::sandbox::SandboxOptions;
///
/// let sandbox = SandboxOptions::new().unboxed().start(url, migrations).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    config: DatabaseConfig,
    transaction: TransactionOptions,
    ownership_timeout: Duration,
    unboxed: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SandboxOptions {
    /// Two readers on SQLite, the timeouts of [`DatabaseConfig`], and two minutes for a test.
    #[must_use]
    pub fn new() -> Self {
        Self {
            config: DatabaseConfig { pool_size: 2.into(), ..DatabaseConfig::default() },
            transaction: TransactionOptions::new(),
            ownership_timeout: Duration::from_secs(120),
            unboxed: false,
        }
    }

    /// Takes the timeouts and the size of the pool from a configuration; its URL is not looked at.
    #[must_use]
    pub fn config(mut self, config: &DatabaseConfig) -> Self {
        self.config = config.clone();
        self
    }

    /// The isolation of the transaction that a sandbox is, on a server. Transactions within it may ask for any, and have
    /// this one: the database's own, if nothing is said.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.transaction = isolation.into();
        self
    }

    /// How long the test may take; afterwards the sandbox ends, and whoever uses it is told so. The default is two
    /// minutes.
    #[must_use]
    pub fn ownership_timeout(mut self, timeout: Duration) -> Self {
        self.ownership_timeout = timeout;
        self
    }

    /// A whole database in place of a transaction: it is made for this test and dropped afterwards, which takes some
    /// hundred milliseconds on a server. For a test of what a transaction can not hold: several connections at once,
    /// LISTEN and NOTIFY, DDL on MySQL. On SQLite every sandbox is like that.
    #[must_use]
    pub fn unboxed(mut self) -> Self {
        self.unboxed = true;
        self
    }

    /// Starts the sandbox; see [`Sandbox::start`].
    ///
    /// # Errors
    /// As [`Sandbox::start`].
    pub async fn start(self, url: &DatabaseUrl, migrations: &Migrations) -> Result<Sandbox> {
        let config = self.config.clone();
        let timeout = self.ownership_timeout;
        let ground = self.ground(url, migrations).await?;
        let life = Life::new(ground.end, timeout)?;
        let driver: Arc<dyn Driver> = Arc::new(Boxed::new(Arc::clone(&life), ground.inner, &config));
        Ok(Sandbox { repo: Repo::over(driver, &config), url: ground.url, life })
    }

    async fn ground(self, url: &DatabaseUrl, migrations: &Migrations) -> Result<Ground> {
        match &url.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => {
                let fingerprint = migrations.fingerprint(Database::Sqlite)?;
                files::copy(fingerprint, migrations, &self.config).await
            }
            #[cfg(feature = "postgres")]
            Target::Postgres(_) => {
                let fingerprint = migrations.fingerprint(Database::Postgres)?;
                self.on_server(url, fingerprint, migrations).await
            }
            #[cfg(feature = "mysql")]
            Target::Mysql(_) => {
                let fingerprint = migrations.fingerprint(Database::Mysql)?;
                self.on_server(url, fingerprint, migrations).await
            }
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Target::None(never) => match *never {},
        }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn on_server(self, url: &DatabaseUrl, fingerprint: u64, migrations: &Migrations) -> Result<Ground> {
        if self.unboxed {
            slots::fresh(url.clone(), migrations.clone(), self.config).await
        } else {
            slots::lease(url.clone(), fingerprint, migrations.clone(), self.transaction).await
        }
    }
}

/// What a sandbox stands on.
pub(crate) struct Ground {
    url: DatabaseUrl,
    inner: boxed::Inner,
    end: End,
}

/// Undoes what was done on it, at the latest when it is dropped.
struct End {
    undo: Option<BoxFuture<'static, ()>>,
    /// Whether something would be left behind if the process ended before that is done.
    must_be_waited_for: bool,
}

impl End {
    fn new(undo: impl Future<Output = ()> + Send + 'static, must_be_waited_for: bool) -> Self {
        Self { undo: Some(Box::pin(undo)), must_be_waited_for }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(undo) = self.undo.take() {
            let _ = background::end(undo);
        }
    }
}
