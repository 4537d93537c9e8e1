//! Sandboxes: what is written in one is seen in it alone, and gone in the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use zzz_db::migrate::Migrations;
use zzz_db::sandbox::{Sandbox, SandboxOptions};
use zzz_db::{DatabaseConfig, Error, ErrorKind, Isolation, Repo, Result, TransactionOptions};

use crate::backend::{Backend, Db, Post, Tag, config};
use crate::case;

pub(crate) fn migrations(backend: Backend) -> Migrations {
    Migrations::new([("1_tables.sql", backend.schema())]).unwrap()
}

impl Db {
    pub(crate) async fn sandbox(&self) -> Sandbox {
        self.sandbox_with(SandboxOptions::new()).await
    }

    pub(crate) async fn sandbox_with(&self, options: SandboxOptions) -> Sandbox {
        self.has_sandboxes.set(true);
        options.start(&self.url, &migrations(self.backend)).await.unwrap()
    }

    /// Whether a sandbox is one transaction.
    fn is_boxed(&self) -> bool {
        self.backend != Backend::Sqlite
    }
}

async fn post(repo: &Repo, title: &str) -> Result<Post> {
    repo.insert(Post { title: title.into(), ..Post::default() }).await
}

pub(crate) async fn titles(repo: &Repo) -> Vec<String> {
    Post::query().order_by(Post::id.asc()).select(Post::title).all(repo).await.unwrap()
}

fn impatient() -> SandboxOptions {
    SandboxOptions::new().config(&DatabaseConfig { acquire_timeout: Duration::from_millis(100), ..config() })
}

