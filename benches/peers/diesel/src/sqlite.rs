//! SQLite, on one connection that blocks.

use bench_work::{Order, blocking::Peer, table};
use diesel::{connection::SimpleConnection as _, prelude::*};

use super::{Draft, Post, bench_drafts, bench_posts};

pub(crate) struct Bench(SqliteConnection);

impl Peer for Bench {
    fn connect(order: &Order) -> Self {
        let mut connection = SqliteConnection::establish(order.path()).unwrap();
        connection.batch_execute(&table::pragmas()).unwrap();
        Bench(connection)
    }

    fn get(&mut self, id: i64) -> u64 {
        let get = bench_posts::table.filter(bench_posts::id.eq(id)).select(Post::as_select());
        get.first(&mut self.0).unwrap().sum()
    }

    fn all(&mut self) -> u64 {
        let posts = bench_posts::table.select(Post::as_select()).load(&mut self.0).unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    fn insert_all(&mut self, first: u64) -> u64 {
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::many(first));
        insert.execute(&mut self.0).unwrap() as u64
    }

    fn insert(&mut self, number: u64) -> u64 {
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::of(number));
        let id: i64 = insert.returning(bench_drafts::id).get_result(&mut self.0).unwrap();
        id.unsigned_abs()
    }
}
