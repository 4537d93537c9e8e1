//! Extractors as an app uses them: with types that derive `Deserialize`, through handlers, to the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "what counts is whether it can be read")]

use serde::Deserialize;
use serde_json::{Value, json};
use zzz_core::http::{BoxHandler, Form, HandlerExt, Json, Query, Request, now_or_never};
use zzz_core::{Rejection, Result};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    title: String,
    #[serde(default)]
    draft: bool,
    tags: Vec<Tag>,
    kind: Option<Kind>,
    pages: Option<u16>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Talk,
    Link(String),
    Size { width: u32 },
}

#[derive(Debug, Deserialize)]
struct Body {
    post: Post,
}

async fn from_json(Json(body): Json<Body>) -> String {
    format!("{body:?}")
}

async fn from_form(Form(body): Form<Body>) -> String {
    format!("{body:?}")
}

async fn from_query(Query(body): Query<Body>) -> String {
    format!("{body:?}")
}

fn call(handler: &BoxHandler, request: Request) -> (u16, String) {
    let response = now_or_never(handler.call(request)).unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap())
}

fn send_json(body: &Value) -> (u16, String) {
    let request = Request::post("/", body.to_string()).with_header("content-type", "application/json");
    call(&from_json.erase(), request)
}

fn form(body: &'static str) -> Request {
    Request::post("/", body).with_header("content-type", "application/x-www-form-urlencoded")
}

/// The status and what the problem document says of the value.
fn problem((status, body): (u16, String)) -> (u16, Value, Value) {
    let mut problem: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
    (status, problem["errors"].take(), problem["rejection"].take())
}

#[test]
fn a_mistake_deep_in_a_document_is_named_with_its_path() {
    let tags = json!([{"name": "a"}, {"name": "b"}, {"name": 7}]);
    let answer = send_json(&json!({"post": {"title": "x", "tags": tags}}));
    assert_eq!(
        problem(answer),
        (
            422,
            json!({"post.tags[2].name": ["expected a text, not 7"]}),
            json!({"in": "body", "pointer": "/post/tags/2/name", "expected": "a text", "given": "7"}),
        )
    );
}

#[test]
fn every_kind_of_mistake_in_a_document_is_told_in_words_of_json() {
    let with = |key: &str, value: Value| {
        let mut post = json!({"title": "x", "tags": []});
        post[key] = value;
        json!({ "post": post })
    };
    for (body, field, message) in [
        (json!({}), "post", "is missing"),
        (json!({"post": {"tags": []}}), "post.title", "is missing"),
        (with("tags", json!([{}])), "post.tags[0].name", "is missing"),
        (with("titel", json!(1)), "post.titel", "is not known here; did you mean `title`?"),
        (with("wholly_new", json!(1)), "post.wholly_new", "is not known here"),
        (with("draft", json!("yes")), "post.draft", "expected true or false, not the text \"yes\""),
        (with("pages", json!(70_000)), "post.pages", "expected a whole number from 0 to 65535, not 70000"),
        (with("pages", json!(-1)), "post.pages", "expected a whole number from 0 to 65535, not -1"),
        (with("tags", json!({})), "post.tags", "expected a list, not an object"),
        (with("tags", Value::Null), "post.tags", "expected a list, not null"),
        (with("title", json!(["a"])), "post.title", "expected a text, not a list"),
        (with("kind", json!("tlak")), "post.kind", "expected one of talk, link, size, not `tlak`"),
        (with("kind", json!({"link": 1})), "post.kind.link", "expected a text, not 1"),
        (with("kind", json!({"size": {}})), "post.kind.size.width", "is missing"),
        (json!({"post": 7}), "post", "expected an object, not 7"),
    ] {
        let answer = send_json(&body);
        assert_eq!(problem(answer).1, json!({ field: [message] }), "{body}");
    }
}

#[test]
fn a_form_and_a_query_string_are_read_by_the_same_rules() {
    let encoded = "post[title]=Owls&post[draft]=on&post[tags][][name]=a&post[tags][][name]=b&post[kind]=talk&post[pages]=";
    let read = "Body { post: Post { title: \"Owls\", draft: true, tags: [Tag { name: \"a\" }, Tag { name: \"b\" }], \
                kind: Some(Talk), pages: None } }";
    assert_eq!(call(&from_form.erase(), form(encoded)), (200, read.into()));
    assert_eq!(call(&from_query.erase(), Request::get(&format!("/?{encoded}"))), (200, read.into()));
    let nested = call(&from_form.erase(), form("post[title]=x&post[tags]=&post[kind][size][width]=7")).1;
    assert!(nested.contains("kind: Some(Size { width: 7 })") && nested.contains("tags: []"), "{nested}");
}

#[test]
fn a_mistake_in_a_form_is_named_as_the_form_names_it() {
    let whole = "expected a whole number, not `w`";
    let bounds = "expected a whole number from 0 to 65535, not `70000`";
    let list = "expected a list, whose name ends in `[]`, not `a`";
    let map = "expected nested parameters, whose names are like `a[b]`, not `x`";
    for (body, field, message) in [
        ("a=1", "post", "is missing"),
        ("post[title]=x", "post[tags]", "is missing"),
        ("post[title]=x&post[tags][][nam]=a", "post[tags][0][name]", "is missing"),
        (
            "post[title]=x&post[tags]=&post[titel]=y",
            "post[titel]",
            "is not known here; did you mean `title`?",
        ),
        ("post[title]=x&post[tags]=&post[draft]=maybe", "post[draft]", "expected true or false, not `maybe`"),
        ("post[title]=x&post[tags]=&post[pages]=70000", "post[pages]", bounds),
        ("post[title]=x&post[tags]=&post[kind]=t", "post[kind]", "expected one of talk, link, size, not `t`"),
        ("post[title]=x&post[tags]=&post[kind][size][width]=w", "post[kind][size][width]", whole),
        ("post[title]=x&post[tags]=a", "post[tags]", list),
        ("post[title][]=x&post[tags]=", "post[title]", "expected a text, not a list"),
        ("post=x", "post", map),
    ] {
        let (status, errors, rejection) = problem(call(&from_form.erase(), form(body)));
        assert_eq!((status, errors), (422, json!({ field: [message] })), "{body}");
        assert_eq!((&rejection["in"], &rejection["name"]), (&json!("body"), &json!(field)), "{body}");
        let answer = call(&from_query.erase(), Request::get(&format!("/?{body}")));
        let (status, errors, rejection) = problem(answer);
        assert_eq!((status, errors), (400, json!({ field: [message] })), "{body}");
        assert_eq!(rejection["in"], "query");
    }
}

#[test]
fn a_handler_may_answer_for_a_mistake_itself() {
    async fn create(form: Result<Form<Body>, Rejection>) -> String {
        match form {
            Ok(Form(body)) => body.post.title,
            Err(rejection) => {
                format!("{}: {}", rejection.field().unwrap().bracketed(), rejection.fault().unwrap())
            }
        }
    }
    let answer = call(&create.erase(), form("post[tags]=&post[title]=x&post[pages]=-1"));
    assert_eq!(answer, (200, "post[pages]: expected a whole number from 0 to 65535, not `-1`".into()));
}

#[test]
fn what_serde_reads_before_it_knows_its_type_stays_a_text() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, String>,
    }
    async fn show(Query(outer): Query<Outer>) -> String {
        format!("{:?}", outer.rest)
    }
    assert_eq!(call(&show.erase(), Request::get("/?page=7")), (200, r#"{"page": "7"}"#.into()));
}
