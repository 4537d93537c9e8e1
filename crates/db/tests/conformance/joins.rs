//! Several sources: joins of every kind, aliases, what is selected from them.

use zzz_db::query::Has;
use zzz_db::{Condition, Query, count, select_as, whole};

use crate::blog::{Article, Editor, Label, Manager, Remark, User, seed};
use crate::case;

/// Adds a join to any query that reads articles.
fn with_author<Q: Has<Article, At>, T, At: 'static>(query: Query<Q, T>) -> Query<(Q, User), T> {
    query.join::<User>(User::id.eq(Article::author_id))
}

/// Filters any query that reads articles.
fn popular<Q: Has<Article, At>, T, At>(query: Query<Q, T>) -> Query<Q, T> {
    query.filter(Article::score.ge(3))
}

#[derive(Debug, PartialEq)]
struct Line {
    title: String,
    author: Option<String>,
}

fn texts(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

case! {
    fn an_inner_join_gives_rows_that_both_sides_have(db) {
        seed(db).await;
        let query = Article::query().join::<User>(User::id.eq(Article::author_id)).order_by(Article::id.asc());
        let found = query.select((Article::title, User::name)).all(&db.repo).await.unwrap();
        assert_eq!(found, texts(&[("Ants", "Ann"), ("Bees", "Ann"), ("Cats", "Bob")]));
    }

    fn without_a_select_a_join_gives_the_first_source(db) {
        let (_, articles) = seed(db).await;
        let query = Article::query().join::<User>(User::id.eq(Article::author_id)).filter(User::name.eq("Bob"));
        assert_eq!(query.all(&db.repo).await.unwrap(), [articles[2].clone()]);
    }

    fn a_left_joined_column_is_an_option(db) {
        seed(db).await;
        let query = Article::query().left_join::<User>(User::id.eq(Article::author_id)).order_by(Article::id.desc());
        let found: Vec<(String, Option<String>)> =
            query.limit(2).select((Article::title, User::name)).all(&db.repo).await.unwrap();
        assert_eq!(found, [("Dogs".into(), None), ("Cats".into(), Some("Bob".into()))]);
    }

    fn a_left_joined_column_that_may_be_null_is_one_option_and_not_two(db) {
        seed(db).await;
        let query = Article::query().left_join::<User>(User::id.eq(Article::author_id));
        let found: Vec<Option<String>> = query.select(User::bio).all(&db.repo).await.unwrap();
        assert_eq!(found, [None, None, None, None]);
    }

    fn a_left_joined_row_is_an_option_of_a_struct(db) {
        let (users, articles) = seed(db).await;
        let query = Article::query().left_join::<User>(User::id.eq(Article::author_id)).order_by(Article::id.asc());
        let found = query.select((whole::<Article>(), whole::<User>())).all(&db.repo).await.unwrap();
        assert_eq!(found[2], (articles[2].clone(), Some(users[1].clone())));
        assert_eq!(found[3], (articles[3].clone(), None));
    }

    fn a_condition_of_a_left_join_belongs_to_the_join(db) {
        seed(db).await;
        let on = User::id.eq(Article::author_id).and(User::name.eq("Bob"));
        let query = Article::query().left_join::<User>(on).filter(User::id.is_null());
        assert_eq!(query.count(&db.repo).await.unwrap(), 3);
    }

    fn a_right_join_makes_what_was_before_an_option(db) {
        seed(db).await;
        let query = Article::query().right_join::<User>(User::id.eq(Article::author_id)).order_by(User::id.asc())
            .order_by(Article::id.asc());
        let found: Vec<(Option<String>, String)> =
            query.clone().select((Article::title, User::name)).all(&db.repo).await.unwrap();
        assert_eq!(found, [(Some("Ants".into()), "Ann".into()), (Some("Bees".into()), "Ann".into()),
            (Some("Cats".into()), "Bob".into()), (None, "Cid".into())]);
        let whole = query.all(&db.repo).await.unwrap();
        assert_eq!((whole[0].as_ref().unwrap().title.as_str(), whole[3].is_none()), ("Ants", true));
    }

    fn a_full_join_makes_both_sides_options(db) {
        seed(db).await;
        let query = Article::query().full_join::<User>(User::id.eq(Article::author_id));
        let found: Vec<(Option<i64>, Option<i64>)> = query.select((Article::id, User::id)).all(&db.repo).await.unwrap();
        assert_eq!(found.len(), 5);
        assert!(found.contains(&(None, Some(3))) && found.contains(&(Some(4), None)), "{found:?}");
    }

    fn a_cross_join_gives_every_pair(db) {
        seed(db).await;
        assert_eq!(Article::query().cross_join::<Label>().count(&db.repo).await.unwrap(), 12);
    }

    fn a_table_is_joined_twice_under_an_alias(db) {
        seed(db).await;
        let query = Article::query()
            .join::<User>(User::id.eq(Article::author_id))
            .left_join::<Editor>(Editor.id.eq(Article::editor_id))
            .filter(User::name.eq("Ann"))
            .order_by(Article::id.asc());
        let found: Vec<(String, String, Option<String>)> =
            query.select((Article::title, User::name, Editor.name)).all(&db.repo).await.unwrap();
        assert_eq!(found[0], ("Ants".into(), "Ann".into(), Some("Bob".into())));
        assert_eq!(found[1], ("Bees".into(), "Ann".into(), None));
    }

    fn a_table_is_joined_with_itself(db) {
        seed(db).await;
        let query = User::query().join::<Manager>(Manager.id.eq(User::manager_id)).order_by(User::id.asc());
        let found = query.select((User::name, Manager.name)).all(&db.repo).await.unwrap();
        assert_eq!(found, texts(&[("Bob", "Ann"), ("Cid", "Bob")]));
    }

    fn a_query_can_begin_with_an_alias(db) {
        seed(db).await;
        let query = Query::of().join::<User>(User::manager_id.eq(Manager.id)).filter(Manager.name.eq("Ann"));
        let query: Query<(Manager, User), User> = query;
        assert_eq!(query.one(&db.repo).await.unwrap().unwrap().name, "Ann");
    }

    fn three_sources_are_filtered_and_ordered_together(db) {
        seed(db).await;
        let query = Remark::query()
            .join::<Article>(Article::id.eq(Remark::article_id))
            .left_join::<User>(User::id.eq(Remark::user_id))
            .filter(User::name.is_null().or(Article::title.eq("Ants").and(Remark::body.ne("first"))))
            .order_by(Remark::body.asc());
        assert_eq!(query.select(Remark::body).all(&db.repo).await.unwrap(), ["second", "third"]);
    }

    fn functions_add_to_any_query_that_has_the_source(db) {
        seed(db).await;
        let plain = popular(Article::query());
        assert_eq!(plain.count(&db.repo).await.unwrap(), 3);
        let joined = popular(with_author(Remark::query().join::<Article>(Article::id.eq(Remark::article_id))));
        let found = joined.order_by(Remark::id.asc()).select((Remark::body, User::name)).all(&db.repo).await.unwrap();
        assert_eq!(found, texts(&[("first", "Ann"), ("second", "Ann"), ("third", "Bob")]));
    }

    fn a_condition_on_one_source_serves_a_query_of_several(db) {
        seed(db).await;
        let good: Condition<Article> = Article::score.gt(4);
        let query = with_author(Article::query()).filter(good.within()).filter(User::name.eq("Ann"));
        assert_eq!(query.select(Article::title).all(&db.repo).await.unwrap(), ["Bees"]);
    }

    fn a_dynamic_condition_on_several_sources_is_a_value(db) {
        seed(db).await;
        let mut condition: Condition<(Article, User)> = Condition::any([]);
        for name in ["Bob", "Nobody"] {
            condition = condition.or(User::name.eq(name));
        }
        condition = condition.or(Article::title.eq("Bees").and(Article::score.gt(User::id)));
        let query = with_author(Article::query()).filter(condition).order_by(Article::id.asc());
        assert_eq!(query.select(Article::title).all(&db.repo).await.unwrap(), ["Bees", "Cats"]);
    }

    fn rows_are_selected_into_a_struct_of_the_app(db) {
        seed(db).await;
        let query = Article::query().left_join::<User>(User::id.eq(Article::author_id)).order_by(Article::id.desc());
        let line = select_as!(Line { author: User::name, title: Article::title });
        let found = query.limit(2).select(line).all(&db.repo).await.unwrap();
        assert_eq!(found[0], Line { title: "Dogs".into(), author: None });
        assert_eq!(found[1], Line { title: "Cats".into(), author: Some("Bob".into()) });
    }

    fn rows_are_mapped_as_they_are_read(db) {
        seed(db).await;
        let query = with_author(Article::query()).order_by(Article::id.asc()).select((Article::title, User::name));
        let found = query.map(|(title, name)| format!("{title} by {name}")).first(&db.repo).await.unwrap();
        assert_eq!(found.as_deref(), Some("Ants by Ann"));
    }

    fn groups_of_a_join_are_counted(db) {
        seed(db).await;
        let query = User::query()
            .left_join::<Article>(Article::author_id.eq(User::id))
            .group_by(User::name)
            .order_by(User::name.asc())
            .select((User::name, zzz_db::count_of(Article::id)));
        let found = query.all(&db.repo).await.unwrap();
        assert_eq!(found, [("Ann".into(), 2), ("Bob".into(), 1), ("Cid".into(), 0)]);
    }

    fn count_exists_and_first_work_on_joins(db) {
        seed(db).await;
        let query = with_author(Article::query());
        assert_eq!(query.clone().count(&db.repo).await.unwrap(), 3);
        assert_eq!(query.clone().limit(2).count(&db.repo).await.unwrap(), 2);
        assert!(query.clone().filter(User::name.eq("Bob")).exists(&db.repo).await.unwrap());
        assert!(!query.clone().filter(User::name.eq("Cid")).exists(&db.repo).await.unwrap());
        assert_eq!(query.clone().first(&db.repo).await.unwrap().unwrap().title, "Ants");
        assert_eq!(query.clone().last(&db.repo).await.unwrap().unwrap().title, "Cats");
        assert_eq!(query.distinct().select(User::name).count(&db.repo).await.unwrap(), 2);
    }

    fn update_all_sets_from_a_joined_source(db) {
        seed(db).await;
        let query = with_author(Article::query()).filter(User::name.eq("Ann"));
        let sets = [Article::title.set(User::name), Article::score.inc(User::id)];
        assert_eq!(db.repo.update_all(query, sets).await.unwrap(), 2);
        let found = Article::query().order_by(Article::id.asc()).select((Article::title, Article::score));
        assert_eq!(found.all(&db.repo).await.unwrap(),
            [("Ann".into(), 4), ("Ann".into(), 6), ("Cats".into(), 5), ("Dogs".into(), 1)]);
    }

    fn update_all_over_a_left_join_changes_the_rows_without_a_partner(db) {
        seed(db).await;
        let query = Article::query().left_join::<User>(User::id.eq(Article::author_id)).filter(User::id.is_null());
        assert_eq!(db.repo.update_all(query.clone(), [Article::score.set(9)]).await.unwrap(), 1);
        assert_eq!(Article::query().filter(Article::score.eq(9)).one(&db.repo).await.unwrap().unwrap().title, "Dogs");
        let refused = db.repo.update_all(query, [Article::title.set(User::name)]).await.unwrap_err();
        assert!(refused.to_string().contains("another source"), "{refused}");
    }

    fn delete_all_over_a_join_deletes_from_the_first_source(db) {
        seed(db).await;
        let query = Remark::query().join::<User>(User::id.eq(Remark::user_id)).filter(User::name.eq("Bob"));
        assert_eq!(db.repo.delete_all(query).await.unwrap(), 1);
        let left = Remark::query().order_by(Remark::id.asc()).select(Remark::body).all(&db.repo).await.unwrap();
        assert_eq!(left, ["second", "third"]);
        assert_eq!(User::query().count(&db.repo).await.unwrap(), 3);
    }

    fn a_query_is_joined_like_a_table(db) {
        seed(db).await;
        let best = Article::query().order_by(Article::score.desc()).order_by(Article::id.asc()).limit(1);
        let query = User::query().join_query::<Article, _>(best, Article::author_id.eq(User::id));
        assert_eq!(query.select((User::name, Article::title)).all(&db.repo).await.unwrap(), texts(&[("Ann", "Bees")]));
        let none = Article::query().filter(Article::score.gt(100));
        let query = User::query().left_join_query::<Article, _>(none, Article::author_id.eq(User::id));
        let found = query.select((User::id, whole::<Article>())).all(&db.repo).await.unwrap();
        assert!(found.iter().all(|(_, article)| article.is_none()) && found.len() == 3);
    }

    fn aggregates_run_over_a_join(db) {
        seed(db).await;
        let ann = with_author(Article::query()).filter(User::name.eq("Ann"));
        assert_eq!(ann.clone().aggregate(&db.repo, zzz_db::sum(Article::score)).await.unwrap(), Some(8));
        assert_eq!(ann.aggregate(&db.repo, count()).await.unwrap(), 2);
    }
}
