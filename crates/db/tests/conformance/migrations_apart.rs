//! Migrations outside of a transaction: the journal, repairs, concurrent indexes; and what keeps two nodes apart.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use zzz_db::Repo;
use zzz_db::migrate::{Code, Migration, Migrations, Migrator, Repair, State};
use zzz_db::migration::*;

use crate::backend::{Backend, Db};
use crate::case;

type Tell = fn(&mut Change);

fn code<const N: usize>(all: [(&str, Tell); N]) -> Migrations {
    Migrations::from_code(all.map(|(name, change)| (name, Code::change(change)))).unwrap()
}

fn versions(done: Vec<&Migration>) -> Vec<i64> {
    done.into_iter().map(Migration::version).collect()
}

async fn exists(repo: &Repo, table: &str) -> bool {
    repo.sql::<(i64,)>(&format!("SELECT count(*) FROM {table}"), []).await.is_ok()
}

/// Three statements, the second of which needs a table `wanted`.
fn stops(m: &mut Change) {
    m.disable_ddl_transaction();
    m.create_table("one", |t| t.add("name", text()));
    m.execute("INSERT INTO wanted (id) VALUES (1)", "");
    m.create_table("two", |t| t.add("name", text()));
}

fn later(m: &mut Change) {
    m.create_table("three", |t| t.add("name", text()));
}

const UNFINISHED: State = State::Unfinished { done: 1, total: 3 };

