//! `get`, `get_by`, `reload` and raw SQL.

use zzz_db::params;

use crate::backend::{Post, Tag};
use crate::case;

case! {
    fn get_finds_by_the_primary_key_or_nothing(db) {
        let post = db.post("a").await;
        assert_eq!(db.repo.get::<Post>(post.id).await.unwrap(), Some(post));
        assert_eq!(db.repo.get::<Post>(99).await.unwrap(), None);
        db.repo.insert(Tag { name: "rust".into(), weight: 2 }).await.unwrap();
        assert_eq!(db.repo.get::<Tag>("rust").await.unwrap().unwrap().weight, 2);
    }

    fn get_by_finds_by_any_condition(db) {
        let post = db.post("a").await;
        assert_eq!(db.repo.get_by::<Post>(Post::title.eq("a")).await.unwrap(), Some(post));
        assert_eq!(db.repo.get_by::<Post>(Post::title.eq("b")).await.unwrap(), None);
    }

    fn reload_sees_what_others_wrote_and_misses_what_is_gone(db) {
        let post = db.post("a").await;
        db.another().await.execute("UPDATE posts SET views = 5", []).await.unwrap();
        assert_eq!(db.repo.reload(&post).await.unwrap().views, 5);
        db.repo.delete_all(Post::query()).await.unwrap();
        assert!(db.repo.reload(&post).await.unwrap_err().is_not_found());
    }

    fn a_write_is_seen_by_the_next_read(db) {
        for n in 0..200 {
            db.post(&n.to_string()).await;
            assert_eq!(Post::query().count(&db.repo).await.unwrap(), n + 1);
        }
    }

    fn raw_sql_reads_into_tuples(db) {
        let post = db.post("a").await;
        let title = String::from("a");
        let text = db.sql("SELECT id, title, href FROM posts WHERE title = ? AND id <= ?");
        let rows = db.repo.sql::<(i64, String, Option<String>)>(
            &text, params![title, post.id]);
        assert_eq!(rows.await.unwrap(), [(post.id, title, None)]);
    }

    fn raw_sql_that_writes_reaches_the_writer(db) {
        let sql = db.sql("INSERT INTO tags (name) VALUES (?) RETURNING name, weight");
        let rows = db.repo.sql::<(String, i64)>(&sql, params!["x"]).await.unwrap();
        assert_eq!(rows, [("x".to_owned(), 1)]);
        assert_eq!(db.repo.execute("UPDATE tags SET weight = 5", []).await.unwrap(), 1);
        assert_eq!(db.repo.execute("CREATE TABLE extra (id INTEGER)", []).await.unwrap(), 0);
    }

    fn a_wrong_number_of_values_is_an_error_that_counts_them(db) {
        let error = db.repo.sql::<(i64,)>(&db.sql("SELECT ?"), []).await.unwrap_err();
        assert!(error.to_string().contains("1 placeholders and was given 0"), "{error}");
    }

    fn a_column_too_few_is_an_error(db) {
        let error = db.repo.sql::<(i64, i64)>("SELECT 1", []).await.unwrap_err();
        assert!(error.is_decode(), "{error}");
        assert!(db.repo.ping().await.is_ok());
    }

    fn two_statements_in_one_text_are_refused_before_the_first_runs(db) {
        db.post("a").await;
        let outcome = db.repo.execute("DELETE FROM posts; DELETE FROM tags", []).await;
        assert!(outcome.is_err(), "{outcome:?}");
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 1);
    }
}

case! {
    fn one_column_reads_into_its_type(db) {
        assert_eq!(db.repo.sql::<i64>("SELECT 5 UNION SELECT 6", []).await.unwrap(), [5, 6]);
        assert_eq!(db.repo.sql::<Option<String>>("SELECT NULL", []).await.unwrap(), [None]);
    }
}
