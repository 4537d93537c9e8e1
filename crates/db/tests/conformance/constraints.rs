//! What the database refuses becomes an error of a field, or one that says what to declare.

use chrono::{DateTime, Utc};
use zzz_db::changeset::Name;
use zzz_db::{BelongsTo, Changeset, ConstraintKind, ErrorKind, HasMany, Schema, fields, params};

use crate::backend::{Backend, Db, Post, Tag};
use crate::blog::{Article, Label, Profile, Remark, Seat, User, seed};
use crate::case;

#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "posts", timestamps)]
struct Parent {
    id: i64,
    title: String,
    inserted_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[schema(has_many(foreign_key = "post_id"))]
    comments: HasMany<Child>,
}

#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "comments")]
struct Child {
    id: i64,
    post_id: i64,
    body: String,
    #[schema(belongs_to)]
    post: BelongsTo<Parent>,
}

/// The same table, with what may be missing there.
#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "tags")]
struct LooseTag {
    #[schema(primary_key)]
    name: String,
    weight: Option<i64>,
}

fn messages<S: Schema>(changeset: &Changeset<S>) -> Vec<String> {
    changeset.errors().iter().map(|error| format!("{} {error} ({})", error.field(), error.key())).collect()
}

async fn family(db: &Db) -> (Parent, Child) {
    let parent = db.repo.insert(Parent { title: "a".into(), ..Parent::default() }).await.unwrap();
    let child = db.repo.insert(Child { post_id: parent.id, ..Child::default() }).await.unwrap();
    (parent, child)
}

/// What the database calls the reference to a post, or Ecto where SQLite has no name for it.
fn foreign_key_of_comments(db: &Db) -> &'static str {
    if db.backend == Backend::Mysql { "comments_ibfk_1" } else { "comments_post_id_fkey" }
}

