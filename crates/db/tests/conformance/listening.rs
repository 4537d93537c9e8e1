//! LISTEN and NOTIFY.

use zzz_db::repo::Heard;
use zzz_db::{Error, params};

use crate::case;

fn text(text: &str) -> Option<Heard> {
    Some(Heard::Notification(text.to_owned()))
}

const NOTIFY: &str = "SELECT pg_notify($1, $2)";

case! {
    fn what_is_sent_to_a_channel_is_heard_once_by_each_listener(db on Postgres) {
        let mut one = db.repo.listen("jobs").await.unwrap();
        let mut two = db.repo.listen("jobs").await.unwrap();
        let mut other = db.repo.listen("Odd \" name").await.unwrap();
        db.repo.execute(NOTIFY, params!["jobs", "größe"]).await.unwrap();
        db.another().await.execute(NOTIFY, params!["Odd \" name", ""]).await.unwrap();
        assert_eq!((one.next().await, two.next().await), (text("größe"), text("größe")));
        assert_eq!(other.next().await, text(""));
        drop(two);
        db.repo.execute(NOTIFY, params!["jobs", "second"]).await.unwrap();
        assert_eq!(one.next().await, text("second"));
    }

    fn what_is_sent_in_a_transaction_is_heard_if_it_commits(db on Postgres) {
        let mut listener = db.repo.listen("jobs").await.unwrap();
        let undone = db.repo.transaction(async |tx| {
            tx.execute(NOTIFY, params!["jobs", "undone"]).await?;
            Err::<(), _>(Error::not_found("x"))
        }).await;
        assert!(undone.is_err());
        db.repo.transaction(async |tx| tx.execute(NOTIFY, params!["jobs", "done"]).await).await.unwrap();
        assert_eq!(listener.next().await, text("done"));
    }

    fn a_broken_connection_is_opened_again_and_says_that_something_may_be_missing(db on Postgres) {
        let mut listener = db.repo.listen("jobs").await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        assert_eq!(db.repo.sql::<bool>(end, []).await.unwrap(), [true]);
        assert_eq!(listener.next().await, Some(Heard::Missed));
        db.repo.execute(NOTIFY, params!["jobs", "again"]).await.unwrap();
        assert_eq!(listener.next().await, text("again"));
    }

    fn a_listener_that_is_slow_hears_that_it_missed_something(db on Postgres) {
        let mut listener = db.repo.listen("jobs").await.unwrap();
        let mut last = db.repo.listen("last").await.unwrap();
        db.repo.execute("SELECT pg_notify('jobs', n::text) FROM generate_series(1, 2000) AS n", []).await.unwrap();
        db.repo.execute(NOTIFY, params!["last", ""]).await.unwrap();
        assert_eq!(last.next().await, text(""));
        assert_eq!(listener.next().await, Some(Heard::Missed));
        for n in 1..=1024 {
            assert_eq!(listener.next().await, text(&n.to_string()));
        }
    }

    fn listening_ends_with_the_repo(db on Postgres) {
        let mut listener = db.repo.listen("jobs").await.unwrap();
        db.repo.close().await;
        assert_eq!(listener.next().await, None);
        assert!(db.repo.listen("jobs").await.unwrap_err().is_closed());
    }

    fn a_channel_needs_a_name_that_postgresql_keeps(db on Postgres) {
        for name in [String::new(), "x".repeat(64), "a\0b".to_owned()] {
            assert!(db.repo.listen(&name).await.unwrap_err().is_value());
        }
    }

    fn sqlite_says_that_it_can_not_listen(db on Sqlite) {
        let error = db.repo.listen("jobs").await.unwrap_err().to_string();
        assert!(error.contains("`sqlite` has no LISTEN"), "{error}");
    }
}
