//! zzz's data layer as a program: `bench-db get 1000`, see `bench_work` for the cases.
//!
//! It is also what makes and removes the tables for all others: `bench-db create`, `bench-db drop`, and
//! `bench-db take`, which empties the table that is written and says what was in it.

// A measurement that fails may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod tables;

use std::path::Path;

use bench_work::{
    BATCH, Database, Order, table,
    tasks::{self, Peer},
};
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Schema};

#[derive(Schema, Debug, Default)]
#[schema(table = "bench_posts")]
struct Post {
    id: i64,
    title: String,
    views: i32,
}

#[derive(Schema, Debug, Default)]
#[schema(table = "bench_drafts")]
struct Draft {
    id: i64,
    title: String,
    views: i32,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Zzz(Repo);

impl Post {
    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

fn draft(number: u64) -> Draft {
    Draft { id: 0, title: table::draft_title(number), views: table::views(number) }
}

fn address(url: &str) -> DatabaseUrl {
    DatabaseUrl::parse(url, Path::new("/")).unwrap()
}

impl Peer for Zzz {
    async fn connect(order: &Order) -> Self {
        Zzz(Repo::connect(&address(&order.url), &DatabaseConfig::default()).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        self.0.get::<Post>(id).await.unwrap().unwrap().sum()
    }

    async fn all(&self) -> u64 {
        self.0.all(Post::query()).await.unwrap().iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        self.0.insert_all((first..).take(BATCH as usize).map(draft)).await.unwrap()
    }

    async fn insert(&self, number: u64) -> u64 {
        self.0.insert(draft(number)).await.unwrap().id.unsigned_abs()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str).filter(|_| words.len() == 1) {
        Some(word @ ("create" | "drop" | "take")) => {
            let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names the database");
            let (url, database) = (address(&url), Database::of(&url).unwrap());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            match word {
                "create" => runtime.block_on(tables::create(&url, database)),
                "drop" => runtime.block_on(tables::drop(&url, database)),
                _ => runtime.block_on(tables::take(&url, database)),
            }
        }
        _ => tasks::run::<Zzz>(&Order::of_process()),
    }
}
