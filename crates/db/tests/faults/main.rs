//! What happens to a pool when its server is stopped, restarted or gone: the same cases for every database that has a
//! server, and beside them what only one of them has.
//!
//! Each test has a server of its own, from the programs on this machine; without them it is skipped.

#![cfg(all(any(feature = "mysql", feature = "postgres"), target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod servers;

use std::path::Path;
use std::time::Duration;

use zzz_db::{DatabaseConfig, DatabaseUrl, Error, Repo, Result, Schema};

#[derive(Schema, Debug, Default)]
#[schema(table = "entries")]
struct Entry {
    id: i64,
    number: i64,
}

/// A server of programs on this machine.
trait Server: Sized {
    /// What it is, for who has to install it.
    const NAME: &'static str;
    /// Makes the table of [`Entry`].
    const TABLE: &'static str;
    /// The signal that ends it as it is, with nothing told to anybody.
    const AT_ONCE: &'static str;
    /// The signal that has it end its connections first.
    const IN_ORDER: &'static str;

    /// Starts one; nothing without the programs.
    fn start() -> Option<Self>;
    fn url(&self) -> String;
    /// Starts it again on what it has left.
    fn run(&mut self);
    /// Ends it with a signal.
    fn stop(&mut self, signal: &str);
    /// Sends a signal to each of its processes.
    fn signal_all(&self, signal: &str);

    /// Whether a write that fails so while the server restarts has written nothing.
    fn has_written_nothing(error: &Error) -> bool {
        error.is_acquire_timeout()
    }
}

async fn try_connect(server: &impl Server, options: &str) -> Result<Repo> {
    let url = DatabaseUrl::parse(&format!("{}{options}", server.url()), Path::new("/")).unwrap();
    let config = DatabaseConfig {
        pool_size: 4.into(),
        acquire_timeout: Duration::from_secs(1),
        ..DatabaseConfig::default()
    };
    Repo::connect(&url, &config).await
}

/// Runs a case with a server of its own, and a table in it.
fn with_server<S: Server>(case: impl AsyncFnOnce(&mut S, Repo)) {
    let Some(mut server) = S::start() else {
        assert!(std::env::var("CI").is_err(), "the programs of {} are not on this machine", S::NAME);
        eprintln!("SKIPPED: the programs of {} are not on this machine", S::NAME);
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let repo = try_connect(&server, "").await.unwrap();
        repo.execute(S::TABLE, []).await.unwrap();
        let case = tokio::time::timeout(Duration::from_secs(180), case(&mut server, repo));
        case.await.expect("the case does not hang");
    });
}

async fn recovered(repo: &Repo) {
    while repo.ping().await.is_err() {
        tokio::task::yield_now().await;
    }
}

async fn numbers(repo: &Repo) -> Vec<i64> {
    Entry::query().order_by(Entry::number.asc()).select(Entry::number).all(repo).await.unwrap()
}
