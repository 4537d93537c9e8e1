//! What is run in the caller's task, and what is not.

use std::path::PathBuf;

use super::*;
use crate::dialect::Statement;
use crate::driver::{Discard, One};
use crate::row::Row;

/// A folder that is removed again.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zzz-db-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("test.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn open(folder: &Folder) -> Pool {
    create(&folder.file()).unwrap();
    let config = DatabaseConfig { pool_size: 2.into(), ..DatabaseConfig::default() };
    Pool::open(&folder.file(), &config).await.unwrap()
}

fn write(sql: &str) -> Request {
    Request {
        statement: Statement::new(sql, []),
        access: Access::Write,
        sink: Box::new(Discard),
        timeout: None,
        timed: false,
        guarded: false,
    }
}

/// Runs a write, and waits until its thread has nothing to do.
async fn run(pool: &Pool, sql: &str) -> u64 {
    let affected = pool.run(write(sql)).await.unwrap().affected;
    while !pool.writer.is_idle() {
        std::thread::yield_now();
    }
    affected
}

/// How many rows a statement written by the caller himself wrote; `None` if it is for the thread. However often it took
/// long before, on a busy machine.
fn written_here(pool: &Pool, sql: &str) -> Option<u64> {
    while !pool.spared.may_ask(sql) {}
    pool.write_here(&mut write(sql)).map(|ran| ran.unwrap().affected)
}

async fn read(pool: &Pool, sql: &str) -> i64 {
    let sink = Box::new(One::<i64>::new(|row| crate::row::get(row, 0)));
    let reply = pool.run(Request { access: Access::Read, sink, ..write(sql) }).await.unwrap();
    reply.sink.into_any().downcast::<One<i64>>().unwrap().row.unwrap()
}

#[tokio::test]
async fn a_look_up_takes_a_free_connection_and_waits_for_none() {
    let folder = Folder::new("look-up");
    let pool = open(&folder).await;
    let look = || {
        let mut found = One::<i64>::new(|row| crate::row::get(row, 0));
        // However long the last one took, on a busy machine.
        while !pool.spared.may_ask("SELECT 7") {}
        pool.look_up("SELECT 7", &[], &mut found, None).map(|done| done.map(|_| found.row))
    };
    let mut held: Vec<_> = pool.desks.iter().map(|desk| desk.take()).collect();
    assert!(look().is_none());
    held.pop();
    assert_eq!(look().unwrap().unwrap(), Some(7));
    held.clear();
    pool.close().await;
    assert!(look().is_none());
}

#[tokio::test]
async fn a_write_takes_the_free_connection_and_waits_for_nobody() {
    let folder = Folder::new("write");
    let pool = open(&folder).await;
    let insert = "INSERT INTO a VALUES (1)";
    // Nothing but plain writes, and none that might wait for the disk: the first begins the log.
    assert_eq!(written_here(&pool, "CREATE TABLE a (b)"), None);
    run(&pool, "CREATE TABLE a (b)").await;
    assert_eq!(written_here(&pool, insert), Some(1));
    let held = pool.writing.as_ref().unwrap().take();
    assert_eq!(written_here(&pool, insert), None);
    drop(held);
    // Another process writes.
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (2)").unwrap();
    assert_eq!(written_here(&pool, insert), None);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(written_here(&pool, insert), Some(1));
    assert_eq!(read(&pool, "SELECT count(*) FROM a").await, 3);
    pool.close().await;
    assert_eq!(written_here(&pool, insert), None);
}

#[tokio::test]
async fn a_write_that_is_not_short_is_undone_and_given_to_the_thread() {
    let folder = Folder::new("long-write");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let long = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 200000)
                INSERT INTO a SELECT n FROM up";
    assert_eq!(written_here(&pool, long), None);
    assert_eq!(read(&pool, "SELECT count(*) FROM a").await, 0);
    assert!(!pool.spared.may_ask(long));
    assert_eq!(run(&pool, long).await, 200_000);
    assert_eq!(read(&pool, "SELECT count(*) FROM a").await, 200_000);
    pool.close().await;
}

