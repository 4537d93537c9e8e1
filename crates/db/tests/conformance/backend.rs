//! The backends, the schemas of the cases, and how a case is run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use zzz_core::{Param, Params};
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Schema, storage};

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "posts", timestamps)]
pub(crate) struct Post {
    pub(crate) id: i64,
    pub(crate) title: String,
    #[schema(source = "href")]
    pub(crate) url: Option<String>,
    pub(crate) body: String,
    pub(crate) views: i64,
    #[schema(virtual)]
    pub(crate) preview: bool,
    #[schema(redact)]
    pub(crate) token: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) inserted_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "comments")]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) post_id: i64,
    pub(crate) tag_name: Option<String>,
    pub(crate) body: String,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "tags")]
pub(crate) struct Tag {
    #[schema(primary_key)]
    pub(crate) name: String,
    pub(crate) weight: i64,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "things")]
pub(crate) struct Thing {
    pub(crate) id: i64,
    pub(crate) small: Option<i16>,
    pub(crate) medium: Option<i32>,
    pub(crate) big: Option<i64>,
    pub(crate) byte: Option<u8>,
    pub(crate) word: Option<u16>,
    pub(crate) long: Option<u32>,
    pub(crate) float: Option<f32>,
    pub(crate) double: Option<f64>,
    pub(crate) flag: Option<bool>,
    pub(crate) text: Option<String>,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) moment: Option<DateTime<Utc>>,
    pub(crate) naive: Option<NaiveDateTime>,
    pub(crate) day: Option<NaiveDate>,
    pub(crate) clock: Option<NaiveTime>,
}

/// A database of its own for each case.
pub(crate) struct Db {
    pub(crate) repo: Repo,
    pub(crate) url: DatabaseUrl,
    pub(crate) folder: Folder,
}

/// A folder that is deleted in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("zzz-db-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn config() -> DatabaseConfig {
    DatabaseConfig { pool_size: 2, ..DatabaseConfig::default() }
}

impl Db {
    pub(crate) async fn open(config: &DatabaseConfig) -> Self {
        let folder = Folder::new();
        let url = DatabaseUrl::sqlite(folder.path().join("test.db"));
        assert!(storage::create(&url).await.unwrap());
        let repo = Repo::connect(&url, config).await.unwrap();
        for statement in include_str!("schema/sqlite.sql").split(';').filter(|sql| !sql.trim().is_empty()) {
            repo.execute(statement, []).await.unwrap();
        }
        Self { repo, url, folder }
    }

    /// A second pool on the same database, as another process has.
    pub(crate) async fn another(&self) -> Repo {
        Repo::connect(&self.url, &config()).await.unwrap()
    }

    pub(crate) async fn post(&self, title: &str) -> Post {
        self.repo.insert(Post { title: title.into(), ..Post::default() }).await.unwrap()
    }

    pub(crate) async fn titles(&self) -> Vec<String> {
        Post::query().order_by(Post::id.asc()).select(Post::title).all(&self.repo).await.unwrap()
    }
}

/// Cases by name that a backend can not pass, each with its reason. SQLite passes all.
const EXCLUDED: &[(&str, &str, &str)] = &[];

/// Runs a case on every backend.
pub(crate) fn run(name: &str, case: impl AsyncFn(&Db)) {
    run_with(name, &config(), case);
}

/// Runs a case on every backend with a configuration of its own.
pub(crate) fn run_with(name: &str, config: &DatabaseConfig, case: impl AsyncFn(&Db)) {
    if EXCLUDED.iter().any(|(backend, case, _)| *backend == "sqlite" && *case == name) {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let db = Db::open(config).await;
        // A case that hangs shall fail with its name.
        tokio::time::timeout(Duration::from_secs(60), case(&db)).await.expect(name);
        db.repo.close().await;
    });
}

/// Declares cases: `case! { fn reads_as_a_sentence(db) { ... } }`.
#[macro_export]
macro_rules! case {
    ($($(#[doc = $doc:literal])* fn $name:ident($db:ident $(, $config:expr)?) $body:block)*) => {$(
        $(#[doc = $doc])*
        #[test]
        fn $name() {
            $crate::case!(@run $name, $db, $body $(, $config)?);
        }
    )*};
    (@run $name:ident, $db:ident, $body:block) => {
        $crate::backend::run(stringify!($name), async |$db: &$crate::backend::Db| $body)
    };
    (@run $name:ident, $db:ident, $body:block, $config:expr) => {
        $crate::backend::run_with(stringify!($name), &$config, async |$db: &$crate::backend::Db| $body)
    };
}

pub(crate) fn params(pairs: &[(&str, &str)]) -> Params {
    let mut params = Params::new();
    for (name, value) in pairs {
        params.insert(name, Param::Text((*value).into()));
    }
    params
}
