//! A `/` too many or too few at the end of a path.

use zzz_core::http::{Format, Method, Request};
use zzz_router::{Pipeline, Router, Scope, TrailingSlash};

use crate::support::{Mark, Speaks, ask, echo, endpoint, get, send};

fn router(policy: TrailingSlash) -> Router {
    let guard = Pipeline::new("guard").plug(Mark("guard"));
    let scope = Scope::new("/")
        .through(&guard)
        .get("/", echo)
        .get("/posts", echo)
        .post("/posts", echo)
        .get("/posts/:id", echo)
        .get("/folder/", echo)
        .get("/files/*rest", echo);
    Router::new().trailing_slash(policy).scope(scope)
}

#[test]
fn strictly_it_is_another_path() {
    let endpoint = endpoint(router(TrailingSlash::Strict));
    for path in ["/posts/", "/posts/7/", "/folder", "/files/"] {
        assert_eq!(get(&endpoint, path), "404", "{path}");
    }
    assert_eq!(get(&endpoint, "/files/a/"), "GET /files/*rest rest=a/");
}

#[test]
fn a_redirect_leads_to_the_declared_path_with_its_query() {
    let endpoint = endpoint(router(TrailingSlash::Redirect));
    for (method, path, to) in [
        ("GET", "/posts/", "/posts"),
        ("GET", "/posts/?page=2&q=a/", "/posts?page=2&q=a/"),
        ("HEAD", "/posts/7/", "/posts/7"),
        ("POST", "/posts/", "/posts"),
        ("GET", "/folder", "/folder/"),
        ("GET", "/posts/%C3%BC/", "/posts/%C3%BC"),
    ] {
        let answer = ask(&endpoint, method, path);
        assert_eq!(
            (answer.status, answer.header("location"), answer.header("passed")),
            (308, to, ""),
            "{path}"
        );
    }
    for path in ["/nowhere/", "/files/", "/posts//", "/posts/7//"] {
        assert_eq!(get(&endpoint, path), "404", "{path}");
    }
    assert_eq!(get(&endpoint, "/posts"), "GET /posts");
}

#[test]
fn no_redirect_leads_to_another_host() {
    let scope = Scope::new("/").get("/*rest", echo).get("/:a/:b/", echo).get("/:a", echo);
    let endpoint = endpoint(Router::new().trailing_slash(TrailingSlash::Redirect).scope(scope));
    for path in [
        "//evil.example/",
        "//evil.example",
        "/\\evil.example/",
        "//evil.example/%2e%2e/",
        "///evil.example/",
    ] {
        let location = ask(&endpoint, "GET", path).header("location").to_owned();
        assert_eq!(location, "", "{path}");
    }
    assert_eq!(ask(&endpoint, "GET", "/a/b").header("location"), "", "the rest takes it as it is");
}

#[test]
fn where_it_does_not_matter_the_route_takes_both() {
    let endpoint = endpoint(router(TrailingSlash::Ignore));
    assert_eq!(get(&endpoint, "/posts/"), "GET /posts");
    assert_eq!(get(&endpoint, "/posts/7/"), "GET /posts/:id id=7");
    assert_eq!(get(&endpoint, "/folder"), "GET /folder/");
    assert_eq!(ask(&endpoint, "GET", "/posts/").header("passed"), "guard");
    assert_eq!(get(&endpoint, "/posts//"), "404");
    let table = endpoint.table();
    let found = |path: &str| table.find(&Method::GET, path).map(|route| route.to_string());
    assert_eq!(found("/posts/7/").as_deref(), Some("GET /posts/:id"));
    assert_eq!([found("/posts/%2e/"), found("/posts/%zz/"), found("/nowhere/")], [None, None, None]);
}