async fn stopped(repo: &Repo, all: &Migrations) {
    let migrator = Migrator::new(repo, all);
    let error = migrator.migrate().await.unwrap_err().to_string();
    for part in [
        "the migration 1_stops could not be applied. Statement 2 failed: ",
        "the statement is `INSERT INTO wanted (id) VALUES (1)`",
        "1 of its 3 statements are done",
        "`migrate --repair 1 resume`",
        "`migrate --repair 1 done`",
        "`migrate --repair 1 undone`",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    assert!(exists(repo, "one").await && !exists(repo, "two").await && !exists(repo, "three").await);
    assert_eq!(migrator.status().await.unwrap()[0].state, UNFINISHED);
    assert_eq!(migrator.pending().await.unwrap().len(), 2);
    // Nothing else runs, not even backwards.
    for error in [migrator.migrate().await.unwrap_err(), migrator.migrate_to(2).await.unwrap_err()] {
        let error = error.to_string();
        assert!(
            error.contains("1_stops has stopped in its middle. Statement 2 failed")
                && error.contains("wanted"),
            "{error}"
        );
    }
    assert!(!exists(repo, "three").await);
}

async fn wanted(repo: &Repo) {
    repo.execute("CREATE TABLE wanted (id INTEGER PRIMARY KEY)", []).await.unwrap();
}

/// Takes the lock as another process has it, until it is closed.
async fn held(db: &Db) -> Repo {
    let holder = db.another().await;
    holder.execute("SELECT pg_advisory_lock(8825501030124319330)", []).await.unwrap();
    holder
}

/// Polls a future this many times and drops it; `true` if it came to its end.
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

case! {
    fn what_stopped_goes_on_where_it_failed(db) {
        let all = code([("1_stops", stops), ("2_later", later)]);
        stopped(&db.repo, &all).await;
        let migrator = Migrator::new(&db.repo, &all);
        let again = migrator.repair(1, Repair::Resume).await.unwrap_err().to_string();
        assert!(again.contains("Statement 2 failed"), "{again}");
        wanted(&db.repo).await;
        migrator.repair(1, Repair::Resume).await.unwrap();
        assert!(exists(&db.repo, "two").await);
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
        assert_eq!(versions(migrator.rollback(2).await.unwrap()), [2, 1]);
        assert!(!exists(&db.repo, "one").await);
    }

    fn what_stopped_counts_as_done_if_somebody_says_so(db) {
        let all = code([("1_stops", stops), ("2_later", later)]);
        stopped(&db.repo, &all).await;
        let migrator = Migrator::new(&db.repo, &all);
        migrator.repair(1, Repair::Done).await.unwrap();
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Up(_)));
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
    }

    fn what_stopped_begins_anew_if_it_was_undone(db) {
        let all = code([("1_stops", stops), ("2_later", later)]);
        stopped(&db.repo, &all).await;
        let migrator = Migrator::new(&db.repo, &all);
        db.repo.execute("DROP TABLE one", []).await.unwrap();
        migrator.repair(1, Repair::Undone).await.unwrap();
        assert_eq!(migrator.status().await.unwrap()[0].state, State::Down);
        wanted(&db.repo).await;
        assert_eq!(versions(migrator.migrate().await.unwrap()), [1, 2]);
    }

    fn what_stopped_can_not_go_on_if_what_is_done_was_edited(db) {
        fn edited(m: &mut Change) {
            m.disable_ddl_transaction();
            m.create_table("one", |t| t.add("name", string(9)));
            m.execute("INSERT INTO wanted (id) VALUES (1)", "");
        }
        fn mended(m: &mut Change) {
            m.disable_ddl_transaction();
            m.create_table("one", |t| t.add("name", text()));
        }
        let all = code([("1_stops", stops), ("2_later", later)]);
        stopped(&db.repo, &all).await;
        let edited = code([("1_stops", edited)]);
        let error = Migrator::new(&db.repo, &edited).repair(1, Repair::Resume).await.unwrap_err().to_string();
        assert!(error.contains("have been edited since"), "{error}");
        let mended = code([("1_stops", mended)]);
        Migrator::new(&db.repo, &mended).repair(1, Repair::Resume).await.unwrap();
        assert!(Migrator::new(&db.repo, &mended).pending().await.unwrap().is_empty());
        let error = Migrator::new(&db.repo, &mended).repair(1, Repair::Resume).await.unwrap_err().to_string();
        assert!(error.contains("has not stopped in its middle"), "{error}");
        let error = Migrator::new(&db.repo, &mended).repair(5, Repair::Done).await.unwrap_err().to_string();
        assert!(error.contains("no migration of the version 5"), "{error}");
    }

    fn a_file_runs_outside_of_a_transaction_too(db) {
        let text = "-- disable_ddl_transaction\n-- up\nCREATE TABLE one (a INTEGER); -- ;\nCREATE TABLE one (a INTEGER);\n-- down\nDROP TABLE one;";
        let all = Migrations::new([("1_twice.sql", text)]).unwrap();
        let error = Migrator::new(&db.repo, &all).migrate().await.unwrap_err().to_string();
        assert!(error.contains("Statement 2 failed") && error.contains("1 of its 2 statements"), "{error}");
        assert!(exists(&db.repo, "one").await);
    }

    fn the_way_back_stops_in_its_middle_too(db) {
        fn back(m: &mut Change) {
            m.disable_ddl_transaction();
            m.create_table("one", |t| t.add("name", text()));
            m.execute("CREATE TABLE two (id INTEGER)", "DROP TABLE two_that_is_not_there");
        }
        let all = code([("1_back", back)]);
        let migrator = Migrator::new(&db.repo, &all);
        migrator.migrate().await.unwrap();
        let error = migrator.rollback(1).await.unwrap_err().to_string();
        assert!(error.contains("could not be rolled back. Statement 1 failed") && error.contains("(of the way back)"), "{error}");
        migrator.repair(1, Repair::Undone).await.unwrap();
        assert!(matches!(migrator.status().await.unwrap()[0].state, State::Up(_)), "it is applied, as before the way back");
    }

    fn of_two_nodes_one_migrates_and_the_other_finds_it_done(db) {
        let all = code([("1_stops", free), ("2_later", later)]);
        let other = db.another().await;
        let (one, two) = tokio::join!(
            async { versions(Migrator::new(&db.repo, &all).migrate().await.unwrap()) },
            async { versions(Migrator::new(&other, &all).migrate().await.unwrap()) },
        );
        let mut applied = [one, two].concat();
        applied.sort_unstable();
        assert_eq!(applied, [1, 2]);
        other.close().await;
    }

    fn a_dropped_migration_leaves_the_pool_and_the_lock_free(db) {
        let all = code([("1_later", later), ("2_apart", free)]);
        // On SQLite nothing tells one that was cut off from one that runs, save that it does not end.
        let patience = Duration::from_millis(if db.backend == Backend::Sqlite { 10 } else { 20_000 });
        let mut polls = 1;
        loop {
            let migrator = Migrator::new(&db.repo, &all);
            let done = drop_after(polls, migrator.migrate()).await;
            // Whoever comes next is not kept waiting, and what was cut off is whole or said to be in its middle.
            let next = Migrator::new(&db.repo, &all).lock_timeout(patience);
            while let Err(error) = next.migrate().await {
                assert!(error.to_string().contains("has stopped in its middle"), "{error}");
                let status = next.status().await.unwrap();
                let stopped = status.iter().find(|one| matches!(one.state, State::Unfinished { .. })).unwrap();
                // Afterwards the statement that ran is at its end.
                next.repair(stopped.version, Repair::Undone).await.unwrap();
                for table in if stopped.version == 1 { &["three"][..] } else { &["one", "two"] } {
                    db.repo.execute(&format!("DROP TABLE IF EXISTS {table}"), []).await.unwrap();
                }
            }
            assert!(exists(&db.repo, "one").await && exists(&db.repo, "three").await);
            next.rollback(2).await.unwrap();
            assert!(!exists(&db.repo, "one").await && !exists(&db.repo, "three").await);
            if done {
                break;
            }
            // Every step of the beginning, and ever fewer of the rest.
            polls += 1 + polls / 6;
        }
        assert!(polls > 3, "it was dropped {polls} times");
        db.post("the writer works").await;
    }

    fn an_index_is_built_while_another_node_waits(db on Postgres) {
        fn concurrent(m: &mut Change) {
            m.disable_ddl_transaction();
            m.create_index(index("posts", ["title"]).name("posts_by_title").concurrently());
        }
        let all = code([("1_concurrent", concurrent)]);
        let other = db.another().await;
        // The lock is held before the other begins to wait.
        let holder = held(db).await;
        let waiting = Migrator::new(&other, &all).lock_timeout(Duration::from_millis(50));
        let error = waiting.migrate().await.unwrap_err();
        assert!(error.is_busy() && error.to_string().contains("another process has been migrating"), "{error}");
        holder.close().await;
        let (one, two) = tokio::join!(
            async { versions(Migrator::new(&db.repo, &all).migrate().await.unwrap()) },
            async { versions(Migrator::new(&other, &all).migrate().await.unwrap()) },
        );
        assert_eq!([one, two].concat(), [1]);
        other.close().await;
    }

    fn an_index_whose_build_failed_is_named_and_built_again(db on Postgres) {
        fn unique(m: &mut Change) {
            m.disable_ddl_transaction();
            m.create_index(unique_index("posts", ["body"]).concurrently());
        }
        for title in ["a", "b"] {
            db.post(title).await;
        }
        let all = code([("1_unique", unique)]);
        let migrator = Migrator::new(&db.repo, &all);
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("Left behind and invalid: posts_body_index"), "{error}");
        // Somebody who begins anew and has left the index there is told so.
        migrator.repair(1, Repair::Undone).await.unwrap();
        let error = migrator.migrate().await.unwrap_err().to_string();
        assert!(error.contains("the index \"posts_body_index\" is there already and invalid"), "{error}");
        db.repo.execute("UPDATE posts SET body = title", []).await.unwrap();
        migrator.repair(1, Repair::Resume).await.unwrap();
        assert!(db.repo.execute("UPDATE posts SET body = 'same'", []).await.unwrap_err().is_unique_violation());
    }

    fn behind_a_pooler_the_lock_is_a_transaction(db on Postgres) {
        let pooled = db.with_options("prepare=unnamed", &crate::backend::config()).await;
        let holder = held(db).await;
        let all = code([("2_later", later)]);
        let migrator = Migrator::new(&pooled, &all).lock_timeout(Duration::from_millis(50));
        assert!(migrator.migrate().await.unwrap_err().is_busy());
        holder.close().await;
        assert_eq!(versions(migrator.migrate().await.unwrap()), [2]);
        assert_eq!(versions(migrator.rollback(1).await.unwrap()), [2]);
        pooled.close().await;
    }
}

fn free(m: &mut Change) {
    m.disable_ddl_transaction();
    m.create_table("one", |t| t.add("name", text()));
    m.create_table("two", |t| t.add("name", text()));
}
