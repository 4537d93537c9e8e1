//! Keys, defaults, generated values, versions and types of fields.

use chrono::{DateTime, NaiveDateTime, Utc};
use zzz_db::{Changeset, FromRow, Schema, UpdateOptions, fields, params};

use crate::backend::Post;
use crate::blog::{Article, Seat, User, article, seed};
use crate::case;

#[derive(FromRow, Debug, PartialEq)]
struct Line {
    name: String,
    #[row(column = "n")]
    articles: i64,
}

#[derive(Schema, Debug)]
#[schema(table = "posts")]
struct Defaults {
    id: i64,
    #[schema(default = "\"untitled\"")]
    title: String,
    #[schema(default = "7")]
    views: i64,
    inserted_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

case! {
    fn a_key_of_several_columns_finds_updates_and_deletes(db) {
        for (hall, number) in [("a", 0), ("a", 1), ("b", 0)] {
            db.repo.insert(Seat { hall: hall.into(), number, guest: None }).await.unwrap();
        }
        let seat = db.repo.get::<Seat>(("a", 1)).await.unwrap().unwrap();
        assert_eq!(db.repo.get::<Seat>(("b", 1)).await.unwrap(), None);
        let seat = db.repo.update(Changeset::new(seat).put_change(Seat::guest, "Ann")).await.unwrap().unwrap();
        assert_eq!(db.repo.reload(&seat).await.unwrap(), seat);
        assert_eq!(Seat::query().filter(Seat::guest.is_null()).count(&db.repo).await.unwrap(), 2);
        db.repo.delete(seat.clone()).await.unwrap();
        assert!(db.repo.delete(seat).await.unwrap_err().is_stale());
        assert_eq!(Seat::query().last(&db.repo).await.unwrap().unwrap().hall, "b");
    }

    fn many_are_reloaded_at_once_in_their_order(db) {
        seed(db).await;
        let mut users = User::query().order_by(User::id.desc()).all(&db.repo).await.unwrap();
        db.repo.update_all(User::query(), [User::bio.set("x")]).await.unwrap();
        users.push(User { id: 99, ..User::default() });
        let found = db.repo.reload_all(&users).await.unwrap();
        assert_eq!(found.iter().map(|user| user.as_ref().map(|user| user.id)).collect::<Vec<_>>(), [Some(3), Some(2), Some(1), None]);
        assert!(found.iter().flatten().all(|user| user.bio.as_deref() == Some("x")));
        db.repo.insert(Seat { hall: "a".into(), number: 0, guest: None }).await.unwrap();
        let seats = [Seat { hall: "a".into(), number: 1, guest: None }, Seat { hall: "a".into(), number: 0, guest: None }];
        let found = db.repo.reload_all(&seats).await.unwrap();
        assert_eq!((found[0].is_none(), found[1].is_some()), (true, true));
    }

    fn timestamps_have_the_names_and_types_of_the_schema(db) {
        let before = Utc::now().naive_utc() - chrono::TimeDelta::seconds(1);
        let inserted = article(db, "a", 1, None).await;
        assert!(inserted.created > before && inserted.changed.is_some());
        assert_eq!(db.repo.reload(&inserted).await.unwrap(), inserted);
        let given: NaiveDateTime = "2020-01-01T00:00:00".parse().unwrap();
        let kept = Article { title: "b".into(), created: given, ..Article::default() };
        assert_eq!(db.repo.insert(kept).await.unwrap().created, given);
        let updated = db.repo.update(Changeset::new(inserted.clone()).put_change(Article::score, 2)).await.unwrap().unwrap();
        assert!(updated.created == inserted.created && updated.changed >= inserted.changed);
    }

    fn a_field_has_the_default_of_its_schema(db) {
        let record = Defaults { inserted_at: Utc::now(), updated_at: Utc::now(), ..Defaults::default() };
        let inserted = db.repo.insert(record).await.unwrap();
        assert_eq!((&*inserted.title, inserted.views), ("untitled", 7));
    }

    fn raw_sql_reads_into_structs_by_the_names_of_columns(db) {
        seed(db).await;
        let sql = "SELECT count(*) AS n, users.name FROM users JOIN articles ON author_id = users.id GROUP BY users.name ORDER BY users.name";
        let lines = db.repo.sql::<Line>(sql, []).await.unwrap();
        assert_eq!(lines, [Line { name: "Ann".into(), articles: 2 }, Line { name: "Bob".into(), articles: 1 }]);
        let error = db.repo.sql::<Line>("SELECT name FROM users", []).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("no column `n`; it has name"), "{error}");
    }

    fn raw_sql_reads_into_schemas_whatever_the_order(db) {
        let post = db.post("a").await;
        let sql = db.sql("SELECT updated_at, title, 5 AS extra, href, id, body, views, token, status, inserted_at FROM posts WHERE id = ?");
        assert_eq!(db.repo.sql::<Post>(&sql, params![post.id]).await.unwrap(), [post]);
        assert!(db.repo.sql::<Post>("SELECT id FROM posts", []).await.unwrap_err().is_decode());
    }

