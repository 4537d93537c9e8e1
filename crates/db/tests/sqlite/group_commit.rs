//! Writes that wait together share a transaction, and everybody learns what came of his own.

use std::time::{Duration, Instant};

use zzz_db::{DatabaseConfig, Error, Repo, Result, params};

use crate::file::{Entry, Queued, config, with_config, with_file};

#[test]
fn writes_that_wait_together_are_committed_together() {
    with_file(async |db| {
        let before = db.commits();
        let entries = db.together(|| (0..100).map(|number| db.insert(number)).collect()).await;
        for (at, entry) in (0..).zip(entries) {
            assert_eq!(entry.unwrap(), Entry { id: at + 1, number: at });
        }
        assert_eq!(db.numbers().await, (0..100).collect::<Vec<i64>>());
        // A transaction takes nothing more once it has taken long, which is no reason to fail here.
        let commits = db.commits() - before;
        assert!((1..50).contains(&commits), "{commits} transactions for 100 rows");
    });
}

#[test]
fn a_write_that_is_alone_waits_for_no_other() {
    with_file(async |db| {
        let before = db.commits();
        for number in 0..5 {
            db.repo.insert(Entry { number, ..Entry::default() }).await.unwrap();
            assert_eq!(db.commits() - before, usize::try_from(number).unwrap() + 1);
        }
    });
}

#[test]
fn a_refused_write_fails_alone() {
    with_file(async |db| {
        let entries = db.together(|| [1, 2, 1, 3, 2].map(|number| db.insert(number)).into()).await;
        let taken = |entry: &Result<Entry>| entry.as_ref().is_err_and(Error::is_unique_violation);
        assert_eq!(entries.iter().map(taken).collect::<Vec<_>>(), [false, false, true, false, true]);
        assert_eq!(db.numbers().await, [1, 2, 3]);
    });
}

#[test]
fn each_is_told_how_many_rows_it_changed() {
    with_file(async |db| {
        let counts = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO entries (number) VALUES (1), (2), (3)"),
                    db.execute("UPDATE entries SET number = number + 10 WHERE number > 1"),
                    db.execute("UPDATE entries SET number = 0 WHERE number = 7"),
                    db.execute("DELETE FROM entries WHERE number = 13"),
                    db.execute(
                        "WITH n (n) AS (VALUES (5), (6)) INSERT INTO entries (number) SELECT n FROM n",
                    ),
                ]
            })
            .await;
        let counts: Vec<u64> = counts.into_iter().map(Result::unwrap).collect();
        assert_eq!(counts, [3, 2, 0, 1, 2]);
        assert_eq!(db.numbers().await, [1, 12, 5, 6]);
    });
}

#[test]
fn what_a_statement_kept_in_spite_of_its_failure_is_kept() {
    with_file(async |db| {
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO notes (body) VALUES ('a')"),
                    db.execute("INSERT INTO notes (body) VALUES ('b'), ('fail'), ('c')"),
                    db.execute("INSERT INTO notes (body) VALUES ('d')"),
                ]
            })
            .await;
        assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        // As it is without the others: FAIL does not undo what was done before it.
        assert_eq!(db.bodies().await, ["a", "b", "fail", "d"]);
    });
}

#[test]
fn a_write_whose_caller_is_gone_is_skipped() {
    with_file(async |db| {
        let mut dropped = Vec::new();
        let outcomes = db
            .together(|| {
                let mut kept = Vec::new();
                for number in 0..10 {
                    let write = db.insert(number);
                    if number % 3 == 0 { dropped.push(write) } else { kept.push(write) }
                }
                dropped.clear();
                kept
            })
            .await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(db.numbers().await, [1, 2, 4, 5, 7, 8]);
    });
}

