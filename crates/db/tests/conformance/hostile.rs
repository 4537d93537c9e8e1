//! Input that wants to do harm, and data that is damaged: typed errors, and the next query works.

use zzz_db::{Changeset, InsertOptions, OnConflict, Schema, fields, fragment, params};

use crate::backend::{Backend, Post, Thing};
use crate::blog::{Article, Label, User, seed};
use crate::case;

case! {
    /// A prepared statement's columns may not change; it is prepared again.
    fn a_lookup_outlives_a_change_of_its_table(db) {
        let thing = db.repo.insert(Thing { text: Some("7".into()), ..Thing::default() }).await.unwrap();
        let to = |ty: &str| match db.backend {
            Backend::Sqlite => "SELECT 1".to_owned(),
            Backend::Postgres => format!("ALTER TABLE things ALTER text TYPE {ty}"),
            Backend::Mysql => format!("ALTER TABLE things MODIFY text {ty}"),
        };
        for ty in ["varchar(10)", "char(10)", "varchar(20)"] {
            for _ in 0..4 {
                let found = db.repo.get::<Thing>(thing.id).await.unwrap().unwrap();
                assert_eq!(found.text.as_deref().map(str::trim_end), Some("7"));
            }
            db.repo.sql::<i64>(&to(ty), []).await.unwrap();
        }
        assert!(db.repo.get::<Thing>(thing.id).await.unwrap().is_some());
    }

    fn a_value_is_never_sql(db) {
        for title in ["'; DROP TABLE posts; --", "\" OR 1=1 --", "?1 :a @b $c", "\\'; --", "%_%"] {
            let post = db.post(title).await;
            assert_eq!(db.repo.get_by::<Post>(Post::title.eq(title)).await.unwrap().unwrap().id, post.id);
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

    fn text_that_is_not_utf8_is_an_error_and_the_next_query_works(db on Sqlite) {
        db.post("fine").await;
        db.repo.execute("INSERT INTO things (text) VALUES (CAST(x'ff41' AS TEXT))", []).await.unwrap();
        let error = Thing::query().all(&db.repo).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("`text`") && error.to_string().contains("UTF-8"), "{error}");
        for _ in 0..4 {
            assert_eq!(db.titles().await, ["fine"]);
        }
    }

    fn a_value_of_another_type_is_an_error_that_names_the_column(db on Sqlite) {
        db.repo.execute("INSERT INTO things (big, moment) VALUES ('secret', 'never')", []).await.unwrap();
        let error = Thing::query().select(Thing::big).all(&db.repo).await.unwrap_err().to_string();
        assert!(error.contains("`big`") && error.contains("a whole number") && !error.contains("secret"), "{error}");
        assert!(Thing::query().select(Thing::moment).all(&db.repo).await.unwrap_err().is_decode());
    }

    fn a_number_that_does_not_fit_the_field_is_an_error(db) {
        db.repo.execute("INSERT INTO things (byte) VALUES (-1), (256)", []).await.unwrap();
        for id in [1, 2] {
            let query = Thing::query().filter(Thing::id.eq(id)).select(Thing::byte);
            assert!(query.all(&db.repo).await.unwrap_err().is_decode());
        }
        assert_eq!(Thing::query().select(Thing::id).count(&db.repo).await.unwrap(), 2);
    }

    fn a_column_of_another_type_is_an_error_that_names_both_types(db on Postgres) {
        db.repo.execute("ALTER TABLE things ALTER big TYPE text, ALTER text TYPE inet USING NULL", []).await.unwrap();
        db.repo.execute("INSERT INTO things (big, text) VALUES ('secret', '10.0.0.1')", []).await.unwrap();
        let error = Thing::query().select(Thing::big).all(&db.repo).await.unwrap_err();
        assert!(error.is_decode());
        let text = error.to_string();
        for part in ["`big`", "`text`", "i64", "a whole number"] {
            assert!(text.contains(part) && !text.contains("secret"), "{part} is not in {text}");
        }
        let error = Thing::query().select(Thing::text).all(&db.repo).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("`inet`") && error.to_string().contains("text::text"), "{error}");
    }

    fn more_values_than_a_statement_can_hold_is_an_error(db on Sqlite) {
        let query = Thing::query().filter(Thing::double.in_list((0..70_000).map(f64::from)));
        let error = query.all(&db.repo).await.unwrap_err();
        assert!(error.to_string().contains("too many SQL variables"), "{error}");
        assert!(db.repo.ping().await.is_ok());
    }

    fn an_error_shows_the_sql_and_never_a_value(db) {
        let error = db.repo.sql::<(i64,)>(&db.sql("SELECT missing FROM posts WHERE title = ?"), params!["hunter2"]).await;
        let text = format!("{0} {0:?}", error.unwrap_err());
        assert!(text.contains("SELECT missing") && (text.contains("no such column") || text.contains("Unknown column 'missing'") || text.contains("does not exist, here: `missing FROM posts")) && !text.contains("hunter2"), "{text}");
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

/// Texts that have ended statements elsewhere.
const NASTY: [&str; 8] = [
    "'; DROP TABLE articles; --",
    "\"; DROP TABLE articles; --",
    "`; DROP TABLE articles; --",
    "\\'; DROP TABLE articles; --",
    "?) OR (1 = 1",
    "$1 OR 1 = 1",
    "%_\\",
    "/* */ UNION SELECT name FROM users --",
];

case! {
    fn no_text_of_an_expression_is_sql(db) {
        let (users, _) = seed(db).await;
        for text in NASTY {
            let sets = [User::bio.set(text)];
            db.repo.update_all(User::query().filter(User::id.eq(users[0].id)), sets).await.unwrap();
            let found = User::query()
                .filter(User::bio.eq(text).and(User::bio.contains(text)).and(User::bio.lower().eq(text.to_lowercase())))
                .filter(User::bio.coalesce(text).in_list([text]))
                .filter(fragment!(bool: "? = ?", User::bio, text).is_true())
                .order_by(User::bio.coalesce(text).asc())
                .select((User::bio, zzz_db::query::value(text.to_owned()), case_of(text)));
            assert_eq!(found.all(&db.repo).await.unwrap(), [(Some(text.into()), text.into(), text.into())]);
            assert_eq!(Article::query().filter(Article::title.like(text)).count(&db.repo).await.unwrap_or(0), 0);
        }
        assert_eq!((Article::query().count(&db.repo).await.unwrap(), User::query().count(&db.repo).await.unwrap()), (4, 3));
    }

    fn no_text_of_a_conflict_or_a_prefix_is_sql(db) {
        for text in NASTY {
            let label = || Label { name: text.into(), ..Label::default() };
            db.repo.insert(label()).await.unwrap();
            let conflict = OnConflict::set([Label::note.set(text)]).target(fields![Label::name]);
            // MySQL has no condition there.
            let conflict = if db.backend == Backend::Mysql { conflict } else { conflict.filter(Label::name.eq(text)) };
            let options = InsertOptions::new().on_conflict(conflict).returning_all();
            assert_eq!(db.repo.insert_with(label(), options).await.unwrap().note.as_deref(), Some(text));
            let error = Label::query().prefix(text).all(&db.repo).await.unwrap_err();
            assert!(!error.is_decode(), "{error}");
            assert!(db.repo.with_prefix(text).insert(label()).await.is_err());
            assert!(db.repo.with_prefix(text).delete_all(Label::query()).await.is_err());
        }
        assert_eq!(Label::query().count(&db.repo).await.unwrap(), NASTY.len() as u64);
    }

    fn nul_in_a_prefix_is_an_error_before_anything_is_sent(db) {
        let error = Label::query().prefix("a\0b").all(&db.repo).await.unwrap_err();
        assert!(error.to_string().contains("NUL"), "{error}");
        assert!(db.repo.with_prefix("a\0b").insert(Label::default()).await.is_err());
    }

    fn no_text_of_a_relations_key_is_sql(db) {
        for text in NASTY {
            db.repo.insert(Keyed { name: text.into() }).await.unwrap();
            db.repo.insert(Keyed { name: format!("{text}x") }).await.unwrap();
        }
        let found = Keyed::query().filter(Keyed::name.in_list(NASTY)).all(&db.repo).await.unwrap();
        assert_eq!(found.len(), NASTY.len());
        for text in NASTY {
            assert_eq!(db.repo.get::<Keyed>(text).await.unwrap().unwrap().name, text);
            db.repo.delete(Keyed { name: text.into() }).await.unwrap();
        }
        assert_eq!(Keyed::query().count(&db.repo).await.unwrap(), NASTY.len() as u64);
    }
}

/// The tags by their names alone.
#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "tags")]
struct Keyed {
    #[schema(primary_key)]
    name: String,
}

fn case_of(text: &str) -> zzz_db::Term<User, String> {
    zzz_db::case::<String>().when(User::bio.eq(text), text).otherwise("")
}
