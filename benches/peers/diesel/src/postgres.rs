//! PostgreSQL, on one connection of `diesel_async`.

use bench_work::{Order, tasks::Peer};
use diesel::{ExpressionMethods as _, QueryDsl as _, SelectableHelper as _};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _};

use super::{Draft, Post, bench_drafts, bench_posts};

pub(crate) struct Bench(AsyncPgConnection);

impl Peer for Bench {
    async fn connect(order: &Order) -> Self {
        Bench(AsyncPgConnection::establish(&order.url).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        let get = bench_posts::table.filter(bench_posts::id.eq(id)).select(Post::as_select());
        get.first(&mut &self.0).await.unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let posts = bench_posts::table.select(Post::as_select()).load(&mut &self.0).await.unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::many(first));
        insert.execute(&mut &self.0).await.unwrap() as u64
    }

    async fn insert(&self, number: u64) -> u64 {
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::of(number));
        let id: i64 = insert.returning(bench_drafts::id).get_result(&mut &self.0).await.unwrap();
        id.unsigned_abs()
    }

    async fn close(self) {}
}
