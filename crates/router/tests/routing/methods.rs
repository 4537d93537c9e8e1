//! Methods: HEAD and OPTIONS, which nobody has to declare, and what is not allowed.

use zzz_core::http::{Format, Method};
use zzz_router::{Pipeline, Route, Router, Scope, on, options};

use crate::support::{Speaks, ask, echo, endpoint};

fn posts() -> Router {
    Router::new().scope(Scope::new("/").get("/posts", echo).post("/posts", echo).delete("/posts/:id", echo))
}

#[test]
fn every_verb_has_its_route() {
    let scope = Scope::new("/")
        .get("/x", echo)
        .post("/x", echo)
        .put("/x", echo)
        .patch("/x", echo)
        .delete("/x", echo)
        .head("/x", echo)
        .options("/x", echo)
        .route(on(&[Method::CONNECT, Method::TRACE], "/x", echo))
        .route(Route::new(Some(Method::from_bytes(b"PURGE").unwrap()), "/x", echo));
    let endpoint = endpoint(Router::new().scope(scope));
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE"] {
        assert_eq!(ask(&endpoint, method, "/x").body, format!("{method} /x"));
    }
    assert_eq!(ask(&endpoint, "MOVE", "/x").status, 405);
    assert_eq!(ask(&endpoint, "purge", "/x").status, 405, "methods are case-sensitive");
}

#[test]
fn one_route_may_have_several_methods() {
    let scope = Scope::new("/").route(on(&[Method::GET, Method::POST], "/search", echo).name("search"));
    let table = Router::new().scope(scope);
    let endpoint = endpoint(table);
    assert_eq!(ask(&endpoint, "GET", "/search").body, "GET /search");
    assert_eq!(ask(&endpoint, "POST", "/search").body, "POST /search");
    assert_eq!(ask(&endpoint, "PUT", "/search").header("allow"), "GET, POST, HEAD, OPTIONS");
}

#[test]
fn a_route_for_every_method_takes_what_no_other_at_its_path_takes() {
    let scope = Scope::new("/").any("/x", echo).get("/x", echo).get("/:id", echo).any("/*rest", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    for (method, path, wanted) in [
        ("GET", "/x", "GET /x"),
        ("HEAD", "/x", "GET /x"),
        ("POST", "/x", "ANY /x"),
        ("OPTIONS", "/x", "ANY /x"),
        ("BREW", "/x", "ANY /x"),
        ("GET", "/y", "GET /:id id=y"),
        ("POST", "/y", "ANY /*rest rest=y"),
    ] {
        assert_eq!(ask(&endpoint, method, path).body, wanted, "{method} {path}");
    }
}

#[test]
fn a_path_says_more_than_a_method() {
    let scope = Scope::new("/").any("/posts/new", echo).get("/posts/:id", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(ask(&endpoint, "GET", "/posts/new").body, "ANY /posts/new");
}

#[test]
fn head_takes_the_route_of_get() {
    let scope = Scope::new("/").get("/posts", echo).any("/*rest", echo).get("/own", echo).head("/own", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(ask(&endpoint, "HEAD", "/posts").body, "GET /posts");
    assert_eq!(ask(&endpoint, "HEAD", "/own").body, "HEAD /own");
    assert_eq!(ask(&endpoint, "HEAD", "/other").body, "ANY /*rest rest=other");
}

#[test]
fn a_method_that_a_path_does_not_have_is_told_which_it_has() {
    let endpoint = endpoint(posts());
    let answer = ask(&endpoint, "DELETE", "/posts");
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST, HEAD, OPTIONS"));
    let answer = ask(&endpoint, "GET", "/posts/7");
    assert_eq!((answer.status, answer.header("allow")), (405, "DELETE, OPTIONS"));
    assert_eq!(ask(&endpoint, "HEAD", "/posts/7").status, 405);
    assert_eq!(ask(&endpoint, "BREW", "/posts").status, 405);
    assert_eq!(ask(&endpoint, "BREW", "/nowhere").status, 404);
}

#[test]
fn options_is_answered_where_there_is_something() {
    let endpoint = endpoint(posts());
    let answer = ask(&endpoint, "OPTIONS", "/posts");
    assert_eq!((answer.status, answer.header("allow")), (204, "GET, POST, HEAD, OPTIONS"));
    assert_eq!(ask(&endpoint, "OPTIONS", "/posts/7").header("allow"), "DELETE, OPTIONS");
    assert_eq!(ask(&endpoint, "OPTIONS", "/nowhere").status, 404);
}

#[test]
fn options_of_the_server_names_all_methods() {
    let endpoint = endpoint(posts());
    let answer = ask(&endpoint, "OPTIONS", "*");
    assert_eq!((answer.status, answer.header("allow")), (204, "GET, POST, DELETE, HEAD, OPTIONS"));
    assert_eq!(ask(&endpoint, "GET", "*").status, 400);
}

#[test]
fn a_route_may_answer_options_itself() {
    let scope = Scope::new("/").get("/posts", echo).route(options("/posts", echo));
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(ask(&endpoint, "OPTIONS", "/posts").body, "OPTIONS /posts");
}

#[test]
fn what_is_not_allowed_is_refused_in_the_format_of_the_path() {
    let api = Pipeline::new("api").plug(Speaks(Format::Json));
    let scope = Scope::new("/").through(&api).get("/users", echo);
    let endpoint = endpoint(Router::new().scope(scope).scope(Scope::new("/").get("/page", echo)));
    assert_eq!(ask(&endpoint, "PUT", "/users").header("content-type"), "application/problem+json");
    assert_eq!(ask(&endpoint, "PUT", "/page").header("content-type"), "text/html; charset=utf-8");
}
