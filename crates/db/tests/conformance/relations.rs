//! Relations: preloading, joining, and what refers to what.

use std::sync::atomic::{AtomicUsize, Ordering};

use zzz_db::{BelongsTo, HasMany, Query, count};

use crate::blog::{Article, Editor, Label, Remark, User, remark, seed};
use crate::case;

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| &*user.name).collect()
}

fn bodies(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| &*remark.body).collect()
}

async fn articles(db: &crate::backend::Db) -> Vec<Article> {
    Article::query().order_by(Article::id.asc()).all(&db.repo).await.unwrap()
}

case! {
    fn what_was_not_loaded_says_so(db) {
        let (_, articles) = seed(db).await;
        let article = &articles[0];
        assert!(!article.author.is_loaded() && article.author.get().is_none() && article.remarks.get().is_empty());
        let error = article.remarks.loaded().unwrap_err();
        assert!(error.to_string().contains("HasMany<Remark> is not loaded") && error.to_string().contains("preload"), "{error}");
        assert!(article.author.loaded().is_err());
    }

    fn belongs_to_loads_the_row_that_is_referred_to(db) {
        seed(db).await;
        let found = Article::query().order_by(Article::id.asc()).preload(Article::author).all(&db.repo).await.unwrap();
        let authors: Vec<Option<&str>> = found.iter().map(|article| article.author.get().map(|user| &*user.name)).collect();
        assert_eq!(authors, [Some("Ann"), Some("Ann"), Some("Bob"), None]);
        assert!(found[3].author.loaded().unwrap().is_none());
        assert!(!found[0].editor.is_loaded());
    }

    fn has_many_loads_the_rows_that_refer_here(db) {
        seed(db).await;
        let query = Article::query().order_by(Article::id.asc()).preload(Article::remarks.query(Remark::query().order_by(Remark::id.asc())));
        let found = query.all(&db.repo).await.unwrap();
        assert_eq!(bodies(found[0].remarks.get()), ["first", "second"]);
        assert!(found[1].remarks.loaded().unwrap().is_empty());
        assert_eq!(bodies(found[2].remarks.get()), ["third"]);
    }

    fn has_one_loads_the_one_row(db) {
        let (users, _) = seed(db).await;
        let profile = crate::blog::Profile { user_id: users[0].id, motto: "on".into(), ..Default::default() };
        db.repo.insert(profile).await.unwrap();
        let found = User::query().order_by(User::id.asc()).preload(User::profile).all(&db.repo).await.unwrap();
        assert_eq!(found[0].profile.get().unwrap().motto, "on");
        assert!(found[1].profile.loaded().unwrap().is_none());
    }

    fn many_to_many_loads_over_the_join_table_from_both_sides(db) {
        seed(db).await;
        let found = Article::query().order_by(Article::id.asc())
            .preload(Article::labels.query(Label::query().order_by(Label::name.asc()))).all(&db.repo).await.unwrap();
        let labels: Vec<Vec<&str>> = found.iter().map(|article| article.labels.into_iter().map(|label| &*label.name).collect()).collect();
        assert_eq!(labels, [vec!["insects", "small"], vec!["insects"], vec!["small"], vec![]]);
        let label = Label::query().filter(Label::name.eq("small")).preload(Label::articles).one(&db.repo).await.unwrap().unwrap();
        let mut titles: Vec<&str> = label.articles.into_iter().map(|article| &*article.title).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["Ants", "Cats"]);
    }

    fn through_leads_over_several_tables_and_gives_each_row_once(db) {
        let (users, articles) = seed(db).await;
        remark(db, &articles[0], Some(&users[1]), "again").await;
        let found = Article::query().order_by(Article::id.asc())
            .preload(Article::readers.query(User::query().order_by(User::id.asc()))).all(&db.repo).await.unwrap();
        assert_eq!(names(found[0].readers.get()), ["Bob", "Cid"]);
        assert!(found[2].readers.loaded().unwrap().is_empty());
        let ann = User::query().filter(User::name.eq("Ann")).preload(User::received).one(&db.repo).await.unwrap().unwrap();
        assert_eq!(ann.received.get().len(), 3);
    }

    fn has_one_through_is_shared_by_all_who_lead_to_it(db) {
        seed(db).await;
        let found = Remark::query().order_by(Remark::id.asc()).preload(Remark::article_author).all(&db.repo).await.unwrap();
        let authors: Vec<&str> = found.iter().map(|remark| &*remark.article_author.get().unwrap().name).collect();
        assert_eq!(authors, ["Ann", "Ann", "Bob"]);
    }

    fn preloads_nest_as_deep_as_wanted(db) {
        seed(db).await;
        let tree = (Article::author.preload((User::manager, User::profile)), Article::remarks.preload(Remark::user.preload(User::manager)));
        let found = Article::query().order_by(Article::id.asc()).preload(tree).all(&db.repo).await.unwrap();
        assert_eq!(found[2].author.get().unwrap().manager.get().unwrap().name, "Ann");
        assert!(found[0].author.get().unwrap().manager.loaded().unwrap().is_none());
        let mut managers: Vec<&str> = found[0].remarks.into_iter()
            .map(|remark| &*remark.user.get().unwrap().manager.get().unwrap().name).collect();
        managers.sort_unstable();
        assert_eq!(managers, ["Ann", "Bob"]);
    }

    fn preloading_into_records_keeps_their_order(db) {
        seed(db).await;
        let mut found = articles(db).await;
        found.reverse();
        db.repo.preload(&mut found, (Article::author, Article::remarks)).await.unwrap();
        let titles: Vec<&str> = found.iter().map(|article| &*article.title).collect();
        assert_eq!(titles, ["Dogs", "Cats", "Bees", "Ants"]);
        assert_eq!(found[3].remarks.get().len(), 2);
        let mut one = found.pop().unwrap();
        db.repo.preload(&mut one, Article::labels).await.unwrap();
        assert_eq!(one.labels.get().len(), 2);
        let mut none: Vec<Article> = Vec::new();
        db.repo.preload(&mut none, Article::author).await.unwrap();
        db.repo.preload(&mut None::<Article>, Article::author).await.unwrap();
    }

    fn the_same_record_twice_is_loaded_twice(db) {
        seed(db).await;
        let mut found = vec![articles(db).await.remove(0), articles(db).await.remove(0)];
        db.repo.preload(&mut found, Article::remarks).await.unwrap();
        assert_eq!(found[0].remarks.get().len(), 2);
        assert_eq!(found[0], found[1]);
    }

    fn what_is_loaded_stays_unless_it_is_forced(db) {
        seed(db).await;
        let mut found = articles(db).await;
        db.repo.preload(&mut found, Article::remarks).await.unwrap();
        db.repo.delete_all(Remark::query()).await.unwrap();
        db.repo.preload(&mut found, Article::remarks).await.unwrap();
        assert_eq!(found[0].remarks.get().len(), 2);
        db.repo.preload(&mut found, Article::remarks.force()).await.unwrap();
        assert_eq!(found[0].remarks.get().len(), 0);
    }

    fn what_is_loaded_is_loaded_further(db) {
        seed(db).await;
        let mut found = articles(db).await;
        db.repo.preload(&mut found, (Article::remarks, Article::author)).await.unwrap();
        db.repo.execute("UPDATE remarks SET body = 'changed'", []).await.unwrap();
        let nested = (Article::remarks.preload(Remark::user), Article::author.preload(User::manager));
        db.repo.preload(&mut found, nested).await.unwrap();
        let mut bodies = bodies(found[0].remarks.get());
        bodies.sort_unstable();
        assert_eq!(bodies, ["first", "second"], "the remarks were kept");
        assert!(found[0].remarks.into_iter().all(|remark| remark.user.get().is_some()));
        assert_eq!(found[2].author.get().unwrap().manager.get().unwrap().name, "Ann");
    }

    fn what_somebody_else_holds_too_is_read_again_to_be_loaded_further(db) {
        seed(db).await;
        let mut found = articles(db).await;
        db.repo.preload(&mut found, Article::author).await.unwrap();
        let kept = found[0].clone();
        db.repo.preload(&mut found, Article::author.preload(User::articles)).await.unwrap();
        assert_eq!(found[0].author.get().unwrap().articles.get().len(), 2);
        assert!(!kept.author.get().unwrap().articles.is_loaded());
    }

    fn each_relation_is_one_query_whatever_the_number_of_rows(db) {
        seed(db).await;
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let counted = Remark::query().filter(Remark::id.gt(0)).map(|remark| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            remark
        });
        // Rows are decoded by the relation's own loader: a mapping of the query is not part of it.
        let found = Article::query().preload(Article::remarks.query(counted)).all(&db.repo).await.unwrap();
        assert_eq!(found.iter().map(|article| article.remarks.get().len()).sum::<usize>(), 3);
        assert_eq!(ASKED.load(Ordering::SeqCst), 0);
    }

    fn a_query_of_a_relation_filters_orders_and_preloads(db) {
        seed(db).await;
        let bobs = Remark::query().join_assoc(Remark::user).filter(User::name.eq("Bob")).preload(Remark::user);
        let found = Article::query().order_by(Article::id.asc()).preload(Article::remarks.query(bobs)).all(&db.repo).await.unwrap();
        assert_eq!(bodies(found[0].remarks.get()), ["first"]);
        assert_eq!(found[0].remarks.get()[0].user.get().unwrap().name, "Bob");
        assert!(found[2].remarks.loaded().unwrap().is_empty());
    }

    fn a_query_with_an_or_stays_within_its_relation(db) {
        seed(db).await;
        let either = Remark::query().filter(Remark::body.eq("first")).or_filter(Remark::body.eq("third"));
        let found = Article::query().filter(Article::title.eq("Ants")).preload(Article::remarks.query(either)).one(&db.repo);
        assert_eq!(bodies(found.await.unwrap().unwrap().remarks.get()), ["first"]);
    }

    fn relations_of_the_records_are_a_query(db) {
        let (_, found) = seed(db).await;
        let remarks = Article::remarks.of(&found).order_by(Remark::id.asc()).select(Remark::body).all(&db.repo).await.unwrap();
        assert_eq!(remarks, ["first", "second", "third"]);
        assert_eq!(Article::author.of(&found).count(&db.repo).await.unwrap(), 2);
        let labels = Article::labels.of([&found[0]]).order_by(Label::name.desc()).limit(1).all(&db.repo).await.unwrap();
        assert_eq!(labels[0].name, "small");
        assert_eq!(Article::remarks.of([]).count(&db.repo).await.unwrap(), 0);
        assert_eq!(Article::author.of([&found[3]]).count(&db.repo).await.unwrap(), 0);
        let readers = Article::readers.of(&found).order_by(User::name.asc()).all(&db.repo).await.unwrap();
        assert_eq!(names(&readers), ["Bob", "Cid"]);
    }

    fn a_relation_is_joined_by_its_name(db) {
        seed(db).await;
        let query = Article::query().join_assoc(Article::author).filter(User::name.eq("Ann")).order_by(Article::id.asc());
        assert_eq!(query.select(Article::title).all(&db.repo).await.unwrap(), ["Ants", "Bees"]);
        let query = Article::query().left_join_assoc(Article::author).filter(User::id.is_null());
        assert_eq!(query.one(&db.repo).await.unwrap().unwrap().title, "Dogs");
        let query = Article::query().join_assoc(Article::author).left_join_assoc_as(Article::editor, Editor);
        let found = query.order_by(Article::id.asc()).select((User::name, Editor.name)).first(&db.repo).await.unwrap();
        assert_eq!(found, Some(("Ann".into(), Some("Bob".into()))));
    }

    fn joined_relations_go_on_from_where_they_lead(db) {
        seed(db).await;
        let query = Article::query().join_assoc(Article::remarks).join_assoc(Remark::user).order_by(Remark::id.asc());
        let found = query.select((Article::title, Remark::body, User::name)).all(&db.repo).await.unwrap();
        assert_eq!(found, [("Ants".into(), "first".into(), "Bob".into()), ("Ants".into(), "second".into(), "Cid".into())]);
        let query = Article::query().join_assoc_as(Article::author, Editor).join_assoc(Editor.manager);
        assert_eq!(query.select((Editor.name, User::name)).all(&db.repo).await.unwrap(), [("Bob".into(), "Ann".into())]);
    }

    fn a_join_over_a_join_table_and_through_others(db) {
        seed(db).await;
        let query = Article::query().join_assoc(Article::labels).filter(Label::name.eq("insects")).order_by(Article::id.asc());
        assert_eq!(query.select(Article::title).all(&db.repo).await.unwrap(), ["Ants", "Bees"]);
        let query = Label::query().left_join_assoc(Label::articles).group_by(Label::name).order_by(Label::name.asc());
        let found = query.select((Label::name, zzz_db::count_of(Article::id))).all(&db.repo).await.unwrap();
        assert_eq!(found, [("insects".into(), 2), ("small".into(), 2), ("unused".into(), 0)]);
        let query = Article::query().join_assoc(Article::readers).order_by(User::name.asc()).select((Article::title, User::name));
        assert_eq!(query.all(&db.repo).await.unwrap(), [("Ants".into(), "Bob".into()), ("Ants".into(), "Cid".into())]);
    }

    fn relations_are_json_of_their_own(db) {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        struct Page {
            author: BelongsTo<String>,
            #[serde(skip_serializing_if = "HasMany::is_not_loaded", default)]
            remarks: HasMany<i64>,
        }
        let _ = db;
        let page = Page { author: BelongsTo::from("Ann".to_owned()), remarks: HasMany::from(vec![1, 2]) };
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(text, r#"{"author":"Ann","remarks":[1,2]}"#);
        assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
        let empty = Page { author: BelongsTo::default(), remarks: HasMany::default() };
        assert_eq!(serde_json::to_string(&empty).unwrap(), r#"{"author":null}"#);
        assert!(!serde_json::from_str::<Page>(r#"{"author":null}"#).unwrap().author.is_loaded());
    }

    fn preloads_belong_to_a_transaction_too(db) {
        seed(db).await;
        let found = db.repo.transaction(async |tx| {
            tx.update_all(User::query().filter(User::name.eq("Ann")), [User::name.set("Eve")]).await?;
            let query = Article::query().filter(Article::id.eq(1)).preload((Article::author, Article::remarks, Article::labels));
            tx.one(query).await
        });
        let found = found.await.unwrap().unwrap();
        assert_eq!((&*found.author.get().unwrap().name, found.remarks.get().len(), found.labels.get().len()), ("Eve", 2, 2));
    }

    fn a_relation_of_many_rows_is_still_one_query(db) {
        for n in 0..300_i64 {
            db.repo.insert(crate::blog::Seat { hall: format!("h{n}"), number: n, guest: None }).await.unwrap();
        }
        let users: Vec<User> = (0..300).map(|n| User { name: format!("u{n}"), ..User::default() }).collect();
        db.repo.insert_all(users).await.unwrap();
        let users = User::query().order_by(User::id.asc()).all(&db.repo).await.unwrap();
        let articles = users.iter().map(|user| Article { title: user.name.clone(), author_id: Some(user.id), ..Article::default() });
        db.repo.insert_all(articles).await.unwrap();
        let found = Query::<User>::new().preload(User::articles).all(&db.repo).await.unwrap();
        assert!(found.iter().all(|user| user.articles.get()[0].title == user.name));
        assert_eq!(User::query().join_assoc(User::articles).select(count()).one(&db.repo).await.unwrap(), Some(300));
    }
}
