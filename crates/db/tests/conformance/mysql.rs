//! What MySQL and MariaDB have alone: their types, their strictness, their sessions.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use zzz_db::migrate::{Migrations, Migrator, Repair};
use zzz_db::{
    Changeset, DatabaseConfig, DatabaseUrl, Error, ErrorKind, InsertOptions, OnConflict, Repo, UpdateOptions,
    fields, params, storage,
};

use crate::backend::{Db, Post, Tag, Thing, config};
use crate::blog::{Label, User};
use crate::case;

fn single() -> DatabaseConfig {
    DatabaseConfig { pool_size: 1.into(), ..config() }
}

async fn one<T: zzz_db::FromRow>(repo: &Repo, sql: &str) -> T {
    repo.sql::<T>(sql, []).await.unwrap().pop().unwrap()
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

/// How many transactions sessions on this database have open, but for the one that asks.
async fn open_transactions(db: &Db, other: &Repo) -> i64 {
    let sql = "SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
               ON p.id = t.trx_mysql_thread_id WHERE p.db = ? AND p.id <> CONNECTION_ID()";
    other.sql::<i64>(sql, params![db.name()]).await.unwrap()[0]
}

case! {
    fn every_type_is_read_as_what_it_is(db on Mysql) {
        db.repo.execute(
            "CREATE TABLE kinds (a TINYINT UNSIGNED, b BIGINT UNSIGNED, c MEDIUMINT, d BIT(10), e YEAR, \
             f ENUM('x', 'y'), g SET('p', 'q'), h TIMESTAMP(6) NULL, i CHAR(3), j TEXT COLLATE utf8mb4_bin, \
             k DECIMAL(20, 3), l VARBINARY(9), m TIME(6), n DATE, o DOUBLE UNSIGNED, p TINYINT(1))", []).await.unwrap();
        db.repo.execute(
            "INSERT INTO kinds VALUES (255, 18446744073709551615, -5, b'1000000001', 2026, 'y', 'p,q', \
             '2026-11-21 12:00:00.5', 'abc', 'text', -1.5, x'00ff', '01:02:03.000004', '2026-11-21', 2.5, 1)", []).await.unwrap();
        assert_eq!(one::<(u8, String, i32, i64, i16)>(&db.repo, "SELECT a, b, c, d, e FROM kinds").await,
            (255, "18446744073709551615".into(), -5, 513, 2026));
        assert_eq!(one::<(String, String, String, String)>(&db.repo, "SELECT f, g, i, j FROM kinds").await,
            ("y".into(), "p,q".into(), "abc".into(), "text".into()));
        let moment: DateTime<Utc> = "2026-11-21T12:00:00.5Z".parse().unwrap();
        assert_eq!(one::<(DateTime<Utc>, NaiveDateTime)>(&db.repo, "SELECT h, h FROM kinds").await, (moment, moment.naive_utc()));
        assert_eq!(one::<(String, Vec<u8>)>(&db.repo, "SELECT k, l FROM kinds").await, ("-1.500".into(), vec![0, 255]));
        let (clock, day) = (NaiveTime::from_hms_micro_opt(1, 2, 3, 4).unwrap(), NaiveDate::from_ymd_opt(2026, 11, 21).unwrap());
        assert_eq!(one::<(NaiveTime, NaiveDate, f64, bool)>(&db.repo, "SELECT m, n, o, p FROM kinds").await, (clock, day, 2.5, true));
        let error = db.repo.sql::<i64>("SELECT b FROM kinds", []).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("`BIGINT UNSIGNED`"), "{error}");
        let error = db.repo.sql::<String>("SELECT POINT(1, 2) AS place", []).await.unwrap_err().to_string();
        assert!(error.contains("`place`") && error.contains("CAST(place AS CHAR)"), "{error}");
    }

    fn a_time_that_is_none_is_an_error_and_not_null(db on Mysql, single()) {
        db.repo.execute("SET sql_mode = ''", []).await.unwrap();
        db.repo.execute("INSERT INTO things (day, moment, clock) VALUES ('0000-00-00', '0000-00-00', '25:00:00')", []).await.unwrap();
        assert!(db.repo.sql::<Option<NaiveDate>>("SELECT day FROM things", []).await.unwrap_err().is_decode());
        assert!(db.repo.sql::<Option<DateTime<Utc>>>("SELECT moment FROM things", []).await.unwrap_err().is_decode());
        assert!(db.repo.sql::<Option<NaiveTime>>("SELECT clock FROM things", []).await.unwrap_err().is_decode());
    }

    fn what_does_not_fit_is_an_error_without_the_value(db on Mysql) {
        let refused = async |sql: &str| db.repo.execute(sql, []).await.unwrap_err();
        for sql in [
            "INSERT INTO tags (name) VALUES (REPEAT('hunter2', 100))",
            "INSERT INTO things (small) VALUES (70000)",
            "INSERT INTO things (big) VALUES ('hunter2')",
            "INSERT INTO things (day) VALUES ('hunter2')",
            "INSERT INTO things (day) VALUES ('0000-00-00')",
            "INSERT INTO things (double) VALUES (1 / 0)",
        ] {
            let error = refused(&sql.replace("(double)", "(`double`)")).await;
            let (shown, cause) = error.to_string().split_once(" in `").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            assert!(error.is_value() && !shown.contains("hunter2") && !cause.is_empty(), "{error:?}");
        }
        let twice = || Post { title: "hunter2".into(), ..Post::default() };
        db.repo.insert(twice()).await.unwrap();
        let error = db.repo.insert(twice()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(error.constraint().unwrap().columns, ["title"]);
    }

    fn a_session_counts_in_utc_and_takes_nothing_that_is_cut(db on Mysql) {
        let (zone, mode, names): (String, String, String) =
            one(&db.repo, "SELECT @@time_zone, @@sql_mode, @@character_set_client").await;
        assert_eq!((&*zone, &*names), ("+00:00", "utf8mb4"));
        assert!(mode.contains("STRICT_ALL_TABLES") && mode.contains("NO_ZERO_DATE"), "{mode}");
        let moment: DateTime<Utc> = "2026-11-21T12:00:00.123456Z".parse().unwrap();
        db.repo.insert(Thing { moment: Some(moment), ..Thing::default() }).await.unwrap();
        assert_eq!(one::<String>(&db.repo, "SELECT CAST(moment AS CHAR) FROM things").await, "2026-11-21 12:00:00.123456");
        let smile = "\u{1F600} ü \\ '";
        assert_eq!(db.repo.sql::<(String, i64)>("SELECT ?, CHAR_LENGTH(?)", params![smile, smile]).await.unwrap(), [(smile.into(), 7)]);
    }

    fn too_few_and_too_many_values_are_errors_and_the_next_query_works(db on Mysql, single()) {
        let error = db.repo.sql::<i64>("SELECT ? + ?", params![1]).await.unwrap_err();
        assert!(error.to_string().contains("has 2 placeholders and was given 1 values"), "{error}");
        assert!(db.repo.sql::<i64>("SELECT 1", params![1]).await.is_err());
        let many: Vec<zzz_db::Value> = (0..70_000).map(zzz_db::Value::Int).collect();
        let error = db.repo.sql::<i64>("SELECT 1", many).await.unwrap_err();
        assert!(error.is_value() && error.to_string().contains("70000 values"), "{error}");
        assert_eq!(one::<i64>(&db.repo, "SELECT 7").await, 7);
    }

    fn no_more_statements_are_kept_than_the_url_says(db on Mysql) {
        let repo = db.with_options("statement_cache_size=2", &single()).await;
        for n in 0..10 {
            assert_eq!(repo.sql::<i64>(&format!("SELECT {n} + ?"), params![1]).await.unwrap(), [n + 1]);
        }
        let counts = repo.sql::<(String, String)>("SHOW SESSION STATUS WHERE variable_name IN ('Com_stmt_prepare', 'Com_stmt_close')", []).await.unwrap();
        let count = |name: &str| counts.iter().find(|row| row.0 == name).unwrap().1.parse::<i64>().unwrap();
        assert!((1..=3).contains(&(count("Com_stmt_prepare") - count("Com_stmt_close"))), "{counts:?}");
        repo.close().await;
    }

    fn what_creates_tables_in_a_transaction_is_noticed_when_it_ends(db on Mysql) {
        let outcome = db.repo.transaction(async |tx| {
            tx.insert(Tag { name: "a".into(), weight: 1 }).await?;
            tx.execute("CREATE TABLE other (id BIGINT)", []).await?;
            tx.insert(Tag { name: "b".into(), weight: 1 }).await
        }).await;
        let error = outcome.unwrap_err();
        assert!(error.is_closed() && error.to_string().contains("CREATE"), "{error}");
        db.post("the pool works").await;
    }

    fn a_deadlock_ends_one_transaction_and_says_so(db on Mysql) {
        db.repo.insert_all([label("a"), label("b")]).await.unwrap();
        let barrier = tokio::sync::Barrier::new(2);
        let lock = async |first: &str, second: &str| {
            db.repo.transaction(async |tx| {
                let note = |name: &str| (Label::query().filter(Label::name.eq(name)), [Label::note.set("x")]);
                let (query, sets) = note(first);
                tx.update_all(query, sets).await?;
                barrier.wait().await;
                let (query, sets) = note(second);
                let outcome = tx.update_all(query, sets).await;
                if outcome.is_err() {
                    assert!(tx.ping().await.unwrap_err().is_closed(), "nothing runs outside of the transaction");
                }
                outcome
            }).await
        };
        let (one, two) = tokio::join!(lock("a", "b"), lock("b", "a"));
        let (done, failed) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(done.unwrap(), 1);
        assert!(failed.unwrap_err().is_transaction_conflict());
        assert_eq!(Label::query().filter(Label::note.eq("x")).count(&db.repo).await.unwrap(), 2);
    }

    fn a_lock_that_is_not_waited_for_is_busy(db on Mysql) {
        let post = db.post("a").await;
        db.repo.transaction(async |tx| {
            tx.execute("UPDATE posts SET views = 1", []).await?;
            let query = Post::query().filter(Post::id.eq(post.id)).lock(zzz_db::Lock::update().no_wait());
            let error = db.repo.transaction(async |other| other.one(query).await).await.unwrap_err();
            assert!(error.is_busy(), "{error:?}");
            Ok::<_, Error>(())
        }).await.unwrap();
    }

    fn a_session_that_is_killed_costs_a_read_nothing_and_is_named_to_a_write(db on Mysql, single()) {
        let other = db.another().await;
        let kill = async |repo: &Repo| {
            let session: i64 = one(repo, "SELECT CONNECTION_ID()").await;
            other.execute(&format!("KILL {session}"), []).await.unwrap();
        };
        for _ in 0..3 {
            kill(&db.repo).await;
            assert_eq!(Post::query().count(&db.repo).await.unwrap(), 0);
        }
        let outcome = db.repo.transaction(async |tx| {
            tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
            kill(&tx).await;
            tx.insert(Post { title: "b".into(), ..Post::default() }).await
        }).await;
        let error = outcome.unwrap_err();
        assert!(error.is_connection_lost() && error.to_string().contains("not known"), "{error}");
        assert_eq!(db.titles().await, [""; 0]);
        other.close().await;
    }

    fn a_statement_dropped_at_any_await_point_leaves_a_connection_that_works(db on Mysql, single()) {
        db.repo.insert_all((0..500).map(|n| Thing { big: Some(n), text: Some("x".repeat(1_000)), ..Thing::default() })).await.unwrap();
        let other = db.another().await;
        for round in 0..4 {
            let mut polls = 0;
            loop {
                polls += 1;
                // Another text each time: it is prepared, too, in the course of this.
                let sql = format!("SELECT text, {round} + {polls} + ? FROM things");
                let done = match round {
                    0 => drop_after(polls, db.repo.sql::<(String, i64)>(&sql, params![1])).await,
                    1 => drop_after(polls, Thing::query().all(&db.repo)).await,
                    2 => drop_after(polls, async {
                        let mut rows = Thing::query().stream(&db.repo);
                        while rows.next().await.is_some() {}
                    }).await,
                    _ => drop_after(polls, db.repo.insert(Tag { name: format!("{polls}"), weight: 1 })).await,
                };
                assert_eq!(one::<(i64, i64)>(&db.repo, "SELECT 42, 43").await, (42, 43), "no answer of another");
                if done || polls > 200 {
                    break;
                }
            }
        }
        assert_eq!(open_transactions(db, &other).await, 0);
        other.close().await;
    }

    fn a_dropped_transaction_leaves_no_transaction_open(db on Mysql, single()) {
        let other = db.another().await;
        for polls in 1..30 {
            let work = db.repo.transaction(async |tx| {
                tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
                tx.transaction(async |part| part.insert(Tag { name: "a".into(), weight: 1 }).await).await?;
                Err::<(), _>(Error::not_found("x"))
            });
            drop_after(polls, work).await;
            // The only connection comes back once all is undone.
            assert_eq!(Post::query().count(&db.repo).await.unwrap(), 0);
            assert_eq!(open_transactions(db, &other).await, 0);
        }
        other.close().await;
    }

    fn a_read_that_nobody_wants_is_stopped_in_the_server(db on Mysql, single()) {
        let other = db.another().await;
        let endless = format!("{} /* {} */", db.endless(), db.name());
        assert!(!drop_after(3, db.repo.sql::<i64>(&endless, [])).await);
        assert!(db.repo.ping().await.is_ok(), "the connection is free again");
        let running = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID()";
        while other.sql::<i64>(running, params![format!("%/* {} */", db.name())]).await.unwrap() != [0] {
            tokio::task::yield_now().await;
        }
        other.close().await;
    }

    fn a_read_that_is_cut_short_without_an_error_is_too_long_all_the_same(db on Mysql) {
        let hasty = db.repo.with_query_timeout(Some(Duration::from_millis(50)));
        let error = hasty.sql::<i64>("SELECT SLEEP(600)", []).await.unwrap_err();
        assert!(error.is_query_timeout() && error.to_string().contains("50ms"), "{error}");
        let error = hasty.transaction(async |tx| tx.sql::<i64>("SELECT SLEEP(600)", []).await).await.unwrap_err();
        assert!(error.is_query_timeout() || error.is_closed(), "{error}");
    }

    fn a_query_inserts_its_rows_on_mysql(db on Mysql) {
        crate::blog::seed(db).await;
        let users = User::query().count(&db.repo).await.unwrap();
        let names = || User::query().select((User::name, User::id, User::bio));
        let columns = (Label::name, Label::uses, Label::note);
        db.repo.execute("DELETE FROM articles_labels", []).await.unwrap();
        db.repo.delete_all(Label::query()).await.unwrap();
        assert_eq!(db.repo.insert_all_from(columns, names()).await.unwrap(), users);
        assert!(db.repo.insert_all_from(columns, names()).await.unwrap_err().is_unique_violation());
        let count = OnConflict::set([Label::uses.inc(100)]);
        assert_eq!(db.repo.insert_all_from_with(columns, names(), count).await.unwrap(), 2 * users, "each counts twice");
        assert_eq!(Label::query().filter(Label::uses.gt(100)).count(&db.repo).await.unwrap(), users);
        assert_eq!(db.repo.insert_all_from_with(columns, names(), OnConflict::nothing()).await.unwrap(), users);
        assert_eq!(Label::query().count(&db.repo).await.unwrap(), users);
    }

    fn without_returning_rows_are_read_back_all_the_same(db on Mysql) {
        let repo = db.with_options("server=mysql", &config()).await;
        assert!(!repo.dialect().syntax().returning.insert);
        let inserted = repo.insert_with(label("a"), InsertOptions::new().returning_all()).await.unwrap();
        assert_eq!((inserted.id, inserted.uses), (1, 0));
        let changed = Changeset::new(inserted.clone()).put_change(Label::note, "n");
        repo.execute("UPDATE labels SET uses = 7", []).await.unwrap();
        let updated = repo.update_with(changed, UpdateOptions::new().returning(fields![Label::uses])).await.unwrap().unwrap();
        assert_eq!((updated.uses, updated.note.as_deref()), (7, Some("n")));
        let again = OnConflict::set([Label::uses.inc(1)]).target(fields![Label::name]);
        let again = repo.insert_with(label("a"), again).await.unwrap();
        assert_eq!((again.id, again.note.as_deref()), (1, Some("n")), "the row that was there");
        let kept = repo.insert_with(label("a"), OnConflict::nothing()).await.unwrap();
        assert_eq!(kept.id, 0);
        let many = repo.insert_all_returning(["x", "y", "z"].map(label), InsertOptions::new()).await.unwrap();
        assert_eq!(many.iter().map(|label| &*label.name).collect::<Vec<_>>(), ["x", "y", "z"]);
        let given = ["q", "p"].map(|name| Tag { name: name.into(), weight: 2 });
        let tags = repo.insert_all_returning(given.clone(), InsertOptions::new()).await.unwrap();
        assert_eq!(tags, given);
        let gone = repo.delete_with(again, UpdateOptions::new().returning(fields![Label::uses])).await.unwrap();
        assert_eq!(gone.uses, 8);
        let refused = repo.insert_all_returning([label("x")], OnConflict::nothing()).await.unwrap_err();
        assert!(refused.to_string().contains("OnConflict"), "{refused}");
        repo.close().await;
    }

    fn a_migration_that_fails_in_its_middle_is_mended_and_goes_on(db on Mysql) {
        let file = |last: &str| Migrations::new([("1_both.sql", format!("CREATE TABLE a (id BIGINT); {last}"))]).unwrap();
        let broken = file("INSERT INTO nowhere VALUES (1);");
        let error = Migrator::new(&db.repo, &broken).migrate().await.unwrap_err().to_string();
        assert!(error.contains("1_both") && error.contains("nowhere"), "{error}");
        let whole = file("INSERT INTO a VALUES (1);");
        let migrator = Migrator::new(&db.repo, &whole);
        assert!(migrator.migrate().await.is_err(), "nothing runs until somebody has said how it goes on");
        migrator.repair(1, Repair::Resume).await.unwrap();
        assert_eq!(db.repo.sql::<i64>("SELECT id FROM a", []).await.unwrap(), [1]);
        assert!(migrator.migrate().await.unwrap().is_empty());
    }

    fn of_two_that_migrate_one_does_and_the_other_waits(db on Mysql) {
        let all = Migrations::new([("1_a.sql", "CREATE TABLE a (id BIGINT);"), ("2_b.sql", "CREATE TABLE b (id BIGINT);")]).unwrap();
        let other = db.another().await;
        let (here, there) = (Migrator::new(&db.repo, &all), Migrator::new(&other, &all));
        let (here, there) = tokio::join!(here.migrate(), there.migrate());
        assert_eq!(here.unwrap().len() + there.unwrap().len(), 2);
        // Whoever holds the lock of this database's name migrates.
        let name = "SELECT GET_LOCK(CONCAT('zzz_migrate_', SHA1(DATABASE())), 0)";
        other.transaction(async |tx| {
            assert_eq!(one::<i64>(&tx, name).await, 1);
            let more = Migrations::new([("3_c.sql", "CREATE TABLE c (id BIGINT);")]).unwrap();
            let hasty = Migrator::new(&db.repo, &more).lock_timeout(Duration::from_millis(1));
            let error = hasty.migrate().await.unwrap_err();
            assert!(error.is_busy() && error.to_string().contains("another process"), "{error}");
            Ok::<_, Error>(())
        }).await.unwrap();
        other.close().await;
    }

    fn a_database_on_a_server_is_created_found_and_dropped_on_mysql(db on Mysql) {
        let (place, _) = db.text.split('?').next().unwrap().rsplit_once('/').unwrap();
        let url = DatabaseUrl::parse(&format!("{place}/zzz%20`odd`_{}", db.name()), std::path::Path::new("/")).unwrap();
        assert!(!storage::exists(&url).await.unwrap());
        let error = Repo::connect(&url, &config()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Storage && error.to_string().contains("create it with `db create`"), "{error}");
        assert_eq!((storage::create(&url).await.unwrap(), storage::create(&url).await.unwrap()), (true, false));
        let repo = Repo::connect(&url, &config()).await.unwrap();
        assert_eq!(one::<String>(&repo, "SELECT @@character_set_database").await, "utf8mb4");
        repo.close().await;
        assert_eq!((storage::drop(&url).await.unwrap(), storage::drop(&url).await.unwrap()), (true, false));
    }
}

fn label(name: &str) -> Label {
    Label { name: name.into(), ..Label::default() }
}
