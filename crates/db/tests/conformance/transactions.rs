//! Commit, rollback, savepoints, and handles that outlive their transaction.

use zzz_db::{Changeset, Error, ErrorKind, Repo};

use crate::backend::{Backend, Comment, Post};
use crate::case;

async fn post(repo: &Repo, title: &str) -> Result<Post, Error> {
    repo.insert(Post { title: title.into(), ..Post::default() }).await
}

case! {
    fn ok_commits_and_gives_the_value(db) {
        let post = db.repo.transaction(async |tx| {
            let first = post(&tx, "a").await?;
            assert_eq!(Post::query().count(&tx).await?, 1, "a transaction sees its own writes");
            assert_eq!(Post::query().count(&db.repo).await?, 0, "and nobody else does");
            tx.update(Changeset::new(first).put_change(Post::title, "b")).await
        }).await.unwrap().unwrap();
        assert_eq!(post.title, "b");
        assert_eq!(db.titles().await, ["b"]);
    }

    fn err_rolls_back_and_gives_the_error(db) {
        #[derive(Debug)]
        enum Failure {
            Db,
            Mine(u8),
        }
        impl From<Error> for Failure {
            fn from(_: Error) -> Self {
                Self::Db
            }
        }
        let outcome: Result<(), Failure> = db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            Err(Failure::Mine(7))
        }).await;
        assert!(matches!(outcome, Err(Failure::Mine(7))));
        assert_eq!(db.titles().await, [""; 0]);
        let outcome: Result<(), Failure> = db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            post(&tx, "a").await?;
            Ok(())
        }).await;
        assert!(matches!(outcome, Err(Failure::Db)));
        assert_eq!(db.titles().await, [""; 0]);
    }

    fn a_panic_rolls_back(db) {
        let repo = db.repo.clone();
        let task = tokio::spawn(async move {
            repo.transaction(async |tx| -> Result<(), Error> {
                post(&tx, "a").await?;
                panic!("a bug in the app")
            }).await
        });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(db.post("b").await.title, "b");
        assert_eq!(db.titles().await, ["b"]);
    }

    fn a_part_can_be_undone_alone(db) {
        db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            let undone: Result<(), Error> = tx.transaction(async |part| {
                post(&part, "b").await?;
                let kept: Result<Post, Error> = part.transaction(async |inner| post(&inner, "c").await).await;
                kept?;
                post(&part, "a").await.map(drop)
            }).await;
            assert!(undone.unwrap_err().is_unique_violation());
            tx.transaction(async |part| post(&part, "d").await).await
        }).await.unwrap();
        assert_eq!(db.titles().await, ["a", "d"]);
    }

    fn a_dropped_part_is_undone_and_the_rest_goes_on(db) {
        db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            let (begun, mut seen) = tokio::sync::oneshot::channel();
            let part = tx.transaction(async |part| -> Result<(), Error> {
                post(&part, "b").await?;
                let _ = begun.send(());
                std::future::pending().await
            });
            tokio::select! {
                _ = part => unreachable!(),
                _ = &mut seen => {}
            }
            post(&tx, "c").await
        }).await.unwrap();
        assert_eq!(db.titles().await, ["a", "c"]);
    }

    fn parts_begun_at_once_run_one_after_the_other(db) {
        db.repo.transaction(async |tx| {
            let part = async |title: &'static str, fails: bool| {
                tx.transaction(async |part| {
                    post(&part, title).await?;
                    tokio::task::yield_now().await;
                    if fails { Err(Error::not_found("x")) } else { Ok(()) }
                }).await
            };
            let (a, b, c) = tokio::join!(part("a", false), part("b", true), part("c", false));
            assert!(a.is_ok() && b.is_err() && c.is_ok());
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(db.titles().await, ["a", "c"]);
    }

    fn a_handle_that_outlives_its_transaction_fails(db) {
        let mut escaped = None;
        db.repo.transaction(async |tx| {
            escaped = Some(tx.clone());
            post(&tx, "a").await
        }).await.unwrap();
        let escaped = escaped.unwrap();
        assert!(post(&escaped, "b").await.unwrap_err().is_closed());
        assert!(escaped.transaction(async |tx| post(&tx, "c").await).await.unwrap_err().is_closed());
        assert_eq!(db.titles().await, ["a"]);
    }

    fn a_handle_in_another_task_does_not_keep_a_dropped_transaction_open(db) {
        let (send, receive) = tokio::sync::oneshot::channel();
        let repo = db.repo.clone();
        let task = tokio::spawn(async move {
            repo.transaction(async |tx| -> Result<(), Error> {
                post(&tx, "a").await?;
                let _ = send.send(tx.clone());
                std::future::pending().await
            }).await
        });
        let escaped = receive.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        db.post("b").await;
        assert!(post(&escaped, "c").await.unwrap_err().is_closed());
        assert_eq!(db.titles().await, ["b"]);
    }

    fn raw_sql_that_ends_the_transaction_is_noticed(db) {
        let outcome = db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            tx.execute("ROLLBACK", []).await?;
            post(&tx, "b").await
        }).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
        let outcome = db.repo.transaction(async |tx| tx.execute("COMMIT", []).await).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(db.titles().await, [""; 0]);
    }

    fn a_constraint_that_waits_for_the_commit_refuses_it(db) {
        db.repo.execute("CREATE TABLE later (post_id INTEGER REFERENCES posts DEFERRABLE INITIALLY DEFERRED)", []).await.unwrap();
        let outcome = db.repo.transaction(async |tx| tx.execute("INSERT INTO later VALUES (99)", []).await).await;
        assert!(outcome.unwrap_err().is_foreign_key_violation());
        assert_eq!(db.repo.sql::<(i64,)>("SELECT count(*) FROM later", []).await.unwrap(), [(0,)]);
        db.post("a").await;
    }

    fn a_write_outside_waits_for_the_transaction_and_does_not_deadlock(db, short()) {
        let outcome = db.repo.transaction(async |tx| {
            post(&tx, "a").await?;
            if db.backend == Backend::Sqlite {
                let outside = post(&db.repo, "b").await.unwrap_err();
                assert!(outside.is_acquire_timeout(), "{outside}");
            }
            let nested = tx.transaction(async |_| tx.transaction(async |_| Ok::<_, Error>(())).await).await;
            assert!(nested.unwrap_err().is_acquire_timeout(), "the outer handle inside of a part waits in vain");
            Ok::<_, Error>(())
        }).await;
        outcome.unwrap();
        assert_eq!(db.titles().await, ["a"]);
        assert_eq!(Comment::query().count(&db.repo).await.unwrap(), 0);
    }
}

fn short() -> zzz_db::DatabaseConfig {
    zzz_db::DatabaseConfig {
        acquire_timeout: std::time::Duration::from_millis(100),
        ..crate::backend::config()
    }
}