#[tokio::test]
async fn who_reads_again_and_again_lets_others_have_their_turn() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let folder = Folder::new("turns");
    let pool = open(&folder).await;
    let turns = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let sql = "SELECT (WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 300)
               SELECT count(*) FROM up)";
    // Without it they would have theirs after 128 statements, whatever those take.
    for _ in 0..100 {
        while !pool.spared.may_ask(sql) {}
        assert_eq!(read(&pool, sql).await, 300);
    }
    assert!(turns.load(Ordering::Relaxed) > 1);
    other.abort();
    pool.close().await;
}

#[tokio::test]
async fn the_thread_merges_a_log_that_has_become_long() {
    let folder = Folder::new("log");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let pages = || std::fs::metadata(folder.file()).unwrap().len() / 4_096;
    let insert = "INSERT INTO a VALUES (zeroblob(400000))";
    let mut here = 0;
    // Who writes never merges the log himself: he asks the thread to, once.
    while pages() < 100 {
        here += written_here(&pool, insert).unwrap_or(0);
        assert!(here < 1_000, "the log is never merged");
        tokio::task::yield_now().await;
    }
    assert!(here >= 10, "{here}");
    // What comes first after it begins the log anew, which waits for the disk.
    let is_at_once = || pool.writing.as_ref().unwrap().take().as_ref().unwrap().commits_at_once();
    assert!(!is_at_once());
    run(&pool, insert).await;
    assert_eq!(written_here(&pool, insert), Some(1));
    pool.close().await;
}

#[tokio::test]
async fn a_log_that_raw_sql_may_have_merged_is_begun_anew_by_the_thread() {
    let folder = Folder::new("merged");
    let pool = open(&folder).await;
    let insert = "INSERT INTO a VALUES (1)";
    run(&pool, "CREATE TABLE a (b)").await;
    for raw in ["PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_autocheckpoint = 1"] {
        run(&pool, insert).await;
        assert_eq!(written_here(&pool, insert), Some(1));
        pool.run(Request { access: Access::Script, ..write(raw) }).await.unwrap();
        while !pool.writer.is_idle() {
            std::thread::yield_now();
        }
        assert_eq!(written_here(&pool, insert), None);
    }
    // SQLite merges by itself from now on, within each COMMIT.
    run(&pool, insert).await;
    assert_eq!(written_here(&pool, insert), None);
    pool.close().await;
}

/// Keeps numbers, and does something at the first row.
struct Rows {
    rows: Vec<i64>,
    /// How many it had when it was to forget them.
    forgotten: usize,
    at_first: fn() -> Result<()>,
}

impl Rows {
    fn new(at_first: fn() -> Result<()>) -> Box<Self> {
        Box::new(Self { rows: Vec::new(), forgotten: 0, at_first })
    }

    fn of(reply: Reply) -> Self {
        *reply.sink.into_any().downcast().unwrap()
    }
}

impl Sink for Rows {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        self.rows.push(crate::row::get(row, 0)?);
        if self.rows.len() == 1 { (self.at_first)() } else { Ok(()) }
    }
    fn restart(&mut self) {
        self.forgotten = self.rows.len();
        self.rows.clear();
    }
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any + Send> {
        self
    }
}

#[tokio::test]
async fn rows_of_a_write_that_was_stopped_are_forgotten_and_come_once() {
    let folder = Folder::new("returning");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let sql = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 300)
               INSERT INTO a SELECT n FROM up RETURNING b";
    let slow = || {
        std::thread::sleep(desk::LIMIT * 2);
        Ok(())
    };
    let mut request = Request { sink: Rows::new(slow), ..write(sql) };
    loop {
        while !pool.spared.may_ask(sql) {}
        assert!(pool.write_here(&mut request).is_none(), "it takes longer than it may");
        let Request { sink, .. } =
            std::mem::replace(&mut request, Request { sink: Rows::new(slow), ..write(sql) });
        let rows: Box<Rows> = sink.into_any().downcast().unwrap();
        assert!(rows.rows.is_empty());
        // A busy machine may stop it before there is a row.
        if rows.forgotten > 0 {
            request.sink = rows;
            break;
        }
    }
    assert_eq!(read(&pool, "SELECT count(*) FROM a").await, 0);
    let rows = Rows::of(pool.run(request).await.unwrap());
    assert_eq!(rows.rows, (1..=300).collect::<Vec<i64>>());
    assert_eq!(read(&pool, "SELECT count(*) FROM a").await, 300);
    pool.close().await;
}

