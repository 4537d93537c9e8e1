//! What happens to rows that a unique index refuses; what is read back; many rows at once.

use zzz_db::{Changeset, InsertOptions, OnConflict, excluded, fields};

use crate::backend::{Db, Post, Thing};
use crate::blog::{Article, Label, Seat, User, seed};
use crate::case;

fn label(name: &str, uses: i64) -> Label {
    Label { name: name.into(), uses, ..Label::default() }
}

async fn labels(db: &Db) -> Vec<(String, i64, Option<String>)> {
    let query = Label::query().order_by(Label::id.asc()).select((Label::name, Label::uses, Label::note));
    query.all(&db.repo).await.unwrap()
}

case! {
    fn without_a_word_a_conflict_is_an_error(db) {
        db.repo.insert(label("a", 1)).await.unwrap();
        assert!(db.repo.insert(label("a", 2)).await.unwrap_err().is_unique_violation());
        assert!(db.repo.insert_all([label("b", 1), label("a", 2)]).await.unwrap_err().is_unique_violation());
        assert_eq!(labels(db).await, [("a".into(), 1, None)]);
    }

    fn nothing_leaves_the_row_that_is_there(db) {
        db.repo.insert(label("a", 1)).await.unwrap();
        let again = db.repo.insert_with(label("a", 2), OnConflict::nothing()).await.unwrap();
        assert_eq!((again.id, again.uses), (0, 2), "the struct was not inserted");
        let fresh = db.repo.insert_with(label("b", 2), OnConflict::nothing().target(fields![Label::name])).await.unwrap();
        assert!(fresh.id > 0);
        assert_eq!(labels(db).await, [("a".into(), 1, None), ("b".into(), 2, None)]);
    }

    fn nothing_for_one_index_does_not_excuse_another(db) {
        let first = db.repo.insert(label("a", 1)).await.unwrap();
        let same_key = Label { id: first.id, ..label("b", 1) };
        let refused = db.repo.insert_with(same_key.clone(), OnConflict::nothing().target(fields![Label::name])).await;
        assert!(refused.unwrap_err().is_unique_violation());
        db.repo.insert_with(same_key, OnConflict::nothing().target(fields![Label::id])).await.unwrap();
        assert_eq!(labels(db).await.len(), 1);
    }

    fn replace_all_takes_every_column_but_the_key(db) {
        let first = db.repo.insert(Label { note: Some("old".into()), ..label("a", 1) }).await.unwrap();
        let replaced = db.repo.insert_with(label("a", 7), OnConflict::replace_all().target(fields![Label::name])).await.unwrap();
        assert_eq!((replaced.id, replaced.uses), (first.id, 7));
        // A field that was not sent has the database's default in the refused row.
        assert_eq!(labels(db).await, [("a".into(), 7, None)]);
    }

    fn replace_all_except_keeps_some(db) {
        db.repo.insert(Label { note: Some("old".into()), ..label("a", 1) }).await.unwrap();
        let keep = OnConflict::replace_all_except(fields![Label::note]).target(fields![Label::name]);
        db.repo.insert_with(Label { note: Some("new".into()), ..label("a", 7) }, keep).await.unwrap();
        assert_eq!(labels(db).await, [("a".into(), 7, Some("old".into()))]);
    }

    fn replace_takes_only_some(db) {
        db.repo.insert(Label { note: Some("old".into()), ..label("a", 1) }).await.unwrap();
        let some = OnConflict::replace(fields![Label::note]).target(fields![Label::name]);
        db.repo.insert_with(Label { note: Some("new".into()), ..label("a", 7) }, some).await.unwrap();
        assert_eq!(labels(db).await, [("a".into(), 1, Some("new".into()))]);
        let none: [zzz_db::schema::FieldRef<Label>; 0] = [];
        let nothing = OnConflict::<Label>::replace(|_| none).target(fields![Label::name]);
        db.repo.insert_with(label("a", 9), nothing).await.unwrap();
        assert_eq!(labels(db).await, [("a".into(), 1, Some("new".into()))]);
    }

    fn set_and_inc_change_the_row_that_is_there(db) {
        for uses in [1, 5, 10] {
            let count = OnConflict::set([Label::uses.inc(excluded(Label::uses)), Label::note.set("again")]);
            db.repo.insert_with(label("a", uses), count.target(fields![Label::name])).await.unwrap();
        }
        assert_eq!(labels(db).await, [("a".into(), 16, Some("again".into()))]);
    }

    fn a_condition_decides_which_rows_are_changed(db) {
        db.repo.insert_all([label("a", 1), label("b", 9)]).await.unwrap();
        let larger = OnConflict::replace(fields![Label::uses]).filter(Label::uses.lt(excluded(Label::uses)));
        let larger = larger.target(fields![Label::name]);
        assert_eq!(db.repo.insert_all_with([label("a", 5), label("b", 5)], larger).await.unwrap(), 1);
        assert_eq!(labels(db).await, [("a".into(), 5, None), ("b".into(), 9, None)]);
    }

    fn a_constraint_is_named_where_the_database_knows_it(db) {
        db.repo.insert(label("a", 1)).await.unwrap();
        let by_name = OnConflict::replace(fields![Label::uses]).constraint("labels_name_key");
        let outcome = db.repo.insert_with(label("a", 2), by_name).await;
        match db.repo.dialect().name() {
            "postgres" => assert_eq!(outcome.unwrap().uses, 2),
            _ => assert!(outcome.unwrap_err().to_string().contains("name the columns")),
        }
    }

    fn a_key_of_several_columns_conflicts_as_a_whole(db) {
        let seat = |guest: &str| Seat { hall: "a".into(), number: 0, guest: Some(guest.into()) };
        db.repo.insert(seat("Ann")).await.unwrap();
        let replace = OnConflict::replace_all().target(fields![Seat::hall, Seat::number]);
        db.repo.insert_with(seat("Bob"), replace).await.unwrap();
        assert_eq!(db.repo.get::<Seat>(("a", 0)).await.unwrap().unwrap().guest.as_deref(), Some("Bob"));
    }

    fn a_changeset_with_a_conflict_comes_back_as_the_row_is(db) {
        db.repo.insert(Label { note: Some("old".into()), ..label("a", 1) }).await.unwrap();
        let options = InsertOptions::new()
            .on_conflict(OnConflict::set([Label::uses.inc(1)]).target(fields![Label::name]))
            .returning_all();
        let changeset = Changeset::new(Label::default()).put_change(Label::name, "a");
        let found = db.repo.insert_with(changeset, options).await.unwrap().unwrap();
        assert_eq!((found.uses, found.note.as_deref()), (2, Some("old")));
    }

    fn what_is_asked_for_is_read_back(db) {
        let post = Post { title: "a".into(), ..Post::default() };
        let options = InsertOptions::new().returning(fields![Post::views, Post::status]);
        let inserted = db.repo.insert_with(post, options).await.unwrap();
        assert_eq!((inserted.views, inserted.status.as_deref()), (0, Some("draft")));
        db.repo.execute("UPDATE posts SET views = 7", []).await.unwrap();
        let options = zzz_db::UpdateOptions::new().returning(fields![Post::views]);
        let changeset = Changeset::new(inserted).put_change(Post::body, "b");
        let updated = db.repo.update_with(changeset, options.clone()).await.unwrap().unwrap();
        assert_eq!((updated.views, &*updated.body), (7, "b"));
        db.repo.execute("UPDATE posts SET views = 8", []).await.unwrap();
        assert_eq!(db.repo.delete_with(updated, options).await.unwrap().views, 8);
    }

    fn many_rows_come_back_in_their_order(db) {
        let names = ["c", "a", "b"];
        let inserted = db.repo.insert_all_returning(names.map(|name| label(name, 1)), InsertOptions::new()).await.unwrap();
        assert_eq!(inserted.iter().map(|label| &*label.name).collect::<Vec<_>>(), names);
        assert!(inserted.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    fn rows_that_a_conflict_left_out_do_not_come_back(db) {
        db.repo.insert(label("a", 1)).await.unwrap();
        let again = db.repo.insert_all_returning([label("a", 2), label("d", 2)], OnConflict::nothing()).await.unwrap();
        assert_eq!(again.iter().map(|label| &*label.name).collect::<Vec<_>>(), ["d"]);
    }

    fn more_rows_than_a_statement_holds_go_in_together_or_not_at_all(db) {
        let things = |n: i64| (0..n).map(|n| Thing { big: Some(n), text: Some(n.to_string()), ..Thing::default() });
        assert_eq!(db.repo.insert_all(things(6_000)).await.unwrap(), 6_000);
        let mut last: Vec<Thing> = things(6_000).collect();
        last[5_999].id = 1;
        assert!(db.repo.insert_all(last).await.unwrap_err().is_unique_violation());
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 6_000);
        let found = db.repo.insert_all_returning(things(6_000), InsertOptions::new()).await.unwrap();
        assert!(found.iter().enumerate().all(|(at, thing)| thing.big == Some(at as i64)));
    }

    fn keys_that_are_set_and_keys_that_are_not_go_in_one_call(db) {
        let rows = [Label { id: 100, ..label("a", 1) }, label("b", 1), Label { id: 200, ..label("c", 1) }];
        assert_eq!(db.repo.insert_all(rows).await.unwrap(), 3);
        let ids = Label::query().order_by(Label::name.asc()).select(Label::id).all(&db.repo).await.unwrap();
        assert_eq!((ids[0], ids[2]), (100, 200));
        assert_eq!(db.repo.insert_all(Vec::<Label>::new()).await.unwrap(), 0);
    }

    fn update_all_gives_back_what_it_changed(db) {
        seed(db).await;
        let query = Article::query().filter(Article::score.ge(5)).select((Article::title, Article::score));
        let mut changed = db.repo.update_all_returning(query, [Article::score.inc(10)]).await.unwrap();
        changed.sort();
        assert_eq!(changed, [("Bees".into(), 15), ("Cats".into(), 15)]);
        let whole = db.repo.update_all_returning(Article::query().filter(Article::id.eq(1)), [Article::score.set(0)]);
        assert_eq!(whole.await.unwrap()[0].title, "Ants");
    }

    fn delete_all_gives_back_what_it_deleted(db) {
        seed(db).await;
        let query = Label::query().filter(Label::name.eq("unused"));
        if !db.repo.dialect().syntax().returning.delete {
            // MySQL's own server; MariaDB can.
            let refused = db.repo.delete_all_returning(query).await.unwrap_err();
            assert!(refused.to_string().contains("RETURNING"), "{refused}");
            return;
        }
        assert_eq!(db.repo.delete_all_returning(query.clone()).await.unwrap()[0].name, "unused");
        assert_eq!(db.repo.delete_all_returning(query).await.unwrap(), []);
    }

    fn a_limited_update_and_delete_keep_to_the_limit(db) {
        seed(db).await;
        let best = Article::query().order_by(Article::score.desc()).order_by(Article::id.asc()).limit(1);
        assert_eq!(db.repo.update_all(best, [Article::title.set("Best")]).await.unwrap(), 1);
        assert!(Article::query().filter(Article::title.eq("Best").and(Article::id.eq(2))).exists(&db.repo).await.unwrap());
        for number in 0..4 {
            db.repo.insert(Seat { hall: "a".into(), number, guest: None }).await.unwrap();
        }
        let last = Seat::query().order_by(Seat::number.desc()).limit(3);
        assert_eq!(db.repo.delete_all(last).await.unwrap(), 3);
        assert_eq!(Seat::query().select(Seat::number).all(&db.repo).await.unwrap(), [0]);
    }

    fn a_column_is_set_from_an_expression(db) {
        seed(db).await;
        let sets = [User::bio.set(User::name.lower()), User::name.set(User::name.upper())];
        db.repo.update_all(User::query().filter(User::id.eq(1)), sets).await.unwrap();
        let ann = db.repo.get::<User>(1).await.unwrap().unwrap();
        assert_eq!((&*ann.name, ann.bio.as_deref()), ("ANN", Some("ann")));
        db.repo.update_all(User::query(), [User::bio.set(None::<String>)]).await.unwrap();
        assert_eq!(User::query().filter(User::bio.is_not_null()).count(&db.repo).await.unwrap(), 0);
    }

    fn insert_or_update_goes_by_the_key(db) {
        let inserted = db.repo.insert_or_update(Changeset::new(label("a", 1))).await.unwrap().unwrap();
        let changeset = Changeset::new(inserted.clone()).put_change(Label::uses, 2);
        assert_eq!(db.repo.insert_or_update(changeset).await.unwrap().unwrap().id, inserted.id);
        let seat = Seat { hall: "a".into(), number: 0, guest: None };
        db.repo.insert_or_update(Changeset::new(seat.clone())).await.unwrap().unwrap();
        let changeset = Changeset::new(seat).put_change(Seat::guest, "Ann");
        db.repo.insert_or_update(changeset).await.unwrap().unwrap();
        let guests = Seat::query().select(Seat::guest).all(&db.repo).await.unwrap();
        assert_eq!(guests, [Some("Ann".into())]);
        assert_eq!(labels(db).await, [("a".into(), 2, None)]);
    }
}
