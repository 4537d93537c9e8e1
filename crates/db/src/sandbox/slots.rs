//! The databases of sandboxes on a server: `shop_test_sandbox_1`, `_2` and so on, of which each serves one test at a time.
//!
//! A process that uses one has its lock, which a session of the server holds: when the process dies, however it does,
//! the lock is free, and the server has rolled back what was open. What a sandbox did is rolled back, so the database
//! is as it was and serves the next test, or the next run. One that is not (a procedure committed) is dropped.
//!
//! An unboxed sandbox has a database with a name of its own, `shop_test_sandbox_x4711_1`. If its process dies before it
//! is dropped, the next one that starts a sandbox there finds its lock free, and drops it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::boxed::Inner;
use super::numbers::Numbers;
use super::{End, GRACE, Ground, background};
#[cfg(feature = "mysql")]
use crate::dialect::mysql;
#[cfg(feature = "postgres")]
use crate::dialect::postgres;
use crate::driver::{End as How, Transaction};
use crate::migrate::{Migrations, Migrator, State};
use crate::repo::TransactionOptions;
use crate::url::Target;
use crate::{DatabaseConfig, DatabaseUrl, Error, ErrorKind, Repo, Result, storage};

/// How many databases there are at most; a server has about a hundred connections.
const MOST: u32 = 64;
/// How long to wait for one of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look whether another process has let go of one.
const LOOK: Duration = Duration::from_millis(100);
/// How often a database is tried to be dropped, with [`LOOK`] in between: the server may be about to close a connection.
const DROPS: u32 = 30;
/// The longest name that PostgreSQL keeps whole; MySQL has one more.
const LONGEST: usize = 63;

/// A server, and a name that its sandboxes begin with.
struct Server {
    base: DatabaseUrl,
    prefix: String,
    sql: &'static Sql,
    /// One session, which has the locks.
    keeper: Repo,
    state: Mutex<Known>,
    freed: Notify,
}

#[derive(Default)]
struct Known {
    /// Databases whose lock this process has.
    held: BTreeSet<String>,
    /// Those of them that no test uses, by what their migrations do.
    free: HashMap<u64, Vec<Slot>>,
}

/// A database that is ready for a test.
struct Slot {
    name: String,
    url: DatabaseUrl,
    fingerprint: u64,
    /// One connection.
    repo: Repo,
    numbers: Numbers,
}

/// What is said otherwise on each server.
struct Sql {
    maintenance: &'static str,
    try_lock: &'static str,
    unlock: &'static str,
    databases: &'static str,
}

#[cfg(feature = "postgres")]
const POSTGRES: Sql = Sql {
    maintenance: "postgres",
    try_lock: postgres::TRY_LOCK,
    unlock: postgres::UNLOCK,
    databases: postgres::DATABASES,
};

#[cfg(feature = "mysql")]
const MYSQL: Sql = Sql {
    maintenance: mysql::MAINTENANCE,
    try_lock: mysql::TRY_LOCK,
    unlock: mysql::UNLOCK,
    databases: mysql::DATABASES,
};

/// The servers that this process has sandboxes on, by the URL that they are named after.
static SERVERS: LazyLock<AsyncMutex<HashMap<String, Arc<Server>>>> = LazyLock::new(AsyncMutex::default);

/// A transaction in a database that nobody else uses.
pub(super) async fn lease(
    url: DatabaseUrl,
    fingerprint: u64,
    migrations: Migrations,
    options: TransactionOptions,
) -> Result<Ground> {
    background::run(move || async move {
        let server = Server::of(&url).await?;
        let slot = server.slot(fingerprint, &migrations).await?;
        let transaction = match slot.begin(options).await {
            Ok(transaction) => transaction,
            Err(error) => {
                server.discard(slot).await;
                return Err(error);
            }
        };
        Ok(Ground {
            url: slot.url.clone(),
            inner: Inner::Transaction(slot.repo.dialect(), Arc::clone(&transaction)),
            end: End::new(server.take_back(slot, transaction), false),
        })
    })
    .await
}

/// A database of a test's own.
pub(super) async fn fresh(
    url: DatabaseUrl,
    migrations: Migrations,
    config: DatabaseConfig,
) -> Result<Ground> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    background::run(move || async move {
        let server = Server::of(&url).await?;
        let name =
            format!("{}x{}_{}", server.prefix, std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = server.url(&name)?;
        if !server.hold(&name).await? {
            let text = format!("another process has the database `{name}`, which is named after this one");
            return Err(Error::new(ErrorKind::Busy, text));
        }
        let end = {
            let (server, url) = (Arc::clone(&server), url.clone());
            // Whatever becomes of the rest.
            End::new(async move { server.throw_away(&name, &url).await }, true)
        };
        let repo = migrated(&url, &migrations, &config).await?;
        let inner = Inner::Database(Arc::clone(repo.driver()));
        let mut end = end;
        let then = end.undo.take();
        let end = End::new(
            async move {
                let _ = tokio::time::timeout(GRACE, repo.close()).await;
                if let Some(then) = then {
                    then.await;
                }
            },
            true,
        );
        Ok(Ground { url, inner, end })
    })
    .await
}