case! {
    fn a_row_that_others_refer_to_stays_and_the_relation_says_so(db) {
        let (parent, child) = family(db).await;
        let refused = db.repo.delete(Changeset::new(parent.clone()).no_assoc(Parent::comments)).await.unwrap();
        assert_eq!(messages(&refused.unwrap_err()), ["comments are still associated with this entry (no_assoc)"]);
        db.repo.delete(child).await.unwrap();
        assert!(db.repo.delete(Changeset::new(parent).no_assoc(Parent::comments)).await.unwrap().is_ok());
    }

    fn a_foreign_key_may_have_any_name(db on Postgres) {
        let (parent, _) = family(db).await;
        db.repo.execute("ALTER TABLE comments RENAME CONSTRAINT comments_post_id_fkey TO \"Odd one\"", []).await.unwrap();
        let delete = || Changeset::new(parent.clone()).no_assoc(Parent::comments);
        let refused = db.repo.delete(delete()).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["comments are still associated with this entry (no_assoc)"]);
        db.repo.transaction(async |tx| {
            assert!(tx.delete(delete()).await?.is_err());
            assert!(tx.delete(delete().named("Odd one")).await?.is_err());
            tx.delete_all(Child::query()).await
        }).await.unwrap();
        assert!(db.repo.delete(delete()).await.unwrap().is_ok());
    }

    fn rows_that_refer_and_that_nobody_declared_are_named(db) {
        let (parent, _) = family(db).await;
        let error = db.repo.delete(parent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Constraint);
        let constraint = error.constraint().unwrap();
        assert_eq!((constraint.kind, constraint.name.as_deref()), (ConstraintKind::ForeignKey, Some(foreign_key_of_comments(db))));
        assert!(error.to_string().contains("`.no_assoc(Parent::comments)`"), "{error}");
    }

    fn a_parent_that_is_not_there_is_an_error_of_the_relation(db) {
        let orphan = || Changeset::new(Child { post_id: 99, ..Child::default() });
        let refused = db.repo.insert(orphan().assoc(Child::post)).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["post does not exist (assoc)"]);
        assert_eq!(refused.form().field("post").unwrap().errors(), ["does not exist"]);
        let error = db.repo.insert(orphan()).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().name.as_deref(), Some(foreign_key_of_comments(db)));
        assert_eq!(error.constraint().unwrap().columns, ["post_id"]);
        assert!(error.to_string().contains("`.foreign_key(Child::post_id)`"), "{error}");
    }

    fn a_key_that_others_refer_to_can_not_change(db) {
        let (parent, _) = family(db).await;
        let moved = Changeset::new(parent).put_change(Parent::id, 77).no_assoc(Parent::comments);
        assert_eq!(messages(&db.repo.update(moved).await.unwrap().unwrap_err()), ["comments are still associated with this entry (no_assoc)"]);
    }

    fn the_only_foreign_key_without_an_index_is_meant_where_no_other_can_be(db) {
        seed(db).await;
        let label = Label::query().filter(Label::name.eq("rust")).one(&db.repo).await.unwrap();
        let label = match label {
            Some(label) => label,
            None => db.repo.insert(Label { name: "rust".into(), ..Label::default() }).await.unwrap(),
        };
        let article = Article::query().first(&db.repo).await.unwrap().unwrap();
        db.repo.execute(&db.sql("DELETE FROM articles_labels WHERE label_id = ?"), params![label.id]).await.unwrap();
        db.repo.execute(&db.sql("INSERT INTO articles_labels (article_id, label_id) VALUES (?, ?)"), params![article.id, label.id]).await.unwrap();
        let refused = db.repo.delete(Changeset::new(label).no_assoc(Label::articles)).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["articles are still associated with this entry (no_assoc)"]);
    }

    fn where_several_foreign_keys_have_no_index_none_is_guessed(db on Sqlite) {
        seed(db).await;
        let user = db.repo.insert(User { name: "Zoe".into(), ..User::default() }).await.unwrap();
        db.repo.insert(Profile { user_id: user.id, motto: "x".into(), ..Profile::default() }).await.unwrap();
        let error = db.repo.delete(Changeset::new(user.clone()).no_assoc(User::profile)).await.unwrap_err();
        assert!(error.is_foreign_key_violation() && error.to_string().contains("other rows still refer"), "{error}");
        // With an index it is told.
        db.repo.execute("CREATE INDEX profiles_user ON profiles (user_id)", []).await.unwrap();
        let refused = db.repo.delete(Changeset::new(user).no_assoc(User::profile)).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["profile is still associated with this entry (no_assoc)"]);
    }

    /// The look-ups go by an index, whatever the planner thinks of it.
    fn no_table_is_read_through_to_find_the_foreign_key(db on Sqlite) {
        family(db).await;
        let plan = async |statement: zzz_db::dialect::Statement| {
            let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let rows = db.repo.sql::<(i64, i64, i64, String)>(&sql, statement.params).await;
            rows.map(|rows| rows.into_iter().map(|row| row.3).collect::<Vec<_>>())
        };
        let dialect = db.repo.dialect();
        let key = |name: &str| [(name.to_owned(), zzz_db::Value::Int(1))];
        let child = plan(dialect.child_exists("comments", Some("comments_post_id"), &key("post_id"))).await.unwrap();
        assert_eq!(child, ["SEARCH comments USING COVERING INDEX comments_post_id (post_id=?)"]);
        let parent = plan(dialect.parent_exists("posts", &key("id"))).await.unwrap();
        assert_eq!(parent, ["SEARCH posts USING INTEGER PRIMARY KEY (rowid=?)"]);
    }

    fn a_unique_index_that_nobody_declared_is_named(db) {
        db.post("a").await;
        let error = db.repo.insert(Post { title: "a".into(), ..Post::default() }).await.unwrap_err();
        let name = match db.backend {
            Backend::Sqlite => "posts_title_index",
            Backend::Postgres => "posts_title_key",
            Backend::Mysql => "title",
        };
        assert_eq!(error.constraint().unwrap().name.as_deref(), Some(name));
        assert!(error.to_string().contains(name) && error.to_string().contains("`.unique(Post::title)`"), "{error}");
        let error = db.repo.insert(Changeset::new(Tag { name: "a".into(), weight: 0 })).await.unwrap_err();
        assert!(error.to_string().contains("`.check(Tag::a_field, \"weight_is_positive\")`"), "{error}");
    }

    fn an_index_is_found_by_its_name_or_a_part_of_it(db) {
        db.repo.insert(Tag { name: "rust".into(), weight: 1 }).await.unwrap();
        let names = [
            Name::exact("tags_lower_name"),
            Name::prefix("tags_lower"),
            Name::suffix("_lower_name"),
            Name::matching(|name| name.contains("lower")),
        ];
        for name in names {
            let changeset = Changeset::new(Tag { name: "RUST".into(), weight: 1 }).unique(Tag::name).named(name);
            assert_eq!(messages(&db.repo.insert(changeset).await.unwrap().unwrap_err()), ["name has already been taken (unique)"]);
        }
        let other = Changeset::new(Tag { name: "RUST".into(), weight: 1 }).unique(Tag::name).named("tags_pkey");
        assert!(db.repo.insert(other).await.unwrap_err().is_unique_violation());
    }

    fn an_index_on_columns_has_its_name_too(db) {
        db.repo.execute("CREATE UNIQUE INDEX one_per_note ON labels (uses, note)", []).await.unwrap();
        let label = |name: &str| Label { name: name.into(), note: Some("x".into()), ..Label::default() };
        db.repo.insert(label("a")).await.unwrap();
        let changeset = Changeset::new(label("b")).unique(Label::note).named("one_per_note").message("is there");
        assert_eq!(messages(&db.repo.insert(changeset).await.unwrap().unwrap_err()), ["note is there (unique)"]);
        let together = Changeset::new(label("b")).unique_together(fields![note, uses]).error_key(Label::name);
        assert_eq!(messages(&db.repo.insert(together).await.unwrap().unwrap_err()), ["name has already been taken (unique)"]);
        let error = db.repo.insert(label("b")).await.unwrap_err();
        assert!(error.to_string().contains("`.unique_together(fields![uses, note])`"), "{error}");
    }

    fn a_primary_key_is_unique_like_any_other(db) {
        let seat = || Seat { hall: "a".into(), number: 1, guest: None };
        db.repo.insert(seat()).await.unwrap();
        let again = Changeset::new(seat()).unique_together(fields![number, hall]);
        assert_eq!(messages(&db.repo.insert(again).await.unwrap().unwrap_err()), ["number has already been taken (unique)"]);
        let post = db.post("x").await;
        let same = Changeset::new(Post { id: post.id, title: "y".into(), ..Post::default() }).unique(Post::id);
        assert_eq!(messages(&db.repo.insert(same).await.unwrap().unwrap_err()), ["id has already been taken (unique)"]);
    }

    fn a_column_that_must_not_be_null_is_an_error_of_its_field(db) {
        let tag = db.repo.insert(LooseTag { name: "a".into(), weight: Some(1) }).await.unwrap();
        let change = || Changeset::new(tag.clone()).put_change(LooseTag::weight, None);
        let refused = db.repo.update(change().not_null(LooseTag::weight)).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["weight can't be blank (not_null)"]);
        let error = db.repo.update(change()).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().columns, ["weight"]);
        assert!(error.to_string().contains("`.not_null(LooseTag::weight)`"), "{error}");
    }

    fn a_check_may_be_named_by_its_end(db) {
        let changeset = Changeset::new(Tag { name: "a".into(), weight: 0 })
            .check(Tag::weight, Name::suffix("_positive"))
            .message("must be positive");
        assert_eq!(messages(&db.repo.insert(changeset).await.unwrap().unwrap_err()), ["weight must be positive (check)"]);
    }

    fn what_stands_after_nothing_is_an_error_that_says_so(db) {
        let error = db.repo.insert(Changeset::new(Tag::default()).message("x")).await.unwrap_err();
        assert!(error.to_string().contains("`.message(...)`") && error.to_string().contains("directly after"), "{error}");
        let error = db.repo.insert(Changeset::new(Tag::default()).validate_required(fields![name]).named("x")).await.unwrap_err();
        assert!(error.to_string().contains("directly after a constraint"), "{error}");
        assert_eq!(Tag::query().count(&db.repo).await.unwrap(), 0);
    }

    fn refusals_within_a_transaction_are_told_and_it_goes_on(db) {
        let (parent, _) = family(db).await;
        db.repo.transaction(async |tx| {
            let refused = tx.delete(Changeset::new(parent.clone()).no_assoc(Parent::comments)).await?;
            assert!(refused.is_err());
            tx.insert(Remark::default()).await.map(drop).or(Ok::<(), zzz_db::Error>(()))
        }).await.ok();
        assert_eq!(Parent::query().count(&db.repo).await.unwrap(), 1);
    }
}
