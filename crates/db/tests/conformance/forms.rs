//! What a template is given to show a form.

use zzz_core::{Param, Params};
use zzz_db::{Action, Changeset, fields};

use crate::backend::{Post, params};

fn changeset(post: Post, params: &Params) -> Changeset<Post> {
    Changeset::new(post)
        .cast(params, fields![title, url, views, token])
        .validate_required(fields![title])
        .validate_length(Post::title, 2..)
}

#[test]
fn a_form_that_was_not_sent_shows_the_struct_and_no_errors() {
    let post = Post { url: Some("u".into()), views: 3, ..Post::default() };
    let form = changeset(post, &Params::new()).form();
    let title = form.field("title").unwrap();
    assert_eq!((title.value(), title.errors(), title.is_required()), ("", &[][..], true));
    assert_eq!((form.field("url").unwrap().value(), form.field("views").unwrap().value()), ("u", "3"));
}

#[test]
fn a_form_that_was_refused_shows_what_was_typed() {
    let given = params(&[("title", "<"), ("views", "many"), ("token", "hunter2")]);
    let form =
        changeset(Post { title: "old".into(), ..Post::default() }, &given).with_action(Action::Insert).form();
    assert_eq!(form.field("title").unwrap().value(), "<");
    assert_eq!(form.field("title").unwrap().errors(), ["should be at least 2 character(s)"]);
    assert_eq!(form.field("views").unwrap().value(), "many");
    assert_eq!(form.field("views").unwrap().errors(), ["is invalid"]);
    assert_eq!(form.field("token").unwrap().value(), "", "a redacted field is not filled in again");
}

#[test]
fn a_changeset_serializes_as_its_form() {
    let mut given = params(&[("title", "x")]);
    given.insert("url", Param::List(vec![]));
    let json = serde_json::to_value(changeset(Post::default(), &given).with_action(Action::Update)).unwrap();
    let expected = serde_json::json!({
        "name": "title", "value": "x", "values": [], "required": true, "errors": ["should be at least 2 character(s)"],
        "attributes": {"minlength": "2"},
    });
    assert_eq!(json["title"], expected);
    assert_eq!(json["url"]["value"], "");
    assert_eq!(json["url"]["errors"][0], "is invalid");
}
