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

/// Keeps the numbers of the events.
#[derive(Default)]
struct Numbers(Vec<(&'static str, u64)>);

impl Visit for Numbers {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value));
    }
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Hands the numbers of each event over.
struct Times(std::sync::mpsc::Sender<Numbers>);

impl Subscriber for Times {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "zzz_db::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut numbers = Numbers::default();
        event.record(&mut numbers);
        let _ = self.0.send(numbers);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn writes_that_share_a_transaction_log_each_its_own_times() {
    let folder = std::env::temp_dir().join(format!("zzz-db-times-{}", std::process::id()));
    let (sender, events) = std::sync::mpsc::channel();
    let _guard = tracing::subscriber::set_default(Times(sender));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::sqlite(folder.join("test.db"));
        storage::create(&url).await.unwrap();
        let repo = Repo::connect(&url, &DatabaseConfig::default()).await.unwrap();
        repo.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT UNIQUE)", []).await.unwrap();
        let (began, mut writes, mut held) =
            (std::time::Instant::now(), Vec::new(), std::time::Duration::ZERO);
        repo.transaction(async |_| {
            for title in ["a", "b", "c"] {
                let repo = repo.clone();
                let mut write =
                    Box::pin(
                        async move { repo.insert(Post { title: title.into(), ..Post::default() }).await },
                    );
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                assert!(write.as_mut().poll(&mut cx).is_pending());
                writes.push(write);
            }
            let since = std::time::Instant::now();
            while since.elapsed() < std::time::Duration::from_millis(5) {
                std::thread::yield_now();
            }
            held = since.elapsed();
            Ok::<_, zzz_db::Error>(())
        })
        .await
        .unwrap();
        while events.try_recv().is_ok() {}
        for write in writes {
            write.await.unwrap();
            let all = began.elapsed();
            let Numbers(numbers) = events.try_recv().unwrap();
            let of = |name| numbers.iter().find(|(field, _)| *field == name).unwrap().1;
            // The transaction before them is what they waited for, and it belongs to the time of none.
            assert!(u128::from(of("queue")) >= held.as_micros(), "{numbers:?}");
            assert!(of("query") > 0, "{numbers:?}");
            // Nothing is counted twice.
            let told = of("queue") + of("query") + of("decode");
            assert!(u128::from(told) <= all.as_micros(), "{numbers:?}");
            assert_eq!((of("rows"), of("affected")), (1, 1));
        }
        repo.close().await;
    });
    std::fs::remove_dir_all(folder).unwrap();
}
