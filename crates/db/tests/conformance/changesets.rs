//! Casting, validating, and constraints that become errors of fields.

use zzz_core::{Param, Params};
use zzz_db::{Action, Changeset, fields};

use crate::backend::{Comment, Post, Tag, Thing, params};
use crate::case;

fn messages<S: zzz_db::Schema>(changeset: &Changeset<S>) -> Vec<String> {
    changeset.errors().iter().map(|error| format!("{} {error}", error.field())).collect()
}

fn cast(pairs: &[(&str, &str)]) -> Changeset<Post> {
    Changeset::new(Post::default()).cast(&params(pairs), fields![title, url, body, views])
}

#[test]
fn only_listed_fields_are_cast() {
    let changeset =
        Changeset::new(Post::default()).cast(&params(&[("id", "7"), ("title", "a")]), fields![title]);
    assert_eq!(changeset.changes().map(|(name, _)| name).collect::<Vec<_>>(), ["title"]);
}

#[test]
fn a_value_that_is_there_already_is_no_change() {
    let post = Post { title: "a".into(), ..Post::default() };
    let changeset =
        Changeset::new(post).cast(&params(&[("title", "a"), ("views", "0")]), fields![title, views]);
    assert_eq!(changeset.changes().count(), 0);
}

#[test]
fn blank_text_is_none_or_empty_and_other_text_is_kept_as_typed() {
    let post = Post { url: Some("x".into()), body: "y".into(), ..Post::default() };
    let given = params(&[("url", "  "), ("body", " \n"), ("title", " a ")]);
    let changeset = Changeset::new(post).cast(&given, fields![title, url, body]);
    let post = changeset.apply_changes().unwrap();
    assert_eq!((post.url, &*post.body, &*post.title), (None, "", " a "));
}

#[test]
fn what_is_not_of_the_fields_type_is_invalid() {
    let changeset = cast(&[("views", "many"), ("title", "a\0b")]);
    assert_eq!(messages(&changeset), ["title is invalid", "views is invalid"]);
    assert_eq!(changeset.errors()[0].validation(), "cast");
}

#[test]
fn json_of_a_wrong_type_is_invalid_and_never_a_panic() {
    let values =
        [Param::Int(5), Param::Bool(true), Param::Float(0.5), Param::List(vec![]), Param::Map(Params::new())];
    for value in values {
        let mut given = Params::new();
        given.insert("title", value);
        let changeset = Changeset::new(Post::default()).cast(&given, fields![title]);
        assert_eq!(messages(&changeset), ["title is invalid"]);
    }
    let mut given = Params::new();
    given.insert("views", Param::Float(1e300));
    given.insert("url", Param::Null);
    let changeset = Changeset::new(Post::default()).cast(&given, fields![views, url]);
    assert_eq!(messages(&changeset), ["views is invalid"]);
}

#[test]
fn numbers_past_the_edge_are_invalid() {
    let given =
        params(&[("small", "32768"), ("byte", "-1"), ("big", "9223372036854775808"), ("long", "4294967295")]);
    let changeset = Changeset::new(Thing::default()).cast(&given, fields![small, byte, big, long]);
    assert_eq!(messages(&changeset), ["small is invalid", "byte is invalid", "big is invalid"]);
    assert_eq!(changeset.get_change(Thing::long), Some(Some(u32::MAX)));
}

#[test]
fn dates_are_read_and_bad_dates_are_invalid() {
    let given = params(&[("day", "2026-02-30"), ("moment", "2026-11-21T12:00+02:00"), ("clock", "25:00")]);
    let changeset = Changeset::new(Thing::default()).cast(&given, fields![day, moment, clock]);
    assert_eq!(messages(&changeset), ["day is invalid", "clock is invalid"]);
    assert_eq!(changeset.get_change(Thing::moment).flatten(), Some("2026-11-21T10:00:00Z".parse().unwrap()));
}

#[test]
fn a_number_can_not_be_blank() {
    assert_eq!(messages(&cast(&[("views", "")])), ["views can't be blank"]);
    let changeset = cast(&[("views", "")]).validate_required(fields![views]);
    assert_eq!(messages(&changeset), ["views can't be blank"]);
}

