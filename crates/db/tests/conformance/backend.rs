//! The backends, the schemas of the cases, and how a case is run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use zzz_core::{Param, Params};
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Schema, storage};

use crate::excluded::EXCLUDED;

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

/// A database that the cases run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    Mysql,
}

impl Backend {
    pub(crate) fn schema(self) -> &'static str {
        match self {
            Self::Sqlite => include_str!("schema/sqlite.sql"),
            Self::Postgres => include_str!("schema/postgres.sql"),
            Self::Mysql => include_str!("schema/mysql.sql"),
        }
    }

    /// The URL of a database that does not exist yet; `None` if there is no server.
    pub(crate) fn fresh_url(self, folder: &Folder) -> Option<String> {
        match self {
            Self::Sqlite => Some(format!("sqlite://{}", folder.path().join("test.db").display())),
            Self::Postgres | Self::Mysql => {
                let server = self.server()?;
                let (address, options) = server.split_once('?').unwrap_or((server, ""));
                let (server, _) = address.rsplit_once('/')?;
                let name = format!("zzz_test_{}_{}", std::process::id(), next());
                Some(format!("{server}/{name}?{options}"))
            }
        }
    }

    /// The server: the one that a variable names, or the one on this machine. `cargo xtask test` starts one where
    /// there is none.
    fn server(self) -> Option<&'static str> {
        static POSTGRES: OnceLock<Option<String>> = OnceLock::new();
        static MYSQL: OnceLock<Option<String>> = OnceLock::new();
        let (server, variable, port, local) = match self {
            Self::Sqlite => return None,
            Self::Postgres => {
                (&POSTGRES, "ZZZ_TEST_POSTGRES_URL", 5432, "postgres://postgres@127.0.0.1:5432/postgres")
            }
            Self::Mysql => (&MYSQL, "ZZZ_TEST_MYSQL_URL", 3306, "mysql://root@127.0.0.1:3306/mysql"),
        };
        let find = || {
            if let Ok(url) = std::env::var(variable) {
                return Some(url);
            }
            let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
            if std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok() {
                return Some(local.to_owned());
            }
            assert!(std::env::var("CI").is_err(), "no server for {self:?}; set {variable}");
            eprintln!("SKIPPED: no server for {self:?}; `cargo xtask test` starts one, or set {variable}");
            None
        };
        server.get_or_init(find).as_deref()
    }
}

/// A database of its own for each case.
pub(crate) struct Db {
    pub(crate) repo: Repo,
    pub(crate) url: DatabaseUrl,
    pub(crate) text: String,
    pub(crate) folder: Folder,
    pub(crate) backend: Backend,
    #[cfg(feature = "sandbox")]
    pub(crate) has_sandboxes: std::cell::Cell<bool>,
}

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A folder that is deleted in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("zzz-db-{}-{}", std::process::id(), next()));
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

/// A server that creates databases for other tests at the same time may take seconds to answer a new connection.
pub(crate) fn config() -> DatabaseConfig {
    let acquire_timeout = Duration::from_secs(20);
    DatabaseConfig { pool_size: 2.into(), acquire_timeout, ..DatabaseConfig::default() }
}

impl Db {
    /// A new database with the tables of the cases; `None` if there is no server.
    pub(crate) async fn open(backend: Backend, config: &DatabaseConfig) -> Option<Self> {
        let folder = Folder::new();
        let text = backend.fresh_url(&folder)?;
        let url = DatabaseUrl::parse(&text, Path::new("/")).unwrap();
        assert!(storage::create(&url).await.unwrap());
        let repo = Repo::connect(&url, config).await.unwrap();
        for statement in backend.schema().split(';').filter(|sql| !sql.trim().is_empty()) {
            repo.with_query_timeout(None).execute(statement, []).await.unwrap();
        }
        Some(Self {
            repo,
            url,
            text,
            folder,
            backend,
            #[cfg(feature = "sandbox")]
            has_sandboxes: std::cell::Cell::default(),
        })
    }

    /// Drops the database, whoever is connected to it, and those of its sandboxes.
    async fn drop(self) {
        self.repo.close().await;
        #[cfg(feature = "sandbox")]
        if self.has_sandboxes.get() && self.backend != Backend::Sqlite {
            zzz_db::sandbox::Sandbox::drop_databases(&self.url).await.unwrap();
        }
        if let Some(server) = self.backend.server() {
            let name = self.name();
            let url = DatabaseUrl::parse(server, Path::new("/")).unwrap();
            let repo = Repo::connect(&url, &config()).await.unwrap();
            let force = if self.backend == Backend::Postgres { " WITH (FORCE)" } else { "" };
            let repo = repo.with_query_timeout(None);
            repo.execute(&format!("DROP DATABASE IF EXISTS {name}{force}"), []).await.unwrap();
            repo.close().await;
        }
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        let address = self.text.split('?').next().unwrap_or_default();
        address.rsplit('/').next().unwrap_or_default()
    }

