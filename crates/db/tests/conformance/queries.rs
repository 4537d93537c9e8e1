//! What conditions, orders, limits, groups and selections mean.

#[cfg(feature = "postgres")]
use zzz_db::dialect::Postgres;
#[cfg(feature = "sqlite")]
use zzz_db::dialect::Sqlite;
use zzz_db::{Condition, Part, Query, count, max, min};

use crate::backend::{Comment, Db, Post, Tag};
use crate::case;

async fn titles(db: &Db, query: Query<Post>) -> Vec<String> {
    query.order_by(Post::id.asc()).select(Post::title).all(&db.repo).await.unwrap()
}

async fn seed(db: &Db) {
    for (title, url, views) in [("Alpha", Some("a"), 1), ("beta", None, 2), ("Gamma", Some("c"), 3)] {
        let url = url.map(str::to_owned);
        db.repo.insert(Post { title: title.into(), url, views, ..Post::default() }).await.unwrap();
    }
}

case! {
    fn comparisons_find_their_rows(db) {
        seed(db).await;
        assert_eq!(titles(db, Post::query().filter(Post::views.eq(2))).await, ["beta"]);
        assert_eq!(titles(db, Post::query().filter(Post::views.ne(2))).await, ["Alpha", "Gamma"]);
        assert_eq!(titles(db, Post::query().filter(Post::views.gt(2))).await, ["Gamma"]);
        assert_eq!(titles(db, Post::query().filter(Post::views.ge(2))).await, ["beta", "Gamma"]);
        assert_eq!(titles(db, Post::query().filter(Post::views.lt(2))).await, ["Alpha"]);
        assert_eq!(titles(db, Post::query().filter(Post::views.le(2))).await, ["Alpha", "beta"]);
    }

    fn none_asks_for_null(db) {
        seed(db).await;
        assert_eq!(titles(db, Post::query().filter(Post::url.eq(None::<String>))).await, ["beta"]);
        assert_eq!(titles(db, Post::query().filter(Post::url.ne(None::<String>))).await, ["Alpha", "Gamma"]);
        assert_eq!(titles(db, Post::query().filter(Post::url.is_null())).await, ["beta"]);
        assert_eq!(titles(db, Post::query().filter(Post::url.eq("c"))).await, ["Gamma"]);
    }

    fn and_or_not_nest_as_they_are_written(db) {
        seed(db).await;
        let either = Post::views.eq(1).or(Post::views.eq(2));
        let both = either.clone().and(Post::url.is_null());
        assert_eq!(titles(db, Post::query().filter(both)).await, ["beta"]);
        assert_eq!(titles(db, Post::query().filter(!either.clone())).await, ["Gamma"]);
        let mixed = (Post::views.eq(3) & Post::url.is_not_null()) | Post::views.eq(2);
        assert_eq!(titles(db, Post::query().filter(mixed)).await, ["beta", "Gamma"]);
        let then_or = Post::query().filter(Post::views.eq(1)).filter(Post::url.is_null()).or_filter(Post::views.eq(3));
        assert_eq!(titles(db, then_or).await, ["Gamma"]);
    }

    fn of_no_conditions_all_is_true_and_any_is_false(db) {
        seed(db).await;
        assert_eq!(Post::query().filter(Condition::all([])).count(&db.repo).await.unwrap(), 3);
        assert_eq!(Post::query().filter(Condition::any([])).count(&db.repo).await.unwrap(), 0);
    }

    fn an_empty_list_holds_nothing(db) {
        seed(db).await;
        let none: [i64; 0] = [];
        assert_eq!(titles(db, Post::query().filter(Post::id.in_list(none))).await, [""; 0]);
        assert_eq!(titles(db, Post::query().filter(!Post::id.in_list(none))).await.len(), 3);
    }

    fn a_list_may_be_short_or_very_long(db) {
        seed(db).await;
        assert_eq!(titles(db, Post::query().filter(Post::views.in_list([1, 3, 3]))).await, ["Alpha", "Gamma"]);
        let long = Post::query().filter(Post::views.in_list(2..70_000));
        assert_eq!(titles(db, long).await, ["beta", "Gamma"]);
        let texts = (0..40_000).map(|n| format!("\"{n}\\\n")).chain(["beta".into()]);
        assert_eq!(titles(db, Post::query().filter(Post::title.in_list(texts))).await, ["beta"]);
    }

    fn wildcards_in_contained_text_mean_themselves(db) {
        for title in ["50% off", "50 off", "a_b", "acb", r"back\slash"] {
            db.post(title).await;
        }
        let found = async |text: &str| titles(db, Post::query().filter(Post::title.contains(text))).await;
        assert_eq!(found("50%").await, ["50% off"]);
        assert_eq!(found("a_b").await, ["a_b"]);
        assert_eq!(found(r"k\s").await, [r"back\slash"]);
        assert_eq!(found("OFF").await, ["50% off", "50 off"]);
        assert_eq!(found("").await.len(), 5);
        assert_eq!(titles(db, Post::query().filter(Post::title.starts_with("50%"))).await, ["50% off"]);
        assert_eq!(titles(db, Post::query().filter(Post::title.ends_with("_b"))).await, ["a_b"]);
        assert_eq!(titles(db, Post::query().filter(Post::title.like("a_b"))).await, ["a_b", "acb"]);
        assert_eq!(titles(db, Post::query().filter(Post::title.like(r"a\_b"))).await, ["a_b"]);
    }

    fn several_orders_order_one_after_the_other(db) {
        seed(db).await;
        db.repo.update_all(Post::query().filter(Post::views.lt(3)), [Post::views.set(9)]).await.unwrap();
        let query = Post::query().order_by(Post::views.desc()).order_by(Post::title.desc());
        assert_eq!(query.select(Post::title).all(&db.repo).await.unwrap(), ["beta", "Alpha", "Gamma"]);
    }

    fn limit_and_offset_cut_a_page_out(db) {
        seed(db).await;
        assert_eq!(titles(db, Post::query().limit(1).offset(1)).await, ["beta"]);
        assert_eq!(titles(db, Post::query().offset(2)).await, ["Gamma"]);
        assert_eq!(titles(db, Post::query().limit(0)).await, [""; 0]);
        assert_eq!(titles(db, Post::query().limit(u64::MAX).offset(u64::MAX)).await, [""; 0]);
    }

    fn count_and_exists_respect_the_limit(db) {
        seed(db).await;
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 3);
        assert_eq!(Post::query().order_by(Post::id.asc()).limit(2).count(&db.repo).await.unwrap(), 2);
        assert_eq!(Post::query().offset(2).count(&db.repo).await.unwrap(), 1);
        assert!(Post::query().exists(&db.repo).await.unwrap());
        assert!(!Post::query().offset(3).exists(&db.repo).await.unwrap());
        assert!(!Post::query().filter(Post::views.gt(3)).exists(&db.repo).await.unwrap());
    }

    fn groups_are_counted_one_by_one(db) {
        seed(db).await;
        for post_id in [1, 1, 2] {
            db.repo.insert(Comment { post_id, body: "x".into(), ..Comment::default() }).await.unwrap();
        }
        let query = Comment::query().filter(Comment::post_id.in_list([1, 2, 3])).group_by(Comment::post_id);
        assert_eq!(query.clone().count(&db.repo).await.unwrap(), 2);
        let counts = query.order_by(Comment::post_id.asc()).select((Comment::post_id, count()));
        assert_eq!(counts.all(&db.repo).await.unwrap(), [(1, 2), (2, 1)]);
    }

    fn extremes_of_no_rows_are_none(db) {
        let extremes = Post::query().select((min(Post::views), max(Post::views), count()));
        assert_eq!(extremes.clone().one(&db.repo).await.unwrap(), Some((None, None, 0)));
        seed(db).await;
        assert_eq!(extremes.one(&db.repo).await.unwrap(), Some((Some(1), Some(3), 3)));
    }

    fn distinct_gives_each_row_once(db) {
        seed(db).await;
        db.repo.update_all(Post::query(), [Post::views.set(7)]).await.unwrap();
        let views = Post::query().distinct().select(Post::views);
        assert_eq!(views.clone().count(&db.repo).await.unwrap(), 1);
        assert_eq!(views.all(&db.repo).await.unwrap(), [7]);
    }

    fn a_part_can_be_taken_out_again(db) {
        seed(db).await;
        let page = Post::query().filter(Post::views.gt(1)).order_by(Post::id.desc()).limit(1);
        let total = page.clone().exclude(Part::Limit).exclude(Part::OrderBy);
        assert_eq!((page.count(&db.repo).await.unwrap(), total.count(&db.repo).await.unwrap()), (1, 2));
        assert_eq!(Post::query().filter(Post::views.gt(9)).exclude(Part::Filter).count(&db.repo).await.unwrap(), 3);
    }

    fn one_finds_the_only_row_and_refuses_several(db) {
        seed(db).await;
        assert_eq!(Post::query().filter(Post::views.eq(9)).one(&db.repo).await.unwrap(), None);
        assert!(Post::query().filter(Post::views.eq(1)).one(&db.repo).await.unwrap().is_some());
        let error = Post::query().one(&db.repo).await.unwrap_err();
        assert!(error.is_multiple_results() && error.to_string().contains("posts"), "{error}");
    }

    fn first_takes_the_order_that_is_there_or_the_primary_key(db) {
        seed(db).await;
        assert_eq!(Post::query().first(&db.repo).await.unwrap().unwrap().title, "Alpha");
        assert_eq!(Post::query().order_by(Post::views.desc()).first(&db.repo).await.unwrap().unwrap().title, "Gamma");
    }

    fn a_query_on_a_column_that_the_table_lacks_is_an_error(db) {
        // Without care SQLite takes "weight" for a text.
        db.repo.execute("ALTER TABLE tags RENAME COLUMN weight TO mass", []).await.unwrap();
        let error = Tag::query().all(&db.repo).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no such column: \"weight\"") || text.contains("column \"weight\" does not exist") || text.contains("Unknown column 'weight'"), "{text}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn the_sql_for_postgres_numbers_its_placeholders() {
    let query = Post::query().filter(Post::id.in_list([1, 2]) & Post::title.starts_with("y")).offset(3);
    let zzz_db::dialect::Statement { sql, params: values } =
        query.select(Post::id).to_sql(&Postgres).unwrap();
    assert_eq!(
        sql,
        r#"SELECT "id" FROM "posts" WHERE "id" = ANY($1) AND "title" ILIKE $2 ESCAPE '\' OFFSET $3"#
    );
    assert_eq!(values.len(), 3);
}

#[cfg(feature = "sqlite")]
#[test]
fn the_sql_quotes_every_name_and_binds_every_value() {
    let statement = Post::query()
        .filter(Post::url.eq("x").or(Post::views.gt(1)))
        .filter(!Post::title.contains("y"))
        .order_by(Post::id.desc())
        .limit(2)
        .select((Post::id, count()))
        .to_sql(&Sqlite)
        .unwrap();
    assert_eq!(
        statement.sql,
        r#"SELECT "id", count(*) FROM "posts" WHERE ("href" = ? OR "views" > ?) AND NOT ("title" LIKE ? ESCAPE '\') ORDER BY "id" DESC LIMIT ?"#
    );
    assert_eq!(statement.params.len(), 4);
}
