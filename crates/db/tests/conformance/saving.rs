//! What a changeset does in the transaction of its write, and which fields are written at all.

use chrono::{DateTime, Utc};
use zzz_db::{Changeset, Error, FieldError, OnConflict, Schema, UpdateOptions, fields};

use crate::backend::{Comment, Post, Tag, params};
use crate::case;

/// Posts of which the title is given once, and the database alone sets the status.
#[derive(Schema, Clone)]
#[schema(table = "posts", timestamps(precision = "seconds"), debug)]
struct Fixed {
    id: i64,
    #[schema(writable = "insert")]
    title: String,
    #[schema(default = "5")]
    views: i64,
    #[schema(writable = "never")]
    status: Option<String>,
    #[schema(redact)]
    token: Option<String>,
    inserted_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

fn titled(title: &str) -> Changeset<Post> {
    Changeset::new(Post::default()).put_change(Post::title, title)
}

fn counting(changeset: Changeset<Comment>) -> Changeset<Comment> {
    changeset.prepare_changes(|tx, changeset| async move {
        let post = Post::query().filter(Post::id.eq(changeset.data().post_id));
        tx.update_all(post, [Post::views.inc(1)]).await?;
        Ok(changeset.put_change(Comment::body, "counted"))
    })
}

case! {
    fn what_is_prepared_happens_in_the_transaction_of_the_write(db) {
        let post = db.post("a").await;
        let comment = Comment { post_id: post.id, ..Comment::default() };
        let saved = db.repo.insert(counting(Changeset::new(comment))).await.unwrap().unwrap();
        assert_eq!(saved.body, "counted");
        assert_eq!(db.repo.reload(&post).await.unwrap().views, 1);
        // A write that is refused takes it back.
        let refused = Comment { post_id: post.id, tag_name: Some("none".into()), ..Comment::default() };
        let refused = db.repo.insert(counting(Changeset::new(refused)).foreign_key(Comment::tag_name)).await.unwrap();
        assert_eq!(refused.unwrap_err().errors()[0].field(), "tag_name");
        assert_eq!(db.repo.reload(&post).await.unwrap().views, 1);
    }

    fn what_is_prepared_may_refuse_or_fail(db) {
        let refusing = titled("a").prepare_changes(|tx, changeset| async move {
            tx.insert(Tag { name: "x".into(), weight: 1 }).await?;
            Ok(changeset.add_error(Post::title, "came too late"))
        });
        assert_eq!(db.repo.insert(refusing).await.unwrap().unwrap_err().field_errors().get("title"), ["came too late"]);
        let failing = titled("a").prepare_changes(|tx, _| async move {
            tx.insert(Tag { name: "x".into(), weight: 1 }).await?;
            Err(Error::not_found("the other row"))
        });
        assert!(db.repo.insert(failing).await.unwrap_err().is_not_found());
        let invalid = titled("").validate_required(fields![title]).prepare_changes(|_, _| async move {
            panic!("a changeset that is not valid is not prepared")
        });
        assert!(db.repo.insert(invalid).await.unwrap().is_err());
        assert_eq!((Tag::query().count(&db.repo).await.unwrap(), db.titles().await.len()), (0, 0));
    }

    fn several_are_prepared_in_their_order_for_every_write(db) {
        let add = |changeset: Changeset<Post>, text: &'static str| {
            changeset.prepare_changes(move |_, changeset| async move {
                let body = changeset.get_field(Post::body).unwrap_or_default();
                Ok(changeset.put_change(Post::body, format!("{body}{text}")))
            })
        };
        let post = db.repo.insert(add(add(titled("a"), "1"), "2")).await.unwrap().unwrap();
        assert_eq!(post.body, "12");
        let post = db.repo.update(add(Changeset::new(post), "3")).await.unwrap().unwrap();
        assert_eq!(db.repo.reload(&post).await.unwrap().body, "123");
        assert!(db.repo.delete(add(Changeset::new(post), "4")).await.unwrap().is_ok());
    }

    fn a_changeset_that_is_dropped_while_it_is_prepared_leaves_nothing(db) {
        let (began, wait) = tokio::sync::oneshot::channel::<()>();
        let began = std::sync::Mutex::new(Some(began));
        let hanging = titled("a").prepare_changes(move |tx, changeset| {
            let began = began.lock().unwrap().take();
            async move {
                tx.insert(Tag { name: "x".into(), weight: 1 }).await?;
                began.map(|began| began.send(()));
                std::future::pending::<()>().await;
                Ok(changeset)
            }
        });
        let repo = db.repo.clone();
        let task = tokio::spawn(async move { repo.insert(hanging).await.map(drop) });
        wait.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        db.post("free").await;
        assert_eq!(Tag::query().count(&db.repo).await.unwrap(), 0);
    }

