//! Schemas that refer to each other, with a few rows, for the cases on joins and relations.

use chrono::{DateTime, NaiveDateTime, Utc};
use zzz_db::{BelongsTo, DbEnum, HasMany, HasOne, ManyToMany, Schema};

use crate::backend::Db;

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "users")]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) bio: Option<String>,
    pub(crate) manager_id: Option<i64>,
    #[schema(belongs_to)]
    pub(crate) manager: BelongsTo<User>,
    #[schema(has_one)]
    pub(crate) profile: HasOne<Profile>,
    #[schema(has_many(foreign_key = "author_id"))]
    pub(crate) articles: HasMany<Article>,
    #[schema(has_many(through(User::articles, Article::remarks)))]
    pub(crate) received: HasMany<Remark>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "profiles")]
pub(crate) struct Profile {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) motto: String,
}

#[derive(DbEnum, Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Draft,
    InReview,
    #[db_enum(name = "out")]
    Published,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "articles", timestamps(inserted_at = "created", updated_at = "changed"))]
pub(crate) struct Article {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) score: i64,
    pub(crate) rating: Option<f64>,
    pub(crate) author_id: Option<i64>,
    pub(crate) editor_id: Option<i64>,
    pub(crate) status: Status,
    pub(crate) created: NaiveDateTime,
    pub(crate) changed: Option<DateTime<Utc>>,
    #[schema(belongs_to)]
    pub(crate) author: BelongsTo<User>,
    #[schema(belongs_to)]
    pub(crate) editor: BelongsTo<User>,
    #[schema(has_many)]
    pub(crate) remarks: HasMany<Remark>,
    #[schema(many_to_many(join_table = "articles_labels"))]
    pub(crate) labels: ManyToMany<Label>,
    #[schema(has_many(through(Article::remarks, Remark::user)))]
    pub(crate) readers: HasMany<User>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "remarks")]
pub(crate) struct Remark {
    pub(crate) id: i64,
    pub(crate) article_id: i64,
    pub(crate) user_id: Option<i64>,
    pub(crate) body: String,
    #[schema(belongs_to)]
    pub(crate) article: BelongsTo<Article>,
    #[schema(belongs_to)]
    pub(crate) user: BelongsTo<User>,
    #[schema(has_one(through(Remark::article, Article::author)))]
    pub(crate) article_author: HasOne<User>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "labels")]
pub(crate) struct Label {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) uses: i64,
    pub(crate) note: Option<String>,
    #[schema(many_to_many(join_table = "articles_labels", join_keys("label_id", "article_id")))]
    pub(crate) articles: ManyToMany<Article>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "seats")]
pub(crate) struct Seat {
    #[schema(primary_key)]
    pub(crate) hall: String,
    #[schema(primary_key)]
    pub(crate) number: i64,
    pub(crate) guest: Option<String>,
}

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "scores", primary_key = false)]
pub(crate) struct Score {
    pub(crate) author_id: Option<i64>,
    pub(crate) total: i64,
}

zzz_db::alias!(pub(crate) Editor: User);
zzz_db::alias!(pub(crate) Manager: User);

pub(crate) async fn user(db: &Db, name: &str, manager: Option<&User>) -> User {
    let manager_id = manager.map(|manager| manager.id);
    db.repo.insert(User { name: name.into(), manager_id, ..User::default() }).await.unwrap()
}

pub(crate) async fn article(db: &Db, title: &str, score: i64, author: Option<&User>) -> Article {
    let author_id = author.map(|author| author.id);
    db.repo.insert(Article { title: title.into(), score, author_id, ..Article::default() }).await.unwrap()
}

pub(crate) async fn remark(db: &Db, article: &Article, user: Option<&User>, body: &str) -> Remark {
    let user_id = user.map(|user| user.id);
    let remark = Remark { article_id: article.id, user_id, body: body.into(), ..Remark::default() };
    db.repo.insert(remark).await.unwrap()
}

pub(crate) async fn label(db: &Db, name: &str, articles: &[&Article]) -> Label {
    let label = db.repo.insert(Label { name: name.into(), ..Label::default() }).await.unwrap();
    for article in articles {
        let sql = db.sql("INSERT INTO articles_labels (article_id, label_id) VALUES (?, ?)");
        db.repo.execute(&sql, zzz_db::params![article.id, label.id]).await.unwrap();
    }
    label
}

/// Ann (managed by nobody) wrote Ants (3) and Bees (5); Bob (managed by Ann) wrote Cats (5) and edited Ants;
/// nobody wrote Dogs (1). Ants has two remarks, by Bob and by Cid; Cats one, by nobody.
pub(crate) async fn seed(db: &Db) -> (Vec<User>, Vec<Article>) {
    let ann = user(db, "Ann", None).await;
    let bob = user(db, "Bob", Some(&ann)).await;
    let cid = user(db, "Cid", Some(&bob)).await;
    let ants = article(db, "Ants", 3, Some(&ann)).await;
    let bees = article(db, "Bees", 5, Some(&ann)).await;
    let cats = article(db, "Cats", 5, Some(&bob)).await;
    let dogs = article(db, "Dogs", 1, None).await;
    let edited = zzz_db::Changeset::new(ants).put_change(Article::editor_id, bob.id);
    let ants = db.repo.update(edited).await.unwrap().unwrap();
    remark(db, &ants, Some(&bob), "first").await;
    remark(db, &ants, Some(&cid), "second").await;
    remark(db, &cats, None, "third").await;
    label(db, "insects", &[&ants, &bees]).await;
    label(db, "small", &[&ants, &cats]).await;
    label(db, "unused", &[]).await;
    (vec![ann, bob, cid], vec![ants, bees, cats, dogs])
}
