//! What the database refuses: constraints, conflicts of transactions, mistakes in SQL.

use std::time::Duration;

use zzz_db::{Changeset, ConstraintKind, Error, ErrorKind, Schema, params};

use crate::backend::{Comment, Db, Post};
use crate::case;

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "odd \"table\"; --")]
struct Quoted {
    id: i64,
    #[schema(source = "a \"column\"")]
    value: String,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "bookings")]
struct Booking {
    id: i64,
    room: i64,
    day: i64,
}

async fn bookings(db: &Db) {
    let key = db.numbered();
    let table = format!("CREATE TABLE bookings (id {key}, room BIGINT NOT NULL, day BIGINT NOT NULL)");
    db.repo.execute(&table, []).await.unwrap();
    db.repo.execute("CREATE UNIQUE INDEX bookings_room_day_index ON bookings (room, day)", []).await.unwrap();
}

fn messages<S: Schema>(changeset: &Changeset<S>) -> Vec<String> {
    changeset.errors().iter().map(|error| format!("{} {error}", error.field())).collect()
}

fn comment(post_id: i64) -> Changeset<Comment> {
    Changeset::new(Comment { post_id, ..Comment::default() }).foreign_key(Comment::post_id)
}

case! {
    fn names_with_quotes_in_them_are_names(db) {
        let name = |name: &str| {
            let mut quoted = String::new();
            db.repo.dialect().identifier(&mut quoted, name);
            quoted
        };
        let (table, column, key) = (name("odd \"table\"; --"), name("a \"column\""), db.numbered());
        db.repo.execute(&format!("CREATE TABLE {table} (id {key}, {column} VARCHAR(200))"), []).await.unwrap();
        let row = db.repo.insert(Quoted { value: "x".into(), ..Quoted::default() }).await.unwrap();
        let changed = Changeset::new(row).put_change(Quoted::value, "y");
        let row = db.repo.update(changed).await.unwrap().unwrap();
        assert_eq!(db.repo.get_by(Quoted::value.eq("y")).await.unwrap(), Some(row.clone()));
        db.repo.delete(row).await.unwrap();
    }

    fn an_index_on_several_columns_is_found_by_all_of_them(db) {
        bookings(db).await;
        let booking = Booking { room: 1, day: 2, ..Booking::default() };
        db.repo.insert(booking.clone()).await.unwrap();
        let error = db.repo.insert(booking.clone()).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().columns, ["room", "day"]);
        let twice = Changeset::new(booking).unique_together(|columns| [columns.day.field(), columns.room.field()]);
        let refused = db.repo.insert(twice).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["day has already been taken"]);
    }

    fn postgresql_names_the_constraint_too(db on Postgres) {
        bookings(db).await;
        db.post("a").await;
        let error = db.repo.insert(Post { title: "a".into(), ..Post::default() }).await.unwrap_err();
        let constraint = error.constraint().unwrap().clone();
        assert_eq!((constraint.kind, constraint.name.as_deref()), (ConstraintKind::Unique, Some("posts_title_key")));
        let error = db.repo.insert(Comment { post_id: 9, ..Comment::default() }).await.unwrap_err();
        let constraint = error.constraint().unwrap();
        assert_eq!(constraint.name.as_deref(), Some("comments_post_id_fkey"));
        assert_eq!(constraint.columns, ["post_id"]);
    }

    fn a_second_row_of_the_same_key_is_a_taken_key(db) {
        db.repo.insert(Post { id: 7, title: "a".into(), ..Post::default() }).await.unwrap();
        let again = Changeset::new(Post { id: 7, title: "b".into(), ..Post::default() }).unique(Post::id);
        assert_eq!(messages(&db.repo.insert(again).await.unwrap().unwrap_err()), ["id has already been taken"]);
    }

    fn a_missing_value_names_its_column(db) {
        let error = db.repo.execute("INSERT INTO comments (body) VALUES ('x')", []).await.unwrap_err();
        let constraint = error.constraint().unwrap();
        assert_eq!((constraint.kind, &*constraint.columns), (ConstraintKind::NotNull, &["post_id".to_owned()][..]));
    }

    fn an_exclusion_is_an_error_of_the_field(db on Postgres) {
        bookings(db).await;
        let exclude = "ALTER TABLE bookings ADD CONSTRAINT no_neighbours EXCLUDE USING gist (int8range(day, day + 2) WITH &&)";
        db.repo.execute(exclude, []).await.unwrap();
        db.repo.insert(Booking { room: 1, day: 1, ..Booking::default() }).await.unwrap();
        let near = Changeset::new(Booking { room: 2, day: 2, ..Booking::default() }).exclusion(Booking::day, "no_neighbours");
        let refused = db.repo.insert(near).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["day violates an exclusion constraint"]);
        assert_eq!(refused.errors()[0].key(), "exclusion_constraint");
    }

    fn several_refused_writes_in_one_transaction_cost_only_themselves(db) {
        let post = db.post("a").await;
        db.repo.transaction(async |tx| {
            for n in 0..5 {
                assert_eq!(messages(&tx.insert(comment(99)).await?.unwrap_err()), ["post_id does not exist"]);
                let title = format!("post {n}");
                tx.insert(Post { title, ..Post::default() }).await?;
                let taken = Changeset::new(post.clone()).put_change(Post::title, format!("post {n}")).unique(Post::title);
                assert!(tx.update(taken).await?.is_err());
                assert!(tx.insert(comment(post.id)).await?.is_ok());
            }
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(Comment::query().count(&db.repo).await.unwrap(), 5);
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 6);
    }

    fn an_error_that_was_not_expected_ends_the_transaction(db on Postgres) {
        let outcome = db.repo.transaction(async |tx| {
            tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
            assert!(tx.execute("SELECT nonsense", []).await.is_err());
            let next = tx.insert(Post { title: "b".into(), ..Post::default() }).await.unwrap_err();
            assert!(next.is_closed() && next.to_string().contains("an earlier failure"), "{next}");
            Ok::<_, Error>(())
        }).await;
        assert!(outcome.unwrap_err().is_closed());
        assert_eq!(db.titles().await, [""; 0]);
    }

    fn a_failure_in_a_part_leaves_the_rest(db) {
        db.repo.transaction(async |tx| {
            let part: Result<(), Error> = tx.transaction(async |part| {
                part.insert(Post { title: "lost".into(), ..Post::default() }).await?;
                part.execute("SELECT nonsense", []).await.map(drop)
            }).await;
            assert!(part.is_err());
            tx.insert(Post { title: "kept".into(), ..Post::default() }).await
        }).await.unwrap();
        assert_eq!(db.titles().await, ["kept"]);
    }

    fn two_that_wait_for_each_other_are_told_so(db on Postgres) {
        let (a, b) = (db.post("a").await, db.post("b").await);
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
        let lock = |first: i64, second: i64| {
            let (repo, barrier) = (db.repo.clone(), barrier.clone());
            tokio::spawn(async move {
                repo.transaction(async |tx| {
                    tx.update_all(Post::query().filter(Post::id.eq(first)), [Post::views.inc(1)]).await?;
                    barrier.wait().await;
                    tx.update_all(Post::query().filter(Post::id.eq(second)), [Post::views.inc(1)]).await
                }).await
            })
        };
        let (one, two) = (lock(a.id, b.id), lock(b.id, a.id));
        let outcomes = [one.await.unwrap(), two.await.unwrap()];
        let failed: Vec<&Error> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(failed.len(), 1, "{outcomes:?}");
        assert!(failed[0].kind() == ErrorKind::Deadlock && failed[0].is_transaction_conflict());
        assert_eq!(db.repo.reload(&a).await.unwrap().views, 1);
    }

    fn transactions_that_have_no_order_are_told_so(db on Postgres) {
        let post = db.post("a").await;
        let outcome = db.repo.transaction(async |tx| {
            tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", []).await?;
            let views = tx.reload(&post).await?.views;
            db.repo.update_all(Post::query(), [Post::views.inc(1)]).await?;
            tx.update_all(Post::query(), [Post::views.set(views + 1)]).await
        }).await;
        let error = outcome.unwrap_err();
        assert!(error.kind() == ErrorKind::Serialization && error.is_transaction_conflict(), "{error}");
        assert_eq!(db.repo.reload(&post).await.unwrap().views, 1);
    }

    fn a_lock_that_another_holds_is_busy(db on Postgres) {
        db.repo.transaction(async |tx| {
            tx.execute("LOCK TABLE tags", []).await?;
            let outside = db.repo.transaction(async |other| other.execute("LOCK TABLE tags NOWAIT", []).await).await;
            assert!(outside.unwrap_err().is_busy());
            Ok::<_, Error>(())
        }).await.unwrap();
    }

    fn a_mistake_in_sql_is_shown_where_it_is(db on Postgres) {
        let message = async |sql: &str| db.repo.sql::<i64>(sql, []).await.unwrap_err().to_string();
        let text = message("SELECT id FROM posts WHER id = 1").await;
        assert!(text.contains("here: `id = 1`"), "{text}");
        let text = message("SELECT titel FROM posts").await;
        assert!(text.contains("`titel FROM posts`") && text.contains("posts.title"), "{text}");
        let text = message("SELECT * FROM nowhere").await;
        assert!(text.contains("\"nowhere\" does not exist") && text.contains("here: `nowhere`"), "{text}");
        let text = message("SELECT (").await;
        assert!(text.contains("at its end"), "{text}");
        assert!(db.repo.ping().await.is_ok());
    }

    fn sql_that_ends_or_begins_a_transaction_is_refused_before_it_is_sent(db on Postgres) {
        for sql in ["BEGIN", ";; begin", "/* x */ START TRANSACTION", "SAVEPOINT a"] {
            let error = db.repo.execute(sql, []).await.unwrap_err();
            assert!(error.to_string().contains("repo.transaction"), "{error}");
        }
        let outcome = db.repo.transaction(async |tx| {
            tx.insert(Post { title: "a".into(), ..Post::default() }).await?;
            for sql in ["COMMIT", "-- x\nROLLBACK", "END", "ABORT", "PREPARE TRANSACTION 'x'"] {
                assert!(tx.execute(sql, []).await.unwrap_err().is_closed(), "{sql}");
            }
            tx.execute("SAVEPOINT mine", []).await?;
            tx.execute("ROLLBACK TO mine", []).await
        }).await;
        outcome.unwrap();
        assert_eq!(db.titles().await, ["a"]);
    }

    fn seventy_thousand_values_are_an_error_and_the_next_query_works(db on Postgres) {
        let sql: Vec<String> = (1..=70_000).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT count(*) FROM (VALUES ({})) AS t", sql.join("), ("));
        let values: Vec<zzz_db::Value> = (0..70_000).map(zzz_db::Value::Int).collect();
        let error = db.repo.sql::<i64>(&sql, values).await.unwrap_err();
        assert!(error.is_value() && error.to_string().contains("70000 values"), "{error}");
        assert!(db.repo.ping().await.is_ok());
    }

    fn a_text_of_a_megabyte_and_a_list_of_a_hundred_thousand_go_through(db) {
        let long = "ü\\\"'%_".repeat(150_000);
        let post = db.repo.insert(Post { title: "a".into(), body: long.clone(), ..Post::default() }).await.unwrap();
        for _ in 0..3 {
            assert_eq!(db.repo.get_by::<Post>(Post::body.eq(&long)).await.unwrap(), Some(post.clone()));
            let ids = Post::query().filter(Post::id.in_list(0..100_000));
            assert_eq!(ids.count(&db.repo).await.unwrap(), 1);
        }
    }

    fn values_are_never_sql_without_preparing_either(db on Postgres) {
        let repo = db.with_options("prepare=unnamed", &crate::backend::config()).await;
        for title in ["'; DROP TABLE posts; --", "{a,b}", "\\", "\"", "NULL", "{}", "$1", ""] {
            let post = repo.insert(Post { title: title.into(), ..Post::default() }).await.unwrap();
            assert_eq!(repo.get_by::<Post>(Post::title.in_list([title, "other"])).await.unwrap().unwrap().id, post.id);
            assert_eq!(repo.sql::<String>("SELECT $1::text", params![title]).await.unwrap(), [title]);
        }
        repo.close().await;
    }

    fn a_statement_with_a_limit_of_its_own_runs_under_it(db on Postgres) {
        let limit = async |repo: &zzz_db::Repo| repo.sql::<String>("SELECT current_setting('statement_timeout')", []).await.unwrap().pop().unwrap();
        assert_eq!(limit(&db.repo).await, "15s");
        assert_eq!(limit(&db.repo.with_query_timeout(Some(Duration::from_secs(3)))).await, "3s");
        assert_eq!(limit(&db.repo.with_query_timeout(None)).await, "0");
        for _ in 0..4 {
            assert_eq!(limit(&db.repo).await, "15s", "the usual one is back on every connection");
        }
        db.repo.transaction(async |tx| {
            let patient = tx.with_query_timeout(Some(Duration::from_secs(60)));
            assert_eq!(limit(&patient).await, "1min");
            let part: Result<(), Error> = tx.transaction(async |part| {
                assert_eq!(limit(&part).await, "15s");
                Err(Error::not_found("x"))
            }).await;
            assert!(part.is_err());
            assert_eq!((limit(&patient).await, limit(&tx).await), ("1min".to_owned(), "15s".to_owned()));
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(limit(&db.repo).await, "15s");
    }
}
