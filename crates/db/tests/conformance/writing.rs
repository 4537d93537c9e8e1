//! Inserting, updating and deleting, of one row and of many.

use chrono::{DateTime, Utc};
use zzz_db::Changeset;

use crate::backend::{Comment, Post, Tag, Thing};
use crate::case;

case! {
    fn insert_gives_back_what_the_database_set(db) {
        let post = db.post("a").await;
        assert_eq!((post.id, post.status.as_deref()), (1, Some("draft")));
        assert_eq!(db.repo.reload(&post).await.unwrap(), post);
        assert_eq!(db.post("b").await.id, 2);
    }

    fn insert_keeps_a_key_and_times_that_were_given(db) {
        let at: DateTime<Utc> = "2020-01-01T00:00:00Z".parse().unwrap();
        let post = Post { id: 42, title: "a".into(), inserted_at: at, updated_at: at, ..Post::default() };
        assert_eq!(db.repo.insert(post).await.unwrap().inserted_at, at);
        assert_eq!(db.repo.get::<Post>(42).await.unwrap().unwrap().updated_at, at);
    }

    fn insert_sets_both_timestamps_to_now(db) {
        let before = Utc::now();
        let post = db.post("a").await;
        assert!(post.inserted_at >= before - chrono::TimeDelta::microseconds(1) && post.inserted_at <= Utc::now());
        assert_eq!(post.inserted_at, post.updated_at);
    }

    fn update_sends_only_what_changed(db) {
        let post = db.post("a").await;
        db.repo.execute("UPDATE posts SET views = 7", []).await.unwrap();
        let updated = db.repo.update(Changeset::new(post.clone()).put_change(Post::body, "new")).await.unwrap().unwrap();
        assert!(updated.updated_at > post.updated_at);
        let stored = db.repo.reload(&post).await.unwrap();
        assert_eq!((stored.views, &*stored.body, stored.updated_at), (7, "new", updated.updated_at));
    }

    fn an_update_without_changes_asks_nothing(db) {
        let post = db.post("a").await;
        db.repo.delete(post.clone()).await.unwrap();
        let same = Changeset::new(post.clone()).put_change(Post::title, "a");
        assert_eq!(db.repo.update(same).await.unwrap().unwrap(), post);
    }

    fn a_row_that_is_gone_is_stale(db) {
        let post = db.post("a").await;
        db.repo.delete(post.clone()).await.unwrap();
        let updated = db.repo.update(Changeset::new(post.clone()).put_change(Post::title, "b")).await;
        assert!(updated.unwrap_err().is_stale());
        let error = db.repo.delete(post).await.unwrap_err();
        assert!(error.is_stale() && error.to_string().contains("posts"), "{error}");
    }

    fn a_primary_key_can_be_changed(db) {
        let tag = db.repo.insert(Tag { name: "rust".into(), weight: 1 }).await.unwrap();
        let renamed = db.repo.update(Changeset::new(tag).put_change(Tag::name, "crab")).await.unwrap().unwrap();
        assert_eq!(renamed.name, "crab");
        assert_eq!(db.repo.get::<Tag>("rust").await.unwrap(), None);
    }

    fn a_struct_that_breaks_a_constraint_is_an_error_that_names_it(db) {
        db.post("a").await;
        let error = db.repo.insert(Post { title: "a".into(), ..Post::default() }).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(error.constraint().unwrap().columns, ["title"]);
        let orphan = Comment { post_id: 99, ..Comment::default() };
        assert!(db.repo.insert(orphan).await.unwrap_err().is_foreign_key_violation());
        let error = db.repo.insert(Tag { name: "a".into(), weight: -1 }).await.unwrap_err();
        assert_eq!(error.constraint().unwrap().name.as_deref(), Some("weight_is_positive"));
    }

    fn a_parent_with_children_can_not_be_deleted(db) {
        let post = db.post("a").await;
        db.repo.insert(Comment { post_id: post.id, ..Comment::default() }).await.unwrap();
        assert!(db.repo.delete(post).await.unwrap_err().is_foreign_key_violation());
    }

    fn insert_all_inserts_more_rows_than_one_statement_can(db) {
        let rows = (0..10_000).map(|big| Thing { big: Some(big), text: Some("x".into()), ..Thing::default() });
        assert_eq!(db.repo.insert_all(rows).await.unwrap(), 10_000);
        assert_eq!(Thing::query().count(&db.repo).await.unwrap(), 10_000);
        assert_eq!(db.repo.insert_all(Vec::<Thing>::new()).await.unwrap(), 0);
    }

    fn insert_all_inserts_all_or_none(db) {
        let mut rows: Vec<Post> = (0..9_000).map(|n| Post { title: n.to_string(), ..Post::default() }).collect();
        rows.push(Post { title: "0".into(), ..Post::default() });
        assert!(db.repo.insert_all(rows).await.unwrap_err().is_unique_violation());
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 0);
    }

    fn update_all_sets_and_increments_in_the_database(db) {
        for title in ["a", "b", "c"] {
            db.post(title).await;
        }
        let query = Post::query().filter(Post::title.ne("c"));
        assert_eq!(db.repo.update_all(query, [Post::views.inc(5), Post::body.set("x")]).await.unwrap(), 2);
        assert_eq!(db.repo.update_all(Post::query(), [Post::views.inc(-1)]).await.unwrap(), 3);
        let views = Post::query().order_by(Post::id.asc()).select((Post::views, Post::body)).all(&db.repo).await.unwrap();
        assert_eq!(views, [(4, "x".to_owned()), (4, "x".to_owned()), (-1, String::new())]);
        assert_eq!(db.repo.update_all(Post::query(), []).await.unwrap(), 0);
    }

    fn delete_all_respects_filter_order_and_limit(db) {
        for title in ["a", "b", "c", "d"] {
            db.post(title).await;
        }
        assert_eq!(db.repo.delete_all(Post::query().order_by(Post::id.desc()).limit(1)).await.unwrap(), 1);
        assert_eq!(db.repo.delete_all(Post::query().filter(Post::title.eq("a"))).await.unwrap(), 1);
        assert_eq!(db.titles().await, ["b", "c"]);
        assert_eq!(db.repo.delete_all(Post::query()).await.unwrap(), 2);
    }
}
