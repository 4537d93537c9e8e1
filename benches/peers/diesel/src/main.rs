//! Diesel: structs with `Queryable` and `Insertable`.
//!
//! | module | is |
//! |---|---|
//! | [`postgres`] | `diesel_async` on one connection, which sends queries one behind the other where several are under way: what an asynchronous app takes, and no C library is needed |
//! | [`sqlite`] | Diesel's own connection, which blocks |
//! | [`pooled`] | `diesel_async`'s pool of such connections, each call on a thread that may block: for tasks that work at once |

mod pooled;
mod postgres;
mod sqlite;

use bench_work::{BATCH, Case, Database, Order, blocking, table, tasks};
use diesel::prelude::{Insertable, Queryable, Selectable};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

diesel::table! {
    bench_posts (id) {
        id -> BigInt,
        title -> Text,
        views -> Integer,
    }
}

diesel::table! {
    bench_drafts (id) {
        id -> BigInt,
        title -> Text,
        views -> Integer,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = bench_posts)]
struct Post {
    id: i64,
    title: String,
    views: i32,
}

// Without it, many rows are as many statements on SQLite: a column without a value would have to be `DEFAULT` there.
#[derive(Insertable)]
#[diesel(table_name = bench_drafts, treat_none_as_default_value = false)]
struct Draft {
    title: String,
    views: i32,
}

impl Post {
    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

impl Draft {
    fn of(number: u64) -> Self {
        Draft { title: table::draft_title(number), views: table::views(number) }
    }

    fn many(first: u64) -> Vec<Self> {
        (first..).take(BATCH as usize).map(Draft::of).collect()
    }
}

fn main() {
    let order = Order::of_process();
    match (order.database, order.case) {
        (Database::Postgres, _) => tasks::run::<postgres::Bench>(&order),
        (Database::Sqlite, Case::Gets64 | Case::Inserts) => tasks::run::<pooled::Bench>(&order),
        (Database::Sqlite, _) => blocking::run::<sqlite::Bench>(&order),
        (Database::Mysql, _) => panic!("Diesel on MySQL is not measured: it would need MySQL's C library"),
    }
}