#[test]
fn a_write_that_has_waited_too_long_is_not_done_later() {
    let impatient = DatabaseConfig { acquire_timeout: Duration::from_millis(50), ..config() };
    with_config(&impatient, async |db| {
        db.repo
            .transaction(async |_| {
                let (a, b) = (db.insert(1), db.insert(2));
                assert!(a.await.unwrap_err().is_acquire_timeout());
                assert!(b.await.unwrap_err().is_acquire_timeout());
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        db.repo.insert(Entry { number: 3, ..Entry::default() }).await.unwrap();
        assert_eq!(db.numbers().await, [3]);
    });
}

#[test]
fn a_transaction_that_waits_has_its_turn_between_writes() {
    with_file(async |db| {
        let seen = |repo: Repo| async move {
            repo.transaction(async |tx| {
                let seen = Entry::query().count(&tx).await?;
                tx.execute("INSERT INTO entries (number) VALUES (100)", []).await?;
                Ok::<_, Error>(seen)
            })
            .await
        };
        let insert = |number| {
            db.queue(move |repo: Repo| async move {
                repo.insert(Entry { number, ..Entry::default() }).await.map(|_| 0)
            })
        };
        let outcomes = db
            .together(|| {
                let mut writes: Vec<Queued<u64>> = (0..5).map(insert).collect();
                writes.push(db.queue(seen));
                writes.extend((5..10).map(insert));
                // A transaction's commands come from its own task.
                writes
                    .into_iter()
                    .map(|write| -> Queued<u64> {
                        let task = tokio::spawn(write);
                        Box::pin(async move { task.await.unwrap() })
                    })
                    .collect()
            })
            .await;
        let seen: Vec<u64> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(seen, [0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0]);
        assert_eq!(db.numbers().await, [0, 1, 2, 3, 4, 100, 5, 6, 7, 8, 9]);
    });
}

#[test]
fn a_large_write_has_a_transaction_of_its_own() {
    with_file(async |db| {
        let rows = |from: i64| {
            db.queue(move |repo: Repo| async move {
                repo.insert_all((from..from + 1_001).map(|number| Entry { number, ..Entry::default() })).await
            })
        };
        let before = db.commits();
        let outcomes = db
            .together(|| vec![db.execute("INSERT INTO notes (body) VALUES ('a')"), rows(0), rows(2_000)])
            .await;
        assert_eq!(outcomes.into_iter().map(Result::unwrap).collect::<Vec<u64>>(), [1, 1_001, 1_001]);
        assert_eq!(db.commits() - before, 3);
    });
}

#[test]
fn what_can_not_run_in_a_transaction_runs_between_them() {
    with_file(async |db| {
        let outcomes = db
            .together(|| {
                vec![
                    db.execute("INSERT INTO notes (body) VALUES ('a')"),
                    db.execute("VACUUM"),
                    db.execute("INSERT INTO notes (body) VALUES ('b')"),
                    db.execute("BEGIN"),
                    db.execute("INSERT INTO notes (body) VALUES ('c')"),
                ]
            })
            .await;
        assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, false, true]);
        assert!(outcomes[3].as_ref().unwrap_err().to_string().contains("repo.transaction"));
        assert_eq!(db.bodies().await, ["a", "b", "c"]);
    });
}

#[test]
fn waiting_for_the_writer_counts_as_waiting() {
    // The times are asked of the query log, which `tests/telemetry.rs` does alone in its process; here only that a
    // limit on the time of a statement does not count the time of others.
    let limits = DatabaseConfig { query_timeout: Duration::from_millis(200), ..config() };
    with_config(&limits, async |db| {
        let began = Instant::now();
        let outcomes = db
            .together(|| {
                let writes = (0..3).map(|number| db.insert(number)).collect();
                while began.elapsed() < Duration::from_millis(250) {
                    std::thread::yield_now();
                }
                writes
            })
            .await;
        assert!(outcomes.iter().all(Result::is_ok));
    });
}

#[test]
fn values_are_bound_for_each() {
    with_file(async |db| {
        let note = |body: &'static str| {
            db.queue(move |repo: Repo| async move {
                repo.sql::<(i64, String)>(
                    "INSERT INTO notes (body) VALUES (?) RETURNING id, body",
                    params![body],
                )
                .await
            })
        };
        let rows = db.together(|| vec![note("a"), note("b"), note("c")]).await;
        let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!(rows, [[(1, "a".to_owned())], [(2, "b".to_owned())], [(3, "c".to_owned())]]);
    });
}