/// Drops every database that nobody uses.
pub(super) async fn drop_databases(url: &DatabaseUrl) -> Result<Vec<String>> {
    let url = url.clone();
    background::run(move || async move {
        background::all_ended(GRACE * 3).await;
        let server = Server::of(&url).await?;
        let free: Vec<Slot> = server.lock().free.drain().flat_map(|(_, slots)| slots).collect();
        let mut dropped: Vec<String> = Vec::new();
        for slot in free {
            dropped.push(slot.name.clone());
            server.discard(slot).await;
        }
        dropped.extend(server.sweep("").await?);
        let mut servers = SERVERS.lock().await;
        if server.lock().held.is_empty() {
            servers.remove(&url.to_string());
            server.keeper.close().await;
        }
        Ok(dropped)
    })
    .await
}

/// A database that has these migrations and no others.
async fn migrated(url: &DatabaseUrl, migrations: &Migrations, config: &DatabaseConfig) -> Result<Repo> {
    storage::create(url).await?;
    let mut repo = Repo::connect(url, config).await?;
    let status = Migrator::new(&repo, migrations).status().await?;
    let is_other = status.iter().any(|status| !matches!(status.state, State::Up(_) | State::Down));
    if is_other {
        tracing::info!(%url, "a database of sandboxes has other migrations, and is made anew");
        repo.close().await;
        drop_database(url).await?;
        storage::create(url).await?;
        repo = Repo::connect(url, config).await?;
    }
    Migrator::new(&repo, migrations).migrate().await?;
    Ok(repo)
}

async fn drop_database(url: &DatabaseUrl) -> Result<bool> {
    let mut tries = 1;
    loop {
        match storage::drop(url).await {
            Err(_) if tries < DROPS => tokio::time::sleep(LOOK).await,
            outcome => return outcome,
        }
        tries += 1;
    }
}

impl Slot {
    /// Begins what a sandbox is.
    async fn begin(&self, options: TransactionOptions) -> Result<Arc<dyn Transaction>> {
        let transaction: Arc<dyn Transaction> = self.repo.driver().begin(options).await?.into();
        self.numbers.set_back_within(&*transaction).await?;
        Ok(transaction)
    }
}

impl Server {
    /// The one that a URL names.
    async fn of(url: &DatabaseUrl) -> Result<Arc<Self>> {
        let mut servers = SERVERS.lock().await;
        let name = url.to_string();
        if let Some(server) = servers.get(&name) {
            return Ok(Arc::clone(server));
        }
        let (database, sql): (&str, &'static Sql) = match &url.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => return Err(Error::new(ErrorKind::Url, "a file is on no server")),
            #[cfg(feature = "postgres")]
            Target::Postgres(options) => (options.database(), &POSTGRES),
            #[cfg(feature = "mysql")]
            Target::Mysql(options) => (options.database(), &MYSQL),
        };
        let config = DatabaseConfig {
            pool_size: 1.into(),
            acquire_timeout: PATIENCE / 4,
            ..DatabaseConfig::default()
        };
        let keeper = Repo::connect(&url.with_database(sql.maintenance), &config).await?;
        let server = Arc::new(Self {
            base: url.clone(),
            prefix: format!("{database}_sandbox_"),
            sql,
            keeper,
            state: Mutex::default(),
            freed: Notify::new(),
        });
        // What dead processes have left.
        let swept = server.sweep("x").await?;
        if !swept.is_empty() {
            tracing::info!(?swept, "dropped databases of sandboxes that dead processes left");
        }
        servers.insert(name, Arc::clone(&server));
        Ok(server)
    }

