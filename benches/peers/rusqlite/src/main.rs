//! The bare driver of SQLite: one connection, statements prepared once, columns by index, no other thread.

use bench_work::{
    BATCH, Order,
    blocking::{self, Peer},
    table,
};
use rusqlite::{Connection, Row, params};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GET: &str = r#"SELECT "id", "title", "views" FROM "bench_posts" WHERE "id" = ? LIMIT 2"#;
const ALL: &str = r#"SELECT "id", "title", "views" FROM "bench_posts""#;
const INSERT: &str = r#"INSERT INTO "bench_drafts" ("title", "views") VALUES (?, ?) RETURNING "id""#;

struct Post {
    id: i64,
    title: String,
    views: i32,
}

impl Post {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Post { id: row.get(0)?, title: row.get(1)?, views: row.get(2)? })
    }

    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

struct Bare {
    connection: Connection,
    insert_all: String,
}

impl Peer for Bare {
    fn connect(order: &Order) -> Self {
        let connection = Connection::open(order.path()).unwrap();
        connection.execute_batch(&table::pragmas()).unwrap();
        let rows = vec!["(?, ?)"; BATCH as usize].join(", ");
        let insert_all = format!(r#"INSERT INTO "bench_drafts" ("title", "views") VALUES {rows}"#);
        Bare { connection, insert_all }
    }

    fn get(&mut self, id: i64) -> u64 {
        let mut statement = self.connection.prepare_cached(GET).unwrap();
        statement.query_row([id], Post::of).unwrap().sum()
    }

    fn all(&mut self) -> u64 {
        let mut statement = self.connection.prepare_cached(ALL).unwrap();
        let posts: Vec<Post> = statement.query_map([], Post::of).unwrap().map(Result::unwrap).collect();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    fn insert_all(&mut self, first: u64) -> u64 {
        let drafts: Vec<(String, i32)> = (first..)
            .take(BATCH as usize)
            .map(|number| (table::draft_title(number), table::views(number)))
            .collect();
        let mut statement = self.connection.prepare_cached(&self.insert_all).unwrap();
        for (at, (title, views)) in drafts.iter().enumerate() {
            statement.raw_bind_parameter(2 * at + 1, title).unwrap();
            statement.raw_bind_parameter(2 * at + 2, views).unwrap();
        }
        statement.raw_execute().unwrap() as u64
    }

    fn insert(&mut self, number: u64) -> u64 {
        let mut statement = self.connection.prepare_cached(INSERT).unwrap();
        let values = params![table::draft_title(number), table::views(number)];
        statement.query_row(values, |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
    }
}

fn main() {
    blocking::run::<Bare>(&Order::of_process());
}