case! {
    fn two_with_the_same_unique_keys_do_not_meet(db) {
        let (one, two) = (db.sandbox().await, db.sandbox().await);
        assert_ne!(one.url(), two.url());
        let (ours, theirs) = (one.repo(), two.repo());
        // In opposite orders: in one database they would wait for each other.
        for (mine, yours) in [("a", "b"), ("b", "a")] {
            let (first, second) = tokio::join!(post(&ours, mine), post(&theirs, yours));
            first.and(second).unwrap();
        }
        post(&ours, "c").await.unwrap();
        assert_eq!((titles(&ours).await.len(), titles(&theirs).await.len()), (3, 2));
        assert_eq!(db.titles().await, [""; 0], "nor is it in the database that they are named after");
        one.end().await;
        assert_eq!(titles(&theirs).await.len(), 2);
        let next = db.sandbox().await;
        assert_eq!(titles(&next.repo()).await, [""; 0]);
        assert_eq!(post(&next.repo(), "a").await.unwrap().id, 1, "what numbers the rows begins anew");
    }

    fn six_tests_side_by_side_write_the_same(db) {
        db.has_sandboxes.set(true);
        let tests: Vec<_> = (0..6).map(|_| {
            let (url, migrations) = (db.url.clone(), migrations(db.backend));
            tokio::spawn(async move {
                let sandbox = Sandbox::start(&url, &migrations).await.unwrap();
                let repo = sandbox.repo();
                for title in ["a", "b", "c"] {
                    post(&repo, title).await.unwrap();
                    repo.delete_all(Post::query().filter(Post::title.eq("b"))).await.unwrap();
                }
                assert_eq!(titles(&repo).await, ["a", "c"]);
            })
        }).collect();
        for test in tests {
            test.await.unwrap();
        }
    }

    fn a_test_that_panics_or_is_dropped_leaves_nothing(db) {
        let sandbox = db.sandbox().await;
        let place = sandbox.url().clone();
        let panics = tokio::spawn(async move {
            post(&sandbox.repo(), "a").await.unwrap();
            sandbox.repo().transaction(async |tx| -> Result<()> {
                post(&tx, "b").await?;
                panic!("a test that fails")
            }).await
        });
        assert!(panics.await.unwrap_err().is_panic());
        let sandbox = db.sandbox().await;
        let begun = Arc::new(Notify::new());
        let told = Arc::clone(&begun);
        let dropped = tokio::spawn(async move {
            post(&sandbox.repo(), "a").await.unwrap();
            sandbox.repo().transaction(async |tx| -> Result<()> {
                post(&tx, "b").await?;
                told.notify_one();
                std::future::pending().await
            }).await
        });
        begun.notified().await;
        dropped.abort();
        assert!(dropped.await.unwrap_err().is_cancelled());
        let next = db.sandbox().await;
        assert_eq!(titles(&next.repo()).await, [""; 0]);
        assert_eq!(post(&next.repo(), "a").await.unwrap().title, "a");
        if db.is_boxed() {
            let number = |url: &str| url.rsplit('_').next().unwrap().parse::<u32>().unwrap();
            assert!(number(&next.url().to_string()) <= number(&place.to_string()) + 2, "the same databases serve again");
        }
    }

    fn transactions_and_their_parts_are_kept_and_undone_in_it(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        repo.transaction(async |tx| post(&tx, "a").await).await.unwrap();
        let undone: Result<()> = repo.transaction(async |tx| {
            post(&tx, "b").await?;
            Err(Error::not_found("x"))
        }).await;
        assert!(undone.unwrap_err().is_not_found());
        repo.transaction(async |tx| {
            post(&tx, "c").await?;
            let part: Result<()> = tx.transaction(async |part| {
                post(&part, "d").await?;
                post(&part, "a").await.map(drop)
            }).await;
            assert!(part.unwrap_err().is_unique_violation());
            tx.transaction(async |part| post(&part, "e").await).await
        }).await.unwrap();
        assert_eq!(titles(&repo).await, ["a", "c", "e"]);
        let mut escaped = None;
        repo.transaction(async |tx| {
            escaped = Some(tx.clone());
            Ok::<_, Error>(())
        }).await.unwrap();
        assert!(post(&escaped.unwrap(), "f").await.unwrap_err().is_closed());
        assert_eq!(titles(&repo).await, ["a", "c", "e"]);
    }

    fn a_refused_statement_is_undone_alone(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        post(&repo, "a").await.unwrap();
        assert!(post(&repo, "a").await.unwrap_err().is_unique_violation());
        assert_eq!(repo.sql::<(i64,)>("SELECT nonsense", []).await.unwrap_err().kind(), ErrorKind::Query);
        assert!(repo.execute("INSERT INTO tags (name, weight) VALUES ('x', -1)", []).await.unwrap_err().is_constraint());
        let two = ["b", "a"].map(|title| Post { title: title.into(), ..Post::default() });
        assert!(repo.insert_all(two).await.unwrap_err().is_unique_violation());
        // As outside: on PostgreSQL a transaction does not go on after a failure.
        let swallowed = repo.transaction(async |tx| {
            post(&tx, "c").await?;
            assert!(tx.sql::<(i64,)>("SELECT nonsense", []).await.is_err());
            Ok::<_, Error>(())
        }).await;
        assert_eq!(swallowed.is_ok(), db.backend != Backend::Postgres, "{swallowed:?}");
        let left = if swallowed.is_ok() { vec!["a", "c"] } else { vec!["a"] };
        assert_eq!(titles(&repo).await, left);
    }

    fn raw_sql_can_neither_begin_nor_end_a_transaction(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        post(&repo, "a").await.unwrap();
        for sql in ["BEGIN", "COMMIT", "ROLLBACK"] {
            assert!(repo.execute(sql, []).await.is_err(), "{sql}");
        }
        assert_eq!(titles(&repo).await, ["a"]);
        let ended = repo.transaction(async |tx| tx.execute("COMMIT", []).await).await;
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(titles(&repo).await, ["a"]);
    }

    fn tasks_that_have_a_handle_share_it(db) {
        let sandbox = db.sandbox_with(SandboxOptions::new().config(&config())).await;
        let tasks: Vec<_> = (0..30).map(|n| {
            let repo = sandbox.repo();
            tokio::spawn(async move {
                let kept = repo.transaction(async |tx| {
                    let post = post(&tx, &n.to_string()).await?;
                    tokio::task::yield_now().await;
                    let seen = Post::query().filter(Post::id.eq(post.id)).count(&tx).await?;
                    assert_eq!(seen, 1);
                    if n % 3 == 0 { Err(Error::not_found("x")) } else { Ok(()) }
                }).await;
                assert_eq!(kept.is_err(), n % 3 == 0);
                let (count, tag) = tokio::join!(
                    Post::query().count(&repo),
                    repo.insert(Tag { name: n.to_string(), weight: 1 }),
                );
                count.map(drop).and(tag.map(drop)).unwrap();
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let repo = sandbox.repo();
        assert_eq!((Post::query().count(&repo).await.unwrap(), Tag::query().count(&repo).await.unwrap()), (20, 30));
    }

    fn who_waits_for_its_own_transaction_is_told(db) {
        let sandbox = db.sandbox_with(impatient()).await;
        let repo = sandbox.repo();
        repo.transaction(async |tx| {
            post(&tx, "a").await?;
            let outside = post(&repo, "b").await.unwrap_err();
            assert!(outside.is_acquire_timeout(), "{outside}");
            if db.is_boxed() {
                assert!(outside.to_string().contains("inside of `transaction(async |tx| ...)` use `tx`"), "{outside}");
                assert!(repo.transaction(async |other| other.ping().await).await.unwrap_err().is_acquire_timeout());
            }
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(titles(&repo).await, ["a"]);
    }

    fn rows_one_by_one_and_many_at_once(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        let posts = (0..200).map(|n| Post { title: n.to_string(), ..Post::default() });
        assert_eq!(repo.insert_all(posts).await.unwrap(), 200);
        let mut rows = Post::query().order_by(Post::id.asc()).stream(&repo);
        let mut seen = 0;
        while let Some(row) = rows.next().await {
            let row = row.unwrap();
            assert_eq!(row.title, seen.to_string());
            repo.update_all(Post::query().filter(Post::id.eq(row.id)), [Post::views.set(1)]).await.unwrap();
            seen += 1;
        }
        assert_eq!(seen, 200);
        assert_eq!(Post::query().filter(Post::views.eq(1)).count(&repo).await.unwrap(), 200);
    }

    fn copy_runs_within_a_transaction_of_it(db on Postgres) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        let tags = || (0..3).map(|n| Tag { name: format!("tag {n}"), weight: 1 });
        let error = repo.copy_all(tags()).await.unwrap_err().to_string();
        assert!(error.starts_with("in a sandbox COPY runs within a transaction"), "{error}");
        assert_eq!(repo.transaction(async |tx| tx.copy_all(tags()).await).await.unwrap(), 3);
        assert_eq!(Tag::query().count(&repo).await.unwrap(), 3);
        sandbox.end().await;
        assert_eq!(Tag::query().count(&db.sandbox().await.repo()).await.unwrap(), 0);
    }

    fn ddl_is_undone_or_refused_with_a_reason(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        post(&repo, "a").await.unwrap();
        let made = repo.execute("CREATE TABLE extra (id INTEGER)", []).await;
        if db.backend == Backend::Mysql {
            let refused = made.unwrap_err();
            assert!(refused.to_string().contains("commits by itself on MySQL"), "{refused}");
            let within = repo.transaction(async |tx| tx.execute("TRUNCATE TABLE posts", []).await).await;
            assert!(within.unwrap_err().to_string().contains("SandboxOptions::unboxed"));
            repo.execute("CREATE TEMPORARY TABLE extra (id INTEGER)", []).await.unwrap();
            repo.execute("INSERT INTO extra VALUES (1)", []).await.unwrap();
            repo.execute("DROP TEMPORARY TABLE extra", []).await.unwrap();
        } else {
            made.unwrap();
            repo.execute("INSERT INTO extra VALUES (1)", []).await.unwrap();
        }
        if db.backend == Backend::Postgres {
            let refused = repo.execute("VACUUM", []).await.unwrap_err();
            assert!(refused.to_string().contains("a sandbox is one transaction"), "{refused}");
        }
        assert_eq!(titles(&repo).await, ["a"]);
        sandbox.end().await;
        let next = db.sandbox().await;
        assert!(next.repo().sql::<(i64,)>("SELECT count(*) FROM extra", []).await.is_err());
    }

    fn what_runs_too_long_is_stopped(db) {
        let short = DatabaseConfig { query_timeout: Duration::from_millis(100), ..config() };
        let sandbox = db.sandbox_with(SandboxOptions::new().config(&short)).await;
        let repo = sandbox.repo();
        post(&repo.with_query_timeout(None), "a").await.unwrap();
        let stopped = repo.sql::<(i64,)>(db.endless(), []).await.unwrap_err();
        assert!(stopped.is_query_timeout(), "{stopped}");
        let after = Post::query().count(&repo.with_query_timeout(None)).await;
        if db.backend == Backend::Mysql {
            let over = after.unwrap_err();
            assert!(over.is_closed() && over.to_string().contains("it was the sandbox's"), "{over}");
        } else {
            assert_eq!(after.unwrap(), 1);
        }
        sandbox.end().await;
        assert_eq!(titles(&db.sandbox().await.repo()).await, [""; 0]);
    }

    fn a_handle_that_outlives_its_test_says_so(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        drop(sandbox);
        for error in [
            post(&repo, "a").await.unwrap_err(),
            repo.transaction(async |tx| tx.ping().await).await.unwrap_err(),
            Post::query().stream(&repo).next().await.unwrap().unwrap_err(),
        ] {
            assert!(error.is_closed(), "{error:?}");
            assert!(error.to_string().contains("let the test wait for the tasks that it starts"), "{error}");
        }
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        let held = Arc::new(Notify::new());
        let (told, task) = (Arc::clone(&held), repo.clone());
        // A task that never ends does not keep the sandbox from ending.
        let endless = tokio::spawn(async move {
            task.transaction(async |_| -> Result<()> {
                told.notify_one();
                std::future::pending().await
            }).await
        });
        held.notified().await;
        repo.close().await;
        endless.abort();
        assert!(repo.ping().await.unwrap_err().to_string().contains("its repo was closed"));
    }

    fn a_test_that_takes_too_long_loses_it(db) {
        let sandbox = db.sandbox_with(SandboxOptions::new().ownership_timeout(Duration::from_millis(50))).await;
        let repo = sandbox.repo();
        let error = loop {
            match repo.ping().await {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => break error,
            }
        };
        assert!(error.to_string().contains("longer than 50ms"), "{error}");
        assert_eq!(titles(&db.sandbox().await.repo()).await, [""; 0]);
    }

    fn a_constraint_that_waits_is_looked_at_in_a_sandbox_too(db) {
        let sandbox = db.sandbox().await;
        let repo = sandbox.repo();
        repo.execute("CREATE TABLE later (post_id INTEGER REFERENCES posts DEFERRABLE INITIALLY DEFERRED)", []).await.unwrap();
        let alone = repo.execute("INSERT INTO later VALUES (99)", []).await;
        assert!(alone.unwrap_err().is_foreign_key_violation());
        let outcome = repo.transaction(async |tx| tx.execute("INSERT INTO later VALUES (99)", []).await).await;
        assert!(outcome.unwrap_err().is_foreign_key_violation());
        repo.transaction(async |tx| {
            // It still waits for the end.
            tx.execute("INSERT INTO later VALUES (7)", []).await?;
            tx.insert(Post { id: 7, title: "a".into(), ..Post::default() }).await
        }).await.unwrap();
        assert_eq!(repo.sql::<(i64,)>("SELECT count(*) FROM later", []).await.unwrap(), [(1,)]);
    }

    fn levels_and_reading_only_are_kept_in_it(db) {
        let sandbox = db.sandbox_with(SandboxOptions::new().isolation(Isolation::Serializable)).await;
        let repo = sandbox.repo();
        post(&repo, "a").await.unwrap();
        if db.backend == Backend::Postgres {
            let level = repo.sql::<(String,)>("SHOW transaction_isolation", []).await.unwrap();
            assert_eq!(level, [("serializable".to_owned(),)]);
        }
        repo.transaction_retry(Isolation::RepeatableRead, async |tx| post(&tx, "b").await).await.unwrap();
        let refused = repo.transaction_with(TransactionOptions::new().read_only(), async |tx| {
            assert_eq!(Post::query().count(&tx).await?, 2);
            post(&tx, "c").await
        }).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Query, "{refused}");
        assert!(refused.to_string().contains("the transaction is read only"), "{refused}");
        let read = repo.transaction_with(TransactionOptions::new().read_only(), async |tx| Post::query().count(&tx).await);
        assert_eq!(read.await.unwrap(), 2);
        post(&repo, "d").await.unwrap();
        assert_eq!(titles(&repo).await, ["a", "b", "d"]);
    }

    fn nobody_can_listen_in_it_and_all_can_in_one_that_is_unboxed(db on Postgres) {
        let sandbox = db.sandbox().await;
        let refused = sandbox.repo().listen("jobs").await.unwrap_err();
        assert!(refused.to_string().contains("nothing is ever committed in a sandbox"), "{refused}");
        let unboxed = db.sandbox_with(SandboxOptions::new().unboxed()).await;
        let mut listener = unboxed.repo().listen("jobs").await.unwrap();
        unboxed.repo().transaction(async |tx| tx.execute("NOTIFY jobs, 'one'", []).await).await.unwrap();
        assert_eq!(listener.next().await, Some(zzz_db::repo::Heard::Notification("one".into())));
    }

    fn an_unboxed_one_is_a_whole_database_for_a_while(db) {
        let sandbox = db.sandbox_with(SandboxOptions::new().unboxed()).await;
        let (repo, url) = (sandbox.repo(), sandbox.url().clone());
        post(&repo, "a").await.unwrap();
        repo.execute("CREATE TABLE extra (id INTEGER)", []).await.unwrap();
        let other = Repo::connect(&url, &config()).await.unwrap();
        assert_eq!(titles(&other).await, ["a"]);
        repo.transaction(async |tx| {
            post(&tx, "b").await?;
            assert_eq!(titles(&other).await, ["a"]);
            Ok::<_, Error>(())
        }).await.unwrap();
        other.close().await;
        drop(sandbox);
        assert!(post(&repo, "c").await.unwrap_err().is_closed());
        if db.is_boxed() {
            assert!(!zzz_db::storage::exists(&url).await.unwrap(), "it was waited for");
        }
    }
}