#[test]
fn methods_are_those_of_the_route_at_either_spelling() {
    for policy in [TrailingSlash::Redirect, TrailingSlash::Ignore] {
        let scope =
            Scope::new("/").get("/both", echo).post("/both/", echo).get("/any/:id", echo).fallback(echo);
        let endpoint = endpoint(router(policy).scope(scope));
        for (path, allow) in [
            ("/posts/", "GET, POST, HEAD, OPTIONS"),
            ("/posts", "GET, POST, HEAD, OPTIONS"),
            ("/posts/7/", "GET, HEAD, OPTIONS"),
            ("/folder", "GET, HEAD, OPTIONS"),
            ("/folder/", "GET, HEAD, OPTIONS"),
            ("/both", "GET, HEAD, POST, OPTIONS"),
            ("/both/", "POST, GET, HEAD, OPTIONS"),
        ] {
            for (method, status) in [("PUT", 405), ("PURGE", 405), ("OPTIONS", 204)] {
                let answer = ask(&endpoint, method, path);
                assert_eq!(
                    (answer.status, answer.header("allow")),
                    (status, allow),
                    "{policy:?} {method} {path}"
                );
                assert_eq!(answer.header("location"), "", "{policy:?} {method} {path}");
            }
        }
        // Neither spelling is a route's.
        for path in ["/nowhere/", "/posts//"] {
            assert_eq!(ask(&endpoint, "OPTIONS", path).body, "ANY /*", "{policy:?} {path}");
        }
        let post = ask(&endpoint, "POST", "/both");
        match policy {
            TrailingSlash::Ignore => assert_eq!(post.body, "POST /both/"),
            _ => assert_eq!((post.status, post.header("location")), (308, "/both/")),
        }
        assert_eq!(ask(&endpoint, "POST", "/both/").body, "POST /both/", "{policy:?}");
    }
    let endpoint = endpoint(router(TrailingSlash::Strict));
    assert_eq!(
        [ask(&endpoint, "PUT", "/posts/").status, ask(&endpoint, "OPTIONS", "/posts/").status],
        [404, 404]
    );
}

#[test]
fn a_mistake_at_the_other_spelling_is_told_in_the_scopes_format() {
    let api = Pipeline::new("api").plug(Speaks(Format::Json));
    for policy in [TrailingSlash::Redirect, TrailingSlash::Ignore] {
        let scope = Scope::new("/api").through(&api).get("/posts", echo);
        let endpoint = endpoint(Router::new().trailing_slash(policy).scope(scope));
        let answer = ask(&endpoint, "DELETE", "/api/posts/");
        assert_eq!((answer.status, answer.header("content-type")), (405, "application/problem+json"));
    }
}

#[test]
fn hosts_and_mounts_keep_their_slashes_apart() {
    let inner =
        Router::new().trailing_slash(TrailingSlash::Ignore).scope(Scope::new("/").get("/posts", echo));
    let router = Router::new()
        .trailing_slash(TrailingSlash::Redirect)
        .scope(Scope::new("/").host("a.example").get("/posts", echo))
        .scope(Scope::new("/").put("/posts/", echo).forward("/inner", inner));
    let endpoint = endpoint(router);
    let at = |host: &str, method: Method, path: &str| {
        let answer = send(&endpoint, Request::new(method, path, "").with_header("host", host));
        (answer.status, answer.header("location").to_owned(), answer.header("allow").to_owned())
    };
    let none = String::new;
    assert_eq!(at("a.example", Method::GET, "/posts/"), (308, "/posts".into(), none()));
    assert_eq!(at("b.example", Method::GET, "/posts/"), (405, none(), "PUT, OPTIONS".into()));
    assert_eq!(at("a.example", Method::PATCH, "/posts"), (405, none(), "GET, HEAD, PUT, OPTIONS".into()));
    assert_eq!(at("b.example", Method::PUT, "/posts"), (308, "/posts/".into(), none()));
    assert_eq!(at("b.example", Method::GET, "/inner/posts/"), (200, none(), none()));
    assert_eq!(at("b.example", Method::PUT, "/inner/posts/"), (405, none(), "GET, HEAD, OPTIONS".into()));
}
