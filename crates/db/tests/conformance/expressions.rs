//! Computed values: arithmetic, functions, CASE, fragments, aggregates, orders.

use chrono::{TimeDelta, Utc};
use zzz_db::query::value;
use zzz_db::{
    Part, Query, Value, ago, avg, case as when, count, count_distinct, count_of, exists, fields, fragment,
    from_now, max, min, scalar, sum,
};

use crate::backend::Db;
use crate::blog::{Article, Label, Remark, Score, Status, User, seed};
use crate::case;

async fn titles<Q: zzz_db::query::Complete>(db: &Db, query: Query<Q, Article>) -> Vec<String> {
    let mut titles: Vec<String> =
        query.all(&db.repo).await.unwrap().into_iter().map(|article| article.title).collect();
    titles.sort();
    titles
}

case! {
    fn columns_are_compared_with_columns(db) {
        seed(db).await;
        assert_eq!(titles(db, Article::query().filter(Article::score.gt(Article::id))).await, ["Ants", "Bees", "Cats"]);
        assert_eq!(titles(db, Article::query().filter(Article::author_id.eq(Article::id))).await, ["Ants"]);
        assert_eq!(titles(db, Article::query().filter(Article::id.ne(Article::author_id))).await, ["Bees", "Cats"]);
    }

    fn arithmetic_is_done_as_it_is_nested(db) {
        seed(db).await;
        let sum_first = Article::score.add(Article::id).mul(2);
        let product_first = Article::score.add(Article::id.mul(2));
        let query = Article::query().filter(Article::title.eq("Bees")).select((sum_first, product_first));
        assert_eq!(query.one(&db.repo).await.unwrap(), Some((14, 9)));
        let query = Article::query().filter(Article::title.eq("Bees"));
        let minus = Article::score.sub(Article::id.sub(1));
        assert_eq!(query.select((minus, Article::score.div(2))).one(&db.repo).await.unwrap(), Some((4, 2)));
    }

    fn texts_are_folded_and_measured(db) {
        seed(db).await;
        let query = User::query().filter(User::name.lower().eq("ann"));
        let found = query.select((User::name.upper(), User::name.length(), User::bio.length(), User::bio.lower()));
        assert_eq!(found.one(&db.repo).await.unwrap(), Some(("ANN".into(), Some(3), None, None)));
        db.repo.update_all(User::query().filter(User::name.eq("Ann")), [User::bio.set("äöü")]).await.unwrap();
        let length = User::query().filter(User::bio.length().eq(3)).select(User::name);
        assert_eq!(length.all(&db.repo).await.unwrap(), ["Ann"]);
    }

    fn coalesce_takes_the_first_that_is_not_null(db) {
        seed(db).await;
        let query = User::query().filter(User::name.eq("Ann"));
        let found = query.select((User::bio.coalesce("none"), User::bio.coalesce(User::name)));
        assert_eq!(found.one(&db.repo).await.unwrap(), Some(("none".into(), "Ann".into())));
        let query = Article::query().filter(Article::rating.coalesce(0.5).lt(1.0));
        assert_eq!(query.count(&db.repo).await.unwrap(), 4);
    }

    fn case_takes_the_first_branch_that_holds(db) {
        seed(db).await;
        let size = when::<String>().when(Article::score.ge(5), "big").when(Article::score.ge(3), "some").otherwise("none");
        let flag = when::<i64>().when(Article::author_id.is_null(), 1).end();
        let query = Article::query().order_by(Article::id.asc()).select((size, flag));
        assert_eq!(query.all(&db.repo).await.unwrap(), [("some".into(), None), ("big".into(), None),
            ("big".into(), None), ("none".into(), Some(1))]);
    }

    fn terms_are_filtered_ordered_and_grouped_by(db) {
        seed(db).await;
        let query = Article::query().order_by(Article::score.mul(-1).asc()).order_by(Article::title.lower().desc());
        let found = query.select(Article::title).all(&db.repo).await.unwrap();
        assert_eq!(found, ["Cats", "Bees", "Ants", "Dogs"]);
        let query = Article::query().group_by(Article::score.gt_five()).select(count());
        let mut counts = query.all(&db.repo).await.unwrap();
        counts.sort_unstable();
        assert_eq!(counts, [2, 2]);
        assert_eq!(titles(db, Article::query().filter(Article::title.lower().in_list(["ants", "x"]))).await, ["Ants"]);
        assert_eq!(titles(db, Article::query().filter(Article::title.upper().starts_with("ant"))).await, ["Ants"]);
    }

    fn a_value_is_selected_as_a_column(db) {
        seed(db).await;
        let query = User::query().order_by(User::id.asc()).limit(1).select((value(5_i64), User::name));
        assert_eq!(query.all(&db.repo).await.unwrap(), [(5, "Ann".into())]);
    }

    fn a_fragment_binds_values_and_names_columns(db) {
        seed(db).await;
        let query = Article::query().filter(fragment!(bool: "abs(? - ?) <= ?", Article::score, 4, 1).is_true());
        assert_eq!(titles(db, query).await, ["Ants", "Bees", "Cats"]);
        let query = Article::query().filter(Article::title.eq("Ants"))
            .select(fragment!(String: "replace(?, ?, ?)", Article::title, "A", "'; DROP TABLE articles; --"));
        assert_eq!(query.one(&db.repo).await.unwrap().as_deref(), Some("'; DROP TABLE articles; --nts"));
        assert_eq!(Article::query().count(&db.repo).await.unwrap(), 4);
    }

    fn an_or_within_a_fragment_does_not_get_out(db) {
        seed(db).await;
        let loose = || fragment!(bool: "? = 1 OR ? = 5", Article::score, Article::score).is_true();
        let query = Article::query().filter(loose()).filter(Article::title.eq("Bees"));
        assert_eq!(titles(db, query).await, ["Bees"]);
        let query = Article::query().filter(Article::title.eq("Bees").and(!loose()));
        assert_eq!(titles(db, query).await, [""; 0]);
    }

    fn a_question_mark_of_the_sql_stays_one(db) {
        seed(db).await;
        let query = Article::query().limit(1).select(fragment!(String: "replace('a', 'a', '\\?')"));
        let statement = query.to_sql(db.repo.dialect()).unwrap();
        assert!(statement.sql.contains("'?'") && statement.params.len() == 1, "{}", statement.sql);
    }

    fn a_fragment_that_gives_another_type_is_a_decode_error(db) {
        seed(db).await;
        let query = Article::query().limit(1).select(fragment!(i64: "lower(?)", Article::title));
        assert!(query.all(&db.repo).await.unwrap_err().is_decode());
    }

    fn moments_are_reckoned_from_now(db) {
        seed(db).await;
        let early = Article::query().filter(Article::created.gt(ago(TimeDelta::hours(1)).naive_utc()));
        assert_eq!(early.count(&db.repo).await.unwrap(), 4);
        let late = Article::query().filter(Article::changed.gt(from_now(TimeDelta::hours(1))));
        assert_eq!(late.count(&db.repo).await.unwrap(), 0);
        assert!(ago(TimeDelta::MAX) < Utc::now() && from_now(TimeDelta::MAX) > Utc::now());
    }

    fn every_aggregate_of_rows_and_of_none(db) {
        let all = || Article::query().select((count(), sum(Article::score), avg(Article::score), min(Article::title),
            max(Article::rating), count_distinct(Article::score), count_of(Article::author_id)));
        assert_eq!(all().one(&db.repo).await.unwrap(), Some((0, None, None, None, None, 0, 0)));
        seed(db).await;
        let found = all().one(&db.repo).await.unwrap();
        assert_eq!(found, Some((4, Some(14), Some(3.5), Some("Ants".into()), None, 3, 3)));
    }

    fn sums_of_fractions_are_fractions(db) {
        seed(db).await;
        db.repo.update_all(Article::query(), [Article::rating.set(0.25)]).await.unwrap();
        let query = Article::query().select((sum(Article::rating), avg(Article::rating), max(Article::rating)));
        assert_eq!(query.one(&db.repo).await.unwrap(), Some((Some(1.0), Some(0.25), Some(0.25))));
    }

    fn an_aggregate_counts_only_what_its_filter_lets_through(db) {
        seed(db).await;
        let query = Article::query().select((count().filter(Article::score.ge(5)), sum(Article::score)
            .filter(Article::author_id.is_not_null()).filter(Article::score.lt(5)), count()));
        assert_eq!(query.one(&db.repo).await.unwrap(), Some((2, Some(3), 4)));
    }

    fn having_keeps_groups(db) {
        seed(db).await;
        let by_author = || Article::query().group_by(Article::author_id).order_by(Article::author_id.asc().nulls_last());
        let found = by_author().having(count().gt(1)).select((Article::author_id, count())).all(&db.repo).await.unwrap();
        assert_eq!(found, [(Some(1), 2)]);
        let found = by_author().having(count().gt(1)).or_having(max(Article::score).le(1)).select(Article::author_id);
        assert_eq!(found.clone().all(&db.repo).await.unwrap(), [Some(1), None]);
        assert_eq!(found.clone().count(&db.repo).await.unwrap(), 2);
        assert_eq!(found.exclude(Part::Having).count(&db.repo).await.unwrap(), 3);
    }

    fn groups_of_two_columns(db) {
        seed(db).await;
        let query = Article::query().group_by(Article::author_id).group_by(Article::score)
            .order_by(count().desc()).order_by(Article::score.asc()).select((Article::score, count()));
        assert_eq!(query.all(&db.repo).await.unwrap(), [(1, 1), (3, 1), (5, 1), (5, 1)]);
    }

    fn nulls_stand_where_they_are_told_to(db) {
        seed(db).await;
        let ids = async |query: Query<Article>| {
            query.order_by(Article::id.asc()).select(Article::author_id).all(&db.repo).await.unwrap()
        };
        let (ann, bob) = (Some(1), Some(2));
        assert_eq!(ids(Article::query().order_by(Article::author_id.asc().nulls_first())).await, [None, ann, ann, bob]);
        assert_eq!(ids(Article::query().order_by(Article::author_id.asc().nulls_last())).await, [ann, ann, bob, None]);
        assert_eq!(ids(Article::query().order_by(Article::author_id.desc().nulls_first())).await, [None, bob, ann, ann]);
        assert_eq!(ids(Article::query().order_by(Article::author_id.desc().nulls_last())).await, [bob, ann, ann, None]);
    }

    fn a_reversed_order_is_the_same_rows_backwards(db) {
        seed(db).await;
        let query = Article::query().order_by(Article::author_id.asc().nulls_first()).order_by(Article::id.desc());
        let titles = async |query: Query<Article>| query.select(Article::title).all(&db.repo).await.unwrap();
        let mut forward = titles(query.clone()).await;
        forward.reverse();
        assert_eq!(titles(query.reverse_order()).await, forward);
        assert_eq!(titles(Article::query().reverse_order()).await, ["Dogs", "Cats", "Bees", "Ants"]);
        assert_eq!(Article::query().last(&db.repo).await.unwrap().unwrap().title, "Dogs");
        let least = Article::query().order_by(Article::score.desc()).last(&db.repo).await.unwrap().unwrap();
        assert_eq!(least.title, "Dogs");
    }

    fn aggregates_respect_limit_and_distinct(db) {
        seed(db).await;
        let best = Article::query().order_by(Article::score.desc()).limit(2);
        assert_eq!(best.aggregate(&db.repo, sum(Article::score)).await.unwrap(), Some(10));
        let scores = Article::query().distinct().select(Article::score);
        assert_eq!(scores.aggregate(&db.repo, sum(Article::score)).await.unwrap(), Some(9));
        assert_eq!(Article::query().filter(Article::id.gt(99)).aggregate(&db.repo, min(Article::score)).await.unwrap(), None);
        let grouped = Article::query().group_by(Article::score).aggregate(&db.repo, count()).await.unwrap_err();
        assert!(grouped.to_string().contains("for each group"), "{grouped}");
    }

    fn fields_are_selected_into_maps(db) {
        seed(db).await;
        let maps = Article::query().order_by(Article::id.asc()).select_map(fields![title, author_id]).all(&db.repo);
        let maps = maps.await.unwrap();
        assert_eq!(maps[3].iter().collect::<Vec<_>>(),
            [(&"author_id", &Value::Null), (&"title", &Value::Text("Dogs".into()))]);
        assert_eq!(maps[0]["author_id"], Value::Int(1));
    }

    fn a_subquery_gives_a_list(db) {
        seed(db).await;
        let noted = Remark::query().filter(Remark::body.ne("third")).select(Remark::article_id);
        assert_eq!(titles(db, Article::query().filter(Article::id.in_query(noted.clone()))).await, ["Ants"]);
        assert_eq!(titles(db, Article::query().filter(!Article::id.in_query(noted))).await, ["Bees", "Cats", "Dogs"]);
        let none = Remark::query().filter(Remark::id.lt(0)).select(Remark::article_id);
        assert_eq!(titles(db, Article::query().filter(Article::id.in_query(none))).await, [""; 0]);
    }

    fn a_subquery_refers_to_the_query_around(db) {
        seed(db).await;
        let remarks = Remark::query().with_parent::<Article>().filter(Remark::article_id.eq(Article::id));
        assert_eq!(titles(db, Article::query().filter(exists(remarks.clone()))).await, ["Ants", "Cats"]);
        assert_eq!(titles(db, Article::query().filter(!exists(remarks.clone()))).await, ["Bees", "Dogs"]);
        let counted = Article::query().order_by(Article::id.asc()).select((Article::title, scalar(remarks.select(count()))));
        let found: Vec<(String, Option<i64>)> = counted.all(&db.repo).await.unwrap();
        assert_eq!(found.iter().map(|(_, n)| n.unwrap()).collect::<Vec<_>>(), [2, 0, 1, 0]);
    }

    fn a_subquery_within_a_subquery_sees_both(db) {
        seed(db).await;
        let remarks = Remark::query()
            .with_parent::<Article>()
            .filter(Remark::article_id.eq(Article::id).and(Remark::user_id.ne(Article::author_id)));
        let articles = Article::query().with_parent::<User>()
            .filter(Article::author_id.eq(User::id).and(exists(remarks)));
        let found = User::query().filter(exists(articles)).select(User::name).all(&db.repo).await.unwrap();
        assert_eq!(found, ["Ann"]);
    }

    fn a_subquery_is_one_value(db) {
        seed(db).await;
        let top = || scalar(Article::query().select(max(Article::score)));
        assert_eq!(titles(db, Article::query().filter(Article::score.eq(top()))).await, ["Bees", "Cats"]);
        assert_eq!(titles(db, Article::query().filter(Article::score.lt(top().sub(3)))).await, ["Dogs"]);
    }

    fn a_query_is_a_source(db) {
        seed(db).await;
        let best = Article::query().order_by(Article::score.desc()).order_by(Article::id.asc()).limit(3);
        let query = Query::from_query(best).filter(Article::score.lt(5));
        assert_eq!(titles(db, query).await, ["Ants"]);
    }

    fn a_summary_is_a_source(db) {
        seed(db).await;
        let totals = Article::query().filter(Article::author_id.is_not_null()).group_by(Article::author_id).select(
            zzz_db::select_as!(Score { total: sum(Article::score).coalesce(0), author_id: Article::author_id }));
        let query = Query::from_query(totals.clone()).filter(Score::total.gt(5));
        assert_eq!(query.all(&db.repo).await.unwrap(), [Score { author_id: Some(1), total: 8 }]);
        let query = User::query().join_query::<Score, _>(totals, Score::author_id.eq(User::id)).order_by(User::id.asc());
        let found = query.select((User::name, Score::total)).all(&db.repo).await.unwrap();
        assert_eq!(found, [("Ann".into(), 8), ("Bob".into(), 5)]);
    }

    fn unions_differences_and_intersections(db) {
        seed(db).await;
        let good = || Article::query().filter(Article::score.ge(5)).select(Article::score);
        let all = || Article::query().select(Article::score);
        let sorted = async |query: Query<Article, i64>| query.order_by(Article::score.asc()).all(&db.repo).await.unwrap();
        assert_eq!(sorted(all().union(good())).await, [1, 3, 5]);
        assert_eq!(sorted(all().union_all(good())).await, [1, 3, 5, 5, 5, 5]);
        assert_eq!(sorted(all().except(good())).await, [1, 3]);
        assert_eq!(sorted(all().intersect(good())).await, [5]);
        assert_eq!(sorted(all().union(good()).exclude(Part::Combinations)).await, [1, 3, 5, 5]);
    }

    fn a_union_of_several_tables_is_ordered_and_cut(db) {
        seed(db).await;
        let names = User::query().select(User::name);
        let words = Article::query().select(Article::title).union(names).order_by(Article::title.desc());
        assert_eq!(words.clone().limit(2).all(&db.repo).await.unwrap(), ["Dogs", "Cid"]);
        assert_eq!(words.clone().limit(1).offset(2).all(&db.repo).await.unwrap(), ["Cats"]);
        assert_eq!(words.clone().count(&db.repo).await.unwrap(), 7);
        assert!(words.exists(&db.repo).await.unwrap());
    }

    fn a_member_of_a_union_keeps_its_own_limit(db) {
        seed(db).await;
        let first = User::query().order_by(User::id.asc()).limit(1).select(User::name);
        let words = Label::query().filter(Label::name.eq("small")).select(Label::name).union_all(first)
            .order_by(Label::name.asc());
        let mut found = words.all(&db.repo).await.unwrap();
        found.sort();
        assert_eq!(found, ["Ann", "small"]);
    }

    fn whole_rows_are_united(db) {
        seed(db).await;
        let query = Article::query().filter(Article::score.eq(1)).union(Article::query().filter(Article::score.eq(3)));
        assert_eq!(titles(db, query.order_by(Article::id.asc())).await, ["Ants", "Dogs"]);
    }

    fn structs_are_united_by_the_names_of_their_fields(db) {
        seed(db).await;
        let articles = Article::query().filter(Article::id.eq(1)).select(
            zzz_db::select_as!(Score { author_id: Article::author_id, total: Article::score }));
        let turned = Article::query().filter(Article::id.eq(2)).select(
            zzz_db::select_as!(Score { total: Article::score, author_id: Article::author_id }));
        let found = articles.union(turned).order_by(Article::score.asc()).all(&db.repo).await.unwrap();
        assert_eq!(found, [Score { author_id: Some(1), total: 3 }, Score { author_id: Some(1), total: 5 }]);
    }

    fn a_union_is_ordered_by_what_is_selected_only(db) {
        seed(db).await;
        let query = Article::query().select(Article::title).union(User::query().select(User::name));
        let error = query.order_by(Article::score.asc()).all(&db.repo).await.unwrap_err();
        assert!(error.to_string().contains("selected columns only"), "{error}");
    }

    fn an_enumeration_is_kept_by_its_names(db) {
        seed(db).await;
        let sets = [Article::status.set(Status::Published)];
        db.repo.update_all(Article::query().filter(Article::score.eq(5)), sets).await.unwrap();
        let raw = db.repo.sql::<String>("SELECT DISTINCT status FROM articles ORDER BY status", []).await.unwrap();
        assert_eq!(raw, ["draft", "out"]);
        let query = Article::query().filter(Article::status.in_list([Status::InReview, Status::Published]));
        assert_eq!(titles(db, query).await, ["Bees", "Cats"]);
        db.repo.execute("UPDATE articles SET status = 'secret'", []).await.unwrap();
        let error = Article::query().all(&db.repo).await.unwrap_err();
        assert!(error.is_decode() && !error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("one of draft, in_review, out"), "{error}");
    }

    fn a_view_without_a_key_is_read_by_queries(db) {
        seed(db).await;
        let query = Score::query().filter(Score::author_id.is_not_null()).order_by(Score::total.desc());
        assert_eq!(query.all(&db.repo).await.unwrap(),
            [Score { author_id: Some(1), total: 8 }, Score { author_id: Some(2), total: 5 }]);
        let error = db.repo.reload(&Score::default()).await.unwrap_err();
        assert!(error.to_string().contains("no primary key"), "{error}");
    }

    fn a_plan_is_told_without_running_the_query(db) {
        seed(db).await;
        let plan = Article::query().filter(Article::id.eq(1)).explain(&db.repo).await.unwrap();
        assert!(plan.to_lowercase().contains("articles"), "{plan}");
    }

    fn a_lock_does_not_change_what_is_read(db) {
        seed(db).await;
        let found = db.repo.transaction(async |tx| {
            let query = Article::query().filter(Article::id.eq(1));
            tx.one(query.lock(zzz_db::Lock::update().skip_locked())).await
        });
        assert_eq!(found.await.unwrap().unwrap().title, "Ants");
        let sql = Article::query().lock(zzz_db::Lock::share().no_wait()).to_sql(db.repo.dialect()).unwrap().sql;
        let locks = sql.ends_with(" FOR SHARE NOWAIT") || sql.ends_with(" LOCK IN SHARE MODE NOWAIT");
        assert_eq!(locks, db.repo.dialect().name() != "sqlite", "{sql}");
    }
}

/// Whether the score is past 4, as a term to group by.
trait GtFive {
    fn gt_five(self) -> zzz_db::Term<Article, i64>;
}

impl GtFive for zzz_db::Column<Article, i64> {
    fn gt_five(self) -> zzz_db::Term<Article, i64> {
        // No value is bound: a placeholder in GROUP BY is another one than that in SELECT.
        fragment!(i64: "CASE WHEN ? >= 5 THEN 1 ELSE 0 END", self)
    }
}
