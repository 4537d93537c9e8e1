//! A row that is looked up by its key is read by who asks for it, if a connection is free.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::coop;
use zzz_db::{DatabaseConfig, Error, Result, Schema};

use crate::file::{Db, Entry, config, open, with_config, with_file};

const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

/// What a look-up says when it is asked once, over a pool that nobody has used: after one that took long, as the
/// machine was busy, the next ones would wait for a thread.
async fn at_once<S: Schema<PrimaryKey = i64>>(db: &Db, id: i64) -> Poll<Result<Option<S>>> {
    let repo = open(&db.file, &config()).await;
    let found = pin!(repo.get::<S>(id)).poll(&mut Context::from_waker(Waker::noop()));
    repo.close().await;
    found
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
        assert!(matches!(at_once::<Entry>(db, 1).await, Poll::Ready(Ok(Some(found))) if found == entry));
        assert!(matches!(at_once::<Entry>(db, 2).await, Poll::Ready(Ok(None))));
        // What was written before is seen, and a transaction's own look-ups see its own writes.
        db.repo
            .transaction(async |tx| {
                tx.delete(entry.clone()).await?;
                assert_eq!(tx.get::<Entry>(1).await?, None);
                assert!(matches!(at_once::<Entry>(db, 1).await, Poll::Ready(Ok(Some(_)))));
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert!(matches!(at_once::<Entry>(db, 1).await, Poll::Ready(Ok(None))));
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
        let view = format!(
            "CREATE VIEW slow (id) AS {}",
            ENDLESS.replace("SELECT i + 1 FROM n)", "SELECT i + 1 FROM n LIMIT 200000)")
        );
        db.repo.execute(&view, []).await.unwrap();
        assert!(at_once::<Slow>(db, 0).await.is_pending(), "the caller was kept busy");
        assert_eq!(db.repo.get::<Slow>(0).await.unwrap().unwrap().id, 0);
    });
}

#[test]
fn who_looks_up_in_a_loop_lets_others_have_their_turn() {
    with_file(async |db| {
        let repo = db.repo.clone();
        let look = async move {
            while coop::has_budget_remaining() {
                coop::consume_budget().await;
            }
            let mut found = pin!(repo.get::<Entry>(1));
            let waits = found.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
            assert!(waits, "it has had its turn");
            assert_eq!(found.await.unwrap(), None);
        };
        tokio::spawn(look).await.unwrap();
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
