//! What a statement logs: its SQL and its times, never a value.
//!
//! Alone in its process: `tracing` remembers for all threads whether anyone listens.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Schema, storage};

#[derive(Schema, Debug, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

/// Keeps every event of the crate as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "zzz_db::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.0.lock().unwrap().push_str("span: ");
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn a_statement_logs_its_sql_its_times_and_its_rows_and_never_a_value() {
    let folder = std::env::temp_dir().join(format!("zzz-db-telemetry-{}", std::process::id()));
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::sqlite(folder.join("test.db"));
        storage::create(&url).await.unwrap();
        let repo = Repo::connect(&url, &DatabaseConfig::default()).await.unwrap();
        repo.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT UNIQUE)", []).await.unwrap();
        repo.insert(Post { title: "hunter2".into(), ..Post::default() }).await.unwrap();
        Post::query().filter(Post::title.eq("hunter2")).all(&repo).await.unwrap();
        repo.insert(Post { title: "hunter2".into(), ..Post::default() }).await.unwrap_err();
        repo.close().await;
    });
    std::fs::remove_dir_all(folder).unwrap();

    let text = log.0.lock().unwrap().clone();
    for part in [
        "INSERT INTO \"posts\"",
        "SELECT \"id\"",
        "queue=",
        "query=",
        "decode=",
        "rows=1",
        "affected=1",
        "error=",
        "span: queue=",
        "span: rows=1",
        "span: affected=1",
        "span: error=",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