    fn a_changeset_is_written_through_a_repo_of_its_own(db) {
        let place = db.place().to_owned();
        let post = db.repo.insert(titled("a").with_repo(move |repo| repo.with_prefix(place.as_str()))).await.unwrap().unwrap();
        assert!(db.repo.update(Changeset::new(post).put_change(Post::views, 1).with_repo(|repo| repo.with_prefix("nowhere"))).await.is_err());
    }

    fn a_version_from_a_form_counts_as_the_one_that_was_read(db) {
        let post = db.post("a").await;
        let edit = |seen: &str, body: &str| {
            let given = params(&[("views", seen), ("body", body)]);
            Changeset::new(post.clone()).cast(&given, fields![views, body]).optimistic_lock(Post::views)
        };
        let saved = db.repo.update(edit("0", "first")).await.unwrap().unwrap();
        assert_eq!((saved.views, &*saved.body), (1, "first"));
        assert!(db.repo.update(edit("0", "second")).await.unwrap_err().is_stale());
        let stale = UpdateOptions::new().stale_error_field(Post::views);
        let refused = db.repo.update_with(edit("0", "second"), stale).await.unwrap().unwrap_err();
        assert_eq!((refused.errors()[0].key(), refused.errors()[0].field()), ("stale", "views"));
        assert!(db.repo.delete(Changeset::new(post.clone()).optimistic_lock(Post::views)).await.unwrap_err().is_stale());
        let reloaded = db.repo.reload(&post).await.unwrap();
        let by_text = Changeset::new(reloaded.clone()).put_change(Post::views, 5).optimistic_lock_with(Post::body, |body| format!("{body}!"));
        assert_eq!(db.repo.update(by_text).await.unwrap().unwrap().body, "first!");
        assert!(db.repo.update(Changeset::new(reloaded).put_change(Post::views, 6).optimistic_lock_with(Post::body, |_| "x".into())).await.unwrap_err().is_stale());
    }

    fn a_field_is_written_when_its_schema_lets_it(db) {
        let given = params(&[("title", "a"), ("views", ""), ("status", "mine")]);
        let changeset = Changeset::new(Fixed { status: Some("mine".into()), views: 0, ..Fixed::default() })
            .cast(&given, fields![title, views, status]);
        let fixed = db.repo.insert(changeset).await.unwrap().unwrap();
        assert_eq!((&*fixed.title, fixed.views, fixed.status.as_deref()), ("a", 5, Some("draft")));
        let changed = Changeset::new(fixed.clone()).put_change(Fixed::title, "b").put_change(Fixed::status, "mine");
        let changed = db.repo.update(changed.put_change(Fixed::views, 6)).await.unwrap().unwrap();
        let read = db.repo.get::<Fixed>(fixed.id).await.unwrap().unwrap();
        assert_eq!((&*read.title, read.views, read.status.as_deref()), ("a", 6, Some("draft")));
        assert_eq!((&*changed.title, changed.views), ("a", 6));
        let again = Fixed { views: 7, token: Some("t".into()), ..read };
        let replace = OnConflict::replace_all().target(fields![Fixed::id]);
        db.repo.insert_all_with([again], replace).await.unwrap();
        let read = db.repo.get::<Fixed>(fixed.id).await.unwrap().unwrap();
        assert_eq!((read.views, read.status.as_deref()), (7, Some("draft")));
        assert_eq!(read.inserted_at.timestamp_subsec_nanos(), 0);
    }

    fn a_look_before_the_write_tells_early(db) {
        let post = db.post("a").await;
        let look = async |changeset: Changeset<Post>| changeset.unsafe_validate_unique(fields![title], &db.repo).await.unwrap();
        let taken = look(titled("a")).await.message("is known");
        assert_eq!((taken.errors()[0].key(), taken.errors()[0].to_string()), ("unsafe_unique", "is known".into()));
        assert!(look(titled("b")).await.is_valid());
        // Its own row is no other, and what does not change was looked at before.
        assert!(look(Changeset::new(post.clone()).force_change(Post::title, "a")).await.is_valid());
        assert!(look(Changeset::new(Post { id: 0, ..post.clone() })).await.is_valid());
        let wrong = look(titled("a").add_error(Post::title, FieldError::new("is bad").keyed("bad"))).await;
        assert_eq!(wrong.errors().len(), 1);
        let among = Post::query().filter(Post::views.gt(5));
        let changeset = titled("a").unsafe_validate_unique_among(fields![title], &db.repo, among).await.unwrap();
        assert!(changeset.is_valid());
        let error = titled("a").unsafe_validate_unique(fields![preview], &db.repo).await;
        assert!(error.is_ok(), "a virtual field that does not change is not looked at");
        let error = titled("a").put_change(Post::preview, true).unsafe_validate_unique(fields![preview], &db.repo).await;
        assert!(error.unwrap_err().to_string().contains("virtual"));
    }
}

#[test]
fn a_derived_debug_hides_redacted_fields() {
    let shown =
        format!("{:?}", Fixed { title: "shown".into(), token: Some("hunter2".into()), ..Fixed::default() });
    assert!(shown.contains("token: **redacted**") && shown.contains("title: \"shown\""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
