//! Input that wants to do harm, and data that is damaged: typed errors, and the next query works.

use zzz_db::{Changeset, params};

use crate::backend::{Post, Thing};
use crate::case;

case! {
    fn a_value_is_never_sql(db) {
        for title in ["'; DROP TABLE posts; --", "\" OR 1=1 --", "?1 :a @b $c", "\\'; --", "%_%"] {
            let post = db.post(title).await;
            assert_eq!(db.repo.get_by(Post::title.eq(title)).await.unwrap().unwrap().id, post.id);
            assert_eq!(Post::query().filter(Post::title.contains(title)).count(&db.repo).await.unwrap(), 1);
            let many = (0..100).map(|_| title);
            assert_eq!(Post::query().filter(Post::title.in_list(many)).count(&db.repo).await.unwrap(), 1);
            let updated = Changeset::new(post).put_change(Post::body, title);
            assert_eq!(db.repo.update(updated).await.unwrap().unwrap().body, title);
        }
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 5);
    }

    fn nul_in_a_text_is_refused_everywhere(db) {
        let error = db.repo.insert(Post { title: "a\0b".into(), ..Post::default() }).await.unwrap_err();
        assert!(error.is_value() && error.to_string().contains("NUL"), "{error}");
        assert!(Post::query().filter(Post::title.eq("\0")).all(&db.repo).await.unwrap_err().is_value());
        let many = (0..100).map(|_| "\0");
        assert!(Post::query().filter(Post::title.in_list(many)).all(&db.repo).await.unwrap_err().is_value());
        assert_eq!(db.post("fine").await.id, 1);
    }

    fn text_that_is_not_utf8_is_an_error_and_the_next_query_works(db) {
        db.post("fine").await;
        db.repo.execute("INSERT INTO things (text) VALUES (CAST(x'ff41' AS TEXT))", []).await.unwrap();
        let error = Thing::query().all(&db.repo).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("`text`") && error.to_string().contains("UTF-8"), "{error}");
        for _ in 0..4 {
            assert_eq!(db.titles().await, ["fine"]);
        }
    }

    fn a_column_of_another_type_is_an_error_that_names_it(db) {
        db.repo.execute("INSERT INTO things (big, moment) VALUES ('secret', 'never')", []).await.unwrap();
        let error = Thing::query().select(Thing::big).all(&db.repo).await.unwrap_err().to_string();
        assert!(error.contains("`big`") && error.contains("a whole number") && !error.contains("secret"), "{error}");
        assert!(Thing::query().select(Thing::moment).all(&db.repo).await.unwrap_err().is_decode());
    }

    fn a_number_that_does_not_fit_the_field_is_an_error(db) {
        db.repo.execute("INSERT INTO things (small, byte) VALUES (70000, -1)", []).await.unwrap();
        assert!(Thing::query().select(Thing::small).all(&db.repo).await.unwrap_err().is_decode());
        assert!(Thing::query().select(Thing::byte).all(&db.repo).await.unwrap_err().is_decode());
    }

    fn more_values_than_a_statement_can_hold_is_an_error(db) {
        let query = Thing::query().filter(Thing::double.in_list((0..70_000).map(f64::from)));
        let error = query.all(&db.repo).await.unwrap_err();
        assert!(error.to_string().contains("too many SQL variables"), "{error}");
        assert!(db.repo.ping().await.is_ok());
    }

    fn an_error_shows_the_sql_and_never_a_value(db) {
        let error = db.repo.sql::<(i64,)>("SELECT missing FROM posts WHERE title = ?", params!["hunter2"]).await;
        let text = format!("{0} {0:?}", error.unwrap_err());
        assert!(text.contains("SELECT missing") && text.contains("no such column") && !text.contains("hunter2"), "{text}");
    }

    fn a_panic_while_a_row_is_read_costs_that_query_only(db) {
        struct Panics;
        impl zzz_db::FromRow for Panics {
            fn from_row(_: &dyn zzz_db::Row) -> zzz_db::Result<Self> {
                panic!("a bug in the app")
            }
        }
        for _ in 0..4 {
            assert!(db.repo.sql::<Panics>("SELECT 1", []).await.err().unwrap().is_decode());
        }
        assert!(db.repo.ping().await.is_ok());
    }

    fn a_transaction_begun_with_raw_sql_is_undone(db) {
        for sql in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT a"] {
            let error = db.repo.execute(sql, []).await.unwrap_err();
            assert!(error.to_string().contains("repo.transaction"), "{error}");
            assert!(db.repo.sql::<(i64,)>(sql, []).await.is_err());
        }
        db.post("a").await;
        assert_eq!(db.another().await.execute("UPDATE posts SET views = 1", []).await.unwrap(), 1);
    }
}
