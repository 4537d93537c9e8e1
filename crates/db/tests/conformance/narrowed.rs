//! Relations with a condition or an order of their own, lateral joins, and rows that a query inserts.

use zzz_db::{BelongsTo, Condition, HasMany, ManyToMany, OnConflict, Query, Schema, fields};

use crate::backend::Backend;
use crate::blog::{Article, Label, Remark, User, article, seed};
use crate::case;

/// The same tables, seen by who looks for something.
#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "users")]
struct Author {
    id: i64,
    name: String,
    #[schema(has_many(foreign_key = "author_id", where = Work::score.gt(1), preload_order = [Work::score.desc(), Work::id.asc()]))]
    best: HasMany<Work>,
    #[schema(has_many(foreign_key = "author_id", preload_order = Work::id.desc()))]
    works: HasMany<Work>,
    #[schema(has_many(through(Author::best, Work::remarks)))]
    praise: HasMany<Remark>,
}

#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "articles")]
struct Work {
    id: i64,
    title: String,
    score: i64,
    author_id: Option<i64>,
    #[schema(belongs_to(where = User::bio.is_not_null()))]
    author: BelongsTo<User>,
    #[schema(has_many(foreign_key = "article_id"))]
    remarks: HasMany<Remark>,
    #[schema(many_to_many(join_table = "articles_labels", join_keys("article_id", "label_id"), where = Label::uses.gt(0), preload_order = Label::name.desc()))]
    labels: ManyToMany<Label>,
}

zzz_db::alias!(Best: Work);

async fn works(db: &crate::backend::Db) -> i64 {
    let user = db.repo.insert(User { name: "Zoe".into(), ..User::default() }).await.unwrap();
    for (title, score) in [("low", 1), ("high", 9), ("middle", 5), ("high too", 9)] {
        let work = article(db, title, score, Some(&user)).await;
        let remark = Remark { article_id: work.id, body: format!("on {title}"), ..Remark::default() };
        db.repo.insert(remark).await.unwrap();
    }
    user.id
}

fn titles(works: &[Work]) -> Vec<&str> {
    works.iter().map(|work| &*work.title).collect()
}

