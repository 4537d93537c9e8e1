//! Levels of isolation, transactions that only read, and running one again after a conflict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Barrier, Notify};
use zzz_db::{Error, ErrorKind, Isolation, Repo, Result, Retry, TransactionOptions};

use crate::backend::{Backend, Db, Post, config};
use crate::case;

/// Counts the posts before and after somebody else has added one.
async fn counts(db: &Db, options: TransactionOptions) -> Result<(u64, u64)> {
    db.repo
        .transaction_with(options, async |tx| {
            let before = Post::query().count(&tx).await?;
            db.post(&before.to_string()).await;
            Ok((before, Post::query().count(&tx).await?))
        })
        .await
}

/// Reads all views, waits until the other has read them too, and adds them to those of one row.
async fn add_all_to(tx: &Repo, title: &str, barrier: Option<&Barrier>) -> Result<()> {
    let sum: i64 = Post::query().all(tx).await?.iter().map(|post| post.views).sum();
    if let Some(barrier) = barrier {
        barrier.wait().await;
    }
    tx.update_all(Post::query().filter(Post::title.eq(title)), [Post::views.set(sum + 1)]).await.map(drop)
}

/// What each of the two first tries waits for, and how many tries there were.
#[derive(Default)]
struct Meeting {
    tries: AtomicU32,
}

impl Meeting {
    /// The barrier for the first two.
    fn of<'a>(&self, barrier: &'a Barrier) -> Option<&'a Barrier> {
        (self.tries.fetch_add(1, Ordering::SeqCst) < 2).then_some(barrier)
    }
}

/// SQL that fails as if others had been in the way.
fn conflict(db: &Db) -> &'static str {
    match db.backend {
        Backend::Postgres => "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40001'; END $$",
        _ => "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'others'",
    }
}

fn quickly() -> Retry {
    Retry::new().pauses(Duration::from_micros(10), Duration::from_micros(20))
}