    /// The state is whole after every line that changes it.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, name: &str) -> Result<DatabaseUrl> {
        if name.len() <= LONGEST {
            return Ok(self.base.with_database(name));
        }
        let text = format!(
            "a sandbox's database would be called `{name}`, and no name may be longer than {LONGEST} bytes; choose a \
             shorter name for the test's database"
        );
        Err(Error::new(ErrorKind::Url, text))
    }

    /// Takes the lock of a database, unless this process or another one has it.
    async fn hold(&self, name: &str) -> Result<bool> {
        // The server gives a session the same lock as often as it asks.
        if !self.lock().held.insert(name.to_owned()) {
            return Ok(false);
        }
        let taken =
            self.keeper.sql::<(Option<i64>,)>(self.sql.try_lock, crate::params![name.to_owned()]).await;
        if !matches!(taken.as_deref(), Ok([(Some(1),)])) {
            self.lock().held.remove(name);
        }
        Ok(taken?.first() == Some(&(Some(1),)))
    }

    async fn let_go(&self, name: &str) {
        let unlock =
            self.keeper.sql::<(Option<i64>,)>(self.sql.unlock, crate::params![name.to_owned()]).await;
        if let Err(error) = unlock {
            tracing::warn!(target: "zzz_db::sandbox", %error, name, "a sandbox's lock could not be given back");
        }
        self.lock().held.remove(name);
        self.freed.notify_waiters();
    }

    /// A database that no test uses.
    async fn slot(&self, fingerprint: u64, migrations: &Migrations) -> Result<Slot> {
        let asked = Instant::now();
        loop {
            let freed = self.freed.notified();
            if let Some(slot) = self.lock().free.get_mut(&fingerprint).and_then(Vec::pop) {
                return Ok(slot);
            }
            // To wait for one that is about to be free takes less than to make another.
            if background::any_ends() && asked.elapsed() < LOOK * 3 {
                let _ = tokio::time::timeout(LOOK, freed).await;
                continue;
            }
            for number in 1..=MOST {
                let name = format!("{}{number}", self.prefix);
                let url = self.url(&name)?;
                if !self.hold(&name).await? {
                    continue;
                }
                match self.prepare(&name, url, fingerprint, migrations).await {
                    Ok(slot) => return Ok(slot),
                    Err(error) => {
                        self.let_go(&name).await;
                        return Err(error);
                    }
                }
            }
            if asked.elapsed() >= PATIENCE {
                return Err(Error::new(
                    ErrorKind::AcquireTimeout,
                    format!(
                        "all {MOST} databases of sandboxes (`{}1` and so on) have been in use for {PATIENCE:?}; does a \
                         test keep many sandboxes, or does another run of the tests hang?",
                        self.prefix
                    ),
                ));
            }
            let _ = tokio::time::timeout(LOOK, freed).await;
        }
    }

    async fn prepare(
        &self,
        name: &str,
        url: DatabaseUrl,
        fingerprint: u64,
        migrations: &Migrations,
    ) -> Result<Slot> {
        let config = DatabaseConfig {
            pool_size: 1.into(),
            acquire_timeout: PATIENCE / 4,
            ..DatabaseConfig::default()
        };
        let repo = migrated(&url, migrations, &config).await?;
        let numbers = Numbers::of(&repo).await?;
        Ok(Slot { name: name.to_owned(), url, fingerprint, repo, numbers })
    }

    /// Rolls back, and keeps the database for the next test.
    async fn take_back(self: Arc<Self>, slot: Slot, transaction: Arc<dyn Transaction>) {
        let whole = tokio::time::timeout(GRACE, transaction.is_whole()).await.unwrap_or(false);
        if tokio::time::timeout(GRACE, transaction.end(How::Rollback)).await.is_err() {
            transaction.abandon();
        }
        let whole = whole && slot.numbers.set_back(&slot.repo).await.is_ok();
        if !whole {
            tracing::warn!(
                target: "zzz_db::sandbox",
                database = slot.name,
                "a sandbox could not be rolled back as a whole, and its database is dropped: a statement of it was \
                 stopped, or something committed by itself"
            );
            self.discard(slot).await;
            return;
        }
        self.lock().free.entry(slot.fingerprint).or_default().push(slot);
        self.freed.notify_waiters();
    }

    /// Drops a database that is not as it was.
    async fn discard(&self, slot: Slot) {
        let _ = tokio::time::timeout(GRACE, slot.repo.close()).await;
        self.throw_away(&slot.name, &slot.url).await;
    }

    async fn throw_away(&self, name: &str, url: &DatabaseUrl) {
        if let Err(error) = drop_database(url).await {
            tracing::warn!(target: "zzz_db::sandbox", %error, name, "a sandbox's database could not be dropped");
        }
        self.let_go(name).await;
    }

    /// Drops the databases whose names go on like this, and whose lock nobody has.
    async fn sweep(&self, rest: &str) -> Result<Vec<String>> {
        let begin = format!("{}{rest}", self.prefix);
        let mut swept = Vec::new();
        for (name,) in self.keeper.sql::<(String,)>(self.sql.databases, []).await? {
            if name.starts_with(&begin) && self.hold(&name).await? {
                let dropped = drop_database(&self.base.with_database(&name)).await;
                self.let_go(&name).await;
                if dropped? {
                    swept.push(name);
                }
            }
        }
        Ok(swept)
    }
}
