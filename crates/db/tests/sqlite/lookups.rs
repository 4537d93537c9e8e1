//! A row that is looked up by its key is read by who asks for it, if a connection is free.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use zzz_db::{DatabaseConfig, Error, Repo, Result, Schema};

use crate::file::{Db, Entry, config, with_config, with_file};

const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

/// What a look-up says at once: asked again if this machine let it wait, as look-ups then go to the threads.
fn at_once(repo: &Repo, id: i64) -> Option<Entry> {
    for _ in 0..1_000 {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(found) = pin!(repo.get::<Entry>(id)).poll(&mut cx) {
            return found.unwrap();
        }
    }
    panic!("every look-up waits for a thread");
}

/// A task that keeps a reader busy until it is aborted.
async fn busy(db: &Db) -> tokio::task::JoinHandle<Result<Vec<i64>>> {
    let repo = db.repo.with_query_timeout(None);
    let mut read = Box::pin(async move { repo.sql::<i64>(ENDLESS, []).await });
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    tokio::spawn(read)
}

#[test]
fn a_row_is_there_at_once() {
    with_file(async |db| {
        let entry = db.repo.insert(Entry { number: 7, ..Entry::default() }).await.unwrap();
        assert_eq!(at_once(&db.repo, 1).as_ref(), Some(&entry));
        assert_eq!(at_once(&db.repo, 2), None);
        // What was written before is seen, and a transaction's own look-ups see its own writes.
        db.repo
            .transaction(async |tx| {
                tx.delete(entry.clone()).await?;
                assert_eq!(tx.get::<Entry>(1).await?, None);
                assert!(at_once(&db.repo, 1).is_some());
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert_eq!(at_once(&db.repo, 1), None);
    });
}

#[test]
fn while_all_connections_are_busy_it_waits_its_turn() {
    let limits = DatabaseConfig { acquire_timeout: Duration::from_millis(100), ..config() };
    with_config(&limits, async |db| {
        db.repo.insert(Entry { number: 7, ..Entry::default() }).await.unwrap();
        let reads = [busy(db).await, busy(db).await];
        loop {
            match db.repo.get::<Entry>(1).await {
                // A thread may not have taken its read yet.
                Ok(found) => assert_eq!(found.unwrap().number, 7),
                Err(error) => {
                    assert!(error.is_acquire_timeout(), "{error}");
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        for read in reads {
            read.abort();
        }
        while db.repo.get::<Entry>(1).await.is_err() {}
    });
}

#[derive(Schema, Debug)]
#[schema(table = "slow")]
struct Slow {
    id: i64,
}

#[test]
fn a_view_that_takes_long_is_left_to_a_thread() {
    with_file(async |db| {
        db.repo.execute(&format!("CREATE VIEW slow (id) AS {ENDLESS}"), []).await.unwrap();
        let repo = db.repo.with_query_timeout(Some(Duration::from_millis(200)));
        let mut found = pin!(repo.get::<Slow>(0));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(found.as_mut().poll(&mut cx).is_pending(), "the caller was kept busy until the limit");
        assert!(found.await.unwrap_err().is_query_timeout());
    });
}

#[test]
fn who_looks_up_in_a_loop_lets_others_have_their_turn() {
    with_file(async |db| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (repo, done) = (db.repo.clone(), Arc::new(AtomicBool::new(false)));
        let work = async move {
            let other = Arc::clone(&done);
            tokio::spawn(async move { other.store(true, Ordering::Release) });
            let mut looks = 0;
            while !done.load(Ordering::Acquire) && looks < 10_000 {
                assert_eq!(repo.get::<Entry>(1).await.unwrap(), None);
                looks += 1;
            }
            looks
        };
        let looks = std::thread::spawn(move || runtime.block_on(work)).join().unwrap();
        assert!(looks < 10_000, "the other task had no turn");
    });
}

#[test]
fn a_column_of_another_type_is_an_error() {
    with_file(async |db| {
        db.repo.execute("DROP TABLE entries", []).await.unwrap();
        db.repo.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, number)", []).await.unwrap();
        db.repo.execute("INSERT INTO entries VALUES (1, 'seven'), (2, 7)", []).await.unwrap();
        let error = db.repo.get::<Entry>(1).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("number"), "{error}");
        assert_eq!(db.repo.get::<Entry>(2).await.unwrap().unwrap().number, 7);
    });
}

#[test]
fn a_closed_repo_says_so() {
    with_file(async |db| {
        db.repo.close().await;
        assert!(db.repo.get::<Entry>(1).await.unwrap_err().is_closed());
    });
}
