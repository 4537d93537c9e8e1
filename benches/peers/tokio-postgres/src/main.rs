//! The bare driver of PostgreSQL: one connection, prepared statements, columns by index.

use bench_work::{
    BATCH, Order, table,
    tasks::{self, Peer},
};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GET: &str = r#"SELECT "id", "title", "views" FROM "bench_posts" WHERE "id" = $1 LIMIT 2"#;
const ALL: &str = r#"SELECT "id", "title", "views" FROM "bench_posts""#;
const INSERT: &str = r#"INSERT INTO "bench_drafts" ("title", "views") VALUES ($1, $2) RETURNING "id""#;

struct Post {
    id: i64,
    title: String,
    views: i32,
}

impl Post {
    fn of(row: &Row) -> Self {
        Post { id: row.get(0), title: row.get(1), views: row.get(2) }
    }

    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

struct Bare {
    client: Client,
    get: Statement,
    all: Statement,
    insert_all: Statement,
    insert: Statement,
    serving: JoinHandle<Result<(), Error>>,
}

impl Peer for Bare {
    async fn connect(order: &Order) -> Self {
        let (client, connection) = tokio_postgres::connect(&order.url, NoTls).await.unwrap();
        let serving = tokio::spawn(connection);
        let rows: Vec<String> =
            (0..BATCH).map(|row| format!("(${}, ${})", 2 * row + 1, 2 * row + 2)).collect();
        let insert_all =
            format!(r#"INSERT INTO "bench_drafts" ("title", "views") VALUES {}"#, rows.join(", "));
        Bare {
            get: client.prepare(GET).await.unwrap(),
            all: client.prepare(ALL).await.unwrap(),
            insert_all: client.prepare(&insert_all).await.unwrap(),
            insert: client.prepare(INSERT).await.unwrap(),
            client,
            serving,
        }
    }

    async fn get(&self, id: i64) -> u64 {
        Post::of(&self.client.query_opt(&self.get, &[&id]).await.unwrap().unwrap()).sum()
    }

    async fn all(&self) -> u64 {
        let rows = self.client.query(&self.all, &[]).await.unwrap();
        let posts: Vec<Post> = rows.iter().map(Post::of).collect();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let drafts: Vec<(String, i32)> = (first..)
            .take(BATCH as usize)
            .map(|number| (table::draft_title(number), table::views(number)))
            .collect();
        let mut values: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(2 * drafts.len());
        for (title, views) in &drafts {
            values.push(title);
            values.push(views);
        }
        self.client.execute(&self.insert_all, &values).await.unwrap()
    }

    async fn insert(&self, number: u64) -> u64 {
        let (title, views) = (table::draft_title(number), table::views(number));
        let row = self.client.query_one(&self.insert, &[&title, &views]).await.unwrap();
        row.get::<_, i64>(0).unsigned_abs()
    }

    async fn close(self) {
        let Bare { client, get, all, insert_all, insert, serving } = self;
        // The connection ends when nobody can ask for anything on it.
        drop((client, get, all, insert_all, insert));
        serving.await.unwrap().unwrap();
    }
}

fn main() {
    tasks::run::<Bare>(&Order::of_process());
}
