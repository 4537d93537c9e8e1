//! Where the app's database is: in a file, or on the server that `ZZZ_TEST_APP_SERVER` names by its URL. `cargo xtask test` runs these tests once more with it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use zzz::db::{DatabaseConfig, DatabaseUrl, Repo, storage};
use zzz_testing::TempDatabase;

/// A database of a test's own, gone when the test ends, and a folder.
pub(crate) struct Database {
    temp: TempDatabase,
    on_server: Option<OnServer>,
}

struct OnServer {
    server: String,
    url: String,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let temp = TempDatabase::new();
        let Ok(server) = std::env::var("ZZZ_TEST_APP_SERVER") else { return Self { temp, on_server: None } };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("zzz_app_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let (place, _) = address.rsplit_once('/').unwrap();
        let url = format!("{place}/{name}?{options}");
        storage::create(&parse(&url)).await.unwrap();
        Self { temp, on_server: Some(OnServer { server, url, name }) }
    }

    pub(crate) fn url(&self) -> String {
        self.on_server.as_ref().map_or_else(|| self.temp.url(), |on_server| on_server.url.clone())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.temp.folder()
    }
}

fn parse(url: &str) -> DatabaseUrl {
    DatabaseUrl::parse(url, Path::new("/")).unwrap()
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(OnServer { server, name, .. }) = self.on_server.take() else { return };
        // Dropping can not wait; a thread with a runtime of its own can.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let repo = Repo::connect(&parse(&server), &DatabaseConfig::default()).await.unwrap();
                let force = if repo.dialect().name() == "postgres" { " WITH (FORCE)" } else { "" };
                let dropping = repo.with_query_timeout(None);
                dropping.execute(&format!("DROP DATABASE {name}{force}"), []).await.unwrap();
                repo.close().await;
            });
        });
        let _ = dropping.join();
    }
}