case! {
    fn a_level_says_what_is_seen_of_others(db) {
        let of = |level: Isolation| TransactionOptions::from(level).read_only();
        let committed = counts(db, of(Isolation::ReadCommitted)).await.unwrap();
        assert_eq!(committed, if db.backend == Backend::Sqlite { (0, 0) } else { (0, 1) });
        assert_eq!(counts(db, of(Isolation::RepeatableRead)).await.unwrap(), (1, 1));
        // On MySQL a serializable read locks what it reads: the other would wait.
        if db.backend != Backend::Mysql {
            assert_eq!(counts(db, of(Isolation::Serializable)).await.unwrap(), (2, 2));
            assert_eq!(counts(db, TransactionOptions::new().deferrable()).await.unwrap(), (3, 3));
        }
        for level in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
            db.repo.transaction_with(level, async |tx| tx.insert(Post::default()).await.map(drop)).await.unwrap();
            assert_eq!(db.repo.delete_all(Post::query().filter(Post::title.eq(""))).await.unwrap(), 1);
        }
    }

    fn the_level_ends_with_the_transaction(db) {
        let question = match db.backend {
            Backend::Postgres => "SELECT current_setting('transaction_isolation') || current_setting('transaction_read_only')",
            Backend::Mysql => "SELECT @@transaction_isolation",
            Backend::Sqlite => "SELECT 'serializable'",
        };
        let repo = &db.repo;
        let before = repo.sql::<(String,)>(question, []).await;
        let options = TransactionOptions::from(Isolation::Serializable).read_only();
        for _ in 0..4 {
            repo.transaction_with(options, async |tx| tx.ping().await).await.unwrap();
            db.post(&format!("{}", Post::query().count(repo).await.unwrap())).await;
        }
        if let (Ok(before), Ok(after)) = (before, repo.sql::<(String,)>(question, []).await) {
            assert_eq!(before, after);
        }
    }

    fn a_transaction_that_only_reads_refuses_to_write_and_keeps_nobody_from_it(db) {
        let options = TransactionOptions::new().read_only();
        let refused = db.repo.transaction_with(options, async |tx| {
            assert_eq!(Post::query().count(&tx).await?, 0);
            db.post("outside").await;
            tx.insert(Post { title: "inside".into(), ..Post::default() }).await
        }).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Query, "{refused}");
        assert!(refused.to_string().contains("the transaction is read only"), "{refused}");
        let part = db.repo.transaction_with(options, async |tx| {
            tx.transaction(async |part| part.execute("DELETE FROM posts", []).await).await
        }).await;
        assert_eq!(part.unwrap_err().kind(), ErrorKind::Query);
        assert_eq!(db.titles().await, ["outside"]);
        assert_eq!(db.post("b").await.title, "b", "the connection writes again");
    }

    fn a_part_has_what_the_whole_was_begun_with(db) {
        let run = async |outer: TransactionOptions, inner: TransactionOptions| {
            db.repo.transaction_with(outer, async |tx| tx.transaction_with(inner, async |part| part.ping().await).await).await
        };
        let serializable = TransactionOptions::from(Isolation::Serializable);
        assert!(run(serializable, Isolation::ReadCommitted.into()).await.is_ok());
        assert!(run(serializable.read_only(), TransactionOptions::new().read_only()).await.is_ok());
        let refused = run(TransactionOptions::new(), serializable).await.unwrap_err();
        assert!(refused.to_string().contains("give the options to the outermost"), "{refused}");
        assert!(run(serializable, TransactionOptions::new().read_only()).await.is_err());
        let deferrable = run(TransactionOptions::new().deferrable(), TransactionOptions::new()).await;
        match db.backend {
            Backend::Mysql => assert!(deferrable.unwrap_err().to_string().contains("has no deferrable transactions")),
            _ => deferrable.unwrap(),
        }
    }

    fn of_two_that_read_what_the_other_writes_one_fails(db) {
        db.post("a").await;
        db.post("b").await;
        let barrier = Barrier::new(2);
        let run = async |title: &'static str| {
            db.repo.transaction_with(Isolation::Serializable, async |tx| add_all_to(&tx, title, Some(&barrier)).await).await
        };
        let outcomes = tokio::join!(run("a"), run("b"));
        let failed = match outcomes {
            (Ok(()), Err(error)) | (Err(error), Ok(())) => error,
            other => panic!("one of them: {other:?}"),
        };
        assert!(failed.is_transaction_conflict(), "{failed}");
        let kind = if db.backend == Backend::Postgres { ErrorKind::Serialization } else { ErrorKind::Deadlock };
        assert_eq!(failed.kind(), kind);
    }

    fn a_conflict_is_run_again_until_both_have_committed(db) {
        db.post("a").await;
        db.post("b").await;
        let (barrier, meeting) = (Barrier::new(2), Meeting::default());
        let run = async |title: &'static str| {
            db.repo.transaction_retry(Isolation::Serializable, async |tx| {
                add_all_to(&tx, title, meeting.of(&barrier)).await
            }).await
        };
        let outcomes = tokio::join!(run("a"), run("b"));
        outcomes.0.and(outcomes.1).unwrap();
        // As if one had run after the other.
        let mut views = Post::query().order_by(Post::views.asc()).select(Post::views).all(&db.repo).await.unwrap();
        views.sort_unstable();
        assert_eq!(views, [1, 2]);
        assert!(meeting.tries.load(Ordering::SeqCst) >= 3);
    }

    fn a_deadlock_is_run_again(db) {
        db.post("a").await;
        db.post("b").await;
        let (barrier, meeting) = (Barrier::new(2), Meeting::default());
        let run = async |first: &'static str, then: &'static str| {
            db.repo.transaction_retry(quickly(), async |tx| {
                let met = meeting.of(&barrier);
                let add = async |title: &'static str| {
                    tx.update_all(Post::query().filter(Post::title.eq(title)), [Post::views.inc(1)]).await
                };
                add(first).await?;
                if let Some(barrier) = met {
                    barrier.wait().await;
                }
                // What a conflict fails may be any error of the app's own.
                add(then).await.map_err(|error| zzz_core::Error::internal(error.to_string()))?;
                Ok::<_, zzz_core::Error>(())
            }).await
        };
        let outcomes = tokio::join!(run("a", "b"), run("b", "a"));
        outcomes.0.and(outcomes.1).unwrap();
        assert_eq!(Post::query().select(Post::views).all(&db.repo).await.unwrap(), [2, 2]);
        assert_eq!(meeting.tries.load(Ordering::SeqCst), 3);
    }

    fn nothing_but_a_conflict_is_run_again(db) {
        let tries = AtomicU32::new(0);
        let outcome: Result<()> = db.repo.transaction_retry(quickly(), async |_| {
            tries.fetch_add(1, Ordering::SeqCst);
            Err(Error::not_found("x"))
        }).await;
        assert!(outcome.unwrap_err().is_not_found());
        db.post("a").await;
        let outcome = db.repo.transaction_retry(quickly(), async |tx| {
            tries.fetch_add(1, Ordering::SeqCst);
            tx.insert(Post { title: "a".into(), ..Post::default() }).await
        }).await;
        assert!(outcome.unwrap_err().is_unique_violation());
        let outcome = db.repo.transaction(async |tx| {
            tx.execute("UPDATE posts SET views = 1", []).await?;
            let locked = db.repo.transaction_retry(quickly(), async |other| {
                tries.fetch_add(1, Ordering::SeqCst);
                other.sql::<(i64,)>("SELECT id FROM posts FOR UPDATE NOWAIT", []).await
            }).await;
            assert!(locked.unwrap_err().is_busy());
            Ok::<_, Error>(())
        }).await;
        outcome.unwrap();
        // A conflict of a part that was undone is none of the whole's.
        let outcome: Result<()> = db.repo.transaction_retry(quickly(), async |tx| {
            tries.fetch_add(1, Ordering::SeqCst);
            if db.backend == Backend::Postgres {
                assert!(tx.transaction(async |part| part.execute(conflict(db), []).await).await.is_err());
            }
            tx.ping().await?;
            Err(Error::not_found("y"))
        }).await;
        assert!(outcome.unwrap_err().is_not_found());
        assert_eq!(tries.load(Ordering::SeqCst), 4);
    }

    fn the_last_failure_is_what_comes_of_it(db) {
        let tries = AtomicU32::new(0);
        for (retry, expected) in [(quickly(), 5), (quickly().attempts(3), 3), (quickly().attempts(0), 1)] {
            tries.store(0, Ordering::SeqCst);
            let outcome = db.repo.transaction_retry(retry, async |tx| {
                tries.fetch_add(1, Ordering::SeqCst);
                db_free_insert(&tx).await?;
                tx.execute(conflict(db), []).await
            }).await;
            assert!(outcome.unwrap_err().is_transaction_conflict());
            assert_eq!(tries.load(Ordering::SeqCst), expected);
        }
        // A part has one try: the whole is to be run again.
        tries.store(0, Ordering::SeqCst);
        let outcome = db.repo.transaction(async |tx| {
            tx.transaction_retry(quickly(), async |part| {
                tries.fetch_add(1, Ordering::SeqCst);
                part.execute(conflict(db), []).await
            }).await
        }).await;
        assert!(outcome.unwrap_err().is_transaction_conflict());
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        assert_eq!(db.titles().await, [""; 0]);
    }

    fn a_file_that_another_process_writes_is_tried_again(db on Sqlite, impatient()) {
        let other = db.another().await;
        let (held, ends) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, wait) = (Arc::clone(&held), Arc::clone(&ends));
        let writer = tokio::spawn(async move {
            other.transaction(async |tx| {
                tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
                told.notify_one();
                wait.notified().await;
                Ok::<_, Error>(())
            }).await
        });
        held.notified().await;
        let insert = async |tx: Repo| tx.insert(Post { title: "b".into(), ..Post::default() }).await;
        assert!(db.repo.transaction_retry(quickly(), insert).await.unwrap_err().is_busy());
        let patient = db.repo.transaction_retry(quickly().attempts(u32::MAX), insert);
        let (kept, ()) = tokio::join!(patient, async { ends.notify_one() });
        assert_eq!(kept.unwrap().title, "b");
        writer.await.unwrap().unwrap();
        assert_eq!(db.titles().await, ["a", "b"]);
    }

    fn a_commit_of_unknown_outcome_is_not_run_again(db) {
        let (who, stop) = match db.backend {
            Backend::Postgres => ("SELECT pg_backend_pid()::bigint", "SELECT pg_terminate_backend($1::int)::int"),
            _ => ("SELECT CAST(CONNECTION_ID() AS SIGNED)", "KILL ?"),
        };
        let alive = db.sql(match db.backend {
            Backend::Postgres => "SELECT count(*) FROM pg_stat_activity WHERE pid = ?::int",
            _ => "SELECT count(*) FROM information_schema.processlist WHERE id = ?",
        });
        let tries = AtomicU32::new(0);
        let outcome: Result<()> = db.repo.transaction_retry(quickly(), async |tx| {
            tries.fetch_add(1, Ordering::SeqCst);
            db_free_insert(&tx).await?;
            let session = tx.sql::<(i64,)>(who, []).await?[0].0;
            if db.backend == Backend::Postgres {
                // One that was overcome.
                assert!(tx.transaction(async |part| part.execute(conflict(db), []).await).await.is_err());
            }
            db.repo.execute(&stop.replace('?', &session.to_string()).replace("$1", &session.to_string()), []).await?;
            while db.repo.sql::<(i64,)>(&alive, zzz_db::params![session]).await?[0].0 > 0 {
                tokio::task::yield_now().await;
            }
            Ok(())
        }).await;
        let error = outcome.unwrap_err();
        assert!(error.is_connection_lost(), "{error:?}");
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        assert_eq!(db.titles().await, [""; 0]);
    }
}

async fn db_free_insert(tx: &Repo) -> Result<()> {
    tx.insert(Post { title: "tried".into(), ..Post::default() }).await.map(drop)
}

fn impatient() -> zzz_db::DatabaseConfig {
    zzz_db::DatabaseConfig { acquire_timeout: Duration::from_millis(200), ..config() }
}