case! {
    fn a_relation_has_the_rows_that_meet_its_condition_in_its_order(db) {
        let id = works(db).await;
        let query = || Author::query().filter(Author::id.eq(id));
        let author = query().preload((Author::best, Author::works)).one(&db.repo).await.unwrap().unwrap();
        assert_eq!(titles(author.best.get()), ["high", "high too", "middle"]);
        assert_eq!(titles(author.works.get()), ["high too", "middle", "high", "low"]);
        let own = Work::query().order_by(Work::title.asc());
        let author = query().preload(Author::best.query(own)).one(&db.repo).await.unwrap().unwrap();
        assert_eq!(titles(author.best.get()), ["high", "high too", "middle"]);
        assert_eq!(Author::best.of([&author]).count(&db.repo).await.unwrap(), 3);
    }

    fn the_condition_holds_in_joins_under_aliases_and_on_the_way(db) {
        let id = works(db).await;
        let author = Author { id, ..Author::default() };
        assert_eq!(Author::query().filter(Author::id.eq(id)).join_assoc(Author::best).count(&db.repo).await.unwrap(), 3);
        let named = Author::query().join_assoc_as(Author::best, Best).filter(Best.title.starts_with("high"));
        assert_eq!(named.count(&db.repo).await.unwrap(), 2);
        let praise = Author::praise.of([&author]).select(Remark::body).all(&db.repo).await.unwrap();
        assert_eq!(praise.len(), 3);
        assert!(!praise.contains(&"on low".to_owned()));
        let read = Author::query().filter(Author::id.eq(id)).preload(Author::praise).one(&db.repo).await.unwrap().unwrap();
        assert_eq!(read.praise.get().len(), 3);
        let missing = Author::query().filter(Author::id.eq(id)).left_join_assoc(Author::best).select((Author::name, Work::title));
        assert_eq!(missing.all(&db.repo).await.unwrap().len(), 3);
    }

    fn a_parent_or_a_join_table_may_have_a_condition_too(db) {
        let id = works(db).await;
        let work = Work::query().filter(Work::author_id.eq(id)).first(&db.repo).await.unwrap().unwrap();
        for (name, uses) in [("unused", 0), ("a", 1), ("b", 2)] {
            let label = db.repo.insert(Label { name: name.into(), uses, ..Label::default() }).await.unwrap();
            let sql = db.sql("INSERT INTO articles_labels (article_id, label_id) VALUES (?, ?)");
            db.repo.execute(&sql, zzz_db::params![work.id, label.id]).await.unwrap();
        }
        let read = async || Work::query().filter(Work::id.eq(work.id)).preload((Work::author, Work::labels)).one(&db.repo).await.unwrap().unwrap();
        let seen = read().await;
        assert!(seen.author.get().is_none(), "nobody has written of themselves");
        assert_eq!(seen.labels.get().iter().map(|label| &*label.name).collect::<Vec<_>>(), ["b", "a"]);
        db.repo.update_all(User::query(), [User::bio.set("x")]).await.unwrap();
        assert_eq!(read().await.author.get().unwrap().name, "Zoe");
    }

    fn a_lateral_join_asks_for_each_row(db on Postgres) {
        works(db).await;
        let query = || {
            let newest = Remark::query().order_by(Remark::id.desc()).limit(1);
            newest.with_parent::<Article>().filter(Remark::article_id.eq(Article::id))
        };
        let rows = Article::query().order_by(Article::title.asc()).join_lateral::<Remark, _, _>(query(), Condition::all([]));
        let rows = rows.select((Article::title, Remark::body)).all(&db.repo).await.unwrap();
        assert_eq!(rows[0], ("high".to_owned(), "on high".to_owned()));
        assert_eq!(rows.len(), 4);
        article(db, "silent", 0, None).await;
        let rows = Article::query().left_join_lateral::<Remark, _, _>(query(), Condition::all([]));
        let rows = rows.filter(Remark::id.is_null()).select((Article::title, Remark::body)).all(&db.repo).await.unwrap();
        assert_eq!(rows, [("silent".to_owned(), None)]);
    }

    fn a_lateral_join_is_refused_where_there_is_none(db on Sqlite) {
        let query = Remark::query().with_parent::<Article>().filter(Remark::article_id.eq(Article::id));
        let query = Article::query().join_lateral::<Remark, _, _>(query, Condition::all([]));
        let error = query.count(&db.repo).await.unwrap_err();
        assert!(error.to_string().contains("LATERAL"), "{error}");
    }

    fn a_query_inserts_its_rows(db) {
        seed(db).await;
        let users = User::query().count(&db.repo).await.unwrap();
        let names = || User::query().select((User::name, User::id, User::bio));
        let columns = (Label::name, Label::uses, Label::note);
        assert_eq!(db.repo.insert_all_from(columns, names()).await.unwrap(), users);
        assert!(db.repo.insert_all_from(columns, names()).await.unwrap_err().is_unique_violation());
        let count = OnConflict::set([Label::uses.inc(100)]).target(fields![Label::name]);
        // MySQL counts a row that it changes twice.
        let each = if db.backend == Backend::Mysql { 2 } else { 1 };
        assert_eq!(db.repo.insert_all_from_with(columns, names(), count).await.unwrap(), users * each);
        assert_eq!(Label::query().filter(Label::uses.gt(100)).count(&db.repo).await.unwrap(), users);
        let nothing = OnConflict::nothing();
        let again: Query<_, String> = User::query().join::<Article>(Article::author_id.eq(User::id)).select(User::name);
        let written = db.repo.insert_all_from_with(Label::name, again.distinct(), nothing).await.unwrap();
        // MySQL counts a row that it finds and leaves as it is.
        assert!(written == 0 || db.backend == Backend::Mysql);
        assert_eq!(Label::query().filter(Label::uses.gt(100)).count(&db.repo).await.unwrap(), users);
    }
}
