//! What undoes a whole transaction undoes nobody else's write.

use std::time::Duration;

use zzz_db::{DatabaseConfig, Error, Repo, Result};

use crate::file::{Db, Entry, Queued, config, open, with_config, with_file};

const ENDLESS: &str = "INSERT INTO notes (body) \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

/// An insert that gives its rows back, as many as it was given.
fn returning(db: &Db, body: &'static str) -> Queued<Vec<(i64, String)>> {
    db.queue(move |repo: Repo| async move {
        repo.sql(&format!("INSERT INTO notes (body) VALUES ('{body}') RETURNING id, body"), []).await
    })
}

fn oks<T>(outcomes: &[Result<T>]) -> Vec<bool> {
    outcomes.iter().map(Result::is_ok).collect()
}

#[test]
fn a_trigger_that_rolls_back_undoes_its_own_write_alone() {
    with_file(async |db| {
        let writes = || ["a", "b", "rollback", "c"].map(|body| returning(db, body)).into();
        let outcomes = db.together(writes).await;
        assert_eq!(oks(&outcomes), [true, true, false, true]);
        assert!(outcomes[2].as_ref().unwrap_err().to_string().contains("all of it"));
        assert_eq!(db.bodies().await, ["a", "b", "c"]);
        // What was run again gives its row once.
        let rows: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
        assert_eq!(rows, [[(1, "a".into())], [(2, "b".into())], [(3, "c".into())]]);
        // The second time it is known, and has a transaction of its own.
        let before = db.commits();
        let mut bodies = vec!["d"; 20];
        bodies.push("rollback");
        let outcomes = db.together(|| bodies.iter().map(|body| returning(db, body)).collect()).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 20);
        let commits = db.commits() - before;
        assert!(commits < 10, "{commits} transactions: 20 were run again one by one");
    });
}

#[test]
fn a_conflict_that_rolls_back_undoes_its_own_write_alone() {
    with_file(async |db| {
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT OR ROLLBACK INTO entries (number) VALUES (2), (1)"),
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT INTO entries (number) VALUES (3)"),
                ]
            })
            .await;
        assert_eq!(oks(&outcomes), [true, false, false, true]);
        assert_eq!(db.numbers().await, [1, 3]);
    });
}

#[test]
fn who_was_refused_because_of_an_undone_row_is_asked_again() {
    with_file(async |db| {
        // The second is refused because of the first, and the first is run again before it.
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT INTO notes (body) VALUES ('rollback')"),
                ]
            })
            .await;
        assert_eq!(oks(&outcomes), [true, false, false]);
        assert!(outcomes[1].as_ref().unwrap_err().is_unique_violation());
        assert_eq!(db.numbers().await, [1]);
    });
}

#[test]
fn a_write_that_is_stopped_at_its_time_limit_is_lost_alone() {
    let limits = DatabaseConfig { query_timeout: Duration::from_millis(300), ..config() };
    with_config(&limits, async |db| {
        let inserted = |number| {
            db.queue(move |repo: Repo| async move {
                repo.insert(Entry { number, ..Entry::default() }).await.map(|entry| entry.number as u64)
            })
        };
        let outcomes = db.together(|| vec![inserted(1), inserted(2), db.execute(ENDLESS), inserted(3)]).await;
        assert_eq!(oks(&outcomes), [true, true, false, true]);
        assert!(outcomes[2].as_ref().unwrap_err().is_query_timeout());
        assert_eq!(db.numbers().await, [1, 2, 3]);
        assert_eq!(db.bodies().await, [""; 0]);
    });
}

#[test]
fn a_full_database_fails_for_those_who_fill_it() {
    with_file(async |db| {
        db.repo.execute("CREATE TABLE blobs (body BLOB)", []).await.unwrap();
        db.repo.sql::<(i64,)>("PRAGMA page_count", []).await.unwrap();
        let pages: Vec<(i64,)> = db.repo.sql("PRAGMA page_count", []).await.unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages[0].0 + 20);
        db.repo.execute(&limit, []).await.unwrap();
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO blobs VALUES (zeroblob(100))"),
                    db.execute("INSERT INTO blobs VALUES (zeroblob(1000000))"),
                    db.execute("INSERT INTO blobs VALUES (zeroblob(200))"),
                ]
            })
            .await;
        assert_eq!(oks(&outcomes), [true, false, true]);
        let kept: Vec<(i64,)> = db.repo.sql("SELECT length(body) FROM blobs ORDER BY 1", []).await.unwrap();
        assert_eq!(kept, [(100,), (200,)]);
    });
}

/// Tables whose foreign keys are looked at by COMMIT.
async fn deferred(db: &Db) {
    db.repo.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)", []).await.unwrap();
    let children = "CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parents (id) \
        DEFERRABLE INITIALLY DEFERRED)";
    db.repo.execute(children, []).await.unwrap();
}

