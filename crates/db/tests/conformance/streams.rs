//! Rows one by one, as they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zzz_db::query::value;

use crate::backend::{Db, Thing};
use crate::case;

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
        }).stream(&db.repo);
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
