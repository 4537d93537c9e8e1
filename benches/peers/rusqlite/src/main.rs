//! What `benches/db` does on SQLite, with the bare driver: one connection, statements prepared once, columns by
//! index, no other thread. `bench-rusqlite get 1000`; DATABASE_URL names the file, which is made if it is missing.

use rusqlite::{Connection, params};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many tasks work at once in the cases that have several; here it is one loop as long as theirs together.
const TASKS: i64 = 64;
/// How many rows the table that is read has.
const ROWS: i64 = 10_000;
/// How many rows one INSERT of `insert_all` has.
const BATCH: i64 = 100;

/// As zzz sets its connections up.
const PRAGMAS: &str = "PRAGMA busy_timeout = 2000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456;
    PRAGMA wal_autocheckpoint = 1000;";

const TABLES: &str = "CREATE TABLE IF NOT EXISTS bench_posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, views INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS bench_inserts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, views INTEGER NOT NULL);
    INSERT INTO bench_posts WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        SELECT n, 'The title of post ' || n, n FROM n WHERE NOT EXISTS (SELECT 1 FROM bench_posts);
    DELETE FROM bench_inserts;";

const GET: &str = r#"SELECT "id", "title", "views" FROM "bench_posts" WHERE "id" = ? LIMIT 2"#;
const ALL: &str = r#"SELECT "id", "title", "views" FROM "bench_posts""#;
const INSERT: &str = r#"INSERT INTO "bench_inserts" ("title", "views") VALUES (?, ?) RETURNING "id""#;

struct Post {
    id: i64,
    title: String,
    views: i32,
}

fn get(connection: &Connection, times: i64) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare(GET)?;
    let mut sum = 0;
    for n in 0..times {
        let id = n * 7 % ROWS + 1;
        let read = |row: &rusqlite::Row<'_>| Ok(Post { id: row.get(0)?, title: row.get(1)?, views: row.get(2)? });
        let post = statement.query_row([id], read)?;
        assert!(post.id == id && !post.title.is_empty());
        sum += i64::from(post.views);
    }
    Ok(sum)
}

fn all(connection: &Connection, times: i64) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare(ALL)?;
    let mut sum = 0;
    for _ in 0..times {
        let mut rows = statement.query([])?;
        let mut posts = Vec::new();
        while let Some(row) = rows.next()? {
            posts.push(Post { id: row.get(0)?, title: row.get(1)?, views: row.get(2)? });
        }
        assert!(posts.iter().all(|post| post.id > 0 && !post.title.is_empty()));
        sum += posts.iter().map(|post| i64::from(post.views)).sum::<i64>();
    }
    Ok(sum)
}

/// Rows as an app has them, in one INSERT within a transaction.
fn insert_all(connection: &Connection, times: i64) -> rusqlite::Result<i64> {
    let rows = vec!["(?, ?)"; BATCH as usize].join(", ");
    let mut statement =
        connection.prepare(&format!(r#"INSERT INTO "bench_inserts" ("title", "views") VALUES {rows}"#))?;
    let mut sum = 0;
    for round in 0..times {
        let posts: Vec<Post> = (0..BATCH)
            .map(|n| Post { id: 0, title: format!("The title of post {n}"), views: (round % 1000) as i32 })
            .collect();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for (at, post) in posts.iter().enumerate() {
            statement.raw_bind_parameter(2 * at + 1, &post.title)?;
            statement.raw_bind_parameter(2 * at + 2, post.views)?;
        }
        sum += statement.raw_execute()? as i64;
        connection.execute_batch("COMMIT")?;
    }
    Ok(sum)
}

/// One row after the other, each in a transaction of its own.
fn inserts(connection: &Connection, times: i64) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare(INSERT)?;
    let mut sum = 0;
    for n in 0..times {
        let id: i64 = statement.query_row(params![format!("The title of post {n}"), n % 1000], |row| row.get(0))?;
        sum += i64::from(id > 0);
    }
    Ok(sum)
}

fn main() -> rusqlite::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [case, rounds] = &words[..] else { panic!("give a case and how often: `get 1000`") };
    let rounds: i64 = rounds.parse().expect("a number of rounds");
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL, such as sqlite:///tmp/bench.db");
    let path = url.strip_prefix("sqlite://").expect("a URL that begins with sqlite://");
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch(PRAGMAS)?;
    connection.execute_batch(TABLES)?;
    let began = std::time::Instant::now();
    let sum = match case.as_str() {
        "get" => get(&connection, rounds)?,
        "gets64" => get(&connection, rounds * TASKS)?,
        "all" => all(&connection, rounds)?,
        "insert_all" => insert_all(&connection, rounds)?,
        "inserts" => inserts(&connection, rounds * TASKS)?,
        other => panic!("there is no case `{other}`: get, gets64, all, insert_all, inserts"),
    };
    eprintln!("{case} took {:?}", began.elapsed());
    let written: i64 = connection.query_row("SELECT count(*) FROM bench_inserts", [], |row| row.get(0))?;
    println!("checksum {}", sum + written);
    Ok(())
}