#[test]
fn a_foreign_key_that_commit_looks_at_fails_for_its_own_row() {
    with_file(async |db| {
        deferred(db).await;
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT INTO children VALUES (1, 7)"),
                    // Together with the row before it would be in order, which nobody has asked for.
                    db.execute("INSERT INTO parents VALUES (7)"),
                    db.execute("INSERT INTO children VALUES (2, 7)"),
                    db.execute("DELETE FROM parents"),
                    db.execute("DELETE FROM children"),
                    db.execute("INSERT INTO entries (number) VALUES (2)"),
                ]
            })
            .await;
        assert_eq!(oks(&outcomes), [true, false, true, true, false, true, true]);
        assert!(outcomes[1].as_ref().unwrap_err().is_foreign_key_violation());
        assert!(outcomes[4].as_ref().unwrap_err().is_foreign_key_violation());
        assert_eq!(db.numbers().await, [1, 2]);
    });
}

#[test]
fn such_a_key_is_noticed_when_another_process_adds_it() {
    with_file(async |db| {
        db.together(|| vec![db.insert(1), db.insert(2)]).await;
        let other = Db { repo: open(&db.file, &config()).await, file: db.file.clone() };
        deferred(&other).await;
        let writes = || {
            vec![
                db.execute("INSERT INTO children VALUES (1, 7)"),
                db.execute("INSERT INTO parents VALUES (7)"),
            ]
        };
        assert_eq!(oks(&db.together(writes).await), [false, true]);
        other.repo.execute("DROP TABLE children", []).await.unwrap();
        let before = db.commits();
        db.together(|| (10..30).map(|number| db.insert(number)).collect()).await;
        assert!(db.commits() - before < 10, "they share a transaction again");
        other.repo.close().await;
    });
}

#[test]
fn looking_at_keys_late_for_once_forgives_nobody() {
    with_file(async |db| {
        db.repo.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)", []).await.unwrap();
        db.repo
            .execute("CREATE TABLE children (parent_id BIGINT REFERENCES parents (id))", [])
            .await
            .unwrap();
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("PRAGMA defer_foreign_keys = ON"),
                    db.execute("INSERT INTO children VALUES (7)"),
                    db.execute("INSERT INTO entries (number) VALUES (1)"),
                    db.execute("INSERT INTO parents VALUES (7)"),
                ]
            })
            .await;
        assert_eq!(oks(&outcomes), [true, false, true, true]);
        assert_eq!(db.numbers().await, [1]);
    });
}

#[test]
fn an_attached_file_keeps_its_writes_apart() {
    with_file(async |db| {
        let other = db.file.with_file_name("other.db");
        open(&other, &config()).await.close().await;
        let attach = format!("ATTACH '{}' AS other", other.display());
        let attach = || db.queue(move |repo: Repo| async move { repo.execute(&attach, []).await });
        let before = db.commits();
        let outcomes = db
            .together(|| {
                let mut writes = vec![
                    db.execute("INSERT INTO notes (body) VALUES ('a')"),
                    db.execute("INSERT INTO notes (body) VALUES ('b')"),
                    attach(),
                ];
                writes.extend((0..20).map(|_| db.execute("INSERT INTO notes (body) VALUES ('c')")));
                writes
            })
            .await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert!((21..=22).contains(&(db.commits() - before)));
        db.repo.execute("DETACH other", []).await.unwrap();
        let before = db.commits();
        db.together(|| (0..20).map(|number| db.insert(number)).collect()).await;
        assert!(db.commits() - before < 10);
    });
}

#[test]
fn a_row_that_can_not_be_read_back_fails_alone() {
    with_file(async |db| {
        const UNREADABLE: &str = "INSERT INTO notes (body) VALUES ('b') RETURNING body";
        let note =
            |sql: &'static str| db.queue(move |repo: Repo| async move { repo.sql::<(i64,)>(sql, []).await });
        let a = "INSERT INTO notes (body) VALUES ('a') RETURNING id";
        let c = "INSERT INTO notes (body) VALUES ('c') RETURNING id";
        let outcomes = db.together(|| vec![note(a), note(UNREADABLE), note(c)]).await;
        assert_eq!(oks(&outcomes), [true, false, true]);
        assert!(outcomes[1].as_ref().unwrap_err().is_decode());
        let together = db.bodies().await;
        db.repo.execute("DELETE FROM notes", []).await.unwrap();
        for sql in [a, UNREADABLE, c] {
            let _ = db.repo.sql::<(i64,)>(sql, []).await;
        }
        assert_eq!(db.bodies().await, together, "it makes no difference whether there are others");
        assert_eq!(together, ["a", "b", "c"]);
    });
}

#[test]
fn a_transaction_after_a_failure_begins_anew() {
    with_file(async |db| {
        db.together(|| vec![db.insert(1), db.insert(2)]).await;
        db.together(|| {
            vec![
                db.execute("INSERT INTO notes (body) VALUES ('rollback')"),
                db.execute("DELETE FROM entries"),
            ]
        })
        .await;
        db.repo
            .transaction(async |tx| {
                assert_eq!(Entry::query().count(&tx).await?, 0);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    });
}
