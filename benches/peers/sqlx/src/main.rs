//! sqlx: a pool with its default settings, `query_as` into a struct with `FromRow`.
//!
//! Many rows are inserted as sqlx's own pages say: on PostgreSQL with `UNNEST` of an array for each column, elsewhere
//! with `QueryBuilder::push_values`.

use std::str::FromStr as _;

use bench_work::{
    BATCH, Case, Database, Order, table,
    tasks::{self, Peer},
};
use sqlx::{
    FromRow, MySql, MySqlPool, PgPool, QueryBuilder, Row as _, Sqlite, SqlitePool,
    mysql::MySqlPoolOptions,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(FromRow)]
struct Post {
    id: i64,
    title: String,
    views: i32,
}

impl Post {
    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

const ALL: &str = "SELECT id, title, views FROM bench_posts";
const INSERT: &str = "INSERT INTO bench_drafts (title, views) ";

fn drafts(first: u64) -> impl Iterator<Item = (String, i32)> {
    (first..).take(BATCH as usize).map(|number| (table::draft_title(number), table::views(number)))
}

struct OnPostgres(PgPool);
struct OnSqlite(SqlitePool);
struct OnMysql(MySqlPool);

impl Peer for OnPostgres {
    async fn connect(order: &Order) -> Self {
        OnPostgres(PgPoolOptions::new().connect(&order.url).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        let get = "SELECT id, title, views FROM bench_posts WHERE id = $1";
        sqlx::query_as::<_, Post>(get).bind(id).fetch_one(&self.0).await.unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let posts: Vec<Post> = sqlx::query_as(ALL).fetch_all(&self.0).await.unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let (titles, views): (Vec<String>, Vec<i32>) = drafts(first).unzip();
        let insert = "INSERT INTO bench_drafts (title, views) SELECT * FROM UNNEST($1::text[], $2::int4[])";
        sqlx::query(insert).bind(titles).bind(views).execute(&self.0).await.unwrap().rows_affected()
    }

    async fn insert(&self, number: u64) -> u64 {
        let insert = "INSERT INTO bench_drafts (title, views) VALUES ($1, $2) RETURNING id";
        let insert = sqlx::query(insert).bind(table::draft_title(number)).bind(table::views(number));
        insert.fetch_one(&self.0).await.unwrap().get::<i64, _>(0).unsigned_abs()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

impl Peer for OnSqlite {
    async fn connect(order: &Order) -> Self {
        let mut options = SqliteConnectOptions::from_str(&order.url).unwrap();
        for (name, value) in table::PRAGMAS {
            options = options.pragma(name, value);
        }
        let mut pool = SqlitePoolOptions::new();
        if order.case == Case::Inserts {
            // SQLite lets one write at a time: the others would wait in turns that only get longer.
            pool = pool.max_connections(1);
        }
        OnSqlite(pool.connect_with(options).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        let get = "SELECT id, title, views FROM bench_posts WHERE id = ?";
        sqlx::query_as::<_, Post>(get).bind(id).fetch_one(&self.0).await.unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let posts: Vec<Post> = sqlx::query_as(ALL).fetch_all(&self.0).await.unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let mut insert = QueryBuilder::<Sqlite>::new(INSERT);
        insert.push_values(drafts(first), |mut row, (title, views)| {
            row.push_bind(title).push_bind(views);
        });
        insert.build().execute(&self.0).await.unwrap().rows_affected()
    }

    async fn insert(&self, number: u64) -> u64 {
        let insert = "INSERT INTO bench_drafts (title, views) VALUES (?, ?)";
        let insert = sqlx::query(insert).bind(table::draft_title(number)).bind(table::views(number));
        insert.execute(&self.0).await.unwrap().last_insert_rowid().unsigned_abs()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

impl Peer for OnMysql {
    async fn connect(order: &Order) -> Self {
        OnMysql(MySqlPoolOptions::new().connect(&order.url_for_sqlx()).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        let get = "SELECT id, title, views FROM bench_posts WHERE id = ?";
        sqlx::query_as::<_, Post>(get).bind(id).fetch_one(&self.0).await.unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let posts: Vec<Post> = sqlx::query_as(ALL).fetch_all(&self.0).await.unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let mut insert = QueryBuilder::<MySql>::new(INSERT);
        insert.push_values(drafts(first), |mut row, (title, views)| {
            row.push_bind(title).push_bind(views);
        });
        insert.build().execute(&self.0).await.unwrap().rows_affected()
    }

    async fn insert(&self, number: u64) -> u64 {
        let insert = "INSERT INTO bench_drafts (title, views) VALUES (?, ?)";
        let insert = sqlx::query(insert).bind(table::draft_title(number)).bind(table::views(number));
        insert.execute(&self.0).await.unwrap().last_insert_id()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

fn main() {
    let order = Order::of_process();
    match order.database {
        Database::Postgres => tasks::run::<OnPostgres>(&order),
        Database::Sqlite => tasks::run::<OnSqlite>(&order),
        Database::Mysql => tasks::run::<OnMysql>(&order),
    }
}
