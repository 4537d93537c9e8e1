//! A future that is dropped at any await point leaves a clean connection and no open transaction.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use zzz_db::{DatabaseConfig, Error, Repo};

use crate::backend::{Backend, Post, config};
use crate::case;

fn limits(acquire: u64, query: u64) -> DatabaseConfig {
    DatabaseConfig {
        acquire_timeout: Duration::from_millis(acquire),
        query_timeout: Duration::from_millis(query),
        ..config()
    }
}

/// Polls the future this many times, each time when it has asked to be, and drops it; `true` if it was done.
async fn drop_after(polls: u32, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A step between statements at which the future can be dropped for certain: a reply that has come already
/// is no await point.
async fn step() {
    tokio::task::yield_now().await;
}

async fn work(repo: &Repo) -> Result<(), Error> {
    let post = |title: &str| Post { title: title.into(), ..Post::default() };
    repo.transaction(async |tx| {
        step().await;
        tx.insert(post("a")).await?;
        step().await;
        tx.transaction(async |part| {
            step().await;
            part.insert(post("b")).await?;
            step().await;
            Ok::<_, Error>(())
        })
        .await?;
        step().await;
        Post::query().count(&tx).await?;
        tx.insert(post("c")).await?;
        step().await;
        Ok(())
    })
    .await
}

case! {
    fn a_transaction_dropped_at_any_await_point_is_whole_or_nothing(db) {
        for _ in 0..10 {
            let mut polls = 0;
            loop {
                polls += 1;
                let done = drop_after(polls, work(&db.repo)).await;
                // The writer serves the next caller, which also waits until the rollback is done.
                db.repo.execute("UPDATE tags SET weight = 1", []).await.unwrap();
                let titles = db.titles().await;
                // Dropped while the commit runs, the outcome is the database's; it is never a part.
                assert!(titles.is_empty() || titles == ["a", "b", "c"], "after {polls} polls: {titles:?}");
                assert!(!done || !titles.is_empty(), "what was acknowledged is there");
                db.repo.delete_all(Post::query()).await.unwrap();
                if done {
                    break;
                }
            }
            assert!(polls > 6, "there are more await points than {polls}");
        }
    }

    fn a_queued_statement_whose_caller_is_gone_is_skipped(db, DatabaseConfig { pool_size: 1, ..config() }) {
        db.repo.transaction(async |_| {
            let mut insert = pin!(db.repo.insert(Post { title: "a".into(), ..Post::default() }));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(insert.as_mut().poll(&mut cx).is_pending(), "the transaction holds the writer, or the only connection");
            Ok::<_, Error>(())
        }).await.unwrap();
        db.post("b").await;
        assert_eq!(db.titles().await, ["b"]);
    }

    fn a_running_read_whose_caller_is_gone_is_stopped(db, limits(5_000, 60_000)) {
        for _ in 0..4 {
            let mut read = Box::pin(db.repo.sql::<(i64,)>(db.endless(), []));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(read.as_mut().poll(&mut cx).is_pending());
            drop(read);
        }
        // Both readers would be busy for minutes.
        for _ in 0..4 {
            assert!(db.repo.ping().await.is_ok());
        }
    }

    fn a_statement_that_runs_too_long_is_stopped(db, limits(5_000, 50)) {
        let error = db.repo.sql::<(i64,)>(db.endless(), []).await.unwrap_err();
        assert!(error.is_query_timeout() && error.to_string().contains("50ms"), "{error}");
        assert!(db.repo.execute(&db.endless_write(), []).await.unwrap_err().is_query_timeout());
        assert!(db.repo.ping().await.is_ok());
        assert_eq!(db.post("a").await.id, 1);
    }

    fn a_transaction_whose_write_was_stopped_can_not_be_committed(db, limits(5_000, 50)) {
        let outcome = db.repo.transaction(async |tx| {
            tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
            assert!(tx.execute(&db.endless_write(), []).await.unwrap_err().is_query_timeout());
            Ok::<_, Error>(())
        }).await;
        assert!(outcome.unwrap_err().is_closed());
        assert_eq!(db.titles().await, [""; 0]);
        db.post("b").await;
    }

    fn a_busy_pool_is_an_error_after_the_timeout_and_recovers(db, limits(100, 60_000)) {
        let busy: Vec<_> = (0..2).map(|_| {
            let (repo, endless) = (db.repo.clone(), db.endless());
            tokio::spawn(async move { repo.sql::<(i64,)>(endless, []).await })
        }).collect();
        let error = loop {
            match db.repo.ping().await {
                Ok(()) => step().await,
                Err(error) => break error,
            }
        };
        assert!(error.is_acquire_timeout() && error.to_string().contains("100ms"), "{error}");
        if db.backend == Backend::Sqlite {
            db.post("the writer is free").await;
        }
        for read in busy {
            read.abort();
        }
        while db.repo.ping().await.is_err() {}
    }
}