#[tokio::test]
async fn a_write_here_ends_as_on_its_thread_if_a_row_can_not_be_read() {
    let folder = Folder::new("decode");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let sql = "INSERT INTO a VALUES (1), (2) RETURNING b";
    let ends: [fn() -> Result<()>; 2] =
        [|| panic!("in the app's code"), || Err(Error::new(ErrorKind::Decode, "no"))];
    for (end, written) in ends.into_iter().zip([0, 4]) {
        let request = || Request { sink: Rows::new(end), ..write(sql) };
        let on_thread = pool.write(request()).await.err().unwrap();
        while !pool.writer.is_idle() {
            std::thread::yield_now();
        }
        // What was written stays, as it does where the server has committed it by then.
        assert_eq!(read(&pool, "SELECT count(*) FROM a").await, written + 2);
        while !pool.spared.may_ask(sql) {}
        let here = pool.write_here(&mut request()).unwrap().err().unwrap();
        assert_eq!((here.kind(), here.to_string()), (on_thread.kind(), on_thread.to_string()));
        assert_eq!(here.kind(), ErrorKind::Decode);
        assert_eq!(read(&pool, "SELECT count(*) FROM a").await, written + 4);
    }
    assert_eq!(written_here(&pool, "INSERT INTO a VALUES (3)"), Some(1));
    pool.close().await;
}

#[tokio::test]
async fn a_key_that_is_looked_at_with_the_commit_is_refused_here() {
    let folder = Folder::new("deferred");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE parents (id INTEGER PRIMARY KEY)").await;
    run(&pool, "CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)")
        .await;
    run(&pool, "INSERT INTO parents VALUES (1)").await;
    let (good, orphan) = ("INSERT INTO children VALUES (1)", "INSERT INTO children VALUES (2)");
    assert_eq!(written_here(&pool, good), Some(1));
    while !pool.spared.may_ask(orphan) {}
    let refused = pool.write_here(&mut write(orphan)).unwrap().err().unwrap();
    assert!(refused.is_foreign_key_violation(), "{refused}");
    assert_eq!(written_here(&pool, good), Some(1));
    assert_eq!(read(&pool, "SELECT count(*) FROM children").await, 2);
    pool.close().await;
}

#[tokio::test]
async fn a_short_write_does_not_pass_one_that_waits() {
    let folder = Folder::new("order");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let short = "INSERT INTO a VALUES (0)";
    assert_eq!(written_here(&pool, short), Some(1));
    let long = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 50000)
                INSERT INTO a SELECT n FROM up";
    pool.spared.was_long(long);
    let (long, short) = tokio::join!(pool.run(write(long)), pool.run(write(short)));
    assert_eq!((long.unwrap().affected, short.unwrap().affected), (50_000, 1));
    assert_eq!(read(&pool, "SELECT b FROM a ORDER BY rowid DESC LIMIT 1").await, 0, "it came after it");
    pool.close().await;
}

#[tokio::test]
async fn a_log_that_somebody_reads_is_merged_once_he_is_done() {
    let folder = Folder::new("pinned");
    let pool = open(&folder).await;
    run(&pool, "CREATE TABLE a (b)").await;
    let insert = "INSERT INTO a VALUES (zeroblob(400000))";
    let log = || std::fs::metadata(folder.0.join("test.db-wal")).unwrap().len() / 4_096;
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    let seen = || other.query_row("SELECT count(*) FROM a", [], |row| row.get::<_, i64>(0)).unwrap();
    other.execute_batch("BEGIN").unwrap();
    assert_eq!(seen(), 0);
    // Some 1,500 pages, all of them behind what the other reads.
    for number in 1..=15 {
        if written_here(&pool, insert).is_none() {
            assert_eq!(run(&pool, insert).await, 1);
        }
        assert_eq!(read(&pool, "SELECT count(*) FROM a").await, number);
    }
    assert_eq!(seen(), 0);
    let pinned = log();
    assert!(pinned > 1_470, "{pinned} pages: it was begun anew under who reads it");
    other.execute_batch("COMMIT").unwrap();
    for _ in 0..15 {
        run(&pool, insert).await;
    }
    assert_eq!(seen(), 30);
    // The first one merges it, the second begins it anew.
    assert!(log() < pinned + 300, "{} pages after {pinned}", log());
    pool.close().await;
}
