//! Fields that are lists: arrays on PostgreSQL, JSON on the others.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;
use zzz_core::{Param, Params};
use zzz_db::{Changeset, OnConflict, Schema, fields, params};

use crate::backend::{Backend, Db};
use crate::case;

#[derive(Schema, Debug, Default, Clone, PartialEq)]
#[schema(table = "shelves")]
struct Shelf {
    id: i64,
    tags: Vec<String>,
    scores: Option<Vec<i64>>,
    days: Option<Vec<Option<NaiveDate>>>,
    prices: Option<Vec<Decimal>>,
    keys: Option<Vec<Uuid>>,
    flags: Option<Vec<bool>>,
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

async fn shelf(db: &Db, tags: &[&str]) -> i64 {
    db.repo.insert(Shelf { tags: texts(tags), ..Shelf::default() }).await.unwrap().id
}

async fn tags(db: &Db, id: i64) -> Vec<String> {
    db.repo.get::<Shelf>(id).await.unwrap().unwrap().tags
}

async fn found(db: &Db, condition: zzz_db::Condition<Shelf>) -> Vec<i64> {
    let query = Shelf::query().filter(condition).order_by(Shelf::id.asc());
    query.select(Shelf::id).all(&db.repo).await.unwrap()
}

case! {
    fn lists_of_every_kind_come_back_as_they_were(db) {
        let full = Shelf {
            id: 0,
            tags: texts(&["plain", "", "a,b", "{curly}", "\"quoted\" \\ back", "NULL", "zwölf\n"]),
            scores: Some(vec![i64::MIN, -1, 0, i64::MAX]),
            days: Some(vec![NaiveDate::from_ymd_opt(2026, 11, 21), None]),
            prices: Some(vec!["12.50".parse().unwrap(), "-0.001".parse().unwrap()]),
            keys: Some(vec![Uuid::from_u128(7), Uuid::nil()]),
            flags: Some(vec![true, false]),
        };
        let inserted = db.repo.insert(full.clone()).await.unwrap();
        let full = Shelf { id: inserted.id, ..full };
        assert_eq!(db.repo.get::<Shelf>(full.id).await.unwrap().unwrap(), full);
        let none = db.repo.insert(Shelf { flags: Some(vec![]), ..Shelf::default() }).await.unwrap();
        let read = db.repo.get::<Shelf>(none.id).await.unwrap().unwrap();
        assert_eq!((read.tags, read.scores, read.flags), (vec![], None, Some(vec![])));
        let again = (0..3).map(|_| Shelf { id: 0, ..full.clone() });
        assert_eq!(db.repo.insert_all(again).await.unwrap(), 3);
    }

    fn a_changeset_casts_and_sets_them(db) {
        let id = shelf(db, &["old"]).await;
        let mut form = Params::new();
        let list = |items: &[&str]| Param::List(items.iter().map(|item| Param::Text((*item).into())).collect());
        form.insert("tags", list(&["", "new", "list"]));
        form.insert("scores", list(&["1", "2"]));
        let change = |form: &Params, shelf: Shelf| Changeset::new(shelf).cast(form, fields![tags, scores]);
        let stored = db.repo.get::<Shelf>(id).await.unwrap().unwrap();
        let saved = db.repo.update(change(&form, stored)).await.unwrap().unwrap();
        assert_eq!((saved.tags, saved.scores), (texts(&["new", "list"]), Some(vec![1, 2])));
        form.insert("scores", list(&["1", "two"]));
        let stored = db.repo.get::<Shelf>(id).await.unwrap().unwrap();
        let refused = db.repo.update(change(&form, stored)).await.unwrap().unwrap_err();
        assert_eq!(refused.errors().len(), 1);
        assert_eq!(refused.errors()[0].to_string(), "is invalid");
    }

    fn what_a_list_holds_is_asked_in_the_database(db) {
        let ids = [shelf(db, &["a", "b"]).await, shelf(db, &["b", "c"]).await, shelf(db, &[]).await];
        assert_eq!(found(db, Shelf::tags.contains("b")).await, ids[..2]);
        assert_eq!(found(db, Shelf::tags.contains("b'] --")).await, [0; 0]);
        assert_eq!(found(db, Shelf::tags.contains_all(["c", "b"])).await, [ids[1]]);
        assert_eq!(found(db, Shelf::tags.contains_all::<&str, _, _>([])).await, ids);
        assert_eq!(found(db, Shelf::tags.overlaps(["c", "x", "a"])).await, ids[..2]);
        assert_eq!(found(db, Shelf::tags.overlaps::<&str, _, _>([])).await, [0; 0]);
        assert_eq!(found(db, !Shelf::tags.contains("a")).await, ids[1..]);
        let scored = Shelf { scores: Some(vec![5, 7]), days: Some(vec![NaiveDate::from_ymd_opt(2026, 1, 2)]), ..Shelf::default() };
        let scored = db.repo.insert(scored).await.unwrap().id;
        assert_eq!(found(db, Shelf::scores.contains(7)).await, [scored]);
        assert_eq!(found(db, Shelf::scores.overlaps([1, 5])).await, [scored]);
        assert_eq!(found(db, Shelf::days.contains(NaiveDate::from_ymd_opt(2026, 1, 2))).await, [scored]);
    }

    fn values_are_pushed_in_the_database(db) {
        let id = shelf(db, &["a"]).await;
        for tag in ["b", "a"] {
            db.repo.update_all(Shelf::query(), [Shelf::tags.push(tag), Shelf::scores.push(3)]).await.unwrap();
        }
        let read = db.repo.get::<Shelf>(id).await.unwrap().unwrap();
        assert_eq!((read.tags, read.scores), (texts(&["a", "b", "a"]), Some(vec![3, 3])));
        let again = Shelf { id, tags: texts(&["z"]), ..Shelf::default() };
        let push = OnConflict::set([Shelf::tags.push("c")]).target(fields![Shelf::id]);
        db.repo.insert_all_with([again], push).await.unwrap();
        assert_eq!(tags(db, id).await, texts(&["a", "b", "a", "c"]));
    }

    fn values_are_pulled_in_the_database(db) {
        let id = shelf(db, &["a", "b", "a"]).await;
        let pull = db.repo.update_all(Shelf::query(), [Shelf::tags.pull("a"), Shelf::scores.pull(1)]).await;
        if db.backend == Backend::Mysql {
            let error = pull.unwrap_err().to_string();
            assert!(error.contains("mysql has no function that takes a value out"), "{error}");
            return;
        }
        pull.unwrap();
        let read = db.repo.get::<Shelf>(id).await.unwrap().unwrap();
        assert_eq!((read.tags, read.scores), (texts(&["b"]), None));
    }

    fn raw_sql_takes_and_gives_arrays(db on Postgres) {
        let sql = "SELECT $1::text[], ARRAY[1.5, NULL]::float8[], ARRAY[]::int[]";
        let rows = db.repo.sql::<(Vec<String>, Vec<Option<f64>>, Vec<i32>)>(sql, params![texts(&["a", "b"])]).await;
        assert_eq!(rows.unwrap(), [(texts(&["a", "b"]), vec![Some(1.5), None], vec![])]);
        let error = db.repo.sql::<Vec<i32>>("SELECT ARRAY[[1, 2], [3, 4]]", []).await.unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("several dimensions"), "{error}");
        let error = db.repo.sql::<Vec<i32>>("SELECT ARRAY[1, NULL]", []).await.unwrap_err();
        assert!(error.is_decode(), "{error}");
    }

    fn an_index_on_an_array_is_used(db on Postgres) {
        db.repo.execute("CREATE INDEX shelves_tags ON shelves USING gin (tags)", []).await.unwrap();
        let plan = db.repo.transaction(async |tx| {
            tx.execute("SET LOCAL enable_seqscan = off", []).await?;
            Shelf::query().filter(Shelf::tags.contains("a")).explain(&tx).await
        });
        let plan = plan.await.unwrap();
        assert!(plan.contains("shelves_tags"), "{plan}");
    }
}