#[test]
fn required_looks_at_the_struct_too() {
    assert_eq!(
        messages(&cast(&[]).validate_required(fields![title, url])),
        ["title can't be blank", "url can't be blank"]
    );
    let post = Post { title: "a".into(), ..Post::default() };
    assert!(Changeset::new(post.clone()).validate_required(fields![title]).is_valid());
    let emptied = Changeset::new(post)
        .cast(&params(&[("title", " ")]), fields![title])
        .validate_required(fields![title]);
    assert_eq!(messages(&emptied), ["title can't be blank"]);
}

#[test]
fn length_counts_characters() {
    let of =
        |title: &str, min, max| messages(&cast(&[("title", title)]).validate_length(Post::title, min..=max));
    assert_eq!(of("größe", 2, 5), [""; 0]);
    assert_eq!(of("🦀", 2, 5), ["title should be at least 2 character(s)"]);
    assert_eq!(of("123456", 2, 5), ["title should be at most 5 character(s)"]);
    assert_eq!(of("123456", 5, 5), ["title should be 5 character(s)"]);
    assert_eq!(
        messages(&cast(&[("title", "123")]).validate_length(Post::title, ..3)),
        ["title should be at most 2 character(s)"]
    );
    assert_eq!(messages(&cast(&[("url", "")]).validate_length(Post::url, 2..)), [""; 0]);
}

#[test]
fn an_error_can_be_translated() {
    let changeset = cast(&[("title", "a")]).validate_length(Post::title, 2..);
    let error = &changeset.errors()[0];
    assert_eq!((error.message(), error.key()), ("should be at least %{count} character(s)", "length.min"));
    assert_eq!(error.validation(), "length");
    assert_eq!(error.params(), [("count", Param::Int(2))]);
}

#[test]
fn formats_lists_numbers_and_own_checks() {
    let changeset = cast(&[("title", "admin"), ("url", "ftp://x"), ("views", "11")])
        .validate_exclusion(Post::title, ["admin", "root"])
        .validate_inclusion(Post::views, [1, 2, 3])
        .validate_number(Post::views, 0..=10)
        .validate_number(Post::views, 12..)
        .validate_number(Post::views, ..5.5)
        .validate_format(Post::url, |url| url.starts_with("http"))
        .validate_change(
            Post::title,
            |title| if title.len() > 3 { Err("is too long for me") } else { Ok(()) },
        );
    assert_eq!(
        messages(&changeset),
        [
            "title is reserved",
            "views is invalid",
            "views must be less than or equal to 10",
            "views must be greater than or equal to 12",
            "views must be less than 5.5",
            "url has invalid format",
            "title is too long for me",
        ]
    );
}

#[test]
fn validations_leave_alone_what_does_not_change() {
    let post = Post { title: "x".into(), views: 99, ..Post::default() };
    let changeset = Changeset::new(post).validate_length(Post::title, 2..).validate_number(Post::views, ..5);
    assert!(changeset.is_valid());
}

#[test]
fn changes_can_be_put_read_and_taken_back() {
    let changeset = Changeset::new(Post::default())
        .put_change(Post::title, "a")
        .put_change(Post::url, "u")
        .put_change(Post::preview, true);
    assert_eq!(changeset.get_change(Post::title).as_deref(), Some("a"));
    assert_eq!(changeset.get_field(Post::views), Some(0));
    assert!(changeset.changed(Post::preview) && !changeset.changed(Post::body));
    let changeset = changeset.delete_change(Post::title);
    assert_eq!(changeset.get_change(Post::title), None);
    assert!(changeset.apply_changes().unwrap().preview);
}

