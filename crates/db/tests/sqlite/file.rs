//! A database file of each test's own, and writes that wait together.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use zzz_db::{DatabaseConfig, DatabaseUrl, Error, Repo, Result, Schema, storage};

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "entries")]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) number: i64,
}

const TABLES: [&str; 4] = [
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, number BIGINT NOT NULL UNIQUE)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)",
    "CREATE TRIGGER rollback BEFORE INSERT ON notes WHEN NEW.body = 'rollback' \
     BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END",
    "CREATE TRIGGER fail AFTER INSERT ON notes WHEN NEW.body = 'fail' BEGIN SELECT RAISE(FAIL, 'kept'); END",
];

pub(crate) struct Db {
    pub(crate) repo: Repo,
    pub(crate) file: PathBuf,
}

pub(crate) fn config() -> DatabaseConfig {
    DatabaseConfig { pool_size: 2.into(), ..DatabaseConfig::default() }
}

/// Runs a test with a file of its own.
pub(crate) fn with_file(case: impl AsyncFnOnce(&Db)) {
    with_config(&config(), case);
}

pub(crate) fn with_config(config: &DatabaseConfig, case: impl AsyncFnOnce(&Db)) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("zzz-db-sqlite-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let file = folder.join("test.db");
        let repo = open(&file, config).await;
        for table in TABLES {
            repo.execute(table, []).await.unwrap();
        }
        let db = Db { repo, file };
        let case = tokio::time::timeout(Duration::from_secs(60), case(&db));
        case.await.expect("the case does not hang");
        db.repo.close().await;
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// Opens a file, which is made if it is missing.
pub(crate) async fn open(file: &Path, config: &DatabaseConfig) -> Repo {
    let url = DatabaseUrl::sqlite(file);
    storage::create(&url).await.unwrap();
    Repo::connect(&url, config).await.unwrap()
}

pub(crate) type Queued<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

impl Db {
    /// Begins a write and does not wait for it.
    pub(crate) fn queue<T>(&self, write: impl AsyncFnOnceOn<T>) -> Queued<T> {
        let mut write = write.on(self.repo.clone());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut cx).is_pending(), "the writer is busy");
        write
    }

    /// Keeps the writer busy until all writes are queued; what they come to.
    pub(crate) async fn together<T>(&self, writes: impl FnOnce() -> Vec<Queued<T>>) -> Vec<Result<T>> {
        let mut queued = Vec::new();
        self.repo
            .transaction(async |_| {
                queued = writes();
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        let mut outcomes = Vec::new();
        for write in queued {
            outcomes.push(write.await);
        }
        outcomes
    }

    pub(crate) fn insert(&self, number: i64) -> Queued<Entry> {
        self.queue(move |repo: Repo| async move { repo.insert(Entry { number, ..Entry::default() }).await })
    }

    pub(crate) fn execute(&self, sql: &'static str) -> Queued<u64> {
        self.queue(move |repo: Repo| async move { repo.execute(sql, []).await })
    }

    pub(crate) async fn numbers(&self) -> Vec<i64> {
        Entry::query().order_by(Entry::id.asc()).select(Entry::number).all(&self.repo).await.unwrap()
    }

    pub(crate) async fn bodies(&self) -> Vec<String> {
        self.repo.sql("SELECT body FROM notes ORDER BY id", []).await.unwrap()
    }

    /// How many transactions have written, as the write-ahead log tells: the last page that a transaction wrote
    /// says how long the file then is, the others say nothing.
    pub(crate) fn commits(&self) -> usize {
        let log = std::fs::read(self.file.with_extension("db-wal")).unwrap();
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
        let (head, frames) = log.split_at(32);
        let page = number(&head[8..]) as usize;
        // What an older log left behind has other salts.
        let current = |frame: &&[u8]| frame[8..16] == head[16..24];
        frames.chunks_exact(24 + page).filter(current).filter(|frame| number(&frame[4..]) > 0).count()
    }
}

/// What makes a future of a repo.
pub(crate) trait AsyncFnOnceOn<T> {
    fn on(self, repo: Repo) -> Queued<T>;
}

impl<T, F: FnOnce(Repo) -> W, W: Future<Output = Result<T>> + Send + 'static> AsyncFnOnceOn<T> for F {
    fn on(self, repo: Repo) -> Queued<T> {
        Box::pin(self(repo))
    }
}