    /// Where tables are, as a prefix names it.
    pub(crate) fn place(&self) -> &str {
        match self.backend {
            Backend::Sqlite => "main",
            Backend::Postgres => "public",
            Backend::Mysql => self.name(),
        }
    }

    /// A second pool on the same database, as another process has.
    pub(crate) async fn another(&self) -> Repo {
        Repo::connect(&self.url, &config()).await.unwrap()
    }

    /// The same database with other options in its URL.
    pub(crate) async fn with_options(&self, options: &str, config: &DatabaseConfig) -> Repo {
        // There is a question mark in the URL of every database on a server.
        let url = DatabaseUrl::parse(&format!("{}&{options}", self.text), Path::new("/")).unwrap();
        Repo::connect(&url, config).await.unwrap()
    }

    /// Raw SQL with the placeholders of this database in place of question marks.
    pub(crate) fn sql(&self, text: &str) -> String {
        if self.backend != Backend::Postgres {
            return text.to_owned();
        }
        let mut parts = text.split('?');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.enumerate().fold(first, |sql, (at, part)| format!("{sql}${}{part}", at + 1))
    }

    /// The type of a key that the database numbers.
    pub(crate) fn numbered(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite => "INTEGER PRIMARY KEY",
            Backend::Postgres => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            Backend::Mysql => "BIGINT AUTO_INCREMENT PRIMARY KEY",
        }
    }

    /// A read that would take minutes.
    pub(crate) fn endless(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite | Backend::Postgres => {
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"
            }
            // MariaDB ends a recursion by itself, after a thousand steps.
            Backend::Mysql => {
                "SELECT count(*) FROM information_schema.collations a, information_schema.collations b, \
                 information_schema.collations c, information_schema.collations d WHERE a.id + b.id + c.id + d.id < 0"
            }
        }
    }

    /// A write that would take minutes.
    pub(crate) fn endless_write(&self) -> String {
        format!("INSERT INTO things (big) {}", self.endless())
    }

    pub(crate) async fn post(&self, title: &str) -> Post {
        self.repo.insert(Post { title: title.into(), ..Post::default() }).await.unwrap()
    }

    pub(crate) async fn titles(&self) -> Vec<String> {
        Post::query().order_by(Post::id.asc()).select(Post::title).all(&self.repo).await.unwrap()
    }
}

/// Runs a case on a backend.
pub(crate) fn run(backend: Backend, name: &str, case: impl AsyncFn(&Db)) {
    run_with(backend, name, &config(), case);
}

/// Runs a case on a backend with a configuration of its own.
pub(crate) fn run_with(backend: Backend, name: &str, config: &DatabaseConfig, case: impl AsyncFn(&Db)) {
    if EXCLUDED.iter().any(|(excluded, case, _)| *excluded == backend && *case == name) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let Some(db) = runtime.block_on(Db::open(backend, config)) else { return };
    // A case that hangs shall fail with its name.
    let limited = async { tokio::time::timeout(Duration::from_secs(60), case(&db)).await.expect(name) };
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(limited)));
    runtime.block_on(db.drop());
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Declares cases: `case! { fn reads_as_a_sentence(db) { ... } }`. Each becomes a module with a test for every
/// backend, or for the one that is named: `fn reads_as_a_sentence(db on Postgres) { ... }`.
#[macro_export]
macro_rules! case {
    ($($(#[doc = $doc:literal])* fn $name:ident($db:ident $(on $only:ident)? $(, $config:expr)?) $body:block)*) => {$(
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[allow(dead_code, reason = "a backend may not be compiled in")]
            fn run(backend: $crate::backend::Backend) {
                $crate::case!(@run backend, $name, $db, $body $(, $config)?);
            }

            $crate::case!(@tests $($only)?);
        }
    )*};
    (@tests) => {
        $crate::case!(@tests Sqlite);
        $crate::case!(@tests Postgres);
        $crate::case!(@tests Mysql);
    };
    (@tests Mysql) => {
        #[cfg(feature = "mysql")]
        #[test]
        fn mysql() {
            run($crate::backend::Backend::Mysql);
        }
    };
    (@tests Sqlite) => {
        #[cfg(feature = "sqlite")]
        #[test]
        fn sqlite() {
            run($crate::backend::Backend::Sqlite);
        }
    };
    (@tests Postgres) => {
        #[cfg(feature = "postgres")]
        #[test]
        fn postgres() {
            run($crate::backend::Backend::Postgres);
        }
    };
    (@run $backend:ident, $name:ident, $db:ident, $body:block) => {
        $crate::backend::run($backend, stringify!($name), async |$db: &$crate::backend::Db| $body)
    };
    (@run $backend:ident, $name:ident, $db:ident, $body:block, $config:expr) => {
        $crate::backend::run_with($backend, stringify!($name), &$config, async |$db: &$crate::backend::Db| $body)
    };
}

pub(crate) fn params(pairs: &[(&str, &str)]) -> Params {
    let mut params = Params::new();
    for (name, value) in pairs {
        params.insert(name, Param::Text((*value).into()));
    }
    params
}