#[test]
fn debug_hides_redacted_values() {
    let changeset =
        Changeset::new(Post::default()).put_change(Post::token, "hunter2").put_change(Post::title, "shown");
    let shown = format!("{changeset:?}");
    assert!(
        shown.contains("**redacted**") && shown.contains("shown") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn an_action_is_applied_only_if_the_changes_are_valid() {
    let refused =
        cast(&[]).validate_required(fields![title]).apply_action(Action::Validate).unwrap().unwrap_err();
    assert_eq!(refused.action(), Some(Action::Validate));
    assert_eq!(cast(&[("title", "a")]).apply_action(Action::Insert).unwrap().unwrap().title, "a");
}

case! {
    fn an_invalid_changeset_is_not_written(db) {
        let refused = db.repo.insert(cast(&[]).validate_required(fields![title])).await.unwrap().unwrap_err();
        assert_eq!(refused.field_errors().get("title"), ["can't be blank"]);
        assert_eq!(Post::query().count(&db.repo).await.unwrap(), 0);
    }

    fn a_valid_changeset_is_written_with_its_virtual_fields(db) {
        let changeset = cast(&[("title", "a"), ("views", "3")]).put_change(Post::preview, true);
        let post = db.repo.insert(changeset).await.unwrap().unwrap();
        assert_eq!((post.id, post.views, post.preview), (1, 3, true));
        let updated = db.repo.update(Changeset::new(post).put_change(Post::preview, false)).await.unwrap().unwrap();
        assert!(!updated.preview);
    }

    fn a_taken_value_is_an_error_of_its_field(db) {
        db.post("a").await;
        let changeset = || cast(&[("title", "a")]).unique(Post::title);
        let refused = db.repo.insert(changeset()).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["title has already been taken"]);
        assert_eq!(refused.errors()[0].validation(), "unique");
        let other = db.post("b").await;
        let refused = db.repo.update(Changeset::new(other).put_change(Post::title, "a").unique(Post::title)).await.unwrap();
        assert_eq!(messages(&refused.unwrap_err()), ["title has already been taken"]);
    }

    fn a_constraint_that_was_not_declared_is_an_error(db) {
        db.post("a").await;
        let error = db.repo.insert(cast(&[("title", "a")])).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
    }

    fn an_index_on_an_expression_is_found_by_its_name(db) {
        db.repo.insert(Tag { name: "rust".into(), weight: 1 }).await.unwrap();
        let changeset = Changeset::new(Tag { name: "RUST".into(), weight: 1 }).unique(Tag::name).named("tags_lower_name");
        assert_eq!(messages(&db.repo.insert(changeset).await.unwrap().unwrap_err()), ["name has already been taken"]);
    }

    fn a_check_is_found_by_its_name(db) {
        let changeset = Changeset::new(Tag { name: "a".into(), weight: 0 }).check(Tag::weight, "weight_is_positive");
        assert_eq!(messages(&db.repo.insert(changeset).await.unwrap().unwrap_err()), ["weight is invalid"]);
    }

    fn a_missing_parent_is_an_error_of_the_key_that_has_none(db) {
        let post = db.post("a").await;
        let comment = |post_id, tag: Option<&str>| {
            let comment = Comment { post_id, tag_name: tag.map(Into::into), ..Comment::default() };
            Changeset::new(comment).foreign_key(Comment::post_id).foreign_key(Comment::tag_name)
        };
        let refused = db.repo.insert(comment(99, None)).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["post_id does not exist"]);
        let refused = db.repo.insert(comment(post.id, Some("none"))).await.unwrap().unwrap_err();
        assert_eq!(messages(&refused), ["tag_name does not exist"]);
        let comment = db.repo.insert(comment(post.id, None)).await.unwrap().unwrap();
        let moved = Changeset::new(comment).put_change(Comment::post_id, 99).foreign_key(Comment::post_id);
        assert_eq!(messages(&db.repo.update(moved).await.unwrap().unwrap_err()), ["post_id does not exist"]);
    }

    fn a_refused_write_leaves_its_transaction_usable(db) {
        let post = db.post("a").await;
        db.repo.transaction(async |tx| {
            let refused = tx.insert(cast(&[("title", "a")]).unique(Post::title)).await?;
            assert!(refused.is_err());
            let orphan = Changeset::new(Comment { post_id: 99, ..Comment::default() }).foreign_key(Comment::post_id);
            assert!(tx.insert(orphan).await?.is_err());
            tx.insert(Comment { post_id: post.id, ..Comment::default() }).await
        }).await.unwrap();
        assert_eq!(Comment::query().count(&db.repo).await.unwrap(), 1);
    }
}