    fn a_row_that_is_gone_is_stale_as_it_was_asked(db) {
        let post = db.post("a").await;
        db.repo.delete(post.clone()).await.unwrap();
        let change = || Changeset::new(post.clone()).put_change(Post::views, 5);
        assert!(db.repo.update(change()).await.unwrap_err().is_stale());
        let allowed = db.repo.update_with(change(), UpdateOptions::new().allow_stale()).await.unwrap();
        assert!(allowed.is_ok());
        let refused = db.repo.update_with(change(), UpdateOptions::new().stale_error_field(Post::title)).await.unwrap();
        let refused = refused.unwrap_err();
        assert_eq!((refused.errors()[0].field(), refused.errors()[0].to_string()), ("title", "is stale".into()));
        let message = UpdateOptions::new().stale_error(Post::id, "has vanished");
        let refused = db.repo.delete_with(Changeset::new(post.clone()), message).await.unwrap().unwrap_err();
        assert_eq!(refused.errors()[0].to_string(), "has vanished");
        assert_eq!(db.repo.delete_with(post.clone(), UpdateOptions::new().allow_stale()).await.unwrap(), post);
    }

    fn a_prefix_says_where_tables_are(db) {
        db.post("a").await;
        let place = db.place();
        let found = Post::query().prefix(place).filter(Post::title.eq("a")).one(&db.repo).await.unwrap().unwrap();
        let there = db.repo.with_prefix(place);
        assert_eq!(there.get::<Post>(found.id).await.unwrap(), Some(found.clone()));
        there.update(Changeset::new(found.clone()).put_change(Post::views, 3)).await.unwrap().unwrap();
        assert_eq!(there.update_all(Post::query(), [Post::views.inc(1)]).await.unwrap(), 1);
        assert_eq!(there.insert_all([Post { title: "b".into(), ..Post::default() }]).await.unwrap(), 1);
        assert_eq!(there.count(Post::query().filter(Post::views.eq(4))).await.unwrap(), 1);
        there.delete(found).await.unwrap();
        let joined = User::query().join::<Article>(Article::author_id.eq(User::id)).prefix(place);
        assert_eq!(joined.count(&db.repo).await.unwrap(), 0);
        let elsewhere = db.repo.with_prefix("nowhere\"; DROP TABLE posts; --");
        assert!(elsewhere.count(Post::query()).await.is_err() && elsewhere.insert(Post::default()).await.is_err());
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 1);
    }

    fn fields_of_one_table_may_have_names_of_the_language(db) {
        let query = Post::query().select_map(fields![id, url]);
        assert_eq!(query.all(&db.repo).await.unwrap().len(), 0);
    }
}

