//! Reads rows through the repo, as often as it is told: `bench-db get 1000`, `bench-db gets 1000`.
//!
//! `get` fetches one row by its key and then the next, `gets` twenty at once. The table is `bench_posts` in the
//! database that DATABASE_URL names; it is made if it is missing. `benches/peers/tokio-postgres` does the same
//! with the bare driver.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that fails may panic"
)]

use std::path::Path;

use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Schema};

#[derive(Schema, Debug, Default)]
#[schema(table = "bench_posts")]
struct Post {
    id: i64,
    title: String,
    views: i32,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many are fetched at once.
const AT_ONCE: usize = 20;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_posts (id BIGINT PRIMARY KEY, title TEXT NOT NULL, views INTEGER NOT NULL)";
const ROWS: &str = "INSERT INTO bench_posts SELECT n, 'The title of post ' || n, n FROM generate_series(1, 1000) AS n ON CONFLICT DO NOTHING";

async fn get(repo: &Repo, id: i64) {
    let post = repo.get::<Post>(id).await.unwrap().unwrap();
    assert_eq!(i64::from(post.views), id);
}

async fn gets(repo: &Repo, first: i64) {
    let mut all: Vec<_> = (0..AT_ONCE as i64).map(|n| Some(Box::pin(get(repo, first + n)))).collect();
    std::future::poll_fn(|cx| {
        let mut left = false;
        for one in &mut all {
            if one.as_mut().is_some_and(|one| one.as_mut().poll(cx).is_ready()) {
                *one = None;
            }
            left |= one.is_some();
        }
        if left { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rounds: i64 = words.get(1).expect("how often").parse().expect("a number");
    let url =
        DatabaseUrl::parse(&std::env::var("DATABASE_URL").expect("DATABASE_URL"), Path::new("/")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let repo = Repo::connect(&url, &DatabaseConfig::default()).await.unwrap();
        repo.execute(TABLE, []).await.unwrap();
        repo.execute(ROWS, []).await.unwrap();
        for round in 0..rounds {
            let id = round * 7 % 900 + 1;
            match words[0].as_str() {
                "get" => get(&repo, id).await,
                "gets" => gets(&repo, id).await,
                other => panic!("`{other}` is neither `get` nor `gets`"),
            }
        }
        repo.close().await;
    });
}
