//! A future that is dropped at any await point leaves a clean connection and no open transaction.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use zzz_db::{DatabaseConfig, Error, Isolation, Repo, Retry, TransactionOptions};

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

async fn work(repo: &Repo, retry: Retry) -> Result<(), Error> {
    let post = |title: &str| Post { title: title.into(), ..Post::default() };
    repo.transaction_retry(retry, async |tx| {
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

/// Drops the work at each of its await points, and looks what is left.
async fn drop_at_every_point(repo: &Repo, retry: Retry) {
    let mut polls = 0;
    loop {
        polls += 1;
        let done = drop_after(polls, work(repo, retry)).await;
        // The writer serves the next caller, which also waits until the rollback is done.
        repo.execute("UPDATE tags SET weight = 1", []).await.unwrap();
        let titles: Vec<String> =
            Post::query().order_by(Post::id.asc()).select(Post::title).all(repo).await.unwrap();
        // Dropped while the commit runs, the outcome is the database's; it is never a part.
        assert!(titles.is_empty() || titles == ["a", "b", "c"], "after {polls} polls: {titles:?}");
        assert!(!done || !titles.is_empty(), "what was acknowledged is there");
        repo.delete_all(Post::query()).await.unwrap();
        if done {
            break;
        }
    }
    assert!(polls > 6, "there are more await points than {polls}");
}

case! {
    fn a_transaction_dropped_at_any_await_point_is_whole_or_nothing(db) {
        for _ in 0..10 {
            drop_at_every_point(&db.repo, Retry::new()).await;
        }
    }

    fn so_is_one_with_options(db) {
        for level in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
            for _ in 0..3 {
                drop_at_every_point(&db.repo, Retry::from(level)).await;
            }
        }
    }

    fn one_that_only_reads_gives_its_connection_back_wherever_it_is_dropped(db, DatabaseConfig { pool_size: 1.into(), ..config() }) {
        for options in [TransactionOptions::new().read_only(), TransactionOptions::from(Isolation::RepeatableRead).read_only()] {
            let mut polls = 0;
            loop {
                polls += 1;
                let reading = db.repo.transaction_with(options, async |tx| {
                    Post::query().count(&tx).await?;
                    step().await;
                    tx.transaction(async |part| part.ping().await).await?;
                    step().await;
                    Ok::<_, Error>(())
                });
                let done = drop_after(polls, reading).await;
                assert_eq!(db.repo.delete_all(Post::query()).await.unwrap(), u64::from(polls > 1));
                db.post("a").await;
                if done {
                    break;
                }
            }
            assert!(polls > 2, "there are more await points than {polls}");
            db.repo.delete_all(Post::query()).await.unwrap();
        }
    }

    fn a_pause_before_the_next_try_can_be_dropped(db on Postgres) {
        let retry = Retry::new().pauses(Duration::from_secs(3_600), Duration::from_secs(3_600));
        let fails = "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40001'; END $$";
        let (failed, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let trying = db.repo.transaction_retry(retry, async |tx| {
            let outcome = tx.execute(fails, []).await;
            let _ = failed.send(());
            outcome
        });
        tokio::select! {
            _ = trying => unreachable!(),
            _ = seen.recv() => {}
        }
        db.post("a").await;
    }

    fn a_queued_statement_whose_caller_is_gone_is_skipped(db, DatabaseConfig { pool_size: 1.into(), ..config() }) {
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

#[cfg(feature = "sandbox")]
case! {
    fn a_transaction_in_a_sandbox_dropped_at_any_await_point_is_whole_or_nothing(db) {
        let sandbox = db.sandbox().await;
        for _ in 0..10 {
            drop_at_every_point(&sandbox.repo(), Retry::new()).await;
        }
        sandbox.end().await;
        assert_eq!(db.titles().await, [""; 0]);
    }

    fn a_statement_in_a_sandbox_dropped_at_any_await_point_is_done_whole_or_not_at_all(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        repo.insert(Post { title: "a".into(), ..Post::default() }).await.unwrap();
        for title in ["a", "b"] {
            let mut polls = 0;
            loop {
                polls += 1;
                // One that is refused does no harm either.
                let done = drop_after(polls, repo.insert(Post { title: title.into(), ..Post::default() })).await;
                assert_eq!(Post::query().filter(Post::title.eq("a")).count(&repo).await.unwrap(), 1);
                repo.delete_all(Post::query().filter(Post::title.eq("b"))).await.unwrap();
                if done {
                    break;
                }
            }
        }
    }

    fn the_start_of_a_sandbox_can_be_dropped_at_any_await_point(db) {
        drop(db.sandbox().await);
        let migrations = crate::sandbox::migrations(db.backend);
        let mut polls = 0;
        while !drop_after(polls, zzz_db::sandbox::Sandbox::start(&db.url, &migrations)).await {
            polls += 1;
        }
        let sandbox = db.sandbox().await;
        assert_eq!(Post::query().count(&sandbox.repo()).await.unwrap(), 0);
        let number = sandbox.url().to_string().rsplit('_').next().unwrap().parse::<u32>();
        assert!(number.is_err() || number.unwrap() <= polls + 2);
    }
}