#[cfg(all(feature = "uuid", feature = "decimal", feature = "json"))]
mod documents {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Serialize};
    use uuid::Uuid;
    use zzz_db::{Changeset, DbEnum, Json, OnConflict, Schema, UpdateOptions, fields, sum};

    use crate::case;

    #[derive(Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
    struct Settings {
        theme: String,
        size: Option<i64>,
    }

    #[derive(DbEnum, Debug, Default, Clone, Copy, PartialEq)]
    #[db_enum(integer)]
    enum Level {
        #[default]
        Low = 1,
        High = 10,
    }

    #[derive(Schema, Debug, Default, Clone, PartialEq)]
    #[schema(table = "documents")]
    struct Document {
        #[schema(autogenerate)]
        id: Uuid,
        title: String,
        #[schema(lock_version)]
        version: i64,
        level: Level,
        settings: Option<Json<Settings>>,
        tags: Json<Vec<String>>,
        price: Option<Decimal>,
        #[schema(read_after_writes)]
        shout: Option<String>,
    }

    /// The same table, with keys of version 4, and without what the database computes.
    #[derive(Schema, Debug, Default)]
    #[schema(table = "documents")]
    struct Note {
        #[schema(autogenerate = "zzz_db::value::uuid_v4")]
        id: Uuid,
        title: String,
        tags: Json<Vec<i64>>,
    }

    fn document(title: &str) -> Document {
        Document { title: title.into(), version: 1, ..Document::default() }
    }

    /// `shout` is computed by the database: it is not written.
    async fn insert(db: &crate::backend::Db, document: Document) -> Document {
        db.repo.insert(document).await.unwrap()
    }

    case! {
        fn a_uuid_is_made_when_the_row_is_inserted(db) {
            let first = insert(db, document("a")).await;
            let second = insert(db, document("b")).await;
            assert_eq!(first.id.get_version_num(), 7);
            assert!(first.id < second.id, "version 7 sorts by time");
            assert_eq!(db.repo.get::<Document>(first.id).await.unwrap(), Some(first.clone()));
            let given = Uuid::from_u128(5);
            assert_eq!(insert(db, Document { id: given, ..document("c") }).await.id, given);
            let note = db.repo.insert(Note { title: "n".into(), ..Note::default() }).await.unwrap();
            assert_eq!(note.id.get_version_num(), 4);
            assert_eq!(db.repo.insert_all([Note::default(), Note::default()]).await.unwrap(), 2);
            let many: Vec<Uuid> = Document::query().select(Document::id).all(&db.repo).await.unwrap();
            assert_eq!(Document::query().filter(Document::id.in_list(&many)).count(&db.repo).await.unwrap(), 6);
        }

        fn what_the_database_computes_is_read_back(db) {
            let inserted = insert(db, document("quiet")).await;
            assert_eq!(inserted.shout.as_deref(), Some("QUIET"));
            let updated = db.repo.update(Changeset::new(inserted).put_change(Document::title, "still")).await.unwrap().unwrap();
            assert_eq!(updated.shout.as_deref(), Some("STILL"));
        }

        fn a_version_refuses_who_has_not_seen_the_last_change(db) {
            let first = insert(db, document("a")).await;
            let second = first.clone();
            let change = |document: Document, title: &str| Changeset::new(document).put_change(Document::title, title);
            let updated = db.repo.update(change(first, "b")).await.unwrap().unwrap();
            assert_eq!(updated.version, 2);
            let error = db.repo.update(change(second.clone(), "c")).await.unwrap_err();
            assert!(error.is_stale() && error.to_string().contains("`version`"), "{error}");
            assert!(db.repo.delete(second.clone()).await.unwrap_err().is_stale());
            let options = UpdateOptions::new().stale_error_field(Document::title);
            assert!(db.repo.update_with(change(second, "c"), options).await.unwrap().is_err());
            let reloaded = db.repo.reload(&updated).await.unwrap();
            assert_eq!((reloaded.version, &*reloaded.title), (2, "b"));
            assert_eq!(db.repo.update(Changeset::new(reloaded.clone())).await.unwrap().unwrap().version, 2, "no change, no count");
            db.repo.delete(reloaded).await.unwrap();
        }

        fn json_is_kept_as_it_is(db) {
            let settings = Settings { theme: "d\"ark\u{1F600}".into(), size: None };
            let inserted = insert(db, Document { settings: Some(Json(settings.clone())), ..document("a") }).await;
            assert_eq!(db.repo.reload(&inserted).await.unwrap().settings.unwrap().0, settings);
            assert_eq!(Document::query().filter(Document::settings.is_null()).count(&db.repo).await.unwrap(), 0);
            if db.repo.dialect().name() == "sqlite" {
                db.repo.execute("UPDATE documents SET settings = '[1]'", []).await.unwrap();
                assert!(Document::query().all(&db.repo).await.unwrap_err().is_decode());
            }
        }

        fn a_value_is_pushed_to_a_json_array_in_the_database(db) {
            insert(db, document("a")).await;
            for tag in ["x", "'\"y", "z"] {
                db.repo.update_all(Document::query(), [Document::tags.push(tag.to_owned())]).await.unwrap();
            }
            let tags = Document::query().select(Document::tags).one(&db.repo).await.unwrap().unwrap();
            assert_eq!(tags.0, ["x", "'\"y", "z"]);
        }

        fn an_enumeration_is_kept_by_its_numbers(db) {
            insert(db, Document { level: Level::High, ..document("a") }).await;
            assert_eq!(db.repo.sql::<i64>("SELECT level FROM documents", []).await.unwrap(), [10]);
            assert_eq!(Document::query().filter(Document::level.eq(Level::High)).count(&db.repo).await.unwrap(), 1);
            db.repo.execute("UPDATE documents SET level = 5", []).await.unwrap();
            assert!(Document::query().all(&db.repo).await.unwrap_err().is_decode());
        }

        fn decimals_keep_every_digit(db) {
            let price: Decimal = "12345678901234567890.1230".parse().unwrap();
            let inserted = insert(db, Document { price: Some(price), ..document("a") }).await;
            assert_eq!(db.repo.reload(&inserted).await.unwrap().price.unwrap().to_string(), "12345678901234567890.1230");
            assert_eq!(Document::query().filter(Document::price.eq(price)).count(&db.repo).await.unwrap(), 1);
            db.repo.update_all(Document::query(), [Document::price.set(Decimal::new(125, 2))]).await.unwrap();
            let total = Document::query().select(sum(Document::price)).one(&db.repo).await.unwrap();
            assert_eq!(total, Some(Some(Decimal::new(125, 2))));
        }

        fn a_conflict_on_a_uuid_is_one_like_any_other(db) {
            let first = insert(db, document("a")).await;
            let replace = OnConflict::replace(fields![Document::title]).target(fields![Document::id]);
            let replaced = db.repo.insert_with(Document { title: "b".into(), shout: None, ..first.clone() }, replace).await.unwrap();
            assert_eq!((replaced.id, replaced.shout.as_deref()), (first.id, Some("B")));
            assert_eq!(Document::query().count(&db.repo).await.unwrap(), 1);
        }
    }
}
