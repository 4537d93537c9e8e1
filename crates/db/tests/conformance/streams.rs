//! Rows one by one, as they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zzz_db::DatabaseConfig;
use zzz_db::query::value;

use crate::backend::{Db, Thing, config};
use crate::case;

fn alone() -> DatabaseConfig {
    DatabaseConfig { pool_size: 1.into(), ..config() }
}

async fn things(db: &Db, count: i64) {
    let things = (0..count).map(|n| Thing { big: Some(n), ..Thing::default() });
    db.repo.insert_all(things).await.unwrap();
}

case! {
    fn every_row_comes_in_its_order(db) {
        things(db, 1_000).await;
        let mut rows = Thing::query().order_by(Thing::big.asc()).select(Thing::big).stream(&db.repo);
        for n in 0..1_000 {
            assert_eq!(rows.next().await.unwrap().unwrap(), Some(n));
        }
        assert!(rows.next().await.is_none() && rows.next().await.is_none());
    }

    fn no_more_is_read_than_is_taken(db) {
        things(db, 5_000).await;
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let mut rows = Thing::query().map(move |thing| {
            counter.fetch_add(1, Ordering::SeqCst);
            thing
        }).stream(&db.repo).max_rows(64);
        for _ in 0..10 {
            rows.next().await.unwrap().unwrap();
        }
        // Time enough to read on, if anybody would.
        for _ in 0..20 {
            Thing::query().filter(Thing::big.gt(4_990)).all(&db.repo).await.unwrap();
        }
        // 64 wait to be taken, and one more to be put there.
        assert!(read.load(Ordering::SeqCst) <= 10 + 64 + 1, "{read:?}");
    }

    fn a_dropped_stream_gives_its_connection_back(db) {
        things(db, 2_000).await;
        for _ in 0..10 {
            let mut rows = Thing::query().stream(&db.repo);
            rows.next().await.unwrap().unwrap();
        }
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 2_000);
    }

    fn a_row_that_can_not_be_read_ends_the_stream(db) {
        things(db, 10).await;
        let text = value("text".to_owned());
        let query = Thing::query().select(zzz_db::fragment!(i64: "?", text));
        let mut rows = query.stream(&db.repo);
        assert!(rows.next().await.unwrap().unwrap_err().is_decode());
        assert!(rows.next().await.is_none());
        assert!(db.repo.ping().await.is_ok());
    }

    fn a_query_that_can_not_be_asked_is_the_streams_only_item(db) {
        let query = Thing::query().prefix("nowhere");
        let mut rows = query.stream(&db.repo);
        assert!(rows.next().await.unwrap().is_err());
        assert!(rows.next().await.is_none());
    }

    fn within_a_transaction_other_statements_follow(db) {
        things(db, 500).await;
        let sum = db.repo.transaction(async |tx| {
            let mut rows = Thing::query().select(Thing::big).stream(&tx);
            let mut sum = 0;
            while let Some(row) = rows.next().await {
                sum += row?.unwrap_or(0);
                if sum % 100 == 0 {
                    tx.update_all(Thing::query(), [Thing::medium.set(1)]).await?;
                }
            }
            Ok::<_, zzz_db::Error>(sum)
        });
        assert_eq!(sum.await.unwrap(), 124_750);
    }

    fn rows_come_whatever_the_batch(db) {
        things(db, 20).await;
        for most in [0, 1, 7, 20, usize::MAX] {
            let mut rows = Thing::query().order_by(Thing::big.asc()).select(Thing::big).stream(&db.repo).max_rows(most);
            for n in 0..20 {
                assert_eq!(rows.next().await.unwrap().unwrap(), Some(n), "{most}");
            }
            assert!(rows.next().await.is_none());
        }
    }

    /// A row is read within the transaction's time, also when the one before it has long been taken.
    fn two_streams_of_a_transaction_take_turns(db) {
        things(db, 30).await;
        let pairs = db.repo.transaction(async |tx| {
            let query = || Thing::query().order_by(Thing::big.asc()).select(Thing::big);
            let (mut left, mut right) = (query().stream(&tx).max_rows(3), query().stream(&tx).max_rows(7));
            let mut pairs = Vec::new();
            while let (Some(one), Some(other)) = (left.next().await, right.next().await) {
                pairs.push((one?, other?));
            }
            Ok::<_, zzz_db::Error>(pairs)
        });
        assert_eq!(pairs.await.unwrap(), (0..30).map(|n| (Some(n), Some(n))).collect::<Vec<_>>());
    }

    fn a_stream_that_is_dropped_within_a_transaction_leaves_the_rest_of_it(db) {
        things(db, 2_000).await;
        let kept = db.repo.transaction(async |tx| {
            for _ in 0..3 {
                let mut rows = Thing::query().stream(&tx).max_rows(5);
                rows.next().await.unwrap()?;
            }
            tx.insert(Thing::default()).await?;
            Thing::query().count(&tx).await
        });
        assert_eq!(kept.await.unwrap(), 2_001);
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 2_001);
    }

    /// Not the whole of it, as on the others: a transaction may go through a table of any size, too.
    fn within_a_transaction_no_more_is_read_than_is_taken(db on Postgres) {
        things(db, 1_000).await;
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let done = db.repo.transaction(async |tx| {
            let mut rows = Thing::query().map(move |thing| {
                counter.fetch_add(1, Ordering::SeqCst);
                thing
            }).stream(&tx).max_rows(10);
            for _ in 0..15 {
                rows.next().await.unwrap()?;
            }
            // Others have their turn while rows wait to be taken.
            tx.ping().await
        });
        done.await.unwrap();
        assert_eq!(read.load(Ordering::SeqCst), 20);
    }

    fn the_time_limit_is_that_of_a_batch(db on Postgres) {
        let slow = |repo: &zzz_db::Repo| {
            let sleep = zzz_db::fragment!(i64: "(SELECT 1 FROM pg_sleep(?))", value(0.06_f64));
            Thing::query().select(sleep).stream(repo).max_rows(1)
        };
        things(db, 12).await;
        let limited = db.repo.with_query_timeout(Some(std::time::Duration::from_millis(500)));
        let mut rows = slow(&limited);
        let mut count = 0;
        while let Some(row) = rows.next().await {
            row.unwrap();
            count += 1;
        }
        assert_eq!(count, 12, "together they take longer than the limit");
        let mut rows = slow(&db.repo.with_query_timeout(Some(std::time::Duration::from_millis(20))));
        assert!(rows.next().await.unwrap().unwrap_err().is_query_timeout());
        assert!(rows.next().await.is_none());
    }

    fn a_streams_connection_is_nobody_elses_and_comes_back_clean(db on Postgres, alone()) {
        things(db, 100).await;
        let other = db.another().await;
        let in_transaction = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
        let mut rows = Thing::query().stream(&db.repo).max_rows(10);
        rows.next().await.unwrap().unwrap();
        assert_eq!(other.sql::<i64>(in_transaction, []).await.unwrap(), [1]);
        drop(rows);
        assert_eq!(db.repo.sql::<i64>("SELECT count(*) FROM pg_cursors WHERE name = 'zzz_rows'", []).await.unwrap(), [0]);
        assert_eq!(other.sql::<i64>(in_transaction, []).await.unwrap(), [0]);
    }

    /// The batch of which the first row is taken has come as a whole.
    fn other_statements_follow_the_first_of_many_large_rows(db) {
        let large = (0..20).map(|n| Thing { big: Some(n), text: Some("x".repeat(200_000)), ..Thing::default() });
        for thing in large {
            db.repo.insert(thing).await.unwrap();
        }
        let done = db.repo.transaction(async |tx| {
            let mut rows = Thing::query().stream(&tx).max_rows(10);
            let mut count = 0;
            while let Some(row) = rows.next().await {
                count += row?.text.map_or(0, |text| text.len());
                tx.ping().await?;
            }
            Ok::<_, zzz_db::Error>(count)
        });
        assert_eq!(done.await.unwrap(), 20 * 200_000);
    }

    fn writes_go_on_while_rows_are_read(db) {
        things(db, 1_000).await;
        let mut rows = Thing::query().stream(&db.repo);
        rows.next().await.unwrap().unwrap();
        things(db, 5).await;
        let mut count = 1;
        while let Some(row) = rows.next().await {
            row.unwrap();
            count += 1;
        }
        assert_eq!(count, 1_000);
    }
}
