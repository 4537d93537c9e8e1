//! What `benches/db` does, with the bare driver: one connection, one prepared statement, columns by index.

use futures_util::future::join_all;
use tokio_postgres::{Client, NoTls, Statement};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many are fetched at once.
const AT_ONCE: i64 = 20;

const SELECT: &str = r#"SELECT "id", "title", "views" FROM "bench_posts" WHERE "id" = $1 LIMIT 2"#;

struct Post {
    id: i64,
    title: String,
    views: i32,
}

async fn get(client: &Client, statement: &Statement, id: i64) {
    let row = client.query_opt(statement, &[&id]).await.unwrap().unwrap();
    let post = Post { id: row.get(0), title: row.get(1), views: row.get(2) };
    assert_eq!((post.id, i64::from(post.views)), (id, id));
    assert!(!post.title.is_empty());
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rounds: i64 = words[1].parse().unwrap();
    let url = std::env::var("DATABASE_URL").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let serving = tokio::spawn(connection);
        let statement = client.prepare(SELECT).await.unwrap();
        for round in 0..rounds {
            let id = round * 7 % 900 + 1;
            match words[0].as_str() {
                "get" => get(&client, &statement, id).await,
                "gets" => {
                    join_all((0..AT_ONCE).map(|n| get(&client, &statement, id + n))).await;
                }
                other => panic!("`{other}` is neither `get` nor `gets`"),
            }
        }
        drop((statement, client));
        serving.await.unwrap().unwrap();
    });
}
